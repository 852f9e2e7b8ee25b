package vend

import (
	"context"
	"time"

	"spaza/jobs"
	"spaza/ledger"
)

// Store keeps orders, books, jobs and customers in one database, so that one
// transaction can span them.
type Store interface {
	LinkStore
	AdviceStore
	// InTx runs do in one transaction and commits when it returns nil. It may
	// run do again when the database asks for it (a serialisation failure),
	// so do must have no other effects.
	InTx(ctx context.Context, do func(Tx) error) error
	// Order reads one order; ErrNoOrder when there is none.
	Order(ctx context.Context, ref string) (Order, error)
	// Sale reads one order and its customer; ErrNoOrder when there is none.
	Sale(ctx context.Context, ref string) (Order, Customer, error)
	// Customer finds a customer by MSISDN; the zero Customer when there is
	// none yet.
	Customer(ctx context.Context, msisdn string) (Customer, error)
	// Balance is the money of a customer (by id); zero for an unknown one.
	Balance(ctx context.Context, customer string) (Balance, error)
	// FindOrders lists orders, the newest first.
	FindOrders(ctx context.Context, q Query) ([]Order, error)
	// Moves is the trail of an order, from the first move.
	Moves(ctx context.Context, ref string) ([]Move, error)
	// RefByMessage is the order of which a message told that a gateway took
	// under this id; ErrNoOrder when there is none.
	RefByMessage(ctx context.Context, message string) (string, error)
	// Entries is what the books have under a reference, in their order.
	Entries(ctx context.Context, ref string) ([]ledger.Entry, error)
	// Sold is Tx.Sold without a lock, and with every order.
	Sold(ctx context.Context, customer string, fund Fund, since time.Time) (Sold, error)
	// Caller reads a customer by MSISDN with their newest orders, n at most,
	// without reversals and without the requests; the zero Caller when there is
	// none.
	Caller(ctx context.Context, msisdn string, n int) (Caller, error)
	// Regulars is the newest sale of a customer (by id) for each target of these
	// kinds, of those that happened and stand, or whose goods are owed, among
	// the customer's newest RegularOrders orders of any kind. It has no
	// nicknames.
	Regulars(ctx context.Context, customer string, kinds []Kind) ([]Regular, error)
	// SavedRegulars lists what a customer's targets are called, and which were
	// forgotten.
	SavedRegulars(ctx context.Context, customer string) ([]SavedRegular, error)
	// PINTries lists a customer's newest tries at the wallet PIN, the newest
	// first, PINTriesKept at most.
	PINTries(ctx context.Context, customer string) ([]PINTry, error)
}

// Query chooses orders. Zero fields choose all; those that are set must all
// hold.
type Query struct {
	Ref         string // a whole reference, or the end of one that a customer reads out
	ProviderRef string
	Customer    string // by id
	Target      string // who got it: a number, a meter, an account
	Original    string // reversals of this order
	States      []State
	Kinds       []Kind
	// From and To bound when the order was made: at or after From, before To.
	From, To time.Time
	// Idle chooses orders that have not moved since then.
	Idle time.Time
	// Limit is how many there may be; 0 stands for 100. After goes on below a
	// list that was full: its last order.
	Limit int
	After Order
}

