package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

const (
	selectBalances = `SELECT id, balance FROM accounts WHERE id IN (`

	insertEntry = `INSERT INTO entries (ref, kind, at, ends_hold) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING id`

	insertPostings = `INSERT INTO postings (entry_id, line, account, amount) VALUES `

	selectEntry = `SELECT p.line, p.account, p.amount FROM entries e JOIN postings p ON p.entry_id = e.id
WHERE e.ref = ? AND e.kind = ? ORDER BY p.line`

	selectEntries = `SELECT e.id, e.kind, p.line, p.account, p.amount FROM entries e JOIN postings p ON p.entry_id = e.id
WHERE e.ref = ? ORDER BY e.id, p.line`

	selectHoldEnd = `SELECT 1 FROM entries WHERE ref = ? AND ends_hold = 1`
)

// Balance implements vend.Store.
func (s *SQL) Balance(ctx context.Context, customer string) (vend.Balance, error) {
	var b vend.Balance
	available, held := ledger.Available(customer), ledger.Held(customer)
	err := s.reading().each(ctx, selectBalances+"?, ?)", []any{string(available), string(held)}, func(rows *sql.Rows) error {
		var id ledger.Account
		var balance ledger.Cents
		if err := rows.Scan(&id, &balance); err != nil {
			return err
		}
		if id == available {
			b.Available = balance
		} else {
			b.Held = balance
		}
		return nil
	})
	if err != nil {
		return vend.Balance{}, fmt.Errorf("read balance: %w", err)
	}
	return b, nil
}

// Entries implements vend.Store.
func (s *SQL) Entries(ctx context.Context, ref string) ([]ledger.Entry, error) {
	return readEntries(ref, func(args []any, scan func(*sql.Rows) error) error {
		return s.reading().each(ctx, selectEntries, args, scan)
	})
}

// Entries implements vend.Tx.
func (t *sqlTx) Entries(ref string) ([]ledger.Entry, error) {
	return readEntries(ref, func(args []any, scan func(*sql.Rows) error) error {
		return t.each(selectEntries, args, scan)
	})
}

