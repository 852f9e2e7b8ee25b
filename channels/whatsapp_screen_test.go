package channels

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/dialog"
)

// waPick is a screen of choices, numbered from 1 but for the ways out.
func waPick(prompt string, labels ...string) dialog.Reply {
	p, text := &dialog.Parts{Prompt: prompt}, prompt
	for i, l := range labels {
		c := dialog.Choice{Input: string(rune('1' + i)), Label: l}
		if l == "Back" {
			c.Input, c.Way = "0", true
		}
		p.Choices = append(p.Choices, c)
		text += "\n" + c.Input + ". " + l
	}
	return dialog.Reply{Text: text, Screen: "abcdefgh", Chat: p}
}

func waWords(body string) string {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err) // a text
	}
	return `{"messaging_product":"","recipient_type":"","type":"text","text":{"body":` + string(b) + `,"preview_url":false}}`
}

func waAsked(kind, top, action string) string {
	return `{"messaging_product":"","recipient_type":"","type":"interactive","interactive":{"type":"` + kind + `","body":{"text":"` + top + `"},"action":` + action + `}}`
}

func waListOf(rows string) string { return `{"button":"Menu","sections":[{"rows":[` + rows + `]}]}` }

func TestAScreenIsButtonsAListOrText(t *testing.T) {
	w := newWhatsApp(t)
	const twenty, twentyOne = "12345678901234567890", "123456789012345678901"
	yes := waPick("Pay?", "Yes", "No")
	nameless := waPick("Pay?", "Yes", "No")
	nameless.Screen = ""
	twice := waPick("Pay?", "Yes", "No")
	twice.Chat.Choices[1].Input = "1"
	ask := waPick("Who are you?", "Back")
	ask.Chat.Wants = dialog.WantsContact
	longAsk := waPick(strings.Repeat("x", waInteractiveTop), "Back")
	longAsk.Chat.Wants = dialog.WantsContact
	ten := waPick("Which?", "a", "b", "c", "d", "e", "f", "g", "h", "i", "Back")
	rows := `{"id":"abcdefgh:1","title":"a"},{"id":"abcdefgh:2","title":"b"},{"id":"abcdefgh:3","title":"c"},` +
		`{"id":"abcdefgh:4","title":"d"},{"id":"abcdefgh:5","title":"e"},{"id":"abcdefgh:6","title":"f"},` +
		`{"id":"abcdefgh:7","title":"g"},{"id":"abcdefgh:8","title":"h"},{"id":"abcdefgh:9","title":"i"},{"id":"abcdefgh:0","title":"Back"}`
	eleven := waPick("Which?", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "Back")
	const long = "A thousand rand of electricity for meter 04123456789"
	for _, c := range []struct {
		name string
		r    dialog.Reply
		want []string
		logs string
	}{
		{"no parts", dialog.Reply{Text: "Bye", End: true}, []string{waWords("Bye")}, ""},
		{"nothing", dialog.Reply{}, nil, ""},
		{"blanks", dialog.Reply{Text: " \n "}, nil, ""},
		{"a question", dialog.Reply{Text: "How much?", Screen: "abcdefgh", Chat: &dialog.Parts{Prompt: "How much?"}}, []string{waWords("How much?")}, ""},
		{
			"two choices", yes,
			[]string{waAsked("button", "Pay?", `{"buttons":[{"type":"reply","reply":{"id":"abcdefgh:1","title":"Yes"}},{"type":"reply","reply":{"id":"abcdefgh:2","title":"No"}}]}`)}, "",
		},
		{
			"three, one of them a way out", waPick("Pay?", "Yes", twenty, "Back"),
			[]string{waAsked("button", "Pay?", `{"buttons":[{"type":"reply","reply":{"id":"abcdefgh:1","title":"Yes"}},{"type":"reply","reply":{"id":"abcdefgh:2","title":"`+twenty+`"}},{"type":"reply","reply":{"id":"abcdefgh:0","title":"Back"}}]}`)}, "",
		},
		{
			"a way out alone", waPick("How much?", "Back"),
			[]string{waAsked("button", "How much?", `{"buttons":[{"type":"reply","reply":{"id":"abcdefgh:0","title":"Back"}}]}`)}, "",
		},
		{
			"a label too long for a button", waPick("Pay?", twentyOne, "No"),
			[]string{waAsked("list", "Pay?", waListOf(`{"id":"abcdefgh:1","title":"`+twentyOne+`"},{"id":"abcdefgh:2","title":"No"}`))}, "",
		},
		{
			"letters, not bytes, are counted", waPick("Pay?", strings.Repeat("ṱ", 20)),
			[]string{waAsked("button", "Pay?", `{"buttons":[{"type":"reply","reply":{"id":"abcdefgh:1","title":"`+strings.Repeat("ṱ", 20)+`"}}]}`)}, "",
		},
		{
			"labels of more lines and blanks", waPick("Pay?", " Yes,\n please "),
			[]string{waAsked("button", "Pay?", `{"buttons":[{"type":"reply","reply":{"id":"abcdefgh:1","title":"Yes, please"}}]}`)}, "",
		},
		{"ten", ten, []string{waAsked("list", "Which?", waListOf(rows))}, ""},
		{
			"a label too long for a title", waPick("Which?", long, "b", "c", "d"),
			[]string{waAsked("list", "Which?", waListOf(`{"id":"abcdefgh:1","title":"1. A thousand rand of e…","description":"`+long+`"},`+
				`{"id":"abcdefgh:2","title":"b"},{"id":"abcdefgh:3","title":"c"},{"id":"abcdefgh:4","title":"d"}`))},
			`msg="a label was shortened" channel=whatsapp long=52 shown=24`,
		},
		{
			"two labels alike", waPick("Which?", "Thandi", "Thandi"),
			[]string{waAsked("list", "Which?", waListOf(`{"id":"abcdefgh:1","title":"1. Thandi","description":"Thandi"},{"id":"abcdefgh:2","title":"2. Thandi","description":"Thandi"}`))}, "",
		},
		{
			"labels that become alike", waPick("Which?", "Thandi", "Thandi", "1. Thandi"),
			[]string{waWords("Which?\n1. Thandi\n2. Thandi\n3. 1. Thandi")}, "shown with numbers",
		},
		{"eleven", eleven, []string{waWords(eleven.Text)}, `msg="a screen is shown with numbers: it fits no list" channel=whatsapp choices=11 longest=4 prompt=6`},
		{"a label too long for a description", waPick("Which?", strings.Repeat("x", 73), "b"), []string{waWords("Which?\n1. " + strings.Repeat("x", 73) + "\n2. b")}, "longest=73"},
		{"a long prompt", waPick(strings.Repeat("x", 1025), "Yes"), []string{waWords(strings.Repeat("x", 1025) + "\n1. Yes")}, "prompt=1025"},
		{"a prompt that just fits", waPick(strings.Repeat("x", 1024), "Yes"), []string{waAsked("button", strings.Repeat("x", 1024), `{"buttons":[{"type":"reply","reply":{"id":"abcdefgh:1","title":"Yes"}}]}`)}, ""},
		{"no prompt", waPick("", "Yes"), []string{waWords("1. Yes")}, "prompt=0"},
		{"an empty label", waPick("Pay?", "Yes", " "), []string{waWords("Pay?\n1. Yes\n2.")}, "shown with numbers"},
		{"a screen with no name", nameless, []string{waWords("Pay?\n1. Yes\n2. No")}, "shown with numbers"},
		{"two choices by one input", twice, []string{waWords("Pay?\n1. Yes\n2. No")}, "shown with numbers"},
		{"the own number", ask, []string{waAsked("request_contact_info", `Who are you?\n0. Back`, `{"name":"request_contact_info"}`)}, ""},
		{"the own number, below a long text", longAsk, []string{waWords(strings.Repeat("x", waInteractiveTop) + "\n0. Back")}, ""},
		{
			"a name with marks", waPick("Pay *Thandi*?", "*Yes*"),
			[]string{waAsked("button", "Pay Thandi?", `{"buttons":[{"type":"reply","reply":{"id":"abcdefgh:1","title":"*Yes*"}}]}`)}, "", // marks do nothing on a button
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(w.log.String())
			var got []string
			for _, m := range w.screen(c.r) {
				b, err := json.Marshal(m)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(b))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if said := w.log.String()[before:]; c.logs == "" && said != "" || !strings.Contains(said, c.logs) {
				t.Errorf("logged %q, want %q", said, c.logs)
			}
		})
	}
}

