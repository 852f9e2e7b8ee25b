package flows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// provider is a scripted vend.Provider that keeps to the contract: one
// reference is one sale, and a reference that was answered is answered the same
// way again.
type provider struct {
	mu       sync.Mutex
	products []vend.Product
	vouchers map[string]string // by PIN: its value in cents, or why it is refused
	next     []string          // how the next requests are taken
	answered map[string]vend.Answer
	sold     map[string]ledger.Cents // what was really done, by reference
	times    map[string]int          // and how often
	bodies   map[string]string       // what was sent first under a reference
	product  string                  // what was sold last
	handed   map[string]string       // by reference: the PIN that was handed in
	forbids  bool                    // Prepare refuses
	silent   bool                    // nothing clear comes back to anything
	meters   map[string]known        // what can be asked about, by meter
	accounts map[string]known        // and by whole account reference
	mute     bool                    // nothing comes back to what is asked
	lacks    []vend.Kind             // what it does not sell
}

// known is what the provider knows of a meter or an account.
type known struct {
	holder, supplier, why   string
	arrears, least, most    ledger.Cents
	balance                 ledger.Cents
	balanceKnown            bool
	keys, free, asks, debts int // tokens for new keys; free ones; how often it was asked about; parts kept back
}

var (
	_ vend.Provider   = (*provider)(nil)
	_ vend.Cataloguer = (*provider)(nil)
	_ vend.Capable    = (*provider)(nil)
	_ vend.Enquirer   = (*provider)(nil)
)

func newProvider() *provider {
	p := &provider{
		vouchers: map[string]string{}, answered: map[string]vend.Answer{}, sold: map[string]ledger.Cents{},
		times: map[string]int{}, bodies: map[string]string{}, handed: map[string]string{},
		meters: map[string]known{}, accounts: map[string]known{},
	}
	for _, n := range []struct{ id, name string }{
		{"vodacom", "Vodacom"}, {"mtn", "MTN"}, {"cellc", "Cell C"}, {"telkom", "Telkom Mobile"},
	} {
		p.products = append(p.products, vend.Product{
			Code: n.id, Kind: vend.KindAirtime, Network: n.id, Vendor: n.name, Min: ledger.Rand(5), Max: ledger.Rand(1000),
		})
	}
	return p
}

// change is for whatever a test wants otherwise, while others are served.
func (p *provider) change(do func(*provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do(p)
}

// rands reads "R20" or "R20.50".
func rands(s string) (ledger.Cents, error) {
	whole, frac, _ := strings.Cut(strings.TrimPrefix(s, "R"), ".")
	n, err := strconv.ParseInt(whole+(frac + "00")[:2], 10, 64)
	if err != nil || s == whole {
		return 0, fmt.Errorf("want an amount such as R20: %q", s)
	}
	return ledger.Cents(n), nil
}

func (p *provider) issue(args string) error {
	at := strings.LastIndexByte(args, ' ')
	if at < 0 {
		return errors.New("want a PIN and its worth")
	}
	worth := args[at+1:]
	if worth[0] == 'R' {
		c, err := rands(worth)
		if err != nil {
			return err
		}
		worth = strconv.FormatInt(int64(c), 10)
	}
	p.change(func(p *provider) { p.vouchers[strings.ReplaceAll(args[:at], " ", "")] = worth })
	return nil
}

// expect adds how one request is taken:
//
//	unknown          nothing clear comes back, and nothing was done
//	lost             it is done, and the answer gets lost
//	owed             it is done, and what was bought is not in the answer
//	slow 5s          it is done after a while
//	never            nothing comes back for as long as is waited
//	person           the answer contradicts itself
//	declined REASON  it is refused
//	forbids          it may not even be sent
//
// or all of them, from now on:
//
//	silent           nothing clear comes back, and nothing is done
//	talks            no longer
func (p *provider) expect(args string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	word, rest, _ := strings.Cut(args, " ")
	switch word {
	case "unknown", "lost", "owed", "never", "person":
	case "slow":
		if _, err := time.ParseDuration(rest); err != nil {
			return fmt.Errorf("want how slow: %w", err)
		}
	case "declined":
		if rest == "" {
			return errors.New("want a reason")
		}
	case "forbids":
		p.forbids = true
		return nil
	case "silent", "talks":
		p.silent = word == "silent"
		return nil
	default:
		return errors.New("that is nothing a provider does here")
	}
	p.next = append(p.next, args)
	return nil
}

// stock changes the catalogue:
//
//	Vodacom R2 R1000   this network's airtime, of any amount between
//	Vodacom R5 | R10   at these prices only
//	+ Vodacom R5 | R10 as well as what there is of it
//	- Vodacom          no more of it
//	empty              no more of anything
//
// A low line in a name stands for a blank.
func (p *provider) stock(args string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	words := strings.Fields(args)
	if len(words) == 0 {
		return errors.New("want a network")
	}
	if words[0] == "empty" {
		p.products = nil
		return nil
	}
	how := ""
	if words[0] == "+" || words[0] == "-" {
		how, words = words[0], words[1:]
	}
	if len(words) == 0 {
		return errors.New("want a network")
	}
	name := strings.ReplaceAll(words[0], "_", " ")
	id := strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(name, " Mobile"), " ", ""))
	if how != "+" {
		p.products = slices.DeleteFunc(p.products, func(x vend.Product) bool { return x.Network == id })
	}
	if how == "-" {
		return nil
	}
	var prices []ledger.Cents
	for _, w := range words[1:] {
		if w == "|" {
			continue
		}
		c, err := rands(w)
		if err != nil {
			return err
		}
		prices = append(prices, c)
	}
	sell := func(code string, lo, hi ledger.Cents) {
		p.products = append(p.products, vend.Product{
			Code: code, Kind: vend.KindAirtime, Network: id, Vendor: name, Min: lo, Max: hi,
		})
	}
	switch {
	case slices.Contains(words, "|"):
		for _, c := range prices {
			sell(id+"-"+c.String(), c, c)
		}
	case len(prices) == 2:
		sell(id+"-any", prices[0], prices[1])
	default:
		return errors.New("want two limits, or prices with | between them")
	}
	return nil
}

