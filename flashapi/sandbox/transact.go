package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"spaza/simulator"
)

// maxBody is how long a request body may be, in bytes.
const maxBody = 64 << 10

// head is what every POST carries.
type head struct {
	reference, account string
	store, terminal    string
	metadata           map[string]string
}

// work is one understood request of a group.
type work struct {
	head   head
	amount int64  // asked for, in cents; 0 where nothing is paid
	target string // who or what it is for, fit for the books
	answer int    // the response code that a test number wants; 0 for none
	fault  fault
	// silent says that a success leaves no line in the books, as a reversal does.
	silent bool
	// deed, where there is one, is filled in by run and makes it reversible.
	deed *deed
	// run does it, with the lock held, and returns the answer's own
	// properties, what was moved in cents, or a refusal.
	run func() (map[string]any, int64, *refusal)
}

// reader understands the body of an operation; it returns 2231 or 2308, or nil.
type reader func(f *fields) (work, *refusal)

// post serves a POST operation where the API lives.
func (s *Sandbox) post(op string, read reader) { s.postAt(apiPath, op, read) }

// postAt serves an operation under another base path, which ends with a slash.
// Its references are the same there: the bases share one memory.
func (s *Sandbox) postAt(base, op string, read reader) {
	if !slices.Contains(s.ops, op) {
		s.ops = append(s.ops, op)
	}
	s.mux.HandleFunc("POST "+base+op, func(w http.ResponseWriter, r *http.Request) {
		if no := s.authorise(r); no != nil {
			s.refuse(w, op, "", *no)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil || !simulator.SaysJSON(r) {
			s.refuse(w, op, "", refusal{code: 2231})
			return
		}
		job, no := s.understand(read, body)
		if no != nil {
			s.refuse(w, op, job.head.reference, *no)
			return
		}
		s.transact(w, r, op, digest(op, body), job)
	})
}

// understand reads a body and checks what is the same for all operations.
func (s *Sandbox) understand(read reader, body []byte) (work, *refusal) {
	job, no := read(readFields(body))
	switch {
	case no != nil:
		return job, no
	case len(job.head.reference) > 50: // the document has a limit but does not say it
		return job, &refusal{code: 2301}
	case job.head.account != s.options.Account:
		return job, &refusal{code: 2202}
	}
	return job, nil
}

func (s *Sandbox) refuse(w http.ResponseWriter, op, reference string, no refusal) {
	s.mu.Lock()
	id := s.books.nextID()
	s.mu.Unlock()
	writeBytes(w, no.status(), no.body(reference, id, op))
}

// digest recognises the same request, however its JSON is laid out.
func digest(op string, body []byte) [32]byte {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&v) == nil {
		if b, err := json.Marshal(v); err == nil { // sorts the properties
			body = b
		}
	}
	return sha256.Sum256(append([]byte(op+"\n"), body...))
}

// transact does the work once for its reference, and answers as the fault of
// the moment demands.
func (s *Sandbox) transact(w http.ResponseWriter, r *http.Request, op string, body [32]byte, job work) {
	s.mu.Lock()
	t, same := s.books.open(s.options.Now(), s.options.KeepFor, op, body, job)
	if !same {
		s.mu.Unlock()
		s.refuse(w, op, job.head.reference, refusal{code: 2256})
		return
	}
	blow := s.strike(op, job.head.reference, job.target)
	if blow.fault == 0 {
		blow.fault, blow.seen = job.fault, t.seen
	}
	if instead := blow.before(); instead != nil {
		id := t.id
		t.entered = t.entered || blow.fault == faultBusy || blow.fault == faultTimeoutCode
		s.mu.Unlock()
		simulator.Wait(r.Context(), blow.delay)
		instead(w, func(no refusal) []byte { return no.body(job.head.reference, id, op) })
		return
	}
	if !t.done {
		if blow.code != 0 {
			job.answer = blow.code
		}
		s.settle(t, job)
	}
	status, answer := t.status, t.answer
	s.mu.Unlock()

	simulator.Wait(r.Context(), blow.delay)
	if !blow.after(w, r, s.options.SlowFor, status, answer) {
		writeBytes(w, status, answer)
	}
}

// settle does the work and keeps its answer, also a refusal. The caller holds
// the lock.
func (s *Sandbox) settle(t *transaction, job work) {
	var no *refusal
	var own map[string]any
	var moved int64
	if job.answer != 0 {
		no = &refusal{code: job.answer}
	} else {
		own, moved, no = job.run()
	}
	t.done = true
	if no != nil {
		t.code, t.status, t.answer = no.code, no.status(), no.body(t.reference, t.id, t.op)
		s.books.count(t)
		return
	}
	answer := map[string]any{
		"responseCode": 0, "responseMessage": "Success", "reference": t.reference,
		"accountNumber": s.options.Account, "transactionId": t.id,
		"transactionDate": t.at.In(simulator.SAST()).Format("2006-01-02T15:04:05-07:00"),
	}
	if job.head.store != "" {
		answer["storeId"] = job.head.store
	}
	if job.head.terminal != "" {
		answer["terminalId"] = job.head.terminal
	}
	if job.head.metadata != nil {
		answer["metadata"] = job.head.metadata
	}
	for name, value := range own {
		answer[name] = value
	}
	t.amount, t.status, t.deed, t.silent = moved, http.StatusOK, job.deed, job.silent
	t.answer, _ = json.Marshal(answer) // strings and numbers only
	s.books.count(t)
}
