package provider

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

// advise sends an advice until the provider's answer is final, and then once
// more, as after a crash. The answer must be that it is taken, each time.
func (b Bench) advise(t *testing.T, a *vend.Advice) {
	t.Helper()
	n := 0
	for again := range 2 {
		said := b.Provider.(vend.Adviser).Advise(t.Context(), *a)
		for n = 1; !said.Final && n < 4; n++ {
			said = b.Provider.(vend.Adviser).Advise(t.Context(), *a)
		}
		b.hushed(t, said)
		if !said.Final || !said.Taken || said.Alert {
			t.Fatalf("told %d times, again %d, the host says %+v", n, again, said)
		}
	}
}

// hushed holds what is said of an advice against the secrets.
func (b Bench) hushed(t *testing.T, said vend.Advised) {
	t.Helper()
	for _, s := range b.Secrets {
		if strings.Contains(fmt.Sprintf("%+v", said), s) {
			t.Errorf("what is said of an advice says a secret: %s", strings.ReplaceAll(fmt.Sprintf("%+v", said), s, "<here>"))
		}
	}
}

// ends plays what follows from an answer: a delivered sale is confirmed where it
// must be, and one that is to be undone is undone. Then the host holds the same
// of it as the provider said, and its money agrees.
func (b Bench) ends(t *testing.T, s vend.Sale, a vend.Answer, before ledger.Cents) {
	t.Helper()
	if got := b.fate(); got != (Fate{}) {
		t.Errorf("the host was told before the answer was: %+v", got)
	}
	want, moved := Fate{}, ledger.Cents(0)
	switch {
	case a.Outcome == vend.Delivered:
		b.delivered(t, s, a)
		moved = b.Worth(s)
		if a.Advice != nil {
			want = Fate{Confirmed: true, Paid: s.Amount}
		}
	case a.Outcome == vend.Unknown && a.Advice != nil:
		want = Fate{Undone: true}
	case a.Outcome != vend.Declined || a.Reason == "":
		t.Fatalf("the sale ends as %+v", a)
	}
	if a.Advice != nil {
		b.advise(t, a.Advice)
	}
	if got := b.fate(); got != want {
		t.Errorf("to the host the sale is %+v, want %+v", got, want)
	}
	b.moved(t, before, moved)
}

// toldInTrouble plays the troubles of advices: what was not heard is said again,
// and what is final is so at the host.
func toldInTrouble(t *testing.T, b Bench, k vend.Kind, what Trouble, undo bool) {
	s, before := b.sale(k), b.Host.Money()
	d := b.desk(t, s)
	a := d.send(t.Context(), t)
	b.delivered(t, s, a)
	if undo { // as after a crash, of whose first sending nothing is known
		a = d.send(t.Context(), t)
	}
	if a.Advice == nil {
		t.Fatalf("there is nothing to tell: %+v", a)
	}
	if !b.Host.Meet(t, ref, what, 1) {
		t.Skip("this host knows no such trouble")
	}
	said := b.Provider.(vend.Adviser).Advise(t.Context(), *a.Advice)
	b.hushed(t, said)
	if heard := b.fate(); said.Final && (!said.Taken || heard.Undone != undo || heard.Confirmed == undo) {
		t.Fatalf("%+v is final, and to the host the sale is %+v", said, heard)
	}
	b.advise(t, a.Advice)
	want, moved := Fate{Confirmed: true, Paid: s.Amount}, b.Worth(s)
	if undo {
		want, moved = Fate{Undone: true}, 0
	}
	if got := b.fate(); got != want {
		t.Errorf("to the host the sale is %+v, want %+v", got, want)
	}
	b.moved(t, before, moved)
}

