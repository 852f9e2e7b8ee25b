package flashapi

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/flashapi/sandbox"
	"spaza/ledger"
	"spaza/secret"
	"spaza/test/provider"
	"spaza/vend"
)

// simulated is a provider that speaks to the simulator over a real socket.
func simulated(t *testing.T) (*Provider, *sandbox.Sandbox) {
	t.Helper()
	s := sandbox.New(sandbox.Options{SlowFor: time.Millisecond})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := New(Options{
		BaseURL: server.URL, APIKey: secret.New(sandbox.DefaultAPIKey), AccountNumber: sandbox.DefaultAccount,
		HTTPTimeout: patience, BreakerFailures: 1000, Rate: 1e6, Burst: 1e6,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return NewProvider(c, ProviderOptions{}), s
}

func redeemSale(ref, pin string) vend.Sale {
	return vend.Sale{Ref: ref, Kind: vend.KindRedeem, PIN: secret.New(pin)}
}

func airtimeSale(ref, mobile string) vend.Sale {
	return vend.Sale{Ref: ref, Kind: vend.KindAirtime, Product: "101", Amount: ledger.Rand(10), Target: mobile}
}

func prepare(t *testing.T, p *Provider, s vend.Sale) vend.Request {
	t.Helper()
	r, err := p.Prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// declaredReasons are the shop's, as its source has them.
func declaredReasons(t *testing.T) []vend.Reason {
	t.Helper()
	source, err := os.ReadFile("../vend/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []vend.Reason
	for _, m := range regexp.MustCompile(`(?m)^\tReason\w+ +Reason = "(\w+)"`).FindAllSubmatch(source, -1) {
		all = append(all, vend.Reason(m[1]))
	}
	if len(all) < 20 {
		t.Fatalf("found %d reasons; have they moved?", len(all))
	}
	return all
}

func TestTheReasonsOfTheTableAreTheShops(t *testing.T) {
	known := declaredReasons(t)
	rules, err := codeRules()
	if err != nil {
		t.Fatal(err)
	}
	for code, rule := range rules {
		if rule.reason != "" && !slices.Contains(known, vend.Reason(rule.reason)) {
			t.Errorf("code %d has reason %q, which the shop does not know", code, rule.reason)
		}
	}
	for _, reason := range []string{reasonUnavailable, reasonTryLater, reasonStands} {
		if !slices.Contains(known, vend.Reason(reason)) {
			t.Errorf("reason %q is not the shop's", reason)
		}
	}
}

func TestASaleThatTheDocumentForbidsIsNotPrepared(t *testing.T) {
	p, _ := simulated(t)
	pin := secret.New(testPIN)
	for name, s := range map[string]vend.Sale{
		"no kind":             {Ref: "A"},
		"another kind":        {Ref: "A", Kind: "electricity"},
		"no reference":        redeemSale("", testPIN),
		"small letters":       redeemSale("abc", testPIN),
		"long reference":      redeemSale("1234567890123456789012345678901", testPIN),
		"no PIN":              redeemSale("A", ""),
		"PIN of 15":           redeemSale("A", testPIN[:15]),
		"redeem an amount":    {Ref: "A", Kind: vend.KindRedeem, PIN: pin, Amount: 1},
		"redeem for a number": {Ref: "A", Kind: vend.KindRedeem, PIN: pin, Target: "27821234567"},
		"redeem a product":    {Ref: "A", Kind: vend.KindRedeem, PIN: pin, Product: "1"},
		"airtime with a PIN":  {Ref: "A", Kind: vend.KindAirtime, Product: "101", Amount: 1, Target: "27821234567", PIN: pin},
		"airtime for nothing": {Ref: "A", Kind: vend.KindAirtime, Product: "101", Target: "27821234567"},
		"airtime to nobody":   {Ref: "A", Kind: vend.KindAirtime, Product: "101", Amount: 1},
		"airtime of nothing":  {Ref: "A", Kind: vend.KindAirtime, Amount: 1, Target: "27821234567"},
	} {
		if _, err := p.Prepare(s); !errors.Is(err, vend.ErrRefused) {
			t.Errorf("%s: error %v, want ErrRefused", name, err)
		}
	}
}

func TestASaleGoesThrough(t *testing.T) {
	p, s := simulated(t)
	r := prepare(t, p, redeemSale("R-1", testPIN))
	if r.Op != "1voucher/redeem" || r.Ref != "R-1" {
		t.Errorf("request %s %s", r.Op, r.Ref)
	}
	a := p.Send(t.Context(), r, vend.Past{})
	if a.Outcome != vend.Delivered || a.Amount != ledger.Rand(50) || a.ProviderRef == "" || a.Alert || a.Person || a.Code != "0" {
		t.Errorf("redemption: %+v", a)
	}
	r = prepare(t, p, airtimeSale("P-1", "27821234567"))
	if r.Op != "cellular/pinless/purchase" {
		t.Errorf("request %s", r.Op)
	}
	a = p.Send(t.Context(), r, vend.Past{})
	if a.Outcome != vend.Delivered || a.Amount != ledger.Rand(10) || a.CallCentre != "082 111" || a.Alert {
		t.Errorf("airtime: %+v", a)
	}
	b := s.Books()
	if b.Float != sandbox.DefaultFloat-10_00 || b.RedemptionBalance != 50_00 {
		t.Errorf("books: float %d, redeemed %d", b.Float, b.RedemptionBalance)
	}
}

func TestASaleSentTwiceIsOneSale(t *testing.T) {
	p, s := simulated(t)
	for _, sale := range []vend.Sale{redeemSale("R-1", testPIN), airtimeSale("P-1", "27821234567")} {
		r := prepare(t, p, sale)
		first := p.Send(t.Context(), r, vend.Past{})
		if diff := cmp.Diff(first, p.Send(t.Context(), r, vend.Past{Again: true})); diff != "" || first.Outcome != vend.Delivered {
			t.Errorf("%s (-first +second):\n%s", sale.Kind, diff)
		}
	}
	if b := s.Books(); b.Float != sandbox.DefaultFloat-10_00 || b.RedemptionBalance != 50_00 {
		t.Errorf("books: float %d, redeemed %d", b.Float, b.RedemptionBalance)
	}
}

// untilProcessed is a context that ends once the simulator has processed a
// reference.
func untilProcessed(t *testing.T, s *sandbox.Sandbox, ref string) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			for _, x := range s.Books().Transactions {
				if x.Reference == ref && x.Status == "success" {
					return
				}
			}
			<-tick.C
		}
	}()
	return ctx
}

func TestEveryFaultLeavesTheSaleUnknownUntilARepetitionFindsIt(t *testing.T) {
	sends := map[int]int{1: 1, 2: 2, 3: 2, 4: 2, 5: 2, 6: 2, 7: 2, 8: 3, 9: 1, 10: 2, 11: 2, 12: 2, 13: 4}
	for fault, want := range sends {
		t.Run(fmt.Sprintf("fault %02d", fault), func(t *testing.T) {
			t.Parallel()
			p, s := simulated(t)
			for _, sale := range []vend.Sale{
				redeemSale("R-1", fmt.Sprintf("7%02d0005000000001", fault)), airtimeSale("P-1", fmt.Sprintf("276000100%02d", fault)),
			} {
				r := prepare(t, p, sale)
				n := 1
				ctx := t.Context()
				if fault == 10 {
					ctx = untilProcessed(t, s, sale.Ref)
				}
				a := p.Send(ctx, r, vend.Past{})
				for ; a.Outcome == vend.Unknown && n < 10; n++ {
					if a.Person || a.Amount != 0 {
						t.Errorf("%s, answer %d: %+v", sale.Kind, n, a)
					}
					a = p.Send(t.Context(), r, vend.Past{Again: true})
				}
				if a.Outcome != vend.Delivered || n != want {
					t.Errorf("%s: %s after %d sendings, want delivered after %d: %+v", sale.Kind, a.Outcome, n, want, a)
				}
			}
			if b := s.Books(); b.Float != sandbox.DefaultFloat-10_00 || b.RedemptionBalance != 50_00 {
				t.Errorf("books: float %d, redeemed %d", b.Float, b.RedemptionBalance)
			}
		})
	}
}

func TestARefusalHasTheShopsReason(t *testing.T) {
	p, s := simulated(t)
	for i, c := range []struct {
		sale   vend.Sale
		reason vend.Reason
		alert  bool
	}{
		{redeemSale("", "6240100000000000"), vend.ReasonVoucherUsed, false},
		{redeemSale("", "6240200000000000"), vend.ReasonVoucherNotFound, false},
		{redeemSale("", "6240300000000000"), vend.ReasonVoucherCancelled, false},
		{redeemSale("", "6240500000000000"), vend.ReasonVoucherExpired, false},
		{redeemSale("", "6267600000000000"), vend.ReasonVoucherNotActive, false},
		{redeemSale("", "1111111111111111"), vend.ReasonVoucherNotFound, false},
		{airtimeSale("", "27600002335"), vend.ReasonNumber, false},
		{airtimeSale("", "27600002337"), vend.ReasonNumberBarred, false},
		{airtimeSale("", "27600002355"), vend.ReasonNumberUnreg, false},
		{airtimeSale("", "27600002368"), vend.ReasonWrongNetwork, false},
		{airtimeSale("", "27600002354"), vend.ReasonCustomerInactive, false},
		{airtimeSale("", "27600002103"), vend.ReasonAmount, false},
		{airtimeSale("", "27600002341"), vend.ReasonAmountLow, false},
		{airtimeSale("", "27600002350"), vend.ReasonAmountHigh, false},
		{airtimeSale("", "27600002101"), vend.ReasonProductGone, true},
		{airtimeSale("", "27600002318"), vend.ReasonTryLater, false},
		{airtimeSale("", "27600002003"), vend.ReasonUnavailable, true},
		{airtimeSale("", "27600003704"), vend.ReasonUnavailable, true},
	} {
		c.sale.Ref = fmt.Sprintf("S-%d", i)
		a := p.Send(t.Context(), prepare(t, p, c.sale), vend.Past{})
		if a.Outcome != vend.Declined || a.Reason != c.reason || a.Alert != c.alert {
			t.Errorf("sale %d: %+v, want %s", i, a, c.reason)
		}
	}
	if b := s.Books(); b.Float != sandbox.DefaultFloat || b.RedemptionBalance != 0 {
		t.Errorf("books: float %d, redeemed %d", b.Float, b.RedemptionBalance)
	}
}

func TestUnknownIsSticky(t *testing.T) {
	p, _ := simulated(t)
	for i, code := range []string{"2003", "2318", "2373", "2001", "2201", "3704"} { // the last makes the client pause
		p := p
		if code == "3704" {
			p, _ = simulated(t)
		}
		r := prepare(t, p, airtimeSale(fmt.Sprintf("P-%d", i), "2760000"+code))
		if a := p.Send(t.Context(), r, vend.Past{Again: true}); a.Outcome != vend.Unknown || a.Reason != "" || a.Code != code {
			t.Errorf("%s: %+v", code, a)
		}
	}
	r := prepare(t, p, redeemSale("R-1", "6240100000000000"))
	if a := p.Send(t.Context(), r, vend.Past{Again: true}); a.Outcome != vend.Unknown {
		t.Errorf("used already, sent again: %+v", a)
	}
	r = prepare(t, p, redeemSale("R-2", "6240500000000000"))
	if a := p.Send(t.Context(), r, vend.Past{Again: true}); a.Outcome != vend.Declined || a.Reason != vend.ReasonVoucherExpired {
		t.Errorf("expired, sent again: %+v", a)
	}
}

func TestAHostThatIsNotThereDeclinesTheFirstSendingOnly(t *testing.T) {
	p, _ := simulated(t)
	if err := p.client.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := prepare(t, p, airtimeSale("P-1", "27821234567"))
	p.client.base = provider.Nobody
	if a := p.Send(t.Context(), r, vend.Past{}); a.Outcome != vend.Declined || a.Reason != vend.ReasonTryLater {
		t.Errorf("first: %+v", a)
	}
	if a := p.Send(t.Context(), r, vend.Past{Again: true}); a.Outcome != vend.Unknown {
		t.Errorf("again: %+v", a)
	}
}

func TestARequestThatIsNotItsOwnIsNotSent(t *testing.T) {
	p, s := simulated(t)
	good := prepare(t, p, airtimeSale("P-1", "27821234567"))
	for name, change := range map[string]func(*vend.Request){
		"other reference": func(r *vend.Request) { r.Ref = "P-2" },
		"no reference":    func(r *vend.Request) { r.Ref = "" },
		"no body":         func(r *vend.Request) { r.Body = secret.Text{} },
		"garbage":         func(r *vend.Request) { r.Body = secret.New("{") },
		"other operation": func(r *vend.Request) { r.Op = "cellular/pinless/refund" },
		"no operation":    func(r *vend.Request) { r.Op = "" },
	} {
		r := good
		change(&r)
		if a := p.Send(t.Context(), r, vend.Past{}); a.Outcome != vend.Declined || a.Reason != vend.ReasonUnavailable || !a.Alert {
			t.Errorf("%s, first: %+v", name, a)
		}
		if a := p.Send(t.Context(), r, vend.Past{Again: true}); a.Outcome != vend.Unknown || !a.Alert {
			t.Errorf("%s, again: %+v", name, a)
		}
	}
	if n := s.Books().Counts["requests"]; n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestAnExpiredOrRevokedTokenDisturbsNoSale(t *testing.T) {
	p, s := simulated(t)
	for i := range 3 {
		s.RevokeTokens()
		a := p.Send(t.Context(), prepare(t, p, airtimeSale(fmt.Sprintf("P-%d", i), "27821234567")), vend.Past{})
		if a.Outcome != vend.Delivered {
			t.Errorf("sale %d: %+v", i, a)
		}
	}
}

func TestAClosedContextSettlesNothingThatWasSent(t *testing.T) {
	p, s := simulated(t)
	r := prepare(t, p, airtimeSale("P-1", "27600010010")) // never answers
	if a := p.Send(untilProcessed(t, s, "P-1"), r, vend.Past{}); a.Outcome != vend.Unknown {
		t.Errorf("%+v", a)
	}
	if a := p.Send(t.Context(), r, vend.Past{Again: true}); a.Outcome != vend.Delivered {
		t.Errorf("again: %+v", a)
	}
}
