package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spaza/flows"
	"spaza/locales"
)

// keyShape is what a key of the catalogue looks like in code.
var keyShape = regexp.MustCompile(`^[a-z0-9_]+(\.[a-z0-9_]+)*$`)

// speakers are the functions and methods that are given a key, and at which
// place of their arguments.
func speakers() map[string][]int {
	return map[string][]int{
		"Say":   {0, 1}, // of a Talk, and of Words behind the language
		"Again": {0}, "Note": {0}, "says": {0}, "say": {0},
	}
}

// code is every file of the house that is not a test, parsed.
func code(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == filepath.Join("..", "test") || d.Name() == "testdata" || path != ".." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("found %d files; has the house moved?", len(files))
	}
	return files
}

// literal is the value of a string literal.
func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// reasonKeys are the texts that are looked up by the reason of a refusal.
func reasonKeys(t *testing.T, files map[string]*ast.File) []string {
	t.Helper()
	var keys []string
	for path, f := range files {
		if filepath.Base(filepath.Dir(path)) != "vend" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Reason" {
				for _, v := range spec.Values {
					if s, ok := literal(v); ok {
						keys = append(keys, "why."+s)
					}
				}
			}
			return true
		})
	}
	if len(keys) == 0 {
		t.Fatal("found no reasons; have they moved?")
	}
	return keys
}

// TestEveryTextIsUsed finds texts that translators would keep for nothing.
func TestEveryTextIsUsed(t *testing.T) {
	files := code(t)
	used := reasonKeys(t, files)
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				if s, ok := literal(e); ok {
					used = append(used, s)
				}
			}
			return true
		})
	}
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range words.Keys() {
		if !slices.Contains(used, key) {
			t.Errorf("no code says %q: take it out of locales, or say it", key)
		}
	}
}

// TestEveryKeyHasAText finds keys in code that no catalogue has: where one is
// said, in the What of a state, and among the constants of the engine.
func TestEveryKeyHasAText(t *testing.T) {
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	keys, found := words.Keys(), 0
	check := func(path, key string) {
		found++
		if !slices.Contains(keys, key) {
			t.Errorf("%s says %q, which no catalogue has", path, key)
		}
	}
	for path, f := range code(t) {
		inDialog := filepath.Base(filepath.Dir(path)) == "dialog"
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				for _, key := range spoken(n, words) {
					check(path, key)
				}
			case *ast.KeyValueExpr:
				if name, ok := n.Key.(*ast.Ident); ok && name.Name == "What" {
					if s, ok := literal(n.Value); ok && s != "" {
						check(path, s)
					}
				}
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if !inDialog || !strings.HasPrefix(name.Name, "Key") || i >= len(n.Values) {
						continue
					}
					if s, ok := literal(n.Values[i]); ok {
						check(path, s)
					}
				}
			}
			return true
		})
	}
	for _, s := range flows.Book(flows.Shop{}).States {
		if s.What != "" {
			check("the book's state "+string(s.ID), s.What)
		}
	}
	if found < 60 {
		t.Errorf("found %d keys in the code; are they said by another name now?", found)
	}
}

// spoken are the keys that a call is given as literals.
func spoken(call *ast.CallExpr, words *locales.Catalogue) []string {
	var name string
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	var keys []string
	for _, i := range speakers()[name] {
		if i >= len(call.Args) {
			continue
		}
		s, ok := literal(call.Args[i])
		if ok && keyShape.MatchString(s) && !words.Has(s) {
			keys = append(keys, s)
		}
	}
	return keys
}
