package flows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"spaza/dialog"
	"spaza/flows"
	"spaza/ledger"
	"spaza/msisdn"
	"spaza/secret"
	"spaza/vend"
)

// said is how a screen names what is asked for, before the question mark.
func (s *street) said(r request) string {
	amount, label := r.amount.String(), r.product.Vendor
	say := func(key, name, value string) string {
		return s.words.Say("en", key, dialog.Arg{Name: "amount", Value: amount}, dialog.Arg{Name: "label", Value: label}, dialog.Arg{Name: name, Value: value})
	}
	whole := func(key, what, name, value string) string {
		return s.words.Say("en", key, dialog.Arg{Name: "what", Value: what}, dialog.Arg{Name: name, Value: value})
	}
	brief := say("brief."+string(r.kind), "", "")
	switch r.kind {
	case vend.KindAirtime:
		return whole("thing.number", brief, "number", msisdn.Local(r.target))
	case vend.KindData:
		return whole("thing.number", r.product.Name, "number", msisdn.Local(r.target))
	case vend.KindElectricity:
		switch {
		case r.amount == 0:
			brief = say("brief.free", "", "")
		case label == "Water":
			brief = say("brief.water", "", "")
		}
		return whole("thing.meter", brief, "meter", r.target)
	case vend.KindBill:
		return whole("thing.account", brief, "account", strings.TrimPrefix(r.target, r.product.Biller))
	}
	return brief
}

// button is what is pressed to get it.
func (s *street) button(r request, o vend.Options) string {
	key := "pay.confirm.pay"
	switch {
	case r.kind == vend.KindRefund:
		key = "pay.confirm.refund"
	case r.amount == 0:
		key = "pay.confirm.free"
	case o.Fund == vend.FundMerchant:
		key = "pay.confirm.pay.house"
	}
	return "\n1 " + s.words.Say("en", key, dialog.Arg{Name: "amount", Value: r.amount.String()}) + "\n"
}

// opened is a shop as it was when a process began, with the rules of then.
type opened struct {
	*street
	service *vend.Service
	rules   vend.Options
}

// ask notes what is asked of the shop, and judges whether it may be.
func (s opened) ask(ctx context.Context, ref string, r request, pin secret.Text, do func() (vend.Order, error)) (vend.Order, error) {
	by, _ := ctx.Value(lineKey{}).(*speaking)
	s.gate.Lock()
	switch {
	case by == nil || by.yes == nil:
		s.wrongs = append(s.wrongs, "asked for without a yes: "+s.said(r))
	case by.yes.ref != "" && by.yes.ref != ref:
		s.wrongs = append(s.wrongs, "one yes is used twice: "+s.said(r))
	default:
		by.yes.ref = ref
		r.screens = []string{by.yes.screen}
		if !strings.Contains(by.yes.screen, s.said(r)+"?") || !strings.Contains(by.yes.screen, s.button(r, s.rules)) {
			s.wrongs = append(s.wrongs, fmt.Sprintf("asked for %q, and agreed to %q", s.said(r), by.yes.screen))
		}
	}
	if before := s.asked[ref]; len(before) > 0 && (s.said(before[0]) != s.said(r)) {
		s.wrongs = append(s.wrongs, fmt.Sprintf("%q and %q have one reference", s.said(before[0]), s.said(r)))
	}
	s.asked[ref] = append(s.asked[ref], r)
	wallet := s.pins[r.user]
	if s.crash.coming() == "late" {
		s.late = time.Now()
	}
	s.gate.Unlock()
	_, old := s.service.Order(ctx, ref)
	if by != nil && by.yes != nil && errors.Is(old, vend.ErrNoOrder) && !by.yes.sure {
		s.onceMore(ctx, by.yes, ref, r)
	}
	o, err := do()
	if _, now := s.service.Order(context.WithoutCancel(ctx), ref); errors.Is(old, vend.ErrNoOrder) && now == nil {
		if r.amount > 0 && s.rules.PIN != vend.PINOff && wallet != pin.Reveal() && !(wallet == "" && s.rules.PIN != vend.PINRequired) {
			s.bad("bought without the PIN: %s", s.said(r))
		}
	}
	return o, err
}

