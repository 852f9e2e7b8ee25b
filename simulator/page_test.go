package simulator_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spaza/simulator"
)

func TestAPageHasTheFrameAndNothingThatRuns(t *testing.T) {
	numbers := []simulator.TestNumber{
		{Kind: "meter", Value: "01", Meaning: "ordinary"}, {Kind: "mobile", Value: "02", Meaning: "<script>"},
		{Kind: "meter", Value: "03", Meaning: "fault 07", Fault: 7}, {Kind: "meter", Value: "04", Meaning: "ordinary"},
	}
	titles := map[string]string{"meter": "Meter number"}
	type view struct {
		simulator.Frame
		Cents int64
		At    time.Time
	}
	const html = `{{template "head" .}}{{template "figures" .}}{{template "switched" .}}{{template "numbers" .}}{{template "faults" .}}{{rand .Cents}} {{time .At}}`
	page := simulator.Page(html, func(host string) any {
		return view{Cents: 1205, At: time.Date(2026, 1, 1, 23, 0, 0, 0, time.UTC), Frame: simulator.Frame{
			Name: "Acme", Style: "/page.css", Host: host, Figures: []simulator.Figure{{Name: "Float", Value: "R1.00"}},
			Switched: []simulator.SwitchedLine{{What: "hang", For: "buy"}}, Numbers: simulator.GroupNumbers(numbers, 0, titles),
			Faults: []simulator.FaultLine{{Number: "07", Name: "hang", Numbers: simulator.GroupNumbers(numbers, 7, titles)}},
		}}
	})
	w := httptest.NewRecorder()
	page(w, httptest.NewRequest("GET", "http://localhost/", nil))
	text := w.Body.String()
	for _, want := range []string{
		"<title>Acme simulator</title>", `href="/page.css"`, "Float</dt><dd>R1.00", ">hang<", "<summary>Meter number</summary>", "<summary>mobile</summary>",
		">04<", "&lt;script&gt;", `<span class="n">07 hang</span>`, ">03<", "R12.05 2026-01-02 01:00:00",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("page does not show %q", want)
		}
	}
	if strings.Count(text, "<summary>Meter number") != 1 || strings.Contains(text, "<script") {
		t.Error(text)
	}
	style := httptest.NewRecorder()
	simulator.Style(style, httptest.NewRequest("GET", "http://localhost/page.css", nil))
	for _, h := range []string{w.Header().Get("Content-Security-Policy"), style.Header().Get("Content-Security-Policy")} {
		if !strings.HasPrefix(h, "default-src 'none';") || strings.Contains(h, "unsafe") {
			t.Errorf("policy %q", h)
		}
	}
	if !strings.HasPrefix(style.Header().Get("Content-Type"), "text/css") || style.Body.Len() == 0 {
		t.Errorf("style %v", style.Header())
	}
}
