package kill

import (
	"regexp"
	"slices"
	"strings"

	"spaza/ledger"
	"spaza/msisdn"
	"spaza/vend"
)

// refIn finds the part of a reference that customers see.
var refIn = regexp.MustCompile(`Ref ([2-9A-HJ-NP-Z]{6})`)

// tell finds out how the customer was told of the end of each order: by a
// message, by a screen that reached the phone, or not at all. It also looks
// whether what was said is so.
func (k *reckoning) tell() {
	by := k.bySale()
	for _, m := range k.r.messages.All() {
		ref := refIn.FindStringSubmatch(m.Text)
		if ref == nil {
			k.fault(&k.lies, sale{}, "a message with no reference: %q", m.Text)
			continue
		}
		i := slices.IndexFunc(by[m.To], func(s sale) bool { return s.short() == ref[1] })
		if i < 0 {
			k.fault(&k.lies, sale{}, "a message about no order of %s: %q", m.To, m.Text)
			continue
		}
		s := &by[m.To][i]
		if !truth(*s, m.Text) {
			k.fault(&k.lies, *s, "a message says what is not so: %q", m.Text)
		}
		if s.by == "message" {
			k.extra++
		}
		s.by = "message"
	}
	k.sales = k.sales[:0]
	for msisdn, list := range by {
		if c := k.customers[msisdn]; c != nil {
			c.shown(list)
		}
		k.sales = append(k.sales, list...)
	}
}

// truth says whether a message's words fit how the order ended.
func truth(s sale, text string) bool {
	rand := ledger.Cents(s.amount).String()
	delivered := s.state == vend.StateDelivered
	switch {
	case strings.Contains(text, "airtime is on"):
		return delivered && s.kind == vend.KindAirtime && strings.HasPrefix(text, rand+" ") && strings.Contains(text, " is on "+msisdn.Local(s.target)+".")
	case strings.Contains(text, "Your PIN:"):
		return delivered && s.kind == vend.KindAirtimePIN && strings.HasPrefix(text, rand+" ")
	case strings.Contains(text, "bundle of"):
		return delivered && s.kind == vend.KindData && strings.Contains(text, " bundle of "+rand+" is on "+msisdn.Local(s.target)+".")
	case strings.Contains(text, "did not work"), strings.Contains(text, "not added"), strings.Contains(text, "could not add"):
		return !delivered
	case strings.Contains(text, "was added to your balance"):
		return delivered && s.kind == vend.KindRedeem && strings.HasPrefix(text, rand+" ")
	}
	return false
}

// shown goes through the screens that reached the phone. Each tells of one order.
func (c *customer) shown(list []sale) {
	c.mu.Lock()
	defer c.mu.Unlock()
	used := map[string]bool{}
	for i := range list {
		s := &list[i]
		if s.by != "" {
			continue
		}
		for _, t := range c.diary {
			id := t.session + " " + t.text
			if t.screen == "" || used[id] || t.until.Before(s.created) || !ends(*s, t.screen) {
				continue
			}
			used[id] = true
			s.by = "screen"
			break
		}
	}
}

// dropped says whether the end of an order may have been told to a call that had
// dropped: the answer was there, or the gateway had not waited for it.
func (c *customer) dropped(s sale) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.diary, func(t turn) bool {
		return t.gone && t.until.After(s.created) && (t.err != nil || ends(s, t.unseen))
	})
}

// ends says whether a screen tells how an order ended.
func ends(s sale, screen string) bool {
	rand := ledger.Cents(s.amount).String()
	has := func(words ...string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(screen, w) })
	}
	delivered := s.state == vend.StateDelivered
	switch {
	case s.kind == vend.KindRedeem && delivered:
		return has(rand+" added from your 1Voucher") || has("Your 1Voucher added "+rand)
	case s.kind == vend.KindRedeem:
		return has("Your voucher is still good") || has("Your 1Voucher is still good") || has("was not accepted")
	case delivered:
		return has("Ref "+s.short()) && (has("Done: ") || has("It worked: ") || has("An SMS brings it too.")) && (has(rand+" ") || s.kind != vend.KindAirtime)
	default:
		return has("No money was taken") || has("The money is back")
	}
}
