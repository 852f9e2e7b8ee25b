package channels

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/dialog"
	"spaza/test/chatfake"
)

// hears decodes what the fake delivers.
func (b tgBot) hears(t *testing.T, u chatfake.TelegramUpdate) Said {
	t.Helper()
	said, err := b.Decode(u.Body)
	if err != nil || len(said) != 1 {
		t.Fatalf("%d said, %v", len(said), err)
	}
	return said[0]
}

// types is a text that Thandi types; presses is a tap on one of her buttons.
func (b tgBot) types(t *testing.T, text string) Said {
	t.Helper()
	return b.hears(t, b.api.Text(tgThandi, tgThandi, text))
}

func (b tgBot) presses(t *testing.T, label string) Said {
	t.Helper()
	u, ok := b.api.Press(tgThandi, label, "27821234567")
	if !ok {
		t.Fatalf("there is no button %q", label)
	}
	return b.hears(t, u)
}

func (b tgBot) show(t *testing.T, s Said, r dialog.Reply) {
	t.Helper()
	if err := b.Show(t.Context(), s, r); err != nil {
		t.Fatal(err)
	}
}

// methods are what was called, since so many calls before.
func (b tgBot) methods(since int) (out []string) {
	for _, c := range b.api.Calls("")[since:] {
		out = append(out, c.Method)
	}
	return out
}

// shows are the bot's words that stand in Thandi's chat.
func (b tgBot) shows() (out []string) {
	for _, m := range b.api.Shown(tgThandi) {
		out = append(out, m.Text)
	}
	return out
}

func tgSame(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got)\n%s", what, d)
	}
}

func TestTelegramReplacesWhatWasTapped(t *testing.T) {
	b := newTG(t)
	b.show(t, b.types(t, "/start"), tgMenuReply())
	tgSame(t, "labels", [][]string{{"Airtime", "Data"}, {"Electricity"}, {"Back", "Menu"}}, b.api.Last(tgThandi).Labels())
	if m := b.api.Last(tgThandi); !m.NoPreview || m.Protected {
		t.Errorf("%+v", m)
	}
	next := dialog.Reply{Text: "How much <R>?\n1 R5", Screen: "next-one", Chat: &dialog.Parts{Prompt: "How much <R>?", Choices: []dialog.Choice{{Input: "1", Label: "R5 & more"}}}}
	tap := b.presses(t, "Data")
	if tap.Text != "2" || tap.Answers != "Ab3-_xyz" {
		t.Errorf("tapped %q of %q", tap.Text, tap.Answers)
	}
	b.show(t, tap, next)
	tgSame(t, "shown", []string{"How much <R>?"}, b.shows())
	tgSame(t, "labels", [][]string{{"R5 & more"}}, b.api.Last(tgThandi).Labels())
	tgSame(t, "calls", []string{"sendMessage", "editMessageText", "answerCallbackQuery"}, b.methods(0))

	// The same again changes nothing, and is no failure.
	b.show(t, tap, next)
	tgSame(t, "shown", []string{"How much <R>?"}, b.shows())
	// A screen without buttons takes those away that stood there.
	b.show(t, b.presses(t, "R5 & more"), dialog.Reply{Text: "Done.", End: true})
	tgSame(t, "labels", [][]string(nil), b.api.Last(tgThandi).Labels())
	// What is typed gets a message of its own.
	b.show(t, b.types(t, "hi"), tgMenuReply())
	tgSame(t, "shown", []string{"Done.", "What do you need?"}, b.shows())
}

func TestTelegramSendsAnewWhatCanNotBeReplaced(t *testing.T) {
	private := tgMenuReply(func(r *dialog.Reply) {
		r.Chat.Private, r.Chat.Copy = true, []string{"4111 2222 3333 4444 5555"}
		r.Chat.Prompt = "Token 4111 2222 3333 4444 5555"
	})
	b := newTG(t)
	b.show(t, b.types(t, "/start"), tgMenuReply())
	first := b.api.Last(tgThandi)

	since := len(b.methods(0))
	b.show(t, b.presses(t, "Electricity"), private)
	tgSame(t, "calls", []string{"sendMessage", "editMessageReplyMarkup", "answerCallbackQuery"}, b.methods(since))
	token := b.api.Last(tgThandi)
	if !token.Protected || token.Source != "Token <code>4111 2222 3333 4444 5555</code>" {
		t.Errorf("%+v", token)
	}
	if c, ok := token.Button("📋 4111 2222 3333 4444 5555"); !ok || c.Copy != "4111 2222 3333 4444 5555" {
		t.Errorf("%v", token.Labels())
	}
	for _, m := range b.api.Shown(tgThandi) {
		if m.ID == first.ID && m.Buttons != nil {
			t.Errorf("the buttons of the screen before stay: %v", m.Labels())
		}
	}
	// The token stays when one goes on from it.
	b.show(t, b.presses(t, "Menu"), tgMenuReply())
	tgSame(t, "shown", []string{"What do you need?", "Token 4111 2222 3333 4444 5555", "What do you need?"}, b.shows())

	for name, fault := range map[string]string{
		"gone": "Bad Request: message to edit not found", "old": "Bad Request: message can't be edited", "unknown": "Bad Request: MESSAGE_ID_INVALID",
	} {
		t.Run(name, func(t *testing.T) {
			n := len(b.shows())
			b.api.Fail(chatfake.TelegramFault{Method: "editMessageText", Status: 400, Description: fault})
			b.show(t, b.presses(t, "Airtime"), dialog.Reply{Text: "Next"})
			if got := b.shows(); len(got) != n+1 || got[n] != "Next" {
				t.Errorf("shown: %v", got)
			}
		})
		b.show(t, b.types(t, "x"), tgMenuReply())
	}
	t.Run("too long", func(t *testing.T) {
		n := len(b.shows())
		b.show(t, b.presses(t, "Airtime"), dialog.Reply{Text: strings.Repeat("x", 4096) + "\n1"})
		if got := b.shows(); len(got) != n+2 || got[n+1] != "1" {
			t.Errorf("%d shown", len(got)-n)
		}
	})
}

