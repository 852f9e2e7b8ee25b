package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Act is something that a person at the operator's set out to do, by a command.
// Acts are only ever added. They hold no secret and no whole phone number: they
// outlive the customer's wish to be forgotten.
type Act struct {
	ID   int64 // given by AddAct's table; a later act has a higher one
	At   time.Time
	By   string // who
	What string // which command, and what it was about
	Why  string
}

const (
	insertAct = `INSERT INTO acts (at, by_whom, what, why) VALUES (?, ?, ?, ?)`

	selectActs = `SELECT id, at, by_whom, what, why FROM acts WHERE id < ? ORDER BY id DESC LIMIT ?`
)

// AddAct adds an act, in a transaction of its own. One without a person, a deed
// or a reason is refused.
func (s *SQL) AddAct(ctx context.Context, a Act) error {
	if a.By == "" || a.What == "" || a.Why == "" {
		return errors.New("add act: who, what and why are required")
	}
	err := retrySQL(ctx, func() error {
		_, err := s.writing().exec(ctx, insertAct, millis(a.At), cleanNote(a.By), cleanNote(a.What), cleanNote(a.Why))
		return err
	})
	if err != nil {
		return fmt.Errorf("add act: %w", err)
	}
	return nil
}

// Acts lists acts, the newest first: up to limit of those with a lower ID than
// before, or of all when before is zero.
func (s *SQL) Acts(ctx context.Context, before int64, limit int) ([]Act, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	var all []Act
	err := s.reading().each(ctx, selectActs, []any{before, limit}, func(rows *sql.Rows) error {
		var a Act
		var at int64
		err := rows.Scan(&a.ID, &at, &a.By, &a.What, &a.Why)
		a.At = fromMillis(at)
		all = append(all, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read acts: %w", err)
	}
	return all, nil
}
