package vend_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// advising is a scripted provider that wants to be told how sales ended.
type advising struct {
	*scripted
	said []vend.Advised // its answers; the last one for ever
	// single: it wants no confirmation.
	single bool
	got    []string // "op ref body undo" as they came
}

func (p *advising) Advise(_ context.Context, a vend.Advice) vend.Advised {
	p.got = append(p.got, fmt.Sprint(a.Op, " ", a.Ref, " ", a.Body.Reveal(), " ", a.Undo))
	said := p.said[0]
	if len(p.said) > 1 {
		p.said = p.said[1:]
	}
	return said
}

// teller is a till whose provider wants to be told.
type teller struct {
	*till
	p   *advising
	log bytes.Buffer
}

var (
	taken   = vend.Advised{Final: true, Taken: true, Code: "202"}
	refused = vend.Advised{Final: true, Code: "400", Detail: "unknown to it"}
	silent  = vend.Advised{Code: "503", Detail: "later"}
)

func newTeller(t *testing.T, answers ...vend.Answer) *teller {
	t.Helper()
	k := &teller{till: newTill(t, answers...)}
	k.p = &advising{scripted: k.till.p, said: []vend.Advised{taken}}
	k.s = k.service(k.p, 0)
	t.Cleanup(k.sound)
	return k
}

func (k *teller) service(p vend.Provider, key byte) *vend.Service {
	s := vend.New(k.sql, p, keyring(key), vend.Options{Now: func() time.Time { return k.now }, Logger: slog.New(slog.NewTextHandler(&k.log, nil))})
	s.Attach(k.hand)
	return s
}

// sound fails where books, orders, trail, jobs and advices do not agree; at the end
// of a test, too.
func (k *teller) sound() {
	k.t.Helper()
	faults, err := k.sql.CheckBooks(context.Background())
	if err != nil {
		k.t.Fatal(err)
	}
	more, err := k.sql.CheckOrders(context.Background())
	if err != nil {
		k.t.Fatal(err)
	}
	for _, f := range append(faults, more...) {
		if !strings.HasPrefix(f.Ref, "F-") { // what the test itself gave
			k.t.Error(f)
		}
	}
}

// with is an answer with an advice.
func with(a vend.Answer, undo bool) vend.Answer {
	word := map[bool]string{true: "undo", false: "confirm"}[undo]
	a.Advice = &vend.Advice{Request: vend.Request{Op: word + "-op", Body: secret.New(word + " bytes")}, Undo: undo}
	return a
}

// powered is the answer to a sale of electricity that happened.
func powered() vend.Answer {
	return vend.Answer{Outcome: vend.Delivered, Code: "0", Goods: sellable()["tokens"]}
}

// sell makes a sale of R20 and works on it once.
func (k *teller) sell() vend.Order {
	k.t.Helper()
	if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
		k.t.Fatal(err)
	}
	return k.attempt()
}

func (k *teller) advice(ref string) vend.StoredAdvice {
	k.t.Helper()
	a, err := k.sql.Advice(k.t.Context(), ref)
	if err != nil {
		k.t.Fatal(err)
	}
	return a
}

// claim takes the due job of a kind; false when there is none.
func (k *teller) claim(kind jobs.Kind, owner string, now time.Time) (jobs.Job, bool) {
	k.t.Helper()
	claimed, err := k.sql.Claim(k.t.Context(), []jobs.Kind{kind}, 2, owner, now, now.Add(time.Minute))
	if err != nil || len(claimed) > 1 {
		k.t.Fatalf("claimed %v, %v", claimed, err)
	}
	if len(claimed) == 0 {
		return jobs.Job{}, false
	}
	return claimed[0], true
}

// advise has the advice that is due sent once, and returns its order.
func (k *teller) advise() vend.Order {
	k.t.Helper()
	j, ok := k.claim(vend.JobAdvice, "teller", k.now)
	if !ok {
		k.t.Fatal("no advice is due")
	}
	if res := k.s.Advise(k.t.Context(), j); res != jobs.Written() {
		k.t.Fatalf("try %d: %+v", j.Attempt, res)
	}
	return k.state(j.Key)
}

// wantAdvice looks at the advice of an order: "confirm due", and whether its bytes
// are kept.
func (k *teller) wantAdvice(ref, want string) {
	k.t.Helper()
	a := k.advice(ref)
	got := map[bool]string{true: "undo ", false: "confirm "}[a.Undo] + string(a.State)
	if a.Ref == "" {
		got = ""
	}
	if got != want || a.Ref != "" && a.State.Over() != (len(a.Sealed) == 0) {
		k.t.Errorf("advice is %q with %d bytes, want %q", got, len(a.Sealed), want)
	}
}

