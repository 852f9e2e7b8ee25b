package sandbox

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
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
			case !saysJSON(r):
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
			writeBytes(w, no.code(), no.body(job.id, job.original, rt.requestType))
			return
		}
		s.transact(w, r, rt, job)
	})
}

func saysJSON(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/json")
}

// transact does the work, and answers as the fault of the moment demands.
func (s *Sandbox) transact(w http.ResponseWriter, r *http.Request, rt route, job work) {
	refused := func(no refusal) []byte { return no.body(job.id, job.original, rt.requestType) }
	s.mu.Lock()
	s.arrive(s.options.Now())
	b := s.meet(rt, job)
	if instead := b.before(); instead != nil {
		s.mu.Unlock()
		wait(r.Context(), b.delay)
		instead(w, refused)
		return
	}
	job.told = b.told
	if b.fault == faultLate {
		s.late = append(s.late, latecomer{s.options.Now().Add(s.options.LateFor), func() { s.perform(rt, job) }})
		s.mu.Unlock()
		<-r.Context().Done()
		cut()
	}
	status, answer := s.perform(rt, job)
	s.mu.Unlock()

	wait(r.Context(), b.delay)
	if status == http.StatusCreated {
		w.Header().Set("Location", r.URL.Path)
	}
	if !b.after(w, r, s.options.SlowFor, status, answer, refused) {
		writeBytes(w, status, answer)
	}
}

// latecomer is work that is done some time after its message was given up.
type latecomer struct {
	due time.Time
	do  func()
}

// arrive does the late work that is due. The caller holds the lock.
func (s *Sandbox) arrive(now time.Time) {
	waiting := s.late
	s.late = nil
	for _, one := range waiting {
		if now.Before(one.due) {
			s.late = append(s.late, one)
		} else {
			one.do()
		}
	}
}

// Release does all late work now (fault 27), due or not.
func (s *Sandbox) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := s.late
	s.late = nil
	for _, one := range waiting {
		one.do()
	}
}

// meet is the fault that a message meets: what is switched on, else that of its
// test number, the first time its id is seen. The caller holds the lock.
func (s *Sandbox) meet(rt route, job work) blow {
	s.books.counts["requests"]++
	about := job.original
	if about == "" {
		about = job.id
	}
	if job.reference != "" && s.books.heard[key(about)] == "" {
		s.books.heard[key(about)] = job.reference
	}
	b := s.switches.strike(rt.op, job.target, job.id, job.original, job.reference, s.books.heard[key(about)])
	if b.fault != 0 || b.told != nil {
		return b
	}
	e := s.books.byID[key(about)]
	switch {
	case job.fault != 0 && job.deed != repeats && !s.books.struck[key(job.id)]:
		s.books.struck[key(job.id)] = true
		b.fault = job.fault
	case e != nil && e.fault == faultNoGoods && (job.deed == asks || job.deed == repeats):
		b.fault = faultNoGoods
	}
	return b
}

// perform does the work. The caller holds the lock.
func (s *Sandbox) perform(rt route, job work) (status int, answer []byte) {
	switch job.deed {
	case buys, repeats:
		return s.sell(rt, job)
	case confirms, reverses:
		return s.advise(rt, job)
	default:
		var done outcome
		no := job.wished()
		if no == nil {
			done, no = job.run(nil)
		}
		return rt.answer(job, done, no)
	}
}

// answer writes an outcome or a refusal of it.
func (rt route) answer(job work, done outcome, no *refusal) (status int, answer []byte) {
	if no == nil {
		b, err := json.Marshal(done.body)
		if err == nil {
			if done.status == 0 {
				done.status = rt.success
			}
			return done.status, b
		}
		no = &refusal{kind: "GENERAL_ERROR"}
	}
	return no.code(), no.body(job.id, job.original, rt.requestType)
}

// wished is the refusal that a test number or a switch asks for.
func (job work) wished() *refusal {
	if job.told != nil {
		return job.told
	}
	if job.wish == "" {
		return nil
	}
	return &refusal{kind: job.wish, message: "Simulated"}
}

// sell does a request for goods, or gives what came of it again to a retry.
func (s *Sandbox) sell(rt route, job work) (status int, answer []byte) {
	id := job.id
	if job.deed == repeats {
		id = job.original
	}
	e, known := s.books.byID[key(id)]
	if known {
		e.seen++
	}
	switch {
	case known && job.told != nil:
		return rt.answer(job, outcome{}, job.told)
	case known && (e.state == Overtaken || e.state == Reversed && job.deed == repeats):
		return rt.answer(job, outcome{}, &refusal{kind: rt.settled(e.state), message: "Reversed already"})
	case known && job.deed == buys:
		return rt.answer(job, outcome{}, &refusal{kind: typeDuplicate, message: "Duplicate UUID"})
	case known:
		if job.check != nil {
			if no := job.check(e); no != nil {
				return rt.answer(job, outcome{}, no)
			}
		}
		if e.state != Refused && job.again != nil {
			return rt.answer(job, job.again(e), nil)
		}
		if e.state != Refused {
			return rt.success, e.answer
		}
		return e.status, e.answer
	}
	e = s.books.open(s.options.Now(), rt.op, key(id), job)
	e.seen = 1
	return s.settle(rt, e, job)
}

// settle does what is bought and keeps the answer, also a refusal.
func (s *Sandbox) settle(rt route, e *entry, job work) (status int, answer []byte) {
	var done outcome
	no := job.wished()
	if no == nil {
		done, no = job.run(e)
	}
	if no == nil && !s.books.pay(e, done.amount) {
		no = &refusal{kind: typeFunds, message: "Float is too small"}
	}
	if no != nil {
		e.kind = no.kind
		s.books.to(e, Refused)
	} else {
		s.books.to(e, Provisioned)
	}
	e.status, e.answer = rt.answer(job, done, no)
	return e.status, e.answer
}

// advise takes a confirmation or a reversal: one of them, and that as often as it
// comes. A reversal before its request is remembered.
func (s *Sandbox) advise(rt route, job work) (status int, answer []byte) {
	state := Confirmed
	if job.deed == reverses {
		state = Reversed
	}
	e, known := s.books.byID[key(job.original)]
	if !known && job.deed == reverses {
		e = s.books.open(s.options.Now(), rt.op, key(job.original), job)
		s.books.to(e, Overtaken)
	}
	if e != nil {
		e.advices++
	}
	no := job.wished()
	switch {
	case no != nil:
	case e == nil || e.state == Overtaken || e.state == Refused:
		no = &refusal{kind: typeNotFound, message: "Original not found"}
	case e.state == state: // repeated
	case e.state != Provisioned:
		no = &refusal{kind: rt.settled(e.state), message: "Settled already"}
	case state == Reversed && e.final:
		no = &refusal{kind: typeNotSupported, message: "Cannot be reversed"}
	default:
		if job.check != nil {
			no = job.check(e)
		}
		if no == nil {
			s.books.to(e, state)
			if job.after != nil {
				job.after(e)
			}
		}
	}
	return rt.answer(job, outcome{body: job.echo}, no)
}

// wait waits until the time is over or the caller has gone.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
