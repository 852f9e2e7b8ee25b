//go:build unix

package outage

import (
	"syscall"
	"testing"
	"time"
)

// TestRedisForgetsEverything takes every session away, several times while
// customers are at every point of their conversations.
func TestRedisForgetsEverything(t *testing.T) {
	t.Parallel()
	notShort(t)
	redis := startRedis(t)
	s := openShop(t, settings{env: map[string]string{"SPAZA_REDIS_URL": redis.url()}})
	proof(t, s, func(int, *crowd) {
		for range 5 {
			eventually(t, 20*time.Second, "a session is there to be forgotten", func() bool { return redis.keys() > 0 })
			if _, err := redis.do(t.Context(), "FLUSHALL"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(700 * time.Millisecond) // sales go on meanwhile
		}
	})
}

// TestRedisIsKilledAndComesBackEmpty leaves the shop without Redis for a while.
func TestRedisIsKilledAndComesBackEmpty(t *testing.T) {
	t.Parallel()
	notShort(t)
	redis := startRedis(t)
	s := openShop(t, settings{env: map[string]string{"SPAZA_REDIS_URL": redis.url()}})
	proof(t, s, func(round int, _ *crowd) {
		redis.stop(syscall.SIGKILL)
		if round%2 == 0 { // in every other round it is back at once
			eventually(t, 20*time.Second, "the service says that it is not ready", func() bool { return !s.ready() })
			time.Sleep(2 * time.Second) // customers see that the shop is closed
		}
		redis.start()
	})
}

// TestRedisFailsOver kills the master, and stops the next one without a word, so
// that its connections stay open and nothing comes back.
func TestRedisFailsOver(t *testing.T) {
	t.Parallel()
	notShort(t)
	redis := startWatched(t)
	s := openShop(t, settings{env: map[string]string{"SPAZA_REDIS_URL": redis.url()}})
	proof(t, s, func(round int, c *crowd) {
		for _, how := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
			c.middle()
			var old *redisServer
			eventually(t, time.Minute, "the sentinels agree on a master", func() bool {
				old = redis.leader()
				return old != nil
			})
			begun := time.Now()
			if how == syscall.SIGKILL {
				old.stop(how)
			} else {
				old.signal(how)
			}
			eventually(t, time.Minute, "a replica is the master", func() bool {
				now := redis.leader()
				return now != nil && now != old
			})
			t.Logf("round %d: another master %s after %s", round, time.Since(begun).Round(time.Millisecond), how)
			if took := c.sells(time.Minute); took > 0 {
				t.Logf("round %d: sells again %s later", round, took.Round(time.Millisecond))
			}
			if how == syscall.SIGSTOP {
				old.signal(syscall.SIGCONT)
			} else if long() {
				old.start()
			}
			if long() {
				eventually(t, 60*time.Second, "the old master is a replica", func() bool { return old.follows() })
			}
		}
	})
}
