package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spaza/simulator"
)

func TestTheControlEndpointSwitchesOnListsAndOff(t *testing.T) {
	l := setup(t)
	r := l.control("POST", "faults", `{"fault":"cut_after","op":"airtime/purchases","reference":"P-1","target":"27821234567","type":"OUT_OF_STOCK","status":503,"times":2,"delayMs":1500}`)
	if want := `{"id":1,"fault":"cut_after","op":"airtime/purchases","reference":"P-1","target":"27821234567","type":"OUT_OF_STOCK","status":503,"times":2,"delayMs":1500}`; r.status != 201 || r.text != want {
		t.Errorf("HTTP %d, %s", r.status, r.text)
	}
	l.control("POST", "faults", `{"fault":"hang"}`)
	if r := l.control("GET", "faults", ""); r.at("faults.1.id") != 2.0 || r.at("faults.1.times") != 1.0 || r.at("delayMs") != 0.0 {
		t.Errorf("list %s", r.text)
	}
	if r := l.control("DELETE", "faults/1", ""); r.status != 200 {
		t.Errorf("off: HTTP %d", r.status)
	}
	if r := l.control("DELETE", "faults/1", ""); r.status != 404 {
		t.Errorf("off again: HTTP %d", r.status)
	}
	if r := l.control("POST", "faults", `{"delayMs":60000}`); r.status != 200 || r.text != `{"delayMs":60000}` {
		t.Errorf("delay: HTTP %d, %s", r.status, r.text)
	}
	l.control("DELETE", "faults", "")
	if r := l.control("GET", "faults", ""); r.text != `{"delayMs":0,"faults":[]}` {
		t.Errorf("list %s", r.text)
	}
	for range simulator.MaxSwitched {
		l.fault(Fault{Name: "hang"})
	}
	if r := l.control("POST", "faults", `{"fault":"hang"}`); r.status != 409 {
		t.Errorf("too many: HTTP %d", r.status)
	}
}

func TestTheControlEndpointRefuses(t *testing.T) {
	l := setup(t)
	for body, status := range map[string]int{
		`{}`: 400, ``: 400, `null`: 400, `[]`: 400, `{"fault":"hang"} x`: 400, `{"fault":"?"}`: 400, `{"faults":"hang"}`: 400,
		`{"fault":"hang","op":"?"}`: 400, `{"fault":"hang","times":0}`: 400, `{"fault":"hang","times":1000001}`: 400,
		`{"delayMs":-1}`: 400, `{"delayMs":600001}`: 400, `{"fault":"hang","id":1}`: 400, `{"fault":"hang","struck":1}`: 400,
		`{"type":"x y"}`: 400, `{"type":"OUT_OF_STOCK","status":200}`: 400, `{"fault":"hang","status":400}`: 400,
		`{"type":"OUT_OF_STOCK","fault":"cut_before"}`:                                        400,
		`{"fault":"hang","reference":"` + strings.Repeat("x", simulator.MaxSelector+1) + `"}`: 400,
	} {
		if r := l.control("POST", "faults", body); r.status != status || r.body["error"] == nil {
			t.Errorf("%.80s: HTTP %d, %s", body, r.status, r.text)
		}
	}
	// Over a connection the server would linger after what it did not read.
	long := httptest.NewRequest("POST", "http://localhost"+controlBase+"faults", strings.NewReader(`{"fault":"`+strings.Repeat("x", simulator.MaxControl)+`"}`))
	long.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	if l.sandbox.ServeHTTP(w, long); w.Code != 413 || !strings.Contains(w.Body.String(), "error") {
		t.Errorf("too long: HTTP %d, %s", w.Code, w.Body)
	}
	for name, change := range map[string]func(*http.Request){
		"another host":   func(r *http.Request) { r.Host = "evil.example" },
		"another origin": func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") },
		"another site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"no JSON":        func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
	} {
		if r := l.send("POST", controlBase+"reset", `{}`, change); r.status != 403 && r.status != 415 || r.body["error"] == nil {
			t.Errorf("%s: HTTP %d, %s", name, r.status, r.text)
		}
	}
	if r := l.send("POST", controlBase+"reset", `{}`, func(r *http.Request) { r.Header.Set("Origin", "http://"+r.Host) }); r.status != 200 {
		t.Errorf("its own origin: HTTP %d, %s", r.status, r.text)
	}
	if err := l.sandbox.Fault(Fault{Name: "?"}); err == nil {
		t.Error("an unknown fault is switched on")
	}
}

func TestTheFloatIsSetAndEverythingForgotten(t *testing.T) {
	l := setup(t)
	for body, status := range map[string]int{`{"cents":-1}`: 400, `{}`: 400, `{"cents":100000000001}`: 400, `{"cents":5000}`: 200} {
		if r := l.control("POST", "float", body); r.status != status {
			t.Errorf("%s: HTTP %d, %s", body, r.status, r.text)
		}
	}
	id := l.id()
	l.post(purchases, pin(id, "VODPIN10")).want(t, "buy", 201, "")
	l.money("set and spent", 40_00)
	if l.sandbox.Float() != 40_00 {
		t.Errorf("float %d", l.sandbox.Float())
	}
	l.fault(Fault{Name: "hang"})
	l.control("POST", "reset", "")
	l.money("forgotten", DefaultFloat)
	l.post(purchases, pin(id, "VODPIN10")).want(t, "buy anew", 201, "")
}
