package vend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
)

// The kinds of job that a sale needs.
const (
	// JobOrder sees an order through: it sends the request, and sends it again
	// until the answer is clear. Its key is the order's reference.
	JobOrder jobs.Kind = "order"
	// JobNotice tells a customer how an order went when no screen could, or as
	// a receipt. Its key is the reference and the event, its data the event.
	JobNotice jobs.Kind = "notice"
)

// The events that a JobNotice tells of.
const (
	NoticeEnded  = "ended"  // delivered or declined
	NoticePerson = "person" // a person must look at it
	// NoticeDecided begins the events of what a person decided, and of what was
	// undone. Each has one of its own: the message of an earlier event may be
	// on its way, or about to be taken back for a screen that told.
	NoticeDecided = "decided"
	NoticeAgain   = "again" // the customer asked to be told once more
	// NoticeSMS tells by SMS, wherever the order was asked for, since a message in
	// a chat did not arrive.
	NoticeSMS = "sms"
)

// NoticeEvents lists every event that a JobNotice tells of.
func NoticeEvents() []string {
	return []string{
		NoticeEnded, NoticePerson, NoticeAgain, NoticeSMS, NoticeDecided + "-" + string(ResolvedVended),
		NoticeDecided + "-" + string(ResolvedNotVended), NoticeDecided + "-" + string(StateReversed),
	}
}

// Runner runs jobs; jobs.Runner is one.
type Runner interface {
	// Owner is the name under which this process claims jobs, Lease how long a
	// claim lasts.
	Owner() string
	Lease() time.Duration
	// Takes says whether Adopt would now take a job of this kind.
	Takes(k jobs.Kind) bool
	// Adopt runs a job that was added as claimed by this process. False says
	// that it will not (it is closing, or busy): the job is given back to be
	// claimed by whoever has room.
	Adopt(j jobs.Job) bool
	// Wake says that a job was added.
	Wake()
}

// Sealer keeps what must be kept; secret.Keyring is one.
type Sealer interface {
	Seal(t secret.Text, purpose string) []byte
	Open(sealed []byte, purpose string) (secret.Text, error)
	Hash(purpose, s string) [32]byte
}

// Options are the rules of the shop. Zero values take the defaults.
type Options struct {
	// Window is how long after its first send a request may be sent again;
	// default 25 minutes. Providers answer a repeated reference with the first
	// result for a time only (30 minutes in the March 2023 draft of the
	// Partner API); after that the "same" request might sell a second time.
	Window time.Duration
	// SendTimeout bounds one attempt; default 30 seconds.
	SendTimeout time.Duration
	// Fund says whose money pays for what is bought; default FundBalance.
	Fund Fund
	// Limits bound what is bought; default none.
	Limits Limits
	// Wrong voucher PINs that one customer may enter in 15 minutes and in a
	// day, and all customers together in a minute; defaults 5, 10 and 60.
	PINTries15m, PINTriesDay, PINTriesAll int
	// PIN says whether spending asks for the wallet PIN; default PINOptional.
	PIN PINPolicy
	// PINCost is what hashing a wallet PIN costs; default DefaultPINCost.
	PINCost PINCost
	// Enquiries is about how many different meters and accounts that they
	// never bought for a customer may ask in an hour; default 3. Negative is
	// no limit: then nothing is counted.
	Enquiries int
	// IdleAfter is how long after it was used last a wallet is idle; default 90
	// days, since mobile operators then sell a number again. Negative is never.
	// A use is an order, a right PIN, and a message from a chat that is linked.
	IdleAfter time.Duration
	// CodesAll is how many codes may be sent to all numbers together in an hour;
	// default 600.
	CodesAll int
	// Chats are the channels whose messages, when they do not arrive, are sent
	// once more by SMS; default whatsapp and telegram.
	Chats []string

	Now    func() time.Time
	Logger *slog.Logger
	// Rand is a random number from 0 to below n, for spreading tries over
	// time; default math/rand/v2.
	Rand func(n int64) int64
	// Observe is told of each order that changes its state.
	Observe func(o Order)
}

