package flows

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

func TestANameIsCutAfterAWholeWord(t *testing.T) {
	for name, want := range map[string]string{
		"Eskom": "Eskom", "City Power Johannesburg": "City Power", "Nelson Mandela Bay Municipality": "Nelson Mandela Bay",
		"Buffalo City - Municipality": "Buffalo City", "Rustenburgmunicipality": "Rustenburgmunicipa", "": "", "eThekwini Electricity": "eThekwini",
	} {
		if got := shortened(name, supplierMost); got != want {
			t.Errorf("%q is cut to %q, want %q", name, got, want)
		}
	}
}

func TestLimitsOfAMeterNarrowPricesAndNeverLeaveNothing(t *testing.T) {
	price := rapid.Custom(func(t *rapid.T) ledger.Cents { return ledger.Cents(rapid.IntRange(1, 500_00).Draw(t, "price")) })
	rapid.Check(t, func(t *rapid.T) {
		p := prices{fixed: rapid.SliceOfN(price, 0, 3).Draw(t, "fixed")}
		if len(p.fixed) == 0 || rapid.Bool().Draw(t, "ranged") {
			p.min = price.Draw(t, "min")
			p.max = wholeUp(p.min) + ledger.Rand(rapid.Int64Range(0, 100).Draw(t, "span"))
		}
		low := ledger.Cents(rapid.IntRange(0, 700_00).Draw(t, "low"))
		high := ledger.Cents(rapid.IntRange(0, 700_00).Draw(t, "high"))
		q := p.between(low, high)
		if q.empty() || q.least() == 0 {
			t.Fatalf("%+v between %s and %s leaves nothing", p, low, high)
		}
		c := ledger.Rand(rapid.Int64Range(1, 600).Draw(t, "rand"))
		switch inside := c >= low && (high == 0 || c <= high); {
		case q.takes(c) && !p.takes(c):
			t.Fatalf("%+v between %s and %s takes %s", p, low, high, c)
		case inside && p.takes(c) && !q.takes(c):
			t.Fatalf("%+v between %s and %s takes no %s", p, low, high, c)
		case !inside && q.takes(c) && !q.equal(p):
			t.Fatalf("%+v between %s and %s takes %s", p, low, high, c)
		}
	})
}

// lane is a shop that sells for meters, to one customer, by a clock of its own.
type lane struct {
	Till
	now    time.Time
	next   string // how the supplier answers: "", "silent", "unasked" or a reason
	asked  map[string]time.Time
	orders []vend.Order
	bad    string // what went wrong
	sales  int
	pin    bool // the wallet asks for one
}

func (l *lane) Fund() vend.Fund                                                 { return vend.FundBalance }
func (l *lane) Sells(vend.Kind) bool                                            { return true }
func (l *lane) MostAtOnce(vend.Kind) ledger.Cents                               { return ledger.Rand(1000) }
func (l *lane) MaySpend(context.Context, string, vend.Kind, ledger.Cents) error { return nil }
func (l *lane) Balance(context.Context, string) (vend.Balance, error) {
	return vend.Balance{Available: ledger.Rand(5000)}, nil
}
func (l *lane) Airtime() []vend.Network             { return nil }
func (l *lane) Network(string) (vend.Network, bool) { return vend.Network{}, false }
func (l *lane) Of(k vend.Kind) []vend.Product {
	if k != vend.KindElectricity {
		return nil
	}
	return []vend.Product{
		{Code: "e", Kind: k, Vendor: "Electricity", Min: ledger.Rand(10), Max: ledger.Rand(5000)},
		{Code: "w", Kind: k, Vendor: "Water", Min: ledger.Rand(10), Max: ledger.Rand(2000)},
	}
}

func (l *lane) Product(k vend.Kind, code string) (vend.Product, bool) {
	for _, p := range l.Of(k) {
		if p.Code == code {
			return p, true
		}
	}
	return vend.Product{}, false
}

