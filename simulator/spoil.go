package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	deepLevels = 100_000 // of WriteDeep
	hugeLength = 8 << 20 // of WriteHuge, in bytes
	dripLength = 16      // of a piece of Drip, in bytes
	dripPauses = 5       // that make up Drip's slowness
)

// Cut ends the connection without an answer, or in the middle of one. It does not
// return.
func Cut() { panic(http.ErrAbortHandler) }

// Hang keeps silent until the caller gives up. It does not return.
func Hang(r *http.Request) {
	<-r.Context().Done()
	Cut()
}

// Redirect sends the caller to a place that does not exist.
func Redirect(w http.ResponseWriter) {
	w.Header().Set("Location", "https://elsewhere.invalid/")
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// Opened reads an answer's properties; nil when it is no JSON object.
func Opened(answer []byte) (m map[string]any) {
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	if d.Decode(&m) != nil {
		return nil
	}
	return m
}

// Changed is an answer with other properties; nil takes one away. One that is no
// object stays as it is.
func Changed(answer []byte, to map[string]any) []byte {
	m := Opened(answer)
	if m == nil {
		return answer
	}
	for name, value := range to {
		if value == nil {
			delete(m, name)
		} else {
			m[name] = value
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return answer
	}
	return b
}

// begun is an answer without its last brace, so that more can follow. One that is
// no object becomes one.
func begun(answer []byte, more string) []byte {
	head, is := bytes.CutSuffix(answer, []byte("}"))
	if !is || len(head) < 2 {
		head = []byte(`{"answer":null`)
	}
	return append(bytes.Clone(head), more...)
}

// WriteDeep writes the answer with one more property that is nested very deep.
func WriteDeep(w http.ResponseWriter, status int, answer []byte) {
	Write(w, status, begun(answer, `,"additional":`+strings.Repeat("[", deepLevels)+strings.Repeat("]", deepLevels)+"}"))
}

// WriteHuge writes the answer with one more property of many megabytes.
func WriteHuge(w http.ResponseWriter, status int, answer []byte) {
	Write(w, status, begun(answer, `,"additional":"`))
	chunk := []byte(strings.Repeat("x", 64<<10))
	for range hugeLength / len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
	_, _ = w.Write([]byte(`"}`))
}

// WriteHalf announces the whole answer, writes half of it and cuts the
// connection. It does not return.
func WriteHalf(w http.ResponseWriter, status int, answer []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	Write(w, status, answer[:len(answer)/2])
	Cut()
}

// Drip writes the answer in small pieces until it is whole or nobody listens; slow
// is how long a few of them take.
func Drip(w http.ResponseWriter, r *http.Request, slow time.Duration, status int, answer []byte) {
	Write(w, status, nil)
	flush := http.NewResponseController(w)
	for piece := range slices.Chunk(answer, dripLength) {
		if r.Context().Err() != nil {
			Cut()
		}
		if _, err := w.Write(piece); err != nil || flush.Flush() != nil {
			return
		}
		Wait(r.Context(), slow/dripPauses)
	}
}
