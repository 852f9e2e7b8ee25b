package vend

import "time"

// Move is one thing that happened to an order. Moves are only ever added, in
// the transaction of what they tell: together they are what a support agent
// reads. They hold no secret.
type Move struct {
	Ref      string
	At       time.Time
	From, To State    // the same where the state did not change
	Delivery Delivery // after it
	Cause    Cause
	By       string // who did it, where a person did
	Attempt  int    // which sending it was, counted from 1; 0 where none was
	Code     string // the provider's
	Note     string // the provider's detail, or the person's reason
}

// Cause says why an order moved.
type Cause string

// The causes.
const (
	CauseCustomer Cause = "customer"     // the customer said yes
	CauseOperator Cause = "operator"     // a person at the operator asked for it
	CauseBegun    Cause = "begun"        // a process began to send it
	CauseAnswer   Cause = "answer"       // the provider answered, or was not heard in time
	CauseGone     Cause = "process_gone" // what had begun to send it ended, and wrote no answer
	CauseLate     Cause = "late_answer"  // an answer came when a person had the order
	CauseWindow   Cause = "window_over"  // the time in which it may be sent again is over
	CauseUnsent   Cause = "not_begun"    // it was not begun in time, and is given up
	CauseBooks    Cause = "books"        // the books refuse what the answer asks for
	CauseUnread   Cause = "unreadable"   // the stored request does not open
	CauseResend   Cause = "resend"       // a person asked for another try, or another message
	CauseResolve  Cause = "resolve"      // a person decided
	CauseUndone   Cause = "undone"       // a reversal was done
	CauseUndo     Cause = "undo"         // the provider is told to undo it, and it is not asked any more
	CauseTaken    Cause = "undo_taken"   // the provider says that it is undone, or never was
	CauseNotTaken Cause = "not_taken"    // the provider does not accept an advice
	CauseScreen   Cause = "screen"       // a screen had it, or turned out not to
	CauseMessage  Cause = "message"      // a message gateway took it, or reported on it
	CauseBySMS    Cause = "by_sms"       // a message in a chat did not arrive: it is sent by SMS
	CauseErase    Cause = "erase"        // what was kept is gone: on schedule, or on the customer's demand
	CauseExport   Cause = "export"       // a person read all of it
	CauseAgain    Cause = "again"        // the customer asked for its message once more
)

// move is a move of an order as it now stands, that stood in from before.
func (o Order) move(from State, c Cause, at time.Time) Move {
	return Move{Ref: o.Ref, At: at, From: from, To: o.State, Delivery: o.Delivery, Cause: c}
}
