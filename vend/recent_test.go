package vend_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

func TestACallerIsReadWithWhatTheyDidLast(t *testing.T) {
	onEachArchive(t, func(t *testing.T, fresh func() *archive) {
		a := fresh()
		const who, other = "27711770001", "27711770002"
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		if c, err := a.service.Caller(t.Context(), who); err != nil || c.Customer != (vend.Customer{}) || c.Recent != nil {
			t.Errorf("a stranger is %+v, %v", c, err)
		}
		must(a.service.SetLanguage(t.Context(), who, "zu"))
		must(a.service.SetPIN(t.Context(), who, secret.Text{}, secret.New(goodPIN)))
		c, err := a.service.Caller(t.Context(), who)
		if err != nil || c.Customer.MSISDN != who || c.Customer.Language != "zu" || !c.Customer.PIN || c.Recent != nil {
			t.Errorf("who did nothing yet is %+v, %v", c, err)
		}
		must(a.redeem(other, 100_00, &vend.Answer{Outcome: vend.Delivered, Amount: 100_00}))
		must(a.buy(other, airtime(), who, 10_00, &vend.Answer{Outcome: vend.Delivered}))
		must(a.redeem(who, 500_00, &vend.Answer{Outcome: vend.Delivered, Amount: 500_00}))
		for i := range 12 {
			with := []*vend.Answer{
				{Outcome: vend.Delivered, Code: "0", CallCentre: "081"}, {Outcome: vend.Declined, Reason: vend.ReasonTryLater, Code: "9"}, {}, nil,
			}[i%4]
			must(a.buy(who, airtime(), other, ledger.Cents(10_00+i), with))
		}
		must(a.buy(who, vend.Product{Code: "9", Kind: vend.KindVoucher, Vendor: "1Voucher", Min: 1, Max: 1000_00}, "", 29_00,
			&vend.Answer{Outcome: vend.Delivered, Goods: sellable()["a PIN"]}))
		last := fmt.Sprintf("P-%020d", a.n)
		must(a.sale(func(ctx context.Context, ref string) (vend.Order, error) {
			return a.service.Reverse(ctx, vend.Reversal{Ref: ref, Original: last, By: "staff", Why: "asked"})
		}, &vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonCannotReverse}))
		must(a.sale(func(ctx context.Context, ref string) (vend.Order, error) {
			return a.service.Refund(ctx, vend.Refund{Ref: ref, MSISDN: who, Amount: 5_00, PIN: secret.New(goodPIN)})
		}, nil))

		c, err = a.service.Caller(t.Context(), who)
		must(err)
		recent, err := a.service.Recent(t.Context(), who, 10)
		must(err)
		if customer, err := a.service.Customer(t.Context(), who); err != nil || c.Customer != customer {
			t.Errorf("the caller is %+v, the customer %+v, %v", c.Customer, customer, err)
		}
		for i := range recent {
			recent[i].Sealed, recent[i].PINHash = nil, nil // what a caller does not need
		}
		if diff := cmp.Diff(recent, c.Recent); diff != "" || len(recent) != 10 {
			t.Errorf("%d orders (-recent +caller)\n%s", len(recent), diff)
		}
		if g, err := a.service.Goods(c.Recent[1]); err != nil || !g.Voucher.PIN.Equal(goodsPIN) {
			t.Errorf("the goods: %v", err)
		}
		kinds := ""
		all, err := a.service.Recent(t.Context(), who, 100)
		must(err)
		for i, o := range all {
			kinds += string(o.Kind)[:1]
			if i > 0 && all[i-1].CreatedAt.Before(o.CreatedAt) || o.Customer != c.Customer.ID {
				t.Errorf("order %d is %s of %s", i, o.Ref, o.CreatedAt)
			}
		}
		if kinds != "rv"+strings.Repeat("a", 12)+"r" {
			t.Errorf("they are %s", kinds)
		}
		for _, n := range []int{0, -1} {
			if all, err := a.service.Recent(t.Context(), who, n); err != nil || len(all) != 0 {
				t.Errorf("%d of them: %d, %v", n, len(all), err)
			}
		}
		if all, err := a.service.Recent(t.Context(), "27711770009", 5); err != nil || len(all) != 0 {
			t.Errorf("of nobody: %d, %v", len(all), err)
		}
	})
}

