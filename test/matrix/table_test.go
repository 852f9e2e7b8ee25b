package matrix

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// place is where a cell stands in the table.
type place struct {
	row   string
	fault string
	every bool
}

// table is what each cell ends as.
type table map[place]mark

// file is where the table is kept.
func file() string { return filepath.Join("testdata", "matrix.txt") }

const headFirst, headEvery = "The first sending meets the fault", "Every sending meets the fault, until the window is over"

// write writes the whole table as people read it.
func (b table) write(rows []row, faults []string) string {
	var w strings.Builder
	w.WriteString("# What each operation that moves money ends as when its requests meet a fault\n# of the provider. Written by go test ./test/matrix -update; read the\n# difference before it is kept.\n#\n")
	for _, m := range marks() {
		fmt.Fprintf(&w, "#   %s  %s\n", m[0], m[1])
	}
	w.WriteString("#\n# The faults, as the simulator numbers and names them:\n#\n")
	for i, f := range faults {
		fmt.Fprintf(&w, "#   %02d  %s\n", i+1, f)
	}
	wide := 0
	for _, r := range rows {
		wide = max(wide, len(r.String()))
	}
	for _, every := range []bool{false, true} {
		head := headFirst
		if every {
			head = headEvery
		}
		fmt.Fprintf(&w, "\n%s:\n\n%-*s", head, wide, "")
		for i := range faults {
			fmt.Fprintf(&w, " %02d", i+1)
		}
		w.WriteByte('\n')
		for _, r := range rows {
			fmt.Fprintf(&w, "%-*s", wide, r)
			for _, f := range faults {
				m, known := b[place{r.String(), f, every}]
				if !known {
					m = nothing
				}
				fmt.Fprintf(&w, "  %c", m)
			}
			w.WriteByte('\n')
		}
	}
	return w.String()
}

// readTable reads what write wrote.
func readTable(t *testing.T) table {
	t.Helper()
	text, err := os.ReadFile(file())
	if err != nil {
		t.Fatal(err)
	}
	b, names := table{}, map[string]string{}
	var columns []string
	every := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		words := strings.Fields(line)
		switch {
		case len(words) == 3 && words[0] == "#" && len(words[1]) == 2:
			names[words[1]] = words[2]
		case len(words) == 0, words[0] == "#":
		case line == headFirst+":", line == headEvery+":":
			every = line == headEvery+":"
		case words[0] == "01":
			columns = words
		default:
			n := len(words) - len(columns)
			if n < 1 {
				t.Fatalf("%s has a line with too few marks: %q", file(), line)
			}
			for i, m := range words[n:] {
				if len(m) != 1 {
					t.Fatalf("%s has a mark of %d letters: %q", file(), len(m), line)
				}
				b[place{strings.Join(words[:n], " "), names[columns[i]], every}] = mark(m[0])
			}
		}
	}
	return b
}

// compare lists where two tables differ, in the cells that got has.
func compare(got, want table) (all []string) {
	for p, m := range got {
		if w, known := want[p]; !known || w != m {
			when := "first"
			if p.every {
				when = "every"
			}
			if !known {
				w = nothing
			}
			all = append(all, fmt.Sprintf("%s, %s on %s sending: ends as %c, and the table has %c", p.row, p.fault, when, m, w))
		}
	}
	slices.Sort(all)
	return all
}
