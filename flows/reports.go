package flows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"spaza/vend"
)

// Delivery is what a report on a message needs to know of sales.
type Delivery interface {
	// Reported writes that a message arrived, or will not; vend.ErrNoOrder for
	// one that is not known.
	Reported(ctx context.Context, message string, arrived bool, detail string) error
	Order(ctx context.Context, ref string) (vend.Order, error)
}

// Reports writes down what gateways report of messages, and calls the operator
// where a customer is left without what they paid for.
type Reports struct {
	Orders Delivery
	// Find is the order of which a message told; vend.ErrNoOrder when there is
	// none.
	Find   func(ctx context.Context, message string) (ref string, err error)
	Logger *slog.Logger
}

// Take takes one report. Of a message that is not known it says nothing. Its
// error says that the report should come again.
func (r Reports) Take(ctx context.Context, message string, arrived bool, detail string) error {
	ref, err := r.Find(ctx, message)
	if err == nil {
		err = r.Orders.Reported(ctx, message, arrived, detail)
	}
	switch {
	case errors.Is(err, vend.ErrNoOrder):
		return nil
	case err != nil:
		r.Logger.Warn("report of a message was not written", "ref", ref, "err", err)
		return fmt.Errorf("take report: %w", err)
	case arrived:
		return nil
	}
	o, err := r.Orders.Order(ctx, ref)
	if err != nil {
		r.Logger.Error("message will not arrive", "ref", ref, "detail", detail, "err", err, "alert", true)
		return nil //nolint:nilerr // it is written; what the order has to hand over is not known
	}
	// What came by another message meanwhile needs nobody.
	if o.Delivery == vend.DeliveryFailed && len(o.Goods) > 0 {
		r.Logger.Error("what was bought did not arrive", "ref", ref, "kind", string(o.Kind), "detail", detail, "alert", true)
		return nil
	}
	r.Logger.Info("message will not arrive", "ref", ref, "detail", detail)
	return nil
}
