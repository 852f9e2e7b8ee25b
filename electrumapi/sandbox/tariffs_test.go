package sandbox

import (
	"testing"

	"pgregory.net/rapid"
)

// anyMeter is a listed meter, with any debts and charges.
func anyMeter(t *rapid.T) meter {
	m := rapid.SampledFrom(testMeters()).Draw(t, "meter")
	cents := rapid.Int64Range(0, 5000_00)
	for range rapid.IntRange(0, 2).Draw(t, "debts") {
		m.debts = append(m.debts, debt{
			description: "Arrears", value: cents.Draw(t, "debt"), percent: rapid.Int64Range(0, 100).Draw(t, "percent"),
			taxed: rapid.Bool().Draw(t, "taxed"),
		})
	}
	for range rapid.IntRange(0, 3).Draw(t, "charges") {
		m.fees = append(m.fees, fee{"Charge", cents.Draw(t, "charge"), rapid.Bool().Draw(t, "every time")})
	}
	return m
}

func TestThePartsOfABillAddUpToTheAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMeter(t)
		past := history{
			units: rapid.Int64Range(0, 2000_00).Draw(t, "units"),
			paid:  rapid.Int64Range(0, 5000_00).Draw(t, "paid"),
			fees:  rapid.Int64Range(0, 5000_00).Draw(t, "fees paid"),
		}
		amount := rapid.Int64Range(0, 5000_00).Draw(t, "amount")
		b := m.bill(amount, past)

		fees, net, units := int64(0), int64(0), int64(0)
		for _, c := range append(b.fees, b.debts...) {
			if c.net <= 0 || c.tax < 0 || c.balance < 0 {
				t.Fatalf("charge %+v", c)
			}
		}
		for _, c := range b.fees {
			fees += c.net + c.tax
		}
		for _, s := range b.stretches {
			if off := s.amount*10_000/s.block.price - s.units; s.amount <= 0 || s.units < 0 || off < 0 || off > 1 {
				t.Fatalf("stretch %+v", s)
			}
			net += s.amount
			units += s.units
		}
		paid := b.paidOff()
		switch {
		case b.net+b.tax+paid+fees != amount:
			t.Fatalf("%+v does not add up to %d", b, amount)
		case net != b.net, units != b.units:
			t.Fatalf("%+v: its stretches are worth %d and %d", b, net, units)
		case paid > m.owed(past):
			t.Fatalf("%d paid of %d that is owed", paid, m.owed(past))
		case fees > (amount-paid)/2:
			t.Fatalf("%+v: the charges take more than half", b)
		}
		if off := 100*b.tax - vatRate*b.net; off > 115 || off < -115 { // hundredths of a cent
			t.Fatalf("%d is not 15 %% of %d", b.tax, b.net)
		}
	})
}

func TestHundredthsAreWrittenShort(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 50_00: "50", 73_80: "73.8", 40_15: "40.15", 5: "0.05"} {
		if got := decimal(n).String(); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
