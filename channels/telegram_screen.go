package channels

import (
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"spaza/dialog"
)

// Limits of what is shown.
const (
	tgMessageRoom = 4096 // UTF-16 units of a message
	tgLabel       = 64   // characters of a button's label: more is not shown on a phone
	tgPair        = 14   // characters of a label of which two fit beside each other
	tgButtons     = 90   // under one message; the API takes 100
	tgWays        = 3    // ways out beside each other
	tgCopies      = 5    // buttons that copy
	tgCopy        = 256  // characters that one copies
	// tgShare is the label of the button that shares a number, where the screen
	// has none for it.
	tgShare = "Share my number"
	// tgContact is the input of the choice whose label that button takes.
	tgContact = "contact"
)

// tgShown is a screen as the Bot API takes it.
type tgShown struct {
	parts   []string // the text, each part within the room of a message; none where there is nothing to say
	code    []string // what of it is set apart, to be copied by a touch
	first   any      // with the first of several parts; nil for none
	markup  any      // under or with the last part; nil for none
	protect bool     // nobody can pass it on
	replace bool     // it may take the place of the message whose button was tapped
}

// tgInline is the keyboard under a message. The library's own type knows no
// buttons that copy.
type tgInline struct {
	Rows [][]tgButton `json:"inline_keyboard"`
}

type tgButton struct {
	Text string    `json:"text"`
	Data string    `json:"callback_data,omitempty"`
	Copy *tgCopied `json:"copy_text,omitempty"`
}

type tgCopied struct {
	Text string `json:"text"`
}

// tgAnswer lays out the answer to what was said. An edit can neither protect a
// message nor change the keyboard in place of the letters, so what needs that is
// a new message; and what is private stays when its buttons are tapped.
func tgAnswer(log *slog.Logger, s Said, r dialog.Reply) tgShown {
	p := r.Chat
	if p == nil {
		p = &dialog.Parts{}
	}
	out := tgShown{code: p.Copy, protect: p.Private || len(p.Copy) > 0}
	if p.Wants == dialog.WantsContact {
		// The keyboard takes the place of the buttons, so the ways out are numbers.
		out.parts, out.markup = tgSplit(r.Text, tgMessageRoom), tgShareKeyboard(log, p.Choices)
		return out
	}
	text := r.Text
	rows, all := tgRows(log, r.Screen, p.Choices, !out.protect)
	if all && p.Prompt != "" {
		text = p.Prompt
	}
	if rows = append(tgCopyRows(log, p.Copy), rows...); len(rows) > 0 {
		out.markup = tgInline{rows}
	}
	if s.Contact != "" {
		out.thanks(text, r.Text)
		return out
	}
	out.parts = tgSplit(text, tgMessageRoom)
	out.replace = !out.protect && len(out.parts) == 1
	return out
}

// thanks takes the keyboard away with which the number was shared. A message can
// not do that and have buttons: so the first paragraph does it, or else all of
// the text, with its choices as numbers.
func (out *tgShown) thanks(text, numbered string) {
	remove := tgbotapi.NewRemoveKeyboard(false)
	above, below, cut := strings.Cut(text, "\n\n")
	if out.markup == nil || !cut || strings.TrimSpace(above) == "" || strings.TrimSpace(below) == "" {
		out.parts, out.markup = tgSplit(numbered, tgMessageRoom), remove
		return
	}
	out.first = remove
	out.parts = append(tgSplit(above, tgMessageRoom), tgSplit(below, tgMessageRoom)...)
}

// tgTold lays out a message that answers nothing.
func tgTold(log *slog.Logger, m Message) tgShown {
	out := tgShown{parts: tgSplit(m.Text, tgMessageRoom), code: m.Copy, protect: len(m.Copy) > 0}
	if rows := tgCopyRows(log, m.Copy); len(rows) > 0 {
		out.markup = tgInline{rows}
	}
	return out
}

