package dialog

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spaza/gsm7"

	"pgregory.net/rapid"
)

// anyText draws what may stand on a screen: words, long words, marks, signs of
// two septets, characters outside the alphabet.
func anyText(longest int) *rapid.Generator[string] {
	word := rapid.OneOf(
		rapid.StringMatching(`[a-z]{1,12}`),
		rapid.StringOfN(rapid.SampledFrom([]rune("ab€[]{}^éÉṱḓš–…🙏")), 1, 9, -1),
		rapid.StringMatching(`[0-9]{16,20}`),
	)
	return rapid.Map(rapid.SliceOfN(word, 0, longest), func(words []string) string { return strings.Join(words, " ") })
}

// board is a question with a screen that tests draw, between two others.
type board struct {
	text, notice string
	options      []Option
	end          bool
	picked       string
}

func (b *board) book() Book {
	q := State{
		ID: "a.board", Back: "a.start",
		Ask: func(_ *Talk, s *Screen) {
			s.Text = b.text
			for _, o := range b.options {
				s.Add(o.ID, o.Label)
			}
		},
		Answer: func(_ context.Context, t *Talk, in Input) (Move, error) { b.picked = in.Option; return Stay, nil },
	}
	if b.end {
		q.Back, q.Answer, q.End = "", nil, true
	}
	return Book{Start: "a.start", States: []State{
		{ID: "a.start", Ask: says("start"), Free: true, Edges: []Edge{{"go", "a.board"}}, Answer: func(_ context.Context, t *Talk, _ Input) (Move, error) {
			t.notice = b.notice
			return "go", nil
		}},
		q,
	}}
}

func drawBoard(t *rapid.T) (*board, int) {
	b := &board{text: anyText(60).Draw(t, "prompt"), notice: anyText(12).Draw(t, "notice"), end: rapid.Bool().Draw(t, "last")}
	for i := range rapid.IntRange(0, 30).Draw(t, "options") {
		b.options = append(b.options, Option{fmt.Sprintf("id%d", i), anyText(rapid.SampledFrom([]int{1, 2, 4, 40}).Draw(t, "longest")).Draw(t, "label")})
	}
	return b, rapid.IntRange(60, 182).Draw(t, "room")
}

// TestEveryScreenFits plays any screen at any size of display, and turns its
// pages to the end.
func TestEveryScreenFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b, room := drawBoard(rt)
		w := newWorld(t, 0)
		w.engines = []*Engine{w.engine(b.book(), func(o *Options) { o.MaxTurns = 1000 })}
		p := w.phone(keyed)
		p.room = room
		p.dial()
		if b.end && b.text == "" && b.notice == "" && len(b.options) == 0 {
			return // nothing at all to show
		}
		pages := []Reply{p.types("x")}
		for more(pages[len(pages)-1].Text) {
			if pages[len(pages)-1].End {
				rt.Fatalf("the conversation ends with more to come:\n%s", pages[len(pages)-1].Text)
			}
			if len(pages) > 250 {
				rt.Fatalf("the pages have no end")
			}
			pages = append(pages, p.types("9"))
		}
		if last := pages[len(pages)-1]; last.End != b.end {
			rt.Fatalf("the last page ends the conversation: %v", last.End)
		}

		var all strings.Builder
		for i, pg := range pages {
			if n := septets(pg.Text); n > room || n == 0 {
				rt.Fatalf("page %d has %d septets of %d:\n%s", i, n, room, pg.Text)
			}
			if n := options(pg.Text); n > maxChoices {
				rt.Fatalf("page %d has %d options", i, n)
			}
			content, way := cutWays(pg.Text)
			if strings.Contains(way, "\n0") != (!b.end) {
				rt.Fatalf("page %d ends in %q", i, way)
			}
			if strings.Trim(content, "\n ") == "" && len(pages) > 1 {
				rt.Fatalf("page %d is empty:\n%s", i, pg.Text)
			}
			all.WriteString(content + "\n")
		}
		// Everything is there, in order: prompt and labels, but for blanks.
		want := gsm7.Fold(b.notice) + gsm7.Fold(b.text)
		for i, o := range b.options {
			want += strconv.Itoa(number(i)) + gsm7.Fold(o.Label)
		}
		if got := unblank(all.String()); got != unblank(want) {
			rt.Fatalf("shown:\n%s\nwanted:\n%s", got, unblank(want))
		}
		if b.end {
			return
		}

		// Back through all pages, and forth again.
		for i := range len(pages) - 1 {
			if r := p.types("0"); r.Text != pages[len(pages)-2-i].Text {
				rt.Fatalf("back on page %d there is:\n%s\nand there was:\n%s", len(pages)-2-i, r.Text, pages[len(pages)-2-i].Text)
			}
		}
		p.types("0").shows(t, "start")
		p.types("x")
		for i := range b.options {
			b.picked = ""
			typed := strconv.Itoa(number(i))
			if p.types(typed); b.picked != b.options[i].ID {
				rt.Fatalf("%s picks %q and not %q", typed, b.picked, b.options[i].ID)
			}
		}
	})
}

