package main

import (
	"fmt"
	"strings"

	"spaza/ledger"
	"spaza/vend"
)

// check lists what is wrong with an order as it now stands, which must hold after
// every commit.
func (b *book) check(r *record) (wrongs []string) {
	wrong := func(format string, args ...any) { wrongs = append(wrongs, fmt.Sprintf(format, args...)) }
	if n := len(r.moves); n == 0 || r.moves[n-1].To != r.State {
		wrong("the trail does not end there")
		return wrongs
	}
	now := classOf(r.Order)
	if last := r.stood[len(r.stood)-1]; last.class != now {
		r.stood = append(r.stood, stood{b.step, now})
	}
	r.refused = r.refused || now == classRefused
	r.spent = r.spent || r.State == vend.StateOwed || r.State == vend.StateDelivered

	// Money follows the state.
	got, want := b.sum(r), r.should(b)
	if got != want {
		wrong("its money is %s, and should be %s", got, want)
	}
	// Somebody sees to what is open, and nobody to what is not.
	job := b.jobs[string(vend.JobOrder)+" "+r.Ref]
	if open := now == classOpen; open != (job != nil) && !b.toBeUndone(r.Ref) {
		wrong("it has a job: %t", job != nil)
	} else if open && job != nil && job.dead {
		wrong("its job is buried")
	}
	wrongs = append(wrongs, b.checkAdvice(r)...)
	// The customer knows, or will.
	if !b.knows(r, now) {
		wrong("the customer is not told that it is %s", now)
	}
	if r.State == vend.StateDelivered && r.Kind.Handed() && (len(r.Goods) == 0 || r.Delivery == vend.DeliveryNone) {
		wrong("its goods are missing: %d bytes, delivery %q", len(r.Goods), r.Delivery)
	}
	return wrongs
}

// knows says whether the customer was told where an order stands, since it stands
// there, or a message that will tell is on its way.
func (b *book) knows(r *record, now class) bool {
	switch {
	case now == classOpen, r.Kind == vend.KindReverse && now != classDone:
		return true // a reversal that failed changes nothing for them
	case b.learns(r, now):
		return true
	case r.Kind == vend.KindReverse: // told of the sale, which is the one they know
		original := b.orders[r.Original]
		return original != nil && classOf(original.Order) == classReversed && b.learns(original, classReversed)
	case now == classReversed:
		for _, other := range b.orders {
			if other.Original == r.Ref && other.Done() && b.learns(other, classDone) {
				return true
			}
		}
	}
	return false
}

// learns says it of an order's own screens and messages.
func (b *book) learns(r *record, now class) bool {
	events := []string{vend.NoticeEnded, vend.NoticeDecided}
	if now == classPerson {
		events = []string{vend.NoticePerson}
	}
	for name, job := range b.jobs {
		for _, event := range events {
			if strings.HasPrefix(name, string(vend.JobNotice)+" "+r.Ref+"/"+event) && !job.dead {
				return true
			}
		}
	}
	since := r.stood[len(r.stood)-1].step
	for i, t := range r.told {
		if t.class == now && (t.step >= since || i == len(r.told)-1) { // or it is the last that they heard
			return true
		}
	}
	return false
}

// money is what an order does to the accounts: amounts that came.
type money struct {
	available, held   ledger.Cents // of who pays
	float, redemption ledger.Cents
	loss              ledger.Cents
}

func (m money) String() string {
	return fmt.Sprintf("available %s held %s float %s redemption %s loss %s", m.available, m.held, m.float, m.redemption, m.loss)
}

// sum is what the entries of an order come to.
func (b *book) sum(r *record) (m money) {
	payer := ledger.CustomerPays(r.Customer)
	if r.Fund == vend.FundMerchant {
		payer = ledger.MerchantPays()
	}
	for _, e := range r.entries {
		for _, p := range e.Postings {
			for _, side := range []struct {
				account ledger.Account
				amount  ledger.Cents
			}{{p.Debit, -p.Amount}, {p.Credit, p.Amount}} {
				switch side.account {
				case payer.From:
					m.available += side.amount
				case payer.Held:
					m.held += side.amount
				case ledger.ProviderFloat:
					m.float += side.amount
				case ledger.ProviderRedemption:
					m.redemption += side.amount
				case ledger.ExpenseLoss:
					m.loss += side.amount
				default:
					m.loss += 1 << 40 // it touches money that is not its own
				}
			}
		}
	}
	return m
}

// should is what its entries must come to, by where it stands and how it came
// there.
func (r *record) should(b *book) (m money) {
	a := r.Amount
	switch r.Kind {
	case vend.KindRedeem:
		if now := classOf(r.Order); now == classDone || now == classReversed {
			m.available, m.redemption = a, -a
		}
		return m
	case vend.KindReverse:
		original := b.orders[r.Original]
		if original == nil || original.Kind != vend.KindRedeem {
			return m
		}
	}
	// at is where the provider takes the money.
	at := &m.float
	if r.Kind == vend.KindRefund || r.Kind == vend.KindReverse {
		at = &m.redemption
	}
	switch now := classOf(r.Order); {
	case now == classReversed: // nobody lost anything
	case now == classDone && r.refused: // the customer is not asked a second time
		*at, m.loss = a, -a
	case now == classDone:
		m.available, *at = -a, a
	case now == classRefused && r.spent && r.bears == vend.BearsOperator:
		*at, m.loss = a, -a
	case now == classRefused:
	case r.spent: // owed, or with a person after that
		m.available, *at = -a, a
	default:
		m.available, m.held = -a, a
	}
	return m
}
