package flashapi

import (
	"strings"

	"spaza/secret"
)

// Redemption is a voucher taken in. Amount is the value to credit.
type Redemption struct {
	Receipt
	Change *Voucher // the rest, where part was taken; nil when it went out as an SMS, or there is none
}

// maxVoucher bounds the value of one voucher that is believed. The dearest sold
// is worth a few thousand rand; an answer beyond this mistakes the unit, and a
// person must look before it is credited.
const maxVoucher Cents = 100_000_00

// hasChange says whether the answer's voucher is a new one, worth money of its
// own: it has a PIN, and not the one that was sent.
func (w issueWire) hasChange(a asked) bool {
	pin := w.Voucher.is.PIN
	return !pin.Empty() && (a.Amount > 0 || !samePIN(pin.Text, a.PIN.Text))
}

// samePIN compares PINs, of which one may be written in groups or have lost its
// leading zeros.
func samePIN(a, b secret.Text) bool {
	bare := func(t secret.Text) string { return strings.TrimLeft(grouping.Replace(t.Reveal()), "0") }
	return secret.New(bare(a)).Equal(bare(b))
}

// findRedemption finds the value to credit. The document does not say whether
// the redemption of a whole voucher answers with the value or echoes the zero
// that was sent, so the amount counts when there is one, and the voucher's
// amount otherwise. Where neither speaks, or the voucher is another one, nothing
// is credited without a person.
func findRedemption(a asked, body []byte) finding {
	var w issueWire
	if err := decodeObject(body, &w); err != nil {
		return finding{contradicts: err.Error()}
	}
	f := finding{secrets: w.Voucher.is.secrets()}
	change := w.hasChange(a)
	said, inVoucher := Cents(w.Amount.n), Cents(w.Voucher.is.Amount.n)
	f.amount = said
	switch {
	case w.Amount.bad:
		f.contradicts = "redeemed, but the amount cannot be read"
	case said > 0:
	case a.Amount > 0:
		f.contradicts = "redeemed in part, but no amount is given"
	case change:
		f.contradicts = "redeemed in full, but only a change voucher is given"
	case inVoucher > 0:
		f.amount = inVoucher
	default:
		f.contradicts = "redeemed, but no amount is given"
	}
	if f.amount > maxVoucher {
		f.contradicts = "redeemed, but the amount is beyond belief"
	}
	switch {
	case a.Amount > 0 && f.amount != a.Amount:
		f.odd = "another amount was redeemed than was asked for"
	case a.Amount == 0 && change:
		f.odd = "a change voucher came back though all was redeemed"
	case w.Voucher.bad:
		f.odd = "redeemed, but the voucher cannot be read"
	case a.Amount == 0 && inVoucher > 0 && inVoucher != f.amount:
		f.odd = "the amount differs from the voucher's"
	}
	r := &Redemption{}
	if change {
		r.Change = w.Voucher.is.voucher()
	}
	f.result = r
	return f
}
