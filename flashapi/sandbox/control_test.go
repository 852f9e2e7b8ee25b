package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"spaza/simulator"
)

// switchOn wants a fault switched on.
func (l *till) switchOn(body string) map[string]any {
	l.t.Helper()
	status, answer := l.control("POST", "/sandbox/faults", body)
	if status != 201 {
		l.t.Fatalf("%s: HTTP %d, %v", body, status, answer)
	}
	return answer
}

func TestAFaultStrikesWhatItIsSwitchedOnFor(t *testing.T) {
	const good = 0
	for name, c := range map[string]struct {
		order string
		want  []int // HTTP status and whether it was seen to succeed, request by request
	}{
		"once, whatever comes": {`{"fault":"cut_after"}`, []int{0, 200}},
		"twice":                {`{"fault":"cut_after","times":2}`, []int{0, 0, 200}},
		"this operation":       {`{"fault":"http_503_after","op":"1voucher/redeem"}`, []int{503, 200}},
		"another operation":    {`{"fault":"http_503_after","op":"1voucher/purchase"}`, []int{200, 200}},
		"this reference":       {`{"fault":"throttled","reference":"A"}`, []int{429, 200}},
		"another reference":    {`{"fault":"throttled","reference":"B"}`, []int{200, 200}},
		"this PIN":             {`{"fault":"http_500_before","target":"4321"}`, []int{500, 200}},
		"another PIN":          {`{"fault":"http_500_before","target":"4322"}`, []int{200, 200}},
		"all that is known":    {`{"fault":"unauthorised","op":"1voucher/redeem","reference":"A","target":"4321","times":1,"delayMs":1}`, []int{401, 200}},
		"one that is off":      {`{"fault":"redirect","op":"1voucher/redeem","reference":"B","target":"4321"}`, []int{200, 200}},
	} {
		l := setup(t)
		l.switchOn(c.order)
		for i, want := range c.want {
			if status, answer := l.post("1voucher/redeem", redeemBody("A", "5000500000004321", "0")); status != want {
				t.Errorf("%s, request %d: HTTP %d, %v; want %d", name, i+1, status, answer, want)
			}
		}
		l.money(name, DefaultFloat, 50_00+good)
	}
}

func TestASwitchedOnCodeIsTheOutcome(t *testing.T) {
	l := setup(t)
	body := redeemBody("A", "5000500000004321", "0")
	l.switchOn(`{"fault":"cut_after","code":2405,"target":"4321"}`)
	if status, _ := l.post("1voucher/redeem", body); status != 0 {
		t.Errorf("HTTP %d instead of a cut", status)
	}
	for range 2 {
		status, answer := l.post("1voucher/redeem", body)
		wantCode(t, "kept for the reference", status, answer, 400, 2405)
	}
	l.switchOn(`{"fault":"busy","code":2210,"times":3}`)
	for range 3 {
		status, answer := l.post("1voucher/redeem", redeemBody("B", "5000500000004321", "0"))
		wantCode(t, "busy with another code", status, answer, 500, 2210)
	}
	status, answer := l.post("1voucher/redeem", redeemBody("B", "5000500000004321", "0"))
	wantCode(t, "no longer busy", status, answer, 200, 0)
	l.switchOn(`{"code":2321}`)
	status, answer = l.post("cellular/pinless/purchase", pinlessBody("C", "27821234567", "101", "1000"))
	wantCode(t, "a code alone", status, answer, 400, 2321)
	l.money("one redeemed", DefaultFloat, 50_00)
}

func TestAFaultStrikesAlsoWhatWasDone(t *testing.T) {
	l := setup(t)
	body := pinlessBody("A", "27821234567", "101", "1000")
	l.post("cellular/pinless/purchase", body)
	l.switchOn(`{"fault":"unauthorised","reference":"A"}`)
	status, answer := l.post("cellular/pinless/purchase", body)
	wantCode(t, "sent again", status, answer, 401, 3704)
	status, answer = l.post("cellular/pinless/purchase", body)
	wantCode(t, "and again", status, answer, 200, 0)
	l.money("once", DefaultFloat-10_00, 0)
}

