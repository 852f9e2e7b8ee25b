package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// callHeader numbers the calls of clients, so that a host can say which of them
// it will leave waiting.
const callHeader = "X-Matrix-Call"

// callers is the transport of all clients. A caller whose host waits for them to
// go has no time left at once: what a real limit does after half a minute.
type callers struct {
	inner *http.Transport

	mu    sync.Mutex
	last  int
	under map[string]context.CancelCauseFunc
}

var errOutOfTime = errors.New("caller is out of time")

func newCallers() *callers {
	return &callers{
		inner: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64, MaxIdleConns: 64},
		under: map[string]context.CancelCauseFunc{},
	}
}

// RoundTrip implements http.RoundTripper.
func (c *callers) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	c.mu.Lock()
	c.last++
	call := strconv.Itoa(c.last)
	c.under[call] = cancel
	c.mu.Unlock()
	over := func() {
		cancel(nil)
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.under, call)
	}
	r = r.Clone(ctx)
	r.Header.Set(callHeader, call)
	resp, err := c.inner.RoundTrip(r)
	if err != nil {
		gone := errors.Is(context.Cause(ctx), errOutOfTime)
		over()
		if gone {
			err = context.DeadlineExceeded
		}
		return nil, err
	}
	resp.Body = ending{resp.Body, over}
	return resp, nil
}

// outOfTime ends a call.
func (c *callers) outOfTime(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel := c.under[call]; cancel != nil {
		cancel(errOutOfTime)
	}
}

// ending is a body that says when it is closed.
type ending struct {
	io.ReadCloser
	over func()
}

func (e ending) Close() error {
	defer e.over()
	return e.ReadCloser.Close()
}

// watched is a context that says when somebody begins to wait for its end.
type watched struct {
	context.Context
	waits func()
}

func (w watched) Done() <-chan struct{} {
	w.waits()
	return w.Context.Done()
}

// simulator is the provider of one cell: what it simulates, and what its books say,
// whichever provider that is.
type simulator interface {
	http.Handler
	// read finds out what a request asks for: the order that it is about; false
	// where it asks for nothing that is sold.
	read(r *http.Request, body []byte) (ref string, sells bool)
	// control is the path of its control endpoint.
	control() string
	// release has all come that is still under way.
	release()
	books() accounts
	// issued is what it gave for an order that it did, as one asks over the phone.
	// asked is the last request for it that came.
	issued(ctx context.Context, ref string, asked letter) (issue, error)
}

// accounts are the books of a provider, in words that all of them have.
type accounts struct {
	lines           []line
	spent, redeemed int64 // of the float, and paid for vouchers; cents
	undone          int   // requests that undid another
}

// line is what they say of one request.
type line struct {
	ref, op string
	// done says that it was done, stands that it was and was not undone since.
	done, stands    bool
	spent, redeemed int64  // as in accounts, where it stands
	state           string // in the provider's own words
	paid            int64  // by the customer, as the provider was told; cents
}

// issue is what a provider gave: the numbers that are worth money.
type issue struct {
	pin, serial string
	worth       int64 // cents
	tokens      []printed
}

type printed struct{ value, label, serial string }

// secrets are the numbers alone.
func (i issue) secrets() (all []string) {
	if i.pin != "" {
		all = append(all, i.pin)
	}
	for _, t := range i.tokens {
		all = append(all, t.value)
	}
	slices.Sort(all)
	return all
}

// host is a simulator on the shop's socket, under a path of its own.
type host struct {
	simulator
	callers *callers
	url     string

	mu      sync.Mutex
	arrived map[string]int    // requests, by reference
	letters map[string]letter // the last of them
	doors   map[string]func() // called before the first request of a reference is served
}

// letter is a request as it came.
type letter struct {
	path string
	body []byte
}

func newHost(s simulator, c *callers, url string) *host {
	return &host{
		simulator: s, callers: c, url: url,
		arrived: map[string]int{}, letters: map[string]letter{}, doors: map[string]func(){},
	}
}

// ServeHTTP implements http.Handler.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := r.Header.Get(callHeader)
	if call != "" {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if ref, sells := h.read(r, body); sells {
			h.mu.Lock()
			h.arrived[ref]++
			h.letters[ref] = letter{r.URL.Path, body}
			door := h.doors[ref]
			delete(h.doors, ref)
			h.mu.Unlock()
			if door != nil {
				door()
			}
		}
		r = r.WithContext(watched{r.Context(), func() { h.callers.outOfTime(call) }})
	}
	h.simulator.ServeHTTP(w, r)
}

// arrivals is how many requests of a reference came; of all when it is empty.
func (h *host) arrivals(ref string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ref != "" {
		return h.arrived[ref]
	}
	for _, one := range h.arrived {
		n += one
	}
	return n
}

// meet lets something happen before the first request of a reference is served.
func (h *host) meet(ref string, door func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.doors[ref] = door
}

// forever is more often than anything is sent.
const forever = 1_000_000

// trouble is a fault that is to strike requests of a reference; op is which of
// them, empty for all.
type trouble struct {
	fault, ref, op string
	times          int
}

// switchOn makes the next requests meet a fault, by the control endpoint.
func (h *host) switchOn(ctx context.Context, t trouble) error {
	what := map[string]any{"fault": t.fault, "reference": t.ref, "times": t.times}
	if t.op != "" {
		what["op"] = t.op
	}
	_, err := h.order(ctx, http.MethodPost, what)
	return err
}

// switchOff ends all faults, and says how often those that were still on had
// struck.
func (h *host) switchOff(ctx context.Context) (on bool, struck int, err error) {
	list, err := h.order(ctx, http.MethodGet, nil)
	if err != nil {
		return false, 0, err
	}
	for _, f := range list {
		on, struck = true, struck+f.Struck
	}
	_, err = h.order(ctx, http.MethodDelete, nil)
	return on, struck, err
}

type switched struct{ Struck int }

// order talks to the control endpoint.
func (h *host) order(ctx context.Context, method string, what any) ([]switched, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, h.url+h.control(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := h.callers.inner.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("control the simulator: %w", err)
	}
	defer resp.Body.Close()
	var says struct {
		Faults []switched
		Error  string
	}
	if err := json.NewDecoder(resp.Body).Decode(&says); err != nil || resp.StatusCode > 299 {
		return nil, fmt.Errorf("control the simulator: HTTP %d %s: %w", resp.StatusCode, says.Error, err)
	}
	return says.Faults, nil
}

// entry is the line of the provider's books about a reference.
func (h *host) entry(ref string) (line, bool) {
	list := h.books().lines
	i := slices.IndexFunc(list, func(l line) bool { return l.ref == ref })
	if i < 0 {
		return line{}, false
	}
	return list[i], true
}

// gave asks the provider what it gave for a reference that it has done. It bypasses
// the socket and the count of requests.
func (h *host) gave(ctx context.Context, ref string) (issue, error) {
	h.mu.Lock()
	l, known := h.letters[ref]
	h.mu.Unlock()
	if t, there := h.entry(ref); !known || !there || !t.done {
		return issue{}, fmt.Errorf("the provider did not do %s", ref)
	}
	return h.issued(ctx, ref, l)
}

// ask sends a simulator a request without the socket.
func ask(ctx context.Context, s http.Handler, method, path, kind, auth, body string) ([]byte, error) {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Authorization", auth)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code > 299 {
		return nil, fmt.Errorf("the provider answers HTTP %d to %s", w.Code, path)
	}
	return w.Body.Bytes(), nil
}
