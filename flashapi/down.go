package flashapi

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// unreachedFor is how long a host that could not be connected to counts as down. It
// is short, since as long nobody tries: the next sale finds out.
const unreachedFor = 30 * time.Second

// reach remembers whether the host could be connected to when that was last tried.
type reach struct{ lost atomic.Pointer[time.Time] }

// saw takes note of an attempt. What ended before anything was tried, or because its
// caller left, says nothing.
func (r *reach) saw(now time.Time, sent bool, err error) {
	switch {
	case err == nil || sent:
		r.lost.Store(nil)
	case errors.Is(err, context.Canceled), err == context.DeadlineExceeded: //nolint:errorlint // itself: a dial that took too long wraps it
	default:
		r.lost.Store(&now)
	}
}

// Down says that a transaction would not reach the host now: the breaker of
// transactions is open, or the last attempt, less than 30 seconds ago, could not even
// connect. It asks nobody, and may be wrong; that the host answers badly is not down.
func (c *Client) Down() bool {
	if c.breakers[lanePurchase].State() == gobreaker.StateOpen {
		return true
	}
	lost := c.reach.lost.Load()
	return lost != nil && c.since(*lost) < unreachedFor
}

// Down implements vend.Faltering.
func (p *Provider) Down() bool { return p.client.Down() }
