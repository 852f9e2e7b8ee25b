package dialog

import "time"

// Event says what happened on the customer's side.
type Event uint8

// The events of a Turn.
const (
	Typed Event = iota // the customer dialled, typed or tapped
	Ended              // the conversation is over on the customer's side
)

// Turn is one message of one customer, whatever surface it came from.
type Turn struct {
	Channel string // name of the channel, for logs and metrics
	User    string // who: an MSISDN of 11 digits on a phone channel
	Session string // the gateway's name for this conversation
	Event   Event
	Status  string // of an Ended event: how the gateway says it ended; one of a few fixed words

	// Text is what the customer typed: the last input or, where Cumulative is
	// set, everything typed since the dial, joined by '*'.
	Text       string
	Cumulative bool
	// Key tells this message from every other one of the session; a gateway's
	// repetition has the same. Empty where Text is cumulative and serves. What
	// comes after the end of a conversation opens another where there is a Key,
	// as in a chat; elsewhere it is refused.
	Key string

	Code    string // the code dialled, such as *384*1234#, where known
	Network string // canonical name of the network the gateway says it is, or empty
	Caps    Caps
	At      time.Time // when it arrived
}

// Caps is what a surface can do.
type Caps struct {
	// Septets is the room of one screen in septets of the GSM alphabet; text
	// is folded into that alphabet. Zero: no limit worth naming, and spelling
	// is kept.
	Septets int
}

// Reply is the answer to a Turn: one screen.
type Reply struct {
	Text string
	End  bool // the conversation ends here
}
