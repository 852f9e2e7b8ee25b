package vend

import (
	"context"
	"time"
)

// LinkStore is the part of Store that knows who in a chat is which customer.
type LinkStore interface {
	// Linked reads the link of a person in a chat, its customer and when that one
	// asked for the newest order; the zero Linked when there is none. It is one
	// read.
	Linked(ctx context.Context, channel, user string) (Linked, error)
	// Links lists the links of a customer (by id), the last seen first.
	Links(ctx context.Context, customer string) ([]Link, error)
	// CodeByID reads a code; ErrNoCode when there is none.
	CodeByID(ctx context.Context, id string) (Code, error)
	// LastOrder is Tx.LastOrder, with every order.
	LastOrder(ctx context.Context, customer string) (time.Time, error)
}

// LinkTx is the part of Tx that links people in chats to customers, and that keeps
// wallets apart which nobody used for long.
type LinkTx interface {
	// Link reads and locks the link of a person in a chat; the zero Link when
	// there is none.
	Link(channel, user string) (Link, error)
	// SaveLink writes a link in place of the person's, if there is one.
	SaveLink(l Link) error
	// SeeLink writes when somebody was last seen; nothing where the link has
	// ended.
	SeeLink(l Link) error
	// DropLink ends the link of a person to a customer; false when there is none.
	DropLink(l Link) (bool, error)
	// MoveLinks moves the links of one customer that were made at a time or
	// later to another, and ends the others.
	MoveLinks(from, to string, since time.Time) error

	// LockCodes keeps other transactions with any of the same hashes waiting until
	// this one ends.
	LockCodes(hashes ...[]byte) error
	// SaveCode writes a code in place of the person's, if there is one.
	SaveCode(c Code) error
	// TryCode counts a try at a person's code, and returns it; ErrCodeOver when
	// there is none, or it is over, or had so many tries.
	TryCode(person []byte, most int, now time.Time) (Code, error)
	// DropCode deletes a code; false when it is gone.
	DropCode(person []byte, id string) (bool, error)
	// CountCode counts one of something, and returns its number, by which
	// UncountCode takes it back.
	CountCode(what CodeCount, whom []byte, now time.Time) (int64, error)
	UncountCode(id int64) error
	// CodesCounted counts since a time: of somebody, or of all when whom is nil.
	CodesCounted(what CodeCount, whom []byte, since time.Time) (int, error)

	// CustomerByNumber finds a customer by MSISDN and locks it; the zero Customer
	// when there is none.
	CustomerByNumber(msisdn string) (Customer, error)
	// UseCustomer writes that the wallet was used by its owner.
	UseCustomer(customer string, now time.Time) error
	// LastOrder is when a customer asked for their newest order, but for reversals
	// and the order except; zero for never.
	LastOrder(customer, except string) (time.Time, error)
	// SetNumber gives a customer another number. aside, where it is put aside, is
	// what its own is found by, and at is when.
	SetNumber(customer, msisdn string, aside []byte, at time.Time) error
	// Asides lists and locks the customers that were put aside from a number, the
	// newest first.
	Asides(number []byte) ([]Aside, error)
	// Used says whether a customer has ever ordered anything, or has money.
	Used(customer string) (bool, error)

	// DropRegulars deletes what is kept of a customer's regular numbers, meters
	// and accounts (none when empty), and what others keep of a number.
	DropRegulars(customer, msisdn string) (int, error)
	// ForgetCustomer writes a customer's number and language, and deletes the
	// wallet PIN, the tries at it, the enquiries and the links. It is not put
	// aside any more.
	ForgetCustomer(c Customer) error
}
