package kill

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/test/whole"
)

// TestTwoReplicasAnswerAsOneWhileOneDies spreads callbacks over two processes on
// one database and one Redis: some come twice, some at both at once, some late,
// and a fifth of the calls is abandoned. Every screen is known beforehand.
func TestTwoReplicasAnswerAsOneWhileOneDies(t *testing.T) {
	t.Parallel()
	p := asked(t)
	if whole.Redis() == "" {
		t.Skip("NOT TESTED ON REDIS: two processes cannot share the embedded one (go run ./test/run starts a real one)")
	}
	t.Logf("SPAZA_PROOF_SEED=%d", p.seed)
	deaths := 2
	if p.long {
		deaths = max(2, p.kills/10)
	}
	r := newRig(t, p, "replicas", byFlash).onServers(2)
	for _, replica := range r.replicas {
		if err := r.start(replica, true); err != nil {
			t.Fatalf("%v\n%s", err, r.log.about("ERROR", "panic"))
		}
	}
	ctx, home := context.WithCancel(t.Context())
	people := r.crowd()
	gathered, callers := people.callers(ctx)
	defer func() { home(); gathered.Wait() }()
	choose := p.source(r.name, "killer")
	for i := range deaths {
		pause(ctx, time.Second+time.Duration(choose.IntN(2000))*time.Millisecond)
		dying := r.replicas[i%2]
		r.kill(dying, fmt.Sprintf("replica %d, %d of %d", i%2, i+1, deaths))
		pause(ctx, time.Duration(choose.IntN(1500))*time.Millisecond)
		if err := r.start(dying, true); err != nil {
			t.Fatalf("%v\n%s", err, r.log.about("ERROR", "panic"))
		}
	}
	pause(ctx, 2*time.Second)
	people.close()
	gathered.Wait()
	home()
	var yes int64
	for _, c := range callers() {
		yes += c.paid.Load()
	}
	r.reckon(people.all, fmt.Sprintf("%d replicas killed, %d with a sale under way; %d purchases that callers know of", deaths, r.count.busyKills.Load(), yes))
}

// callers lets callers in, some at a time, until close. They are listed when all
// have gone.
func (w *crowd) callers(ctx context.Context) (*sync.WaitGroup, func() []*caller) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all []*caller
	for range w.r.proof.crowd {
		wg.Go(func() {
			for !w.closed.Load() && ctx.Err() == nil {
				c := &caller{customer: w.next()}
				mu.Lock()
				all = append(all, c)
				mu.Unlock()
				c.live(ctx)
			}
		})
	}
	return &wg, func() []*caller { return all }
}

// timeOfDay is what a screen says of when; it is the shop's clock.
var timeOfDay = regexp.MustCompile(` at \d\d:\d\d:`)

// expect delivers the session as it stands, and looks whether the answer begins
// as one of these. Where a process died meanwhile, only the first may not.
func (c *caller) expect(ctx context.Context, next place, pays bool, pin string, begins ...string) bool {
	answers, shaken := c.reach(ctx, c.now(pays, pin))
	if ctx.Err() != nil {
		return false
	}
	c.screen = ""
	for _, a := range answers {
		if strings.HasPrefix(a, busyLine) && (c.screen != "" || len(answers) > 1) {
			continue
		}
		if c.screen != "" && a != c.screen {
			c.r.wrong(c.customer, "one callback got two screens, %q and %q", c.screen, a)
			return false
		}
		c.screen = a
	}
	c.at = next
	shown := timeOfDay.ReplaceAllString(c.screen, " at hh:mm:")
	for i, b := range begins {
		if strings.HasPrefix(shown, b) {
			if i == len(begins)-1 && i == 2 && !shaken {
				break
			}
			return true
		}
	}
	c.r.wrong(c.customer, "%q is on the screen, and should begin as one of %q (a process died meanwhile: %v)", c.screen, begins, shaken)
	return false
}

// reach delivers a turn to any replica, and to another where that one is dead.
// Five in a hundred come twice, half of them at both replicas at once; as many
// are followed, or met, by the turn before. It returns the answers to the turn.
func (c *caller) reach(ctx context.Context, t turn) (answers []string, shaken bool) {
	var wg sync.WaitGroup
	var late, again string
	first := c.choose.IntN(2)
	before := c.before
	fate := c.choose.IntN(100)
	lives := c.r.life.Load()
	switch {
	case fate < 3: // at both at once
		c.r.count.repeated.Add(1)
		wg.Go(func() { again = c.persist(ctx, 1-first, t) })
	case fate < 8 && fate >= 5 && before.session == t.session: // met by the one before
		c.r.count.late.Add(1)
		other := c.choose.IntN(2)
		wg.Go(func() { late = c.persist(ctx, other, before) })
	}
	answer := c.persist(ctx, first, t)
	wg.Wait()
	switch {
	case fate >= 3 && fate < 5: // once more, later
		c.r.count.repeated.Add(1)
		again = c.persist(ctx, c.choose.IntN(2), t)
	case fate >= 8 && fate < 10 && before.session == t.session: // followed by the one before
		c.r.count.late.Add(1)
		late = c.persist(ctx, c.choose.IntN(2), before)
	}
	shaken = lives != c.r.life.Load()
	answers = []string{answer}
	if again != "" {
		answers = append(answers, again)
	}
	if late != "" && late != before.screen && !strings.HasPrefix(late, lostLine) && !strings.HasPrefix(late, busyLine) {
		c.r.wrong(c.customer, "a late %q got %q; its own screen was %q", before.text, late, before.screen)
	}
	t.screen = answer
	c.before = t
	return answers, shaken
}

// persist delivers a turn until there is an answer, each time to the other
// replica.
func (c *caller) persist(ctx context.Context, replica int, t turn) string {
	for ctx.Err() == nil {
		if done := c.post(ctx, c.r.replicas[replica], t); done.err == nil {
			return done.screen
		}
		replica = 1 - replica
		pause(ctx, 5*time.Millisecond)
	}
	return ""
}
