package channels

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/dialog"
	"spaza/secret"
	"spaza/test/chatfake"
)

const (
	waNumberOf = "27821234567"
	waUserOf   = "ZA.13491208655302741918"
)

// waNoon is when everything here happens.
var waNoon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// waHouse is WhatsApp as this service has it, and what stands behind it.
type waHouse struct {
	*WhatsApp
	fake *chatfake.WhatsApp
	log  *logbook

	mu      sync.Mutex
	taken   [][]Said
	reports []Report
	unshown []string
	// fault is what everybody behind the door says while it is set.
	fault error
}

func (h *waHouse) Take(_ context.Context, said []Said) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taken = append(h.taken, said)
	return h.fault
}

func (h *waHouse) told(_ context.Context, r Report) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reports = append(h.reports, r)
	return h.fault
}

func (h *waHouse) missed(_ context.Context, user, receipt string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unshown = append(h.unshown, receipt+" of "+user)
	return h.fault
}

func (h *waHouse) options() WhatsAppOptions {
	return WhatsAppOptions{
		Token: key(h.fake.Token), PhoneNumberID: h.fake.PhoneNumberID, AppSecrets: []secret.Text{key(h.fake.AppSecret)},
		VerifyToken: key(h.fake.VerifyToken), APIURL: h.fake.URL, Intake: h, Told: h.told, Unshown: h.missed,
		Log: slog.New(slog.NewTextHandler(h.log, nil)), Now: func() time.Time { return waNoon },
	}
}

func newWhatsApp(t testing.TB, change ...func(*WhatsAppOptions)) *waHouse {
	t.Helper()
	h := &waHouse{fake: chatfake.NewWhatsApp(), log: &logbook{}}
	t.Cleanup(h.fake.Close)
	h.fake.Now = func() time.Time { return waNoon }
	o := h.options()
	// Connections end with their requests: what is open at the end is a leak.
	o.Transport = &http.Transport{DisableKeepAlives: true}
	for _, f := range change {
		f(&o)
	}
	w, err := NewWhatsApp(o)
	if err != nil {
		t.Fatal(err)
	}
	h.WhatsApp = w
	return h
}

func TestWhatsAppIsMadeOfUsableOptionsOnly(t *testing.T) {
	h := newWhatsApp(t)
	for name, change := range map[string]func(*WhatsAppOptions){
		"no token":            func(o *WhatsAppOptions) { o.Token = secret.Text{} },
		"no verify token":     func(o *WhatsAppOptions) { o.VerifyToken = secret.Text{} },
		"no app secret":       func(o *WhatsAppOptions) { o.AppSecrets = nil },
		"an empty app secret": func(o *WhatsAppOptions) { o.AppSecrets = append(o.AppSecrets, secret.Text{}) },
		"no intake":           func(o *WhatsAppOptions) { o.Intake = nil },
		"nobody to tell":      func(o *WhatsAppOptions) { o.Told = nil },
		"no phone number id":  func(o *WhatsAppOptions) { o.PhoneNumberID = "" },
		"another path":        func(o *WhatsAppOptions) { o.PhoneNumberID = "1/../2" },
		"no URL":              func(o *WhatsAppOptions) { o.APIURL = "canary" },
		"a URL with a secret": func(o *WhatsAppOptions) { o.APIURL = "https://canary:canary@graph.facebook.com" },
		"no version":          func(o *WhatsAppOptions) { o.Version = "25" },
		"a version and more":  func(o *WhatsAppOptions) { o.Version = "v25.0/me" },
		"no template name":    func(o *WhatsAppOptions) { o.Template = "Canary Receipt" },
		"no language":         func(o *WhatsAppOptions) { o.TemplateLanguage = "en-ZA!" },
		"a long word":         func(o *WhatsAppOptions) { o.Choose = strings.Repeat("é", waButtonTitle+1) },
	} {
		o := h.options()
		change(&o)
		if _, err := NewWhatsApp(o); err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "fake") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatsAppShakesHandsWithWhoKnowsTheToken(t *testing.T) {
	w := newWhatsApp(t)
	h := open(t, ServerOptions{}, w)
	const good = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=fake-verify-token"
	if err := w.fake.Handshake(t.Context(), "http://"+h.addr+"/whatsapp/webhook"); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		name, query string
		status      int
		says        string
	}{
		{"it is right", good, 200, "1158201444"},
		{"with more beside it", good + "&x=y", 200, "1158201444"},
		{"a challenge of letters", strings.Replace(good, "1158201444", "aZ-_.9", 1), 200, "aZ-_.9"},
		{"another token", good + "x", 401, "refused"},
		{"no token", "hub.mode=subscribe&hub.challenge=1158201444", 401, "refused"},
		{"an empty token", "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=", 401, "refused"},
		{"the token twice", good + "&hub.verify_token=fake-verify-token", 401, "refused"},
		{"a broken query", good + "&x=%zz", 401, "refused"},
		{"nothing", "", 401, "refused"},
		{"another mode", strings.Replace(good, "subscribe", "unsubscribe", 1), 403, "refused"},
		{"no mode", strings.Replace(good, "hub.mode=subscribe&", "", 1), 403, "refused"},
		{"no challenge", strings.Replace(good, "1158201444", "", 1), 403, "refused"},
		{"a page as the challenge", strings.Replace(good, "1158201444", "%3Cscript%3E", 1), 403, "refused"},
		{"a challenge of two lines", strings.Replace(good, "1158201444", "1%0A2", 1), 403, "refused"},
		{"a long challenge", strings.Replace(good, "1158201444", strings.Repeat("1", waChallenge+1), 1), 403, "refused"},
		{"two challenges", good + "&hub.challenge=2", 403, "refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+h.addr+"/whatsapp/webhook?"+c.query, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Close = true
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			said, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != c.status || string(said) != c.says || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
				t.Errorf("%d %q", resp.StatusCode, said)
			}
		})
	}
	if strings.Contains(h.log.String(), "fake-verify") {
		t.Error("the log repeats the token")
	}
}

