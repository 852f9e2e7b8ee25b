package locales

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"spaza/gsm7"

	"github.com/google/go-cmp/cmp"
)

// measure is how a phone sees a text.
func measure(text string) (int, []rune) {
	n, _ := gsm7.Cost(gsm7.Fold(text))
	return n, gsm7.Lost(text)
}

func lines(errs []error) []string {
	var all []string
	for _, err := range errs {
		all = append(all, err.Error())
	}
	return all
}

func TestCheckFileSaysAllThatIsWrongAndAllThatIsOdd(t *testing.T) {
	english := func(more string) string {
		return `{"language.name": "English", "hello": "Hello {name}", "long": "Twenty letters, {abc}", "n": {"one": "{n} day", "other": "{n} days"}` + more + `}`
	}
	long := strings.Repeat("x", 27) // with {abc}, 26 septets more than the English
	for _, c := range []struct {
		name, english, file, text string
		wrong, odd                []string
	}{
		{name: "nothing", file: "af.json", text: `{"language.name": "Afrikaans", "hello": "Hallo {name}, sê 'n dag", "long": "Twintig, {abc}", "n": {"one": "{n} dag", "other": "{n} dae"}}`},
		{
			name: "all at once", file: "af.json",
			text: `{"language.name": "Afrikaans", "hello": "Hallo {naam}", "long": "", "n": {"other": "{n} dae"}, "more": "Meer"}`,
			wrong: []string{
				"af.json: hello: has the placeholders [naam], the program fills in [name]", "af.json: long: is empty",
				"af.json: more: the program knows no such text", `af.json: n: the plural form "one" is missing`,
			},
		},
		{
			name: "a text that is missing", file: "af.json",
			text:  `{"language.name": "Afrikaans", "long": "{abc}", "n": "{n}"}`,
			wrong: []string{"af.json: hello is missing"},
		},
		{
			name: "blanks, marks and letters", file: "ve.json",
			text:  `{"language.name": "Tshiven` + "d\u032d" + `a", "hello": "Ndaa  {name}", "long": "中 {abc} 👍", "n": {"one": "{n}  x", "other": "{n}"}}`,
			wrong: []string{"ve.json: hello: has two blanks in a row", "ve.json: language.name: has marks that are not part of their letters (Unicode NFC is wanted)", "ve.json: long: phones cannot show '中', '👍'", "ve.json: n (one): has two blanks in a row"},
		},
		{
			name: "a text that is long", file: "af.json",
			text: `{"language.name": "Afrikaans", "hello": "` + strings.Repeat("x", 30) + ` {name}", "long": "Twenty letters, {abc}` + long[:26] + `", "n": {"one": "{n} dag", "other": "{n} ` + strings.Repeat("y", 40) + `"}}`,
			odd: []string{
				"af.json: long: takes 45 septets, the English 19", "af.json: n (other): takes 42 septets, the English 6",
			},
		},
		{
			name: "long, but in a long text not odd", english: english(`, "longer": "` + strings.Repeat("e", 100) + `"`), file: "af.json",
			text: `{"language.name": "Afrikaans", "hello": "{name}", "long": "{abc}", "n": "{n}", "longer": "` + strings.Repeat("x", 145) + `"}`,
		},
		{
			name: "and longer still", english: english(`, "longer": "` + strings.Repeat("e", 100) + `"`), file: "af.json",
			text: `{"language.name": "Afrikaans", "hello": "{name}", "long": "{abc}", "n": "{n}", "longer": "` + strings.Repeat("x", 146) + `"}`,
			odd:  []string{"af.json: longer: takes 146 septets, the English 100"},
		},
		{
			name: "quotes of two kinds", file: "af.json",
			text: `{"language.name": "Afrikaans", "hello": "’n dag, {name}", "long": "’n, {abc}", "n": {"one": "'n {n}", "other": "{n}"}}`,
			odd:  []string{"af.json: n (one): has straight quotes or apostrophes, where other texts have curly ones"},
		},
		{
			name: "quotes of another kind than English", english: english(`, "q": "Don't"`), file: "af.json",
			text: `{"language.name": "Afrikaans", "hello": "’n dag, {name}", "long": "’n, {abc}", "n": "{n}", "q": "'n"}`,
			odd: []string{
				"af.json: hello: has curly quotes or apostrophes, where other texts have straight ones",
				"af.json: long: has curly quotes or apostrophes, where other texts have straight ones",
			},
		},
		{name: "a name that is no language", file: "drafts/xx-bad-.json", text: `{}`, wrong: []string{`drafts/xx-bad-.json: "xx-bad-" is no code of a language`}},
		{name: "no JSON", file: "drafts/af.json", text: "{\n\"a\": x}", wrong: []string{"drafts/af.json: line 2: invalid character 'x' looking for beginning of value"}},
		{name: "English that cannot be read", english: "x", file: "af.json", text: `{}`, wrong: []string{"en.json: line 1: invalid character 'x' looking for beginning of value"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.english == "" {
				c.english = english("")
			}
			base := folder(map[string]string{"en.json": c.english, "zu.json": "not looked at"})
			wrong, odd := checkFile(base, c.file, []byte(c.text), measure)
			if diff := cmp.Diff(c.wrong, lines(wrong)); diff != "" {
				t.Errorf("wrong:\n%s", diff)
			}
			if diff := cmp.Diff(c.odd, odd); diff != "" {
				t.Errorf("odd:\n%s", diff)
			}
		})
	}
}

