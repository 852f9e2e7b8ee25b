package channels

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"spaza/dialog"
	"spaza/secret"
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

// ChatOptions are what is needed to answer what is said in chats; all of it is
// required but Unshown and Observe.
type ChatOptions struct {
	Engine   Engine
	Surfaces []Surface
	// Meet is the MSISDN of somebody in a chat, "" while it is not known. vouched
	// is the one that the surface vouches for, or "".
	Meet func(ctx context.Context, channel, user, vouched string) (number string, err error)
	// Unshown is told of a receipt, by the reference of its order, that could not
	// be shown in the chat and will not be, so that it goes another way.
	Unshown func(ctx context.Context, number, receipt string) error
	// Observe is told what became of each answer: "shown", or a SendRemedy.
	Observe func(channel, result string)
	Log     *slog.Logger
}

// Chat answers what is said on the surfaces, one thing at a time for each person.
type Chat struct {
	o        ChatOptions
	surfaces map[string]Surface
}

// NewChat makes it.
func NewChat(o ChatOptions) *Chat {
	if o.Observe == nil {
		o.Observe = func(string, string) {}
	}
	if o.Unshown == nil {
		o.Unshown = func(context.Context, string, string) error { return nil }
	}
	c := &Chat{o: o, surfaces: map[string]Surface{}}
	for _, s := range o.Surfaces {
		c.surfaces[s.Name()] = s
	}
	return c
}

const (
	// chatTries is how often an answer is tried to be shown.
	chatTries = 6
	// chatWait is how long is waited at least before the next try, doubled each
	// time.
	chatWait = 2 * time.Second
	// chatTurn is how long the engine may take for one answer, and chatShow how
	// long showing it may.
	chatTurn, chatShow = 8 * time.Second, 20 * time.Second
)

// Answer works on one thing that was said, on the try with that number, from 1.
// again is how long to wait before the next try; zero where there is to be none,
// and then nothing more happens: it was answered, or can not be. The same said
// again is answered alike, since the engine knows it by its ID.
func (c *Chat) Answer(ctx context.Context, s Said, try int) (again time.Duration) {
	surface := c.surfaces[s.Channel]
	if surface == nil { // switched off since it came
		return 0
	}
	reply, number, err := c.reply(ctx, s)
	if err != nil {
		c.o.Log.Warn("chat was not answered", "channel", s.Channel, "try", try, "err", err)
		return c.later(try, 0)
	}
	show, cancel := context.WithTimeout(ctx, chatShow)
	err = surface.Show(show, s, reply)
	cancel()
	if err == nil {
		c.o.Observe(s.Channel, "shown")
		return 0
	}
	do, wait := remedy(err)
	c.o.Observe(s.Channel, string(do))
	c.o.Log.Log(ctx, sendLevel(do), "screen was not shown", "channel", s.Channel, "try", try, "err", err, "alert", do == SendAlarm)
	if do == SendLater || do == SendAlarm {
		if again = c.later(try, wait); again > 0 {
			return again
		}
	}
	if reply.Chat != nil && reply.Chat.Receipt != "" {
		if err := c.o.Unshown(ctx, number, reply.Chat.Receipt); err != nil {
			c.o.Log.Error("receipt was not shown and not sent otherwise", "channel", s.Channel, "err", err, "alert", true)
			return chatWait
		}
	}
	return 0
}

func sendLevel(do SendRemedy) slog.Level {
	if do == SendAlarm || do == SendNever {
		return slog.LevelError
	}
	return slog.LevelWarn
}

// later is how long to wait after a try that may be followed by another; zero
// after the last.
func (*Chat) later(try int, least time.Duration) time.Duration {
	if try >= chatTries {
		return 0
	}
	return max(least, chatWait<<max(try-1, 0))
}

// reply is the engine's answer, and the number of whoever is answered.
func (c *Chat) reply(ctx context.Context, s Said) (r dialog.Reply, number string, err error) {
	ctx, cancel := context.WithTimeout(ctx, chatTurn)
	defer cancel()
	if number, err = c.o.Meet(ctx, s.Channel, s.From, s.Number); err != nil {
		return r, "", err
	}
	t := dialog.Turn{
		Channel: s.Channel, User: s.From, Number: number, Text: s.Text, Answers: s.Answers, Contact: s.Contact,
		Key: s.ID, Lang: s.Lang, Arrived: s.Arrived, Caps: dialog.Caps{Chat: true},
	}
	r, _ = c.o.Engine.Handle(ctx, t) // the engine has reported its error; the reply can be shown
	if r.Chat == nil || !r.Chat.Linked {
		return r, number, nil
	}
	// Whoever has just become known is shown the menu with the welcome.
	if number, err = c.o.Meet(ctx, s.Channel, s.From, s.Number); err != nil || number == "" {
		return r, "", err
	}
	t.Number, t.Text, t.Answers, t.Contact, t.Key = number, "", "", "", s.ID+"/menu"
	menu, _ := c.o.Engine.Handle(ctx, t)
	return under(r, menu), number, nil
}

// under is a screen below the text of another.
func under(above, below dialog.Reply) dialog.Reply {
	if below.Chat == nil {
		return above
	}
	parts := *below.Chat
	parts.Prompt = above.Text + "\n\n" + parts.Prompt
	parts.Forget = parts.Forget || above.Chat != nil && above.Chat.Forget
	below.Text, below.Chat = above.Text+"\n\n"+below.Text, &parts
	return below
}

// said is how Said is written down; the short names are stored.
type said struct {
	Channel string `json:"c"`
	ID      string `json:"i"`
	From    string `json:"f"`
	Number  string `json:"n,omitempty"`
	Text    string `json:"t,omitempty"`
	Answers string `json:"a,omitempty"`
	Contact string `json:"k,omitempty"`
	Message string `json:"m,omitempty"`
	Button  string `json:"b,omitempty"`
	Tap     string `json:"p,omitempty"`
	Lang    string `json:"l,omitempty"`
	Arrived int64  `json:"w"` // Unix milliseconds
}

// Pack writes down what was said, PINs and all.
func (s Said) Pack() secret.Text {
	b, err := json.Marshal(said{
		s.Channel, s.ID, s.From, s.Number, s.Text, s.Answers, s.Contact, s.Message, s.Button, s.Tap, s.Lang, s.Arrived.UnixMilli(),
	})
	if err != nil { // strings and a number can be written
		return secret.Text{}
	}
	return secret.New(string(b))
}

// UnpackSaid reads what Pack wrote. Its error does not repeat it.
func UnpackSaid(t secret.Text) (Said, error) {
	var r said
	if json.Unmarshal([]byte(t.Reveal()), &r) != nil || r.Channel == "" {
		return Said{}, errors.New("read what was said: it is not as it was written")
	}
	return Said{
		Channel: r.Channel, ID: r.ID, From: r.From, Number: r.Number, Text: r.Text, Answers: r.Answers, Contact: r.Contact,
		Message: r.Message, Button: r.Button, Tap: r.Tap, Lang: r.Lang, Arrived: time.UnixMilli(r.Arrived),
	}, nil
}
