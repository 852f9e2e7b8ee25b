package sandbox

import (
	"strings"
	"testing"
)

func TestARechargeDrawsOnTheFloat(t *testing.T) {
	l := setup(t)
	status, answer := l.post("cellular/pinless/purchase", pinlessBody("A", "27821234567", "101", "1000"))
	wantCode(t, "airtime", status, answer, 200, 0)
	details, _ := answer["rechargeDetails"].(map[string]any)
	if answer["amount"] != 1000.0 || details["rechargeVendor"] != "Vodacom" || details["callCentre"] != "082 111" {
		t.Errorf("answer %v", answer)
	}
	status, answer = l.post("cellular/pinless/purchase", pinlessBody("B", "27821234567", `"203"`, "3000"))
	wantCode(t, "bundle, code as text", status, answer, 200, 0)
	if b := l.sandbox.Books(); b.Float != DefaultFloat-40_00 {
		t.Errorf("float %d", b.Float)
	}
}

func TestARechargeIsRefusedForAReason(t *testing.T) {
	l := setup(t)
	for name, c := range map[string]struct {
		body   string
		status int
		code   float64
	}{
		"no such product":       {pinlessBody("A", "27821234567", "999", "1000"), 404, 2101},
		"product of another":    {pinlessBody("B", "27821234567", "1", "1000"), 404, 2101},
		"too little":            {pinlessBody("C", "27821234567", "101", "199"), 400, 2204},
		"too much":              {pinlessBody("D", "27821234567", "101", "100001"), 400, 2204},
		"nothing":               {pinlessBody("E", "27821234567", "101", "0"), 400, 2204},
		"not the price":         {pinlessBody("F", "27821234567", "203", "3100"), 400, 2103},
		"national number":       {pinlessBody("G", "0821234567", "101", "1000"), 400, 2335},
		"a landline":            {pinlessBody("H", "27111234567", "101", "1000"), 400, 2335},
		"wanted: 2355":          {pinlessBody("I", "27600002355", "101", "1000"), 400, 2355},
		"wanted: no such code":  {pinlessBody("J", "27600009999", "101", "1000"), 400, 9999},
		"wanted: float empty":   {pinlessBody("K", "27600002003", "101", "1000"), 400, 2003},
		"ordinary, among those": {pinlessBody("L", "27600000000", "101", "1000"), 200, 0},
	} {
		status, answer := l.post("cellular/pinless/purchase", c.body)
		wantCode(t, name, status, answer, c.status, c.code)
	}
	if b := l.sandbox.Books(); b.Float != DefaultFloat-10_00 {
		t.Errorf("float %d", b.Float)
	}
}

func TestAnEmptyFloatSellsNothing(t *testing.T) {
	l := setup(t, func(o *Options) { o.Float = 1500 })
	status, answer := l.post("cellular/pinless/purchase", pinlessBody("A", "27821234567", "101", "1000"))
	wantCode(t, "first", status, answer, 200, 0)
	status, answer = l.post("cellular/pinless/purchase", pinlessBody("B", "27821234567", "101", "1000"))
	wantCode(t, "second", status, answer, 400, 2003)
	status, answer = l.post("cellular/pinless/purchase", pinlessBody("C", "27821234567", "101", "500"))
	wantCode(t, "what is left", status, answer, 200, 0)
	if b := l.sandbox.Books(); b.Float != 0 {
		t.Errorf("float %d", b.Float)
	}
}

func TestABodyMustBeAsDocumented(t *testing.T) {
	l := setup(t)
	good := pinlessBody("A", "27821234567", "101", "1000")
	swap := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for name, c := range map[string]struct {
		body string
		code float64
	}{
		"not JSON":            {"{", 2231},
		"array":               {"[]", 2231},
		"null":                {"null", 2231},
		"empty":               {"", 2231},
		"no reference":        {swap(`"reference":"A",`, ""), 2308},
		"empty reference":     {swap(`"A"`, `""`), 2308},
		"reference with _":    {swap(`"A"`, `"A_B"`), 2231},
		"reference a number":  {swap(`"A"`, `7`), 2231},
		"long reference":      {swap(`"A"`, `"`+strings.Repeat("A", 51)+`"`), 2301},
		"no account":          {swap(`"accountNumber":"`+DefaultAccount+`",`, ""), 2308},
		"another account":     {swap(DefaultAccount, "1"), 2202},
		"no amount":           {swap(`"amount":1000,`, ""), 2308},
		"null amount":         {swap(`1000,"p`, `null,"p`), 2308},
		"amount as text":      {swap(`1000,"p`, `"1000","p`), 2231},
		"amount in rand":      {swap(`1000,"p`, `10.00,"p`), 2231},
		"amount below zero":   {swap(`1000,"p`, `-1000,"p`), 2231},
		"no product":          {swap(`,"productCode":101`, ""), 2308},
		"product in words":    {swap(`101`, `"airtime"`), 2231},
		"no number":           {swap(`,"mobileNumber":"27821234567"`, ""), 2308},
		"unknown property":    {swap(`{`, `{"pin":"1",`), 2231},
		"store with a space":  {swap(`{`, `{"storeId":"a b",`), 2231},
		"ten pairs":           {swap(`{`, `{"metadata":{"a":"","b":"","c":"","d":"","e":"","f":"","g":"","h":"","i":"","j":""},`), 2231},
		"long name of a pair": {swap(`{`, `{"metadata":{"elevenchars":""},`), 2231},
		"pair of a number":    {swap(`{`, `{"metadata":{"a":1},`), 2231},
	} {
		status, answer := l.post("cellular/pinless/purchase", c.body)
		want := 400
		if c.code == 2202 {
			want = 404
		}
		wantCode(t, name, status, answer, want, c.code)
	}
	status, answer := l.send("POST", "/aggregation/4.0/cellular/pinless/purchase", "Bearer "+l.token, "text/plain", good)
	wantCode(t, "not said to be JSON", status, answer, 400, 2231)
	for name, body := range map[string]string{
		"short PIN": redeemBody("A", "500050000000000", "0"), "PIN with spaces": redeemBody("A", "5000 5000 0000 01", "0"),
	} {
		status, answer := l.post("1voucher/redeem", body)
		wantCode(t, name, status, answer, 400, 2231)
	}
	if b := l.sandbox.Books(); b.Counts["transactions"] != 0 {
		t.Errorf("books %+v", b)
	}
	full := swap(`{`, `{"storeId":"S1","terminalId":"T1","paymentMethod":"Cash","metadata":{"a":"b"},`)
	status, answer = l.post("cellular/pinless/purchase", full)
	wantCode(t, "all there is", status, answer, 200, 0)
}
