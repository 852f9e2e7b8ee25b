package vend_test

import (
	"context"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"spaza/flashapi"
	"spaza/flashapi/sandbox"
	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

// TestEveryKindIsSoldOverTheRealWire buys one of everything that the simulator's
// catalogue lists, and opens the goods.
func TestEveryKindIsSoldOverTheRealWire(t *testing.T) {
	host := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(host)
	defer server.Close()
	client, err := flashapi.New(flashapi.Options{
		BaseURL: server.URL, APIKey: secret.New(sandbox.DefaultAPIKey), AccountNumber: sandbox.DefaultAccount, StoreID: "S1", TerminalID: "T1",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	provider := flashapi.NewProvider(client, flashapi.ProviderOptions{})
	sql, err := store.OpenSQL(t.Context(), freshSQLite(t.TempDir()).url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sql.Close() }()
	s, hand := vend.New(sql, provider, keyring(0), vend.Options{}), &byHand{}
	s.Attach(hand)
	const purse = 2000
	if err := (&world{sql: sql}).fund(t.Context(), 1, ledger.Rand(purse)); err != nil {
		t.Fatal(err)
	}
	shelf := vend.NewShelf(provider, vend.ShelfOptions{Keeper: sql})
	if err := shelf.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	targets := map[vend.Kind]string{
		vend.KindAirtime: "27821234567", vend.KindData: "27821234567", vend.KindElectricity: "14000000118", vend.KindBill: "10035000",
	}
	float, left := host.Books().Float, ledger.Rand(purse)
	for i, k := range vend.Kinds() {
		if !k.Bought() {
			continue
		}
		products := shelf.Of(k)
		if len(products) == 0 {
			t.Errorf("nothing of kind %s is on the shelf", k)
			continue
		}
		p := products[0]
		amount := max(p.Min, min(p.Max, ledger.Rand(100)))
		gone, leave := context.WithCancel(t.Context())
		hand.adopt = func(jobs.Job) { leave() }
		o, err := s.Buy(gone, vend.Purchase{
			Ref: vend.NewRef(k, time.Now()) + strconv.Itoa(i), MSISDN: number(1), Product: p, Amount: amount, Target: p.Biller + targets[k], Channel: "test",
		})
		leave()
		if err != nil {
			t.Errorf("%s: %v", k, err)
			continue
		}
		if res := s.Work(t.Context(), hand.job); res != jobs.Written() {
			t.Errorf("%s: %+v", k, res)
		}
		if o, err = sql.Order(t.Context(), o.Ref); err != nil || o.State != vend.StateDelivered {
			t.Errorf("%s: order is %s for %q, code %s, %v", k, o.State, o.Reason, o.Code, err)
			continue
		}
		left -= amount
		float -= int64(amount)
		goods, err := s.Goods(o)
		switch {
		case k == vend.KindElectricity:
			if u := goods.Utility; err != nil || u == nil || len(u.Tokens) != 3 || !u.PartsKnown || u.Units == "" || u.Tokens[0].Use != vend.TokenKeyChange ||
				u.Tokens[2].Use != vend.TokenCredit || u.Tokens[2].Value.Len() != 20 || u.Net+u.VAT != amount {
				t.Errorf("%s: goods %+v, %v", k, goods, err)
			}
		case k == vend.KindBill:
			if err != nil || goods.Payment == nil || goods.Payment.Biller != p.Vendor || goods.Payment.Holder == "" {
				t.Errorf("%s: goods %+v, %v", k, goods, err)
			}
		case k.Handed():
			if v := goods.Voucher; err != nil || v == nil || v.PIN.Len() < 10 || v.Amount != amount || v.Serial == "" || v.Expires == "" {
				t.Errorf("%s: goods %+v, %v", k, goods, err)
			}
		case err == nil:
			t.Errorf("%s has goods: %+v", k, goods)
		}
	}
	if b, err := s.Balance(t.Context(), number(1)); err != nil || b.Available != left || b.Held != 0 {
		t.Errorf("balance %+v, %v; want %s", b, err, left)
	}
	if b := host.Books(); b.Float != float {
		t.Errorf("float %d, want %d", b.Float, float)
	}
	if faults, err := sql.CheckBooks(t.Context()); err != nil || len(faults) != 0 {
		t.Errorf("books: %v, %v", faults, err)
	}
}
