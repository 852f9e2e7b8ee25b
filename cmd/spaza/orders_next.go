package main

import (
	"fmt"
	"slices"
	"time"

	"spaza/flashapi"
	"spaza/ledger"
	"spaza/vend"
)

// overdue is how late a running service never is.
const overdue = time.Minute

// canBeDone is what happens next by itself, and what a person may do.
func canBeDone(f file, now time.Time) []string {
	o := f.Order
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	ref := plain(o.Ref)
	window := o.FirstSentAt.Add(flashapi.ResendWindow)
	switch o.State {
	case vend.StateConfirmed:
		if now.Sub(o.CreatedAt) > overdue {
			say("Nobody has begun it since %s: is the service running?", clockSecond(o.CreatedAt))
		}
		say("A running service begins it at once. Not begun by %s, it is given up, and the money is free.",
			clockSecond(o.CreatedAt.Add(flashapi.ResendWindow)))
	case vend.StateSending, vend.StateUnknown, vend.StateOwed:
		sayOpen(f, now, window, say)
	case vend.StatePerson:
		sayPerson(f, now, window, say)
	case vend.StateDelivered:
		say("Send the message again: spaza orders resend %s --reason ...", ref)
		sayUndo(f, say)
	case vend.StateDeclined:
		say("Send the message again: spaza orders resend %s --reason ...", ref)
		if o.Kind != vend.KindReverse {
			say("If the provider's statement shows that it happened: spaza orders resolve %s --as vended --reason ...", ref)
			if o.Kind != vend.KindRedeem && o.Amount > 0 {
				say("  (the customer keeps the money; the operator bears it)")
			}
		}
	case vend.StateResolved:
		say("Send the message again: spaza orders resend %s --reason ...", ref)
		if o.Done() {
			sayUndo(f, say)
		} else {
			say("If it happened after all: spaza orders resolve %s --as vended --reason ...", ref)
		}
	case vend.StateReversed:
		say("Nothing: it is undone.")
	}
	return all
}

// sayOpen is of an order that is being seen through.
func sayOpen(f file, now, window time.Time, say func(string, ...any)) {
	o, found := f.Order, false
	if f.Advice.Undo && f.Advice.State == vend.AdviceDue {
		sayUndoing(f, now, say)
		return
	}
	for _, j := range f.jobs {
		if j.Kind != vend.JobOrder {
			continue
		}
		found = true
		switch {
		case j.Dead:
			say("Its job was given up. Take it up again: spaza orders resend %s --reason ...", plain(o.Ref))
		case j.Owner != "" && j.LeaseUntil.After(now):
			say("It is being sent now. If that process has ended, another takes over at %s.", clockSecond(j.LeaseUntil))
		case j.Owner != "":
			say("The process that sent it has ended; a running service takes it over at once.")
		case now.Sub(j.RunAt) > overdue:
			say("It has been due since %s, and nobody takes it up: is the service running?", clockSecond(j.RunAt))
		case j.RunAt.After(window):
			say("It is not sent again: a person decides after %s.", clockSecond(j.RunAt))
		default:
			say("Asked again at %s; a person may decide after %s.", clockSecond(j.RunAt), clockSecond(window))
			say("Ask again at once: spaza orders resend %s --reason ...", plain(o.Ref))
		}
	}
	if !found {
		say("Its job is missing, which must not be: tell whoever runs the service.")
	}
}

// sayUndoing is of an order that the provider is told to undo, which goes on until
// it has the last word. After the time to send again a person may decide as well.
func sayUndoing(f file, now time.Time, say func(string, ...any)) {
	for _, j := range f.jobs {
		switch {
		case j.Kind != vend.JobAdvice:
			continue
		case j.Dead:
			say("Its advice was given up. Take it up again: spaza orders resend %s --reason ...", plain(f.Order.Ref))
		case now.Sub(j.RunAt) > overdue && !j.LeaseUntil.After(now):
			say("Its advice has been due since %s, and nobody takes it up: is the service running?", clockSecond(j.RunAt))
		default:
			say("It is being undone. The provider is told again at %s, until it says that it is; then the money is the customer's.", clockSecond(j.RunAt))
			say("Tell it at once: spaza orders resend %s --reason ...", plain(f.Order.Ref))
		}
		return
	}
	say("The job of its advice is missing, which must not be: tell whoever runs the service.")
}

// sayPerson is of an order that a person must decide.
func sayPerson(f file, now, window time.Time, say func(string, ...any)) {
	o := f.Order
	ref := plain(o.Ref)
	say("Find it in the provider's statement, by this reference, and decide:")
	happened := fmt.Sprintf("  it happened:  spaza orders resolve %s --as vended --reason ...", ref)
	switch {
	case o.Kind == vend.KindRedeem:
		happened += " --amount R.. (what the voucher was worth)"
	case o.Kind == vend.KindElectricity && len(o.Goods) == 0:
		happened += " --token-stdin"
	case o.Kind.Handed() && len(o.Goods) == 0:
		happened += " --pin-stdin"
	}
	say("%s", happened)
	not := fmt.Sprintf("  it did not:   spaza orders resolve %s --as not_vended --reason ...", ref)
	if spent(f.Entries) {
		not += " --bears provider|operator"
	}
	say("%s", not)
	switch {
	case f.Advice.Undo && f.Advice.State == vend.AdviceDue:
		say("Or leave it: the provider is still told to undo it, and the money is the customer's when it says that it is.")
		say("Tell it at once: spaza orders resend %s --reason ...", ref)
	case f.Advice.Undo:
		say("It may not be sent again: it was to be undone.")
	case len(o.Sealed) > 0 && !o.FirstSentAt.IsZero() && !now.After(window):
		say("Until %s it may still be sent again: spaza orders resend %s --reason ...", clockSecond(window), ref)
	default:
		say("It may not be sent again: the same request might sell a second time.")
	}
}

// sayUndo is of a sale that happened.
func sayUndo(f file, say func(string, ...any)) {
	o := f.Order
	if slices.ContainsFunc(f.Undone, func(u vend.Order) bool { return !u.State.Final() }) {
		say("It is being undone: see its reversal.")
		return
	}
	switch o.Kind {
	case vend.KindReverse:
		return
	case vend.KindRedeem, vend.KindRefund, vend.KindVoucher, vend.KindAirtimePIN, vend.KindCashOut:
		if o.Provider() != byElectrum { // which undoes nothing that was confirmed
			say("Have it undone, where nobody used it: spaza orders reverse %s --reason ...", plain(o.Ref))
		}
	}
	if o.Kind != vend.KindRedeem {
		say("If the provider has undone it: spaza orders resolve %s --as reversed --reason ...", plain(o.Ref))
	}
}

// spent says that the money of an order is at the provider.
func spent(entries []ledger.Entry) bool {
	return slices.ContainsFunc(entries, func(e ledger.Entry) bool {
		return e.Kind == ledger.KindCaptured || e.Kind == ledger.KindPaidOut
	})
}
