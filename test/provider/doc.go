// Package provider is the suite that every implementation of vend.Provider must
// pass. It exists so that a second provider need not be trusted more than the
// first: what the sale takes for granted (once per reference, unknown until it
// is known, goods in hand when delivered) is proved here and not in its own
// tests.
//
// The life of one run: a Bench brings the provider, a simulator of its host that
// can be given troubles and whose money can be counted, and a sale of each kind
// that the host will make. Run plays every promise of the port's contract for
// every kind that the provider says it sells. The suite knows no provider and no
// wire format.
//
// Providers differ in what an unclear sale wants: to be sent again, to be asked
// after, or to be undone; and in whether they must be told of a sale that it
// stands. The bench says so of each kind (Remedy, Confirms), and the suite
// demands what follows: that something is told only after the answer that it
// follows from, that it is told until it is heard, and that a sale is never both
// confirmed and undone. What is known of earlier sendings grows as at the
// service, whose pauses are played without being waited for.
package provider
