package flows_test

import (
	"slices"
	"testing"

	"spaza/dialog"
	"spaza/flows"
	"spaza/locales"
)

// spokenBook is a book that knows the words of all languages.
func spokenBook(t testing.TB) (*locales.Catalogue, dialog.Book) {
	t.Helper()
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	return words, flows.Book(flows.Shop{Words: words, Languages: func() []flows.Language {
		var all []flows.Language
		for _, l := range words.Languages() {
			all = append(all, flows.Language{Code: l.Code, Name: l.Name})
		}
		return all
	}})
}

func TestWordsInAChatLeadWhereTheySay(t *testing.T) {
	t.Parallel()
	words, book := spokenBook(t)
	airtime, data, power, menu := []string{"1"}, []string{"2"}, []string{"3"}, []string{}
	for typed, want := range map[string][]string{
		"airtime": airtime, "buy airtime": airtime, "i want to buy some airtime": nil, "please, buy airtime!": airtime, "/airtime": airtime,
		"koop krag": power, "krag": power, "thenga ugesi": power, "ugesi": power, "electricity please": power, "buy data": data,
		"menu": menu, "/menu": menu, "/start": menu, "hi": menu, "hello!": menu, "sawubona": menu, "molo": menu, "buy": menu,
		"balance": {"6"}, "my money": {"6"}, "help": {"8"}, "/help": {"8"}, "voucher": {"4"}, "again": {"5"}, "language": {"10"},
		// What answers a question leads nowhere else.
		"1": nil, "50": nil, "0821234567": nil, "": nil, "  ": nil, "*120*384#": nil, "?": nil, "/": nil, "gogo": nil, "thandi's house": nil,
		"my airtime is not working since yesterday and i want it back": nil, "🙏": nil, "04123456789": nil, "5000 5000 0000 0001": nil,
	} {
		got, ok := book.Verb(typed)
		switch {
		case want == nil && ok:
			t.Errorf("%q leads to %v", typed, got)
		case want != nil && (!ok || !slices.Equal(got, want)):
			t.Errorf("%q leads to %v, %v; want %v", typed, got, ok, want)
		}
	}
	// A word leads to one place, whoever says it.
	seen := map[string]string{}
	for _, key := range words.Keys() {
		if len(key) < 5 || key[:5] != "verb." || key == "verb.buy" {
			continue
		}
		for _, l := range words.Languages() {
			for _, w := range flows.Spoken(words.Say(l.Code, key)) {
				if seen[w] != "" && seen[w] != key {
					t.Errorf("%s: %q is in %s and in %s", l.Code, w, seen[w], key)
				}
				seen[w] = key
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d words lead anywhere", len(seen))
	}
}

// reworded is a catalogue in which one word leads to electricity.
type reworded struct{ word string }

func (r *reworded) Say(_, key string, _ ...struct{ Name, Value string }) string {
	if key == "verb.electricity" {
		return r.word
	}
	return ""
}

// TestWordsFollowTheTexts: an operator changes what leads where while the service
// runs.
func TestWordsFollowTheTexts(t *testing.T) {
	t.Parallel()
	words := &reworded{"krag"}
	book := flows.Book(flows.Shop{Words: words, Languages: func() []flows.Language { return []flows.Language{{Code: "af"}} }})
	for _, word := range []string{"krag", "ligte", "krag"} {
		words.word = word
		for _, typed := range []string{"krag", "ligte"} {
			if inputs, ok := book.Verb(typed); ok != (typed == word) || ok && !slices.Equal(inputs, []string{"3"}) {
				t.Errorf("with %q, %q leads to %v, %v", word, typed, inputs, ok)
			}
		}
	}
}

func BenchmarkWords(b *testing.B) {
	_, book := spokenBook(b)
	b.ReportAllocs()
	for b.Loop() {
		book.Verb("gogo house")
	}
}
