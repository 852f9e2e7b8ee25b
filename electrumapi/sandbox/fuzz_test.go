package sandbox

import (
	"encoding/json"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"spaza/simulator"
)

// FuzzAMessageIsTakenOrRefused wants a whole answer, and books that add up, for
// any body at any operation of all interfaces.
func FuzzAMessageIsTakenOrRefused(f *testing.F) {
	for _, body := range []string{
		inJSON(pin(uuid(1), "VODPIN10")), inJSON(topUp(uuid(2), "VODAIR", "27821234567", 1000)),
		inJSON(confirmation(uuid(3), uuid(1), 1000)), inJSON(reversal(uuid(4), uuid(1))),
		`{`, `[]`, `null`, `{"id":{}}`, `{"amounts":{"requestAmount":{"amount":1e99,"currency":710}}}`,
		`{"thirdPartyIdentifiers":[null,1,{}],"originator":[],"client":{"id":7},"tenders":{}}`, strings.Repeat(`{"product":`, 1000),
	} {
		for which := range 8 {
			f.Add(which, body)
		}
	}
	s := New(Options{})
	var posts []route
	for _, routes := range s.interfaces() {
		for _, rt := range routes() {
			if rt.method == "POST" {
				posts = append(posts, rt)
			}
		}
	}
	wildcard := regexp.MustCompile(`\{[^}]*\}`) // every one is an id
	f.Fuzz(func(t *testing.T, which int, body string) {
		rt := posts[uint(which)%uint(len(posts))]
		var m struct{ ID any }
		_ = json.Unmarshal([]byte(body), &m)
		id, _ := m.ID.(string)
		if id == "" || strings.Trim(id, "0123456789abcdef-") != "" {
			id = uuid(1)
		}
		path := wildcard.ReplaceAllString(rt.base+rt.path, id)
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.SetBasicAuth(DefaultUser, DefaultPassword)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil && w.Body.Len() > 0 {
			t.Fatalf("%s %q: HTTP %d, %s", path, body, w.Code, w.Body)
		}
		if _, refused := answer["errorType"]; refused != (w.Code >= 400) || w.Code == 0 {
			t.Errorf("%s %q: HTTP %d, %v", path, body, w.Code, answer)
		}
		if b := s.Books(); b.Float < 0 || b.PaidIn != b.Float+b.Sold {
			t.Errorf("%s %q: float %d, sold %d of %d", path, body, b.Float, b.Sold, b.PaidIn)
		}
	})
}

// FuzzAControlBodyIsTakenOrRefused wants an answer in JSON for any body.
func FuzzAControlBodyIsTakenOrRefused(f *testing.F) {
	paths := []string{"faults", "float", "release", "tokens/revoke", "reset"}
	for i, body := range []string{`{"fault":"cut_after","times":2}`, `{"cents":0}`, `{"type":"OUT_OF_STOCK"}`, ``, `{}`, `null`, `{"delayMs":1e3}`} {
		f.Add(i, body)
	}
	s := New(Options{})
	f.Fuzz(func(t *testing.T, which int, body string) {
		path := paths[uint(which)%uint(len(paths))]
		r := httptest.NewRequest("POST", "http://127.0.0.1"+controlBase+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s %q: %s", path, body, w.Body)
		}
		if _, refused := answer["error"]; refused != (w.Code >= 400) || w.Code >= 500 {
			t.Errorf("%s %q: HTTP %d, %v", path, body, w.Code, answer)
		}
		if b := s.Books(); b.Float < 0 || b.Float > simulator.MaxFloat || b.PaidIn != b.Float+b.Sold {
			t.Errorf("%s %q: float %d", path, body, b.Float)
		}
	})
}
