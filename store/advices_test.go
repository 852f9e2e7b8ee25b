package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/jobs"
	"spaza/store"
	"spaza/vend"
)

func advice(ref string, undo bool) vend.StoredAdvice {
	return vend.StoredAdvice{Ref: ref, Undo: undo, Op: "advise", Sealed: []byte("sealed " + ref), State: vend.AdviceDue, MadeAt: noon}
}

func addAdvice(t *testing.T, s *store.SQL, a vend.StoredAdvice) {
	t.Helper()
	inTx(t, s, func(tx vend.Tx) error {
		there, added, err := tx.AddAdvice(a)
		if diff := cmp.Diff(a, there); diff != "" || !added {
			t.Errorf("added %t:\n%s", added, diff)
		}
		return err
	})
}

func TestAnAdviceComesBackAsItWasWrittenAndASecondChangesNothing(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		if a, err := s.Advice(t.Context(), "none"); err != nil || a.Ref != "" {
			t.Errorf("got %+v, %v", a, err)
		}
		for _, undo := range []bool{false, true} {
			a := advice(fmt.Sprint("P-", undo), undo)
			addAdvice(t, s, a)
			for _, second := range []bool{false, true} {
				other := advice(a.Ref, second)
				other.Op, other.Sealed, other.State = "other", []byte("other"), vend.AdviceWaiting
				inTx(t, s, func(tx vend.Tx) error {
					there, added, err := tx.AddAdvice(other)
					if diff := cmp.Diff(a, there); diff != "" || added {
						t.Errorf("added %t:\n%s", added, diff)
					}
					return err
				})
			}
			got, err := s.Advice(t.Context(), a.Ref)
			if diff := cmp.Diff(a, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
			want := a
			want.Sealed, want.State, want.Tries, want.Code, want.TriedAt = nil, vend.AdviceTaken, 3, "202", noon.Add(time.Hour)
			update := want
			update.Undo, update.Op, update.MadeAt = !undo, "other", noon.Add(time.Minute)
			inTx(t, s, func(tx vend.Tx) error { return tx.UpdateAdvice(update) })
			inTx(t, s, func(tx vend.Tx) error {
				got, err := tx.Advice(a.Ref)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				return err
			})
		}
		err := s.InTx(t.Context(), func(tx vend.Tx) error {
			_ = tx.UpdateAdvice(advice("none", false))
			return nil
		})
		if err == nil {
			t.Error("one that is not there was updated")
		}
	})
}

