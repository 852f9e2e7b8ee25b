package matrix

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"spaza/flashapi"
	"spaza/flashapi/sandbox"
	"spaza/secret"
	"spaza/vend"
)

// flash is the provider that is asked again with the same request.
type flash struct{}

func (flash) table() string { return "matrix.txt" }

func (flash) marks() [][2]string { return marks() }

func (flash) share(w when) int {
	if w == after {
		return 2
	}
	return 1
}

func (flash) control() string { return "/sandbox/faults" }

func (flash) faults() (http.Handler, map[int]bool) {
	numbers := map[int]bool{}
	for _, n := range sandbox.TestNumbers() {
		numbers[n.Fault] = true
	}
	return sandbox.New(sandbox.Options{}), numbers
}

func (flash) simulate(now func() time.Time) simulator {
	return &flashHost{Sandbox: sandbox.New(sandbox.Options{
		Now: now, SlowFor: time.Hour, KeepFor: 48 * time.Hour, ReverseWithin: 48 * time.Hour,
	})}
}

func (flash) sell(s *shop, url string, r row) (vend.Provider, error) {
	o := flashOptions(url)
	o.Now, o.Transport = s.clock.Now, s.callers
	client, err := flashapi.New(o)
	if err != nil {
		return nil, err
	}
	return flashapi.NewProvider(client, flashapi.ProviderOptions{PaidOtherwise: r.otherwise}), nil
}

// flashOptions are those of a client of the simulator.
func flashOptions(url string) flashapi.Options {
	return flashapi.Options{
		BaseURL: url, APIKey: secret.New(sandbox.DefaultAPIKey), AccountNumber: sandbox.DefaultAccount, StoreID: "S1", TerminalID: "T1",
		// What a host that is left alone for a while does to a sale is another
		// question.
		BreakerFailures: 1 << 30,
	}
}

// flashHost is its simulator.
type flashHost struct {
	flash
	*sandbox.Sandbox
}

func (h *flashHost) release() {}

func (h *flashHost) read(r *http.Request, body []byte) (string, bool) {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, "/aggregation/") {
		return "", false
	}
	var head struct{ Reference string }
	_ = json.Unmarshal(body, &head)
	return head.Reference, true
}

func (h *flashHost) books() (a accounts) {
	b := h.Books()
	a.spent, a.redeemed, a.undone = sandbox.DefaultFloat-b.Float, b.RedemptionBalance, b.Counts["reversed"]
	for _, t := range b.Transactions {
		l := line{ref: t.Reference, op: t.Op, state: t.Status, stands: t.Status == "success"}
		l.done = l.stands || t.Status == "reversed"
		switch {
		case !l.stands:
		case t.Op == "1voucher/redeem":
			l.redeemed = t.Amount
		case t.Op == "1voucher/refund":
			l.redeemed = -t.Amount
		default:
			l.spent = t.Amount
		}
		a.lines = append(a.lines, l)
	}
	return a
}

func (h *flashHost) issued(ctx context.Context, _ string, asked letter) (i issue, err error) {
	answer, err := ask(ctx, h, http.MethodPost, "/token", "application/x-www-form-urlencoded", "Basic "+sandbox.DefaultAPIKey, "grant_type=client_credentials")
	if err != nil {
		return i, err
	}
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &token); err != nil {
		return i, err
	}
	if answer, err = ask(ctx, h, http.MethodPost, asked.path, "application/json", "Bearer "+token.Access, string(asked.body)); err != nil {
		return i, err
	}
	var gave struct {
		Voucher struct {
			PIN, SerialNumber string
			Amount            int64
		}
		Tokens []struct{ Token, TokenDescription, SerialNumber string }
	}
	err = json.Unmarshal(answer, &gave)
	i.pin, i.serial, i.worth = gave.Voucher.PIN, gave.Voucher.SerialNumber, gave.Voucher.Amount
	for _, t := range gave.Tokens {
		i.tokens = append(i.tokens, printed{t.Token, t.TokenDescription, t.SerialNumber})
	}
	return i, err
}
