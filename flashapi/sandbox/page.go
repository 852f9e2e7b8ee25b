package sandbox

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
)

// shownTransactions is how many lines of the books a page or a listing gives,
// and of vouchers and messages.
const shownTransactions = 200

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS []byte
)

func (s *Sandbox) pageRoutes() {
	page := template.Must(template.New("page").Funcs(template.FuncMap{"rand": inRand, "time": inSAST}).Parse(pageHTML))
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		if err := page.Execute(&b, s.view(r.Host)); err != nil {
			http.Error(w, "cannot show the page", http.StatusInternalServerError)
			return
		}
		pageHeaders(w.Header(), "text/html; charset=utf-8")
		_, _ = w.Write(b.Bytes())
	})
	s.mux.HandleFunc("GET /sandbox/page.css", func(w http.ResponseWriter, _ *http.Request) {
		pageHeaders(w.Header(), "text/css; charset=utf-8")
		_, _ = w.Write(pageCSS)
	})
	s.mux.HandleFunc("GET /sandbox/books", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, s.booksUpTo(shownTransactions))
	})
}

func pageHeaders(h http.Header, contentType string) {
	h.Set("Content-Type", contentType)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// view is everything that the page shows. No whole PIN is in it.
type view struct {
	Host      string // as the caller named it
	Books     Books
	Figures   []figure
	Switched  []switchedLine
	Delay     time.Duration
	Vouchers  []voucherLine
	Messages  []messageLine
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

type voucherLine struct {
	Product, PIN, Serial, Status, Mobile string
	Value                                int64
	Expires                              string
}

type messageLine struct {
	To, PIN string
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
	Code                  int64
	Name, Price, Supplier string
	Also                  string // barcode or biller code
	Reversal              bool
}

func (s *Sandbox) view(host string) view {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := view{
		Host: host, Books: s.booksLocked(shownTransactions), Delay: s.switches.delay,
		Numbers: groupNumbers(0), Catalogue: groupArticles(s.catalogue),
	}
	v.Figures = []figure{
		{"Float", inRand(v.Books.Float)}, {"Redemption balance", inRand(v.Books.RedemptionBalance)},
		{"Vouchers not used yet", inRand(v.Books.Outstanding)},
	}
	for _, name := range [...]string{"transactions", "success", "refused", "reversed", "requests"} {
		v.Figures = append(v.Figures, figure{strings.ToUpper(name[:1]) + name[1:], fmt.Sprint(v.Books.Counts[name])})
	}
	for _, one := range s.switches.list {
		v.Switched = append(v.Switched, switchedLine{one.what(), one.whom(), one.left, one.struck})
	}
	for i := len(s.drawer.inOrder) - 1; i >= 0 && len(v.Vouchers) < shownTransactions; i-- {
		v.Vouchers = append(v.Vouchers, s.drawer.inOrder[i].line())
	}
	for i := len(s.sms) - 1; i >= 0 && len(v.Messages) < shownTransactions; i-- {
		v.Messages = append(v.Messages, messageLine{s.sms[i].To, lastFour(s.sms[i].PIN)})
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
	if one.code != 0 {
		parts = append(parts, fmt.Sprintf("code %d", one.code))
	}
	if one.delay != 0 {
		parts = append(parts, "after "+one.delay.String())
	}
	return strings.Join(parts, ", ")
}

// whom says which requests it strikes.
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

func (v *voucher) line() voucherLine {
	return voucherLine{
		Product: v.article.name, PIN: lastFour(v.pin), Serial: v.serial, Status: string(v.status), Mobile: v.mobile,
		Value: v.value, Expires: v.expires.In(johannesburg()).Format(time.DateOnly),
	}
}

func lastFour(pin string) string { return "..." + pin[max(len(pin)-4, 0):] }

// groupNumbers sorts the test numbers of a fault by kind; those without a fault
// for 0.
func groupNumbers(of fault) []numberGroup {
	titles := map[string]string{
		"voucher": "1Voucher PIN", "exclusive": "Exclusive voucher PIN", "serial": "Serial number (Cash Out PIN, exclusive voucher)",
		"mobile": "Mobile number", "amount": "Amount in cents, where a voucher is issued", "meter": "Meter number",
		"account": "Account reference (Flash Pay)", "destination": "Number abroad",
	}
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

func groupArticles(list []article) []articleGroup {
	var groups []articleGroup
	for _, a := range list {
		if len(groups) == 0 || groups[len(groups)-1].Name != a.group {
			groups = append(groups, articleGroup{Name: a.group})
		}
		price := inRand(a.min)
		if !a.fixed {
			price += " to " + inRand(a.max)
		}
		g := &groups[len(groups)-1]
		g.Articles = append(g.Articles, articleLine{a.code, a.name, price, a.supplier, a.barcode + a.biller, a.reversal})
	}
	return groups
}

// inRand writes cents as rand with two decimals.
func inRand(cents int64) string { return fmt.Sprintf("R%d.%02d", cents/100, cents%100) }

func inSAST(t time.Time) string { return t.In(johannesburg()).Format("2006-01-02 15:04:05") }
