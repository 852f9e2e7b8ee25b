package channels

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"spaza/msisdn"
)

// Limits of an update.
const (
	tgText   = 4096 // bytes of a text: a person answers with a few words
	tgTapID  = 128  // bytes of the id of a tap
	tgData   = 64   // bytes of what a button tells
	tgScreen = 8    // characters of the name of a screen
	// What stands between screen and input in a button's data says whether the
	// message above may be replaced when it is tapped.
	tgReplace = ':'
	tgKeep    = '!'
)

// tgUpdate is what is read of an update. The library's own type reads all of it,
// so that a change to what nobody needs would stop every update; and it does not
// know forward_origin.
type tgUpdate struct {
	ID      int64      `json:"update_id"`
	Message *tgMessage `json:"message"`
	Tap     *struct {
		ID      string     `json:"id"`
		From    *tgUser    `json:"from"`
		Message *tgMessage `json:"message"`
		Data    string     `json:"data"`
	} `json:"callback_query"`
}

type tgMessage struct {
	ID   int64   `json:"message_id"`
	From *tgUser `json:"from"`
	Chat struct {
		ID   int64  `json:"id"`
		Type string `json:"type"`
	} `json:"chat"`
	Text    string `json:"text"`
	Contact *struct {
		Number string `json:"phone_number"`
		User   int64  `json:"user_id"`
	} `json:"contact"`
	// Any of these says that somebody else made it.
	ForwardOrigin any `json:"forward_origin"`
	ForwardDate   any `json:"forward_date"`
	ViaBot        any `json:"via_bot"`
}

type tgUser struct {
	ID   int64  `json:"id"`
	Bot  bool   `json:"is_bot"`
	Lang string `json:"language_code"`
}

// Decode makes of an update what a person said: one, or none where it is no
// message and no tap in a private chat of theirs. The error is ErrMalformed.
func (t *Telegram) Decode(body []byte) ([]Said, error) {
	var u tgUpdate
	if err := json.Unmarshal(body, &u); err != nil || u.ID <= 0 {
		return nil, ErrMalformed
	}
	said := Said{Channel: tgName, ID: strconv.FormatInt(u.ID, 10), Arrived: t.o.Now()}
	switch {
	case u.Message != nil:
		m := u.Message
		if !m.private(m.From) || m.ID <= 0 {
			return nil, nil
		}
		said.From, said.Lang = strconv.FormatInt(m.Chat.ID, 10), tgLang(m.From.Lang)
		said.Message = strconv.FormatInt(m.ID, 10)
		if said.Text = tgTyped(m.Text); m.Contact != nil {
			said.Text, said.Contact = "", m.ownNumber()
		}
	case u.Tap != nil:
		m := u.Tap.Message // gone or not, it says where it was
		if m == nil || !m.private(u.Tap.From) || u.Tap.ID == "" || len(u.Tap.ID) > tgTapID || !printable(u.Tap.ID) {
			return nil, nil
		}
		said.From, said.Lang = strconv.FormatInt(m.Chat.ID, 10), tgLang(u.Tap.From.Lang)
		said.Tap = u.Tap.ID
		var replace bool
		if said.Answers, said.Text, replace = tgTapped(u.Tap.Data); replace && m.ID > 0 {
			said.Button = strconv.FormatInt(m.ID, 10)
		}
	default:
		return nil, nil
	}
	return []Said{said}, nil
}

// private says whether a message stands in the chat that a person has with the
// bot, where nobody else reads along.
func (m *tgMessage) private(from *tgUser) bool {
	return from != nil && !from.Bot && from.ID > 0 && m.Chat.Type == "private" && m.Chat.ID == from.ID
}

// ownNumber is the number on a contact card, where it is the sender's own and
// South African. Telegram fills in whose card it is by its number; a card that
// somebody else passed on says nothing of who passes it on.
func (m *tgMessage) ownNumber() string {
	if m.Contact.User != m.From.ID || m.ForwardOrigin != nil || m.ForwardDate != nil || m.ViaBot != nil {
		return ""
	}
	// It is international, with or without the plus.
	number, err := msisdn.Parse("+" + strings.TrimPrefix(m.Contact.Number, "+"))
	if err != nil {
		return ""
	}
	return number
}

// tgTapped takes the data of a button apart; all of it is empty where it is none
// of ours.
func tgTapped(data string) (screen, input string, replace bool) {
	if len(data) <= tgScreen+1 || len(data) > tgData || data[tgScreen] != tgReplace && data[tgScreen] != tgKeep {
		return "", "", false
	}
	screen, input = data[:tgScreen], data[tgScreen+1:]
	if !tgNamesScreen(screen) || input != tgClean(input, tgData) {
		return "", "", false
	}
	return screen, input, data[tgScreen] == tgReplace
}

// tgButtonData is what tgTapped takes apart; false where a button can not hold it.
func tgButtonData(screen, input string, replace bool) (string, bool) {
	by := tgKeep
	if replace {
		by = tgReplace
	}
	data := fmt.Sprintf("%s%c%s", screen, by, input)
	s, i, r := tgTapped(data)
	return data, s == screen && i == input && r == replace && i != ""
}

// tgNamesScreen says whether s has the form of dialog.Reply.Screen.
func tgNamesScreen(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return len(s) == tgScreen
}

// tgTyped is a text as it is worked on: of a command, the name of the bot and
// what a link to it carries along are left out.
func tgTyped(text string) string {
	text = tgClean(text, tgText)
	if !strings.HasPrefix(text, "/") {
		return text
	}
	end := strings.IndexFunc(text, unicode.IsSpace)
	if end < 0 {
		end = len(text)
	}
	command, _, _ := strings.Cut(text[:end], "@")
	if strings.EqualFold(command, "/start") {
		return "/start"
	}
	return command + text[end:]
}

// tgClean is a text of at most so many bytes, without the characters that have
// no shape, but with its lines.
func tgClean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text) // writes what is not UTF-8 as the sign for it
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// tgLang is the language of a person's app, where it is one of South Africa's.
func tgLang(code string) string {
	code, _, _ = strings.Cut(strings.ToLower(code), "-")
	switch code {
	case "en", "zu", "xh", "af", "st", "tn", "nso", "ts", "ss", "ve", "nr":
		return code
	}
	return ""
}
