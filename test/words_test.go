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

// made is the shape of the keys that an expression puts together of literals and
// of what it has in variables, such as "menu." + flow; nil where it makes none.
// What is in a variable is a group.
func made(e *ast.BinaryExpr) *regexp.Regexp {
	var shape strings.Builder
	says := false // more than how parts are joined
	var add func(ast.Expr) bool
	add = func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.BinaryExpr:
			return e.Op == token.ADD && add(e.X) && add(e.Y)
		case *ast.ParenExpr:
			return add(e.X)
		case *ast.BasicLit:
			s, ok := literal(e)
			says = says || strings.Trim(s, ".") != ""
			shape.WriteString(regexp.QuoteMeta(s))
			return ok
		}
		shape.WriteString("([a-z0-9_]+)")
		return true
	}
	if !add(e) || !says || !strings.Contains(shape.String(), `\.`) || strings.Contains(shape.String(), " ") {
		return nil
	}
	return regexp.MustCompile("^" + shape.String() + "$")
}

// TestEveryTextIsUsed finds texts that translators would keep for nothing. What
// of a key stands in a variable must be a word of the code as well.
func TestEveryTextIsUsed(t *testing.T) {
	files := code(t)
	used := map[string]bool{}
	for _, key := range reasonKeys(t, files) {
		used[key] = true
	}
	var shapes []*regexp.Regexp
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch e := n.(type) {
			case *ast.BinaryExpr:
				if shape := made(e); shape != nil {
					shapes = append(shapes, shape)
				}
			case ast.Expr:
				if s, ok := literal(e); ok {
					used[s] = true
				}
			}
			return true
		})
	}
	isMade := func(key string) bool {
		return slices.ContainsFunc(shapes, func(shape *regexp.Regexp) bool {
			parts := shape.FindStringSubmatch(key)
			return parts != nil && !slices.ContainsFunc(parts[1:], func(part string) bool { return !used[part] })
		})
	}
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range words.Keys() {
		// A chat's wording of a text is said where the text is.
		if plain := strings.TrimSuffix(key, ".chat"); !used[key] && !used[plain] && !isMade(key) {
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
				if filepath.Base(filepath.Dir(path)) == "channels" {
					return true // which has no words; what others say, it reads
				}
				said, shapes := spoken(n, words)
				for _, key := range said {
					check(path, key)
				}
				for _, shape := range shapes {
					if found++; !slices.ContainsFunc(keys, shape.MatchString) {
						t.Errorf("%s says keys like %s, and no catalogue has any", path, shape)
					}
				}
			case *ast.KeyValueExpr:
				if name, ok := n.Key.(*ast.Ident); ok && name.Name == "What" && filepath.Base(filepath.Dir(path)) == "flows" {
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

// spoken are the keys that a call is given as literals, and the shapes of those
// that are put together for it.
func spoken(call *ast.CallExpr, words *locales.Catalogue) (keys []string, shapes []*regexp.Regexp) {
	var name string
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	for _, i := range speakers()[name] {
		if i >= len(call.Args) {
			continue
		}
		if e, ok := call.Args[i].(*ast.BinaryExpr); ok {
			if shape := made(e); shape != nil {
				shapes = append(shapes, shape)
			}
		}
		s, ok := literal(call.Args[i])
		if ok && keyShape.MatchString(s) && !words.Has(s) {
			keys = append(keys, s)
		}
	}
	return keys, shapes
}
