package flows

import (
	"context"
	"errors"
	"strings"
	"testing"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

func TestAnAccountIsReadAsPeopleTypeIt(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"10035000":                     "10035000",
		" 1003 5000 ":                  "10035000",
		"1003-5000":                    "10035000",
		"ab-12 cd":                     "AB12CD",
		"1234":                         "1234",
		"12345678901234567890":         "12345678901234567890",
		"110110035000":                 "10035000",
		"1101 1003-5000":               "10035000",
		"110112345678901234567890":     "12345678901234567890",
		"1101123":                      "1101123", // what would be left is no account
		"1101":                         "1101",
		"11011101":                     "1101",
		"110111011234":                 "11011234",
		"":                             "",
		"123":                          "",
		"1 2 3":                        "",
		"123456789012345678901":        "",
		"account: 1234":                "",
		"12/34":                        "",
		"R1234":                        "R1234",
		"ÄB1234":                       "",
		"🙂🙂🙂🙂":                         "",
		"1234*5":                       "",
		strings.Repeat("1", 10_000):    "",
		strings.Repeat("1101", 10_000): "",
	} {
		got, err := ParseAccount(typed, "1101")
		if got != want || (want == "") != errors.Is(err, ErrNotAccount) {
			t.Errorf("%.40q is read as %q (%v), want %q", typed, got, err, want)
		}
	}
	if got, err := ParseAccount("kf 100350", "KF"); got != "100350" || err != nil {
		t.Errorf("a prefix of letters is read as %q (%v)", got, err)
	}
}

// FuzzAccount: what is read is an account, reads as itself, and with the prefix
// in front as itself too.
func FuzzAccount(f *testing.F) {
	for _, typed := range []string{"1003 5000", "110110035000", "ab-12", "12345678901234567890", "😀", "1101", "1\xff234"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		const prefix = "1101"
		got, err := ParseAccount(typed, prefix)
		if err != nil {
			if got != "" || !errors.Is(err, ErrNotAccount) {
				t.Errorf("%q is refused with %q, %v", typed, got, err)
			}
			return
		}
		if len(got) < accountLeast || len(got) > accountMost || strings.ToUpper(got) != got {
			t.Errorf("%q is read as %q", typed, got)
		}
		if again, err := ParseAccount(prefix+got, prefix); again != got || err != nil {
			t.Errorf("%q with its prefix is read as %q, %v", got, again, err)
		}
	})
}

// billers is a shelf of some, a desk of one answer, and a till that has a limit.
type billers struct {
	Till
	Shelf
	Members
	all    []vend.Product
	most   ledger.Cents
	fund   vend.Fund
	answer vend.Account
	err    error
	asked  string
	known  []vend.Regular
}

func (b *billers) Of(vend.Kind) []vend.Product       { return b.all }
func (b *billers) MostAtOnce(vend.Kind) ledger.Cents { return b.most }
func (b *billers) Fund() vend.Fund                   { return b.fund }

func (b *billers) Product(_ vend.Kind, code string) (vend.Product, bool) {
	for _, p := range b.all {
		if p.Code == code {
			return p, true
		}
	}
	return vend.Product{}, false
}

func (b *billers) AskMeter(context.Context, string, string, ledger.Cents, bool) (vend.Meter, error) {
	return vend.Meter{}, errors.New("no meter is asked about here")
}

func (b *billers) AskAccount(_ context.Context, _, account string) (vend.Account, error) {
	b.asked = account
	return b.answer, b.err
}

func (b *billers) Regulars(_ context.Context, _ string, n int, kinds ...vend.Kind) ([]vend.Regular, error) {
	if len(kinds) != 1 || kinds[0] != vend.KindBill {
		return nil, errors.New("other kinds are asked for")
	}
	return b.known[:min(n, len(b.known))], b.err
}

func newBillers() (*billers, billFlow) {
	b := &billers{fund: vend.FundBalance, all: []vend.Product{
		{Code: "1", Kind: vend.KindBill, Vendor: "Kasi Fibre", Biller: "110", Min: 10_00, Max: 2000_00},
		{Code: "2", Kind: vend.KindBill, Vendor: "Ikhaya Rentals", Biller: "1101", Min: 100_00, Max: 5000_00},
	}}
	return b, billFlow{Shop{Till: b, Shelf: b, Members: b, Desk: b}}
}

