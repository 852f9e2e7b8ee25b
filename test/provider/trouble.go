package provider

import (
	"context"
	"slices"
	"testing"

	"spaza/vend"
)

func unreachable(t *testing.T, b Bench, k vend.Kind) {
	b.Provider = b.Unreachable()
	s := b.sale(k)
	if a := b.desk(t, s).send(t.Context(), t); a.Outcome != vend.Declined || a.Reason != vend.ReasonTryLater {
		t.Errorf("at first: %+v", a)
	}
	d := b.desk(t, s)
	d.sent = 1
	if a := d.send(t.Context(), t); a.Outcome != vend.Unknown || a.Person {
		t.Errorf("again: %+v", a)
	}
}

func credentials(t *testing.T, b Bench, k vend.Kind) {
	s, before := b.sale(k), b.Host.Money()
	d := b.desk(t, s)
	stop := b.Host.Refuse(t)
	if a := d.send(t.Context(), t); a.Outcome != vend.Declined || !a.Alert || a.Reason != vend.ReasonUnavailable {
		t.Errorf("at first: %+v", a)
	}
	a := d.send(t.Context(), t)
	if a.Outcome != vend.Unknown || !a.Alert && a.Advice == nil {
		t.Errorf("again: %+v", a)
	}
	b.moved(t, before, 0)
	stop()
	if a.Advice != nil {
		b.ends(t, s, a, before)
	}
}

func leaving(t *testing.T, b Bench, k vend.Kind) {
	s, before := b.sale(k), b.Host.Money()
	if !b.Host.Meet(t, ref, Silence, 1) {
		t.Skip("this host always answers")
	}
	d := b.desk(t, s)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-b.Host.Done(ref)
		leave()
	}()
	if a := d.send(ctx, t); a.Outcome != vend.Unknown || a.Person {
		t.Errorf("as the caller left: %+v", a)
	}
	if a := d.send(ctx, t); a.Outcome != vend.Unknown || a.Person {
		t.Errorf("with a caller who is gone: %+v", a)
	}
	a := d.settle(t.Context(), t)
	if (a.Outcome == vend.Delivered) == (b.remedy(k) == Undone) {
		t.Errorf("in the end: %+v", a)
	}
	b.ends(t, s, a, before)
}

// trouble plays one trouble of a request: nothing is declined that the host may
// have done, and nothing delivered that it has not; what happened ends delivered
// where that can be found out, and the money moves once.
func trouble(t *testing.T, b Bench, k vend.Kind, what Trouble) {
	s, before := b.sale(k), b.Host.Money()
	if what == NoGoods && !k.Handed() {
		t.Skip("it has no goods")
	}
	if !b.Host.Meet(t, ref, what, 1) {
		t.Skip("this host knows no such trouble")
	}
	d := b.desk(t, s)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	if what == Silence {
		go func() {
			<-b.Host.Done(ref)
			leave()
		}()
	}
	a := d.send(ctx, t)
	if slices.Contains(b.Spares, what) {
		if a.Outcome != vend.Declined || a.Reason != vend.ReasonTryLater {
			t.Errorf("the host spares the sale: %+v", a)
		}
		b.ends(t, s, a, before)
		return
	}
	if a.Outcome != vend.Unknown || a.Amount != 0 && !a.Owed {
		t.Fatalf("the first answer is taken for %+v", a)
	}
	if what == NoGoods && !a.Owed && b.remedy(k) != Undone {
		t.Errorf("goods that were paid for are not owed: %+v", a)
	}
	happened := b.Host.Money() != before
	if a.Advice == nil {
		a = d.settle(t.Context(), t)
	}
	// Only what a question could not find takes longer.
	if most := 4; d.sent > most && (happened || b.remedy(k) != AskedAfter) {
		t.Errorf("took %d sendings", d.sent)
	}
	switch {
	case b.remedy(k) == Undone && a.Advice == nil,
		b.remedy(k) == SentAgain && a.Outcome != vend.Delivered,
		b.remedy(k) == AskedAfter && (a.Outcome == vend.Delivered) != happened:
		t.Errorf("happened %t, and in the end: %+v", happened, a)
	}
	b.ends(t, s, a, before)
}

// again plays the troubles of a host that did nothing, when they meet a
// repetition: they say so of the repetition alone.
func again(t *testing.T, b Bench, k vend.Kind, what Trouble) {
	if b.remedy(k) == Undone {
		t.Skip("it is not sent again, and nothing is asked")
	}
	s, before := b.sale(k), b.Host.Money()
	d := b.desk(t, s)
	b.delivered(t, s, d.send(t.Context(), t))
	if !b.Host.Meet(t, ref, what, 1) {
		t.Skip("this host knows no such trouble")
	}
	// A question may be put once more on its way, unseen.
	if a := d.send(t.Context(), t); a.Outcome == vend.Declined || a.Person || a.Outcome == vend.Delivered && b.remedy(k) != AskedAfter {
		t.Errorf("the repetition is taken for %+v", a)
	}
	b.ends(t, s, d.settle(t.Context(), t), before)
}
