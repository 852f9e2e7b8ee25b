package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"spaza/flashapi"
	"spaza/flashapi/sandbox"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// why is a reason, and who gives it.
var why = []string{"--reason=asked by the customer", "--by=lerato"}

// orders runs a command on orders, with a reason.
func (s *counter) orders(args ...string) []string {
	return append(append([]string{"orders"}, args...), why...)
}

// wantBalance checks what a customer has.
func (s *counter) wantBalance(number string, available, held ledger.Cents) {
	s.t.Helper()
	got, err := s.sql.Balance(s.t.Context(), "C-"+number[8:])
	s.must(err)
	if want := (vend.Balance{Available: available, Held: held}); got != want {
		s.t.Errorf("balance of %s: %+v, want %+v", masked(number), got, want)
	}
}

func TestSalesWhoseAnswersAreLostAreDecidedFromTheCommandLine(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(thandi, 100_00)
		simulator := sandbox.New(sandbox.Options{})
		srv := httptest.NewServer(simulator)
		defer srv.Close()
		client, err := flashapi.New(flashapi.Options{
			BaseURL: srv.URL, APIKey: secret.New(sandbox.DefaultAPIKey), AccountNumber: sandbox.DefaultAccount, StoreID: "S1", TerminalID: "T1",
		})
		s.must(err)
		defer client.Close()
		provider := flashapi.NewProvider(client, flashapi.ProviderOptions{})
		float := simulator.Books().Float

		s.buy(provider, airtime(ref("AAAAAA"), thandi, "27600010003", 20_00)) // sold, its answer is lost
		s.buy(provider, airtime(ref("BBBBBB"), thandi, "27600010002", 30_00)) // lost on the way there
		s.work(provider, s.now)
		srv.CloseClientConnections()
		srv.Close() // and now the provider is away
		for _, last := range []string{"AAAAAA", "BBBBBB"} {
			if got := s.state(ref(last)); got != vend.StateUnknown {
				t.Fatalf("%s is %s", last, got)
			}
			s.fails(1, "cannot be decided now", s.orders("resolve", last, "--as=vended")...)
		}
		s.work(provider, s.now.Add(time.Hour))
		if got := s.found("--state=person"); got != "BA" {
			t.Fatalf("found %q", got)
		}
		s.wantBalance(thandi, 50_00, 50_00)
		if sold := float - simulator.Books().Float; sold != 20_00 {
			t.Fatalf("the provider sold for %d", sold)
		}

		out := s.ok(s.orders("resolve", "AAAAAA", "--as=vended", "--provider-ref=4711", "--state=person")...)
		if !strings.Contains(out, "decided: vended") || !strings.Contains(out, "captured") || !strings.Contains(out, "float at the provider") {
			t.Error(out)
		}
		out = s.ok(s.orders("resolve", "bbbbbb", "--as=not_vended")...)
		if !strings.Contains(out, "decided: refused") || !strings.Contains(out, "released") {
			t.Error(out)
		}
		s.wantBalance(thandi, 80_00, 0)
		s.sound()
		if got := s.found("--provider-ref=4711"); got != "A" {
			t.Errorf("by the provider's number: %q", got)
		}
		for _, last := range []string{"AAAAAA", "BBBBBB"} {
			if out := s.ok("orders", "show", last); !strings.Contains(out, "lerato decided: ") || !strings.Contains(out, "message of how it ended: waits") {
				t.Error(out)
			}
			s.fails(1, "nothing was changed", s.orders("resolve", last, "--as=not_vended")...)
		}
		want := []string{
			"lerato: resolve " + ref("BBBBBB") + " as not_vended: refused: order " + ref("BBBBBB") + ": it is decided already; nothing was changed (asked by the customer)",
			"lerato: resolve " + ref("BBBBBB") + " as not_vended (asked by the customer)",
		}
		if diff := gocmp.Diff(want, s.acts()[:2]); diff != "" {
			t.Error(diff)
		}
	})
}

