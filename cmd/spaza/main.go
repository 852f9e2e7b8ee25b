// Command spaza is the corner shop on every phone: customers dial a USSD code
// and buy airtime, or turn a 1Voucher into balance.
//
// Its life: configuration is read and checked as a whole, both listeners are
// bound, everything is wired (see wire.go, which reads as the architecture),
// and the service runs until it is told to stop. This package is the only one
// that knows all others, and holds no rule of its own.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"spaza/secret"
)

// version is set when a release is built.
var version = "development"

// commands is the command line.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run the service."`
	Dial    dialCommand    `cmd:"" help:"A handset in the terminal: dials the running service as a gateway would."`
	Sandbox sandboxCommand `cmd:"" help:"Run the provider simulators on their own."`
	Flows   flowsCommand   `cmd:"" help:"Print diagrams of every conversation, made from the code."`
	Config  struct {
		Check configCheckCommand `cmd:"" help:"Check the configuration and print it, secrets hidden."`
	} `cmd:"" help:"Configuration."`
	Telegram  telegramCommand  `cmd:"" help:"The Telegram bot: set up, look at, take away its webhook."`
	Texts     textsCommand     `cmd:"" help:"What customers are told: export the texts, check texts of one's own."`
	Keys      keysCommand      `cmd:"" help:"Data keys: where they stand, a new one, a fresh key for the operator."`
	Orders    ordersCommand    `cmd:"" help:"Support: find, read, resend, decide, reverse, refund and export orders."`
	Jobs      jobsCommand      `cmd:"" help:"Jobs that the service gave up: list, retry, drop."`
	Ledger    ledgerCommand    `cmd:"" help:"Books: check them, list balances, enter statements."`
	Customers customersCommand `cmd:"" help:"What a customer may ask for by law: what is held about them, and that it is erased."`
	Reconcile reconcileCommand `cmd:"" help:"Compare the provider's transaction file with the books, and propose what a person may confirm."`
	Health    healthCommand    `cmd:"" help:"Ask the service on this machine whether it is alive; exit status 1 when not."`
	Version   versionCommand   `cmd:"" help:"Print the version."`

	Conformance conformanceCommand `cmd:"" help:"Try whether a server does what the Flash Partner API v4 says: the configured one, else the embedded simulator."`
}

// console is where a command reads and writes.
type console struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], console{os.Stdin, os.Stdout, os.Stderr, os.Environ()})
	stop()
	os.Exit(code)
}

// run is main with its surroundings given, and the exit status returned.
func run(ctx context.Context, args []string, c console) int {
	var cmds commands
	exit := -1
	parser, err := kong.New(&cmds, kong.Name("spaza"), kong.Description("The corner shop on every phone."),
		kong.Writers(c.out, c.err), kong.Exit(func(code int) { exit = code }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(c.err, "spaza:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		fmt.Fprintln(c.err, "spaza:", err)
		return 2
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(c); err != nil {
		fmt.Fprintln(c.err, "spaza:", err)
		return exitStatus(err)
	}
	return 0
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(c console) error {
	_, err := fmt.Fprintln(c.out, "spaza", version)
	return err
}

type configCheckCommand struct{}

// Run reads the configuration as serve would, and prints it.
func (configCheckCommand) Run(c console) error {
	cfg, err := readConfig(c.environ)
	fmt.Fprint(c.out, cfg.describe())
	for _, w := range cfg.warnings {
		fmt.Fprintln(c.out, "note:", w)
	}
	if err = errors.Join(err, cfg.checkTexts()); err != nil {
		return fmt.Errorf("the configuration is not usable:\n%w", err)
	}
	fmt.Fprintln(c.out, "The configuration is usable.")
	return nil
}

type dialCommand struct {
	Code    string `arg:"" optional:"" help:"What to dial, such as *120*384# or *120*384*1#."`
	URL     string `help:"Where the service is." default:"http://127.0.0.1:8080" env:"SPAZA_DIAL_URL"`
	MSISDN  string `help:"Number of the phone." default:"27821234567"`
	Network string `help:"Network code of the phone (65501 Vodacom, 65510 MTN, 65507 Cell C, 65502 Telkom)." default:"65501"`
}

// Run dials.
func (d dialCommand) Run(ctx context.Context, c console) error {
	var key secret.Text
	for _, kv := range c.environ {
		if v, ok := strings.CutPrefix(kv, "SPAZA_USSD_KEY="); ok {
			key = secret.New(v)
		}
	}
	handset, err := newDialer(dialOptions{
		URL: d.URL, Code: d.Code, MSISDN: d.MSISDN, Network: d.Network, Key: key, In: c.in, Out: c.out,
	})
	if err != nil {
		return err
	}
	return handset.run(ctx)
}

type healthCommand struct{}

// Run asks /healthz, for a container's health check.
func (healthCommand) Run(ctx context.Context, c console) error {
	cfg, err := readConfig(c.environ)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+localAddress(cfg.Listen)+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask for health: %s", resp.Status)
	}
	_, err = fmt.Fprintln(c.out, "ok")
	return err
}
