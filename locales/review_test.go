package locales

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite REVIEW.md from the catalogues; a text that changed must be read again")

const reviewFile = "REVIEW.md"

const reviewIntro = `# Texts that wait for a first-language reader

The texts below are drafts: none has been read by a first-language speaker unless its
last column says so. Nobody should meet them with money at stake before that. Readers
put their name and the date in the last column, and correct the catalogue where the
text is not what a shopkeeper would say. Spelling is that of a schoolbook; phones get a
plainer one by themselves. {words in braces} are filled in and must stay as they are.

The tables follow the catalogues: ` + "`go test ./locales -update`" + ` rewrites them, keeps the last
column where a text is unchanged and empties it where it is not.
`

// TestReviewListsEveryTranslatedText keeps the list of texts to be read true.
func TestReviewListsEveryTranslatedText(t *testing.T) {
	texts, errs := readFolder(catalogues, "")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	old, err := os.ReadFile(reviewFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := review(texts, readers(string(old)))
	if *update {
		if err := os.WriteFile(reviewFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(old, want) {
		t.Errorf("%s does not list the texts as they are: run go test ./locales -update", reviewFile)
	}
}

func TestReviewKeepsAReaderOnlyWhileTheTextStays(t *testing.T) {
	texts := map[string]map[string]entry{}
	for lang, text := range map[string]string{
		"en": `{"language.name": "English", "a": "Back | x", "b": "More", "c": {"one": "{n} rand", "other": "{n} rands"}}`,
		"zu": `{"language.name": "isiZulu", "a": "Emuva\n| x", "b": "Okunye", "c": {"one": "irandi {n}", "other": "amarandi {n}"}}`,
	} {
		texts[lang], _ = readCatalogue(lang+".json", []byte(text))
	}
	first := string(review(texts, nil))
	for _, row := range []string{
		"## isiZulu (zu)",
		`| a | Back \| x | Emuva<br>\| x | |`,
		"| b | More | Okunye | |",
		"| c (one) | {n} rand | irandi {n} | |",
		"| c (other) | {n} rands | amarandi {n} | |",
	} {
		if !strings.Contains(first, row+"\n") {
			t.Fatalf("lacks the row %s:\n%s", row, first)
		}
	}
	read := strings.ReplaceAll(first, " | |\n", " | Thandi, 2025-11-21 |\n")
	texts["zu"]["b"].forms[other] = "Okuningi"
	second := string(review(texts, readers(read)))
	for _, row := range []string{
		`| a | Back \| x | Emuva<br>\| x | Thandi, 2025-11-21 |`,
		"| b | More | Okuningi | |",
		"| c (one) | {n} rand | irandi {n} | Thandi, 2025-11-21 |",
	} {
		if !strings.Contains(second, row+"\n") {
			t.Errorf("lacks the row %s:\n%s", row, second)
		}
	}
}

// review writes the list; read is who read which row.
func review(texts map[string]map[string]entry, read map[string]string) []byte {
	var b bytes.Buffer
	b.WriteString(reviewIntro)
	cell := strings.NewReplacer("|", `\|`, "\n", "<br>")
	for _, lang := range slices.Sorted(maps.Keys(texts)) {
		if lang == English {
			continue
		}
		name := texts[lang][nameKey].forms[other]
		fmt.Fprintf(&b, "\n## %s (%s)\n\n| key | English | %s | read by, on |\n|---|---|---|---|\n", name, lang, name)
		for _, key := range slices.Sorted(maps.Keys(texts[lang])) {
			e, english := texts[lang][key], texts[English][key]
			for _, form := range slices.Sorted(maps.Keys(e.forms)) {
				label := key
				if e.plural {
					label += " (" + form + ")"
				}
				source, ok := english.forms[form]
				if !ok {
					source = english.forms[other]
				}
				row := fmt.Sprintf("| %s | %s | %s |", label, cell.Replace(source), cell.Replace(e.forms[form]))
				b.WriteString(row)
				if who := read[lang+row]; who != "" {
					b.WriteString(" " + who)
				}
				b.WriteString(" |\n")
			}
		}
	}
	return b.Bytes()
}

// readers finds who read what in a list: by language and the row up to the last
// column, so that a row which changed in any way counts as not read.
func readers(list string) map[string]string {
	read := make(map[string]string)
	lang := ""
	for line := range strings.Lines(list) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "## ") {
			lang = strings.TrimSuffix(line[strings.LastIndex(line, "(")+1:], ")")
			continue
		}
		row, found := strings.CutSuffix(line, " |")
		if at := strings.LastIndex(row, "|"); found && at > 0 {
			read[lang+row[:at+1]] = strings.TrimSpace(row[at+1:])
		}
	}
	return read
}
