package intake_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"spaza/intake"
	"spaza/jobs"
	"spaza/store"
	"spaza/test/schema"
)

// TestLettersOutliveTheProcessThatTookThem has one process take letters and stop at
// work, as one that dies does, while another works on.
func TestLettersOutliveTheProcessThatTookThem(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "spaza.db") },
		"postgres": schema.Fresh,
	} {
		t.Run(name, func(t *testing.T) {
			const senders, each = 10, 12
			at := url(t)
			var mu sync.Mutex
			order := map[string][]string{}
			all := make(chan struct{})
			begun := make(chan struct{}, senders*each)
			open := func(lease time.Duration, handle func(context.Context, intake.Letter) intake.Fate) (box *intake.Box, dies func()) {
				s, err := store.OpenSQL(t.Context(), at, store.Options{})
				if err != nil {
					t.Fatal(err)
				}
				ctx, dies := context.WithCancel(context.Background())
				r := jobs.NewRunner(s, jobs.Options{Lease: lease, Poll: 20 * time.Millisecond, Limits: map[jobs.Kind]int{intake.JobChat: 4}})
				box = intake.New(intake.Options{Store: s, Seal: keyring(t), Runner: r, Handle: handle})
				r.Handle(intake.JobChat, box.Work)
				r.Start(ctx)
				box.Start(ctx)
				t.Cleanup(func() {
					if err := box.Close(context.Background()); err != nil {
						t.Error(err)
					}
					_ = r.Stop(context.Background())
					_ = s.Close()
				})
				return box, dies
			}
			// It begins, and never comes to an end.
			first, dies := open(2*time.Second, func(ctx context.Context, _ intake.Letter) intake.Fate {
				begun <- struct{}{}
				<-ctx.Done()
				return intake.Later(0, "cut off")
			})
			done := 0
			// What it has done is its own until that is written, however slow the machine.
			second, _ := open(time.Minute, func(_ context.Context, l intake.Letter) intake.Fate {
				mu.Lock()
				defer mu.Unlock()
				order[l.From] = append(order[l.From], l.Body.Reveal())
				if done++; done == senders*each {
					close(all)
				}
				return intake.Done()
			})
			var posting sync.WaitGroup
			for i := range senders {
				posting.Go(func() {
					for n := range each {
						box := []*intake.Box{first, second}[n%2]
						for range 2 { // the second time it is known
							if err := bring(box, letter(fmt.Sprint("s", i), n+1)); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			<-begun
			posting.Wait()
			dies()
			select {
			case <-all:
			case <-time.After(3 * time.Minute):
				t.Error("not all are handled")
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range senders {
				var want []string
				for n := range each {
					want = append(want, fmt.Sprintf("s%d says %d", i, n+1))
				}
				if got := order[fmt.Sprint("s", i)]; !slices.Equal(got, want) {
					t.Errorf("handled %q", got)
				}
			}
		})
	}
}

// bring brings a letter until it is taken or refused: one that could not be written
// in time is brought again, as a chat does.
func bring(box *intake.Box, l intake.Letter) (err error) {
	for range 10 {
		if err = box.Take(context.Background(), []intake.Letter{l}); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, sql.ErrTxDone) {
			break
		}
	}
	return err
}
