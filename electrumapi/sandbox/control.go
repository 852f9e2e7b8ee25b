package sandbox

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"spaza/simulator"
)

// controlRoutes serve those who test: each takes and gives JSON, and none needs
// credentials. A page of another origin cannot call them.
func (s *Sandbox) controlRoutes() {
	for pattern, serve := range map[string]simulator.Order{
		"GET " + controlBase + "faults":         s.listFaults,
		"POST " + controlBase + "faults":        s.switchOn,
		"DELETE " + controlBase + "faults":      s.clearFaults,
		"DELETE " + controlBase + "faults/{id}": s.switchOff,
		"POST " + controlBase + "float":         simulator.SetFloat(s.SetFloat),
		"POST " + controlBase + "tokens/revoke": simulator.Quietly(s.RevokeTokens),
		"POST " + controlBase + "release":       simulator.Quietly(s.Release),
		"POST " + controlBase + "reset":         simulator.Quietly(s.Reset),
	} {
		s.mux.HandleFunc(pattern, simulator.Control(s.options.ControlHosts, serve))
	}
}

// faultWire is a switched-on fault as it is asked for and listed.
type faultWire struct {
	ID        int64  `json:"id,omitempty"`
	Fault     string `json:"fault,omitempty"`
	Op        string `json:"op,omitempty"`
	Reference string `json:"reference,omitempty"`
	Target    string `json:"target,omitempty"`
	Type      string `json:"type,omitempty"`
	Status    int    `json:"status,omitempty"`
	Times     *int   `json:"times,omitempty"`
	DelayMs   *int64 `json:"delayMs,omitempty"`
	Struck    int    `json:"struck,omitempty"`
}

func wire(one switched) faultWire {
	w := faultWire{
		ID: one.ID, Fault: one.Does.kind.name, Op: one.Op, Reference: one.Reference, Target: one.Target,
		Times: new(one.Left), Struck: one.Struck,
	}
	if told := one.Does.told; told != nil {
		w.Type, w.Status = told.kind, told.code()
	}
	if one.Delay != 0 {
		w.DelayMs = new(one.Delay.Milliseconds())
	}
	return w
}

// everything says that a delay is asked for, and of all answers.
func (w faultWire) everything() bool {
	return w.Fault == "" && w.Type == "" && w.Times == nil && w.Op == "" && w.Reference == "" && w.Target == ""
}

// check understands what is asked for.
func (w faultWire) check(ops []string) (switched, error) {
	var does trouble
	if w.ID != 0 || w.Struck != 0 {
		return switched{}, errors.New("id and struck are given out, not taken")
	}
	if w.Fault != "" {
		i := slices.IndexFunc(faultKinds(), func(k faultKind) bool { return k.name == w.Fault })
		if i < 0 {
			return switched{}, errors.New("no such fault; there are " + faultNames())
		}
		does.kind = faultKinds()[i]
	}
	switch {
	case w.Fault == "" && w.Type == "" && w.DelayMs == nil:
		return switched{}, errors.New("one of fault, type and delayMs is needed")
	case w.Type != "" && !isErrorType(w.Type):
		return switched{}, errors.New("type must be an errorType: capitals and underscores")
	case w.Type != "" && does.kind.before:
		return switched{}, errors.New("this fault has an answer of its own")
	case w.Status != 0 && (w.Type == "" || w.Status < 400 || w.Status > 599):
		return switched{}, errors.New("status must be from 400 to 599, and goes with a type")
	}
	if w.Type != "" {
		does.told = &refusal{kind: w.Type, status: w.Status, message: "Simulated"}
	}
	return simulator.Aim(does, simulator.Selectors{Op: w.Op, Reference: w.Reference, Target: w.Target}, w.Times, w.DelayMs, ops)
}

func isErrorType(s string) bool {
	return len(s) <= 60 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == ""
}

func faultNames() string {
	var names []string
	for _, k := range faultKinds() {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

// switchFault switches on what was asked for; nil for a delay of everything.
func (s *Sandbox) switchFault(w faultWire) (int, *switched, error) {
	one, err := w.check(s.ops)
	if err != nil {
		return http.StatusBadRequest, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.everything() {
		s.switches.Delay = one.Delay
		return http.StatusOK, nil, nil
	}
	if one, err = s.switches.Add(one); err != nil {
		return http.StatusConflict, nil, err
	}
	return http.StatusCreated, &one, nil
}

func (s *Sandbox) switchOn(r *http.Request) (int, any, error) {
	var w faultWire
	if status, err := simulator.ReadControl(r, &w, false); err != nil {
		return status, nil, err
	}
	status, one, err := s.switchFault(w)
	switch {
	case err != nil:
		return status, nil, err
	case one == nil:
		return status, map[string]int64{"delayMs": *w.DelayMs}, nil
	}
	return status, wire(*one), nil
}

func (s *Sandbox) listFaults(*http.Request) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return http.StatusOK, s.switches.Listing(func(one switched) any { return wire(one) }), nil
}

func (s *Sandbox) clearFaults(*http.Request) (int, any, error) {
	s.ClearFaults()
	return http.StatusOK, struct{}{}, nil
}

func (s *Sandbox) switchOff(r *http.Request) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches.Off(r.PathValue("id"))
}
