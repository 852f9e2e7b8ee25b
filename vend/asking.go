package vend

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"spaza/ledger"
)

var (
	// ErrTooManyEnquiries is returned when a customer has asked about too many
	// meters and accounts that they did not buy for. The provider was not asked.
	ErrTooManyEnquiries = errors.New("too many enquiries")
	// ErrNoEnquiry is returned when the provider cannot be asked.
	ErrNoEnquiry = errors.New("provider cannot be asked")
)

// enquiriesWithin is the time of Options.Enquiries.
const enquiriesWithin = time.Hour

// AskMeter asks the provider about a meter, for a purchase of amount or, with
// free, of the month's free basic electricity. Who lives where is not to be found
// out by trying numbers: a customer may ask about Options.Enquiries different
// meters and accounts in an hour that they did not buy for, and then gets
// ErrTooManyEnquiries. One that was asked about within the hour does not count
// again. What is counted is written before the provider is asked. ErrNoEnquiry
// where it cannot be; other errors are those of Enquirer, and are logged where an
// operator should know of them.
func (s *Service) AskMeter(ctx context.Context, msisdn, meter string, amount ledger.Cents, free bool) (Meter, error) {
	e, err := s.mayAsk(ctx, msisdn, KindElectricity, meter)
	if err != nil {
		return Meter{}, err
	}
	q := MeterQuestion{Ref: NewRef(KindElectricity, s.opt.Now()), Meter: meter, Amount: amount, Free: free}
	m, err := e.Meter(ctx, q)
	s.logEnquiry(ctx, KindElectricity, q.Ref, err, meter, msisdn)
	return m, err
}

// AskAccount asks the provider about an account at a biller, by its whole
// reference; in all else it is like AskMeter.
func (s *Service) AskAccount(ctx context.Context, msisdn, account string) (Account, error) {
	e, err := s.mayAsk(ctx, msisdn, KindBill, account)
	if err != nil {
		return Account{}, err
	}
	q := AccountQuestion{Ref: NewRef(KindBill, s.opt.Now()), Account: account}
	a, err := e.Account(ctx, q)
	s.logEnquiry(ctx, KindBill, q.Ref, err, account, msisdn)
	return a, err
}

// logEnquiry logs what an enquiry ended in, where that is the operator's business:
// no answer, and a refusal that asks for attention. The customer's mistakes are
// not. Names are taken out of what the provider said.
func (s *Service) logEnquiry(ctx context.Context, k Kind, ref string, err error, names ...string) {
	refusal, refused := errors.AsType[*RefusalError](err)
	switch {
	case err == nil, refused && !refusal.Alert:
	case refused:
		s.opt.Logger.Error("enquiry refused", "kind", string(k), "ref", ref, "reason", string(refusal.Reason), "code", refusal.Code,
			"detail", nameless(refusal.Detail, names...), "alert", true)
	case errors.Is(ctx.Err(), context.Canceled): // whoever asked is gone
	default:
		s.opt.Logger.Warn("enquiry was not answered", "kind", string(k), "ref", ref, "err", nameless(err.Error(), names...))
	}
}

// nameless is text without names, also where they are too short for without: here
// it does not matter that other words are torn.
func nameless(text string, names ...string) string {
	text = without(text, names...)
	for _, n := range names {
		if n != "" {
			text = strings.ReplaceAll(text, n, erasedWord)
		}
	}
	return text
}

// mayAsk finds whom to ask, and counts the enquiry.
func (s *Service) mayAsk(ctx context.Context, msisdn string, k Kind, target string) (Enquirer, error) {
	e, asks := s.provider.(Enquirer)
	c, says := s.provider.(Capable)
	if !asks || !says || !c.Can(k).Enquires {
		return nil, ErrNoEnquiry
	}
	if s.opt.Enquiries < 0 {
		return e, nil
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
		if !errors.Is(err, ErrTooManyEnquiries) && !errors.Is(ctx.Err(), context.Canceled) {
			s.opt.Logger.Warn("enquiry was not counted, and not made", "kind", string(k), "err", err)
		}
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
