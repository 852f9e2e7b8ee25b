package sandbox

import (
	"strings"
	"testing"
)

func TestAVoucherIsRedeemedOnce(t *testing.T) {
	l := setup(t)
	status, answer := l.post("1voucher/redeem", redeemBody("A", "5000500000000001", "0"))
	wantCode(t, "first", status, answer, 200, 0)
	if answer["amount"] != 5000.0 || answer["reference"] != "A" || answer["transactionDate"] != "2025-05-01T10:00:00+02:00" {
		t.Errorf("answer %v", answer)
	}
	status, answer = l.post("1voucher/redeem", redeemBody("B", "5000500000000001", "0"))
	wantCode(t, "second", status, answer, 400, 2401)
	if answer["path"] != "/api/v4/1voucher/redeem" || answer["reference"] != "B" {
		t.Errorf("answer %v", answer)
	}
	if _, ok := answer["transactionId"].(string); !ok {
		t.Errorf("transactionId of a refusal is %T", answer["transactionId"])
	}
	if b := l.sandbox.Books(); b.RedemptionBalance != 50_00 || b.Float != DefaultFloat {
		t.Errorf("books %+v", b)
	}
}

func TestTheRestOfAVoucherComesBackAndCanBeRedeemed(t *testing.T) {
	l := setup(t)
	status, answer := l.post("1voucher/redeem", redeemBody("A", "5000500000000001", "2000"))
	wantCode(t, "part", status, answer, 200, 0)
	voucher, _ := answer["voucher"].(map[string]any)
	change, _ := voucher["pin"].(string)
	if answer["amount"] != 2000.0 || voucher["amount"] != 3000.0 || !isDigits(change, 16) {
		t.Fatalf("answer %v", answer)
	}
	status, answer = l.post("1voucher/redeem", redeemBody("B", change, "3001"))
	wantCode(t, "too much", status, answer, 400, 2408)
	status, answer = l.post("1voucher/redeem", redeemBody("C", change, "0"))
	wantCode(t, "the rest", status, answer, 200, 0)
	status, answer = l.post("1voucher/redeem", redeemBody("D", change, "0"))
	wantCode(t, "the rest again", status, answer, 400, 2401)
	status, answer = l.post("1voucher/redeem", redeemBody("E", "5000500000000001", "1"))
	wantCode(t, "the first PIN again", status, answer, 400, 2401)
	if b := l.sandbox.Books(); b.RedemptionBalance != 50_00 {
		t.Errorf("redeemed %d", b.RedemptionBalance)
	}
}

func TestChangeGoesByTextMessageWhenANumberIsGiven(t *testing.T) {
	l := setup(t)
	body := strings.Replace(redeemBody("A", "5000500000000001", "2000"), "}", `,"mobileNumber":"27821234567"}`, 1)
	status, answer := l.post("1voucher/redeem", body)
	wantCode(t, "part", status, answer, 200, 0)
	sent := l.sandbox.SMSs()
	if answer["voucher"] != nil || len(sent) != 1 || sent[0].To != "27821234567" {
		t.Fatalf("answer %v, messages %v", answer, sent)
	}
	status, answer = l.post("1voucher/redeem", redeemBody("B", sent[0].PIN, "0"))
	wantCode(t, "the rest", status, answer, 200, 0)
}

func TestAPINThatWasNotIssuedDoesNotExist(t *testing.T) {
	l := setup(t)
	for _, pin := range []string{"0000000000000000", "1234567890123456", "5000000000000001", "7010000000000001", "8000500000000001", "9999999999999999", "6000000000000000"} {
		status, answer := l.post("1voucher/redeem", redeemBody("R-"+pin, pin, "0"))
		wantCode(t, pin, status, answer, 404, 2402)
	}
}

func TestAPINCanAskForAnyCodeAndIsNeverProcessed(t *testing.T) {
	l := setup(t)
	for pin, want := range map[string]struct {
		status int
		code   float64
	}{"6240100000000000": {400, 2401}, "6240500000000000": {400, 2405}, "6200100000000000": {500, 2001}, "6370400000000000": {401, 3704}, "6999900000000000": {400, 9999}} {
		for range 2 {
			status, answer := l.post("1voucher/redeem", redeemBody("R-"+pin, pin, "0"))
			wantCode(t, pin, status, answer, want.status, want.code)
		}
	}
	if b := l.sandbox.Books(); b.RedemptionBalance != 0 || b.Counts["refused"] != 5 {
		t.Errorf("books %+v", b)
	}
}

func TestAVoucherIsSoldFromTheFloatAndCanBeRedeemed(t *testing.T) {
	for _, op := range []string{"1voucher/purchase", "1voucher/disburse"} {
		l := setup(t)
		voucher := l.buy(op, "A", props{"amount": 15000})
		if voucher["amount"] != 15000.0 || voucher["status"] != "Active" || voucher["expiryDate"] != "2028-05-01" {
			t.Errorf("%s: voucher %v", op, voucher)
		}
		l.money("sold", DefaultFloat-150_00, 0)
		if b := l.sandbox.Books(); b.Outstanding != 150_00 {
			t.Errorf("outstanding %d", b.Outstanding)
		}
		pin, _ := voucher["pin"].(string)
		status, answer := l.post("1voucher/redeem", redeemBody("B", pin, "0"))
		wantCode(t, "redeem", status, answer, 200, 0)
		l.money("redeemed", DefaultFloat-150_00, 150_00)
		status, answer = l.post("1voucher/redeem", redeemBody("C", pin, "0"))
		wantCode(t, "again", status, answer, 400, 2401)
	}
}

