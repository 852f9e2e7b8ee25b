package vend

import (
	"context"
	"fmt"

	"spaza/ledger"
)

// Fund is whose money pays for what is bought.
func (s *Service) Fund() Fund { return s.opt.Fund }

// MostAtOnce is the most that one sale of a kind may cost; zero is no limit.
func (s *Service) MostAtOnce(k Kind) ledger.Cents { return s.opt.Limits.Sale[k] }

// MaySpend returns the *LimitError that Buy would end in now, nil when it would
// not: so that a customer learns it before they say yes. It locks nothing, so
// Buy decides all the same.
func (s *Service) MaySpend(ctx context.Context, msisdn string, k Kind, amount ledger.Cents) error {
	o := Order{Kind: k, Amount: amount, Fund: s.opt.Fund}
	if amount <= 0 { // as in Buy: what is free is not limited
		return nil
	}
	// Whoever it is, and whatever they bought before.
	plain := s.opt.Limits.of(false).within(o, Sold{}, Sold{}, Sold{})
	if wide := s.opt.Limits.of(s.opt.PIN != PINOff).within(o, Sold{}, Sold{}, Sold{}); wide != nil && wide.Error() == plain.Error() {
		return wide
	}
	c, err := s.store.Customer(ctx, msisdn)
	if err != nil {
		return fmt.Errorf("read allowance: %w", err)
	}
	now := s.opt.Now()
	day := startOfDay(now)
	sold := func(customer string, f Fund) Sold {
		if err != nil {
			return Sold{}
		}
		var had Sold
		had, err = s.store.Sold(ctx, customer, f, day)
		return had
	}
	var customer, each, all Sold
	if c.ID != "" { // the empty id stands for everybody
		customer = sold(c.ID, "")
	}
	if o.Fund == FundMerchant {
		if c.ID != "" {
			each = sold(c.ID, FundMerchant)
		}
		all = sold("", FundMerchant)
	}
	if err != nil {
		return fmt.Errorf("read allowance: %w", err)
	}
	return s.opt.Limits.of(s.guarded(c, now)).within(o, customer, each, all)
}
