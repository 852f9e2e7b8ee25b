package flows

import (
	"context"
	"errors"
	"strings"
	"time"

	"spaza/dialog"
	"spaza/jobs"
	"spaza/msisdn"
	"spaza/vend"
)

// Orders is what a notice needs to know of a sale.
type Orders interface {
	Order(ctx context.Context, ref string) (vend.Order, error)
	Buyer(ctx context.Context, o vend.Order) (vend.Customer, error)
}

// Notices tells customers how their orders went, outside any conversation: the
// receipt, and what no screen could say any more.
type Notices struct {
	Orders Orders
	Words  dialog.Words
	// Send delivers one text to one number; the same id again is the same
	// message. An error means that it may not have gone.
	Send func(ctx context.Context, id, to, text string) error
	Help string
	Now  func() time.Time
}

// Patience with the way out: when it is tried again, and when given up for
// support to see.
const (
	noticeFirst = 10 * time.Second
	noticeMost  = 30 * time.Minute
	noticeTries = 40
)

// Work is the Handler of vend.JobNotice.
func (n Notices) Work(ctx context.Context, j jobs.Job) jobs.Result {
	ref, _, _ := strings.Cut(j.Key, "/") // and the event
	o, err := n.Orders.Order(ctx, ref)
	if errors.Is(err, vend.ErrNoOrder) {
		return jobs.Bury("no such order")
	}
	var c vend.Customer
	if err == nil {
		c, err = n.Orders.Buyer(ctx, o)
	}
	if err == nil {
		err = n.Send(ctx, j.Key, c.MSISDN, n.Text(o, c))
	}
	if err == nil {
		return jobs.Done()
	}
	if j.Attempt >= noticeTries {
		return jobs.Bury(err.Error())
	}
	wait := noticeFirst << min(max(j.Attempt, 1)-1, 8)
	return jobs.Again(n.Now().Add(min(wait, noticeMost)), err.Error())
}

// Text is what the customer is told of an order: how it ended or, while that is
// open, that a person looks at it. The order as it stands decides, not the event
// that the notice was written for: on a slow way out it may have been overtaken.
func (n Notices) Text(o vend.Order, c vend.Customer) string {
	say := func(key string, args ...dialog.Arg) string { return n.Words.Say(c.Language, key, args...) }
	args := []dialog.Arg{
		money("amount", o.Amount), text("network", o.Label), text("number", msisdn.Local(o.Target)), ref(o.Ref),
		text("date", o.UpdatedAt.In(southAfrica()).Format("2/1 15:04")), text("callcentre", o.CallCentre),
		text("help", n.Help), text("why", say(whyKey(o.Reason))),
	}
	redeem := o.Kind == vend.KindRedeem
	switch {
	case redeem && o.State == vend.StateDelivered:
		return say("sms.redeemed", args...)
	case redeem && o.State == vend.StateDeclined && ofVoucher(o.Reason):
		return say("sms.refused", args...)
	case redeem && o.State == vend.StateDeclined:
		return say("sms.voucher.kept", args...)
	case redeem:
		return say("sms.voucher.person", args...)
	case o.State == vend.StateDelivered && o.CallCentre != "":
		return say("sms.sold", args...)
	case o.State == vend.StateDelivered:
		return say("sms.sold.short", args...)
	case o.State == vend.StateDeclined:
		return say("sms.declined", args...)
	default:
		return say("sms.person", args...)
	}
}

// southAfrica is the only time zone there is here; it has no summer time.
func southAfrica() *time.Location { return time.FixedZone("SAST", 2*60*60) }