func (l *lane) Caller(context.Context, string) (vend.Caller, error) {
	return vend.Caller{Customer: vend.Customer{Language: "en"}, Recent: l.orders}, nil
}
func (l *lane) SetLanguage(context.Context, string, string) error { return nil }
func (l *lane) Regulars(context.Context, string, int, ...vend.Kind) ([]vend.Regular, error) {
	return []vend.Regular{
		{Kind: vend.KindElectricity, Product: "e", Label: "Electricity", Target: "14000000019"},
		{Kind: vend.KindElectricity, Product: "w", Label: "Water", Target: "14000000159"},
		{Kind: vend.KindElectricity, Target: "0014000000035", Nickname: "Home"},
	}, nil
}
func (l *lane) NameRegular(context.Context, string, vend.Kind, string, string) error { return nil }
func (l *lane) ForgetRegular(context.Context, string, vend.Kind, string) error       { return nil }
func (l *lane) Recent(context.Context, string, int) ([]vend.Order, error)            { return nil, nil }
func (l *lane) SendAgain(context.Context, string, string) error                      { return nil }
func (l *lane) PIN(context.Context, string) (vend.PINState, error) {
	return vend.PINState{Policy: vend.PINOptional, Set: l.pin}, nil
}
func (l *lane) CheckPIN(context.Context, string, secret.Text) error            { return nil }
func (l *lane) SetPIN(context.Context, string, secret.Text, secret.Text) error { return nil }
func (l *lane) RemovePIN(context.Context, string, secret.Text) error           { return nil }
func (l *lane) AskAccount(context.Context, string, string) (vend.Account, error) {
	return vend.Account{}, vend.ErrNoEnquiry
}

// AskMeter gives out a handle that says what was asked, and notes when.
func (l *lane) AskMeter(_ context.Context, _, meter string, c ledger.Cents, free bool) (vend.Meter, error) {
	how := fmt.Sprintf("%s %s %t", meter, c, free)
	switch l.next {
	case "":
		h := fmt.Sprintf("%s #%d", how, len(l.asked))
		l.asked[h] = l.now
		return vend.Meter{
			Number: meter, Holder: "Nomvula Patience Mokoena-Dlamini", Utility: "Nelson Mandela Bay Municipality",
			Arrears: 12345_67, Handle: h,
		}, nil
	case "silent":
		return vend.Meter{}, errors.New("no answer")
	case "unasked":
		l.asked[""] = l.now
		return vend.Meter{}, vend.ErrNoEnquiry
	}
	return vend.Meter{}, &vend.RefusalError{Reason: vend.Reason(l.next)}
}

// Buy wants the handle of a lookup for exactly this, made lately.
func (l *lane) Buy(_ context.Context, p vend.Purchase) (vend.Order, error) {
	l.sales++
	at, given := l.asked[p.Enquiry]
	switch how := fmt.Sprintf("%s %s %t", p.Target, p.Amount, p.Free); {
	case !given:
		l.bad = "bought without a lookup: " + how
	case p.Enquiry != "" && !strings.HasPrefix(p.Enquiry, how+" #"):
		l.bad = "bought " + how + " by the lookup of " + p.Enquiry
	case l.now.Sub(at) > lookedFor:
		l.bad = "bought " + how + " by a lookup that is " + l.now.Sub(at).String() + " old"
	}
	o := vend.Order{Ref: p.Ref, Kind: p.Product.Kind, Product: p.Product.Code, Label: p.Product.Vendor, Target: p.Target, Amount: p.Amount, State: vend.StateDelivered, CreatedAt: l.now}
	l.orders = append([]vend.Order{o}, l.orders...)
	return o, nil
}

func (l *lane) Order(_ context.Context, ref string) (vend.Order, error) {
	for _, o := range l.orders {
		if o.Ref == ref {
			return o, nil
		}
	}
	return vend.Order{}, vend.ErrNoOrder
}

func (l *lane) Redeem(context.Context, vend.Redemption) (vend.Order, error) {
	return vend.Order{}, vend.ErrNotWritten
}

func (l *lane) Refund(context.Context, vend.Refund) (vend.Order, error) {
	return vend.Order{}, vend.ErrNotWritten
}

