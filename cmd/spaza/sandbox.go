package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"spaza/electrumapi"
	electrumsandbox "spaza/electrumapi/sandbox"
	"spaza/flashapi/sandbox"
)

type sandboxCommand struct{}

// electrumSettings are what a service must be told of to sell through the simulator. Who
// sells may be anybody there.
func electrumSettings(at string) []string {
	o := simulatedElectrum(electrumapi.Options{}, at)
	return []string{
		"SPAZA_ELECTRUM_BASE_URL=" + o.BaseURL, "SPAZA_ELECTRUM_USERNAME=" + electrumsandbox.DefaultUser, "SPAZA_ELECTRUM_PASSWORD=" + electrumsandbox.DefaultPassword,
		"SPAZA_ELECTRUM_TERMINAL=" + o.Terminal, "SPAZA_ELECTRUM_MERCHANT_ID=" + o.MerchantID, "SPAZA_ELECTRUM_MERCHANT_TYPE=" + o.MerchantType,
		"SPAZA_ELECTRUM_MERCHANT_NAME=" + o.MerchantName, "SPAZA_ELECTRUM_MERCHANT_CITY=" + o.MerchantCity, "SPAZA_ELECTRUM_MERCHANT_REGION=" + o.MerchantRegion,
	}
}

// simulators are both providers' on one address: none of Electrum's paths is Flash's.
func simulators() http.Handler {
	mux, electrum := http.NewServeMux(), electrumsandbox.New(electrumsandbox.Options{})
	mux.Handle("/", sandbox.New(sandbox.Options{}))
	for _, path := range electrumsandbox.Paths() {
		mux.Handle(path, electrum)
	}
	return mux
}

// Run serves the provider simulators on their own.
func (sandboxCommand) Run(ctx context.Context, c console) error {
	cfg, err := readConfig(c.environ)
	if err != nil {
		return fmt.Errorf("the configuration is not usable:\n%w", err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", cfg.SandboxAddr)
	if err != nil {
		return fmt.Errorf("bind SPAZA_SANDBOX_LISTEN: %w", err)
	}
	srv := &http.Server{Handler: simulators(), ReadHeaderTimeout: 5 * time.Second}
	at := "http://" + localAddress(l.Addr().String())
	fmt.Fprintf(c.out, "Simulator of Electrum's interfaces on %s (its books and test numbers: %s/electrum)\n\n", l.Addr(), at)
	fmt.Fprintf(c.out, "SPAZA_PROVIDER=electrum,redeem=flash,refund=flash,voucher=flash\n")
	for _, kv := range electrumSettings(at) {
		fmt.Fprintln(c.out, kv)
	}
	fmt.Fprintf(c.out, "\nSimulator of the Flash Partner API v4 on %s (its books and test numbers: %s/)\n\n", l.Addr(), at)
	fmt.Fprintf(c.out, "SPAZA_FLASH_BASE_URL=%s\nSPAZA_FLASH_API_KEY=%s\nSPAZA_FLASH_ACCOUNT_NUMBER=%s\n\n", at, sandbox.DefaultAPIKey, sandbox.DefaultAccount)
	faults := 0
	for _, n := range sandbox.TestNumbers() {
		if faults = max(faults, n.Fault); n.Fault == 0 {
			fmt.Fprintf(c.out, "%-9s %-17s %s\n", n.Kind, n.Value, n.Meaning)
		}
	}
	fmt.Fprintf(c.out, "\nThe page lists the numbers of all %d faults, and how to switch one on for whatever comes next.\n", faults)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		quiet, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := srv.Shutdown(quiet); err != nil {
			_ = srv.Close()
		}
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve simulator: %w", err)
	}
	<-stopped
	return nil
}
