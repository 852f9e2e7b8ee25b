package channels

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"spaza/dialog"
)

// waFact is what the API asks of one field; testdata/whatsapp_messages.json says
// what each word means.
type waFact struct {
	Path      string            `json:"path"`
	Type      string            `json:"type"`
	Required  bool              `json:"required"`
	When      map[string]string `json:"when"`
	Unless    string            `json:"unless"`
	Is        []string          `json:"is"`
	Also      []string          `json:"also"` // more values, which the published file does not have
	Pattern   string            `json:"pattern"`
	Unique    bool              `json:"unique"`
	Least     int               `json:"least"`
	Most      int               `json:"most"`
	Published string            `json:"published"`
	Beyond    string            `json:"beyond"`
}

func waFacts(t *testing.T) []waFact {
	t.Helper()
	b, err := os.ReadFile("testdata/whatsapp_messages.json")
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Fields []waFact `json:"fields"`
	}
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f.Fields
}

// waJudge judges a request by the facts.
type waJudge struct {
	facts []waFact
	root  map[string]any
	seen  map[string]bool // values of unique fields
	wrong []string
}

func waJudged(facts []waFact, body string) []string {
	j := waJudge{facts: facts, seen: map[string]bool{}}
	if err := json.Unmarshal([]byte(body), &j.root); err != nil {
		return []string{err.Error()}
	}
	j.object("", j.root)
	return j.wrong
}

func (j *waJudge) complain(path, what string) { j.wrong = append(j.wrong, path+": "+what) }

func (j *waJudge) object(path string, o map[string]any) {
	prefix := strings.TrimPrefix(path+".", ".")
	for name, v := range o {
		i := slices.IndexFunc(j.facts, func(f waFact) bool { return f.Path == prefix+name })
		if i < 0 {
			j.complain(prefix+name, "is no field")
			continue
		}
		j.value(j.facts[i], v)
	}
	for _, f := range j.facts {
		name, below := strings.CutPrefix(f.Path, prefix)
		if !below || strings.ContainsAny(name, ".[") || !f.Required {
			continue
		}
		_, there := o[name]
		if _, other := o[f.Unless]; f.Unless != "" && other {
			if there {
				j.complain(f.Path, "is there beside "+f.Unless)
			}
			continue
		}
		if there != j.applies(f) {
			j.complain(f.Path, fmt.Sprint("is there: ", there))
		}
	}
}

// applies says whether a field belongs into this message.
func (j *waJudge) applies(f waFact) bool {
	for path, want := range f.When {
		var v any = j.root
		for step := range strings.SplitSeq(path, ".") {
			o, _ := v.(map[string]any)
			v = o[step]
		}
		if v != want {
			return false
		}
	}
	return true
}

func (j *waJudge) value(f waFact, v any) {
	size, kind := 0, ""
	switch v := v.(type) {
	case string:
		size, kind = utf8.RuneCountInString(v), "string"
		if f.Is != nil && !slices.Contains(f.Is, v) && !slices.Contains(f.Also, v) || f.Pattern != "" && !regexp.MustCompile(f.Pattern).MatchString(v) {
			j.complain(f.Path, "may not be "+v)
		}
		if f.Unique && (j.seen[f.Path+v] || strings.TrimSpace(v) != v) {
			j.complain(f.Path, "is there twice, or blank at an end: "+v)
		}
		j.seen[f.Path+v] = true
	case bool:
		kind = "boolean"
	case []any:
		size, kind = len(v), "array"
		for _, one := range v {
			i := slices.IndexFunc(j.facts, func(g waFact) bool { return g.Path == f.Path+"[]" })
			j.value(j.facts[i], one)
		}
	case map[string]any:
		kind = "object"
		j.object(f.Path, v)
	}
	if kind != f.Type {
		j.complain(f.Path, "is of another type")
	}
	if size < f.Least || f.Most > 0 && size > f.Most {
		j.complain(f.Path, fmt.Sprint("has a size of ", size))
	}
}

