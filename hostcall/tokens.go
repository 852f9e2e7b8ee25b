package hostcall

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"spaza/secret"
)

// ErrRefused says that tokens fresh from the host were refused by it.
var ErrRefused = errors.New("fresh tokens are refused")

// Tokens keeps one bearer token fresh. Its exported fields are set before the
// first use; then it is safe for concurrent use.
//
// One fetch runs at a time, on nobody's behalf: a caller who leaves stops
// waiting and disturbs no other. A token is renewed before its end, and while
// the renewal runs, or when it fails, the old one serves on.
type Tokens struct {
	Now     func() time.Time
	Gap     time.Duration // the least time between fetches after a failure
	Timeout time.Duration // of one fetch
	// Fetch asks for a token and how long it lives.
	Fetch func(context.Context) (secret.Text, time.Duration, error)

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

// Get returns a token that is good now, fetching it when there is none. Its
// errors are those of Fetch, of the context, or ErrRefused.
func (s *Tokens) Get(ctx context.Context) (secret.Text, error) {
	if err := ctx.Err(); err != nil {
		return secret.Text{}, err
	}
	s.mu.Lock()
	now := s.Now()
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
func (s *Tokens) refresh() <-chan singleflight.Result {
	return s.flight.DoChan("", func() (any, error) {
		s.mu.Lock()
		now := s.Now()
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

		ctx, cancel := context.WithTimeout(context.Background(), s.Timeout)
		defer cancel()
		token, ttl, err := s.Fetch(ctx)

		s.mu.Lock()
		defer s.mu.Unlock()
		now = s.Now()
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
func (s *Tokens) pause(now time.Time, why error) {
	s.notBefore, s.failure = now.Add(s.Gap), why
}

// Accept hears that the host took a token.
func (s *Tokens) Accept(token secret.Text) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doubt && s.token.Equal(token.Reveal()) {
		s.doubt = false
	}
}

// Invalidate drops a token that the host refused, so that the next Get fetches
// another. Any other token stays: of many calls refused together, one renews.
// Where it was refused after another, and none accepted in between, more of them
// would be refused too, so fetches pause.
func (s *Tokens) Invalidate(token secret.Text) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(token, s.doubt)
}

// Refuse drops a token that was had for a repetition and refused as well, and
// pauses.
func (s *Tokens) Refuse(token secret.Text) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(token, true)
}

// drop forgets a token that was refused. The caller holds the lock.
func (s *Tokens) drop(token secret.Text, pause bool) {
	if !s.token.Equal(token.Reveal()) {
		return
	}
	s.token, s.doubt = secret.Text{}, true
	if pause {
		s.pause(s.Now(), ErrRefused)
	}
}
