package recon

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
	"testing"
	"time"
)

// generated is a file that is never whole in memory.
type generated struct {
	next, lines int
	rest        []byte
}

func (g *generated) Read(p []byte) (int, error) {
	for len(g.rest) == 0 {
		switch {
		case g.next > g.lines:
			return 0, io.EOF
		case g.next == 0:
			g.rest = []byte("reference,transaction id,amount,status,time,kind\n")
		default:
			g.rest = fmt.Appendf(g.rest[:0], "P-3NK7%016d,%d,10.00,success,2026-07-01 12:%02d:%02d,airtime\n", g.next*7919%1_000_003, 90_000_000+g.next, g.next/60%60, g.next%60)
		}
		g.next++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// same has every order that the file has.
type same struct {
	lines int
	at    time.Time
}

func (s same) Between(context.Context, time.Time, time.Time) iter.Seq2[Ours, error] {
	return func(yield func(Ours, error) bool) {
		for n := 1; n <= s.lines; n++ {
			if !yield(Ours{Ref: fmt.Sprintf("P-3NK7%016d", n*7919%1_000_003), Amount: 1000, Standing: Done, At: s.at}, nil) {
				return
			}
		}
	}
}

func (same) ByRef(context.Context, []string) ([]Ours, error)         { return nil, nil }
func (same) ByProviderRef(context.Context, []string) ([]Ours, error) { return nil, nil }

func TestALineIsKeptInFewBytes(t *testing.T) {
	const lines = 20_000
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	tab, err := NewTable(Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.Read("million.csv", &generated{lines: lines}); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 7, 1, 12, 30, 0, 0, southAfrica())
	r, err := Compare(t.Context(), tab, same{lines, at}, Options{Now: at.Add(24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if a := r.Total(Agree); a.Orders != lines || a.Lines != lines {
		t.Errorf("%d orders and %d lines agree", a.Orders, a.Lines)
	}
	if per := (heap() - before) / lines; per > 150 {
		t.Errorf("%d bytes are kept for each line", per)
	}
	runtime.KeepAlive(tab)
}

func BenchmarkCompare(b *testing.B) {
	const lines = 100_000
	at := time.Date(2026, 7, 1, 12, 30, 0, 0, southAfrica())
	for b.Loop() {
		tab, err := NewTable(Mapping{})
		if err != nil {
			b.Fatal(err)
		}
		if err := tab.Read("million.csv", &generated{lines: lines}); err != nil {
			b.Fatal(err)
		}
		if _, err := Compare(b.Context(), tab, same{lines, at}, Options{Now: at.Add(24 * time.Hour)}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*lines/b.Elapsed().Seconds(), "lines/s")
}
