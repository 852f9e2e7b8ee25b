package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

func TestAmountsAreReadAsPeopleWriteThemAndOtherwiseRefused(t *testing.T) {
	for in, want := range map[string]ledger.Cents{
		"R50": 50_00, "50": 50_00, "50.00": 50_00, "50,00": 50_00, "r 50,05": 50_05, "R0.50": 50, " R1 234,50 ": 1234_50,
		"1\u00a0234": 1234_00, "12 345 678.99": 12345678_99, "0.01": 1,
		"": 0, "R": 0, "0": 0, "R0.00": 0, "-5": 0, "5-": 0, "50.5": 0, "50,": 0, ".50": 0, "1,234": 0, "1.234": 0, "1,234.50": 0,
		"12 34": 0, "1 2345": 0, "1 ": 1_00, "050": 0, "5e2": 0, "0x10": 0, "50 rand": 0, "RR50": 0, "٥٠": 0, "1234567890": 0, "5\x1b[2J": 0,
	} {
		got, err := readAmount(in)
		if got != want || (err == nil) != (want != 0) || err != nil && (exitStatus(err) != 2 || strings.Contains(err.Error(), "\x1b")) {
			t.Errorf("%q is %s, %v; want %s", in, got, err, want)
		}
	}
}

func TestAnAmountIsReadBackAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := ledger.Cents(rapid.Int64Range(1, 99_999_999_999).Draw(t, "cents"))
		for _, text := range []string{want.String(), fmt.Sprintf("%d,%02d", want/100, want%100)} {
			if got, err := readAmount(text); got != want || err != nil {
				t.Fatalf("%s is %s, %v", text, got, err)
			}
		}
	})
}

func FuzzReadAmount(f *testing.F) {
	for _, s := range []string{"R50", "50,00", "1 234.50", "", "R", "9999999999999", "\u00a0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := readAmount(s)
		if (err == nil) != (got > 0) || got > 999_999_999_99 {
			t.Errorf("%q is %d, %v", s, got, err)
		}
	})
}

func TestReferencesAreReadHoweverTheyAreReadOut(t *testing.T) {
	full := ref("AB23CD")
	for in, want := range map[string]string{
		full: full, strings.ToLower(full): full, strings.ReplaceAll(full, "-", ""): full, " " + full + "\n": full,
		"P 3JUN7XA MNPQRST AB23CD": full, strings.ReplaceAll(full, "-", "\u2013"): full,
		"ab23cd": "AB23CD", "AB2-3CD": "AB23CD", "a b 2 3 c d": "AB23CD",
		"": "", "AB23C": "", "AB23CDE": "", full + "2": "", "AB23C0": "", "AB23CI": "", "AB23C*": "", "ＡＢ２３ＣＤ": "",
	} {
		got, short, err := readRef(in)
		if got != want || short != (len(want) == 6) || (err == nil) != (want != "") || err != nil && exitStatus(err) != 2 {
			t.Errorf("%q is %q, short %t, %v; want %q", in, got, short, err, want)
		}
	}
}

func TestEveryReferenceThatIsAllottedCanBeAskedFor(t *testing.T) {
	for _, k := range vend.Kinds() {
		want := vend.NewRef(k, opening)
		if got, _, err := readRef(strings.ToLower(want)); got != want || err != nil {
			t.Errorf("%s is %q, %v", want, got, err)
		}
		if got, short, err := readRef(vend.ShortRef(want)); got != vend.ShortRef(want) || !short || err != nil {
			t.Errorf("the end of %s is %q, %v", want, got, err)
		}
	}
}

func FuzzReadRef(f *testing.F) {
	f.Add("P-3JUN7XAMNPQRSTAB23CD")
	f.Add("ab23cd")
	f.Fuzz(func(t *testing.T, s string) {
		got, short, err := readRef(s)
		if err == nil && len(got) != map[bool]int{true: 6, false: 22}[short] {
			t.Errorf("%q is %q", s, got)
		}
		if err == nil {
			if again, _, err := readRef(got); again != got || err != nil {
				t.Errorf("%q is %q, which is %q, %v", s, got, again, err)
			}
		}
	})
}