func TestTokensAndListsFailToo(t *testing.T) {
	l := setup(t)
	const form = "application/x-www-form-urlencoded"
	list := "/aggregation/4.0/accounts/" + DefaultAccount + "/products/101"
	for _, fault := range []struct {
		name   string
		status int
	}{{"http_500_before", 500}, {"http_503_after", 503}, {"cut_before", 0}, {"cut_after", 0}, {"throttled", 429}, {"empty", 200}, {"garbage", 200}, {"slow", 200}} {
		l.switchOn(`{"fault":"` + fault.name + `","op":"token"}`)
		status, answer := l.send("POST", "/token", "Basic "+DefaultAPIKey, form, "grant_type=client_credentials")
		if status != fault.status || (answer["access_token"] != nil) != (fault.name == "slow") {
			t.Errorf("token, %s: HTTP %d, %v", fault.name, status, answer)
		}
		l.login()
		l.switchOn(`{"fault":"` + fault.name + `","op":"accounts/products"}`)
		l.server.Client().CloseIdleConnections() // over a used one, the client itself would try again
		status, answer = l.get(list)
		if status != fault.status || (answer["products"] != nil) != (fault.name == "slow") {
			t.Errorf("products, %s: HTTP %d, %v", fault.name, status, answer)
		}
		status, answer = l.get(list)
		if status != 200 || answer["products"] == nil {
			t.Errorf("products after %s: HTTP %d, %v", fault.name, status, answer)
		}
	}
	l.switchOn(`{"code":2223,"op":"accounts/products"}`)
	status, answer := l.get(list)
	wantCode(t, "code", status, answer, 400, 2223)
}

func TestADelayHoldsForAllOrForSome(t *testing.T) {
	l := setup(t)
	body := redeemBody("A", "5000500000000001", "0")
	l.switchOn(`{"delayMs":600000,"op":"1voucher/redeem"}`)
	if err := l.giveUp("1voucher/redeem", body, func() bool { return l.sandbox.Books().RedemptionBalance == 50_00 }); err != nil {
		t.Error(err)
	}
	status, answer := l.post("1voucher/redeem", body)
	wantCode(t, "again", status, answer, 200, 0)

	status, answer = l.control("POST", "/sandbox/faults", `{"delayMs":600000}`)
	if status != 200 || answer["delayMs"] != 600000.0 {
		t.Errorf("HTTP %d, %v", status, answer)
	}
	body = redeemBody("B", "5000500000000002", "0")
	if err := l.giveUp("1voucher/redeem", body, func() bool { return l.sandbox.Books().RedemptionBalance == 100_00 }); err != nil {
		t.Error(err)
	}
	l.control("POST", "/sandbox/faults", `{"delayMs":0}`)
	status, answer = l.post("1voucher/redeem", body)
	wantCode(t, "without", status, answer, 200, 0)
}

func TestFaultsAreListedAndSwitchedOff(t *testing.T) {
	l := setup(t)
	first := l.switchOn(`{"fault":"cut_after","op":"1voucher/redeem","reference":"A-1","target":"2345","code":2304,"times":2,"delayMs":1500}`)
	for name, want := range map[string]any{"id": 1.0, "fault": "cut_after", "op": "1voucher/redeem", "reference": "A-1", "target": "2345", "code": 2304.0, "times": 2.0, "delayMs": 1500.0} {
		if first[name] != want {
			t.Errorf("%s is %v, want %v", name, first[name], want)
		}
	}
	l.switchOn(`{"fault":"garbage","times":5}`)
	l.post("1voucher/redeem", redeemBody("B", "5000500000000001", "0"))
	_, answer := l.control("GET", "/sandbox/faults", "")
	list, _ := answer["faults"].([]any)
	if len(list) != 2 {
		t.Fatalf("answer %v", answer)
	}
	if second, _ := list[1].(map[string]any); second["times"] != 4.0 || second["struck"] != 1.0 {
		t.Errorf("second %v", second)
	}
	page, _ := l.page("/")
	for _, want := range []string{"cut_after, code 2304, after 1.5s", "1voucher/redeem, reference A-1, target 2345", "whatever comes"} {
		if !strings.Contains(page, want) {
			t.Errorf("page does not show %q", want)
		}
	}
	if status, _ := l.control("DELETE", "/sandbox/faults/1", ""); status != 200 {
		t.Errorf("switch off: HTTP %d", status)
	}
	for _, id := range []string{"1", "3", "x"} {
		if status, answer := l.control("DELETE", "/sandbox/faults/"+id, ""); status != 404 || answer["error"] == nil {
			t.Errorf("switch off %s: HTTP %d, %v", id, status, answer)
		}
	}
	l.control("DELETE", "/sandbox/faults", "")
	status, answer := l.post("1voucher/redeem", redeemBody("C", "5000500000000002", "0"))
	wantCode(t, "all off", status, answer, 200, 0)
}

