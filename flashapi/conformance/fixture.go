package conformance

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"spaza/secret"
)

// Fixture is what a server can be tried with: its products, meters, accounts and
// numbers. Every part is optional; checks that need what is missing are skipped
// and say so. Amounts are in cents.
type Fixture struct {
	// Name is what the report calls it.
	Name string `json:"name"`
	// MobileNumber is an ordinary number, 27 and nine digits. Where spending is
	// allowed it gets recharges and text messages.
	MobileNumber string `json:"mobileNumber"`
	// OtherAccount is an account number that this API key may not use; made up
	// when empty.
	OtherAccount string `json:"otherAccount"`

	// What to buy. A sale with a fixed price is tried at that price.
	Voucher    Sale   `json:"voucher"` // 1Voucher: the amount alone
	Gift       Sale   `json:"gift"`    // with the barcode of the same product, if it has one
	CashOut    Sale   `json:"cashOut"`
	Exclusive  Sale   `json:"exclusive"`
	FlashToken Sale   `json:"flashToken"`
	Eezi       Sale   `json:"eezi"`
	Cellular   []Sale `json:"cellular"` // each to its own number, or to MobileNumber

	// Vouchers are 1Vouchers to redeem where the server does not sell any. Each
	// is used up.
	Vouchers []Voucher `json:"vouchers"`
	// PINs of 1Vouchers that are no longer good.
	UsedPIN      secret.Text `json:"usedPin"`
	CancelledPIN secret.Text `json:"cancelledPin"`
	ExpiredPIN   secret.Text `json:"expiredPin"`

	Meters        Meters        `json:"meters"`
	Billers       []Biller      `json:"billers"`
	Disburse      Biller        `json:"disburse"` // an account that can be paid into from a balance
	International International `json:"international"`
	// NoBiller is an account reference that no biller knows.
	NoBiller string `json:"noBiller"`
	// Refusals are requests that this server is known to refuse, such as test
	// numbers of a sandbox.
	Refusals []Refusal `json:"refusals"`
}

// Sale is something to buy.
type Sale struct {
	ProductCode  int64  `json:"productCode"`
	Amount       int64  `json:"amount"`
	Barcode      string `json:"barcode"`
	MobileNumber string `json:"mobileNumber"`
}

// Voucher is a voucher somebody bought.
type Voucher struct {
	PIN    secret.Text `json:"pin"`
	Amount int64       `json:"amount"`
}

// Meter is a prepaid meter and what to buy for it.
type Meter struct {
	Number string `json:"number"`
	Amount int64  `json:"amount"`
}

// Meters are meters by what is the matter with them.
type Meters struct {
	Good      Meter `json:"good"`      // electricity, nothing the matter
	Water     Meter `json:"water"`     // water, nothing the matter
	FBE       Meter `json:"fbe"`       // registered for Free Basic Electricity, not yet issued
	Arrears   Meter `json:"arrears"`   // owes money; the amount is less than what must be paid
	KeyChange Meter `json:"keyChange"` // gets key change tokens with its purchase
	Blocked   Meter `json:"blocked"`
	Unknown   Meter `json:"unknown"` // well formed, not registered
}

// Biller is a customer's account at a Flash Pay biller.
type Biller struct {
	AccountReference string `json:"accountReference"` // with the biller's code in front
	Amount           int64  `json:"amount"`
}

// International is a number abroad.
type International struct {
	DestinationMobileNumber string `json:"destinationMobileNumber"`
}

// Refusal is a request and the code that it must be refused with.
type Refusal struct {
	Name      string         `json:"name"`
	Operation string         `json:"operation"` // such as cellular/pinless/purchase
	Fields    map[string]any `json:"fields"`    // beside reference, account, store and terminal
	Code      int            `json:"code"`
}

//go:embed simulator.json
var simulatorFixture []byte

// Simulator is the fixture of the simulator in flashapi/sandbox.
func Simulator() Fixture {
	f, err := ReadFixture(bytes.NewReader(simulatorFixture))
	if err != nil {
		panic(err) // it is part of this package, and a test reads it
	}
	return f
}

// ReadFixture reads a fixture from JSON. A property that no fixture has is an
// error, since what it was meant to test would be skipped.
func ReadFixture(r io.Reader) (Fixture, error) {
	var f Fixture
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, fmt.Errorf("read fixture: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return f, errors.New("read fixture: more than one value")
	}
	return f, nil
}

// private is what belongs to somebody, or can be spent.
func (f Fixture) private() []string {
	m := f.Meters
	list := []string{
		f.UsedPIN.Reveal(), f.CancelledPIN.Reveal(), f.ExpiredPIN.Reveal(), f.MobileNumber, f.OtherAccount, f.NoBiller, f.Disburse.AccountReference,
		m.Good.Number, m.Water.Number, m.FBE.Number, m.Arrears.Number, m.KeyChange.Number, m.Blocked.Number, m.Unknown.Number,
		f.International.DestinationMobileNumber,
	}
	for _, v := range f.Vouchers {
		list = append(list, v.PIN.Reveal())
	}
	for _, b := range f.Billers {
		list = append(list, b.AccountReference)
	}
	for _, s := range f.Cellular {
		list = append(list, s.MobileNumber)
	}
	return list
}

// mobile is a number for requests that are to be refused anyway.
func (f Fixture) mobile() string {
	if f.MobileNumber == "" {
		return "27600000000"
	}
	return f.MobileNumber
}

// otherAccount is an account that is not ours.
func (f Fixture) otherAccount() string {
	if f.OtherAccount == "" {
		return "9999000099990000"
	}
	return f.OtherAccount
}