// person is an order of a kind that needs a person, its money held, or spent.
func (s *counter) person(last string, kind vend.Kind, spent bool) {
	s.t.Helper()
	p := vend.Purchase{Ref: ref(last), MSISDN: thandi, Amount: 10_00, Product: vend.Product{Code: "1", Kind: kind, Vendor: "V", Min: 1, Max: 100_00}}
	switch kind {
	case vend.KindElectricity:
		p.Target = "14000000019"
	case vend.KindAirtime:
		p.Target = thandi
	}
	if kind == vend.KindRedeem {
		ctx, service := s.service(s)
		_, err := service.Redeem(ctx, vend.Redemption{Ref: ref(last), MSISDN: thandi, PIN: secret.New("999988887777" + last[:4])})
		s.must(err)
	} else {
		s.buy(s, p)
	}
	s.answers = []vend.Answer{{Person: true}}
	if spent {
		s.answers = []vend.Answer{{Owed: true, Code: "0"}, {Person: true}}
	}
	s.work(s, s.now.Add(time.Minute))
	if got := s.state(ref(last)); got != vend.StatePerson {
		s.t.Fatalf("%s is %s", last, got)
	}
}

func TestEveryDecisionMovesTheMoneyThatItSays(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(thandi, 100_00)
		cents := ledger.Cents(100_00)
		for i, c := range []struct {
			kind  vend.Kind
			spent bool
			args  string
			in    string
			moved ledger.Cents // from before the sale
			say   string
		}{
			{kind: vend.KindAirtime, args: "--as=not_vended", say: "released"},
			{kind: vend.KindAirtime, args: "--as=vended", moved: -10_00, say: "captured"},
			{kind: vend.KindVoucher, args: "--as=vended --pin-stdin", in: "1111 2222 3333 4444\n", moved: -10_00, say: "captured"},
			{kind: vend.KindGift, args: "--as=vended --pin-stdin", in: "abc-12345", moved: -10_00, say: "captured"},
			{kind: vend.KindCashOut, args: "--as=vended --no-goods", moved: -10_00, say: "captured"},
			{
				kind: vend.KindElectricity, args: "--as=vended --token-stdin", moved: -10_00, say: "captured",
				in: "key 1111 2222 3333 4444 5555\n\nKEY 22223333444455556666\n3333-4444-5555-6666-7777\n",
			},
			{kind: vend.KindElectricity, spent: true, args: "--as=not_vended --bears=operator", say: "operator's loss -> customer's balance"},
			{kind: vend.KindElectricity, spent: true, args: "--as=not_vended --bears=provider", say: "float at the provider -> customer's balance"},
			{kind: vend.KindElectricity, spent: true, args: "--as=vended --no-goods", moved: -10_00, say: "decided: vended"},
			{kind: vend.KindRedeem, args: "--as=vended --amount=R25,50", moved: 25_50, say: "redeemed"},
			{kind: vend.KindRedeem, args: "--as=not_vended", say: "decided: refused"},
		} {
			last := strings.Repeat(string(rune('A'+i+i/8)), 6) // no I
			s.person(last, c.kind, c.spent)
			status, out, errs := s.feed(c.in, s.orders(append([]string{"resolve", last}, strings.Fields(c.args)...)...)...)
			if status != 0 || !strings.Contains(out, c.say) {
				t.Errorf("%s %s: status %d: %s%s", c.kind, c.args, status, out, errs)
			}
			cents += c.moved
			s.wantBalance(thandi, cents, 0)
			s.sound()
			if c.in == "" {
				continue
			}
			goods := s.ok(s.orders("show", last, "--goods")...)
			for _, secret := range regexp.MustCompile(`\d[\d -]{15,}\d|12345`).FindAllString(c.in, -1) {
				if !strings.Contains(goods, withoutBlanks(secret)) {
					t.Errorf("%s: %s is not in\n%s", c.kind, secret, goods)
				}
			}
			if plainly := s.ok("orders", "show", last); strings.Contains(plainly, "3333") || strings.Contains(plainly, "12345") {
				t.Errorf("shown to everybody:\n%s", plainly)
			}
		}
	})
}

