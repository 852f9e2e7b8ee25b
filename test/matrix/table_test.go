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
	when  when
}

// table is what each cell ends as.
type table map[place]mark

// file is where the table of a trade is kept.
func file(of trade) string { return filepath.Join("testdata", of.table()) }

// head is what stands above the part of a table.
func (w when) head() string {
	switch w {
	case first:
		return "The first sending meets the fault:"
	case every:
		return "Every sending meets the fault, until the window is over:"
	case telling:
		return "The first confirmation meets the fault:"
	case tellingOften:
		return "The first five confirmations meet the fault:"
	case undoing:
		return "The first sending is done and its answer lost; the first reversal meets the fault:"
	case undoingOften:
		return "The first sending is done and its answer lost; the first five reversals meet the fault:"
	}
	return "The first sending is done and its answer lost; every later one meets the fault:"
}

// write writes the whole table as people read it.
func (b table) write(of trade, rows []row, faults []string) string {
	var w strings.Builder
	w.WriteString("# What each operation that moves money ends as when its requests meet a fault\n# of the provider. Written by go test ./test/matrix -update; read the\n# difference before it is kept.\n#\n")
	for _, m := range of.marks() {
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
	for _, sending := range whens() {
		some := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return !slices.Contains(r.whens(), sending) })
		if len(some) == 0 {
			continue
		}
		fmt.Fprintf(&w, "\n%s\n\n%-*s", sending.head(), wide, "")
		for i := range faults {
			fmt.Fprintf(&w, " %02d", i+1)
		}
		w.WriteByte('\n')
		for _, r := range some {
			fmt.Fprintf(&w, "%-*s", wide, r)
			for _, f := range faults {
				m, known := b[place{r.String(), f, sending}]
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
func readTable(t *testing.T, of trade) table {
	t.Helper()
	text, err := os.ReadFile(file(of))
	if err != nil {
		t.Fatal(err)
	}
	b, names := table{}, map[string]string{}
	var columns []string
	var sending when
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		words := strings.Fields(line)
		switch {
		case len(words) == 3 && words[0] == "#" && len(words[1]) == 2:
			names[words[1]] = words[2]
		case len(words) == 0, words[0] == "#":
		case slices.ContainsFunc(whens(), func(w when) bool { return line == w.head() }):
			sending = whens()[slices.IndexFunc(whens(), func(w when) bool { return line == w.head() })]
		case words[0] == "01":
			columns = words
		default:
			n := len(words) - len(columns)
			if n < 1 {
				t.Fatalf("%s has a line with too few marks: %q", file(of), line)
			}
			for i, m := range words[n:] {
				if len(m) != 1 {
					t.Fatalf("%s has a mark of %d letters: %q", file(of), len(m), line)
				}
				b[place{strings.Join(words[:n], " "), names[columns[i]], sending}] = mark(m[0])
			}
		}
	}
	return b
}

// compare lists where two tables differ, in the cells that got has.
func compare(got, want table) (all []string) {
	for p, m := range got {
		if w, known := want[p]; !known || w != m {
			if !known {
				w = nothing
			}
			all = append(all, fmt.Sprintf("%s, %s %s: ends as %c, and the table has %c", p.row, p.fault, p.when, m, w))
		}
	}
	slices.Sort(all)
	return all
}
