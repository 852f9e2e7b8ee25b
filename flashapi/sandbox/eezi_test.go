package sandbox

import "testing"

func TestAnEeziVoucherIsSoldAndReversed(t *testing.T) {
	l := setup(t)
	fixed := l.buy("eezi-voucher/purchase", "A", props{"amount": 2900, "productCode": 301})
	free := l.buy("eezi-voucher/purchase", "B", props{"amount": 1250, "productCode": "305"})
	content, _ := fixed["content"].(map[string]any)
	if content["redemptionInstructions"] == "" || free["amount"] != 1250.0 {
		t.Errorf("vouchers %v, %v", fixed, free)
	}
	status, answer := l.post("eezi-voucher/purchase", ask("C", props{"amount": 3000, "productCode": 301}))
	wantCode(t, "not the price", status, answer, 400, 2103)
	l.money("two sold", DefaultFloat-41_50, 0)
	l.buy("eezi-voucher/reverse", "D", props{"originalReference": "A"})
	l.money("one back", DefaultFloat-12_50, 0)
	if code, _ := l.control("POST", "/sandbox/vouchers", `{"serialNumber":"`+free["serialNumber"].(string)+`","status":"Redeemed"}`); code != 200 {
		t.Fatalf("use: HTTP %d", code)
	}
	status, answer = l.post("eezi-voucher/reverse", ask("E", props{"originalReference": "B"}))
	wantCode(t, "reverse what was loaded", status, answer, 400, 2412)
	l.money("one stays", DefaultFloat-12_50, 0)
}
