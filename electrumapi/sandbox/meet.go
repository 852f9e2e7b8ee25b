package sandbox

import "time"

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
	s.books.counts["op "+rt.op]++
	about := job.original
	if about == "" {
		about = job.id
	}
	if job.reference != "" && s.books.heard[key(about)] == "" {
		s.books.heard[key(about)] = job.reference
	}
	b := s.strike(rt.op, job.target, job.id, job.original, job.reference, s.books.heard[key(about)])
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