func TestTheAnswerOfABillerDecidesWhereItGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer vend.Account
		err    error
		amount ledger.Cents
		move   dialog.Move
		holder string
		owed   ledger.Cents
	}{
		"known":                {vend.Account{Holder: "Thabo Mokoena", Balance: 350_00, BalanceKnown: true}, nil, 0, "amount", "T**** M*****", 350_00},
		"nothing is said":      {vend.Account{Balance: 350_00}, nil, 0, "amount", "", 0},
		"once more":            {vend.Account{Holder: "N Dlamini"}, nil, 50_00, "same", "N D******", 0},
		"once more, too much":  {vend.Account{}, nil, 2000_01, "amount", "", 0},
		"nobody can be asked":  {vend.Account{}, vend.ErrNoEnquiry, 0, "amount", "", 0},
		"asked too often":      {vend.Account{}, vend.ErrTooManyEnquiries, 0, "often", "", 0},
		"no answer":            {vend.Account{}, context.DeadlineExceeded, 0, "silent", "", 0},
		"no answer, once more": {vend.Account{}, context.DeadlineExceeded, 50_00, "silent", "", 0},
	} {
		b, f := newBillers()
		b.answer, b.err = c.answer, c.err
		var talk dialog.Talk
		talk.SetText(product, "1")
		talk.SetText(target, "10035000")
		talk.SetText(holder, "S****** E***")
		talk.SetInt(arrears, 77)
		talk.SetInt(amount, int64(c.amount))
		move, err := f.look(t.Context(), &talk)
		if err != nil || move != c.move || b.asked != "11010035000" {
			t.Errorf("%s: it goes on with %q (%v), %q was asked about", name, move, err, b.asked)
		}
		// Nothing of another account may stay.
		if got := talk.Text(holder); !strings.HasPrefix(c.holder, got) || (got == "") != (c.holder == "") {
			t.Errorf("%s: the holder is %q, want %q", name, got, c.holder)
		}
		if got := cents(&talk, arrears); got != c.owed {
			t.Errorf("%s: %s is owed, want %s", name, got, c.owed)
		}
	}
}

func TestOnlyAccountsOfTheBillerAreOffered(t *testing.T) {
	t.Parallel()
	b, f := newBillers()
	b.known = []vend.Regular{
		{Target: "11012345", Nickname: "Mother"}, // 2345 at 1101, and not 12345 at 110
		{Target: "1107777", Nickname: "Fibre"},
		{Target: "110"},
		{Target: "9995555"},
	}
	for code, want := range map[string]string{"1": "7777\x1fFibre\x1e", "2": "2345\x1fMother\x1e"} {
		var talk dialog.Talk
		talk.SetText(product, code)
		move, err := f.enterAccount(t.Context(), &talk)
		if got := talk.Text(regulars); got != want || move != dialog.Stay || err != nil {
			t.Errorf("at biller %s %q are offered (%q, %v), want %q", code, got, move, err, want)
		}
	}
	b.err = errors.New("away")
	var talk dialog.Talk
	talk.SetText(product, "1")
	if move, err := f.enterAccount(t.Context(), &talk); move != dialog.Stay || err != nil || talk.Text(regulars) != "" {
		t.Errorf("without a list it goes on with %q, %v", move, err)
	}
}

func TestABillIsPaidAgainAtTheSameAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		order vend.Order
		fund  vend.Fund
		can   bool
	}{
		"as it was":              {vend.Order{Product: "2", Target: "11012345", Amount: 150_00}, vend.FundBalance, true},
		"of another biller":      {vend.Order{Product: "2", Target: "9992345", Amount: 150_00}, vend.FundBalance, false},
		"without an account":     {vend.Order{Product: "2", Target: "1101", Amount: 150_00}, vend.FundBalance, false},
		"too little by now":      {vend.Order{Product: "2", Target: "11012345", Amount: 99_00}, vend.FundBalance, false},
		"off the shelf":          {vend.Order{Product: "3", Target: "11012345", Amount: 150_00}, vend.FundBalance, false},
		"where the operator has": {vend.Order{Product: "2", Target: "11012345", Amount: 150_00}, vend.FundMerchant, false},
	} {
		b, f := newBillers()
		b.fund = c.fund
		var talk dialog.Talk
		if got := f.recall(&talk, c.order); got != c.can {
			t.Errorf("%s: it can be paid again: %t", name, got)
		}
		if c.can && (talk.Text(target) != "2345" || (till{f.Shop, billCounter(f.Shop)}).sentTo(&talk) != c.order.Target) {
			t.Errorf("%s: it would go to %q", name, talk.Text(target))
		}
	}
}

func TestBillersAreOpenWithinTheLimitAndForWhoPays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		most ledger.Cents
		fund vend.Fund
		open bool
	}{{0, vend.FundBalance, true}, {10_00, vend.FundBalance, true}, {9_99, vend.FundBalance, false}, {0, vend.FundMerchant, false}} {
		b, f := newBillers()
		b.most, b.fund = c.most, c.fund
		if got := f.onSale(); got != c.open {
			t.Errorf("with %s at once, paid from %s, bills can be paid: %t", c.most, c.fund, got)
		}
	}
}