func TestADecisionThatDoesNotFitIsRefusedAndChangesNothing(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(thandi, 100_00)
		s.person("AAAAAA", vend.KindAirtime, false)
		s.person("VVVVVV", vend.KindVoucher, false)
		s.person("EEEEEE", vend.KindElectricity, true)
		s.person("RRRRRR", vend.KindRedeem, false)
		before := s.ok("orders", "export", "--from=2025-06-01", "--reason=x")
		for _, c := range []struct {
			status          int
			say, args, feed string
		}{
			{2, "say what you decide", "AAAAAA", ""},
			{2, "is no decision", "AAAAAA --as=sold", ""},
			{2, "is no state", "AAAAAA --as=vended --state=odd", ""},
			{2, "--bears is", "AAAAAA --as=not_vended --bears=me", ""},
			{2, "is not clear", "RRRRRR --as=vended --amount=1,234", ""},
			{2, "costs R10", "AAAAAA --as=vended --amount=R10", ""},
			{2, "has no PIN", "AAAAAA --as=vended --pin-stdin", "1234"},
			{2, "has no tokens", "VVVVVV --as=vended --token-stdin", "1234"},
			{2, "belongs to --as vended", "VVVVVV --as=not_vended --pin-stdin", "1234"},
			{2, "not both", "VVVVVV --as=vended --pin-stdin --token-stdin", ""},
			{2, "nothing in hand", "VVVVVV --as=vended", ""},
			{2, "16 digits", "VVVVVV --as=vended --pin-stdin", "123412341234123"},
			{2, "there are 2", "VVVVVV --as=vended --pin-stdin", "1234\n5678"},
			{2, "line 2", "EEEEEE --as=vended --token-stdin", "11112222333344445555\n1234"},
			{2, "no token for units", "EEEEEE --as=vended --token-stdin", "key 11112222333344445555"},
			{2, "what the voucher was worth", "RRRRRR --as=vended", ""},
			{1, "--bears provider or --bears operator", "EEEEEE --as=not_vended", ""},
			{1, "it needs a person first", "AAAAAA --as=reversed", ""},
			{1, "has moved since you looked", "AAAAAA --as=vended --state=unknown", ""},
			{1, "there is no order", "ZZZZZZ --as=vended", ""},
		} {
			status, out, errs := s.feed(c.feed, s.orders(append([]string{"resolve"}, strings.Fields(c.args)...)...)...)
			if status != c.status || !strings.Contains(errs, c.say) || c.feed != "" && strings.Contains(errs, c.feed) {
				t.Errorf("%s: status %d, want %d: %s%s", c.args, status, c.status, out, errs)
			}
		}
		for _, reason := range []string{"", "  ", strings.Repeat("long ", 60), "gave 1111 2222 3333 4444", "caf\xe9"} {
			if status, _, errs := s.run("orders", "resolve", "AAAAAA", "--as=not_vended", "--reason="+reason); status != 2 || strings.Contains(errs, "4444") {
				t.Errorf("for the reason %q: status %d: %s", reason, status, errs)
			}
		}
		if after := s.ok("orders", "export", "--from=2025-06-01", "--reason=x"); after != before {
			t.Error(gocmp.Diff(before, after))
		}
		s.sound()
	})
}

func TestWhatEndedWrongIsPutRight(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(thandi, 100_00)
		s.buy(s, airtime(ref("AAAAAA"), thandi, thandi, 10_00))
		s.answers = []vend.Answer{{Outcome: vend.Delivered, Code: "0"}}
		s.work(s, s.now)
		s.buy(s, airtime(ref("BBBBBB"), thandi, thandi, 10_00))
		s.answers = []vend.Answer{{Outcome: vend.Declined, Reason: vend.ReasonTryLater, Code: "1"}}
		s.work(s, s.now)
		s.wantBalance(thandi, 90_00, 0)
		// The provider has undone the first, and sold the second.
		if out := s.ok(s.orders("resolve", "AAAAAA", "--as=reversed")...); !strings.Contains(out, "float at the provider -> customer's balance") {
			t.Error(out)
		}
		if out := s.ok(s.orders("resolve", "BBBBBB", "--as=vended")...); !strings.Contains(out, "operator's loss -> float at the provider") {
			t.Error(out)
		}
		s.wantBalance(thandi, 100_00, 0)
		s.sound()
		s.fails(1, "nothing of it is outstanding", s.orders("resend", "AAAAAA")...)
	})
}

