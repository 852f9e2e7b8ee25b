package ledger_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/ledger"
)

func TestEachEventMovesMoneyBetweenItsAccounts(t *testing.T) {
	const available, held = ledger.Account("cust:c1:available"), ledger.Account("cust:c1:held")
	for _, c := range []struct {
		entry         ledger.Entry
		kind          ledger.Kind
		debit, credit ledger.Account
		endsHold      bool
	}{
		{ledger.Redeemed("r", "c1", 700), "redeemed", "flash:redemption", available, false},
		{ledger.Hold("r", ledger.CustomerPays("c1"), 700), "held", available, held, false},
		{ledger.Capture("r", ledger.CustomerPays("c1"), ledger.ProviderFloat, 700), "captured", held, "flash:float", true},
		{ledger.Capture("r", ledger.CustomerPays("c1"), ledger.Float("electrum"), 700), "captured", held, "electrum:float", true},
		{ledger.Release("r", ledger.CustomerPays("c1"), 700), "released", held, available, true},
	} {
		want := ledger.Entry{Ref: "r", Kind: c.kind, Postings: []ledger.Posting{{Debit: c.debit, Credit: c.credit, Amount: 700}}}
		if diff := cmp.Diff(want, c.entry); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.kind, diff)
		}
		if err := c.entry.Validate(); err != nil {
			t.Errorf("%s: %v", c.kind, err)
		}
		if got := c.entry.EndsHold(); got != c.endsHold {
			t.Errorf("%s ends a hold: got %t, want %t", c.kind, got, c.endsHold)
		}
	}
}

func TestOnlyACustomersAccountMayNotGoNegative(t *testing.T) {
	for a, want := range map[ledger.Account]bool{
		ledger.ProviderFloat:      true,
		ledger.ProviderRedemption: true,
		ledger.Available("c1"):    false,
		ledger.Held("c1"):         false,
		ledger.Available(""):      false,
		"cust":                    true,
		"bank":                    true,
		"":                        true,
	} {
		if got := a.MayGoNegative(); got != want {
			t.Errorf("%q may go negative: got %t, want %t", a, got, want)
		}
	}
}

func TestAnEntryThatIsNotWellFormedIsRefused(t *testing.T) {
	good := ledger.Posting{Debit: "a", Credit: "b", Amount: 1}
	for name, e := range map[string]ledger.Entry{
		"no reference":      {Kind: "held", Postings: []ledger.Posting{good}},
		"no kind":           {Ref: "r", Postings: []ledger.Posting{good}},
		"no postings":       {Ref: "r", Kind: "held"},
		"nothing moved":     {Ref: "r", Kind: "held", Postings: []ledger.Posting{{"a", "b", 0}}},
		"moved backwards":   {Ref: "r", Kind: "held", Postings: []ledger.Posting{{"a", "b", -1}}},
		"same account":      {Ref: "r", Kind: "held", Postings: []ledger.Posting{{"a", "a", 1}}},
		"no debit":          {Ref: "r", Kind: "held", Postings: []ledger.Posting{{"", "b", 1}}},
		"no credit":         {Ref: "r", Kind: "held", Postings: []ledger.Posting{{"a", "", 1}}},
		"second one is bad": {Ref: "r", Kind: "held", Postings: []ledger.Posting{good, {"a", "b", 0}}},
	} {
		if err := e.Validate(); !errors.Is(err, ledger.ErrUnbalanced) {
			t.Errorf("%s: got %v, want ErrUnbalanced", name, err)
		}
	}
	if err := (ledger.Entry{Ref: "r", Kind: "held", Postings: []ledger.Posting{good, good}}).Validate(); err != nil {
		t.Errorf("two good postings: %v", err)
	}
}

// books is the smallest thing that obeys the package comment.
type books map[ledger.Account]ledger.Cents

func (b books) post(e ledger.Entry) error {
	if err := e.Validate(); err != nil {
		return err
	}
	after := books{}
	for _, p := range e.Postings {
		for a, d := range map[ledger.Account]ledger.Cents{p.Debit: -p.Amount, p.Credit: p.Amount} {
			if _, seen := after[a]; !seen {
				after[a] = b[a]
			}
			after[a] += d
		}
	}
	for a, balance := range after {
		if balance < 0 && !a.MayGoNegative() {
			return ledger.ErrInsufficient
		}
	}
	for a, balance := range after {
		b[a] = balance
	}
	return nil
}

func TestWhateverIsPostedAllBalancesSumToZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := books{}
		open := map[string]ledger.Cents{} // what the holds of a customer should come to
		for i := range rapid.IntRange(1, 40).Draw(t, "events") {
			ref := fmt.Sprint("ref", i)
			customer := rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "customer")
			amount := ledger.Cents(rapid.Int64Range(1, 50_00).Draw(t, "amount"))
			switch rapid.SampledFrom([]ledger.Kind{"redeemed", "held", "captured", "released"}).Draw(t, "kind") {
			case ledger.KindRedeemed:
				if err := b.post(ledger.Redeemed(ref, customer, amount)); err != nil {
					t.Fatal(err)
				}
			case ledger.KindHeld:
				if b.post(ledger.Hold(ref, ledger.CustomerPays(customer), amount)) == nil {
					open[customer] += amount
				}
			case ledger.KindCaptured:
				if b.post(ledger.Capture(ref, ledger.CustomerPays(customer), ledger.ProviderFloat, amount)) == nil {
					open[customer] -= amount
				}
			case ledger.KindReleased:
				if b.post(ledger.Release(ref, ledger.CustomerPays(customer), amount)) == nil {
					open[customer] -= amount
				}
			}
			var total ledger.Cents
			for a, balance := range b {
				total += balance
				if balance < 0 && !a.MayGoNegative() {
					t.Fatalf("%s is overdrawn: %s", a, balance)
				}
			}
			if total != 0 {
				t.Fatalf("all balances sum to %s", total)
			}
			if got := b[ledger.Held(customer)]; got != open[customer] {
				t.Fatalf("held of %s: got %s, want %s", customer, got, open[customer])
			}
		}
	})
}
