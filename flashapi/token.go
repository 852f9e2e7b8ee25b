package flashapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"spaza/secret"
)

// Bounds of what a token answer may claim. The document says 3600 seconds.
const (
	defaultTokenTTL = time.Minute // where the answer does not say
	maxTokenTTL     = 24 * time.Hour
)

// tokenSource keeps one access token fresh (section 1.1).
//
// One fetch runs at a time, on nobody's behalf: a caller who leaves stops
// waiting and disturbs no other. A token is renewed before its end, and while
// the renewal runs, or when it fails, the old one serves on.
type tokenSource struct {
	now     func() time.Time
	gap     time.Duration // the least time between fetches after a failure
	timeout time.Duration // of one fetch
	fetch   func(context.Context) (secret.Text, time.Duration, error)

	flight singleflight.Group

	mu        sync.Mutex
	token     secret.Text
	renewAt   time.Time
	expiresAt time.Time
	notBefore time.Time // no fetch until then
	failure   error     // why not
	// doubt says that a token was refused, and none accepted since.
	doubt bool
}

// get returns a token that is good now, fetching it when there is none.
func (s *tokenSource) get(ctx context.Context) (secret.Text, error) {
	if err := ctx.Err(); err != nil {
		return secret.Text{}, err
	}
	s.mu.Lock()
	now := s.now()
	token, good, due := s.token, !s.token.Empty() && now.Before(s.expiresAt), !now.Before(s.renewAt)
	paused, failure := now.Before(s.notBefore), s.failure
	s.mu.Unlock()

	switch {
	case good && due && !paused:
		s.refresh()
		return token, nil
	case good:
		return token, nil
	case paused:
		return secret.Text{}, failure
	}
	select {
	case r := <-s.refresh():
		if r.Err != nil {
			return secret.Text{}, r.Err
		}
		return r.Val.(secret.Text), nil
	case <-ctx.Done():
		return secret.Text{}, ctx.Err()
	}
}

// refresh starts a fetch, or joins the one under way. The channel holds its
// result without needing a reader.
func (s *tokenSource) refresh() <-chan singleflight.Result {
	return s.flight.DoChan("", func() (any, error) {
		s.mu.Lock()
		now := s.now()
		// Between the look and the call there may have been a renewal, or a
		// failure.
		switch {
		case !s.token.Empty() && now.Before(s.renewAt):
			defer s.mu.Unlock()
			return s.token, nil
		case now.Before(s.notBefore):
			defer s.mu.Unlock()
			return nil, s.failure
		}
		s.mu.Unlock()

		ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
		defer cancel()
		token, ttl, err := s.fetch(ctx)

		s.mu.Lock()
		defer s.mu.Unlock()
		now = s.now()
		if err != nil {
			s.pause(now, err)
			return nil, err
		}
		s.token, s.expiresAt, s.renewAt = token, now.Add(ttl), now.Add(ttl-early(ttl))
		s.notBefore, s.failure = time.Time{}, nil
		return token, nil
	})
}

// early is how long before its end a token of this lifetime is renewed: a tenth
// of it, at least 30 s, but never more than half.
func early(ttl time.Duration) time.Duration {
	return min(max(30*time.Second, ttl/10), ttl/2)
}

// pause keeps fetches back for the gap. The caller holds the lock.
func (s *tokenSource) pause(now time.Time, why error) {
	s.notBefore, s.failure = now.Add(s.gap), why
}

// accept hears that the host took a token.
func (s *tokenSource) accept(token secret.Text) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doubt && s.token.Equal(token.Reveal()) {
		s.doubt = false
	}
}

// Invalidate drops a token that the host refused, so that the next get fetches
// another. Any other token stays: of many calls refused together, one renews.
// Where it was refused after another, and none accepted in between, more of them
// would be refused too, so fetches pause.
func (s *tokenSource) Invalidate(token secret.Text) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(token, s.doubt)
}

// refuse drops a token that was had for a repetition and refused as well, and
// pauses.
func (s *tokenSource) refuse(token secret.Text) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(token, true)
}

// drop forgets a token that was refused. The caller holds the lock.
func (s *tokenSource) drop(token secret.Text, pause bool) {
	if !s.token.Equal(token.Reveal()) {
		return
	}
	s.token, s.doubt = secret.Text{}, true
	if pause {
		s.pause(s.now(), fmt.Errorf("%w: fresh tokens are refused", ErrCredentials))
	}
}

// fetchToken asks the token endpoint once. Its errors hold nothing of the
// answer's body.
func (c *Client) fetchToken(ctx context.Context) (token secret.Text, ttl time.Duration, err error) {
	start := c.options.Now()
	defer func() {
		outcome := "ok"
		if err != nil {
			outcome = "failed"
		}
		c.options.Observe(string(OpToken), outcome, c.since(start))
	}()
	a, err := c.attempt(ctx, call{
		lane: laneToken, method: http.MethodPost, url: c.options.TokenURL,
		body: "grant_type=client_credentials", form: true,
		auth: "Basic " + c.options.APIKey.Reveal(), limit: maxAnswer,
	})
	switch {
	case err != nil:
		return secret.Text{}, 0, fmt.Errorf("%w: %w", ErrToken, scrubError(err, []secret.Text{c.options.APIKey}))
	case a.reading.status == http.StatusBadRequest || a.reading.status == http.StatusUnauthorized || a.reading.status == http.StatusForbidden:
		return secret.Text{}, 0, fmt.Errorf("%w: HTTP %d", ErrCredentials, a.reading.status)
	case a.reading.status != http.StatusOK:
		return secret.Text{}, 0, fmt.Errorf("%w: HTTP %d", ErrToken, a.reading.status)
	}
	token, ttl, err = decodeToken(a.reading.body)
	if err != nil {
		return secret.Text{}, 0, fmt.Errorf("%w: %w", ErrToken, err)
	}
	return token, ttl, nil
}

// decodeToken reads the answer of the token endpoint (section 1.1.1).
func decodeToken(body []byte) (secret.Text, time.Duration, error) {
	var wire struct {
		AccessToken pinText `json:"access_token"`
		TokenType   text    `json:"token_type"`
		ExpiresIn   whole   `json:"expires_in"`
	}
	if err := decodeObject(body, &wire); err != nil {
		return secret.Text{}, 0, err
	}
	token := wire.AccessToken.Text
	if token.Empty() || token.Len() > 8<<10 || !headerSafe(token.Reveal()) {
		return secret.Text{}, 0, errors.New("answer has no usable access_token")
	}
	ttl := defaultTokenTTL
	if n := wire.ExpiresIn; n.present && !n.bad && n.n > 0 {
		ttl = min(time.Duration(min(n.n, int64(maxTokenTTL/time.Second)))*time.Second, maxTokenTTL)
	}
	return token, ttl, nil
}

// headerSafe says whether a value can stand in a header: visible ASCII.
func headerSafe(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
