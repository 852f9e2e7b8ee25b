package flows

import (
	"context"
	"slices"
	"strings"

	"spaza/dialog"
	"spaza/msisdn"
	"spaza/vend"
)

// whom are the questions for whose number something is, and on which network
// that is. Airtime and bundles ask the same.
type whom struct {
	Shop
	flow string
	next dialog.StateID // where it goes on once the network is known
	none dialog.StateID // where it ends when nothing is on sale
	// networks are those that have something to sell.
	networks func() []vend.Network
}

func (f whom) state(step string) dialog.StateID { return dialog.StateID(f.flow + "." + step) }

func (f whom) states() []dialog.State {
	what := "what." + f.flow
	edges := []dialog.Edge{{Move: "known", To: f.next}, {Move: "network", To: f.state("network")}}
	return []dialog.State{
		{
			ID: f.state("who"), Back: menuStart, What: what, Free: true,
			Enter: f.enterWho, Ask: f.askWho, Answer: f.pickWho,
			Edges: append(slices.Clone(edges), dialog.Edge{Move: "other", To: f.state("number")}, dialog.Edge{Move: "none", To: f.none}),
		},
		{
			ID: f.state("number"), Back: f.state("who"), What: what, Free: true,
			Ask: says("number.ask"), Answer: f.takeNumber,
			Edges: edges,
		},
		{
			ID: f.state("network"), Back: f.state("who"), What: what,
			Enter: f.anyNetwork, Ask: f.askNetwork, Answer: f.pickNetwork,
			Edges: []dialog.Edge{{Move: "picked", To: f.next}, {Move: "none", To: f.none}},
		},
	}
}

// regularsShown is how many numbers or meters are offered beside a new one.
const regularsShown = 3

// enterWho reads for whom the customer has bought before. Not being able to is
// no reason not to sell.
func (f whom) enterWho(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	if len(f.networks()) == 0 {
		return "none", nil
	}
	if t.Int(newcomer) == 1 {
		return dialog.Stay, nil
	}
	known, err := f.Members.Regulars(ctx, t.User, 2*regularsShown+2, vend.KindAirtime, vend.KindData)
	if err != nil {
		known = nil
	}
	seen := map[string]bool{}
	known = slices.DeleteFunc(known, func(r vend.Regular) bool {
		again := seen[r.Target] // airtime and data for one number
		seen[r.Target] = true
		return again
	})
	for i := range known {
		known[i].Label = f.networkOf(known[i])
	}
	// The own number stands last: it is not listed, and only its network wanted.
	mine := slices.IndexFunc(known, func(r vend.Regular) bool { return r.Target == t.User })
	others := known
	if mine >= 0 {
		others = slices.Concat(known[:mine], known[mine+1:])
	}
	packed := packRegulars(others, true)
	if mine >= 0 && known[mine].Label != "" {
		packed += packRegulars(known[mine:mine+1], true)
	}
	t.SetText(regulars, packed)
	return dialog.Stay, nil
}

// networkOf is the network on which something was bought, where it still has
// something to sell: by the product, or by its name where that is gone.
func (f whom) networkOf(r vend.Regular) string {
	p, onSale := f.Shelf.Product(r.Kind, r.Product)
	for _, n := range f.networks() {
		if onSale && n.ID == p.Network || !onSale && n.Name == r.Label {
			return n.ID
		}
	}
	return ""
}

func (f whom) askWho(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.flow + ".who.ask")
	s.Add(t.User, t.Say("number.mine"))
	for _, r := range unpackRegulars(t.Text(regulars)) {
		if r.Target == t.User {
			continue
		}
		s.Add(r.Target, named(r.Nickname, msisdn.Mask(r.Target)))
	}
	s.Add("other", t.Say("number.other"))
}

