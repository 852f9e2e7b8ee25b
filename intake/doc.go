// Package intake keeps what people wrote in chats until it is worked on.
//
// It exists because a chat API waits for an answer of a second or so, repeats
// what it was not told has arrived, and promises no order; while answering a
// person takes as long as it takes. So what comes is stored first and worked on
// after, and whoever brought it hears either that it is kept or that it should be
// brought again.
//
// The life of one letter: Take hands it to the one goroutine that commits, which
// writes as many as wait, in one transaction, each with the job that will see it
// through; one that was written before changes nothing. Then, and not before,
// Take returns nil. The job is mostly claimed in that same transaction, and so
// runs at once here; where it can not, any process takes it. Its lane is the
// sender's: what one person wrote is worked on in the order in which it was
// committed and one at a time over all processes, while others do not wait. Work
// opens the letter, and Handle decides its Fate. With the job the body goes, which
// may hold a PIN; its key stays for a while, so that a repetition is known. What was
// handled is ended in one transaction for all that wait, and that claims as many of
// the oldest, of whatever sender, to be run in their places.
//
// While many write at once, writing goes before work: no letter is begun until
// nothing has come for a moment, or half a second has passed.
//
// Everything is bounded: how many letters wait to be written (past that, the
// sender is told to come again), how many of one sender wait to be worked on (past
// that, they are dropped), how large one is, and how long it is tried.
//
// What is not promised: a letter is handled again when its process dies, or loses
// the database, between handling and writing that it is done. Handle has to be
// idempotent, for which Letter.ID serves.
//
// The package must not know what a letter says, which surfaces there are, or what
// a conversation is.
package intake
