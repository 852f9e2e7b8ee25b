//go:build unix

package outage

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAScreenThatNeverLeft has the service killed when a voucher is credited and
// its screen is made, but has not gone out: Redis hangs, where the session is to
// be saved first. Nobody saw the screen, so a message must tell.
func TestAScreenThatNeverLeft(t *testing.T) {
	t.Parallel()
	notShort(t)
	redis := startRedis(t)
	// Redis has to be stopped while the provider is at work, and the service killed
	// while it waits for Redis: each has seconds, and the turn eight in all.
	s := openShop(t, settings{env: map[string]string{"SPAZA_REDIS_URL": redis.url(), "SPAZA_REPLY_BUDGET": "6s"}})
	s.slow(3 * time.Second)
	c := s.crowd(0)
	one := c.customer()
	c.inside.Go(func() {
		one.dial(c.ctx)
		one.press(c.ctx, one.pick("Use a 1Voucher"), "use a voucher")
		one.press(c.ctx, one.pin, redeems)
	})
	eventually(t, 30*time.Second, "the voucher is being handed in", func() bool { return c.handing.Load() == 1 })
	eventually(t, 30*time.Second, "the provider is at work, and the session saved", func() bool { return len(s.theirBooks()) == 1 })
	redis.signal(syscall.SIGSTOP)
	eventually(t, 30*time.Second, "the voucher is credited", func() bool {
		return strings.Contains(s.log.String(), "kind=redeem state=delivered")
	})
	s.kill()
	c.inside.Wait()
	if last := one.turns[len(one.turns)-1]; last.err == nil {
		t.Fatalf("the screen left in time: %q", last.screen)
	}
	redis.signal(syscall.SIGCONT)
	s.restart()
	// The lease under which the message was kept ends.
	for deadline := time.Now().Add(60 * time.Second); len(s.messages.to(one.number)) == 0 && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond)
	}
	if texts := s.messages.to(one.number); len(texts) != 1 || !strings.Contains(texts[0], "was added to your balance") {
		t.Errorf("a voucher was credited and its customer was not told: messages %q; turns:\n%s", texts, one.story())
	}
}
