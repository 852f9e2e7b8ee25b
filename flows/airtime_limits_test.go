package flows

import (
	"testing"

	"spaza/ledger"
	"spaza/vend"

	"pgregory.net/rapid"
)

// TestNothingAboveALimitIsOffered draws networks and limits: what is left sells
// the same amounts, but for those above the limit.
func TestNothingAboveALimitIsOffered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cents := func(name string, most int64) ledger.Cents {
			return ledger.Cents(rapid.Int64Range(1, most).Draw(t, name))
		}
		n := vend.Network{ID: "x", Name: "X"}
		if rapid.Bool().Draw(t, "any amount") {
			lo := cents("min", 2000)
			n.Range = vend.Product{Code: "any", Min: lo, Max: lo + cents("more", 3000)}
		}
		price := ledger.Cents(0)
		for range rapid.IntRange(0, 5).Draw(t, "prices") {
			price += cents("step", 900)
			n.Fixed = append(n.Fixed, vend.Product{Code: price.String(), Min: price, Max: price})
		}
		most := ledger.Cents(rapid.Int64Range(0, 4000).Draw(t, "limit"))
		left, ok := atMost(n, most)
		sells := false
		for range 50 {
			// Only whole rands are typed; fixed prices can be any.
			amount := cents("amount", 50) * 100
			if len(n.Fixed) > 0 && rapid.Bool().Draw(t, "fixed") {
				amount = rapid.SampledFrom(n.Fixed).Draw(t, "price").Min
			}
			_, before := n.Sells(amount)
			p, after := left.Sells(amount)
			if want := before && (most == 0 || amount <= most); after != want {
				t.Fatalf("%s is sold: %t, want %t", amount, after, want)
			}
			if after && (amount < p.Min || amount > p.Max) {
				t.Fatalf("%s is sold as %+v", amount, p)
			}
			sells = sells || after
		}
		if sells && !ok {
			t.Fatal("it has something to sell, and is not offered")
		}
		if ok && left.Range.Code == "" && len(left.Fixed) == 0 {
			t.Fatal("it is offered, and has nothing to sell")
		}
	})
}
