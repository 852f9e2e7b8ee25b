package electrumapi

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"spaza/hostcall"
	"spaza/ledger"
	"spaza/vend"
)

// Meter looks a meter up (PPU v3, createMeterLookup). The interface asks for no
// amount; free units are refused where the answer does not say that they are due.
func (p *Provider) Meter(ctx context.Context, q vend.MeterQuestion) (vend.Meter, error) {
	if !p.Can(vend.KindElectricity).Enquires {
		return vend.Meter{}, fmt.Errorf("look up meter: %w", vend.ErrNoEnquiry)
	}
	head := NewHead(q.Ref, p.client.options.Now(), "")
	head.ID = ID(LabelLookup, q.Ref)
	gone := ctx.Err() != nil
	r, err := p.client.LookupMeter(ctx, MeterLookup{Head: head, Meter: Meter{MeterID: q.Meter}})
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			p.reach.saw(p.client.options.Now(), gone, e.Sent, e.Err)
			return vend.Meter{}, enquiryError(e)
		}
		return vend.Meter{}, fmt.Errorf("look up meter: %w", err)
	}
	p.reach.saw(p.client.options.Now(), gone, true, nil)
	switch {
	case r.Meter.MeterID != "" && bareMeter(r.Meter.MeterID) != bareMeter(q.Meter):
		return vend.Meter{}, errors.New("look up meter: the answer is about another meter")
	case q.Free && !r.BsstDue:
		return vend.Meter{}, &vend.RefusalError{Reason: vend.ReasonFreeAlreadyIssued, Code: string(ErrorNoFreeUnits), Detail: "the meter's answer says that none are due"}
	}
	m := vend.Meter{
		Number: q.Meter, Holder: holderOf(r.Customer), Address: addressOf(r.Customer), Utility: r.Utility.Name, Tariff: r.Meter.TariffIndex,
		Arrears: rands(r.ArrearsAmount), Min: rands(r.MinAmount), Max: rands(r.MaxAmount), TokensAreNumbers: r.Meter.TokenTechCode == keyedIn,
	}
	if m.Max < m.Min { // Electrum's own data has zero for "nobody says"
		m.Max = 0
	}
	return m, nil
}

// keyedIn is the token technology of numbers that are keyed in (IEC 62055-41).
const keyedIn = "02"

// rands is an amount as money, zero where it is none.
func rands(a *LedgerAmount) ledger.Cents {
	if a == nil || !believable(a) {
		return 0
	}
	return ledger.Cents(a.Amount)
}

// addressOf is where a customer lives, as far as it is told.
func addressOf(c Customer) string {
	if c.AddressDetails == nil {
		return c.Address
	}
	var parts []string
	for _, part := range []string{c.AddressDetails.AddressLine1, c.AddressDetails.AddressLine2, c.AddressDetails.City} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return c.Address
	}
	return strings.Join(parts, ", ")
}

// Account is asked of nobody: Electrum's interfaces have no accounts.
func (p *Provider) Account(context.Context, vend.AccountQuestion) (vend.Account, error) {
	return vend.Account{}, fmt.Errorf("look up account: %w", vend.ErrNoEnquiry)
}

// enquiryError keeps the host's refusals apart from no answer at all: a refusal is
// about the meter and final, everything else may be asked again.
func enquiryError(e *Error) error {
	rule, known := reasonFor(InterfaceUtility, e.Detail.Type)
	if e.Class != Failed || !known || !e.Detail.Type.Definite() {
		return fmt.Errorf("look up meter: %w", e)
	}
	return &vend.RefusalError{
		Reason: vend.Reason(rule.reason), Alert: rule.alert, Code: string(e.Detail.Type), Detail: e.Class.String() + ": " + hostcall.Scrub(e.Detail.Message, nil),
	}
}
