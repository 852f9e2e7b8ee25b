package flows

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// longWorld is a shop where every name is as long as names get, and where
// whatever can happen happens when it is told to: its mood.
type longWorld struct {
	lang      string
	fund      vend.Fund
	languages []Language
	words     dialog.Words
	triggers  map[dialog.StateID]bool

	caller  vend.Caller
	outcome func(*vend.Order) error // of the next sale
	spend   error                   // of the next question whether it may be
	balance ledger.Cents
	noPurse bool
	noHold  bool // nothing is set aside
	poor    bool // there is no money
	meter   func() (vend.Meter, error)
	account func() (vend.Account, error)
	pin     vend.PINState
	check   error
	set     error
	again   error
	orders  []vend.Order
	goods   func(vend.Order) (vend.Goods, error)
	regular bool
	twins   []vend.Order // were bought a moment ago
	empty   bool         // nothing is on sale any more
	last    vend.Order   // what was bought last

	chat     bool // it is no phone that is spoken to
	stranger bool // ... and its number is not known
	code     error
}

// trigger says that what is answered there makes something happen.
func (w *longWorld) trigger(s dialog.StateID) {
	if w.triggers == nil {
		w.triggers = map[dialog.StateID]bool{}
	}
	w.triggers[s] = true
}

// calm is the mood in which everything works.
func (w *longWorld) calm() {
	w.outcome = func(o *vend.Order) error { o.State = vend.StateDelivered; return nil }
	w.spend, w.check, w.set, w.again, w.code = nil, nil, nil, nil, nil
	w.balance, w.noPurse, w.empty = longBalance, false, false
	if w.poor {
		w.balance = 0
	}
	w.meter = func() (vend.Meter, error) { return longMeter(), nil }
	w.account = func() (vend.Account, error) {
		return vend.Account{Holder: "Nomathemba Khethiwe Dlamini-Mokoena", Balance: longBalance, BalanceKnown: true}, nil
	}
	w.goods = longGoods
}

func longMeter() vend.Meter {
	return vend.Meter{
		Holder: "Nomathemba Khethiwe Dlamini-Mokoena", Utility: "Nelson Mandela Bay", Arrears: longBalance, Min: 1_50, Max: 5000_00, Handle: "0123456789ABCDEF",
	}
}

// longGoods are four tokens, or a PIN with all that comes with one.
func longGoods(o vend.Order) (vend.Goods, error) {
	if o.Kind != vend.KindElectricity {
		return vend.Goods{Voucher: &vend.Voucher{PIN: secret.New("1234567890123456"), Amount: longAmount, Expires: "2029-12-31", Serial: "12345678901234567890"}}, nil
	}
	u := &vend.Utility{Meter: o.Target, Utility: "Nelson Mandela Bay", Units: "1234.56", Unit: "kWh", FreeUnits: "50"}
	for _, use := range []vend.TokenUse{vend.TokenKeyChange, vend.TokenKeyChange, vend.TokenKeyChange, vend.TokenCredit, vend.TokenFree} {
		u.Tokens = append(u.Tokens, vend.Token{Use: use, Value: secret.New("12345678901234567890")})
	}
	return vend.Goods{Utility: u}, nil
}

