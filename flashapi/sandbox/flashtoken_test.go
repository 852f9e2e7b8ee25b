package sandbox

import "testing"

func TestAFlashTokenIsSoldAtBothPathsOfTheDocument(t *testing.T) {
	l := setup(t)
	buy := func(path, body string) (int, map[string]any) {
		return l.send("POST", path, "Bearer "+l.token, "application/json", body)
	}
	const without, with = "/aggregation/flash-token/purchase", "/aggregation/4.0/flash-token/purchase"
	for ref, path := range map[string]string{"A": without, "B": with} {
		for _, more := range []props{{"amount": 1000}, {"amount": 1000, "productCode": "0"}, {"amount": 1000, "productCode": 801, "paymentMethod": "Cash"}} {
			ref += "1"
			status, answer := buy(path, ask(ref, more))
			wantCode(t, path, status, answer, 200, 0)
			if v, _ := answer["voucher"].(map[string]any); v["amount"] != 1000.0 {
				t.Errorf("answer %v", answer)
			}
		}
		status, answer := buy(path, ask(ref+"X", props{"amount": 1000, "productCode": 601}))
		wantCode(t, "another product", status, answer, 404, 2101)
	}
	l.money("six sold", DefaultFloat-60_00, 0)
	status, answer := buy(with, ask("A1", props{"amount": 1000}))
	wantCode(t, "the same again at the other path", status, answer, 200, 0)
	l.money("still six", DefaultFloat-60_00, 0)
	if v := l.buy("flash-token/reverse", "R", props{"originalReference": "A1"}); v["status"] != "Reversed" {
		t.Errorf("voucher %v", v)
	}
	l.money("one back", DefaultFloat-50_00, 0)
}
