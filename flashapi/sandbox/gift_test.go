package sandbox

import "testing"

func TestAGiftVoucherIsNamedByCodeOrByBarcode(t *testing.T) {
	l := setup(t)
	const op = "gift-voucher/purchase"
	for ref, more := range map[string]props{
		"A": {"productCode": 501, "amount": 5000},
		"B": {"productCode": "501", "amount": 5000},
		"C": {"barcode": "2900000005013", "amount": 5000},
		"D": {"barcode": 2900000005013, "amount": 5000, "paymentMethod": "Cash"},
	} {
		more["storeId"], more["terminalId"] = "S1", "T1"
		voucher := l.buy(op, ref, more)
		pin, _ := voucher["pin"].(string)
		if voucher["barcode"] != "2900000005013" || voucher["amount"] != 5000.0 || !isDigits(pin, 16) {
			t.Errorf("%s: voucher %v", ref, voucher)
		}
		status, answer := l.post("1voucher/redeem", redeemBody(ref+"-1", pin, "0"))
		wantCode(t, "as a 1Voucher", status, answer, 404, 2402)
	}
	l.money("four sold", DefaultFloat-200_00, 0)
	for name, c := range map[string]struct {
		status int
		code   float64
		more   props
	}{
		"E": {400, 2231, props{"productCode": 501, "barcode": "2900000005013", "amount": 5000, "storeId": "S1", "terminalId": "T1"}},
		"F": {400, 2308, props{"amount": 5000, "storeId": "S1", "terminalId": "T1"}},
		"G": {400, 2308, props{"productCode": 501, "amount": 5000, "terminalId": "T1"}},
		"H": {400, 2308, props{"productCode": 501, "amount": 5000, "storeId": "S1"}},
		"I": {404, 2101, props{"barcode": "2900000005012", "amount": 5000, "storeId": "S1", "terminalId": "T1"}},
		"J": {404, 2101, props{"productCode": 101, "amount": 5000, "storeId": "S1", "terminalId": "T1"}},
		"K": {400, 2103, props{"productCode": 501, "amount": 5001, "storeId": "S1", "terminalId": "T1"}},
		"L": {400, 2204, props{"productCode": 505, "amount": 4999, "storeId": "S1", "terminalId": "T1"}},
		"M": {400, 2231, props{"barcode": "29-1", "amount": 5000, "storeId": "S1", "terminalId": "T1"}},
		"N": {400, 2231, props{"productCode": 0, "amount": 5000, "storeId": "S1", "terminalId": "T1"}},
		"O": {400, 2231, props{"productCode": -501, "amount": 5000, "storeId": "S1", "terminalId": "T1"}},
		"P": {400, 2231, props{"productCode": 501.5, "amount": 5000, "storeId": "S1", "terminalId": "T1"}},
	} {
		status, answer := l.post(op, ask(name, c.more))
		wantCode(t, name, status, answer, c.status, c.code)
	}
	status, answer := l.post("1voucher/reverse", ask("Z", props{"originalReference": "A"}))
	wantCode(t, "reverse", status, answer, 400, 2273)
	l.money("nothing more", DefaultFloat-200_00, 0)
}
