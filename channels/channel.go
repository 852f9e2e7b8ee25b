package channels

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"

	"spaza/dialog"
)

// Callback is one HTTP request as an adapter sees it: bounded, and copied, so
// that parts of it may be kept. Nothing in it has been believed yet.
type Callback struct {
	Method   string
	Path     string
	RawQuery string
	Host     string // as the sender names this service
	Body     []byte
	Remote   netip.Addr // of the sender; behind a trusted proxy, what that says
	// Header gives a copy of the first value of a header. It works until Handle
	// returns, and is not to be kept.
	Header func(name string) string
}

// Answer is what goes back.
type Answer struct {
	Status int    // zero means 200
	Type   string // content type; empty means text/plain; charset=utf-8
	Body   []byte
	Header [][2]string
}

// Route is one door of a channel. Handle does not authenticate: the server
// does, by what Guard asks for, before it is called.
type Route struct {
	Method, Path string
	Guard        Guard
	// Sorry is the whole body of a refusal at this door, whatever the reason:
	// one line that a person understands and a stranger learns nothing from.
	// Empty means "refused".
	Sorry string
	// SorryType is the content type of Sorry; empty means text/plain; charset=utf-8.
	SorryType string
	// SorryHeader goes with Sorry, where a surface reads a screen's end from a header.
	SorryHeader [][2]string
	// MaxBody bounds the body in bytes; zero means 16 KiB.
	MaxBody int
	// Admit says, behind GuardOwn, whether a callback is from whom it should be.
	// It believes nothing that it reads, parses no body, compares in constant
	// time, and keeps nothing of the callback.
	Admit func(c *Callback) bool
	// ByHead says that Admit does not look at the body: then no large one is read
	// of a stranger.
	ByHead bool
	Handle func(ctx context.Context, c *Callback) Answer
}

// Guard says who may come through a door.
type Guard uint8

// The guards.
const (
	// GuardGateway asks for the channel's key (as ?key= or as the password of
	// basic authentication); without a configured key, only this machine may. Who
	// is on a list of addresses, where the channel has one, is asked besides.
	GuardGateway Guard = iota
	// GuardBrowser asks the same of a person's browser, which is told to ask
	// for a password.
	GuardBrowser
	// GuardOwn asks Route.Admit, where a surface proves itself by a signature or
	// by a token of its own.
	GuardOwn
	// GuardNone lets everybody in: health checks only.
	GuardNone
)

// Channel is one surface that customers reach us on: one file, one test file.
// The server mounts its routes; the engine never hears of it.
type Channel interface {
	Name() string
	Routes() []Route
}

// Engine answers turns.
type Engine interface {
	Handle(ctx context.Context, t dialog.Turn) (dialog.Reply, error)
}

// Message is one text to one phone, outside any conversation. It can hold a PIN:
// however it is printed, only its ID is.
type Message struct {
	ID   string // ours; the same message sent again has the same
	To   string // MSISDN of 11 digits
	Text string
	// Copy are the parts of Text that will be typed somewhere else, such as the
	// digits of a token: a chat can offer to copy them.
	Copy []string
	// Channel is where it is best sent: the chat in which it was asked for.
	// Empty: by SMS.
	Channel string
	// Try is which try it is to send this message, 1 on the first. Zero counts as
	// the first.
	Try int
}

// Format implements fmt.Formatter.
func (m Message) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "message %s", m.ID) }

// LogValue implements slog.LogValuer, as Format does for fmt.
func (m Message) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// Messenger delivers messages. taken is the way out's own name for one that it
// took, by which it reports on it later: its name, a colon, its id; empty where
// it gives none. An error says that the message may not have gone; sending the
// same one again is allowed, and a messenger that can, does not deliver it twice.
type Messenger interface {
	Send(ctx context.Context, m Message) (taken string, err error)
}