func TestCheckFileFindsNothingWrongWithWhatThereIs(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range c.Languages() {
		data, err := catalogues.ReadFile(l.Code + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if wrong, _ := CheckFile(l.Code+".json", data, measure); len(wrong) > 0 {
			t.Errorf("%s: %v", l.Code, wrong)
		}
	}
}

func TestCheckOverlaySaysAllThatIsWrongAndAllThatIsOdd(t *testing.T) {
	fits, long := strings.Repeat("x", 20), strings.Repeat("ê", 21)
	wrong, odd := checkOverlay(greetings(), folder(map[string]string{
		"zu.json": `{"bye": "` + long + `", "hello": "` + fits + `{name}"}`,
		"en.json": `{"bye": "", "hello": "中 {name}"}`,
		"af.json": `{"language.name": "Afrikaans", "bye": "Koebaai"}`,
	}), measure, 20)
	if diff := cmp.Diff([]string{"af.json: hello is missing", "overlay en.json: bye: is empty"}, lines(wrong)); diff != "" {
		t.Errorf("wrong:\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"overlay zu.json: bye: takes 21 septets before anything is filled in, a screen has 20",
		"overlay en.json: hello: phones cannot show '中'",
	}, odd); diff != "" {
		t.Errorf("odd:\n%s", diff)
	}
	if wrong, odd := CheckOverlay(folder(nil), measure, 0); len(wrong)+len(odd) > 0 {
		t.Errorf("an empty folder: %v, %v", wrong, odd)
	}
}

func FuzzCheckFileOfAnyFile(f *testing.F) {
	for _, s := range []string{
		`{"language.name": "x", "hello": "{name}", "bye": "’'"}`, `{"hello": {"one": "{", "other": ""}}`, `{`, `[]`, `{"a":"}{"}`, "{\"a\":\"\xff\"}",
	} {
		f.Add(s)
	}
	base := greetings()
	f.Fuzz(func(t *testing.T, data string) {
		wrong, _ := checkFile(base, "af.json", []byte(data), measure)
		_, err := load(base, folder(map[string]string{"af.json": data}))
		if len(wrong) == 0 && err != nil {
			t.Fatalf("nothing is wrong with %s, and it is refused: %v", data, err)
		}
		for _, w := range wrong {
			if s := fmt.Sprint(w); !utf8.ValidString(s) {
				t.Fatalf("says %q", s)
			}
		}
	})
}
