// Command simulation proves that money is not lost, doubled or forgotten whatever
// happens, as often as it is asked to:
//
//	go run ./test/simulation -seeds 100000 -from 1
//
// It plays the real sale (vend), the real jobs and the real SQLite store in a
// bubble of virtual time, where everything goes wrong that can: customers who
// share numbers and press twice, who leave, come back and ask for something else
// under the same reference; a provider that is silent, late, throttled and says
// that it does not know, and in some runs wants to be told how sales ended, or to
// be told to undo what is unclear; an operator who sends again, decides by guessing and
// thinks again; a database that fails before, loses its replies, is slow or
// stuck; processes that die at every step, are replaced, closed and started
// beside others, with clocks that disagree.
//
// The life of one run: a seed draws the weather (how much goes wrong), the scenes
// of a story and, for every step that any goroutine takes out of its process, how
// long it takes and what becomes of it. All goroutines stop at such steps; the
// scheduler lets one on at a time, the one that is due first. So a seed is one
// interleaving, and the same every time. After every commit the simulation's own
// book, made of what was committed and of nothing else, judges it: legal moves
// without gaps, money that follows the state, nobody overdrawn, a job for what is
// open, a screen or a message for what ended. At the end the troubles stop, the
// operator decides by the provider's own books what is left, and it is judged
// whether everybody has what is theirs: by what the provider really did, not by
// what it said.
//
// A failure is printed with its seed, and with what is left of it when everything
// that it does not need is left out. It is kept as a file of testdata/seeds and
// played with all tests. SPAZA_PROOF=long plays more of them (SPAZA_PROOF_SEEDS,
// default 20000). A seed is played again by
//
//	go run ./test/simulation -seeds 1 -from SEED -trace
//
// What it cannot see: how transactions interleave inside one another on
// PostgreSQL (here they are done one after the other, as SQLite does), the wire
// to the provider, and what screens say. Those have proofs of their own beside
// it.
package main
