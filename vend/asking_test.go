package vend_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/ledger"
	"spaza/vend"
)

// knowing is a provider that knows about meters and accounts.
type knowing struct {
	*scripted
	can bool
	err error

	mu    sync.Mutex
	asked []string // what it was asked about, in its order
	refs  map[string]bool
	seen  func() // done while it is asked
}

func (p *knowing) Can(k vend.Kind) vend.Capability {
	return vend.Capability{Sells: true, Enquires: p.can && (k == vend.KindElectricity || k == vend.KindBill)}
}

func (p *knowing) take(ref, what string) error {
	if p.seen != nil {
		p.seen()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, what)
	if p.refs[ref] {
		return errors.New("the reference was used before")
	}
	p.refs[ref] = true
	return p.err
}

func (p *knowing) Meter(_ context.Context, q vend.MeterQuestion) (vend.Meter, error) {
	return vend.Meter{Number: q.Meter, Holder: "T Nkosi", Min: q.Amount}, p.take(q.Ref, fmt.Sprintf("meter %s %s %t", q.Meter, q.Amount, q.Free))
}

func (p *knowing) Account(_ context.Context, q vend.AccountQuestion) (vend.Account, error) {
	return vend.Account{Number: q.Account}, p.take(q.Ref, "account "+q.Account)
}

// askable is a till whose provider can be asked.
type askable struct {
	*till
	p *knowing
}

func newAskable(t *testing.T, o vend.Options) *askable {
	t.Helper()
	k := newTill(t, vend.Answer{Outcome: vend.Delivered, Goods: tokens()})
	p := &knowing{scripted: k.p, can: true, refs: map[string]bool{}}
	o.Now = func() time.Time { return k.now }
	k.s = vend.New(k.sql, p, keyring(0), o)
	k.s.Attach(k.hand)
	return &askable{k, p}
}

func tokens() vend.Goods { return sellable()["tokens"] }

func (k *askable) meter(customer int, meter string) error {
	_, err := k.s.AskMeter(k.t.Context(), number(customer), meter, ledger.Rand(20), false)
	return err
}

func TestAMeterIsAskedAbout(t *testing.T) {
	k := newAskable(t, vend.Options{})
	m, err := k.s.AskMeter(t.Context(), number(1), "14000000001", ledger.Rand(20), false)
	if err != nil || m.Number != "14000000001" || m.Min != ledger.Rand(20) {
		t.Errorf("%+v, %v", m.Number, err)
	}
	if _, err := k.s.AskMeter(t.Context(), number(1), "14000000001", 0, true); err != nil {
		t.Error(err)
	}
	a, err := k.s.AskAccount(t.Context(), number(5), "110155")
	if err != nil || a.Number != "110155" {
		t.Errorf("%+v, %v", a.Number, err)
	}
	if got, want := strings.Join(k.p.asked, ", "), "meter 14000000001 R20 false, meter 14000000001 R0 true, account 110155"; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
}