// Service sells.
type Service struct {
	store    Store
	provider Provider
	seal     Sealer
	runner   Runner
	opt      Options

	waiting waiters
	kept    kept
	handed  handed
	proving oneByOne
	hashing slots // of wallet PINs

	resend, readvise jobs.Backoff
}

// New makes a service. Its Work is the Handler of JobOrder.
func New(s Store, p Provider, k Sealer, o Options) *Service {
	if o.Window <= 0 {
		o.Window = 25 * time.Minute
	}
	if o.SendTimeout <= 0 {
		o.SendTimeout = 30 * time.Second
	}
	for n, def := range map[*int]int{&o.PINTries15m: 5, &o.PINTriesDay: 10, &o.PINTriesAll: 60} {
		if *n <= 0 {
			*n = def
		}
	}
	if o.Enquiries == 0 {
		o.Enquiries = 3
	}
	if o.IdleAfter == 0 {
		o.IdleAfter = 90 * 24 * time.Hour
	}
	if o.CodesAll <= 0 {
		o.CodesAll = 600
	}
	if o.Chats == nil {
		o.Chats = []string{"whatsapp", "telegram"}
	}
	if o.Fund == "" {
		o.Fund = FundBalance
	}
	if o.PIN == "" {
		o.PIN = PINOptional
	}
	if o.PINCost == (PINCost{}) {
		o.PINCost = DefaultPINCost()
	}
	o.PINCost.Passes, o.PINCost.Lanes = max(o.PINCost.Passes, 1), max(o.PINCost.Lanes, 1)
	o.Limits = o.Limits.clone()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Int64N
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(Order) {}
	}
	return &Service{store: s, provider: p, seal: k, opt: o, resend: resends(o.Rand), readvise: advises(o.Rand), hashing: make(slots, pinsAtOnce)}
}

// Attach gives the service the runner of its jobs. It is apart from New because
// the runner needs Work first; it must be called before the first sale.
func (s *Service) Attach(r Runner) { s.runner = r }

// Purchase is what a customer agreed to.
type Purchase struct {
	Ref     string // allotted before the customer was asked; see NewRef
	MSISDN  string // who buys
	Product Product
	Amount  ledger.Cents
	Target  string // who gets it
	// Free asks for the month's free basic electricity; the amount is zero.
	Free bool
	// Enquiry is the Handle of the Meter that was looked up before.
	Enquiry string
	Channel string // where it was asked for; see Order.Channel
	// PIN is the wallet PIN, where one is needed; see Service.PIN.
	PIN secret.Text
}

