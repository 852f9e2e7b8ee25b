package kill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"spaza/test/whole"
)

// killer kills a process as often as is asked, at moments of all sorts.
type killer struct {
	rig    *rig
	choose *rand.Rand
	moods  map[string]int // how often it struck in each
}

// strike starts the process and kills it, n times, and then leaves it running.
func (k *killer) strike(ctx context.Context, p *whole.Process, n int) error {
	for i := range n {
		why, err := k.live(ctx, p, i)
		if err != nil {
			return err
		}
		k.rig.kill(p, fmt.Sprintf("%d of %d, %s", i+1, n, why))
	}
	return k.rig.start(p, true)
}

// live starts the process and lets it live until the moment to die has come.
func (k *killer) live(ctx context.Context, p *whole.Process, i int) (why string, err error) {
	mood := k.choose.IntN(20)
	if mood < 2 && i > 0 { // before it is ready, but not before it has made its tables once
		if err := k.rig.start(p, false); err != nil {
			return "", err
		}
		return k.struck("as it starts"), k.rest(ctx, k.upTo(400*time.Millisecond))
	}
	if err := k.rig.start(p, true); err != nil {
		return "", err
	}
	switch {
	case mood < 4:
		return k.struck("as it is ready"), k.rest(ctx, k.upTo(50*time.Millisecond))
	case mood < 7:
		return k.struck("any time"), k.rest(ctx, 50*time.Millisecond+k.upTo(1500*time.Millisecond))
	case mood == 7 && k.rig.proof.long: // long enough for the leases of the dead to end
		return k.struck("late"), k.rest(ctx, 15*time.Second+k.upTo(3*time.Second))
	}
	m := k.rig.moments()[k.choose.IntN(len(k.rig.moments()))]
	if err := k.rest(ctx, k.upTo(600*time.Millisecond)); err != nil {
		return "", err
	}
	late := time.NewTimer(3 * time.Second)
	defer late.Stop()
	select {
	case <-k.rig.bell.await(m, k.choose.IntN(4)):
	case <-late.C:
		return k.struck("nothing happens"), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
	// Some strike at once, some just after: a sale takes a few milliseconds.
	after := k.upTo([]time.Duration{1, 3, 10, 30}[k.choose.IntN(4)] * time.Millisecond)
	return k.struck(m.String()), k.rest(ctx, after)
}

func (k *killer) struck(mood string) string {
	k.moods[mood]++
	return mood
}

// upTo is a random time.
func (k *killer) upTo(most time.Duration) time.Duration {
	return time.Duration(k.choose.Int64N(int64(most)))
}

// rest lets time pass.
func (k *killer) rest(ctx context.Context, d time.Duration) error {
	if !pause(ctx, d) {
		return errors.New("the time for killing is over")
	}
	return nil
}

// pause lets time pass; false when ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
