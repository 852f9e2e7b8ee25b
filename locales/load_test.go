package locales

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestLoadReportsEverythingThatIsWrongAtOnce(t *testing.T) {
	_, err := load(folder(map[string]string{
		"en.json": `{
			"language.name": "English",
			"a": "{x}",
			"b": "text",
			"b": "again",
			"c": {"one": "{n}", "other": "{n}"},
			"d": "no end {x",
			"e": 7
		}`,
		"zu.json": `{
			"language.name": "isiZulu",
			"a": "{y}",
			"c": {"one": "{n}", "few": "{n}"},
			"d": "{x}",
			"e": "text",
			"more": "text"
		}`,
		"af.json":      "{\n\"language.name\": \"Afrikaans\",\n\"a\": oops}",
		"xx-bad-.json": `{}`,
	}), folder(map[string]string{"zu.json": `{"b": ""}`}))
	if err == nil {
		t.Fatal("loaded")
	}
	want := []string{
		`en.json: b: is there twice`,
		`en.json: d: "no end {x" has a brace without its other half`,
		`en.json: e: neither a text nor an object of plural forms`,
		`zu.json: a: has the placeholders [y], the program fills in [x]`,
		`overlay zu.json: b: is empty`,
		`zu.json: c: the plural form "other" is missing`,
		`zu.json: c: the language has no plural form "few"`,
		`zu.json: more: the program knows no such text`,
		`af.json: line 3: invalid character 'o' looking for beginning of value`,
		`xx-bad-.json: "xx-bad-" is no code of a language`,
	}
	got := strings.Split(strings.TrimPrefix(err.Error(), "load catalogues:\n"), "\n")
	for _, w := range want {
		if !has(got, w) {
			t.Errorf("does not say: %s", w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("says %d things, want %d:\n%v", len(got), len(want), err)
	}
}

func has(lines []string, want string) bool {
	for _, l := range lines {
		if l == want {
			return true
		}
	}
	return false
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"an empty text", `"a": ""`, "a: is empty"},
		{"a blank text", `"a": "  "`, "a: is empty"},
		{"a blank at the end", `"a": "text "`, `a: "text " begins or ends with a blank`},
		{"a tab", `"a": "te\txt"`, "a control character"},
		{"an empty placeholder", `"a": "{}"`, "{} is no placeholder"},
		{"a placeholder with capitals", `"a": "{Name}"`, "{Name} is no placeholder"},
		{"a placeholder with blanks", `"a": "{ n }"`, "{ n } is no placeholder"},
		{"an open brace", `"a": "x {n"`, "a brace without its other half"},
		{"a closing brace", `"a": "n} x"`, "a brace without its other half"},
		{"a brace in a brace", `"a": "{n{m}}"`, "a brace without its other half"},
		{"a number", `"a": 1`, "neither a text nor"},
		{"nothing", `"a": null`, "neither a text nor"},
		{"a list", `"a": ["x"]`, "neither a text nor"},
		{"a form that is no text", `"a": {"one": 1, "other": "{n}"}`, `a: "one" is no text`},
		{"a form that is null", `"a": {"one": null, "other": "{n}"}`, `a: "one" is no text`},
		{"a form that is there twice", `"a": {"one": "{n}", "one": "{n}", "other": "{n}"}`, `a: "one" is there twice`},
		{"a count that is there twice", `"a": {"count": "n", "count": "n", "one": "{n}", "other": "{n}"}`, `a: "count" is there twice`},
		{"an unknown form", `"a": {"one": "{n}", "some": "{n}", "other": "{n}"}`, `a: "some" is no plural form`},
		{"a form that is missing", `"a": {"other": "{n}"}`, `a: the plural form "one" is missing`},
		{"a form that the language lacks", `"a": {"one": "{n}", "many": "{n}", "other": "{n}"}`, `a: the language has no plural form "many"`},
		{"plural forms of nothing", `"a": {"one": "x", "other": "y"}`, `a: needs a "count" that names one of []`},
		{"plural forms of one of two", `"a": {"one": "{n} {m}", "other": "{n}"}`, `a: needs a "count" that names one of [m n]`},
		{"a count that no form has", `"a": {"count": "x", "one": "{n}", "other": "{n}"}`, "a: no form has the placeholder {x} that it counts"},
		{"an empty object", `"a": {}`, `a: the plural form "other" is missing`},
		{"a key with capitals", `"Ask": "x"`, "Ask: a key is lower-case words joined by dots"},
		{"a key with an empty word", `"ask..me": "x"`, "ask..me: a key is lower-case"},
		{"an empty key", `"": "x"`, ": a key is lower-case"},
		{"a comma too many", `"a": "x",`, "line 1: invalid character '}'"},
		{"two objects", `"a": "x"} {"b": "x"`, "line 1: something follows the object"},
		{"bytes that are no UTF-8", "\"a\": \"\xff\"", "en.json: is not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(folder(map[string]string{"en.json": `{"language.name": "English", ` + c.text + `}`}))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestLoadRefusesFilesThatAreNoCatalogue(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"nothing there", nil, "there is no readable en.json"},
		{"no English", map[string]string{"zu.json": `{}`}, "there is no readable en.json"},
		{"an empty file", map[string]string{"en.json": ``}, "en.json: line 1: unexpected EOF"},
		{"a torn file", map[string]string{"en.json": "{\n\"a\": \"x\""}, "en.json: line 2: unexpected EOF"},
		{"a list", map[string]string{"en.json": `[]`}, "en.json: line 1: not an object"},
		{"no name of its own", map[string]string{"en.json": `{}`}, "en.json: language.name is missing"},
		{"a text that another language lacks", map[string]string{"en.json": `{"language.name": "English", "a": "x"}`, "zu.json": `{"language.name": "isiZulu"}`}, "zu.json: a is missing"},
		{"another spelling of a code", map[string]string{"en.json": `{"language.name": "English"}`, "ZU.json": `{"language.name": "isiZulu"}`}, `ZU.json: "ZU" is no code of a language`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := load(folder(c.files)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestAnOverlayRewordsTexts(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "zu.json"), []byte(`{"hello": "Heita {name}", "bye": "Hamba kahle"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	later := folder(map[string]string{"zu.json": `{"bye": "Sharp"}`, "en.json": `{"bye": "Cheers"}`})
	c, err := load(greetings(), nil, os.DirFS(dir), later)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ lang, key, want string }{
		{"zu", "hello", "Heita Thandi"},
		{"zu", "bye", "Sharp"},
		{"zu", nameKey, "isiZulu"},
		{"en", "hello", "Hello Thandi"},
		{"en", "bye", "Cheers"},
	} {
		if got := c.Say(tc.lang, tc.key, Arg{"name", "Thandi"}); got != tc.want {
			t.Errorf("%s %s: got %q, want %q", tc.lang, tc.key, got, tc.want)
		}
	}
	if got := c.Reworded(); got != 4 {
		t.Errorf("%d texts of overlays, want 4", got)
	}
}

func TestAnOverlayRewordsWhatComesWithTheProgram(t *testing.T) {
	c, err := Load(folder(map[string]string{"en.json": `{"language.name": "Mzansi"}`}))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Say("en", nameKey); got != "Mzansi" {
		t.Errorf("got %q", got)
	}
}

func TestAnOverlayMayAddALanguageThatIsComplete(t *testing.T) {
	base := folder(map[string]string{"en.json": `{"language.name": "English", "a": "Hello {x}"}`})
	c, err := load(base, folder(map[string]string{"xh.json": `{"language.name": "isiXhosa", "a": "Molo {x}"}`}))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Say("xh", "a", Arg{"x", "Thandi"}); got != "Molo Thandi" || !c.Has("xh") {
		t.Errorf("got %q", got)
	}
	_, err = load(base, folder(map[string]string{"xh.json": `{"language.name": "isiXhosa"}`}))
	if err == nil || !strings.Contains(err.Error(), "xh.json: a is missing") {
		t.Errorf("an incomplete language: %v", err)
	}
}

func TestAnOverlayIsCheckedLikeTheRest(t *testing.T) {
	for _, c := range []struct {
		name    string
		overlay fs.FS
		want    string
	}{
		{"a text that nobody says", folder(map[string]string{"en.json": `{"no.such": "x"}`}), "overlay en.json: no.such: the program knows no such text"},
		{"a placeholder that nobody fills", folder(map[string]string{"en.json": `{"hello": "{money}"}`}), "overlay en.json: hello: has the placeholders [money], the program fills in [name]"},
		{"a placeholder left out", folder(map[string]string{"zu.json": `{"hello": "Imali"}`}), "overlay zu.json: hello: has the placeholders [], the program fills in [name]"},
		{"no JSON", folder(map[string]string{"zu.json": `Imali`}), "overlay zu.json: line 1:"},
		{"no folder", os.DirFS(filepath.Join(t.TempDir(), "missing")), "read overlay catalogues:"},
		{"a file that is hidden", folder(map[string]string{".zu.json": `Imali`}), ""},
		{"a folder that is a file's name", fstest.MapFS{"zu.json/x": {Data: []byte("x")}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(greetings(), c.overlay)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func FuzzLoadOfAnyCatalogue(f *testing.F) {
	for _, s := range []string{
		`{"language.name": "English", "a": "{x} y {z}"}`, `{"a": {"count": "n", "one": "{n}", "other": "{m}"}}`,
		`{`, `[]`, `{"a": {"one": {}}}`, `{"a": "}{"}`, `{"a":"x"}}`, "{\"a\":\"\xff\"}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		c, err := load(folder(map[string]string{"en.json": data}))
		if err != nil {
			return
		}
		for _, key := range c.Keys() {
			var args []Arg
			for _, name := range c.Placeholders(key) {
				args = append(args, Arg{name, "1"})
			}
			if got := c.Say("en", key, args...); got == "" || strings.ContainsAny(got, "{}") {
				t.Fatalf("%s of %s says %q", key, data, got)
			}
		}
	})
}