func TestWhatCannotBeAskedIsNotAndWhatIsRefusedIsTold(t *testing.T) {
	k := newAskable(t, vend.Options{})
	k.p.err = &vend.RefusalError{Reason: vend.ReasonMeter}
	if e, ok := errors.AsType[*vend.RefusalError](k.meter(1, "14")); !ok || e.Reason != vend.ReasonMeter {
		t.Errorf("refused: %v", e)
	}
	k.p.can = false
	if err := k.meter(1, "14"); !errors.Is(err, vend.ErrNoEnquiry) {
		t.Errorf("where it cannot: %v", err)
	}
	if _, err := k.s.AskAccount(t.Context(), number(1), "11"); !errors.Is(err, vend.ErrNoEnquiry) {
		t.Errorf("where it cannot: %v", err)
	}
	mute := newTill(t)
	if _, err := mute.s.AskMeter(t.Context(), number(1), "14", 0, true); !errors.Is(err, vend.ErrNoEnquiry) {
		t.Errorf("who knows nothing: %v", err)
	}
	if n := len(k.p.asked); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestWhatTheProviderSaysToAnEnquiryIsLoggedAndNobodyIsNamed has the provider fail
// in words that name everybody.
func TestWhatTheProviderSaysToAnEnquiryIsLoggedAndNobodyIsNamed(t *testing.T) {
	const meter, account = "14000000019", "1101554"
	named := "of TARGET (T-ARGET), " + number(1) + ", 0" + number(1)[2:] + " and +27 " + number(1)[2:4] + " " + number(1)[4:7] + " " + number(1)[7:]
	gone, leave := context.WithCancel(t.Context())
	leave()
	late, end := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer end()
	silent := errors.New("Post https://flash.example/meters/TARGET: cut " + named)
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want []string // in the one line that is logged; none: nothing is
	}{
		"an answer": {t.Context(), nil, nil},
		"a refusal": {t.Context(), &vend.RefusalError{Reason: vend.ReasonMeter, Code: "2400", Detail: named}, nil},
		"a refusal for the operator": {t.Context(), &vend.RefusalError{Reason: vend.ReasonProductGone, Alert: true, Code: "1999", Detail: "not allowed " + named},
			[]string{"level=ERROR", `msg="enquiry refused"`, "reason=" + string(vend.ReasonProductGone), "code=1999", "not allowed of [erased]", "alert=true"}},
		"that one, wrapped": {t.Context(), fmt.Errorf("asked: %w", &vend.RefusalError{Alert: true, Code: "1999"}), []string{"level=ERROR", "alert=true"}},
		"no answer":         {t.Context(), silent, []string{"level=WARN", `msg="enquiry was not answered"`, "flash.example/meters/[erased]: cut"}},
		"too late":          {late, context.DeadlineExceeded, []string{"level=WARN", "deadline"}},
		"nobody waits":      {gone, context.Canceled, nil},
	} {
		for kind, ask := range map[vend.Kind]func(k *askable, ctx context.Context) error{
			vend.KindElectricity: func(k *askable, ctx context.Context) error {
				_, err := k.s.AskMeter(ctx, number(1), meter, ledger.Rand(20), false)
				return err
			},
			vend.KindBill: func(k *askable, ctx context.Context) error {
				_, err := k.s.AskAccount(ctx, number(1), account)
				return err
			},
		} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				var log strings.Builder
				k := newAskable(t, vend.Options{Enquiries: -1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
				target := map[vend.Kind]string{vend.KindElectricity: meter, vend.KindBill: account}[kind]
				k.p.err = naming(c.err, target)
				if err := ask(k, c.ctx); !errors.Is(err, k.p.err) {
					t.Errorf("told is %v", err)
				}
				lines := strings.Count(log.String(), "\n")
				if len(c.want) == 0 && lines != 0 || len(c.want) > 0 && lines != 1 {
					t.Fatalf("%d lines are logged:\n%s", lines, log.String())
				}
				for _, want := range append(c.want, "kind="+string(kind), "ref=") {
					if lines > 0 && !strings.Contains(log.String(), want) {
						t.Errorf("%q is not in %s", want, log.String())
					}
				}
				for _, never := range []string{target, target[:1] + "-" + target[1:], number(1)[2:], number(1)[4:7] + " " + number(1)[7:], "Nkosi"} {
					if strings.Contains(log.String(), never) {
						t.Errorf("%q is in %s", never, log.String())
					}
				}
			})
		}
	}
}

// naming is an error that names a target, written in two ways.
func naming(err error, target string) error {
	name := strings.NewReplacer("T-ARGET", target[:1]+"-"+target[1:], "TARGET", target)
	refusal, refused := errors.AsType[*vend.RefusalError](err)
	switch {
	case refused && refusal.Detail != "":
		named := *refusal
		named.Detail = name.Replace(named.Detail)
		return &named
	case err == nil || name.Replace(err.Error()) == err.Error():
		return err
	}
	return errors.New(name.Replace(err.Error()))
}

func TestAnEnquiryThatCannotBeCountedIsLoggedAndNotMade(t *testing.T) {
	var log strings.Builder
	k := newAskable(t, vend.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	k.must(k.sql.Close())
	if k.meter(1, "14000000019") == nil || len(k.p.asked) != 0 {
		t.Errorf("asked about %v", k.p.asked)
	}
	if got := log.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "not counted") || strings.Contains(got, "140000") || strings.Contains(got, number(1)[2:]) {
		t.Errorf("logged is %s", got)
	}
}

func TestWithoutALimitNothingIsCounted(t *testing.T) {
	k := newAskable(t, vend.Options{Enquiries: -1})
	for i := range 10 {
		k.must(k.meter(1, fmt.Sprint("1400000000", i)))
	}
	if rows, err := k.counted(); err != nil || len(rows) != 0 {
		t.Errorf("%d are counted, %v", len(rows), err)
	}
	if n := len(k.p.asked); n != 10 {
		t.Errorf("asked about %d", n)
	}
}

