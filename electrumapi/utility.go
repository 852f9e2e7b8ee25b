package electrumapi

import (
	"fmt"
	"log/slog"
)

// Meter is a prepaid meter (PPU v3, Meter). Its number is a person's: printed and
// logged it shows nothing.
type Meter struct {
	MeterID         string         `json:"meterId" send:"need,form=alnum,max=20"`
	Track2Data      string         `json:"track2Data,omitempty" send:"form=track2"` // of the meter's card
	ServiceType     string         `json:"serviceType,omitempty" send:"form=alnum,max=12"`
	SupplyGroupCode string         `json:"supplyGroupCode,omitempty" send:"form=digits,len=6"`
	KeyRevisionNum  string         `json:"keyRevisionNum,omitempty" send:"form=digits,len=1"`
	TariffIndex     string         `json:"tariffIndex,omitempty" send:"form=digits,len=2"`
	TokenTechCode   string         `json:"tokenTechCode,omitempty" send:"form=digits,len=2"` // "02" is a number that is keyed in
	AlgorithmCode   string         `json:"algorithmCode,omitempty" send:"form=digits,len=2"`
	KeyChangeData   *KeyChangeData `json:"keyChangeData,omitempty"`
}

// Format implements fmt.Formatter: what is printed names nobody.
func (Meter) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "[meter]") }

// LogValue implements slog.LogValuer, as Format does for fmt.
func (Meter) LogValue() slog.Value { return slog.StringValue("[meter]") }

// KeyChangeData are the keys that a meter gets (PPU v3, KeyChangeData). Where they are
// there, tokens of type KC come with them.
type KeyChangeData struct {
	NewSupplyGroupCode   string `json:"newSupplyGroupCode,omitempty" send:"form=digits,len=6"`
	NewKeyRevisionNumber string `json:"newKeyRevisionNumber,omitempty" send:"form=digits,len=1"`
	NewTariffIndex       string `json:"newTariffIndex,omitempty" send:"form=digits,len=2"`
}

// Supplier is the utility behind a meter (PPU v3, Utility).
type Supplier struct {
	Name      string `json:"name"`
	Address   string `json:"address"`
	VatRegNum string `json:"vatRegNum"`
	ClientID  string `json:"clientId"`
	Message   string `json:"message"` // its word to its customer
}

// UtilityType is what is bought; the document gives these as examples only, and
// Electrum's own data has "Electricity".
type UtilityType string

// The types of utility.
const (
	UtilityElectricity UtilityType = "electricity"
	UtilityWater       UtilityType = "water"
	UtilityGas         UtilityType = "gas"
)

// TaxableAmount is money with its tax (PPU v3, TaxableAmount).
type TaxableAmount struct {
	LedgerAmount
	// Tax is there when the amount excludes it, in the same minor units.
	Tax     *int64  `json:"tax,omitempty"`
	TaxType string  `json:"taxType,omitempty"`
	TaxRate Decimal `json:"taxRate,omitempty"` // in percent
}

// DebtRecoveryCharge is a part of the payment that went to what was owed (PPU v3,
// DebtRecoveryCharge).
type DebtRecoveryCharge struct {
	Amount      *TaxableAmount `json:"amount"`
	Description string         `json:"description"`
	Balance     *LedgerAmount  `json:"balance"` // what is still owed
	ReceiptNum  string         `json:"receiptNum"`
}

// ServiceCharge is a part of the payment that went to a fee (PPU v3, ServiceCharge).
type ServiceCharge struct {
	Amount      *TaxableAmount `json:"amount"`
	Description string         `json:"description"`
}
