package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/user"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"spaza/flashapi"
	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

// desk is where a person at the operator's works beside the running service: the
// configured books, and nothing that is started.
type desk struct {
	c     console
	cfg   config
	books *store.SQL
}

// openDesk reads the configuration as serve does and opens its books. The caller
// closes it.
func openDesk(ctx context.Context, c console) (*desk, error) {
	cfg, err := readConfig(c.environ)
	if err != nil {
		return nil, usage("the configuration is not usable:\n%w", err)
	}
	books, err := openBooks(ctx, cfg)
	if err != nil {
		return nil, usage("%w", err)
	}
	return &desk{c: c, cfg: cfg, books: books}, nil
}

func (d *desk) close() { _ = d.books.Close() }

// usageError is a command line or a configuration that cannot be used.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitStatus is what a command that failed ends with: 2 when it was not asked
// properly, else 1.
func exitStatus(err error) int {
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}

// Deed is who does something at the desk, and why.
type Deed struct {
	Reason string `help:"Why; it is kept." placeholder:"TEXT"`
	By     string `help:"Who you are; default the user of this machine." placeholder:"NAME"`
}

// longestReason is in characters. The trail keeps 500 bytes.
const longestReason = 160

// check returns who and why, fit to be kept.
func (d Deed) check(c console) (by, why string, err error) {
	why, by = oneLine(d.Reason), oneLine(d.By)
	if by == "" {
		by = thisUser(c.environ)
	}
	switch {
	case why == "":
		return "", "", usage(`say why: --reason "..."; it is kept with what is done`)
	case by == "":
		return "", "", usage("this machine does not say who you are: --by NAME")
	case utf8.RuneCountInString(why) > longestReason || utf8.RuneCountInString(by) > longestReason:
		return "", "", usage("--reason and --by may have %d characters", longestReason)
	case !utf8.ValidString(why + by), strings.ContainsRune(why+by, utf8.RuneError):
		return "", "", usage("--reason or --by is not readable text")
	case digitsInARow(why) >= 16:
		return "", "", usage("the reason seems to have a PIN or a token in it, and would be kept for ever: leave it out")
	}
	return by, why, nil
}

// digitsInARow is how many digits stand together at most, blanks and dashes
// between them not counted.
func digitsInARow(s string) int {
	most, n := 0, 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			n++
			most = max(most, n)
		case r != ' ' && r != '-' && r != '.':
			n = 0
		}
	}
	return most
}

// thisUser is the name of whoever runs the command; empty when the machine does
// not know.
func thisUser(environ []string) string {
	if u, err := user.Current(); err == nil {
		if u.Username != "" {
			return u.Username
		}
	}
	for _, kv := range environ {
		if name, ok := strings.CutPrefix(kv, "USER="); ok {
			return name
		}
	}
	return ""
}

// record writes down what a person sets out to do, before it is done: what
// happened without a row could be denied. Should it be refused, a second row
// says so.
func (d *desk) record(ctx context.Context, by, what, why string) error {
	return d.books.AddAct(ctx, store.Act{At: time.Now(), By: by, What: what, Why: why})
}

// do records a deed and does it.
func (d *desk) do(ctx context.Context, by, what, why string, deed func() error) error {
	if err := d.record(ctx, by, what, why); err != nil {
		return err
	}
	err := deed()
	if err != nil {
		note := what + ": refused: " + err.Error()
		if recordErr := d.record(context.WithoutCancel(ctx), by, note, why); recordErr != nil {
			err = errors.Join(err, recordErr)
		}
	}
	return err
}

// till is the service as far as a command needs it: it writes what is to be
// done, and a running service does it. It sells nothing and opens nothing.
func (d *desk) till() *vend.Service { return d.service(nil, noKeys{}) }

// sellingTill is a till that can prepare requests of the provider and seal. It
// calls nobody.
func (d *desk) sellingTill(ctx context.Context) (*vend.Service, func(), error) {
	keys, err := d.keys(ctx)
	if err != nil {
		return nil, nil, err
	}
	clients, err := d.cfg.preparing()
	if err != nil {
		return nil, nil, usage("%w", err)
	}
	provider, err := d.cfg.route(clients)
	if err != nil {
		clients.close()
		return nil, nil, usage("%w", err)
	}
	return d.service(provider, keys), clients.close, nil
}

