package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"spaza/secret"
)

// The canaries are what the test below looks for in the output. Each stands
// where it can be recognised: by its type or its name (word), or by its shape
// (digits).
const (
	canaryWord  = "canary7word"
	canaryPIN   = "4929153072618340"
	canaryApart = "4929 1530 7261 8340"
	canaryPhone = "27829173064"
)

// voucherPIN says by its name that it is confidential.
type voucherPIN string

type nested struct {
	Label string
	pin   string // not exported: fmt prints it all the same
	inner secret.Text
}

type request struct {
	Op       string
	PIN      string
	Key      []byte
	Card     voucherPIN
	Sealed   *nested
	Deep     map[string]any
	Wait     time.Duration
	At       time.Time
	Approved bool
	secret.Text
}

// asGroup logs itself as a group.
type asGroup struct{ pin string }

func (g asGroup) LogValue() slog.Value {
	return slog.GroupValue(slog.String("op", "redeem"), slog.String("pin", g.pin), slog.Any("err", errors.New("x1y"+canaryPIN)))
}

// angry cannot be written out.
type angry struct{}

func (angry) String() string { panic(canaryWord + canaryPIN) }

func TestNoCanaryReachesTheLog(t *testing.T) {
	deep := request{
		Op: "redeem", PIN: canaryWord, Key: []byte(canaryWord), Card: canaryWord,
		Sealed: &nested{Label: canaryPIN, pin: canaryWord, inner: secret.New(canaryWord)},
		Deep: map[string]any{
			"token": canaryWord, canaryPIN: 1, "n": float64(4929153072618340), "list": []any{canaryPIN, secret.New(canaryWord), &nested{pin: canaryWord}},
			"header": http.Header{"Authorization": {"Basic " + canaryWord}}, "raw": json.RawMessage(`{"pin":"` + canaryWord + `"}`),
		},
		Text: secret.New(canaryWord),
	}
	fromHTTP := &url.Error{Op: "Post", URL: "https://api.telegram.org/bot99:" + canaryWord + "/sendMessage", Err: io.EOF}
	asURL := &url.URL{Scheme: "redis", User: url.UserPassword("spaza", canaryWord), Host: "db:6379", RawQuery: "key=" + canaryWord}
	long := strings.Repeat("x", maxText-10) + canaryPIN
	self := map[string]any{"pin": canaryWord}
	self["self"] = self

	attrs := map[string]slog.Attr{
		"secret by type":            slog.Any("a", secret.New(canaryWord)),
		"pointer to a secret":       slog.Any("a", new(secret.New(canaryWord))),
		"string by name":            slog.String("voucherPin", canaryWord),
		"string by header name":     slog.String("X-Api-Key", canaryWord),
		"integer by name":           slog.Int("pin", 4929153072618340),
		"error by name":             slog.Any("body", errors.New(canaryWord)),
		"struct by name":            slog.Any("payload", struct{ A string }{canaryWord}),
		"group by name":             slog.Group("token", "value", canaryWord),
		"group within group":        slog.Group("a", slog.Group("key", slog.Group("b", "c", canaryWord))),
		"named type":                slog.Any("a", voucherPIN(canaryWord)),
		"string by shape":           slog.String("a", canaryPIN),
		"string by shape, apart":    slog.String("a", canaryApart),
		"phone":                     slog.String("a", canaryPhone),
		"int":                       slog.Int64("a", 27829173064),
		"negative int":              slog.Int64("a", -27829173064),
		"uint":                      slog.Uint64("a", 4929153072618340),
		"float":                     slog.Float64("a", 4929153072618340),
		"bytes":                     slog.Any("a", []byte(canaryPIN)),
		"numbers in a slice":        slog.Any("a", []int64{27829173064}),
		"array of bytes":            slog.Any("a", [16]byte([]byte(canaryPIN))),
		"key":                       slog.String(canaryPIN, "a"),
		"group's key":               slog.Group(canaryPIN, "a", "b"),
		"error":                     slog.Any("err", errors.New("voucher "+canaryApart+" refused")),
		"wrapped error":             slog.Any("err", fmt.Errorf("send: %w", errors.Join(errors.New("pin="+canaryWord), fromHTTP))),
		"error of net/http":         slog.Any("err", fromHTTP),
		"URL":                       slog.Any("a", asURL),
		"values":                    slog.Any("a", url.Values{"key": {canaryWord}}),
		"struct":                    slog.Any("a", deep),
		"pointer to a struct":       slog.Any("a", &deep),
		"slice of structs":          slog.Any("a", []request{deep}),
		"map to structs":            slog.Any("a", map[string]request{"x": deep}),
		"map that holds itself":     slog.Any("a", self),
		"struct that prints itself": slog.Any("a", asGroup{canaryWord}),
		"the same in a slice":       slog.Any("a", []asGroup{{canaryWord}}),
		"attribute as a value":      slog.Any("a", slog.String("pin", canaryWord)),
		"attributes as a value":     slog.Any("a", []slog.Attr{slog.String("pin", canaryWord), slog.Group("g", "token", canaryWord)}),
		"one that panics":           slog.Any("a", angry{}),
		"long text":                 slog.String("a", long),
		"JSON":                      slog.String("a", `{"pin":"`+canaryWord+`","x":"`+canaryPIN+`"}`),
		"query":                     slog.String("a", "/ussd/aat?key="+canaryWord+"&msisdn="+canaryPhone),
		"function":                  slog.Any("a", func() string { return canaryWord }),
	}
	ways := map[string]func(l *slog.Logger, a slog.Attr){
		"as an attribute":     func(l *slog.Logger, a slog.Attr) { l.LogAttrs(t.Context(), slog.LevelInfo, "hello", a) },
		"among others":        func(l *slog.Logger, a slog.Attr) { l.Info("hello", "one", 1, a, "two", 2) },
		"in With":             func(l *slog.Logger, a slog.Attr) { l.With(a).Info("hello") },
		"in a group":          func(l *slog.Logger, a slog.Attr) { l.Info("hello", slog.Group("outer", a)) },
		"under WithGroup":     func(l *slog.Logger, a slog.Attr) { l.WithGroup("outer").Info("hello", a) },
		"in With under group": func(l *slog.Logger, a slog.Attr) { l.WithGroup("outer").With(a).Info("hello") },
	}
	for _, format := range []string{"text", "json"} {
		for name, attr := range attrs {
			for way, log := range ways {
				t.Run(format+"/"+name+" "+way, func(t *testing.T) {
					var out bytes.Buffer
					log(NewLogger(&out, LogOptions{Format: format}), attr)
					wantNoCanary(t, out.String())
				})
			}
		}
	}
}

