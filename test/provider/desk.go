package provider

import (
	"context"
	"testing"
	"time"

	"spaza/vend"
)

// desk sends a request as the service does: later each time, with what is known
// of the times before, and not after the window. Its time is its own and costs
// none.
type desk struct {
	bench   Bench
	request vend.Request
	kind    vend.Kind
	// sent is how often the request was sent, or handed to the provider to be
	// asked after.
	sent  int
	now   time.Duration // since the first sending
	code  string        // the last code, how often it came in a row, and since when
	times int
	since time.Duration
}

// window is how long the service asks after an unclear sale.
const window = 25 * time.Minute

// pauses are the service's, between one sending and the next.
var pauses = [...]time.Duration{
	2 * time.Second, 5 * time.Second, 15 * time.Second, 45 * time.Second, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
}

// desk prepares a sale and stands ready to send it for the first time.
func (b Bench) desk(t *testing.T, s vend.Sale) *desk {
	t.Helper()
	return &desk{bench: b, request: b.prepare(t, s), kind: s.Kind}
}

// past is what is known now of earlier sendings.
func (d *desk) past() vend.Past {
	p := vend.Past{Again: d.sent > 0, Code: d.code, Times: d.times, Age: d.now}
	if d.times > 0 {
		p.For = d.now - d.since
	}
	return p
}

// send sends once, holds the answer against what every answer owes, and lets time
// pass until the next.
func (d *desk) send(ctx context.Context, t *testing.T) vend.Answer {
	t.Helper()
	a := d.bench.Provider.Send(ctx, d.request, d.past())
	if a.Code != d.code || d.times == 0 {
		d.times, d.since = 0, d.now
	}
	d.code = a.Code
	d.times++
	d.now += pauses[min(d.sent, len(pauses)-1)]
	d.sent++
	d.bench.sound(t, d.kind, a)
	return a
}

// settle sends until it is known what became of the sale: until an answer is
// final or undoes it, or the window is over. An answer for a person is asked after
// as well, as a person would have it done.
func (d *desk) settle(ctx context.Context, t *testing.T) vend.Answer {
	t.Helper()
	for {
		a := d.send(ctx, t)
		if a.Outcome != vend.Unknown || a.Advice != nil || d.now > window {
			return a
		}
	}
}

// sound holds an answer against what every answer owes, whatever it says.
func (b Bench) sound(t *testing.T, k vend.Kind, a vend.Answer) {
	t.Helper()
	b.silent(t, a)
	switch {
	case a.Advice == nil && a.Outcome == vend.Delivered && b.confirms(k):
		t.Error("delivered, and not to be confirmed")
	case a.Advice == nil && a.Outcome == vend.Unknown && b.remedy(k) == Undone && !a.Person:
		t.Error("what is to be undone is not")
	case a.Advice == nil:
	case a.Outcome == vend.Declined:
		t.Error("declined, and there is something to tell")
	case a.Outcome == vend.Delivered && a.Advice.Undo:
		t.Error("delivered and undone")
	case a.Outcome == vend.Delivered && !b.confirms(k):
		t.Error("what needs no confirmation is confirmed")
	case a.Outcome == vend.Unknown && !a.Advice.Undo:
		t.Error("confirmed, and it is unknown what")
	case a.Outcome == vend.Unknown && b.remedy(k) != Undone:
		t.Error("what can be asked after is undone")
	case a.Advice.Undo && a.Owed:
		t.Error("undone and owed")
	case a.Advice.Ref != ref || a.Advice.Op == "" || a.Advice.Body.Empty():
		t.Errorf("the advice is not whole: %+v", *a.Advice)
	}
	if _, ok := b.Provider.(vend.Adviser); !ok && a.Advice != nil {
		t.Fatal("there is something to tell, and nobody to tell it")
	}
}