// TestEveryRequestIsAsTheAPIWantsIt judges what is sent for screens and messages
// of all kinds and sizes.
func TestEveryRequestIsAsTheAPIWantsIt(t *testing.T) {
	facts := waFacts(t)
	var sent []string
	h := newWhatsApp(t, func(o *WhatsAppOptions) {
		o.Template = "receipt"
		o.Choose = strings.Repeat("é", waButtonTitle)
		o.Transport = atHand(func(r *http.Request) (*http.Response, error) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			sent = append(sent, string(b))
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(`{"messages":[{"id":"wamid.1"}]}`)), Request: r}, nil
		})
	})
	ask := waPick("Who?", "Back")
	ask.Chat.Wants = dialog.WantsContact
	screens := []dialog.Reply{
		{Text: "Bye"}, {Text: strings.Repeat("ṱ🙂 ", 3000)}, ask, waPick("Pay?", "Yes", "No", "Back"),
		waPick(strings.Repeat("ṱ", 1024), strings.Repeat("ṱ", 20)), waPick("x", strings.Repeat("ṱ", 21), "b"),
		waPick("x", "a", "b", "c", "d", "e", "f", "g", "h", strings.Repeat("🙂", 72), "Back"), waPick("x", "a", "a", "a", "a"), waPick("x", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"),
		waPick(" ", "a"), waPick("x\n", " a ", "b"),
	}
	for _, user := range []string{waNumberOf, waUserOf, "GB.ENT.1", "447700900123"} {
		for _, r := range screens {
			if err := h.Show(t.Context(), Said{ID: "wamid." + strings.Repeat("x", 200), From: user}, r); err != nil {
				t.Fatal(err)
			}
		}
		for _, to := range []Person{{User: user, Seen: waNoon}, {User: user}} {
			if _, err := h.Tell(t.Context(), to, Message{ID: "m1", Text: "Token:\n1234\t5678     9\n\n" + strings.Repeat("ṱ", 900)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if least := 4 * (len(screens) + 2); len(sent) < least {
		t.Errorf("only %d requests of %d", len(sent), least)
	}
	kinds := map[string]bool{}
	for _, body := range sent {
		for _, w := range waJudged(facts, body) {
			t.Errorf("%s\n\tin %.300s", w, body)
		}
		for _, f := range facts {
			kinds[f.Path] = kinds[f.Path] || strings.Contains(body, `"`+f.Path[strings.LastIndex(f.Path, ".")+1:]+`":`)
		}
	}
	for _, f := range facts {
		if !kinds[f.Path] && !strings.HasSuffix(f.Path, "[]") {
			t.Errorf("%s was never sent", f.Path)
		}
	}
}

func TestTheFactsCatchWhatIsWrong(t *testing.T) {
	facts := waFacts(t)
	const head = `{"messaging_product":"whatsapp","recipient_type":"individual","to":"27821234567",`
	button := func(id, title string) string {
		return `{"type":"reply","reply":{"id":"` + id + `","title":"` + title + `"}}`
	}
	asked := func(kind, action string) string {
		return head + `"type":"interactive","interactive":{"type":"` + kind + `","body":{"text":"x"},"action":` + action + `}}`
	}
	for name, body := range map[string]string{
		"nothing":                   `{}`,
		"no text":                   head + `"type":"text"}`,
		"an empty text":             head + `"type":"text","text":{"body":"","preview_url":false}}`,
		"a long text":               head + `"type":"text","text":{"body":"` + strings.Repeat("x", 4097) + `"}}`,
		"a field that is none":      head + `"type":"text","text":{"body":"x","header":"y"}}`,
		"a type that is none":       head + `"type":"video"}`,
		"a text beside a template":  head + `"type":"template","text":{"body":"x"}}`,
		"a number that is a number": strings.Replace(head, `"27821234567"`, "27821234567", 1) + `"type":"text","text":{"body":"x"}}`,
		"a number with a plus":      strings.Replace(head, `"27821234567"`, `"+27821234567"`, 1) + `"type":"text","text":{"body":"x"}}`,
		"nobody":                    strings.Replace(head, `"to":"27821234567",`, "", 1) + `"type":"text","text":{"body":"x"}}`,
		"two people":                head + `"recipient":"ZA.1","type":"text","text":{"body":"x"}}`,
		"no button":                 asked("button", `{"buttons":[]}`),
		"four buttons":              asked("button", `{"buttons":[`+button("1", "a")+","+button("2", "b")+","+button("3", "c")+","+button("4", "d")+`]}`),
		"two ids alike":             asked("button", `{"buttons":[`+button("1", "a")+","+button("1", "b")+`]}`),
		"two titles alike":          asked("button", `{"buttons":[`+button("1", "a")+","+button("2", "a")+`]}`),
		"a long title":              asked("button", `{"buttons":[`+button("1", strings.Repeat("a", 21))+`]}`),
		"a blank at an end":         asked("button", `{"buttons":[`+button("1", "a ")+`]}`),
		"buttons of a list":         asked("list", `{"buttons":[`+button("1", "a")+`]}`),
		"a list with no button":     asked("list", `{"sections":[{"rows":[{"id":"1","title":"a"}]}]}`),
		"a row with no title":       asked("list", `{"button":"x","sections":[{"rows":[{"id":"1"}]}]}`),
	} {
		if len(waJudged(facts, body)) == 0 {
			t.Errorf("%s is taken for right", name)
		}
	}
	if wrong := waJudged(facts, asked("button", `{"buttons":[`+button("1", "a")+`]}`)); len(wrong) > 0 {
		t.Errorf("what is right is taken for wrong: %v", wrong)
	}
}

// TestTheFactsAreWhatIsPublished holds the facts against Meta's OpenAPI file where
// one is at hand. Where a fact says more than the file, it says why.
func TestTheFactsAreWhatIsPublished(t *testing.T) {
	facts := waFacts(t)
	for _, f := range facts {
		if f.Published == "" && f.Beyond == "" {
			t.Errorf("%s stands nowhere", f.Path)
		}
	}
	file := os.Getenv("SPAZA_TEST_WHATSAPP_SCHEMA")
	if file == "" {
		t.Skip("SPAZA_TEST_WHATSAPP_SCHEMA names no published file")
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := waPublished{lines: strings.Split(string(b), "\n"), schemas: map[string]any{}}
	for _, f := range facts {
		if f.Published == "" {
			continue
		}
		node := p.find(f.Published)
		if node == nil {
			t.Errorf("%s: %s is not published", f.Path, f.Published)
			continue
		}
		number := func(name string) int {
			n, _ := strconv.Atoi(fmt.Sprint(node[name]))
			return n
		}
		if kind := fmt.Sprint(node["type"]); kind != f.Type {
			t.Errorf("%s is a %s, published as a %s", f.Path, f.Type, kind)
		}
		if values, ok := node["enum"].([]any); ok {
			for _, v := range f.Is {
				if !slices.Contains(values, any(v)) {
					t.Errorf("%s: %s is not among %v", f.Path, v, values)
				}
			}
		}
		most, least := max(number("maxLength"), number("maxItems")), max(number("minLength"), number("minItems"))
		looser := most > 0 && f.Most > most || least > f.Least
		if looser || f.Beyond == "" && (most != f.Most || least != f.Least) {
			t.Errorf("%s has %d to %d, published as %d to %d", f.Path, f.Least, f.Most, least, most)
		}
		if p.required(f.Published) && !f.Required {
			t.Errorf("%s is required", f.Path)
		}
		if f.Required && !p.required(f.Published) && f.Beyond == "" && f.When == nil {
			t.Errorf("%s is not required", f.Path)
		}
	}
}
