package recon_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"spaza/recon"
)

// example is the worked example of docs/reconciliation.md.
func example(t *testing.T) (*recon.Report, *books) {
	t.Helper()
	list, err := os.ReadFile("testdata/example.orders")
	if err != nil {
		t.Fatal(err)
	}
	var orders []recon.Ours
	for line := range strings.Lines(string(list)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var o recon.Ours
		var at string
		if _, err := fmt.Sscan(line, &o.Ref, &o.Kind, &o.Amount, &at, &o.Standing); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if o.At, err = time.ParseInLocation(time.DateTime, "2026-07-01 "+at, sast); err != nil {
			t.Fatal(err)
		}
		o.Incoming, o.Handed = o.Kind == "redeem", o.Kind == "airtime_pin" || o.Kind == "electricity"
		orders = append(orders, o)
	}
	tab, err := recon.NewTable(recon.Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open("testdata/example.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := tab.Read("2026-07-01.csv", file); err != nil {
		t.Fatal(err)
	}
	b := newBooks(orders...)
	r, err := recon.Compare(t.Context(), tab, b, allDay())
	if err != nil {
		t.Fatal(err)
	}
	return r, b
}

func text(t *testing.T, r *recon.Report, o recon.TextOptions) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteText(&out, o); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
			t.Errorf("a line has %d characters: %s", n, line)
		}
		if strings.HasSuffix(line, " \n") {
			t.Errorf("a line ends with a blank: %q", line)
		}
	}
	return out.String()
}

func TestTheWorkedExampleReadsAsInTheDocument(t *testing.T) {
	r, b := example(t)
	report := text(t, r, recon.TextOptions{})
	golden(t, "testdata/example.golden", report)
	document, err := os.ReadFile("../docs/reconciliation.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(document), "```\n"+report+"```\n") {
		t.Error("docs/reconciliation.md does not show this report")
	}
	out, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/example.json", string(out)+"\n")
	var back recon.Report
	if err := json.Unmarshal(out, &back); err != nil {
		t.Fatal(err)
	}
	if again, err := json.MarshalIndent(back, "", "  "); err != nil || !bytes.Equal(again, out) {
		t.Errorf("it does not come back from JSON: %v\n%s", err, again)
	}
	if err := json.Unmarshal([]byte(`{"findings": [{"theirs": [{"status": "perhaps"}]}]}`), &back); err == nil {
		t.Error("a status that is none was taken")
	}

	chosen, err := r.Chosen([]string{"all"})
	if err != nil {
		t.Fatal(err)
	}
	r.Settle(t.Context(), b, chosen, recon.Decision{By: "thandi", Reason: "statement of 1 July"})
	golden(t, "testdata/example.settled.golden", text(t, r, recon.TextOptions{}))
}

func TestAReportOfNothingSaysSo(t *testing.T) {
	r := compare(t, header, newBooks())
	if got := text(t, r, recon.TextOptions{}); !strings.HasSuffix(got, "\nAll agree.\n") || r.Differences() != 0 {
		t.Errorf("got %s", got)
	}
	r = compare(t, header+"P-1,,10.00,pending,2026-07-01 12:00:05,a\n", newBooks(sale("P-1", recon.Done)))
	if got := text(t, r, recon.TextOptions{}); !strings.HasSuffix(got, "\nNo differences; 1 order cannot be judged yet.\n") || r.Differences() != 0 {
		t.Errorf("got %s", got)
	}
	r = compare(t, header+"P-1,,10.00,success,2026-07-01 12:00:05,a\n", newBooks(sale("P-1", recon.Person)))
	if got := text(t, r, recon.TextOptions{}); !strings.HasSuffix(got, "\n1 difference, 1 proposal.\n") || r.Differences() != 1 {
		t.Errorf("got %s", got)
	}
}

func TestLongListsAreCutShortAndCounted(t *testing.T) {
	var lines string
	for i := range 60 {
		lines += fmt.Sprintf("X-%02d,,10.00,success,2026-07-01 12:00:%02d,a\n", i, i)
	}
	for i := range 5 {
		lines += fmt.Sprintf("Y-%02d,,ten,success,2026-07-01 12:00:00,a\n", i)
	}
	r := compare(t, header+lines, newBooks())
	for rows, want := range map[int]int{0: 50, 10: 10, -1: 60} {
		got := text(t, r, recon.TextOptions{Rows: rows, More: "; --json lists all"})
		if n := strings.Count(got, "  X-"); n != want {
			t.Errorf("%d rows: %d are listed", rows, n)
		}
		if rest := fmt.Sprintf("  and %d more; --json lists all\n", 60-want); (want < 60) != strings.Contains(got, rest) {
			t.Errorf("%d rows: %s", rows, got)
		}
	}
	if got := text(t, r, recon.TextOptions{Rows: 2, More: "!"}); !strings.Contains(got, "  and 3 more!\n") {
		t.Errorf("unreadable lines are not cut short: %s", got)
	}
}

func TestNothingOfAFileReachesTheTerminalAsItIs(t *testing.T) {
	nasty := []string{"\x1b[2J\x1b]0;owned\a", "\u009b31m", "\u202e0001-P", "=HYPERLINK(1)", "+1", "@SUM(A1)", " =1", "a\rb", "\xff\xfe", "\u200bx"}
	var lines strings.Builder
	for i, n := range nasty {
		cell := strings.ReplaceAll(n, ",", "")
		fmt.Fprintf(&lines, "%sX%d,%s,10.00,success,2026-07-01 12:00:05,%s\n", cell, i, cell, cell)
	}
	for range 2 {
		lines.WriteString("P-2,\x1b[1m,10.00,\x1b[31mdunno,2026-07-01 12:00:05,x\n")
	}
	tab, err := recon.NewTable(recon.Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.Read("\x1b[2J=day.csv", strings.NewReader(header+lines.String())); err != nil {
		t.Fatal(err)
	}
	b := newBooks(recon.Ours{Ref: "P-1", ProviderRef: "\x1b[2J", Kind: "\x1b[1m", Amount: 1, Standing: recon.Done, At: noon})
	r, err := recon.Compare(t.Context(), tab, b, allDay())
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Findings {
		r.Findings[i].Proposal = &recon.Proposal{ID: "x", Ref: "P-1", Action: recon.GiveBack}
	}
	r.Settle(t.Context(), failingHand{errors.New("the database says \x1b[2J\nno")}, r.Proposals()[:1], recon.Decision{By: "thandi", Reason: "x"})
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for what, s := range map[string]string{"text": text(t, r, recon.TextOptions{}), "JSON": string(out)} {
		for _, r := range s {
			if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == '\u200b' || r == utf8.RuneError {
				t.Errorf("%s has %q: %s", what, r, s)
				break
			}
		}
		for _, formula := range []string{" =HYPER", "\"=HYPER", " +1", "\"+1", " @SUM", "\"@SUM"} {
			if strings.Contains(s, formula) {
				t.Errorf("%s has a formula: %s", what, s)
			}
		}
		if strings.Contains(s, `\u001b`) || strings.Contains(s, `\ufffd`) {
			t.Errorf("%s has an escape: %s", what, s)
		}
	}
}

type failingWriter struct{ left int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, os.ErrClosed
	}
	return len(p), nil
}

func TestATerminalThatIsGoneIsAnError(t *testing.T) {
	r, _ := example(t)
	for _, after := range []int{0, 1, 20} {
		if err := r.WriteText(&failingWriter{after}, recon.TextOptions{}); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after %d writes: %v", after, err)
		}
	}
}
