package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/flows"
	"spaza/jobs"
	"spaza/ledger"
	"spaza/locales"
	"spaza/secret"
	"spaza/test/schema"
	"spaza/vend"
)

// shop is the whole of a sale on one database: the service, the runner of its
// jobs, the notices that end it, and a provider that answers at once.
type shop struct {
	sql     *SQL
	service *vend.Service
	runner  *jobs.Runner

	mu    sync.Mutex
	ended map[string]chan struct{} // by reference: its message went out, or its order ended
}

// openShop opens a shop for the length of a test. Its runner does not look for
// jobs but when it is woken.
func openShop(t testing.TB, s *SQL, o vend.Options) *shop {
	t.Helper()
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	p := &shop{sql: s, ended: map[string]chan struct{}{}}
	p.service = vend.New(s, instant{}, shopKeys(t), o)
	notices := flows.Notices{Orders: p.service, Words: words, Now: time.Now, Send: func(_ context.Context, m flows.Outgoing) (string, error) {
		message, _, _ := strings.Cut(m.ID, "#")
		return "AT-" + message, nil
	}}
	p.runner = jobs.NewRunner(s, jobs.Options{Poll: time.Hour, Handlers: map[jobs.Kind]jobs.Handler{
		vend.JobOrder: p.service.Work,
		vend.JobNotice: func(ctx context.Context, j jobs.Job) jobs.Result {
			res := notices.Work(ctx, j)
			ref, _, _ := strings.Cut(j.Key, "/")
			close(p.end(ref))
			return res
		},
	}})
	p.service.Attach(p.runner)
	p.runner.Start(context.Background())
	t.Cleanup(func() { p.close(t) })
	return p
}

