package sandbox

import (
	"strconv"
	"time"
)

// transaction is one reference and what came of it.
type transaction struct {
	id        int64
	reference string
	op        string
	body      [32]byte
	target    string
	amount    int64 // asked for until it is done, then moved; cents
	at        time.Time
	seen      int  // how often the request came
	entered   bool // being processed, though not done
	done      bool
	reversed  bool
	silent    bool  // no line in the books
	deed      *deed // what can be reversed; nil for nothing
	code      int   // response code, once done
	status    int   // HTTP status, once done
	answer    []byte
}

// books are the simulator's memory of money. The sandbox's lock guards them.
type books struct {
	float, redemption int64
	last              int64
	byReference       map[string]*transaction
	inOrder           []*transaction // oldest first
	counts            map[string]int
}

func newBooks(float int64) books {
	return books{
		float: float, last: 257900,
		byReference: make(map[string]*transaction), counts: make(map[string]int),
	}
}

func (b *books) nextID() int64 {
	b.last++
	return b.last
}

// open finds or begins the transaction of a reference and counts the request;
// same is false when the reference belongs to another request.
func (b *books) open(now time.Time, keep time.Duration, op string, body [32]byte, job work) (t *transaction, same bool) {
	forgotten := 0
	for forgotten < len(b.inOrder) && now.Sub(b.inOrder[forgotten].at) > keep {
		delete(b.byReference, b.inOrder[forgotten].reference)
		b.inOrder[forgotten] = nil
		forgotten++
	}
	b.inOrder = b.inOrder[forgotten:]

	b.counts["requests"]++
	if t, known := b.byReference[job.head.reference]; known {
		if t.body != body {
			return nil, false
		}
		t.seen++
		return t, true
	}
	t = &transaction{
		id: b.nextID(), reference: job.head.reference, op: op, body: body,
		target: job.target, amount: job.amount, at: now, seen: 1,
	}
	b.byReference[t.reference] = t
	b.inOrder = append(b.inOrder, t)
	b.counts["transactions"]++
	return t, true
}

// count adds a transaction that is done to the totals.
func (b *books) count(t *transaction) {
	switch {
	case t.code != 0:
		b.counts["refused"]++
	case t.silent:
		b.counts["transactions"]--
	default:
		b.counts["success"]++
		b.counts["success "+t.op]++
	}
}

// Transaction is a line of the books.
type Transaction struct {
	ID        int64     `json:"transactionId"`
	Reference string    `json:"reference"`
	Op        string    `json:"op"`
	Amount    int64     `json:"amount"` // cents
	Target    string    `json:"target"` // a mobile number, or the last four digits of a PIN
	Status    string    `json:"status"` // "pending", "success", "reversed", or "code NNNN"
	Seen      int       `json:"seen"`   // how often the request came
	At        time.Time `json:"at"`
}

// Books are the money of the simulator, in cents.
type Books struct {
	Account           string `json:"account"`
	Float             int64  `json:"float"`
	RedemptionBalance int64  `json:"redemptionBalance"`
	// Outstanding is the value of the vouchers that can still be used.
	Outstanding int64          `json:"outstanding"`
	Counts      map[string]int `json:"counts"`
	// Transactions are those still remembered, newest first.
	Transactions []Transaction `json:"transactions"`
}

// Books are the books as they stand. No PIN is in them.
func (s *Sandbox) Books() Books { return s.booksUpTo(1 << 30) }

func (s *Sandbox) booksUpTo(limit int) Books {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.booksLocked(limit)
}

// booksLocked gives at most so many transactions. The caller holds the lock.
func (s *Sandbox) booksLocked(limit int) Books {
	out := Books{
		Account: s.options.Account, Float: s.books.float, RedemptionBalance: s.books.redemption,
		Outstanding: s.drawer.outstanding,
		Counts:      make(map[string]int, len(s.books.counts)), Transactions: []Transaction{},
	}
	for name, n := range s.books.counts {
		out.Counts[name] = n
	}
	for i := len(s.books.inOrder) - 1; i >= 0 && len(out.Transactions) < limit; i-- {
		t := s.books.inOrder[i]
		status := "pending"
		switch {
		case t.silent:
			continue
		case t.reversed:
			status = "reversed"
		case t.done && t.code == 0:
			status = "success"
		case t.done:
			status = "code " + strconv.Itoa(t.code)
		}
		out.Transactions = append(out.Transactions, Transaction{
			ID: t.id, Reference: t.reference, Op: t.op, Amount: t.amount, Target: t.target,
			Status: status, Seen: t.seen, At: t.at,
		})
	}
	return out
}
