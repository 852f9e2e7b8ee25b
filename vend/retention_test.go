package vend_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"spaza/jobs"
	"spaza/store"
	"spaza/vend"
)

// house is a database that is kept clean by some replicas.
type house struct {
	t    *testing.T
	sql  *store.SQL
	raw  *sql.DB
	runs map[string]int // by replica
}

// keepHouse opens a database with orders in it, to be kept clean by replicas.
func keepHouse(t *testing.T, d database, orders []vend.Order, o vend.HousekeepingOptions, replicas int) *house {
	t.Helper()
	s, raw, err := d.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(); _ = raw.Close() })
	time.Sleep(time.Until(opening))
	h := &house{t: t, sql: s, raw: raw, runs: map[string]int{}}
	if err := h.add(orders); err != nil {
		t.Fatal(err)
	}
	for i := range replicas {
		keeping := vend.NewHousekeeping(s, o)
		if err := keeping.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		owner := fmt.Sprint("replica-", i)
		r := jobs.NewRunner(s, jobs.Options{
			Owner: owner, Poll: 30 * time.Second, Lease: lease, Handlers: map[jobs.Kind]jobs.Handler{vend.JobHousekeeping: func(ctx context.Context, j jobs.Job) jobs.Result {
				h.runs[owner]++
				return keeping.Work(ctx, j)
			}},
		})
		r.Start(t.Context())
		t.Cleanup(func() {
			over, cancel := context.WithCancel(context.Background())
			cancel()
			_ = r.Stop(over)
			synctest.Wait()
		})
	}
	synctest.Wait()
	return h
}

func (h *house) add(orders []vend.Order) error {
	return h.sql.InTx(h.t.Context(), func(tx vend.Tx) error {
		for _, o := range orders {
			if _, _, err := tx.AddOrder(o); err != nil {
				return err
			}
		}
		return nil
	})
}

// job is the one job of the housekeeping: when it runs next, and what it says.
func (h *house) job() (next time.Time, note string) {
	h.t.Helper()
	var n int
	var at int64
	err := h.raw.QueryRow(`SELECT count(*), max(run_at), max(note) FROM jobs WHERE kind = 'housekeeping' AND dead = 0`).Scan(&n, &at, &note)
	if err != nil || n != 1 {
		h.t.Fatalf("%d jobs, %v", n, err)
	}
	return time.UnixMilli(at), note
}

