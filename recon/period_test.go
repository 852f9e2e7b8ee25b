package recon_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"spaza/recon"
)

func TestAnAbsenceProvesNothing(t *testing.T) {
	text, orders := filler()
	done := func(n int) (list []recon.Ours) {
		for i := range n {
			list = append(list, sale(fmt.Sprintf("P-GONE%d", i), recon.Done))
		}
		return list
	}
	at := func(d time.Duration) recon.Ours {
		o := sale("P-1", recon.Person)
		o.At = noon.Add(d)
		return o
	}
	late := strings.ReplaceAll(text, "12:00:05", "14:00:05")
	for name, c := range map[string]struct {
		text   string
		orders []recon.Ours
		opt    func(*recon.Options)
		want   recon.Advice
		note   string
	}{
		"but well inside a whole file":              {text, append(orders, at(0)), nil, recon.AdviceNotVended, ""},
		"and even with one in ten missing":          {text, append(append(orders, at(0)), done(3)...), nil, recon.AdviceNotVended, ""},
		"at the beginning":                          {text, append(orders, at(-12*time.Hour)), nil, recon.AdviceEdge, ""},
		"a moment before the margin ends":           {text, append(orders, at(-11*time.Hour-time.Second)), nil, recon.AdviceEdge, ""},
		"at the end":                                {text, append(orders, at(11*time.Hour)), nil, recon.AdviceEdge, ""},
		"before now":                                {text, append(orders, at(0)), func(o *recon.Options) { o.Now = noon.Add(45 * time.Minute) }, recon.AdviceEdge, ""},
		"in a file that lacks too many":             {text, append(append(orders, at(0)), done(4)...), nil, recon.AdviceAbsentUnproven, "4 sales that we know of are not in the file, and 30 are"},
		"in a file that has nothing of ours":        {"X-1,,10.00,success,2026-07-01 12:00:05,airtime\n", []recon.Ours{at(0)}, nil, recon.AdviceAbsentUnproven, "No line is of an order of ours"},
		"in a file whose clock is another":          {late, append(orders, at(0)), nil, recon.AdviceAbsentUnproven, "30 of 30 lines are more than 1h0m0s away"},
		"when a line that cannot be read names it":  {text + "P-1,,10.00,success\n", append(orders, at(0)), nil, recon.AdviceUnreadable, ""},
		"when it is in quotes that are not closed":  {text + "\"P-1,,10.00,success\n", append(orders, at(0)), nil, recon.AdviceUnreadable, ""},
		"when the provider's is on that line":       {text + "?,7,10.00\n", append(orders, func() recon.Ours { o := at(0); o.ProviderRef = "7"; return o }()), nil, recon.AdviceUnreadable, ""},
		"while the automatic means are at work yet": {text, append(orders, func() recon.Ours { o := at(0); o.Standing = recon.Open; return o }()), func(o *recon.Options) { o.Now = noon.Add(20 * time.Minute) }, recon.AdviceOpen, ""},
	} {
		opt := allDay()
		if c.opt != nil {
			c.opt(&opt)
		}
		r, err := recon.Compare(t.Context(), table(t, recon.Mapping{}, header+c.text), newBooks(c.orders...), opt)
		if err != nil {
			t.Fatal(err)
		}
		f := found(t, r, "P-1")
		if f.Advice != c.want || (f.Proposal != nil) != (c.want == recon.AdviceNotVended) {
			t.Errorf("%s: got %s, %+v", name, f.Advice, f.Proposal)
		}
		if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
			t.Errorf("%s: the notes are %q", name, notes)
		}
	}
}

func TestThePeriodIsTheFilesOwnOrTheOneThatIsGiven(t *testing.T) {
	text := header + "P-1,,10.00,success,2026-07-01 08:00:00,a\nP-2,,10.00,success,2026-07-01 16:00:00,a\nX-3,,10.00,success,2026-07-01 18:00:00,a\n"
	b := newBooks(sale("P-1", recon.Done), sale("P-2", recon.Done), sale("P-4", recon.Done))
	tab := table(t, recon.Mapping{}, text)
	for name, c := range map[string]struct {
		opt      recon.Options
		from, to string
		lines    int // that were compared
		outside  int
		orders   int
		err      error
	}{
		"the file's":         {recon.Options{}, "08:00:00.000", "18:00:00.001", 3, 0, 3, nil},
		"not beyond now":     {recon.Options{Now: noon.Add(time.Hour)}, "08:00:00.000", "13:00:00.000", 3, 0, 3, nil},
		"given":              {recon.Options{From: noon.Add(3 * time.Hour), To: noon.Add(5 * time.Hour)}, "15:00:00.000", "17:00:00.000", 1, 2, 1, nil},
		"given by its end":   {recon.Options{To: noon.Add(-3 * time.Hour)}, "08:00:00.000", "09:00:00.000", 1, 2, 1, nil},
		"given by its begin": {recon.Options{From: noon.Add(5 * time.Hour)}, "17:00:00.000", "18:00:00.001", 1, 2, 0, nil},
		"the wrong way":      {recon.Options{From: noon.Add(time.Hour), To: noon}, "", "", 0, 0, 0, recon.ErrPeriod},
		"not begun":          {recon.Options{Now: noon.Add(-24 * time.Hour)}, "", "", 0, 0, 0, recon.ErrPeriod},
	} {
		if c.opt.Now.IsZero() {
			c.opt.Now = noon.Add(24 * time.Hour)
		}
		r, err := recon.Compare(t.Context(), tab, b, c.opt)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		const clock = "15:04:05.000"
		lines, orders := 0, 0
		for _, total := range r.Totals {
			lines, orders = lines+total.Lines, orders+total.Orders
		}
		if r.From.Format(clock) != c.from || r.To.Format(clock) != c.to || lines != c.lines || r.Files[0].Outside != c.outside || orders != c.orders {
			t.Errorf("%s: from %s to %s, %d lines, %d outside, %d orders", name, r.From.Format(clock), r.To.Format(clock), lines, r.Files[0].Outside, orders)
		}
	}
	untimed := table(t, recon.Mapping{}, "reference,amount,status\nP-1,10.00,ok\n")
	if _, err := recon.Compare(t.Context(), untimed, b, recon.Options{Now: noon}); !errors.Is(err, recon.ErrPeriod) {
		t.Errorf("a file without times: %v", err)
	}
	if r, err := recon.Compare(t.Context(), untimed, b, allDay()); err != nil || r.Total(recon.Agree).Orders != 1 {
		t.Errorf("a file without times, and a period: %v", err)
	}
}
