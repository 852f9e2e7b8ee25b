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
	// FaultTwice: a hold was made or ended, or a voucher credited, more than
	// once under one reference.
	FaultTwice FaultKind = "counted_twice"
	// FaultGiven: more was given back than was spent, or a loss was booked for
	// a hold that was not given back.
	FaultGiven FaultKind = "given_back_too_much"

	// FaultOrder: an order's state and its entries do not agree, or an entry
	// of a sale has no order.
	FaultOrder FaultKind = "order_differs"
	// FaultTrail: the last move of an order leads elsewhere than to its state.
	FaultTrail FaultKind = "trail_differs"
	// FaultJob: an order that is under way has no job that sees it through.
	FaultJob FaultKind = "order_without_job"
	// FaultAdvice: an order and what its provider must be told do not agree, or
	// nobody tells it.
	FaultAdvice FaultKind = "advice_differs"
)

// Fault is one row of the books that breaks a rule. Account or Ref and Entry
// say where, as far as the rule has a place.
type Fault struct {
	Kind      FaultKind
	Account   ledger.Account
	Ref       string
	Entry     ledger.Kind
	Want, Got ledger.Cents
	Note      string // what is wrong, where that is no amount
}

// String is the fault in one line.
func (f Fault) String() string {
	if f.Note != "" {
		return fmt.Sprintf("%s ref=%q entry=%q: %s", f.Kind, f.Ref, f.Entry, f.Note)
	}
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

// moreAudits are the rules whose queries give a note in place of the amounts.
func moreAudits() []audit {
	return []audit{
		{FaultTwice, `SELECT e.ref, min(e.kind), 'written ' || count(*) || ' times' FROM entries e
WHERE e.kind IN ('redeemed', 'held') GROUP BY e.ref, e.kind HAVING count(*) > 1 ORDER BY e.ref`},
		{FaultTwice, `SELECT e.ref, min(e.kind), 'the hold ended ' || count(*) || ' times' FROM entries e
WHERE e.kind IN ('captured', 'released', 'paid_out') GROUP BY e.ref HAVING count(*) > 1 ORDER BY e.ref`},
		{FaultGiven, `WITH t AS (SELECT e.ref,
sum(CASE WHEN e.kind IN ('captured', 'paid_out') THEN p.amount ELSE 0 END) AS spent,
sum(CASE WHEN e.kind IN ('reversed', 'restored', 'compensated') THEN p.amount ELSE 0 END) AS given,
sum(CASE WHEN e.kind = 'released' THEN p.amount ELSE 0 END) AS released,
sum(CASE WHEN e.kind IN ('reversed', 'restored') THEN p.amount ELSE 0 END) AS returned,
sum(CASE WHEN e.kind = 'lost' THEN p.amount ELSE 0 END) AS lost,
sum(CASE WHEN e.kind = 'compensated' THEN p.amount ELSE 0 END) AS compensated,
sum(CASE WHEN e.kind = 'recovered' THEN p.amount ELSE 0 END) AS recovered
FROM entries e JOIN postings p ON p.entry_id = e.id WHERE p.amount > 0 GROUP BY e.ref)
SELECT ref, '', 'spent ' || spent || ', given back ' || given || ', released ' || released || ', lost ' || lost || ' cents'
FROM t WHERE given > spent OR lost > released + returned OR recovered > lost + compensated ORDER BY ref`},
	}
}

// orderAudits compare the orders with the books, the trail, the jobs and the
// advices.
func orderAudits() []audit {
	const flags = `WITH e AS (SELECT ref, max(CASE WHEN kind = 'held' THEN 1 ELSE 0 END) AS held,
max(CASE WHEN kind IN ('captured', 'paid_out') THEN 1 ELSE 0 END) AS spent,
max(CASE WHEN kind = 'released' THEN 1 ELSE 0 END) AS released,
max(CASE WHEN kind IN ('reversed', 'restored', 'compensated') THEN 1 ELSE 0 END) AS given,
max(CASE WHEN kind = 'lost' THEN 1 ELSE 0 END) AS lost,
max(CASE WHEN kind = 'recovered' THEN 1 ELSE 0 END) AS recovered,
max(CASE WHEN kind = 'redeemed' THEN 1 ELSE 0 END) AS redeemed FROM entries GROUP BY ref),
o AS (SELECT o.ref, o.kind, o.state, o.resolution, o.amount, coalesce(e.held, 0) AS held, coalesce(e.spent, 0) AS spent,
coalesce(e.released, 0) AS released, coalesce(e.given, 0) AS given, coalesce(e.lost, 0) AS lost, coalesce(e.recovered, 0) AS recovered, coalesce(e.redeemed, 0) AS redeemed
FROM orders o LEFT JOIN e ON e.ref = o.ref) `
	const found = `SELECT ref, '', kind || ' is ' || state || ' ' || resolution || ': held ' || held || ', spent ' || spent || ', released ' ||
released || ', given back ' || given || ', lost ' || lost || ', redeemed ' || redeemed FROM o WHERE `
	return []audit{
		{FaultOrder, flags + found + `kind NOT IN ('redeem', 'reverse') AND amount > 0 AND NOT CASE
WHEN held = 0 OR redeemed = 1 THEN 1 = 0
WHEN state IN ('confirmed', 'sending', 'unknown') THEN spent + released + given + lost = 0
WHEN state IN ('owed', 'delivered') THEN spent = 1 AND released + given + lost = 0
WHEN state = 'person' THEN released + given + lost = 0
WHEN state = 'declined' THEN released = 1 AND spent + given + lost = 0
WHEN state = 'resolved' AND resolution = 'vended' THEN spent = 1 AND (given = 1 OR released + given + lost = 0) OR released = 1 AND lost = 1
WHEN state = 'resolved' THEN released = 1 AND spent + lost = 0 OR spent = 1 AND given = 1
WHEN state = 'reversed' THEN spent = 1 AND given = 1 OR lost = 1 AND recovered = 1
ELSE 1 = 0 END ORDER BY ref`},
		{FaultOrder, flags + found + `kind NOT IN ('redeem', 'reverse') AND amount = 0
AND held + spent + released + given + lost + redeemed > 0 ORDER BY ref`},
		{FaultOrder, flags + found + `kind = 'redeem' AND (held + spent + released + given + lost > 0 OR redeemed <>
CASE WHEN state IN ('delivered', 'reversed') OR state = 'resolved' AND resolution = 'vended' THEN 1 ELSE 0 END) ORDER BY ref`},
		{FaultOrder, `SELECT o.ref, e.kind, 'the order says ' || o.amount || ' cents, the books ' || p.amount
FROM orders o JOIN entries e ON e.ref = o.ref AND e.kind IN ('redeemed', 'held') JOIN postings p ON p.entry_id = e.id AND p.amount > 0
WHERE p.amount <> o.amount ORDER BY o.ref`},
		{FaultOrder, `SELECT r.ref, '', 'it is done, and ' || r.original || ' is not reversed' FROM orders r
LEFT JOIN orders s ON s.ref = r.original
WHERE r.kind = 'reverse' AND (r.state = 'delivered' OR r.resolution = 'vended') AND coalesce(s.state, '') <> 'reversed' ORDER BY r.ref`},
		{FaultOrder, `SELECT e.ref, e.kind, 'there is no such order' FROM entries e
WHERE e.kind IN ('redeemed', 'held', 'captured', 'released', 'paid_out', 'reversed', 'restored', 'compensated', 'lost', 'recovered')
AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.ref = e.ref) ORDER BY e.ref`},
		{FaultTrail, `SELECT o.ref, '', 'it is ' || o.state || ', and its trail ends at ' || m.to_state FROM orders o
JOIN (SELECT ref, max(id) AS id FROM moves GROUP BY ref) l ON l.ref = o.ref JOIN moves m ON m.id = l.id
WHERE m.to_state <> o.state ORDER BY o.ref`},
		{FaultJob, `SELECT o.ref, '', 'it is ' || o.state FROM orders o
WHERE o.state IN ('confirmed', 'sending', 'unknown', 'owed')
AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'order' AND j.key = o.ref AND j.dead = 0)
AND NOT (o.state = 'unknown' AND EXISTS (SELECT 1 FROM advices a WHERE a.ref = o.ref AND a.undo = 1 AND a.state = 'due')) ORDER BY o.ref`},
		{FaultAdvice, `SELECT a.ref, '', 'its advice is due, and there is no job for it' FROM advices a
WHERE a.state = 'due' AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'advice' AND j.key = a.ref AND j.dead = 0) ORDER BY a.ref`},
		{FaultAdvice, `SELECT a.ref, '', 'it is ' || coalesce(o.state || ' ' || o.resolution, 'nowhere') || ', and to be ' ||
CASE WHEN a.undo = 1 THEN 'undone' ELSE 'confirmed' END || ': ' || a.state FROM advices a LEFT JOIN orders o ON o.ref = a.ref
WHERE o.ref IS NULL OR NOT CASE WHEN a.state = 'dropped' THEN 1 = 1
WHEN a.undo = 1 AND a.state = 'due' THEN o.state IN ('unknown', 'person') OR o.resolution = 'not_vended'
WHEN a.undo = 1 AND a.state = 'taken' THEN o.state IN ('declined', 'person', 'resolved', 'reversed')
WHEN a.undo = 1 AND a.state = 'refused' THEN o.state IN ('person', 'resolved', 'reversed')
WHEN a.undo = 1 THEN 1 = 0
WHEN a.state = 'waiting' THEN o.state IN ('unknown', 'owed', 'person')
ELSE o.state IN ('delivered', 'reversed') OR o.resolution = 'vended' END ORDER BY a.ref`},
	}
}

// CheckBooks reads all of the books, in one snapshot, and returns every row
// that breaks a rule: none when they are right. It looks at nothing but the
// books, and reads whole tables.
func (s *SQL) CheckBooks(ctx context.Context) ([]Fault, error) {
	return s.audit(ctx, func(run func(audit, bool) error) error {
		for _, a := range audits() {
			if err := run(a, false); err != nil {
				return err
			}
		}
		for _, a := range moreAudits() {
			if err := run(a, true); err != nil {
				return err
			}
		}
		return nil
	})
}

// CheckOrders compares all orders with the books, the trail, the jobs and the
// advices, in one snapshot, and returns every one that does not agree.
func (s *SQL) CheckOrders(ctx context.Context) ([]Fault, error) {
	return s.audit(ctx, func(run func(audit, bool) error) error {
		for _, a := range orderAudits() {
			if err := run(a, true); err != nil {
				return err
			}
		}
		return nil
	})
}

// audit runs audits in one snapshot; those with notes give a reference, an entry
// and a note, the others all of a fault.
func (s *SQL) audit(ctx context.Context, all func(run func(a audit, notes bool) error) error) ([]Fault, error) {
	tx, err := s.read.db.BeginTx(ctx, &sql.TxOptions{Isolation: s.d.snapshot, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("check books: %w", cleanSQL(err))
	}
	defer func() { _ = tx.Rollback() }()
	var faults []Fault
	err = all(func(a audit, notes bool) error {
		err := sqlConn{p: s.read, tx: tx}.each(ctx, a.query, nil, func(rows *sql.Rows) error {
			f := Fault{Kind: a.kind}
			dest := []any{&f.Account, &f.Ref, &f.Entry, &f.Want, &f.Got}
			if notes {
				dest = []any{&f.Ref, &f.Entry, &f.Note}
			}
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			faults = append(faults, f)
			return nil
		})
		if err != nil {
			return fmt.Errorf("check books for %s: %w", a.kind, err)
		}
		return nil
	})
	return faults, err
}

// Balances lists the balance of every account that is not a customer's, and the
// sums of the customers' available and held money under "cust:*:available" and
// "cust:*:held".
func (s *SQL) Balances(ctx context.Context) (map[ledger.Account]ledger.Cents, error) {
	all := map[ledger.Account]ledger.Cents{}
	err := s.reading().each(ctx, sumBalances, nil, func(rows *sql.Rows) error {
		var a ledger.Account
		var sum ledger.Cents
		err := rows.Scan(&a, &sum)
		all[a] = sum
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sum balances: %w", err)
	}
	return all, nil
}

const sumBalances = `SELECT CASE WHEN id LIKE 'cust:%:held' AND id <> 'cust:merchant:held' THEN 'cust:*:held'
WHEN id LIKE 'cust:%' AND id NOT IN ('cust:merchant:held', 'cust:suspense:available') THEN 'cust:*:available' ELSE id END AS account,
CAST(sum(balance) AS BIGINT) FROM accounts GROUP BY 1 ORDER BY 1`
