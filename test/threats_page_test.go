package test

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"spaza/test/chatfake"
)

// TestTheThreatsPageNamesTestsThatAreThere holds docs/threats.md to what is tested:
// every test that it names exists, with that part where it names one, and every door
// is on it.
func TestTheThreatsPageNamesTestsThatAreThere(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(string(b)), " ") // a name can stand across the end of a line
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	in := map[string]string{} // the text of the file with a test
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, found := range function.FindAllSubmatch(b, -1) {
			in[string(found[1])] = string(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test[A-Z]\\w+)(?:/([^`]+))?`").FindAllStringSubmatch(page, -1)
	if len(named) < 20 {
		t.Errorf("the page names %d tests", len(named))
	}
	for _, n := range named {
		text, there := in[n[1]]
		if !there {
			t.Errorf("there is no test %s", n[1])
		} else if n[2] != "" && !strings.Contains(text, `"`+n[2]+`"`) {
			t.Errorf("test %s has no part %q", n[1], n[2])
		}
	}
	for _, c := range fortCalls(&fort{wa: &chatfake.WhatsApp{Now: time.Now}}, rand.New(rand.NewPCG(6, 11))) {
		if !strings.Contains(page, "`"+c.path+"`") && !strings.Contains(page, "`"+c.path[strings.LastIndexByte(c.path, '/'):]+"`") {
			t.Errorf("the door %s is not on the page", c.path)
		}
	}
}