// kept says what is kept of an order: its request, its goods, its hash.
func (h *house) kept(ref string) string {
	h.t.Helper()
	o, err := h.sql.Order(h.t.Context(), ref)
	if err != nil {
		h.t.Fatal(err)
	}
	var all []string
	for what, b := range map[string][]byte{"request": o.Sealed, "goods": o.Goods, "hash": o.PINHash} {
		if len(b) > 0 {
			all = append(all, what)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// kept is an order with all that is erased in time.
func kept(ref string, k vend.Kind, state vend.State, stage vend.Delivery, age time.Duration) vend.Order {
	at := opening.Add(-age)
	return vend.Order{
		Ref: ref, Kind: k, Customer: "C1", Product: "1", Label: "V", Amount: 10_00, Target: number(1), Fund: vend.FundBalance, State: state, Delivery: stage,
		Channel: "test", Op: "sell", Sealed: []byte{1}, Goods: []byte{2}, PINHash: []byte(ref), CreatedAt: at.Add(-time.Hour), FirstSentAt: at.Add(-time.Hour), UpdatedAt: at,
	}
}

const aDay = 24 * time.Hour

func TestEverythingIsErasedAtItsTime(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		h := keepHouse(t, d, []vend.Order{
			kept("voucher", vend.KindVoucher, vend.StateDelivered, vend.DeliverySent, 0),
			kept("tokens", vend.KindElectricity, vend.StateDelivered, vend.DeliveryAcknowledged, 0),
			kept("reversed", vend.KindGift, vend.StateReversed, vend.DeliveryShown, 0),
			kept("unseen", vend.KindVoucher, vend.StateDelivered, vend.DeliveryStored, 0),
			kept("failed", vend.KindElectricity, vend.StateResolved, vend.DeliveryFailed, 0),
			kept("declined", vend.KindRedeem, vend.StateDeclined, vend.DeliveryNone, 0),
			kept("unknown", vend.KindVoucher, vend.StateUnknown, vend.DeliverySent, 0),
			kept("person", vend.KindRedeem, vend.StatePerson, vend.DeliverySent, 0),
			kept("owed", vend.KindVoucher, vend.StateOwed, vend.DeliverySent, 0),
		}, vend.HousekeepingOptions{
			Keep: vend.Keep{
				Requests: 7 * time.Minute, Goods: 30 * time.Minute, Tokens: 60 * time.Minute, Vouchers: 90 * time.Minute, Unseen: 120 * time.Minute,
			},
			Every: time.Minute,
		}, 1)
		const all = "goods hash request"
		for _, c := range []struct {
			minute                    int
			voucher, tokens, unhanded string
		}{
			{0, all, all, all},
			{6, all, all, all},
			{9, "goods hash", "goods hash", "goods hash"},
			{29, "goods hash", "goods hash", "goods hash"},
			{32, "hash", "goods hash", "goods hash"},
			{62, "hash", "hash", "goods hash"},
			{92, "", "", "goods"},
			{119, "", "", "goods"},
			{122, "", "", ""},
		} {
			pass(time.Until(opening.Add(time.Duration(c.minute) * time.Minute)))
			for ref, want := range map[string]string{
				"voucher": c.voucher, "reversed": c.voucher, "tokens": c.tokens, "unseen": c.unhanded, "failed": c.unhanded, "declined": c.unhanded,
				"unknown": all, "person": all, "owed": all,
			} {
				if got := h.kept(ref); got != want {
					t.Errorf("minute %d: of %s there is %q, want %q", c.minute, ref, got, want)
				}
			}
		}
		m, err := h.sql.Moves(t.Context(), "voucher")
		if err != nil || len(m) != 1 || m[0].Cause != vend.CauseErase || m[0].Note != "goods" || m[0].To != vend.StateDelivered || m[0].Delivery != vend.DeliverySent {
			t.Errorf("the trail says %+v, %v", m, err)
		}
		service := vend.New(h.sql, newProvider(), keyring(0), vend.Options{})
		if o, err := service.Order(t.Context(), "voucher"); err != nil || o.Delivery != vend.DeliverySent {
			t.Errorf("%+v, %v", o, err)
		} else if _, err := service.Goods(o); !errors.Is(err, vend.ErrNoGoods) {
			t.Errorf("its goods: %v", err)
		}
	})
}

func TestWhatOnlyCountsIsKeptAsLongAsItCounts(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		// Whatever is configured, such as to keep all for ever.
		h := keepHouse(t, d, nil, vend.HousekeepingOptions{Every: time.Minute}, 1)
		if err := h.sql.InTx(t.Context(), func(tx vend.Tx) error {
			_, err := tx.AddPINTry("C1", time.Now())
			_, counted := tx.CountCode(vend.CodeMissed, []byte("x"), time.Now())
			code := vend.Code{ID: "c", Person: []byte("p"), Number: []byte("n"), Hash: []byte("h"), Sealed: []byte("s"), Expires: time.Now()}
			return errors.Join(err, counted, tx.SaveCode(code), tx.AddEnquiry("C1", []byte("x"), time.Now()))
		}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			at                      time.Duration
			tries, enquiries, codes int
		}{
			{59 * time.Minute, 1, 1, 1},
			{63 * time.Minute, 1, 0, 1},
			{aDay - time.Minute, 1, 0, 1},
			{aDay + 3*time.Minute, 1, 0, 0},
			{2*aDay - time.Minute, 1, 0, 0},
			{2*aDay + 3*time.Minute, 0, 0, 0},
		} {
			pass(time.Until(opening.Add(c.at)))
			for table, want := range map[string]int{"pin_tries": c.tries, "enquiries": c.enquiries, "codes": c.codes, "code_counts": c.codes} {
				var n int
				if err := h.raw.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n != want {
					t.Errorf("after %s there are %d %s, %v; want %d", c.at, n, table, err, want)
				}
			}
		}
	})
}

