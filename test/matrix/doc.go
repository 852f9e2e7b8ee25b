// Package matrix proves that no fault of a provider loses, doubles or forgets
// money: every fault that its simulator knows of meets every operation that moves
// money: on the first sending alone, on every sending until the window is over,
// and on every one after the first was done and its answer lost; on SQLite and on
// PostgreSQL. Everything below the doors is real: the sale, its jobs, the store,
// the client, and HTTP to the simulator on a socket.
//
// There is a matrix for each provider. That of Electrum has a row for each remedy
// for what is unclear, and its faults strike also what it is told in the end: the
// confirmation, and the reversal after a lost answer. What is delivered must be
// confirmed there, once and with the price, and what is declined must stand there
// no more. Its customers have their money from Flash's simulator, by the routes of a
// shop with two providers.
//
// The life of one cell: a customer hands a voucher in and asks for one thing
// while one fault is switched on for it, and stays, or is gone before the answer;
// presses again; time passes, by a clock that is set to whatever is due next,
// until nothing is left to be done; where that ends with a person, one decides by
// the provider's books. Then the provider's books, ours, the trail, the goods in
// hand and what the customer was told are laid beside each other, and everything
// is asked for again. What each cell ends as stands in testdata/matrix.txt and
// electrum.txt, so that another judgement shows as a difference:
//
//	go test ./test/matrix -update
//
// One cell, or one row or column, alone:
//
//	go test ./test/matrix -cells 'redeem.*cut_after' -v
//
// Who stays, and whose money it is, is drawn from a seed that is printed, and set
// by SPAZA_PROOF_SEED; so is on which of both databases a cell is played, which of
// Flash's after a lost answer are, which of all of Electrum's, and with -short which
// of everybody's. Every cell in every
// combination, on both, and with the window of a real sale:
//
//	SPAZA_PROOF=long go run ./test/run -require postgres -skip redis,browser -timeout 1h -v ./test/matrix
//
// The operations are those that the provider says it sells, of the kinds that a
// sale may be of, and the faults those that the simulator lists: a new one of
// either is a new row or column, and fails until it is judged.
package matrix
