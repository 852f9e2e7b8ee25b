package channels

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"spaza/secret"
)

// whatsAppName is the name of the surface, and begins the name of every message
// that it took.
const whatsAppName = "whatsapp"

// Limits of the door.
const (
	waBody      = 3 << 20 // bytes of a webhook: the most that Meta sends
	waBatch     = 1000    // messages, and statuses, of one webhook: Meta bundles no more
	waChallenge = 256     // bytes of the word that proves us at the handshake
)

// WhatsAppOptions are an account of the WhatsApp Cloud API and what it is joined
// to. What has no default here is required.
type WhatsAppOptions struct {
	Token         secret.Text   // of a system user, for sending
	PhoneNumberID string        // Meta's id of the number written from and to, not the number itself
	AppSecrets    []secret.Text // webhooks are signed with one of them: two while they are changed
	VerifyToken   secret.Text   // ours, given to Meta with the webhook's address

	APIURL  string // bare host; default https://graph.facebook.com
	Version string // of the Graph API; default v25.0, each is served about two years
	// Template is an approved utility template with one body parameter, for what
	// must be told when the customer has not written for 24 hours; empty: none,
	// and such messages go another way. TemplateLanguage defaults to en.
	Template, TemplateLanguage string
	// Choose is the word that opens a list, at most 20 characters; default Menu.
	Choose string

	// Intake keeps what was said. Told is told of every report that settles a
	// message that Tell sent; its error says that the report should come again.
	Intake Intake
	Told   func(context.Context, Report) error
	// Unshown is told of a receipt (dialog.Parts.Receipt) whose screen was taken and
	// then did not arrive at user, as Said.From; its error says that it should be
	// told again. Default: nobody is.
	Unshown func(ctx context.Context, user, receipt string) error

	Transport http.RoundTripper // default http.DefaultTransport's settings
	Log       *slog.Logger      // default: nothing is logged
	Now       func() time.Time  // default time.Now
}

// WhatsApp is the WhatsApp Cloud API: the door for its webhooks, and a Surface.
// It marks nothing as read and shows nobody typing: each is one more request that
// counts against the number's throughput, and the answer comes at once.
type WhatsApp struct {
	o      WhatsAppOptions
	verify [sha256.Size]byte
	url    string
	client *http.Client
	// foreign is done once another number's webhooks were mentioned: where that is
	// a mistake in the configuration, nothing else would tell.
	foreign sync.Once
}

var (
	_ Channel = (*WhatsApp)(nil)
	_ Surface = (*WhatsApp)(nil)
)

