package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"spaza/simulator"
)

// controlRoutes serve those who test: each takes and gives JSON, and none needs
// an access token. A page of another origin cannot call them.
func (s *Sandbox) controlRoutes() {
	for pattern, serve := range map[string]simulator.Order{
		"GET /sandbox/faults":         s.listFaults,
		"POST /sandbox/faults":        s.switchOn,
		"DELETE /sandbox/faults":      s.clearFaults,
		"DELETE /sandbox/faults/{id}": s.switchOff,
		"POST /sandbox/float":         simulator.SetFloat(s.setFloat),
		"POST /sandbox/vouchers":      s.useVoucher,
		"GET /sandbox/sms":            s.listSMS,
		"POST /sandbox/tokens/revoke": simulator.Quietly(s.RevokeTokens),
		"POST /sandbox/reset":         simulator.Quietly(s.Reset),
	} {
		control := simulator.Control(s.options.ControlHosts, serve)
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { control(unstored(w), r) })
	}
}

// faultWire is a switched-on fault as it is asked for and listed.
type faultWire struct {
	ID        int64  `json:"id,omitempty"`
	Fault     string `json:"fault,omitempty"`
	Op        string `json:"op,omitempty"`
	Reference string `json:"reference,omitempty"`
	Target    string `json:"target,omitempty"`
	Code      *int   `json:"code,omitempty"`
	Times     *int   `json:"times,omitempty"`
	DelayMs   *int64 `json:"delayMs,omitempty"`
	Struck    int    `json:"struck,omitempty"`
}

func wire(one switched) faultWire {
	w := faultWire{
		ID: one.ID, Fault: one.Does.kind.name, Op: one.Op, Reference: one.Reference, Target: one.Target,
		Times: new(one.Left), Struck: one.Struck,
	}
	if one.Does.code != 0 {
		w.Code = new(one.Does.code)
	}
	if one.Delay != 0 {
		w.DelayMs = new(one.Delay.Milliseconds())
	}
	return w
}

// everything says that a delay is asked for, and of all answers.
func (w faultWire) everything() bool {
	return w.Fault == "" && w.Code == nil && w.Times == nil && w.Op == "" && w.Reference == "" && w.Target == ""
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
	case w.Fault == "" && w.Code == nil && w.DelayMs == nil:
		return switched{}, errors.New("one of fault, code and delayMs is needed")
	case w.Code != nil && (*w.Code < 1 || *w.Code > 9999):
		return switched{}, errors.New("code must be from 1 to 9999")
	case w.Code != nil && does.kind.before && does.kind.code == 0:
		return switched{}, errors.New("this fault answers no code")
	}
	if w.Code != nil {
		does.code = *w.Code
	}
	return simulator.Aim(does, simulator.Selectors{Op: w.Op, Reference: w.Reference, Target: w.Target}, w.Times, w.DelayMs, ops)
}

func faultNames() string {
	var names []string
	for _, k := range faultKinds() {
		names = append(names, k.name)
	}
	return strings.Join(names, ", ")
}

func (s *Sandbox) switchOn(r *http.Request) (int, any, error) {
	var w faultWire
	if status, err := simulator.ReadControl(r, &w, false); err != nil {
		return status, nil, err
	}
	one, err := w.check(s.ops)
	if err != nil {
		return http.StatusBadRequest, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.everything() {
		s.switches.Delay = one.Delay
		return http.StatusOK, map[string]int64{"delayMs": one.Delay.Milliseconds()}, nil
	}
	if one, err = s.switches.Add(one); err != nil {
		return http.StatusConflict, nil, err
	}
	return http.StatusCreated, wire(one), nil
}

func (s *Sandbox) listFaults(*http.Request) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return http.StatusOK, s.switches.Listing(func(one switched) any { return wire(one) }), nil
}

func (s *Sandbox) clearFaults(*http.Request) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.switches.Clear()
	return http.StatusOK, struct{}{}, nil
}

func (s *Sandbox) switchOff(r *http.Request) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.switches.Off(r.PathValue("id"))
}

func (s *Sandbox) setFloat(cents int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books.float = cents
}

// useVoucher does to a voucher what happens to it outside of this API: it is
// cashed out or spent in a shop, or its time comes.
func (s *Sandbox) useVoucher(r *http.Request) (int, any, error) {
	var to struct {
		SerialNumber string `json:"serialNumber"`
		Status       status `json:"status"`
	}
	if code, err := simulator.ReadControl(r, &to, false); err != nil {
		return code, nil, err
	}
	if to.Status != redeemed && to.Status != expired {
		return http.StatusBadRequest, nil, fmt.Errorf("status must be %s or %s", redeemed, expired)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, known := s.drawer.bySerial[to.SerialNumber]
	switch {
	case !known:
		return http.StatusNotFound, nil, errors.New("no voucher has this serial number")
	case v.status != active:
		return http.StatusConflict, nil, fmt.Errorf("the voucher is %s", v.status)
	}
	if to.Status == expired {
		v.expires = s.options.Now().Add(-time.Second)
		s.age(v)
	} else {
		s.drawer.end(v, redeemed)
		v.used = s.options.Now()
	}
	return http.StatusOK, v.wire(), nil
}

// listSMS shows what would be on the customers' phones, PINs and all.
func (s *Sandbox) listSMS(*http.Request) (int, any, error) {
	return http.StatusOK, map[string]any{"messages": append([]SMS{}, s.SMSs()...)}, nil
}
