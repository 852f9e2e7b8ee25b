package flashapi

import (
	"context"
	"errors"
	"fmt"

	"spaza/ledger"
	"spaza/vend"
)

// Meter looks a meter up (section 2.10.1).
func (p *Provider) Meter(ctx context.Context, q vend.MeterQuestion) (vend.Meter, error) {
	m, err := p.client.LookupMeter(ctx, UtilityLookup{Reference: q.Ref, Meter: q.Meter, Amount: Cents(q.Amount), Free: q.Free})
	if err != nil {
		return vend.Meter{}, enquiryError("look up meter", err)
	}
	return vend.Meter{
		Number: m.MeterNumber, Holder: m.Holder, Address: m.Address,
		Utility: m.Utility.Name, Phone: m.Utility.CallCentre, Tariff: m.Tariff,
		Arrears: ledger.Cents(m.Arrears), ArrearsNote: m.ArrearsNote, Min: ledger.Cents(m.Min), Max: ledger.Cents(m.Max),
		Handle: m.LookupID, TokensAreNumbers: m.TokenTechnology == keyedIn,
	}, nil
}

// keyedIn is the token technology of numbers that are keyed in (IEC 62055-41).
const keyedIn = "02"

// Account looks an account at a biller up (section 2.11.1).
func (p *Provider) Account(ctx context.Context, q vend.AccountQuestion) (vend.Account, error) {
	a, err := p.client.LookupBillerAccount(ctx, PayBalance{Reference: q.Ref, Account: q.Account})
	if err != nil {
		return vend.Account{}, enquiryError("look up account", err)
	}
	return vend.Account{
		Biller: a.Biller.Name, Phone: a.Biller.CallCentre,
		Holder: a.Consumer.Name, Number: a.Consumer.AccountNumber, Status: a.Consumer.Status,
		Balance: ledger.Cents(a.Balance), BalanceKnown: a.BalanceKnown,
	}, nil
}

// enquiryError keeps the host's refusals apart from no answer at all: a refusal
// is by code and final, everything else may be asked again.
func enquiryError(doing string, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Code == "" || e.Class == ClassRetryLater || e.Class == ClassThrottled || e.Class == ClassAuth {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return &vend.RefusalError{
		Reason: vend.Reason(e.Reason), Alert: e.Class == ClassConfig, Code: e.Code, Detail: e.Class.String() + ": " + e.Message,
	}
}