func FuzzPlainMovesNoCursor(f *testing.F) {
	for _, s := range []string{"Vodacom", "a\x1b[31mb", "\u202egnp", "\xff\xfe", "caf\u00e9", "a\nb\tc", "\u0085\u2028", "\ufffd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := plain(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is %q", s, got)
		}
		if plain(got) != got {
			t.Errorf("%q is %q, which is %q", s, got, plain(got))
		}
		if c := cell(s); c != "" && strings.ContainsRune("=+-@", rune(c[0])) {
			t.Errorf("a spreadsheet reads %q", c)
		}
	})
}

func TestWordsThatAreHarmlessStayAsTheyAre(t *testing.T) {
	for in, want := range map[string]string{
		"Vodacom R12.50": "Vodacom R12.50", "Café – ﬁn": "Café – ﬁn",
		"a\x1b[31m": `a\x1b[31m`, "a\nb": `a\nb`, "\u202e": `\u202e`, "\xff": `\xff`, "\U000e0041": `\U000e0041`,
	} {
		if got := plain(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"=1+1": "'=1+1", " =1": "' =1", "@x": "'@x", "-5": "'-5", "+27": "'+27", "|x": "'|x", "＝1": "'＝1",
		"\t=1": `\t=1`, "Vodacom": "Vodacom", "R=1": "R=1", "": "", "  ": "  ",
	} {
		if got := cell(in); got != want {
			t.Errorf("%q is the cell %q, want %q", in, got, want)
		}
	}
}

func TestDaysAreSouthAfrican(t *testing.T) {
	now := time.Date(2026, 11, 20, 22, 30, 0, 0, time.UTC) // the 21st there
	midnight := time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"today": midnight, "yesterday": midnight.AddDate(0, 0, -1), "2026-11-21": midnight, "2026/11/21": midnight,
		"21/11/2026": {}, "2026-13-01": {}, "": {}, "now": {},
	} {
		if got, err := readDay(in, now); !got.Equal(want) || (err == nil) != !want.IsZero() {
			t.Errorf("%q is %s, %v", in, got, err)
		}
	}
	for in, want := range map[string]time.Duration{"10m": 10 * time.Minute, "3d": 72 * time.Hour, "2h30m": 150 * time.Minute, "0s": 0, "": -1, "-5m": -1, "d": -1, "99999d": -1} {
		if got, err := readAge(in); (err == nil) != (want >= 0) || err == nil && got != want {
			t.Errorf("%q is %s, %v", in, got, err)
		}
	}
}