// tgRows are the buttons for the choices of a screen. all is false where one has
// none, so that the numbers must be named.
func tgRows(log *slog.Logger, screen string, choices []dialog.Choice, replace bool) (rows [][]tgButton, all bool) {
	if len(choices) > tgButtons || len(choices) > 0 && screen == "" {
		return nil, false
	}
	all = true
	var picks, ways []tgButton
	beside := 2
	for _, c := range choices {
		data, ok := tgButtonData(screen, c.Input, replace)
		if !ok {
			all = false
			continue
		}
		label := c.Label
		if strings.TrimSpace(label) == "" {
			label = c.Input
		}
		b := tgButton{Text: tgFit(log, label), Data: data}
		if c.Way {
			ways = append(ways, b)
			continue
		}
		if utf8.RuneCountInString(b.Text) > tgPair {
			beside = 1
		}
		picks = append(picks, b)
	}
	return append(tgGrid(picks, beside), tgGrid(ways, tgWays)...), all
}

// tgGrid puts so many buttons beside each other.
func tgGrid(all []tgButton, beside int) (rows [][]tgButton) {
	for len(all) > 0 {
		n := min(beside, len(all))
		rows = append(rows, all[:n:n])
		all = all[n:]
	}
	return rows
}

// tgCopyRows are the buttons that copy parts of the text.
func tgCopyRows(log *slog.Logger, parts []string) (rows [][]tgButton) {
	for _, c := range parts {
		n := utf8.RuneCountInString(c)
		switch {
		case strings.TrimSpace(c) == "":
		case n > tgCopy:
			log.Info("telegram: too long for a button that copies", "characters", n)
		case len(rows) == tgCopies:
			log.Info("telegram: more to copy than there are buttons for", "parts", len(parts))
			return rows
		default:
			rows = append(rows, []tgButton{{Text: tgFit(log, "📋 "+c), Copy: &tgCopied{c}}})
		}
	}
	return rows
}

// tgShareKeyboard is the button that shares the person's own number.
func tgShareKeyboard(log *slog.Logger, choices []dialog.Choice) any {
	label := tgShare
	for _, c := range choices {
		if c.Input == tgContact && strings.TrimSpace(c.Label) != "" {
			label = c.Label
			break
		}
	}
	k := tgbotapi.NewOneTimeReplyKeyboard(tgbotapi.NewKeyboardButtonRow(tgbotapi.NewKeyboardButtonContact(tgFit(log, label))))
	k.ResizeKeyboard = true
	return k
}

// tgFit is a label of a sane length, on one line.
func tgFit(log *slog.Logger, label string) string {
	label = strings.Join(strings.Fields(tgClean(label, tgText)), " ")
	n := utf8.RuneCountInString(label)
	if n <= tgLabel {
		return label
	}
	log.Info("telegram: label was shortened", "characters", n, "room", tgLabel)
	return strings.TrimRight(string([]rune(label)[:tgLabel-1]), " ") + "…"
}

// tgSplit cuts a text into messages of so many UTF-16 units: at the end of a
// line, else at a blank, else anywhere. Parts with nothing to read are left out.
func tgSplit(text string, room int) (parts []string) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	for text != "" {
		end, line, blank, units := 0, 0, 0, 0
		for i, r := range text {
			if units += utf16.RuneLen(r); units > room {
				break
			}
			end = i + utf8.RuneLen(r)
			switch {
			case r == '\n':
				line = end
			case unicode.IsSpace(r):
				blank = end
			}
		}
		if end < len(text) {
			switch {
			case line > 0:
				end = line
			case blank > 0:
				end = blank
			}
		}
		if part := strings.TrimSpace(text[:end]); part != "" {
			parts = append(parts, part)
		}
		text = text[end:]
	}
	return parts
}

// tgHTML writes a text as the API's HTML, with some parts of it set apart.
func tgHTML(text string, code []string) string {
	var b strings.Builder
	for text != "" {
		at, found := len(text), ""
		for _, c := range code {
			if i := strings.Index(text, c); c != "" && i >= 0 && (i < at || i == at && len(c) > len(found)) {
				at, found = i, c
			}
		}
		b.WriteString(tgbotapi.EscapeText(tgbotapi.ModeHTML, text[:at]))
		if found != "" {
			b.WriteString("<code>" + tgbotapi.EscapeText(tgbotapi.ModeHTML, found) + "</code>")
		}
		text = text[at+len(found):]
	}
	return b.String()
}

// tgHasPIN says whether a text has a run of 16 digits, as a voucher's PIN is,
// with blanks and dashes between them or not.
func tgHasPIN(text string) bool {
	n := 0
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			if n++; n == 16 {
				return true
			}
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r):
		default:
			n = 0
		}
	}
	return false
}
