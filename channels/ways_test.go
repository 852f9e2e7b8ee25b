package channels

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"spaza/dialog"
	"spaza/test/chatfake"
)

// waysRig is ways out that fail as they are told, and the order in which they
// were asked.
type waysRig struct {
	asked []string
	told  []Person
}

// surfaceFake is a chat that only tells.
type surfaceFake struct {
	name string
	rig  *waysRig
	err  error
}

func (f *surfaceFake) Name() string                                 { return f.name }
func (*surfaceFake) Show(context.Context, Said, dialog.Reply) error { return nil }
func (f *surfaceFake) Tell(_ context.Context, p Person, _ Message) (string, error) {
	f.rig.asked, f.rig.told = append(f.rig.asked, f.name), append(f.rig.told, p)
	return taken(f.name, f.err)
}

// gatewayFake is a gateway for text messages.
type gatewayFake struct {
	name string
	rig  *waysRig
	err  error
	then func()
}

func (f *gatewayFake) Send(context.Context, Message) (string, error) {
	f.rig.asked = append(f.rig.asked, f.name)
	if f.then != nil {
		f.then()
	}
	return taken(f.name, f.err)
}

// taken is the name of a message that was taken.
func taken(by string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	return by + ":1", nil
}

func sendErr(do SendRemedy) error { return &SendError{Do: do, Code: 400, What: "not taken"} }

func TestAMessageGoesTheBestWayThereIs(t *testing.T) {
	refused, unsent := fmt.Errorf("send SMS: %w", ErrSMSRefused), fmt.Errorf("send SMS: %w", ErrSMSUnsent)
	account, unclear := fmt.Errorf("%w: %w", ErrSMSRefused, ErrSMSAccount), errors.New("no usable answer")
	later, elsewhere, never, alarm := sendErr(SendLater), sendErr(SendElsewhere), sendErr(SendNever), sendErr(SendAlarm)
	lost := errors.New("the database is away")
	for _, c := range []struct {
		name    string
		channel string
		try     int
		chat    error  // of the chat, which knows the person
		nobody  bool   // the chat does not know the person
		lost    error  // of looking for the person
		a, b    error  // of the gateways
		asked   string // ways, in order
		seen    string // what was observed
		taken   string // "" where an error comes back
	}{
		{name: "by SMS", try: 1, asked: "a", seen: "a taken", taken: "a:1"},
		{name: "no try is the first", asked: "a", seen: "a taken", taken: "a:1"},
		{name: "a channel that is no chat", channel: "ussd", try: 1, asked: "a", seen: "a taken", taken: "a:1"},
		{name: "in the chat", channel: "chat", try: 1, asked: "chat", seen: "chat taken", taken: "chat:1"},
		{name: "in the chat, late", channel: "chat", try: 9, asked: "chat", seen: "chat taken", taken: "chat:1"},

		{name: "not in this chat any more", channel: "chat", try: 1, nobody: true, asked: "a", seen: "chat elsewhere, a taken", taken: "a:1"},
		{name: "blocked in the chat", channel: "chat", try: 1, chat: elsewhere, asked: "chat a", seen: "chat elsewhere, a taken", taken: "a:1"},
		{name: "nothing that the chat takes", channel: "chat", try: 1, chat: never, asked: "chat a", seen: "chat never, a taken", taken: "a:1"},
		{name: "a chat that is locked", channel: "chat", try: 1, chat: alarm, asked: "chat a", seen: "chat alarm, a taken", taken: "a:1"},

		{name: "a chat that is away, first", channel: "chat", try: 1, chat: later, asked: "chat", seen: "chat later"},
		{name: "a chat that is away, second", channel: "chat", try: 2, chat: later, asked: "chat", seen: "chat later"},
		{name: "a chat that is away, third", channel: "chat", try: 3, chat: later, asked: "chat a", seen: "chat later, a taken", taken: "a:1"},
		{name: "a chat that is away, and the gateway once", channel: "chat", try: 3, chat: later, a: unclear, asked: "chat a", seen: "chat later, a later"},
		{name: "a chat that is away, and the gateway twice", channel: "chat", try: 4, chat: later, a: unclear, asked: "chat a", seen: "chat later, a later"},
		{name: "a chat that is away, and the gateway too often", channel: "chat", try: 5, chat: later, a: unclear, asked: "chat b", seen: "chat later, b taken", taken: "b:1"},
		{name: "an error that says nothing", channel: "chat", try: 1, chat: unclear, asked: "chat", seen: "chat later"},
		{name: "who it is can not be looked up", channel: "chat", try: 2, lost: lost, asked: "", seen: "chat later"},
		{name: "who it is can not be looked up for long", channel: "chat", try: 3, lost: lost, asked: "a", seen: "chat later, a taken", taken: "a:1"},

		{name: "refused by the first", try: 1, a: refused, asked: "a b", seen: "a elsewhere, b taken", taken: "b:1"},
		{name: "the first can not be reached", try: 1, a: unsent, asked: "a b", seen: "a elsewhere, b taken", taken: "b:1"},
		{name: "no credit at the first", try: 1, a: account, asked: "a b", seen: "a alarm, b taken", taken: "b:1"},
		{name: "refused by both", try: 1, a: refused, b: unsent, asked: "a b", seen: "a elsewhere, b elsewhere"},
		{name: "open at the second", try: 1, a: refused, b: unclear, asked: "a b", seen: "a elsewhere, b later"},
		{name: "open at the first", try: 1, a: unclear, asked: "a", seen: "a later"},
		{name: "open at the first, again", try: 2, a: unclear, asked: "a", seen: "a later"},
		{name: "then the second goes first", try: 3, a: unclear, asked: "b", seen: "b taken", taken: "b:1"},
		{name: "and is followed by the first", try: 3, b: refused, asked: "b a", seen: "b elsewhere, a taken", taken: "a:1"},
		{name: "unless it is open there", try: 4, b: unclear, asked: "b", seen: "b later"},
		{name: "then the first once more", try: 5, b: unclear, asked: "a", seen: "a taken", taken: "a:1"},
		{name: "a day later", try: 40, a: unclear, asked: "b", seen: "b taken", taken: "b:1"},

		{name: "nothing works", channel: "chat", try: 1, chat: alarm, a: account, b: account, asked: "chat a b", seen: "chat alarm, a alarm, b alarm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rig := &waysRig{}
			log := &logbook{}
			var seen []string
			person := Person{User: "u-canary", Number: smsTo}
			w := NewWays(WaysOptions{
				SMS:      []NamedMessenger{{"a", &gatewayFake{name: "a", rig: rig, err: c.a}}, {"b", &gatewayFake{name: "b", rig: rig, err: c.b}}},
				Surfaces: []Surface{&surfaceFake{"other", rig, nil}, &surfaceFake{"chat", rig, c.chat}},
				Where: func(_ context.Context, number, channel string) (Person, bool, error) {
					if number != smsTo || channel != "chat" {
						t.Errorf("asked for somebody else")
					}
					return person, !c.nobody, c.lost
				},
				Log:     slog.New(slog.NewTextHandler(log, nil)),
				Observe: func(way, result string) { seen = append(seen, way+" "+result) },
			})
			taken, err := w.Send(t.Context(), Message{ID: "P-1/ended#7", To: smsTo, Text: smsText, Channel: c.channel, Try: c.try})
			if taken != c.taken || (err == nil) != (c.taken != "") {
				t.Errorf("got %q, %v", taken, err)
			}
			if got := strings.Join(rig.asked, " "); got != c.asked {
				t.Errorf("asked %q, want %q", got, c.asked)
			}
			if got := strings.Join(seen, ", "); got != c.seen {
				t.Errorf("observed %q, want %q", got, c.seen)
			}
			if i := slices.IndexFunc(rig.told, func(p Person) bool { return p != person }); i >= 0 {
				t.Errorf("told %+v", rig.told[i])
			}
			waysLogged(t, log.String(), seen)
			why := map[string]error{"chat": c.chat, "a": c.a, "b": c.b}
			for _, way := range rig.asked {
				if err != nil && (!errors.Is(err, why[way]) || !strings.Contains(err.Error(), "by "+way+": ")) {
					t.Errorf("%v does not say why not by %s", err, way)
				}
			}
			if err != nil && (strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "canary")) {
				t.Errorf("no note of a job: %q", err)
			}
		})
	}
}

