package locales

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// greetings are catalogues with a text that overlays reword.
func greetings() fstest.MapFS {
	return folder(map[string]string{
		"en.json": `{"language.name": "English", "hello": "Hello {name}", "bye": "Bye"}`,
		"zu.json": `{"language.name": "isiZulu", "hello": "Sawubona {name}", "bye": "Sala kahle"}`,
	})
}

// say is what a Live says to Thandi.
func (l *Live) greet(lang string) string { return l.Say(lang, "hello", Arg{"name", "Thandi"}) }

func TestLiveSaysWhatTheOverlayHasNow(t *testing.T) {
	overlay, clock := folder(nil), time.Unix(0, 0)
	write := func(name, data string) {
		clock = clock.Add(time.Second)
		overlay[name] = &fstest.MapFile{Data: []byte(data), ModTime: clock}
	}
	write("en.json", `{"hello": "Howzit {name}"}`)
	l, err := open(greetings(), overlay)
	if err != nil {
		t.Fatal(err)
	}
	if got := l.greet("en"); got != "Howzit Thandi" {
		t.Fatalf("at first: %q", got)
	}
	for _, step := range []struct {
		name        string
		do          func()
		changed     bool
		wrong       string
		en, zu, bye string
	}{
		{"nothing", func() {}, false, "", "Howzit Thandi", "Sawubona Thandi", "Bye"},
		{"another file", func() { write("zu.json", `{"hello": "Heita {name}"}`) }, true, "", "Howzit Thandi", "Heita Thandi", "Bye"},
		{"nothing again", func() {}, false, "", "Howzit Thandi", "Heita Thandi", "Bye"},
		{
			"two things wrong", func() { write("en.json", `{"hello": "Howzit", "bye": "", "more": "x"}`) }, false,
			"overlay en.json: bye: is empty\noverlay en.json: hello: has the placeholders [], the program fills in [name]\noverlay en.json: more: the program knows no such text",
			"Howzit Thandi", "Heita Thandi", "Bye",
		},
		{"no further change", func() {}, false, "", "Howzit Thandi", "Heita Thandi", "Bye"},
		{"another torn file", func() { write("zu.json", `{"hello": "He`) }, false, "unexpected EOF", "Howzit Thandi", "Heita Thandi", "Bye"},
		{"both mended", func() {
			write("zu.json", `{"hello": "Yebo {name}"}`)
			write("en.json", `{"bye": "Cheers"}`)
		}, true, "", "Hello Thandi", "Yebo Thandi", "Cheers"},
		{"the same size at another time", func() { write("en.json", `{"bye": "Cheerz"}`) }, true, "", "Hello Thandi", "Yebo Thandi", "Cheerz"},
		{"a file that is no catalogue", func() { write("notes.txt", "x"); write(".zu.json", "x"); write("zu.json~", "x") }, false, "", "Hello Thandi", "Yebo Thandi", "Cheerz"},
		{"one gone", func() { delete(overlay, "zu.json") }, true, "", "Hello Thandi", "Sawubona Thandi", "Cheerz"},
		{"all gone", func() { delete(overlay, "en.json") }, true, "", "Hello Thandi", "Sawubona Thandi", "Bye"},
	} {
		step.do()
		changed, err := l.Refresh()
		if changed != step.changed || (err == nil) != (step.wrong == "") || err != nil && !strings.Contains(err.Error(), step.wrong) {
			t.Errorf("%s: changed %v, %v", step.name, changed, err)
		}
		if diff := cmp.Diff([]string{step.en, step.zu, step.bye}, []string{l.greet("en"), l.greet("zu"), l.Say("en", "bye")}); diff != "" {
			t.Errorf("%s:\n%s", step.name, diff)
		}
	}
}

