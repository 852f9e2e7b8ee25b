// Package recon compares a provider's transaction file with our own orders.
//
// It exists because some outcomes can be learned in no other way: the provider
// has no question "what became of this reference", and a person must not decide
// about a customer's money from memory. The life of one call: NewTable takes a
// Mapping, Table.Read reads files of separated values with it, line by line and
// into about a hundred bytes a line; Compare asks Books for our orders, puts
// every line and every order into exactly one Bucket, and returns a Report with
// a Proposal wherever the two sides together leave one thing to be done. A
// person confirms proposals, and Settle has them done.
//
// What cannot be known is not guessed: whether amounts are rands or cents, or
// what a negative amount means, is asked for where the file leaves it open. An
// absence proves something only well inside the period, in a file that is
// otherwise ours. A proposal never takes money from a customer beyond the price
// of what the provider says was delivered, and which is on hold for it.
//
// The package imports the ledger's cents and nothing else. It must not know
// databases, providers or the command line.
package recon
