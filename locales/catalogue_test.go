package locales

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// folder makes a folder of files by name and contents.
func folder(files map[string]string) fstest.MapFS {
	fs := fstest.MapFS{}
	for name, data := range files {
		fs[name] = &fstest.MapFile{Data: []byte(data)}
	}
	return fs
}

// sample is a small set of catalogues.
func sample(t *testing.T) *Catalogue {
	t.Helper()
	c, err := load(folder(map[string]string{
		"en.json": `{
			"language.name": "English",
			"hello": "Hello",
			"sold": "{amount} {network} airtime, {amount} in all. Ref {ref}",
			"tries": {"one": "{n} try left", "other": "{n} tries left"},
			"wait": {"count": "n", "one": "{name}, wait a minute", "other": "{name}, wait {n} minutes"}
		}`,
		"zu.json": `{
			"language.name": "isiZulu",
			"hello": "Sawubona",
			"sold": "I-airtime {network} {amount}. Ref {ref}",
			"tries": {"one": "ithuba eli-{n}", "other": "amathuba angu-{n}"},
			"wait": "{name}, linda {n}"
		}`,
		"README.md": "no catalogue",
	}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSayFillsIn(t *testing.T) {
	c := sample(t)
	for _, tc := range []struct {
		name, lang, key string
		args            []Arg
		want            string
	}{
		{"a plain text", "zu", "hello", nil, "Sawubona"},
		{"values in the order of the text", "zu", "sold", []Arg{{"amount", "R20"}, {"ref", "7F3K"}, {"network", "MTN"}}, "I-airtime MTN R20. Ref 7F3K"},
		{"a value twice", "en", "sold", []Arg{{"amount", "R20"}, {"ref", "7F3K"}, {"network", "MTN"}}, "R20 MTN airtime, R20 in all. Ref 7F3K"},
		{"a missing value as nothing", "en", "sold", []Arg{{"amount", "R20"}, {"ref", "7F3K"}}, "R20  airtime, R20 in all. Ref 7F3K"},
		{"no values at all", "en", "sold", nil, "  airtime,  in all. Ref "},
		{"a value that is not wanted", "en", "hello", []Arg{{"amount", "R20"}}, "Hello"},
		{"the first of two values", "en", "tries", []Arg{{"n", "2"}, {"n", "1"}}, "2 tries left"},
		{"a value that looks like a placeholder", "zu", "sold", []Arg{{"amount", "{ref}"}, {"ref", "7F3K"}, {"network", "{}"}}, "I-airtime {} {ref}. Ref 7F3K"},
		{"an unknown language in English", "xh", "hello", nil, "Hello"},
		{"no language in English", "", "hello", nil, "Hello"},
		{"an unknown key in brackets", "zu", "no.such", nil, "[no.such]"},
		{"no key in brackets", "zu", "", nil, "[]"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := c.Say(tc.lang, tc.key, tc.args...); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestPluralFormsFollowTheLanguage(t *testing.T) {
	c := sample(t)
	for _, tc := range []struct{ lang, n, want string }{
		{"en", "0", "0 tries left"},
		{"en", "1", "1 try left"},
		{"en", "2", "2 tries left"},
		{"en", "11", "11 tries left"},
		{"en", "-1", "-1 try left"},
		{"en", "1000001", "1000001 tries left"},
		{"en", "9223372036854775807", "9223372036854775807 tries left"},
		{"en", "-9223372036854775808", "-9223372036854775808 tries left"},
		{"en", "99999999999999999999", "99999999999999999999 tries left"},
		{"en", "no number", "no number tries left"},
		{"en", "", " tries left"},
		{"zu", "0", "ithuba eli-0"}, // none is as one in isiZulu
		{"zu", "1", "ithuba eli-1"},
		{"zu", "2", "amathuba angu-2"},
		{"xh", "1", "1 try left"}, // in English, by English rules
	} {
		if got := c.Say(tc.lang, "tries", Arg{"n", tc.n}); got != tc.want {
			t.Errorf("%s, %s: got %q, want %q", tc.lang, tc.n, got, tc.want)
		}
	}
	if got, want := c.Say("en", "wait", Count("n", 1), Arg{"name", "Thandi"}), "Thandi, wait a minute"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := c.Say("zu", "wait", Count("n", 3), Arg{"name", "Thandi"}), "Thandi, linda 3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSayAllocatesOnlyItsResult(t *testing.T) {
	c := sample(t)
	args := []Arg{{"amount", "R20"}, {"ref", "7F3K2A"}, {"network", "Vodacom"}, {"n", "2"}}
	for _, tc := range []struct {
		lang, key string
		max       float64
	}{
		{"zu", "hello", 0},
		{"zu", "sold", 1},
		{"xh", "sold", 1},
		{"en", "tries", 1},
	} {
		if n := testing.AllocsPerRun(100, func() { _ = c.Say(tc.lang, tc.key, args...) }); n > tc.max {
			t.Errorf("%s %s: %v allocations, want at most %v", tc.lang, tc.key, n, tc.max)
		}
	}
}

func TestTheCatalogueListsWhatItHas(t *testing.T) {
	c := sample(t)
	if diff := cmp.Diff([]Language{{"zu", "isiZulu"}, {"en", "English"}}, c.Languages()); diff != "" {
		t.Errorf("languages:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"hello", "language.name", "sold", "tries", "wait"}, c.Keys()); diff != "" {
		t.Errorf("keys:\n%s", diff)
	}
	for key, want := range map[string][]string{
		"hello": {}, "sold": {"amount", "network", "ref"}, "tries": {"n"}, "wait": {"n", "name"}, "no.such": nil,
	} {
		if diff := cmp.Diff(want, c.Placeholders(key)); diff != "" {
			t.Errorf("placeholders of %s:\n%s", key, diff)
		}
	}
	for lang, want := range map[string]bool{"en": true, "zu": true, "xh": false, "": false, "ZU": false} {
		if got := c.Has(lang); got != want {
			t.Errorf("has %q: %v", lang, got)
		}
	}
	c.Languages()[0].Name = "changed"
	c.Placeholders("sold")[0] = "changed"
	if c.Languages()[0].Name != "isiZulu" || c.Placeholders("sold")[0] != "amount" {
		t.Error("what a caller does to a list changes the catalogue")
	}
}

func TestLanguagesWithOtherPluralFormsWork(t *testing.T) {
	c, err := load(folder(map[string]string{
		"en.json": `{"language.name": "English", "n": {"one": "{n} one", "other": "{n} other"}}`,
		"ar.json": `{"language.name": "Arabic", "n": {"zero": "{n} zero", "one": "{n} one", "two": "{n} two",
			"few": "{n} few", "many": "{n} many", "other": "{n} other"}}`,
		"ja.json": `{"language.name": "Japanese", "n": {"other": "{n} other"}}`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]string{
		"ar": "0 zero,1 one,2 two,3 few,11 many,100 other",
		"ja": "0 other,1 other,2 other,3 other,11 other,100 other",
	} {
		var got []string
		for _, n := range []int{0, 1, 2, 3, 11, 100} {
			got = append(got, c.Say(lang, "n", Count("n", n)))
		}
		if s := strings.Join(got, ","); s != want {
			t.Errorf("%s: got %s", lang, s)
		}
	}
}

func BenchmarkSay(b *testing.B) {
	c, err := load(folder(map[string]string{
		"en.json": `{"language.name": "English", "ask": "{amount} {network} airtime for {number}? You have {balance}."}`,
	}))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.Say("en", "ask", Arg{"amount", "R20"}, Arg{"network", "Vodacom"}, Arg{"number", "0821234567"}, Arg{"balance", "R50"})
	}
}
