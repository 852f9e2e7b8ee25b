package flashapi

import (
	"cmp"
	"fmt"
	"log/slog"
	"strings"

	"spaza/hostcall"
)

// Supply is what an answer tells of a meter. The holder's name and address, and
// the meter's number, are a person's: show them masked, and never log them.
type Supply struct {
	MeterNumber     string
	Holder, Address string
	Utility         Utility
	Keys            Keys   // those that the meter works with
	Algorithm       string // "07" is that of the standard
	TokenTechnology string // "02" is a number that is keyed in
	Tariff          string
}

// Format implements fmt.Formatter: what is printed names nobody.
func (s Supply) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, "[meter]") }

// LogValue implements slog.LogValuer, as Format does for fmt.
func (s Supply) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(s)) }

// Utility is who supplies a meter.
type Utility struct{ Name, Address, CallCentre, VATNumber string }

// Keys are the settings that a meter's tokens are made for, as receipts have
// them.
type Keys struct {
	SupplyGroup string // 6 digits
	TariffIndex string // 2 digits
	KeyRevision string
}

// differ says that the keys changed, as far as both sets are known.
func (k Keys) differ(later Keys) bool {
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	return differ(k.SupplyGroup, later.SupplyGroup) || differ(k.TariffIndex, later.TariffIndex) ||
		differ(k.KeyRevision, later.KeyRevision)
}

// Meter is a meter that was looked up, and how a purchase for it would stand.
type Meter struct {
	Receipt
	Supply
	// Arrears is what is owed on the meter, with its description; part of a
	// purchase may go there. Zero where nothing is owed, or nobody says.
	Arrears     Cents
	ArrearsNote string
	// Min and Max are the limits of one purchase; zero where none is known. The
	// document gives no unit: they and the arrears are read as cents, unless
	// there is a fraction in one of them, which rand have and cents have not.
	Min, Max Cents
	Free     bool // the lookup was for Free Basic Electricity
	// LookupID is the number of the lookup, for UtilityPurchase.
	LookupID string
}

// Format implements fmt.Formatter: what is printed names nobody.
func (m Meter) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "meter, looked up by %s", m.Reference)
}

// LogValue implements slog.LogValuer, as Format does for fmt.
func (m Meter) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(m)) }

// meterInfoWire is meterInfo in the answer to a lookup (section 3.1.26) and
// meterinfo in that to a purchase (section 3.1.27), which differ in names and in
// what is text and what a number. The draft has the keys before and after a
// change in an object of their own, keyChangeTokenData.
type meterInfoWire struct {
	MeterNumber          text                 `json:"meterNumber"`
	AlgorithmCode        text                 `json:"algorithmCode"`
	TokenTechnology      text                 `json:"tokenTechnology"`
	SupplyGroupCode      text                 `json:"supplyGroupCode"`
	TariffIndex          text                 `json:"tariffIndex"`
	KeyRevisionNumber    text                 `json:"keyRevisionNumber"`
	OldSupplyGroupCode   text                 `json:"oldSupplyGroupCode"`
	OldTariffIndex       text                 `json:"oldTariffIndex"`
	OldKeyRevisionNumber text                 `json:"oldKeyRevisionNumber"`
	NewSupplyGroupCode   text                 `json:"newSupplyGroupCode"`
	NewTariffIndex       text                 `json:"newTariffIndex"`
	NewKeyRevisionNumber text                 `json:"newKeyRevisionNumber"`
	TariffName           text                 `json:"tariffName"`
	ConsumerMessage      text                 `json:"consumerMessage"`
	CustomerInfo         object[customerWire] `json:"customerInfo"`
	UtilityInfo          object[utilityWire]  `json:"utilityInfo"`
}

type customerWire struct {
	Name    text `json:"name"`
	Address text `json:"address"`
}

type utilityWire struct {
	Name        text `json:"name"`
	UtilityName text `json:"utilityname"`
	Address     text `json:"address"`
	CallCentre  text `json:"callCentre"`
	VATNumber   text `json:"vatNumber"`
}

// before and after are the keys of a change.

func (w meterInfoWire) before() Keys {
	return keysOf(w.OldSupplyGroupCode, w.OldTariffIndex, w.OldKeyRevisionNumber)
}

func (w meterInfoWire) after() Keys {
	return keysOf(w.NewSupplyGroupCode, w.NewTariffIndex, w.NewKeyRevisionNumber)
}

// keysOf gives codes the leading zeros back that they lose as numbers.
func keysOf(group, tariff, revision text) Keys {
	return Keys{SupplyGroup: padded(group, 6), TariffIndex: padded(tariff, 2), KeyRevision: string(revision)}
}

