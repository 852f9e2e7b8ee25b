package flows

import (
	"time"

	"spaza/dialog"
	"spaza/msisdn"
	"spaza/vend"
)

// Text is what the customer is told of an order: how it ended or, while that is
// open, how it stands. The order as it is decides, not the event that the notice
// was written for: on a slow way out it may have been overtaken. What was bought
// is in the text.
func (n Notices) Text(news News) string {
	o := news.Order
	m := message{news, func(key string, args ...dialog.Arg) string { return n.Words.Say(news.Customer.Language, key, args...) }, nil}
	m.args = m.values(n.Help)
	switch {
	case o.Done():
		return m.receipt()
	case o.Refused():
		return m.say(m.refused())
	case o.State == vend.StateReversed:
		return m.say(m.undone())
	case o.State == vend.StateOwed:
		return m.say(m.owed())
	default:
		return m.say(m.open())
	}
}

// message is one text in the making.
type message struct {
	News
	words say
	args  []dialog.Arg
}

// values are what the texts of an order are filled in with.
func (m message) values(help string) []dialog.Arg {
	o := m.Order
	return []dialog.Arg{
		money("amount", o.Amount), text("network", o.Label), text("number", msisdn.Local(o.Target)), ref(o.Ref),
		text("date", o.UpdatedAt.In(southAfrica()).Format("2/1 15:04")), text("callcentre", o.CallCentre),
		text("help", help), text("why", m.words(m.why())),
	}
}

// why is the reason of a refusal, behind words that say already that it did not work.
func (m message) why() string {
	if m.Order.Reason == vend.ReasonTryLater {
		return "sms.later"
	}
	return whyKey(m.Order.Reason)
}

// say is a text of the order's own values, and of whatever else it wants.
func (m message) say(key string, more ...dialog.Arg) string {
	return m.words(key, append(more, m.args...)...)
}

// house says that the customer paid nothing, and so has nothing to lose.
func (m message) house() bool { return m.Order.Fund == vend.FundMerchant }

// refused says that nothing came of the order, and where the money is.
func (m message) refused() string {
	switch o := m.Order; {
	case o.Kind == vend.KindRedeem && ofVoucher(o.Reason):
		return "sms.refused"
	case o.Kind == vend.KindRedeem:
		return "sms.voucher.kept"
	case o.Kind == vend.KindRefund:
		return "sms.refund.not"
	case o.Amount == 0:
		return "sms.free.not"
	case o.Kind == vend.KindAirtime && m.house():
		return "sms.declined.house"
	case o.Kind == vend.KindAirtime:
		return "sms.declined"
	case m.house():
		return "sms.not.house"
	}
	return "sms.not"
}

// undone says that a sale that had happened was undone.
func (m message) undone() string {
	switch {
	case m.Order.Kind == vend.KindRedeem:
		return "sms.undone.voucher"
	case m.Order.Kind == vend.KindRefund:
		return "sms.undone.refund"
	case m.house(), m.Order.Amount == 0:
		return "sms.undone.house"
	}
	return "sms.undone"
}

// owed says that the sale is paid, and what is still to come.
func (m message) owed() string {
	switch k := m.Order.Kind; {
	case k == vend.KindRefund:
		return "sms.owed.refund"
	case k.Handed():
		return "sms.owed"
	}
	return "sms.owed.number"
}

// open says that the outcome is still looked for. It never says that nothing was
// bought.
func (m message) open() string {
	switch o := m.Order; {
	case o.Kind == vend.KindRedeem:
		return "sms.voucher.person"
	case o.Kind == vend.KindRefund:
		return "sms.refund.person"
	case o.Amount == 0:
		return "sms.free.person"
	case m.house():
		return "sms.person.house"
	case o.Kind == vend.KindAirtime:
		return "sms.person"
	}
	return "sms.person.other"
}

// southAfrica is the only time zone there is here; it has no summer time.
func southAfrica() *time.Location { return time.FixedZone("SAST", 2*60*60) }
