package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/locales"
)

// sharedLog is a log that is read while it is written.
type sharedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *sharedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *sharedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// reworded is an overlay in which every English text without placeholders is
// one word.
func reworded(t *testing.T, word string) []byte {
	t.Helper()
	data, err := fs.ReadFile(locales.Builtin(), "en.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]any
	if err := json.Unmarshal(data, &texts); err != nil {
		t.Fatal(err)
	}
	for key, text := range texts {
		if s, ok := text.(string); ok && !strings.Contains(s, "{") {
			texts[key] = word
		}
	}
	if data, err = json.Marshal(texts); err != nil {
		t.Fatal(err)
	}
	return data
}

// put writes a file in one step, as a careful operator would.
func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// TestATextThatChangesOnDiskIsSaid changes texts under the running service.
func TestATextThatChangesOnDiskIsSaid(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "en.json")
	put(t, file, reworded(t, "Firstly"))
	cfg, err := readConfig(set("SPAZA_LISTEN=127.0.0.1:0", "SPAZA_ADMIN_LISTEN=", "SPAZA_DATA_DIR="+t.TempDir(), "SPAZA_TEXTS_DIR="+dir))
	if err != nil {
		t.Fatal(err)
	}
	var log sharedLog
	a, err := wire(t.Context(), cfg, &log)
	if err != nil {
		t.Fatal(err)
	}
	a.textsEvery = 5 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- a.run(ctx) }()
	defer func() {
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}()

	calls := 0
	dial := func() string {
		t.Helper()
		calls++
		form := url.Values{"sessionId": {fmt.Sprint("s", calls)}, "phoneNumber": {fmt.Sprintf("+2782%07d", calls)}, "text": {""}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+a.public.Addr().String()+"/ussd/africastalking", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		said, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(said)
	}
	until := func(what string, holds func() bool) {
		t.Helper()
		patience, enough := context.WithTimeout(t.Context(), time.Minute)
		defer enough()
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		for !holds() {
			select {
			case <-look.C:
			case <-patience.Done():
				t.Fatalf("%s did not come; the log says:\n%s", what, log.String())
			}
		}
	}

	if said := dial(); !strings.Contains(said, "Firstly") {
		t.Fatalf("at first: %q", said)
	}
	put(t, file, reworded(t, "Secondly"))
	until("the second wording", func() bool { return strings.Contains(dial(), "Secondly") })

	put(t, file, []byte(`{"nav.no_such": "Lost"}`))
	until("the complaint", func() bool { return strings.Contains(log.String(), "nav.no_such: the program knows no such text") })
	if said := dial(); !strings.Contains(said, "Secondly") {
		t.Errorf("with wrong texts on disk: %q", said)
	}
	put(t, file, reworded(t, "Thirdly"))
	until("the third wording", func() bool { return strings.Contains(dial(), "Thirdly") })
	if n := strings.Count(log.String(), "are not usable"); n != 1 {
		t.Errorf("the log complains %d times", n)
	}
}

// wrongTexts is a folder with two things wrong.
func wrongTexts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "en.json"), []byte(`{"language.name": "", "nav.no_such": "Lost"}`))
	return dir
}

func TestWrongTextsKeepTheServiceFromStarting(t *testing.T) {
	wrong := []string{"SPAZA_TEXTS_DIR", "overlay en.json: language.name: is empty", "overlay en.json: nav.no_such: the program knows no such text"}
	for _, command := range [][]string{{"serve"}, {"config", "check"}} {
		var out, errs bytes.Buffer
		status := run(t.Context(), command, console{
			out: &out, err: &errs, environ: set("SPAZA_TEXTS_DIR="+wrongTexts(t), "SPAZA_LISTEN=127.0.0.1:0", "SPAZA_ADMIN_LISTEN=", "SPAZA_DATA_DIR="+t.TempDir()),
		})
		if status != 1 {
			t.Errorf("%v ends with %d", command, status)
		}
		for _, w := range wrong {
			if !strings.Contains(errs.String(), w) {
				t.Errorf("%v does not say %q:\n%s", command, w, errs.String())
			}
		}
	}
	if _, err := wire(t.Context(), config{TextsDir: filepath.Join(t.TempDir(), "missing"), Listen: "127.0.0.1:0", DataDir: t.TempDir()}, io.Discard); err == nil {
		t.Error("a service without its folder of texts starts")
	}
}

