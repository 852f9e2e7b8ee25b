// Package test judges the whole: the built service, driven through its doors,
// and the house itself, such as which package may import which.
package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the import path of the repository's root.
const module = "spaza"

// everything stands for no restriction.
const everything = "..."

// rule is what one package may import beside the standard library, and why no
// more. A name with no dot is one of ours; an import path allows what is below
// it as well.
type rule struct {
	pkg  string // below the module; a trailing /... means all below
	may  []string
	only map[string][]string // more that one file may import, and no other
	// tests is true where the rule holds for test files too: the packages that
	// must be understood without any other.
	tests bool
	why   string
}

var rules = []rule{
	{pkg: "secret", tests: true, why: "everything carries secrets, so it can know nothing"},
	{pkg: "ledger", tests: true, why: "money is judged with nothing else in view"},
	{pkg: "jobs", tests: true, why: "a job runner must not know what any job is about"},
	{pkg: "msisdn", tests: true, why: "a number is a number"},
	{pkg: "hostcall", may: []string{"secret", "golang.org/x/sync"}, tests: true, why: "whether a call left must be known the same way for every host, so it can know none"},
	{pkg: "gsm7", may: []string{"golang.org/x/text/unicode/norm"}, tests: true, why: "an alphabet; letters are taken apart by Unicode's tables"},
	{
		pkg: "vend", may: []string{"secret", "ledger", "jobs"},
		only: map[string][]string{"pin_hash.go": {"golang.org/x/crypto/argon2"}},
		why:  "a sale knows no session, screen, language or provider",
	},
	{pkg: "intake", may: []string{"jobs", "secret"}, why: "a letter is kept without knowing what it says, or on which surface"},
	{pkg: "recon", may: []string{"ledger"}, why: "a file and a list of sales are compared with nothing else in view"},
	{
		pkg: "dialog", may: []string{"gsm7", "secret", "github.com/looplab/fsm"},
		why: "the engine runs in a terminal, a test or a server alike, and sells nothing; secret hashes what was typed",
	},
	{pkg: "locales", may: []string{"golang.org/x/text"}, why: "words fit the engine by their shape and know nothing of it"},
	{
		pkg: "flows", may: []string{"dialog", "gsm7", "vend", "ledger", "msisdn", "secret"},
		only: map[string][]string{"notices.go": {"jobs"}, "whonews.go": {"jobs"}, "names.go": {"golang.org/x/text/unicode/norm"}},
		why:  "the one place where talk meets trade: no HTTP, no SQL, no Redis, no provider; notices are sent by a job, and what is said must fit a screen",
	},
	{
		pkg: "channels", may: []string{"dialog", "gsm7", "msisdn", "secret"},
		only: map[string][]string{
			"server.go":          {"github.com/gofiber/fiber/v2", "github.com/valyala/fasthttp"},
			"server_test.go":     {"github.com/valyala/fasthttp"}, // it looks at connections
			"telegram_screen.go": {"github.com/go-telegram-bot-api/telegram-bot-api/v5"},
			"telegram_send.go":   {"github.com/go-telegram-bot-api/telegram-bot-api/v5"},
		},
		why: "translates and never sells; the web framework stays in one file, and a chat's library in those that speak to it",
	},
	{
		pkg: "flashapi", may: []string{"secret", "ledger", "hostcall", "github.com/sony/gobreaker/v2", "golang.org/x/time"},
		only: map[string][]string{"provider.go": {"vend"}, "provider_shelf.go": {"vend", "msisdn"}, "provider_goods.go": {"vend"}, "provider_enquiry.go": {"vend"}},
		why:  "a client of the Partner API that could be used without the shop; its adapter fits it to the port",
	},
	{pkg: "flashapi/conformance", may: []string{"secret"}, why: "it judges servers, so it shares no code with client or simulator"},
	{pkg: "flashapi/sandbox", may: []string{"simulator"}, tests: true, why: "an honest simulator shares no code with the client that it judges"},
	{
		pkg:  "electrumapi",
		may:  []string{"secret", "ledger", "hostcall", "github.com/google/uuid", "github.com/sony/gobreaker/v2", "golang.org/x/time"},
		only: map[string][]string{"provider.go": {"vend"}, "provider_shelf.go": {"vend", "msisdn"}, "provider_goods.go": {"vend"}, "provider_enquiry.go": {"vend"}, "provider_advice.go": {"vend"}},
		why:  "a client of three interfaces that could be used without the shop; its adapter fits it to the port",
	},
	{pkg: "electrumapi/sandbox", may: []string{"simulator"}, tests: true, why: "an honest simulator shares no code with the client that it judges"},
	{pkg: "simulator", tests: true, why: "what simulators share may lead to nothing that a client shares with them"},
	{
		pkg: "store",
		may: []string{
			"vend", "ledger", "jobs", "dialog", "intake", "secret", "github.com/redis/go-redis/v9", "github.com/alicebob/miniredis/v2",
			"github.com/jackc/pgx/v5", "modernc.org/sqlite", "github.com/pressly/goose/v3",
		},
		why: "implements the ports of the cores; must not know what is said or on which channel",
	},
	{pkg: "telemetry", may: []string{"secret", "github.com/prometheus/client_golang"}, why: "numbers arrive through functions"},
	{pkg: "cmd/spaza", may: []string{everything}, why: "the wiring: the only place that knows all"},
	{pkg: "test/run", tests: true, why: "the test command works with Go alone"},
	{pkg: "test/chatfake", why: "the other side of a wire shares no code with what it judges"},
	{pkg: "test/...", may: []string{everything}, why: "tests of the whole see the whole"},
}

