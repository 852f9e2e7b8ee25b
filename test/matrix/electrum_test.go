package matrix

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/electrumapi"
	"spaza/electrumapi/sandbox"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// terms are what was agreed with a provider that is told how sales ended. The zero
// terms are those of one that is not.
type terms struct {
	remedy electrumapi.Remedy
	single bool // nothing is confirmed
	// anew: with a bearer token, and with a new id for each retry.
	anew bool
}

func (t terms) String() string {
	text := ""
	if t.remedy != "" {
		text = ", " + string(t.remedy)
	}
	if t.single {
		text += ", never confirmed"
	}
	if t.anew {
		text += ", by new ids"
	}
	return text
}

// electrum is the provider that takes a request once, and is told how it ended. It
// takes no vouchers in: customers have their money from a till of Flash's, which no
// fault strikes.
type electrum struct{}

func (electrum) table() string { return "electrum.txt" }

func (electrum) marks() [][2]string {
	return append(marks(), [][2]string{
		{string(undone), "declined after it was undone there, whatever became of it"},
		{string(keptThere), "to a person, since it cannot be undone there; it had happened"},
		{string(unconfirmed), "delivered, and the confirmation refused: it stands there unconfirmed"},
		{string(lied), "declined by an answer that its document calls final, and done all the same: only reconciliation finds it"},
	}...)
}

func (electrum) share(when) int { return 4 }

func (electrum) control() string { return "/sandbox/electrum/faults" }

func (electrum) faults() (http.Handler, map[int]bool) {
	numbers := map[int]bool{}
	for _, n := range sandbox.TestNumbers() {
		numbers[n.Fault] = true
	}
	return sandbox.New(sandbox.Options{}), numbers
}

// lateFor is how long late work takes, and settleAfter when a purchase that is not
// there is believed lost: longer, as every contract must have it.
const (
	lateFor     = 30 * time.Second
	settleAfter = time.Minute
)

func (electrum) simulate(now func() time.Time) simulator {
	return &electrumHost{
		Sandbox: sandbox.New(sandbox.Options{Now: now, SlowFor: time.Hour, LateFor: lateFor, KeepFor: 48 * time.Hour}),
		refs:    map[string]string{}, bodies: map[string][]byte{},
	}
}

// rows are all kinds that Electrum sells, with each remedy, and other terms once.
func (electrum) rows(t *testing.T) (all []row) {
	t.Helper()
	p, err := electrumSeller(electrumOptions("http://127.0.0.1"), row{})
	if err != nil {
		t.Fatal(err)
	}
	add := func(r row) {
		s := vend.Sale{Ref: "M-1", Kind: r.kind, Product: "VOD", Amount: ledger.Rand(20), Target: r.target(1), Free: r.free, Channel: "test", At: opening()}
		if r.kind == vend.KindElectricity {
			s.Product = "electricity"
		}
		if r.free {
			s.Amount = 0
		}
		req, err := p.Prepare(s)
		if err != nil {
			t.Fatalf("the matrix does not know how a sale of kind %q is made: %v", r.kind, err)
		}
		r.op = req.Op
		all = append(all, r)
	}
	for _, k := range vend.Kinds() {
		if !p.Can(k).Sells {
			continue
		}
		for _, remedy := range electrumapi.Remedies(k) {
			add(row{kind: k, terms: terms{remedy: remedy}})
			if k == vend.KindElectricity {
				add(row{kind: k, free: true, terms: terms{remedy: remedy}})
			}
		}
	}
	add(row{kind: vend.KindGift, terms: terms{remedy: electrumapi.RemedyRetry, single: true}})
	add(row{kind: vend.KindElectricity, terms: terms{remedy: electrumapi.RemedyRetry, anew: true}})
	return all
}

// electrumOptions are those of a client of the simulator.
func electrumOptions(url string) electrumapi.Options {
	return electrumapi.Options{
		BaseURL: url, Username: sandbox.DefaultUser, Password: secret.New(sandbox.DefaultPassword), Institution: shopID, Terminal: "SPAZA001",
		MerchantID: "000000000000123", MerchantType: "5411", MerchantName: "Spaza", MerchantCity: "Soweto", MerchantRegion: "GP",
		BreakerFailures: 1 << 30, Rate: 1e6, Burst: 1e6,
	}
}

// shopID is the shop's institution, and electrumName the provider's mark.
const (
	shopID       = "33"
	electrumName = "electrum"
)

