package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"spaza/secret"
	"spaza/vend"
)

// busy is a counter after an afternoon: orders of every sort.
func busy(s *counter) {
	s.t.Helper()
	s.customer(thandi, 500_00)
	s.customer(sipho, 300_00)

	s.buy(s, airtime(ref("AAAAAA"), thandi, thandi, 12_50))
	s.answers = []vend.Answer{{Outcome: vend.Delivered, ProviderRef: "770001", Code: "0", CallCentre: "082135"}}
	s.work(s, s.now.Add(time.Minute))
	s.post()

	s.buy(s, vend.Purchase{
		Ref: ref("BBBBBB"), MSISDN: thandi, Amount: 100_00, Target: "14000000019", Channel: "africastalking",
		Product: vend.Product{Code: "311", Kind: vend.KindElectricity, Vendor: "Eskom Prepaid Electricity", Min: 10_00, Max: 1000_00},
	})
	s.answers = []vend.Answer{{Outcome: vend.Delivered, ProviderRef: "770002", Code: "0", Goods: vend.Goods{Utility: &vend.Utility{
		Meter: "14000000019", Units: "43.2", Unit: "kWh", Receipt: "R-1",
		Tokens: []vend.Token{{Use: vend.TokenCredit, Label: "Normal", Value: secret.New("11112222333344445555")}},
	}}}}
	s.work(s, s.now.Add(time.Minute))
	s.post()

	s.buy(s, airtime(ref("CCCCCC"), sipho, thandi, 29_00))
	s.answers = []vend.Answer{{Outcome: vend.Declined, Reason: vend.ReasonWrongNetwork, Code: "2368", Detail: "not on this network"}}
	s.work(s, s.now.Add(time.Minute))
	s.post()

	s.buy(s, airtime(ref("DDDDDD"), sipho, thandi, 50_00))
	s.work(s, s.now.Add(40*time.Minute)) // never a clear answer
	s.post()

	s.buy(s, airtime(ref("EEEEEE"), thandi, sipho, 20_00))
	s.work(s, s.now.Add(10*time.Second)) // still being asked
}

func TestAListTellsWhatANumberBoughtFromWhatItGot(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		busy(s)
		out := s.ok("orders", "list", "--msisdn", "082 123 4567")
		s.golden("list_number.txt", out)
		for line := range strings.SplitSeq(out, "\n") {
			if n := utf8.RuneCountInString(line); n > 100 {
				t.Errorf("%d columns: %s", n, line)
			}
		}
		if strings.Contains(out, sipho[2:]) || strings.Contains(out, "14000000019") {
			t.Error("a number of somebody else is not masked")
		}
		for _, spelling := range []string{thandi, "+27821234567", "0027 82 123-4567"} {
			if again := s.ok("orders", "list", "--msisdn", spelling); again != out {
				t.Errorf("%s: %s", spelling, gocmp.Diff(out, again))
			}
		}
		s.golden("list_number.json", s.ok("orders", "list", "--msisdn", thandi, "--json"))
	})
}

// found is the last letters of the references that a list finds.
func (s *counter) found(args ...string) string {
	s.t.Helper()
	status, out, errs := s.run(append([]string{"orders", "list", "--json"}, args...)...)
	var list []struct{ Ref string }
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		s.t.Fatalf("%v: %v\n%s%s", args, err, out, errs)
	}
	if want := min(len(list), 1); status != 1-want {
		s.t.Errorf("%v: status %d for %d orders: %s", args, status, len(list), errs)
	}
	var letters []byte
	for _, o := range list {
		letters = append(letters, o.Ref[len(o.Ref)-1])
	}
	return string(letters)
}

func TestOrdersAreFoundByWhateverACustomerOrTheProviderReadsOut(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		busy(s)
		for _, c := range []struct{ args, want string }{
			{"--from=2025-06-10", "EDCBA"},
			{"--from=2025/06/10 --to=2025-06-10", "EDCBA"},
			{"--from=2025-06-11", ""},
			{"--from=2020-01-01 --to=2025-06-09", ""},
			{"--from=2020-01-01 --limit=2", "ED"},
			{"", ""}, // of the last month
			{"--ref=CCCCCC", "C"},
			{"--ref=cc-cccc", "C"},
			{"--ref=" + ref("CCCCCC"), "C"},
			{"--ref=" + strings.ToLower(strings.ReplaceAll(ref("CCCCCC"), "-", "")), "C"},
			{"--ref=ZZZZZZ", ""},
			{"--provider-ref=770002", "B"},
			{"--provider-ref=none", ""},
			{"--meter=1400-0000-019", "B"},
			{"--target=14000000019", "B"},
			{"--target=0831112222", "E"},
			{"--msisdn=0831112222", "DCE"},
			{"--msisdn=0831112222 --state=declined", "C"},
			{"--msisdn=0821234567 --kind=electricity", "B"},
			{"--msisdn=0829999999", ""},
			{"--state=open", "ED"},
			{"--state=unknown,person", "ED"},
			{"--state=unknown --state=declined --from=2025-06-01", "EC"},
			{"--kind=electricity,refund --from=2025-06-01", "B"},
			{"--older=10m", "ED"},
			{"--older=2d --state=delivered --from=2025-06-01", "BA"},
		} {
			if got := s.found(strings.Fields(c.args)...); got != c.want {
				t.Errorf("%s: found %q, want %q", c.args, got, c.want)
			}
		}
	})
}