func padded(t text, width int) string {
	s := string(t)
	if s == "" || len(s) >= width || !only(s, digits) {
		return s
	}
	return strings.Repeat("0", width-len(s)) + s
}

// supply reads it; asked is the number that was asked for.
func (w meterInfoWire) supply(asked text) Supply {
	customer, utility := w.CustomerInfo.is, w.UtilityInfo.is
	number := w.MeterNumber
	if sameMeter(number, asked) {
		number = cmp.Or(asked, number)
	}
	return Supply{
		MeterNumber: string(number), Holder: string(customer.Name), Address: string(customer.Address),
		Utility: Utility{
			Name: string(cmp.Or(utility.Name, utility.UtilityName)), Address: string(utility.Address),
			CallCentre: string(utility.CallCentre), VATNumber: string(utility.VATNumber),
		},
		Keys:      keysOf(w.SupplyGroupCode, w.TariffIndex, w.KeyRevisionNumber),
		Algorithm: string(w.AlgorithmCode), TokenTechnology: string(w.TokenTechnology), Tariff: string(w.TariffName),
	}
}

// sameMeter compares meter numbers, which can lose zeros as well; one that is
// not given is any.
func sameMeter(a, b text) bool {
	bare := func(t text) string { return strings.ToUpper(strings.TrimLeft(string(t), "0")) }
	return a == "" || b == "" || bare(a) == bare(b)
}

// lookupWire is the answer to a lookup (section 3.1.26).
type lookupWire struct {
	Amount        whole                 `json:"amount"`
	TransactionID text                  `json:"transactionId"`
	IsFBE         flag                  `json:"isFBE"`
	BillingInfo   object[limitsWire]    `json:"billingInfo"`
	MeterInfo     object[meterInfoWire] `json:"meterInfo"`
	Meterinfo     object[meterInfoWire] `json:"meterinfo"`
}

// limitsWire are what a purchase for a meter is bound by.
type limitsWire struct {
	ArrearValue      decimal `json:"arrearValue"`
	ArrearDesc       text    `json:"arrearDesc"`
	MinimumVendValue decimal `json:"minimumVendValue"`
	MaximumVendValue decimal `json:"maximumVendValue"`
	TariffName       text    `json:"tariffName"`
}

// findMeter wants a meter to speak of. What nobody can read of its limits is not
// known, and for the operator.
func findMeter(a asked, body []byte) finding {
	var w lookupWire
	if err := decodeObject(body, &w); err != nil {
		return finding{contradicts: err.Error()}
	}
	info, limits := cmp.Or(w.MeterInfo.is, w.Meterinfo.is), w.BillingInfo.is
	m := &Meter{
		Supply: info.supply(a.MeterNumber), ArrearsNote: string(limits.ArrearDesc),
		Free: w.IsFBE.value || (!w.IsFBE.present && a.IsFBE.value), LookupID: hostcall.Field(string(w.TransactionID), nil),
	}
	m.Tariff = cmp.Or(m.Tariff, string(limits.TariffName))
	readable := limits.read(m)
	f := finding{result: m, amount: Cents(w.Amount.n), callCentre: m.Utility.CallCentre}
	switch {
	case info == meterInfoWire{}:
		f.contradicts = "looked up, but there is no meter in the answer"
	case !sameMeter(info.MeterNumber, a.MeterNumber):
		f.odd = "another meter was looked up than was asked for"
	case w.Amount.bad:
		f.odd = "looked up, but the amount cannot be read"
	case w.Amount.present && f.amount != a.Amount:
		f.odd = "looked up with another amount than was asked for"
	case w.IsFBE.present && w.IsFBE.value != a.IsFBE.value:
		f.odd = "looked up for another kind of purchase than was asked for"
	case !readable || w.BillingInfo.bad:
		f.odd = "looked up, but the arrears or limits cannot be read"
	}
	return f
}

// read fills in arrears and limits; false says that something of them cannot be
// read. Limits that nothing fits between are none.
func (w limitsWire) read(m *Meter) bool {
	given := [...]decimal{w.ArrearValue, w.MinimumVendValue, w.MaximumVendValue}
	rand := false
	for _, d := range given {
		rand = rand || !d.is.isWhole()
	}
	readable := true
	var values [len(given)]Cents
	for i, d := range given {
		c, ok := d.is.cents(rand)
		readable = readable && ok && !d.bad
		values[i] = max(c, 0)
	}
	m.Arrears, m.Min, m.Max = values[0], values[1], values[2]
	if m.Max > 0 && m.Min > m.Max {
		m.Min, m.Max = 0, 0
		return false
	}
	return readable
}
