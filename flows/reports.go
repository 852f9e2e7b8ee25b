package flows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"spaza/vend"
)

// Delivery is what a report on a message needs to know of sales.
type Delivery interface {
	// Reported writes that a message arrived, or will not, and returns the
	// order of which it told; vend.ErrNoOrder for one that is not known.
	Reported(ctx context.Context, r vend.MessageReport) (vend.Order, error)
}

// Reports writes down what gateways report of messages, and calls the operator
// where a customer is left without what they paid for.
type Reports struct {
	Orders Delivery
	Logger *slog.Logger
	// Chats are the surfaces that are chats: what does not arrive there is sent
	// again by SMS.
	Chats []string
}

// Take takes one report. Of a message that is not known it says nothing. Its
// error says that the report should come again.
func (r Reports) Take(ctx context.Context, said vend.MessageReport) error {
	o, err := r.Orders.Reported(ctx, said)
	switch {
	case errors.Is(err, vend.ErrNoOrder):
		return nil
	case err != nil:
		r.Logger.Warn("report of a message was not written", "err", err)
		return fmt.Errorf("take report: %w", err)
	case said.Arrived:
	case slices.Contains(r.Chats, o.Channel) && strings.HasPrefix(said.Message, o.Channel+":"):
		r.Logger.Info("message will not arrive in the chat, an SMS follows", "ref", o.Ref, "detail", said.Detail)
	case o.Delivery == vend.DeliveryFailed && len(o.Goods) > 0: // what came by another message meanwhile needs nobody
		r.Logger.Error("what was bought did not arrive", "ref", o.Ref, "kind", string(o.Kind), "detail", said.Detail, "alert", true)
	default:
		r.Logger.Info("message will not arrive", "ref", o.Ref, "detail", said.Detail)
	}
	return nil
}
