package sandbox

import "testing"

func TestAnExclusiveVoucherIsRedeemedOnlyAsSuch(t *testing.T) {
	l := setup(t)
	voucher := l.buy("exclusive-voucher/purchase", "A", props{"amount": 10000, "productCode": 701})
	pin, _ := voucher["pin"].(string)
	status, answer := l.post("1voucher/redeem", redeemBody("B", pin, "0"))
	wantCode(t, "as a 1Voucher", status, answer, 404, 2402)
	status, answer = l.post("exclusive-voucher/redeem", ask("C", props{"pin": pin, "amount": 4000, "productCode": 601}))
	wantCode(t, "as another product", status, answer, 400, 2257)
	status, answer = l.post("exclusive-voucher/redeem", ask("C2", props{"pin": pin, "amount": 4000, "productCode": 702}))
	wantCode(t, "as another of its kind", status, answer, 400, 2257)
	change := l.buy("exclusive-voucher/redeem", "D", props{"pin": pin, "amount": 4000, "productCode": "701"})
	l.money("redeemed in part", DefaultFloat-100_00, 40_00)
	rest, _ := change["pin"].(string)
	status, answer = l.post("1voucher/redeem", redeemBody("E", rest, "0"))
	wantCode(t, "the rest as a 1Voucher", status, answer, 404, 2402)
	if v := l.buy("exclusive-voucher/redeem", "F", props{"pin": rest, "amount": 0}); v["status"] != "Redeemed" || v["redemptionDate"] != "2025-05-01T10:00:00+02:00" {
		t.Errorf("voucher %v", v)
	}
	l.money("redeemed", DefaultFloat-100_00, 100_00)

	one, _ := l.buy("1voucher/purchase", "G", props{"amount": 1000})["pin"].(string)
	status, answer = l.post("exclusive-voucher/redeem", ask("H", props{"pin": one, "amount": 0}))
	wantCode(t, "a 1Voucher", status, answer, 404, 2402)
	status, answer = l.post("exclusive-voucher/redeem", ask("I", props{"pin": "5000500000000001", "amount": 0}))
	wantCode(t, "a 1Voucher for tests", status, answer, 404, 2402)
	status, answer = l.post("1voucher/redeem", redeemBody("J", "4000500000000001", "0"))
	wantCode(t, "an exclusive voucher for tests", status, answer, 404, 2402)
}

func TestAnExclusiveVoucherIsCancelledAndReversed(t *testing.T) {
	l := setup(t)
	first := l.buy("exclusive-voucher/purchase", "A", props{"amount": 10000, "productCode": 701})
	l.buy("exclusive-voucher/purchase", "B", props{"amount": 5000, "productCode": 701})
	l.money("two sold", DefaultFloat-150_00, 0)
	l.buy("exclusive-voucher/cancel", "C", props{"serialNumber": first["serialNumber"], "productCode": 701})
	if v := l.buy("exclusive-voucher/reverse", "D", props{"originalReference": "B"}); v["status"] != "Reversed" || v["amount"] != 5000.0 {
		t.Errorf("voucher %v", v)
	}
	l.money("none sold", DefaultFloat, 0)
	pin, _ := first["pin"].(string)
	status, answer := l.post("exclusive-voucher/redeem", ask("E", props{"pin": pin, "amount": 0}))
	wantCode(t, "redeem what is cancelled", status, answer, 400, 2403)
}
