package sandbox

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"spaza/simulator"
)

// trouble is what a switched-on fault does: one of the kinds, answer a code, or
// both; neither for a delay alone. Its reference is one of the client's, its target
// a number as in the books, of a PIN the last four digits.
type trouble struct {
	kind faultKind
	code int
}

type switched = simulator.Switched[trouble]

func (t trouble) codeInWords() string {
	if t.code == 0 {
		return ""
	}
	return fmt.Sprintf("code %d", t.code)
}

// strike is how a request is to be answered by what is switched on. The caller
// holds the lock.
func (s *Sandbox) strike(op, reference, target string) blow {
	for _, prefix := range [...]string{"PIN ...", "serial "} {
		target = strings.TrimPrefix(target, prefix)
	}
	b := blow{seen: 1, delay: s.switches.Delay}
	if one, met := s.switches.Strike(op, target, func(name string) bool { return name == reference }); met {
		b.fault, b.code, b.delay = one.Does.kind.fault, one.Does.code, b.delay+one.Delay
	}
	return b
}

// faulty lets switched-on faults strike a request that is no transaction.
func (s *Sandbox) faulty(op string, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		b := s.strike(op, "", "")
		id := s.books.last
		s.mu.Unlock()
		if b.fault == 0 && b.code != 0 {
			simulator.Wait(r.Context(), b.delay)
			s.refuse(w, op, "", refusal{code: b.code})
			return
		}
		if instead := b.before(); instead != nil {
			simulator.Wait(r.Context(), b.delay)
			instead(w, func(no refusal) []byte { return no.body("", id, op) })
			return
		}
		if b.fault == 0 {
			simulator.Wait(r.Context(), b.delay)
			serve(w, r)
			return
		}
		answer := kept{header: make(http.Header), status: http.StatusOK}
		serve(&answer, r)
		simulator.Wait(r.Context(), b.delay)
		if !b.after(w, r, s.options.SlowFor, answer.status, answer.body.Bytes()) {
			writeBytes(w, answer.status, answer.body.Bytes())
		}
	}
}

// kept is an answer that is not sent yet.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }
