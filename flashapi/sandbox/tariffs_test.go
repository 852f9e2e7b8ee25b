package sandbox

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// anyMeter is a listed meter, with any debt and charges.
func anyMeter(t *rapid.T) meter {
	m := rapid.SampledFrom(testMeters()).Draw(t, "meter")
	cents := rapid.Int64Range(0, 5000_00)
	if rapid.Bool().Draw(t, "in debt") {
		m.debt = debt{description: "Arrears", value: cents.Draw(t, "debt"), percent: rapid.Int64Range(0, 100).Draw(t, "percent")}
	}
	for range rapid.IntRange(0, 3).Draw(t, "charges") {
		m.charges = append(m.charges, fixedCharge{"Charge", cents.Draw(t, "charge"), rapid.Bool().Draw(t, "every time")})
	}
	return m
}

func anyHistory(t *rapid.T) history {
	return history{
		units:   rapid.Int64Range(0, 2000_00).Draw(t, "units"),
		paid:    rapid.Int64Range(0, 5000_00).Draw(t, "paid"),
		charges: rapid.Int64Range(0, 5000_00).Draw(t, "charges paid"),
	}
}

func TestThePartsOfABillAddUpToTheAmount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, past := anyMeter(t), anyHistory(t)
		amount := rapid.Int64Range(0, 5000_00).Draw(t, "amount")
		b := m.bill(amount, past)

		var fixed, exclusive, units int64
		for _, c := range b.fixed {
			if c.value <= 0 {
				t.Fatalf("charge %+v", c)
			}
			fixed += c.value
		}
		for _, s := range b.stretches {
			if off := s.amount*10_000/s.block.price - s.units; s.amount <= 0 || s.units < 0 || off < 0 || off > 1 {
				t.Fatalf("stretch %+v", s)
			}
			exclusive += s.amount
			units += s.units
		}
		switch {
		case b.amount != amount, b.exclusive+b.tax+b.debt+fixed != amount:
			t.Fatalf("%+v does not add up to %d", b, amount)
		case exclusive != b.exclusive, units != b.units:
			t.Fatalf("%+v: its stretches are worth %d and %d", b, exclusive, units)
		case b.tax < 0, b.exclusive < 0, b.debt < 0, b.debt > max(m.debt.value-past.paid, 0):
			t.Fatalf("%+v", b)
		case fixed > (amount-b.debt)/2:
			t.Fatalf("%+v: the charges take more than half", b)
		}
		if off := 100*b.tax - 15*b.exclusive; off > 115 || off < -115 { // hundredths of a cent
			t.Fatalf("%d is not 15 %% of %d", b.tax, b.exclusive)
		}
	})
}

func TestUnitsCostTheSameBoughtAtOnceOrByTheWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tariff := rapid.SampledFrom(testMeters()).Draw(t, "meter").tariff
		first := rapid.Int64Range(0, 3000_00).Draw(t, "first")
		second := rapid.Int64Range(0, 3000_00).Draw(t, "second")
		sum := func(list []stretch) (units int64) {
			for _, s := range list {
				units += s.units
			}
			return units
		}
		before := sum(tariff.sell(first, 0))
		apart := before + sum(tariff.sell(second, before))
		// Rounding takes less than a hundredth of a unit from every stretch, and
		// less than a cent at the end of each.
		if together := sum(tariff.sell(first+second, 0)); together-apart > 4 || apart-together > 4 {
			t.Fatalf("%d at once, %d apart", together, apart)
		}
	})
}

func TestBlocksAreFilledInTheirOrder(t *testing.T) {
	tariff := residentialTariff()
	list := tariff.sell(2500_00, 0)
	if len(list) != 3 || list[0].units != 350_00 || list[1].units != 150_00 {
		t.Fatalf("R2500: %+v", list)
	}
	// 350 kWh at 240.67 c and 150 kWh at 276.06 c, each to the next whole cent.
	if list[0].amount != 842_35 || list[1].amount != 414_09 || list[2].amount != 2500_00-842_35-414_09 {
		t.Errorf("R2500: %+v", list)
	}
	if list = tariff.sell(100_00, 349_00); len(list) != 2 || list[0].units != 1_00 || list[1].block.name != tariff.blocks[1].name {
		t.Errorf("from 349 kWh on: %+v", list)
	}
	if list = tariff.sell(100_00, 350_00); len(list) != 1 || list[0].block.name != tariff.blocks[1].name {
		t.Errorf("from 350 kWh on: %+v", list)
	}
	if list = tariff.sell(100_00, 9999_00); len(list) != 1 || list[0].block.name != tariff.blocks[2].name {
		t.Errorf("long after the last: %+v", list)
	}
}

func TestABillIsWhatACustomerWouldWorkOut(t *testing.T) {
	plain := eskomMeter("", "")
	if b := plain.bill(100_00, history{}); b.exclusive != 86_96 || b.tax != 13_04 || b.units != 40_15 {
		t.Errorf("R100: %+v", b)
	}
	owing := plain
	owing.debt = debt{value: 50_00, percent: 40}
	if b := owing.bill(100_00, history{}); b.debt != 40_00 || b.exclusive+b.tax != 60_00 {
		t.Errorf("first R100 with R50 owing: %+v", b)
	}
	if b := owing.bill(100_00, history{paid: 40_00}); b.debt != 10_00 {
		t.Errorf("second R100: %+v", b)
	}
	charged := plain
	charged.charges = monthlyCharges()
	if b := charged.bill(100_00, history{}); len(b.fixed) != 1 || b.fixed[0].value != 50_00 || b.monthly != 50_00 {
		t.Errorf("first R100 with charges of R230: %+v", b)
	}
	if b := charged.bill(1000_00, history{charges: 50_00}); len(b.fixed) != 2 || b.fixed[0].value != 30_50 || b.fixed[1].value != 149_50 {
		t.Errorf("then R1000: %+v", b)
	}
	if b := charged.bill(1000_00, history{charges: 230_00}); len(b.fixed) != 0 || b.exclusive+b.tax != 1000_00 {
		t.Errorf("after the charges: %+v", b)
	}
}

func TestUnitsHaveOneDigitOrTwoAfterThePoint(t *testing.T) {
	for hundredths, want := range map[int64]json.Number{0: "0.0", 5: "0.05", 50: "0.5", 4015: "40.15", 50_00: "50.0", 12_30: "12.3"} {
		if got := decimal(hundredths); got != want {
			t.Errorf("%d is written %s, want %s", hundredths, got, want)
		}
	}
}
