package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"spaza/dialog"
)

// Said is one thing that a person wrote in a chat, tapped or shared there. It can
// hold a PIN: however it is printed, only its channel is.
type Said struct {
	Channel string // name of the surface
	ID      string // the surface's name for it; one that is delivered again has the same
	From    string // the surface's name for the person: answers go there
	Number  string // the person's MSISDN of 11 digits, where the surface vouches for it
	Text    string // what was typed, or the input that a tapped button stands for
	Answers string // dialog.Reply.Screen of the screen whose button was tapped
	Contact string // MSISDN of a contact card that the surface says is the person's own
	Message string // the surface's name for the message that was typed, by which it can be deleted
	Button  string // the surface's name for the message whose button was tapped, by which it can be edited
	Tap     string // the surface's name for a tap that wants to be acknowledged
	Lang    string // language that the surface is set to, such as zu; empty for one that we do not have
	Arrived time.Time
}

// Format implements fmt.Formatter.
func (s Said) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "message on %s", s.Channel) }

// LogValue implements slog.LogValuer, as Format does for fmt.
func (s Said) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// Intake keeps what was said until it is worked on; whoever brings it may then
// forget it. Take returns nil when all of it is kept, now or before, and an error
// when the sender should bring it again.
type Intake interface {
	Take(ctx context.Context, said []Said) error
}

// Person is where to write to somebody in a chat, outside any conversation.
type Person struct {
	User   string    // as Said.From
	Number string    // MSISDN of 11 digits
	Seen   time.Time // when they last wrote
}

// Surface is a chat API on which screens are shown. Its errors are *SendError;
// they hold neither the text, nor who it was for, nor a key.
type Surface interface {
	Name() string
	// Show answers what was said with a screen: buttons where the surface has
	// them and they fit, numbers otherwise. It also does what the surface wants
	// done with what was said (a tap acknowledged, a PIN deleted). The same again
	// shows it again.
	Show(ctx context.Context, s Said, r dialog.Reply) error
	// Tell sends a message that answers nothing. taken is the surface's name for
	// it, as Messenger.Send returns it. copies are the parts of the text that
	// will be typed somewhere else.
	Tell(ctx context.Context, to Person, m Message) (taken string, err error)
}

// SendError is why a chat API did not take a message, and what to do about it.
type SendError struct {
	Do   SendRemedy
	Wait time.Duration // with SendLater: how long the API asks to wait at least; zero where it does not say
	Code int           // the API's code, or the HTTP status; zero where nothing was answered
	What string        // fixed words of ours
}

// Error implements error.
func (e *SendError) Error() string { return fmt.Sprintf("%s (code %d): %s", e.What, e.Code, e.Do) }

// SendRemedy is what to do when a chat API does not take a message.
type SendRemedy string

// The remedies.
const (
	SendLater     SendRemedy = "try later"               // it may go the next time
	SendElsewhere SendRemedy = "use another way"         // this person can not be reached here (now)
	SendNever     SendRemedy = "our request is wrong"    // it will never go like this
	SendAlarm     SendRemedy = "the account is at fault" // nothing goes until the operator acts
)

// remedy is what to do about an error of a Surface.
func remedy(err error) (SendRemedy, time.Duration) {
	var e *SendError
	if errors.As(err, &e) {
		return e.Do, e.Wait
	}
	return SendLater, 0
}

// ChatOptions are what is needed to answer what is said in chats.
type ChatOptions struct {
	Engine   Engine
	Surfaces []Surface
	// Meet is the MSISDN of somebody in a chat, "" while it is not known. vouched
	// is the one that the surface vouches for.
	Meet func(ctx context.Context, channel, user, vouched string) (number string, err error)
	Log  *slog.Logger
}

// Chat answers what is said on the surfaces.
type Chat struct {
	o        ChatOptions
	surfaces map[string]Surface
}

// NewChat makes it.
func NewChat(o ChatOptions) *Chat {
	c := &Chat{o: o, surfaces: map[string]Surface{}}
	for _, s := range o.Surfaces {
		c.surfaces[s.Name()] = s
	}
	return c
}
