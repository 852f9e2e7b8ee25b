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
package provider
