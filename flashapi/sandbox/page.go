package sandbox

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
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
	page := template.Must(template.New("page").Funcs(template.FuncMap{"rand": inRand}).Parse(pageHTML))
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		var b bytes.Buffer
		err := page.Execute(&b, struct {
			Numbers []TestNumber
			Books   Books
		}{TestNumbers(), s.booksUpTo(shownTransactions)})
		if err != nil {
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

// inRand writes cents as rand with two decimals.
func inRand(cents int64) string { return fmt.Sprintf("R%d.%02d", cents/100, cents%100) }
