package flashapi

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestARechargeIsWrittenAsTheDocumentSays(t *testing.T) {
	const head = `{"reference":"` + testRef + `","accountNumber":"1000200030004000","amount":1000,"productCode":`
	for asText, want := range map[bool]string{
		false: head + `101,"mobileNumber":"27821234567"}`,
		true:  head + `"101","mobileNumber":"27821234567"}`,
	} {
		b := setup(t, func(o *Options) { o.ProductCodeAsText = asText })
		if m := b.build(tenRand()); m.Op != OpPinlessPurchase || m.Body.Reveal() != want {
			t.Errorf("%s\n got %s\nwant %s", m.Op, m.Body.Reveal(), want)
		}
	}
}

func TestARechargeThatTheDocumentForbidsIsNotBuilt(t *testing.T) {
	b := setup(t)
	for name, change := range map[string]func(*Pinless){
		"no reference":     func(p *Pinless) { p.Reference = "" },
		"no amount":        func(p *Pinless) { p.Amount = 0 },
		"negative amount":  func(p *Pinless) { p.Amount = -100 },
		"no product":       func(p *Pinless) { p.ProductCode = "" },
		"product zero":     func(p *Pinless) { p.ProductCode = "0" },
		"leading zero":     func(p *Pinless) { p.ProductCode = "0101" },
		"negative product": func(p *Pinless) { p.ProductCode = "-1" },
		"product in words": func(p *Pinless) { p.ProductCode = `1,"x":1` },
		"long product":     func(p *Pinless) { p.ProductCode = "1234567890123456789" },
		"national number":  func(p *Pinless) { p.MobileNumber = "0821234567" },
		"plus":             func(p *Pinless) { p.MobileNumber = "+2782123456" },
		"abroad":           func(p *Pinless) { p.MobileNumber = "26821234567" },
		"27 and 0":         func(p *Pinless) { p.MobileNumber = "27012345678" },
		"payment method":   func(p *Pinless) { p.PaymentMethod = "credit card" },
	} {
		p := tenRand()
		change(&p)
		if _, err := b.client.Build(p); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: error %v, want ErrInvalid", name, err)
		}
	}
}

func TestARechargeIsRead(t *testing.T) {
	b := setup(t)
	b.answerOp(OpPinlessPurchase, 200, `{"responseCode":0,"responseMessage":"Success","reference":"`+testRef+`","transactionId":"257902",
		"transactionDate":"2025-05-01","amount":1000,"rechargeDetails":{"rechargeType":"Airtime","callCentre":"082 111","rechargeVendor":"Vodacom"}}`)
	got, err := b.client.PurchasePinless(t.Context(), tenRand(), First)
	if err != nil {
		t.Fatal(err)
	}
	want := &PinlessSale{
		Receipt:      Receipt{Reference: testRef, TransactionID: "257902", TransactionDate: "2025-05-01", Amount: 10_00},
		RechargeType: "Airtime", CallCentre: "082 111", Vendor: "Vodacom",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARechargeOfAnotherAmountIsDeliveredWithAnAlert(t *testing.T) {
	for body, want := range map[string]struct {
		alert  bool
		amount Cents
	}{
		`{"responseCode":0}`:                                        {false, 0},
		`{"responseCode":0,"amount":1000}`:                          {false, 1000},
		`{"responseCode":0,"amount":"1000"}`:                        {false, 1000},
		`{"responseCode":0,"amount":500}`:                           {true, 500},
		`{"responseCode":0,"rechargeDetails":"none"}`:               {false, 0},
		`{"responseCode":0,"amount":0}`:                             {true, 0},
		`{"responseCode":0,"amount":"ten"}`:                         {true, 0},
		`{"responseCode":0,"rechargeDetails":{"callCentre":82111}}`: {false, 0},
	} {
		v := Judge(message(tenRand()), answered(200, body), First)
		if v.Settled != Happened || v.Alert != want.alert || v.Amount != want.amount {
			t.Errorf("%s: %+v", body, v)
		}
	}
}
