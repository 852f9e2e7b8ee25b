package sandbox

// deed is what a transaction did to vouchers, so that it can be undone.
type deed struct {
	group  string // whose reverse operation undoes it
	mobile string // that was in the request
	// undo takes it back whole, with the lock held, and returns the voucher that
	// it was about and what moved back in cents; nil when there is no undoing.
	undo func() (*voucher, int64, *refusal)
}

// reversible says whether there is an operation that reverses a purchase. The
// catalogue allows it for fewer (section 1.2.3) than have one (sections 2.6.3
// and 2.7.2); what has one is reversed here.
func (a article) reversible() bool {
	return a.reversal || a.group == groupExclusive || a.group == groupToken
}

// readReverse understands a reversal (section 2.3.5 and its likes).
func (s *Sandbox) readReverse(group string) reader {
	return func(f *fields) (work, *refusal) {
		job := work{head: f.head(), silent: true}
		original := f.referenceNamed("originalReference")
		if no := f.refusal(); no != nil {
			return job, no
		}
		job.target = original
		job.run = func() (map[string]any, int64, *refusal) { return s.reverse(original, group) }
		return job, nil
	}
}

// reverse undoes a transaction. The caller holds the lock.
func (s *Sandbox) reverse(original, group string) (map[string]any, int64, *refusal) {
	t, no := s.original(original, group)
	if no != nil {
		return nil, 0, no
	}
	v, amount, no := t.deed.undo()
	if no != nil {
		return nil, 0, no
	}
	t.reversed = true
	s.books.counts["reversed"]++
	return map[string]any{"amount": amount, "mobileNumber": t.deed.mobile, "voucher": v.wire()}, amount, nil
}

// original finds what is to be reversed, or why it cannot be.
func (s *Sandbox) original(reference, group string) (*transaction, *refusal) {
	if s.options.Reversals == NoReversals {
		return nil, &refusal{code: 2274}
	}
	t, known := s.books.byReference[reference]
	switch {
	case known && t.entered && !t.done:
		return nil, &refusal{code: 2220}
	case !known || !t.done:
		return nil, &refusal{code: 2249}
	case t.reversed:
		return nil, &refusal{code: 2280}
	case t.code != 0 || t.silent:
		return nil, &refusal{code: 2267}
	case t.deed == nil:
		return nil, &refusal{code: 2273}
	case t.deed.group != group:
		return nil, &refusal{code: 2268}
	case t.deed.undo == nil:
		return nil, &refusal{code: 2267}
	case s.options.Now().Sub(t.at) > s.options.ReverseWithin:
		return nil, &refusal{code: 2281}
	}
	return t, nil
}