func TestALongTextIsSplitWhereALineEnds(t *testing.T) {
	line := strings.Repeat("x", 999)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"one", strings.Repeat("ṱ", waMessageText), []string{strings.Repeat("ṱ", waMessageText)}},
		{"lines", strings.Repeat(line+"\n", 5), []string{strings.TrimSpace(strings.Repeat(line+"\n", 4)), line}},
		{"words", strings.Repeat(line+" ", 5), []string{strings.TrimSpace(strings.Repeat(line+" ", 4)), line}},
		{"neither", strings.Repeat("x", waMessageText+1), []string{strings.Repeat("x", waMessageText), "x"}},
	} {
		var got []string
		for _, m := range waTexts(c.text) {
			got = append(got, m.Text.Body)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
}

func TestOnlyMarksThatChangeALookAreTakenOut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"nothing to do", "nothing to do"},
		{"*Thandi*", "Thandi"},
		{"for *Thandi Nkosi*, _today_ ~R50~", "for Thandi Nkosi, today R50"},
		{"_*both*_ and *_both_*", "both and both"},
		{"**twice**", "twice"},
		{"(*in brackets*)", "(in brackets)"},
		{"`code` and ```more\nof it```", "code and more\nof it"},

		{"one * alone", "one * alone"},
		{"one *alone", "one *alone"},
		{"one alone*", "one alone*"},
		{"a * b * c", "a * b * c"},
		{"*a\nb*", "*a\nb*"},
		{"snake_case_name and 2*3*4", "snake_case_name and 2*3*4"},
		{"A_1, B_2", "A_1, B_2"},
		{"it's 5~6", "it's 5~6"},
		{"one ` alone", "one ` alone"},
		{"****", "****"},

		{"Dial *120*384#", "Dial *120*384#"},
		{"Dial *120*384*1# or *120*385#.", "Dial *120*384*1# or *120*385#."},
		{"*111*#", "*111*#"},
		{"*Dial *120*384#*", "Dial *120*384#"},
		{"*Dial* *111*# _now_", "Dial *111*# now"},
		{"*120*384", "*120*384"},
		{"*120*", "120"}, // no code without its end
		{strings.Repeat("*", 3) + "x" + strings.Repeat("*", 3), "x"},
		{strings.Repeat("*", 200) + "x" + strings.Repeat("*", 200), "x"},
	} {
		if got := waPlain(c.text); got != c.want {
			t.Errorf("%q became %q, want %q", c.text, got, c.want)
		}
	}
}