// beginnings are the ways in which a call can begin: who is calling, and what
// they did before.
func (w *longWorld) beginnings() []func() {
	known := vend.Customer{ID: "C1", MSISDN: "27821234567", Language: w.lang}
	before := []vend.Order{{Ref: "R-23456789ABCDEFGHJKLM", Kind: vend.KindRedeem, Amount: longAmount, State: vend.StateDelivered, CreatedAt: walkNow.Add(-time.Hour)}}
	as := func(prepare func()) func() {
		return func() {
			w.calm()
			w.twins, w.noHold, w.poor, w.chat, w.stranger = nil, false, false, false, false
			w.caller, w.orders, w.regular, w.pin = vend.Caller{Customer: known, Recent: before}, nil, false, vend.PINState{Policy: vend.PINOptional}
			prepare()
		}
	}
	all := []func(){
		as(func() { w.caller.Recent = nil }),
		as(func() { w.regular, w.orders = true, w.history() }),
		as(func() {
			w.regular, w.orders = true, w.history()
			w.pin.Set = true
		}),
		as(func() { w.orders, w.pin = w.history()[34:], vend.PINState{Policy: vend.PINRequired} }),
		as(func() { w.orders, w.pin = w.history()[24:], vend.PINState{Policy: vend.PINOff} }),
		as(func() {
			w.orders = w.history()[40:]
			w.pin = vend.PINState{Policy: vend.PINOptional, Set: true, LockedUntil: walkNow.Add(14 * time.Minute)}
		}),
		as(func() { w.twins = w.justNow() }),
		as(func() { w.balance, w.noHold, w.poor = 0, true, true }),
		as(func() { w.caller.Recent, w.caller.Idle = nil, true }),
		as(func() { w.caller.Recent, w.caller.Idle, w.pin.Set = nil, true, true }),
		as(func() { w.caller.Recent, w.chat = nil, true }),
		as(func() { w.caller.Recent, w.chat, w.stranger = nil, true, true }),
	}
	all = append(all, as(func() { w.caller.Customer = vend.Customer{} }))
	for _, o := range w.history() {
		all = append(all, as(func() { w.caller.Recent = []vend.Order{o} }))
	}
	return all
}

// justNow are orders of a moment ago for much of what the walk buys.
func (w *longWorld) justNow() []vend.Order {
	var all []vend.Order
	for _, c := range []int64{0, 1000, 2000, 2950, 3500, 5000, 5950, 9950, 10000, 20000, int64(longAmount), 199950} {
		for k, targets := range map[vend.Kind][]string{
			vend.KindAirtime: {"27821234567", "27831234567"}, vend.KindData: {"27821234567", "27831234567"},
			vend.KindElectricity: typed(), vend.KindBill: append(prefixed("1101", typed()), prefixed("1102", typed())...), vend.KindVoucher: {""}, vend.KindGift: {""}, vend.KindCashOut: {""}, vend.KindRefund: {""}, vend.KindAirtimePIN: {""},
		} {
			for _, to := range targets {
				for _, p := range append(w.Of(k), vend.Product{}) {
					all = append(all, vend.Order{
						Ref: "P-23456789ABCDEFTWIN", Kind: k, Product: p.Code, Amount: ledger.Cents(c), Target: to, State: vend.StateDelivered,
						CreatedAt: walkNow.Add(-time.Minute),
					})
				}
			}
		}
	}
	return all
}

func prefixed(by string, all []string) []string {
	var out []string
	for _, s := range all {
		out = append(out, by+s)
	}
	return out
}

// history is an order of each kind, and in each state.
func (w *longWorld) history() []vend.Order {
	var all []vend.Order
	targets := map[vend.Kind]string{vend.KindAirtime: "27831234567", vend.KindData: "27831234567", vend.KindElectricity: "0412345678901", vend.KindBill: "1101123456789012"}
	for _, k := range vend.Kinds() {
		if k == vend.KindReverse {
			continue
		}
		o := vend.Order{
			Ref: fmt.Sprintf("P-2345678%02dABCDEFGHJKL", len(all)), Kind: k, Label: longNetwork, Amount: longAmount, Target: targets[k], Fund: w.fund,
			State: vend.StateDelivered, Customer: "C1", CreatedAt: walkNow.Add(-time.Hour), UpdatedAt: walkNow.Add(-time.Hour), Goods: []byte("x"),
		}
		if products := w.Of(k); len(products) > 0 {
			o.Product, o.Label = products[len(products)-1].Code, products[len(products)-1].Vendor
			o.Amount = min(o.Amount, products[len(products)-1].Max)
		}
		all = append(all, o)
	}
	free, water := all[3], all[3]
	free.Amount, free.Ref = 0, "P-23456789ABCDEFFREE"
	water.Label, water.Product, water.Ref = "Water", "w1", "P-23456789ABCDEFWATER"
	all = append(all, free, water)
	for i, s := range vend.States() {
		for _, k := range []vend.Kind{vend.KindAirtime, vend.KindRedeem} {
			for _, r := range []vend.Reason{vend.ReasonVoucherUsed, vend.ReasonUnavailable} {
				o := all[0]
				o.Kind, o.State, o.Reason, o.Ref = k, s, r, fmt.Sprintf("P-23456789ABC%d%s%s", i, k[:2], r[:3])
				all = append(all, o)
			}
		}
	}
	for i := range all {
		all[i].Ref = strings.ToUpper(all[i].Ref)
	}
	return all
}

