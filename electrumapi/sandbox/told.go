package sandbox

import "time"

// Fault is trouble for the next messages, as the control endpoint takes it. Op,
// Reference and Target say which are meant; an empty one fits all.
type Fault struct {
	// Name is that of a fault in the list of the package; it may be empty where Type
	// or Delay is given.
	Name string
	// Op is an operation, as "airtime/purchases" or "token"; Ops lists them.
	Op string
	// Reference is the originator's own, or the id of a request; advices about the
	// request and questions after it are meant too.
	Reference string
	// Target is a mobile or meter number or a product.
	Target string
	// Type is an errorType that is answered instead of the work, and Status its HTTP
	// status; 0 for the usual one.
	Type   string
	Status int
	// Times is how often it strikes; 0 for once.
	Times int
	// Delay comes before the answer, when the work is done.
	Delay time.Duration
}

// Fault switches trouble on. It errs for what the control endpoint would refuse.
func (s *Sandbox) Fault(f Fault) error {
	w := faultWire{Fault: f.Name, Op: f.Op, Reference: f.Reference, Target: f.Target, Type: f.Type, Status: f.Status}
	if f.Times != 0 {
		w.Times = new(f.Times)
	}
	if f.Delay != 0 {
		w.DelayMs = new(f.Delay.Milliseconds())
	}
	_, _, err := s.switchFault(w)
	return err
}

// ClearFaults switches off all that was switched on.
func (s *Sandbox) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.switches.Clear()
}

// Ops are the names of all operations.
func (s *Sandbox) Ops() []string { return append([]string(nil), s.ops...) }
