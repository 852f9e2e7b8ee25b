package burst_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp" //nolint:depguard // its client costs the load the least
)

// post is one webhook.
type post struct {
	body      []byte
	signature string // of WhatsApp's
}

// stream is what is brought one after the other, each when the one before it was
// acknowledged.
type stream struct{ posts []post }

// delivery is what bringing a burst took: each webhook, sorted, and all.
type delivery struct {
	each []time.Duration
	took time.Duration
}

// at is the time within which so many of a hundred webhooks were acknowledged.
func (d delivery) at(percent int) time.Duration { return d.each[(len(d.each)-1)*percent/100] }

// deliver posts all streams over connections that stay open, all of them at once.
func deliver(b *testing.B, address, path string, header [][2]string, streams []*stream) delivery {
	b.Helper()
	type turn struct {
		*stream
		next int
	}
	ready, total := make(chan turn, len(streams)), 0
	for _, s := range streams {
		ready <- turn{s, 0}
		total += len(s.posts)
	}
	var left atomic.Int64
	left.Store(int64(total))
	client := &fasthttp.HostClient{Addr: address, MaxConns: connections}
	var mu sync.Mutex
	var out delivery
	var all sync.WaitGroup
	began := time.Now()
	for range connections {
		all.Go(func() {
			var mine []time.Duration
			req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(req)
			defer fasthttp.ReleaseResponse(resp)
			req.SetRequestURI("http://" + address + path)
			req.Header.SetMethod(fasthttp.MethodPost)
			req.Header.SetContentType("application/json")
			for _, h := range header {
				req.Header.Set(h[0], h[1])
			}
			for t := range ready {
				p := t.posts[t.next]
				req.SetBodyRaw(p.body)
				if p.signature != "" {
					req.Header.Set("X-Hub-Signature-256", p.signature)
				}
				sent := time.Now()
				err := client.Do(req, resp)
				mine = append(mine, time.Since(sent))
				if err != nil || resp.StatusCode() != fasthttp.StatusOK {
					b.Errorf("a webhook was answered with status %d, %v", resp.StatusCode(), err)
				}
				if t.next++; t.next < len(t.posts) {
					ready <- t
				}
				if left.Add(-1) == 0 {
					close(ready)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			out.each = append(out.each, mine...)
		})
	}
	all.Wait()
	out.took = time.Since(began)
	client.CloseIdleConnections()
	slices.Sort(out.each)
	return out
}
