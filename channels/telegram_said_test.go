package channels

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/test/chatfake"
)

// tgUpdateOf is an update with one thing in it.
func tgUpdateOf(what string) string { return `{"update_id":91001,` + what + `}` }

const (
	tgFrom = `"from":{"id":111222333,"is_bot":false,"first_name":"T","language_code":"zu"},"chat":{"id":111222333,"type":"private"},"date":1763700000`
	// tgUnder is where a tapped button stands.
	tgUnder = `"chat":{"id":111222333,"type":"private"},"message_id":56,"date":0`
)

func tgMessageOf(what string) string {
	return tgUpdateOf(`"message":{"message_id":55,` + tgFrom + `,` + what + `}`)
}

func tgTapOf(what string) string {
	return tgUpdateOf(`"callback_query":{"id":"4382bfdwdsb323b2d9",` + tgFrom + `,"chat_instance":"-3",` + what + `}`)
}

func tgDecoder(t testing.TB) *Telegram {
	t.Helper()
	bot, err := NewTelegram(TelegramOptions{Token: key(tgToken), Now: tgClock})
	if err != nil {
		t.Fatal(err)
	}
	return bot
}

func TestTelegramDecodesWhatAPersonSays(t *testing.T) {
	typed := func(text string) Said {
		return Said{Channel: "telegram", ID: "91001", From: "111222333", Text: text, Message: "55", Lang: "zu", Arrived: tgNoon}
	}
	card := func(number string) Said {
		s := typed("")
		s.Contact = number
		return s
	}
	tapped := func(screen, input, button string) Said {
		return Said{
			Channel: "telegram", ID: "91001", From: "111222333", Text: input, Answers: screen, Button: button, Tap: "4382bfdwdsb323b2d9",
			Lang: "zu", Arrived: tgNoon,
		}
	}
	own := func(more string) string {
		return tgMessageOf(`"contact":{"phone_number":"27821234567","first_name":"T","user_id":111222333}` + more)
	}
	number := func(n, user string) string {
		return tgMessageOf(`"contact":{"phone_number":"` + n + `","first_name":"T"` + user + `}`)
	}
	const mine = `,"user_id":111222333`
	for _, c := range []struct {
		name, body string
		want       Said
	}{
		{"a text", tgMessageOf(`"text":"1"`), typed("1")},
		{"words and lines", tgMessageOf(`"text":"koop krag\nR50 ✅"`), typed("koop krag\nR50 ✅")},
		{"a start", tgMessageOf(`"text":"/start"`), typed("/start")},
		{"a start by a link", tgMessageOf(`"text":"/start ref123"`), typed("/start")},
		{"a start with the bot's name", tgMessageOf(`"text":"/Start@SpazaBot x"`), typed("/start")},
		{"a command", tgMessageOf(`"text":"/balance"`), typed("/balance")},
		{"a command with the bot's name", tgMessageOf(`"text":"/buy@SpazaBot airtime 10@x"`), typed("/buy airtime 10@x")},
		{"a command like a start", tgMessageOf(`"text":"/started"`), typed("/started")},
		{"a slash", tgMessageOf(`"text":"/"`), typed("/")},
		{"control characters", tgMessageOf(`"text":"1\u00002\u001b[3\u007f4\u200b5\u202e6\r\n"`), typed("12[3456\n")},
		{"half a character", tgMessageOf(`"text":"a\ud800b"`), typed("a\uFFFDb")},
		{"bytes that are no text", tgMessageOf("\"text\":\"a\xffb\""), typed("a\uFFFDb")},
		{"a text that is too long", tgMessageOf(`"text":"` + strings.Repeat("é", 3000) + `"`), typed(strings.Repeat("é", 2048))},
		{"one cut inside a character", tgMessageOf(`"text":"a` + strings.Repeat("é", 3000) + `"`), typed("a" + strings.Repeat("é", 2047))},
		{"a picture", tgMessageOf(`"photo":[{"file_id":"x"}],"caption":"4111222233334444"`), typed("")},
		{"a sticker", tgMessageOf(`"sticker":{"file_id":"x","emoji":"1"}`), typed("")},
		{"a voice", tgMessageOf(`"voice":{"file_id":"x"}`), typed("")},
		{"a forwarded text", tgMessageOf(`"text":"4111","forward_date":1,"forward_origin":{"type":"hidden_user"}`), typed("4111")},
		{"fields that nobody knows", tgMessageOf(`"text":"1","entities":7,"photo":{"x":[]},"new":null`), typed("1")},

		{"the own number", own(""), card("27821234567")},
		{"the own number with a plus", number("+27821234567", mine), card("27821234567")},
		{"the own number, in reply to the button", own(`,"reply_to_message":{"message_id":1,"text":"x"}`), card("27821234567")},
		{"with a text beside it", own(`,"text":"1"`), card("27821234567")},
		{"somebody else's", number("27821234567", `,"user_id":444`), card("")},
		{"nobody's that is known", number("27821234567", ""), card("")},
		{"forwarded", own(`,"forward_origin":{"type":"user"}`), card("")},
		{"forwarded, as it once was said", own(`,"forward_date":1763690000`), card("")},
		{"by another bot", own(`,"via_bot":{"id":1,"is_bot":true}`), card("")},
		{"of another country", number("254712345678", mine), card("")},
		{"one of the country's that is no cell number", number("27111234567", mine), card("")},
		{"without the country", number("0821234567", mine), card("")},
		{"two pluses", number("++27821234567", mine), card("")},
		{"no number", number("x", mine), card("")},
		{"an empty card", tgMessageOf(`"contact":{}`), card("")},

		{"a tap", tgTapOf(`"message":{` + tgUnder + `},"data":"Ab3-_xyz:1"`), tapped("Ab3-_xyz", "1", "56")},
		{"a tap on what stays", tgTapOf(`"message":{` + tgUnder + `},"data":"Ab3-_xyz!00"`), tapped("Ab3-_xyz", "00", "")},
		{"an input with a colon", tgTapOf(`"message":{` + tgUnder + `},"data":"Ab3-_xyz:a:b!"`), tapped("Ab3-_xyz", "a:b!", "56")},
		{"the longest", tgTapOf(`"message":{` + tgUnder + `},"data":"Ab3-_xyz:` + strings.Repeat("x", 55) + `"`), tapped("Ab3-_xyz", strings.Repeat("x", 55), "56")},
		{"too long", tgTapOf(`"message":{` + tgUnder + `},"data":"Ab3-_xyz:` + strings.Repeat("x", 56) + `"`), tapped("", "", "")},
		{"no input", tgTapOf(`"message":{` + tgUnder + `},"data":"Ab3-_xyz:"`), tapped("", "", "")},
		{"no screen", tgTapOf(`"message":{` + tgUnder + `},"data":":1"`), tapped("", "", "")},
		{"a screen that is none", tgTapOf(`"message":{` + tgUnder + `},"data":"Ab3-/xyz:1"`), tapped("", "", "")},
		{"a screen of another alphabet", tgTapOf(`"message":{` + tgUnder + `},"data":"Ab3éxyz:1"`), tapped("", "", "")},
		{"another sign between", tgTapOf(`"message":{` + tgUnder + `},"data":"Ab3-_xyz;1"`), tapped("", "", "")},
		{"control characters in it", tgTapOf(`"message":{` + tgUnder + `},"data":"Ab3-_xyz:1\u0000"`), tapped("", "", "")},
		{"no data", tgTapOf(`"message":{` + tgUnder + `}`), tapped("", "", "")},
		{"a message that is not said", tgTapOf(`"message":{"chat":{"id":111222333,"type":"private"}},"data":"Ab3-_xyz:1"`), tapped("Ab3-_xyz", "1", "")},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := tgDecoder(t).Decode([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			// Said prints nothing of itself, so that it is compared by its fields.
			type fields Said
			if len(got) != 1 {
				t.Fatalf("%d said", len(got))
			}
			if d := cmp.Diff(fields(c.want), fields(got[0])); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestTelegramHearsNobodyElse(t *testing.T) {
	message := func(from, chat string) string {
		return tgUpdateOf(`"message":{"message_id":55,` + from + `"chat":` + chat + `,"text":"1"}`)
	}
	const (
		me      = `"from":{"id":5,"is_bot":false},`
		private = `{"id":5,"type":"private"}`
	)
	api := chatfake.NewTelegram(tgToken)
	for _, c := range []struct {
		name, body string
		malformed  bool
	}{
		{"a group", message(me, `{"id":-5,"type":"group"}`), false},
		{"a group that is called private", message(me, `{"id":-5,"type":"private"}`), false},
		{"a supergroup", message(me, `{"id":5,"type":"supergroup"}`), false},
		{"a channel", tgUpdateOf(`"channel_post":{"message_id":5,"chat":{"id":-100,"type":"channel"},"text":"1"}`), false},
		{"a chat without a kind", message(me, `{"id":5}`), false},
		{"somebody else's chat", message(me, `{"id":6,"type":"private"}`), false},
		{"a bot", message(`"from":{"id":5,"is_bot":true},`, private), false},
		{"nobody", message("", private), false},
		{"nobody and nowhere", tgUpdateOf(`"message":{"message_id":1,"text":"1"}`), false},
		{"a person without a number", message(`"from":{"id":0},`, `{"id":0,"type":"private"}`), false},
		{"a message without a number", tgUpdateOf(`"message":{` + me + `"chat":` + private + `,"text":"1"}`), false},
		{"an edited message", tgUpdateOf(`"edited_message":{"message_id":55,` + tgFrom + `,"text":"1"}`), false},
		{"a business message", tgUpdateOf(`"business_message":{"message_id":55,` + tgFrom + `,"text":"1"}`), false},
		{"a tap in a group", tgUpdateOf(`"callback_query":{"id":"1",` + me + `"message":{"message_id":1,"chat":{"id":-5,"type":"group"}},"data":"Ab3-_xyz:1"}`), false},
		{"a tap on nothing", tgUpdateOf(`"callback_query":{"id":"1",` + me + `"inline_message_id":"x","data":"Ab3-_xyz:1"}`), false},
		{"a tap without a name", tgUpdateOf(`"callback_query":{` + tgFrom + `,"message":{` + tgUnder + `},"data":"Ab3-_xyz:1"}`), false},
		{"a tap with a name too long", tgUpdateOf(`"callback_query":{"id":"` + strings.Repeat("1", 129) + `",` + tgFrom + `,"message":{` + tgUnder + `},"data":"Ab3-_xyz:1"}`), false},
		{"a tap of a bot", tgUpdateOf(`"callback_query":{"id":"1","from":{"id":5,"is_bot":true},"message":{"message_id":1,"chat":` + private + `},"data":"Ab3-_xyz:1"}`), false},
		{"a block", string(api.Blocked(5, 5).Body), false},
		{"an update of no kind", `{"update_id":1}`, false},
		{"null in it", `{"update_id":1,"message":null,"callback_query":null}`, false},

		{"no number", `{"message":{"message_id":55,` + tgFrom + `,"text":"1"}}`, true},
		{"a number below zero", `{"update_id":-1}`, true},
		{"a number that is none", `{"update_id":"1"}`, true},
		{"a number beyond numbers", `{"update_id":99999999999999999999}`, true},
		{"a text that is none", tgMessageOf(`"text":1`), true},
		{"nothing", ``, true},
		{"null", `null`, true},
		{"a list", `[]`, true},
		{"cut off", `{"update_id":1`, true},
		{"two", `{"update_id":1}{"update_id":2}`, true},
		{"deep", strings.Repeat("[", 100000), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := tgDecoder(t).Decode([]byte(c.body))
			if len(got) != 0 || errors.Is(err, ErrMalformed) != c.malformed || err != nil && !c.malformed {
				t.Errorf("%d said, %v", len(got), err)
			}
		})
	}
}

func TestTelegramsLanguagesAreOurs(t *testing.T) {
	for code, want := range map[string]string{
		"en": "en", "zu": "zu", "xh": "xh", "af": "af", "st": "st", "tn": "tn", "nso": "nso", "ts": "ts", "ss": "ss", "ve": "ve", "nr": "nr",
		"en-GB": "en", "AF": "af", "pt-br": "", "fr": "", "": "", "enx": "", "-": "",
	} {
		if got := tgLang(code); got != want {
			t.Errorf("%q is %q, want %q", code, got, want)
		}
	}
}

func TestTelegramButtonsTellWhatTheyStandFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		screen := rapid.StringMatching(`[A-Za-z0-9_-]{8}`).Draw(t, "screen")
		input := rapid.String().Draw(t, "input")
		replace := rapid.Bool().Draw(t, "replace")
		data, ok := tgButtonData(screen, input, replace)
		if !ok {
			if regexp.MustCompile(`^[0-9a-z*]{1,55}$`).MatchString(input) {
				t.Fatalf("%q has no button", input)
			}
			return
		}
		s, i, r := tgTapped(data)
		if s != screen || i != input || r != replace || len(data) > 64 {
			t.Fatalf("%q became %q %q %t", data, s, i, r)
		}
	})
	for _, screen := range []string{"", "short", "ninechars", "Ab3 _xyz", "Ab3:_xyz"} {
		if data, ok := tgButtonData(screen, "1", true); ok {
			t.Errorf("%q has a button: %q", screen, data)
		}
	}
}

