package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spaza/intake"
	"spaza/jobs"
	"spaza/secret"
)

// keyring is one for all tests.
func keyring(t testing.TB) *secret.Keyring {
	t.Helper()
	k, err := secret.NewKeyring(bytes.Repeat([]byte{7}, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// letter is the nth of a sender.
func letter(from string, n int) intake.Letter {
	return intake.Letter{
		Door: "telegram", ID: fmt.Sprintf("%s-%d", from, n), From: from, Body: secret.New(fmt.Sprintf("%s says %d", from, n)), At: time.Now().UTC(),
	}
}

// office is a box with a runner on a store.
type office struct {
	*intake.Box
	runner *jobs.Runner
	log    *bytes.Buffer

	mu      sync.Mutex
	handled []string // the bodies, in their order
	told    map[string]int
}

// openOffice opens one for the length of the test, in a bubble of synctest. Its
// runner looks for jobs only when it is woken.
func openOffice(t *testing.T, m *memory, handle func(context.Context, intake.Letter) intake.Fate, change func(*intake.Options, *jobs.Options)) *office {
	t.Helper()
	f := &office{log: &bytes.Buffer{}, told: map[string]int{}}
	jo := jobs.Options{Owner: "me", Poll: time.Hour}
	o := intake.Options{
		Store: m, Seal: keyring(t), Logger: slog.New(slog.NewTextHandler(f.log, nil)),
		Handle: func(ctx context.Context, l intake.Letter) intake.Fate {
			f.mu.Lock()
			f.handled = append(f.handled, l.Body.Reveal())
			f.mu.Unlock()
			if handle == nil {
				return intake.Done()
			}
			return handle(ctx, l)
		},
		Observe: func(what string, n int) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.told[what] += n
		},
	}
	if change != nil {
		change(&o, &jo)
	}
	f.runner = jobs.NewRunner(m, jo)
	o.Runner = f.runner
	f.Box = intake.New(o)
	f.runner.Handle(intake.JobChat, f.Work)
	f.runner.Start(context.Background())
	f.Start(context.Background())
	t.Cleanup(func() {
		if err := f.Close(context.Background()); err != nil {
			t.Error(err)
		}
		_ = f.runner.Stop(context.Background())
	})
	return f
}

// wantTold checks what was observed since the last time.
func (f *office) wantTold(t *testing.T, want string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if got := strings.TrimPrefix(fmt.Sprint(f.told), "map"); got != "["+want+"]" {
		t.Errorf("observed %s, want [%s]", got, want)
	}
	clear(f.told)
}

func (f *office) handledSoFar() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.handled)
}

func TestWhatIsTakenIsWorkedOnAtOnceOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, began := newMemory(), time.Now()
		var got []intake.Letter
		f := openOffice(t, m, func(_ context.Context, l intake.Letter) intake.Fate {
			got = append(got, l)
			return intake.Done()
		}, nil)
		in := []intake.Letter{letter("a", 1), letter("a", 2), letter("a", 3)}
		for range 2 { // once more changes nothing
			if err := f.Take(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if !slices.EqualFunc(got, in, func(a, b intake.Letter) bool {
			return a.Door == b.Door && a.ID == b.ID && a.From == b.From && a.Body.Reveal() == b.Body.Reveal() && a.At.Equal(b.At)
		}) {
			t.Errorf("handled %q", f.handledSoFar())
		}
		if time.Since(began) != 0 {
			t.Errorf("it took %s", time.Since(began))
		}
		if len(m.left()) != 0 || m.bodies() != 0 {
			t.Errorf("left are %d jobs and %d bodies", len(m.left()), m.bodies())
		}
		f.wantTold(t, "known:3 taken:3")
	})
}

