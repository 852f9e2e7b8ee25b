package sandbox

import "testing"

func TestACashOutPINIsLookedUpAndCancelled(t *testing.T) {
	l := setup(t)
	voucher := l.buy("cash-out-pin/purchase", "A", props{"amount": 20000, "productCode": 601})
	serial, pin := voucher["serialNumber"], voucher["pin"]
	l.money("sold", DefaultFloat-200_00, 0)

	seen := l.buy("cash-out-pin/lookup", "B", props{"serialNumber": serial, "productCode": "601"})
	if seen["status"] != "Active" || seen["amount"] != 20000.0 || seen["pin"] != pin {
		t.Errorf("looked up %v", seen)
	}
	gone := l.buy("cash-out-pin/cancel", "C", props{"serialNumber": serial, "productCode": 601})
	if gone["status"] != "Cancelled" || gone["pin"] != "" {
		t.Errorf("cancelled %v", gone)
	}
	l.money("cancelled", DefaultFloat, 0)
	status, answer := l.post("cash-out-pin/cancel", ask("D", props{"serialNumber": serial, "productCode": 601}))
	wantCode(t, "cancel again", status, answer, 400, 2409)
	status, answer = l.post("cash-out-pin/reverse", ask("E", props{"originalReference": "A"}))
	wantCode(t, "reverse", status, answer, 400, 2409)
	seen = l.buy("cash-out-pin/lookup", "F", props{"serialNumber": serial, "productCode": 601})
	if seen["status"] != "Cancelled" {
		t.Errorf("looked up %v", seen)
	}
	l.money("at the end", DefaultFloat, 0)
}

func TestACashOutPINThatWasUsedStays(t *testing.T) {
	for as, want := range map[status]string{redeemed: "Redeemed", expired: "Expired"} {
		l := setup(t)
		serial, _ := l.buy("cash-out-pin/purchase", "A", props{"amount": 20000, "productCode": 601})["serialNumber"].(string)
		code, _ := l.control("POST", "/sandbox/vouchers", `{"serialNumber":"`+serial+`","status":"`+string(as)+`"}`)
		if code != 200 {
			t.Fatalf("use: HTTP %d", code)
		}
		if seen := l.buy("cash-out-pin/lookup", "B", props{"serialNumber": serial, "productCode": 601}); seen["status"] != want {
			t.Errorf("looked up %v", seen)
		}
		status, answer := l.post("cash-out-pin/cancel", ask("C", props{"serialNumber": serial, "productCode": 601}))
		wantCode(t, "cancel", status, answer, 400, 2414)
		status, answer = l.post("cash-out-pin/reverse", ask("D", props{"originalReference": "A"}))
		wantCode(t, "reverse", status, answer, 400, 2412)
		l.money("at the end", DefaultFloat-200_00, 0)
	}
}

func TestASerialNumberMustFitItsProduct(t *testing.T) {
	l := setup(t)
	serial := l.buy("cash-out-pin/purchase", "A", props{"amount": 20000, "productCode": 601})["serialNumber"]
	uniform := l.buy("exclusive-voucher/purchase", "A2", props{"amount": 1000, "productCode": 701})["serialNumber"]
	for name, c := range map[string]struct {
		op     string
		status int
		code   float64
		more   props
	}{
		"B": {"cash-out-pin/cancel", 404, 2101, props{"serialNumber": serial, "productCode": 701}},
		"C": {"cash-out-pin/lookup", 404, 2612, props{"serialNumber": "123", "productCode": 601}},
		"D": {"exclusive-voucher/cancel", 404, 2612, props{"serialNumber": serial, "productCode": 701}},
		"E": {"cash-out-pin/cancel", 400, 2308, props{"productCode": 601}},
		"F": {"cash-out-pin/cancel", 400, 2308, props{"serialNumber": serial}},
		"G": {"cash-out-pin/cancel", 400, 2231, props{"serialNumber": "12 3", "productCode": 601}},
		"H": {"cash-out-pin/lookup", 400, 2231, props{"serialNumber": serial, "productCode": 601, "amount": 1}},
		"I": {"cash-out-pin/purchase", 400, 2308, props{"amount": 20000}},
		"J": {"cash-out-pin/purchase", 404, 2101, props{"amount": 20000, "productCode": 1}},
		"K": {"cash-out-pin/purchase", 400, 2204, props{"amount": 19_99, "productCode": 601}},
		"M": {"exclusive-voucher/cancel", 400, 2268, props{"serialNumber": uniform, "productCode": 702}},
		"L": {"cash-out-pin/lookup", 400, 2414, props{"serialNumber": "6241400000000000", "productCode": 601}},
	} {
		status, answer := l.post(c.op, ask(name, c.more))
		wantCode(t, name, status, answer, c.status, c.code)
	}
	l.money("at the end", DefaultFloat-210_00, 0)
}