func (l *lane) Join(ctx context.Context, ref string) (vend.Order, error) { return l.Order(ctx, ref) }
func (l *lane) Goods(vend.Order) (vend.Goods, error)                     { return vend.Goods{}, vend.ErrNoGoods }

// TestNothingIsBoughtForAMeterButByAFreshLookupOfExactlyThat walks about at
// random, with waits, and with a supplier that answers in every way.
func TestNothingIsBoughtForAMeterButByAFreshLookupOfExactlyThat(t *testing.T) {
	l := &lane{now: time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return l.now }
	shop := Shop{
		Till: l, Purse: l, Shelf: l, Members: l, History: l, Desk: l, Locks: l, Help: "0800123456", Code: "*120*384#", Now: clock,
		Hash:      func(purpose, s string) [32]byte { return sha256.Sum256([]byte(purpose + s)) },
		Languages: func() []Language { return []Language{{"en", "English"}} },
	}
	e, err := dialog.New(Book(shop), words(t), dialog.NewMemory(), dialog.Options{Hash: shop.Hash, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	walks, calls, turns, sales := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		walks++
		*l = lane{now: l.now.Add(24 * time.Hour), asked: map[string]time.Time{}, pin: rapid.Bool().Draw(t, "pin")}
		user, shown := fmt.Sprintf("278%08d", walks), ""
		calls++
		for range rapid.IntRange(40, 80).Draw(t, "turns") {
			switch rapid.SampledFrom(strings.Fields("type type type type type type type type wait dial supplier")).Draw(t, "what") {
			case "wait":
				l.now = l.now.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "seconds")) * time.Second)
				continue
			case "dial":
				calls++ // dials again
			case "supplier":
				l.next = rapid.SampledFrom([]string{"", "", "silent", "unasked", "meter", "amount_low", "meter_blocked"}).Draw(t, "supplier")
				continue
			}
			turns++
			l.now = l.now.Add(time.Second)
			r, err := e.Handle(t.Context(), dialog.Turn{
				Channel: "talk", User: user, Session: strconv.Itoa(calls), Key: strconv.Itoa(turns),
				Text: rapid.SampledFrom(likely(shown)).Draw(t, "typed"), Caps: dialog.Caps{Septets: 160}, At: l.now,
			})
			if err != nil {
				t.Fatal(err)
			}
			shown = r.Text
			if l.bad != "" {
				t.Fatal(l.bad)
			}
			shown = strings.TrimPrefix(shown, "Choose 1 to 2, please.\n")
			if first, _, _ := strings.Cut(shown, "\n"); strings.Contains(first, ", meter ") && strings.Contains(first, "? You have ") && !strings.Contains(shown, "\n1 Pay ") {
				t.Fatalf("what is agreed to needs two pages:\n%s", shown)
			}
		}
		sales += l.sales
	})
	if sales < walks/2 {
		t.Errorf("only %d things were bought in %d walks", sales, walks)
	}
}

// likely is what a customer may type on a screen: mostly what leads on.
func likely(shown string) []string {
	var all []string
	switch {
	case strings.Contains(shown, "3 Electricity"):
		all = append(all, "3", "3", "3", "5", "5", "7")
	case strings.Contains(shown, "3 Free electricity"):
		all = append(all, "2", "2", "3", "3")
	case strings.Contains(shown, "eter?"), strings.Contains(shown, "number of the meter"):
		all = append(all, "1", "1", "3", "14000000019", "0014000000035", "14000000159", "14000000018", "")
	case strings.Contains(shown, "5 digits to pay"):
		return []string{"48213", "48213", "48213", "0"}
	case strings.Contains(shown, "How much?"):
		all = append(all, "1", "2", "3", "30", "5", "2000")
	case strings.Contains(shown, "1 Pay"), strings.Contains(shown, "1 Yes"):
		all = append(all, "1", "1", "1", "1", "00", "7", "x")
	}
	return append(all, "1", "2", "0")
}
