package test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The routes of a shop that sells through Electrum: with vouchers that Flash takes in,
// and with nothing else at all.
const (
	besideFlash   = "electrum,redeem=flash,refund=flash,voucher=flash"
	electrumAlone = "electrum"
)

// throughElectrum is how a service sells through the simulator of Electrum at sandbox,
// with more besides. An airtime sale that never arrived is known to be lost after some
// seconds and not after minutes.
func throughElectrum(sandbox *process, routes string, more ...map[string]string) map[string]string {
	env := map[string]string{
		"SPAZA_PROVIDER": routes, "SPAZA_ELECTRUM_BASE_URL": sandbox.url, "SPAZA_ELECTRUM_USERNAME": "sandbox", "SPAZA_ELECTRUM_PASSWORD": "sandbox",
		"SPAZA_ELECTRUM_TERMINAL": "SPAZA001", "SPAZA_ELECTRUM_MERCHANT_ID": "SPAZA0000000001", "SPAZA_ELECTRUM_MERCHANT_TYPE": "5411",
		"SPAZA_ELECTRUM_MERCHANT_NAME": "Spaza", "SPAZA_ELECTRUM_MERCHANT_CITY": "Johannesburg", "SPAZA_ELECTRUM_MERCHANT_REGION": "GP",
		"SPAZA_ELECTRUM_TIMEOUT": "5s", "SPAZA_ELECTRUM_SETTLE_AFTER": "5s",
	}
	for _, m := range more {
		maps.Copy(env, m)
	}
	return env
}

// Numbers that Electrum's simulator answers otherwise than others.
const (
	numberDeclined = "27610000002" // DECLINED_BY_MNO
	numberHangs    = "27610010010" // sold, and never answered
	numberLost     = "27610010004" // HTTP 500, and nothing was done
)

// electrumSale is a line of the simulator's books.
type electrumSale struct {
	Op, Target, State, ErrorType string
	Amount, Paid                 int64
	Seen                         int
}

// electrumBooks are the requests that Electrum's simulator had, the oldest first.
func (p *process) electrumBooks() (all []electrumSale) {
	p.t.Helper()
	resp, err := http.Get(p.url + "/sandbox/electrum/books")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var b struct{ Transactions []electrumSale }
	if err := json.NewDecoder(resp.Body).Decode(&b); err != nil {
		p.t.Fatal(err)
	}
	for i := len(b.Transactions) - 1; i >= 0; i-- {
		all = append(all, b.Transactions[i])
	}
	return all
}

// booked waits until Electrum's books have exactly these requests, in their order and
// each with its state, such as "airtime/purchases confirmed". What is confirmed was
// sent once, and paid for in full.
func (p *process) booked(within time.Duration, want ...string) {
	p.t.Helper()
	var all []electrumSale
	deadline := time.Now().Add(within)
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		all = p.electrumBooks()
		var got []string
		for _, s := range all {
			got = append(got, s.Op+" "+s.State)
		}
		if slices.Equal(got, want) {
			tick.Stop()
			break
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("Electrum's books have %q, and not %q within %s", got, want, within)
		}
	}
	for _, s := range all {
		if s.State == "confirmed" && (s.Paid != s.Amount || s.Op == "airtime/purchases" && s.Seen != 1) {
			p.t.Errorf("of a sale Electrum has %+v", s)
		}
	}
}

// Where faults are switched on at the two simulators.
const flashFaults, electrumFaults = "/sandbox/faults", "/sandbox/electrum/faults"

// trouble switches a fault on at a simulator; none switches all of it off.
func (p *process) trouble(faults, body string) {
	p.t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodDelete
	}
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+faults, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if said, _ := io.ReadAll(resp.Body); resp.StatusCode > 299 {
		p.t.Fatalf("%s: HTTP %d %s", body, resp.StatusCode, said)
	}
}

// way is a way through the menu: what is chosen or, after a colon, typed.
type way []string

func (p *phone) goes(w way) {
	p.t.Helper()
	p.menu()
	for _, step := range w {
		if typed, ok := strings.CutPrefix(step, ":"); ok {
			p.press(typed)
		} else {
			p.choose(step)
		}
	}
}

// The ways to a yes.
func toAirtime() way            { return way{"Airtime", "My number", "R20"} }
func toPIN() way                { return way{"More to buy", "Airtime PIN", "Vodacom", "R10"} }
func toGift() way               { return way{"More to buy", "Gift vouchers", "Game Store", "R50"} }
func toMeter(number string) way { return way{"Electricity", ":" + number, "R100"} }

// listed are the orders of a service of these kinds, as support lists them, the newest
// first.
func listed(t *testing.T, service *process, kinds string) (all []struct{ Ref, State, Provider string }) {
	t.Helper()
	out := command(t, service, "orders", "list", "--kind="+kinds, "--from=yesterday", "--json")
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return all
}

// command runs another command of the binary on what a service keeps.
func command(t *testing.T, service *process, args ...string) string {
	t.Helper()
	var env []string
	for k, v := range service.env {
		env = append(env, k+"="+v)
	}
	out, err := spaza(t, env, args...)
	if err != nil {
		t.Fatalf("spaza %q: %v\n%s", args, err, out)
	}
	return out
}
