package chatfake

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// TelegramMessage is one message as it stands in a chat.
type TelegramMessage struct {
	ID      int64
	Bot     bool   // written by the bot
	Text    string // as it is read, without markup
	Source  string // as it was written
	HTML    bool
	Buttons [][]TelegramButton // under the message
	// Keyboard is the one that the message puts in the place of the letters.
	Keyboard        [][]TelegramButton
	RemovesKeyboard bool
	Protected       bool // against forwarding
	NoPreview       bool // of links
	Deleted         bool
	Edits           int
	Was             []string // what Text was before each edit
}

// TelegramButton is one button.
type TelegramButton struct {
	Text    string
	Data    string // what a tap on it tells the bot
	Copy    string // what a tap on it copies
	Contact bool   // a tap on it shares the person's number
}

// telegramChat is a private chat.
type telegramChat struct {
	messages []*TelegramMessage
	last     int64 // id of a message
	blocked  bool
}

func (c *telegramChat) find(id int64) *TelegramMessage {
	for _, m := range c.messages {
		if m.ID == id && !m.Deleted {
			return m
		}
	}
	return nil
}

func (c *telegramChat) add(m TelegramMessage) *TelegramMessage {
	c.last++
	m.ID = c.last
	c.messages = append(c.messages, &m)
	return &m
}

// chat opens a chat where there is none. The lock is held.
func (f *Telegram) chat(id int64) *telegramChat {
	if f.chats[id] == nil {
		f.chats[id] = &telegramChat{last: 50}
	}
	return f.chats[id]
}

// Messages are what was ever written in a chat, oldest first.
func (f *Telegram) Messages(chat int64) []TelegramMessage {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []TelegramMessage
	if c := f.chats[chat]; c != nil {
		for _, m := range c.messages {
			out = append(out, *m)
		}
	}
	return out
}

// Shown is what stands in a chat of the bot's words, oldest first.
func (f *Telegram) Shown(chat int64) []TelegramMessage {
	return slices.DeleteFunc(f.Messages(chat), func(m TelegramMessage) bool { return !m.Bot || m.Deleted })
}

// Last is the bot's newest message in a chat that stands; zero where there is
// none.
func (f *Telegram) Last(chat int64) TelegramMessage {
	if all := f.Shown(chat); len(all) > 0 {
		return all[len(all)-1]
	}
	return TelegramMessage{}
}

// Button finds a button under a message by its label.
func (m TelegramMessage) Button(label string) (TelegramButton, bool) {
	for _, row := range slices.Concat(m.Buttons, m.Keyboard) {
		for _, b := range row {
			if b.Text == label {
				return b, true
			}
		}
	}
	return TelegramButton{}, false
}

// Labels are the labels under a message, row by row.
func (m TelegramMessage) Labels() [][]string {
	var out [][]string
	for _, row := range slices.Concat(m.Buttons, m.Keyboard) {
		var labels []string
		for _, b := range row {
			labels = append(labels, b.Text)
		}
		out = append(out, labels)
	}
	return out
}

// reach is a chat that the bot may write to.
func (f *Telegram) reach(id int64) (*telegramChat, *refusal) {
	c := f.chats[id]
	switch {
	case c == nil:
		return nil, telegramBad("chat not found")
	case c.blocked:
		return nil, &refusal{http.StatusForbidden, "Forbidden: bot was blocked by the user"}
	}
	return c, nil
}

func (f *Telegram) sendMessage(p url.Values, chat int64) (any, *refusal) {
	c, no := f.reach(chat)
	if no != nil {
		return nil, no
	}
	m, no := telegramCompose(p)
	if no != nil {
		return nil, no
	}
	m.Protected = p.Get("protect_content") == "true"
	return telegramWire(chat, c.add(m)), nil
}

