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
	User    string // who: an MSISDN of 11 digits on a phone channel, in a chat the surface's name for the person
	Session string // the gateway's name for this conversation
	Event   Event
	Status  string // of an Ended event: how the gateway says it ended; one of a few fixed words

	// Number is the MSISDN of whoever writes in a chat; empty while it is not
	// known. On a phone channel it is User.
	Number string

	// Text is what the customer typed: the last input or, where Cumulative is
	// set, everything typed since the dial, joined by '*'.
	Text       string
	Cumulative bool
	// Key tells this message from every other one of the session; a gateway's
	// repetition has the same. Empty where Text is cumulative and serves. What
	// comes after the end of a conversation opens another where there is a Key,
	// as in a chat; elsewhere it is refused.
	Key string
	// Answers is the Reply.Screen of the screen that Text answers, where the
	// surface carries it along, as a button does. When that is not the screen
	// that stands, nothing is done and the one that stands is shown again.
	Answers string
	// Contact is the MSISDN of a contact card that the customer shared and that
	// the surface says is their own; empty for none.
	Contact string

	// Dial says that the gateway calls this the start of a session. A session
	// that is known is shown its screen again. Deep are the inputs that came with
	// it, joined by '*', where Text is not cumulative.
	Dial bool
	Deep string

	Code    string // the code dialled, such as *384*1234#, where known
	Network string // canonical name of the network the gateway says it is, or empty
	Lang    string // language that the surface is set to, such as zu; empty where it is not known
	Caps    Caps
	At      time.Time // when it is worked on; zero stands for now
	// Arrived is when it came, where that may be long before it is worked on, as
	// in a chat. What came before a question that spends money was shown does not
	// answer it.
	Arrived time.Time
}

// Caps is what a surface can do.
type Caps struct {
	// Septets is the room of one screen in septets of the GSM alphabet; text
	// is folded into that alphabet. Zero: no limit worth naming, and spelling
	// is kept.
	Septets int
	// Chat says that people write here as they talk: words and commands open
	// conversations, and nobody needs to have a number.
	Chat bool
}

// Reply is the answer to a Turn: one screen.
type Reply struct {
	Text string
	End  bool // the conversation ends here

	// Screen names this screen among those of the customer: 8 characters of
	// A-Z, a-z, 0-9, - and _. Empty where nothing can be answered.
	Screen string
	// Chat says the same in parts, for surfaces that have buttons; nil unless
	// Caps.Chat.
	Chat *Parts
}

// Parts is a screen as a chat shows it.
type Parts struct {
	// Prompt is the text without the choices and the ways out.
	Prompt string
	// Choices are what can be picked, in their order, with the ways out (back,
	// home, more) as the last.
	Choices []Choice
	// Wants says what the surface should help to answer with.
	Wants Wants
	// Private says that the screen shows what nobody else should see.
	Private bool
	// Copy are the parts of the text that will be typed somewhere else, such as
	// the digits of a token.
	Copy []string
	// Forget says that what was answered was confidential and should not stay in
	// sight, where the surface can help it.
	Forget bool
	// Receipt names what an end tells of, so that it is told another way where it
	// can not be shown; empty for any other screen.
	Receipt string
	// Linked says that the customer's number became known with this turn: the
	// next one is another conversation.
	Linked bool
}

// Choice is one thing that can be picked.
type Choice struct {
	Input string // what is typed for it: its number
	Label string
	Way   bool // a way out, and no answer
}

// Wants is what a screen asks for that a surface may have a button for.
type Wants uint8

// What a screen can want.
const (
	WantsNothing Wants = iota
	WantsContact       // the customer's own contact card
)

// ContactOption is the id of the option that stands for sharing one's own contact
// card; its Choice has it for an input.
const ContactOption = "contact"