func TestTelegramAsksForANumberAndThanks(t *testing.T) {
	b := newTG(t)
	ask := dialog.Reply{Text: "Whose number?", Screen: "whose-no", Chat: &dialog.Parts{Prompt: "Whose number?", Wants: dialog.WantsContact}}
	b.show(t, b.types(t, "/start"), ask)
	s := b.presses(t, "Share my number")
	if s.Contact != "27821234567" || s.Text != "" {
		t.Errorf("contact %q, text %q", s.Contact, s.Text)
	}
	b.show(t, s, tgMenuReply(func(r *dialog.Reply) { r.Chat.Prompt = "Thank you.\n\n" + r.Chat.Prompt }))
	shown := b.api.Shown(tgThandi)
	tgSame(t, "shown", []string{"Whose number?", "Thank you.", "What do you need?"}, b.shows())
	if !shown[1].RemovesKeyboard || shown[1].Buttons != nil || len(shown[2].Buttons) != 3 {
		t.Errorf("%+v", shown[1:])
	}
	// Somebody else's card is asked for again.
	b.show(t, b.hears(t, b.api.Contact(tgThandi, tgThandi, 9, "27821234567", false)), ask)
	if m := b.api.Last(tgThandi); len(m.Keyboard) != 1 || !m.Keyboard[0][0].Contact {
		t.Errorf("%+v", m)
	}
}

func TestTelegramDeletesWhatIsConfidential(t *testing.T) {
	forget := tgMenuReply(func(r *dialog.Reply) { r.Chat.Forget = true })
	for _, c := range []struct {
		name, typed string
		reply       dialog.Reply
		gone        bool
	}{
		{"a PIN that was asked for", "1234", forget, true},
		{"a voucher that was not", "4111 2222-3333 4444", tgMenuReply(), true},
		{"a voucher, with no parts in the answer", "4111222233334444", dialog.Reply{Text: "Sorry."}, true},
		{"anything else", "buy airtime", tgMenuReply(), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newTG(t)
			s := b.types(t, c.typed)
			b.show(t, s, c.reply)
			if m := b.api.Messages(tgThandi)[0]; m.Deleted != c.gone || m.Bot {
				t.Errorf("deleted: %t", m.Deleted)
			}
			if calls := b.methods(0); c.gone && calls[0] != "deleteMessage" {
				t.Errorf("calls: %v", calls)
			}
			b.show(t, s, c.reply) // again, where it is gone already
			if strings.Contains(b.log.String(), "stays in sight") {
				t.Errorf("log: %s", b.log.String())
			}
		})
	}
	t.Run("it can not be", func(t *testing.T) {
		b := newTG(t)
		b.api.Fail(chatfake.TelegramFault{Method: "deleteMessage", Status: 400, Description: "Bad Request: message can't be deleted canary"})
		b.show(t, b.types(t, "4111222233334444"), tgMenuReply())
		if !strings.Contains(b.log.String(), "stays in sight") || !strings.Contains(b.log.String(), "message can't be deleted") {
			t.Errorf("log: %s", b.log.String())
		}
	})
	t.Run("later", func(t *testing.T) {
		b := newTG(t)
		b.api.Fail(chatfake.TelegramFault{Method: "deleteMessage", Status: 502, Body: "<html>canary"})
		s := b.types(t, "1234")
		if do := tgRemedy(t, b.Show(t.Context(), s, forget)); do != SendLater || len(b.shows()) != 0 {
			t.Errorf("%q, %v", do, b.shows())
		}
		b.show(t, s, forget)
		if !b.api.Messages(tgThandi)[0].Deleted {
			t.Error("it was not deleted the next time")
		}
	})
	t.Run("taps are nothing to delete", func(t *testing.T) {
		b := newTG(t)
		b.show(t, b.types(t, "hi"), tgMenuReply())
		b.show(t, b.presses(t, "Airtime"), forget)
		if n := len(b.api.Calls("deleteMessage")); n != 0 {
			t.Errorf("%d deleted", n)
		}
	})
}