func TestWhatsAppBelievesASignatureOverTheRawBytesAlone(t *testing.T) {
	w := newWhatsApp(t, func(o *WhatsAppOptions) { o.AppSecrets = []secret.Text{key("app-secret"), key("the next one")} })
	const body = `{"object":"whatsapp_business_account","entry":[]}`
	const good = "sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904f"
	sign := func(secret, body string) string {
		f := chatfake.WhatsApp{AppSecret: secret}
		return f.Sign([]byte(body))
	}
	for _, c := range []struct {
		name, body, signature string
		want                  bool
	}{
		{"the published example", body, good, true},
		{"the next secret", body, sign("the next one", body), true},
		{"another secret", body, sign("another", body), false},
		{"no secret", body, sign("", body), false},
		{"another body", body + " ", good, false},
		{"the same in other bytes", `{"entry":[],"object":"whatsapp_business_account"}`, good, false},
		{"nothing", body, "", false},
		{"no scheme", body, strings.TrimPrefix(good, "sha256="), false},
		{"another scheme", body, strings.Replace(good, "sha256", "sha255", 1), false},
		{"cut", body, good[:len(good)-1], false},
		{"longer", body, good + "00", false},
		{"no hex", body, good[:len(good)-1] + "g", false},
		{"the scheme alone", body, "sha256=", false},
		{"an empty body", "", sign("app-secret", ""), true},
	} {
		got := w.signed(&Callback{Body: []byte(c.body), Header: func(name string) string {
			if name != "X-Hub-Signature-256" {
				t.Errorf("%s: header %s is read", c.name, name)
			}
			return c.signature
		}})
		if got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

// TestTheDoorForWhatsApp knocks over a real socket.
func TestTheDoorForWhatsApp(t *testing.T) {
	w := newWhatsApp(t)
	h := open(t, ServerOptions{}, w)
	f, address := w.fake, "http://"+h.addr+"/whatsapp/webhook"
	u := chatfake.WhatsAppUser{Number: waNumberOf, ID: waUserOf}
	hi := f.Body(f.Text(u, "canary"))
	many := make([]chatfake.WhatsAppEvent, waBatch+1)
	for i := range many {
		many[i] = f.Text(u, "x")
	}
	sent := chatfake.WhatsAppMessage{ID: "wamid.OUT1", To: waNumberOf, Data: waTold + "m1"}
	for _, c := range []struct {
		name      string
		body      []byte
		signature string
		fault     error
		status    int
		taken     int // messages
		told      int
	}{
		{"a message", hi, f.Sign(hi), nil, 200, 1, 0},
		{"the same again", hi, f.Sign(hi), nil, 200, 1, 0},
		{"a full batch", f.Body(many[1:]...), "", nil, 200, waBatch, 0},
		{"more than a batch", f.Body(many...), "", nil, 413, 0, 0},
		{"messages and statuses", f.Body(f.Text(u, "1"), f.Text(u, "2"), f.Status(sent, "delivered", 0), f.Status(sent, "sent", 0)), "", nil, 200, 2, 1},
		{"nowhere to keep it", hi, f.Sign(hi), errors.New("away"), 503, 1, 0},
		{"nowhere to write reports", f.Body(f.Status(sent, "read", 0), f.Status(sent, "failed", 131026)), "", errors.New("away"), 503, 0, 2},
		{"nothing for us", []byte(`{"object":"page","entry":[]}`), "", nil, 200, 0, 0},
		{"no JSON, and signed", []byte("canary"), "", nil, 200, 0, 0},
		{"nothing, and signed", nil, "", nil, 200, 0, 0},
		{"a stranger", hi, "sha256=" + strings.Repeat("0", 64), nil, 401, 0, 0},
		{"a stranger without a signature", hi, "none", nil, 401, 0, 0},
		{"a stranger with nonsense", []byte("canary"), "none", nil, 401, 0, 0},
		{"the signature of another body", hi, f.Sign([]byte("x")), nil, 401, 0, 0},
		{"as large as Meta's are", slices.Concat(hi, bytes.Repeat([]byte(" "), waBody-len(hi))), "", nil, 200, 1, 0},
		{"larger", slices.Concat(hi, bytes.Repeat([]byte(" "), waBody-len(hi)+1)), "", nil, 413, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.mu.Lock()
			w.taken, w.reports, w.fault = nil, nil, c.fault
			w.mu.Unlock()
			switch c.signature {
			case "":
				c.signature = f.Sign(c.body)
			case "none":
				c.signature = ""
			}
			status, err := f.PostBody(t.Context(), address, c.body, c.signature)
			if err != nil {
				t.Fatal(err)
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			taken := 0
			for _, said := range w.taken {
				taken += len(said)
			}
			if status != c.status || taken != c.taken || len(w.taken) > 1 || len(w.reports) != c.told {
				t.Errorf("%d, took %d in %d, told %d; want %d, %d, %d", status, taken, len(w.taken), len(w.reports), c.status, c.taken, c.told)
			}
		})
	}
	for what, log := range map[string]string{"the server's log": h.log.String(), "the channel's log": w.log.String()} {
		if strings.Contains(log, "canary") || strings.Contains(log, "82123") || strings.Contains(log, "wamid") || strings.Contains(log, f.AppSecret) {
			t.Errorf("%s tells what came in:\n%s", what, log)
		}
	}
	if n := strings.Count(w.log.String(), "not readable"); n != 2 {
		t.Errorf("%d lines of bodies that were not readable, want 2", n)
	}
}

func TestWebhooksOfAnotherNumberAreMentionedOnce(t *testing.T) {
	w := newWhatsApp(t)
	body := w.fake.Body(w.fake.Text(chatfake.WhatsAppUser{Number: waNumberOf}, "x"))
	body = bytes.ReplaceAll(body, []byte(w.fake.PhoneNumberID), []byte("104996122399161"))
	for range 3 {
		if a := w.webhook(t.Context(), &Callback{Body: body}); a.Status != 0 || len(w.taken) > 0 {
			t.Errorf("%d, took %v", a.Status, w.taken)
		}
	}
	if n := strings.Count(w.log.String(), "another phone number id"); n != 1 {
		t.Errorf("mentioned %d times", n)
	}
}

func TestWhatsAppTellsOfReceiptsThatDidNotArrive(t *testing.T) {
	w := newWhatsApp(t)
	f := w.fake
	s := Said{ID: "wamid.IN1", From: waUserOf}
	receipt := dialog.Reply{Text: "Token 1234", End: true, Chat: &dialog.Parts{Prompt: "Token 1234", Receipt: "P-1"}}
	for _, r := range []dialog.Reply{receipt, {Text: "hi"}} {
		if err := w.Show(t.Context(), s, r); err != nil {
			t.Fatal(err)
		}
	}
	shown := f.Messages(waUserOf)
	body := f.Body(f.Status(shown[0], "delivered", 0), f.Status(shown[0], "failed", 131042), f.Status(shown[1], "failed", 131026))
	for _, fault := range []error{errors.New("away"), nil} {
		w.fault, w.unshown = fault, nil
		a := w.webhook(t.Context(), &Callback{Body: body})
		if want := 503; fault == nil && a.Status != 0 || fault != nil && a.Status != want {
			t.Errorf("%v: status %d", fault, a.Status)
		}
		if d := cmp.Diff([]string{"P-1 of " + waUserOf}, w.unshown); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	if len(w.reports) > 0 {
		t.Errorf("screens are reported on: %v", w.reports)
	}
	log := w.log.String()
	for _, want := range []string{`msg="screens did not arrive" channel=whatsapp count=2 code=131026`, `level=ERROR msg="the WhatsApp account is at fault" channel=whatsapp code=131042 alert=true`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %s:\n%s", want, log)
		}
	}
}

// TestWhatsAppGivesNothingAway puts marked secrets everywhere and looks for them
// in every error and every line of the log.
func TestWhatsAppGivesNothingAway(t *testing.T) {
	const mark = "canary5000500000000001"
	w := newWhatsApp(t, func(o *WhatsAppOptions) { o.Template = "receipt" })
	w.fake.Token = "another than we have" // so that each request is refused with a text of theirs
	said := Said{ID: "wamid." + mark, From: waNumberOf, Text: mark}
	choices := []dialog.Choice{{Input: "1", Label: mark + strings.Repeat("x", 30)}}
	var told []string
	keep := func(err error) {
		if err == nil {
			t.Error("it was taken")
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			told = append(told, fmt.Sprint(e), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e))
		}
	}
	keep(w.Show(t.Context(), said, dialog.Reply{Text: mark, Screen: "abcdefgh", Chat: &dialog.Parts{Prompt: mark, Choices: choices}}))
	keep(w.Show(t.Context(), Said{From: mark}, dialog.Reply{Text: mark}))
	_, err := w.Tell(t.Context(), Person{User: waUserOf, Number: waNumberOf}, Message{ID: mark, Text: mark})
	keep(err)
	away := newWhatsApp(t, func(o *WhatsAppOptions) { o.APIURL = "http://127.0.0.1:1" })
	keep(away.Show(t.Context(), said, dialog.Reply{Text: mark}))
	for _, body := range []string{
		mark, `{"object":"whatsapp_business_account","entry":"` + mark + `"}`,
		`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"` +
			w.fake.PhoneNumberID + `"},"messages":[{"type":"` + mark + `"},{"id":1,"text":"` + mark + `"}],"errors":[{"code":131042,"title":"` + mark + `"}]}}]}]}`,
	} {
		w.webhook(t.Context(), &Callback{Body: []byte(body)})
	}
	told = append(told, w.log.String(), away.log.String(), fmt.Sprintf("%+v", w.o), fmt.Sprintf("%#v", w.o))
	for _, s := range told {
		for _, secret := range []string{mark, "82123", waUserOf, "EAAG", "fake-app-secret", "fake-verify"} {
			if strings.Contains(s, secret) {
				t.Errorf("%s stands in %s", secret, s)
			}
		}
	}
	if lines := strings.Count(w.log.String(), "\n"); lines < 4 {
		t.Errorf("only %d lines were logged:\n%s", lines, w.log.String())
	}
}
