package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// NamedMessenger is a way out with the name that logs and metrics give it.
type NamedMessenger struct {
	Name      string
	Messenger Messenger
}

// WaysOptions are the ways out there are. Log is required.
type WaysOptions struct {
	// SMS are the gateways for text messages, the preferred one first.
	SMS []NamedMessenger
	// Surfaces are the chats.
	Surfaces []Surface
	// Where is who has a number in a chat; not known where nobody has. Its error
	// holds no number, and counts as a chat that may be there the next time.
	Where func(ctx context.Context, number, channel string) (p Person, known bool, err error)
	// Patience is how many tries of one message a way gets that says "later"
	// before the others are tried as well; default 3.
	Patience int
	Log      *slog.Logger
	// Observe is told of every attempt by name of the way and by result: "taken",
	// "later" (it is open whether it went), "elsewhere" (not taken, another way
	// may), "never" (our request is wrong) or "alarm" (the account is at fault).
	Observe func(way, result string)
}

// Ways is a Messenger that sends each message the best way there is: in the chat
// it was asked for in, else by SMS.
//
//   - A way that certainly did not take the message is followed by the next, in
//     the same Send.
//   - A way that may have taken it ends the Send with its error, so that the same
//     way gets the same message again and can see that it is the same. A chat is
//     left after Patience tries of the message, a gateway after two: from the
//     third on the next one goes first. Where a way cannot see it, the message
//     may come twice: better than not at all.
//
// What was tried is known from Message.Try alone, so that nothing has to be kept
// between tries, and any replica can do the next one. Every way that fails is
// logged, by its name and the message's ID.
type Ways struct {
	o        WaysOptions
	surfaces map[string]Surface
}

var _ Messenger = (*Ways)(nil)

// gatewayTries is how many tries in a row the same gateway goes first: one that
// recognises a message should be asked again before another is given it.
const gatewayTries = 2

// errNotThere is why a chat does not get a message for somebody it has not.
var errNotThere = &SendError{Do: SendElsewhere, What: "nobody in this chat has the number"}

// NewWays makes it.
func NewWays(o WaysOptions) *Ways {
	if o.Patience <= 0 {
		o.Patience = 3
	}
	if o.Observe == nil {
		o.Observe = func(string, string) {}
	}
	w := &Ways{o: o, surfaces: map[string]Surface{}}
	for _, s := range o.Surfaces {
		w.surfaces[s.Name()] = s
	}
	return w
}

// Send implements Messenger. Its error is of every way that was tried.
func (w *Ways) Send(ctx context.Context, m Message) (taken string, err error) {
	m.Try = max(1, m.Try)
	var failed waysFailed
	try := m.Try // of the gateways
	if chat, ok := w.surfaces[m.Channel]; ok {
		taken, err := w.chat(ctx, chat, m)
		do := w.noted(ctx, chat.Name(), m, err)
		if err == nil {
			return taken, nil
		}
		failed = append(failed, fmt.Errorf("by %s: %w", chat.Name(), err))
		if do == SendLater {
			if m.Try < w.o.Patience {
				return "", failed
			}
			try -= w.o.Patience - 1 // those before were the chat's
		}
	}
	for i := range w.o.SMS {
		if ctx.Err() != nil { // every further way would fail for that alone
			break
		}
		gateway := w.o.SMS[(i+(try-1)/gatewayTries)%len(w.o.SMS)]
		taken, err := gateway.Messenger.Send(ctx, m)
		do := w.noted(ctx, gateway.Name, m, err)
		if err == nil {
			return taken, nil
		}
		failed = append(failed, fmt.Errorf("by %s: %w", gateway.Name, err))
		if do == SendLater {
			break
		}
	}
	if len(failed) == 0 {
		return "", w.none(ctx, m)
	}
	return "", failed
}

// chat sends a message in a chat.
func (w *Ways) chat(ctx context.Context, s Surface, m Message) (taken string, err error) {
	if w.o.Where == nil {
		return "", errNotThere
	}
	p, known, err := w.o.Where(ctx, m.To, s.Name())
	switch {
	case err != nil:
		return "", fmt.Errorf("find who has a number: %w", err)
	case !known:
		return "", errNotThere
	}
	return s.Tell(ctx, p, m)
}

// none says that there was no way to try at all.
func (w *Ways) none(ctx context.Context, m Message) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	w.o.Log.ErrorContext(ctx, "there is no way out for a message", "message", m.ID, "alert", true)
	return errors.New("send message: there is no way out for it")
}

// noted tells the operator how one way did, and says what to do about it.
func (w *Ways) noted(ctx context.Context, way string, m Message, err error) SendRemedy {
	if err == nil {
		w.o.Observe(way, "taken")
		return ""
	}
	do := wayRemedy(err)
	level, result, more := slog.LevelWarn, "later", []any(nil)
	switch do {
	case SendElsewhere:
		result = "elsewhere"
	case SendNever:
		level, result = slog.LevelError, "never"
	case SendAlarm:
		level, result, more = slog.LevelError, "alarm", []any{"alert", true}
	}
	w.o.Observe(way, result)
	w.o.Log.Log(ctx, level, "message did not go this way",
		append([]any{"way", way, "remedy", string(do), "message", m.ID, "try", m.Try, "err", err}, more...)...)
	return do
}

// wayRemedy is what to do about the error of a way out. One that says nothing of
// what became of the message leaves that open.
func wayRemedy(err error) SendRemedy {
	switch {
	case errors.Is(err, ErrSMSAccount):
		return SendAlarm
	case errors.Is(err, ErrSMSRefused), errors.Is(err, ErrSMSUnsent):
		return SendElsewhere
	}
	switch do, _ := remedy(err); do {
	case SendElsewhere, SendNever, SendAlarm:
		return do
	}
	return SendLater
}

// waysFailed is why no way took a message: one error a way, in one line, because
// it becomes the note of a job.
type waysFailed []error

// Error implements error.
func (f waysFailed) Error() string {
	parts := make([]string, len(f))
	for i, err := range f {
		parts[i] = err.Error()
	}
	return "send message " + strings.Join(parts, "; ")
}

// Unwrap gives all of them to errors.Is and errors.As.
func (f waysFailed) Unwrap() []error { return f }
