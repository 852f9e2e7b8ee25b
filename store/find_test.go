package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/jobs"
	"spaza/store"
	"spaza/vend"
)

// field is orders that differ in everything that can be asked for.
func field(n int) []vend.Order {
	states, kinds := vend.States(), vend.Kinds()
	var all []vend.Order
	for i := range n {
		o := order(fmt.Sprintf("P-AAAAAAA%013d", i*7919%n))
		o.State, o.Kind = states[i%len(states)], kinds[i%len(kinds)]
		o.Customer, o.Target = fmt.Sprint("c", i%5), []string{"", "27820000001", "27820000002", "14000000019"}[i%4]
		o.ProviderRef, o.Original = []string{"", "", "77", "78"}[i%4], []string{"", "P-AAAAAAA0000000000001"}[i%2]
		o.CreatedAt = noon.Add(time.Duration(i/3) * time.Minute) // some at the same moment
		o.UpdatedAt = o.CreatedAt.Add(time.Duration(i%4) * time.Hour)
		all = append(all, o)
	}
	return all
}

// chosen is what a query should find.
func chosen(all []vend.Order, q vend.Query) []vend.Order {
	later := func(a, b vend.Order) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.Ref, a.Ref))
	}
	var found []vend.Order
	for _, o := range all {
		short := len(q.Ref) == 6 && strings.HasSuffix(o.Ref, q.Ref)
		if (q.Ref == "" || short || o.Ref == q.Ref) && (q.ProviderRef == "" || o.ProviderRef == q.ProviderRef) &&
			(q.Customer == "" || o.Customer == q.Customer) && (q.Target == "" || o.Target == q.Target) &&
			(q.Original == "" || o.Original == q.Original) &&
			(len(q.States) == 0 || slices.Contains(q.States, o.State)) && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, o.Kind)) &&
			(q.From.IsZero() || !o.CreatedAt.Before(q.From)) && (q.To.IsZero() || o.CreatedAt.Before(q.To)) &&
			(q.Idle.IsZero() || !o.UpdatedAt.After(q.Idle)) && (q.After.Ref == "" || later(q.After, o) < 0) {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, later)
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	return found[:min(limit, len(found))]
}

func addOrders(t testing.TB, s *store.SQL, all ...vend.Order) {
	t.Helper()
	inTx(t, s, func(tx vend.Tx) error {
		for _, o := range all {
			if _, _, err := tx.AddOrder(o); err != nil {
				return err
			}
		}
		return nil
	})
}

func refsOf(all []vend.Order) []string {
	var list []string
	for _, o := range all {
		list = append(list, o.Ref)
	}
	return list
}

func TestAQueryFindsExactlyWhatItAsksForNewestFirst(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		all := field(240)
		addOrders(t, s, all...)
		rapid.Check(t, func(r *rapid.T) {
			maybe := func(name string) bool { return rapid.IntRange(0, 3).Draw(r, name) == 0 }
			one := all[rapid.IntRange(0, len(all)-1).Draw(r, "one")]
			moment := rapid.Custom(func(r *rapid.T) time.Time {
				return noon.Add(time.Duration(rapid.IntRange(-10, 300).Draw(r, "minutes")) * time.Minute)
			})
			var q vend.Query
			switch rapid.IntRange(0, 8).Draw(r, "ref") {
			case 0:
				q.Ref = one.Ref
			case 1:
				q.Ref = vend.ShortRef(one.Ref)
			}
			if maybe("provider ref") {
				q.ProviderRef = cmp.Or(one.ProviderRef, "none")
			}
			if maybe("customer") {
				q.Customer = one.Customer
			}
			if maybe("target") {
				q.Target = cmp.Or(one.Target, "none")
			}
			if maybe("original") {
				q.Original = cmp.Or(one.Original, "none")
			}
			if maybe("states") {
				q.States = rapid.SliceOfN(rapid.SampledFrom(vend.States()), 1, 4).Draw(r, "state")
			}
			if maybe("kinds") {
				q.Kinds = rapid.SliceOfN(rapid.SampledFrom(vend.Kinds()), 1, 3).Draw(r, "kind")
			}
			if maybe("from") {
				q.From = moment.Draw(r, "from")
			}
			if maybe("to") {
				q.To = moment.Draw(r, "to")
			}
			if maybe("idle") {
				q.Idle = moment.Draw(r, "idle")
			}
			if maybe("after") {
				q.After = one
			}
			q.Limit = rapid.SampledFrom([]int{0, 0, 1, 7, 500}).Draw(r, "limit")
			got, err := s.FindOrders(t.Context(), q)
			if err != nil {
				r.Fatal(err)
			}
			if diff := gocmp.Diff(refsOf(chosen(all, q)), refsOf(got)); diff != "" {
				r.Fatalf("%+v (-want +got):\n%s", q, diff)
			}
		})
	})
}

