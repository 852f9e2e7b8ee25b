package main

import (
	"time"

	"spaza/ledger"
	"spaza/vend"
)

// judge is what the provider does about a request, and what it says; silent where
// the answer is lost.
func (p *provider) judge(m *wire) (a vend.Answer, silent bool) {
	w, d, label := p.w, p.w.dice, "answer to "+m.who
	if d.chance("gate "+label, w.weather.lies/5) {
		// Throttled, or the credentials are refused: nobody looks at it.
		w.counts.Lies++
		return refusal(m, vend.ReasonTryLater, "2003"), false
	}
	var mood vend.Reason
	if d.chance("mood "+m.body.ref, 80) {
		mood = pick(d, "reason "+m.body.ref, vend.ReasonNumberBarred, vend.ReasonProductGone, vend.ReasonAmountHigh)
		if m.body.kind == vend.KindRedeem {
			mood = vend.ReasonVoucherExpired
		}
	}
	s := w.truth.look(m.body, time.Now(), mood)
	for _, ref := range w.truth.doubled {
		w.wrongLocked("%s was sold twice", ref)
	}
	a = plain(s)
	if !d.chance("lie "+label, w.weather.lies) {
		return a, false
	}
	w.counts.Lies++
	return p.lie(s, a, pick(d, "kind of lie "+label, lies()...))
}

// refusal is one at the gate: it says nothing of an earlier sending.
func refusal(m *wire, why vend.Reason, code string) vend.Answer {
	a := vend.Answer{Outcome: vend.Declined, Reason: why, Code: code, Detail: "not looked at"}
	if m.again {
		a.Outcome, a.Reason = vend.Unknown, ""
	}
	return a
}

// plain is the plain truth.
func plain(s *sale) vend.Answer {
	if !s.done {
		return vend.Answer{Outcome: vend.Declined, Reason: s.reason, Code: "declined"}
	}
	return vend.Answer{Outcome: vend.Delivered, Amount: s.amount, Goods: s.goods, ProviderRef: "T" + s.body.ref, CallCentre: "100", Code: "0"}
}

// lie is a way not to tell the plain truth.
type lie string

func lies() []lie {
	return []lie{
		"silence", "silence", "unclear", "unclear", "owed", "owed", "owed in part", "person", "person and done", "no goods",
		"no amount", "other amount", "elsewhere", "unclear code", "gone already",
	}
}

// lie tells something else than the plain truth a, within the contract: nothing
// is called delivered that was not done, and nothing declined that was.
func (p *provider) lie(s *sale, a vend.Answer, how lie) (told vend.Answer, silent bool) {
	unknown := vend.Answer{Code: "500", Detail: string(how)}
	switch how {
	case "silence":
		return vend.Answer{}, true
	case "unclear code":
		unknown.Code = "999"
		return unknown, false
	case "owed", "owed in part":
		if !s.done {
			return unknown, false
		}
		unknown.Owed, unknown.Code = true, "owed"
		if how == "owed in part" && s.goods.Utility != nil {
			unknown.Goods = vend.Goods{Utility: &vend.Utility{Meter: s.goods.Utility.Meter, Tokens: []vend.Token{{Use: vend.TokenKeyChange}}}}
		}
		return unknown, false
	case "person":
		unknown.Person, unknown.Alert = true, true
		return unknown, false
	case "person and done":
		a.Person, a.Alert = true, true
		return a, false
	case "no goods":
		if s.done && s.body.kind.Handed() {
			a.Goods = vend.Goods{}
			return a, false
		}
	case "no amount":
		a.Amount = 0
		return a, false
	case "other amount":
		if s.done {
			a.Amount += ledger.Rand(1)
			if s.body.kind == vend.KindRedeem || s.body.kind == vend.KindReverse { // there it would be believed
				a.Amount = 0
			}
			return a, false
		}
	case "elsewhere":
		if s.done && a.Goods.Utility != nil {
			u := *a.Goods.Utility
			u.Meter = "999"
			a.Goods.Utility = &u
			return a, false
		}
	case "gone already":
		if !s.done && s.reason == vend.ReasonCannotReverse {
			if original := p.w.truth.done(s.body.original); original != nil && original.undone {
				a = vend.Answer{Outcome: vend.Delivered, Code: "0", Detail: "was reversed before"}
				return a, false
			}
		}
	}
	return unknown, false
}
