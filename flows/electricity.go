package flows

import (
	"context"
	"slices"
	"strings"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

const (
	electricityMeter dialog.StateID = "electricity.meter"
	waterMeterAsk    dialog.StateID = "water.meter"
	freeMeterAsk     dialog.StateID = "free.meter"
)

// utility is one kind of thing for a meter. Electricity, water and the month's
// free basic electricity are asked for in the same way.
type utility struct {
	flow  string
	water bool
	free  bool // costs nothing, so that no amount is asked for
}

func powerMeter() utility { return utility{flow: electricityMeter.Flow()} }
func waterMeter() utility { return utility{flow: waterMeterAsk.Flow(), water: true} }
func freeMeter() utility  { return utility{flow: freeMeterAsk.Flow(), free: true} }

func electricity(s Shop) []dialog.State {
	return slices.Concat(meterStates(s, powerMeter()), lastToken(s))
}
func water(s Shop) []dialog.State     { return meterStates(s, waterMeter()) }
func freeUnits(s Shop) []dialog.State { return meterStates(s, freeMeter()) }

// meterStates sell tokens for a meter: which one, how much, whose it is, and then
// the money.
func meterStates(s Shop, u utility) []dialog.State {
	f := meterFlow{s, u}
	what := "what." + u.flow
	known := dialog.Edge{Move: "known", To: f.asked()}
	odd := dialog.Edge{Move: "odd", To: f.state("odd")}
	states := []dialog.State{
		{
			ID: f.state("meter"), Back: f.from(), What: what, Free: true, Private: true,
			Enter: f.enterMeter, Ask: f.askMeter, Answer: f.pickMeter,
			Edges: f.ways(known, odd, dialog.Edge{Move: "other", To: f.state("type")}, dialog.Edge{Move: "none", To: f.state("none")}),
		},
		{
			ID: f.state("type"), Back: f.state("meter"), What: what, Free: true,
			Enter: func(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
				f.forgetHolder(t)
				return dialog.Stay, nil
			},
			Ask: says("meter.type"), Answer: f.takeMeter,
			Edges: []dialog.Edge{known, odd},
		},
		{
			ID: f.state("odd"), Back: f.state("type"), What: what,
			Ask: f.askOdd, Answer: f.answerOdd,
			Edges: []dialog.Edge{known, {Move: "change", To: f.state("type")}},
		},
	}
	if !u.free {
		how := amounts{
			flow: u.flow, back: f.state("meter"), next: f.state("looking"), gone: f.state("none"),
			ask: func(t *dialog.Talk) string {
				return t.Say("meter.amount."+u.flow, text("meter", t.Text(target)))
			},
			quick:  []ledger.Cents{ledger.Rand(20), ledger.Rand(50), ledger.Rand(100), ledger.Rand(200)},
			priced: f.priced,
		}
		asked := how.states()
		onSale := asked[0].Enter
		asked[0].Enter = func(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
			f.forgetHolder(t)
			return onSale(ctx, t)
		}
		states = append(states, asked...)
	}
	return slices.Concat(states, f.looking(), checkout(s, meterCounter(s, u)), []dialog.State{
		{ID: f.state("none"), End: true, Ask: says("shop.none")},
	})
}

func meterCounter(s Shop, u utility) counter {
	f := meterFlow{s, u}
	c := counter{
		flow: u.flow, kind: vend.KindElectricity, back: f.last(), free: u.free, handed: true,
		onSale: f.onSale, product: f.product, warning: f.warning, cautions: f.cautions, person: true,
		ready: f.ready, again: f.state("looking"),
		mend: map[vend.Reason]dialog.StateID{vend.ReasonMeter: f.state("type"), vend.ReasonAccount: f.state("type")},
	}
	if !u.free {
		c.least, c.recall = f.least, f.recall
		for _, r := range []vend.Reason{vend.ReasonAmount, vend.ReasonAmountLow, vend.ReasonAmountHigh, vend.ReasonAmountBelowArrears} {
			c.mend[r] = c.back
		}
	}
	return c
}

type meterFlow struct {
	Shop
	utility
}

func (f meterFlow) state(step string) dialog.StateID { return dialog.StateID(f.flow + "." + step) }

// from is the list that leads here.
func (f meterFlow) from() dialog.StateID {
	if f.flow == electricityMeter.Flow() {
		return menuStart
	}
	return moreStart
}

// asked is where it goes on once the meter is known.
func (f meterFlow) asked() dialog.StateID {
	if f.free {
		return f.state("looking")
	}
	return f.state("amount")
}

// last is the last question before the supplier is asked.
func (f meterFlow) last() dialog.StateID {
	if f.free {
		return f.state("meter")
	}
	return f.state("amount")
}

// ways are the moves out of the list of meters; only that for electricity leads
// to the last token.
func (f meterFlow) ways(all ...dialog.Edge) []dialog.Edge {
	if f.hasLast() {
		all = append(all, dialog.Edge{Move: "last", To: tokenStart})
	}
	return all
}

func (f meterFlow) hasLast() bool { return f.flow == electricityMeter.Flow() }

// articles are what is on sale for such meters.
func (f meterFlow) articles() []vend.Product {
	var all []vend.Product
	for _, p := range f.Shelf.Of(vend.KindElectricity) {
		if p.Water() == f.water {
			all = append(all, p)
		}
	}
	return all
}

// article is the one that reaches furthest: a sale names the meter, and the
// supplier follows from that.
func (f meterFlow) article() (vend.Product, bool) { return furthest(f.articles()) }

func (f meterFlow) onSale() bool {
	p, ok := f.prices()
	return ok && (f.free || !p.empty())
}

// prices are what may be paid for any meter.
func (f meterFlow) prices() (prices, bool) {
	p, ok := f.article()
	return pricesOf(p).capped(f.Till.MostAtOnce(vend.KindElectricity)), ok
}

// priced are those for this meter, as far as its limits are known.
func (f meterFlow) priced(t *dialog.Talk) (prices, bool) {
	p, ok := f.prices()
	return p.between(cents(t, least), cents(t, most)), ok
}

func (f meterFlow) least(t *dialog.Talk) ledger.Cents {
	p, _ := f.priced(t)
	return p.least()
}

func (f meterFlow) product(t *dialog.Talk) (vend.Product, bool) {
	p, ok := f.article()
	return p, ok && (f.free || pricesOf(p).takes(cents(t, amount)))
}

// recall takes the order of the other kind for none of its own: both are of one
// kind of sale.
func (f meterFlow) recall(t *dialog.Talk, o vend.Order) bool {
	if o.Amount == 0 || o.Target == "" || f.waterBought(o.Product, o.Label) != f.water {
		return false
	}
	f.setMeter(t, o.Target)
	t.SetInt(amount, int64(o.Amount))
	_, ok := f.product(t)
	return ok
}

// setMeter takes a meter. What is known of another one is not of this.
func (f meterFlow) setMeter(t *dialog.Talk, number string) {
	if t.Text(target) != number {
		f.forget(t)
	}
	choose(t, target, number)
	if p, ok := f.article(); ok && f.water { // the other needs no name
		t.SetText(label, utilityLabel(p))
	}
	t.SetText(spare, "")
}

// forget drops what a supplier said.
func (f meterFlow) forget(t *dialog.Talk) {
	f.forgetHolder(t)
	t.SetInt(least, 0)
	t.SetInt(most, 0)
}

// forgetHolder drops all of it but the limits, which the question for the amount
// needs: before the next yes the supplier is asked again.
func (meterFlow) forgetHolder(t *dialog.Talk) {
	for _, v := range []dialog.TextVar{handle, holder, supplier} {
		t.SetText(v, "")
	}
	t.SetInt(arrears, 0)
	t.SetInt(lookedAt, 0)
}

// metersRead is how many meters are looked through for those of one kind.
const metersRead = 20

// boughtMark begins a list of meters where tokens were bought before.
const boughtMark = "+" + recordEnd

// enterMeter reads for which meters the customer has bought before. They are read
// for one turn only: a meter's number leads to a name and an address. Not being
// able to read them is no reason not to sell.
func (f meterFlow) enterMeter(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	if !f.onSale() {
		return "none", nil
	}
	all, err := f.Members.Regulars(ctx, t.User, metersRead, vend.KindElectricity)
	if err != nil {
		all = nil
	}
	var mine []vend.Regular
	mark := ""
	for _, r := range all {
		if r.Label != "" && f.hasLast() {
			mark = boughtMark
		}
		// A meter that was only given a name can be of either kind.
		if r.Label == "" || f.waterBought(r.Product, r.Label) == f.water {
			mine = append(mine, r)
		}
	}
	t.Secret = secret.New(mark + packRegulars(mine, false))
	return dialog.Stay, nil
}

// askMeter asks a customer for whom there is no list for the number at once.
func (f meterFlow) askMeter(t *dialog.Talk, s *dialog.Screen) {
	packed, bought := strings.CutPrefix(t.Secret.Reveal(), boughtMark)
	known := unpackRegulars(packed)
	if len(known) == 0 && !bought {
		s.Text = t.Say("meter.type")
		return
	}
	s.Text = t.Say("meter.ask." + f.flow)
	for _, r := range known {
		s.Add(r.Target, named(r.Nickname, maskTail(r.Target)))
	}
	s.Add("other", t.Say("meter.other"))
	if bought {
		s.Add("last", t.Say("meter.last"))
	}
}

// pickMeter takes a meter from the list, or typed in full.
func (f meterFlow) pickMeter(ctx context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	switch {
	case in.Option == "other", in.Option == "last":
		return dialog.Move(in.Option), nil
	case in.Option != "":
		f.setMeter(t, in.Option)
		return "known", nil
	case in.Gone, t.Options() > 0 && len(in.Text) < meterLeast: // no number, but a choice that there is not
		return t.AgainPick(t.Options())
	}
	return f.takeMeter(ctx, t, in)
}

// takeMeter takes a number that was typed. An unusual one is asked about, unless
// the customer has bought for it.
func (f meterFlow) takeMeter(ctx context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	number, odd, err := ParseMeter(in.Text)
	if err != nil {
		return t.Again("meter.bad")
	}
	if odd && !f.boughtFor(ctx, t, number) {
		t.SetText(spare, number)
		return "odd", nil
	}
	f.setMeter(t, number)
	return "known", nil
}

func (f meterFlow) boughtFor(ctx context.Context, t *dialog.Talk, number string) bool {
	all, err := f.Members.Regulars(ctx, t.User, metersRead, vend.KindElectricity)
	return err == nil && slices.ContainsFunc(all, func(r vend.Regular) bool { return r.Target == number && r.Label != "" })
}

func (meterFlow) askOdd(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("meter.odd", text("meter", t.Text(spare)))
	s.Add("keep", t.Say("meter.odd.keep"))
	s.Add("change", t.Say("meter.odd.change"))
}

func (f meterFlow) answerOdd(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	if in.Option != "keep" {
		return "change", nil
	}
	f.setMeter(t, t.Text(spare))
	return "known", nil
}

// waterBought says whether something that was bought is water: by the product,
// where that is still on the shelf, else by what it was called.
func (f meterFlow) waterBought(code, name string) bool {
	if p, ok := f.Shelf.Product(vend.KindElectricity, code); ok {
		return p.Water()
	}
	return vend.OfWater(name)
}

// utilityLabel is what a product is called, in a way that vend.OfWater understands.
func utilityLabel(p vend.Product) string {
	if vend.OfWater(p.Vendor) == p.Water() {
		return p.Vendor
	}
	return p.Name
}
