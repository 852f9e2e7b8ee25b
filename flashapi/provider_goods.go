package flashapi

import (
	"spaza/ledger"
	"spaza/vend"
)

// goodsOf is what an answer brings for the customer, in the shop's words.
func goodsOf(result any) vend.Goods {
	switch r := result.(type) {
	case *Issue:
		if !r.Voucher.PIN.Empty() {
			return vend.Goods{Voucher: voucherOf(r.Voucher)}
		}
	case *Redemption:
		if r.Change != nil {
			return vend.Goods{Voucher: voucherOf(*r.Change)}
		}
	case *UtilitySale:
		return vend.Goods{Utility: utilityOf(r)}
	case *Payment:
		return vend.Goods{Payment: &vend.Payment{
			Biller: r.Biller.Name, Phone: r.Biller.CallCentre,
			Holder: r.Consumer.Name, Account: r.Consumer.AccountNumber, Status: r.Consumer.Status,
		}}
	}
	return vend.Goods{}
}

func voucherOf(v Voucher) *vend.Voucher {
	return &vend.Voucher{
		PIN: v.PIN, Amount: ledger.Cents(v.Amount), Serial: v.SerialNumber, Expires: v.ExpiryDate, HowTo: v.Instructions,
	}
}

func utilityOf(s *UtilitySale) *vend.Utility {
	u := &vend.Utility{
		Meter: s.MeterNumber, Unit: s.UnitType, Holder: s.Holder,
		Utility: s.Utility.Name, VATNumber: s.Utility.VATNumber, Phone: s.Utility.CallCentre,
		Tariff: s.Tariff, Receipt: s.ReceiptNumber, Message: s.ConsumerMessage,
		SupplyGroup: s.Keys.SupplyGroup, TariffIndex: s.Keys.TariffIndex, KeyRevision: s.Keys.KeyRevision,
	}
	if s.UnitsKnown {
		u.Units = s.Units.String()
	}
	if s.FreeUnits.Sign() > 0 {
		u.FreeUnits = s.FreeUnits.String()
	}
	for _, t := range s.InOrder() {
		u.Tokens = append(u.Tokens, vend.Token{Use: tokenUse(t.Use), Label: t.Description, Value: t.Value, Serial: t.SerialNumber})
	}
	if s.Bill.AddsUp {
		u.PartsKnown, u.Net, u.VAT = true, ledger.Cents(s.Bill.Exclusive), ledger.Cents(s.Bill.Tax)
		u.Debt, u.Fixed = chargesOf(s.Bill.Debts), chargesOf(s.Bill.FixedCosts)
	}
	return u
}

func tokenUse(u TokenUse) vend.TokenUse {
	switch u {
	case TokenKeyChange:
		return vend.TokenKeyChange
	case TokenCredit:
		return vend.TokenCredit
	case TokenFree:
		return vend.TokenFree
	default:
		return vend.TokenOther
	}
}

func chargesOf(list []Charge) []vend.Charge {
	var all []vend.Charge
	for _, c := range list {
		all = append(all, vend.Charge{Label: c.Description, Amount: ledger.Cents(c.Amount)})
	}
	return all
}