func TestLiveKeepsItsTextsWhileTheFolderIsAway(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "texts")
	put := func(text string) {
		t.Helper()
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "en.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(`{"bye": "Cheers"}`)
	l, err := open(greetings(), os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if changed, err := l.Refresh(); changed || err == nil || l.Say("en", "bye") != "Cheers" {
		t.Errorf("away: %v, %v, %q", changed, err, l.Say("en", "bye"))
	}
	if changed, err := l.Refresh(); changed || err != nil {
		t.Errorf("still away: %v, %v", changed, err)
	}
	put(`{"bye": "Tot siens"}`)
	if changed, err := l.Refresh(); !changed || err != nil || l.Say("en", "bye") != "Tot siens" {
		t.Errorf("back: %v, %v, %q", changed, err, l.Say("en", "bye"))
	}
}

// TestLiveFollowsLinks holds for volumes that are swapped by a link: the names
// in the folder stay, what they lead to changes.
func TestLiveFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	for version, text := range map[string]string{"..1": `{"bye": "One"}`, "..2": `{"bye": "Two and more"}`} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, version, "en.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, from string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, from+".new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, from+".new"), filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	link("..1", "..data")
	link(filepath.Join("..data", "en.json"), "en.json")
	l, err := open(greetings(), os.DirFS(dir))
	if err != nil || l.Say("en", "bye") != "One" {
		t.Fatal(err)
	}
	link("..2", "..data")
	if changed, err := l.Refresh(); !changed || err != nil || l.Say("en", "bye") != "Two and more" {
		t.Errorf("changed %v, %v, says %q", changed, err, l.Say("en", "bye"))
	}
}

func TestLiveWithoutAnOverlayStaysAsItIs(t *testing.T) {
	l, err := Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	before := l.Catalogue()
	if changed, err := l.Refresh(); changed || err != nil || l.Catalogue() != before {
		t.Errorf("changed %v, %v", changed, err)
	}
	if !l.Has(English) || l.Has("xx") || len(l.Languages()) != len(before.Languages()) || before.Reworded() != 0 {
		t.Error("it is not the catalogue that comes with the program")
	}
}

func TestOpenRefusesAnOverlayThatIsWrong(t *testing.T) {
	if l, err := open(greetings(), folder(map[string]string{"zu.json": `{"hello": ""}`})); err == nil || l != nil {
		t.Errorf("opened: %v", err)
	}
}

// TestLiveIsSafeWhileItChanges is for the race detector; what is said is always
// of one state or the other.
func TestLiveIsSafeWhileItChanges(t *testing.T) {
	dir := t.TempDir()
	put := func(n int, text string) {
		path := filepath.Join(dir, "en.json")
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Error(err)
		}
		if err := os.Chtimes(path+".new", time.Time{}, time.Unix(int64(n), 0)); err != nil {
			t.Error(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Error(err)
		}
	}
	put(0, `{"hello": "A {name}", "bye": "A"}`)
	l, err := open(greetings(), os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if got := l.greet("en"); got != "A Thandi" && got != "B Thandi" {
					t.Errorf("says %q", got)
				}
				if c := l.Catalogue(); c.Say("en", "hello")[0] != c.Say("en", "bye")[0] || !l.Has("zu") || len(l.Languages()) != 2 {
					t.Error("two states are mixed")
				}
			}
		})
	}
	for n := range 50 {
		put(n+1, []string{`{"hello": "B {name}", "bye": "B"}`, `{"hello": "A {name}", "bye": "A"}`}[n%2])
		var both sync.WaitGroup
		for range 2 { // two that look at once
			both.Go(func() {
				if _, err := l.Refresh(); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
	}
	close(done)
	readers.Wait()
	if got := l.greet("en"); got != "A Thandi" {
		t.Errorf("at last: %q", got)
	}
}

func TestLiveSaysWithOneAllocation(t *testing.T) {
	l, err := open(greetings(), nil)
	if err != nil {
		t.Fatal(err)
	}
	args := []Arg{{"name", "Thandi"}}
	if n := testing.AllocsPerRun(100, func() { _ = l.Say("zu", "hello", args...) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { _ = l.Say("zu", "bye") }); n > 0 {
		t.Errorf("%v allocations of a text without placeholders", n)
	}
}
