package store

import (
	"context"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// EmbeddedRedis is a Redis inside this process, for trying the service out: it
// listens on loopback, forgets everything when the process ends, and serves one
// process only.
type EmbeddedRedis struct {
	m    *miniredis.Miniredis
	stop context.CancelFunc
	done chan struct{}
}

// expiryTick is how often the embedded server looks for keys that have lived
// out their time, which it does not do by itself.
const expiryTick = time.Second

// StartEmbeddedRedis starts it on a free port of the loopback interface.
func StartEmbeddedRedis() (*EmbeddedRedis, error) {
	m := miniredis.NewMiniRedis()
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start embedded Redis: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	e := &EmbeddedRedis{m: m, stop: stop, done: make(chan struct{})}
	go e.expire(ctx)
	return e, nil
}

// expire lets time pass in the embedded server as fast as outside.
func (e *EmbeddedRedis) expire(ctx context.Context) {
	defer close(e.done)
	tick := time.NewTicker(expiryTick)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			e.m.FastForward(now.Sub(last))
			last = now
		}
	}
}

// URL is where it listens.
func (e *EmbeddedRedis) URL() string { return "redis://" + e.m.Addr() }

// Close stops it; what it held is gone.
func (e *EmbeddedRedis) Close() {
	e.stop()
	<-e.done
	e.m.Close()
}
