package vend_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

// A kept catalogue is foreign text: what it holds is put on the shelf only where
// it can be sold, and what cannot be read leaves the shelf as it was.
func TestAKeptCatalogueSellsNothingThatCannotBeSold(t *testing.T) {
	good := `{"Code":"101","Kind":"airtime","Name":"A","Network":"vodacom","Vendor":"Vodacom","Min":500,"Max":100000}`
	for name, c := range map[string]struct {
		text string
		left int // how many products are on the shelf
	}{
		"as it is written now":            {"[" + good + "]", 1},
		"with fields of a later version":  {"[" + strings.Replace(good, "{", `{"Later":{"x":[1]},`, 1) + "]", 1},
		"a voucher to be taken in":        {"[" + good + `,{"Code":"1","Kind":"redeem","Vendor":"V","Min":1,"Max":2}]`, 1},
		"a refund and a reversal":         {"[" + good + `,{"Code":"1","Kind":"refund","Min":1,"Max":2},{"Code":"2","Kind":"reverse","Min":1,"Max":2}]`, 1},
		"no kind, no code, odd limits":    {"[" + good + `,{"Code":"1","Min":1,"Max":2},{"Kind":"airtime","Network":"mtn","Min":1,"Max":2},{"Code":"2","Kind":"airtime","Network":"mtn","Min":-5,"Max":9},{"Code":"3","Kind":"airtime","Network":"mtn","Min":5,"Max":1},{}]`, 1},
		"as long as can be":               {"[" + strings.Repeat(`{"Code":"1","Kind":"lottery","Name":"`+strings.Repeat("x", 1000)+`"},`, 5000) + good + "]", 1},
		"nothing that can be sold":        {`[{"Code":"1","Kind":"redeem","Min":1,"Max":2}]`, 0},
		"nothing":                         {"null", 0},
		"no list":                         {`{"products":[` + good + `]}`, 0},
		"wrong types":                     {`[{"Code":101,"Kind":"airtime","Min":"5"}]`, 0},
		"an amount that does not fit":     {`[{"Code":"1","Kind":"airtime","Min":1,"Max":99999999999999999999}]`, 0},
		"broken off":                      {"[" + good[:20], 0},
		"deep":                            {strings.Repeat("[", 100_000), 0},
		"not even text":                   {"\xff\x00", 0},
		"a fraction of a cent for a sale": {`[{"Code":"1","Kind":"airtime","Min":0.5,"Max":1}]`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			kept := &drawer{text: []byte(c.text), at: opening}
			s := vend.NewShelf(&list{err: errors.New("away")}, vend.ShelfOptions{Keeper: kept, Now: func() time.Time { return opening.Add(time.Hour) }})
			if err := s.Load(t.Context()); err == nil {
				t.Error("the list is away, and nobody is told")
			}
			n := 0
			for _, k := range vend.Kinds() {
				n += len(s.Of(k))
			}
			if n != c.left || len(s.Airtime()) != c.left || (s.Age() != 0) != (c.left > 0) {
				t.Errorf("%d products, %d networks, %s old; want %d", n, len(s.Airtime()), s.Age(), c.left)
			}
		})
	}
}

// A product that is not on sale any more is refused by the provider's rules and
// by nobody's guess: the shop asks within the limits that the customer saw.
func TestAStaleProductIsSoldWithinTheLimitsThatWereShown(t *testing.T) {
	stale := airtime()
	stale.Max = ledger.Rand(10)
	for amount, refused := range map[ledger.Cents]bool{ledger.Rand(10): false, ledger.Rand(10) + 1: true, ledger.Rand(5) - 1: true} {
		k := newTill(t, vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonProductGone})
		_, err := k.buy(vend.Purchase{Ref: vend.NewRef(vend.KindAirtime, opening), MSISDN: number(1), Product: stale, Amount: amount, Target: number(1)})
		if errors.Is(err, vend.ErrRefused) != refused {
			t.Errorf("%s: %v", amount, err)
		}
		if err == nil {
			if o := k.attempt(); o.State != vend.StateDeclined || o.Reason != vend.ReasonProductGone {
				t.Errorf("%s: order is %s, %s", amount, o.State, o.Reason)
			}
		}
		k.wantMoney(ledger.Rand(100), 0)
	}
}
