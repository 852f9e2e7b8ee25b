// Package vend is what a sale is: an order, its states, the port to a provider,
// and the rules by which money follows the outcome.
//
// It exists to keep the promise: you get what you paid for exactly once, or
// your money is still yours. The life of one sale: the caller allots a
// reference and calls Buy; one transaction writes the order, the hold, the
// exact request and the job that will see it through; only then the first byte
// goes to the provider. The answer is delivered, declined or unknown, and one
// more transaction writes what follows from it: capture, release, or nothing at
// all and another try with the same body under the same reference. A screen that
// waits is told; the message that would replace it is written all the same, and
// taken back only then.
//
// It must not know sessions, screens or languages, nor any provider's field
// names.
package vend