// advices plays what can befall the advices of a kind: the word that it stands,
// and the word that it must not.
func advices(t *testing.T, open func(*testing.T) Bench, k vend.Kind) {
	for name, undo := range map[string]bool{"confirmed": false, "undone": true} {
		if b := open(t); undo && b.remedy(k) != Undone || !undo && !b.confirms(k) {
			continue
		}
		for _, what := range []Trouble{CutBefore, CutAfter, ErrorBefore, ErrorAfter, Busy, Throttled, Unreadable, Empty, Truncated} {
			t.Run(name+", "+string(what), func(t *testing.T) { toldInTrouble(t, open(t), k, what, undo) })
		}
		t.Run(name+", and not heard", func(t *testing.T) { unheard(t, open(t), k, undo) })
	}
}

// unheard plays advices that do not come through for reasons of our own: none of
// them is the host's last word.
func unheard(t *testing.T, b Bench, k vend.Kind, undo bool) {
	s := b.sale(k)
	d := b.desk(t, s)
	a := d.send(t.Context(), t)
	b.delivered(t, s, a)
	if undo {
		a = d.send(t.Context(), t)
	}
	if a.Advice == nil {
		t.Fatalf("there is nothing to tell: %+v", a)
	}
	if said := b.Unreachable().(vend.Adviser).Advise(t.Context(), *a.Advice); said.Final {
		t.Errorf("the host is not there: %+v", said)
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	if said := b.Provider.(vend.Adviser).Advise(left, *a.Advice); said.Final {
		t.Errorf("with a caller who is gone: %+v", said)
	}
	stop := b.Host.Refuse(t)
	if said := b.Provider.(vend.Adviser).Advise(t.Context(), *a.Advice); said.Final || !said.Alert {
		t.Errorf("with refused credentials: %+v", said)
	}
	stop()
	if got := b.fate(); got != (Fate{}) {
		t.Errorf("to the host the sale is %+v", got)
	}
	b.advise(t, a.Advice)
}

// neverBoth undoes what stands: the host refuses it, and the provider says so.
func neverBoth(t *testing.T, b Bench, k vend.Kind) {
	if !b.confirms(k) || b.remedy(k) != Undone {
		t.Skip("of the two words there is only one")
	}
	s, before := b.sale(k), b.Host.Money()
	d := b.desk(t, s)
	first := d.send(t.Context(), t)
	b.delivered(t, s, first)
	second := d.send(t.Context(), t)
	if first.Advice == nil || second.Advice == nil || !second.Advice.Undo {
		t.Fatalf("answers %+v, %+v", first, second)
	}
	b.advise(t, first.Advice)
	said := b.Provider.(vend.Adviser).Advise(t.Context(), *second.Advice)
	if !said.Final || said.Taken || !said.Alert {
		t.Errorf("what stands is undone: %+v", said)
	}
	b.hushed(t, said)
	if got, want := b.fate(), (Fate{Confirmed: true, Paid: s.Amount}); got != want {
		t.Errorf("to the host the sale is %+v, want %+v", got, want)
	}
	b.moved(t, before, b.Worth(s))
}

// notYet plays a question about a request that has not arrived: it may be on its
// way, so that it is only believed to be lost when it stays away.
func notYet(t *testing.T, b Bench, k vend.Kind) {
	if b.remedy(k) != AskedAfter {
		t.Skip("nothing is asked after")
	}
	s, before := b.sale(k), b.Host.Money()
	d := b.desk(t, s)
	d.sent = 1 // by a process that ended
	asked := d.now
	a := d.send(t.Context(), t)
	for ; a.Outcome == vend.Unknown && d.now <= window; a = d.send(t.Context(), t) {
		asked = d.now
	}
	if a.Outcome != vend.Declined || a.Person {
		t.Fatalf("what never arrived ends as %+v", a)
	}
	if d.sent < 3 || asked < leastPatience {
		t.Errorf("declined after %s, with %d questions", asked, d.sent-1)
	}
	b.moved(t, before, 0)
}

// leastPatience is how old a sending must be before it is believed to be lost.
const leastPatience = time.Minute // as long as a host may take to answer