// more says whether a page offers another.
func more(page string) bool { return strings.HasSuffix(page, "\n9 More") }

// cutWays parts a page from what leads away from it.
func cutWays(page string) (content, ways string) {
	content = page
	for _, way := range []string{"\n9 More", "\n0 Back 00 Menu", "\n0 Back"} {
		content = strings.TrimSuffix(content, way)
	}
	if content == strings.TrimPrefix(page, "\n") && strings.HasPrefix(page, "0 Back") {
		content = "" // nothing but ways
	}
	return content, "\n" + strings.TrimPrefix(page[len(content):], "\n")
}

func unblank(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \n\r\f", r) {
			return -1
		}
		return r
	}, s)
}

// options counts the lines that begin like one; a prompt of digits does not.
func options(page string) int {
	content, _ := cutWays(page)
	n := 0
	for line := range strings.Lines(content) {
		if digits, _, ok := strings.Cut(line, " "); ok && len(digits) <= 2 && strings.Trim(digits, "0123456789") == "" {
			n++
		}
	}
	return n
}

func TestNumbersSkipNine(t *testing.T) {
	t.Parallel()
	want := []int{1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12}
	for i, n := range want {
		if number(i) != n || index(strconv.Itoa(n), len(want)) != i {
			t.Errorf("option %d has the number %d, which picks %d", i, number(i), index(strconv.Itoa(n), len(want)))
		}
	}
}

func TestAsManyOptionsAsTwoDigitsCanPick(t *testing.T) {
	t.Parallel()
	b := &board{text: "Many"}
	for i := range maxOptions + 5 {
		b.options = append(b.options, Option{fmt.Sprintf("id%d", i), "x"})
	}
	w := newWorld(t, 0)
	w.engines = []*Engine{w.engine(b.book(), func(o *Options) { o.MaxTurns = 1000 })}
	p := w.phone(keyed)
	p.room = 0
	p.dial()
	if r := p.types("x"); !strings.Contains(r.Text, "\n99 x\n0 Back") {
		t.Errorf("the list ends otherwise:\n%s", r.Text)
	}
	for i := range maxOptions {
		if p.types(strconv.Itoa(number(i))); b.picked != b.options[i].ID {
			t.Errorf("%d picks %q", number(i), b.picked)
		}
	}
	p.types("100").shows(t, "Choose 1 to 99.")
}

func TestWithoutALimitNothingIsPagedNorRespelled(t *testing.T) {
	t.Parallel()
	b := &board{text: "Tshivenḓa: " + strings.Repeat("ṱhanu ", 200), notice: "“Hm” – 🙏"}
	for i := range 12 {
		b.options = append(b.options, Option{fmt.Sprint(i), "ḽ" + fmt.Sprint(i)})
	}
	w := newWorld(t, 0)
	w.engines = []*Engine{w.engine(b.book())}
	p := w.phone(keyed)
	p.room = 0
	p.dial()
	r := p.types("x")
	r.shows(t, b.notice+"\n"+b.text, "\n13 ḽ11\n0 Back 00 Menu")
	if again := p.send(); again != r {
		t.Errorf("it was repeated as:\n%s", again.Text)
	}
	p.types("9").shows(t, "Choose 1 to 13.")
}

