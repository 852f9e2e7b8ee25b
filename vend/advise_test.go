package vend_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/vend"
)

// overtaken makes a sale whose first sending is answered only when another process
// has taken its job and written the answer to a second one. The first of the
// answers is that of the second process.
func (k *teller) overtaken(between func(ref string)) vend.Order {
	k.t.Helper()
	once := false
	k.p.during = func() {
		if once {
			return
		}
		once = true
		j, ok := k.claim(vend.JobOrder, "another", k.now.Add(4*time.Hour))
		if !ok {
			k.t.Fatal("the job is not to be had")
		}
		if res := k.s.Work(k.t.Context(), j); res != jobs.Written() {
			k.t.Fatalf("the other process: %+v", res)
		}
		between(j.Key)
	}
	return k.sell()
}

// Two processes may hear two things of one sale, one of which asks for it to be
// undone. Whoever wrote first has it.
func TestASaleIsConfirmedOrUndoneAndNeverBoth(t *testing.T) {
	none := func(string) {}
	t.Run("to be undone, and then delivered", func(t *testing.T) {
		k := newTeller(t, with(vend.Answer{}, true), with(powered(), false))
		o := k.overtaken(none)
		if o.State != vend.StateUnknown || len(o.Goods) == 0 {
			t.Errorf("order is %s with %d bytes of goods", o.State, len(o.Goods))
		}
		k.wantAdvice(o.Ref, "undo due")
		k.wantTrail(o.Ref, ">sending customer", "sending>unknown process_gone", "unknown>unknown answer", "unknown>unknown undo", "unknown>unknown late_answer")
		if !strings.Contains(k.log.String(), "answer contradicts an advice") {
			t.Error(k.log.String())
		}
		k.sound()
		if o = k.advise(); o.State != vend.StateDeclined || len(o.Goods) != 0 || o.Delivery != vend.DeliveryNone {
			t.Errorf("order is %s with %d bytes of goods, %s", o.State, len(o.Goods), o.Delivery)
		}
		k.wantMoney(ledger.Rand(100), 0)
	})
	t.Run("to be undone, and then delivered by one that wants no advice", func(t *testing.T) {
		k := newTeller(t, with(vend.Answer{}, true), powered())
		if o := k.overtaken(none); o.State != vend.StateUnknown {
			t.Errorf("order is %s", o.State)
		}
		if o := k.advise(); o.State != vend.StateDeclined {
			t.Errorf("order is %s", o.State)
		}
	})
	t.Run("delivered, and then to be undone", func(t *testing.T) {
		k := newTeller(t, with(powered(), false), with(vend.Answer{}, true))
		o := k.overtaken(none)
		if o.State != vend.StateDelivered {
			t.Errorf("order is %s", o.State)
		}
		k.wantAdvice(o.Ref, "confirm due")
		k.advise()
		k.wantAdvice(o.Ref, "confirm taken")
		k.wantMoney(ledger.Rand(80), 0)
	})
	for as, want := range map[vend.Verdict]string{vend.VerdictVended: "confirm due", vend.VerdictNotVended: "", "": "confirm waiting"} {
		t.Run("for a person, and then delivered: "+string(as), func(t *testing.T) {
			k := newTeller(t, vend.Answer{Person: true}, with(powered(), false))
			o := k.overtaken(func(ref string) {
				if as == "" {
					return
				}
				if _, err := k.s.Resolve(t.Context(), decision(ref, as)); err != nil {
					t.Fatal(err)
				}
			})
			k.wantAdvice(o.Ref, want)
			if trail := k.trail(o.Ref); !strings.HasSuffix(trail[len(trail)-1], "late_answer") {
				t.Errorf("trail %q", trail)
			}
			if as == vend.VerdictVended {
				k.advise()
				k.wantAdvice(o.Ref, "confirm taken")
			}
		})
	}
}

