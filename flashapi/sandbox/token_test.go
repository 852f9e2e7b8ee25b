package sandbox

import (
	"strings"
	"testing"
)

func TestATokenNeedsTheKeyAndTheGrant(t *testing.T) {
	l := setup(t)
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		authorization, body string
		want                int
	}{
		"good":        {"Basic " + DefaultAPIKey, "grant_type=client_credentials", 200},
		"no key":      {"", "grant_type=client_credentials", 401},
		"other key":   {"Basic bm90LXRoaXM=", "grant_type=client_credentials", 401},
		"as bearer":   {"Bearer " + DefaultAPIKey, "grant_type=client_credentials", 401},
		"no grant":    {"Basic " + DefaultAPIKey, "", 400},
		"other grant": {"Basic " + DefaultAPIKey, "grant_type=password", 400},
		"too long":    {"Basic " + DefaultAPIKey, "grant_type=client_credentials&x=" + strings.Repeat("x", 5000), 400},
	} {
		status, answer := l.send("POST", "/token", c.authorization, form, c.body)
		if status != c.want || (answer["access_token"] != nil) != (c.want == 200) {
			t.Errorf("%s: HTTP %d, %v", name, status, answer)
		}
	}
	if _, answer := l.send("POST", "/token", "Basic "+DefaultAPIKey, form, "grant_type=client_credentials"); answer["expires_in"] != 3600.0 || answer["token_type"] != "Bearer" {
		t.Errorf("token answer %v", answer)
	}
}

func TestEveryCallNeedsAGoodToken(t *testing.T) {
	l := setup(t)
	for _, c := range []struct {
		authorization string
		code          float64
	}{
		{"", 3701}, {"Bearer", 3702}, {"Bearer  ", 3702}, {"Token abc", 3703}, {"Bearer a b", 3703}, {"Bearer nobody", 3704},
	} {
		for _, path := range []string{"1voucher/redeem", "cellular/pinless/purchase"} {
			status, answer := l.send("POST", "/aggregation/4.0/"+path, c.authorization, "application/json", redeemBody("A", "5000500000000001", "0"))
			wantCode(t, path+" with "+c.authorization, status, answer, 401, c.code)
		}
		status, answer := l.send("GET", "/aggregation/4.0/accounts/"+DefaultAccount+"/products", c.authorization, "", "")
		wantCode(t, "products with "+c.authorization, status, answer, 401, c.code)
	}
}

func TestATokenExpires(t *testing.T) {
	l := setup(t)
	l.now.Add(3599)
	status, answer := l.post("1voucher/redeem", redeemBody("A", "5000500000000001", "0"))
	wantCode(t, "before its end", status, answer, 200, 0)
	l.now.Add(1)
	status, answer = l.post("1voucher/redeem", redeemBody("B", "5000500000000002", "0"))
	wantCode(t, "after its end", status, answer, 401, 3704)
	l.login()
	status, answer = l.post("1voucher/redeem", redeemBody("B", "5000500000000002", "0"))
	wantCode(t, "with another", status, answer, 200, 0)
	l.sandbox.RevokeTokens()
	status, answer = l.post("1voucher/redeem", redeemBody("C", "5000500000000003", "0"))
	wantCode(t, "revoked", status, answer, 401, 3704)
}