func TestALinkThatNobodyUsesEndsAfterTwoYears(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		h := keepHouse(t, d, nil, vend.HousekeepingOptions{Every: time.Minute}, 1)
		link := func(user string, seen time.Time) vend.Link {
			return vend.Link{Channel: "telegram", User: user, Customer: "C1", How: vend.LinkByCode, LinkedAt: opening.Add(-3 * 365 * aDay), SeenAt: seen}
		}
		if err := h.sql.InTx(t.Context(), func(tx vend.Tx) error {
			old := opening.Add(-2 * 365 * aDay)
			return errors.Join(tx.SaveLink(link("111", old.Add(10*time.Minute))), tx.SaveLink(link("222", old.Add(20*time.Minute))))
		}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			at   time.Duration
			want int
		}{{9 * time.Minute, 2}, {12 * time.Minute, 1}, {19 * time.Minute, 1}, {22 * time.Minute, 0}} {
			pass(time.Until(opening.Add(c.at)))
			if list, err := h.sql.Links(t.Context(), "C1"); err != nil || len(list) != c.want {
				t.Errorf("after %s there are %v, %v", c.at, list, err)
			}
		}
	})
}

func TestWhatIsKeptForEverIsNotErased(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		h := keepHouse(t, d, []vend.Order{kept("old", vend.KindVoucher, vend.StateDelivered, vend.DeliverySent, 9*365*aDay)},
			vend.HousekeepingOptions{Keep: vend.Keep{Requests: aDay}}, 1)
		pass(2 * time.Hour)
		if got := h.kept("old"); got != "goods hash" {
			t.Errorf("there is %q", got)
		}
	})
}

func TestReplicasShareOneHousekeepingAnHour(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		h := keepHouse(t, d, nil, vend.HousekeepingOptions{Keep: vend.DefaultKeep()}, 3)
		pass(10*time.Hour + time.Minute)
		total := 0
		for _, n := range h.runs {
			total += n
		}
		if total < 10 || total > 11 {
			t.Errorf("it ran %d times in ten hours: %v", total, h.runs)
		}
		if next, _ := h.job(); next.Before(time.Now()) || next.After(time.Now().Add(time.Hour)) {
			t.Errorf("it is %s, and the next is at %s", time.Now(), next)
		}
	})
}

func TestALongBacklogIsWorkedOffInShortRuns(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		var orders []vend.Order
		for i := range 1000 {
			orders = append(orders, kept(fmt.Sprint("o", i), vend.KindVoucher, vend.StateDelivered, vend.DeliverySent, 100*aDay))
		}
		slow := 0
		h := keepHouse(t, d, orders, vend.HousekeepingOptions{
			Keep: vend.DefaultKeep(),
			Now: func() time.Time { // every look at the clock takes a second
				slow++
				return time.Now().Add(time.Duration(slow) * time.Second)
			},
		}, 1)
		pass(2 * time.Second)
		if _, note := h.job(); !strings.HasPrefix(note, "there is more: ") {
			t.Errorf("after the first run it says %q", note)
		}
		pass(3 * time.Hour) // the clock runs ahead by the looks at it
		for _, o := range orders {
			if got := h.kept(o.Ref); got != "" {
				t.Fatalf("of %s there is %q", o.Ref, got)
			}
		}
	})
}

// stubborn is a database that refuses to erase requests, and has one batch of dead
// messages and a half.
type stubborn struct {
	*store.SQL
	t      *testing.T
	purged int
}

func (*stubborn) EraseRequests(context.Context, time.Time, int) (int, error) {
	return 0, errors.New("not now")
}