// pickWho takes a number from the list, or typed in full.
func (f whom) pickWho(ctx context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	switch {
	case in.Option == "other":
		return "other", nil
	case in.Option != "":
		return f.sendTo(t, in.Option)
	case in.Gone, len(in.Text) < 9: // no number, but a choice that there is not
		return t.AgainPick(t.Options())
	}
	return f.takeNumber(ctx, t, in)
}

func (f whom) takeNumber(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	number, err := msisdn.Parse(in.Text)
	if err != nil {
		return t.Again("number.bad")
	}
	return f.sendTo(t, number)
}

// sendTo goes on with a number. Its network is known when something was bought
// for it before, or when it is the one that is calling and the gateway says so;
// otherwise it is asked, since numbers move between networks.
func (f whom) sendTo(t *dialog.Talk, number string) (dialog.Move, error) {
	kept := number
	if number == t.User {
		kept = ""
	}
	choose(t, target, kept)
	id := f.knownNetwork(t, number)
	t.SetText(regulars, "")
	if id != "" {
		f.setNetwork(t, id)
		return "known", nil
	}
	return "network", nil
}

func (f whom) knownNetwork(t *dialog.Talk, number string) string {
	for _, r := range unpackRegulars(t.Text(regulars)) {
		if r.Target == number && f.has(r.Label) {
			return r.Label
		}
	}
	if number == t.User && f.has(t.Network) {
		return t.Network
	}
	return ""
}

func (f whom) has(id string) bool {
	return slices.ContainsFunc(f.networks(), func(n vend.Network) bool { return n.ID == id })
}

// setNetwork takes a network, whose name is not kept beside it.
func (whom) setNetwork(t *dialog.Talk, id string) {
	choose(t, network, id)
	t.SetText(label, "")
}

func (f whom) anyNetwork(context.Context, *dialog.Talk) (dialog.Move, error) {
	if len(f.networks()) == 0 {
		return "none", nil
	}
	return dialog.Stay, nil
}

// askNetwork puts the likely network first: what the gateway says of the number
// that is calling, else what the prefix says. It is a hint, and the customer
// chooses.
func (f whom) askNetwork(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say(f.flow+".network.ask", f.number(t))
	hint := msisdn.Network(recipient(t))
	if recipient(t) == t.User && t.Network != "" {
		hint = t.Network
	}
	all := f.networks()
	for _, n := range all {
		if n.ID == hint {
			s.Add(n.ID, n.Name)
		}
	}
	for _, n := range all {
		if n.ID != hint {
			s.Add(n.ID, n.Name)
		}
	}
}

func (f whom) pickNetwork(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	f.setNetwork(t, in.Option)
	return "picked", nil
}

// number is the number that gets it, as people write it.
func (whom) number(t *dialog.Talk) dialog.Arg { return text("number", msisdn.Local(recipient(t))) }

// named is what a list shows of a number or meter: its name, where it has one,
// and enough of it to tell it from others.
func named(nickname, masked string) string {
	if nickname == "" {
		return masked
	}
	return nickname + " " + masked
}

// The separators of packed regulars; nobody can type them.
const (
	recordEnd = "\x1e"
	fieldEnd  = "\x1f"
)

// packRegulars keeps the first few of a list in a session: target, name and,
// where it is wanted, label.
func packRegulars(all []vend.Regular, labels bool) string {
	var b strings.Builder
	for _, r := range all[:min(len(all), regularsShown)] {
		b.WriteString(r.Target + fieldEnd + r.Nickname)
		if labels {
			b.WriteString(fieldEnd + r.Label)
		}
		b.WriteString(recordEnd)
	}
	return b.String()
}

func unpackRegulars(packed string) []vend.Regular {
	var all []vend.Regular
	for one := range strings.SplitSeq(packed, recordEnd) {
		if to, rest, ok := strings.Cut(one, fieldEnd); ok {
			name, label, _ := strings.Cut(rest, fieldEnd)
			all = append(all, vend.Regular{Target: to, Nickname: name, Label: label})
		}
	}
	return all
}
