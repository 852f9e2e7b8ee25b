package channels

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tgFacts are the parts of the published methods that we use: each parameter's
// types, with | between them and ! after them where it is required.
type tgFacts struct {
	Methods map[string]map[string]string `json:"methods"`
	Objects map[string]map[string]string `json:"objects"`
	Read    map[string][]string          `json:"read"`
}

func tgReadFacts(t *testing.T) tgFacts {
	t.Helper()
	b, err := os.ReadFile("testdata/telegram_methods.json")
	if err != nil {
		t.Fatal(err)
	}
	var f tgFacts
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// call says what is wrong with a call.
func (f tgFacts) call(method string, params url.Values) error {
	known, ok := f.Methods[method]
	if !ok {
		return errors.New("no such method")
	}
	for name, spec := range known {
		if strings.HasSuffix(spec, "!") && params.Get(name) == "" {
			return fmt.Errorf("%s is missing", name)
		}
	}
	for name, values := range params {
		spec, ok := known[name]
		if !ok || len(values) != 1 {
			return fmt.Errorf("%s is not known, or there %d times", name, len(values))
		}
		if err := f.param(spec, values[0]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// param says what is wrong with a parameter of a form: plain where its type is
// plain, else JSON.
func (f tgFacts) param(spec, value string) error {
	types := strings.Split(strings.TrimSuffix(spec, "!"), "|")
	for _, is := range types {
		switch is {
		case "String":
			return nil
		case "Integer":
			if _, err := strconv.ParseInt(value, 10, 64); err == nil {
				return nil
			}
		case "Boolean":
			if value == "true" || value == "false" {
				return nil
			}
		default:
			var v any
			if json.Unmarshal([]byte(value), &v) == nil && f.value(is, v) == nil {
				return nil
			}
		}
	}
	return fmt.Errorf("is none of %v", types)
}

// value says what is wrong with a part of JSON.
func (f tgFacts) value(is string, v any) error {
	if of, list := strings.CutPrefix(is, "Array of "); list {
		all, ok := v.([]any)
		if !ok {
			return errors.New("is no list")
		}
		for _, one := range all {
			if err := f.value(of, one); err != nil {
				return err
			}
		}
		return nil
	}
	ok := false
	switch is {
	case "String":
		_, ok = v.(string)
	case "Boolean":
		_, ok = v.(bool)
	case "Integer":
		n, number := v.(float64)
		ok = number && n == math.Trunc(n)
	default:
		return f.object(is, v)
	}
	if !ok {
		return fmt.Errorf("%T is no %s", v, is)
	}
	return nil
}

func (f tgFacts) object(is string, v any) error {
	known, ok := f.Objects[is]
	object, made := v.(map[string]any)
	if !ok || !made {
		return fmt.Errorf("is no %s that is known", is)
	}
	for name, spec := range known {
		if _, there := object[name]; strings.HasSuffix(spec, "!") && !there {
			return fmt.Errorf("%s of %s is missing", name, is)
		}
	}
	for name, field := range object {
		spec, ok := known[name]
		if !ok {
			return fmt.Errorf("%s has no %s", is, name)
		}
		if err := f.value(strings.TrimSuffix(spec, "!"), field); err != nil {
			return fmt.Errorf("%s of %s: %w", name, is, err)
		}
	}
	return nil
}

func TestTelegramFactsRefuseWhatIsWrong(t *testing.T) {
	f := tgReadFacts(t)
	good := url.Values{
		"chat_id": {"1"}, "text": {"x"}, "protect_content": {"true"}, "link_preview_options": {`{"is_disabled":true}`},
		"reply_markup": {`{"inline_keyboard":[[{"text":"a","callback_data":"b"}],[{"text":"c","copy_text":{"text":"d"}}]]}`},
	}
	if err := f.call("sendMessage", good); err != nil {
		t.Fatalf("what is right: %v", err)
	}
	if f.call("sendMessages", good) == nil {
		t.Error("a method that there is not is let through")
	}
	for name, value := range map[string]string{
		"text": "", "protect_content": "1", "secret_token": "x", "link_preview_options": "true", "parse_modes": "HTML",
		"reply_markup": `{"inline_keyboard":[{"text":"a"}]}`,
	} {
		bad := url.Values{}
		for k, v := range good {
			bad[k] = v
		}
		bad[name] = []string{value}
		if f.call("sendMessage", bad) == nil {
			t.Errorf("%s=%s is let through", name, value)
		}
	}
	for _, markup := range []string{
		`{"inline_keyboard":[[{"text":1}]]}`, `{"inline_keyboard":[[{"callback_data":"x"}]]}`, `{"inline_keyboard":[[{"text":"a","data":"x"}]]}`,
		`{"keyboard":[[{"text":"a","request_contact":"true"}]]}`, `{}`, `[]`, `{"remove_keyboard":1}`,
	} {
		if f.param(f.Methods["sendMessage"]["reply_markup"], markup) == nil {
			t.Errorf("%s is let through", markup)
		}
	}
	if f.call("deleteMessage", url.Values{"chat_id": {"1"}, "message_id": {"x"}}) == nil {
		t.Error("a number that is none is let through")
	}
}

func TestTelegramFactsAgreeWithThePublishedSchema(t *testing.T) {
	const variable = "SPAZA_TEST_TELEGRAM_SCHEMA"
	path := os.Getenv(variable)
	if path == "" {
		t.Skipf("set %s to the file of the published schema (JSON of the Bot API's methods and types)", variable)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type field struct {
		Name     string   `json:"name"`
		Types    []string `json:"types"`
		Required bool     `json:"required"`
	}
	type fields map[string]struct {
		Fields []field `json:"fields"`
	}
	var published struct {
		Methods fields `json:"methods"`
		Types   fields `json:"types"`
	}
	if err := json.Unmarshal(b, &published); err != nil {
		t.Fatal(err)
	}
	agree := func(in fields, ours map[string]map[string]string) {
		for name, params := range ours {
			if _, ok := in[name]; !ok {
				t.Errorf("there is no %s", name)
			}
			left := len(params)
			for _, f := range in[name].Fields {
				spec, ours := params[f.Name]
				want := strings.Join(f.Types, "|")
				if f.Required {
					want += "!"
				}
				if ours {
					left--
				}
				if ours && spec != want || !ours && f.Required {
					t.Errorf("%s of %s is %q, and here %q", f.Name, name, want, spec)
				}
			}
			if left != 0 {
				t.Errorf("%s has not all of %v", name, params)
			}
		}
	}
	f := tgReadFacts(t)
	agree(published.Methods, f.Methods)
	agree(published.Types, f.Objects)
	for name, wanted := range f.Read {
		for _, w := range wanted {
			if !slices.ContainsFunc(published.Types[name].Fields, func(f field) bool { return f.Name == w }) {
				t.Errorf("%s has no %s", name, w)
			}
		}
	}
}