func TestAReceiptIsSentOnceMore(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		w, p := rich(t, d)
		if o, err := p.buy("P-1", 1, ledger.Rand(10)); err != nil || o.State != vend.StateDelivered {
			t.Fatalf("%s, %v", o.State, err)
		}
		pass(time.Minute)
		again := func(customer int, ref string) error { return p.service.SendAgain(t.Context(), number(customer), ref) }
		for i := range 3 {
			if err := again(1, "P-1"); err != nil {
				t.Fatalf("time %d: %v", i+1, err)
			}
			pass(time.Minute)
		}
		if got := w.messages("P-1"); got != "ended again again again" {
			t.Errorf("messages: %q", got)
		}
		if err := again(1, "P-1"); !errors.Is(err, vend.ErrTooOften) {
			t.Errorf("a fourth time: %v", err)
		}
		for _, c := range []struct {
			customer int
			ref      string
		}{{2, "P-1"}, {1, "P-9"}, {9, "P-1"}} {
			if c.customer == 2 {
				if err := w.fund(t.Context(), 2, ledger.Rand(10)); err != nil {
					t.Fatal(err)
				}
			}
			if err := again(c.customer, c.ref); !errors.Is(err, vend.ErrNoOrder) {
				t.Errorf("customer %d asks for %s: %v", c.customer, c.ref, err)
			}
		}
		w.provider.expect(step{taking: unclear})
		if o, err := p.buy("P-2", 1, ledger.Rand(10)); err != nil || o.State != vend.StateUnknown {
			t.Fatalf("%s, %v", o.State, err)
		}
		if err := again(1, "P-2"); !errors.Is(err, vend.ErrNotDone) {
			t.Errorf("one that has not ended: %v", err)
		}
		pass(23*time.Hour + 50*time.Minute)
		if err := again(1, "P-1"); !errors.Is(err, vend.ErrTooOften) {
			t.Errorf("the same day: %v", err)
		}
		pass(20 * time.Minute)
		if err := again(1, "P-1"); err != nil {
			t.Errorf("another day: %v", err)
		}
		pass(time.Minute)
		if got := w.messages("P-1"); got != "ended again again again again" {
			t.Errorf("messages: %q", got)
		}
	})
}

// TestWhatIsAskedForTwiceAtOnceGoesOutOnce has nobody send messages meanwhile.
func TestWhatIsAskedForTwiceAtOnceGoesOutOnce(t *testing.T) {
	onEachArchive(t, func(t *testing.T, fresh func() *archive) {
		a := fresh()
		const who = "27711770001"
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(a.redeem(who, 100_00, &vend.Answer{Outcome: vend.Delivered, Amount: 100_00}))
		must(a.buy(who, airtime(), who, 10_00, &vend.Answer{Outcome: vend.Delivered}))
		ref := fmt.Sprintf("P-%020d", a.n)
		for range 3 {
			must(a.service.SendAgain(t.Context(), who, ref))
		}
		all, err := a.read()
		must(err)
		n := 0
		for _, j := range all["jobs"] {
			if j["key"] == ref+"/again" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d messages wait", n)
		}
		// It is forgotten with its customer.
		must(a.spend(who))
		_, err = vend.Oblivion{Store: a.sql, Now: func() time.Time { return a.now }}.Erase(t.Context(), vend.Erasure{MSISDN: who, By: "staff", Why: "asked"})
		must(err)
		if all, err = a.read(); err != nil || len(all["jobs"]) != 0 {
			t.Errorf("left are %v, %v", all["jobs"], err)
		}
	})
}
