package main

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"spaza/channels"
	"spaza/electrumapi"
	electrumsandbox "spaza/electrumapi/sandbox"
	"spaza/flashapi"
	"spaza/flashapi/sandbox"
	"spaza/secret"
	"spaza/telemetry"
	"spaza/vend"
)

// callAtLeast is how long an attempt at a sale may take at least: longer than a call of
// Flash's client. leeway is how much longer than a call of Electrum's, which has its
// own time: what the client says of a call that took too long is better than what is
// known when it is cut off.
const (
	callAtLeast = 30 * time.Second
	leeway      = 5 * time.Second
)

// sellers are the clients of the providers that can be called; nil where one cannot.
type sellers struct {
	flash    *flashapi.Client
	electrum *electrumapi.Client
}

// openSellers connects to the providers that are used, or still have orders.
func (a *app) openSellers(m *telemetry.Metrics) (s sellers, err error) {
	if a.cfg.knows(byFlash) {
		if s.flash, err = a.flash(m); err != nil {
			return s, err
		}
	}
	if a.cfg.knows(byElectrum) {
		s.electrum, err = a.electrum(m)
	}
	return s, err
}

// preparing are clients that word requests as the service's do, and are not to send
// them. Where the service has a simulator inside, it is not known where that
// listens, and not needed.
func (c *config) preparing() (s sellers, err error) {
	const nowhere = "http://127.0.0.1"
	if c.knows(byFlash) {
		o := c.flashOptions()
		if o.BaseURL == "" {
			o = simulatedFlash(o, nowhere)
		}
		if s.flash, err = flashapi.New(o); err != nil {
			return s, err
		}
	}
	if c.knows(byElectrum) {
		o := c.Electrum.options()
		if !c.Electrum.there() {
			o = simulatedElectrum(o, nowhere)
		}
		if s.electrum, err = electrumapi.New(o); err != nil {
			s.close()
			return sellers{}, err
		}
	}
	return s, nil
}

// close lets go of connections.
func (s sellers) close() {
	if s.flash != nil {
		s.flash.Close()
	}
	if s.electrum != nil {
		s.electrum.Close()
	}
}

// route makes one provider of them, as configured. What went to Flash, the first,
// carries no mark: it reads as before there was another.
func (c *config) route(s sellers) (*vend.Routes, error) {
	var all []vend.Seller
	marks := map[string]string{byFlash: "", byElectrum: byElectrum}
	if s.flash != nil {
		all = append(all, vend.Seller{Name: marks[byFlash], Provider: flashapi.NewProvider(s.flash, flashapi.ProviderOptions{
			PaidOtherwise: c.FlashPaid == "payment", ReleaseSoft: c.FlashSoft == "yes",
		})})
	}
	if s.electrum != nil {
		o, err := c.Electrum.providerOptions()
		if err != nil {
			return nil, err
		}
		all = append(all, vend.Seller{Name: marks[byElectrum], Provider: electrumapi.NewProvider(s.electrum, o)})
	}
	by := map[vend.Kind][]string{}
	for k, names := range c.routes() {
		for _, name := range names {
			by[k] = append(by[k], marks[name])
		}
	}
	return vend.NewRoutes(all, by)
}

// providerOptions fit Electrum to the contract, as configured.
func (e electrumConfig) providerOptions() (o electrumapi.ProviderOptions, err error) {
	o = electrumapi.ProviderOptions{
		SingleMessaging: e.Messages == "single", RetryNewID: e.RetryID == "new", Tender: electrumapi.TenderType(e.Tender),
		StatusAfter: e.StatusAfter, SettleAfter: e.SettleAfter,
	}
	if o.Unknown, err = e.remedies(); err != nil {
		return o, err
	}
	o.Utilities, err = e.utilities()
	return o, err
}

// sendTimeout bounds one attempt at a sale.
func (c *config) sendTimeout() time.Duration {
	if !c.knows(byElectrum) {
		return callAtLeast
	}
	return max(callAtLeast, c.Electrum.Timeout+leeway)
}