// moods are what can happen on an input: one, unless it makes something happen.
func (w *longWorld) moods(at dialog.StateID, in string) []func() {
	calm := []func(){w.calm}
	if in == shared || in == "123456" {
		for _, err := range []error{vend.ErrCodeWrong, vend.ErrCodeOver, vend.ErrTooOften, errAway} {
			calm = append(calm, func() { w.calm(); w.code = err })
		}
	}
	if in == "1" {
		calm = append(calm, func() { w.calm(); w.empty = true })
	}
	if !w.triggers[at] || !slices.Contains([]string{"1", "20", "48213", "5000500000000001", "04123456789"}, in) {
		return calm
	}
	after := func(f func()) func() { return func() { w.calm(); f() } }
	state := func(s vend.State) func() {
		return after(func() { w.outcome = func(o *vend.Order) error { o.State = s; return nil } })
	}
	refuse := func(err error) func() { return after(func() { w.outcome = func(*vend.Order) error { return err } }) }
	all := append(slices.Clone(calm), state(vend.StateUnknown), state(vend.StateOwed), state(vend.StateReversed), state(vend.StatePerson),
		refuse(ledger.ErrInsufficient), refuse(vend.ErrRefused), refuse(vend.ErrNotWritten), refuse(vend.ErrPINNeeded), refuse(vend.ErrPINNotSet),
		refuse(vend.ErrPINTaken), refuse(vend.TriesError{Within: 15 * time.Minute}), refuse(vend.TriesError{Within: 24 * time.Hour}), refuse(vend.ErrNoOrder),
		after(func() { w.noPurse = true }),
		after(func() {
			w.noPurse = true
			w.outcome = func(o *vend.Order) error { o.State, o.Reason = vend.StateDeclined, vend.ReasonTryLater; return nil }
		}),
		after(func() {
			w.noPurse = true
			w.outcome = func(o *vend.Order) error { o.State = vend.StateReversed; return nil }
		}),
		after(func() { w.balance = 5_50; w.outcome = func(*vend.Order) error { return ledger.ErrInsufficient } }),
		after(func() { w.balance = 5_50 }),
		after(func() { w.meter = func() (vend.Meter, error) { return vend.Meter{}, errors.New("no answer") } }),
		after(func() { w.meter = func() (vend.Meter, error) { return vend.Meter{}, vend.ErrTooManyEnquiries } }),
		after(func() { w.meter = func() (vend.Meter, error) { return vend.Meter{}, vend.ErrNoEnquiry } }),
		after(func() { w.meter = func() (vend.Meter, error) { m := longMeter(); m.Min = 4999_00; return m, nil } }),
		after(func() { w.meter = func() (vend.Meter, error) { m := longMeter(); m.Max = 10_50; return m, nil } }),
		after(func() {
			w.meter = func() (vend.Meter, error) { m := longMeter(); m.Arrears, m.Holder = 0, ""; return m, nil }
		}),
		after(func() { w.meter = func() (vend.Meter, error) { m := longMeter(); m.Arrears = 0; return m, nil } }),
		after(func() { w.account = func() (vend.Account, error) { return vend.Account{}, errors.New("no answer") } }),
		after(func() { w.account = func() (vend.Account, error) { return vend.Account{}, vend.ErrTooManyEnquiries } }),
		after(func() { w.account = func() (vend.Account, error) { return vend.Account{}, vend.ErrNoEnquiry } }),
		after(func() {
			w.account = func() (vend.Account, error) { return vend.Account{Holder: "Nomathemba Dlamini-Mokoena"}, nil }
		}),
		after(func() { w.goods = func(vend.Order) (vend.Goods, error) { return vend.Goods{}, vend.ErrNoGoods } }),
		after(func() { w.again = vend.ErrTooOften }),
		after(func() { w.set = vend.ErrPINWeak }),
	)
	for _, err := range []error{&vend.PINError{Left: 1}, &vend.PINError{Left: 2}, &vend.PINError{Locked: 15 * time.Minute}, &vend.PINError{Locked: 24 * time.Hour}} {
		all = append(all, after(func() { w.check, w.set = err, err; w.outcome = func(*vend.Order) error { return err } }))
	}
	for _, k := range []vend.LimitKind{vend.LimitSale, vend.LimitDay, vend.LimitDaySales, vend.LimitMerchantDay, vend.LimitMerchantEach} {
		for _, left := range []ledger.Cents{0, longAmount} {
			err := &vend.LimitError{Limit: k, Most: longBalance, Left: left, Sales: 10}
			all = append(all, after(func() { w.spend = err }), refuse(err))
		}
	}
	for _, r := range reasons() {
		all = append(all, after(func() {
			w.outcome = func(o *vend.Order) error { o.State, o.Reason = vend.StateDeclined, r; return nil }
			w.meter = func() (vend.Meter, error) { return vend.Meter{}, &vend.RefusalError{Reason: r} }
			w.account = func() (vend.Account, error) { return vend.Account{}, &vend.RefusalError{Reason: r} }
		}))
	}
	return all
}

