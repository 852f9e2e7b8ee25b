package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	apiPath     = "/aggregation/4.0/"
	answerLimit = 4 << 20 // bytes of one answer; a long product list fits
	patience    = 3       // how often a throttled request is sent again
	longestWait = 30 * time.Second
)

// request is one HTTP request, exactly.
type request struct {
	method      string
	url         string
	auth        string // the Authorization header; none when empty
	contentType string
	body        []byte
	reference   string // that is in the body, for the report
}

// answer is what came of a request.
type answer struct {
	err         error // nothing readable came
	status      int
	contentType string
	raw         []byte
	object      map[string]any // nil when the body is no JSON object
	reference   string
	says        string // responseMessage, scrubbed
}

// api is the address of an operation. Flash Token purchase is the only one that
// chapter 2 shows without /4.0.
func (r *runner) api(path string) string {
	base := strings.TrimRight(r.target.BaseURL, "/")
	if path == tokenPurchase && !r.tokenPathVersioned {
		return base + "/aggregation/" + path
	}
	return base + apiPath + path
}

// products is the address of a product list; selection is empty, a product code
// or a group.
func (r *runner) products(account, selection string) string {
	at := r.api("accounts/" + url.PathEscape(account) + "/products")
	if selection != "" {
		at += "/" + url.PathEscape(selection)
	}
	return at
}

// send makes one request, at its pace, and again when the server says that there
// were too many: the same bytes under the same reference are the same request.
func (r *runner) send(ctx context.Context, q request) answer {
	for attempt := 1; ; attempt++ {
		a, wait := r.sendOnce(ctx, q)
		code, _ := a.code()
		if attempt > patience || (a.status != http.StatusTooManyRequests && code != 2373 && code != 2377) {
			return a
		}
		r.mu.Lock()
		r.throttled++
		r.mu.Unlock()
		if pause(ctx, max(min(wait, longestWait), time.Duration(4*attempt)*max(r.options.Pace, 0))) != nil {
			return a
		}
	}
}

func (r *runner) sendOnce(ctx context.Context, q request) (answer, time.Duration) {
	a := answer{reference: q.reference}
	if a.err = r.turn(ctx); a.err != nil {
		return a, 0
	}
	ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.method, q.url, bytes.NewReader(q.body))
	if err != nil {
		a.err = errors.New("the request could not be made")
		return a, 0
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "spaza-conformance")
	if q.contentType != "" {
		req.Header.Set("Content-Type", q.contentType)
	}
	if q.auth != "" {
		req.Header.Set("Authorization", q.auth)
	}
	resp, err := r.http.Do(req)
	if err != nil {
		a.err = plain(err)
		return a, 0
	}
	defer resp.Body.Close()
	a.status, a.contentType = resp.StatusCode, resp.Header.Get("Content-Type")
	a.raw, err = io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
	switch {
	case err != nil:
		a.err = plain(err)
	case len(a.raw) > answerLimit:
		a.raw, a.err = nil, fmt.Errorf("the answer is longer than %d bytes", answerLimit)
	}
	d := json.NewDecoder(bytes.NewReader(a.raw))
	d.UseNumber()
	if d.Decode(&a.object) != nil {
		a.object = nil
	}
	if q.method == http.MethodPost {
		r.scrub.hideIn(a.object)
	}
	a.says = r.scrub.scrub(a.text("responseMessage"))
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
	return a, time.Duration(max(seconds, 0)) * time.Second
}

// turn waits until the next request may go out.
func (r *runner) turn(ctx context.Context) error {
	if r.options.Pace <= 0 {
		return ctx.Err()
	}
	r.mu.Lock()
	now := r.options.Now()
	at := r.next
	if at.Before(now) {
		at = now
	}
	r.next = at.Add(r.options.Pace)
	r.mu.Unlock()
	return pause(ctx, at.Sub(now))
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// plain words a failure without the address, in which the account number stands.
func plain(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return errors.New("no answer within the time limit")
	case errors.Is(err, context.Canceled):
		return errors.New("the run was stopped")
	default:
		return err
	}
}

// code is the responseCode, which must be a JSON number.
func (a answer) code() (int, bool) {
	n, ok := a.object["responseCode"].(json.Number)
	if !ok {
		return 0, false
	}
	code, err := strconv.Atoi(n.String())
	return code, err == nil
}

// succeeded is true for what a client would take for a success.
func (a answer) succeeded() bool {
	code, ok := a.code()
	return a.err == nil && ok && code == 0
}

// get walks into the answer.
func (a answer) get(names ...string) any {
	var v any = a.object
	for _, name := range names {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// text is a string in the answer; empty when there is none.
func (a answer) text(names ...string) string {
	s, _ := a.get(names...).(string)
	return s
}

// cents is a whole number in the answer.
func (a answer) cents(names ...string) (int64, bool) { return whole(a.get(names...)) }

func whole(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(n.String(), 10, 64)
	return i, err == nil
}

// describe says in a line what came.
func (a answer) describe(s *scrubber) string {
	if a.err != nil {
		return "no answer: " + s.scrub(a.err.Error())
	}
	code, ok := a.code()
	switch {
	case ok && a.says != "":
		return fmt.Sprintf("HTTP %d, code %d (%s)", a.status, code, a.says)
	case ok:
		return fmt.Sprintf("HTTP %d, code %d", a.status, code)
	case a.object != nil && a.object["responseCode"] != nil:
		return fmt.Sprintf("HTTP %d, responseCode is not a whole number", a.status)
	case a.object != nil:
		return fmt.Sprintf("HTTP %d, no responseCode", a.status)
	case len(a.raw) == 0:
		return fmt.Sprintf("HTTP %d, empty", a.status)
	default:
		return fmt.Sprintf("HTTP %d, not a JSON object", a.status)
	}
}

// token asks for an access token with the given key and form.
func (r *runner) token(ctx context.Context, key, form string) answer {
	a := r.send(ctx, request{
		method: http.MethodPost, url: r.target.tokenURL(), auth: "Basic " + key,
		contentType: "application/x-www-form-urlencoded", body: []byte(form),
	})
	return a
}

const grant = "grant_type=client_credentials"

// bearer is the Authorization header of API calls. A token is kept until shortly
// before its end.
func (r *runner) bearer(ctx context.Context) (string, error) {
	now := r.options.Now()
	r.mu.Lock()
	held, ends := r.held, r.heldUntil
	r.mu.Unlock()
	if held != "" && now.Before(ends) {
		return "Bearer " + held, nil
	}
	a := r.token(ctx, r.target.APIKey.Reveal(), grant)
	token := a.text("access_token")
	if a.err != nil || a.status != http.StatusOK || token == "" {
		return "", errors.New("no access token: " + a.describe(&r.scrub))
	}
	life, _ := a.cents("expires_in")
	r.mu.Lock()
	r.held, r.heldUntil = token, now.Add(time.Duration(life)*time.Second-30*time.Second)
	r.mu.Unlock()
	return "Bearer " + token, nil
}
