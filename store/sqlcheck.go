package store

import (
	"context"
	"database/sql"
	"fmt"

	"spaza/ledger"
)

// FaultKind names a rule of the books that a Fault breaks.
type FaultKind string

// The rules of the books.
const (
	// FaultEntry: an entry has no postings, or they do not sum to zero.
	FaultEntry FaultKind = "entry_unbalanced"
	// FaultHold: a hold was ended that was never made, or with another amount.
	FaultHold FaultKind = "hold_end_unmatched"
	// FaultBalance: an account's balance is not the sum of its postings.
	FaultBalance FaultKind = "balance_wrong"
	// FaultNegative: a customer's account is overdrawn.
	FaultNegative FaultKind = "customer_overdrawn"
	// FaultTotal: all balances together are not zero.
	FaultTotal FaultKind = "total_not_zero"
)

// Fault is one row of the books that breaks a rule. Account or Ref and Entry
// say where, as far as the rule has a place.
type Fault struct {
	Kind      FaultKind
	Account   ledger.Account
	Ref       string
	Entry     ledger.Kind
	Want, Got ledger.Cents
}

// String is the fault in one line.
func (f Fault) String() string {
	return fmt.Sprintf("%s account=%q ref=%q entry=%q: %s, should be %s", f.Kind, f.Account, f.Ref, f.Entry, f.Got, f.Want)
}

// audit is one rule as the query that finds what breaks it: account, reference,
// entry, what it should be, what it is.
type audit struct {
	kind  FaultKind
	query string
}

func audits() []audit {
	return []audit{
		{FaultEntry, `SELECT '', e.ref, e.kind, 0, CAST(coalesce(sum(p.amount), 0) AS BIGINT)
FROM entries e LEFT JOIN postings p ON p.entry_id = e.id
GROUP BY e.id, e.ref, e.kind HAVING coalesce(sum(p.amount), 0) <> 0 OR count(p.account) = 0
ORDER BY e.ref, e.kind`},
		{FaultHold, `WITH totals AS (SELECT entry_id, sum(amount) AS total FROM postings WHERE amount > 0 GROUP BY entry_id)
SELECT '', e.ref, e.kind, CAST(coalesce(held.total, 0) AS BIGINT), CAST(coalesce(ended.total, 0) AS BIGINT)
FROM entries e LEFT JOIN totals ended ON ended.entry_id = e.id
LEFT JOIN entries h ON h.ref = e.ref AND h.kind = 'held' LEFT JOIN totals held ON held.entry_id = h.id
WHERE e.ends_hold = 1 AND coalesce(held.total, 0) <> coalesce(ended.total, 0) ORDER BY e.ref, e.kind`},
		{FaultBalance, `SELECT a.id, '', '', CAST(coalesce(s.total, 0) AS BIGINT), a.balance FROM accounts a
LEFT JOIN (SELECT account, sum(amount) AS total FROM postings GROUP BY account) s ON s.account = a.id
WHERE a.balance <> coalesce(s.total, 0) ORDER BY a.id`},
		{FaultBalance, `SELECT p.account, '', '', CAST(sum(p.amount) AS BIGINT), 0 FROM postings p
WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = p.account) GROUP BY p.account ORDER BY p.account`},
		{FaultNegative, `SELECT id, '', '', 0, balance FROM accounts
WHERE balance < 0 AND substr(id, 1, 5) = 'cust:' ORDER BY id`},
		{FaultTotal, `SELECT '', '', '', 0, CAST(coalesce(sum(balance), 0) AS BIGINT) FROM accounts
HAVING coalesce(sum(balance), 0) <> 0`},
	}
}

// CheckBooks reads all of the books, in one snapshot, and returns every row
// that breaks a rule: none when they are right. It reads whole tables.
func (s *SQL) CheckBooks(ctx context.Context) ([]Fault, error) {
	tx, err := s.read.db.BeginTx(ctx, &sql.TxOptions{Isolation: s.d.snapshot, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("check books: %w", cleanSQL(err))
	}
	defer func() { _ = tx.Rollback() }()
	var faults []Fault
	for _, a := range audits() {
		err := sqlConn{p: s.read, tx: tx}.each(ctx, a.query, nil, func(rows *sql.Rows) error {
			f := Fault{Kind: a.kind}
			if err := rows.Scan(&f.Account, &f.Ref, &f.Entry, &f.Want, &f.Got); err != nil {
				return err
			}
			faults = append(faults, f)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("check books for %s: %w", a.kind, err)
		}
	}
	return faults, nil
}