func TestPagesTogetherAreTheWholeListAlsoWhileOrdersAreMade(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		all := field(50)
		addOrders(t, s, all...)
		var got []vend.Order
		q := vend.Query{Limit: 7}
		for page := 0; ; page++ {
			list, err := s.FindOrders(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, list...)
			if len(list) < q.Limit {
				break
			}
			q.After = list[len(list)-1]
			late := order(fmt.Sprintf("P-NEW%d", page))
			late.CreatedAt = noon.Add(24 * time.Hour)
			addOrders(t, s, late)
		}
		if diff := gocmp.Diff(chosen(all, vend.Query{}), got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestCustomersAreReadByTheirIDsManyAtATime(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		ids, want := []string{"nobody", "c7", "c7"}, map[string]vend.Customer{}
		inTx(t, s, func(tx vend.Tx) error {
			for i := range 230 {
				c, err := tx.EnsureCustomer(fmt.Sprintf("2782%07d", i), fmt.Sprint("c", i), noon)
				if err != nil {
					return err
				}
				if i%2 == 1 {
					ids, want[c.ID] = append(ids, c.ID), c
				}
			}
			return nil
		})
		got, err := s.Customers(t.Context(), ids)
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if got, err := s.Customers(t.Context(), nil); len(got) != 0 || err != nil {
			t.Errorf("of none: %v, %v", got, err)
		}
	})
}

func TestTheJobsOfAnOrderAreItsOwnWithTheirFate(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		until := noon.Add(72 * time.Hour)
		inTx(t, s, func(tx vend.Tx) error {
			for _, j := range []jobs.Job{
				{Kind: vend.JobOrder, Key: "P-1", RunAt: noon},
				{Kind: vend.JobNotice, Key: "P-1/person", RunAt: noon, Until: until, Lane: "notice c1"},
				{Kind: vend.JobNotice, Key: "P-1/ended", RunAt: noon, Lane: "notice c1"},
				{Kind: vend.JobOrder, Key: "P-2", RunAt: noon},
				{Kind: "other", Key: "P-1", RunAt: noon},
			} {
				if _, err := tx.AddJob(j); err != nil {
					return err
				}
			}
			return nil
		})
		held, err := s.Claim(t.Context(), []jobs.Kind{vend.JobOrder}, 1, "me", noon, noon.Add(time.Minute))
		if err != nil || len(held) != 1 || held[0].Key != "P-1" {
			t.Fatal(held, err)
		}
		if err := s.Bury(t.Context(), held[0], "hopeless"); err != nil {
			t.Fatal(err)
		}
		list, err := s.OrderJobs(t.Context(), "P-1")
		var got []string
		for _, j := range list {
			got = append(got, fmt.Sprintf("%s %s dead=%t behind=%t %d %s %t", j.Kind, j.Key, j.Dead, j.Behind, j.Attempt, j.Note, j.Until.Equal(until)))
		}
		want := []string{
			"order P-1 dead=true behind=false 1 hopeless false",
			"notice P-1/person dead=false behind=false 0  true",
			"notice P-1/ended dead=false behind=true 0  false",
		}
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
}
