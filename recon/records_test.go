package recon

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// readAll reads all records; a line that cannot be read is one cell of its own.
func readAll(t testing.TB, text string, sep byte) (all [][]string, numbers []int) {
	t.Helper()
	r := newRecords(bufio.NewReaderSize(strings.NewReader(text), maxLine+2), sep)
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			return all, numbers
		}
		numbers = append(numbers, rec.number)
		if err != nil {
			if !errors.Is(err, errQuote) && !errors.Is(err, errLong) {
				t.Fatal(err)
			}
			all = append(all, []string{"!" + string(rec.raw[:min(len(rec.raw), 20)])})
			continue
		}
		var cells []string
		for _, c := range rec.cells {
			cells = append(cells, string(c))
		}
		all = append(all, cells)
	}
}

func TestCellsAreReadAsSpreadsheetsWriteThem(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	for name, c := range map[string]struct {
		text    string
		sep     byte
		want    [][]string
		numbers []int
	}{
		"either line end":            {"a,b\r\nc,d\ne,f", ',', [][]string{{"a", "b"}, {"c", "d"}, {"e", "f"}}, []int{1, 2, 3}},
		"quoted":                     {`"a,b","c ""d""",e`, ',', [][]string{{"a,b", `c "d"`, "e"}}, []int{1}},
		"quoted behind a blank":      {`a, "b,c" ,d`, ',', [][]string{{"a", "b,c", "d"}}, []int{1}},
		"a mark inside a cell":       {`a,5" pipe,="007"`, ',', [][]string{{"a", `5" pipe`, `="007"`}}, []int{1}},
		"a cell over two lines":      {"a,\"b\r\nc\"\nd", ',', [][]string{{"a", "b\nc"}, {"d"}}, []int{1, 3}},
		"empty cells and lines":      {",,\n\n\"\"", ',', [][]string{{"", "", ""}, {""}, {""}}, []int{1, 2, 3}},
		"other separators":           {"a;b|c\td;e", ';', [][]string{{"a", "b|c\td", "e"}}, []int{1}},
		"tabs":                       {"a\t b\t\"c\td\"", '\t', [][]string{{"a", " b", "c\td"}}, []int{1}},
		"text behind a quoted cell":  {"a,\"b\"c\nd", ',', [][]string{{`!a,"b"c`}, {"d"}}, []int{1, 2}},
		"a mark that is not closed":  {"a,\"b\nc\nd", ',', [][]string{{`!a,"b`}, {"c"}, {"d"}}, []int{1, 2, 3}},
		"it costs its own line only": {"a,\"b\n" + strings.Repeat("c\n", 40), ',', append([][]string{{`!a,"b`}}, slices.Repeat([][]string{{"c"}}, 40)...), nil},
		"closed by the wrong line":   {"a,\"b\nc,d\"e\nf", ',', [][]string{{`!a,"b`}, {"c", `d"e`}, {"f"}}, []int{1, 2, 3}},
		"a line that is too long":    {"a\n" + long + "\nb", ',', [][]string{{"a"}, {"!" + long[:20]}, {"b"}}, []int{1, 2, 3}},
		"a long line in a cell":      {"\"a\n" + long + "\nb", ',', [][]string{{`!"a`}, {"!" + long[:20]}, {"b"}}, []int{1, 2, 3}},
		"nothing":                    {"", ',', nil, nil},
	} {
		got, numbers := readAll(t, c.text, c.sep)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if c.numbers != nil && !slices.Equal(numbers, c.numbers) {
			t.Errorf("%s: lines %v, want %v", name, numbers, c.numbers)
		}
	}
}

func TestWhatIsWrittenAsCSVIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringOfN(rapid.SampledFrom([]rune("ab,;\"\n\r \t'=é")), 0, 6, -1)
		want := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 4), 0, 8).Draw(t, "records")
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.Comma, w.UseCRLF = rapid.SampledFrom([]rune{',', ';', '|'}).Draw(t, "separator"), rapid.Bool().Draw(t, "crlf")
		if err := w.WriteAll(want); err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(bytes.NewReader(text.Bytes()))
		r.Comma, r.FieldsPerRecord = w.Comma, -1
		standard, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		in := newRecords(bufio.NewReaderSize(&text, maxLine+2), byte(w.Comma))
		var got [][]string
		for {
			rec, err := in.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("line %d: %v", rec.number, err)
			}
			var cells []string
			for _, c := range rec.cells {
				cells = append(cells, string(c))
			}
			got = append(got, cells)
		}
		if diff := cmp.Diff(standard, got); diff != "" {
			t.Fatalf("(-standard +got):\n%s", diff)
		}
	})
}

// broken fails after its text.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func TestAFileThatBreaksOffIsAnError(t *testing.T) {
	const head = "reference,amount,status\n"
	for _, text := range []string{head, head + "P-1,5.00,success\n", head + "P-1,5.00,success\nP-2,\"5", head + strings.Repeat("x", 3*maxLine)} {
		tab, err := NewTable(Mapping{})
		if err != nil {
			t.Fatal(err)
		}
		if err := tab.Read("day.csv", broken{strings.NewReader(text)}); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%.60q: got %v", text, err)
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte("a,b\r\n\"c\nd\",e\n\"f\n"), byte(','))
	f.Add([]byte("\"\"\"\n\"x\"y\n;;;"), byte(';'))
	f.Fuzz(func(t *testing.T, text []byte, sep byte) {
		if sep == '"' || sep == '\n' || sep == '\r' || sep == ' ' {
			return
		}
		r := newRecords(bufio.NewReaderSize(bytes.NewReader(text), maxLine+2), sep)
		last, steps := 0, 0
		for {
			rec, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if rec.number <= last {
				t.Fatalf("line %d comes after line %d", rec.number, last)
			}
			last = rec.number
			if steps++; steps > bytes.Count(text, []byte{'\n'})+1 {
				t.Fatal("there are more records than lines")
			}
		}
		want := bytes.Count(text, []byte{'\n'})
		if len(text) > 0 && text[len(text)-1] != '\n' {
			want++
		}
		if r.lines != want {
			t.Fatalf("%d lines were read of %d", r.lines, want)
		}
	})
}
