package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// head is what every POST carries.
type head struct{ reference, account string }

// work is one understood request of a group.
type work struct {
	head   head
	amount int64  // asked for, in cents
	target string // who or what it is for, fit for the books
	answer int    // the response code that a test number wants; 0 for none
	fault  fault
	// run does it, with the lock held, and returns the answer's own
	// properties, what was moved in cents, or a refusal.
	run func() (map[string]any, int64, *refusal)
}

// post makes the handler of a POST operation. read understands the body; it
// returns 2231 or 2308, or nil.
func (s *Sandbox) post(op string, read func(f *fields) (work, *refusal)) {
	s.mux.HandleFunc("POST "+apiPath+op, func(w http.ResponseWriter, r *http.Request) {
		if no := s.authorise(r); no != nil {
			s.refuse(w, op, "", *no)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			s.refuse(w, op, "", refusal{code: 2231})
			return
		}
		job, no := read(readFields(body))
		switch {
		case no != nil:
		case len(job.head.reference) > 50: // the document has a limit but does not say it
			no = &refusal{code: 2301}
		case job.head.account != s.options.Account:
			no = &refusal{code: 2202}
		}
		if no != nil {
			s.refuse(w, op, job.head.reference, *no)
			return
		}
		s.transact(w, r, op, digest(op, body), job)
	})
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
	seen := t.seen
	if strike := job.fault.before(seen); strike != nil {
		id := t.id
		s.mu.Unlock()
		strike(w, refusalWriter(job.head.reference, id, op))
		return
	}
	if !t.done {
		s.settle(t, job)
	}
	status, answer := t.status, t.answer
	s.mu.Unlock()

	if seen > 1 || !job.fault.after(w, r, s.options.SlowFor, status, answer) {
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
		"transactionDate": t.at.In(johannesburg()).Format("2006-01-02T15:04:05-07:00"),
	}
	for name, value := range own {
		answer[name] = value
	}
	t.amount, t.status = moved, http.StatusOK
	t.answer, _ = json.Marshal(answer) // strings and numbers only
	s.books.count(t)
}

// johannesburg is South African time, which has no daylight saving.
func johannesburg() *time.Location { return time.FixedZone("SAST", 2*60*60) }

// refusalWriter writes a refusal for a reference.
func refusalWriter(reference string, id int64, op string) func(http.ResponseWriter, refusal) {
	return func(w http.ResponseWriter, no refusal) {
		writeBytes(w, no.status(), no.body(reference, id, op))
	}
}

// wait waits until the time is over or the caller has gone.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