// testOnly is what test files may import in any package, beside all of ours but
// the commands.
var testOnly = []string{
	"pgregory.net/rapid", "go.uber.org/goleak", "github.com/google/go-cmp", "github.com/google/uuid", "github.com/alicebob/miniredis/v2",
	"golang.org/x/text",
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Dir                    string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

// name is the package's path below the module.
func (p pkg) name() string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/") }

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list found no packages")
	}
	return all
}

// ruleOf finds the rule for a package: its own, or one for all below.
func ruleOf(name string) (rule, bool) {
	for _, r := range rules {
		if below, all := strings.CutSuffix(r.pkg, "/..."); r.pkg == name || all && (name == below || strings.HasPrefix(name, below+"/")) {
			return r, true
		}
	}
	return rule{}, false
}

// allows says whether a list allows an import.
func allows(list []string, imported string) bool {
	for _, may := range list {
		ours := !strings.Contains(may, ".")
		switch {
		case may == everything,
			ours && imported == path.Join(module, may),
			!ours && (imported == may || strings.HasPrefix(imported, may+"/")):
			return true
		}
	}
	return false
}

// standard says whether an import is of the standard library.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return first != module && !strings.Contains(first, ".")
}

// permitted says whether a file of a package may import something.
func (r rule) permitted(p pkg, file, imported string) bool {
	switch {
	case standard(imported), imported == p.ImportPath:
		return true
	case allows(r.may, imported), allows(r.only[file], imported):
		return true
	case !strings.HasSuffix(file, "_test.go"):
		return false
	case allows(testOnly, imported):
		return true
	default:
		return !r.tests && strings.HasPrefix(imported, module+"/") && !strings.HasPrefix(imported, module+"/cmd/")
	}
}

func TestArrowsPointOneWay(t *testing.T) {
	for _, p := range packages(t) {
		r, listed := ruleOf(p.name())
		if !listed {
			t.Errorf("package %s has no rule: say in this file what it may import, and why no more", p.ImportPath)
			continue
		}
		for file, f := range parse(t, p, parser.ImportsOnly, p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			for _, spec := range f.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if !r.permitted(p, file, imported) {
					t.Errorf("%s/%s imports %s, which it may not: %s", p.name(), file, imported, r.why)
				}
			}
		}
	}
}

func TestNoRuleIsStale(t *testing.T) {
	files := map[string][]string{}
	for _, p := range packages(t) {
		files[p.name()] = slices.Concat(p.GoFiles, p.TestGoFiles)
	}
	exists := func(name string) bool {
		if name, all := strings.CutSuffix(name, "/..."); all {
			for other := range files {
				if strings.HasPrefix(other, name+"/") {
					return true
				}
			}
		}
		return files[name] != nil
	}
	for _, r := range rules {
		if !exists(r.pkg) {
			t.Errorf("there is a rule for %s, which does not exist", r.pkg)
		}
		for _, may := range r.may {
			if !strings.Contains(may, ".") && !exists(may) {
				t.Errorf("%s may import %s, which does not exist", r.pkg, may)
			}
		}
		for file := range r.only {
			if !slices.Contains(files[r.pkg], file) {
				t.Errorf("there is a rule for %s/%s, which does not exist", r.pkg, file)
			}
		}
	}
}