func FuzzTelegramDecode(f *testing.F) {
	api := chatfake.NewTelegram(tgToken)
	for _, u := range []chatfake.TelegramUpdate{
		api.Text(5, 5, "/start x"), api.Tap(5, 5, 51, "Ab3-_xyz:1"), api.Contact(5, 5, 5, "27821234567", false), api.Photo(5, 5, "x"), api.Blocked(5, 5),
	} {
		f.Add(u.Body)
	}
	f.Add([]byte(tgMessageOf("\"text\":\"a\xff\\ud800\"")))
	f.Add([]byte(`{"update_id":1,"message":{}}`))
	bot := tgDecoder(f)
	number := regexp.MustCompile(`^27([67]\d|8[1-5])\d{7}$`)
	digits := regexp.MustCompile(`^[1-9]\d*$`)
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		got, err := bot.Decode(body)
		if string(body) != before {
			t.Fatal("the body was written to")
		}
		if err != nil && (!errors.Is(err, ErrMalformed) || err.Error() != ErrMalformed.Error()) || len(got) > 1 || err != nil && len(got) > 0 {
			t.Fatalf("%d said with %v", len(got), err)
		}
		for _, s := range got {
			switch {
			case !digits.MatchString(s.ID) || !digits.MatchString(s.From) || s.Channel != "telegram":
				t.Fatalf("id %q from %q", s.ID, s.From)
			case len(s.Text) > 4096 || !utf8.ValidString(s.Text) || strings.ContainsAny(s.Text, "\x00\x1b\x7f\r"):
				t.Fatalf("text %q", s.Text)
			case s.Contact != "" && (!number.MatchString(s.Contact) || s.Text != ""):
				t.Fatalf("contact %q with %q", s.Contact, s.Text)
			case s.Answers != "" && (!tgNamesScreen(s.Answers) || s.Tap == "" || s.Text == ""):
				t.Fatalf("answers %q", s.Answers)
			case (s.Tap == "") == (s.Message == ""), s.Button != "" && s.Tap == "", len(s.Tap) > 128:
				t.Fatalf("tap %q, message %q, button %q", s.Tap, s.Message, s.Button)
			case s.Message != "" && !digits.MatchString(s.Message), s.Button != "" && !digits.MatchString(s.Button):
				t.Fatalf("message %q, button %q", s.Message, s.Button)
			case s.Lang != tgLang(s.Lang), s.Number != "":
				t.Fatalf("language %q, number %q", s.Lang, s.Number)
			}
		}
	})
}