func (f *Telegram) editMessage(p url.Values, chat int64, text bool) (any, *refusal) {
	c, no := f.reach(chat)
	if no != nil {
		return nil, no
	}
	id, _ := strconv.ParseInt(p.Get("message_id"), 10, 64)
	m := c.find(id)
	switch {
	case m == nil:
		return nil, telegramBad("message to edit not found")
	case !m.Bot || m.Keyboard != nil || m.RemovesKeyboard:
		return nil, telegramBad("message can't be edited")
	}
	if !text {
		p = url.Values{"text": {m.Source}, "reply_markup": p["reply_markup"]}
		if m.HTML {
			p.Set("parse_mode", "HTML")
		}
	}
	next, no := telegramCompose(p)
	switch {
	case no != nil:
		return nil, no
	case next.Keyboard != nil || next.RemovesKeyboard:
		return nil, telegramBad("inline keyboard expected")
	case next.Text == m.Text && reflect.DeepEqual(next.Buttons, m.Buttons):
		return nil, telegramBad("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	m.Was = append(m.Was, m.Text)
	m.Text, m.Source, m.HTML, m.Buttons = next.Text, next.Source, next.HTML, next.Buttons
	m.Edits++
	return telegramWire(chat, m), nil
}

func (f *Telegram) deleteMessage(p url.Values, chat int64) (any, *refusal) {
	c, no := f.reach(chat)
	if no != nil {
		return nil, no
	}
	id, _ := strconv.ParseInt(p.Get("message_id"), 10, 64)
	m := c.find(id)
	if m == nil {
		return nil, telegramBad("message to delete not found")
	}
	m.Deleted = true
	return true, nil
}

// telegramWire is a message as the API gives it back.
func telegramWire(chat int64, m *TelegramMessage) any {
	return map[string]any{
		"message_id": m.ID, "date": 1763700000, "chat": map[string]any{"id": chat, "type": "private"},
		"from": map[string]any{"id": 1, "is_bot": true, "first_name": "Spaza"}, "text": m.Text,
	}
}

// telegramCompose makes a message of parameters, as strictly as the API does.
func telegramCompose(p url.Values) (TelegramMessage, *refusal) {
	m := TelegramMessage{Bot: true, Source: p.Get("text"), Text: p.Get("text")}
	switch p.Get("parse_mode") {
	case "":
	case "HTML":
		m.HTML = true
		plain, err := telegramPlain(m.Source)
		if err != nil {
			return m, telegramBad("can't parse entities: " + err.Error())
		}
		m.Text = plain
	default:
		return m, telegramBad("unsupported parse_mode")
	}
	m.Text = strings.TrimSpace(m.Text)
	switch n := len(utf16.Encode([]rune(m.Text))); {
	case n == 0:
		return m, telegramBad("message text is empty")
	case n > 4096:
		return m, telegramBad("message is too long")
	}
	var preview struct {
		Disabled bool `json:"is_disabled"`
	}
	if s := p.Get("link_preview_options"); s != "" && json.Unmarshal([]byte(s), &preview) != nil {
		return m, telegramBad("can't parse link preview options JSON object")
	}
	m.NoPreview = preview.Disabled
	return m, m.markup(p.Get("reply_markup"))
}

// markup reads the keyboard of a message.
func (m *TelegramMessage) markup(raw string) *refusal {
	if raw == "" {
		return nil
	}
	var k struct {
		Inline [][]struct {
			Text string `json:"text"`
			Data string `json:"callback_data"`
			Copy *struct {
				Text string `json:"text"`
			} `json:"copy_text"`
		} `json:"inline_keyboard"`
		Keyboard [][]struct {
			Text    string `json:"text"`
			Contact bool   `json:"request_contact"`
		} `json:"keyboard"`
		Remove bool `json:"remove_keyboard"`
	}
	if err := json.Unmarshal([]byte(raw), &k); err != nil {
		return telegramBad("can't parse reply keyboard markup JSON object")
	}
	m.RemovesKeyboard = k.Remove
	for _, row := range k.Inline {
		var buttons []TelegramButton
		for _, b := range row {
			one := TelegramButton{Text: b.Text, Data: b.Data}
			if b.Copy != nil {
				one.Copy = b.Copy.Text
			}
			switch {
			case one.Text == "" || (one.Data == "") == (one.Copy == ""):
				return telegramBad("inline keyboard button must have a text and one of its optional fields")
			case len(one.Data) > 64:
				return telegramBad("BUTTON_DATA_INVALID")
			case len([]rune(one.Copy)) > 256:
				return telegramBad("BUTTON_COPY_TEXT_INVALID")
			}
			buttons = append(buttons, one)
		}
		if len(buttons) > 0 {
			m.Buttons = append(m.Buttons, buttons)
		}
	}
	for _, row := range k.Keyboard {
		var buttons []TelegramButton
		for _, b := range row {
			buttons = append(buttons, TelegramButton{Text: b.Text, Contact: b.Contact})
		}
		m.Keyboard = append(m.Keyboard, buttons)
	}
	return nil
}

// telegramPlain takes the tags out of a text.
func telegramPlain(s string) (string, error) {
	var b strings.Builder
	var open []string
	for at := 0; s != ""; {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(html.UnescapeString(s))
			break
		}
		b.WriteString(html.UnescapeString(s[:i]))
		tag, rest, ok := strings.Cut(s[i+1:], ">")
		at += i
		if !ok {
			return "", fmt.Errorf("unclosed start tag at byte offset %d", at)
		}
		name, ends := strings.CutPrefix(tag, "/")
		switch {
		case !slices.Contains([]string{"b", "strong", "i", "em", "u", "s", "code", "pre", "tg-spoiler", "blockquote"}, name):
			return "", fmt.Errorf("unsupported start tag %q at byte offset %d", name, at)
		case !ends:
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			return "", fmt.Errorf("unexpected end tag at byte offset %d", at)
		default:
			open = open[:len(open)-1]
		}
		at += len(tag) + 2
		s = rest
	}
	if len(open) > 0 {
		return "", fmt.Errorf("can't find end tag corresponding to start tag %q", open[len(open)-1])
	}
	return b.String(), nil
}
