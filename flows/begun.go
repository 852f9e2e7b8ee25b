package flows

import (
	"context"
	"errors"
	"time"

	"spaza/dialog"
	"spaza/vend"
)

// errBegun is returned while an earlier turn may still be about to commit an order.
var errBegun = errors.New("order may be about to be committed by an earlier turn")

const (
	// begunFor is how long that is supposed at most.
	begunFor = 10 * time.Second
	// beginLook is how often such an order is looked for.
	beginLook = 50 * time.Millisecond
)

// begun joins the order of an earlier turn, which may be about to commit it, here
// or in another process: a callback that came to two at once is answered alike.
// vend.ErrNoOrder says that there is none, and will be none: until then nobody can
// be told that nothing was bought, or be asked for another yes.
func (s Shop) begun(ctx context.Context, t *dialog.Talk, ref string) (vend.Order, error) {
	look := time.NewTicker(beginLook)
	defer look.Stop()
	for {
		o, err := s.Till.Join(ctx, ref)
		if !errors.Is(err, vend.ErrNoOrder) || s.Now().Sub(t.Since) >= begunFor {
			return o, err
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return o, errBegun
		}
	}
}