func electrumSeller(o electrumapi.Options, r row) (*electrumapi.Provider, error) {
	if r.terms.anew {
		o.TokenURL, o.ClientID, o.ClientSecret = o.BaseURL+sandbox.TokenPath, sandbox.DefaultClientID, secret.New(sandbox.DefaultClientSecret)
	}
	client, err := electrumapi.New(o)
	if err != nil {
		return nil, err
	}
	return electrumapi.NewProvider(client, electrumapi.ProviderOptions{
		Unknown:         map[vend.Kind]electrumapi.Remedy{r.kind: r.terms.remedy},
		SingleMessaging: r.terms.single, RetryNewID: r.terms.anew, SettleAfter: settleAfter,
	}), nil
}

// sell routes what Electrum sells to it, and the customers' money to the till.
func (electrum) sell(s *shop, url string, r row) (vend.Provider, error) {
	o := electrumOptions(url)
	o.Now, o.Transport = s.clock.Now, s.callers
	p, err := electrumSeller(o, r)
	if err != nil {
		return nil, err
	}
	by := map[vend.Kind][]string{}
	for _, k := range vend.Kinds() {
		if by[k] = []string{""}; p.Can(k).Sells {
			by[k] = []string{electrumName}
		}
	}
	return vend.NewRoutes([]vend.Seller{{Provider: s.cashier}, {Name: electrumName, Provider: p}}, by)
}

// electrumHost is its simulator.
type electrumHost struct {
	electrum
	*sandbox.Sandbox

	mu     sync.Mutex
	refs   map[string]string // by the id of a request
	bodies map[string][]byte // of the first requests, by reference
}

func (h *electrumHost) release() { h.Release() }

// read knows a request by the shop's own reference in it, and a question by the id
// that it asks about.
func (h *electrumHost) read(r *http.Request, body []byte) (string, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Method == http.MethodGet {
		ref, known := h.refs[r.URL.Query().Get("originalMsgId")]
		return ref, known
	}
	var head struct {
		ID, RequestID         string
		ThirdPartyIdentifiers []struct{ InstitutionID, TransactionIdentifier string }
	}
	if json.Unmarshal(body, &head) != nil || head.ID == "" || head.RequestID != "" {
		return "", false
	}
	for _, party := range head.ThirdPartyIdentifiers {
		if party.InstitutionID != shopID {
			continue
		}
		ref := party.TransactionIdentifier
		if h.bodies[ref] == nil {
			h.bodies[ref], h.refs[head.ID] = body, ref
		}
		return ref, true
	}
	return "", false
}

func (h *electrumHost) books() (a accounts) {
	b := h.Books()
	a.spent = sandbox.DefaultFloat - b.Float
	for _, t := range b.Transactions {
		l := line{ref: t.Reference, op: strings.TrimSuffix(t.Op, "/retry"), state: string(t.State), paid: t.Paid}
		if l.stands = t.State == sandbox.Provisioned || t.State == sandbox.Confirmed; l.stands {
			l.spent = t.Amount
		}
		l.done = l.stands // what it undoes never was
		a.lines = append(a.lines, l)
	}
	return a
}

func (h *electrumHost) issued(ctx context.Context, ref string, _ letter) (i issue, err error) {
	t, _ := h.Find(ref)
	h.mu.Lock()
	body := h.bodies[ref]
	h.mu.Unlock()
	method, path := http.MethodPost, "/prepaidutility/v3/tokenPurchases/"+t.ID+"/retry"
	switch on, _, _ := strings.Cut(t.Op, "/"); on {
	case "airtime":
		method, path, body = http.MethodGet, "/airtime/v5/purchases/status?originalMsgId="+t.ID, nil
	case "suv":
		path = "/suv/v1/vouchers/" + t.ID + "/retry"
	}
	answer, err := ask(ctx, h, method, path, "application/json", basicAuth(), string(body))
	if err != nil {
		return i, err
	}
	var gave struct {
		Voucher struct {
			Pin                any // of airtime what is dialled; of a gift what is asked for beside its code
			Code, SerialNumber string
		}
		Tokens  []struct{ Token, TokenType, ReceiptNum string }
		Amounts struct{ ApprovedAmount struct{ Amount int64 } }
	}
	err = json.Unmarshal(answer, &gave)
	i.pin, i.serial, i.worth = gave.Voucher.Code, gave.Voucher.SerialNumber, gave.Amounts.ApprovedAmount.Amount
	if pin, dialled := gave.Voucher.Pin.(string); dialled {
		i.pin = pin
	}
	for _, t := range gave.Tokens {
		i.tokens = append(i.tokens, printed{t.Token, t.TokenType, t.ReceiptNum})
	}
	return i, err
}

func basicAuth() string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(sandbox.DefaultUser, sandbox.DefaultPassword)
	return r.Header.Get("Authorization")
}
