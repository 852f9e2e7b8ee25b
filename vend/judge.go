package vend

import (
	"slices"

	"spaza/ledger"
)

// judge is what an answer does to an order: its next state. It never guesses
// money: an answer that contradicts itself or the order is a person's to decide,
// whatever else it says.
func judge(o Order, a Answer) State {
	redeem := o.Kind == KindRedeem
	happened := a.Outcome == Delivered || a.Owed
	switch {
	case a.Person:
		return StatePerson
	case a.Advice != nil && a.Advice.Undo && (a.Outcome != Unknown || a.Owed || o.State == StateOwed): // what happened is not undone
		return StatePerson
	case a.Advice != nil && !a.Advice.Undo && a.Outcome != Delivered: // nor does stand what did not
		return StatePerson
	case a.Outcome == Delivered && redeem && a.Amount <= 0: // success without saying of what
		return StatePerson
	case a.Outcome == Declined && (o.State == StateOwed || a.Owed || !a.Goods.Empty()): // it was said to have happened
		return StatePerson
	case happened && !redeem && a.Amount != 0 && a.Amount != o.Amount: // something else was sold
		return StatePerson
	case a.Outcome == Delivered && a.Goods.elsewhere(o.Target): // so was here
		return StatePerson
	case happened && o.Kind.paid() && (a.Outcome != Delivered || !a.Goods.Satisfy(o.Kind)): // paid and not had
		return StateOwed
	case a.Outcome == Delivered:
		return StateDelivered
	case a.Outcome == Declined:
		return StateDeclined
	case o.State == StateOwed:
		return StateOwed
	}
	return StateUnknown
}

// paid says whether a sale of this kind is paid for, so that its money is spent
// once it happened, whatever else is missing.
func (k Kind) paid() bool { return k.Bought() || k == KindRefund }

// books is the entry that follows when an order goes from one state to another,
// if any. original is the sale that an order of KindReverse undoes, and had what
// the books have under its reference.
func books(o, original Order, had []ledger.Entry, from State, credited ledger.Cents) (e ledger.Entry, ok bool) {
	switch {
	case o.Refused() && holds(o, original):
		return ledger.Release(o.Ref, o.payer(), o.Amount), true
	case o.State != StateOwed && !o.Done() || from == StateOwed: // nothing happened, or its money was spent before
		return e, false
	case o.Kind == KindRedeem:
		return ledger.Redeemed(o.Ref, o.Customer, credited), true
	case o.Amount == 0: // free: nothing was held
		return e, false
	case o.Kind == KindRefund, o.Kind == KindReverse && original.Kind == KindRedeem:
		return ledger.PayOut(o.Ref, o.payer(), o.Amount), true
	case o.Kind == KindReverse:
		return giveBack(original, had), true
	}
	return ledger.Capture(o.Ref, o.payer(), o.spentAt(), o.Amount), true
}

// giveBack is the entry when the provider has undone a sale whose money was
// spent, with what the books have of it. What the customer has back already goes
// to the operator, who bore it.
func giveBack(o Order, had []ledger.Entry) ledger.Entry {
	switch bore := posted(had, ledger.KindLost, ledger.KindCompensated); {
	case bore:
		return ledger.Recover(o.Ref, o.spentAt(), o.Amount)
	case o.Kind == KindRefund:
		return ledger.Restore(o.Ref, o.payer(), o.Amount)
	}
	return ledger.Reverse(o.Ref, o.payer(), o.spentAt(), o.Amount)
}

// spentAt is where the provider takes the money of an order from.
func (o Order) spentAt() ledger.Account {
	if o.Kind == KindRefund {
		return ledger.ProviderRedemption
	}
	return ledger.Float(o.Provider())
}

// posted says whether the books have an entry of any of these kinds.
func posted(had []ledger.Entry, kinds ...ledger.Kind) bool {
	return slices.ContainsFunc(had, func(e ledger.Entry) bool { return slices.Contains(kinds, e.Kind) })
}

// holds says whether an order holds money until it ends.
func holds(o, original Order) bool {
	return o.Amount > 0 && (o.Kind.paid() || o.Kind == KindReverse && original.Kind == KindRedeem)
}