func TestEveryPackageSaysWhyItExists(t *testing.T) {
	for _, p := range packages(t) {
		documented := 0
		for _, f := range parse(t, p, parser.PackageClauseOnly|parser.ParseComments, p.GoFiles, p.TestGoFiles) {
			if f.Doc != nil {
				documented++
			}
		}
		if documented != 1 {
			t.Errorf("package %s has %d package comments, want one", p.ImportPath, documented)
		}
	}
}

func TestNothingHappensBeforeMain(t *testing.T) {
	for _, p := range packages(t) {
		for file, f := range parse(t, p, parser.SkipObjectResolution, p.GoFiles, p.TestGoFiles, p.XTestGoFiles) {
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s/%s has an init function: what it does belongs into a constructor", p.name(), file)
				}
			}
		}
	}
}

func TestNoPackageKeepsState(t *testing.T) {
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue
		}
		fset := token.NewFileSet()
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		for _, complaint := range stateOf(fset, files) {
			t.Errorf("%s: %s", p.name(), complaint)
		}
	}
}

// stateOf finds the package-level variables of a package that hold state: those
// that are written after their declaration, and those that exist to be.
func stateOf(fset *token.FileSet, files []*ast.File) []string {
	// Other packages are not loaded: which variable a name means is known
	// without them.
	info := types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: noImporter{}, Error: func(error) {}}
	checked, _ := config.Check("p", fset, files, &info) // always has errors, see above

	var found []string
	complain := func(at token.Pos, v types.Object, what string) {
		where := fset.Position(at)
		found = append(found, fmt.Sprintf("%s:%d: package-level %s %s", filepath.Base(where.Filename), where.Line, v.Name(), what))
	}
	// global returns the package-level variable that an expression is, or is
	// part of.
	global := func(e ast.Expr) types.Object {
		for {
			switch x := e.(type) {
			case *ast.ParenExpr:
				e = x.X
			case *ast.IndexExpr:
				e = x.X
			case *ast.SelectorExpr:
				e = x.X
			case *ast.StarExpr:
				e = x.X
			case *ast.Ident:
				if v, ok := info.Uses[x].(*types.Var); ok && v.Parent() == checked.Scope() {
					return v
				}
				return nil
			default:
				return nil
			}
		}
	}
	written := func(e ast.Expr) {
		if v := global(e); v != nil {
			complain(e.Pos(), v, "is written to")
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, left := range n.Lhs {
					written(left)
				}
			case *ast.IncDecStmt:
				written(n.X)
			case *ast.RangeStmt:
				if n.Tok == token.ASSIGN {
					written(n.Key)
					written(n.Value)
				}
			case *ast.CallExpr:
				if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "delete" || fn.Name == "clear") && len(n.Args) > 0 {
					written(n.Args[0])
				}
			case *ast.GenDecl:
				if n.Tok != token.VAR {
					return true
				}
				for _, s := range n.Specs {
					spec := s.(*ast.ValueSpec)
					for _, name := range spec.Names {
						if v := info.Defs[name]; v != nil && v.Parent() == checked.Scope() && lives(spec.Type) {
							complain(name.Pos(), v, "exists to be written to")
						}
					}
				}
			}
			return true
		})
	}
	return found
}

// lives says whether a declared type is one whose zero value is made to change.
func lives(declared ast.Expr) bool {
	if generic, ok := declared.(*ast.IndexExpr); ok {
		declared = generic.X
	}
	sel, ok := declared.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, ok := sel.X.(*ast.Ident)
	if !ok {
		return false
	}
	return from.Name == "atomic" || from.Name == "sync" && slices.Contains([]string{"Mutex", "RWMutex", "Map", "WaitGroup"}, sel.Sel.Name)
}

// noImporter imports nothing.
type noImporter struct{}

