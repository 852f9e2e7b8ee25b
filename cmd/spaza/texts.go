package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"spaza/gsm7"
	"spaza/locales"
)

// textsFresh is how often the operator's texts are looked at while serving.
const textsFresh = 2 * time.Second

// openTexts loads what is said, with the operator's texts over the built-in
// ones where a folder is configured.
func (c *config) openTexts() (*locales.Live, error) {
	var overlay fs.FS
	if c.TextsDir != "" {
		overlay = os.DirFS(c.TextsDir)
	}
	words, err := locales.Open(overlay)
	if err != nil {
		return nil, fmt.Errorf("SPAZA_TEXTS_DIR: %w", err)
	}
	if c.Language != "" && !words.Has(c.Language) {
		return nil, fmt.Errorf("SPAZA_LANGUAGE is %q, and there is no such catalogue", withoutUser(c.Language))
	}
	return words, nil
}

// checkTexts lists what is wrong with the operator's texts. It is no part of
// readConfig, since only what speaks needs them: a folder that went wrong while
// the service runs must not make its health check fail.
func (c *config) checkTexts() error {
	_, err := c.openTexts()
	return err
}

// followTexts looks at the operator's texts again and again.
func (a *app) followTexts(ctx context.Context) {
	tick := time.NewTicker(a.textsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.refreshTexts()
		}
	}
}

// refreshTexts says the operator's texts as they are now, where they changed and
// nothing is wrong with them.
func (a *app) refreshTexts() {
	switch changed, err := a.words.Refresh(); {
	case err != nil:
		a.log.Error("texts changed and are not usable; those before stay", "dir", a.cfg.TextsDir, "err", err)
	case changed:
		a.log.Info("texts changed", "dir", a.cfg.TextsDir, "reworded", a.words.Catalogue().Reworded())
	}
}

// onPhone measures a text as a phone shows it.
func onPhone(text string) (septets int, lost []rune) {
	septets, _ = gsm7.Cost(gsm7.Fold(text))
	return septets, gsm7.Lost(text)
}

type textsCommand struct {
	Export    textsExportCommand    `cmd:"" help:"Write the built-in texts into a folder, as a start for texts of one's own."`
	Check     textsCheckCommand     `cmd:"" help:"Check a folder of texts as SPAZA_TEXTS_DIR would take it, and what does not fit a phone."`
	CheckFile textsCheckFileCommand `cmd:"" help:"Check a translator's catalogue, named after its language, against the English texts."`
}

type textsExportCommand struct {
	Folder   string   `arg:"" name:"dir" help:"Folder to write into; no file there is overwritten." type:"path"`
	Language []string `help:"Only these languages, such as zu." placeholder:"CODE"`
}

// Run writes the catalogues as they come with the program.
func (x textsExportCommand) Run(c console) error {
	words, err := locales.Load()
	if err != nil {
		return err
	}
	codes := x.Language
	for _, code := range codes {
		if !words.Has(code) {
			return usage("there are no built-in texts of %q", code)
		}
	}
	if len(codes) == 0 {
		for _, l := range words.Languages() {
			codes = append(codes, l.Code)
		}
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	if err := os.MkdirAll(x.Folder, 0o755); err != nil { //nolint:gosec // the service, as another user, reads it
		return fmt.Errorf("make folder: %w", err)
	}
	for _, code := range codes {
		if _, err := os.Lstat(filepath.Join(x.Folder, code+".json")); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already; nothing was written", filepath.Join(x.Folder, code+".json"))
		}
	}
	for _, code := range codes {
		if err := exportText(x.Folder, code+".json"); err != nil {
			return err
		}
		fmt.Fprintln(c.out, "wrote", filepath.Join(x.Folder, code+".json"))
	}
	fmt.Fprintln(c.out, "Keep what you change and delete the rest: what a file does not have is said as it is built in.")
	return nil
}

// exportText writes one catalogue.
func exportText(folder, name string) error {
	data, err := fs.ReadFile(locales.Builtin(), name)
	if err != nil {
		return fmt.Errorf("read built-in texts: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(folder, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // the service, as another user, reads it
	if err != nil {
		return fmt.Errorf("write texts: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write texts: %w", err)
	}
	return nil
}

type textsCheckCommand struct {
	Folder string `arg:"" name:"dir" help:"Folder of texts." type:"path"`
}

// Run says what is wrong with a folder, and what is odd.
func (x textsCheckCommand) Run(c console) error {
	wrong, odd := locales.CheckOverlay(os.DirFS(x.Folder), onPhone, screenSeptets)
	return tellFindings(c, wrong, odd)
}

type textsCheckFileCommand struct {
	File string `arg:"" help:"Catalogue, such as zu.json." type:"path"`
}

// Run says what is wrong with a catalogue, and what is odd.
func (x textsCheckFileCommand) Run(c console) error {
	data, err := os.ReadFile(x.File)
	if err != nil {
		return fmt.Errorf("read catalogue: %w", err)
	}
	wrong, odd := locales.CheckFile(filepath.Base(x.File), data, onPhone)
	return tellFindings(c, wrong, odd)
}

// tellFindings prints what is odd and what is wrong; an error where anything is
// wrong.
func tellFindings(c console, wrong []error, odd []string) error {
	for _, o := range odd {
		fmt.Fprintln(c.out, "note:", o)
	}
	for _, w := range wrong {
		fmt.Fprintln(c.out, "wrong:", w)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the texts are not usable: %d wrong", len(wrong))
	}
	fmt.Fprintln(c.out, "The texts are usable.")
	return nil
}
