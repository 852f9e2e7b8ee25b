// Package outage proves that what the service stands on may go away in the middle
// of sales without harm: Redis forgets everything, is killed, or fails over to a
// replica; PostgreSQL is cut off, stopped and started again; the disk of an
// embedded database is full, or may not be written to.
//
// The life of one proof: a shop is opened, which is the built binary, a provider
// simulator in a process of its own, and a host for text messages, on stores that
// the test starts and breaks by itself; a crowd of customers comes in, hands
// vouchers in, buys airtime, reads what the screens say and acts on it; once sales
// are in the middle, the outage is made, and ended; then the shop must sell again
// by itself, the crowd goes home, and the reckoning lays the provider's books
// beside ours, order by order, and what customers were told beside both.
//
// What is asked of a proof: no screen is ever missing, late, or in the words of a
// machine; a screen that says nothing was bought speaks the truth; every order was
// executed at most once, is served or refunded, and its customer was told; every
// balance is right to the cent.
//
// The bounded form runs with all tests. At length, with a table at the end:
//
//	SPAZA_PROOF=long go test -count=1 -timeout 1h -v ./test/outage
//
// SPAZA_PROOF_ROUNDS is then the number of outages in each proof (10).
//
// It must not know how a sale is made: only what was pressed and shown, what the
// provider says it sold, and what the books say.
package outage
