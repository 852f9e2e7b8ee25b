package main

import (
	"fmt"
	"time"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// replay is how long the provider answers a repeated reference with what it did
// the first time. After it, the same request is another sale.
const replay = 30 * time.Minute

// truth is what the provider really did.
type truth struct {
	sales    map[string]*sale
	vouchers map[string]*voucher
	free     map[string]bool // meters that had their free electricity
	doubled  []string        // what was done a second time
}

// sale is what it did about a reference.
type sale struct {
	body     body
	first    time.Time // when it was looked at first
	done     bool
	amount   ledger.Cents // what was sold, or taken in
	reason   vend.Reason  // why not
	goods    vend.Goods
	undone   bool   // by a reversal
	undoneBy string // the first reference that did
	tries    int    // how often it was asked for
	// confirmed and voided: it was told that it stands, or that it must not.
	confirmed, voided bool
}

// voucher is a 1Voucher.
type voucher struct {
	worth     ledger.Cents
	usedBy    string // the redemption that took it
	cancelled bool
}

func newTruth() *truth {
	return &truth{sales: map[string]*sale{}, vouchers: map[string]*voucher{}, free: map[string]bool{}}
}

// done says what a reference really came to; nil when nothing was done.
func (t *truth) done(ref string) *sale {
	if s := t.sales[ref]; s != nil && s.done {
		return s
	}
	return nil
}

// look is what the provider does about a request that arrives: at most one sale
// for a reference, as long as it remembers it. mood draws why an ordinary sale is
// refused; empty where it is not.
func (t *truth) look(r body, now time.Time, mood vend.Reason) *sale {
	s := t.sales[r.ref]
	if s != nil && now.Sub(s.first) <= replay {
		s.tries++
		return s
	}
	again := s != nil && s.done
	fresh := &sale{body: r, first: now, tries: 1}
	t.act(fresh, mood)
	if again && fresh.done {
		t.doubled = append(t.doubled, r.ref)
	}
	t.sales[r.ref] = fresh
	return fresh
}

// act does what is asked, or sets the reason why not.
func (t *truth) act(s *sale, mood vend.Reason) {
	r := s.body
	if mood != "" {
		s.reason = mood
		return
	}
	switch r.kind {
	case vend.KindRedeem:
		v := t.vouchers[r.pin]
		switch {
		case v == nil:
			s.reason = vend.ReasonVoucherNotFound
		case v.usedBy != "":
			s.reason = vend.ReasonVoucherUsed
		case v.cancelled:
			s.reason = vend.ReasonVoucherCancelled
		default:
			v.usedBy, s.done, s.amount = r.ref, true, v.worth
		}
	case vend.KindReverse:
		t.reverse(s)
	case vend.KindVoucher, vend.KindRefund:
		pin := pinOf(r.ref)
		t.vouchers[pin] = &voucher{worth: r.amount}
		s.done, s.amount = true, r.amount
		s.goods = vend.Goods{Voucher: &vend.Voucher{PIN: secret.New(pin), Amount: r.amount, Serial: "S" + r.ref}}
	case vend.KindAirtimePIN:
		s.done, s.amount = true, r.amount
		s.goods = vend.Goods{Voucher: &vend.Voucher{PIN: secret.New(pinOf(r.ref)), Amount: r.amount}}
	case vend.KindElectricity:
		if r.amount == 0 && t.free[r.target] {
			s.reason = vend.ReasonFreeAlreadyIssued
			return
		}
		t.free[r.target] = t.free[r.target] || r.amount == 0
		s.done, s.amount = true, r.amount
		use := vend.TokenCredit
		if r.amount == 0 {
			use = vend.TokenFree
		}
		s.goods = vend.Goods{Utility: &vend.Utility{Meter: r.target, Tokens: []vend.Token{{Use: use, Value: secret.New("2" + pinOf(r.ref))}}}}
	default:
		s.done, s.amount = true, r.amount
	}
}

// reverse undoes a sale that stands, where what was sold can be given back.
func (t *truth) reverse(s *sale) {
	original := t.done(s.body.original)
	s.reason = vend.ReasonCannotReverse
	if original == nil || original.undone {
		return
	}
	switch original.body.kind {
	case vend.KindRedeem:
		t.vouchers[original.body.pin].usedBy = ""
	case vend.KindVoucher, vend.KindRefund:
		v := t.vouchers[pinOf(original.body.ref)]
		if v.usedBy != "" {
			return
		}
		v.cancelled = true
	case vend.KindAirtimePIN:
	default:
		return
	}
	original.undone, original.undoneBy = true, s.body.ref
	s.done, s.reason = true, ""
}

// pinOf is the PIN of what a reference sold.
func pinOf(ref string) string { return fmt.Sprintf("%016d", mix(fnv(ref))%1e16) }

// floats is what the provider took from our float and owes us for vouchers, as
// our books should have it.
func (t *truth) positions() (float, redemption ledger.Cents) {
	for _, s := range t.sales {
		switch {
		case !s.done || s.undone:
		case s.body.kind == vend.KindRedeem:
			redemption -= s.amount
		case s.body.kind == vend.KindRefund:
			redemption += s.amount
		case s.body.kind != vend.KindReverse:
			float += s.amount
		}
	}
	return float, redemption
}