func TestAskingAgainHurriesWhatWaits(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.now = time.Now()
		s.customer(thandi, 100_00)
		s.buy(s, airtime(ref("AAAAAA"), thandi, thandi, 10_00))
		s.work(s, s.now.Add(10*time.Second)) // the next try is 22 seconds after the first
		if out := s.ok(s.orders("resend", "AAAAAA")...); !strings.Contains(out, "asks the provider again at once") {
			t.Error(out)
		}
		list, err := s.sql.OrderJobs(t.Context(), ref("AAAAAA"))
		s.must(err)
		if len(list) != 1 || list[0].RunAt.After(time.Now()) {
			t.Errorf("%+v", list)
		}
		s.answers = []vend.Answer{{Outcome: vend.Delivered, Code: "0"}}
		s.work(s, s.now.Add(10*time.Second)) // still before the next try was due
		if got := s.state(ref("AAAAAA")); got != vend.StateDelivered {
			t.Errorf("it is %s", got)
		}
		if out := s.ok(s.orders("resend", "AAAAAA")...); !strings.Contains(out, "its message goes out again") {
			t.Error(out)
		}

		// What a person has is handed back, as long as it may be sent.
		s.person("BBBBBB", vend.KindAirtime, false)
		if out := s.ok(s.orders("resend", "BBBBBB")...); !strings.Contains(out, "handed back to the service") || s.state(ref("BBBBBB")) != vend.StateUnknown {
			t.Error(out)
		}
		s.now = opening
		s.person("CCCCCC", vend.KindAirtime, false)
		s.fails(1, "the time in which it may be sent again is over; nothing was changed", s.orders("resend", "CCCCCC")...)
		if acts := s.acts(); !strings.Contains(acts[0], "resend "+ref("CCCCCC")+": refused: ") || !strings.Contains(acts[1], "resend "+ref("CCCCCC")+" (") {
			t.Error(acts[:2])
		}
	})
}

var written = regexp.MustCompile(`under (P-[2-9A-Z]{20})`)

func TestARefundIsWrittenForTheServiceAndNotTwiceByMistake(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.now = time.Now()
		s.customer(thandi, 100_00)
		s.fails(1, "has never bought here", s.orders("refund", "0831112222", "R50")...)
		s.fails(1, "has R100 to spend", s.orders("refund", "0821234567", "R100.01")...)
		s.fails(2, "not a phone number", s.orders("refund", "12", "R50")...)
		s.fails(2, "is not clear", s.orders("refund", "0821234567", "50.5")...)
		s.fails(2, "--wait is", s.orders("refund", "0821234567", "50", "--wait=1ms")...)
		s.fails(2, "say why", "orders", "refund", "0821234567", "50")
		out := s.ok(s.orders("refund", "+27 82 123 4567", "R 30.00", "--wait=1s")...)
		m := written.FindStringSubmatch(out)
		if m == nil || !strings.Contains(out, "no service has begun it yet") || s.state(m[1]) != vend.StateConfirmed {
			t.Fatal(out)
		}
		s.wantBalance(thandi, 70_00, 30_00)
		s.fails(1, "there is a refund "+m[1], s.orders("refund", "0821234567", "R30")...)
		s.answers = []vend.Answer{{Outcome: vend.Delivered, Amount: 30_00, Goods: vend.Goods{Voucher: &vend.Voucher{PIN: secret.New("4321432143214321")}}}}
		s.work(s, s.now.Add(time.Minute))
		s.wantBalance(thandi, 70_00, 0)
		s.fails(1, "--again", s.orders("refund", "0821234567", "R30")...)
		s.ok(s.orders("refund", "0821234567", "R30", "--again", "--wait=1s")...)
		s.wantBalance(thandi, 40_00, 30_00)
		s.sound()
		if acts := strings.Join(s.acts(), "\n"); strings.Contains(acts, "123456") || !strings.Contains(acts, "lerato: refund R30 to *4567 by "+m[1]) {
			t.Error(acts)
		}
	})
}

