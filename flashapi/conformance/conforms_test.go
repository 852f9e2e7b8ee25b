package conformance

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spaza/flashapi/sandbox"
	"spaza/secret"
)

func TestTheSimulatorConforms(t *testing.T) {
	t.Parallel()
	r := try(t, simulator(t, nil), quick())
	for _, one := range r.Results {
		if one.Verdict == Fail {
			t.Errorf("%s failed: %+v", one.Check, one.Faults)
		}
		if one.Verdict == Skipped {
			t.Errorf("%s was skipped: %s", one.Check, one.Reason)
		}
		if one.Reason != "" {
			t.Errorf("%s left something out: %s", one.Check, one.Reason)
		}
	}
	if r.Err() != nil || r.Spent == 0 || r.Requests < 1000 {
		t.Errorf("%v, spent %d, %d requests", r.Err(), r.Spent, r.Requests)
	}
	everyOperation(t, r)
	// What an integrator wants to know is answered.
	for question, want := range map[string]string{
		"Which amount does a full redemption (amount 0) answer?": "the amount redeemed",
		"What is in voucher after a redemption in part?":         "another PIN, amount: what is left",
		"Does Flash Token purchase live with or without /4.0?":   "both",
		"Is a repeated request answered with the same bytes?":    "yes",
		"Is productCode accepted as a string?":                   "yes",
		"How long does a token live? (expires_in, seconds)":      "3600",
	} {
		if !slices.ContainsFunc(r.Answers, func(a Answer) bool { return a.Question == question && a.Answer == want }) {
			t.Errorf("%s: not answered by %q", question, want)
		}
	}
}

func TestARunLeavesAServerFitForAnother(t *testing.T) {
	t.Parallel()
	target := simulator(t, nil)
	try(t, target, quick())
	for _, one := range try(t, target, quick()).Results {
		if one.Verdict == Fail {
			t.Errorf("%s failed: %+v", one.Check, one.Faults)
		}
		if once := one.Check == "prepaid-utilities.purchase.fbe" || one.Check == "prepaid-utilities.lookup.fbe"; once != (one.Verdict == Skipped) {
			t.Errorf("%s: %s %s", one.Check, one.Verdict, one.Reason)
		}
	}
}

// everyOperation demands that checks passed on all 28.
func everyOperation(t *testing.T, r Report) {
	t.Helper()
	passed := map[string]int{}
	for _, one := range r.Results {
		if one.Verdict == Pass {
			passed[one.Check[:strings.LastIndexByte(one.Check, '.')]]++
		}
	}
	ops := operations()
	if len(ops) != 25 {
		t.Fatalf("%d POST operations, and three lists: the document has 28", len(ops))
	}
	for _, op := range ops {
		if n := passed[strings.ReplaceAll(op.path, "/", ".")]; n < 4 {
			t.Errorf("%s: %d checks passed", op.path, n)
		}
	}
	for _, name := range []string{"accounts.list", "accounts.by-code", "accounts.group-cellular"} {
		if one := result(t, r, name); one.Verdict != Pass {
			t.Errorf("%s: %s", name, one.Verdict)
		}
	}
}

func TestEveryCheckHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	group, left := "", map[string]bool{}
	for _, c := range checks() {
		if seen[c.name] || strings.ContainsAny(c.name, " /") || c.section == "" || c.says == "" {
			t.Errorf("check %q of section %q says %q", c.name, c.section, c.says)
		}
		seen[c.name] = true
		if g := c.group(); g != group {
			if left[g] {
				t.Errorf("group %s is in two parts", g)
			}
			left[group], group = true, g
		}
	}
	if len(seen) < 250 {
		t.Errorf("%d checks", len(seen))
	}
}

func TestAServerThatSellsNothingIsTriedWithTheFixturesVouchers(t *testing.T) {
	target := simulator(t, nil)
	target.Fixture = Fixture{Vouchers: []Voucher{
		{secret.New("5000500000000001"), 50_00}, {secret.New("5001000000000002"), 100_00}, {secret.New("5000200000000003"), 20_00},
	}}
	o := quick()
	o.Only = "1voucher.redeem."
	r := try(t, target, o)
	for name, want := range map[string]Verdict{
		"1voucher.redeem.full": Pass, "1voucher.redeem.exact": Pass, "1voucher.redeem.part": Pass, "1voucher.redeem.race": Skipped,
	} {
		if one := result(t, r, name); one.Verdict != want {
			t.Errorf("%s: %s %s %+v", name, one.Verdict, one.Reason, one.Faults)
		}
	}
}

