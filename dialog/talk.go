package dialog

import (
	"strconv"
	"time"

	"spaza/secret"
)

// Arg is a value for a placeholder of a text.
type Arg = struct{ Name, Value string }

// Words turns a key into a sentence of a language. A key that a catalogue lacks
// still gives something printable.
type Words interface {
	Say(lang, key string, args ...Arg) string
}

// Talk is what a state's functions see of the conversation: who speaks, the
// session's variables, and the words of their language. It lives for one turn.
type Talk struct {
	User    string // the customer's MSISDN of 11 digits; empty for a stranger in a chat
	Person  string // in a chat, the surface's name for whoever writes
	Channel string
	Network string // canonical name of the network, where the gateway says it
	Code    string // the code dialled, where known
	Now     time.Time
	// Deep says that answers came with the dial string, and are still to be
	// taken: whoever dials so knows the way, and wants no other question first.
	Deep bool

	// Contact is the MSISDN of a contact card that came with the turn and is the
	// customer's own.
	Contact string

	// Secret carries a confidential answer from Answer to the Do that needs
	// it, or a secret to show from Enter to the Ask of a Private state, within
	// one turn. It is never stored: where Do is run again later, it is empty.
	Secret secret.Text

	// Since is when the session was last saved; for a Do, when it was first to
	// be done.
	Since time.Time
	// Resumed says to a Do that an earlier conversation asked for it, and that
	// the customer has dialled again since.
	Resumed bool

	lang    string
	words   Words
	vars    vars
	notice  string
	strike  bool
	read    [2]uint64 // the variables that Once was asked for
	options int       // of the screen that is being answered
	linked  bool      // the customer's number became known
}

// Options is how many options the screen has that is being answered.
func (t *Talk) Options() int { return t.options }

// Lang is the language of the conversation.
func (t *Talk) Lang() string { return t.lang }

// SetLang changes it, from the next text on.
func (t *Talk) SetLang(lang string) { t.lang = lang }

// Say is the text of a key in the conversation's language.
func (t *Talk) Say(key string, args ...Arg) string { return t.words.Say(t.lang, key, args...) }

// Text is a variable's value; empty when it is not set.
func (t *Talk) Text(v TextVar) string {
	if s := t.vars.find(uint8(v)); s != nil && !s.isInt {
		return s.text
	}
	return ""
}

// SetText sets a variable; an empty value unsets it.
func (t *Talk) SetText(v TextVar, value string) {
	if value == "" {
		t.vars.drop(uint8(v))
		return
	}
	t.vars.set(slot{id: uint8(v), text: value})
}

// Int is a variable's value; zero when it is not set.
func (t *Talk) Int(v IntVar) int64 {
	if s := t.vars.find(uint8(v)); s != nil && s.isInt {
		return s.num
	}
	return 0
}

// SetInt sets a variable; zero unsets it.
func (t *Talk) SetInt(v IntVar, value int64) {
	if value == 0 {
		t.vars.drop(uint8(v))
		return
	}
	t.vars.set(slot{id: uint8(v), isInt: true, num: value})
}

// Once says true the first time that it is asked for a variable within a turn:
// for a reading that several states on the way would make.
func (t *Talk) Once(v IntVar) bool {
	bit := uint64(1) << (v % 64)
	if t.read[v/64%2]&bit != 0 {
		return false
	}
	t.read[v/64%2] |= bit
	return true
}

// Linked says that the number of whoever writes has become known: what follows is
// another conversation, of the customer with that number.
func (t *Talk) Linked() { t.linked = true }

// Again refuses an answer: the same question is asked again under one line that
// says why. Three in a row end the conversation kindly.
func (t *Talk) Again(key string, args ...Arg) (Move, error) {
	t.notice, t.strike = t.Say(key, args...), true
	return Stay, nil
}

// AgainPick refuses an answer that is none of the n options.
func (t *Talk) AgainPick(n int) (Move, error) {
	if n == 0 {
		return t.Again(KeyOnlyBack)
	}
	return t.Again(KeyPick, Arg{Name: "n", Value: strconv.Itoa(number(n - 1))})
}

// Note puts one line above the next screen. It may be stored with the session,
// so no secret belongs in it.
func (t *Talk) Note(key string, args ...Arg) { t.notice = t.Say(key, args...) }
