package intake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"spaza/intake"
	"spaza/jobs"
)

var errDead = errors.New("this process is dead")

// mortal is the store as one process has it, which loses it when it dies: before
// a call has an effect, or after it had one and before that is known.
type mortal struct {
	*memory
	mu sync.Mutex
	// calls is how many it lives for; it dies at the next one.
	calls     int
	afterward bool // it dies after the effect of that call
	dead      bool
	died      chan struct{}
}

// call runs one call of the process.
func (m *mortal) call(do func() error) error {
	m.mu.Lock()
	if m.dead {
		m.mu.Unlock()
		return errDead
	}
	m.calls--
	last := m.calls < 0
	if last {
		m.dead = true
		close(m.died)
	}
	m.mu.Unlock()
	if last && !m.afterward {
		return errDead
	}
	err := do()
	if last {
		return errDead
	}
	return err
}

func (m *mortal) gone() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

func (m *mortal) AddLetters(ctx context.Context, b intake.Batch) (added intake.Added, err error) {
	err = m.call(func() error { added, err = m.memory.AddLetters(ctx, b); return err })
	return added, err
}

func (m *mortal) Letter(ctx context.Context, key string) (k intake.Kept, err error) {
	err = m.call(func() error { k, err = m.memory.Letter(ctx, key); return err })
	return k, err
}

func (m *mortal) DoneLetters(ctx context.Context, d intake.Ended) (next []jobs.Job, err error) {
	err = m.call(func() error { next, err = m.memory.DoneLetters(ctx, d); return err })
	if err != nil {
		return nil, err
	}
	return next, nil
}

func (m *mortal) Claim(ctx context.Context, kinds []jobs.Kind, n int, owner string, now, until time.Time) (claimed []jobs.Job, err error) {
	err = m.call(func() error { claimed, err = m.memory.Claim(ctx, kinds, n, owner, now, until); return err })
	if err != nil {
		claimed = nil
	}
	return claimed, err
}

func (m *mortal) Next(ctx context.Context, kinds []jobs.Kind) (at time.Time, err error) {
	if m.gone() {
		return at, errDead
	}
	return m.memory.Next(ctx, kinds)
}

func (m *mortal) Renew(ctx context.Context, j jobs.Job, until time.Time) error {
	return m.call(func() error { return m.memory.Renew(ctx, j, until) })
}

func (m *mortal) Finish(ctx context.Context, j jobs.Job) error {
	return m.call(func() error { return m.memory.Finish(ctx, j) })
}

func (m *mortal) PutOff(ctx context.Context, j jobs.Job, at time.Time, note string) error {
	return m.call(func() error { return m.memory.PutOff(ctx, j, at, note) })
}

func (m *mortal) Bury(ctx context.Context, j jobs.Job, note string) error {
	return m.call(func() error { return m.memory.Bury(ctx, j, note) })
}

// townPlan is one course of events: senders who write, and processes that die.
type townPlan struct {
	senders   []senderPlan
	lives     []lifePlan // of the one process after the other; after the last comes one that lives on
	batch     int
	limit     int // of what is worked on at once in a process
	takes     time.Duration
	laterEach int // every so many times a letter is handled, it is put off first
}

type senderPlan struct {
	starts time.Duration
	posts  []int         // how many letters each has
	pause  time.Duration // between them
	repeat int           // every so many posts is sent once more although it was taken
}

type lifePlan struct {
	calls     int
	afterward bool
	closes    bool // it is closed, when its time comes, and does not die
}

