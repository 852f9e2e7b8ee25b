// Package flows is what is said: one file per conversation, which a product
// person can read.
//
// A flow file holds its states in the order in which a customer meets them, and
// then what each asks and answers, in the same order. Three rules keep money
// safe. Asking is pure: a screen can be shown again at no cost. Answering may
// read, but changes nothing. What changes something stands in a state that does
// (its Do), is run after the session was saved, and can be run again: it
// carries a reference that was allotted before the customer said yes.
//
// Texts are named by key only; what is wrong with a sale reaches the customer
// through the one table in reasons.go. The package must not know HTTP, SQL,
// Redis, a provider's field names, or the length of a screen.
package flows
