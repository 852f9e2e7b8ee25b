package vend

import "spaza/ledger"

// Kind is a kind of sale.
type Kind string

// The kinds of sale. The first eight are bought, by Service.Buy.
const (
	KindAirtime     Kind = "airtime"     // airtime straight onto a number
	KindData        Kind = "data"        // a bundle of data, SMSs or minutes straight onto a number
	KindAirtimePIN  Kind = "airtime_pin" // airtime as a PIN to load
	KindElectricity Kind = "electricity" // tokens for a prepaid meter, of electricity or water
	KindVoucher     Kind = "voucher"     // a new 1Voucher
	KindGift        Kind = "gift"        // a shop's gift voucher
	KindCashOut     Kind = "cash_out"    // a PIN to draw cash with
	KindBill        Kind = "bill"        // a payment into an account at a biller

	KindRedeem  Kind = "redeem"  // a 1Voucher taken in, in full, for balance
	KindRefund  Kind = "refund"  // redeemed money given back as a new 1Voucher
	KindReverse Kind = "reverse" // an earlier sale undone; a sale of its own at the provider
)

// Kinds lists every kind of sale.
func Kinds() []Kind {
	return []Kind{
		KindAirtime, KindData, KindAirtimePIN, KindElectricity, KindVoucher, KindGift, KindCashOut, KindBill,
		KindRedeem, KindRefund, KindReverse,
	}
}

// Bought says whether a customer buys this kind: pays from the balance and gets
// something for it.
func (k Kind) Bought() bool {
	switch k {
	case KindAirtime, KindData, KindAirtimePIN, KindElectricity, KindVoucher, KindGift, KindCashOut, KindBill:
		return true
	}
	return false
}

// Handed says whether a sale of this kind brings something that must be handed
// to the customer, without which it is no sale.
func (k Kind) Handed() bool {
	switch k {
	case KindAirtimePIN, KindElectricity, KindVoucher, KindGift, KindCashOut, KindRefund:
		return true
	}
	return false
}

// Product is one article of the provider's catalogue that the shop can sell.
type Product struct {
	Code    string // the provider's code
	Kind    Kind
	Name    string // the provider's name for it
	Network string // canonical network ("vodacom", "mtn", "cellc", "telkom"), or the vendor's own name in lower case
	Vendor  string // the vendor's name as people read it ("Vodacom")
	// Min and Max are the limits of one sale. A product of fixed price has
	// Min equal to Max.
	Min, Max ledger.Cents
	// Reversible says that the provider may undo a sale of it, as long as it
	// was not used.
	Reversible bool `json:",omitempty"`
	// Biller begins every account reference at the biller, for KindBill.
	Biller string `json:",omitempty"`
	// HowTo says how to use what was bought, in the provider's words.
	HowTo string `json:",omitempty"`
}

// Fixed says whether the product has one price.
func (p Product) Fixed() bool { return p.Min == p.Max }