func drawTown(t *rapid.T) townPlan {
	p := townPlan{
		batch: rapid.IntRange(1, 8).Draw(t, "batch"), limit: rapid.IntRange(1, 4).Draw(t, "limit"),
		takes:     rapid.SampledFrom([]time.Duration{0, time.Millisecond, 3 * time.Second, 20 * time.Second}).Draw(t, "takes"),
		laterEach: rapid.IntRange(2, 9).Draw(t, "later"),
	}
	for range rapid.IntRange(1, 5).Draw(t, "senders") {
		p.senders = append(p.senders, senderPlan{
			starts: time.Duration(rapid.IntRange(0, 3).Draw(t, "starts")) * time.Second,
			posts:  rapid.SliceOfN(rapid.IntRange(1, 5), 1, 6).Draw(t, "posts"),
			pause:  rapid.SampledFrom([]time.Duration{0, time.Millisecond, 5 * time.Second}).Draw(t, "pause"),
			repeat: rapid.IntRange(1, 4).Draw(t, "repeat"),
		})
	}
	for range rapid.IntRange(0, 5).Draw(t, "processes that die") {
		p.lives = append(p.lives, lifePlan{
			calls: rapid.IntRange(0, 25).Draw(t, "calls"), afterward: rapid.Bool().Draw(t, "afterward"), closes: rapid.Bool().Draw(t, "closes"),
		})
	}
	return p
}

// town plays a plan on one store and notes what went wrong.
type town struct {
	plan  townPlan
	store *memory
	rt    testing.TB

	mu      sync.Mutex
	box     *intake.Box      // of the process that lives; nil between two
	running map[string]*bool // by sender: whether who works on one of theirs lives
	times   map[string]int   // how often a letter was handled, by body
	ended   map[string]bool  // letters whose handling came to its end in a process that lived to write it
	order   map[string][]int // by sender, the letters in the order in which they were first begun
	crashes int
	wrongs  []string
}

func (w *town) wrong(format string, args ...any) {
	w.wrongs = append(w.wrongs, fmt.Sprintf(format, args...))
}

// handler is what a process does with a letter.
func (w *town) handler(p *mortal) func(context.Context, intake.Letter) intake.Fate {
	return func(ctx context.Context, l intake.Letter) intake.Fate {
		if p.gone() {
			return intake.Done()
		}
		body := l.Body.Reveal()
		var n int
		_, _ = fmt.Sscanf(body, l.From+" says %d", &n)
		w.mu.Lock()
		alive := true
		if other := w.running[l.From]; other != nil && *other {
			w.wrong("%s is worked on beside another of the same sender", body)
		}
		w.running[l.From] = &alive
		go func() { // what a dead process works on counts for nothing
			select {
			case <-p.died:
			case <-ctx.Done():
			}
			w.mu.Lock()
			alive = false
			w.mu.Unlock()
		}()
		if w.ended[body] {
			w.wrong("%s is handled again, and was done", body)
		}
		w.times[body]++
		if !slices.Contains(w.order[l.From], n) {
			w.order[l.From] = append(w.order[l.From], n)
		}
		for earlier := 1; earlier < n; earlier++ {
			if w.times[fmt.Sprintf("%s says %d", l.From, earlier)] == 0 {
				w.wrong("%s is handled before number %d", body, earlier)
			}
		}
		later := w.times[body]%w.plan.laterEach == 0
		w.mu.Unlock()
		wait := time.NewTimer(w.plan.takes)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
			return intake.Later(0, "cut off")
		}
		w.mu.Lock()
		alive = false
		w.mu.Unlock()
		if later {
			return intake.Later(time.Second, "as planned")
		}
		return intake.Done()
	}
}

// DoneLetters of a process that lives on is the end of the letters whose jobs it
// held.
type witness struct {
	*mortal
	w *town
}

