package locales

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the files of review/ from the catalogues; a text that changed must be read again")

const reviewFolder = "review"

const reviewIndex = `# Texts that wait for a first-language reader

The texts of every language but English are drafts: none has been read by a first-language
speaker unless the last column of its table says so. Nobody should meet them with money at
stake before that. Readers put their name and the date in the last column, and correct the
catalogue where the text is not what a shopkeeper would say. Spelling is that of a schoolbook;
phones get a plainer one by themselves. {words in braces} are filled in and must stay as they
are. ` + "`spaza texts check-file`" + ` says what is wrong with a catalogue.

The tables follow the catalogues: ` + "`go test ./locales -update`" + ` rewrites them, keeps the last
column where a text is unchanged and empties it where it is not.

| language | texts | not yet read |
|---|---|---|
`

const reviewHead = `# %s (%s)

How to read: [README.md](README.md).

| key | English | %s | read by, on |
|---|---|---|---|
`

// TestReviewListsEveryTranslatedText keeps the lists of texts to be read true.
func TestReviewListsEveryTranslatedText(t *testing.T) {
	texts, errs := readFolder(catalogues, "")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	old := map[string]string{}
	found, err := filepath.Glob(filepath.Join(reviewFolder, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		old[filepath.Base(path)] = string(b)
	}
	want := review(texts, old)
	if *update {
		if err := os.MkdirAll(reviewFolder, 0o755); err != nil {
			t.Fatal(err)
		}
		for name := range old {
			if _, ok := want[name]; ok {
				continue
			}
			if err := os.Remove(filepath.Join(reviewFolder, name)); err != nil {
				t.Fatal(err)
			}
		}
		for name, page := range want {
			if err := os.WriteFile(filepath.Join(reviewFolder, name), []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	if !maps.Equal(old, want) {
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if old[name] != want[name] {
				t.Errorf("%s/%s does not list the texts as they are", reviewFolder, name)
			}
			delete(old, name)
		}
		for name := range old {
			if _, ok := want[name]; !ok {
				t.Errorf("%s/%s is of no language", reviewFolder, name)
			}
		}
		t.Error("run go test ./locales -update")
	}
}

func TestReviewKeepsAReaderOnlyWhileTheTextStays(t *testing.T) {
	texts := map[string]map[string]entry{}
	for lang, text := range map[string]string{
		"en": `{"language.name": "English", "a": "Back | x", "b": "More", "c": {"one": "{n} rand", "other": "{n} rands"}}`,
		"zu": `{"language.name": "isiZulu", "a": "Emuva\n| x", "b": "Okunye", "c": {"one": "irandi {n}", "other": "amarandi {n}"}}`,
		"af": `{"language.name": "Afrikaans", "a": "Back | x", "b": "Meer", "c": "{n} rand"}`,
	} {
		var wrong []error
		if texts[lang], wrong = readCatalogue(lang+".json", []byte(text)); wrong != nil {
			t.Fatal(wrong)
		}
	}
	hold := func(pages map[string]string, name string, rows ...string) {
		t.Helper()
		for _, row := range rows {
			if !strings.Contains(pages[name], row+"\n") {
				t.Fatalf("%s lacks the row %s:\n%s", name, row, pages[name])
			}
		}
	}
	first := review(texts, nil)
	if got := strings.Join(slices.Sorted(maps.Keys(first)), " "); got != "README.md af.md zu.md" {
		t.Fatalf("writes %s", got)
	}
	hold(first, "zu.md",
		"# isiZulu (zu)",
		`| a | Back \| x | Emuva<br>\| x | |`,
		"| b | More | Okunye | |",
		"| c (one) | {n} rand | irandi {n} | |",
		"| c (other) | {n} rands | amarandi {n} | |",
	)
	hold(first, "af.md", `| a | Back \| x | Back \| x | |`, "| c | {n} rands | {n} rand | |")
	hold(first, "README.md", "| [isiZulu](zu.md) | 5 | 5 |\n| [Afrikaans](af.md) | 4 | 4 |")

	first["zu.md"] = strings.ReplaceAll(first["zu.md"], " | |\n", " | Thandi, 2025-11-21 |\n")
	texts["zu"]["b"].forms[other] = "Okuningi"
	second := review(texts, first)
	hold(second, "zu.md",
		`| a | Back \| x | Emuva<br>\| x | Thandi, 2025-11-21 |`,
		"| b | More | Okuningi | |",
		"| c (one) | {n} rand | irandi {n} | Thandi, 2025-11-21 |",
	)
	hold(second, "af.md", `| a | Back \| x | Back \| x | |`)
	hold(second, "README.md", "| [isiZulu](zu.md) | 5 | 1 |\n| [Afrikaans](af.md) | 4 | 4 |")
}

// review writes the pages by name: one a language, and the index. old are the
// pages as they were, which say who read what.
func review(texts map[string]map[string]entry, old map[string]string) map[string]string {
	pages := map[string]string{}
	var index strings.Builder
	index.WriteString(reviewIndex)
	for _, lang := range slices.SortedFunc(maps.Keys(texts), byOffer) {
		if lang == English {
			continue
		}
		name, file := texts[lang][nameKey].forms[other], lang+".md"
		page, all, unread := reviewPage(lang, name, texts, readers(old[file]))
		pages[file] = page
		fmt.Fprintf(&index, "| [%s](%s) | %d | %d |\n", name, file, all, unread)
	}
	pages["README.md"] = index.String()
	return pages
}

// reviewPage writes the page of a language; read is who read which row.
func reviewPage(lang, name string, texts map[string]map[string]entry, read map[string]string) (page string, all, unread int) {
	var b strings.Builder
	fmt.Fprintf(&b, reviewHead, name, lang, name)
	cell := strings.NewReplacer("|", `\|`, "\n", "<br>")
	for _, t := range written(texts[lang]) {
		english := texts[English][t.key]
		source, ok := english.forms[t.form]
		if !ok {
			source = english.forms[other]
		}
		label := t.key
		if t.plural {
			label += " (" + t.form + ")"
		}
		row := fmt.Sprintf("| %s | %s | %s |", label, cell.Replace(source), cell.Replace(t.text))
		b.WriteString(row)
		all++
		if who := read[row]; who != "" {
			b.WriteString(" " + who)
		} else {
			unread++
		}
		b.WriteString(" |\n")
	}
	return b.String(), all, unread
}

// readers finds who read what on a page: by the row up to the last column, so
// that a row which changed in any way counts as not read.
func readers(page string) map[string]string {
	read := make(map[string]string)
	for line := range strings.Lines(page) {
		row, found := strings.CutSuffix(strings.TrimSuffix(line, "\n"), " |")
		if at := strings.LastIndex(row, "|"); found && at > 0 {
			read[row[:at+1]] = strings.TrimSpace(row[at+1:])
		}
	}
	return read
}
