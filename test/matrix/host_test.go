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

	"spaza/flashapi/sandbox"
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

// host is the provider of one cell: a simulator of its own on the shop's socket,
// under a path of its own.
type host struct {
	sandbox *sandbox.Sandbox
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

func newHost(o sandbox.Options, c *callers, url string) *host {
	return &host{
		sandbox: sandbox.New(o), callers: c, url: url,
		arrived: map[string]int{}, letters: map[string]letter{}, doors: map[string]func(){},
	}
}

// ServeHTTP implements http.Handler.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := r.Header.Get(callHeader)
	if call != "" && r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/aggregation/") {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var head struct{ Reference string }
		_ = json.Unmarshal(body, &head)
		h.mu.Lock()
		h.arrived[head.Reference]++
		h.letters[head.Reference] = letter{r.URL.Path, body}
		door := h.doors[head.Reference]
		delete(h.doors, head.Reference)
		h.mu.Unlock()
		if door != nil {
			door()
		}
	}
	if call != "" {
		r = r.WithContext(watched{r.Context(), func() { h.callers.outOfTime(call) }})
	}
	h.sandbox.ServeHTTP(w, r)
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

// switchOn makes the next requests of a reference meet a fault, by the control
// endpoint.
func (h *host) switchOn(ctx context.Context, fault, ref string, times int) error {
	_, err := h.control(ctx, http.MethodPost, map[string]any{"fault": fault, "reference": ref, "times": times})
	return err
}

// switchOff ends all faults, and says how often those that were still on had
// struck.
func (h *host) switchOff(ctx context.Context) (on bool, struck int, err error) {
	list, err := h.control(ctx, http.MethodGet, nil)
	if err != nil {
		return false, 0, err
	}
	for _, f := range list {
		on, struck = true, struck+f.Struck
	}
	_, err = h.control(ctx, http.MethodDelete, nil)
	return on, struck, err
}

type switched struct{ Struck int }

func (h *host) control(ctx context.Context, method string, what any) ([]switched, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, h.url+"/sandbox/faults", bytes.NewReader(body))
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
func (h *host) entry(ref string) (sandbox.Transaction, bool) {
	list := h.sandbox.Books().Transactions
	i := slices.IndexFunc(list, func(t sandbox.Transaction) bool { return t.Reference == ref })
	if i < 0 {
		return sandbox.Transaction{}, false
	}
	return list[i], true
}

// executed says whether the provider did what a line of its books is about.
func executed(t sandbox.Transaction) bool { return t.Status == "success" || t.Status == "reversed" }

// issue is what the provider gave for a reference.
type issue struct {
	Voucher struct {
		PIN, SerialNumber string
		Amount            int64
	}
	Tokens []struct{ Token, TokenDescription, SerialNumber string }
}

// secrets are the numbers that are worth money.
func (i issue) secrets() (all []string) {
	if i.Voucher.PIN != "" {
		all = append(all, i.Voucher.PIN)
	}
	for _, t := range i.Tokens {
		all = append(all, t.Token)
	}
	slices.Sort(all)
	return all
}

// issued asks the provider what it gave for a reference that it has executed, as
// one does over the phone. It bypasses the socket and the count of requests.
func (h *host) issued(ctx context.Context, ref string) (i issue, err error) {
	h.mu.Lock()
	l, known := h.letters[ref]
	h.mu.Unlock()
	if t, there := h.entry(ref); !known || !there || !executed(t) {
		return i, fmt.Errorf("the provider did not execute %s", ref)
	}
	ask := func(path, kind, auth, body string) ([]byte, error) {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", auth)
		w := httptest.NewRecorder()
		h.sandbox.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			return nil, fmt.Errorf("the provider answers HTTP %d to %s", w.Code, path)
		}
		return w.Body.Bytes(), nil
	}
	answer, err := ask("/token", "application/x-www-form-urlencoded", "Basic "+sandbox.DefaultAPIKey, "grant_type=client_credentials")
	if err != nil {
		return i, err
	}
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &token); err != nil {
		return i, err
	}
	if answer, err = ask(l.path, "application/json", "Bearer "+token.Access, string(l.body)); err != nil {
		return i, err
	}
	return i, json.Unmarshal(answer, &i)
}
