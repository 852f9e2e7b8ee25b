package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"spaza/vend"
)

const (
	linkColumns = `channel, person, customer, how, linked_at, seen_at`

	// lastOrder is when a customer asked for the newest order.
	lastOrder = `SELECT created_at FROM orders WHERE customer = ? AND kind <> 'reverse' AND ref <> ? ORDER BY created_at DESC` + one
	// one is a limit as limited makes it.
	one = ` LIMIT (SELECT 1)`

	// The newest order is looked up inside, so that it is taken from the index of
	// its customer.
	selectLinked = `SELECT l.channel, l.person, l.customer, l.how, l.linked_at, l.seen_at, ` + `coalesce(c.id, ''), coalesce(c.msisdn, ''),
coalesce(c.language, ''), coalesce(c.pin <> '', 1 = 0), coalesce(c.pin_since, 0), coalesce(c.pin_proved, 0), coalesce(c.used_at, 0), coalesce(c.created_at, 0),
coalesce((SELECT o.created_at FROM orders o WHERE o.customer = l.customer AND o.kind <> 'reverse' ORDER BY o.created_at DESC` + one + `), 0)
FROM links l LEFT JOIN customers c ON c.id = l.customer WHERE l.channel = ? AND l.person = ?`

	selectLink  = `SELECT ` + linkColumns + ` FROM links WHERE channel = ? AND person = ?`
	selectLinks = `SELECT ` + linkColumns + ` FROM links WHERE customer = ? ORDER BY seen_at DESC, channel, person`

	saveLink = `INSERT INTO links (` + linkColumns + `) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (channel, person) DO UPDATE SET
customer = excluded.customer, how = excluded.how, linked_at = excluded.linked_at, seen_at = excluded.seen_at`
	seeLink     = `UPDATE links SET seen_at = ? WHERE channel = ? AND person = ? AND customer = ? AND seen_at < ?`
	deleteLink  = `DELETE FROM links WHERE channel = ? AND person = ? AND customer = ?`
	deleteLinks = `DELETE FROM links WHERE customer = ?`
	deleteOlder = `DELETE FROM links WHERE customer = ? AND linked_at < ?`
	moveLinks   = `UPDATE links SET customer = ? WHERE customer = ?`

	purgeLinks = `DELETE FROM links WHERE seen_at < ? AND (channel, person) IN (
SELECT channel, person FROM links WHERE seen_at < ? ORDER BY seen_at LIMIT ?)`
)

// linkRow is a link as it is stored.
type linkRow struct {
	l                vend.Link
	linkedAt, seenAt int64
}

// dest is where linkColumns go.
func (r *linkRow) dest() []any {
	return []any{&r.l.Channel, &r.l.User, &r.l.Customer, &r.l.How, &r.linkedAt, &r.seenAt}
}

func (r *linkRow) link() vend.Link {
	r.l.LinkedAt, r.l.SeenAt = fromMillis(r.linkedAt), fromMillis(r.seenAt)
	return r.l
}

// Linked implements vend.Store.
func (s *SQL) Linked(ctx context.Context, channel, user string) (vend.Linked, error) {
	var l linkRow
	var c customerRow
	var last int64
	dest := append(append(l.dest(), c.dest()...), &last)
	if _, err := s.reading().row(ctx, selectLinked, []any{channel, user}, dest...); err != nil {
		return vend.Linked{}, fmt.Errorf("read link: %w", err)
	}
	return vend.Linked{Link: l.link(), Customer: c.customer(), LastOrder: fromMillis(last)}, nil
}

// Links implements vend.Store.
func (s *SQL) Links(ctx context.Context, customer string) ([]vend.Link, error) {
	var all []vend.Link
	err := s.reading().each(ctx, selectLinks, []any{customer}, func(rows *sql.Rows) error {
		var r linkRow
		err := rows.Scan(r.dest()...)
		all = append(all, r.link())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	return all, nil
}

// Link implements vend.Tx.
func (t *sqlTx) Link(channel, user string) (vend.Link, error) {
	var r linkRow
	if _, err := t.row(selectLink+t.d.forUpdate, []any{channel, user}, r.dest()...); err != nil {
		return vend.Link{}, fmt.Errorf("read link: %w", err)
	}
	return r.link(), nil
}

// SaveLink implements vend.Tx.
func (t *sqlTx) SaveLink(l vend.Link) error {
	if _, err := t.exec(saveLink, l.Channel, l.User, l.Customer, string(l.How), millis(l.LinkedAt), millis(l.SeenAt)); err != nil {
		return fmt.Errorf("save link: %w", err)
	}
	return nil
}

// SeeLink implements vend.Tx.
func (t *sqlTx) SeeLink(l vend.Link) error {
	at := millis(l.SeenAt)
	if _, err := t.exec(seeLink, at, l.Channel, l.User, l.Customer, at); err != nil {
		return fmt.Errorf("see link: %w", err)
	}
	return nil
}

// DropLink implements vend.Tx.
func (t *sqlTx) DropLink(l vend.Link) (bool, error) {
	n, err := t.exec(deleteLink, l.Channel, l.User, l.Customer)
	if err != nil {
		return false, fmt.Errorf("end link: %w", err)
	}
	return n > 0, nil
}

// DropLinks implements vend.ForgetTx.
func (t *sqlTx) DropLinks(customer string) (int, error) {
	n, err := t.exec(deleteLinks, customer)
	if err != nil {
		return 0, fmt.Errorf("end links: %w", err)
	}
	return int(n), nil
}

// MoveLinks implements vend.Tx.
func (t *sqlTx) MoveLinks(from, to string, since time.Time) error {
	_, err := t.exec(deleteOlder, from, millis(since))
	if err == nil {
		_, err = t.exec(moveLinks, to, from)
	}
	if err != nil {
		return fmt.Errorf("move links: %w", err)
	}
	return nil
}

// PurgeLinks implements vend.Eraser. Of one that is used meanwhile the time is
// looked at again.
func (s *SQL) PurgeLinks(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = retrySQL(ctx, func() error {
		deleted, err := s.writing().exec(ctx, purgeLinks, millis(before), millis(before), limit)
		n = int(deleted)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("purge links: %w", err)
	}
	return n, nil
}
