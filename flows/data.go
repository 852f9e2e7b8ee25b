package flows

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

const (
	dataWho     dialog.StateID = "data.who"
	dataNetwork dialog.StateID = "data.network"
	dataGroup   dialog.StateID = "data.group"
	dataBundle  dialog.StateID = "data.bundle"
	dataOnly    dialog.StateID = "data.only"
	dataNone    dialog.StateID = "data.none"
)

// data sells bundles of data, SMSs and minutes straight onto a number. The list
// of a network is long, so it is narrowed by how long a bundle lasts; where that
// narrows nothing it is not asked, and the list leads back past it.
func data(s Shop) []dialog.State {
	f := dataFlow{s}
	c := dataCounter(s)
	who := whom{Shop: s, flow: c.flow, next: dataGroup, none: dataNone, networks: f.networks}
	what := "what." + c.flow
	return slices.Concat(who.states(), []dialog.State{
		{
			ID: dataGroup, Back: dataNetwork, What: what,
			Enter: f.enterGroup, Ask: f.askGroup, Answer: f.pickGroup,
			Edges: []dialog.Edge{{Move: "picked", To: dataBundle}, {Move: "only", To: dataOnly}, {Move: "gone", To: dataNetwork}},
		},
		{
			ID: dataBundle, Back: dataGroup, What: what, Free: true,
			Enter: f.enterBundle, Ask: f.askBundle, Answer: f.pickBundle,
			Edges: []dialog.Edge{{Move: "picked", To: c.confirm()}, {Move: "only", To: dataOnly}, {Move: "gone", To: dataGroup}},
		},
		{
			ID: dataOnly, Back: dataNetwork, What: what, Free: true,
			Enter: f.enterOnly, Ask: f.askBundle, Answer: f.pickBundle,
			Edges: []dialog.Edge{{Move: "picked", To: c.confirm()}, {Move: "gone", To: dataGroup}},
		},
	}, checkout(s, c), []dialog.State{{ID: dataNone, End: true, Ask: says("shop.none")}})
}

func dataCounter(s Shop) counter {
	f := dataFlow{s}
	return counter{
		flow: "data", kind: vend.KindData, back: dataBundle,
		onSale:   f.onSale,
		product:  f.product,
		cautions: func(t *dialog.Talk) []string { return []string{t.Say("airtime.caution")} },
		least:    f.least,
		mend:     map[vend.Reason]dialog.StateID{vend.ReasonWrongNetwork: dataNetwork, vend.ReasonNumber: dataWho},
		recall:   f.recall,
	}
}

type dataFlow struct{ Shop }

// bundles are those on sale within the shop's limit. A bundle has one price.
func (f dataFlow) bundles() iter.Seq[vend.Product] {
	most := f.Till.MostAtOnce(vend.KindData)
	return func(yield func(vend.Product) bool) {
		for _, p := range f.Shelf.Of(vend.KindData) {
			if p.Network != "" && p.Fixed() && (most == 0 || p.Min <= most) && !yield(p) {
				return
			}
		}
	}
}

func (f dataFlow) onSale() bool {
	for range f.bundles() {
		return true
	}
	return false
}

// networks are those that have bundles on sale: in the order of airtime, and
// after them any that has no airtime.
func (f dataFlow) networks() []vend.Network {
	var all []vend.Network
	for p := range f.bundles() {
		if !slices.ContainsFunc(all, func(n vend.Network) bool { return n.ID == p.Network }) {
			all = append(all, vend.Network{ID: p.Network, Name: cmp.Or(p.Vendor, p.Network)})
		}
	}
	first := f.Shelf.Airtime()
	rank := func(n vend.Network) int {
		at := slices.IndexFunc(first, func(a vend.Network) bool { return a.ID == n.ID })
		if at < 0 {
			return len(first)
		}
		return at
	}
	slices.SortStableFunc(all, func(a, b vend.Network) int { return cmp.Compare(rank(a), rank(b)) })
	return all
}

// choice is a bundle on a list.
type choice struct {
	product vend.Product
	label   string
}

