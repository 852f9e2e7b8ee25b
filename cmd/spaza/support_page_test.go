package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestTheSupportPageShowsWhatIsPrinted runs every command of the page that is
// shown with what it prints.
func TestTheSupportPageShowsWhatIsPrinted(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "support.md"))
	if err != nil {
		t.Fatal(err)
	}
	type shown struct{ command, prints string }
	var all []shown
	open := false
	for l := range strings.Lines(string(page)) {
		text, indented := strings.CutPrefix(l, "    ")
		command, begins := strings.CutPrefix(text, "$ spaza ")
		switch {
		case indented && begins:
			all, open = append(all, shown{command: strings.TrimSpace(command)}), true
		case open && (indented || strings.TrimSpace(l) == ""):
			all[len(all)-1].prints += text
		default:
			open = false
		}
	}
	if len(all) < 3 {
		t.Fatalf("%d commands are shown", len(all))
	}
	words := regexp.MustCompile(`"[^"]*"|\S+`)
	inEachCounter(t, func(s *counter) {
		busy(s)
		for _, c := range all {
			var args []string
			for _, w := range words.FindAllString(c.command, -1) {
				args = append(args, strings.Trim(w, `"`))
			}
			if diff := gocmp.Diff(strings.TrimRight(c.prints, "\n"), strings.TrimRight(s.ok(args...), "\n")); diff != "" {
				t.Errorf("%s (-page +printed):\n%s", c.command, diff)
			}
		}
	})
}