func TestTelegramAcknowledgesTaps(t *testing.T) {
	b := newTG(t)
	b.show(t, b.types(t, "hi"), tgMenuReply())
	u, _ := b.api.Press(tgThandi, "Airtime", "")
	b.show(t, b.hears(t, u), tgMenuReply()) // a stale one: the screen stays as it is
	if !b.api.Answered(u) {
		t.Error("the wheel turns for ever")
	}
	tgSame(t, "shown", []string{"What do you need?"}, b.shows())
	for _, x := range []chatfake.TelegramFault{
		{Status: 400, Description: "Bad Request: query is too old and response timeout expired or query ID is invalid"},
		{Status: 502, Body: "<html>"}, {Drop: true}, {Status: 429, Description: "Too Many Requests: retry after 9", RetryAfter: 9},
	} {
		x.Method = "answerCallbackQuery"
		b.api.Fail(x)
		b.show(t, b.presses(t, "Airtime"), tgMenuReply(func(r *dialog.Reply) { r.Chat.Prompt += "!" }))
	}
	acknowledged := len(b.api.Calls("answerCallbackQuery"))
	b.api.Fail(chatfake.TelegramFault{Method: "editMessageText", Status: 502, Body: "<html>"})
	if do := tgRemedy(t, b.Show(t.Context(), b.presses(t, "Airtime"), tgMenuReply())); do != SendLater {
		t.Errorf("got %q", do)
	}
	if n := len(b.api.Calls("answerCallbackQuery")); n != acknowledged {
		t.Error("an API that is away is asked once more")
	}
}

func TestTelegramTellsWhatAnswersNothing(t *testing.T) {
	b := newTG(t)
	b.types(t, "hi")
	thandi := Person{User: tgThandiID, Number: "27821234567"}
	taken, err := b.Tell(t.Context(), thandi, Message{ID: "m1", Text: "R5 <MTN> & done"})
	m := b.api.Last(tgThandi)
	if err != nil || taken != "telegram:"+strconv.FormatInt(m.ID, 10) || m.Text != "R5 <MTN> & done" || m.Protected || m.Buttons != nil || !m.NoPreview {
		t.Errorf("%q, %v, %+v", taken, err, m)
	}
	taken, err = b.Tell(t.Context(), thandi, Message{ID: "m2", Text: strings.Repeat("x", 4090) + "\nToken 12 34", Copy: []string{"12 34"}})
	m = b.api.Last(tgThandi)
	if err != nil || taken != "telegram:"+strconv.FormatInt(m.ID, 10) || m.Source != "Token <code>12 34</code>" || !m.Protected || m.Buttons[0][0].Copy != "12 34" {
		t.Errorf("%q, %v, %+v", taken, err, m)
	}
	if all := b.api.Shown(tgThandi); len(all) != 3 || !all[1].Protected || all[1].Buttons != nil {
		t.Errorf("%d shown", len(all))
	}
	for _, user := range []string{"", "x", "-5", "0", "27821234567canary"} {
		if _, err := b.Tell(t.Context(), Person{User: user}, Message{Text: "x"}); tgRemedy(t, err) != SendElsewhere {
			t.Errorf("%q: %v", user, err)
		}
	}
	if err := b.Show(t.Context(), Said{From: "@canary"}, dialog.Reply{Text: "x"}); tgRemedy(t, err) != SendElsewhere {
		t.Errorf("got %v", err)
	}
	if _, err := b.Tell(t.Context(), thandi, Message{Text: " \n"}); tgRemedy(t, err) != SendNever {
		t.Errorf("nothing to say: %v", err)
	}
}

func TestTelegramSaysItPlainlyWhereMarkupIsNotUnderstood(t *testing.T) {
	b := newTG(t)
	b.show(t, b.types(t, "hi"), tgMenuReply())
	for _, method := range []string{"sendMessage", "editMessageText"} {
		b.api.Fail(chatfake.TelegramFault{Method: method, Status: 400, Description: "Bad Request: can't parse entities: unsupported start tag \"canary\" at byte offset 4"})
	}
	b.show(t, b.presses(t, "Airtime"), tgMenuReply(func(r *dialog.Reply) { r.Chat.Prompt = "a < b" }))
	if m := b.api.Last(tgThandi); m.Text != "a < b" || m.HTML || len(m.Buttons) != 3 || m.Edits != 1 {
		t.Errorf("%+v", m)
	}
	b.show(t, b.types(t, "hi"), tgMenuReply(func(r *dialog.Reply) { r.Chat.Prompt = "c < d" }))
	if m := b.api.Last(tgThandi); m.Text != "c < d" || m.HTML {
		t.Errorf("%+v", m)
	}
}