func (s *stubborn) PurgeDead(_ context.Context, kinds []jobs.Kind, before time.Time, limit int) (int, error) {
	if want := time.Now().Add(-90 * aDay); !before.Equal(want) || !slices.Equal(kinds, []jobs.Kind{vend.JobNotice, vend.JobLinked, vend.JobCode}) {
		s.t.Errorf("%v that died before %s are purged, want messages, and %s", kinds, before, want)
	}
	if s.purged++; s.purged == 1 {
		return limit, nil
	}
	return limit / 2, nil
}

func TestWhatFailsDoesNotHoldUpTheRest(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		h := keepHouse(t, d, []vend.Order{kept("old", vend.KindVoucher, vend.StateDelivered, vend.DeliverySent, 100*aDay)}, vend.HousekeepingOptions{}, 0)
		broken := &stubborn{SQL: h.sql, t: t}
		keeping := vend.NewHousekeeping(broken, vend.HousekeepingOptions{Keep: vend.DefaultKeep()})
		if err := keeping.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := jobs.NewRunner(h.sql, jobs.Options{Handlers: map[jobs.Kind]jobs.Handler{vend.JobHousekeeping: keeping.Work}})
		r.Start(t.Context())
		synctest.Wait()
		if got := h.kept("old"); got != "request" {
			t.Errorf("there is %q", got)
		}
		if broken.purged != 2 {
			t.Errorf("dead messages were purged in %d batches, want 2", broken.purged)
		}
		next, note := h.job()
		if note != "erase requests: not now" || time.Until(next) > 5*time.Minute {
			t.Errorf("it says %q, and the next is at %s", note, next)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestOnlyWhatIsDueIsErased draws orders of all sorts and ages, and compares what
// is left of each with the rule.
func TestOnlyWhatIsDueIsErased(t *testing.T) {
	d := freshSQLite(t.TempDir())
	sql, raw, err := d.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sql.Close(); _ = raw.Close() })
	h := &house{t: t, sql: sql, raw: raw}
	keeping := vend.NewHousekeeping(sql, vend.HousekeepingOptions{Keep: vend.DefaultKeep(), Now: func() time.Time { return opening }})
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		ages := []time.Duration{
			0, 7*aDay - time.Second, 7*aDay + time.Second, 30*aDay - time.Second, 30*aDay + time.Second, 90*aDay - time.Second,
			90*aDay + time.Second, 1095*aDay + time.Second,
		}
		stages := []vend.Delivery{"", vend.DeliveryStored, vend.DeliveryFailed, vend.DeliveryShown, vend.DeliverySent, vend.DeliveryAcknowledged}
		var orders []vend.Order
		for range rapid.IntRange(1, 20).Draw(rt, "orders") {
			n++
			orders = append(orders, kept(fmt.Sprint("o", n), rapid.SampledFrom(vend.Kinds()).Draw(rt, "kind"), rapid.SampledFrom(vend.States()).Draw(rt, "state"),
				rapid.SampledFrom(stages).Draw(rt, "delivery"), rapid.SampledFrom(ages).Draw(rt, "age")))
		}
		if err := h.add(orders); err != nil {
			rt.Fatal(err)
		}
		keeping.Work(t.Context(), jobs.Job{})
		for _, o := range orders {
			age, goods := opening.Sub(o.UpdatedAt), 1095*aDay
			switch seen := slices.Contains(stages[3:], o.Delivery); {
			case seen && o.Kind == vend.KindElectricity:
				goods = 90 * aDay
			case seen:
				goods = 30 * aDay
			}
			var want []string
			for _, c := range []struct {
				what string
				keep time.Duration
			}{{"goods", goods}, {"hash", 90 * aDay}, {"request", 7 * aDay}} {
				if !o.State.Final() || age <= c.keep {
					want = append(want, c.what)
				}
			}
			if got := h.kept(o.Ref); got != strings.Join(want, " ") {
				rt.Errorf("%s, %s, %q, of %s ago: there is %q, want %q", o.Kind, o.State, o.Delivery, age, got, want)
			}
		}
	})
}
