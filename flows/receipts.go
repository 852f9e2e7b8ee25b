package flows

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf8"

	"spaza/vend"
)

// receipt says that the sale happened, and hands over what was bought. What has
// to be typed somewhere stands alone on its line, near the top, so that it can
// be found and copied. The balance is never beside it: messages are shown around.
func (m message) receipt() string {
	switch o, g := m.Order, m.Goods; {
	case o.Kind == vend.KindRedeem && g.Voucher != nil: // what was left of it
		must, rest := m.pin("sms.pin.change", true)
		return lines(m.say("sms.redeemed"), m.with(append(must, m.say("sms.tail")), rest))
	case o.Kind == vend.KindRedeem:
		return m.say("sms.redeemed")
	case o.Kind == vend.KindAirtime && o.CallCentre != "":
		return m.say("sms.sold")
	case o.Kind == vend.KindAirtime:
		return m.say("sms.sold.short")
	case o.Kind == vend.KindData:
		return lines(m.say("sms.bundle"), m.of("sms.phone", "phone", o.CallCentre))
	case o.Kind == vend.KindBill:
		return m.bill()
	case !g.Satisfy(o.Kind): // erased since, or given by word of mouth
		return m.say("sms.gone")
	case o.Kind != vend.KindElectricity && g.Voucher == nil: // a reversal, which is told of the sale that it undid
		return m.say("sms.undone.house")
	}
	must, rest := m.parts()
	return m.with(append(must, m.say("sms.tail")), rest)
}

// parts are what was bought, in lines: those that must be told, and what else
// there is to say. None where there is nothing to hand over.
func (m message) parts() (must, rest []string) {
	switch k := m.Order.Kind; {
	case !m.Goods.Satisfy(k):
		return nil, nil
	case k == vend.KindElectricity:
		return m.utility(*m.Goods.Utility)
	case m.Goods.Voucher == nil:
		return nil, nil
	case k == vend.KindAirtimePIN:
		return m.pin("sms.pin.airtime", false)
	case k == vend.KindVoucher:
		return m.pin("sms.pin.voucher", true)
	case k == vend.KindRefund:
		return m.pin("sms.pin.refund", true)
	case k == vend.KindCashOut:
		return m.pin("sms.pin.cash", true)
	default:
		return m.pin("sms.pin.gift", true)
	}
}

// pin hands a PIN over under a line that says what it is. asMoney says that
// it is as good as money to whoever has it.
func (m message) pin(what string, asMoney bool) (must, rest []string) {
	v := m.Goods.Voucher
	worth := v.Amount
	if worth == 0 {
		worth = m.Order.Amount
	}
	must = []string{m.say(what, money("worth", worth)), grouped(v.PIN.Reveal())}
	if v.Expires != "" {
		must = append(must, m.say("sms.pin.expires", text("expires", day(v.Expires))))
	}
	if asMoney {
		must = append(must, m.say("sms.pin.secret"))
	}
	return must, []string{oneLine(v.HowTo.Reveal()), m.of("sms.pin.serial", "serial", v.Serial)}
}

// utility hands tokens over, in the order in which they must be entered, and
// then says what became of the money.
func (m message) utility(u vend.Utility) (must, rest []string) {
	head := "sms.power.head"
	if m.Order.Amount == 0 {
		head = "sms.power.head.free"
	}
	who, meter := cmp.Or(oneLine(u.Utility), m.Order.Label), cmp.Or(oneLine(u.Meter), m.Order.Target)
	must = []string{m.say(head, text("utility", who), text("meter", meter))}
	if len(u.Tokens) > 1 {
		must = append(must, m.say("sms.power.order"))
	}
	for i, t := range u.Tokens {
		if len(u.Tokens) > 1 {
			must = append(must, m.say(tokenKey(t.Use), arg("n", i+1)))
		}
		must = append(must, grouped(t.Value.Reveal()))
	}
	if m.Order.Amount == 0 { // all of it is free
		return append(must, m.units("sms.power.units.free", cmp.Or(u.FreeUnits, u.Units), u.Unit)), m.account(u)
	}
	must = append(must, m.units("sms.power.units", u.Units, u.Unit))
	return must, append([]string{m.units("sms.power.units.free", u.FreeUnits, u.Unit)}, m.account(u)...)
}