// waysLogged sees that each failure has one line, with what the operator needs
// and no more, and that what he must act on alerts him.
func waysLogged(t *testing.T, log string, seen []string) {
	t.Helper()
	lines := slices.Collect(strings.Lines(log))
	for _, s := range seen {
		way, result, _ := strings.Cut(s, " ")
		if result == "taken" {
			continue
		}
		if len(lines) == 0 {
			t.Fatalf("%s was not logged", s)
		}
		line := lines[0]
		lines = lines[1:]
		remedy := map[string]SendRemedy{"later": SendLater, "elsewhere": SendElsewhere, "never": SendNever, "alarm": SendAlarm}[result]
		for _, want := range []string{" way=" + way + " ", fmt.Sprintf(" remedy=%q ", remedy), " message=P-1/ended#7 "} {
			if !strings.Contains(line, want) {
				t.Errorf("%s is logged without %s: %s", s, want, line)
			}
		}
		if alert := strings.Contains(line, "alert=true"); alert != (result == "alarm") {
			t.Errorf("alert %t: %s", alert, line)
		}
	}
	if len(lines) > 0 {
		t.Errorf("more is logged than failed: %s", lines)
	}
	if strings.Contains(log, "canary") || strings.Contains(log, "82123") || strings.Contains(log, "9012") {
		t.Errorf("the log tells what was sent, or to whom:\n%s", log)
	}
}