// byGroup are a network's bundles, the cheapest first. Of those that nobody could
// tell apart, one is enough.
func (f dataFlow) byGroup(network string) map[bundleGroup][]choice {
	all := map[bundleGroup][]choice{}
	for p := range f.bundles() {
		if p.Network != network {
			continue
		}
		g := readBundle(p.Name).group()
		c := choice{p, bundleLabel(p, g)}
		if !slices.ContainsFunc(all[g], func(o choice) bool { return o.label == c.label }) {
			all[g] = append(all[g], c)
		}
	}
	for _, list := range all {
		slices.SortStableFunc(list, func(a, b choice) int {
			return cmp.Or(
				cmp.Compare(a.product.Min, b.product.Min),
				cmp.Compare(readBundle(b.product.Name).size, readBundle(a.product.Name).size),
			)
		})
	}
	return all
}

// enterGroup skips the question where there is only one answer, and turns back a
// customer whose network has nothing any more.
func (f dataFlow) enterGroup(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
	switch all := f.byGroup(t.Text(network)); len(all) {
	case 0:
		t.Note(whyKey(vend.ReasonProductGone))
		return "gone", nil
	case 1:
		return "only", nil
	}
	return dialog.Stay, nil
}

func (f dataFlow) askGroup(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("data.group.ask", text("label", f.networkName(t)), whom{}.number(t))
	all := f.byGroup(t.Text(network))
	for _, g := range bundleGroups() {
		if len(all[g]) > 0 {
			s.Add(string(g), t.Say("data.group."+string(g)))
		}
	}
}

func (dataFlow) pickGroup(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	t.SetText(group, in.Option)
	return "picked", nil
}

// enterBundle leads past the list of a group that is the only one, so that 0 on
// the confirm screen comes to the list from which the bundle was taken.
func (f dataFlow) enterBundle(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
	all := f.byGroup(t.Text(network))
	if len(all) == 1 {
		return "only", nil
	}
	if p, ok := f.Shelf.Product(vend.KindData, t.Text(product)); ok && t.Text(group) == "" { // bought once more
		t.SetText(group, string(readBundle(p.Name).group()))
	}
	if len(all[chosenGroup(t)]) == 0 {
		t.Note(whyKey(vend.ReasonProductGone))
		return "gone", nil
	}
	return dialog.Stay, nil
}

func (f dataFlow) enterOnly(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
	all := f.byGroup(t.Text(network))
	if len(all) != 1 { // the shelf has changed meanwhile
		return "gone", nil
	}
	for g := range all {
		t.SetText(group, string(g))
	}
	return dialog.Stay, nil
}

func chosenGroup(t *dialog.Talk) bundleGroup { return bundleGroup(t.Text(group)) }

func (f dataFlow) askBundle(t *dialog.Talk, s *dialog.Screen) {
	g := chosenGroup(t)
	s.Text = t.Say("data.bundle.ask", text("label", f.networkName(t)), text("group", t.Say("data.group."+string(g))))
	for _, c := range f.byGroup(t.Text(network))[g] {
		s.Add(c.product.Code, c.label)
	}
}

// pickBundle takes a bundle from the list. What left the shelf since it was shown
// is said so, and the rest of the list shown.
func (f dataFlow) pickBundle(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	p, ok := f.Shelf.Product(vend.KindData, in.Option)
	switch {
	case ok:
		choose(t, product, p.Code)
		chooseAmount(t, p.Min)
		return "picked", nil
	case !in.Gone:
		return t.AgainPick(t.Options())
	}
	t.Note(whyKey(vend.ReasonProductGone))
	if len(f.byGroup(t.Text(network))[chosenGroup(t)]) == 0 {
		return "gone", nil
	}
	return dialog.Stay, nil
}

// product is the bundle that was picked, at the price that was agreed to.
func (f dataFlow) product(t *dialog.Talk) (vend.Product, bool) {
	p, ok := f.Shelf.Product(vend.KindData, t.Text(product))
	return p, ok && p.Fixed() && p.Min == cents(t, amount)
}

// least is the cheapest bundle of the network.
func (f dataFlow) least(t *dialog.Talk) ledger.Cents {
	var least ledger.Cents
	for p := range f.bundles() {
		if p.Network == t.Text(network) && (least == 0 || p.Min < least) {
			least = p.Min
		}
	}
	return least
}

// recall takes the bundle of an order at the price of today.
func (f dataFlow) recall(t *dialog.Talk, o vend.Order) bool {
	p, ok := f.Shelf.Product(vend.KindData, o.Product)
	if !ok || p.Network == "" || !p.Fixed() {
		return false
	}
	t.SetText(network, p.Network)
	t.SetText(product, p.Code)
	sendAgainTo(t, o.Target)
	t.SetInt(amount, int64(p.Min))
	return true
}
