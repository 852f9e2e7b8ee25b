package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"spaza/vend"
)

// findOrders begins the query of FindOrders.
const findOrders = `SELECT ` + orderColumns + ` FROM orders WHERE `

// shortRef is how many characters of a reference customers are told.
const shortRef = 6

// FindOrders implements vend.Store. Every condition that narrows much has an
// index; the newest come first.
func (s *SQL) FindOrders(ctx context.Context, q vend.Query) ([]vend.Order, error) {
	query, args := findQuery(q)
	var all []vend.Order
	err := s.reading().each(ctx, query, args, func(rows *sql.Rows) error {
		var r orderRow
		o, err := r.read(true, rows.Scan(r.dest()...))
		all = append(all, o)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find orders: %w", err)
	}
	return all, nil
}

func findQuery(q vend.Query) (query string, args []any) {
	var where []string
	and := func(condition string, arg ...any) {
		where, args = append(where, condition), append(args, arg...)
	}
	switch {
	case len(q.Ref) == shortRef:
		and("substr(ref, length(ref) - 5) = ?", q.Ref)
	case q.Ref != "":
		and("ref = ?", q.Ref)
	}
	if q.ProviderRef != "" {
		and("provider_ref = ? AND provider_ref <> ''", q.ProviderRef)
	}
	if q.Customer != "" {
		and("customer = ?", q.Customer)
	}
	if q.Target != "" {
		and("target = ? AND target <> ''", q.Target)
	}
	if q.Original != "" {
		and("original = ? AND original <> ''", q.Original)
	}
	if len(q.States) > 0 {
		and("state IN ("+marks(len(q.States))+")", texts(q.States)...)
		if open(q.States) { // in the words of its index
			and("state IN ('confirmed', 'sending', 'unknown', 'owed', 'person')")
		}
	}
	if len(q.Kinds) > 0 {
		and("kind IN ("+marks(len(q.Kinds))+")", texts(q.Kinds)...)
	}
	if !q.From.IsZero() {
		and("created_at >= ?", millis(q.From))
	}
	if !q.To.IsZero() {
		and("created_at < ?", millis(q.To))
	}
	if !q.Idle.IsZero() {
		and("updated_at <= ?", millis(q.Idle))
	}
	if q.After.Ref != "" {
		at := millis(q.After.CreatedAt)
		and("(created_at < ? OR created_at = ? AND ref < ?)", at, at, q.After.Ref)
	}
	if len(where) == 0 {
		and("created_at >= 0")
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	return findOrders + strings.Join(where, " AND ") + " ORDER BY created_at DESC, ref DESC LIMIT ?", append(args, limit)
}

// open says that none of the states is final.
func open(states []vend.State) bool {
	for _, s := range states {
		if s.Final() {
			return false
		}
	}
	return true
}

func texts[T ~string](list []T) []any {
	all := make([]any, len(list))
	for i, v := range list {
		all[i] = string(v)
	}
	return all
}
