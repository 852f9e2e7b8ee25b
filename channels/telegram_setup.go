package channels

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"spaza/secret"
)

// TelegramCommand is an entry of the menu beside the field where one types.
type TelegramCommand struct {
	Name        string // without the slash: 1 to 32 of a-z, 0-9 and _
	Description string // 1 to 256 characters
}

// TelegramWebhook is what Telegram says of the webhook of a bot.
type TelegramWebhook struct {
	URL            string // empty where none is set
	Pending        int    // updates that were not delivered yet
	MaxConnections int
	Allowed        []string  // kinds of updates that are delivered
	LastError      string    // Telegram's words on the last delivery that failed; empty for none
	LastErrorAt    time.Time // zero for none
}

// Setup has Telegram deliver to TelegramPath below the public address, which is
// an https one on port 443, 80, 88 or 8443, over so many connections at once
// (1 to 100), and sets the menu. Doing it again changes nothing.
func (t *Telegram) Setup(ctx context.Context, publicURL string, maxConnections int, commands []TelegramCommand) error {
	if t.o.Secret.Empty() {
		return errors.New("set up Telegram: a secret for the webhook is required: without it anybody could send updates")
	}
	u, err := url.Parse(publicURL)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("set up Telegram: the public address must be an https one, without query")
	}
	switch u.Port() {
	case "", "443", "80", "88", "8443":
	default:
		return errors.New("set up Telegram: Telegram delivers to the ports 443, 80, 88 and 8443 only")
	}
	if maxConnections < 1 || maxConnections > 100 {
		return errors.New("set up Telegram: connections at once must be 1 to 100")
	}
	menu, err := tgMenu(commands)
	if err != nil {
		return fmt.Errorf("set up Telegram: %w", err)
	}
	_, f := t.call(ctx, "", "setWebhook", tgParams{
		"url": strings.TrimRight(publicURL, "/") + TelegramPath, "secret_token": t.o.Secret.Reveal(),
		"max_connections": strconv.Itoa(maxConnections), "allowed_updates": tgUpdates,
	})
	if f != nil {
		return t.explain("set webhook", f)
	}
	if len(commands) > 0 {
		if _, f = t.call(ctx, "", "setMyCommands", tgParams{"commands": menu}); f != nil {
			return t.explain("set menu", f)
		}
	}
	return nil
}

// tgMenu writes the commands as the API wants them.
func tgMenu(commands []TelegramCommand) (string, error) {
	type entry struct {
		Command     string `json:"command"`
		Description string `json:"description"`
	}
	if len(commands) > 100 {
		return "", errors.New("more than 100 commands")
	}
	list := []entry{}
	for i, c := range commands {
		n := utf8.RuneCountInString(c.Description)
		if c.Name == "" || len(c.Name) > 32 || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || n < 1 || n > 256 {
			return "", fmt.Errorf("command %d has a name or a description that Telegram does not take", i+1)
		}
		list = append(list, entry{c.Name, c.Description})
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// Info asks how the webhook does.
func (t *Telegram) Info(ctx context.Context) (TelegramWebhook, error) {
	result, f := t.call(ctx, "", "getWebhookInfo", nil)
	if f != nil {
		return TelegramWebhook{}, t.explain("ask for webhook", f)
	}
	var w struct {
		URL     string   `json:"url"`
		Pending int      `json:"pending_update_count"`
		Most    int      `json:"max_connections"`
		Allowed []string `json:"allowed_updates"`
		At      int64    `json:"last_error_date"`
		Words   string   `json:"last_error_message"`
	}
	if err := json.Unmarshal(result, &w); err != nil {
		return TelegramWebhook{}, errors.New("ask for webhook: the answer can not be read")
	}
	out := TelegramWebhook{URL: t.scrub(w.URL), Pending: w.Pending, MaxConnections: w.Most, Allowed: w.Allowed, LastError: t.scrub(w.Words)}
	if w.At > 0 {
		out.LastErrorAt = time.Unix(w.At, 0)
	}
	return out, nil
}

// Delete ends the deliveries, so that Poll works. What was not delivered yet is
// kept for it, unless drop is set.
func (t *Telegram) Delete(ctx context.Context, drop bool) error {
	p := tgParams{}
	p.AddBool("drop_pending_updates", drop)
	if _, f := t.call(ctx, "", "deleteWebhook", p); f != nil {
		return t.explain("delete webhook", f)
	}
	return nil
}

// explain is an error for the operator: with the words of the API, since what
// was sent is the operator's own.
func (t *Telegram) explain(doing string, f *tgFault) error {
	if f.said == "" {
		return fmt.Errorf("%s: %w", doing, f.remedy())
	}
	return fmt.Errorf("%s: %w; it says %q", doing, f.remedy(), t.scrub(f.said))
}

// scrub takes the token and the secret out of words of the API, in whatever
// letters, and what is not to be printed.
func (t *Telegram) scrub(words string) string {
	_, key, _ := strings.Cut(t.o.Token.Reveal(), ":")
	for _, s := range [...]string{t.o.Token.Reveal(), key, t.o.Secret.Reveal()} {
		for _, s := range [...]string{s, strings.ToLower(s)} {
			if s != "" {
				words = strings.ReplaceAll(words, s, secret.Redacted)
			}
		}
	}
	words = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, words)
	return tgClean(words, 300)
}