func TestFewStrangersMetersMayBeAskedAbout(t *testing.T) {
	k := newAskable(t, vend.Options{})
	// Counted before it is asked, and under no number.
	k.p.seen = func() {
		rows, err := k.counted()
		if err != nil || len(rows) == 0 {
			t.Errorf("while it is asked, %d are counted, %v", len(rows), err)
		}
		for _, r := range rows {
			if strings.Contains(r, "1400000") || len(r) != 16 {
				t.Errorf("what is counted reads %q", r)
			}
		}
	}
	own := forMeter(ledger.Rand(20), false)
	if _, err := k.buy(own); err != nil {
		t.Fatal(err)
	}
	if o := k.attempt(); o.State != vend.StateDelivered {
		t.Fatalf("order is %s", o.State)
	}
	ask := func(customer int, meter, want string) {
		t.Helper()
		got := "ok"
		if err := k.meter(customer, meter); errors.Is(err, vend.ErrTooManyEnquiries) {
			got = "too many"
		} else if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("meter %s of customer %d: %s, want %s", meter, customer, got, want)
		}
	}
	ask(1, "14000000001", "ok")
	k.now = k.now.Add(10 * time.Minute)
	ask(1, "14000000002", "ok")
	ask(1, "14000000001", "ok") // again
	ask(1, "14000000003", "ok")
	ask(1, "14000000004", "too many")
	if _, err := k.s.AskAccount(t.Context(), number(1), "14000000003"); !errors.Is(err, vend.ErrTooManyEnquiries) {
		t.Errorf("an account of the same number: %v", err)
	}
	ask(1, "14000000002", "ok") // again
	ask(2, "14000000004", "ok") // somebody else
	k.p.seen = nil
	ask(1, own.Target, "ok") // bought for before
	ask(2, own.Target, "ok")
	k.now = opening.Add(time.Hour)
	ask(1, "14000000004", "ok") // the first is an hour ago
	ask(1, "14000000001", "too many")
	k.now = opening.Add(70 * time.Minute)
	ask(1, "14000000001", "ok")
}

// counted is what stands in the place of the targets.
func (k *askable) counted() (all []string, err error) {
	raw, err := sql.Open(k.db.driver, k.db.dsn)
	if err != nil {
		return nil, err
	}
	defer raw.Close()
	rows, err := raw.Query(`SELECT target FROM enquiries`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		all = append(all, string(b))
	}
	return all, rows.Err()
}

// TestNoMoreThanSoManyStrangersInAnyHour draws enquiries over hours.
func TestNoMoreThanSoManyStrangersInAnyHour(t *testing.T) {
	const most = 2
	k := newAskable(t, vend.Options{Enquiries: most})
	life := 0
	rapid.Check(t, func(rt *rapid.T) {
		life++
		last := map[string]time.Time{} // when each was counted
		for range rapid.IntRange(1, 12).Draw(rt, "enquiries") {
			k.now = k.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(rt, "minutes")) * time.Minute)
			meter := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(rt, "meter")
			within := 0
			for _, at := range last {
				if k.now.Sub(at) < time.Hour {
					within++
				}
			}
			at, known := last[meter]
			fresh := !known || k.now.Sub(at) >= time.Hour
			err := k.meter(1000+life, meter)
			if want := fresh && within >= most; errors.Is(err, vend.ErrTooManyEnquiries) != want || err != nil && !want {
				rt.Fatalf("%v, with %d in the hour", err, within)
			}
			if fresh && err == nil {
				last[meter] = k.now
			}
		}
	})
}

func TestEnquiriesAtOnceAreNoMoreThanAllowed(t *testing.T) {
	k := newAskable(t, vend.Options{})
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			if err := k.meter(1, fmt.Sprint("1400000000", i)); err != nil && !errors.Is(err, vend.ErrTooManyEnquiries) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(k.p.asked); n != 3 {
		t.Errorf("the provider was asked about %d", n)
	}
}

// TestABoughtMeterIsNoEnquiryAnyMore lets somebody who buys for the neighbours
// go on.
func TestABoughtMeterIsNoEnquiryAnyMore(t *testing.T) {
	k := newAskable(t, vend.Options{})
	bought := forMeter(ledger.Rand(20), false)
	for _, meter := range []string{"14000000001", bought.Target, "14000000003"} {
		if err := k.meter(1, meter); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.meter(1, "14000000004"); !errors.Is(err, vend.ErrTooManyEnquiries) {
		t.Fatalf("a fourth: %v", err)
	}
	if _, err := k.buy(bought); err != nil {
		t.Fatal(err)
	}
	if o := k.attempt(); o.State != vend.StateDelivered {
		t.Fatalf("order is %s", o.State)
	}
	for _, meter := range []string{bought.Target, "14000000004"} {
		if err := k.meter(1, meter); err != nil {
			t.Errorf("after one was bought for, %s: %v", meter, err)
		}
	}
	if err := k.meter(1, "14000000005"); !errors.Is(err, vend.ErrTooManyEnquiries) {
		t.Errorf("and one more: %v", err)
	}
}
