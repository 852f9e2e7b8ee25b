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
	// InTx runs do in one transaction and commits when it returns nil. It may
	// run do again when the database asks for it (a serialisation failure),
	// so do must have no other effects.
	InTx(ctx context.Context, do func(Tx) error) error
	// Order reads one order; ErrNoOrder when there is none.
	Order(ctx context.Context, ref string) (Order, error)
	// Customer finds a customer by MSISDN; the zero Customer when there is
	// none yet.
	Customer(ctx context.Context, msisdn string) (Customer, error)
	// Balance is the money of a customer (by id); zero for an unknown one.
	Balance(ctx context.Context, customer string) (Balance, error)
}

// Tx is one transaction. Its methods see each other's writes.
type Tx interface {
	// EnsureCustomer finds or makes the customer with this MSISDN; newID is
	// used when it must be made.
	EnsureCustomer(msisdn, newID string, now time.Time) (Customer, error)
	// SetLanguage stores a customer's language.
	SetLanguage(customer, language string) error
	// CustomerByID reads a customer; the zero Customer when there is none.
	CustomerByID(id string) (Customer, error)

	// AddOrder writes a new order. When its reference exists already, nothing
	// is written, and the order that is there comes back with added false.
	AddOrder(o Order) (existing Order, added bool, err error)
	// Order reads and locks an order; ErrNoOrder when there is none.
	Order(ref string) (Order, error)
	// UpdateOrder writes the mutable fields of an order: state, reason,
	// sealed request, goods, provider reference, code with its count, call
	// centre, told, times and,
	// for KindRedeem only, the amount, which is not known before.
	UpdateOrder(o Order) error
	// OrderByPIN finds the newest order for a voucher PIN that was not
	// declined, other than the one with the given reference; ErrNoOrder when
	// there is none. Until the transaction ends nobody else can add one.
	OrderByPIN(pinHash []byte, except string) (Order, error)
	// CountDeclined counts declined orders of a kind and reason since a time:
	// of one customer, or of all when customer is empty.
	CountDeclined(kind Kind, reasons []Reason, customer string, since time.Time) (int, error)

	// Post writes an entry in the books. The same entry again writes nothing
	// and returns nil; other errors are ledger.ErrInsufficient,
	// ledger.ErrReused, ledger.ErrEnded and ledger.ErrUnbalanced.
	Post(e ledger.Entry, now time.Time) error

	// AddJob adds a job; one with the same kind and key that is not finished
	// stays as it is. A job with an Owner is added as claimed by it, with
	// Attempt 1. It returns the job as stored.
	AddJob(j jobs.Job) (jobs.Job, error)
	// FinishJob, PutOffJob and BuryJob are those of jobs.Store inside this
	// transaction; jobs.ErrLost past the fence.
	FinishJob(j jobs.Job) error
	PutOffJob(j jobs.Job, at time.Time, note string) error
	BuryJob(j jobs.Job, note string) error
}
