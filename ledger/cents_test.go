package ledger_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"spaza/ledger"
)

func TestCentsAreWrittenAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct {
		cents ledger.Cents
		want  string
	}{
		{0, "R0"},
		{1, "R0.01"},
		{10, "R0.10"},
		{99, "R0.99"},
		{100, "R1"},
		{550, "R5.50"},
		{500, "R5"},
		{123405, "R1234.05"},
		{-1, "-R0.01"},
		{-500, "-R5"},
		{-550, "-R5.50"},
		{math.MaxInt64, "R92233720368547758.07"},
		{math.MinInt64, "-R92233720368547758.08"},
		{ledger.Rand(12), "R12"},
	} {
		if got := c.cents.String(); got != c.want {
			t.Errorf("%d cents: got %q, want %q", int64(c.cents), got, c.want)
		}
	}
}

func TestAddRefusesWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		a, b, want ledger.Cents
		overflow   bool
	}{
		{a: 1, b: 2, want: 3},
		{a: -1, b: 1, want: 0},
		{a: math.MaxInt64, b: 0, want: math.MaxInt64},
		{a: math.MaxInt64, b: 1, overflow: true},
		{a: 1, b: math.MaxInt64, overflow: true},
		{a: math.MinInt64, b: -1, overflow: true},
		{a: -1, b: math.MinInt64, overflow: true},
		{a: math.MinInt64, b: math.MinInt64, overflow: true},
		{a: math.MaxInt64, b: math.MinInt64, want: -1},
	} {
		got, err := c.a.Add(c.b)
		if errors.Is(err, ledger.ErrOverflow) != c.overflow || got != c.want {
			t.Errorf("%d + %d: got %d, %v; want %d, overflow %t", c.a, c.b, got, err, c.want, c.overflow)
		}
	}
}

func TestAddAgreesWithUnboundedArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		sum := new(big.Int).Add(big.NewInt(a), big.NewInt(b))
		got, err := ledger.Cents(a).Add(ledger.Cents(b))
		switch {
		case sum.IsInt64() && (err != nil || int64(got) != sum.Int64()):
			t.Fatalf("%d + %d: got %d, %v; want %s", a, b, got, err, sum)
		case !sum.IsInt64() && !errors.Is(err, ledger.ErrOverflow):
			t.Fatalf("%d + %d: got %d, %v; want an overflow", a, b, got, err)
		}
	})
}
