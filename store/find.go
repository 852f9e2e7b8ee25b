package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"spaza/jobs"
	"spaza/vend"
)

// findOrders begins the query of FindOrders.
const findOrders = `SELECT ` + orderColumns + ` FROM orders WHERE `

const (
	// shortRef is how many characters of a reference customers are told.
	shortRef = 6
	// findMost is how many orders a query without a limit returns.
	findMost = 100
)

// FindOrders implements vend.Store. Every condition that leaves few orders has an
// index; the others are looked for from the newest order down. Orders of several
// kinds are looked for kind by kind, since an index has only those of one in order.
func (s *SQL) FindOrders(ctx context.Context, q vend.Query) ([]vend.Order, error) {
	var all []vend.Order
	list := apart(q)
	for _, one := range list {
		query, args := findQuery(one)
		err := s.reading().each(ctx, query, args, func(rows *sql.Rows) error {
			var r orderRow
			o, err := r.read(true, rows.Scan(r.dest()...))
			all = append(all, o)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("find orders: %w", err)
		}
	}
	if len(list) > 1 {
		slices.SortFunc(all, func(a, b vend.Order) int {
			return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.Ref, a.Ref))
		})
		all = all[:min(len(all), limitOf(q))]
	}
	return all, nil
}

// apart is a query, or one for each of its kinds where nothing else leaves few
// orders.
func apart(q vend.Query) []vend.Query {
	kinds := slices.Compact(slices.Sorted(slices.Values(q.Kinds)))
	if len(kinds) < 2 || narrows(q) {
		return []vend.Query{q}
	}
	var list []vend.Query
	for _, k := range kinds {
		one := q
		one.Kinds = []vend.Kind{k}
		list = append(list, one)
	}
	return list
}

// narrows says that an index has few orders for a query, whatever its kinds and
// times.
func narrows(q vend.Query) bool {
	return q.Ref+q.ProviderRef+q.Customer+q.Target+q.Original != "" ||
		len(indexed(texts(q.States), narrowStates(false))) > 0
}

func limitOf(q vend.Query) int {
	if q.Limit <= 0 {
		return findMost
	}
	return q.Limit
}

// narrow is a list of values that a partial index serves, in the words of that
// index.
type narrow struct {
	values []string
	words  string
}

// narrowStates are those of the states. The index of the declined begins with the
// kind.
func narrowStates(kinds bool) []narrow {
	list := []narrow{
		{[]string{"confirmed", "sending", "unknown", "owed", "person"}, "state IN ('confirmed', 'sending', 'unknown', 'owed', 'person')"},
		{[]string{"resolved", "reversed"}, "state IN ('resolved', 'reversed')"},
	}
	if kinds {
		list = append(list, narrow{[]string{"declined"}, "state = 'declined'"})
	}
	return list
}

// indexed are the lists that have all of some values.
func indexed(values []string, lists []narrow) []narrow {
	if len(values) == 0 {
		return nil
	}
	return slices.DeleteFunc(lists, func(n narrow) bool {
		return slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(n.values, v) })
	})
}

// aside is more than the clocks of two processes differ by.
const aside = time.Minute

// findQuery words a query. Whether a partial index serves must be plain from the
// text: the planners do not look at arguments.
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
	among := func(column string, values []string) {
		var list []any
		for _, v := range values {
			list = append(list, v)
		}
		and(column+" IN ("+marks(len(values))+")", list...)
	}
	if len(q.States) > 0 {
		among("state", texts(q.States))
		for _, n := range indexed(texts(q.States), narrowStates(len(q.Kinds) > 0)) {
			and(n.words)
		}
	}
	switch {
	case len(q.Kinds) == 1 && slices.Contains(vend.Kinds(), q.Kinds[0]):
		and("kind = '" + string(q.Kinds[0]) + "'") // how rare it is decides on the plan
	case len(q.Kinds) > 0:
		among("kind", texts(q.Kinds))
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
		// The first half is what an index can begin at.
		at := millis(q.After.CreatedAt)
		and("created_at <= ? AND (created_at < ? OR ref < ?)", at, at, q.After.Ref)
	}
	if !narrows(q) {
		// Where the orders are looked for from the newest down, to begin at.
		switch {
		case !q.Idle.IsZero(): // what has not moved since then was made before
			and("created_at <= ?", millis(q.Idle.Add(aside)))
		case q.From.IsZero():
			and("created_at >= 0")
		}
	}
	return findOrders + strings.Join(where, " AND ") + " ORDER BY created_at DESC, ref DESC" + limited(limitOf(q)), args
}

// limited is a limit that neither database makes its plan by. SQLite makes a
// statement anew for each value of one that is bound, and PostgreSQL concludes from
// a number that it may as well read all, and sort.
func limited(n int) string { return " LIMIT (SELECT " + strconv.Itoa(n) + ")" }

func texts[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = string(v)
	}
	return all
}

// Customers reads customers by id. Those that are not there are left out.
func (s *SQL) Customers(ctx context.Context, ids []string) (map[string]vend.Customer, error) {
	all := map[string]vend.Customer{}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for part := range slices.Chunk(ids, 100) {
		args := make([]any, len(part))
		for i, id := range part {
			args[i] = id
		}
		query := selectCustomer + "id IN (" + marks(len(part)) + ")"
		err := s.reading().each(ctx, query, args, func(rows *sql.Rows) error {
			var r customerRow
			err := rows.Scan(r.dest()...)
			all[r.c.ID] = r.customer()
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read customers: %w", err)
		}
	}
	return all, nil
}

const selectOrderJobs = `SELECT id, kind, key, run_at, until_at, attempt, owner, lease_until, behind, dead, note FROM jobs
WHERE kind IN (?, ?) AND key = ? OR kind = ? AND key IN (`

// OrderJob is a job of an order: what sees it through, a message about it, or what
// its provider must be told.
type OrderJob struct {
	jobs.Job
	Behind bool   // it waits for an earlier one of its lane
	Dead   bool   // buried: nobody runs it again
	Note   string // why it waits, or was buried
}

// OrderJobs lists the jobs of an order that are not finished.
func (s *SQL) OrderJobs(ctx context.Context, ref string) ([]OrderJob, error) {
	var all []OrderJob
	args := []any{string(vend.JobOrder), string(vend.JobAdvice), ref, string(vend.JobNotice)}
	for _, event := range vend.NoticeEvents() {
		args = append(args, ref+"/"+event)
	}
	err := s.reading().each(ctx, selectOrderJobs+marks(len(args)-4)+") ORDER BY id", args, func(rows *sql.Rows) error {
		var j OrderJob
		var runAt, until, leaseUntil int64
		var behind, dead int
		err := rows.Scan(&j.ID, &j.Kind, &j.Key, &runAt, &until, &j.Attempt, &j.Owner, &leaseUntil, &behind, &dead, &j.Note)
		j.RunAt, j.Until, j.LeaseUntil = fromMillis(runAt), fromMillis(until), fromMillis(leaseUntil)
		j.Behind, j.Dead = behind != 0, dead != 0
		all = append(all, j)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read jobs of order: %w", err)
	}
	return all, nil
}