func TestAListThatAsksForNothingInParticularSaysHowFarItWentBack(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		busy(s)
		s.fails(1, "Looked at the last 31 days", "orders", "list")
		s.fails(1, "no such order", "orders", "list", "--ref=ZZZZZZ")
		if _, _, errs := s.run("orders", "list", "--state=person"); errs != "" {
			t.Error(errs)
		}
	})
}

func TestWhatCannotBeReadIsRefusedWithStatusTwo(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		for say, args := range map[string]string{
			"not a phone number":      "--msisdn=12",
			"no reference":            "--ref=AB",
			"no 0, O, 1 or I":         "--ref=ABCDE0",
			"no state":                "--state=lost",
			"no kind":                 "--kind=beer",
			"no day":                  "--from=lately",
			"no length of time":       "--older=long",
			"not both":                "--meter=1 --target=2",
			"--limit is":              "--limit=0",
			"say why":                 "--unmask",
			"unknown flag --nonsense": "--nonsense",
		} {
			s.fails(2, say, append([]string{"orders", "list"}, strings.Fields(args)...)...)
		}
	})
	s := &counter{t: t, environ: set("SPAZA_DATA_DIR=" + t.TempDir())}
	s.fails(2, "there is no", "orders", "list")
	s.environ = set("SPAZA_ENV=nowhere")
	s.fails(2, "the configuration is not usable", "orders", "list")
}

func TestWholeNumbersAreShownForAReasonThatIsKept(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		busy(s)
		out := s.ok("orders", "list", "--msisdn=0821234567", "--unmask", "--reason=caller  verified", "--by=lerato")
		s.golden("list_unmasked.txt", out)
		want := []string{"lerato: list orders, unmasked: number *4567 (caller verified)"}
		if diff := gocmp.Diff(want, s.acts()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOneOrderIsShownWithAllThatIsKnownOfIt(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		busy(s)
		for _, last := range []string{"AAAAAA", "BBBBBB", "CCCCCC", "DDDDDD"} {
			out := s.ok("orders", "show", last)
			s.golden("show_"+last+".txt", out)
			if strings.Contains(out, "1111222233334444") || strings.Contains(out, sipho[2:]) || strings.Contains(out, "14000000019") {
				t.Errorf("%s shows too much", last)
			}
		}
		out := s.ok("orders", "show", "EEEEEE")
		s.golden("show_EEEEEE.txt", out)
		out = s.ok("orders", "show", ref("BBBBBB"), "--json")
		s.golden("show_BBBBBB.json", out)
		s.fails(1, "there is no order whose reference ends in ZZZZZZ", "orders", "show", "ZZZZZZ")
		s.fails(1, "there is no order "+ref("ZZZZZZ"), "orders", "show", ref("ZZZZZZ"))
	})
}

func TestGoodsAreShownForAReasonThatIsKeptWithTheOrder(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		busy(s)
		s.fails(2, "say why", "orders", "show", "BBBBBB", "--goods")
		s.fails(1, "has nothing to hand over", "orders", "show", "AAAAAA", "--goods", "--reason=x")
		for _, args := range [][]string{{}, {"--json"}} {
			args = append([]string{"orders", "show", "BBBBBB", "--goods", "--reason=SMS got lost", "--by=lerato"}, args...)
			if out := s.ok(args...); !strings.Contains(out, "11112222333344445555") || !strings.Contains(out, "lerato looked at it: with its goods: SMS got lost") {
				t.Error(out)
			}
		}
		out := s.ok("orders", "show", "BBBBBB", "--unmask", "--reason=to tell the meter", "--by=lerato")
		if !strings.Contains(out, "14000000019") || strings.Contains(out, "11112222333344445555") {
			t.Error(out)
		}
		want := []string{
			"lerato: show " + ref("BBBBBB") + ", unmasked (to tell the meter)",
			"lerato: show " + ref("BBBBBB") + ", with its goods (SMS got lost)",
			"lerato: show " + ref("BBBBBB") + ", with its goods (SMS got lost)",
		}
		if diff := gocmp.Diff(want, s.acts()); diff != "" {
			t.Error(diff)
		}
		// Commands change no key, and open none that they have not.
		s.environ = append(s.environ, "SPAZA_SECRET_KEY="+secret.NewKey())
		s.fails(2, "SPAZA_SECRET_KEY_OLD", "orders", "show", "BBBBBB", "--goods", "--reason=x")
		s.ok("orders", "show", "BBBBBB")
	})
}

