package recon

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"spaza/ledger"
)

// sides are all combinations that judge can meet, but for amounts.
func sides(each func(o Ours, c claim, s setting, name string)) {
	for _, what := range []struct {
		name string
		o    Ours
	}{
		{"sale", Ours{Amount: 1000}},
		{"PIN", Ours{Amount: 1000, Handed: true}},
		{"PIN, spent", Ours{Amount: 1000, Handed: true, Captured: true}},
		{"PIN, given", Ours{Amount: 1000, Handed: true, Given: true}},
		{"free sale", Ours{}},
		{"voucher", Ours{Amount: 5000, Incoming: true}},
		{"reversal", Ours{Amount: 1000, NoLine: true}},
	} {
		for _, standing := range []Standing{Open, Person, Done, Refused, Reversed} {
			if (what.o.Captured || what.o.Given) && standing != Open && standing != Person {
				continue
			}
			for status := Success; status <= Unreadable; status++ {
				if status == Credit { // of single lines only
					continue
				}
				o := what.o
				o.Standing = standing
				if o.Incoming && standing != Done && standing != Reversed {
					o.Amount = 0
				}
				c := claim{status: status}
				if status == Success || status == Undone || status == Twice || status == Unclear {
					c.amount = what.o.Amount
				}
				each(o, c, setting{inside: true}, fmt.Sprintf("%-12s %-9s %-10s", what.name, standing, status))
			}
		}
	}
}

func TestTheRulesAreTheOnesOnRecord(t *testing.T) {
	var b strings.Builder
	sides(func(o Ours, c claim, s setting, name string) {
		v := judge(o, c, s)
		fmt.Fprintf(&b, "%s -> %-14s %-24s %s", name, v.bucket, v.advice, v.action)
		if v.action != "" {
			fmt.Fprintf(&b, " %s", v.amount)
		}
		b.WriteByte('\n')
	})
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	got := strings.Join(lines, "\n") + "\n"
	const file = "testdata/rules.golden"
	if *Update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the rules are others than in %s:\n%s", file, got)
	}
}

// after is the order once a proposal was carried out.
func after(o Ours, v verdict) Ours {
	switch v.action {
	case ResolveVended, ResolveAtLoss:
		o.Standing = Done
		if o.Incoming {
			o.Amount = v.amount
		}
	case ResolveNotVended:
		o.Standing = Refused
	case GiveBack:
		o.Standing, o.Captured = Reversed, false
	}
	return o
}

func TestNoRuleTakesMoneyFromACustomer(t *testing.T) {
	// has is what the customer has of the order's money: spendable, or on hold.
	has := func(o Ours) (available, held ledger.Cents) {
		switch {
		case o.Incoming && o.Standing == Done, !o.Incoming && (o.Standing == Refused || o.Standing == Reversed):
			return o.Amount, 0
		case !o.Incoming && !o.Captured && (o.Standing == Open || o.Standing == Person):
			return 0, o.Amount
		}
		return 0, 0
	}
	proposals := 0
	sides(func(o Ours, c claim, s setting, name string) {
		v := judge(o, c, s)
		if v.action == "" {
			return
		}
		proposals++
		availableWas, heldWas := has(o)
		available, held := has(after(o, v))
		switch {
		case v.action == ResolveAtLoss:
			// The customer was given the money back, and keeps it.
			if v.amount != o.Amount || c.status != Success || o.Standing != Refused {
				t.Errorf("%s: %+v", name, v)
			}
		case available < availableWas:
			t.Errorf("%s: %s takes %s from what can be spent", name, v.action, availableWas-available)
		case available+held < availableWas+heldWas && (c.status != Success || c.amount != o.Amount):
			t.Errorf("%s: %s spends a hold of %s for nothing", name, v.action, heldWas)
		}
		if v.bucket == Agree || v.bucket == AmountDiffers || v.bucket == Pending {
			t.Errorf("%s: %s is proposed in %s", name, v.action, v.bucket)
		}
		if again := judge(after(o, v), c, s); again.bucket != Agree || again.action != "" {
			t.Errorf("%s: after %s it is %+v", name, v.action, again)
		}
	})
	if proposals < 10 {
		t.Errorf("only %d proposals", proposals)
	}
}

func TestInsideItsWindowNothingIsJudged(t *testing.T) {
	sides(func(o Ours, c claim, s setting, name string) {
		s.window = true
		if v := judge(o, c, s); o.Standing == Open && (v.bucket != Pending || v.action != "") {
			t.Errorf("%s: %+v", name, v)
		}
	})
}

func TestNearTheEndsOfThePeriodAnAbsenceProvesNothing(t *testing.T) {
	sides(func(o Ours, c claim, s setting, name string) {
		s.inside = false
		if v := judge(o, c, s); c.status == Absent && v.bucket != Pending && v.bucket != Agree {
			t.Errorf("%s: %+v", name, v)
		}
	})
}

func TestWithOtherAmountsNothingIsProposedButForVouchers(t *testing.T) {
	sides(func(o Ours, c claim, s setting, name string) {
		if c.status != Success && c.status != Undone {
			return
		}
		c.amount += 100
		v := judge(o, c, s)
		switch {
		case o.NoLine, v.bucket == Agree && o.Standing != Done:
		case o.Incoming && o.Standing != Done && o.Standing != Reversed:
			if v.action == ResolveVended && v.amount != c.amount {
				t.Errorf("%s: credits %s of %s", name, v.amount, c.amount)
			}
		case v.action != "":
			t.Errorf("%s: %+v", name, v)
		case o.Standing != Reversed && v.bucket != AmountDiffers:
			t.Errorf("%s: %s", name, v.bucket)
		}
	})
	// A reversed line often has no amount any more.
	if v := judge(Ours{Standing: Done, Amount: 1000}, claim{status: Undone}, setting{inside: true}); v.action != GiveBack || v.amount != 1000 {
		t.Errorf("reversed without an amount: %+v", v)
	}
	for _, standing := range []Standing{Person, Refused, Open} {
		if v := judge(Ours{Standing: standing, Incoming: true}, claim{status: Success}, setting{inside: true}); v.action != "" {
			t.Errorf("a voucher of no value, %s: %+v", standing, v)
		}
	}
}

func TestEveryAdviceAndActionIsInWords(t *testing.T) {
	seen := map[string]Advice{}
	see := func(v verdict) {
		if v.bucket == Agree {
			return
		}
		says := v.advice.says()
		if other, twice := seen[says]; says == "" || twice && other != v.advice {
			t.Errorf("%q says %q, as %q does", v.advice, says, other)
		}
		seen[says] = v.advice
		if v.action != "" && v.action.Says() == "" {
			t.Errorf("%s is not in words", v.action)
		}
	}
	sides(func(o Ours, c claim, s setting, _ string) {
		for _, s := range []setting{s, {window: true}, {}} {
			see(judge(o, c, s))
		}
		c.amount += 100
		see(judge(o, c, s))
		for _, incoming := range []bool{true, false} {
			see(judgeNobody(c, incoming, true))
			see(judgeNobody(c, incoming, false))
		}
	})
	see(verdict{bucket: Pending, advice: AdviceAbsentUnproven})
	see(judge(Ours{Standing: Person, Incoming: true}, claim{status: Success}, setting{}))
	if len(seen) != 27 {
		t.Errorf("%d kinds of advice were met", len(seen))
	}
}
