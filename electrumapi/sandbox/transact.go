package sandbox

import (
	"encoding/json"
	"net/http"

	"spaza/simulator"
)

// transact does the work, and answers as the fault of the moment demands.
func (s *Sandbox) transact(w http.ResponseWriter, r *http.Request, rt route, job work) {
	refused := func(no refusal) []byte { return no.body(job.id, job.original, rt.requestType) }
	s.mu.Lock()
	s.arrive(s.options.Now())
	b := s.meet(rt, job)
	if instead := b.before(); instead != nil {
		s.mu.Unlock()
		simulator.Wait(r.Context(), b.delay)
		instead(w, refused)
		return
	}
	job.told = b.told
	if b.fault == faultLate {
		s.late = append(s.late, latecomer{s.options.Now().Add(s.options.LateFor), func() { s.perform(rt, job) }})
		s.mu.Unlock()
		simulator.Hang(r)
	}
	status, answer := s.perform(rt, job)
	s.mu.Unlock()

	simulator.Wait(r.Context(), b.delay)
	if status == http.StatusCreated {
		w.Header().Set("Location", r.URL.Path)
	}
	if !b.after(w, r, s.options.SlowFor, status, answer, refused) {
		simulator.Write(w, status, answer)
	}
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
	e = s.books.open(s.options.Now(), s.options.KeepFor, rt.op, key(id), job)
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
		e = s.books.open(s.options.Now(), s.options.KeepFor, rt.op, key(job.original), job)
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
		if e != nil && state == Reversed {
			e.undone = true
		}
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
			e.paid, e.undone = job.paid, state == Reversed
			if job.after != nil {
				job.after(e)
			}
		}
	}
	return rt.answer(job, outcome{body: job.echo}, no)
}