func readEntries(ref string, each func([]any, func(*sql.Rows) error) error) ([]ledger.Entry, error) {
	var all []ledger.Entry
	last := int64(-1)
	err := each([]any{ref}, func(rows *sql.Rows) error {
		var id int64
		var kind ledger.Kind
		var sd side
		if err := rows.Scan(&id, &kind, &sd.line, &sd.account, &sd.amount); err != nil {
			return err
		}
		if id != last {
			all, last = append(all, ledger.Entry{Ref: ref, Kind: kind}), id
		}
		e := &all[len(all)-1]
		e.Postings = sd.into(e.Postings)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	return all, nil
}

// Post implements vend.Tx. When it returns a ledger error nothing was written
// and the transaction can go on.
//
// Accounts are locked in one order everywhere, customers' first, then by name,
// so that two entries never wait for each other.
func (t *sqlTx) Post(e ledger.Entry, now time.Time) error {
	if err := e.Validate(); err != nil {
		return fmt.Errorf("post: %w", err)
	}
	moves, err := movesOf(e)
	if err != nil {
		return fmt.Errorf("post %s: %w", e.Kind, err)
	}
	enough, err := t.lockFunds(moves)
	if err != nil {
		return err
	}
	if !enough {
		if there, err := t.posted(e); there || err != nil {
			return err
		}
		return fmt.Errorf("post %s: %w", e.Kind, ledger.ErrInsufficient)
	}
	var id int64
	added, err := t.row(insertEntry, []any{e.Ref, string(e.Kind), millis(now), bit(e.EndsHold())}, &id)
	if err != nil {
		return fmt.Errorf("post %s: %w", e.Kind, err)
	}
	if !added {
		there, err := t.posted(e)
		if !there && err == nil {
			err = t.note(fmt.Errorf("post %s: the entry is neither there nor can be added", e.Kind))
		}
		return err
	}
	return t.addPostings(e, id)
}

// move is what an entry does to one account in all.
type move struct {
	account ledger.Account
	net     ledger.Cents
}

// movesOf sums an entry by account, in the order of locking.
func movesOf(e ledger.Entry) ([]move, error) {
	var moves []move
	add := func(a ledger.Account, amount ledger.Cents) error {
		i := slices.IndexFunc(moves, func(m move) bool { return m.account == a })
		if i < 0 {
			moves = append(moves, move{a, amount})
			return nil
		}
		sum, err := moves[i].net.Add(amount)
		moves[i].net = sum
		return err
	}
	for _, p := range e.Postings {
		if err := add(p.Debit, -p.Amount); err != nil {
			return nil, err
		}
		if err := add(p.Credit, p.Amount); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(moves, func(a, b move) int { return lockOrder(a.account, b.account) })
	return moves, nil
}

// lockOrder puts customers' accounts first and sorts by name.
func lockOrder(a, b ledger.Account) int {
	return cmp.Or(cmp.Compare(bit(a.MayGoNegative()), bit(b.MayGoNegative())), cmp.Compare(a, b))
}

// lockFunds locks the customers' accounts of an entry that takes from any of
// them, and says whether each has what is taken.
func (t *sqlTx) lockFunds(moves []move) (bool, error) {
	need := map[ledger.Account]ledger.Cents{}
	var ids []any
	for _, m := range moves {
		if m.account.MayGoNegative() {
			continue
		}
		ids = append(ids, string(m.account))
		if m.net < 0 {
			need[m.account] = -m.net
		}
	}
	if len(need) == 0 {
		return true, nil
	}
	query := selectBalances + marks(len(ids)) + ") ORDER BY id" + t.d.forUpdate
	err := t.each(query, ids, func(rows *sql.Rows) error {
		var id ledger.Account
		var balance ledger.Cents
		if err := rows.Scan(&id, &balance); err != nil {
			return err
		}
		if balance >= need[id] {
			delete(need, id)
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("lock accounts: %w", err)
	}
	return len(need) == 0, nil
}

// addPostings writes both sides of every posting; a trigger moves the balances,
// row by row in the order of locking, and on one account credits first, so that
// no balance is lower on the way than at the end.
func (t *sqlTx) addPostings(e ledger.Entry, id int64) error {
	sides := sidesOf(e)
	slices.SortFunc(sides, func(a, b side) int {
		return cmp.Or(lockOrder(a.account, b.account), cmp.Compare(b.amount, a.amount))
	})
	args := make([]any, 0, 4*len(sides))
	for _, s := range sides {
		args = append(args, id, s.line, string(s.account), int64(s.amount))
	}
	query := insertPostings + strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?), ", len(sides)), ", ")
	if _, err := t.exec(query, args...); err != nil {
		return fmt.Errorf("post %s: %w", e.Kind, err)
	}
	return nil
}

// side is one row of the postings: one side of a posting, credit-positive.
type side struct {
	line    int
	account ledger.Account
	amount  ledger.Cents
}

func sidesOf(e ledger.Entry) []side {
	sides := make([]side, 0, 2*len(e.Postings))
	for i, p := range e.Postings {
		sides = append(sides, side{i, p.Debit, -p.Amount}, side{i, p.Credit, p.Amount})
	}
	return sides
}

// into puts a side where it belongs in an entry's postings.
func (s side) into(postings []ledger.Posting) []ledger.Posting {
	for len(postings) <= s.line {
		postings = append(postings, ledger.Posting{})
	}
	p := &postings[s.line]
	if s.amount < 0 {
		p.Debit, p.Amount = s.account, -s.amount
	} else {
		p.Credit = s.account
	}
	return postings
}

// posted looks for an entry in the books that e repeats or contradicts. There
// with a nil error means the same entry.
func (t *sqlTx) posted(e ledger.Entry) (there bool, err error) {
	var postings []ledger.Posting
	err = t.each(selectEntry, []any{e.Ref, string(e.Kind)}, func(rows *sql.Rows) error {
		var s side
		if err := rows.Scan(&s.line, &s.account, &s.amount); err != nil {
			return err
		}
		postings = s.into(postings)
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("read entry: %w", err)
	}
	if len(postings) > 0 {
		if samePostings(postings, e.Postings) {
			return true, nil
		}
		return true, fmt.Errorf("post %s: %w", e.Kind, ledger.ErrReused)
	}
	if !e.EndsHold() {
		return false, nil
	}
	var one int
	ended, err := t.row(selectHoldEnd, []any{e.Ref}, &one)
	if err != nil {
		return false, fmt.Errorf("read end of hold: %w", err)
	}
	if ended {
		return true, fmt.Errorf("post %s: %w", e.Kind, ledger.ErrEnded)
	}
	return false, nil
}

// samePostings compares without regard to order.
func samePostings(a, b []ledger.Posting) bool {
	order := func(p, q ledger.Posting) int {
		return cmp.Or(cmp.Compare(p.Debit, q.Debit), cmp.Compare(p.Credit, q.Credit), cmp.Compare(p.Amount, q.Amount))
	}
	return slices.Equal(slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order))
}
