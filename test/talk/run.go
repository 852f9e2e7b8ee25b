package talk

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// Run plays every transcript (*.txt) in a folder and below, each in a world of
// its own that world makes inside the transcript's bubble. With update it
// rewrites what is shown: read the difference before it is kept, since that is
// the test.
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