// probes say whether sales can be made. A provider in whose place another can sell
// everything is no reason to take no customers, and neither is one that only has old
// orders.
func (s sellers) probes(c *config) []telemetry.Check {
	var all []telemetry.Check
	if s.flash != nil && c.needs(byFlash) {
		all = append(all, telemetry.Check{Name: "flash", Probe: s.flash.Ready})
	}
	if s.electrum != nil && c.needs(byElectrum) {
		all = append(all, telemetry.Check{Name: "electrum", Probe: s.electrum.Ready})
	}
	if len(all) == 1 {
		all[0].Name = "provider"
	}
	return all
}

// flashOptions are how Flash is reached, as configured.
func (c *config) flashOptions() flashapi.Options {
	o := flashapi.Options{
		BaseURL: c.FlashBase, TokenURL: c.FlashToken, APIKey: c.FlashKey, AccountNumber: c.FlashAcct,
		StoreID: c.FlashStore, TerminalID: c.FlashTill, ProductCodeAsText: c.FlashCodes == "text",
	}
	if c.FlashRev == "2023" {
		o.Dialect = flashapi.Draft2023
	}
	return o
}

// simulatedFlash makes options for the simulator of those for the real one.
func simulatedFlash(o flashapi.Options, base string) flashapi.Options {
	o.BaseURL, o.TokenURL = base, ""
	o.APIKey, o.AccountNumber = secret.New(sandbox.DefaultAPIKey), sandbox.DefaultAccount
	o.StoreID, o.TerminalID = cmp.Or(o.StoreID, "SPAZA1"), cmp.Or(o.TerminalID, "TILL1")
	return o
}

// simulatedElectrum does the same. Who sells may be anybody there.
func simulatedElectrum(o electrumapi.Options, base string) electrumapi.Options {
	o.BaseURL, o.AirtimeURL, o.VoucherURL, o.UtilityURL, o.TokenURL = base, "", "", "", ""
	o.Username, o.Password, o.Client = electrumsandbox.DefaultUser, secret.New(electrumsandbox.DefaultPassword), ""
	o.RetryPath = "" // the simulator has the usual one
	o.Terminal, o.MerchantID, o.MerchantType = cmp.Or(o.Terminal, "SPAZA001"), cmp.Or(o.MerchantID, "SPAZA0000000001"), cmp.Or(o.MerchantType, "5411")
	o.MerchantName, o.MerchantCity, o.MerchantRegion = cmp.Or(o.MerchantName, "Spaza"), cmp.Or(o.MerchantCity, "Johannesburg"), cmp.Or(o.MerchantRegion, "GP")
	return o
}

// alarm is what is done when a provider leaves many sales unclear.
func (a *app) alarm(provider string) func(float64) {
	return func(share float64) {
		a.log.Error("provider leaves many sales unclear", "provider", provider, "share", fmt.Sprintf("%.0f%%", 100*share), "within", "5m", "alert", true)
	}
}

// flash connects to Flash, or to a simulator of it in this process.
func (a *app) flash(m *telemetry.Metrics) (*flashapi.Client, error) {
	o := a.cfg.flashOptions()
	o.Observe, o.Alarm = m.Upstream, a.alarm(byFlash)
	if o.BaseURL == "" {
		base, err := a.simulate(sandbox.New(sandbox.Options{}))
		if err != nil {
			return nil, err
		}
		o = simulatedFlash(o, base)
		a.embedded = append(a.embedded, "provider simulator, its books on "+base+"/: no real airtime is sold (set SPAZA_FLASH_BASE_URL, _API_KEY, _ACCOUNT_NUMBER)")
	}
	c, err := flashapi.New(o)
	if err != nil {
		return nil, err
	}
	a.onClose(func() error { c.Close(); return nil })
	return c, nil
}