// errAway is what a database says that is not there.
var errAway = errors.New("away")

// longShop is a shop in a world.
func longShop(w *longWorld) Shop {
	return Shop{
		Till: w, Purse: w, Shelf: w, Members: w, History: w, Desk: w, Locks: w,
		Chats: w, Sleepers: w, Words: w.words, ChatsOn: []string{"telegram", "whatsapp"},
		Hash:      func(purpose, s string) [32]byte { return sha256.Sum256([]byte(purpose + s)) },
		Languages: func() []Language { return w.languages },
		Help:      longHelp, Code: longCode, Operator: "Nomathemba's Airtime", Terms: "nomathemba.co.za/terms",
		Now: func() time.Time { return walkNow },
	}
}

func (w *longWorld) sell(o vend.Order) (vend.Order, error) {
	o.Fund, o.CreatedAt, o.UpdatedAt, o.Goods = w.fund, walkNow.Add(-time.Hour), walkNow, []byte("x")
	if err := w.outcome(&o); err != nil {
		return vend.Order{}, err
	}
	w.last = o
	return o, nil
}

func (w *longWorld) Buy(_ context.Context, p vend.Purchase) (vend.Order, error) {
	return w.sell(vend.Order{Ref: p.Ref, Kind: p.Product.Kind, Product: p.Product.Code, Label: p.Product.Vendor, Amount: p.Amount, Target: p.Target})
}

func (w *longWorld) Redeem(_ context.Context, r vend.Redemption) (vend.Order, error) {
	return w.sell(vend.Order{Ref: r.Ref, Kind: vend.KindRedeem, Amount: longAmount})
}

func (w *longWorld) Refund(_ context.Context, r vend.Refund) (vend.Order, error) {
	return w.sell(vend.Order{Ref: r.Ref, Kind: vend.KindRefund, Amount: r.Amount})
}

func (w *longWorld) Join(context.Context, string) (vend.Order, error) {
	return vend.Order{}, vend.ErrNoOrder
}

func (w *longWorld) Order(_ context.Context, ref string) (vend.Order, error) {
	for _, o := range append([]vend.Order{w.last}, w.orders...) {
		if o.Ref == ref {
			return o, nil
		}
	}
	return vend.Order{}, vend.ErrNoOrder
}

