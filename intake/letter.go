package intake

import (
	"fmt"
	"log/slog"
	"time"

	"spaza/secret"
)

// Letter is one thing that somebody wrote to us. However it is printed, only its
// door is.
type Letter struct {
	Door string // through which it came: the name of a surface
	ID   string // the surface's name for it; one that is delivered again has the same
	From string // the surface's name for the sender, whose letters are kept in order
	Body secret.Text
	At   time.Time // when it came
	Try  int       // which time it is that the letter is handled, from 1; zero before
}

// Format implements fmt.Formatter.
func (l Letter) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "letter through %s", l.Door) }

// LogValue implements slog.LogValuer, as Format does for fmt.
func (l Letter) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(l)) }

// Fate is what became of a letter that was handled. The zero Fate is Done.
type Fate struct {
	verb fateVerb
	wait time.Duration
	note string
}

type fateVerb uint8

const (
	fateDone fateVerb = iota
	fateLater
	fateNever
)

// Done: nothing is left to do.
func Done() Fate { return Fate{} }

// Later: handle it again after a wait, and what the sender wrote after it only
// then. Past the letter's time it is given up instead. why is for support, and
// holds nothing of the letter.
func Later(wait time.Duration, why string) Fate {
	return Fate{verb: fateLater, wait: wait, note: why}
}

// Never: it is given up, and kept for a person to see as long as its body is. why
// is for them, and holds nothing of the letter.
func Never(why string) Fate { return Fate{verb: fateNever, note: why} }
