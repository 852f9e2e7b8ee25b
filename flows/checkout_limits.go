package flows

import (
	"context"
	"errors"

	"spaza/dialog"
	"spaza/vend"
)

// mayBuy leads away where a limit forbids the amount.
func (f till) mayBuy(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	err := f.Till.MaySpend(ctx, t.User, f.c.kind, cents(t, amount))
	if err == nil {
		t.SetText(limitKind, "")
		t.SetInt(limitMost, 0)
		t.SetInt(limitLeft, 0)
		return dialog.Stay, nil
	}
	return f.pastLimit(t, err)
}

// pastLimit leads to where the customer learns of a limit: to a question, where
// another amount would be within it, or to the end. Any other error comes back.
func (f till) pastLimit(t *dialog.Talk, err error) (dialog.Move, error) {
	limit, ok := errors.AsType[*vend.LimitError](err)
	if !ok {
		return dialog.Stay, err
	}
	most := int64(limit.Most)
	if limit.Limit == vend.LimitDaySales {
		most = int64(limit.Sales)
	}
	t.SetText(limitKind, string(limit.Limit))
	t.SetInt(limitMost, most)
	t.SetInt(limitLeft, int64(limit.Left))
	t.Once(limitLeft)
	if limit.Limit != vend.LimitDaySales && f.c.least != nil && f.c.least(t) <= limit.Left {
		return "over", nil
	}
	return "reached", nil
}

// enterOver looks again where the customer was away: it may be another day.
func (f till) enterOver(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	if !t.Once(limitLeft) {
		return dialog.Stay, nil
	}
	switch move, err := f.mayBuy(ctx, t); {
	case err != nil:
		return dialog.Stay, err
	case move == dialog.Stay:
		return "within", nil
	case move == "reached":
		return move, nil
	}
	return dialog.Stay, nil
}

func (f till) askOver(t *dialog.Talk, s *dialog.Screen) {
	s.Text = limitText(t)
	s.Add("other", t.Say(f.c.otherKey()))
}

func (till) askLimit(t *dialog.Talk, s *dialog.Screen) {
	s.Text = limitText(t) + " " + t.Say("limit.tomorrow")
}

// limitText says what the limit is, what is left of it, and that no money was
// taken. How much the operator pays in a day is not the customer's to know.
func limitText(t *dialog.Talk) string {
	most, left := money("most", cents(t, limitMost)), money("left", cents(t, limitLeft))
	switch vend.LimitKind(t.Text(limitKind)) {
	case vend.LimitSale:
		return t.Say("limit.sale", most)
	case vend.LimitDaySales:
		return t.Say("limit.sales", arg("n", t.Int(limitMost)))
	case vend.LimitMerchantDay:
		if t.Int(limitLeft) == 0 {
			return t.Say("limit.house.none")
		}
		return t.Say("limit.house", left)
	default: // of a day: what one customer may buy, or is given
		return t.Say("limit.day", most, left)
	}
}