// onceMore looks whether the same was bought before the screen was shown. Money that is
// given back in two parts is nobody's loss.
func (s opened) onceMore(ctx context.Context, y *yes, ref string, r request) {
	recent, err := s.service.Recent(context.WithoutCancel(ctx), r.user, 5)
	if err != nil || r.kind == vend.KindRefund {
		return
	}
	for _, o := range recent {
		if o.Ref != ref && o.Kind == r.kind && o.Amount == r.amount && o.Target == r.target && o.Product == r.product.Code && o.CreatedAt.Before(y.looked) &&
			y.looked.Sub(o.CreatedAt) < 2*time.Minute && !o.Refused() && o.State != vend.StateReversed {
			s.bad("bought twice without a question: %s", s.said(r))
		}
	}
}

// streetTill notes what is asked for.
type streetTill struct {
	flows.Till
	s opened
}

func (t streetTill) Buy(ctx context.Context, p vend.Purchase) (vend.Order, error) {
	r := request{kind: p.Product.Kind, product: p.Product, amount: p.Amount, target: p.Target, user: p.MSISDN}
	if r.kind == vend.KindElectricity {
		t.s.gate.Lock()
		look := t.s.looks[p.Enquiry]
		t.s.gate.Unlock()
		if look != (lookup{p.Target, p.Amount}) {
			t.s.bad("%s is bought by a lookup of %v", t.s.said(r), look)
		}
	}
	return t.s.ask(ctx, p.Ref, r, p.PIN, func() (vend.Order, error) { return t.Till.Buy(ctx, p) })
}

func (t streetTill) Refund(ctx context.Context, p vend.Refund) (vend.Order, error) {
	r := request{kind: vend.KindRefund, amount: p.Amount, user: p.MSISDN}
	return t.s.ask(ctx, p.Ref, r, p.PIN, func() (vend.Order, error) { return t.Till.Refund(ctx, p) })
}

func (t streetTill) Redeem(ctx context.Context, r vend.Redemption) (vend.Order, error) {
	if by, ok := ctx.Value(lineKey{}).(*speaking); !ok || digits(by.typed) != r.PIN.Reveal() {
		t.s.bad("a voucher is handed in that was not typed now")
	}
	return t.Till.Redeem(ctx, r)
}

// streetDesk gives every lookup a handle of its own.
type streetDesk struct {
	flows.Desk
	s opened
}

func (d streetDesk) AskMeter(ctx context.Context, user, meter string, c ledger.Cents, free bool) (vend.Meter, error) {
	m, err := d.Desk.AskMeter(ctx, user, meter, c, free)
	if err == nil {
		d.s.gate.Lock()
		defer d.s.gate.Unlock()
		m.Handle = fmt.Sprintf("H%d", len(d.s.looks))
		d.s.looks[m.Handle] = lookup{meter, c}
	}
	return m, err
}

// streetLocks knows the PINs.
type streetLocks struct {
	flows.Locks
	s opened
}

func (l streetLocks) SetPIN(ctx context.Context, user string, old, chosen secret.Text) error {
	err := l.Locks.SetPIN(ctx, user, old, chosen)
	if err == nil {
		l.s.gate.Lock()
		defer l.s.gate.Unlock()
		l.s.pins[user] = chosen.Reveal()
	}
	return err
}

func (l streetLocks) RemovePIN(ctx context.Context, user string, old secret.Text) error {
	err := l.Locks.RemovePIN(ctx, user, old)
	if err == nil {
		l.s.gate.Lock()
		defer l.s.gate.Unlock()
		if l.s.pins[user] != old.Reveal() {
			l.s.wrongs = append(l.s.wrongs, "a PIN is taken away by another")
		}
		delete(l.s.pins, user)
	}
	return err
}

func (l streetLocks) CheckPIN(ctx context.Context, user string, pin secret.Text) error {
	err := l.Locks.CheckPIN(ctx, user, pin)
	if by, ok := ctx.Value(lineKey{}).(*speaking); ok && err == nil {
		l.s.gate.Lock()
		defer l.s.gate.Unlock()
		by.line.proved = true
	}
	return err
}

