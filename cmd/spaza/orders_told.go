package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

// stateSentence is where an order stands, said to somebody who has never heard
// of states.
func stateSentence(o vend.Order) string {
	short := stateWords(o.State, o.Resolution)
	switch o.State {
	case vend.StateConfirmed:
		return short + ": the customer said yes, and nothing was sent"
	case vend.StateSending:
		return short + " for the first time"
	case vend.StateUnknown:
		return short + ": it was sent, and not answered clearly; what became of it is being found out"
	case vend.StateOwed:
		return short + ": the provider says that it happened, but what was bought has not come"
	case vend.StatePerson:
		return short + ": nothing more happens by itself"
	case vend.StateDeclined:
		return short + ": it did not happen, and the money is the customer's"
	case vend.StateResolved:
		if o.Resolution == vend.ResolvedVended {
			return short + ": a person found that it happened"
		}
		return short + ": a person found that it did not happen; the money is the customer's"
	case vend.StateReversed:
		return short + ": it happened and was undone; the money is the customer's again"
	}
	return short
}

// deliveryWords is how far what was bought, or its receipt, has come.
func deliveryWords(o vend.Order) string {
	switch o.Delivery {
	case vend.DeliveryStored:
		return "kept with the order; not handed over yet"
	case vend.DeliveryShown:
		return "shown on the customer's screen"
	case vend.DeliverySent:
		return "sent: the message gateway took it"
	case vend.DeliveryAcknowledged:
		return "arrived: the handset has the message"
	case vend.DeliveryFailed:
		return "the message will not arrive"
	}
	return "nothing yet"
}

