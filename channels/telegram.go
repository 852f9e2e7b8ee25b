package channels

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"spaza/secret"
)

const (
	tgName = "telegram"
	// TelegramPath is where the webhook is, below the public address.
	TelegramPath = "/telegram/webhook"

	tgHeader  = "X-Telegram-Bot-Api-Secret-Token"
	tgBody    = 1 << 20 // bytes of an update: a long text that quotes another is some 100 KiB
	tgTimeout = 10 * time.Second
	// tgAgain is when to deliver again what could not be kept, in seconds.
	tgAgain = "5"
)

// Telegram is a bot on Telegram: the door of its webhook, the Surface on which
// its screens are shown, and long polling for who has no public address. It is
// safe for concurrent use.
//
// Only private chats are heard, so a person's name here is that of their chat.
type Telegram struct {
	o        TelegramOptions
	endpoint string            // of the API: a format for token and method
	secret   [sha256.Size]byte // of the door
	client   *http.Client
	holds    *tgHolds
}

var (
	_ Channel = (*Telegram)(nil)
	_ Surface = (*Telegram)(nil)
)

// TelegramOptions are the bot. Token is required.
type TelegramOptions struct {
	Token secret.Text // of the bot, as BotFather gives it
	// Secret is what Telegram sends along with every update: 1 to 256 of A-Z,
	// a-z, 0-9, - and _. Without one nobody comes in by the webhook.
	Secret secret.Text
	APIURL string // default https://api.telegram.org
	// Intake keeps what is said. Without one nothing can come in.
	Intake Intake
	// Transport sends the requests; default http.DefaultTransport's settings,
	// with more connections kept.
	Transport http.RoundTripper
	Log       *slog.Logger  // default: nobody
	Timeout   time.Duration // of one request, default 10 s
	Now       func() time.Time
}

// NewTelegram makes the bot; it does not call the network. Its errors hold
// nothing of the options.
func NewTelegram(o TelegramOptions) (*Telegram, error) {
	const ids = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if o.Token.Empty() || strings.Trim(o.Token.Reveal(), ids+":") != "" {
		return nil, errors.New("make Telegram bot: token is missing or is none")
	}
	if o.Secret.Len() > 256 || strings.Trim(o.Secret.Reveal(), ids) != "" {
		return nil, errors.New("make Telegram bot: secret has more than 256 characters, or others than A-Z, a-z, 0-9, - and _")
	}
	if o.APIURL == "" {
		o.APIURL = "https://api.telegram.org"
	}
	u, err := url.Parse(o.APIURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("make Telegram bot: API URL is not usable") // it may hold a secret
	}
	if o.Transport == nil {
		o.Transport = tgTransport()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Timeout <= 0 {
		o.Timeout = tgTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Telegram{
		o:        o,
		endpoint: strings.ReplaceAll(strings.TrimRight(o.APIURL, "/"), "%", "%%") + "/bot%s/%s",
		secret:   sha256.Sum256([]byte(o.Secret.Reveal())),
		client: &http.Client{
			Transport: o.Transport,
			// The token is in the address: nobody else is to be shown it.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		holds: newTGHolds(o.Now),
	}, nil
}

// tgTransport keeps as many connections as answers are written at once.
func tgTransport() http.RoundTripper {
	usual, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t := usual.Clone()
	t.MaxIdleConnsPerHost = 32
	return t
}

// Name implements Channel and Surface.
func (*Telegram) Name() string { return tgName }

// Routes implements Channel.
func (t *Telegram) Routes() []Route {
	return []Route{{
		Method: http.MethodPost, Path: TelegramPath, Guard: GuardOwn, MaxBody: tgBody, Admit: t.admit, ByHead: true, Handle: t.update,
	}}
}

// admit compares digests, so that not even the length of the secret is told.
func (t *Telegram) admit(c *Callback) bool {
	given := sha256.Sum256([]byte(c.Header(tgHeader)))
	return subtle.ConstantTimeCompare(given[:], t.secret[:]) == 1 && !t.o.Secret.Empty()
}

// update keeps what an update says. Telegram delivers whatever is not answered
// with 200 again, for a day, so an update of no use is answered with it too. The
// answer is no call of a method: nobody would learn what came of it.
func (t *Telegram) update(ctx context.Context, c *Callback) Answer {
	said, err := t.Decode(c.Body)
	if err != nil {
		t.o.Log.Warn("telegram: update can not be read", "bytes", len(c.Body))
		return Answer{}
	}
	if len(said) == 0 {
		return Answer{}
	}
	if t.o.Intake == nil || t.o.Intake.Take(ctx, said) != nil { // it has reported why
		return Answer{Status: http.StatusServiceUnavailable, Header: [][2]string{{"Retry-After", tgAgain}}, Body: []byte("later")}
	}
	return Answer{}
}