// tokenKey is what stands above one of several tokens.
func tokenKey(u vend.TokenUse) string {
	switch u {
	case vend.TokenKeyChange:
		return "sms.power.key"
	case vend.TokenFree:
		return "sms.power.free"
	}
	return "sms.power.token"
}

// account says what became of the money, and what a utility prints on receipts.
func (m message) account(u vend.Utility) []string {
	var all []string
	if u.PartsKnown && m.Order.Amount > 0 {
		all = append(all, m.say("sms.power.parts", money("net", u.Net), money("vat", u.VAT)))
		for _, c := range u.Debt {
			all = append(all, m.say("sms.power.debt", text("label", oneLine(c.Label)), money("part", c.Amount)))
		}
		for _, c := range u.Fixed {
			all = append(all, m.say("sms.power.fixed", text("label", oneLine(c.Label)), money("part", c.Amount)))
		}
	}
	all = append(all, m.of("sms.power.tariff", "tariff", u.Tariff), m.of("sms.power.receipt", "receipt", u.Receipt))
	if u.SupplyGroup != "" { // as these settings are abbreviated on meters
		all = append(all, oneLine("SGC "+u.SupplyGroup+" TI "+u.TariffIndex+" KRN "+u.KeyRevision))
	}
	return append(all, m.of("sms.power.vat", "vatno", u.VATNumber), m.of("sms.phone", "phone", u.Phone), oneLine(u.Message))
}

func (m message) units(key, n, unit string) string {
	if n == "" {
		return ""
	}
	return m.of(key, "units", n+" "+unit)
}

// bill is the receipt of a payment.
func (m message) bill() string {
	var p vend.Payment
	if m.Goods.Payment != nil {
		p = *m.Goods.Payment
	}
	biller, account := cmp.Or(oneLine(p.Biller), m.Order.Label), cmp.Or(oneLine(p.Account), m.Order.Target)
	return lines(m.say("sms.bill", text("biller", biller), text("account", account)), m.of("sms.phone", "phone", p.Phone))
}

// of is a line about a value that the provider may not have given; empty then.
func (m message) of(key, name, value string) string {
	if value = oneLine(value); value == "" {
		return ""
	}
	return m.say(key, text(name, value))
}

const (
	// maxText is how many characters a message has at most: six parts, which
	// every gateway carries. What must be in it never comes near.
	maxText = 900
	// maxWords is how many characters of a provider's text are passed on.
	maxWords = 300
)

// with is what must be in a message, and as much of the rest as there is room
// for: a provider's prose must not keep a PIN from its buyer.
func (m message) with(must, rest []string) string {
	whole := lines(must...)
	for _, l := range rest {
		if longer := lines(whole, l); utf8.RuneCountInString(longer) <= maxText {
			whole = longer
		}
	}
	return whole
}

// lines joins the lines that say something.
func lines(all ...string) string {
	var b strings.Builder
	for _, l := range all {
		if l == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l)
	}
	return b.String()
}

// oneLine is a provider's text without what a message has no use for: ends of
// lines, and blanks beside blanks.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if r := []rune(s); len(r) > maxWords {
		s = string(r[:maxWords])
	}
	return s
}

// grouped writes digits in fours, as people read them out. What is not all
// digits is left as the provider wrote it.
func grouped(pin string) string {
	var b strings.Builder
	for _, c := range []byte(pin) {
		switch {
		case c == ' ' || c == '-':
			continue
		case c < '0' || c > '9':
			return oneLine(pin)
		case b.Len()%5 == 4:
			b.WriteByte(' ')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// day is a date without its time, where it has one.
func day(s string) string {
	if len(s) > len(time.DateOnly) {
		if _, err := time.Parse(time.DateOnly, s[:len(time.DateOnly)]); err == nil {
			return s[:len(time.DateOnly)]
		}
	}
	return oneLine(s)
}
