package channels

import (
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"spaza/dialog"
)

// Limits of messages, in characters.
const (
	waMessageText    = 4096
	waInteractiveTop = 1024 // the text above buttons and lists
	waButtons        = 3
	waRows           = 10
	waButtonTitle    = 20
	waRowTitle       = 24
	waRowDescription = 72
)

// waMessageOut is a request for a message. It is for To, a number, or for
// Recipient, a user id.
type waMessageOut struct {
	Product       string         `json:"messaging_product"`
	RecipientType string         `json:"recipient_type"`
	To            string         `json:"to,omitempty"`
	Recipient     string         `json:"recipient,omitempty"`
	Type          string         `json:"type"`
	Text          *waBodyOut     `json:"text,omitempty"`
	Interactive   *waInteractive `json:"interactive,omitempty"`
	Template      *waTemplate    `json:"template,omitempty"`
	Data          string         `json:"biz_opaque_callback_data,omitempty"`
}

type waBodyOut struct {
	Body    string `json:"body"`
	Preview bool   `json:"preview_url"`
}

type waInteractive struct {
	Type   string   `json:"type"`
	Body   waTop    `json:"body"`
	Action waAction `json:"action"`
}

type waTop struct {
	Text string `json:"text"`
}

type waAction struct {
	Name     string      `json:"name,omitempty"`
	Buttons  []waButton  `json:"buttons,omitempty"`
	Button   string      `json:"button,omitempty"`
	Sections []waSection `json:"sections,omitempty"`
}

type waButton struct {
	Type  string `json:"type"`
	Reply waRow  `json:"reply"`
}

// waSection has no title: one is wanted only where there are several.
type waSection struct {
	Rows []waRow `json:"rows"`
}

type waRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// screen makes the messages of a screen: one, unless a text is longer than one
// holds. Reply buttons show up to three choices, a list up to ten; what fits
// neither is told as text with numbers, which are understood either way.
func (w *WhatsApp) screen(r dialog.Reply) []waMessageOut {
	p := r.Chat
	if p == nil {
		return waTexts(r.Text)
	}
	if p.Wants == dialog.WantsContact {
		// This message has one button of its own, so the ways out stay in the text.
		if all := waPlain(r.Text); waFitsTop(all) {
			return []waMessageOut{waAsk("request_contact_info", all, waAction{Name: "request_contact_info"})}
		}
		return waTexts(r.Text)
	}
	if len(p.Choices) == 0 {
		return waTexts(r.Text)
	}
	top := waPlain(p.Prompt)
	labels, ok := waLabels(r.Screen, p.Choices)
	switch {
	case !ok || !waFitsTop(top):
	case waFitButtons(labels):
		return []waMessageOut{waAsk("button", top, waAction{Buttons: waButtonsOf(labels)})}
	default:
		if rows, ok := w.rows(labels, p.Choices); ok {
			return []waMessageOut{waAsk("list", top, waAction{Button: w.o.Choose, Sections: []waSection{{Rows: rows}}})}
		}
	}
	longest := 0
	for _, l := range labels {
		longest = max(longest, utf8.RuneCountInString(l.Title))
	}
	w.o.Log.Info("a screen is shown with numbers: it fits no list", slog.String("channel", whatsAppName),
		slog.Int("choices", len(p.Choices)), slog.Int("longest", longest), slog.Int("prompt", utf8.RuneCountInString(top)))
	return waTexts(r.Text)
}

func waAsk(kind, top string, a waAction) waMessageOut {
	return waMessageOut{Type: "interactive", Interactive: &waInteractive{Type: kind, Body: waTop{Text: top}, Action: a}}
}

func waFitsTop(s string) bool {
	return strings.TrimSpace(s) != "" && utf8.RuneCountInString(s) <= waInteractiveTop
}

// waLabels gives every choice its id and whole label; false where one can not be
// tapped, or told from another.
func waLabels(screen string, choices []dialog.Choice) ([]waRow, bool) {
	rows, seen := make([]waRow, 0, len(choices)), map[string]bool{}
	for _, c := range choices {
		id := screen + ":" + c.Input
		label := strings.Join(strings.Fields(c.Label), " ")
		if _, _, ok := waTap(id); !ok || seen[id] || label == "" {
			return nil, false
		}
		seen[id] = true
		rows = append(rows, waRow{ID: id, Title: label})
	}
	return rows, true
}

// waFitButtons says whether labels are all shown whole on reply buttons, where no
// two may read alike.
func waFitButtons(labels []waRow) bool {
	seen := map[string]bool{}
	for _, l := range labels {
		if seen[l.Title] || utf8.RuneCountInString(l.Title) > waButtonTitle {
			return false
		}
		seen[l.Title] = true
	}
	return len(labels) <= waButtons
}

func waButtonsOf(labels []waRow) []waButton {
	buttons := make([]waButton, len(labels))
	for i, l := range labels {
		buttons[i] = waButton{Type: "reply", Reply: l}
	}
	return buttons
}

