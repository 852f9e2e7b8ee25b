package intake_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spaza/intake"
	"spaza/jobs"
	"spaza/secret"
	"spaza/store"
	"spaza/test/schema"
)

// BenchmarkTake posts letters of 200 senders, one a call and many calls at once, and
// reports how many a second are taken and how long a call waits. "alone" is Take by
// itself; beside "work", what was taken is handled by a handler that does nothing,
// and each letter so takes a second transaction.
func BenchmarkTake(b *testing.B) {
	for _, d := range []struct {
		name string
		url  func(testing.TB) string
	}{
		{"sqlite", func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "spaza.db") }},
		{"postgres", schema.Fresh},
	} {
		for _, works := range []bool{false, true} {
			name := d.name + "/alone"
			if works {
				name = d.name + "/work"
			}
			b.Run(name, func(b *testing.B) { benchTake(b, d.url(b), works) })
		}
	}
}

func benchTake(b *testing.B, url string, works bool) {
	const senders, calls = 200, 256
	s, err := store.OpenSQL(b.Context(), url, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	r := jobs.NewRunner(s, jobs.Options{Limits: map[jobs.Kind]int{intake.JobChat: 16}, Workers: 8})
	box := intake.New(intake.Options{
		Store: s, Seal: keyring(b), Runner: r, PerSender: 1 << 30, Handle: func(context.Context, intake.Letter) intake.Fate { return intake.Done() },
	})
	r.Handle(intake.JobChat, box.Work)
	if works {
		r.Start(b.Context())
	}
	box.Start(b.Context())
	b.Cleanup(func() {
		_ = box.Close(context.Background())
		_ = r.Stop(context.Background())
	})
	var next atomic.Int64
	var mu sync.Mutex
	var waits []time.Duration
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for range calls {
		all.Go(func() {
			var mine []time.Duration
			for {
				n := int(next.Add(1))
				if n > b.N {
					break
				}
				began := time.Now()
				l := intake.Letter{Door: "telegram", ID: fmt.Sprint(n), From: fmt.Sprint(n % senders), Body: secret.New("1"), At: began}
				if err := box.Take(context.Background(), []intake.Letter{l}); err != nil {
					b.Error(err)
				}
				mine = append(mine, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			waits = append(waits, mine...)
		})
	}
	all.Wait()
	b.StopTimer()
	slices.Sort(waits)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "letters/s")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
}