// Tx is one transaction. Its methods see each other's writes.
type Tx interface {
	LinkTx
	AdviceTx
	// EnsureCustomer finds or makes the customer with this MSISDN, and locks
	// it; newID is used when it must be made.
	EnsureCustomer(msisdn, newID string, now time.Time) (Customer, error)
	// SetLanguage stores a customer's language.
	SetLanguage(customer, language string) error
	// CustomerByID reads a customer; the zero Customer when there is none.
	CustomerByID(id string) (Customer, error)

	// PIN is what is kept of a customer's wallet PIN, empty when none is set, and
	// Store.PINTries.
	PIN(customer string) (hash string, tries []PINTry, err error)
	// SetPIN stores what is kept of a PIN; empty for none. A new one is not
	// proved; it counts from now, or as long as the one in whose place it is. It
	// is a use of the wallet.
	SetPIN(customer, hash string, now time.Time) error
	// ProvePIN stores that a customer's PIN was right.
	ProvePIN(customer string, at time.Time) error
	// AddPINTry adds a try, in the run, and returns its id.
	AddPINTry(customer string, now time.Time) (int64, error)
	// DropPINTries deletes one try of a customer, or all when try is zero.
	DropPINTries(customer string, try int64) error
	// EndPINRun says of a customer's tries up to one that they are in no run.
	EndPINRun(customer string, upTo int64) error

	// BoughtFor says whether a customer has ever bought for a target, of this
	// kind, as Store.Regulars counts it.
	BoughtFor(customer string, k Kind, target string) (bool, error)
	// SavedRegular is what is kept of a target; one that says nothing when there
	// is nothing. SaveRegular stores it, or deletes it when it says nothing.
	SavedRegular(customer string, k Kind, target string) (SavedRegular, error)
	SaveRegular(customer string, r SavedRegular) error

	// Enquiries counts the targets that a customer asked about since a time, but
	// for one, and says whether that is among them; AddEnquiry adds it, as asked
	// about now, and DropEnquiry forgets it. Targets are known by a hash.
	Enquiries(customer string, target []byte, since time.Time) (others int, again bool, err error)
	AddEnquiry(customer string, target []byte, now time.Time) error
	DropEnquiry(customer string, target []byte) error

	// AddOrder writes a new order. When its reference exists already, nothing
	// is written, and the order that is there comes back with added false.
	AddOrder(o Order) (existing Order, added bool, err error)
	// Order reads and locks an order; ErrNoOrder when there is none.
	Order(ref string) (Order, error)
	// UpdateOrder writes the mutable fields of an order: state, resolution,
	// reason, delivery, sealed request, goods, provider reference, code with
	// its count, call centre, told, times and, for KindRedeem only, the
	// amount, which is not known before.
	UpdateOrder(o Order) error
	// AddMove adds to the trail of an order.
	AddMove(m Move) error
	// CountMoves counts the moves of an order with a cause since a time.
	CountMoves(ref string, c Cause, since time.Time) (int, error)
	// HasMove says whether an order has a move with a cause and a note.
	HasMove(ref string, c Cause, note string) (bool, error)
	// OrderByOriginal finds the newest reversal of an order that was not
	// refused, other than the one with the given reference; ErrNoOrder when
	// there is none.
	OrderByOriginal(original, except string) (Order, error)
	// Sold sums what a customer bought since a time, or all customers when
	// customer is empty; from one fund, or all when fund is empty; without the
	// order except. What was declined, resolved as not vended or reversed does
	// not count, nor do redemptions, refunds and reversals. Until the
	// transaction ends nobody else gets past Sold for the same customer, or
	// for all.
	Sold(customer string, fund Fund, since time.Time, except string) (Sold, error)
	// OrderByPIN finds the newest order for a voucher PIN that was not
	// refused or reversed, other than the one with the given reference; ErrNoOrder when
	// there is none. Until the transaction ends nobody else can add one.
	OrderByPIN(pinHash []byte, except string) (Order, error)
	// CountDeclined counts declined orders of a kind and reason since a time:
	// of one customer, or of all when customer is empty.
	CountDeclined(kind Kind, reasons []Reason, customer string, since time.Time) (int, error)

	// Post writes an entry in the books. The same entry again writes nothing
	// and returns nil; other errors are ledger.ErrInsufficient,
	// ledger.ErrReused, ledger.ErrEnded and ledger.ErrUnbalanced.
	Post(e ledger.Entry, now time.Time) error
	// Entries is what the books have under a reference.
	Entries(ref string) ([]ledger.Entry, error)

	// AddJob adds a job; one with the same kind and key that is not finished
	// stays as it is. A job with an Owner is added as claimed by it, with
	// Attempt 1. It returns the job as stored.
	AddJob(j jobs.Job) (jobs.Job, error)
	// HurryJob makes a job that waits due at once, and one that is buried
	// alive; one that is held stays as it is. False when there is none.
	HurryJob(k jobs.Kind, key string, now time.Time) (bool, error)
	// FinishJob, PutOffJob and BuryJob are those of jobs.Store inside this
	// transaction; jobs.ErrLost past the fence.
	FinishJob(j jobs.Job) error
	PutOffJob(j jobs.Job, at time.Time, note string) error
	BuryJob(j jobs.Job, note string) error
}