func TestMaskedNumbersShowTheirEndOnly(t *testing.T) {
	for in, want := range map[string]string{"27821234567": "*4567", "14000000019": "*0019", "1234": "*", "12345": "*2345", "": "-", "ab\x1bcde": `*bcde`} {
		if got := masked(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

func TestEveryStateKindAndCauseHasWords(t *testing.T) {
	for _, s := range vend.States() {
		o := vend.Order{State: s, Resolution: vend.ResolvedNotVended}
		if w := stateWords(s, o.Resolution); w == "" || len(w) > 16 {
			t.Errorf("%s is %q", s, w)
		}
		if !strings.HasPrefix(stateSentence(o), stateWords(s, o.Resolution)) {
			t.Errorf("%s is %q and %q", s, stateSentence(o), stateWords(s, o.Resolution))
		}
		if len(canBeDone(file{File: vend.File{Order: o}}, opening)) == 0 {
			t.Errorf("of %s nothing is said", s)
		}
	}
	for _, k := range vend.Kinds() {
		if w := kindWords(k); w == "" || strings.Contains(w, "_") {
			t.Errorf("%s is %q", k, w)
		}
	}
	for _, c := range []vend.Cause{
		vend.CauseCustomer, vend.CauseOperator, vend.CauseBegun, vend.CauseAnswer, vend.CauseGone, vend.CauseLate, vend.CauseWindow, vend.CauseUnsent,
		vend.CauseBooks, vend.CauseUnread, vend.CauseResend, vend.CauseResolve, vend.CauseUndone, vend.CauseScreen, vend.CauseMessage, vend.CauseErase, vend.CauseExport, vend.CauseAgain,
		vend.CauseUndo, vend.CauseTaken, vend.CauseNotTaken,
	} {
		bare := moveWords(vend.Order{}, vend.Move{Cause: c, From: vend.StateUnknown, To: vend.StateUnknown})
		full := moveWords(vend.Order{}, vend.Move{
			Cause: c, From: vend.StateUnknown, To: vend.StatePerson, By: "lerato", Attempt: 3, Code: "2211", Note: "a note",
		})
		if bare == "" || bare == string(c) || strings.Contains(bare, "()") || !strings.HasSuffix(full, " -> needs a person") {
			t.Errorf("%s is %q and %q", c, bare, full)
		}
	}
}

func TestEveryAdviceHasWords(t *testing.T) {
	seen := map[string]bool{}
	for _, undo := range []bool{false, true} {
		for _, state := range vend.AdviceStates() {
			w := adviceWords(vend.StoredAdvice{Ref: "P-1", Undo: undo, State: state})
			if !strings.Contains(w, ": ") || strings.Contains(w, "()") || seen[w] {
				t.Errorf("undo %t, %s is %q", undo, state, w)
			}
			seen[w] = true
		}
	}
	if got := adviceWords(vend.StoredAdvice{Ref: "P-1", State: vend.AdviceTaken, Tries: 1, TriedAt: opening}); !strings.HasSuffix(got, " (sent once, at "+clockSecond(opening)+")") {
		t.Errorf("after one try: %q", got)
	}
	got := adviceWords(vend.StoredAdvice{Ref: "P-1", Undo: true, State: vend.AdviceDue, Tries: 4, Code: "503", TriedAt: opening})
	if want := "to undo it: not taken yet (sent 4 times, last at 2025-06-10 14:38:00, code 503)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	f := file{File: vend.File{Order: vend.Order{Ref: "P-1", State: vend.StateUnknown}, Advice: vend.StoredAdvice{Ref: "P-1", Undo: true, State: vend.AdviceDue, Tries: 4, MadeAt: opening}}}
	var text strings.Builder
	if err := f.write(&text, masked, opening); err != nil || !strings.Contains(text.String(), "  Advice      to undo it: not taken yet (sent 4 times") ||
		!strings.Contains(text.String(), "it is being undone\n") || strings.Contains(text.String(), "sent again\n") {
		t.Errorf("%v\n%s", err, text.String())
	}
	if r := f.report(masked, opening); r.Advice == nil || !r.Advice.Undo || r.Advice.Tries != 4 {
		t.Errorf("the report has %+v", r.Advice)
	}
	if f.Advice = (vend.StoredAdvice{}); f.report(masked, opening).Advice != nil {
		t.Error("the report has an advice that is not there")
	}
}

func TestWhatCanBeDoneFollowsTheJobAndTheClock(t *testing.T) {
	at := opening.Add
	job := func(runAt time.Time) store.OrderJob {
		return store.OrderJob{Job: jobs.Job{Kind: vend.JobOrder, RunAt: runAt}}
	}
	unclear := vend.Order{Ref: "P-1", State: vend.StateUnknown, FirstSentAt: opening, CreatedAt: opening}
	undoing := vend.StoredAdvice{Ref: "P-1", Undo: true, State: vend.AdviceDue}
	undone := vend.StoredAdvice{Ref: "P-1", Undo: true, State: vend.AdviceRefused}
	advice := store.OrderJob{Job: jobs.Job{Kind: vend.JobAdvice, RunAt: at(time.Minute)}}
	buried := advice
	buried.Dead = true
	held, gone, dead := job(opening), job(opening), job(opening)
	held.Owner, held.LeaseUntil = "r", at(15*time.Second)
	gone.Owner, gone.LeaseUntil = "r", at(-time.Second)
	dead.Dead = true
	person, voucher := unclear, unclear
	person.State, person.Sealed = vend.StatePerson, []byte{1}
	voucher.State, voucher.Kind = vend.StateDelivered, vend.KindVoucher
	elsewhere := voucher
	elsewhere.Kind, elsewhere.Op = vend.KindAirtimePIN, "airtime/purchases@electrum"
	for _, c := range []struct {
		say  string
		f    file
		now  time.Time
		miss string
	}{
		{"Asked again at 2025-06-10 14:40:10; a person may decide after 2025-06-10 15:03:00.", file{File: vend.File{Order: unclear}, jobs: []store.OrderJob{job(at(130 * time.Second))}}, at(time.Minute), "due since"},
		{"a person decides after 2025-06-10 15:03:01", file{File: vend.File{Order: unclear}, jobs: []store.OrderJob{job(at(25*time.Minute + time.Second))}}, at(24 * time.Minute), "resend"},
		{"is the service running?", file{File: vend.File{Order: unclear}, jobs: []store.OrderJob{job(opening)}}, at(2 * time.Minute), "Asked again"},
		{"another takes over at 2025-06-10 14:38:15", file{File: vend.File{Order: unclear}, jobs: []store.OrderJob{held}}, at(time.Second), "resend"},
		{"takes it over at once", file{File: vend.File{Order: unclear}, jobs: []store.OrderJob{gone}}, at(time.Second), "resend"},
		{"Take it up again: spaza orders resend P-1", file{File: vend.File{Order: unclear}, jobs: []store.OrderJob{dead}}, at(time.Second), "Asked"},
		{"Its job is missing", file{File: vend.File{Order: unclear}}, at(time.Second), "Asked"},
		{"Until 2025-06-10 15:03:00 it may still be sent again", file{File: vend.File{Order: person}}, at(time.Minute), "may not"},
		{"told again at 2025-06-10 14:39:00", file{File: vend.File{Order: unclear, Advice: undoing}, jobs: []store.OrderJob{advice}}, at(time.Second), "missing"},
		{"has been due since 2025-06-10 14:39:00", file{File: vend.File{Order: unclear, Advice: undoing}, jobs: []store.OrderJob{advice}}, at(time.Hour), "told again"},
		{"Its advice was given up. Take it up again: spaza orders resend P-1", file{File: vend.File{Order: unclear, Advice: undoing}, jobs: []store.OrderJob{buried}}, at(time.Second), "told again"},
		{"The job of its advice is missing", file{File: vend.File{Order: unclear, Advice: undoing}, jobs: []store.OrderJob{job(opening)}}, at(time.Second), "told again"},
		{"it was to be undone", file{File: vend.File{Order: person, Advice: undone}}, at(time.Minute), "resend"},
		{"Tell it at once: spaza orders resend P-1", file{File: vend.File{Order: person, Advice: undoing}}, at(time.Hour), "may not"},
		{"It may not be sent again", file{File: vend.File{Order: person}}, at(time.Hour), "resend"},
		{"--as not_vended --reason ... --bears provider|operator", file{File: vend.File{Order: person, Entries: []ledger.Entry{{Kind: ledger.KindCaptured}}}}, at(time.Hour), "resend"},
		{"spaza orders reverse P-1", file{File: vend.File{Order: voucher}}, at(time.Hour), "being undone"},
		{"If the provider has undone it", file{File: vend.File{Order: elsewhere}}, at(time.Hour), "reverse P-1"},
		{"It is being undone", file{File: vend.File{Order: voucher, Undone: []vend.Order{{State: vend.StateUnknown}}}}, at(time.Hour), "reverse P-1"},
	} {
		got := strings.Join(canBeDone(c.f, c.now), "\n")
		if !strings.Contains(got, c.say) || strings.Contains(got, c.miss) {
			t.Errorf("want %q and not %q:\n%s", c.say, c.miss, got)
		}
	}
}

func TestJSONHasNothingThatATerminalActsOn(t *testing.T) {
	var b strings.Builder
	if err := writeJSON(&b, map[string]string{"a": "x\u202ey\u0085\u007f\U000e0041<é>"}, ""); err != nil {
		t.Fatal(err)
	}
	want := `{"a":"x\u202ey\u0085\u007f\udb40\udc41<é>"}` + "\n"
	if diff := gocmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestAProviderIsNamedWhereItIsNotTheFirst(t *testing.T) {
	for op, want := range map[string]string{
		"cellular/pinless/purchase": "its number 77, last code 0", "airtime/purchases@electrum": "electrum, its number 77, last code 0",
		"airtime/purchases@e\x1b[31m": `e\x1b[31m, its number 77, last code 0`,
	} {
		if got := providerWords(vend.Order{Op: op, ProviderRef: "77", Code: "0"}, nil); got != want {
			t.Errorf("%q: %q", op, got)
		}
	}
}
