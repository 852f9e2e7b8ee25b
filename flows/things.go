package flows

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/msisdn"
	"spaza/vend"
)

// thing is what is bought, as far as it can be said in words: of a basket that is
// being filled, or of an order that was made.
type thing struct {
	kind    vend.Kind
	product string
	label   string
	target  string
	amount  ledger.Cents
}

// basket is what the customer is about to buy at a counter.
func (s Shop) basket(t *dialog.Talk, k vend.Kind) thing {
	w := thing{k, t.Text(product), t.Text(label), t.Text(target), cents(t, amount)}
	if k == vend.KindAirtime || k == vend.KindData {
		w.target = recipient(t)
		if w.label == "" {
			w.label = s.networkName(t)
		}
	}
	return w
}

// recipient is the number that gets something; that of the caller is not kept.
func recipient(t *dialog.Talk) string { return cmp.Or(t.Text(target), t.User) }

// networkName is the network that was picked, as people read it, also when it has
// left the shelf since.
func (s Shop) networkName(t *dialog.Talk) string {
	id := t.Text(network)
	if n, ok := s.Shelf.Network(id); ok {
		return n.Name
	}
	for _, p := range s.Shelf.Of(vend.KindData) {
		if p.Network == id {
			return p.Vendor
		}
	}
	return cmp.Or(msisdn.Brand(id), capital(id))
}

// ordered is what an order is of. An account is named as its owner knows it,
// without the prefix of the biller.
func (s Shop) ordered(o vend.Order) thing {
	w := thing{o.Kind, o.Product, o.Label, o.Target, o.Amount}
	if p, ok := s.Shelf.Product(o.Kind, o.Product); ok && o.Kind == vend.KindBill {
		w.target = strings.TrimPrefix(o.Target, p.Biller)
	}
	return w
}

// say is how a text is had; dialog.Talk.Say is one.
type say func(key string, args ...dialog.Arg) string

// brief names a thing without who gets it: "R20 Vodacom airtime". It stands alone
// or after a colon, never inside a sentence, so that it needs no grammar.
func (s Shop) brief(say say, w thing) string {
	name := w.label
	if p, ok := s.Shelf.Product(w.kind, w.product); ok {
		name = cmp.Or(name, p.Vendor)
		if w.kind == vend.KindData {
			return bundleName(p, true)
		}
	}
	return say(briefKey(w), money("amount", w.amount), text("label", name))
}

func briefKey(w thing) string {
	switch w.kind {
	case vend.KindData:
		return "brief.bundle"
	case vend.KindElectricity:
		switch {
		case w.amount == 0:
			return "brief.free"
		case vend.OfWater(w.label):
			return "brief.water"
		}
	}
	return "brief." + string(w.kind)
}

// capital begins with a capital letter, also where the name of a thing that
// stands first does not.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if first == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// whole names a thing and who gets it: "R20 Vodacom airtime for 0821234567".
func (s Shop) whole(say say, w thing) string {
	what := s.brief(say, w)
	switch {
	case w.target == "":
		return what
	case w.kind == vend.KindElectricity:
		return say("thing.meter", text("what", what), text("meter", w.target))
	case w.kind == vend.KindBill:
		return say("thing.account", text("what", what), text("account", w.target))
	}
	return say("thing.number", text("what", what), text("number", msisdn.Local(w.target)))
}