// Products implements vend.Cataloguer.
func (p *provider) Products(context.Context) ([]vend.Product, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.products), nil
}

// Prepare implements vend.Provider.
func (p *provider) Prepare(s vend.Sale) (vend.Request, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.forbids {
		p.forbids = false
		return vend.Request{}, fmt.Errorf("prepare: %w", vend.ErrRefused)
	}
	body, err := json.Marshal(map[string]any{
		"ref": s.Ref, "kind": s.Kind, "product": s.Product, "amount": s.Amount, "target": s.Target, "pin": s.PIN.Reveal(),
		"original": s.Original, "free": s.Free, "enquiry": s.Enquiry,
	})
	return vend.Request{Op: string(s.Kind), Ref: s.Ref, Body: secret.New(string(body))}, err
}

// Send implements vend.Provider.
func (p *provider) Send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	p.mu.Lock()
	if first, seen := p.bodies[r.Ref]; seen && first != r.Body.Reveal() {
		p.mu.Unlock()
		return vend.Answer{Person: true, Detail: "another body under the same reference"}
	}
	p.bodies[r.Ref] = r.Body.Reveal()
	if a, ok := p.answered[r.Ref]; ok {
		p.mu.Unlock()
		return a
	}
	how := ""
	switch {
	case p.silent:
		how = "unknown"
	case len(p.next) > 0:
		how, p.next = p.next[0], p.next[1:]
	}
	p.mu.Unlock()

	word, rest, _ := strings.Cut(how, " ")
	switch word {
	case "unknown":
		return vend.Answer{Detail: "no answer"}
	case "lost":
		p.do(r)
		return vend.Answer{Detail: "answer was lost"}
	case "owed":
		p.do(r)
		return vend.Answer{Owed: true, Detail: "what was bought is not in the answer"}
	case "person":
		return vend.Answer{Person: true, Detail: "success without a value"}
	case "declined":
		a := vend.Answer{Outcome: vend.Declined, Reason: vend.Reason(rest)}
		p.mu.Lock()
		p.answered[r.Ref] = a
		p.mu.Unlock()
		return a
	case "never":
		<-ctx.Done()
		return vend.Answer{Detail: ctx.Err().Error()}
	case "slow":
		d, _ := time.ParseDuration(rest)
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return vend.Answer{Detail: ctx.Err().Error()}
		}
	}
	return p.do(r)
}