// decidingTill is a till that can carry out a decision about an order of a provider.
// What Electrum sold is confirmed to it when it turns out to stand: that takes the
// keys, and its client to word it.
func (d *desk) decidingTill(ctx context.Context, provider string, as vend.Verdict) (*vend.Service, func(), error) {
	if provider == byElectrum && as == vend.VerdictVended {
		return d.sellingTill(ctx)
	}
	return d.till(), func() {}, nil
}

func (d *desk) service(p vend.Provider, k vend.Sealer) *vend.Service {
	o := vend.Options{Window: flashapi.ResendWindow, PIN: d.cfg.pinPolicy(), IdleAfter: d.cfg.idleAfter()}
	if d.c.err != nil { // what goes wrong beside what was asked for is said here, or nowhere
		o.Logger = slog.New(slog.NewTextHandler(d.c.err, &slog.HandlerOptions{Level: slog.LevelError}))
	}
	s := vend.New(d.books, p, k, o)
	s.Attach(vend.Elsewhere{})
	return s
}

// keys opens the data keys, and changes none of them.
func (d *desk) keys(ctx context.Context) (*secret.Keyring, error) {
	keys, err := d.cfg.operatorKeys()
	if err != nil {
		return nil, usage("%w", err)
	}
	ring, err := secret.OpenKeyring(ctx, atRest{d.books}, keys, secret.Options{})
	if errors.Is(err, errNoDataKeys) {
		return nil, err
	} else if err != nil {
		return nil, usage("%w", d.cfg.explainKeys(err))
	}
	return ring, nil
}

var errNoDataKeys = errors.New("there are no data keys yet: the service makes them when it starts")

// atRest is a vault that a command only reads: its environment may be ahead of
// the service's, which alone makes keys and wraps them again.
type atRest struct{ secret.Vault }

// FirstKeys implements secret.Vault.
func (atRest) FirstKeys(context.Context, []secret.KeyRow) (bool, error) { return false, errNoDataKeys }

// Rewrap implements secret.Vault.
func (atRest) Rewrap(context.Context, uint16, []byte, []byte) (bool, error) { return false, nil }

// noKeys is the Sealer of a till that needs none: orders are decided also when
// the key that sealed their requests is lost.
type noKeys struct{}

// Seal implements vend.Sealer.
func (noKeys) Seal(secret.Text, string) []byte { panic("nothing is sealed without a key") }

// Open implements vend.Sealer.
func (noKeys) Open([]byte, string) (secret.Text, error) { return secret.Text{}, secret.ErrSealed }

// Hash implements vend.Sealer.
func (noKeys) Hash(string, string) [32]byte { panic("nothing is hashed without a key") }

// order finds the one order that a person means: by its whole reference, or by
// the six letters that customers are told, however it is written.
func (d *desk) order(ctx context.Context, typed string) (vend.Order, error) {
	ref, short, err := readRef(typed)
	if err != nil {
		return vend.Order{}, err
	}
	list, err := d.books.FindOrders(ctx, vend.Query{Ref: ref, Limit: 20})
	switch {
	case err != nil:
		return vend.Order{}, err
	case len(list) == 0 && short:
		return vend.Order{}, fmt.Errorf("there is no order whose reference ends in %s", ref)
	case len(list) == 0:
		return vend.Order{}, fmt.Errorf("there is no order %s", ref)
	case len(list) > 1:
		var b strings.Builder
		for _, o := range list {
			b.WriteString("\n  " + o.Ref + "  " + clockDay(o.CreatedAt) + "  " + what(o))
		}
		return vend.Order{}, fmt.Errorf("%s orders end in %s; say which one:%s", strconv.Itoa(len(list)), ref, b.String())
	}
	return list[0], nil
}

// buyers are the customers of orders, by id.
func (d *desk) buyers(ctx context.Context, list []vend.Order) (map[string]vend.Customer, error) {
	ids := make([]string, len(list))
	for i, o := range list {
		ids[i] = o.Customer
	}
	return d.books.Customers(ctx, ids)
}
