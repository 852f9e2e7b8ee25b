package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"spaza/simulator"
)

// The bounds of what the control endpoint takes.
const (
	maxControl  = simulator.MaxControl
	maxSwitched = 100
	maxSelector = 100 // bytes
	maxTimes    = 1_000_000
	maxDelay    = 10 * time.Minute
	maxFloat    = simulator.MaxFloat
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

func (one *switched) wire() faultWire {
	w := faultWire{
		ID: one.id, Fault: one.kind.name, Op: one.op, Reference: one.reference, Target: one.target,
		Times: new(one.left), Struck: one.struck,
	}
	if one.told != nil {
		w.Type, w.Status = one.told.kind, one.told.code()
	}
	if one.delay != 0 {
		w.DelayMs = new(one.delay.Milliseconds())
	}
	return w
}

// everything says that a delay is asked for, and of all answers.
func (w faultWire) everything() bool {
	return w.Fault == "" && w.Type == "" && w.Times == nil && w.Op == "" && w.Reference == "" && w.Target == ""
}

// check understands what is asked for.
func (w faultWire) check(ops []string) (switched, error) {
	one := switched{op: w.Op, reference: w.Reference, target: w.Target, left: 1}
	if w.ID != 0 || w.Struck != 0 {
		return one, errors.New("id and struck are given out, not taken")
	}
	if w.Fault != "" {
		i := slices.IndexFunc(faultKinds(), func(k faultKind) bool { return k.name == w.Fault })
		if i < 0 {
			return one, errors.New("no such fault; there are " + faultNames())
		}
		one.kind = faultKinds()[i]
	}
	switch {
	case w.Fault == "" && w.Type == "" && w.DelayMs == nil:
		return one, errors.New("one of fault, type and delayMs is needed")
	case w.Type != "" && !isErrorType(w.Type):
		return one, errors.New("type must be an errorType: capitals and underscores")
	case w.Type != "" && one.kind.before:
		return one, errors.New("this fault has an answer of its own")
	case w.Status != 0 && (w.Type == "" || w.Status < 400 || w.Status > 599):
		return one, errors.New("status must be from 400 to 599, and goes with a type")
	case w.Times != nil && (*w.Times < 1 || *w.Times > maxTimes):
		return one, fmt.Errorf("times must be from 1 to %d", maxTimes)
	case w.DelayMs != nil && (*w.DelayMs < 0 || *w.DelayMs > maxDelay.Milliseconds()):
		return one, fmt.Errorf("delayMs must be from 0 to %d", maxDelay.Milliseconds())
	case w.Op != "" && !slices.Contains(ops, w.Op):
		return one, errors.New("no such op; there are " + strings.Join(ops, ", "))
	case max(len(w.Reference), len(w.Target)) > maxSelector:
		return one, fmt.Errorf("reference and target are at most %d bytes long", maxSelector)
	}
	if w.Type != "" {
		one.told = &refusal{kind: w.Type, status: w.Status, message: "Simulated"}
	}
	if w.Times != nil {
		one.left = *w.Times
	}
	if w.DelayMs != nil {
		one.delay = time.Duration(*w.DelayMs) * time.Millisecond
	}
	return one, nil
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
	switch {
	case w.everything():
		s.switches.delay = one.delay
		return http.StatusOK, nil, nil
	case len(s.switches.list) >= maxSwitched:
		return http.StatusConflict, nil, fmt.Errorf("%d faults are switched on already", maxSwitched)
	}
	added := *s.switches.add(one)
	return http.StatusCreated, &added, nil
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
	return status, one.wire(), nil
}

func (s *Sandbox) listFaults(*http.Request) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]faultWire, 0, len(s.switches.list))
	for _, one := range s.switches.list {
		list = append(list, one.wire())
	}
	return http.StatusOK, map[string]any{"delayMs": s.switches.delay.Milliseconds(), "faults": list}, nil
}

func (s *Sandbox) clearFaults(*http.Request) (int, any, error) {
	s.ClearFaults()
	return http.StatusOK, struct{}{}, nil
}

func (s *Sandbox) switchOff(r *http.Request) (int, any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || !s.switches.remove(id) {
		return http.StatusNotFound, nil, errors.New("no such fault is switched on")
	}
	return http.StatusOK, struct{}{}, nil
}
