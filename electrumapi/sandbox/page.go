package sandbox

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"spaza/simulator"
)

// shownTransactions is how many lines of the books a page or a listing gives.
const shownTransactions = 200

//go:embed page.html
var pageHTML string

func (s *Sandbox) pageRoutes() {
	s.handle("GET", "/electrum", simulator.Page(pageHTML, s.view))
	s.mux.HandleFunc("GET "+controlBase+"page.css", simulator.Style)
	s.mux.HandleFunc("GET "+controlBase+"books", func(w http.ResponseWriter, _ *http.Request) {
		simulator.WriteJSON(w, http.StatusOK, s.booksUpTo(shownTransactions))
	})
}

// view is everything that the page shows. No PIN, code or token is in it.
type view struct {
	simulator.Frame
	Books     Books
	Ops       string
	Catalogue []articleGroup
}

type articleGroup struct {
	Name     string
	Articles []articleLine
}

type articleLine struct {
	ID, Name, Kind, Price, Given string
}

func (s *Sandbox) view(host string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := view{
		Frame: simulator.Frame{
			Name: "Electrum", Style: controlBase + "page.css", Host: host, Delay: s.switches.Delay, Numbers: groupNumbers(0),
		},
		Books: s.booksLocked(shownTransactions), Ops: strings.Join(s.ops, ", "), Catalogue: groupArticles(),
	}
	v.Figures = []simulator.Figure{{Name: "Float", Value: simulator.Rand(v.Books.Float)}, {Name: "Sold", Value: simulator.Rand(v.Books.Sold)}}
	for _, name := range [...]string{"transactions", string(Confirmed), string(Reversed), string(Refused), string(Overtaken), "requests"} {
		v.Figures = append(v.Figures, simulator.Figure{Name: strings.ToUpper(name[:1]) + name[1:], Value: fmt.Sprint(v.Books.Counts[name])})
	}
	for _, one := range s.switches.All() {
		v.Switched = append(v.Switched, one.Line(one.Does.kind.name, one.Does.toldInWords()))
	}
	for _, k := range faultKinds() {
		v.Faults = append(v.Faults, simulator.FaultLine{
			Number: k.fault.number(), Name: k.name, Meaning: k.meaning, Numbers: groupNumbers(k.fault),
		})
	}
	return v
}

// groupNumbers sorts the test numbers of a fault by kind; those without a fault
// for 0.
func groupNumbers(of fault) []simulator.NumberGroup {
	return simulator.GroupNumbers(TestNumbers(), int(of), map[string]string{
		"mobile": "Mobile number", "product": "Product", "meter": "Meter number", "amount": "Amount in cents",
	})
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
		line := articleLine{ID: a.id, Name: a.name, Kind: a.kind, Price: simulator.Rand(a.price), Given: "direct"}
		if a.price == 0 {
			line.Price = simulator.Rand(minTopUp) + " to " + simulator.Rand(maxTopUp)
		}
		if a.pin {
			line.Given = "PIN"
		}
		groups[i].Articles = append(groups[i].Articles, line)
	}
	return groups
}
