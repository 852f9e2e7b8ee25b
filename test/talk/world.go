package talk

import "spaza/dialog"

// World is what one transcript is held in.
type World struct {
	Book  dialog.Book
	Words dialog.Words
	// Engine are the options of every engine. Hash may be left out.
	Engine dialog.Options
	// User is who dials first, as 11 digits; default 27821234567.
	User string
	// Network is what the gateway says of the network; default nothing.
	Network string
	// Septets is the room of a screen; default 160.
	Septets int
	// keyed says that one message is sent at a time, with a name.
	keyed bool
	// Verbs are further verbs, by name.
	Verbs map[string]Verb
	// Tidy puts what is random on a screen (a reference) in a form that is the
	// same every time; default as it is.
	Tidy func(string) string
	// Saved is told of every session that was saved, as it is stored; default
	// nobody is.
	Saved func(record string)
	// End is asked once the transcript is over for what is wrong then; default
	// nothing is.
	End func() error
}

// Verb does what a line of a transcript says. It returns what is to stand under
// it, each line behind a "= "; an error ends the transcript.
type Verb func(args string) (lines []string, err error)