func TestTextsDoNotConcernWhatDoesNotSpeak(t *testing.T) {
	if _, err := readConfig(set("SPAZA_TEXTS_DIR=" + wrongTexts(t))); err != nil {
		t.Errorf("wrong texts fail what only reads the configuration, such as the health check: %v", err)
	}
}

// texts runs a command on texts.
func texts(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	var out bytes.Buffer
	status = run(t.Context(), append([]string{"texts"}, args...), console{out: &out, err: &out})
	return status, out.String()
}

func TestExportedTextsAreThoseOfTheProgram(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "texts")
	if status, said := texts(t, "export", dir, "--language", "en"); status != 0 || !strings.Contains(said, "en.json") {
		t.Fatalf("one: %d, %s", status, said)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 || files[0].Name() != "en.json" {
		t.Errorf("wrote %v, %v", files, err)
	}
	if status, said := texts(t, "export", dir); status != 1 || !strings.Contains(said, "en.json is there already; nothing was written") {
		t.Errorf("over what is there: %d, %s", status, said)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("it wrote %v", files)
	}
	if status, said := texts(t, "export", dir, "--language", "xx"); status != 2 || !strings.Contains(said, `"xx"`) {
		t.Errorf("an unknown language: %d, %s", status, said)
	}
	all := t.TempDir()
	if status, said := texts(t, "export", all); status != 0 {
		t.Fatalf("all: %d, %s", status, said)
	}
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range words.Languages() {
		got, err := os.ReadFile(filepath.Join(all, l.Code+".json"))
		if err != nil {
			t.Error(err)
			continue
		}
		if want, _ := fs.ReadFile(locales.Builtin(), l.Code+".json"); !bytes.Equal(got, want) {
			t.Errorf("%s differs from what is built in", l.Name)
		}
	}
	if status, said := texts(t, "check", all); status != 0 || !strings.Contains(said, "The texts are usable.") {
		t.Errorf("what was exported: %d, %s", status, said)
	}
}

func TestCheckSaysWhatIsWrongAndWhatDoesNotFit(t *testing.T) {
	if status, said := texts(t, "check", wrongTexts(t)); status != 1 || !strings.Contains(said, "wrong: overlay en.json: nav.no_such: the program knows no such text\n") {
		t.Errorf("wrong texts: %d, %s", status, said)
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "en.json"), []byte(`{"language.name": "`+strings.Repeat("€", 80)+`x中"}`))
	status, said := texts(t, "check", dir)
	for _, want := range []string{
		"note: overlay en.json: language.name: takes 162 septets before anything is filled in, a screen has 160\n",
		"note: overlay en.json: language.name: phones cannot show '中'\n", "The texts are usable.\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("does not say %q: %s", want, said)
		}
	}
	if status != 0 {
		t.Errorf("what is only odd ends with %d", status)
	}
	if status, said := texts(t, "check", filepath.Join(dir, "missing")); status != 1 || !strings.Contains(said, "wrong: read overlay catalogues:") {
		t.Errorf("a folder that is not there: %d, %s", status, said)
	}
}

func TestCheckFileJudgesATranslation(t *testing.T) {
	file := filepath.Join(t.TempDir(), "en.json")
	put(t, file, reworded(t, "Word"))
	if status, said := texts(t, "check-file", file); status != 0 || !strings.Contains(said, "The texts are usable.") {
		t.Errorf("a whole catalogue: %d, %s", status, said)
	}
	put(t, file, []byte(`{"language.name": "Two  blanks"}`))
	if status, said := texts(t, "check-file", file); status != 1 || !strings.Contains(said, "wrong: en.json: language.name: has two blanks in a row\n") || !strings.Contains(said, " is missing\n") {
		t.Errorf("a torn catalogue: %d, %s", status, said)
	}
	if status, said := texts(t, "check-file", filepath.Join(t.TempDir(), "zu.json")); status != 1 || !strings.Contains(said, "read catalogue") {
		t.Errorf("a file that is not there: %d, %s", status, said)
	}
}
