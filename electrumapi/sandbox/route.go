package sandbox

import (
	"io"
	"net/http"
	"strings"

	"spaza/simulator"
)

// service is one of the interfaces, with what is its own.
type service struct {
	base string // path, with a slash at its end
	// settled is the errorType for what comes too late about a request that is
	// Confirmed, Reversed or Overtaken.
	settled func(State) string
}

// route is one operation.
type route struct {
	*service
	method, path string // path after the base, with wildcards
	op           string // the name for the control endpoint, as "airtime/purchases"
	requestType  string // of its errors; "" where the interface has none
	success      int    // HTTP status
	// read understands a message. What it finds wrong it leaves in the fields, and
	// nothing of the work is done then. Where a GET is read, the fields are empty.
	read func(f *fields, in *incoming) work
}

// incoming is a message besides its body.
type incoming struct {
	*http.Request
	user string
}

// deed is what a message does to the books.
type deed int

const (
	asks     deed = iota // nothing
	buys                 // a request for goods, once for its id
	repeats              // asks again for the goods of a request, or for the first time
	confirms             // an advice
	reverses             // an advice
)

// work is one understood message.
type work struct {
	deed      deed
	id        string // of this message; "" for a GET
	original  string // of the request that an advice, a retry or a question is about
	reference string // the originator's own
	target    string // who or what it is for, fit for the books
	wish      string // the errorType that a test number wants; "" for none
	fault     fault  // that a test number wants
	// told is the answer that the control endpoint wants instead of the work.
	told *refusal
	// run does what is asked, bought or repeated, with the lock held. e is the
	// entry of what is bought, nil for a question. What it says of the entry's
	// goods, parties and final is kept.
	run func(e *entry) (outcome, *refusal)
	// check, where there is one, may refuse an advice or a retry about an entry
	// that is known, with the lock held.
	check func(e *entry) *refusal
	// again, where there is one, makes the answer to a retry of what is done out of
	// the first answer.
	again func(e *entry) outcome
	// after, where there is one, is told that an advice has changed an entry, with
	// the lock held.
	after func(e *entry)
	// echo is the answer to an advice that is taken.
	echo any
	paid int64 // what a confirmation says that the customer paid, in cents
}

// outcome is a success, or a stored answer.
type outcome struct {
	status int   // 0 for that of the route
	body   any   // is marshalled; json.RawMessage is written as it is
	amount int64 // taken from the float for what is bought; cents
}

// key is how ids are compared: UUIDs may be in either case.
func key(id string) string { return strings.ToLower(id) }

// serve makes an operation reachable.
func (s *Sandbox) serve(rt route) {
	s.known(rt.op)
	s.handle(rt.method, rt.base+rt.path, func(w http.ResponseWriter, r *http.Request) {
		user, ok := s.authorise(r)
		if !ok {
			turnAway(w)
			return
		}
		f := &fields{rules: s.rules}
		if r.Method == http.MethodPost {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
			switch {
			case err != nil:
				http.Error(w, http.StatusText(http.StatusRequestEntityTooLarge), http.StatusRequestEntityTooLarge)
				return
			case !simulator.SaysJSON(r):
				http.Error(w, http.StatusText(http.StatusUnsupportedMediaType), http.StatusUnsupportedMediaType)
				return
			}
			f = s.readFields(body)
		}
		job := work{}
		if len(f.wrong) == 0 {
			job = rt.read(f, &incoming{r, user})
		}
		if len(f.wrong) > 0 {
			no := malformed(f.wrong...)
			simulator.Write(w, no.code(), no.body(job.id, job.original, rt.requestType))
			return
		}
		s.transact(w, r, rt, job)
	})
}