func TestWhatAFixtureLacksIsSkippedWithTheReason(t *testing.T) {
	t.Parallel()
	target := simulator(t, nil)
	target.Fixture = Fixture{}
	r := try(t, target, quick())
	if r.Count(Fail) > 0 {
		t.Errorf("%d failed", r.Count(Fail))
	}
	for _, name := range []string{
		"1voucher.purchase.sale", "gift-voucher.purchase.barcode", "prepaid-utilities.purchase.fbe", "flash-pay.balance.found",
		"cellular.international.lookup.found", "1voucher.redeem.used", "fixture.refusals", "cash-out-pin.cancel.whole",
	} {
		if one := result(t, r, name); one.Verdict != Skipped || !strings.Contains(one.Reason, "the fixture has no ") {
			t.Errorf("%s: %s, %q", name, one.Verdict, one.Reason)
		}
	}
}

func TestTheListOfCodesIsTheDocuments(t *testing.T) {
	table, err := os.ReadFile("../codes.csv")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[int]bool{}
	for line := range strings.Lines(string(table)) {
		word, _, _ := strings.Cut(line, ",")
		if code, err := strconv.Atoi(word); err == nil && code != 0 {
			listed[code] = true
		}
	}
	for code := 1; code < 10_000; code++ {
		if listed[code] != documented().has(code) {
			t.Errorf("code %d: in the client's table %t, here %t", code, listed[code], documented().has(code))
		}
	}
	for _, set := range []codes{
		formCodes(), amountCodes(), productCodes(), accountCodes(), securityCodes(), mobileCodes(), noVoucherCodes(), usedCodes(),
		cancelledCodes(), expiredCodes(), noSuchSaleCodes(), reversedCodes(), undoneCodes(), noMeterCodes(), blockedMeterCodes(),
		notFreeCodes(), arrearsCodes(), noBillerCodes(), noReversalCodes(),
	} {
		for code := range 10_000 {
			if set.has(code) && !documented().has(code) {
				t.Errorf("code %d is not in the document", code)
			}
		}
	}
}

func TestAFixtureWithATypingMistakeIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"an unknown property": `{"vouchr": {"amount": 100}}`, "two values": `{} {}`, "no JSON": `voucher: 100`, "another type": `{"voucher": 100}`,
	} {
		if _, err := ReadFixture(strings.NewReader(text)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	f, err := ReadFixture(strings.NewReader(`{"usedPin": "1234567890123456", "refusals": [{"operation": "x", "fields": {"a": 1}, "code": 2231}]}`))
	if err != nil || f.UsedPIN.Reveal() != "1234567890123456" || f.Refusals[0].Code != 2231 {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestTheSimulatorsFixtureNamesWhatItSells(t *testing.T) {
	known := map[string]bool{}
	for _, n := range sandbox.TestNumbers() {
		known[n.Value] = true
	}
	m := Simulator().Meters
	for _, one := range []Meter{m.Good, m.Water, m.FBE, m.Arrears, m.KeyChange} {
		if !known[one.Number] {
			t.Errorf("meter %s is no test number of the simulator", one.Number)
		}
	}
}

func TestAReportIsReadable(t *testing.T) {
	r := Report{
		Host: "host.example", Fixture: "mine", Prefix: "CF-ABCDEFGH", Spending: true, Spent: 12_34, Requests: 7, Took: time.Second,
		Results: []Result{
			{Check: "auth.token", Section: "1.1.1", Says: "gets a token", Verdict: Pass},
			{Check: "gift.sale", Section: "2.4.1", Says: "sells", Verdict: Fail, Faults: []Fault{{"the sale", "code 0", "HTTP 500, empty"}}},
			{Check: "gift.barcode", Section: "2.4.1", Says: "sells", Verdict: Skipped, Reason: "the fixture has no barcode"},
			{Check: "gift.open", Section: "2.4.1", Says: "how?", Verdict: Unclear},
		},
		Answers: []Answer{
			{Question: "How long?", Section: "4", Answer: "20"}, {Question: "Which?", Section: "3", Subject: "a", Answer: "yes"},
			{Question: "Which?", Section: "3", Subject: "b", Answer: "no"}, {Question: "Which?", Section: "3", Subject: "c", Answer: "yes"},
		},
	}
	var b bytes.Buffer
	p := NewPrinter(&b)
	for _, one := range r.Results {
		p.Result(one)
	}
	if err := p.Summary(r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nauth\n  ok    auth.token", "\ngift\n  FAIL  gift.sale", "expected: code 0\n", "got:      HTTP 500, empty\n",
		"the fixture has no barcode", "4 checks: 1 passed, 1 failed, 1 skipped, 1 unclear; 7 requests in 1s", "R12.34",
		"How long? (section 4)\n    20\n", "Which? (section 3)\n    yes: a, c\n    no: b\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	out, err := json.Marshal(r)
	if err != nil || !bytes.Contains(out, []byte(`"verdict":"fail"`)) {
		t.Errorf("%s, %v", out, err)
	}
	if err := NewPrinter(broken{}).Summary(r); err == nil {
		t.Error("a write error was lost")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, os.ErrClosed }
