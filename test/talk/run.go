package talk

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"spaza/gsm7"
)

// surface is a kind of channel on which a transcript is played besides the one
// that it was written for.
type surface struct {
	name    string
	septets int  // room of a screen; 0: no limit
	keyed   bool // one message at a time, each with a name, as in a chat
}

func surfaces() []surface {
	return []surface{{"a gateway with more room", 182, false}, {"a gateway that names its messages", 160, true}, {"a chat", 0, true}}
}

// Run plays every transcript (*.txt) in a folder and below, each in a world of
// its own that world makes inside the transcript's bubble. With update it
// rewrites what is shown: read the difference before it is kept, since that is
// the test.
//
// Each is then played on another surface: what is said there is the same, but for
// pages. One that is about pages, or dials with answers, is not.
func Run(t *testing.T, dir string, update bool, world func(*testing.T) World) {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".txt") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no transcripts in %s", dir)
	}
	for _, path := range paths {
		name, _ := filepath.Rel(dir, path)
		t.Run(strings.TrimSuffix(filepath.ToSlash(name), ".txt"), func(t *testing.T) {
			t.Parallel()
			playFile(t, path, update, world)
		})
	}
}

func playFile(t *testing.T, path string, update bool, world func(*testing.T) World) {
	t.Helper()
	written, err := os.ReadFile(path) //nolint:gosec // a file of the test
	if err != nil {
		t.Fatal(err)
	}
	s, err := parse(string(written))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if s.title() == "" {
		t.Fatalf("%s: begin with a comment that says what it shows", path)
	}
	var shown [][]string
	synctest.Test(t, func(t *testing.T) {
		shown, err = s.play(t.Context(), world(t))
	})
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
	if shown == nil {
		return
	}
	got := s.write(shown)
	switch diff := differs(string(written), got); {
	case diff == nil:
	case update:
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil { //nolint:gosec // a file of the test
			t.Fatal(err)
		}
	default:
		t.Errorf("%s: %v", path, diff)
	}
	if t.Failed() || testing.Short() {
		return
	}
	if on := surfaceOf(path); !s.paged() && !(on.keyed && s.deep()) {
		t.Run("on "+on.name, func(t *testing.T) { s.playOn(t, on, shown, world) })
	}
}

// surfaceOf is the other surface of a transcript: each has its share of them.
func surfaceOf(path string) surface {
	h := fnv.New32a()
	_, _ = h.Write([]byte(path))
	all := surfaces()
	return all[h.Sum32()%uint32(len(all))] //nolint:gosec // a few
}

// playOn plays a script on another surface, and compares what is said.
func (s script) playOn(t *testing.T, on surface, want [][]string, world func(*testing.T) World) {
	t.Helper()
	var shown [][]string
	var err error
	synctest.Test(t, func(t *testing.T) {
		w := world(t)
		w.Septets, w.keyed = on.septets, on.keyed
		if on.septets == 0 {
			w.Septets = noLimit
		}
		shown, err = s.play(t.Context(), w)
	})
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(alike(want), alike(shown)); diff != "" {
		t.Errorf("it is not what was said at first (- at first, + there):\n%s", diff)
	}
}

// alike is what was shown in a spelling that a phone and a chat share, and
// without the line that is shorter where there is less room.
func alike(shown [][]string) [][]string {
	var all [][]string
	for _, screen := range shown {
		var lines []string
		for _, l := range screen {
			if !strings.HasPrefix(l, "| 0 ") {
				lines = append(lines, gsm7.Fold(l))
			}
		}
		all = append(all, lines)
	}
	return all
}

// noLimit stands in a World for a surface without pages.
const noLimit = -1

// paged says that a script is about pages, or about room.
func (s script) paged() bool {
	for _, st := range s.steps {
		if st.verb == "caps" || st.verb == ">" && (st.args == "9" || st.args == "") {
			return true
		}
		for _, l := range st.shown {
			if l == "| 9" || strings.HasPrefix(l, "| 9 ") {
				return true
			}
		}
	}
	return false
}

// deep says that a script dials with answers behind the code.
func (s script) deep() bool {
	return slices.ContainsFunc(s.steps, func(st step) bool { return st.verb == "dial" && st.args != "" })
}

// differs returns an error that shows the lines in which a transcript differs
// from what was said.
func differs(written, said string) error {
	if written == said {
		return nil
	}
	return fmt.Errorf("it is not what was said (- written, + said):\n%s",
		cmp.Diff(strings.Split(written, "\n"), strings.Split(said, "\n")))
}