func TestTheControlEndpointIsStrict(t *testing.T) {
	l := setup(t)
	for _, c := range []struct{ path, body string }{
		{"faults", ``}, {"faults", `{`}, {"faults", `[]`}, {"faults", `null`}, {"faults", `{}`}, {"faults", `{"fault":"cut_after"} {}`},
		{"faults", `{"fault":"cut_afterwards"}`}, {"faults", `{"fault":3}`}, {"faults", `{"fault":"cut_after","where":"x"}`},
		{"faults", `{"fault":"cut_after","times":0}`}, {"faults", `{"fault":"cut_after","times":1000001}`}, {"faults", `{"fault":"cut_after","times":1.5}`},
		{"faults", `{"delayMs":-1}`}, {"faults", `{"delayMs":600001}`}, {"faults", `{"code":0}`}, {"faults", `{"code":10000}`},
		{"faults", `{"fault":"cut_before","code":2304}`}, {"faults", `{"fault":"cut_after","op":"1voucher/steal"}`},
		{"faults", `{"fault":"cut_after","target":"` + strings.Repeat("1", 101) + `"}`}, {"faults", `{"fault":"cut_after","id":7}`},
		{"float", `{}`}, {"float", `{"cents":-1}`}, {"float", `{"cents":"1"}`}, {"float", `{"rand":1}`}, {"float", `{"cents":100000000000001}`},
		{"vouchers", `{}`}, {"vouchers", `{"serialNumber":"1","status":"Active"}`},
		{"tokens/revoke", `{"all":true}`}, {"reset", `[]`},
	} {
		status, answer := l.control("POST", "/sandbox/"+c.path, c.body)
		if _, is := answer["error"].(string); status != 400 || !is {
			t.Errorf("%s %s: HTTP %d, %v", c.path, c.body, status, answer)
		}
	}
	for name, c := range map[string]struct {
		contentType, body string
		want              int
	}{
		"as a form":    {"application/x-www-form-urlencoded", `{"cents":0}`, 415},
		"as text":      {"text/plain", `{"cents":0}`, 415},
		"as nothing":   {"", `{"cents":0}`, 415},
		"too long":     {"application/json", `{"cents":` + strings.Repeat(" ", 5000) + `0}`, 413},
		"with charset": {"application/json; charset=utf-8", `{"cents":10000000}`, 200},
	} {
		if status, answer := l.send("POST", "/sandbox/float", "", c.contentType, c.body); status != c.want {
			t.Errorf("%s: HTTP %d, %v", name, status, answer)
		}
	}
	if status, _ := l.control("POST", "/sandbox/vouchers", `{"serialNumber":"1","status":"Redeemed"}`); status != 404 {
		t.Errorf("unknown voucher: HTTP %d", status)
	}
	l.money("untouched", DefaultFloat, 0)
	_, answer := l.control("GET", "/sandbox/faults", "")
	if list, _ := answer["faults"].([]any); len(list) != 0 {
		t.Errorf("switched on: %v", list)
	}
	for i := range simulator.MaxSwitched + 1 {
		status, _ := l.control("POST", "/sandbox/faults", `{"fault":"cut_after"}`)
		if want := map[bool]int{true: 201, false: 409}[i < simulator.MaxSwitched]; status != want {
			t.Errorf("fault %d: HTTP %d, want %d", i+1, status, want)
		}
	}
}

