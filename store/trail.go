package store

import (
	"context"
	"database/sql"
	"fmt"

	"spaza/vend"
)

const (
	insertMove = `INSERT INTO moves (ref, at, from_state, to_state, delivery, cause, by_whom, attempt, code, note)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	selectMoves = `SELECT ref, at, from_state, to_state, delivery, cause, by_whom, attempt, code, note
FROM moves WHERE ref = ? ORDER BY id`

	selectRefByMessage = `SELECT ref FROM moves WHERE cause = 'message' AND note <> '' AND note = ? ORDER BY id DESC LIMIT 1`
)

// AddMove implements vend.Tx. What a provider says beside the outcome is made
// fit for every database first, as in UpdateOrder.
func (t *sqlTx) AddMove(m vend.Move) error {
	_, err := t.exec(insertMove, m.Ref, millis(m.At), string(m.From), string(m.To), string(m.Delivery), string(m.Cause),
		cleanNote(m.By), int64(m.Attempt), cleanNote(m.Code), cleanNote(m.Note))
	if err != nil {
		return fmt.Errorf("add move: %w", err)
	}
	return nil
}

// Moves implements vend.Store.
func (s *SQL) Moves(ctx context.Context, ref string) ([]vend.Move, error) {
	var all []vend.Move
	err := s.reading().each(ctx, selectMoves, []any{ref}, func(rows *sql.Rows) error {
		var m vend.Move
		var at int64
		err := rows.Scan(&m.Ref, &at, &m.From, &m.To, &m.Delivery, &m.Cause, &m.By, &m.Attempt, &m.Code, &m.Note)
		m.At = fromMillis(at)
		all = append(all, m)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read trail: %w", err)
	}
	return all, nil
}

// RefByMessage implements vend.Store.
func (s *SQL) RefByMessage(ctx context.Context, message string) (string, error) {
	if message == "" {
		return "", vend.ErrNoOrder
	}
	var ref string
	found, err := s.reading().row(ctx, selectRefByMessage, []any{cleanNote(message)}, &ref)
	switch {
	case err != nil:
		return "", fmt.Errorf("find order of message: %w", err)
	case !found:
		return "", vend.ErrNoOrder
	}
	return ref, nil
}