func (w *longWorld) Goods(o vend.Order) (vend.Goods, error) { return w.goods(o) }
func (w *longWorld) MaySpend(context.Context, string, vend.Kind, ledger.Cents) error {
	return w.spend
}
func (w *longWorld) MostAtOnce(vend.Kind) ledger.Cents { return 0 }
func (w *longWorld) Fund() vend.Fund                   { return w.fund }
func (w *longWorld) Sells(vend.Kind) bool              { return true }

func (w *longWorld) Balance(context.Context, string) (vend.Balance, error) {
	if w.noPurse {
		return vend.Balance{}, errAway
	}
	if w.noHold {
		return vend.Balance{Available: w.balance}, nil
	}
	return vend.Balance{Available: w.balance, Held: longAmount}, nil
}

func (w *longWorld) Airtime() []vend.Network {
	var all []vend.Network
	if w.empty {
		return nil
	}
	for _, name := range []string{"Vodacom", "MTN", "Cell C", "Telkom Mobile", longNetwork} {
		n := vend.Network{ID: strings.ToLower(name), Name: name}
		n.Range = vend.Product{Code: "any " + n.ID, Kind: vend.KindAirtime, Network: n.ID, Vendor: name, Min: 1_50, Max: longAmount}
		all = append(all, n)
	}
	return all
}

func (w *longWorld) Network(id string) (vend.Network, bool) {
	for _, n := range w.Airtime() {
		if n.ID == id {
			return n, true
		}
	}
	return vend.Network{}, false
}

func (w *longWorld) Of(k vend.Kind) []vend.Product {
	one := func(code, vendor, name string, lo, hi ledger.Cents) vend.Product {
		return vend.Product{Code: code, Kind: k, Network: strings.ToLower(vendor), Vendor: vendor, Name: name, Min: lo, Max: hi, HowTo: "Dial *130*3621*PIN#"}
	}
	if w.empty {
		return nil
	}
	switch k {
	case vend.KindAirtime:
		var all []vend.Product
		for _, n := range w.Airtime() {
			all = append(all, n.Range)
		}
		return all
	case vend.KindData:
		var all []vend.Product
		for i, name := range []string{
			"100MB Daily Data", "1.5GB 7 Day Data", "20GB 30 Day Anytime + 20GB Night", "250MB WhatsApp Weekly", "100 SMS Monthly Bundle", "40 Minutes Daily Voice", "Something Special",
		} {
			all = append(all, one(fmt.Sprint("c", i), longNetwork, longNetwork+" "+name, 1999_50, 1999_50), one(fmt.Sprint("v", i), "Vodacom", "Vodacom "+name, 99_50, 99_50))
		}
		return append(all, one("t1", "Telkom Mobile", "Telkom 75MB Daily Data", 7_00, 7_00))
	case vend.KindAirtimePIN:
		return []vend.Product{one("z1", longNetwork, "Airtime PIN", 29_50, 29_50), one("z2", "Eezi", "Any network", 1_50, longAmount), one("z3", longNetwork, "Any amount", 1_50, longAmount)}
	case vend.KindElectricity:
		return []vend.Product{one("e1", "Electricity", "Prepaid Electricity", 10_00, 5000_00), one("w1", "Water", "Prepaid Water", 10_00, 5000_00)}
	case vend.KindVoucher:
		return []vend.Product{one("n1", "1Voucher", "1Voucher", 1_50, 4000_00)}
	case vend.KindGift:
		return []vend.Product{one("g1", "Marula Market Groceries", "Voucher", 59_99, 59_99), one("g2", "Marula Market Groceries", "Voucher", 1000_50, 1000_50), one("g3", "Protea Fashion", "Voucher", 50_00, 2000_00)}
	case vend.KindCashOut:
		return []vend.Product{one("k1", "Flash", "Cash", 20_00, 3000_00)}
	case vend.KindBill:
		a, b := one("b1", "Imbewu Funeral Cover", "Imbewu Funeral Cover", 10_00, 5000_00), one("b2", "Kasi Fibre", "Kasi Fibre", 10_00, 2000_00)
		a.Biller, b.Biller = "1101", "1102"
		return []vend.Product{a, b}
	}
	return nil
}

