package dialog

import "context"

// StateID names a state: the flow, a dot, the step ("airtime.amount"). It is
// stored in sessions, so a state that changes its meaning gets a new name.
type StateID string

// Flow is the part of the name before the dot.
func (s StateID) Flow() string {
	for i := range len(s) {
		if s[i] == '.' {
			return string(s[:i])
		}
	}
	return string(s)
}

// Move names a way out of a state ("picked", "pay"). The empty Move stays.
type Move string

// Stay is the move that is none: the same state asks again.
const Stay Move = ""

// The moves that the engine adds to what a state declares.
const (
	moveBack Move = "back"  // the customer pressed 0
	moveHome Move = "home"  // the customer pressed 00
	moveStop Move = "stop"  // too many answers that were not understood
	moveCeil Move = "limit" // the conversation has grown too long
)

// Edge is one declared way out of a state.
type Edge struct {
	Move Move
	To   StateID
}

// State is one step of a conversation. It is one of three sorts: it asks (Ask
// and Answer), it does (Do), or it ends (Ask and End).
type State struct {
	ID StateID

	// Enter, where there is one, runs when a move leads into the state. It may
	// read (a balance, the catalogue) and keep what it read in the session's
	// variables, and may itself return a declared Move to go on at once. It
	// changes nothing outside, since it can be run again. In a Private state
	// it is also run before the screen is composed again, and its Move is then
	// ignored: there it reads the secret into Talk.Secret.
	Enter func(ctx context.Context, t *Talk) (Move, error)

	// Ask composes the screen. It has no context and no error because it can
	// only compose: showing a screen again costs nothing.
	Ask func(t *Talk, s *Screen)

	// Answer decides on what the customer typed. It may read, changes nothing
	// outside, and returns a declared Move, or the result of Talk.Again.
	Answer func(ctx context.Context, t *Talk, in Input) (Move, error)

	// Free lets Answer see what is typed although it is no option's number.
	// Without it such an input is refused before Answer.
	Free bool

	// Do has the effect, after the session was saved in this state. It must be
	// idempotent: after a crash, or when the gateway repeats itself, it is run
	// again. It returns the Move that its outcome makes. An error says that
	// the outcome is not known here: the state stays, the customer is told to
	// dial again, and the next turn does it again.
	Do func(ctx context.Context, t *Talk) (Move, error)

	// End closes the conversation after the screen of this state; where the
	// screen needs several pages, after the last of them.
	End bool

	// Edges are the only moves there are.
	Edges []Edge
	// Back is where 0 leads; empty where it leads nowhere.
	Back StateID

	// Secret marks a state whose answer is confidential. It is never answered
	// from a dial string, and its session cannot be resumed.
	Secret bool
	// Confirm marks a state in which a yes spends money. It is never answered
	// from a dial string, and a dropped conversation resumes at Back.
	Confirm bool
	// Private marks a screen that shows a secret: it is not stored, and a
	// repetition composes it anew, after Enter.
	Private bool

	// Stranger marks a state for people whose number is not known, who can be in
	// no other; in a chat only.
	Stranger bool
	// Words marks a question that is answered with words of any kind, such as a
	// name: what would lead elsewhere in a chat is an answer to it.
	Words bool

	// First marks a question that must be answered before there is a menu: 00
	// leads nowhere from it.
	First bool

	// What is the key of a few words saying what the customer was busy with,
	// for the offer to go on after a dropped session. Empty: not offered.
	What string
}

// edges is everything that may follow: what is declared and what the engine
// adds.
func (s *State) edges(start StateID) []Edge {
	all := append([]Edge(nil), s.Edges...)
	if s.Answer == nil {
		return all
	}
	if s.Back != "" {
		all = append(all, Edge{moveBack, s.Back})
	}
	if s.ID != start && !s.First {
		all = append(all, Edge{moveHome, start})
	}
	return append(all, Edge{moveStop, stateStopped}, Edge{moveCeil, stateTooLong})
}

// Input is what the customer typed, trimmed, its digits made plain.
type Input struct {
	Text   string
	Option string // id of the option that was picked, or empty
	// Gone says that what was picked is not offered any more (a product left
	// the shelf). Text is empty then: 4 for R100 is not R4.
	Gone bool
}

// Option is one choice of a screen.
type Option struct {
	ID    string // stable: it says what is chosen, not where it stands
	Label string
}

// Screen is one logical screen: no layout, no numbers, no navigation. More than
// 98 options, the most that two digits can pick, are not shown.
type Screen struct {
	Text    string
	Options []Option
	// Besides is said after Text where there is room for it on one page: the
	// first of several wordings that fits, the fullest first. What must be read
	// belongs into Text.
	Besides []string
	// Wants is what a chat should help to answer with, and Copy are the parts of
	// Text that will be typed somewhere else, such as the digits of a token.
	Wants Wants
	Copy  []string
}

// Add adds a choice.
func (s *Screen) Add(id, label string) { s.Options = append(s.Options, Option{id, label}) }

// Skip leaves a number free: for a choice that is not on offer now, so that the
// numbers of the others never change their meaning.
func (s *Screen) Skip() { s.Options = append(s.Options, Option{}) }

// Offer adds a choice where it is on offer, and leaves its number free otherwise.
func (s *Screen) Offer(on bool, id, label string) {
	if on {
		s.Add(id, label)
		return
	}
	s.Skip()
}

// gap says that the option only leaves its number free.
func (o Option) gap() bool { return o.ID == "" }

// Book is a whole set of conversations.
type Book struct {
	Start  StateID // where a conversation opens
	States []State
	// Stranger is where a conversation opens in a chat for somebody whose number
	// is not known; required where there are chats.
	Stranger StateID
	// Verb is where words lead that were written in a chat, in small letters: the
	// inputs that go there from Start, none for Start itself. Nil: nowhere.
	Verb func(text string) (inputs []string, ok bool)
	// Open, where there is one, runs when a conversation opens, before Start
	// is entered: it reads who is calling (their language).
	Open func(ctx context.Context, t *Talk) error
	// Keep lists the variables that outlive a conversation, until the session
	// expires.
	Keep []TextVar
	// Receipt is the variable that names what an end tells of, so that it can be
	// told another way where a chat could not show it. One of Keep.
	Receipt TextVar
	// Common are arguments of the texts that the engine says itself, such as a
	// number to phone.
	Common []Arg
}