// TestEveryScreenFits draws screens and sees that nothing of them is lost or
// beyond a limit, and that every tap is understood as what was shown.
func TestEveryScreenFits(t *testing.T) {
	w := newWhatsApp(t)
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.StringOfN(rapid.RuneFrom([]rune("aṱ *_\n🙂")), 0, 90, -1)
		labels := rapid.SliceOfN(label, 0, 12).Draw(t, "labels")
		r := waPick(rapid.StringOfN(rapid.RuneFrom([]rune("ab \n")), 0, 1100, -1).Draw(t, "prompt"), labels...)
		for _, m := range w.screen(r) {
			if m.Text != nil {
				if n := utf8.RuneCountInString(m.Text.Body); n < 1 || n > waMessageText {
					t.Fatalf("a text of %d", n)
				}
				continue
			}
			a := m.Interactive.Action
			rows := make([]waRow, 0, 10)
			for _, b := range a.Buttons {
				rows = append(rows, b.Reply)
			}
			for _, s := range a.Sections {
				rows = append(rows, s.Rows...)
			}
			if len(rows) != len(labels) || len(rows) > 10 {
				t.Fatalf("%d of %d choices are shown", len(rows), len(labels))
			}
			seen := map[string]bool{}
			for i, row := range rows {
				screen, input, ok := waTap(row.ID)
				if !ok || screen != r.Screen || input != r.Chat.Choices[i].Input || seen[row.Title] {
					t.Fatalf("%+v is another choice than %+v", row, r.Chat.Choices[i])
				}
				seen[row.Title] = true
				whole := strings.Join(strings.Fields(labels[i]), " ")
				if row.Title != whole && row.Description != whole {
					t.Fatalf("%q is nowhere in %+v", whole, row)
				}
			}
		}
	})
}
