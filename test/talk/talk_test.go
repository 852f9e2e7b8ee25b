package talk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"spaza/dialog"

	"github.com/google/go-cmp/cmp"
)

// echo is a small book: a menu, a question that keeps what is answered, and
// something that takes a second.
type echo struct {
	said    []string
	counter atomic.Int64
	drifts  bool // screens differ from time to time
}

func (e *echo) world() World {
	const said dialog.TextVar = 1
	book := dialog.Book{Start: "menu.start", States: []dialog.State{
		{
			ID: "menu.start",
			Ask: func(t *dialog.Talk, s *dialog.Screen) {
				s.Text = "Hello " + t.Network
				s.Add("say", "Say")
				s.Add("slow", "Slow")
			},
			Answer: func(_ context.Context, _ *dialog.Talk, in dialog.Input) (dialog.Move, error) {
				return dialog.Move(in.Option), nil
			},
			Edges: []dialog.Edge{{Move: "say", To: "say.ask"}, {Move: "slow", To: "slow.doing"}},
		},
		{
			ID: "say.ask", Back: "menu.start", Free: true, What: "talking",
			Ask: func(t *dialog.Talk, s *dialog.Screen) { s.Text = "You said: " + t.Text(said) + "." },
			Answer: func(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
				e.said = append(e.said, in.Text)
				t.SetText(said, in.Text)
				return "", nil
			},
		},
		{
			ID: "slow.doing",
			Do: func(ctx context.Context, _ *dialog.Talk) (dialog.Move, error) {
				select {
				case <-time.After(time.Second):
				case <-ctx.Done():
				}
				if e.counter.Add(1) == 1 && e.drifts {
					return "", errors.New("it broke")
				}
				return "done", nil
			},
			Edges: []dialog.Edge{{Move: "done", To: "slow.done"}},
		},
		{
			ID: "slow.done", End: true,
			Ask: func(t *dialog.Talk, s *dialog.Screen) {
				s.Text = fmt.Sprintf("Done %d at %s", e.counter.Load(), t.Now.Format("04:05"))
			},
		},
	}}
	return World{Book: book, Words: keys{}, Network: "mtn", Verbs: map[string]Verb{
		"count": func(args string) ([]string, error) {
			if args == "badly" {
				return nil, errors.New("counted badly")
			}
			return []string{fmt.Sprint(e.counter.Load()), args}, nil
		},
	}}
}

// keys says keys.
type keys struct{}

func (keys) Say(_, key string, _ ...dialog.Arg) string { return key }

// played plays a transcript and returns it as it should be written.
func played(t *testing.T, text string, world func(*World)) (string, error) {
	t.Helper()
	s, err := parse(text)
	if err != nil {
		return "", err
	}
	var shown [][]string
	synctest.Test(t, func(t *testing.T) {
		w := (&echo{}).world()
		if world != nil {
			world(&w)
		}
		shown, err = s.play(t.Context(), w)
	})
	if shown == nil {
		return "", err
	}
	return s.write(shown), err
}

