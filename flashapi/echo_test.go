package flashapi

import (
	"fmt"
	"strings"
	"testing"

	"spaza/secret"
)

// A host that puts what is worth money where a number or date belongs must not
// bring it into what is kept and logged.
func TestWhatIsWorthMoneyDoesNotReturnAsANumber(t *testing.T) {
	const pin, token = "8111111111111111", "12345678901234567890"
	voucher := fmt.Sprintf(`"amount":2000,"voucher":{"amount":2000,"pin":%q,"serialNumber":"S"}`, pin)
	for name, c := range map[string]struct {
		request Request
		own     string // the answer's own properties
		hidden  string
	}{
		"a new PIN":      {VoucherDisburse{Reference: testRef, Amount: 20_00}, voucher, pin},
		"a change PIN":   {RedeemPart{Reference: testRef, PIN: secret.New(testPIN), Amount: 20_00}, voucher, pin},
		"our PIN":        {redeemAll(), `"amount":5000`, testPIN},
		"a token":        {UtilityPurchase{Reference: testRef, Meter: "04123456784", Amount: 20_00}, fmt.Sprintf(`"amount":2000,"tokens":[{"token":%q}]`, token), token},
		"a reversed PIN": {VoucherReverse{Reference: testRef, Original: "P-1"}, voucher, pin},
		"a looked-up PIN": {
			CashOutLookup{Reference: testRef, SerialNumber: "S", ProductCode: "601"}, voucher, pin,
		},
	} {
		body := fmt.Sprintf(`{"responseCode":0,"reference":%q,"transactionId":%q,"transactionDate":%q,%s}`, testRef, c.hidden, "on "+c.hidden, c.own)
		v := Judge(message(c.request), answered(200, body), First)
		if v.Settled != Happened {
			t.Errorf("%s: %+v", name, v)
			continue
		}
		for where, text := range map[string]string{
			"the number": v.TransactionID, "the detail": v.Detail, "the receipt": fmt.Sprintf("%#v", v.Result), "a log": fmt.Sprint(v.LogValue()),
		} {
			if strings.Contains(text, c.hidden) {
				t.Errorf("%s: %s holds it: %s", name, where, text)
			}
		}
	}
}

func TestTheNumberOfAnotherTransactionIsNotOurs(t *testing.T) {
	v := Judge(message(tenRand()), answered(200, `{"responseCode":0,"reference":"P-OTHER","transactionId":4711}`), First)
	if v.Settled != Open || v.TransactionID != "" || !v.Alert {
		t.Errorf("%+v", v)
	}
}