func TestAForeignPageCannotDriveTheSimulator(t *testing.T) {
	l := setup(t, func(o *Options) { o.ControlHosts = []string{"simulator"} })
	own := strings.TrimPrefix(l.server.URL, "http://")
	for name, c := range map[string]struct {
		host, origin, site string
		want               int
	}{
		"own address":            {own, "", "", 200},
		"own page":               {own, "http://" + own, "same-origin", 200},
		"localhost":              {"localhost:8090", "", "none", 200},
		"in figures, six":        {"[::1]:8090", "", "", 200},
		"allowed name":           {"simulator:8090", "", "", 200},
		"name that points here":  {"evil.example:8090", "", "", 403},
		"its page":               {"evil.example:8090", "http://evil.example:8090", "same-origin", 403},
		"name that looks local":  {"localhost.evil.example", "", "", 403},
		"page of elsewhere":      {own, "https://evil.example", "cross-site", 403},
		"page of nowhere":        {own, "null", "", 403},
		"page of another port":   {own, "http://127.0.0.1:1", "same-site", 403},
		"said by nothing else":   {own, "", "cross-site", 403},
		"figures within a name":  {"127.0.0.1.evil.example", "", "", 403},
		"no host that is a host": {"127.0.0.1:1:2", "", "", 403},
	} {
		for method, path := range map[string]string{"POST": "/sandbox/float", "GET": "/sandbox/sms", "DELETE": "/sandbox/faults"} {
			body := ""
			if method == "POST" {
				body = `{"cents":10000000}`
			}
			r, err := http.NewRequestWithContext(t.Context(), method, l.server.URL+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = c.host
			for header, value := range map[string]string{"Origin": c.origin, "Sec-Fetch-Site": c.site} {
				if value != "" {
					r.Header.Set(header, value)
				}
			}
			status, answer := l.do(r, "", "application/json")
			if want := c.want; status != want && (want != 403 || status != 400) {
				t.Errorf("%s, %s: HTTP %d, %v; want %d", name, method, status, answer, want)
			}
		}
	}
}

func TestTheFloatCanBeEmptiedAndFilled(t *testing.T) {
	l := setup(t)
	l.control("POST", "/sandbox/float", `{"cents":0}`)
	status, answer := l.post("1voucher/purchase", ask("A", props{"amount": 1000}))
	wantCode(t, "empty", status, answer, 400, 2003)
	l.control("POST", "/sandbox/float", `{"cents":1000}`)
	status, answer = l.post("1voucher/purchase", ask("B", props{"amount": 1000}))
	wantCode(t, "filled", status, answer, 200, 0)
	l.money("used up", 0, 0)
}

func TestTokensCanBeRevokedAndTheMemoryEmptied(t *testing.T) {
	l := setup(t)
	l.post("1voucher/redeem", ask("A", props{"pin": "5000500000000001", "amount": 1000, "mobileNumber": "27821234567"}))
	_, answer := l.control("GET", "/sandbox/sms", "")
	messages, _ := answer["messages"].([]any)
	if len(messages) != 1 {
		t.Fatalf("messages %v", answer)
	}
	message, _ := messages[0].(map[string]any)
	pin, _ := message["pin"].(string)
	if message["to"] != "27821234567" || !isDigits(pin, 16) {
		t.Errorf("message %v", message)
	}
	if page, _ := l.page("/"); strings.Contains(page, pin) || !strings.Contains(page, "..."+pin[12:]) {
		t.Error("page shows the PIN of a message, or nothing of it")
	}
	l.control("POST", "/sandbox/faults", `{"fault":"hang"}`)
	if status, _ := l.control("POST", "/sandbox/reset", "{}"); status != 200 {
		t.Errorf("reset: HTTP %d", status)
	}
	l.money("reset", DefaultFloat, 0)
	if b := l.sandbox.Books(); len(b.Transactions) != 0 || b.Outstanding != 0 || len(l.sandbox.SMSs()) != 0 {
		t.Errorf("books %+v", b)
	}
	status, answer := l.post("1voucher/redeem", redeemBody("A", "5000500000000001", "0"))
	wantCode(t, "as if never", status, answer, 200, 0)
	if status, _ := l.control("POST", "/sandbox/tokens/revoke", ""); status != 200 {
		t.Errorf("revoke: HTTP %d", status)
	}
	status, answer = l.post("1voucher/redeem", redeemBody("B", "5000500000000001", "0"))
	wantCode(t, "revoked", status, answer, 401, 3704)
}

func TestTheControlEndpointAndTheApiWorkAtOnce(t *testing.T) {
	l := setup(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			l.control("POST", "/sandbox/faults", `{"fault":"throttled","op":"1voucher/purchase"}`)
			l.control("GET", "/sandbox/faults", "")
			l.page("/")
			l.post("1voucher/purchase", ask(fmt.Sprintf("A-%d", i), props{"amount": 1000}))
		})
	}
	all.Wait()
	b := l.sandbox.Books()
	if sold := int64(b.Counts["success"]) * 10_00; b.Float != DefaultFloat-sold || b.Outstanding != sold {
		t.Errorf("books %+v", b)
	}
}
