package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// allowScript counts one against a limit, or says how long until it could. KEYS[1]
// is the limit's; ARGV: its window, and what share of that each takes, both in
// microseconds. What is kept is one number: when all that was counted will have
// been forgotten, by the server's clock. It answers 0, or the wait in microseconds.
//
// A number further ahead than the window was written by another clock, before the
// server was replaced, and is not believed.
var allowScript = redis.NewScript(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local window, share = tonumber(ARGV[1]), tonumber(ARGV[2])
local free = tonumber(redis.call('GET', KEYS[1]) or now)
if free < now or free > now + window then free = now end
local wait = free + share - now - window
if wait > 0 then return wait end
free = free + share
redis.call('SET', KEYS[1], string.format('%.0f', free), 'PX', math.ceil((free - now) / 1000))
return 0
`)

// limitName is how many bytes of a keyed hash name a limit.
const limitName = 15

// Limits count what is done, for all replicas together, in Redis: a bucket for
// each key that holds so many at once and is refilled evenly over the window. So
// twice the number may pass within one window, and no more in any that follow.
//
// A bucket is one key of about 60 bytes, which is gone when it is full again, after
// a window at most: what is kept is bounded by who did something within one.
type Limits struct {
	rdb  redis.UniversalClient
	hash func(purpose, s string) [32]byte
}

// Limits are kept beside the sessions. hash is a keyed hash (secret.Keyring.Hash):
// no name of a limit, which may be a number, stands in Redis.
func (s *Sessions) Limits(hash func(purpose, s string) [32]byte) *Limits {
	return &Limits{rdb: s.rdb, hash: hash}
}

// Allow counts one against a key of which n may pass in a window, in one round trip.
// Where it is too much, ok is false, nothing is counted, and wait is how long until
// one may pass. A window is a millisecond at least. An error says that nothing is
// known; it may have been counted.
func (l *Limits) Allow(ctx context.Context, key string, n int, window time.Duration) (ok bool, wait time.Duration, err error) {
	if n < 1 || window < time.Millisecond {
		return false, 0, errors.New("count against limit: want 1 at least, and a window of 1 ms at least")
	}
	name := l.hash("limit", key)
	// The braces have a cluster keep all of a key in one place.
	rkey := "l:{" + base64.RawURLEncoding.EncodeToString(name[:limitName]) + "}"
	share := max(1, window.Microseconds()/int64(n))
	micros, err := allowScript.Run(ctx, l.rdb, []string{rkey}, window.Microseconds(), share).Int64()
	if err != nil {
		return false, 0, fmt.Errorf("count against limit: %w", err)
	}
	return micros <= 0, time.Duration(max(0, micros)) * time.Microsecond, nil
}
