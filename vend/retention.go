package vend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"spaza/jobs"
)

// Keep is how long things are kept once the order that they belong to has ended
// and moves no more. What is open, or with a person, is kept whatever its age.
// Zero keeps for ever.
type Keep struct {
	// Requests are the sealed provider requests. Those with a PIN are gone when
	// their order ends, and are not meant here.
	Requests time.Duration
	// Goods are PINs, vouchers and receipts, and Tokens what is entered into a
	// meter, for customers who ask for them once more. Both are of goods that
	// reached the customer.
	Goods, Tokens time.Duration
	// Unseen are goods of which that is not known: no screen and no message
	// gateway had them. They are the only copy of what somebody paid for.
	Unseen time.Duration
	// Vouchers are the keyed hashes by which a voucher that was handed in before
	// is recognised; the provider refuses it as well.
	Vouchers time.Duration
	// Dead are messages that were given up. What sees an order through is never
	// deleted.
	Dead time.Duration
}

// DefaultKeep is a week for requests, a month for goods, three months for tokens,
// hashes and messages that were given up, and for goods that were not handed over as long as a
// prepaid voucher stays valid by law: three years (Consumer Protection Act 68 of
// 2008, section 63).
func DefaultKeep() Keep {
	const day = 24 * time.Hour
	return Keep{
		Requests: 7 * day, Goods: 30 * day, Tokens: 90 * day, Unseen: 3 * 365 * day, Vouchers: 90 * day, Dead: 90 * day,
	}
}

// Eraser is the store as the housekeeping needs it. Every method erases of up to
// limit rows, in a short transaction, and says of how many; fewer than limit mean
// that there are no more for now. None touches an order that has not ended and
// rested since before, nor one that somebody else is writing.
type Eraser interface {
	Store
	// EraseRequests erases sealed requests.
	EraseRequests(ctx context.Context, before time.Time, limit int) (int, error)
	// EraseGoods erases the goods of orders of these kinds and deliveries, and
	// says so in their trails, as of now. The delivery stays what it was.
	EraseGoods(ctx context.Context, kinds []Kind, stages []Delivery, before, now time.Time, limit int) (int, error)
	// ErasePINHashes erases what recognises vouchers.
	ErasePINHashes(ctx context.Context, before time.Time, limit int) (int, error)
	// PurgeDead deletes up to limit jobs of these kinds that were buried before.
	PurgeDead(ctx context.Context, kinds []jobs.Kind, before time.Time, limit int) (int, error)
	// PurgeEnquiries deletes enquiries, and PurgePINTries tries at wallet PINs,
	// that were counted before.
	PurgeEnquiries(ctx context.Context, before time.Time, limit int) (int, error)
	PurgePINTries(ctx context.Context, before time.Time, limit int) (int, error)
	// PurgeCodes deletes codes that were over, PurgeCodeCounts what was counted of
	// codes, and PurgeLinks links that were last seen before.
	PurgeCodes(ctx context.Context, before time.Time, limit int) (int, error)
	PurgeCodeCounts(ctx context.Context, before time.Time, limit int) (int, error)
	PurgeLinks(ctx context.Context, before time.Time, limit int) (int, error)
}

// JobHousekeeping erases what was kept long enough. There is one such job, which
// is never done: it puts itself off.
const JobHousekeeping jobs.Kind = "housekeeping"

// housekeepingKey is the key of the one job.
const housekeepingKey = "daily"

const (
	// chunk is of how many orders something is erased in one transaction.
	chunk = 200
	// spell is how long a run may take, so that it holds up no shutdown, and
	// breath how long the others have the database to themselves before the next.
	spell, breath = 2 * time.Second, time.Second
	// retryHousekeeping is how soon it is tried again after an error.
	retryHousekeeping = 5 * time.Minute
)

// HousekeepingOptions are the options of NewHousekeeping. Zero values take the
// defaults.
type HousekeepingOptions struct {
	Keep   Keep          // how long what is kept; the zero Keep keeps all for ever
	Every  time.Duration // from the end of a round to the next; default an hour
	More   []Chore       // what else is kept beside the orders
	Now    func() time.Time
	Logger *slog.Logger
}

// Chore is one more thing that is kept for a time. Erase erases up to limit of what
// was kept before, in a short transaction, and says of how many; fewer than limit
// mean that there are no more for now.
type Chore struct {
	What  string        // for the log, such as "letters"
	Keep  time.Duration // zero: for ever
	Erase func(ctx context.Context, before time.Time, limit int) (int, error)
}

// Housekeeping erases what was kept long enough, on whichever replica has its job.
type Housekeeping struct {
	store Eraser
	opt   HousekeepingOptions
}

