package flows

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"spaza/dialog"
	"spaza/gsm7"
	"spaza/msisdn"
	"spaza/vend"

	"golang.org/x/text/unicode/norm"
)

const (
	namesList       dialog.StateID = "names.list"
	namesOne        dialog.StateID = "names.one"
	namesType       dialog.StateID = "names.type"
	namesSaving     dialog.StateID = "names.saving"
	namesForgetting dialog.StateID = "names.forgetting"
)

// names gives the numbers, meters and accounts that a customer buys for names of
// the customer's own, and forgets them. It loses no order.
func names(s Shop) []dialog.State {
	f := namesFlow{s}
	list := dialog.Edge{Move: "list", To: namesList}
	return []dialog.State{
		{
			// Whom somebody buys for is nobody else's business.
			ID: namesList, Back: accountShow, Private: true,
			Enter: f.enterList, Ask: showSheet, Answer: f.pick,
			Edges: []dialog.Edge{{Move: "one", To: namesOne}},
		},
		{
			ID: namesOne, Back: namesList,
			Ask: f.askOne, Answer: picked,
			Edges: []dialog.Edge{{Move: "name", To: namesType}, {Move: "forget", To: namesForgetting}},
		},
		{
			ID: namesType, Back: namesOne, Free: true, Words: true,
			Ask: says("names.type"), Answer: f.take,
			Edges: []dialog.Edge{{Move: "save", To: namesSaving}},
		},
		{ID: namesSaving, Do: f.save, Edges: []dialog.Edge{list, {Move: "again", To: namesType}}},
		{ID: namesForgetting, Do: f.forget, Edges: []dialog.Edge{list}},
	}
}

type namesFlow struct{ Shop }

const (
	// namesShown is how many are listed.
	namesShown = 8
	// placeNameMost is how many letters and digits, and blanks between, a name has at
	// most: it stands in a list beside what it names.
	placeNameMost = 12
)

// place is a number, meter or account with its name. The same number can get
// airtime and bundles, and has one name for both.
type place struct {
	kinds    []vend.Kind
	target   string
	nickname string
	label    string // who supplies it; of a number nobody
}

// places are what a customer has bought for, or named, newest first. Their own
// number needs no name.
func (f namesFlow) places(ctx context.Context, t *dialog.Talk) ([]place, error) {
	known, err := f.Members.Regulars(ctx, t.User, 4*namesShown, vend.KindAirtime, vend.KindData, vend.KindElectricity, vend.KindBill)
	if err != nil {
		return nil, err
	}
	var all []place
	for _, r := range known {
		p := place{kinds: []vend.Kind{r.Kind}, target: r.Target, nickname: r.Nickname, label: r.Label}
		if p.number() {
			if p.label = ""; p.target == t.User {
				continue
			}
		}
		at := slices.IndexFunc(all, func(q place) bool { return p.number() && q.number() && p.target == q.target })
		if at < 0 {
			all = append(all, p)
			continue
		}
		all[at].kinds = append(all[at].kinds, r.Kind)
		all[at].nickname = cmp.Or(all[at].nickname, r.Nickname)
	}
	return all[:min(len(all), namesShown)], nil
}

func (p place) number() bool { return p.kinds[0] == vend.KindAirtime || p.kinds[0] == vend.KindData }

// masked is what a list shows of it, and whole what is shown of it alone.
func (p place) masked() string {
	if p.number() {
		return named(p.nickname, msisdn.Mask(p.target))
	}
	return named(cmp.Or(p.nickname, p.label), maskTail(p.target))
}

func (p place) whole() string {
	if p.number() {
		return named(p.nickname, msisdn.Local(p.target))
	}
	return named(cmp.Or(p.nickname, p.label), p.target)
}

// id says of an option all that is needed to go on with it.
func (p place) id() string {
	kinds := make([]string, len(p.kinds))
	for i, k := range p.kinds {
		kinds[i] = string(k)
	}
	return strings.Join(kinds, ",") + fieldEnd + p.target + fieldEnd + p.whole()
}

func (f namesFlow) enterList(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	all, err := f.places(ctx, t)
	if err != nil {
		return dialog.Stay, err
	}
	if len(all) == 0 {
		keepSheet(t, t.Say("names.none"))
		return dialog.Stay, nil
	}
	var options []dialog.Option
	for _, p := range all {
		options = append(options, dialog.Option{ID: p.id(), Label: p.masked()})
	}
	keepSheet(t, t.Say("names.ask"), options...)
	return dialog.Stay, nil
}

func (namesFlow) pick(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	parts := strings.SplitN(in.Option, fieldEnd, 3)
	if len(parts) != 3 {
		return t.AgainPick(t.Options())
	}
	t.SetText(group, parts[0])
	t.SetText(target, parts[1])
	t.SetText(label, parts[2])
	return "one", nil
}

func (namesFlow) askOne(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("names.one", text("number", t.Text(label)))
	s.Add("name", t.Say("names.name"))
	s.Add("forget", t.Say("names.forget"))
}

func (namesFlow) take(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	name, ok := parseName(in.Text)
	if !ok {
		return t.Again("names.bad")
	}
	t.SetText(spare, name)
	return "save", nil
}

// parseName reads what somebody calls a number or a meter: letters of any script,
// digits, and blanks between. A name of which a phone shows less than half is none.
func parseName(s string) (name string, ok bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	name = norm.NFC.String(strings.Join(strings.Fields(s), " "))
	seen, letter := 0, false
	for _, r := range name {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
			seen++
			letter = true
		case r == ' ':
			seen++
			letter = false
		case unicode.IsMark(r) && letter: // one, on the letter before
			letter = false
		default:
			return "", false
		}
	}
	if seen == 0 || seen > placeNameMost || utf8.RuneCountInString(name) > vend.NicknameMost || 2*len(gsm7.Lost(name)) > seen {
		return "", false
	}
	return name, true
}

// kinds are what is bought for the place that was picked.
func (namesFlow) kinds(t *dialog.Talk) []vend.Kind {
	var all []vend.Kind
	for k := range strings.SplitSeq(t.Text(group), ",") {
		all = append(all, vend.Kind(k))
	}
	return all
}

func (f namesFlow) save(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	name := t.Text(spare)
	for _, k := range f.kinds(t) {
		switch err := f.Members.NameRegular(ctx, t.User, k, t.Text(target), name); {
		case errors.Is(err, vend.ErrNickname):
			t.Note("names.bad")
			return "again", nil
		case err != nil:
			return dialog.Stay, err
		}
	}
	t.SetText(spare, "")
	t.Note("names.done", text("name", name))
	return "list", nil
}

func (f namesFlow) forget(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	for _, k := range f.kinds(t) {
		if err := f.Members.ForgetRegular(ctx, t.User, k, t.Text(target)); err != nil {
			return dialog.Stay, err
		}
	}
	t.Note("names.forgotten")
	return "list", nil
}
