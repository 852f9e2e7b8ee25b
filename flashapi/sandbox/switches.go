package sandbox

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"time"

	"spaza/simulator"
)

// switched is a fault that was switched on by the control endpoint. It strikes
// the next requests that fit its selectors; an empty selector fits all.
type switched struct {
	id        int64
	kind      faultKind // zero for a delay or a code alone
	op        string
	reference string
	target    string // a number as in the books; of a PIN the last four digits
	code      int
	left      int // how often it strikes still
	struck    int
	delay     time.Duration
}

// switches are what is switched on, oldest first. The sandbox's lock guards them.
type switches struct {
	last  int64
	list  []*switched
	delay time.Duration // of all answers
}

func (x *switches) add(one switched) *switched {
	x.last++
	one.id = x.last
	x.list = append(x.list, &one)
	return &one
}

// remove takes one away; false when there is none.
func (x *switches) remove(id int64) bool {
	before := len(x.list)
	x.list = slices.DeleteFunc(x.list, func(one *switched) bool { return one.id == id })
	return len(x.list) < before
}

// strike is how a request is to be answered by what is switched on; the oldest
// that fits wins.
func (x *switches) strike(op, reference, target string) blow {
	b := blow{seen: 1, delay: x.delay}
	for _, one := range x.list {
		if !one.fits(op, reference, target) {
			continue
		}
		one.left--
		one.struck++
		b.fault, b.code, b.delay = one.kind.fault, one.code, b.delay+one.delay
		if one.left == 0 {
			x.remove(one.id)
		}
		break
	}
	return b
}

func (one *switched) fits(op, reference, target string) bool {
	for _, prefix := range [...]string{"PIN ...", "serial "} {
		if number, ok := strings.CutPrefix(target, prefix); ok {
			target = number
		}
	}
	return (one.op == "" || one.op == op) &&
		(one.reference == "" || one.reference == reference) &&
		(one.target == "" || one.target == target)
}

// faulty lets switched-on faults strike a request that is no transaction.
func (s *Sandbox) faulty(op string, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		b := s.switches.strike(op, "", "")
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