func (noImporter) Import(string) (*types.Package, error) { return nil, errors.New("not loaded") }

// parse reads files of a package, by name.
func parse(t *testing.T, p pkg, mode parser.Mode, lists ...[]string) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, name := range slices.Concat(lists...) {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, mode)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = f
	}
	return files
}

func TestStateIsFoundAndNothingElse(t *testing.T) {
	const source = `package p

import (
	"regexp"
	"sync"
	"sync/atomic"
)

var (
	table  = map[string]int{"a": 1}
	list   = []int{1}
	word   = regexp.MustCompile("x")
	pool   = sync.Pool{}
	once   = sync.OnceValue(func() int { return 1 })
	_      = table
	count  int
	where  *struct{ n int }
	cached map[string]int
	shared sync.Map
	hits   atomic.Int64
	ptr    atomic.Pointer[int]
)

type s struct{ table map[string]int }

func (x *s) fine(list []int, word string) int {
	table := map[string]int{}
	table["a"] = 1
	list[0], word = 2, "y"
	x.table["a"] = 1
	for count := range list {
		_ = count
	}
	return len(list) + len(word)
}

func bad() {
	table["b"] = 2
	(list)[0]++
	count = 1
	where.n, count = 1, 2
	delete(cached, "a")
	for count = range list {
	}
}
`
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"19: package-level shared exists", "20: package-level hits exists", "21: package-level ptr exists",
		"38: package-level table is written", "39: package-level list is written", "40: package-level count is written",
		"41: package-level where is written", "41: package-level count is written", "42: package-level cached is written",
		"43: package-level count is written",
	}
	got := stateOf(fset, []*ast.File{f})
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || !strings.HasPrefix(got[i], "p.go:"+want[i]) {
			t.Fatalf("found\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}

func TestRulesAllowWhatTheySayAndNoMore(t *testing.T) {
	for _, c := range []struct {
		pkg, file, imports string
		want               bool
	}{
		{"ledger", "cents.go", "errors", true},
		{"ledger", "cents.go", "spaza/vend", false},
		{"ledger", "cents_test.go", "spaza/ledger", true},
		{"ledger", "cents_test.go", "pgregory.net/rapid", true},
		{"ledger", "cents_test.go", "spaza/vend", false},
		{"vend", "order.go", "spaza/ledger", true},
		{"vend", "order.go", "spaza/ledgers", false},
		{"vend", "buy.go", "pgregory.net/rapid", false},
		{"vend", "buy_test.go", "spaza/store", true},
		{"vend", "buy_test.go", "spaza/cmd/spaza", false},
		{"channels", "server.go", "github.com/gofiber/fiber/v2/middleware/adaptor", true},
		{"channels", "aat.go", "github.com/gofiber/fiber/v2", false},
		{"channels", "aat.go", "spaza/vend", false},
		{"flashapi", "provider.go", "spaza/vend", true},
		{"flashapi", "client.go", "spaza/vend", false},
		{"flashapi/sandbox", "page.go", "spaza/flashapi", false},
		{"flashapi/sandbox", "page_test.go", "spaza/flashapi", false},
		{"flashapi/sandbox", "page.go", "spaza/simulator", true},
		{"flashapi/sandbox", "page.go", "spaza/electrumapi/sandbox", false},
		{"electrumapi", "client.go", "spaza/simulator", false},
		{"simulator", "spoil_test.go", "spaza/flashapi/sandbox", false},
		{"cmd/spaza", "main.go", "github.com/alecthomas/kong", true},
		{"test/run", "main.go", "github.com/google/go-cmp/cmp", false},
		{"test/load", "main.go", "spaza/flashapi/sandbox", true},
		{"test", "x_test.go", "spaza/flows", true},
	} {
		r, ok := ruleOf(c.pkg)
		if !ok {
			t.Errorf("no rule for %s", c.pkg)
			continue
		}
		if got := r.permitted(pkg{ImportPath: module + "/" + c.pkg}, c.file, c.imports); got != c.want {
			t.Errorf("%s/%s imports %s: %v, want %v", c.pkg, c.file, c.imports, got, c.want)
		}
	}
	if _, ok := ruleOf("utils"); ok {
		t.Error("there is a rule for a package that nobody planned")
	}
}
