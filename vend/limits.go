package vend

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"spaza/ledger"
)

// Limits bound what is sold. They protect customers whose phone is in other
// hands, and the operator's float. A zero value is no limit; DefaultLimits are
// where to begin.
type Limits struct {
	// Sale is the most that one sale of a kind may cost.
	Sale map[Kind]ledger.Cents
	// Day is the most that one customer may buy for in a day, DayWithPIN the
	// same for one whose wallet has asked for a PIN for 24 hours, and DaySales
	// how often either may. A PIN never lowers the limit: DayWithPIN below Day
	// is Day.
	Day        ledger.Cents
	DayWithPIN ledger.Cents
	DaySales   int
	// MerchantDay is the most that the operator's float pays in a day for all
	// customers together, where it is the operator who pays, and MerchantEach
	// for one of them.
	MerchantDay, MerchantEach ledger.Cents
}

// DefaultLimits are those of a customer who has proved no more than to hold a
// phone: R500 of airtime or data at a time, R1,000 of anything else, and ten
// sales of R1,000 together in a day; R3,000 for one whose wallet has a PIN.
func DefaultLimits() Limits {
	return Limits{
		Sale: map[Kind]ledger.Cents{
			KindAirtime: ledger.Rand(500), KindData: ledger.Rand(500), KindAirtimePIN: ledger.Rand(500),
			KindElectricity: ledger.Rand(1000), KindVoucher: ledger.Rand(1000), KindGift: ledger.Rand(1000),
			KindCashOut: ledger.Rand(1000), KindBill: ledger.Rand(1000),
		},
		Day: ledger.Rand(1000), DayWithPIN: ledger.Rand(3000), DaySales: 10,
		MerchantDay: ledger.Rand(10000), MerchantEach: ledger.Rand(100),
	}
}

// LimitKind names a limit.
type LimitKind string

// The limits.
const (
	LimitSale         LimitKind = "sale"
	LimitDay          LimitKind = "day"
	LimitDaySales     LimitKind = "day_sales"
	LimitMerchantDay  LimitKind = "merchant_day"
	LimitMerchantEach LimitKind = "merchant_each"
)

// ErrLimit is returned when a sale would go past a limit; it is a *LimitError.
// Nothing was bought.
var ErrLimit = errors.New("limit reached")

// LimitError is the ErrLimit of one limit.
type LimitError struct {
	Limit LimitKind
	Most  ledger.Cents // the limit; zero for LimitDaySales
	Left  ledger.Cents // what is left of it
	Sales int          // the limit, for LimitDaySales
}

func (e *LimitError) Error() string {
	if e.Limit == LimitDaySales {
		return fmt.Sprintf("%s: %s: %d", ErrLimit, e.Limit, e.Sales)
	}
	return fmt.Sprintf("%s: %s: %s, of which %s is left", ErrLimit, e.Limit, e.Most, e.Left)
}

// Is makes every LimitError an ErrLimit.
func (*LimitError) Is(target error) bool { return target == ErrLimit }

// Sold is what was sold: not what was declined or given back.
type Sold struct {
	Sales  int
	Amount ledger.Cents
}

// within returns a *LimitError when an order that comes on top of what was sold
// today goes past a limit: to the customer, to the customer on the merchant's
// account, and to everybody on that account.
func (l Limits) within(o Order, customer, each, all Sold) error {
	check := func(k LimitKind, most, had ledger.Cents) error {
		if most > 0 && o.Amount > most-had {
			return &LimitError{Limit: k, Most: most, Left: max(0, most-had)}
		}
		return nil
	}
	if err := check(LimitSale, l.Sale[o.Kind], 0); err != nil {
		return err
	}
	if l.DaySales > 0 && customer.Sales >= l.DaySales {
		return &LimitError{Limit: LimitDaySales, Sales: l.DaySales}
	}
	if err := check(LimitDay, l.Day, customer.Amount); err != nil || o.Fund != FundMerchant {
		return err
	}
	if err := check(LimitMerchantEach, l.MerchantEach, each.Amount); err != nil {
		return err
	}
	return check(LimitMerchantDay, l.MerchantDay, all.Amount)
}

// of are the limits of a customer, with a PIN that counts or without.
func (l Limits) of(guarded bool) Limits {
	switch {
	case !guarded || l.Day <= 0:
	case l.DayWithPIN <= 0:
		l.Day = 0
	default:
		l.Day = max(l.Day, l.DayWithPIN)
	}
	return l
}

// clone is limits that share nothing with l.
func (l Limits) clone() Limits {
	l.Sale = maps.Clone(l.Sale)
	return l
}

// startOfDay is when the day of t began in South Africa, which has no summer
// time.
func startOfDay(t time.Time) time.Time {
	t = t.In(time.FixedZone("SAST", 2*60*60))
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// checkLimits applies the limits inside the transaction that adds an order. The
// customer is locked, so that of two sales at once the second sees the first;
// so is the merchant's account, where it pays.
func (s *Service) checkLimits(tx Tx, c Customer, o Order) error {
	day := startOfDay(o.CreatedAt)
	customer, err := tx.Sold(o.Customer, "", day, o.Ref)
	if err != nil {
		return err
	}
	var each, all Sold
	if o.Fund == FundMerchant {
		if each, err = tx.Sold(o.Customer, FundMerchant, day, o.Ref); err != nil {
			return err
		}
		if all, err = tx.Sold("", FundMerchant, day, o.Ref); err != nil {
			return err
		}
	}
	return s.opt.Limits.of(s.guarded(c, o.CreatedAt)).within(o, customer, each, all)
}