// streetHistory sees to it that what is as good as money is sent to nobody who
// does not know the PIN.
type streetHistory struct {
	flows.History
	s opened
}

func (h streetHistory) SendAgain(ctx context.Context, user, ref string) error {
	by := ctx.Value(lineKey{}).(*speaking)
	o, err := h.s.service.Order(ctx, ref)
	h.s.gate.Lock()
	unproved := h.s.pins[user] != "" && !by.line.proved
	h.s.gate.Unlock()
	if err == nil && o.Kind.Handed() && h.s.rules.PIN != vend.PINOff && unproved {
		h.s.bad("sent without the PIN: %s", ref)
	}
	return h.History.SendAgain(ctx, user, ref)
}

// account compares what was asked for with what the provider did.
func (s *street) account() {
	synctest.Wait()
	s.provider.mu.Lock()
	bodies, sold := maps.Clone(s.provider.bodies), maps.Clone(s.provider.sold)
	s.provider.mu.Unlock()
	s.gate.Lock()
	all := maps.Clone(s.asked)
	s.gate.Unlock()
	for _, ref := range slices.Sorted(maps.Keys(sold)) {
		var body struct {
			Kind            vend.Kind
			Product, Target string
			Amount          ledger.Cents
		}
		if err := json.Unmarshal([]byte(bodies[ref]), &body); err != nil {
			s.bad("%v", err)
		}
		if body.Kind == vend.KindRedeem {
			continue
		}
		asked := all[ref]
		if len(asked) == 0 {
			s.bad("nobody asked for %s", bodies[ref])
			continue
		}
		// A wrong wallet PIN writes no order: what is asked for again may have a new code.
		if !slices.ContainsFunc(asked, func(a request) bool {
			return a.kind == body.Kind && a.product.Code == body.Product && a.target == body.Target && a.amount == body.Amount
		}) {
			s.bad("asked for %s, and the provider sold %s", s.said(asked[0]), bodies[ref])
		}
		if told := s.none[ref]; told != "" {
			s.bad("%s was bought, and the customer told %q", s.said(asked[0]), told)
		}
	}
}

var option = regexp.MustCompile(`(?m)^(\d{1,2}) `)

// likelyTyped is what a person may type on a screen: mostly what leads on.
func likelyTyped(shown string) []string {
	has := func(all ...string) bool {
		return slices.ContainsFunc(all, func(one string) bool { return strings.Contains(shown, one) })
	}
	var all []string
	for _, m := range option.FindAllStringSubmatch(shown, -1) {
		all = append(all, m[1], m[1], m[1])
	}
	switch {
	case canAgree.MatchString(shown):
		all = append(all, slices.Repeat([]string{"1"}, 12)...)
	case has("number of the meter", "eter?"):
		all = append(all, "1", "14000000019", "14000000019", "0014000000035", "14000000159", "14000000027", "7654321")
	case has("your account number", "choose your account"):
		all = append(all, "12345", "12345", "67890", "1", "110112345")
	case has("5 digits to pay", "PIN that you have now", "5 digits to see"):
		all = append(all, walletOne, walletOne, walletOne, walletOne, walletTwo, "71935")
	case has("5 digits that nobody", "same PIN once more"):
		all = append(all, walletOne, walletOne, walletOne, walletOne, walletTwo, "11111")
	case has("16 digits of your 1Voucher"):
		all = append(all, "5000500000000001", "5000 5000 0000 0002", "5000500000000003", "5000500000000004", "5000500000000009")
	case has("phone number", "For which number", "or which number", "ype the number"):
		all = append(all, "0831234567", "0831234567", "0831234567", "0841234567")
	case has("short name"):
		all = append(all, "Gogo", "Gogo", "an impossible name")
	case has("How much", "how much"):
		all = append(all, "1", "1", "2", "30", "20")
	case has("What do you need?"):
		all = append(all, "5", "6", "7", "7", "7")
	case has("What else do you need?"):
		all = append(all, "2", "3", "4", "5", "6", "7", "8")
	}
	return append(slices.Repeat(all, 3), "0", "0", "0", "1", "00", "x")
}
