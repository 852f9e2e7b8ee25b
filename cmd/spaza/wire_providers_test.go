package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"spaza/electrumapi"
	electrumsandbox "spaza/electrumapi/sandbox"
	"spaza/flashapi"
	"spaza/flashapi/sandbox"
	"spaza/ledger"
	"spaza/telemetry"
	"spaza/vend"
)

// opened is a service with what is configured, its simulators inside.
func opened(t *testing.T, env ...string) (*app, *bytes.Buffer) {
	t.Helper()
	cfg, err := readConfig(append(set("SPAZA_LISTEN=127.0.0.1:0", "SPAZA_ADMIN_LISTEN=", "SPAZA_DATA_DIR="+t.TempDir()), env...))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	a, err := wire(t.Context(), cfg, &log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	if err := a.shelf.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a, &log
}

func (a *app) sellOnce(t *testing.T, k vend.Kind, pick func(vend.Product) bool, amount ledger.Cents, target string) vend.Order {
	t.Helper()
	for _, p := range a.shelf.Of(k) {
		if !pick(p) {
			continue
		}
		o, err := a.shop.Buy(t.Context(), vend.Purchase{Ref: vend.NewRef(k, time.Now()), MSISDN: "27821234567", Product: p, Amount: amount, Target: target, Channel: "ussd"})
		if err != nil {
			t.Fatalf("%s of %s: %v", k, p.Code, err)
		}
		return o
	}
	t.Fatalf("no %s is on sale", k)
	return vend.Order{}
}

// TestAServiceSellsThroughBothProviders: each kind goes where it is routed, and the order
// says so.
func TestAServiceSellsThroughBothProviders(t *testing.T) {
	a, _ := opened(t, "SPAZA_PROVIDER=electrum,airtime=flash,bill=flash", "SPAZA_FUNDING=merchant")
	a.runner.Start(t.Context())
	t.Cleanup(func() { _ = a.runner.Stop(t.Context()) })
	every := func(vend.Product) bool { return true }
	vodacom := func(p vend.Product) bool { return p.Network == "vodacom" && p.Min <= 10_00 && p.Max >= 10_00 }
	for _, c := range []struct {
		o        vend.Order
		provider string
	}{
		{a.sellOnce(t, vend.KindAirtime, vodacom, ledger.Rand(10), "27821234567"), ""},
		{a.sellOnce(t, vend.KindElectricity, every, ledger.Rand(50), "14000000019"), "electrum"},
	} {
		if c.o.State != vend.StateDelivered || c.o.Provider() != c.provider {
			t.Errorf("%s: %s by %q, %s", c.o.Kind, c.o.State, c.o.Provider(), c.o.Reason)
		}
	}
	for k, want := range map[vend.Kind]bool{vend.KindAirtime: true, vend.KindGift: true, vend.KindBill: true, vend.KindRedeem: false, vend.KindRefund: false, vend.KindCashOut: false} {
		if a.shop.Sells(k) != want {
			t.Errorf("%s is sold: %t", k, !want)
		}
	}
	if len(a.shelf.Of(vend.KindVoucher)) != 0 || len(a.shelf.Of(vend.KindBill)) == 0 {
		t.Errorf("on sale: %v, %v", a.shelf.Of(vend.KindVoucher), a.shelf.Of(vend.KindBill))
	}
	if all := strings.Join(a.embedded, "\n"); !strings.Contains(all, "provider simulator, its books on") || !strings.Contains(all, "simulator of Electrum, its books on") {
		t.Errorf("embedded: %s", all)
	}
}

func TestWhoseRequestsAreMarked(t *testing.T) {
	airtime := vend.Sale{Ref: "P-1", Kind: vend.KindAirtime, Amount: ledger.Rand(10), Target: "27821234567", At: time.Unix(1_700_000_000, 0), Channel: "ussd"}
	for name, c := range map[string]struct {
		env     []string
		product string
		want    string // provider of the operation; "-" for a refusal
	}{
		"Flash alone":                  {nil, "101", ""},
		"Electrum alone":               {set("SPAZA_PROVIDER=electrum", "SPAZA_FUNDING=merchant"), "VOD10@electrum", "electrum"},
		"Flash's product, by Electrum": {set("SPAZA_PROVIDER=electrum", "SPAZA_FUNDING=merchant"), "101", "-"},
		"configured, and not routed":   {electrified(), "VOD10@electrum", "-"},
		"one of two":                   {set("SPAZA_PROVIDER=flash,airtime=electrum"), "VOD10@electrum", "electrum"},
	} {
		cfg, err := readConfig(c.env)
		if err != nil {
			t.Fatal(err)
		}
		clients, err := cfg.preparing()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(clients.close)
		routes, err := cfg.route(clients)
		if err != nil {
			t.Fatal(err)
		}
		sale := airtime
		sale.Product = c.product
		req, err := routes.Prepare(sale)
		if got := (vend.Order{Op: req.Op}).Provider(); c.want == "-" && !errors.Is(err, vend.ErrRefused) || c.want != "-" && (err != nil || got != c.want) {
			t.Errorf("%s: %q by %q, %v", name, req.Op, got, err)
		}
	}
}

func TestWhatIsProbedAndForHowLongIsWaited(t *testing.T) {
	for name, c := range map[string]struct {
		env    []string
		probes string
		wait   time.Duration
	}{
		"Flash alone":         {nil, "provider", 30 * time.Second},
		"Electrum alone":      {set("SPAZA_PROVIDER=electrum", "SPAZA_FUNDING=merchant"), "provider", 65 * time.Second},
		"both":                {set("SPAZA_PROVIDER=electrum,redeem=flash", "SPAZA_ELECTRUM_TIMEOUT=90s"), "flash electrum", 95 * time.Second},
		"a fallback":          {set("SPAZA_PROVIDER=flash,airtime=flash|electrum", "SPAZA_ELECTRUM_TIMEOUT=10s"), "provider", 30 * time.Second},
		"one with old orders": {electrified(), "provider", 65 * time.Second},
	} {
		cfg, err := readConfig(c.env)
		if err != nil {
			t.Fatal(err)
		}
		clients, err := cfg.preparing()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(clients.close)
		var names []string
		for _, p := range clients.probes(&cfg) {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); got != c.probes || cfg.sendTimeout() != c.wait {
			t.Errorf("%s: probes %q, waits %s", name, got, cfg.sendTimeout())
		}
	}
}

func TestHintsAreOfWhatTheSimulatorsSell(t *testing.T) {
	const voucher, meter, slowFlash, slowElectrum, water = "5000500000000001", "14000000019", "27600010001", "27610010001", "14000000159"
	merchant := "SPAZA_FUNDING=merchant"
	for name, c := range map[string]struct {
		env       []string
		has, none string
	}{
		"Flash":                  {nil, voucher + " " + meter + " " + slowFlash + " " + water, slowElectrum},
		"Electrum":               {set("SPAZA_PROVIDER=electrum", merchant), meter + " " + slowElectrum, voucher + " " + slowFlash + " " + water},
		"Electrum with water":    {set("SPAZA_PROVIDER=electrum", merchant, "SPAZA_ELECTRUM_UTILITIES=electricity,water"), water, voucher},
		"vouchers to Flash":      {set("SPAZA_PROVIDER=electrum,redeem=flash"), voucher + " " + meter + " " + slowElectrum, slowFlash},
		"Flash is real":          {flashed(), "", voucher + " " + meter},
		"Electrum, the real one": {electrified("SPAZA_PROVIDER=electrum,redeem=flash"), voucher, slowElectrum + " " + meter},
	} {
		cfg, err := readConfig(c.env)
		if err != nil {
			t.Fatal(err)
		}
		given := map[string]bool{}
		for _, h := range (&app{cfg: cfg}).hints() {
			given[h.Value] = true
		}
		for want, values := range map[bool]string{true: c.has, false: c.none} {
			for _, v := range strings.Fields(values) {
				if given[v] != want {
					t.Errorf("%s: hint %s is there: %t", name, v, given[v])
				}
			}
		}
	}
}

// TestBothSimulatorsAreServedOnOneAddress, and what the command prints opens them.
func TestBothSimulatorsAreServedOnOneAddress(t *testing.T) {
	srv := httptest.NewServer(simulators())
	t.Cleanup(srv.Close)
	cfg, err := readConfig(append(electrumSettings(srv.URL), "SPAZA_PROVIDER=flash,gift=electrum"))
	if err != nil {
		t.Fatal(err)
	}
	electrum, err := electrumapi.New(cfg.Electrum.options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(electrum.Close)
	flash, err := flashapi.New(simulatedFlash(flashapi.Options{}, srv.URL))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(flash.Close)
	routes, err := cfg.route(sellers{flash, electrum})
	if err != nil {
		t.Fatal(err)
	}
	products, err := routes.Products(t.Context())
	gifts := 0
	for _, p := range products {
		if p.Kind == vend.KindGift && strings.HasSuffix(p.Code, "@electrum") {
			gifts++
		}
	}
	if err != nil || gifts == 0 || gifts == len(products) {
		t.Errorf("%d gifts of %d products, %v", gifts, len(products), err)
	}
	for path, want := range map[string]string{"/": "Flash", "/electrum": "Electrum"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(page), want) {
			t.Errorf("%s: %s, %v", path, resp.Status, err)
		}
	}
}

// TestAPartOfTheCatalogueIsAskedForAgainLessOften than all of it.
func TestAPartOfTheCatalogueIsAskedForAgainLessOften(t *testing.T) {
	var log bytes.Buffer
	l := partly{&list{}}
	a := &app{log: telemetry.NewLogger(&log, telemetry.LogOptions{}), shelf: vend.NewShelf(l, vend.ShelfOptions{})}
	if again := a.restock(t.Context(), time.Second); again != shelfPartly || !strings.Contains(log.String(), "(gift): away") {
		t.Errorf("again in %s: %s", again, log.String())
	}
	if len(a.shelf.Airtime()) == 0 {
		t.Error("what there is of it is not on sale")
	}
}

// partly is a catalogue of which a part is away.
type partly struct{ *list }

func (p partly) Products(ctx context.Context) ([]vend.Product, error) {
	all, _ := p.list.Products(ctx)
	return all, &vend.PartialError{Kinds: []vend.Kind{vend.KindGift}, Err: errors.New("away")}
}

// TestElectrumStandsInForFlash with the lists that both really have: what it sells then
// is the same.
func TestElectrumStandsInForFlash(t *testing.T) {
	flashHost, electrumHost := httptest.NewServer(sandbox.New(sandbox.Options{})), httptest.NewServer(electrumsandbox.New(electrumsandbox.Options{}))
	t.Cleanup(flashHost.Close)
	t.Cleanup(electrumHost.Close)
	cfg, err := readConfig(append(electrumSettings(electrumHost.URL),
		"SPAZA_PROVIDER=flash,airtime=flash|electrum,electricity=flash|electrum", "SPAZA_ELECTRUM_UTILITIES=electricity,water"))
	if err != nil {
		t.Fatal(err)
	}
	var s sellers
	if s.flash, err = flashapi.New(simulatedFlash(flashapi.Options{}, flashHost.URL)); err != nil {
		t.Fatal(err)
	}
	if s.electrum, err = electrumapi.New(cfg.Electrum.options()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	routes, err := cfg.route(s)
	if err != nil {
		t.Fatal(err)
	}
	shelf := vend.NewShelf(routes, vend.ShelfOptions{})
	if err := shelf.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	by := func(p vend.Product, amount ledger.Cents, target string) string {
		req, err := routes.Prepare(vend.Sale{Ref: "P-1", Kind: p.Kind, Product: p.Code, Amount: amount, Target: target, At: time.Unix(1_700_000_000, 0), Channel: "ussd"})
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		body := req.Body.Reveal()
		if strings.HasSuffix(req.Op, "tokenPurchases@electrum") && strings.Contains(body, `"water"`) != p.Water() {
			t.Errorf("%s is sold as something else: %s", p.Name, body)
		}
		return (vend.Order{Op: req.Op}).Provider()
	}
	sales := func(want string) {
		t.Helper()
		for _, n := range shelf.Airtime() {
			if p, ok := n.Sells(ledger.Rand(20)); !ok || by(p, ledger.Rand(20), "27821234567") != want {
				t.Errorf("airtime of %s (%t) is not sold by %q", n.Name, ok, want)
			}
		}
		for _, p := range shelf.Of(vend.KindElectricity) {
			if by(p, ledger.Rand(50), "14000000019") != want {
				t.Errorf("%s of %s is not sold by %q", p.Name, p.Vendor, want)
			}
		}
	}
	if len(shelf.Airtime()) < 4 || len(shelf.Of(vend.KindElectricity)) < 2 {
		t.Fatalf("on sale: %v, %v", shelf.Airtime(), shelf.Of(vend.KindElectricity))
	}
	sales("")
	flashHost.Close()
	// A request on a connection that is still open may be lost on its way; the next one
	// finds nobody to connect to.
	for tries := 0; tries == 0 || !s.flash.Down() && tries < 5; tries++ {
		if err := shelf.Load(t.Context()); err == nil {
			t.Fatal("Flash's list is still there")
		}
	}
	sales("electrum")
}
