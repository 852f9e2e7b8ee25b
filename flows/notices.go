package flows

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"spaza/dialog"
	"spaza/jobs"
	"spaza/vend"
)

// Orders is what a notice needs to know of a sale.
type Orders interface {
	// Sale reads an order and who made it.
	Sale(ctx context.Context, ref string) (vend.Order, vend.Customer, error)
	// Goods opens what an order brought; vend.ErrNoGoods when there is nothing.
	Goods(o vend.Order) (vend.Goods, error)
	// Sent writes that a gateway took the message of a job, under its own name
	// for it, and finishes the job.
	Sent(ctx context.Context, j jobs.Job, ref, taken string) error
}

// Notices tells customers how their orders went, outside any conversation: the
// receipt with what was bought, and what no screen could say any more.
type Notices struct {
	Orders Orders
	Words  dialog.Words
	// Send delivers one message. taken is the way out's name for it. An error means
	// that it may not have gone.
	Send func(ctx context.Context, m Outgoing) (taken string, err error)
	Help string
	// Chats are the surfaces that are chats, by the name that orders have them by.
	Chats []string
	Now   func() time.Time
	// Rand spreads tries over time, as in jobs.Backoff.
	Rand func(n int64) int64
}

// Outgoing is one message to one number. The text can hold a PIN.
type Outgoing struct {
	ID   string // the same again is the same message
	To   string // MSISDN of 11 digits
	Text string
	Copy []string // parts of Text that will be typed somewhere else
	// Channel is the chat in which it is best sent; empty: by SMS.
	Channel string
	Try     int // which try it is, from 1
}

// Patience with the way out: when it is tried again. It is given up, for support
// to see, when the job's time is over.
const (
	noticeFirst = 10 * time.Second
	noticeMost  = 30 * time.Minute
	// noticeTries is the most for a job that has no end of its own.
	noticeTries = 40
)

// Work is the Handler of vend.JobNotice.
func (n Notices) Work(ctx context.Context, j jobs.Job) jobs.Result {
	ref, _, _ := strings.Cut(j.Key, "/") // and the event
	news, err := n.news(ctx, ref)
	if errors.Is(err, vend.ErrNoOrder) {
		return jobs.Bury("no such order")
	}
	if err == nil && !news.Customer.Reachable() {
		return jobs.Bury("nobody to tell")
	}
	if err == nil && n.shown(news, j.Data) {
		return jobs.Done()
	}
	var taken string
	if err == nil {
		what := n.Text(news)
		// Of one order there can be several messages of the same event: one that
		// support sends again is not the one before.
		m := Outgoing{ID: messageID(j), To: news.Customer.MSISDN, Text: what, Copy: copies(what), Try: j.Runs()}
		if n.inChat(news, j.Data) {
			m.Channel = news.Order.Channel
		}
		taken, err = n.Send(ctx, m)
	}
	if err != nil {
		return n.later(j, err)
	}
	switch err := n.Orders.Sent(ctx, j, ref, taken); {
	case err == nil, errors.Is(err, jobs.ErrLost):
		return jobs.Written()
	default: // it is gone, and must not go again because it could not be noted
		return jobs.Done()
	}
}

// messageID names a message outside.
func messageID(j jobs.Job) string { return j.Key + "#" + strconv.FormatInt(j.ID, 10) }

// inChat says whether a message goes where its order was asked for. What was asked
// for once more, or did not arrive in a chat, goes by SMS.
func (n Notices) inChat(news News, event string) bool {
	return slices.Contains(n.Chats, news.Order.Channel) && event != vend.NoticeSMS && event != vend.NoticeAgain
}

// shown says whether a chat has had the receipt already, whole, as the screen that
// ended the conversation: where that could not be shown, it is sent by SMS. A bill
// has more on its receipt than on its screen.
func (n Notices) shown(news News, event string) bool {
	o := news.Order
	return event == vend.NoticeEnded && n.inChat(news, event) && o.Done() && o.Delivery == vend.DeliveryShown &&
		o.Kind != vend.KindBill && o.Kind != vend.KindRedeem
}

// later puts a message off that did not go out.
func (n Notices) later(j jobs.Job, why error) jobs.Result {
	wait := jobs.Backoff{Steps: jobs.Doubling(noticeFirst, noticeMost), Jitter: 0.2, Rand: n.Rand}
	at := n.Now().Add(wait.After(j.Attempt))
	if j.Until.IsZero() && j.Attempt >= noticeTries || !j.Until.IsZero() && at.After(j.Until) {
		return jobs.Bury(why.Error())
	}
	return jobs.Again(at, why.Error())
}

// News is all that a notice is made of.
type News struct {
	Order    vend.Order
	Customer vend.Customer
	Goods    vend.Goods // what was bought, where it is to be handed over
}

// news reads what there is to tell of an order. That a sale was undone is told of
// the sale, which is the one that the customer knows.
func (n Notices) news(ctx context.Context, ref string) (News, error) {
	o, c, err := n.Orders.Sale(ctx, ref)
	if err == nil && o.Kind == vend.KindReverse && o.Done() {
		o, c, err = n.Orders.Sale(ctx, o.Original)
	}
	if err != nil || !o.Done() {
		return News{Order: o, Customer: c}, err
	}
	g, err := n.Orders.Goods(o)
	if errors.Is(err, vend.ErrNoGoods) {
		err = nil
	}
	return News{o, c, g}, err
}
