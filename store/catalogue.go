package store

import (
	"context"
	"fmt"
	"time"

	"spaza/vend"
)

const (
	upsertCatalogue = `INSERT INTO catalogue (id, text, at) VALUES (1, ?, ?)
ON CONFLICT (id) DO UPDATE SET text = excluded.text, at = excluded.at
WHERE excluded.at >= catalogue.at OR catalogue.at > excluded.at + 3600000`

	selectCatalogue = `SELECT text, at FROM catalogue WHERE id = 1`
)

var _ vend.Keeper = (*SQL)(nil)

// KeepCatalogue implements vend.Keeper. An older one does not replace a newer,
// whichever replica comes last; but no list is on its way for an hour, so what is
// newer by more than that was kept by a clock that is wrong.
func (s *SQL) KeepCatalogue(ctx context.Context, text []byte, at time.Time) error {
	err := retrySQL(ctx, func() error {
		return s.tryTx(ctx, func(tx vend.Tx) error {
			_, err := tx.(*sqlTx).exec(upsertCatalogue, text, millis(at))
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("write catalogue: %w", err)
	}
	return nil
}

// Catalogue implements vend.Keeper.
func (s *SQL) Catalogue(ctx context.Context) (text []byte, at time.Time, err error) {
	var ms int64
	found, err := s.reading().row(ctx, selectCatalogue, nil, &text, &ms)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read catalogue: %w", err)
	}
	if !found {
		return nil, time.Time{}, nil
	}
	return text, fromMillis(ms), nil
}