func TestGoodsOfASaleThatIsNotDecidedAreNobodys(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(thandi, 100_00)
		s.buy(s, vend.Purchase{
			Ref: ref("BBBBBB"), MSISDN: thandi, Amount: 50_00,
			Product: vend.Product{Code: "1", Kind: vend.KindVoucher, Min: 5_00, Max: 1000_00},
		})
		s.answers = []vend.Answer{{Person: true, Goods: vend.Goods{Voucher: &vend.Voucher{PIN: secret.New("1234123412341234")}}}}
		s.work(s, s.now.Add(time.Minute))
		s.fails(1, "what came with it is not the customer's", "orders", "show", "BBBBBB", "--goods", "--reason=x")
		if acts := s.acts(); len(acts) > 0 {
			t.Error(acts)
		}
	})
}

func TestWhatAProviderSaysDoesNotReachTheTerminalRaw(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(thandi, 100_00)
		p := airtime(ref("AAAAAA"), thandi, thandi, 5_00)
		p.Product.Vendor = "Voda\x1b[31m\u202e=com"
		s.buy(s, p)
		s.answers = []vend.Answer{{Outcome: vend.Declined, Code: "\x9b2J", Detail: "a\r\nb\x07 \x1b]0;title\x07 caf\u00e9 \u0085"}}
		s.work(s, s.now.Add(time.Minute))
		for _, args := range []string{"list --from=2025-06-01", "list --from=2025-06-01 --json", "show AAAAAA", "show AAAAAA --json", "export --reason=x", "export --reason=x --json"} {
			out := s.ok(append([]string{"orders"}, strings.Fields(args)...)...)
			if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && plain(string(r)) != string(r) }); i >= 0 {
				t.Errorf("%s prints %q", args, out[max(0, i-20):min(len(out), i+20)])
			}
			if strings.HasPrefix(args, "show") && !strings.Contains(out, "café") {
				t.Errorf("%s hides what is harmless:\n%s", args, out)
			}
		}
	})
}

func TestASixLetterReferenceOfTwoOrdersIsAskedBack(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(thandi, 100_00)
		other := strings.Replace(ref("AAAAAA"), "7X", "8X", 1)
		s.buy(s, airtime(ref("AAAAAA"), thandi, thandi, 5_00))
		s.buy(s, airtime(other, thandi, thandi, 6_00))
		s.fails(1, "2 orders end in AAAAAA", "orders", "show", "AAAAAA")
		s.fails(1, other, "orders", "resend", "AAAAAA", "--reason=x")
		s.ok("orders", "show", other)
		if acts := s.acts(); len(acts) > 0 {
			t.Error(acts)
		}
	})
}

func TestExportsAreWholeAndFitForASpreadsheet(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		busy(s)
		p := airtime(ref("FFFFFF"), thandi, thandi, 5_00)
		p.Product.Vendor = "=HYPERLINK(\"http://evil\")"
		s.buy(s, p)
		s.fails(2, "say why", "orders", "export")
		s.fails(2, "not both", "orders", "export", "--csv", "--json", "--reason=x")
		s.golden("export.csv", s.ok("orders", "export", "--from=2025-06-01", "--reason=books of June", "--by=lerato"))
		out := s.ok("orders", "export", "--msisdn=0821234567", "--unmask", "--json", "--reason=the provider asks", "--by=lerato")
		s.golden("export.jsonl", out)
		if strings.Contains(out, "1111222233334444") || !strings.Contains(out, thandi) {
			t.Error("the wrong things are shown")
		}
		want := []string{
			"lerato: export orders, unmasked: number *4567 (the provider asks)",
			"lerato: export orders: from 2025-06-01 (books of June)",
		}
		if diff := gocmp.Diff(want, s.acts()); diff != "" {
			t.Error(diff)
		}
		// Only the heading, and status 1, where there is nothing.
		if status, out, _ := s.run("orders", "export", "--from=today", "--to=yesterday", "--reason=x"); status != 1 || strings.Count(out, "\n") != 1 {
			t.Errorf("status %d: %s", status, out)
		}
	})
}

func TestAnExportGoesOnPastAPage(t *testing.T) {
	inEachCounter(t, func(s *counter) {
		s.customer(thandi, 0)
		const n = 2*pageSize + 3
		var want []string
		s.must(s.sql.InTx(t.Context(), func(tx vend.Tx) error {
			want = nil
			for i := range n {
				o := vend.Order{
					Ref: fmt.Sprintf("P-%020d", i), Kind: vend.KindAirtime, Customer: "C-567", State: vend.StateDeclined,
					CreatedAt: opening.Add(time.Duration(i/7) * time.Second),
				}
				want = append(want, o.Ref)
				if _, _, err := tx.AddOrder(o); err != nil {
					return err
				}
			}
			return nil
		}))
		slices.Reverse(want)
		var got []string
		for l := range strings.Lines(s.ok("orders", "export", "--msisdn=0821234567", "--reason=x", "--json")) {
			var o struct{ Ref string }
			s.must(json.Unmarshal([]byte(l), &o))
			got = append(got, o.Ref)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if out := s.ok("orders", "list", "--msisdn=0821234567", "--limit=600"); strings.Count(out, "\n") != 604 || !strings.Contains(out, "the newest 600 orders") {
			t.Errorf("%d lines", strings.Count(out, "\n"))
		}
	})
}
