package flows

import (
	"context"
	"errors"
	"strconv"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

// amounts are the questions for how much: a few prices to pick from, and any
// other within limits.
type amounts struct {
	flow string
	back dialog.StateID // the question before
	next dialog.StateID // where it goes on with an amount
	gone dialog.StateID // where it goes when the thing is not on sale any more
	// ask is the text of the list.
	ask func(t *dialog.Talk) string
	// quick are the amounts on the list; those outside the limits are left out.
	quick []ledger.Cents
	// priced is what may be paid for what was chosen; not ok when it is not on
	// sale any more.
	priced func(t *dialog.Talk) (prices, bool)
	// all, where there is one, is offered on top as everything there is.
	all func(t *dialog.Talk) (ledger.Cents, string)
}

// prices are what can be paid for a thing.
type prices struct {
	fixed    []ledger.Cents // only these, where there is no range
	min, max ledger.Cents   // any whole rand between these; zero max: no range
}

// of are the prices of a product.
func pricesOf(p vend.Product) prices {
	if p.Fixed() {
		return prices{fixed: []ledger.Cents{p.Min}}
	}
	return prices{min: p.Min, max: p.Max}
}

// capped leaves of prices what is no more than most; zero is no limit.
func (p prices) capped(most ledger.Cents) prices {
	if most > 0 {
		var within []ledger.Cents
		for _, c := range p.fixed {
			if c <= most {
				within = append(within, c)
			}
		}
		p.fixed = within
		if p.max = min(p.max, most); wholeUp(p.min) > p.max {
			p.min, p.max = 0, 0
		}
	}
	return p
}

func (p prices) any() bool { return p.max > 0 }

func (p prices) empty() bool { return !p.any() && len(p.fixed) == 0 }

// takes says whether an amount can be paid.
func (p prices) takes(c ledger.Cents) bool {
	for _, f := range p.fixed {
		if f == c {
			return true
		}
	}
	return p.any() && p.min <= c && c <= p.max
}

// least is the smallest; zero when there is none.
func (p prices) least() ledger.Cents {
	var c ledger.Cents
	if p.any() {
		c = wholeUp(p.min)
	}
	for _, f := range p.fixed {
		if c == 0 || f < c {
			c = f
		}
	}
	return c
}

// usual are the amounts that most people buy.
func usual() []ledger.Cents {
	return []ledger.Cents{ledger.Rand(10), ledger.Rand(20), ledger.Rand(50), ledger.Rand(100)}
}

// larger are those for what costs more.
func larger() []ledger.Cents {
	return []ledger.Cents{ledger.Rand(50), ledger.Rand(100), ledger.Rand(200)}
}

func (f amounts) list() dialog.StateID  { return dialog.StateID(f.flow + ".amount") }
func (f amounts) other() dialog.StateID { return dialog.StateID(f.flow + ".other") }

func (f amounts) states() []dialog.State {
	what := "what." + f.flow
	gone := dialog.Edge{Move: "gone", To: f.gone}
	return []dialog.State{
		{
			ID: f.list(), Back: f.back, What: what, Free: true,
			Enter: f.onSale, Ask: f.askList, Answer: f.pick,
			Edges: []dialog.Edge{{Move: "chosen", To: f.next}, {Move: "other", To: f.other()}, gone},
		},
		{
			ID: f.other(), Back: f.list(), What: what, Free: true,
			Enter: f.anyAmount, Ask: f.askOther, Answer: f.pick,
			Edges: []dialog.Edge{{Move: "chosen", To: f.next}, gone},
		},
	}
}

// onSale turns back a customer whose choice left the shelf since they made it.
func (f amounts) onSale(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
	if p, ok := f.priced(t); !ok || p.empty() {
		return f.leave(t)
	}
	return dialog.Stay, nil
}

// anyAmount does the same where only fixed prices are left.
func (f amounts) anyAmount(_ context.Context, t *dialog.Talk) (dialog.Move, error) {
	if p, ok := f.priced(t); !ok || !p.any() {
		return f.leave(t)
	}
	return dialog.Stay, nil
}

func (amounts) leave(t *dialog.Talk) (dialog.Move, error) {
	t.Note(whyKey(vend.ReasonProductGone))
	return "gone", nil
}

func (f amounts) askList(t *dialog.Talk, s *dialog.Screen) {
	p, _ := f.priced(t)
	s.Text = f.ask(t)
	offer := func(c ledger.Cents) { s.Add(strconv.FormatInt(int64(c), 10), c.String()) }
	if f.all != nil {
		if c, label := f.all(t); c > 0 && p.takes(c) {
			s.Add(strconv.FormatInt(int64(c), 10), label)
		}
	}
	if !p.any() {
		for _, c := range p.fixed {
			offer(c)
		}
		return
	}
	for _, c := range f.quick {
		if p.takes(c) {
			offer(c)
		}
	}
	s.Add("other", t.Say("amount.other"))
}

func (f amounts) askOther(t *dialog.Talk, s *dialog.Screen) {
	p, _ := f.priced(t)
	s.Text = t.Say("amount.ask", money("min", wholeUp(p.min)), money("max", wholeDown(p.max)))
}

// pick takes an amount from the list, or typed: whoever types 30 where a list is
// shown means R30.
func (f amounts) pick(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	p, ok := f.priced(t)
	if !ok || p.empty() {
		return f.leave(t)
	}
	var want ledger.Cents
	switch {
	case in.Gone:
		return t.AgainPick(t.Options())
	case in.Option == "other":
		return "other", nil
	case in.Option != "":
		c, err := strconv.ParseInt(in.Option, 10, 64)
		if err != nil {
			return t.AgainPick(t.Options())
		}
		want = ledger.Cents(c)
	default:
		c, err := ParseRand(in.Text)
		switch {
		case errors.Is(err, ErrNotWhole):
			return t.Again("amount.whole")
		case err != nil:
			return t.Again("amount.bad")
		}
		want = c
	}
	switch {
	case p.takes(want):
		chooseAmount(t, want)
		return "chosen", nil
	case !p.any() && t.Options() == 0: // any amount was asked for, and is no more
		return f.leave(t)
	case !p.any():
		return t.AgainPick(t.Options())
	case want < p.min:
		return t.Again("amount.low", money("min", wholeUp(p.min)))
	}
	return t.Again("amount.high", money("max", wholeDown(p.max)))
}
