package telemetry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Check asks one thing that the service needs whether it can be used.
type Check struct {
	Name  string // shown to everybody: "redis", "sql", "provider"
	Probe func(ctx context.Context) error
}

// HealthOptions bounds what asking may cost.
type HealthOptions struct {
	// Deadline is how long the checks of one round may take; zero means 1 s.
	Deadline time.Duration
	// Fresh is how long the result of one round is the answer, so that nobody
	// can make us hammer our stores by asking; zero means 1 s.
	Fresh time.Duration
	// Logger is told the cause when a check begins to fail, and when it
	// recovers; nil discards it.
	Logger *slog.Logger
}

// Health answers the two questions of whoever runs the service: is the process
// alive (Healthz), and should it be given work (Readyz). It is safe for
// concurrent use.
type Health struct {
	checks   []*checkState
	deadline time.Duration
	fresh    time.Duration
	logger   *slog.Logger
	draining atomic.Bool

	mu      sync.Mutex // held for a round
	failing []string
	asked   time.Time
}

// checkState is one check and what is known of it.
type checkState struct {
	Check
	// running has a token while a probe runs: one that ignores its deadline
	// is not started a second time.
	running chan struct{}
	failing bool
}

// errStuck is the failure of a check whose last probe has not come back.
var errStuck = errors.New("the last probe has not come back")

// NewHealth makes Health of the given checks.
func NewHealth(checks []Check, o HealthOptions) *Health {
	h := &Health{
		deadline: cmp.Or(o.Deadline, time.Second),
		fresh:    cmp.Or(o.Fresh, time.Second),
		logger:   o.Logger,
	}
	if h.logger == nil {
		h.logger = slog.New(slog.DiscardHandler)
	}
	for _, c := range checks {
		h.checks = append(h.checks, &checkState{Check: c, running: make(chan struct{}, 1)})
	}
	return h
}

// Drain makes Readyz say no from now on: the process is about to end.
func (h *Health) Drain() { h.draining.Store(true) }

// Healthz is the answer to /healthz: an HTTP status and a body in plain text.
// The process that can give it is alive.
func (h *Health) Healthz() (status int, body []byte) { return http.StatusOK, []byte("ok\n") }

// Readyz is the answer to /readyz: 200 when every check passes, and otherwise
// 503 with the names of those that do not. The causes are only logged.
func (h *Health) Readyz() (status int, body []byte) {
	if h.draining.Load() {
		return http.StatusServiceUnavailable, []byte("draining\n")
	}
	if failing := h.round(); len(failing) > 0 {
		return http.StatusServiceUnavailable, []byte("not ready: " + strings.Join(failing, ", ") + "\n")
	}
	return http.StatusOK, []byte("ready\n")
}

// round returns the names of the checks that fail, in the order they were
// given, from the last round or a new one.
func (h *Health) round() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.asked.IsZero() && time.Since(h.asked) < h.fresh {
		return h.failing
	}
	// The round serves everybody who asks meanwhile: it does not end with the
	// request that began it.
	ctx, cancel := context.WithTimeout(context.Background(), h.deadline)
	defer cancel()
	errs := make([]error, len(h.checks))
	var all sync.WaitGroup
	for i, c := range h.checks {
		all.Go(func() { errs[i] = c.run(ctx) })
	}
	all.Wait()
	h.failing = nil
	for i, c := range h.checks {
		if errs[i] != nil {
			h.failing = append(h.failing, c.Name)
		}
		h.report(c, errs[i])
	}
	h.asked = time.Now()
	return h.failing
}

// report logs a change of a check.
func (h *Health) report(c *checkState, err error) {
	switch {
	case err != nil && !c.failing:
		h.logger.Warn("not ready", "check", c.Name, "err", err)
	case err == nil && c.failing:
		h.logger.Info("ready again", "check", c.Name)
	}
	c.failing = err != nil
}

// run probes, and returns at the end of ctx even if the probe does not.
func (c *checkState) run(ctx context.Context) error {
	select {
	case c.running <- struct{}{}:
	default:
		return errStuck
	}
	result := make(chan error, 1)
	go func() {
		err := c.probe(ctx)
		<-c.running
		result <- err
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// probe turns a panic of the probe into a failure.
func (c *checkState) probe(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("probe panicked: %v", p)
		}
	}()
	return c.Probe(ctx)
}
