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
