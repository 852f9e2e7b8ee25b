// Package ledger is double-entry money in integer cents.
//
// It exists so that money can be judged with nothing else in view. Its life is
// one call: a use case builds an Entry with one of the constructors (Redeemed,
// Held, Captured, Released, ...), and a store writes it inside the transaction
// of the fact that caused it. Entries are only ever added. A correction is a
// new entry.
//
// Amounts are credit-positive: what a customer owns stands as a positive
// balance on the customer's accounts, and the same amount stands negative on
// the account that says where it is (at the provider). So every entry sums to
// zero, all balances together sum to zero, always, and a customer's balance is
// never negative.
//
// The package does not know orders, providers or people: a customer is an
// opaque id.
package ledger
