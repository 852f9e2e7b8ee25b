package vend

import (
	"context"
	"sync"
)

// oneByOne lets calls with the same name through one after the other. Its zero
// value is ready.
type oneByOne struct {
	mu sync.Mutex
	in map[string]chan struct{} // closed when the one inside leaves
}

// enter waits until nobody of that name is inside, and says whether anybody was.
// leave must be called once; it is nil with an error, which is that of ctx.
func (g *oneByOne) enter(ctx context.Context, name string) (waited bool, leave func(), err error) {
	for {
		g.mu.Lock()
		before := g.in[name]
		if before == nil {
			if g.in == nil {
				g.in = map[string]chan struct{}{}
			}
			own := make(chan struct{})
			g.in[name] = own
			g.mu.Unlock()
			return waited, func() {
				g.mu.Lock()
				delete(g.in, name)
				g.mu.Unlock()
				close(own)
			}, nil
		}
		g.mu.Unlock()
		waited = true
		select {
		case <-before:
		case <-ctx.Done():
			return waited, nil, ctx.Err()
		}
	}
}