// NewWhatsApp makes it; it does not call the network. Its errors hold no option.
func NewWhatsApp(o WhatsAppOptions) (*WhatsApp, error) {
	orElse := func(s *string, or string) {
		if *s == "" {
			*s = or
		}
	}
	orElse(&o.APIURL, "https://graph.facebook.com")
	orElse(&o.Version, "v25.0")
	orElse(&o.TemplateLanguage, "en")
	orElse(&o.Choose, "Menu")
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Unshown == nil {
		o.Unshown = func(context.Context, string, string) error { return nil }
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	return &WhatsApp{
		o:      o,
		verify: sha256.Sum256([]byte(o.VerifyToken.Reveal())),
		url:    strings.TrimRight(o.APIURL, "/") + "/" + o.Version + "/" + o.PhoneNumberID + "/messages",
		client: &http.Client{
			Timeout: waTimeout, Transport: o.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func (o *WhatsAppOptions) check() error {
	if o.Token.Empty() || o.VerifyToken.Empty() || len(o.AppSecrets) == 0 || o.Intake == nil || o.Told == nil {
		return errors.New("make WhatsApp: token, app secret, verify token, intake and told are required")
	}
	for _, s := range o.AppSecrets {
		if s.Empty() {
			return errors.New("make WhatsApp: an app secret is empty")
		}
	}
	if !waDigits(o.PhoneNumberID) {
		return errors.New("make WhatsApp: the phone number id is not a number")
	}
	u, err := url.Parse(o.APIURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("make WhatsApp: API URL is not usable") // it may hold a secret
	}
	if major, minor, ok := strings.Cut(strings.TrimPrefix(o.Version, "v"), "."); !ok || o.Version[0] != 'v' || !waDigits(major) || !waDigits(minor) {
		return errors.New("make WhatsApp: the version is not like v25.0")
	}
	if !waOf(o.Template, 512, waTemplateName) || !waOf(o.TemplateLanguage, 16, waAlnum+"_") {
		return errors.New("make WhatsApp: the template's name or language is not one")
	}
	if strings.TrimSpace(o.Choose) == "" || utf8.RuneCountInString(o.Choose) > waButtonTitle {
		return errors.New("make WhatsApp: the word that opens a list is too long")
	}
	return nil
}

// Name implements Channel and Surface.
func (*WhatsApp) Name() string { return whatsAppName }

// Routes implements Channel.
func (w *WhatsApp) Routes() []Route {
	const path = "/whatsapp/webhook"
	return []Route{
		{Method: http.MethodGet, Path: path, Guard: GuardOwn, Admit: w.knowsToken, Handle: w.subscribe},
		{Method: http.MethodPost, Path: path, Guard: GuardOwn, MaxBody: waBody, Admit: w.signed, Handle: w.webhook},
	}
}

// knowsToken says whether a handshake names the token that we gave to Meta.
func (w *WhatsApp) knowsToken(c *Callback) bool {
	token, ok := waParameter(c, "hub.verify_token")
	given := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(given[:], w.verify[:]) == 1 && ok
}

// subscribe answers the handshake with the word that it asks for. Meta asks for
// a number; nothing that a browser would take for a page is said back.
func (w *WhatsApp) subscribe(_ context.Context, c *Callback) Answer {
	mode, _ := waParameter(c, "hub.mode")
	challenge, ok := waParameter(c, "hub.challenge")
	if !ok || mode != "subscribe" || challenge == "" || !waOf(challenge, waChallenge, waAlnum+"-_.") {
		return Answer{Status: http.StatusForbidden, Body: []byte("refused")}
	}
	return Answer{Body: []byte(challenge), Header: [][2]string{{"X-Content-Type-Options", "nosniff"}}}
}

// waParameter is the value of a parameter of the query; ok is false where there
// is none, or more than one.
func waParameter(c *Callback, name string) (value string, ok bool) {
	q, err := url.ParseQuery(c.RawQuery)
	if err != nil || len(q[name]) != 1 {
		return "", false
	}
	return q[name][0], true
}

// signed says whether the raw bytes of a webhook were signed with a secret of
// the app. Decoding them and encoding them again would change them.
func (w *WhatsApp) signed(c *Callback) bool {
	const scheme = "sha256="
	h := c.Header("X-Hub-Signature-256")
	if len(h) != len(scheme)+2*sha256.Size || !strings.HasPrefix(h, scheme) {
		return false
	}
	given, err := hex.DecodeString(h[len(scheme):])
	if err != nil {
		return false
	}
	ok := false
	for _, s := range w.o.AppSecrets {
		mac := hmac.New(sha256.New, []byte(s.Reveal()))
		_, _ = mac.Write(c.Body) // a hash takes everything
		ok = hmac.Equal(given, mac.Sum(nil)) || ok
	}
	return ok
}

// webhook keeps what was said and tells of what arrived. What it does not take,
// Meta sends again, for up to seven days and the whole batch of it, so only what
// may go better the next time is refused.
func (w *WhatsApp) webhook(ctx context.Context, c *Callback) Answer {
	got, err := w.decode(c.Body)
	switch {
	case errors.Is(err, errWaFlood):
		w.o.Log.ErrorContext(ctx, "a webhook holds more than one may", "channel", whatsAppName, "bytes", len(c.Body))
		return Answer{Status: http.StatusRequestEntityTooLarge, Body: []byte("refused")}
	case err != nil:
		// It is from Meta and no JSON: it will be no better in seven days.
		w.o.Log.ErrorContext(ctx, "a signed webhook is not readable", "channel", whatsAppName, "bytes", len(c.Body))
		return Answer{}
	}
	w.mention(ctx, got)
	later := Answer{Status: http.StatusServiceUnavailable, Body: []byte("later"), Header: [][2]string{{"Retry-After", "5"}}}
	if len(got.said) > 0 {
		if err := w.o.Intake.Take(ctx, got.said); err != nil {
			return later
		}
	}
	missed := false
	for _, r := range got.reports {
		// One that can not be written must not keep back the others.
		if ctx.Err() != nil || w.o.Told(ctx, r) != nil {
			missed = true
		}
	}
	for _, u := range got.unshown {
		if ctx.Err() != nil || w.o.Unshown(ctx, u.user, u.receipt) != nil {
			missed = true
		}
	}
	if missed {
		return later
	}
	return Answer{}
}

// mention logs what a webhook held beside what somebody waits for: never more
// than how much of it, and Meta's codes.
func (w *WhatsApp) mention(ctx context.Context, got waGot) {
	if got.odd > 0 {
		w.o.Log.WarnContext(ctx, "parts of a webhook are of no known shape", "channel", whatsAppName, "count", got.odd)
	}
	if got.foreign > 0 {
		w.foreign.Do(func() {
			w.o.Log.WarnContext(ctx, "webhooks of another phone number id come here, and are left alone", "channel", whatsAppName)
		})
	}
	if got.lost > 0 {
		w.o.Log.WarnContext(ctx, "screens did not arrive", "channel", whatsAppName, "count", got.lost, "code", got.lostCode)
	}
	if got.alarm > 0 {
		w.o.Log.ErrorContext(ctx, "the WhatsApp account is at fault", "channel", whatsAppName, "code", got.alarm, "alert", true)
	}
}

const (
	waAlnum        = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	waTemplateName = "abcdefghijklmnopqrstuvwxyz0123456789_"
)

// waOf says whether s has at most so many bytes, all of them listed.
func waOf(s string, most int, listed string) bool {
	return len(s) <= most && strings.Trim(s, listed) == ""
}

// waDigits says whether s is a number of Meta's: a phone number or an id.
func waDigits(s string) bool { return s != "" && waOf(s, 32, "0123456789") }