func TestNothingOfASenderStandsInAKeyOrInTheClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		f := openOffice(t, m, func(context.Context, intake.Letter) intake.Fate { return intake.Never("as planned") }, nil)
		l := intake.Letter{Door: "whatsapp", ID: "wamid.27820001111", From: "27820001111", Body: secret.New("my PIN is 48151"), At: time.Now()}
		other := l
		other.Door = "telegram"
		if err := f.Take(t.Context(), []intake.Letter{l, other}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		left := m.left()
		if len(left) != 2 {
			t.Fatalf("the same name at two doors is one letter: %d", len(left))
		}
		for _, j := range left {
			kept, err := m.Letter(t.Context(), j.Key)
			all := fmt.Sprintf("%+v %s", j, kept.Body)
			if err != nil || strings.Contains(all, "2782") || strings.Contains(all, "48151") {
				t.Errorf("%v: %s", err, all)
			}
			if _, err := keyring(t).Open(kept.Body, "letter "+j.Key+"x"); !errors.Is(err, secret.ErrSealed) {
				t.Errorf("the body opens as another's: %v", err)
			}
		}
		if !strings.HasPrefix(left[0].Key, "whatsapp/") || len(left[0].Key) != len("whatsapp/")+20 || !strings.HasPrefix(left[0].Lane, "chat/") || left[0].Lane == left[1].Lane {
			t.Errorf("got %+v", left)
		}
		if got := fmt.Sprintf("%v %+v %s", l, l, slog.AnyValue(l).Resolve()); strings.Contains(got, "2782") {
			t.Errorf("it prints as %s", got)
		}
	})
}

func TestCallsAtOnceAreWrittenTogetherAndFailTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.hang = make(chan struct{})
		f := openOffice(t, m, nil, func(o *intake.Options, _ *jobs.Options) { o.Batch = 4 })
		errs := make([]error, 6)
		take := func(i int) {
			go func() {
				errs[i] = f.Take(context.Background(), []intake.Letter{letter(fmt.Sprint(i), 1), letter(fmt.Sprint(i), 2)})
			}()
			synctest.Wait()
		}
		for i := range errs { // 0 is being written, the others wait
			take(i)
		}
		m.set(func(m *memory) { m.down = errDown })
		m.hang <- struct{}{} // 0
		synctest.Wait()
		m.hang <- struct{}{} // 1 and 2
		synctest.Wait()
		m.set(func(m *memory) { m.down = nil })
		close(m.hang)
		synctest.Wait()
		for i, err := range errs {
			if (err == nil) != (i > 2) || err != nil && !errors.Is(err, errDown) {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if !slices.Equal(m.commits, []int{2, 4, 4, 2}) {
			t.Errorf("written were %v", m.commits)
		}
		f.wantTold(t, "failed:6 taken:6")
	})
}

func TestAFullBoxSaysSoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.hang = make(chan struct{})
		f := openOffice(t, m, nil, func(o *intake.Options, _ *jobs.Options) { o.Waiting = 2 })
		errs := make(chan error, 9)
		for i := range 3 { // one is being written, two wait
			go func() { errs <- f.Take(context.Background(), []intake.Letter{letter(fmt.Sprint(i), 1)}) }()
			synctest.Wait()
		}
		if err := f.Take(t.Context(), []intake.Letter{letter("x", 1)}); !errors.Is(err, intake.ErrFull) {
			t.Errorf("got %v", err)
		}
		f.wantTold(t, "full:1")
		close(m.hang)
		for range 3 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if err := f.Take(t.Context(), []intake.Letter{letter("x", 1)}); err != nil {
			t.Errorf("once there is room: %v", err)
		}
	})
}

func TestWhoHasGoneAwayIsNotWrittenFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.hang = make(chan struct{})
		f := openOffice(t, m, nil, nil)
		go func() { _ = f.Take(context.Background(), []intake.Letter{letter("a", 1)}) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := f.Take(ctx, []intake.Letter{letter("b", 1)}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(m.hang)
		synctest.Wait()
		if got := f.handledSoFar(); !slices.Equal(got, []string{"a says 1"}) {
			t.Errorf("handled %q", got)
		}
	})
}

func TestWorkWaitsWhileManyWriteButNotForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.hang = make(chan struct{})
		f := openOffice(t, m, nil, func(o *intake.Options, _ *jobs.Options) { o.Batch = 1 })
		take := func(ctx context.Context, n int) {
			go func() { _ = f.Take(ctx, []intake.Letter{letter(fmt.Sprint(n), 1)}) }()
			synctest.Wait()
		}
		for n := range 6 {
			take(t.Context(), n)
		}
		gone, goes := context.WithCancel(t.Context())
		defer goes()
		take(gone, 6)
		for i, want := range []int{
			0, // written is the first, and others wait
			0,
			3, // it takes too long, and holds up nothing more
			4, 5,
			6, // the last one has gone away
		} {
			switch i {
			case 1:
				time.Sleep(400 * time.Millisecond) // nothing is written so long
			case 2:
				time.Sleep(100 * time.Millisecond)
			case 5:
				goes()
			}
			m.hang <- struct{}{}
			synctest.Wait()
			if got := f.handledSoFar(); len(got) != want {
				t.Errorf("after %d letters were written %d are handled, want %d", i+1, len(got), want)
			}
		}
		// Now nothing is left of it.
		time.Sleep(25 * time.Millisecond)
		take(t.Context(), 7)
		m.hang <- struct{}{}
		synctest.Wait()
		if got := f.handledSoFar(); len(got) != 7 {
			t.Errorf("what came alone afterwards is not handled at once: %q", got)
		}
		close(m.hang)
	})
}

func TestWorkBeginsWhenABurstIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		f := openOffice(t, m, nil, nil)
		n := 0
		take := func() {
			n++
			in := []intake.Letter{letter(fmt.Sprint(n), 1)}
			go func() { _ = f.Take(t.Context(), in) }()
			synctest.Wait()
		}
		for _, c := range []struct {
			wait      time.Duration
			take      int
			want      int
			afterward string
		}{
			{0, 3, 0, "three at once"},
			{24 * time.Millisecond, 1, 0, "one more, soon after"},
			{24 * time.Millisecond, 0, 0, "not long enough after that"},
			{time.Millisecond, 0, 4, "at the end"},
		} {
			time.Sleep(c.wait)
			release := make(chan struct{})
			m.set(func(m *memory) { m.hang = release })
			for range c.take {
				take()
			}
			m.set(func(m *memory) { m.hang = nil })
			close(release)
			synctest.Wait()
			if got := f.handledSoFar(); len(got) != c.want {
				t.Errorf("%s: handled are %q, want %d", c.afterward, got, c.want)
			}
		}
	})
}

func TestWhatIsDoneTogetherIsWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const senders, each = 20, 3
		m := newMemory()
		var in []intake.Letter
		for n := range each {
			for s := range senders {
				in = append(in, letter(fmt.Sprint("s", s), n+1))
			}
		}
		release := make(chan struct{})
		f := openOffice(t, m, func(context.Context, intake.Letter) intake.Fate {
			<-release
			return intake.Done()
		}, func(_ *intake.Options, o *jobs.Options) { o.Limits = map[jobs.Kind]int{intake.JobChat: senders / 2} })
		began := time.Now()
		if err := f.Take(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		if len(m.left()) != 0 || m.bodies() != 0 || time.Since(began) != 0 {
			t.Errorf("after %s there are %d jobs left", time.Since(began), len(m.left()))
		}
		// Each was in one, and none had to be looked for by the runner.
		total := 0
		for _, n := range m.endings {
			total += n
		}
		if total != senders*each {
			t.Errorf("ended were %v", m.endings)
		}
		for s := range senders {
			var got []string
			for _, body := range f.handledSoFar() {
				if strings.HasPrefix(body, fmt.Sprintf("s%d ", s)) {
					got = append(got, body)
				}
			}
			if len(got) != each || !slices.IsSorted(got) {
				t.Errorf("of sender %d were handled %q", s, got)
			}
		}
	})
}

func TestCloseWritesWhatWaitsAndTakesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.hang = make(chan struct{})
		f := openOffice(t, m, nil, nil)
		errs := make(chan error, 3)
		for i := range 3 {
			go func() { errs <- f.Take(context.Background(), []intake.Letter{letter(fmt.Sprint(i), 1)}) }()
			synctest.Wait()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := f.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close returned %v while letters wait", err)
		}
		if err := f.Take(t.Context(), []intake.Letter{letter("x", 1)}); !errors.Is(err, intake.ErrClosed) {
			t.Errorf("got %v", err)
		}
		close(m.hang)
		if err := f.Close(t.Context()); err != nil {
			t.Error(err)
		}
		for range 3 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if got := f.handledSoFar(); len(got) != 3 {
			t.Errorf("handled %q", got)
		}
	})
}

func TestNothingIsTakenBeforeStart(t *testing.T) {
	m := newMemory()
	b := intake.New(intake.Options{Store: m, Seal: keyring(t), Runner: jobs.NewRunner(m, jobs.Options{})})
	if err := b.Take(t.Context(), []intake.Letter{letter("a", 1)}); !errors.Is(err, intake.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	b.Start(t.Context())
	if err := b.Take(t.Context(), []intake.Letter{letter("a", 1)}); !errors.Is(err, intake.ErrClosed) {
		t.Errorf("after it was closed: %v", err)
	}
}

func TestWhatIsTooMuchIsDroppedAsIfItHadBeenTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, mayEnd := newMemory(), make(chan struct{})
		f := openOffice(t, m, func(context.Context, intake.Letter) intake.Fate { <-mayEnd; return intake.Done() },
			func(o *intake.Options, _ *jobs.Options) { o.PerSender = 3 })
		flood := func(from, to int) {
			t.Helper()
			var in []intake.Letter
			for n := from; n <= to; n++ {
				in = append(in, letter("27820001111", n))
			}
			if err := f.Take(t.Context(), append(in, letter("calm", from))); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		flood(1, 10)
		f.wantTold(t, "dropped:6 taken:5")
		flood(11, 12)
		time.Sleep(time.Minute)
		flood(13, 13)
		f.wantTold(t, "dropped:3 taken:2")
		huge := letter("huge", 1)
		huge.Body = secret.New(strings.Repeat("x", 64<<10+1))
		nameless := letter("nameless", 1)
		nameless.ID = ""
		if err := f.Take(t.Context(), []intake.Letter{huge, nameless}); err != nil {
			t.Error(err)
		}
		f.wantTold(t, "dropped:2")
		close(mayEnd)
		synctest.Wait()
		if got := f.handledSoFar(); len(got) != 4+3 {
			t.Errorf("handled %q", got)
		}
		lines := strings.Split(strings.TrimSpace(f.log.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[0], "letters=6") || !strings.Contains(lines[1], "letters=3") || strings.Contains(f.log.String(), "2782") {
			t.Errorf("logged\n%s", f.log)
		}
	})
}

func TestMoreAreTakenThanMayBeWorkedOnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		running, most := 0, 0
		var mu sync.Mutex
		f := openOffice(t, m, func(context.Context, intake.Letter) intake.Fate {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return intake.Done()
		}, func(o *intake.Options, jo *jobs.Options) {
			o.Batch, jo.Limits = 16, map[jobs.Kind]int{intake.JobChat: 5}
		})
		var in []intake.Letter
		for i := range 100 { // more than a batch
			in = append(in, letter(fmt.Sprint(i), 1))
		}
		if err := f.Take(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		for len(m.left()) > 0 {
			time.Sleep(time.Second)
		}
		if got := f.handledSoFar(); len(got) != 100 || most != 5 {
			t.Errorf("handled %d letters, %d at once", len(got), most)
		}
	})
}