// do does what a request asks for.
func (p *provider) do(r vend.Request) vend.Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	var body struct {
		Kind     vend.Kind
		Product  string
		Amount   ledger.Cents
		PIN      string
		Original string
		Target   string
	}
	if err := json.Unmarshal([]byte(r.Body.Reveal()), &body); err != nil {
		return vend.Answer{Person: true, Detail: "request is not readable"}
	}
	a := vend.Answer{Outcome: vend.Delivered, CallCentre: "082111", ProviderRef: "T" + strconv.Itoa(len(p.answered))}
	if body.Kind == vend.KindRedeem {
		worth, err := strconv.ParseInt(p.vouchers[body.PIN], 10, 64)
		if err != nil {
			why := p.vouchers[body.PIN]
			if why == "" {
				why = "not_found"
			}
			a = vend.Answer{Outcome: vend.Declined, Reason: vend.Reason("voucher_" + why)}
		} else {
			p.vouchers[body.PIN], p.handed[r.Ref] = "used", body.PIN
			a.Amount, a.CallCentre = ledger.Cents(worth), ""
			body.Amount = a.Amount
		}
	}
	switch body.Kind {
	case vend.KindElectricity:
		a.Goods.Utility, a.CallCentre = p.tokens(body.Target, body.Amount), ""
	case vend.KindAirtimePIN, vend.KindGift, vend.KindCashOut, vend.KindVoucher:
		pin := fmt.Sprintf("%016d", 7000_0000_0000_0001+len(p.answered))
		a.Goods.Voucher = &vend.Voucher{PIN: secret.New(pin), Amount: body.Amount, Expires: "2029-03-02", Serial: "17", HowTo: secret.New("Dial *136*PIN#")}
		a.CallCentre = ""
	case vend.KindBill:
		a.Goods.Payment, a.CallCentre = &vend.Payment{Account: body.Target}, ""
	case vend.KindRefund: // the PINs of vouchers that are handed in are never shown; this one is
		pin := fmt.Sprintf("%016d", 8000_0000_0000_0001+len(p.answered))
		a.Goods.Voucher = &vend.Voucher{PIN: secret.New(pin), Amount: body.Amount, Expires: "2029-03-02", Serial: "17"}
		a.CallCentre = ""
	case vend.KindReverse:
		if pin := p.handed[body.Original]; pin != "" {
			p.vouchers[pin] = strconv.FormatInt(int64(p.sold[body.Original]), 10)
		}
		a.CallCentre = ""
	}
	if a.Outcome == vend.Delivered {
		p.sold[r.Ref] = body.Amount
		p.times[r.Ref]++
		p.product = body.Product
	}
	p.answered[r.Ref] = a
	return a
}

// did says whether a request was really done, and for how much.
func (p *provider) did(ref string) (bool, ledger.Cents) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.sold[ref]
	return ok, c
}

// count is how many requests were really done.
func (p *provider) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sold)
}

// pins are those of the vouchers that were sold somewhere, and what each is worth.
func (p *provider) pins() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.vouchers)
}

func (p *provider) lastProduct() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.product
}

// twice lists what was done more than once.
func (p *provider) twice() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var refs []string
	for ref, n := range p.times {
		if n > 1 {
			refs = append(refs, ref)
		}
	}
	return refs
}

// Can implements vend.Capable.
func (p *provider) Can(k vend.Kind) vend.Capability {
	return vend.Capability{Sells: !slices.Contains(p.lacks, k), Reverses: true, Enquires: k == vend.KindElectricity || k == vend.KindBill}
}

// Meter implements vend.Enquirer.
func (p *provider) Meter(_ context.Context, q vend.MeterQuestion) (vend.Meter, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k, ok := p.meters[q.Meter]
	switch {
	case p.mute:
		return vend.Meter{}, errors.New("no answer")
	case !ok:
		return vend.Meter{}, &vend.RefusalError{Reason: vend.ReasonMeter, Code: "1"}
	case k.why != "":
		return vend.Meter{}, &vend.RefusalError{Reason: vend.Reason(k.why), Code: "2"}
	}
	k.asks++
	p.meters[q.Meter] = k
	return vend.Meter{
		Number: q.Meter, Holder: k.holder, Utility: k.supplier, Arrears: k.arrears, Min: k.least, Max: k.most,
		Handle: fmt.Sprintf("H%d-%d", k.asks, q.Amount),
	}, nil
}

// Account implements vend.Enquirer.
func (p *provider) Account(_ context.Context, q vend.AccountQuestion) (vend.Account, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k, ok := p.accounts[q.Account]
	switch {
	case p.mute:
		return vend.Account{}, errors.New("no answer")
	case !ok:
		return vend.Account{}, &vend.RefusalError{Reason: vend.ReasonAccount, Code: "1"}
	case k.why != "":
		return vend.Account{}, &vend.RefusalError{Reason: vend.Reason(k.why), Code: "2"}
	}
	return vend.Account{Biller: k.supplier, Holder: k.holder, Number: q.Account, Balance: k.balance, BalanceKnown: k.balanceKnown}, nil
}

