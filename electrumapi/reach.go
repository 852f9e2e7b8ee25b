package electrumapi

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// unreachedFor is how long a host that could not be connected to counts as down. It
// is short, since as long nobody tries: the next sale finds out.
const unreachedFor = 30 * time.Second

// reach remembers whether the host could be connected to when that was last tried.
type reach struct{ lost atomic.Pointer[time.Time] }

// saw takes note of a call. What was never tried, or ended because its caller had gone,
// says nothing.
func (r *reach) saw(now time.Time, gone, sent bool, err error) {
	switch {
	case err == nil || sent:
		r.lost.Store(nil)
	case gone, errors.Is(err, context.Canceled), errors.Is(err, ErrInvalid), errors.Is(err, ErrRateLimited),
		errors.Is(err, ErrCredentials), errors.Is(err, ErrBreakerOpen):
	default:
		r.lost.Store(&now)
	}
}

// down says that the last try, not long ago, could not even connect.
func (r *reach) down(now time.Time) bool {
	lost := r.lost.Load()
	return lost != nil && now.Sub(*lost) < unreachedFor
}