func TestATranscriptShowsWhatThePhoneShows(t *testing.T) {
	const text = `# A talk

dial
> 1
# The middle.
> a b  c
>
again
drop
dial
> 1
network vodacom
> 00
hangup
count to three
dial 1*x
wait 90s
dial 2
again
screens 2

# The end.
`
	const want = `# A talk

dial
| Hello mtn
| 1 Say
| 2 Slow
> 1
| You said: .
| 0 nav.back 00 nav.home
# The middle.
> a b  c
| You said: a b  c.
| 0 nav.back 00 nav.home
>
| You said: .
| 0 nav.back 00 nav.home
again
= the same
drop
dial
| resume.prompt
| 1 resume.go
| 2 resume.restart
> 1
| You said: .
| 0 nav.back 00 nav.home
network vodacom
> 00
| Hello vodacom
| 1 Say
| 2 Slow
hangup
count to three
= 0
= to three
dial 1*x
| You said: x.
| 0 nav.back 00 nav.home
wait 90s
dial 2
| Done 1 at 01:30
= end
again
= the same
screens 2

# The end.
`
	got, err := played(t, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	// What is written is replaced, not added to.
	got, err = played(t, want, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("a second time (-want +got):\n%s", d)
	}
}

func TestALostAnswerIsNotWaitedFor(t *testing.T) {
	got, err := played(t, "# Lost\ndial\nlost 2\nwait 500ms\ndial\ndial\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	// The dial found the same thing being done: one of the two that did it is
	// late, and both end.
	if !strings.Contains(got, "lost 2\nwait 500ms\ndial\n| Done") {
		t.Error(got)
	}
}

func TestRetryShowsAnAnswerThatDiffers(t *testing.T) {
	e := &echo{drifts: true}
	got, err := played(t, "# Broken at first\ndial\n> 2\nretry\nagain\n", func(w *World) { *w = e.world() })
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(got, "> 2\n| unsure\n= end, unsure\nretry\n| Done 2 at 00:01\n= end\nagain\n= the same\n") {
		t.Error(got)
	}
}

func TestATypedKeyIsLeanedOn(t *testing.T) {
	e := &echo{}
	if _, err := played(t, "# Leaning\ndial 1\nlean 5 12\nlean ab 2\n", func(w *World) { *w = e.world() }); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{strings.Repeat("5", 12), "abab"}, e.said); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestTwoPhonesKeepTheirOwnCalls(t *testing.T) {
	got, err := played(t, "# Two\ndial 1*a\nphone 27830000000\ndial 1*b\nphone 27821234567\nagain\n> c\nphone 27830000000\n> d\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, "> c\n| You said: c.") || !strings.Contains(got, "> d\n| You said: d.") {
		t.Error(got)
	}
}

func TestWhatIsWrongInATranscriptIsFound(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"shown before anything is done": {"# x\n| Hello\n", "line 2: shown"},
		"shown below a comment":         {"# x\ndial\n# y\n| Hello\n", "line 4: shown"},
		"no such verb":                  {"# x\ndail\n", `line 2: there is no verb "dail"`},
		"typed with no call":            {"# x\n> 1\n", "no question is on the screen"},
		"typed after the end":           {"# x\ndial 2\n> 1\n", "no question is on the screen"},
		"lost with no call":             {"# x\nlost 1\n", "no question is on the screen"},
		"again before any callback":     {"# x\nagain\n", "no callback"},
		"retry before any callback":     {"# x\nretry\n", "no callback"},
		"a wait that is none":           {"# x\nwait long\n", "want a time"},
		"a phone that is none":          {"# x\nphone 082\n", "11 digits"},
		"room that is none":             {"# x\ncaps many\n", "number of septets"},
		"a key that is none":            {"# x\ndial\nlean 5\n", "how often"},
		"a verb that fails":             {"# x\ndial\ncount badly\n", "line 3: count badly: counted badly"},
		"other screens":                 {"# x\ndial\nscreens 2\n", "1 screens"},
	} {
		if _, err := played(t, tc.text, nil); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

func TestAnAnswerThatIsNotTheSameAgainIsFound(t *testing.T) {
	e := &echo{drifts: true}
	_, err := played(t, "# x\ndial\n> 2\nagain\n", func(w *World) { *w = e.world() })
	if err == nil || !strings.Contains(err.Error(), "another answer to the same callback") {
		t.Errorf("got %v", err)
	}
}

func TestAScreenThatAPhoneCannotShowIsFound(t *testing.T) {
	p := &player{World: World{Septets: 160}}
	for text, want := range map[string]string{
		strings.Repeat("x", 160): "",
		strings.Repeat("x", 161): "161 septets",
		strings.Repeat("[", 81):  "162 septets",
		"\u0161":                 "outside the alphabet",
	} {
		err := p.fits(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	p.Septets = 0
	if err := p.fits(strings.Repeat("\u0161", 500)); err != nil {
		t.Errorf("where there is no limit: %v", err)
	}
}

func TestADifferenceIsShownByLine(t *testing.T) {
	if err := differs("# x\ndial\n", "# x\ndial\n"); err != nil {
		t.Error(err)
	}
	err := differs("# x\ndial\n| Hello\n", "# x\ndial\n| Goodbye\n")
	if err == nil || !strings.Contains(err.Error(), "Hello") || !strings.Contains(err.Error(), "Goodbye") {
		t.Errorf("got %v", err)
	}
}

func TestAVerbIsNotReplaced(t *testing.T) {
	_, err := played(t, "# x\ndial\n", func(w *World) { w.Verbs["dial"] = w.Verbs["count"] })
	if err == nil || !strings.Contains(err.Error(), `"dial" is there already`) {
		t.Errorf("got %v", err)
	}
}

func TestTheEndIsAskedAndTheSavesAreTold(t *testing.T) {
	saves := 0
	_, err := played(t, "# x\ndial\n> 1\nagain\n", func(w *World) {
		w.Saved = func(string) { saves++ }
		w.End = func() error { return fmt.Errorf("there were %d saves", saves) }
	})
	if err == nil || err.Error() != "at the end: there were 2 saves" {
		t.Errorf("got %v", err)
	}
}

func TestRunComparesAndRewritesFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "deep", "one.txt")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("# One\ndial\n| something else\n= end\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "# One\ndial\n| Hello mtn\n| 1 Say\n| 2 Slow\n"
	world := func(*testing.T) World { return (&echo{}).world() }
	t.Run("rewriting", func(t *testing.T) { Run(t, dir, true, world) })
	got, err := os.ReadFile(path) //nolint:gosec // of this test
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Fatalf("(-want +got):\n%s", d)
	}
	t.Run("comparing", func(t *testing.T) { Run(t, dir, false, world) })
}