// tokens are what a meter is sold. The caller holds the lock.
func (p *provider) tokens(meter string, price ledger.Cents) *vend.Utility {
	k := p.meters[meter]
	u := &vend.Utility{Meter: meter, Utility: k.supplier, Units: "45.2", Unit: "kWh", Receipt: "9", PartsKnown: true}
	add := func(use vend.TokenUse, n int) {
		for range n {
			number := fmt.Sprintf("%020d", 10_0000_0000_0000_0001+100*len(p.answered)+len(u.Tokens))
			u.Tokens = append(u.Tokens, vend.Token{Use: use, Value: secret.New(number)})
		}
	}
	add(vend.TokenKeyChange, k.keys)
	if price > 0 {
		add(vend.TokenCredit, 1)
		part := price / 4 * ledger.Cents(k.debts)
		u.VAT = (price - part) * 15 / 115
		u.Net = price - part - u.VAT
		if part > 0 {
			u.Debt = []vend.Charge{{Label: "Arrears", Amount: part}}
		}
	} else {
		add(vend.TokenFree, 1)
		u.Units, u.FreeUnits = "", "50"
	}
	add(vend.TokenFree, k.free)
	return u
}

// sells adds products: "everything" is a little of all there is; otherwise a
// kind, a code, a vendor, a price (R10) or limits (R10-R500), for a bill its
// biller (biller:1101), and a name. A low line in a vendor stands for a blank.
func (p *provider) sells(args string) error {
	if args == "everything" {
		for _, one := range []string{
			"data v1 Vodacom R10 Vodacom 100MB Daily Data", "data v2 Vodacom R39 Vodacom 500MB Weekly Data",
			"data v3 Vodacom R85 Vodacom 1GB 30 Day Data", "data m1 MTN R30 MTN 500MB Weekly Data",
			"electricity e1 Electricity R10-R5000 Prepaid Electricity", "electricity w1 Water R10-R2000 Prepaid Water",
			"airtime_pin z1 MTN R30 MTN Airtime Voucher R30", "airtime_pin z2 Eezi R2-R1000 Eezi Airtime Any Network",
			"gift g1 Game_Store R50 Game Store Gift Voucher", "gift g2 Game_Store R200 Game Store Gift Voucher R200",
			"voucher n1 1Voucher R5-R4000 1Voucher", "cash_out c1 Flash R20-R3000 Cash Out PIN",
			"bill b1 Kasi_Fibre R10-R2000 biller:1101 Kasi Fibre", "bill b2 Ikhaya_Rentals R100-R5000 biller:1105 Ikhaya Rentals",
		} {
			if err := p.sells(one); err != nil {
				return err
			}
		}
		return nil
	}
	words := strings.Fields(args)
	if len(words) < 5 {
		return errors.New("want a kind, a code, a vendor, a price and a name")
	}
	x := vend.Product{Kind: vend.Kind(words[0]), Code: words[1], Vendor: strings.ReplaceAll(words[2], "_", " ")}
	x.Network = strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(x.Vendor, " Mobile"), " ", ""))
	lo, hi, ranged := strings.Cut(words[3], "-")
	var err error
	if x.Min, err = rands(lo); err != nil {
		return err
	}
	if x.Max = x.Min; ranged {
		if x.Max, err = rands(hi); err != nil {
			return err
		}
	}
	rest := words[4:]
	if biller, ok := strings.CutPrefix(rest[0], "biller:"); ok {
		x.Biller, rest = biller, rest[1:]
	}
	x.Name = strings.Join(rest, " ")
	p.mu.Lock()
	defer p.mu.Unlock()
	p.products = append(p.products, x)
	return nil
}

// learn reads what there is to know of a meter or account: its number, and
// words such as holder=Thabo_Mokoena supplier=City_Power arrears=R350 min=R20
// max=R500 balance=R150 keys=2 free=1 debts=1, or refused=meter_blocked.
func learn(args string) (number string, k known, err error) {
	words := strings.Fields(args)
	if len(words) == 0 {
		return "", k, errors.New("want a number")
	}
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		value = strings.ReplaceAll(value, "_", " ")
		switch name {
		case "holder":
			k.holder = value
		case "supplier":
			k.supplier = value
		case "refused":
			k.why = strings.ReplaceAll(value, " ", "_")
		case "arrears":
			k.arrears, err = rands(value)
		case "min":
			k.least, err = rands(value)
		case "max":
			k.most, err = rands(value)
		case "balance":
			k.balanceKnown = true
			k.balance, err = rands(value)
		case "keys":
			k.keys, err = strconv.Atoi(value)
		case "free":
			k.free, err = strconv.Atoi(value)
		case "debts":
			k.debts, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("there is nothing called %q", name)
		}
		if err != nil {
			return "", k, err
		}
	}
	return words[0], k, nil
}
