package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spaza/simulator"
)

// heard is what a caller gets of an answer over a connection.
func heard(t *testing.T, answer http.HandlerFunc) (body string, err error) {
	t.Helper()
	server := httptest.NewServer(answer)
	defer server.Close()
	resp, err := server.Client().Get(server.URL)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

func TestSpoiledAnswersHoldTheAnswer(t *testing.T) {
	const answer = `{"id":"1","amount":12345678901234567890}`
	for name, c := range map[string]struct {
		write http.HandlerFunc
		least int
		fails bool
	}{
		"deep": {func(w http.ResponseWriter, _ *http.Request) { simulator.WriteDeep(w, 200, []byte(answer)) }, 200_000, false},
		"huge": {func(w http.ResponseWriter, _ *http.Request) { simulator.WriteHuge(w, 200, []byte(answer)) }, 8 << 20, false},
		"drip": {func(w http.ResponseWriter, r *http.Request) { simulator.Drip(w, r, 0, 200, []byte(answer)) }, len(answer), false},
		"half": {func(w http.ResponseWriter, _ *http.Request) { simulator.WriteHalf(w, 200, []byte(answer)) }, 0, true},
		"cut":  {func(http.ResponseWriter, *http.Request) { simulator.Cut() }, 0, true},
	} {
		body, err := heard(t, c.write)
		if (err != nil) != c.fails || len(body) < c.least || !strings.HasPrefix(body, answer[:min(len(body), len(answer)-1)]) {
			t.Errorf("%s: %d bytes, %v", name, len(body), err)
		}
		if name != "deep" && json.Valid([]byte(body)) == c.fails { // deeper than the standard library reads
			t.Errorf("%s: %.80s", name, body)
		}
	}
}

func TestHalfAnAnswerSaysHowLongItIs(t *testing.T) {
	w := httptest.NewRecorder()
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) || w.Header().Get("Content-Length") != "10" || w.Body.String() != "01234" {
			t.Errorf("%v, %q", w.Header(), w.Body)
		}
	}()
	simulator.WriteHalf(w, 200, []byte("0123456789"))
}

func TestPropertiesAreChangedAndTakenAway(t *testing.T) {
	for _, c := range []struct{ answer, want string }{
		{`{"a":1,"b":12345678901234567890,"c":3}`, `{"a":"x","b":12345678901234567890}`},
		{`{}`, `{"a":"x"}`},
		{`[1]`, `[1]`},
		{`null`, `null`},
		{`{"a":`, `{"a":`},
	} {
		if got := string(simulator.Changed([]byte(c.answer), map[string]any{"a": "x", "c": nil})); got != c.want {
			t.Errorf("%s becomes %s, want %s", c.answer, got, c.want)
		}
	}
}

func TestWhatIsNoObjectCanBeMadeDeepToo(t *testing.T) {
	for _, answer := range []string{``, `{}`, `[1]`, `null`} {
		w := httptest.NewRecorder()
		simulator.WriteHuge(w, 200, []byte(answer))
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s becomes %.40s", answer, w.Body)
		}
	}
}

func TestNobodyWaitsForACallerWhoHasGone(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	simulator.Wait(gone, time.Hour) // would never end within the test's time
	simulator.Wait(t.Context(), 0)
}