// noJob fails where there is a live job of a kind, due at whatever time.
func (k *teller) noJob(kind jobs.Kind) {
	k.t.Helper()
	if j, there := k.claim(kind, "nobody", k.now.Add(1000*time.Hour)); there {
		k.t.Errorf("there is still the job %s %s", j.Kind, j.Key)
	}
}

func TestASaleThatStandsIsConfirmedUntilTheProviderHasTakenIt(t *testing.T) {
	k := newTeller(t, with(powered(), false))
	k.p.said = []vend.Advised{silent, silent, taken}
	o := k.sell()
	if o.State != vend.StateDelivered {
		t.Fatalf("order is %s", o.State)
	}
	k.wantAdvice(o.Ref, "confirm due")
	k.noJob(vend.JobOrder)
	if a := k.advice(o.Ref); bytes.Contains(a.Sealed, []byte("bytes")) {
		t.Error("the advice is not sealed")
	}
	k.sound()
	for i := range 3 {
		if o := k.advise(); o.State != vend.StateDelivered || k.advice(o.Ref).Tries != i+1 {
			t.Errorf("order is %s, tried %d times", o.State, k.advice(o.Ref).Tries)
		}
		k.now = k.now.Add(time.Hour)
	}
	k.wantAdvice(o.Ref, "confirm taken")
	k.noJob(vend.JobAdvice)
	one := "confirm-op " + o.Ref + " confirm bytes false"
	if got := strings.Join(k.p.got, "\n"); got != one+"\n"+one+"\n"+one {
		t.Errorf("it was told\n%s", got)
	}
	k.wantTrail(o.Ref, ">sending customer", "sending>delivered answer")
	f, err := k.s.File(t.Context(), o.Ref)
	if err != nil || f.Advice.State != vend.AdviceTaken || f.Advice.Code != "202" || !f.Advice.TriedAt.Equal(k.now.Add(-time.Hour)) {
		t.Errorf("the file has %+v, %v", f.Advice, err)
	}
	if strings.Contains(k.log.String(), "alert=true") {
		t.Error(k.log.String())
	}
}

func TestASaleStandsWhereItsConfirmationIsRefused(t *testing.T) {
	k := newTeller(t, with(powered(), false))
	k.p.said = []vend.Advised{refused}
	k.sell()
	o := k.advise()
	if o.State != vend.StateDelivered {
		t.Errorf("order is %s", o.State)
	}
	k.wantAdvice(o.Ref, "confirm refused")
	k.noJob(vend.JobAdvice)
	k.wantTrail(o.Ref, ">sending customer", "sending>delivered answer", "delivered>delivered not_taken")
	if !strings.Contains(k.log.String(), "level=ERROR msg=advice") || !strings.Contains(k.log.String(), "alert=true") {
		t.Error(k.log.String())
	}
	k.wantMoney(ledger.Rand(80), 0)
}

func TestAnUnclearSaleIsUndoneAndThenDeclined(t *testing.T) {
	k := newTeller(t, with(vend.Answer{Detail: "no answer"}, true))
	k.p.said = []vend.Advised{silent, taken}
	o := k.sell()
	if o.State != vend.StateUnknown {
		t.Fatalf("order is %s", o.State)
	}
	k.noJob(vend.JobOrder)
	k.wantAdvice(o.Ref, "undo due")
	k.sound()
	if o = k.advise(); o.State != vend.StateUnknown {
		t.Fatalf("order is %s", o.State)
	}
	k.wantMoney(ledger.Rand(80), ledger.Rand(20))
	k.now = k.now.Add(time.Hour)
	if o = k.advise(); o.State != vend.StateDeclined || o.Reason != vend.ReasonTryLater {
		t.Fatalf("order is %s, %s", o.State, o.Reason)
	}
	k.wantAdvice(o.Ref, "undo taken")
	k.noJob(vend.JobAdvice)
	k.wantMoney(ledger.Rand(100), 0)
	if got := k.books(o.Ref); got != "held R20, released R20" {
		t.Errorf("books %q", got)
	}
	k.wantTrail(o.Ref, ">sending customer", "sending>unknown answer", "unknown>unknown undo", "unknown>declined undo_taken")
	if n, ok := k.claim(vend.JobNotice, "phone", k.now); !ok || n.Key != o.Ref+"/"+vend.NoticeEnded {
		t.Errorf("the customer gets %q", n.Key)
	}
	if len(k.p.pasts) != 1 {
		t.Errorf("it was sent %d times", len(k.p.pasts))
	}
}