// TestTheNumberOfAnOptionIsHeldToWhatWasShown: the list changes between the
// screen and the answer.
func TestTheNumberOfAnOptionIsHeldToWhatWasShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now    []string
		typed  string
		picked string
	}{
		"moved down":       {[]string{"new", "a", "b", "c"}, "1", "a"},
		"moved up":         {[]string{"b", "c"}, "3", "c"},
		"gone":             {[]string{"a", "c"}, "2", ""},
		"one more, unseen": {[]string{"a", "b", "c", "d"}, "4", ""},
		"all gone":         {nil, "1", ""},
		"all new":          {[]string{"x", "y", "z"}, "1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := func(ids []string) (all []Option) {
				for _, id := range ids {
					all = append(all, Option{id, id})
				}
				return all
			}
			b := &board{text: "Pick", options: list([]string{"a", "b", "c"})}
			w := newWorld(t, 0)
			w.engines = []*Engine{w.engine(b.book())}
			p := w.phone(keyed)
			p.dial()
			p.types("x")
			b.options = list(c.now)
			r := p.types(c.typed)
			if b.picked != c.picked {
				t.Errorf("picked %q, want %q", b.picked, c.picked)
			}
			if c.picked == "" && !strings.HasPrefix(r.Text, "Choose") && !strings.HasPrefix(r.Text, "Press") {
				t.Errorf("answered with %q", r.Text)
			}
		})
	}
}

func TestAListThatShrinksWhileItIsPagedStillLeadsBack(t *testing.T) {
	t.Parallel()
	b := &board{text: "Pick"}
	for i := range 15 {
		b.options = append(b.options, Option{fmt.Sprint(i), "option"})
	}
	w := newWorld(t, 0)
	w.engines = []*Engine{w.engine(b.book())}
	p := w.phone(keyed)
	p.room = 100
	p.dial()
	p.types("x", "9", "9")
	b.options = b.options[:7]
	p.types("9").shows(t, "Pick") // no such page any more: refused, and from the start
	p.types("9").shows(t, "6 option\n7 option\n0 Back")
	p.types("0").shows(t, "Pick\n1 option")
	b.options = append(append(b.options, b.options...), b.options...)
	p.types("9", "9", "9").shows(t, "17 option")
	b.options = b.options[:7]
	p.types("0").shows(t, "6 option\n7 option\n0 Back") // what is the last page by now
	p.types("0").shows(t, "Pick\n1 option")
}

// loud says every word of navigation at length.
type loud struct{ phrases }

func (l loud) Say(lang, key string, args ...Arg) string {
	if slices.Contains([]string{KeyBack, KeyHome, KeyMore}, key) {
		return strings.Repeat("long ", 12) + "word"
	}
	return l.phrases.Say(lang, key, args...)
}

func TestLongWordsOfNavigationGiveWayToTheirDigits(t *testing.T) {
	t.Parallel()
	b := &board{text: strings.Repeat("word ", 30), options: []Option{{"a", "A"}}}
	w := newWorld(t, 0)
	e, err := New(b.book(), loud{}, w.store, Options{Hash: hash, Now: w.clock, Observe: w.observe})
	if err != nil {
		t.Fatal(err)
	}
	w.engines = []*Engine{e}
	p := w.phone(keyed)
	p.room = 60
	p.dial()
	r := p.types("x")
	for i := 0; strings.HasSuffix(r.Text, "\n0\n9"); i++ {
		if r = p.types("9"); i > 10 {
			t.Fatal("the pages have no end")
		}
	}
	r.shows(t, "1 A\n0")
}

func TestWhatIsSaidBesidesIsLeftOutWhereThereIsNoRoom(t *testing.T) {
	t.Parallel()
	for room, want := range map[int]string{
		0:   "Pay R20? It can not be undone at all.\n1 Yes",
		160: "Pay R20? It can not be undone at all.\n1 Yes",
		43:  "Pay R20? It can not be undone at all.\n1 Yes",
		42:  "Pay R20? No way back.\n1 Yes",
		27:  "Pay R20? No way back.\n1 Yes",
		26:  "Pay R20?\n1 Yes",
		14:  "Pay R20?\n1 Yes",
	} {
		s := Screen{Text: "Pay R20?", Besides: []string{"It can not be undone at all.", "No way back."}}
		s.Add("yes", "Yes")
		l := layout{talk: &Talk{words: phrases{}}, screen: &s, room: room, last: true}
		if p := l.page(0); p.text != want || !p.last {
			t.Errorf("at %d: %q, last %t", room, p.text, p.last)
		}
	}
}