// What makes confirming and undoing exclude each other is held by the database.
func TestAnAdviceIsNeitherDeletedNorTurnedRound(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		addAdvice(t, s, advice("P-1", false))
		raw := d.raw(t)
		for _, refused := range []string{
			"DELETE FROM advices", "UPDATE advices SET undo = 1", "UPDATE advices SET ref = 'P-2'", "UPDATE advices SET op = 'x'", "UPDATE advices SET made_at = 1",
			"UPDATE advices SET sealed = NULL", "UPDATE advices SET state = 'taken'", "UPDATE advices SET state = 'else'",
			"INSERT INTO advices (ref, undo, op, state, tries, code, made_at, tried_at) VALUES ('P-3', 0, 'x', 'due', 0, '', 1, 0)",
		} {
			if _, err := raw.ExecContext(t.Context(), refused); err == nil {
				t.Errorf("%s was let through", refused)
			}
		}
		got, err := s.Advice(t.Context(), "P-1")
		if diff := cmp.Diff(advice("P-1", false), got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}

func TestOrdersToAdviseAreThoseOfACustomerAndForANumber(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		inTx(t, s, func(tx vend.Tx) (err error) {
			for i, who := range []struct{ customer, target string }{{"c1", ""}, {"c1", "27"}, {"c2", "27"}, {"c2", ""}, {"c1", "28"}} {
				o := order(fmt.Sprint("P-", i))
				o.Customer, o.Target, o.CreatedAt = who.customer, who.target, noon.Add(time.Duration(i)*time.Second)
				_, _, add := tx.AddOrder(o)
				err = errors.Join(err, add)
				a := advice(o.Ref, false)
				if i == 4 {
					a.State, a.Sealed = vend.AdviceTaken, nil
				}
				_, _, add = tx.AddAdvice(a)
				err = errors.Join(err, add)
			}
			_, _, add := tx.AddOrder(order("without"))
			return errors.Join(err, add)
		})
		for _, c := range []struct {
			customer, msisdn, want string
			limit                  int
		}{
			{"c1", "27", "P-0 P-1 P-2", 9}, {"c1", "27", "P-0 P-1", 2}, {"", "27", "P-1 P-2", 9}, {"c1", "", "P-0 P-1", 9}, {"c3", "29", "", 9},
		} {
			err := s.Forgetting(t.Context(), func(tx vend.ForgetTx) error {
				all, err := tx.OrdersToAdvise(c.customer, c.msisdn, c.limit)
				var refs []string
				for _, o := range all {
					refs = append(refs, o.Ref)
				}
				if got := strings.Join(refs, " "); got != c.want {
					t.Errorf("of %q and %q: %q, want %q", c.customer, c.msisdn, got, c.want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestTheCheckKnowsAdvices looks at every order with every advice: whether they
// agree is written down a second time.
func TestTheCheckKnowsAdvices(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		type ending struct {
			state vend.State
			as    vend.Resolution
		}
		var ends []ending
		for _, state := range vend.States() {
			if state == vend.StateResolved {
				ends = append(ends, ending{state, vend.ResolvedVended}, ending{state, vend.ResolvedNotVended})
				continue
			}
			ends = append(ends, ending{state, ""})
		}
		agree := map[string][]vend.State{
			"confirm waiting": {vend.StateUnknown, vend.StateOwed, vend.StatePerson},
			"confirm due":     {vend.StateDelivered, vend.StateReversed, "vended"},
			"undo due":        {vend.StateUnknown, vend.StatePerson, "not_vended"},
			"undo taken":      {vend.StateDeclined, vend.StatePerson, vend.StateReversed, "vended", "not_vended"},
			"undo refused":    {vend.StatePerson, vend.StateReversed, "vended", "not_vended"},
		}
		agree["confirm taken"], agree["confirm refused"] = agree["confirm due"], agree["confirm due"]
		want := map[string]bool{"nowhere": true, "forgotten": true}
		inTx(t, s, func(tx vend.Tx) error {
			for _, e := range ends {
				for _, undo := range []bool{false, true} {
					for _, state := range vend.AdviceStates() {
						what := map[bool]string{true: "undo ", false: "confirm "}[undo] + string(state)
						o := order(fmt.Sprint(e.state, e.as, " ", what))
						o.State, o.Resolution, o.Kind, o.Amount = e.state, e.as, vend.KindAirtime, 0
						a := advice(o.Ref, undo)
						if a.State = state; state.Over() {
							a.Sealed = nil
						}
						want[o.Ref] = state != vend.AdviceDropped && !slices.Contains(agree[what], e.state) && !slices.Contains(agree[what], vend.State(e.as))
						_, _, err1 := tx.AddOrder(o)
						_, _, err2 := tx.AddAdvice(a)
						err3 := tx.AddMove(vend.Move{Ref: o.Ref, At: noon, To: o.State, Cause: vend.CauseAnswer})
						_, err4 := tx.AddJob(jobs.Job{Kind: vend.JobAdvice, Key: o.Ref, RunAt: noon})
						if !undo || state != vend.AdviceDue { // which is in place of it
							_, err := tx.AddJob(jobs.Job{Kind: vend.JobOrder, Key: o.Ref, RunAt: noon})
							err4 = errors.Join(err4, err)
						}
						if err := errors.Join(err1, err2, err3, err4); err != nil {
							return err
						}
					}
				}
			}
			_, _, err1 := tx.AddAdvice(advice("nowhere", false))
			_, err2 := tx.AddJob(jobs.Job{Kind: vend.JobAdvice, Key: "nowhere", RunAt: noon})
			o := order("forgotten")
			o.State, o.Amount = vend.StateDelivered, 0
			_, _, err3 := tx.AddOrder(o)
			_, _, err4 := tx.AddAdvice(advice(o.Ref, false))
			return errors.Join(err1, err2, err3, err4, tx.AddMove(vend.Move{Ref: o.Ref, At: noon, To: o.State, Cause: vend.CauseAnswer}))
		})
		faults, err := s.CheckOrders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, f := range faults {
			if f.Kind == store.FaultAdvice {
				got[f.Ref] = true
			} else if f.Kind == store.FaultJob && !strings.HasPrefix(f.Ref, "confirmed") && !strings.HasPrefix(f.Ref, "sending") && !strings.HasPrefix(f.Ref, "owed") {
				t.Error(f)
			}
		}
		for ref, wrong := range want {
			if got[ref] != wrong {
				t.Errorf("%s: a fault %t, want %t", ref, got[ref], wrong)
			}
		}
	})
}

// TestTheAdvicesGoDownAndUpAgain takes the migration back and applies it once more.
// Whoever knows no advices asks again after a sale that was to be undone.
func TestTheAdvicesGoDownAndUpAgain(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		addAdvice(t, s, advice("P-1", true))
		addAdvice(t, s, advice("P-2", false))
		inTx(t, s, func(tx vend.Tx) error {
			for _, ref := range []string{"P-1", "P-2"} {
				if _, err := tx.AddJob(jobs.Job{Kind: vend.JobAdvice, Key: ref, RunAt: noon}); err != nil {
					return err
				}
			}
			return nil
		})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		store.Down(t, d.driver, d.dsn, d.kind, 11)
		if _, err := d.raw(t).Exec("SELECT 1 FROM advices"); err == nil {
			t.Error("the advices are still there")
		}
		again := d.open(t)
		left, err := again.Claim(t.Context(), []jobs.Kind{vend.JobOrder, vend.JobAdvice}, 9, "me", noon, noon.Add(time.Minute))
		if err != nil || len(left) != 1 || left[0].Kind != vend.JobOrder || left[0].Key != "P-1" {
			t.Errorf("there are the jobs %+v, %v", left, err)
		}
		addAdvice(t, again, advice("P-1", true))
	})
}