func TestASaleThatCannotBeUndoneIsForAPerson(t *testing.T) {
	k := newTeller(t, with(vend.Answer{}, true))
	k.p.said = []vend.Advised{refused}
	k.sell()
	o := k.advise()
	if o.State != vend.StatePerson {
		t.Fatalf("order is %s", o.State)
	}
	k.wantAdvice(o.Ref, "undo refused")
	k.wantMoney(ledger.Rand(80), ledger.Rand(20))
	k.wantTrail(o.Ref, ">sending customer", "sending>unknown answer", "unknown>unknown undo", "unknown>person not_taken")
	if !strings.Contains(k.log.String(), "level=ERROR msg=advice") {
		t.Error(k.log.String())
	}
	if n, ok := k.claim(vend.JobNotice, "phone", k.now); !ok || n.Key != o.Ref+"/"+vend.NoticePerson {
		t.Errorf("the customer gets %q", n.Key)
	}
	if _, err := k.s.Resend(t.Context(), o.Ref, "thandi", "asked"); !errors.Is(err, vend.ErrNotDecidable) {
		t.Errorf("sent again: %v", err)
	}
	if _, err := k.s.Resolve(t.Context(), decision(o.Ref, vend.VerdictNotVended)); err != nil {
		t.Fatal(err)
	}
	k.wantAdvice(o.Ref, "undo refused")
	k.noJob(vend.JobAdvice)
	k.wantMoney(ledger.Rand(100), 0)
}

// Money is not held with nobody to end it: where the provider has no last word, a
// person may decide, while it goes on being told; and its word still counts.
func TestAnUndoWithoutALastWordIsAPersonsToo(t *testing.T) {
	for as, want := range map[vend.Verdict]struct {
		state  vend.State
		advice string
		has    int64
	}{
		"":                    {vend.StateDeclined, "undo taken", 100},
		vend.VerdictNotVended: {vend.StateResolved, "undo taken", 100},
		vend.VerdictVended:    {vend.StateResolved, "undo dropped", 80},
	} {
		t.Run(string(as), func(t *testing.T) {
			k := newTeller(t, with(vend.Answer{}, true))
			k.p.said = []vend.Advised{silent}
			k.sell()
			k.advise()
			k.now = opening.Add(window + time.Minute)
			o := k.advise()
			if o.State != vend.StatePerson {
				t.Fatalf("order is %s", o.State)
			}
			k.wantAdvice(o.Ref, "undo due")
			k.wantMoney(ledger.Rand(80), ledger.Rand(20))
			k.wantTrail(o.Ref, ">sending customer", "sending>unknown answer", "unknown>unknown undo", "unknown>person window_over")
			if n, ok := k.claim(vend.JobNotice, "phone", k.now); !ok || n.Key != o.Ref+"/"+vend.NoticePerson {
				t.Errorf("the customer gets %q", n.Key)
			}
			k.now = k.now.Add(time.Hour)
			k.advise() // a person has it: nothing moves
			k.sound()
			if as != "" {
				if _, err := k.s.Resolve(t.Context(), decision(o.Ref, as)); err != nil {
					t.Fatal(err)
				}
				k.sound()
			}
			k.p.said = []vend.Advised{taken}
			k.now = k.now.Add(2 * time.Hour)
			if as != vend.VerdictVended {
				k.advise()
			}
			if o, err := k.s.Order(t.Context(), o.Ref); err != nil || o.State != want.state {
				t.Errorf("order is %s, %v", o.State, err)
			}
			k.wantAdvice(o.Ref, want.advice)
			k.wantMoney(ledger.Rand(want.has), 0)
			k.sound()
		})
	}
}

// An advice is tried for ever, ever less often, and from some time on the operator
// hears of each try: sooner where a sale is to be undone.
func TestAnAdviceIsNeverGivenUp(t *testing.T) {
	waits := []time.Duration{
		2 * time.Second, 5 * time.Second, 15 * time.Second, 45 * time.Second, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	}
	for range 25 {
		waits = append(waits, time.Hour)
	}
	for _, undo := range []bool{false, true} {
		most := map[bool]time.Duration{true: window, false: 24 * time.Hour}[undo]
		k := newTeller(t, map[bool]vend.Answer{true: with(vend.Answer{}, true), false: with(powered(), false)}[undo])
		k.p.said = []vend.Advised{silent}
		o := k.sell()
		for i, wait := range waits {
			k.log.Reset()
			k.advise()
			age := k.now.Sub(opening)
			if got := strings.Contains(k.log.String(), "level=ERROR"); got != (age > most) {
				t.Errorf("undo %t, try %d after %s: alert %t", undo, i+1, age, got)
			}
			if _, early := k.claim(vend.JobAdvice, "early", k.now.Add(wait-time.Millisecond)); early {
				t.Fatalf("undo %t, try %d: it is due before %s", undo, i+2, wait)
			}
			k.now = k.now.Add(wait + wait/5)
		}
		k.p.said = []vend.Advised{taken}
		if got := k.advise(); got.State != map[bool]vend.State{true: vend.StateDeclined, false: vend.StateDelivered}[undo] {
			t.Errorf("undo %t: order %s is %s", undo, o.Ref, got.State)
		}
	}
}

