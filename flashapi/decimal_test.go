package flashapi

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestADecimalIsReadAndWrittenShortly(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "00": "0", "-0": "0", "0.00": "0", "0e5": "0", "0e-99": "0", "-0.0": "0",
		"46": "46", "46.1": "46.1", "46.10": "46.1", "046.10": "46.1", ".5": "0.5", "-0.05": "-0.05", "100": "100",
		"1e3": "1000", "1.5E+2": "150", "12e-3": "0.012", "1.5e-1": "0.15", "-2.50": "-2.5",
		"999999999999999999": "999999999999999999", "0.000000000000000001": "0.000000000000000001",
		"-999999999.999999999": "-999999999.999999999", "1000000000000000000000e-10": "100000000000",
		strings.Repeat("0", 100) + "1": "1", "1." + strings.Repeat("0", 100): "1",
	} {
		d, err := ParseDecimal(in)
		if err != nil || d.String() != want {
			t.Errorf("%q reads as %q, %v, want %q", in, d, err, want)
		}
		if negative, zero := strings.HasPrefix(want, "-"), want == "0"; (d.Sign() < 0) != negative || (d.Sign() == 0) != zero {
			t.Errorf("%q has sign %d", in, d.Sign())
		}
	}
}

func TestWhatIsNoDecimalIsNotRead(t *testing.T) {
	for _, in := range []string{
		"", "-", ".", "5.", "-.", "e5", "1e", "1e1e1", "1e+", "+5", "--5", "1,5", "1 000", "R5", "0x10", "NaN", "Inf", "٥", "1_0", "1.2.3", " 1",
		"1000000000000000000", "1e18", "1e100", "1e-19", "0.0000000000000000001", "1234567890.123456789", "1e999999999999999999999",
		"1e2147483647", "1e-2147483648",
	} {
		if d, err := ParseDecimal(in); err == nil {
			t.Errorf("%q reads as %s", in, d)
		} else if len(in) > 3 && strings.Contains(err.Error(), in) {
			t.Errorf("the error repeats %q", in)
		}
	}
}

// anyDecimal draws decimals of all sizes.
func anyDecimal(t *rapid.T, label string) Decimal {
	n := rapid.Int64Range(-999_999_999_999_999_999, 999_999_999_999_999_999).Draw(t, label)
	n /= int64(rapid.SampledFrom([]int{1, 10_000, 1_000_000_000, 100_000_000_000_000}).Draw(t, label+" size"))
	places := rapid.IntRange(0, 18).Draw(t, label+" places")
	d, err := ParseDecimal(big.NewInt(n).String() + "e-" + big.NewInt(int64(places)).String())
	if err != nil {
		t.Skip("too small")
	}
	return d
}

// ratio is the number as another package reads it.
func ratio(t interface{ Fatalf(string, ...any) }, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

func TestADecimalSurvivesItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDecimal(t, "d")
		back, err := ParseDecimal(d.String())
		if err != nil || back != d || !back.Equal(d) {
			t.Fatalf("%s comes back as %s, %v", d, back, err)
		}
		text, err := json.Marshal(map[string]Decimal{"d": d})
		if err != nil {
			t.Fatal(err)
		}
		var read map[string]Decimal
		if err := json.Unmarshal(text, &read); err != nil || read["d"] != d {
			t.Fatalf("%s comes back as %s, %v", text, read["d"], err)
		}
	})
}

func TestDecimalsAddExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyDecimal(t, "a"), anyDecimal(t, "b")
		want := new(big.Rat).Add(ratio(t, a.String()), ratio(t, b.String()))
		sum, err := a.Add(b)
		if err != nil {
			digits := strings.TrimRight(strings.TrimLeft(strings.NewReplacer(".", "", "-", "").Replace(want.FloatString(18)), "0"), "0")
			if len(digits) <= maxDigits && want.Num().IsInt64() && new(big.Int).Abs(want.Num()).Int64() < 1e18 {
				t.Fatalf("%s + %s is %s, %v", a, b, want.FloatString(18), err)
			}
			return
		}
		if ratio(t, sum.String()).Cmp(want) != 0 {
			t.Fatalf("%s + %s is %s", a, b, sum)
		}
		if other, err := b.Add(a); err != nil || other != sum {
			t.Fatalf("%s + %s is %s, the other way round %s", a, b, sum, other)
		}
		if back, err := sum.Add(b.neg()); err != nil || back != a {
			t.Fatalf("%s + %s - %s is %s, %v", a, b, b, back, err)
		}
	})
}

func TestADecimalIsRoundedToTheNearestCent(t *testing.T) {
	for in, want := range map[string]struct {
		rand  bool
		cents Cents
	}{
		"12.5": {true, 12_50}, "12.50": {false, 13}, "12.4": {false, 12}, "-12.5": {false, -13}, "-12.4": {false, -12},
		"0.005": {true, 1}, "0.0049": {true, 0}, "-0.005": {true, -1}, "10000000": {true, maxPart}, "1000000000": {false, maxPart},
		"86.9565": {true, 86_96}, "0.000000000000000001": {false, 0}, "0.5": {false, 1},
	} {
		d, err := ParseDecimal(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := d.cents(want.rand); !ok || got != want.cents {
			t.Errorf("%s (rand %v) is %d cents, %v, want %d", in, want.rand, got, ok, want.cents)
		}
	}
	for _, in := range []string{"10000000.01", "999999999999999999", "-999999999999999999", "-10000001"} {
		d, _ := ParseDecimal(in)
		if got, ok := d.cents(true); ok {
			t.Errorf("R%s is believed to be %d cents", in, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d, rand := anyDecimal(t, "d"), rapid.Bool().Draw(t, "rand")
		exact := ratio(t, d.String())
		if rand {
			exact.Mul(exact, big.NewRat(100, 1))
		}
		c, ok := d.cents(rand)
		off := new(big.Rat).Sub(exact, big.NewRat(int64(c), 1))
		if believed := off.Abs(off).Cmp(big.NewRat(1, 2)) <= 0; ok != believed {
			t.Fatalf("%s (rand %v) is %d cents, %v", d, rand, c, ok)
		}
	})
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "46.10", "-.5", "1e3", "12e-3", "999999999999999999", "x", `"7.5"`, "null", "{}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDecimal(s)
		if err == nil && ratio(t, d.String()).Cmp(ratio(t, s)) != 0 {
			t.Fatalf("%q reads as %s", s, d)
		}
		if !json.Valid([]byte(s)) {
			return
		}
		var w decimal
		if err := json.Unmarshal([]byte(s), &w); err != nil || (w.bad && (w.present || w.is != Decimal{})) {
			t.Fatalf("%s reads as %+v, %v", s, w, err)
		}
	})
}
