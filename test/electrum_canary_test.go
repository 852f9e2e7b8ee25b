package test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"spaza/electrumapi/sandbox"
	"spaza/test/whole"
)

// eavesdropper is a simulator of Electrum that keeps whatever secrets it hands out.
type eavesdropper struct {
	*sandbox.Sandbox

	mu     sync.Mutex
	bearer []string
	goods  map[string]bool // PINs, codes and tokens
}

// ServeHTTP implements http.Handler.
func (e *eavesdropper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	heard := &copied{ResponseWriter: w}
	defer func() { // a fault may break the answer off
		var answer any
		if json.Unmarshal(heard.b.Bytes(), &answer) == nil {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.keep(answer)
		}
	}()
	e.Sandbox.ServeHTTP(heard, r)
}

// shortPIN is the PIN beside the code of a gift voucher. Any four digits stand in
// what is written anyway, as a year, a count or by chance: longer they do not.
var shortPIN = regexp.MustCompile(`"pin":"(\d{4})"`)

// copied is an answer of which there is a copy, with PINs that are long enough to be
// looked for.
type copied struct {
	http.ResponseWriter
	b bytes.Buffer
}

// Write implements io.Writer.
func (c *copied) Write(b []byte) (int, error) {
	longer := shortPIN.ReplaceAll(b, []byte(`"pin":"${1}7391${1}"`))
	_, _ = c.b.Write(longer)
	if _, err := c.ResponseWriter.Write(longer); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Unwrap is for http.ResponseController.
func (c *copied) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (e *eavesdropper) keep(answer any) {
	switch v := answer.(type) {
	case []any:
		for _, one := range v {
			e.keep(one)
		}
	case map[string]any:
		for name, one := range v {
			text, is := one.(string)
			switch {
			case is && name == "access_token":
				e.bearer = append(e.bearer, text)
			case is && (name == "pin" || name == "code" || name == "token") && len(text) > 3:
				e.goods[text] = true
			default:
				e.keep(one)
			}
		}
	}
}

// TestNoSecretOfElectrumReachesASink sells everything that has one, also with answers
// that are lost, and looks for them in all that is written anywhere.
func TestNoSecretOfElectrumReachesASink(t *testing.T) {
	t.Parallel()
	const user, password, clientID, clientSecret = "canary-shop", "canary-password-81c2", "canary-client", "canary-client-secret-55d0"
	ear := &eavesdropper{goods: map[string]bool{}, Sandbox: sandbox.New(sandbox.Options{
		User: user, Password: password, ClientID: clientID, ClientSecret: clientSecret,
	})}
	electrum := httptest.NewServer(ear)
	t.Cleanup(electrum.Close)
	redis, flash, data, admin := newTap(t, miniredis.RunT(t).Addr()), startSandbox(t), t.TempDir(), freeAddr(t)
	service := startService(t, flash, map[string]string{
		"SPAZA_REDIS_URL": whole.PatientRedis("redis://" + redis.addr), "SPAZA_DATA_DIR": data, "SPAZA_LOG_LEVEL": "debug", "SPAZA_ADMIN_LISTEN": admin,
	}, "/healthz")
	_ = service.stop() // nothing was sold through Electrum yet
	for k, v := range throughElectrum(flash, besideFlash, map[string]string{
		"SPAZA_ELECTRUM_BASE_URL": electrum.URL, "SPAZA_ELECTRUM_USERNAME": user, "SPAZA_ELECTRUM_PASSWORD": password,
		"SPAZA_ELECTRUM_TOKEN_URL": electrum.URL + sandbox.TokenPath, "SPAZA_ELECTRUM_CLIENT_ID": clientID, "SPAZA_ELECTRUM_CLIENT_SECRET": clientSecret,
		"SPAZA_ELECTRUM_UNKNOWN": "airtime_pin=reverse",
	}) {
		service.env[k] = v
	}
	service.start("/readyz")
	p := newPhone(t, service)
	fault := func(f sandbox.Fault) {
		t.Helper()
		if err := ear.Fault(f); err != nil {
			t.Fatal(err)
		}
	}
	slip := voucher(500)
	p.dial()
	p.choose("Use a 1Voucher")
	p.press(slip)
	for _, w := range []way{toPIN(), toGift(), toMeter("14000000118"), {"More to buy", "Gift vouchers", "Baobab Films", "R99"}} {
		p.goes(w)
		p.choose("Pay R")
	}
	ear.RevokeTokens() // which makes it ask for another
	fault(sandbox.Fault{Name: "garbage", Op: "suv/vouchers"})
	p.goes(toGift())
	p.choose("Yes", "Pay R50")
	fault(sandbox.Fault{Name: "unauthorised", Op: "airtime/purchases/status"})
	p.goes(way{"Airtime", "Other number", ":0610010013", "Vodacom", "R10"})
	p.choose("Pay R10")
	p.sees("Do not buy again")
	// What is still open when the service is gone: a confirmation, and a reversal.
	fault(sandbox.Fault{Name: "http_503_before", Op: "airtime/purchases/confirmations", Times: 1000})
	fault(sandbox.Fault{Name: "http_503_before", Op: "airtime/purchases/reversals", Times: 1000})
	p.goes(way{"More to buy", "Airtime PIN", "MTN", "R10"})
	p.choose("Pay R10")
	fault(sandbox.Fault{Name: "truncated", Op: "airtime/purchases"})
	p.goes(way{"More to buy", "Airtime PIN", "Cell C", "R10"})
	p.choose("Pay R10")
	p.sees("Do not buy again")
	eventually(t, 60*time.Second, "the advices are refused", func() bool {
		return strings.Contains(service.logged(), "msg=advice") && strings.Count(service.logged(), "final=false") > 1
	})
	resp, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || !strings.Contains(string(page), "electrum") {
		t.Fatalf("metrics: %v\n%s", err, page)
	}
	service.kill()

	c := canaries{long: []string{password, clientSecret}, who: []string{p.number, "0" + p.number[2:]}}
	for _, pair := range []string{user + ":" + password, clientID + ":" + clientSecret} {
		c.long = append(c.long, base64.StdEncoding.EncodeToString([]byte(pair)))
	}
	c.long = append(c.long, spellings(slip)...)
	ear.mu.Lock()
	defer ear.mu.Unlock()
	for secret := range ear.goods {
		if len(secret) < 12 {
			t.Errorf("a secret of %d characters is found by chance", len(secret))
		}
		c.long = append(c.long, spellings(secret)...)
		c.long = append(c.long, secret)
	}
	if len(ear.goods) < 8 || len(ear.bearer) < 2 {
		t.Errorf("there are %d secrets to look for, and %d tokens", len(ear.goods), len(ear.bearer))
	}
	c.long = append(c.long, ear.bearer...)
	c.long = slices.Compact(slices.Sorted(slices.Values(c.long)))

	c.absent(t, "log", service.logged(), c.who)
	c.absent(t, "metrics", regexp.MustCompile(`(?m)^(go|process)_.*\n`).ReplaceAllString(string(page), ""), c.who)
	c.absent(t, "redis", redis.all(), c.who)
	files, err := filepath.Glob(data + "/spaza.db*")
	if err != nil || len(files) == 0 {
		t.Fatalf("data folder: %v, %v", files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c.absent(t, filepath.Base(name), string(b))
	}
	f := &fort{data: data}
	open := f.cells(t, `SELECT undo || ' ' || state FROM advices WHERE sealed IS NOT NULL ORDER BY 1`)
	if !slices.Contains(open, "0 due") || !slices.Contains(open, "1 due") {
		t.Errorf("open advices: %q", open)
	}
	for _, table := range f.cells(t, `SELECT name FROM sqlite_master WHERE type = 'table'`) {
		for _, cell := range f.cells(t, `SELECT * FROM `+table) {
			c.absent(t, "table "+table, cell)
		}
	}
}
