// Package kill proves that no crash loses, doubles or forgets money. The built
// binary sells to a crowd over its real doors, from providers and to a messaging
// host that outlive it, while it is killed with SIGKILL again and again; then the
// providers' books are laid beside ours, order by order, and each customer's
// money is counted.
//
// The life of one proof: a rig starts the simulator, the messaging host and the
// service; customers dial, press, repeat, drop calls and dial again, all drawn
// from one seed; the killer waits for a moment (just started, a request has
// reached the provider, its answer is on its way, a yes was pressed, a message
// went out, a provider hears how a sale ended) and strikes; when all kills are done the crowd goes home, whatever is
// open is waited for, and the reckoning says what does not agree.
//
// Who sells is Flash, or Electrum while Flash takes the vouchers in; then what was
// delivered must be confirmed there, and what was declined must not stand. The
// bounded form lets the seed draw one of the databases for Electrum, and has one
// short rig more that always sells through it. It runs with all tests, for half a
// minute a database. At length, where each database has both:
//
//	SPAZA_PROOF=long go run ./test/run -require redis,postgres -skip browser -timeout 2h -v ./test/kill
//
// SPAZA_PROOF_KILLS sets the number of kills a database (300), and
// SPAZA_PROOF_SEED repeats the choices of an earlier run, which printed its
// seed. Threads and kills fall differently each time, so that the seed brings back the
// same crowd and the same plan of kills, and not the same interleaving.
//
// It must not know how a sale is made: only what was pressed and shown, what the
// providers say they sold, and what the books say.
package kill
