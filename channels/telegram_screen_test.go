package channels

import (
	"encoding/json"
	"html"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/dialog"
)

// tgMenuReply is a screen with three choices and two ways out.
func tgMenuReply(change ...func(*dialog.Reply)) dialog.Reply {
	r := dialog.Reply{
		Text: "What do you need?\n1 Airtime\n2 Data\n3 Electricity\n0 Back\n00 Menu", Screen: "Ab3-_xyz",
		Chat: &dialog.Parts{Prompt: "What do you need?", Choices: []dialog.Choice{
			{Input: "1", Label: "Airtime"}, {Input: "2", Label: "Data"}, {Input: "3", Label: "Electricity"},
			{Input: "0", Label: "Back", Way: true}, {Input: "00", Label: "Menu", Way: true},
		}},
	}
	for _, f := range change {
		f(&r)
	}
	return r
}

// tgLaid is a layout as it goes over the wire.
type tgLaid struct {
	Parts            []string
	First, Markup    string
	Protect, Replace bool
}

func tgLay(t *testing.T, s tgShown) tgLaid {
	t.Helper()
	write := func(v any) string {
		if v == nil {
			return ""
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return tgLaid{s.parts, write(s.first), write(s.markup), s.protect, s.replace}
}

func TestTelegramLaysOutScreens(t *testing.T) {
	long := "A label that is longer than the sixty-four characters for which room is there"
	const (
		ways  = `[{"text":"Back","callback_data":"Ab3-_xyz:0"},{"text":"Menu","callback_data":"Ab3-_xyz:00"}]`
		menu  = `{"inline_keyboard":[[{"text":"Airtime","callback_data":"Ab3-_xyz:1"},{"text":"Data","callback_data":"Ab3-_xyz:2"}],[{"text":"Electricity","callback_data":"Ab3-_xyz:3"}],` + ways + `]}`
		token = "4111 2222 3333 4444 5555"
		gone  = `{"remove_keyboard":true}`
	)
	kept := strings.ReplaceAll(menu, "xyz:", "xyz!")
	numbered := tgMenuReply().Text
	for _, c := range []struct {
		name  string
		said  Said
		reply dialog.Reply
		want  tgLaid
	}{
		{"choices that are short", Said{}, tgMenuReply(), tgLaid{[]string{"What do you need?"}, "", menu, false, true}},
		{"a choice that is long", Said{}, tgMenuReply(func(r *dialog.Reply) { r.Chat.Choices[0].Label = "Airtime, any network" }), tgLaid{
			[]string{"What do you need?"}, "",
			`{"inline_keyboard":[[{"text":"Airtime, any network","callback_data":"Ab3-_xyz:1"}],[{"text":"Data","callback_data":"Ab3-_xyz:2"}],[{"text":"Electricity","callback_data":"Ab3-_xyz:3"}],` + ways + `]}`,
			false, true,
		}},
		{"a label that is far too long, of two lines", Said{}, tgMenuReply(func(r *dialog.Reply) {
			r.Chat.Choices = []dialog.Choice{{Input: "1", Label: strings.Replace(long, " ", "\n", 1)}}
		}), tgLaid{
			[]string{"What do you need?"}, "",
			`{"inline_keyboard":[[{"text":"A label that is longer than the sixty-four characters for which…","callback_data":"Ab3-_xyz:1"}]]}`, false, true,
		}},
		{"a label that is empty", Said{}, tgMenuReply(func(r *dialog.Reply) { r.Chat.Choices = []dialog.Choice{{Input: "1"}} }), tgLaid{
			[]string{"What do you need?"}, "", `{"inline_keyboard":[[{"text":"1","callback_data":"Ab3-_xyz:1"}]]}`, false, true,
		}},
		{"a choice that no button holds", Said{}, tgMenuReply(func(r *dialog.Reply) { r.Chat.Choices[0].Input = strings.Repeat("x", 56) }), tgLaid{
			[]string{numbered}, "",
			`{"inline_keyboard":[[{"text":"Data","callback_data":"Ab3-_xyz:2"},{"text":"Electricity","callback_data":"Ab3-_xyz:3"}],` + ways + `]}`, false, true,
		}},
		{"more choices than there are buttons", Said{}, tgMenuReply(func(r *dialog.Reply) {
			r.Chat.Choices = make([]dialog.Choice, 91)
		}), tgLaid{[]string{numbered}, "", "", false, true}},
		{"nothing to answer", Said{}, tgMenuReply(func(r *dialog.Reply) { r.Screen = "" }), tgLaid{[]string{numbered}, "", "", false, true}},
		{"no choices", Said{}, tgMenuReply(func(r *dialog.Reply) { r.Chat.Choices = nil }), tgLaid{[]string{"What do you need?"}, "", "", false, true}},
		{"no parts", Said{}, dialog.Reply{Text: "Sorry."}, tgLaid{[]string{"Sorry."}, "", "", false, true}},
		{"nothing", Said{}, dialog.Reply{}, tgLaid{nil, "", "", false, false}},
		{"private", Said{}, tgMenuReply(func(r *dialog.Reply) { r.Chat.Private = true }), tgLaid{[]string{"What do you need?"}, "", kept, true, false}},
		{"to be copied", Said{}, tgMenuReply(func(r *dialog.Reply) {
			r.Chat.Copy = []string{token, "", strings.Repeat("1", 257)}
			r.Chat.Choices = nil
		}), tgLaid{
			[]string{"What do you need?"}, "",
			`{"inline_keyboard":[[{"text":"📋 4111 2222 3333 4444 5555","copy_text":{"text":"4111 2222 3333 4444 5555"}}]]}`, true, false,
		}},
		{"more to be copied than there are buttons", Said{}, tgMenuReply(func(r *dialog.Reply) {
			r.Chat.Copy, r.Chat.Choices = []string{"1", "2", "3", "4", "5", "6"}, nil
		}), tgLaid{
			[]string{"What do you need?"}, "",
			`{"inline_keyboard":[[{"text":"📋 1","copy_text":{"text":"1"}}],[{"text":"📋 2","copy_text":{"text":"2"}}],[{"text":"📋 3","copy_text":{"text":"3"}}],[{"text":"📋 4","copy_text":{"text":"4"}}],[{"text":"📋 5","copy_text":{"text":"5"}}]]}`,
			true, false,
		}},
		{"a contact is wanted", Said{}, tgMenuReply(func(r *dialog.Reply) { r.Chat.Wants = dialog.WantsContact }), tgLaid{
			[]string{numbered}, "",
			`{"keyboard":[[{"text":"Share my number","request_contact":true}]],"resize_keyboard":true,"one_time_keyboard":true}`, false, false,
		}},
		{"a contact is wanted, by a choice of its own", Said{}, tgMenuReply(func(r *dialog.Reply) {
			r.Chat.Wants, r.Chat.Choices[1] = dialog.WantsContact, dialog.Choice{Input: "contact", Label: "Deel my nommer"}
		}), tgLaid{
			[]string{numbered}, "",
			`{"keyboard":[[{"text":"Deel my nommer","request_contact":true}]],"resize_keyboard":true,"one_time_keyboard":true}`, false, false,
		}},
		{"a contact came", Said{Contact: "27821234567"}, tgMenuReply(), tgLaid{[]string{numbered}, "", gone, false, false}},
		{"a contact came, and thanks go before", Said{Contact: "27821234567"}, tgMenuReply(func(r *dialog.Reply) {
			r.Chat.Prompt = "Thank you.\n\n" + r.Chat.Prompt
		}), tgLaid{[]string{"Thank you.", "What do you need?"}, gone, menu, false, false}},
		{"a contact came, and nothing can be picked", Said{Contact: "27821234567"}, dialog.Reply{Text: "Thank you.\n\nType the code."}, tgLaid{
			[]string{"Thank you.\n\nType the code."}, "", gone, false, false,
		}},
		{"a long text", Said{}, dialog.Reply{Text: strings.Repeat("x", 4000) + "\n" + strings.Repeat("y", 4000)}, tgLaid{
			[]string{strings.Repeat("x", 4000), strings.Repeat("y", 4000)}, "", "", false, false,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log tgLog
			got := tgLay(t, tgAnswer(slog.New(slog.NewTextHandler(&log, nil)), c.said, c.reply))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			short := strings.Contains(log.String(), "label was shortened") && strings.Contains(log.String(), "characters=77")
			if short != strings.Contains(got.Markup, "…") || strings.Contains(log.String(), "sixty-four") {
				t.Errorf("log: %s", log.String())
			}
			if more := strings.Contains(log.String(), "copies") || strings.Contains(log.String(), "more to copy"); more != strings.HasPrefix(c.name, "to be") && more != strings.HasPrefix(c.name, "more to be") {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

func TestTelegramCutsTextsAtTheEndsOfLines(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"what fits", "0123456789", []string{"0123456789"}},
		{"at a line", "01 3\n5678\nabc", []string{"01 3\n5678", "abc"}},
		{"at a blank", "01 34 67 9abc", []string{"01 34 67", "9abc"}},
		{"anywhere", "0123456789ab", []string{"0123456789", "ab"}},
		{"pictures count twice", "🙂🙂🙂🙂🙂🙂", []string{"🙂🙂🙂🙂🙂", "🙂"}},
		{"empty lines", "\n\n012\n\n\n\n\n\n\n\n\n\n\n345\n", []string{"012", "345"}},
		{"nothing to read", " \n\t ", nil},
		{"nothing", "", nil},
		{"bytes that are no text", "a\xffb", []string{"a\uFFFDb"}},
	} {
		if d := cmp.Diff(c.want, tgSplit(c.text, 10)); d != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, d)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab 🙂\né")), 0, 200, -1).Draw(t, "text")
		room := rapid.IntRange(2, 60).Draw(t, "room")
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		parts := tgSplit(text, room)
		for _, p := range parts {
			if n := len(utf16.Encode([]rune(p))); n > room || n == 0 || !utf8.ValidString(p) {
				t.Fatalf("a part of %d: %q", n, p)
			}
		}
		if bare(strings.Join(parts, "")) != bare(text) {
			t.Fatalf("%q became %q", text, parts)
		}
	})
}

func TestTelegramWritesMarkupThatNobodyCanMake(t *testing.T) {
	for _, c := range []struct {
		text string
		code []string
		want string
	}{
		{"a < b & c > d", nil, "a &lt; b &amp; c &gt; d"},
		{"<code>1</code> &lt;", nil, "&lt;code&gt;1&lt;/code&gt; &amp;lt;"},
		{"Token 1234 5678, ref 12", []string{"1234 5678"}, "Token <code>1234 5678</code>, ref 12"},
		{"12 1234 12", []string{"12", "1234", ""}, "<code>12</code> <code>1234</code> <code>12</code>"},
		{"a<b", []string{"<b"}, "a<code>&lt;b</code>"},
		{"nothing of it", []string{"x"}, "nothing of it"},
	} {
		if got := tgHTML(c.text, c.code); got != c.want {
			t.Errorf("%q became %q, want %q", c.text, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("a<>&;\"'/1"))).Draw(t, "text")
		code := rapid.SliceOfN(rapid.StringOf(rapid.RuneFrom([]rune("a<1"))), 0, 3).Draw(t, "code")
		plain := strings.NewReplacer("<code>", "", "</code>", "").Replace(tgHTML(text, code))
		if strings.ContainsAny(plain, "<>") || html.UnescapeString(plain) != text {
			t.Fatalf("%q became %q", text, plain)
		}
	})
}

func TestTelegramKnowsAVouchersPIN(t *testing.T) {
	for text, want := range map[string]bool{
		"4111222233334444": true, "4111 2222 3333 4444": true, "pin: 4111-2222-3333-4444.": true, "4111 2222–3333\n4444 5": true,
		"٤١١١222233334444": true, "411122223333444": false, "4111 2222 3333 444x4": false, "0821234567": false, "": false,
		"1 and 4111 2222 and 3333 4444": false, "12345678901, 234": false,
	} {
		if got := tgHasPIN(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