func (w *longWorld) Product(k vend.Kind, code string) (vend.Product, bool) {
	for _, p := range w.Of(k) {
		if p.Code == code {
			return p, true
		}
	}
	return vend.Product{}, false
}

func (w *longWorld) Caller(context.Context, string) (vend.Caller, error) { return w.caller, nil }
func (w *longWorld) SetLanguage(_ context.Context, _, _ string) error {
	w.caller.Customer.Language = w.lang // so that the walk stays in its language
	return nil
}

func (w *longWorld) Regulars(_ context.Context, _ string, n int, kinds ...vend.Kind) ([]vend.Regular, error) {
	if !w.regular {
		return nil, nil
	}
	all := []vend.Regular{
		{Kind: vend.KindAirtime, Target: "27831234567", Nickname: "Grandmother", Label: "Vodacom", Product: "any vodacom"},
		{Kind: vend.KindData, Target: "27841234567", Nickname: "Nomathemba M", Label: longNetwork},
		{Kind: vend.KindAirtime, Target: "27611234567"},
		{Kind: vend.KindElectricity, Target: "04123456789", Nickname: "Mother house", Label: "Electricity", Product: "e1"},
		{Kind: vend.KindElectricity, Target: "0412345678901", Label: "Electricity", Product: "e1"},
		{Kind: vend.KindElectricity, Target: "07123456789", Nickname: "Garden house", Label: "Water", Product: "w1"},
		{Kind: vend.KindBill, Target: "1101123456789012", Nickname: "Funeral plan", Label: "Imbewu Funeral Cover", Product: "b1"},
	}
	all = slices.DeleteFunc(all, func(r vend.Regular) bool { return !slices.Contains(kinds, r.Kind) })
	return all[:min(n, len(all))], nil
}

func (w *longWorld) NameRegular(context.Context, string, vend.Kind, string, string) error { return nil }
func (w *longWorld) ForgetRegular(context.Context, string, vend.Kind, string) error       { return nil }

func (w *longWorld) Recent(_ context.Context, _ string, n int) ([]vend.Order, error) {
	if w.twins != nil && n == 5 {
		return w.twins, nil
	}
	return w.orders[:min(n, len(w.orders))], nil
}
func (w *longWorld) SendAgain(context.Context, string, string) error { return w.again }

func (w *longWorld) AskMeter(context.Context, string, string, ledger.Cents, bool) (vend.Meter, error) {
	return w.meter()
}

func (w *longWorld) AskAccount(context.Context, string, string) (vend.Account, error) {
	return w.account()
}

func (w *longWorld) SendCode(context.Context, string, string, string) error { return w.code }
func (w *longWorld) CheckCode(context.Context, string, string, secret.Text) (string, error) {
	return "27821234567", w.code
}

// Links are as many chats as are listed, and one more, for whoever has named
// numbers; nobody else has any.
func (w *longWorld) Links(context.Context, string) ([]vend.Link, error) {
	var all []vend.Link
	for i := range chatsShown + 1 {
		if w.regular {
			all = append(all, vend.Link{Channel: "whatsapp", User: fmt.Sprint("ZA.1349120865530274191", i), LinkedAt: walkNow})
		}
	}
	return all, nil
}
func (w *longWorld) Unlink(context.Context, string, string, string) error { return nil }

func (w *longWorld) Wake(context.Context, string, secret.Text) error { return w.check }
func (w *longWorld) SetAside(context.Context, string) error {
	w.caller.Idle = false
	return nil
}

func (w *longWorld) PIN(context.Context, string) (vend.PINState, error)         { return w.pin, nil }
func (w *longWorld) CheckPIN(context.Context, string, secret.Text) error        { return w.check }
func (w *longWorld) SetPIN(_ context.Context, _ string, _, _ secret.Text) error { return w.set }
func (w *longWorld) RemovePIN(context.Context, string, secret.Text) error       { return w.check }
