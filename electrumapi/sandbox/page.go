package sandbox

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"spaza/simulator"
)

// shownTransactions is how many lines of the books a page or a listing gives.
const shownTransactions = 200

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS []byte
)

func (s *Sandbox) pageRoutes() {
	page := template.Must(template.New("page").Funcs(template.FuncMap{"rand": inRand, "time": inSAST}).Parse(pageHTML))
	s.handle("GET", "/electrum", func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		if err := page.Execute(&b, s.view(r.Host)); err != nil {
			http.Error(w, "cannot show the page", http.StatusInternalServerError)
			return
		}
		pageHeaders(w.Header(), "text/html; charset=utf-8")
		_, _ = w.Write(b.Bytes())
	})
	s.mux.HandleFunc("GET "+controlBase+"page.css", func(w http.ResponseWriter, _ *http.Request) {
		pageHeaders(w.Header(), "text/css; charset=utf-8")
		_, _ = w.Write(pageCSS)
	})
	s.mux.HandleFunc("GET "+controlBase+"books", func(w http.ResponseWriter, _ *http.Request) {
		simulator.WriteJSON(w, http.StatusOK, s.booksUpTo(shownTransactions))
	})
}

func pageHeaders(h http.Header, contentType string) {
	h.Set("Content-Type", contentType)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// view is everything that the page shows. No PIN, code or token is in it.
type view struct {
	Host      string // as the caller named it
	Books     Books
	Figures   []figure
	Switched  []switchedLine
	Delay     time.Duration
	Ops       string
	Numbers   []numberGroup
	Faults    []faultLine
	Catalogue []articleGroup
}

type figure struct {
	Name, Value string
}

type switchedLine struct {
	What, For    string
	Left, Struck int
}

// numberGroup is test numbers of one kind, under what they are given as.
type numberGroup struct {
	Title   string
	Numbers []TestNumber
}

// faultLine is a fault with the test numbers that bring it.
type faultLine struct {
	Number, Name, Meaning string
	Numbers               []numberGroup
}

type articleGroup struct {
	Name     string
	Articles []articleLine
}

type articleLine struct {
	ID, Name, Kind, Price, Given string
}

func (s *Sandbox) view(host string) view {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := view{
		Host: host, Books: s.booksLocked(shownTransactions), Delay: s.switches.delay, Ops: strings.Join(s.ops, ", "),
		Numbers: groupNumbers(0), Catalogue: groupArticles(),
	}
	v.Figures = []figure{{"Float", inRand(v.Books.Float)}, {"Sold", inRand(v.Books.Sold)}}
	for _, name := range [...]string{"transactions", string(Confirmed), string(Reversed), string(Refused), string(Overtaken), "requests"} {
		v.Figures = append(v.Figures, figure{strings.ToUpper(name[:1]) + name[1:], fmt.Sprint(v.Books.Counts[name])})
	}
	for _, one := range s.switches.list {
		v.Switched = append(v.Switched, switchedLine{one.what(), one.whom(), one.left, one.struck})
	}
	for _, k := range faultKinds() {
		v.Faults = append(v.Faults, faultLine{k.fault.number(), k.name, k.meaning, groupNumbers(k.fault)})
	}
	return v
}

// what says in words what a switched-on fault does.
func (one *switched) what() string {
	var parts []string
	if one.kind.name != "" {
		parts = append(parts, one.kind.name)
	}
	if one.told != nil {
		parts = append(parts, fmt.Sprintf("%s under HTTP %d", one.told.kind, one.told.code()))
	}
	if one.delay != 0 {
		parts = append(parts, "after "+one.delay.String())
	}
	return strings.Join(parts, ", ")
}

// whom says which messages it strikes.
func (one *switched) whom() string {
	var parts []string
	for _, p := range [...][2]string{{"", one.op}, {"reference ", one.reference}, {"target ", one.target}} {
		if p[1] != "" {
			parts = append(parts, p[0]+p[1])
		}
	}
	if len(parts) == 0 {
		return "whatever comes"
	}
	return strings.Join(parts, ", ")
}

// groupNumbers sorts the test numbers of a fault by kind; those without a fault
// for 0.
func groupNumbers(of fault) []numberGroup {
	titles := map[string]string{"mobile": "Mobile number", "product": "Product", "meter": "Meter number", "amount": "Amount in cents"}
	var groups []numberGroup
	at := make(map[string]int)
	for _, n := range TestNumbers() {
		if n.Fault != int(of) {
			continue
		}
		title, known := titles[n.Kind]
		if !known {
			title = n.Kind
		}
		i, begun := at[title]
		if !begun {
			i = len(groups)
			at[title] = i
			groups = append(groups, numberGroup{Title: title})
		}
		groups[i].Numbers = append(groups[i].Numbers, n)
	}
	return groups
}

// groupArticles sorts the catalogue by operator.
func groupArticles() []articleGroup {
	var groups []articleGroup
	for _, a := range articles() {
		if a.hidden {
			continue
		}
		i := slices.IndexFunc(groups, func(g articleGroup) bool { return g.Name == a.operator.name })
		if i < 0 {
			i = len(groups)
			groups = append(groups, articleGroup{Name: a.operator.name})
		}
		line := articleLine{ID: a.id, Name: a.name, Kind: a.kind, Price: inRand(a.price), Given: "direct"}
		if a.price == 0 {
			line.Price = inRand(minTopUp) + " to " + inRand(maxTopUp)
		}
		if a.pin {
			line.Given = "PIN"
		}
		groups[i].Articles = append(groups[i].Articles, line)
	}
	return groups
}

// inRand writes cents as rand with two decimals.
func inRand(cents int64) string { return fmt.Sprintf("R%d.%02d", cents/100, cents%100) }

// inSAST is South African time, which has no daylight saving.
func inSAST(t time.Time) string {
	return t.In(time.FixedZone("SAST", 2*60*60)).Format("2006-01-02 15:04:05")
}
