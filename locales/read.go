package locales

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// entry is one text as a file has it, before its placeholders are looked at.
type entry struct {
	file   string            // where it was read, for complaints
	forms  map[string]string // the text by plural form; a plain text is "other"
	plural bool              // written with plural forms
	count  string            // the placeholder that chooses, where the file names it
	broken bool              // was not readable, which is reported already
}

// overlayLabel goes before the names of files of overlays in complaints.
const overlayLabel = "overlay "

// isCatalogue says whether a file of a folder is read: not one that is hidden,
// which is how editors and mounted volumes keep what is theirs.
func isCatalogue(f fs.DirEntry) bool {
	return !f.IsDir() && path.Ext(f.Name()) == ".json" && !strings.HasPrefix(f.Name(), ".")
}

// codeOf is the language that a file is named after.
func codeOf(name string) (string, bool) {
	code := strings.TrimSuffix(path.Base(name), ".json")
	tag, err := language.Parse(code)
	return code, err == nil && tag.String() == code
}

// readFolder reads every catalogue of a folder: entries by language and key.
// What can be read is returned beside what is wrong.
func readFolder(folder fs.FS, label string) (map[string]map[string]entry, []error) {
	files, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, []error{fmt.Errorf("read %scatalogues: %w", label, err)}
	}
	texts := make(map[string]map[string]entry)
	var errs []error
	for _, f := range files {
		if !isCatalogue(f) {
			continue
		}
		file := label + f.Name()
		code, ok := codeOf(f.Name())
		if !ok {
			errs = append(errs, fmt.Errorf("%s: %q is no code of a language", file, code))
			continue
		}
		data, err := fs.ReadFile(folder, f.Name())
		if err != nil {
			errs = append(errs, fmt.Errorf("read %s: %w", file, err))
			continue
		}
		entries, fileErrs := readCatalogue(file, data)
		errs = append(errs, fileErrs...)
		if entries != nil {
			texts[code] = entries
		}
	}
	return texts, errs
}

// readCatalogue reads one file; nil entries when it is no JSON object.
func readCatalogue(file string, data []byte) (map[string]entry, []error) {
	if !utf8.Valid(data) {
		return nil, []error{fmt.Errorf("%s: is not UTF-8", file)}
	}
	entries := make(map[string]entry)
	var errs []error
	err := eachMember(data, func(key string, value json.RawMessage) {
		e, wrong := readEntry(value)
		if _, again := entries[key]; again {
			wrong = append(wrong, errors.New("is there twice"))
		}
		if !validKey(key) {
			wrong = append(wrong, errors.New("a key is lower-case words joined by dots"))
		}
		for _, err := range wrong {
			errs = append(errs, fmt.Errorf("%s: %s: %w", file, key, err))
		}
		e.file, e.broken = file, len(wrong) > 0
		entries[key] = e
	})
	if err != nil {
		return nil, append(errs, fmt.Errorf("%s: %w", file, err))
	}
	return entries, errs
}

// readEntry reads a text: a string, or an object of plural forms.
func readEntry(value json.RawMessage) (entry, []error) {
	switch value[0] {
	case '"':
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return entry{}, []error{err}
		}
		return entry{forms: map[string]string{other: text}}, nil
	case '{':
		e := entry{forms: make(map[string]string), plural: true}
		var errs []error
		err := eachMember(value, func(name string, value json.RawMessage) {
			var text string
			_, again := e.forms[name]
			switch {
			case json.Unmarshal(value, &text) != nil || value[0] != '"':
				errs = append(errs, fmt.Errorf("%q is no text", name))
			case again || name == countName && e.count != "":
				errs = append(errs, fmt.Errorf("%q is there twice", name))
			case name == countName:
				e.count = text
			default:
				e.forms[name] = text
			}
		})
		if err != nil {
			errs = append(errs, err)
		}
		return e, errs
	default:
		return entry{}, []error{errors.New("neither a text nor an object of plural forms")}
	}
}

// eachMember visits the members of a JSON object in order, those that occur
// twice included. Its error names the line.
func eachMember(data []byte, visit func(name string, value json.RawMessage)) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	line := func(err error) error {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("line %d: %w", 1+bytes.Count(data[:dec.InputOffset()], []byte("\n")), err)
	}
	if t, err := dec.Token(); err != nil {
		return line(err)
	} else if t != json.Delim('{') {
		return line(errors.New("not an object"))
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return line(err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return line(err)
		}
		visit(fmt.Sprint(name), value)
	}
	if _, err := dec.Token(); err != nil {
		return line(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return line(errors.New("something follows the object"))
	}
	return nil
}

// validKey says whether a key is lower-case words, digits and underscores joined
// by dots.
func validKey(key string) bool {
	for word := range strings.SplitSeq(key, ".") {
		if !validName(word) {
			return false
		}
	}
	return true
}

// validName says whether a word of a key, or a placeholder, is well formed.
func validName(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return name != ""
}
