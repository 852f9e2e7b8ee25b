package locales

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
)

// official are the languages with their own names, in the order in which they
// are offered.
var official = []Language{
	{"zu", "isiZulu"}, {"xh", "isiXhosa"}, {"af", "Afrikaans"}, {"en", "English"}, {"nso", "Sepedi"}, {"tn", "Setswana"},
	{"st", "Sesotho"}, {"ts", "Xitsonga"}, {"ss", "siSwati"}, {"ve", "Tshivenḓa"}, {"nr", "isiNdebele"},
}

// named are catalogues with nothing but their names.
func named(t *testing.T, all ...Language) *Catalogue {
	t.Helper()
	files := map[string]string{}
	for _, l := range all {
		files[l.Code+".json"] = `{"language.name": "` + l.Name + `"}`
	}
	c, err := load(folder(files))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLanguagesAreListedAsTheyAreOffered(t *testing.T) {
	c := named(t, official...)
	if got := c.Languages(); !slices.Equal(got, official) {
		t.Errorf("got %v, want %v", got, official)
	}
	for _, l := range official {
		if got := c.Say(l.Code, nameKey); got != l.Name || !c.Has(l.Code) {
			t.Errorf("%s says that it is %s", l.Code, got)
		}
	}
	for _, unknown := range []string{"", "pt", "ZU", "zu-ZA"} {
		if got := c.Say(unknown, nameKey); got != "English" || c.Has(unknown) {
			t.Errorf("%q is answered in %s", unknown, got)
		}
	}
}

func TestOtherLanguagesAreOfferedLast(t *testing.T) {
	base := folder(map[string]string{"en.json": `{"language.name": "English"}`, "nr.json": `{"language.name": "isiNdebele"}`})
	c, err := load(base, folder(map[string]string{
		"sn.json": `{"language.name": "chiShona"}`, "fr.json": `{"language.name": "Français"}`, "zu.json": `{"language.name": "isiZulu"}`,
	}))
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, l := range c.Languages() {
		codes = append(codes, l.Code)
	}
	if got := strings.Join(codes, " "); got != "zu en nr fr sn" {
		t.Errorf("got %s", got)
	}
	if got := c.Say("xh", nameKey); got != "English" {
		t.Errorf("an unknown language is answered in %s", got)
	}
}

// TestPluralFormsOfEveryLanguage holds the tables of golang.org/x/text against
// the rules of Unicode's CLDR: none is as one in isiZulu and Sepedi, and not in
// the others.
func TestPluralFormsOfEveryLanguage(t *testing.T) {
	files := map[string]string{}
	for _, l := range official {
		files[l.Code+".json"] = `{"language.name": "` + l.Name + `", "n": {"one": "one", "other": "other {n}"}}`
	}
	c, err := load(folder(files))
	if err != nil {
		t.Fatal(err) // a language has other forms than these two
	}
	for _, l := range official {
		if tag, err := language.Parse(l.Code); err != nil || tag.String() != l.Code {
			t.Errorf("%s is known as %s, %v", l.Code, tag, err)
		}
		for _, n := range []int{0, 1, 2, 5, 21, 101, 1000000} {
			want := "other " + Count("", n).Value
			if n == 1 || n == 0 && (l.Code == "zu" || l.Code == "nso") {
				want = "one"
			}
			if got := c.Say(l.Code, "n", Count("n", n)); got != want {
				t.Errorf("%s, %d: got %q, want %q", l.Name, n, got, want)
			}
		}
	}
}

// TestTheLanguagesCallThemselvesByTheirNames holds for the catalogues that are
// there.
func TestTheLanguagesCallThemselvesByTheirNames(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var want []Language
	for _, l := range official {
		if c.Has(l.Code) {
			want = append(want, l)
		}
	}
	if got := c.Languages(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
