package vend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spaza/ledger"
)

var (
	// ErrTooManyEnquiries is returned when a customer has asked about too many
	// meters and accounts that they never bought for. The provider was not asked.
	ErrTooManyEnquiries = errors.New("too many enquiries")
	// ErrNoEnquiry is returned when the provider cannot be asked.
	ErrNoEnquiry = errors.New("provider cannot be asked")
)

// enquiriesWithin is the time of Options.Enquiries.
const enquiriesWithin = time.Hour

// AskMeter asks the provider about a meter, for a purchase of amount or, with
// free, of the month's free basic electricity. Who lives where is not to be found
// out by trying numbers: a customer may ask about Options.Enquiries different
// meters and accounts in an hour that they never bought for, and then gets
// ErrTooManyEnquiries. One that was asked about within the hour does not count
// again. What is counted is written before the provider is asked. ErrNoEnquiry
// where it cannot be; other errors are those of Enquirer.
func (s *Service) AskMeter(ctx context.Context, msisdn, meter string, amount ledger.Cents, free bool) (Meter, error) {
	e, err := s.mayAsk(ctx, msisdn, KindElectricity, meter)
	if err != nil {
		return Meter{}, err
	}
	return e.Meter(ctx, MeterQuestion{Ref: NewRef(KindElectricity, s.opt.Now()), Meter: meter, Amount: amount, Free: free})
}

// AskAccount asks the provider about an account at a biller, by its whole
// reference; in all else it is like AskMeter.
func (s *Service) AskAccount(ctx context.Context, msisdn, account string) (Account, error) {
	e, err := s.mayAsk(ctx, msisdn, KindBill, account)
	if err != nil {
		return Account{}, err
	}
	return e.Account(ctx, AccountQuestion{Ref: NewRef(KindBill, s.opt.Now()), Account: account})
}

// mayAsk finds whom to ask, and counts the enquiry.
func (s *Service) mayAsk(ctx context.Context, msisdn string, k Kind, target string) (Enquirer, error) {
	e, asks := s.provider.(Enquirer)
	c, says := s.provider.(Capable)
	if !asks || !says || !c.Can(k).Enquires {
		return nil, ErrNoEnquiry
	}
	now, newID := s.opt.Now(), NewCustomerID()
	err := s.store.InTx(ctx, func(tx Tx) error {
		c, err := tx.EnsureCustomer(msisdn, newID, now)
		if err != nil {
			return err
		}
		if had, err := tx.BoughtFor(c.ID, k, target); err != nil || had {
			return err
		}
		hash := s.enquiryHash(c.ID, k, target)
		others, again, err := tx.Enquiries(c.ID, hash, now.Add(-enquiriesWithin))
		switch {
		case err != nil || again:
			return err
		case others >= s.opt.Enquiries:
			return ErrTooManyEnquiries
		}
		return tx.AddEnquiry(c.ID, hash, now)
	})
	if err != nil {
		return nil, fmt.Errorf("count enquiry: %w", err)
	}
	return e, nil
}

// enquiryHash stands for what was asked about: nobody can read it, nor see
// whether two customers asked about the same.
func (s *Service) enquiryHash(customer string, k Kind, target string) []byte {
	h := s.seal.Hash("enquiry "+customer, string(k)+" "+target)
	return h[:16]
}
