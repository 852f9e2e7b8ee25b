package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// check is one thing demanded of a server, or one question put to it.
type check struct {
	name    string // group.operation.what, stable between releases
	section string
	says    string
	spends  bool // makes sales that should succeed
	asks    bool // demands nothing: what it finds is an answer
	first   bool // others stand on it: made whatever Options.Only says
	run     func(*trial)
}

// runner is one run against one server. Duplicates are sent at once, so that what
// requests share is behind a lock.
type runner struct {
	target  Target
	options Options
	http    *http.Client
	scrub   scrubber
	ops     map[string]operation
	prefix  string
	// tokenPathVersioned is true where Flash Token purchase is found with /4.0
	// only.
	tokenPathVersioned bool

	mu        sync.Mutex
	next      time.Time // when the next request may go out
	requests  int
	answered  int
	silence   error // why a request got no answer, the first time
	throttled int
	held      string // access token
	heldUntil time.Time

	// Of the run, which makes its checks one after the other.
	references int
	spent      int64
	used       int               // of Fixture.Vouchers
	ids        map[string]string // transactionId to the reference it was seen with
	pins       map[string]string // likewise
	statuses   map[int][]int     // response codes to HTTP statuses
	dates      map[string]string // forms of dates, to where they were first seen
	catalogue  []product
	answers    []Answer
}

// Run tries a server. The error is about the run: a target that must not be
// touched, checks that do not exist, or a context that ended; what the server
// does wrong is in the report.
func Run(ctx context.Context, t Target, o Options) (Report, error) {
	o = o.withDefaults()
	if err := t.check(o); err != nil {
		return Report{}, fmt.Errorf("run conformance suite: %w", err)
	}
	if !slices.ContainsFunc(checks(), func(c check) bool { return strings.HasPrefix(c.name, o.Only) }) {
		return Report{}, fmt.Errorf("run conformance suite: %w %q", ErrNoSuchCheck, o.Only)
	}
	r, err := newRunner(t, o)
	if err != nil {
		return Report{}, err
	}
	began := o.Now()
	base, _ := url.Parse(t.BaseURL) // was read before
	report := Report{
		Host: base.Host, Fixture: t.Fixture.Name, At: began.UTC().Truncate(time.Second), Prefix: r.prefix, Spending: o.AllowSpending,
	}
	for _, c := range checks() {
		if !c.first && !strings.HasPrefix(c.name, o.Only) {
			continue
		}
		result := r.try(ctx, c)
		report.Results = append(report.Results, result)
		o.Progress(result)
	}
	r.sumUp()
	if r.requests > 0 && r.answered == 0 && ctx.Err() == nil {
		report.Unreached = r.scrub.scrub(plain(r.silence).Error())
	}
	report.Answers, report.Spent, report.Requests, report.Took = r.answers, r.spent, r.requests, o.Now().Sub(began)
	slices.SortStableFunc(report.Answers, func(a, b Answer) int { return cmp.Compare(a.Question, b.Question) })
	if err := ctx.Err(); err != nil {
		return report, fmt.Errorf("run conformance suite: %w", err)
	}
	return report, nil
}

func newRunner(t Target, o Options) (*runner, error) {
	r := &runner{
		target: t, options: o, ops: map[string]operation{},
		ids: map[string]string{}, pins: map[string]string{}, statuses: map[int][]int{}, dates: map[string]string{},
	}
	for _, op := range operations() {
		r.ops[op.path] = op
	}
	carrier := o.Transport
	if carrier == nil {
		carrier = transport()
	}
	r.http = &http.Client{
		Transport: counting{carrier, r},
		// A redirect could lead to another host, with the token.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r.scrub.hide(t.APIKey.Reveal())
	for _, private := range t.Fixture.private() {
		r.scrub.hide(private)
	}
	// Letters only: a reference must survive the masking of long numbers.
	var random [8]byte
	if _, err := io.ReadFull(o.Random, random[:]); err != nil {
		return nil, fmt.Errorf("make references: %w", err)
	}
	for i, b := range random {
		random[i] = 'A' + b%26
	}
	r.prefix = "CF-" + string(random[:])
	return r, nil
}

// counting counts requests on their way, and answers on theirs.
type counting struct {
	http.RoundTripper
	r *runner
}

func (c counting) RoundTrip(q *http.Request) (*http.Response, error) {
	c.r.mu.Lock()
	c.r.requests++
	c.r.mu.Unlock()
	resp, err := c.RoundTripper.RoundTrip(q)
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	switch {
	case err == nil:
		c.r.answered++
	case c.r.silence == nil:
		c.r.silence = err
	}
	return resp, err
}

// reference makes a new one: capital letters, digits and hyphens, 18 characters.
func (r *runner) reference() string {
	r.references++
	return fmt.Sprintf("%s-%06d", r.prefix, r.references)
}

// halt ends a check early; what was found so far stands.
type halt struct{}

// try makes one check.
func (r *runner) try(ctx context.Context, c check) Result {
	t := &trial{run: r, ctx: ctx, check: c}
	began := r.options.Now()
	switch {
	case ctx.Err() != nil:
		t.skipped = "the run was stopped"
	case r.answered == 0 && r.requests >= hopeless:
		t.skipped = ErrUnreached.Error()
	case c.spends && !r.options.AllowSpending:
		t.skipped = "it moves money, and spending was not allowed"
	default:
		t.attempt()
		if ctx.Err() != nil { // what was found may be the fault of stopping
			t.skipped, t.faults = "the run was stopped", nil
		}
	}
	result := Result{
		Check: c.name, Section: c.section, Says: c.says, Faults: t.faults, References: t.references, Took: r.options.Now().Sub(began),
	}
	if len(t.untried) > 0 {
		result.Reason = "beyond the spending limit, not tried: " + strings.Join(t.untried, ", ")
	}
	switch {
	case len(t.faults) > 0:
		result.Verdict = Fail
	case t.skipped != "":
		result.Verdict, result.Reason = Skipped, t.skipped
	case c.asks || t.open:
		result.Verdict = Unclear
	default:
		result.Verdict = Pass
	}
	return result
}

// attempt runs the check until it ends or halts.
func (t *trial) attempt() {
	defer func() {
		switch stopped := recover(); stopped {
		case nil, halt{}:
		default:
			panic(stopped)
		}
	}()
	t.check.run(t)
}

// ErrFailed says that a server does not do what the document says.
var ErrFailed = errors.New("the server does not conform")

// ErrUnreached says that no request got any answer, so that nothing was learnt
// of the server.
var ErrUnreached = errors.New("the server could not be reached")

// hopeless is after how many requests without any answer no more are made: the
// checks of authorization, which come first, have asked at both addresses then.
const hopeless = 20

// Err is ErrUnreached when nothing answered, and ErrFailed when a check failed.
func (r Report) Err() error {
	if r.Unreached != "" {
		return fmt.Errorf("%w: %s", ErrUnreached, r.Unreached)
	}
	if n := r.Count(Fail); n > 0 {
		return fmt.Errorf("%w: %d of %d checks failed", ErrFailed, n, len(r.Results))
	}
	return nil
}