// providerWords is what the provider said last, and which one where it is not the
// first.
func providerWords(o vend.Order, trail []vend.Move) string {
	var parts []string
	if o.Provider() != "" {
		parts = append(parts, plain(o.Provider()))
	}
	if o.ProviderRef != "" {
		parts = append(parts, "its number "+plain(o.ProviderRef))
	}
	last := o.Code
	for _, m := range slices.Backward(trail) {
		if last = cmp.Or(last, m.Code); last != "" {
			break
		}
	}
	if last != "" {
		code := "last code " + plain(last)
		if o.CodeTimes > 1 && o.Code != "" {
			code += fmt.Sprintf(" (%d times in a row, since %s)", o.CodeTimes, clockSecond(o.CodeSince))
		}
		parts = append(parts, code)
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing known")
}

// adviceWords is what the provider must be told of an order, and how far that is.
func adviceWords(a vend.StoredAdvice) string {
	s := "that the sale stands"
	if a.Undo {
		s = "to undo it"
	}
	switch a.State {
	case vend.AdviceWaiting:
		s += ": not sent before it is sure that it happened"
	case vend.AdviceDue:
		s += ": not taken yet"
	case vend.AdviceTaken:
		s += ": the provider has accepted it"
	case vend.AdviceRefused:
		s += ": the provider does not accept it"
	case vend.AdviceDropped:
		s += ": given up, since a person decided otherwise"
	}
	switch at := clockSecond(a.TriedAt) + joined("", ", code ", plain(a.Code)); {
	case a.Tries == 1:
		s += " (sent once, at " + at + ")"
	case a.Tries > 1:
		s += fmt.Sprintf(" (sent %d times, last at %s)", a.Tries, at)
	}
	return s
}

// moveWords is one line of an order's trail.
func moveWords(o vend.Order, m vend.Move) string {
	by, note := cmp.Or(plain(m.By), "somebody"), plain(m.Note)
	with := func(s string) string { return joined(s, ": ", note) }
	var s string
	switch m.Cause {
	case vend.CauseCustomer:
		s = "the customer said yes"
	case vend.CauseOperator:
		s = with(by + " asked for it")
	case vend.CauseBegun:
		s = "a process began to send it"
	case vend.CauseAnswer:
		s = answerWords(m) + inBrackets(joined(joined("", "code ", plain(m.Code)), ": ", note))
		if m.Delivery == vend.DeliveryShown {
			s += ", and a screen told the customer"
		}
	case vend.CauseGone:
		s = "the process that was sending it ended without an answer: it may have been sent"
	case vend.CauseLate:
		s = with("an answer came late, and changed nothing")
	case vend.CauseWindow:
		s = "the time in which it may be sent again is over"
	case vend.CauseUnsent:
		s = "it was not begun in time and is given up; nothing was sent"
	case vend.CauseBooks:
		s = with("the books refuse what the answer asks for")
	case vend.CauseUnread:
		s = "the stored request does not open: the key that sealed it is gone, or it was damaged"
	case vend.CauseResend:
		s = by + " asked for another try"
		if m.To.Final() {
			s = by + " asked for another message"
		}
		s = with(s)
	case vend.CauseResolve:
		s = with(by + " decided")
	case vend.CauseUndone:
		s = joined("it was undone", " by ", note)
	case vend.CauseUndo:
		s = "the provider is told to undo it, and it is not sent again"
	case vend.CauseTaken:
		s = "the provider says that it is undone, or never was" + inBrackets(joined(joined("", "code ", plain(m.Code)), ": ", note))
	case vend.CauseNotTaken:
		s = "the provider does not accept the advice" + inBrackets(joined(joined("", "code ", plain(m.Code)), ": ", note))
	case vend.CauseScreen:
		s = with("the customer's screen")
	case vend.CauseMessage:
		s = messageWords(m, note)
	case vend.CauseBySMS:
		if note == vend.NoteScreen {
			s = "the chat did not show the screen: it is sent by SMS"
			break
		}
		s = "the message in the chat did not arrive" + inBrackets(joined("", "its number ", note)) + ": it is sent by SMS"
	case vend.CauseErase:
		s = with("what was kept is erased")
	case vend.CauseExport:
		s = with(by + " looked at it")
	case vend.CauseAgain:
		s = "the customer asked for the message once more"
	default:
		s = with(plain(string(m.Cause)))
	}
	if m.From != m.To {
		s += " -> " + stateWords(m.To, o.Resolution)
	}
	return s
}

// joined is a, and b behind a sign where there is one.
func joined(a, sign, b string) string {
	if b == "" {
		return a
	}
	return a + sign + b
}

func inBrackets(s string) string {
	if s = strings.TrimPrefix(s, ": "); s == "" {
		return ""
	}
	return " (" + s + ")"
}

// answerWords says what an answer of the provider was.
func answerWords(m vend.Move) string {
	s := "the provider "
	if m.Attempt > 0 {
		s = fmt.Sprintf("try %d: the provider ", m.Attempt)
	}
	switch m.To {
	case vend.StateDelivered:
		return s + "says that it happened"
	case vend.StateDeclined:
		return s + "refused"
	case vend.StateOwed:
		return s + "says that it happened, without what was bought"
	case vend.StatePerson:
		return s + "contradicts itself, or cannot settle it"
	}
	return s + "did not answer clearly"
}

// messageWords says what a message gateway did, or reports.
func messageWords(m vend.Move, note string) string {
	switch m.Delivery {
	case vend.DeliveryAcknowledged:
		return "the handset has the message" + inBrackets(note)
	case vend.DeliveryFailed:
		return "the message will not arrive" + inBrackets(note)
	}
	return "the message gateway took a message" + inBrackets(joined("", "its number ", note))
}

// entryWords is one entry in the books.
func entryWords(o vend.Order, e ledger.Entry) string {
	var parts []string
	for _, p := range e.Postings {
		parts = append(parts, fmt.Sprintf("%9s  %s -> %s", p.Amount, accountWords(o, p.Debit), accountWords(o, p.Credit)))
	}
	return fmt.Sprintf("%-11s  %s", plain(string(e.Kind)), strings.Join(parts, "; "))
}

// accountWords is an account as seen from an order.
func accountWords(o vend.Order, a ledger.Account) string {
	switch a {
	case ledger.Available(o.Customer):
		return "customer's balance"
	case ledger.Held(o.Customer):
		return "customer's held money"
	case ledger.Held("merchant"):
		return "operator's held money"
	case ledger.ProviderRedemption:
		return "owed by the provider for vouchers"
	case ledger.Float(o.Provider()):
		return "float at the provider"
	case ledger.MerchantFunds:
		return "paid by the operator"
	case ledger.ExpenseLoss:
		return "operator's loss"
	}
	return plain(string(a))
}

// jobWords is a job of an order.
func jobWords(j store.OrderJob, now time.Time) string {
	name := "the sale"
	switch j.Kind {
	case vend.JobAdvice:
		name = "advice to the provider"
	case vend.JobNotice:
		name = "message that a person looks at it"
		switch {
		case strings.HasSuffix(j.Key, "/"+vend.NoticeSMS):
			name = "message by SMS of how it stands"
		case !strings.HasSuffix(j.Key, "/"+vend.NoticePerson):
			name = "message of how it ended"
		}
	}
	var s string
	switch {
	case j.Dead:
		s = fmt.Sprintf("%s: given up after %d tries", name, j.Attempt)
	case j.Owner != "" && j.LeaseUntil.After(now):
		s = fmt.Sprintf("%s: being done (try %d), by %s until %s", name, j.Attempt, plain(j.Owner), clockSecond(j.LeaseUntil))
	case j.Behind:
		s = name + ": waits for an earlier message to the same customer"
	default:
		s = fmt.Sprintf("%s: waits until %s, tried %d times", name, clockSecond(j.RunAt), j.Attempt)
		if !j.Until.IsZero() {
			s += ", given up at " + clockSecond(j.Until)
		}
	}
	return joined(s, ": ", plain(j.Note))
}

type jobReport struct {
	ID         int64  `json:"id"`
	Kind       string `json:"kind"`
	Key        string `json:"key"`
	RunAt      string `json:"run_at"`
	Attempt    int    `json:"attempt"`
	Owner      string `json:"owner,omitempty"`
	LeaseUntil string `json:"lease_until,omitempty"`
	Until      string `json:"until,omitempty"`
	Behind     bool   `json:"behind"`
	Dead       bool   `json:"dead"`
	Note       string `json:"note,omitempty"`
}

func reportJob(j store.OrderJob) jobReport {
	return jobReport{j.ID, string(j.Kind), j.Key, stamp(j.RunAt), j.Attempt, j.Owner, stamp(j.LeaseUntil), stamp(j.Until), j.Behind, j.Dead, j.Note}
}

// goodsLines is what was bought, in the order in which the customer needs it.
func goodsLines(g vend.Goods) []string {
	var all []string
	put := func(name, value string) {
		if value != "" {
			all = append(all, name+" "+plain(value))
		}
	}
	if v := g.Voucher; v != nil {
		put("PIN", v.PIN.Reveal())
		if v.Amount > 0 {
			put("worth", v.Amount.String())
		}
		put("serial", v.Serial)
		put("until", v.Expires)
		put("how to use:", v.HowTo.Reveal())
	}
	if u := g.Utility; u != nil {
		put("meter", u.Meter)
		for i, t := range u.Tokens {
			put(fmt.Sprintf("token %d (%s)", i+1, strings.ReplaceAll(string(t.Use), "_", " ")), t.Value.Reveal())
		}
		put("units", strings.TrimSpace(u.Units+" "+u.Unit))
		put("free units", u.FreeUnits)
		put("receipt", u.Receipt)
	}
	if p := g.Payment; p != nil {
		put("paid to", p.Biller)
		put("account", p.Account)
		put("status", p.Status)
	}
	return all
}