// shopKeys are those of every shop.
func shopKeys(t testing.TB) *secret.Keyring {
	t.Helper()
	keys, err := secret.NewKeyring(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// close ends what the shop does beside its customers, and takes back what it has
// put by. It may be called twice.
func (p *shop) close(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := p.runner.Stop(ctx); err != nil {
		t.Error(err)
	}
	p.service.Close(ctx)
}

// end is closed when the message of an order went out.
func (p *shop) end(ref string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.ended[ref]
	if c == nil {
		c = make(chan struct{})
		p.ended[ref] = c
	}
	return c
}

// buyer is one of the customers that openedFor makes, and what they buy.
type buyer struct{ ref, id, msisdn string }

func buyerOf(n int) buyer {
	return buyer{ref: vend.NewRef(vend.KindAirtime, time.Now()), id: fmt.Sprintf("C%015d", n), msisdn: fmt.Sprintf("2782%07d", n)}
}

// sale begins a sale and waits for its order to end.
type sale func(context.Context, *shop, buyer) (vend.Order, error)

// do makes a sale and waits until its message went out, where it has one.
func (p *shop) do(ctx context.Context, b buyer, s sale) error {
	told := p.end(b.ref)
	o, err := s(ctx, p, b)
	if err == nil && !o.Done() {
		err = fmt.Errorf("%s is %s", o.Kind, o.State)
	}
	if err != nil || o.Kind == vend.KindRedeem { // a screen tells of that
		return err
	}
	select {
	case <-told:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.mu.Lock()
	delete(p.ended, b.ref)
	p.mu.Unlock()
	return nil
}

func airtime(ctx context.Context, p *shop, b buyer) (vend.Order, error) {
	return p.service.Buy(ctx, airtimeFor(b, secret.Text{}))
}

// walletPIN is that of customers who have one.
const walletPIN = "13579"

func airtimeWithPIN(ctx context.Context, p *shop, b buyer) (vend.Order, error) {
	return p.service.Buy(ctx, airtimeFor(b, secret.New(walletPIN)))
}

func airtimeFor(b buyer, pin secret.Text) vend.Purchase {
	return vend.Purchase{
		Ref: b.ref, MSISDN: b.msisdn, Amount: ledger.Rand(12), Target: b.msisdn, Channel: "ussd", PIN: pin,
		Product: vend.Product{Code: "101", Kind: vend.KindAirtime, Vendor: "Vodacom", Min: ledger.Rand(5), Max: ledger.Rand(500)},
	}
}

func electricity(ctx context.Context, p *shop, b buyer) (vend.Order, error) {
	return p.service.Buy(ctx, vend.Purchase{
		Ref: b.ref, MSISDN: b.msisdn, Amount: ledger.Rand(50), Target: "04" + b.msisdn[2:], Channel: "ussd",
		Product: vend.Product{Code: "311", Kind: vend.KindElectricity, Vendor: "Eskom", Min: ledger.Rand(5), Max: ledger.Rand(500)},
	})
}

func redemption(ctx context.Context, p *shop, b buyer) (vend.Order, error) {
	return p.service.Redeem(ctx, vend.Redemption{Ref: b.ref, MSISDN: b.msisdn, PIN: secret.New("1234" + strings.Repeat("0", 12-9) + b.msisdn[2:]), Channel: "ussd"})
}

func refund(ctx context.Context, p *shop, b buyer) (vend.Order, error) {
	return p.service.Refund(ctx, vend.Refund{Ref: b.ref, MSISDN: b.msisdn, Amount: ledger.Rand(30), Channel: "ussd"})
}

// instant is a provider that does at once whatever it is asked for.
type instant struct{}

// Prepare implements vend.Provider. The body is as long as a real one.
func (instant) Prepare(s vend.Sale) (vend.Request, error) {
	body := fmt.Sprintf(`{"reference":%q,"product":%q,"amount":%d,"target":%q,"padding":%q}`, s.Ref, s.Product, s.Amount, s.Target, strings.Repeat("-", 180))
	return vend.Request{Op: string(s.Kind), Ref: s.Ref, Body: secret.New(body)}, nil
}

// Send implements vend.Provider.
func (instant) Send(_ context.Context, r vend.Request, _ vend.Past) vend.Answer {
	a := vend.Answer{Outcome: vend.Delivered, ProviderRef: "F" + r.Ref, CallCentre: "111", Code: "0"}
	switch vend.Kind(r.Op) {
	case vend.KindElectricity:
		a.Goods.Utility = &vend.Utility{Units: "21.4", Unit: "kWh", Tokens: []vend.Token{{Use: vend.TokenCredit, Value: secret.New("12345678901234567890")}}}
	case vend.KindRefund:
		a.Goods.Voucher = &vend.Voucher{PIN: secret.New("1234567890123456"), Amount: ledger.Rand(30)}
	case vend.KindRedeem:
		a.Amount = ledger.Rand(100)
	}
	return a
}

// seedBuyers adds customers from 1 to n with a balance of R10,000 each, as the
// books have it when they handed vouchers in.
func seedBuyers(t testing.TB, s *SQL, n int) {
	t.Helper()
	numbers, id, msisdn := `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)`, `printf('C%015d', n)`, `printf('2782%07d', n)`
	if s.d.numbered {
		numbers = `WITH n(n) AS (SELECT generate_series(1, CAST($1 AS BIGINT)))`
		id, msisdn = `'C' || lpad(CAST(n AS TEXT), 15, '0')`, `'2782' || lpad(CAST(n AS TEXT), 7, '0')`
	}
	at := strconv.FormatInt(time.Now().Add(-48*time.Hour).UnixMilli(), 10)
	for _, query := range []string{
		numbers + ` INSERT INTO customers (id, msisdn, language, created_at) SELECT ` + id + `, ` + msisdn + `, 'en', ` + at + ` FROM n`,
		numbers + ` INSERT INTO orders (ref, kind, customer, product, label, amount, target, fund, state, reason, channel, op, provider_ref, code, call_centre, told, created_at, first_sent_at, updated_at)
SELECT 'R-' || ` + id + `, 'redeem', ` + id + `, '', '', 1000000, '', 'balance', 'delivered', '', 'ussd', 'redeem', '', '0', '', 1, ` + at + `, ` + at + `, ` + at + ` FROM n`,
		numbers + ` INSERT INTO entries (ref, kind, at, ends_hold) SELECT 'R-' || ` + id + `, 'redeemed', ` + at + `, 0 FROM n`,
		`INSERT INTO postings (entry_id, line, account, amount) SELECT id, 0, 'cust:' || substr(ref, 3) || ':available', 1000000 FROM entries WHERE id <= ? ORDER BY id`,
		`INSERT INTO postings (entry_id, line, account, amount) SELECT id, 0, 'flash:redemption', -1000000 FROM entries WHERE id <= ? ORDER BY id`,
	} {
		if _, err := s.write.db.ExecContext(t.Context(), s.d.bind(query), n); err != nil {
			t.Fatalf("%s\n%v", query, err)
		}
	}
}

// eachDatabase is a fresh database of either sort.
func eachDatabase() map[string]func(testing.TB) string {
	return map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "spaza.db") },
		"postgres": schema.Fresh,
	}
}
