package sandbox

import "time"

// State is what has become of a request.
type State string

// The states. What is refused never becomes anything else; of confirmed and
// reversed only one is ever reached.
const (
	Provisioned State = "provisioned"
	Confirmed   State = "confirmed"
	Reversed    State = "reversed"
	Refused     State = "refused"
	// Overtaken is that of a request whose reversal came and it did not.
	Overtaken State = "overtaken"
)

// entry is one request and what came of it.
type entry struct {
	id, op, reference, target string
	amount                    int64 // taken from the float, also once given back; cents
	at                        time.Time
	state                     State
	kind                      string // errorType of a refusal
	final                     bool   // cannot be reversed
	fault                     fault  // of its test number
	seen                      int    // how often it was sent, retries included
	advices                   int    // how many advices about it came
	status                    int    // of the answer
	answer                    []byte
	paid                      int64   // by the customer, as its confirmation says; cents
	undone                    bool    // a reversal was taken, or found nothing to reverse
	parties                   []party // whose references lead to it
	goods                     any     // what its interface keeps of it
}

// done says that the goods were issued and not taken back.
func (e *entry) done() bool { return e.state == Provisioned || e.state == Confirmed }

// books are the simulator's memory of requests and money. The sandbox's lock
// guards them.
type books struct {
	paidIn int64 // what was ever paid into the float
	float  int64
	sold   int64 // of what is not taken back
	byID   map[string]*entry
	order  []*entry          // oldest first
	heard  map[string]string // the originator's reference of every id, also of what was not processed
	struck map[string]bool   // ids that a test number's fault has struck
	counts map[string]int
}

func newBooks(float int64) books {
	return books{
		paidIn: float, float: float, byID: make(map[string]*entry),
		heard: make(map[string]string), struck: make(map[string]bool), counts: make(map[string]int),
	}
}

// open begins the entry of a request, and forgets what is older than keep.
func (b *books) open(now time.Time, keep time.Duration, op, id string, job work) *entry {
	forgotten := 0
	for forgotten < len(b.order) && now.Sub(b.order[forgotten].at) > keep {
		old := b.order[forgotten].id
		delete(b.byID, old)
		delete(b.heard, old)
		delete(b.struck, old)
		b.order[forgotten] = nil
		forgotten++
	}
	b.order = b.order[forgotten:]
	e := &entry{id: id, op: op, reference: job.reference, target: job.target, at: now, fault: job.fault}
	b.byID[id] = e
	b.order = append(b.order, e)
	b.counts["transactions"]++
	return e
}

// pay takes a sale's money; false where there is not enough.
func (b *books) pay(e *entry, cents int64) bool {
	if cents > b.float {
		return false
	}
	b.float -= cents
	b.sold += cents
	e.amount = cents
	return true
}

// to moves an entry to another state and its money with it.
func (b *books) to(e *entry, state State) {
	if state == Reversed && e.done() {
		b.float += e.amount
		b.sold -= e.amount
	}
	e.state = state
	b.counts[string(state)]++
}

// Transaction is a line of the books.
type Transaction struct {
	ID        string `json:"id"`
	Reference string `json:"reference"` // the originator's own
	Op        string `json:"op"`
	Amount    int64  `json:"amount"` // cents
	Target    string `json:"target"` // a mobile or meter number, or a product
	State     State  `json:"state"`
	ErrorType string `json:"errorType,omitempty"`
	Seen      int    `json:"seen"`    // how often it came, retries included
	Advices   int    `json:"advices"` // how many advices about it came
	// Paid is what the confirmation says that the customer paid, in cents.
	Paid int64 `json:"paid,omitempty"`
	// Undone says that a reversal was answered with 202, or with 404 since there was
	// nothing to reverse: either way the sale is none.
	Undone bool      `json:"undone,omitempty"`
	At     time.Time `json:"at"`
}

// Books are the money of the simulator, in cents, and what was done with it. No
// PIN, code or token is in them.
type Books struct {
	User  string `json:"user"`
	Float int64  `json:"float"`
	// PaidIn is all that was ever paid into the float, Sold what of it is spent
	// on goods that were not taken back: PaidIn is Float and Sold together.
	PaidIn int64          `json:"paidIn"`
	Sold   int64          `json:"sold"`
	Counts map[string]int `json:"counts"`
	// Transactions are those still remembered, newest first.
	Transactions []Transaction `json:"transactions"`
}

// Books are the books as they stand.
func (s *Sandbox) Books() Books { return s.booksUpTo(1 << 30) }

func (s *Sandbox) booksUpTo(limit int) Books {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.booksLocked(limit)
}

// booksLocked gives at most so many transactions. The caller holds the lock.
func (s *Sandbox) booksLocked(limit int) Books {
	s.arrive(s.options.Now())
	out := Books{
		User: s.options.User, Float: s.books.float, PaidIn: s.books.paidIn, Sold: s.books.sold,
		Counts: make(map[string]int, len(s.books.counts)), Transactions: []Transaction{},
	}
	for name, n := range s.books.counts {
		out.Counts[name] = n
	}
	for i := len(s.books.order) - 1; i >= 0 && len(out.Transactions) < limit; i-- {
		out.Transactions = append(out.Transactions, s.books.order[i].line())
	}
	return out
}

func (e *entry) line() Transaction {
	return Transaction{
		ID: e.id, Reference: e.reference, Op: e.op, Amount: e.amount, Target: e.target, State: e.state,
		ErrorType: e.kind, Seen: e.seen, Advices: e.advices, Paid: e.paid, Undone: e.undone, At: e.at,
	}
}

// Transactions are all requests for goods that are still remembered, newest first.
func (s *Sandbox) Transactions() []Transaction { return s.Books().Transactions }

// Transaction is the request of this id; false where none came.
func (s *Sandbox) Transaction(id string) (Transaction, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(s.options.Now())
	e, known := s.books.byID[key(id)]
	if !known {
		return Transaction{}, false
	}
	return e.line(), true
}

// Find is the newest request of an originator's own reference; false where none
// came.
func (s *Sandbox) Find(reference string) (Transaction, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(s.options.Now())
	for i := len(s.books.order) - 1; i >= 0; i-- {
		if e := s.books.order[i]; e.reference == reference {
			return e.line(), true
		}
	}
	return Transaction{}, false
}

// Done says that the goods of a request were issued and not taken back.
func (s *Sandbox) Done(id string) bool {
	t, _ := s.Transaction(id)
	return t.State == Provisioned || t.State == Confirmed
}

// Float is the merchant's prepaid money, in cents.
func (s *Sandbox) Float() int64 { return s.booksUpTo(0).Float }

// SetFloat pays in or out until the float is so many cents.
func (s *Sandbox) SetFloat(cents int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books.paidIn += cents - s.books.float
	s.books.float = cents
}

// byParty is the newest entry to which a party gave a reference; nil for none.
func (b *books) byParty(party, reference string) *entry {
	for i := len(b.order) - 1; i >= 0; i-- {
		for _, p := range b.order[i].parties {
			if p.reference == reference && (p.id == party || p.name == party) {
				return b.order[i]
			}
		}
	}
	return nil
}