// Whoever asks for it, an order that is to be undone is not sent again: its advice
// is, and at once.
func TestAnOrderThatIsToBeUndoneIsNotSentAgain(t *testing.T) {
	for name, again := range map[string]func(k *teller, ref string){
		"support asks": func(k *teller, ref string) {
			if o, err := k.s.Resend(k.t.Context(), ref, "thandi", "the customer waits"); err != nil || o.State != vend.StateUnknown {
				k.t.Fatalf("order is %s, %v", o.State, err)
			}
		},
		"a job is left": func(k *teller, ref string) {
			err := k.sql.InTx(k.t.Context(), func(tx vend.Tx) error {
				_, err := tx.AddJob(jobs.Job{Kind: vend.JobOrder, Key: ref, RunAt: k.now})
				return err
			})
			j, ok := k.claim(vend.JobOrder, "another", k.now)
			if err != nil || !ok {
				k.t.Fatal(ok, err)
			}
			if res := k.s.Work(k.t.Context(), j); res != jobs.Written() {
				k.t.Fatalf("%+v", res)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTeller(t, with(vend.Answer{}, true))
			k.p.said = []vend.Advised{silent, silent, silent, silent, silent, taken}
			o := k.sell()
			for range 5 {
				k.advise()
				k.now = k.now.Add(3 * time.Minute)
			}
			k.now = k.now.Add(-2 * time.Minute)
			if _, due := k.claim(vend.JobAdvice, "early", k.now); due {
				t.Fatal("the advice is due already")
			}
			again(k, o.Ref)
			k.noJob(vend.JobOrder)
			if len(k.p.pasts) != 1 {
				t.Errorf("it was sent %d times", len(k.p.pasts))
			}
			k.sound()
			if o := k.advise(); o.State != vend.StateDeclined {
				t.Errorf("order is %s", o.State)
			}
		})
	}
	t.Run("its advice is over", func(t *testing.T) { // which only a hand in the database brings about
		k := newTeller(t, vend.Answer{})
		o := k.sell()
		err := k.sql.InTx(t.Context(), func(tx vend.Tx) error {
			_, _, err := tx.AddAdvice(vend.StoredAdvice{Ref: o.Ref, Undo: true, State: vend.AdviceRefused, MadeAt: k.now})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if o = k.attempt(); o.State != vend.StatePerson || len(k.p.pasts) != 1 {
			t.Errorf("order is %s, sent %d times", o.State, len(k.p.pasts))
		}
	})
}

// With the key gone nothing can be sent, and nobody must wait for it in silence.
// The bytes are kept: a key may be found again.
func TestAnAdviceThatDoesNotOpenIsForAPerson(t *testing.T) {
	k := newTeller(t, with(vend.Answer{}, true))
	k.sell()
	right := k.s
	k.s = k.service(k.p, 9)
	o := k.advise()
	if o.State != vend.StatePerson || len(k.p.got) != 0 {
		t.Fatalf("order is %s, told %q", o.State, k.p.got)
	}
	k.wantAdvice(o.Ref, "undo due")
	k.noJob(vend.JobAdvice) // it is buried
	if !strings.Contains(k.log.String(), "level=ERROR msg=advice") {
		t.Error(k.log.String())
	}
	k.s, k.now = right, k.now.Add(100*time.Hour)
	if o, err := k.s.Resend(t.Context(), o.Ref, "thandi", "the key is back"); err != nil || o.State != vend.StateUnknown {
		t.Fatalf("order is %s, %v", o.State, err)
	}
	k.sound()
	if o = k.advise(); o.State != vend.StateDeclined {
		t.Errorf("order is %s", o.State)
	}
	k.wantTrail(o.Ref, ">sending customer", "sending>unknown answer", "unknown>unknown undo", "unknown>person unreadable", "person>unknown resend", "unknown>declined undo_taken")
}

// What a person finds to have happened is not undone any more, and what did not is
// undone all the same; then nothing but the trail follows.
func TestAPersonIsQuickerThanAnAdvice(t *testing.T) {
	for as, want := range map[vend.Verdict]string{vend.VerdictVended: "undo dropped", vend.VerdictNotVended: "undo taken"} {
		t.Run(string(as), func(t *testing.T) {
			k := newTeller(t, with(vend.Answer{}, true))
			o := k.sell()
			right := k.s
			k.s = k.service(k.p, 9)
			k.advise()
			k.s = right
			if _, err := k.s.Resolve(t.Context(), decision(o.Ref, as)); err != nil {
				t.Fatal(err)
			}
			money := k.books(o.Ref)
			if _, err := k.s.Resend(t.Context(), o.Ref, "thandi", "the key is back"); err != nil {
				t.Fatal(err)
			}
			j, _ := k.claim(vend.JobAdvice, "teller", k.now)
			res := k.s.Advise(t.Context(), j)
			k.wantAdvice(o.Ref, want)
			got := k.state(o.Ref)
			if got.State != vend.StateResolved || k.books(o.Ref) != money || as == vend.VerdictVended != (res == jobs.Done()) {
				t.Errorf("order is %s, books %q, %+v", got.State, k.books(o.Ref), res)
			}
			if trail := k.trail(o.Ref); as == vend.VerdictNotVended && trail[len(trail)-1] != "resolved>resolved undo_taken" {
				t.Errorf("trail %q", trail)
			}
		})
	}
}

func TestAnAdviceThatCannotBeWrittenOrSentIsTriedAgain(t *testing.T) {
	k := newTeller(t, with(powered(), false))
	o := k.sell()
	k.s = k.service(k.till.p, 0) // which takes no advices
	k.advise()
	k.wantAdvice(o.Ref, "confirm due")
	if !strings.Contains(k.log.String(), "nobody here takes advices") {
		t.Error(k.log.String())
	}
	k.s, k.now = k.service(k.p, 0), k.now.Add(time.Minute)
	j, _ := k.claim(vend.JobAdvice, "slow", k.now)
	k.now = k.now.Add(2 * time.Minute)
	k.advise() // by somebody else, when the lease of the first is over
	k.wantAdvice(o.Ref, "confirm taken")
	if res := k.s.Advise(t.Context(), j); res != jobs.Done() {
		t.Errorf("what is over: %+v", res)
	}
	if res := k.s.Advise(t.Context(), jobs.Job{Kind: vend.JobAdvice, Key: "none"}); res != jobs.Bury("no such advice") {
		t.Errorf("an advice that is not there: %+v", res)
	}
	again := newTeller(t, with(vend.Answer{}, true))
	ref := again.sell().Ref
	j, _ = again.claim(vend.JobAdvice, "slow", again.now)
	j.Attempt++ // another process has it
	if res := again.s.Advise(t.Context(), j); res != jobs.Written() {
		t.Errorf("a job that is lost: %+v", res)
	}
	again.wantAdvice(ref, "undo due")
	if o := again.state(ref); o.State != vend.StateUnknown {
		t.Errorf("order is %s", o.State)
	}
}

// Nobody is forgotten of whom a provider must still be told something.
func TestAnAdviceStandsInTheWayOfAnErasure(t *testing.T) {
	k := newTeller(t, with(powered(), false))
	o := k.sell()
	v := vend.Oblivion{Store: k.sql, Now: func() time.Time { return k.now }}
	adviceIn := func() (n int) {
		list, err := v.InTheWay(t.Context(), number(1), true)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range list {
			if x.Kind == vend.ObstacleAdvice && x.Order.Ref == o.Ref {
				n++
			}
		}
		return n
	}
	if adviceIn() != 1 {
		t.Error("it does not stand in the way")
	}
	var stands *vend.InTheWayError
	if _, err := v.Erase(t.Context(), vend.Erasure{MSISDN: number(1), Unseen: true, By: "thandi", Why: "asked"}); !errors.As(err, &stands) {
		t.Errorf("erased: %v", err)
	}
	k.advise()
	if adviceIn() != 0 {
		t.Error("it stands in the way when it is over")
	}
}