// Buy sells, once: calling it again with the same Purchase joins the first
// call's order. It waits for news of the order until ctx ends and returns the
// order as it then stands; work on it goes on regardless.
//
// Errors that say nothing was bought: ledger.ErrInsufficient, ErrLimit,
// ErrPINNeeded, ErrPINWrong, ErrPINNotSet, ErrIdle, ErrReferenceReused, ErrRefused,
// ErrNotWritten. Joining an order needs no PIN, and is no try. Any other error leaves open whether the order
// was written: call Buy again with the same Purchase to know. If it was, it is
// seen through all the same, and the customer gets a message of how it ended.
func (s *Service) Buy(ctx context.Context, p Purchase) (Order, error) {
	switch {
	case !p.Product.Kind.Bought(): // moves money in other ways than a hold that is spent
		return Order{}, fmt.Errorf("%w: %q is not bought", ErrRefused, p.Product.Kind)
	case p.Free && p.Product.Kind == KindElectricity && p.Amount == 0: // costs nothing
	case p.Free, p.Amount <= 0, p.Amount < p.Product.Min, p.Amount > p.Product.Max:
		return Order{}, fmt.Errorf("%w: %s is outside the limits of product %s", ErrRefused, p.Amount, p.Product.Code)
	}
	if p.Product.Kind == KindBill && (p.Product.Biller == "" || !strings.HasPrefix(p.Target, p.Product.Biller)) {
		return Order{}, fmt.Errorf("%w: account is not at the biller of product %s", ErrRefused, p.Product.Code)
	}
	req, err := s.provider.Prepare(Sale{
		Ref: p.Ref, Kind: p.Product.Kind, Product: p.Product.Code, Amount: p.Amount, Target: p.Target, Free: p.Free, Enquiry: p.Enquiry,
		At: s.opt.Now(), Channel: p.Channel,
	})
	if err != nil {
		return Order{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	o := Order{
		Ref: p.Ref, Kind: p.Product.Kind, Product: p.Product.Code, Label: p.Product.Vendor,
		Amount: p.Amount, Target: p.Target, Fund: s.opt.Fund, Channel: p.Channel,
	}
	return s.spend(ctx, p.MSISDN, p.Ref, p.PIN, func(proven bool) (Order, error) {
		return s.begin(ctx, p.MSISDN, o, req, Move{Cause: CauseCustomer}, func(tx Tx, c Customer, o Order) error {
			if err := s.mayOrder(tx, c, o); err != nil || o.Amount == 0 {
				return err
			}
			if err := s.mayPay(c, proven); err != nil {
				return err
			}
			if o.Kind == KindElectricity || o.Kind == KindBill { // not to find out who lives where
				if err := tx.DropEnquiry(o.Customer, s.enquiryHash(o.Customer, o.Kind, o.Target)); err != nil {
					return err
				}
			}
			if err := s.checkLimits(tx, c, o); err != nil {
				return err
			}
			return tx.Post(ledger.Hold(o.Ref, o.payer(), o.Amount), o.CreatedAt)
		})
	})
}

// Redemption is a voucher that a customer hands in.
type Redemption struct {
	Ref     string
	MSISDN  string
	PIN     secret.Text // 16 digits
	Channel string
}

// ErrPINTaken is returned when the voucher was handed in before, and was
// accepted or belongs to somebody else's order. Nothing was sent.
var ErrPINTaken = errors.New("voucher was handed in before")

// heldError says that the customer handed this voucher in before, and that the
// outcome is not known yet.
type heldError struct{ order Order }

func (heldError) Error() string { return "voucher is being checked" }

// Redeem takes a voucher in, in full, for balance. It is as idempotent as Buy
// and waits in the same way. A voucher whose first hand-in is still unclear is
// not sent again under another reference (the answer to that would be "used
// already", also if the first had worked): the first order is waited for instead.
// One of the customer's own that worked just now comes back as it is.
// Errors that say nothing was sent: ErrTooManyTries, ErrPINTaken, ErrIdle,
// ErrReferenceReused, ErrRefused, ErrNotWritten; any other is as in Buy.
func (s *Service) Redeem(ctx context.Context, r Redemption) (Order, error) {
	req, err := s.provider.Prepare(Sale{Ref: r.Ref, Kind: KindRedeem, PIN: r.PIN, At: s.opt.Now(), Channel: r.Channel})
	if err != nil {
		return Order{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	hash := s.seal.Hash("voucher pin", r.PIN.Reveal())
	o := Order{Ref: r.Ref, Kind: KindRedeem, Fund: FundBalance, Channel: r.Channel, PINHash: hash[:16]}
	o, err = s.begin(ctx, r.MSISDN, o, req, Move{Cause: CauseCustomer}, func(tx Tx, c Customer, o Order) error {
		if err := s.mayOrder(tx, c, o); err != nil {
			return err
		}
		if err := s.mayTry(tx, o); err != nil {
			return err
		}
		switch earlier, err := tx.OrderByPIN(o.PINHash, o.Ref); {
		case errors.Is(err, ErrNoOrder):
			return nil
		case err != nil:
			return err
		case earlier.Customer == o.Customer && (!earlier.State.Final() || earlier.Done() && o.CreatedAt.Sub(earlier.UpdatedAt) < justNow):
			return heldError{earlier}
		default:
			return ErrPINTaken
		}
	})
	if held, ok := errors.AsType[heldError](err); ok {
		return s.await(ctx, held.order, func() {}), nil
	}
	return o, err
}

// justNow is how long after it was taken a voucher that its owner types again is
// one whose screen was lost, and not one that was used.
const justNow = 10 * time.Minute

// TriesError is the ErrTooManyTries of one limit: so many wrong PINs were
// entered within that time.
type TriesError struct{ Within time.Duration }

func (e TriesError) Error() string { return ErrTooManyTries.Error() + " within " + e.Within.String() }

// Is makes every TriesError an ErrTooManyTries.
func (TriesError) Is(target error) bool { return target == ErrTooManyTries }

// badPIN are the refusals that count as a wrong PIN.
func badPIN() []Reason {
	return []Reason{ReasonVoucherNotFound, ReasonVoucherUsed, ReasonVoucherExpired, ReasonVoucherCancelled, ReasonVoucherNotActive}
}

// mayTry returns ErrTooManyTries when enough wrong PINs were entered lately.
func (s *Service) mayTry(tx Tx, o Order) error {
	for _, limit := range []struct {
		customer string
		n        int
		in       time.Duration
	}{
		{o.Customer, s.opt.PINTries15m, 15 * time.Minute},
		{o.Customer, s.opt.PINTriesDay, 24 * time.Hour},
		{"", s.opt.PINTriesAll, time.Minute},
	} {
		n, err := tx.CountDeclined(KindRedeem, badPIN(), limit.customer, o.CreatedAt.Add(-limit.in))
		if err != nil {
			return err
		}
		if n >= limit.n {
			return TriesError{Within: limit.in}
		}
	}
	return nil
}

// Order reads an order.
func (s *Service) Order(ctx context.Context, ref string) (Order, error) {
	return s.store.Order(ctx, ref)
}

// Sale reads an order and who made it, in one; ErrNoOrder when there is none, and
// the zero Customer when that one is not known.
func (s *Service) Sale(ctx context.Context, ref string) (Order, Customer, error) {
	return s.store.Sale(ctx, ref)
}

// Goods opens what an order brought. Those of an order that went to a person are
// not to be handed out before the person decides. ErrNoGoods when there is nothing to hand
// over; secret.ErrSealed when the key that sealed it is gone.
func (s *Service) Goods(o Order) (Goods, error) {
	if len(o.Goods) == 0 {
		return Goods{}, ErrNoGoods
	}
	t, err := s.seal.Open(o.Goods, goodsPurpose(o.Ref))
	if err != nil {
		return Goods{}, fmt.Errorf("open goods: %w", err)
	}
	return readGoods(t)
}

// goodsPurpose keeps goods apart from the request sealed under the reference.
func goodsPurpose(ref string) string { return "goods " + ref }

// Buyer is the customer of an order. Most buy for their own number, and are
// found by it without a transaction.
func (s *Service) Buyer(ctx context.Context, o Order) (c Customer, err error) {
	if o.Target != "" {
		if c, err = s.store.Customer(ctx, o.Target); err == nil && c.ID == o.Customer {
			return c, nil
		}
	}
	err = s.store.InTx(ctx, func(tx Tx) error {
		c, err = tx.CustomerByID(o.Customer)
		return err
	})
	return c, err
}

// Customer finds a customer by MSISDN; the zero Customer when there is none.
func (s *Service) Customer(ctx context.Context, msisdn string) (Customer, error) {
	return s.store.Customer(ctx, msisdn)
}

// Balance is a customer's money, by MSISDN; ErrIdle where the wallet is idle.
func (s *Service) Balance(ctx context.Context, msisdn string) (Balance, error) {
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil || c.ID == "" {
		return Balance{}, err
	}
	if err := s.awake(ctx, c); err != nil {
		return Balance{}, err
	}
	return s.store.Balance(ctx, c.ID)
}

// SetLanguage keeps a customer's choice of language.
func (s *Service) SetLanguage(ctx context.Context, msisdn, language string) error {
	newID, now := NewCustomerID(), s.opt.Now()
	return s.store.InTx(ctx, func(tx Tx) error {
		c, err := tx.EnsureCustomer(msisdn, newID, now)
		if err != nil {
			return err
		}
		return tx.SetLanguage(c.ID, language)
	})
}
