package sandbox

import (
	"testing"
	"time"
)

func TestAReversalUndoesAllAndLeavesNoLine(t *testing.T) {
	for name, c := range map[string]struct {
		op              string
		more            props
		float, redeemed int64 // before the reversal
	}{
		"purchase":              {"1voucher/purchase", props{"amount": 3000}, DefaultFloat - 30_00, 50_00},
		"disbursement":          {"1voucher/disburse", props{"amount": 3000}, DefaultFloat - 30_00, 50_00},
		"refund":                {"1voucher/refund", props{"amount": 3000}, DefaultFloat, 20_00},
		"redemption":            {"1voucher/redeem", props{"pin": "5000300000000001", "amount": 0}, DefaultFloat, 80_00},
		"redemption of a part":  {"1voucher/redeem", props{"pin": "5000300000000001", "amount": 1000}, DefaultFloat, 60_00},
		"redemption by message": {"1voucher/redeem", props{"pin": "5000300000000001", "amount": 1000, "mobileNumber": "27821234567"}, DefaultFloat, 60_00},
	} {
		l := setup(t)
		l.post("1voucher/redeem", redeemBody("FIRST", "5000500000000002", "0"))
		status, bought := l.post(c.op, ask("A", c.more))
		wantCode(t, name, status, bought, 200, 0)
		l.money(name, c.float, c.redeemed)
		status, answer := l.post("1voucher/reverse", ask("B", props{"originalReference": "A", "metadata": props{"a": "b"}}))
		wantCode(t, name, status, answer, 200, 0)
		if number, _ := c.more["mobileNumber"].(string); answer["amount"] != bought["amount"] || answer["mobileNumber"] != number {
			t.Errorf("%s: answer %v", name, answer)
		}
		l.money(name+" reversed", DefaultFloat, 50_00)

		b := l.sandbox.Books()
		if len(b.Transactions) != 2 || b.Transactions[0].Status != "reversed" || b.Counts["transactions"] != 2 || b.Counts["reversed"] != 1 {
			t.Errorf("%s: books %+v", name, b)
		}
		again, same := l.post("1voucher/reverse", ask("B", props{"originalReference": "A", "metadata": props{"a": "b"}}))
		wantCode(t, name+", the same reversal again", again, same, 200, 0)
		status, answer = l.post("1voucher/reverse", ask("C", props{"originalReference": "A"}))
		wantCode(t, name+", another reversal", status, answer, 400, 2280)
		status, answer = l.post(c.op, ask("A", c.more))
		wantCode(t, name+", the original again", status, answer, 200, 0)
		l.money(name+" at the end", DefaultFloat, 50_00)

		voucher, _ := bought["voucher"].(map[string]any)
		if pin, _ := voucher["pin"].(string); pin != "" {
			status, answer = l.post("1voucher/redeem", redeemBody("D", pin, "0"))
			wantCode(t, name+", redeem what was reversed", status, answer, 400, 2403)
		}
	}
}

func TestARedemptionThatIsReversedCanBeDoneAgain(t *testing.T) {
	l := setup(t)
	status, answer := l.post("1voucher/redeem", redeemBody("A", "5000500000000001", "2000"))
	wantCode(t, "part", status, answer, 200, 0)
	l.buy("1voucher/reverse", "B", props{"originalReference": "A"})
	status, answer = l.post("1voucher/redeem", redeemBody("C", "5000500000000001", "0"))
	wantCode(t, "all", status, answer, 200, 0)
	l.money("at the end", DefaultFloat, 50_00)
}

func TestAReversalIsRefusedForAReason(t *testing.T) {
	l := setup(t)
	pin, _ := l.buy("1voucher/purchase", "USED", props{"amount": 3000})["pin"].(string)
	change, _ := l.buy("1voucher/redeem", "REDEEMED", props{"pin": pin, "amount": 1000})["pin"].(string)
	l.post("1voucher/redeem", redeemBody("CHANGE", change, "1500"))
	l.post("cellular/pinless/purchase", pinlessBody("AIRTIME", "27821234567", "101", "1000"))
	l.post("1voucher/redeem", redeemBody("REFUSED", "6240100000000000", "0"))
	l.post("cellular/pinless/purchase", pinlessBody("CUT", "27600010002", "101", "1000"))
	l.post("1voucher/purchase", ask("BUSY", props{"amount": 2008}))
	l.buy("1voucher/purchase", "GOOD", props{"amount": 3000})
	l.buy("1voucher/reverse", "REVERSAL", props{"originalReference": "GOOD"})
	serial := l.buy("cash-out-pin/purchase", "CASH", props{"amount": 3000, "productCode": 601})["serialNumber"]
	l.buy("cash-out-pin/lookup", "LOOK", props{"serialNumber": serial, "productCode": 601})
	before := l.sandbox.Books()

	for original, want := range map[string]struct {
		status int
		code   float64
	}{
		"USED": {400, 2412}, "REDEEMED": {400, 2412}, "AIRTIME": {400, 2273}, "REFUSED": {400, 2267}, "CUT": {404, 2249},
		"BUSY": {500, 2220}, "REVERSAL": {400, 2267}, "GOOD": {400, 2280}, "CASH": {400, 2268}, "NOBODY": {404, 2249},
	} {
		status, answer := l.post("1voucher/reverse", ask("R-"+original, props{"originalReference": original}))
		wantCode(t, original, status, answer, want.status, want.code)
	}
	status, answer := l.post("cash-out-pin/reverse", ask("R-LOOK-2", props{"originalReference": "LOOK"}))
	wantCode(t, "a look", status, answer, 400, 2267)
	l.money("all refused", before.Float, before.RedemptionBalance)
	if after := l.sandbox.Books(); after.Outstanding != before.Outstanding {
		t.Errorf("outstanding %d, before %d", after.Outstanding, before.Outstanding)
	}
}

func TestAReversalIsRefusedWhenTheMoneyIsGone(t *testing.T) {
	l := setup(t)
	l.post("1voucher/redeem", redeemBody("A", "5000500000000001", "0"))
	l.buy("1voucher/refund", "B", props{"amount": 1000})
	status, answer := l.post("1voucher/reverse", ask("C", props{"originalReference": "A"}))
	wantCode(t, "reverse", status, answer, 400, 2003)
	l.money("at the end", DefaultFloat, 40_00)
}

func TestAReversalCanComeTooLateOrNotBeAllowed(t *testing.T) {
	l := setup(t, func(o *Options) { o.ReverseWithin = 10 * time.Minute })
	l.buy("1voucher/purchase", "A", props{"amount": 3000})
	l.buy("1voucher/purchase", "B", props{"amount": 3000})
	l.now.Add(600)
	l.buy("1voucher/reverse", "C", props{"originalReference": "A"})
	l.now.Add(1)
	status, answer := l.post("1voucher/reverse", ask("D", props{"originalReference": "B"}))
	wantCode(t, "late", status, answer, 400, 2281)
	l.now.Add(3500 - 601)
	l.login()
	l.now.Add(101)
	status, answer = l.post("1voucher/reverse", ask("E", props{"originalReference": "B"}))
	wantCode(t, "forgotten", status, answer, 404, 2249)
	l.money("at the end", DefaultFloat-30_00, 0)

	l = setup(t, func(o *Options) { o.Reversals = NoReversals })
	l.buy("1voucher/purchase", "A", props{"amount": 3000})
	status, answer = l.post("1voucher/reverse", ask("B", props{"originalReference": "A"}))
	wantCode(t, "account without", status, answer, 400, 2274)
}