func (s witness) DoneLetters(ctx context.Context, d intake.Ended) ([]jobs.Job, error) {
	before := map[string][]byte{}
	for _, j := range d.Jobs {
		k, _ := s.memory.Letter(context.Background(), j.Key)
		before[j.Key] = k.Body
	}
	next, err := s.mortal.DoneLetters(ctx, d)
	if err != nil {
		return nil, err
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	for key, sealed := range before {
		k, _ := s.memory.Letter(context.Background(), key)
		t, err := keyring(s.w.rt).Open(sealed, "letter "+key)
		if err != nil || k.Body != nil {
			continue
		}
		for body := range s.w.times {
			if strings.HasSuffix(t.Reveal(), body) {
				s.w.ended[body] = true
			}
		}
	}
	return next, nil
}

// live runs one process until it dies, or its time to close comes.
func (w *town) live(l lifePlan, forever bool, over <-chan struct{}) {
	p := &mortal{memory: w.store, calls: l.calls, afterward: l.afterward, died: make(chan struct{})}
	if forever || l.closes {
		p.calls = 1 << 30
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	s := witness{p, w}
	r := jobs.NewRunner(s, jobs.Options{
		Workers: 3, Lease: 3 * time.Second, Limits: map[jobs.Kind]int{intake.JobChat: w.plan.limit}, Rand: func(int64) int64 { return 0 },
	})
	b := intake.New(intake.Options{Store: s, Seal: keyring(w.rt), Runner: r, Handle: w.handler(p), Batch: w.plan.batch, Lasts: 24 * time.Hour, PerSender: 1000})
	r.Handle(intake.JobChat, b.Work)
	r.Start(ctx)
	b.Start(ctx)
	w.mu.Lock()
	w.box = b
	w.mu.Unlock()
	var closing <-chan time.Time
	if l.closes && !forever {
		closing = time.After(time.Duration(l.calls) * 400 * time.Millisecond)
	}
	select {
	case <-p.died:
		w.mu.Lock()
		w.crashes++
		w.mu.Unlock()
		end()
	case <-closing:
	case <-over:
	}
	w.mu.Lock()
	w.box = nil
	w.mu.Unlock()
	_ = b.Close(context.Background())
	_ = r.Stop(context.Background())
}

// send brings the letters of a sender, each post until it is taken.
func (w *town) send(from string, p senderPlan) {
	time.Sleep(p.starts)
	n := 0
	for i, size := range p.posts {
		var post []intake.Letter
		for range size {
			n++
			post = append(post, letter(from, n))
		}
		times := 1
		if (i+1)%p.repeat == 0 {
			times = 2
		}
		for taken := 0; taken < times; {
			w.mu.Lock()
			b := w.box
			w.mu.Unlock()
			if b != nil && b.Take(context.Background(), post) == nil {
				taken++
				continue
			}
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(p.pause)
	}
}

func (w *town) play() {
	over := make(chan struct{})
	var processes, senders sync.WaitGroup
	processes.Go(func() {
		for _, l := range w.plan.lives {
			w.live(l, false, over)
		}
		w.live(lifePlan{}, true, over)
	})
	for i, s := range w.plan.senders {
		senders.Go(func() { w.send(fmt.Sprintf("s%d", i), s) })
	}
	senders.Wait()
	for began := time.Now(); len(w.store.left()) > 0 && time.Since(began) < 12*time.Hour; {
		time.Sleep(time.Second)
	}
	close(over)
	processes.Wait()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if left := w.store.left(); len(left) > 0 {
		w.wrong("%d jobs are left: %+v", len(left), left[0])
	}
	again := 0
	for i, s := range w.plan.senders {
		total := 0
		for _, size := range s.posts {
			total += size
		}
		from := fmt.Sprintf("s%d", i)
		if got := w.order[from]; len(got) != total || !slices.IsSorted(got) {
			w.wrong("of %d letters of %s were handled, in this order: %v", total, from, got)
		}
		for n := range total {
			body := fmt.Sprintf("%s says %d", from, n+1)
			// Each time that it was put off it was handled once more.
			if extra := w.times[body] - 1; extra > 0 {
				again += extra - w.times[body]/w.plan.laterEach
			}
		}
	}
	if again > w.crashes*w.plan.limit+w.crashes*3 {
		w.wrong("%d times a letter was handled again, for %d crashes", again, w.crashes)
	}
	if len(w.plan.lives) == 0 && again > 0 {
		w.wrong("%d times a letter was handled again, and nothing happened", again)
	}
}

func TestWhereverAProcessDiesNoLetterIsLostDoubledOrOutOfOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &town{
			plan: drawTown(rt), store: newMemory(), rt: t, running: map[string]*bool{}, times: map[string]int{}, ended: map[string]bool{}, order: map[string][]int{},
		}
		synctest.Test(t, func(*testing.T) { w.play() })
		if len(w.wrongs) > 0 {
			rt.Fatal(strings.Join(w.wrongs, "\n"))
		}
	})
}