// Until somebody is sure that a sale happened, nobody is told that it stands.
func TestAConfirmationWaitsForWhoeverDecides(t *testing.T) {
	contradicts := powered()
	contradicts.Person = true
	wrong := powered()
	wrong.Amount = ledger.Rand(21)
	for name, first := range map[string]vend.Answer{
		"the answer contradicts itself": with(contradicts, false), "something else was sold": with(wrong, false),
		"it did not happen": with(vend.Answer{Outcome: vend.Declined}, false), "nobody knows": with(vend.Answer{Person: true}, false),
	} {
		for as, want := range map[vend.Verdict]string{vend.VerdictVended: "confirm due", vend.VerdictNotVended: "confirm dropped"} {
			t.Run(name+", "+string(as), func(t *testing.T) {
				k := newTeller(t, first)
				o := k.sell()
				if o.State != vend.StatePerson {
					t.Fatalf("order is %s", o.State)
				}
				k.wantAdvice(o.Ref, "confirm waiting")
				k.noJob(vend.JobAdvice)
				k.sound()
				if _, err := k.s.Resolve(t.Context(), decision(o.Ref, as)); err != nil {
					t.Fatal(err)
				}
				k.wantAdvice(o.Ref, want)
				if as == vend.VerdictNotVended {
					k.noJob(vend.JobAdvice)
					return
				}
				k.sound()
				k.advise()
				k.wantAdvice(o.Ref, "confirm taken")
			})
		}
	}
}

func TestTheConfirmationOfASaleWhoseGoodsAreOwedGoesOutWithThem(t *testing.T) {
	k := newTeller(t, with(vend.Answer{Outcome: vend.Delivered}, false), with(powered(), false))
	o := k.sell()
	if o.State != vend.StateOwed {
		t.Fatalf("order is %s", o.State)
	}
	k.wantAdvice(o.Ref, "confirm waiting")
	k.noJob(vend.JobAdvice)
	if o = k.attempt(); o.State != vend.StateDelivered {
		t.Fatalf("order is %s", o.State)
	}
	k.wantAdvice(o.Ref, "confirm due")
	k.advise()
	k.wantAdvice(o.Ref, "confirm taken")
}

// What was said to stand is never undone, nor taken for declined.
func TestWhatWasSaidToStandIsNotUndone(t *testing.T) {
	for name, c := range map[string]struct {
		second vend.Answer
		state  vend.State
	}{
		"to be undone": {with(vend.Answer{}, true), vend.StateUnknown},
		"declined":     {vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonTryLater}, vend.StatePerson},
		"delivered":    {with(powered(), false), vend.StateDelivered},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTeller(t, with(vend.Answer{Person: true}, false), c.second)
			o := k.sell()
			if _, err := k.s.Resend(t.Context(), o.Ref, "thandi", "look again"); err != nil {
				t.Fatal(err)
			}
			if o = k.attempt(); o.State != c.state {
				t.Errorf("order is %s", o.State)
			}
			if a := k.advice(o.Ref); a.Undo || o.Done() != (a.State == vend.AdviceDue) {
				t.Errorf("advice is %+v", a)
			}
		})
	}
}

// An answer that contradicts what it asks to be told undoes nothing.
func TestWhatHappenedIsNotUndone(t *testing.T) {
	for name, answers := range map[string][]vend.Answer{
		"delivered":         {with(powered(), true)},
		"declined":          {with(vend.Answer{Outcome: vend.Declined}, true)},
		"owed":              {with(vend.Answer{Owed: true}, true)},
		"owed before":       {{Owed: true}, with(vend.Answer{}, true)},
		"to be looked into": {with(vend.Answer{Person: true}, true)},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTeller(t, answers...)
			o := k.sell()
			if len(answers) > 1 {
				o = k.attempt()
			}
			if o.State != vend.StatePerson {
				t.Errorf("order is %s", o.State)
			}
			k.wantAdvice(o.Ref, "")
			k.noJob(vend.JobAdvice)
		})
	}
}