// rows fits labels into a list. A label that is too long for a title, or reads
// like another, has its number before what fits of it, and stands below in whole:
// what is bought is never guessed. False where it does not fit there either.
func (w *WhatsApp) rows(labels []waRow, choices []dialog.Choice) ([]waRow, bool) {
	if len(labels) > waRows {
		return nil, false
	}
	alike := map[string]int{}
	for _, l := range labels {
		alike[l.Title]++
	}
	rows, seen := make([]waRow, len(labels)), map[string]bool{}
	for i, l := range labels {
		long := utf8.RuneCountInString(l.Title)
		if long > waRowDescription {
			return nil, false
		}
		rows[i] = l
		if long > waRowTitle || alike[l.Title] > 1 {
			rows[i].Title = waCut(choices[i].Input+". "+l.Title, waRowTitle)
			rows[i].Description = l.Title
		}
		if seen[rows[i].Title] {
			return nil, false
		}
		seen[rows[i].Title] = true
	}
	for i, l := range labels {
		if long := utf8.RuneCountInString(l.Title); long > waRowTitle {
			w.o.Log.Info("a label was shortened", slog.String("channel", whatsAppName), slog.Int("long", long),
				slog.Int("shown", utf8.RuneCountInString(rows[i].Title)))
		}
	}
	return rows, true
}

// waCut shortens a text to so many characters, the last of them a sign that there
// was more.
func waCut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimRightFunc(string([]rune(s)[:most-1]), unicode.IsSpace) + "…"
}

// waTexts are the messages of a plain text: none of nothing, and more than one
// only of a text that one does not hold, split where a line ends.
func waTexts(s string) []waMessageOut {
	var all []waMessageOut
	for rest := []rune(strings.TrimSpace(waPlain(s))); len(rest) > 0; {
		cut := len(rest)
		if cut > waMessageText {
			cut = waBreak(rest[:waMessageText])
		}
		if body := strings.TrimSpace(string(rest[:cut])); body != "" {
			all = append(all, waMessageOut{Type: "text", Text: &waBodyOut{Body: body}})
		}
		rest = rest[cut:]
	}
	return all
}

// waBreak is where to end a text: after its last line, else its last word.
func waBreak(s []rune) int {
	for _, end := range []func(rune) bool{func(r rune) bool { return r == '\n' }, unicode.IsSpace} {
		for i := len(s) - 1; i > 0; i-- {
			if end(s[i]) {
				return i + 1
			}
		}
	}
	return len(s)
}

// waPlain takes out of a text the marks with which WhatsApp changes its look:
// our texts use none, so one stands in a name or a reference. Only pairs do
// anything: a mark before a character at the start of a word, and the same one in
// the same line after a character at the end of a word. Those go, and all others
// stay; so do those of a code to dial (*120*384#), which is another without them.
func waPlain(s string) string {
	if !strings.ContainsAny(s, "*_~`") {
		return s
	}
	if strings.Count(s, "`") > 1 {
		s = strings.ReplaceAll(s, "`", "") // three of them span lines
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = waPlainLine(line)
	}
	return strings.Join(lines, "\n")
}

// waPlainLine does so with a line. A pair can stand within another; where they are
// deeper than anybody means, all marks go.
func waPlainLine(line string) string {
	runes := []rune(line)
	for range 8 {
		again := false
		for _, mark := range "*_~" {
			var took bool
			runes, took = waUnpair(runes, mark)
			again = again || took
		}
		if !again {
			return string(runes)
		}
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("*_~", r) {
			return -1
		}
		return r
	}, string(runes))
}

// waUnpair takes out the pairs of one mark; took is false where there are none.
func waUnpair(line []rune, mark rune) (out []rune, took bool) {
	word := func(i int) bool {
		return i >= 0 && i < len(line) && (unicode.IsLetter(line[i]) || unicode.IsDigit(line[i]))
	}
	blank := func(i int) bool { return i < 0 || i >= len(line) || unicode.IsSpace(line[i]) }
	out = make([]rune, 0, len(line))
	opened := -1 // where in out an opening mark stands
	for i := 0; i < len(line); i++ {
		if n := waDialled(line[i:]); n > 0 {
			out = append(out, line[i:i+n]...)
			i += n - 1
			continue
		}
		switch {
		case line[i] != mark:
		case opened >= 0 && len(out) > opened+1 && !blank(i-1) && !word(i+1):
			out = append(out[:opened], out[opened+1:]...)
			opened, took = -1, true
			continue
		case opened < 0 && !word(i-1) && !blank(i+1) && line[i+1] != mark:
			opened = len(out)
		}
		out = append(out, line[i])
	}
	return out, took
}

// waDialled is the length of the code to dial that a text begins with; zero where
// it begins with none.
func waDialled(s []rune) int {
	if len(s) < 3 || s[0] != '*' || s[1] < '0' || s[1] > '9' {
		return 0
	}
	for i, r := range s {
		if r == '#' {
			return i + 1
		}
		if r != '*' && (r < '0' || r > '9') {
			break
		}
	}
	return 0
}