func TestAVoucherIsNotSoldForAReason(t *testing.T) {
	l := setup(t, func(o *Options) { o.Float = 100_00 })
	for name, c := range map[string]struct {
		op   string
		more props
		code float64
	}{
		"too small":                   {"1voucher/purchase", props{"amount": 499}, 2204},
		"too large":                   {"1voucher/disburse", props{"amount": 4000_01}, 2204},
		"nothing":                     {"1voucher/purchase", props{"amount": 0}, 2204},
		"no amount":                   {"1voucher/purchase", nil, 2308},
		"float too small":             {"1voucher/purchase", props{"amount": 100_50}, 2003},
		"method of payment":           {"1voucher/purchase", props{"amount": 1000, "paymentMethod": "Credit Card"}, 2231},
		"a disbursement with method":  {"1voucher/disburse", props{"amount": 1000, "paymentMethod": "Cash"}, 2231},
		"product":                     {"1voucher/purchase", props{"amount": 1000, "productCode": 1}, 2231},
		"refund of nothing redeemed":  {"1voucher/refund", props{"amount": 1000}, 2003},
		"refund of nothing":           {"1voucher/refund", props{"amount": 0}, 2204},
		"refund, too large":           {"1voucher/refund", props{"amount": 4000_01}, 2204},
		"refund to a wrong number":    {"1voucher/refund", props{"amount": 1000, "mobileNumber": "0821234567"}, 2231},
		"refund with original":        {"1voucher/refund", props{"amount": 1000, "originalReference": "A"}, 2231},
		"reversal without original":   {"1voucher/reverse", nil, 2308},
		"reversal with wrong letters": {"1voucher/reverse", props{"originalReference": "A_B"}, 2231},
		"reversal of nothing":         {"1voucher/reverse", props{"originalReference": "NOBODY"}, 2249},
		"reversal of itself":          {"1voucher/reverse", props{"originalReference": "R-reversal-of-itself"}, 2249},
	} {
		status, answer := l.post(c.op, ask("R-"+strings.NewReplacer(" ", "-", ",", "").Replace(name), c.more))
		wantCode(t, name, status, answer, map[bool]int{true: 404, false: 400}[c.code == 2249], c.code)
	}
	l.money("all refused", 100_00, 0)
}

func TestARefundIsPaidFromWhatWasRedeemed(t *testing.T) {
	l := setup(t)
	l.post("1voucher/redeem", redeemBody("A", "5000500000000001", "0"))
	status, answer := l.post("1voucher/refund", ask("B", props{"amount": 5050}))
	wantCode(t, "more than there is", status, answer, 400, 2003)
	l.buy("1voucher/refund", "C1", props{"amount": 300})
	voucher := l.buy("1voucher/refund", "C", props{"amount": 2700})
	l.money("refunded", DefaultFloat, 20_00)
	pin, _ := voucher["pin"].(string)
	status, answer = l.post("1voucher/redeem", redeemBody("D", pin, "0"))
	wantCode(t, "redeem the refund", status, answer, 200, 0)
	status, answer = l.post("1voucher/refund", ask("E", props{"amount": 4700, "mobileNumber": "27821234567"}))
	wantCode(t, "by message", status, answer, 200, 0)
	if sent := l.sandbox.SMSs(); answer["voucher"] != nil || len(sent) != 1 || sent[0].To != "27821234567" {
		t.Errorf("answer %v, messages %v", answer, sent)
	}
	l.money("all refunded", DefaultFloat, 0)
}

func TestAVoucherExpiresAfterThreeYears(t *testing.T) {
	l := setup(t)
	pin, _ := l.buy("1voucher/purchase", "A", props{"amount": 1000})["pin"].(string)
	l.now.Add(3*365*24*3600 + 24*3600 + 1) // one of the years is a leap year
	l.login()
	status, answer := l.post("1voucher/redeem", redeemBody("B", pin, "0"))
	wantCode(t, "too late", status, answer, 400, 2405)
	l.money("nothing moved", DefaultFloat-10_00, 0)
}

func TestAnAccountForReversalsOnlyTakesNoNumbers(t *testing.T) {
	l := setup(t, func(o *Options) { o.Reversals = ReversalsOnly })
	status, answer := l.post("1voucher/redeem", ask("A", props{"pin": "5000500000000001", "amount": 1000, "mobileNumber": "27821234567"}))
	wantCode(t, "redeem", status, answer, 400, 2279)
	status, answer = l.post("1voucher/redeem", redeemBody("B", "5000500000000001", "1000"))
	wantCode(t, "redeem without", status, answer, 200, 0)
	status, answer = l.post("1voucher/refund", ask("C", props{"amount": 1000, "mobileNumber": "27821234567"}))
	wantCode(t, "refund", status, answer, 400, 2279)
	if sent := l.sandbox.SMSs(); len(sent) != 0 {
		t.Errorf("messages %v", sent)
	}
}

func TestAnAnswerGivesBackStoreTerminalAndMetadata(t *testing.T) {
	l := setup(t)
	_, answer := l.post("1voucher/purchase", ask("A", props{"amount": 1000, "storeId": "S1", "terminalId": "T1", "metadata": props{"a": "b"}}))
	metadata, _ := answer["metadata"].(map[string]any)
	if answer["storeId"] != "S1" || answer["terminalId"] != "T1" || metadata["a"] != "b" {
		t.Errorf("answer %v", answer)
	}
}