func TestAMessageWithNoWayOutIsNotForgotten(t *testing.T) {
	log := &logbook{}
	w := NewWays(WaysOptions{Log: slog.New(slog.NewTextHandler(log, nil))})
	taken, err := w.Send(t.Context(), Message{ID: "m1", To: smsTo, Text: smsText, Channel: "chat"})
	if err == nil || taken != "" || !strings.Contains(log.String(), "message=m1 alert=true") {
		t.Errorf("%q, %v, logged %q", taken, err, log)
	}
}

func TestWaysStopWithTheirContext(t *testing.T) {
	rig := &waysRig{}
	ctx, cancel := context.WithCancel(t.Context())
	w := NewWays(WaysOptions{
		SMS: []NamedMessenger{{"a", &gatewayFake{"a", rig, ErrSMSUnsent, cancel}}, {"b", &gatewayFake{"b", rig, nil, nil}}},
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if _, err := w.Send(ctx, Message{ID: "m1", To: smsTo}); !errors.Is(err, ErrSMSUnsent) || len(rig.asked) != 1 {
		t.Errorf("asked %q, %v", rig.asked, err)
	}
	if _, err := w.Send(ctx, Message{ID: "m1", To: smsTo}); !errors.Is(err, context.Canceled) || len(rig.asked) != 1 {
		t.Errorf("asked %q, %v", rig.asked, err)
	}
}

func TestWaysGiveAChatTheTriesTheyAreTold(t *testing.T) {
	for try := 1; try <= 3; try++ {
		rig := &waysRig{}
		w := NewWays(WaysOptions{
			SMS:      []NamedMessenger{{"a", &gatewayFake{name: "a", rig: rig}}},
			Surfaces: []Surface{&surfaceFake{"chat", rig, sendErr(SendLater)}},
			Where:    func(context.Context, string, string) (Person, bool, error) { return Person{User: "u"}, true, nil },
			Patience: 2, Log: slog.New(slog.DiscardHandler),
		})
		if taken, err := w.Send(t.Context(), Message{ID: "m1", To: smsTo, Channel: "chat", Try: try}); (taken == "a:1") != (try >= 2) || (err == nil) != (try >= 2) {
			t.Errorf("try %d: %q, %v", try, taken, err)
		}
	}
}

// TestAMessageReachesItsReaderWhateverTheGatewaysDo plays the tries of a job
// against the two real gateways, which fail as they do: nobody may be left
// without the message, and nobody gets it twice for a fault that was certain.
func TestAMessageReachesItsReaderWhateverTheGatewaysDo(t *testing.T) {
	everywhere := func(how chatfake.SMSHow) func(chatfake.SMSMessage) chatfake.SMSHow {
		return func(m chatfake.SMSMessage) chatfake.SMSHow {
			if m.Gateway == chatfake.BulkSMS {
				return how
			}
			return chatfake.SMSTaken
		}
	}
	for _, c := range []struct {
		name    string
		how     func(chatfake.SMSMessage) chatfake.SMSHow
		tries   int
		arrived []string // by which gateways
	}{
		{"all is well", nil, 1, []string{"bulksms"}},
		{"no credit", everywhere(chatfake.SMSNoCredit), 1, []string{"africastalking"}},
		{"blocked", everywhere(chatfake.SMSRefused), 1, []string{"africastalking"}},
		{"throttled", everywhere(chatfake.SMSThrottled), 1, []string{"africastalking"}},
		{"down", everywhere(chatfake.SMSFailed), 3, []string{"africastalking"}},
		{"cut off", everywhere(chatfake.SMSCut), 3, []string{"africastalking"}},
		{"taken, and the answers lost", everywhere(chatfake.SMSLost), 3, []string{"bulksms", "africastalking"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			host := chatfake.NewSMS(c.how)
			defer host.Close()
			log := &logbook{}
			w := NewWays(WaysOptions{
				SMS: []NamedMessenger{{"bulksms", newBulk(t, host.URL())}, {"africastalking", newSMS(t, host.URL())}},
				Log: slog.New(slog.NewTextHandler(log, nil)),
			})
			try, last := 0, error(nil)
			for try < 10 {
				try++
				if _, last = w.Send(t.Context(), Message{ID: "m1", To: smsTo, Text: smsText, Try: try}); last == nil {
					break
				}
			}
			var arrived []string
			for _, m := range host.To(smsTo) {
				arrived = append(arrived, m.Gateway)
				if m.Text != smsText {
					t.Errorf("it says %q", m.Text)
				}
			}
			if last != nil || try != c.tries || !slices.Equal(arrived, c.arrived) {
				t.Errorf("after %d tries (%v) it came by %v; want after %d by %v", try, last, arrived, c.tries, c.arrived)
			}
			for _, secret := range []string{"canary", "82123", "9012", bulkSecret, smsKey} {
				if strings.Contains(log.String(), secret) {
					t.Errorf("the log gives away %q:\n%s", secret, log)
				}
			}
		})
	}
}