// electrum connects to Electrum, or to a simulator of it in this process.
func (a *app) electrum(m *telemetry.Metrics) (*electrumapi.Client, error) {
	o := a.cfg.Electrum.options()
	o.Alarm = a.alarm(byElectrum)
	o.Observe = func(op, outcome string, d time.Duration) { m.Upstream(byElectrum+"/"+op, outcome, d) }
	if !a.cfg.Electrum.there() {
		base, err := a.simulate(electrumsandbox.New(electrumsandbox.Options{}))
		if err != nil {
			return nil, err
		}
		o = simulatedElectrum(o, base)
		a.embedded = append(a.embedded, "simulator of Electrum, its books on "+base+"/electrum: nothing real is sold (set SPAZA_ELECTRUM_BASE_URL and what it asks for)")
	}
	c, err := electrumapi.New(o)
	if err != nil {
		return nil, err
	}
	a.onClose(func() error { c.Close(); return nil })
	return c, nil
}

// simulate serves a simulator to this machine.
func (a *app) simulate(h http.Handler) (base string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback, at once
	if err != nil {
		return "", fmt.Errorf("start provider simulator: %w", err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = srv.Serve(l) }()
	a.onClose(srv.Close)
	return "http://" + l.Addr().String(), nil
}

// hints are a few numbers worth trying on the handset when an embedded simulator
// sells; `spaza sandbox` lists them all. Both simulators have the same test meters,
// and each its own telephone numbers.
func (a *app) hints() []channels.HandsetHint {
	by := func(provider string, kinds ...vend.Kind) bool {
		for _, k := range kinds {
			if choices := a.cfg.routes()[k]; len(choices) > 0 && choices[0] == provider && a.simulates(provider) {
				return true
			}
		}
		return false
	}
	var all []channels.HandsetHint
	add := func(when bool, hints ...channels.HandsetHint) {
		if when {
			all = append(all, hints...)
		}
	}
	add(by(byFlash, vend.KindRedeem),
		channels.HandsetHint{Label: "A 1Voucher of R50. Good once: change the last digits for another", Value: "5000500000000001"},
		channels.HandsetHint{Label: "A 1Voucher of R100", Value: "5001000000000001"},
		channels.HandsetHint{Label: "A 1Voucher that was used before", Value: "6240100000000000"},
		channels.HandsetHint{Label: "A 1Voucher whose answer gets lost", Value: "7030005000000001"},
	)
	add(by(byFlash, vend.KindElectricity) || by(byElectrum, vend.KindElectricity),
		channels.HandsetHint{Label: "A meter: Eskom", Value: "14000000019"},
		channels.HandsetHint{Label: "A meter that owes money", Value: "14000000043"},
		channels.HandsetHint{Label: "A meter with free units", Value: "14000000084"},
		channels.HandsetHint{Label: "A meter that gets new keys first", Value: "14000000118"},
	)
	add(by(byFlash, vend.KindBill), channels.HandsetHint{Label: "An account at a biller, which owes R350", Value: "10035000"})
	add(by(byFlash, vend.KindElectricity) || by(byElectrum, vend.KindElectricity) && strings.Contains(a.cfg.Electrum.Utilities, "water"),
		channels.HandsetHint{Label: "A water meter", Value: "14000000159"})
	add(by(byFlash, vend.KindAirtime, vend.KindData),
		channels.HandsetHint{Label: "As phone number: the network is slow", Value: "27600010001"},
		channels.HandsetHint{Label: "As phone number: the answer gets lost", Value: "27600010003"},
		channels.HandsetHint{Label: "As phone number: on another network", Value: "27600002368"},
		channels.HandsetHint{Label: "As phone number: SIM not registered", Value: "27600002355"},
	)
	add(by(byElectrum, vend.KindAirtime, vend.KindData),
		channels.HandsetHint{Label: "As phone number, at Electrum: the network is slow", Value: "27610010001"},
		channels.HandsetHint{Label: "As phone number, at Electrum: the answer gets lost", Value: "27610010003"},
		channels.HandsetHint{Label: "As phone number, at Electrum: the network declines", Value: "27610000002"},
	)
	return all
}

// simulates says that a provider is a simulator in this process.
func (a *app) simulates(provider string) bool {
	if provider == byFlash {
		return a.cfg.FlashBase == ""
	}
	return !a.cfg.Electrum.there()
}