// NewHousekeeping makes the housekeeping. Its Work is the Handler of
// JobHousekeeping.
func NewHousekeeping(s Eraser, o HousekeepingOptions) *Housekeeping {
	if o.Every <= 0 {
		o.Every = time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Housekeeping{store: s, opt: o}
}

// Begin adds the job where there is none yet.
func (h *Housekeeping) Begin(ctx context.Context) error {
	now := h.opt.Now()
	err := h.store.InTx(ctx, func(tx Tx) error {
		_, err := tx.AddJob(jobs.Job{Kind: JobHousekeeping, Key: housekeepingKey, RunAt: now})
		return err
	})
	if err != nil {
		return fmt.Errorf("add housekeeping: %w", err)
	}
	return nil
}

// chore is one thing to be erased.
type chore struct {
	what  string
	keep  time.Duration
	erase func(ctx context.Context, before time.Time) (int, error)
}

func (h *Housekeeping) chores(now time.Time) []chore {
	k := h.opt.Keep
	goods := func(kinds []Kind, stages []Delivery) func(context.Context, time.Time) (int, error) {
		return func(ctx context.Context, before time.Time) (int, error) {
			return h.store.EraseGoods(ctx, kinds, stages, before, now, chunk)
		}
	}
	others := slices.DeleteFunc(Kinds(), func(k Kind) bool { return k == KindElectricity })
	var more []chore
	for _, c := range h.opt.More {
		more = append(more, chore{c.What, c.Keep, func(ctx context.Context, before time.Time) (int, error) {
			return c.Erase(ctx, before, chunk)
		}})
	}
	return append([]chore{
		{"requests", k.Requests, func(ctx context.Context, before time.Time) (int, error) {
			return h.store.EraseRequests(ctx, before, chunk)
		}},
		{"goods", k.Goods, goods(others, handedOver())},
		{"tokens", k.Tokens, goods([]Kind{KindElectricity}, handedOver())},
		{"unseen goods", k.Unseen, goods(Kinds(), notHandedOver())},
		{"voucher hashes", k.Vouchers, func(ctx context.Context, before time.Time) (int, error) {
			return h.store.ErasePINHashes(ctx, before, chunk)
		}},
		{"dead messages", k.Dead, func(ctx context.Context, before time.Time) (int, error) {
			return h.store.PurgeDead(ctx, []jobs.Kind{JobNotice, JobLinked, JobCode}, before, chunk)
		}},
		// What only counts is deleted when it does not count any more, whatever is
		// configured.
		{"enquiries", enquiriesWithin, func(ctx context.Context, before time.Time) (int, error) {
			return h.store.PurgeEnquiries(ctx, before, chunk)
		}},
		{"PIN tries", pinTriesFor, func(ctx context.Context, before time.Time) (int, error) {
			return h.store.PurgePINTries(ctx, before, chunk)
		}},
		{"codes", codeDay, func(ctx context.Context, before time.Time) (int, error) {
			return h.store.PurgeCodes(ctx, before, chunk)
		}},
		{"code counts", codeDay, func(ctx context.Context, before time.Time) (int, error) {
			return h.store.PurgeCodeCounts(ctx, before, chunk)
		}},
		{"links", linksFor, func(ctx context.Context, before time.Time) (int, error) {
			return h.store.PurgeLinks(ctx, before, chunk)
		}},
	}, more...)
}

// handedOver are the deliveries of goods that a screen or a gateway had.
func handedOver() []Delivery { return []Delivery{DeliveryShown, DeliverySent, DeliveryAcknowledged} }

// notHandedOver are the others.
func notHandedOver() []Delivery { return []Delivery{DeliveryNone, DeliveryStored, DeliveryFailed} }

// Work is the Handler of JobHousekeeping. A long backlog is worked off in many
// short runs.
func (h *Housekeeping) Work(ctx context.Context, _ jobs.Job) jobs.Result {
	began := h.opt.Now()
	var done []string
	var failed error
	defer func() {
		if len(done) > 0 {
			h.opt.Logger.Info("housekeeping", "erased", strings.Join(done, ", "))
		}
		if failed != nil {
			h.opt.Logger.Error("housekeeping", "err", failed)
		}
	}()
	for _, c := range h.chores(began) {
		if c.keep <= 0 {
			continue
		}
		n, more, err := h.do(ctx, c, began)
		if n > 0 {
			done = append(done, fmt.Sprintf("%d %s", n, c.what))
		}
		switch {
		case ctx.Err() != nil:
			return jobs.Again(h.opt.Now(), "its process closed")
		case err != nil: // the others may go on
			failed = errors.Join(failed, fmt.Errorf("erase %s: %w", c.what, err))
		case more:
			return jobs.Again(h.opt.Now().Add(breath), "there is more: "+strings.Join(done, ", "))
		}
	}
	if failed != nil {
		return jobs.Again(h.opt.Now().Add(retryHousekeeping), failed.Error())
	}
	return jobs.Again(h.opt.Now().Add(h.opt.Every), strings.Join(done, ", "))
}

// do erases of one thing what is due, as long as there is time; more says that
// there was not enough.
func (h *Housekeeping) do(ctx context.Context, c chore, began time.Time) (erased int, more bool, err error) {
	for first := true; first || ctx.Err() == nil && h.opt.Now().Sub(began) < spell; first = false {
		n, err := c.erase(ctx, began.Add(-c.keep))
		erased += n
		if err != nil || n < chunk {
			return erased, false, err
		}
	}
	return erased, true, nil
}