func TestNoCanaryReachesTheLogByTheMessageOrAGroupsName(t *testing.T) {
	var out bytes.Buffer
	l := NewLogger(&out, LogOptions{Format: "json"})
	l.Info("redeem " + canaryApart + " for " + canaryPhone + " with token=" + canaryWord)
	l.WithGroup("token").Info("hello", "value", canaryWord)
	l.WithGroup("token").With("value", canaryWord).Info("hello")
	l.WithGroup("token").WithGroup("b").Info("hello", "value", canaryWord, "ok", true)
	l.WithGroup(canaryPIN).Info("hello", "a", "b")
	wantNoCanary(t, out.String())
	if !strings.Contains(out.String(), "2782***3064") {
		t.Errorf("the phone number cannot be recognised any more: %s", out.String())
	}
}

// stamp is a line's time, whose nanoseconds may say anything.
var stamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+`)

func wantNoCanary(t *testing.T, line string) {
	t.Helper()
	line = stamp.ReplaceAllString(line, "")
	if !strings.Contains(line, "hello") && !strings.Contains(line, "redeem") {
		t.Fatalf("nothing was logged: %q", line)
	}
	for _, canary := range []string{canaryWord, canaryPIN, canaryApart, canaryPhone, "4.92915", "49291530", "917306", "52 57 50"} {
		if strings.Contains(line, canary) {
			t.Errorf("%q came through: %s", canary, line)
		}
	}
}

func TestTheRestOfAValueStaysReadable(t *testing.T) {
	type order struct {
		Ref      string
		PIN      string
		Amount   int64
		Wait     time.Duration
		Approved bool
		Next     *int
		By       any
	}
	for _, c := range []struct {
		name string
		in   slog.Attr
		want string
	}{
		{"struct", slog.Any("a", order{"P-1", "1", 500, time.Second, true, nil, "x"}), "{Ref:P-1 PIN:[secret] Amount:500 Wait:1s Approved:true Next:<nil> By:x}"},
		{"map", slog.Any("a", map[string]int{"b": 2, "a": 1, "pin": 3}), "map[a:1 b:2 pin:[secret]]"},
		{"slice", slog.Any("a", []string{"x", "y"}), "[x y]"},
		{"bytes", slog.Any("a", []byte("abc")), "abc"},
		{"bytes that are no text", slog.Any("a", []byte{0xff, 0xfe}), "[2 bytes]"},
		{"nil error", slog.Any("a", error(nil)), "<nil>"},
		{"nil pointer with methods", slog.Any("a", (*url.URL)(nil)), "<nil>"},
		{"one that panics", slog.Any("a", angry{}), "[unprintable telemetry.angry]"},
		{"empty string under a confidential name", slog.String("token", ""), ""},
		{"truth under a confidential name", slog.Bool("token", true), "true"},
		{"duration under a confidential name", slog.Duration("token", time.Minute), "1m0s"},
		{"small number", slog.Int("a", 4096), "4096"},
		{"odd number", slog.Float64("a", math.Inf(1)), "+Inf"},
		{"long list", slog.Any("a", make([]struct{}, maxItems+1)), "[" + strings.Repeat("{} ", maxItems) + "…]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := redactAttr(c.in, false).Value.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLoggerWritesWhatWasAskedFor(t *testing.T) {
	var out bytes.Buffer
	l := NewLogger(&out, LogOptions{Format: "json", Level: slog.LevelWarn})
	l.Info("quiet")
	l.Warn("loud", "n", 3)
	var line struct {
		Msg   string `json:"msg"`
		Level string `json:"level"`
		N     int    `json:"n"`
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Msg != "loud" || line.Level != "WARN" || line.N != 3 {
		t.Errorf("got %s (%v), want one warning", out.String(), err)
	}
	out.Reset()
	NewLogger(&out, LogOptions{}).Info("hello there", "n", 3)
	if !strings.Contains(out.String(), `level=INFO msg="hello there" n=3`) {
		t.Errorf("got %q, want a line of text", out.String())
	}
}

func TestTurnLogWritesOneLineATurn(t *testing.T) {
	var out bytes.Buffer
	l := NewTurnLog(NewLogger(&out, LogOptions{Format: "json"}))
	turn := Turn{
		Channel: "africastalking", Flow: "airtime", User: "9f86d081884c7d65", From: "amount", To: "confirm", Outcome: "ok",
		Took: 1234567 * time.Nanosecond,
	}
	l.Write(t.Context(), turn)
	turn.Outcome, turn.Err = "error", errors.New("save session of "+canaryPhone)
	l.Write(t.Context(), turn)

	dec := json.NewDecoder(&out)
	var got [2]map[string]any
	for i := range got {
		if err := dec.Decode(&got[i]); err != nil {
			t.Fatal(err)
		}
		for k, want := range map[string]any{
			"msg": "turn", "channel": "africastalking", "flow": "airtime", "user": "9f86d081884c7d65", "from": "amount", "to": "confirm", "ms": 1.235,
		} {
			if got[i][k] != want {
				t.Errorf("line %d: %s is %v, want %v", i, k, got[i][k], want)
			}
		}
	}
	if got[0]["outcome"] != "ok" || got[0]["level"] != "INFO" || got[0]["err"] != nil {
		t.Errorf("line of a turn that went well: %v", got[0])
	}
	if got[1]["outcome"] != "error" || got[1]["level"] != "WARN" || got[1]["err"] != "save session of 2782***3064" {
		t.Errorf("line of a turn that went wrong: %v", got[1])
	}
	if dec.More() {
		t.Error("more than one line a turn")
	}
}

func TestTurnLogIsSilentBelowItsLevel(t *testing.T) {
	var out bytes.Buffer
	l := NewTurnLog(NewLogger(&out, LogOptions{Level: slog.LevelWarn}))
	l.Write(t.Context(), Turn{Channel: "a"})
	if out.Len() > 0 {
		t.Errorf("wrote %q", out.String())
	}
}

func TestATurnLineOfTextCostsNoAllocation(t *testing.T) {
	if raced {
		t.Skip("allocations are not those of a release under the race detector")
	}
	l := NewTurnLog(NewLogger(io.Discard, LogOptions{Format: "text"}))
	turn := Turn{Channel: "africastalking", Flow: "airtime", User: "9f86d081884c7d65", From: "amount", To: "confirm", Outcome: "ok", Took: time.Millisecond}
	ctx := context.Background()
	if n := testing.AllocsPerRun(100, func() { l.Write(ctx, turn) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTurnLine(b *testing.B) {
	for _, format := range []string{"text", "json"} {
		b.Run(format, func(b *testing.B) {
			l := NewTurnLog(NewLogger(io.Discard, LogOptions{Format: format}))
			turn := Turn{Channel: "africastalking", Flow: "airtime", User: "9f86d081884c7d65", From: "amount", To: "confirm", Outcome: "ok", Took: time.Millisecond}
			ctx := context.Background()
			b.ReportAllocs()
			for b.Loop() {
				l.Write(ctx, turn)
			}
		})
	}
}