// redeem has the running service take in a voucher of the simulator's.
func (s *counter) redeem(pin string) {
	s.t.Helper()
	d, err := openDesk(s.t.Context(), console{environ: s.environ})
	s.must(err)
	defer d.close()
	till, free, err := d.sellingTill(s.t.Context())
	s.must(err)
	defer free()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	o, err := till.Redeem(ctx, vend.Redemption{Ref: vend.NewRef(vend.KindRedeem, s.now), MSISDN: thandi, PIN: secret.New(pin), Channel: "test"})
	if err != nil || !o.Done() {
		s.t.Fatalf("the voucher is %s, %v", o.State, err)
	}
}

func TestTheRunningServiceDoesWhatTheDeskWrites(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.now = time.Now()
		s.customer(thandi, 0)
		said, ok := serving(t, s.environ, func() {
			s.redeem("5001000000000001")
			s.wantBalance(thandi, 100_00, 0)
			out := s.ok(s.orders("refund", "0821234567", "50", "--wait=1m")...)
			m := written.FindStringSubmatch(out)
			if m == nil || !strings.Contains(out, "is done") {
				t.Fatal(out)
			}
			s.wantBalance(thandi, 50_00, 0)
			if out := s.ok("orders", "show", m[1]); !strings.Contains(out, "lerato asked for it: asked by the customer") {
				t.Error(out)
			}
			if out := s.ok(s.orders("show", m[1], "--goods")...); !regexp.MustCompile(`PIN \d{16}\b`).MatchString(out) {
				t.Error(out)
			}
			out = s.ok(s.orders("reverse", vend.ShortRef(m[1]), "--wait=1m")...)
			undo := written.FindStringSubmatch(out)
			if undo == nil || !strings.Contains(out, "The reversal of "+m[1]+" is done") || s.state(m[1]) != vend.StateReversed {
				t.Fatal(out)
			}
			s.wantBalance(thandi, 100_00, 0)
			s.fails(1, "did not happen, or was undone", s.orders("reverse", m[1])...)
			if out := s.ok("orders", "show", m[1]); !strings.Contains(out, "Reversals\n  "+undo[1]) || !strings.Contains(out, "undone by "+undo[1]) {
				t.Error(out)
			}
			eventually(t, "the message of the refund", func() bool {
				list, err := s.sql.OrderJobs(t.Context(), m[1])
				s.must(err)
				return len(list) == 0
			})
		})
		if !ok {
			t.Fatal(said)
		}
		s.buy(s, airtime(ref("AAAAAA"), thandi, thandi, 10_00))
		s.answers = []vend.Answer{{Outcome: vend.Delivered}}
		s.work(s, s.now)
		s.fails(1, "cannot be undone at the provider; nothing was sent", s.orders("reverse", "AAAAAA")...)
		s.sound()
	})
}

func TestActsAreListedNewestFirst(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.fails(1, "nobody has done anything", "orders", "acts")
		for i := range 3 {
			s.must(s.sql.AddAct(t.Context(), actOf(i)))
		}
		s.golden("acts.txt", s.ok("orders", "acts"))
		out := s.ok("orders", "acts", "--limit=1", "--before=3", "--json")
		if !strings.Contains(out, `"what": "resend P-1"`) || strings.Contains(out, "P-2") || strings.Contains(out, "P-0") {
			t.Error(out)
		}
		if !strings.Contains(fmt.Sprint(s.run("orders", "acts", "--limit=0")), "--limit is") {
			t.Error("a limit of nothing")
		}
	})
}
