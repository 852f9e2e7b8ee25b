package sandbox

import (
	_ "embed"
	"fmt"
	"net/http"
	"strings"
	"time"

	"spaza/simulator"
)

// shownTransactions is how many lines of the books a page or a listing gives,
// and of vouchers and messages.
const shownTransactions = 200

//go:embed page.html
var pageHTML string

func (s *Sandbox) pageRoutes() {
	s.mux.HandleFunc("GET /{$}", simulator.Page(pageHTML, s.view))
	s.mux.HandleFunc("GET /sandbox/page.css", simulator.Style)
	s.mux.HandleFunc("GET /sandbox/books", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, s.booksUpTo(shownTransactions))
	})
}

// view is everything that the page shows. No whole PIN is in it.
type view struct {
	simulator.Frame
	Books     Books
	Vouchers  []voucherLine
	Messages  []messageLine
	Catalogue []articleGroup
}

type voucherLine struct {
	Product, PIN, Serial, Status, Mobile string
	Value                                int64
	Expires                              string
}

type messageLine struct {
	To, PIN string
}

type articleGroup struct {
	Name     string
	Articles []articleLine
}

type articleLine struct {
	Code                  int64
	Name, Price, Supplier string
	Also                  string // barcode or biller code
	Reversal              bool
}

func (s *Sandbox) view(host string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := view{
		Frame: simulator.Frame{
			Name: "Flash", Style: "/sandbox/page.css", Host: host, Delay: s.switches.Delay, Numbers: groupNumbers(0),
		},
		Books: s.booksLocked(shownTransactions), Catalogue: groupArticles(s.catalogue),
	}
	v.Figures = []simulator.Figure{
		{Name: "Float", Value: simulator.Rand(v.Books.Float)}, {Name: "Redemption balance", Value: simulator.Rand(v.Books.RedemptionBalance)},
		{Name: "Vouchers not used yet", Value: simulator.Rand(v.Books.Outstanding)},
	}
	for _, name := range [...]string{"transactions", "success", "refused", "reversed", "requests"} {
		v.Figures = append(v.Figures, simulator.Figure{Name: strings.ToUpper(name[:1]) + name[1:], Value: fmt.Sprint(v.Books.Counts[name])})
	}
	for _, one := range s.switches.All() {
		v.Switched = append(v.Switched, one.Line(one.Does.kind.name, one.Does.codeInWords()))
	}
	for i := len(s.drawer.inOrder) - 1; i >= 0 && len(v.Vouchers) < shownTransactions; i-- {
		v.Vouchers = append(v.Vouchers, s.drawer.inOrder[i].line())
	}
	for i := len(s.sms) - 1; i >= 0 && len(v.Messages) < shownTransactions; i-- {
		v.Messages = append(v.Messages, messageLine{s.sms[i].To, lastFour(s.sms[i].PIN)})
	}
	for _, k := range faultKinds() {
		v.Faults = append(v.Faults, simulator.FaultLine{
			Number: k.fault.number(), Name: k.name, Meaning: k.meaning, Numbers: groupNumbers(k.fault),
		})
	}
	return v
}

func (v *voucher) line() voucherLine {
	return voucherLine{
		Product: v.article.name, PIN: lastFour(v.pin), Serial: v.serial, Status: string(v.status), Mobile: v.mobile,
		Value: v.value, Expires: v.expires.In(simulator.SAST()).Format(time.DateOnly),
	}
}

func lastFour(pin string) string { return "..." + pin[max(len(pin)-4, 0):] }

// groupNumbers sorts the test numbers of a fault by kind; those without a fault
// for 0.
func groupNumbers(of fault) []simulator.NumberGroup {
	return simulator.GroupNumbers(TestNumbers(), int(of), map[string]string{
		"voucher": "1Voucher PIN", "exclusive": "Exclusive voucher PIN", "serial": "Serial number (Cash Out PIN, exclusive voucher)",
		"mobile": "Mobile number", "amount": "Amount in cents, where a voucher is issued", "meter": "Meter number",
		"account": "Account reference (Flash Pay)", "destination": "Number abroad",
	})
}

func groupArticles(list []article) []articleGroup {
	var groups []articleGroup
	for _, a := range list {
		if len(groups) == 0 || groups[len(groups)-1].Name != a.group {
			groups = append(groups, articleGroup{Name: a.group})
		}
		price := simulator.Rand(a.min)
		if !a.fixed {
			price += " to " + simulator.Rand(a.max)
		}
		g := &groups[len(groups)-1]
		g.Articles = append(g.Articles, articleLine{a.code, a.name, price, a.supplier, a.barcode + a.biller, a.reversal})
	}
	return groups
}
