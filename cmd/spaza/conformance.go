package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"spaza/flashapi/conformance"
	"spaza/flashapi/sandbox"
	"spaza/secret"
)

type conformanceCommand struct {
	Spend          bool          `help:"Also try what moves money. On a real host that is real money; the embedded simulator always gets it."`
	SpendLimit     int64         `help:"How much all sales of the run may come to, in rand." default:"1000"`
	Fixture        string        `help:"JSON file with what this server can be tried with, or the word simulator; what is lacking is skipped." placeholder:"FILE"`
	JSON           bool          `help:"Write the report as JSON."`
	Only           string        `help:"Only the checks whose names begin so, such as 1voucher.redeem." placeholder:"NAME"`
	Pace           time.Duration `help:"Least time between two requests; the embedded simulator is not spared." default:"250ms"`
	Embedded       bool          `help:"Try the embedded simulator, even when another server is configured."`
	ProductionHost bool          `help:"Allow the production host, where money is money."`
}

// Run tries the configured server, or the embedded simulator.
func (d conformanceCommand) Run(ctx context.Context, c console) error {
	cfg, err := readConfig(c.environ)
	if err != nil {
		return fmt.Errorf("the configuration is not usable:\n%w", err)
	}
	if cfg.FlashRev != "2025" {
		fmt.Fprintf(c.err, "note: SPAZA_FLASH_REVISION is %s, and is not heeded here: the checks are those of the revision of 2025 only\n", cfg.FlashRev)
	}
	options := conformance.Options{
		AllowSpending: d.Spend, SpendLimit: d.SpendLimit * 100, AllowProduction: d.ProductionHost, Only: d.Only, Pace: d.Pace,
	}
	if d.SpendLimit <= 0 {
		return errors.New("--spend-limit must be above 0; without --spend nothing is bought")
	}
	target := conformance.Target{
		BaseURL: cfg.FlashBase, TokenURL: cfg.FlashToken, APIKey: cfg.FlashKey, Account: cfg.FlashAcct,
		StoreID: cfg.FlashStore, Terminal: cfg.FlashTill,
	}
	if d.Embedded || cfg.FlashBase == "" {
		at, stop, err := startSimulator(ctx)
		if err != nil {
			return err
		}
		defer stop()
		target = conformance.Target{
			BaseURL: at, APIKey: secret.New(sandbox.DefaultAPIKey), Account: sandbox.DefaultAccount, Fixture: conformance.Simulator(),
		}
		options.AllowSpending, options.SpendLimit, options.Pace = true, sandbox.DefaultFloat, -1
	}
	if d.Fixture == "simulator" {
		target.Fixture = conformance.Simulator()
	} else if d.Fixture != "" {
		if target.Fixture, err = fixtureFile(d.Fixture); err != nil {
			return err
		}
	}
	printer := conformance.NewPrinter(c.out)
	if !d.JSON {
		options.Progress = printer.Result
	}
	report, err := conformance.Run(ctx, target, options)
	if errors.Is(err, conformance.ErrProduction) {
		return fmt.Errorf("%w; say --production-host if that is meant", err)
	}
	if err != nil && len(report.Results) == 0 {
		return err
	}
	if d.JSON {
		out := json.NewEncoder(c.out)
		out.SetIndent("", "  ")
		err = errors.Join(err, out.Encode(report))
	} else {
		err = errors.Join(err, printer.Summary(report))
	}
	return errors.Join(err, report.Err())
}

func fixtureFile(name string) (conformance.Fixture, error) {
	file, err := os.Open(name)
	if err != nil {
		return conformance.Fixture{}, fmt.Errorf("open fixture: %w", err)
	}
	defer file.Close()
	f, err := conformance.ReadFixture(file)
	if err == nil && f.Name == "" {
		f.Name = name
	}
	return f, err
}

// startSimulator runs a simulator of its own for one command. Amounts choose its
// faults, and a check of limits may choose the slow one: it is not slow here.
func startSimulator(ctx context.Context) (at string, stop func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("start provider simulator: %w", err)
	}
	srv := &http.Server{Handler: sandbox.New(sandbox.Options{SlowFor: time.Millisecond}), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = srv.Serve(l) }()
	return "http://" + l.Addr().String(), func() { _ = srv.Close() }, nil
}
