package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"spaza/ledger"
	"spaza/msisdn"
	"spaza/store"
	"spaza/vend"
)

// ledgerCommand is what the operator's bookkeeper works with.
type ledgerCommand struct {
	Check    ledgerCheckCommand    `cmd:"" help:"Prove the books: every entry balances, no balance is negative, every hold ended at most once, every order agrees. Exit status 1 otherwise, with the rows."`
	Balances ledgerBalancesCommand `cmd:"" help:"What is owed to customers, and where the money is."`
	Post     ledgerPostCommand     `cmd:"" help:"Make an entry that follows a statement: a top-up, a settlement, commission."`
}

// errUnsound makes the exit status 1; what is wrong has been printed.
var errUnsound = errors.New("the books are not sound")

type ledgerCheckCommand struct {
	JSON bool `help:"Write it as JSON."`
}

// checkReport is what a check found.
type checkReport struct {
	Sound    bool                            `json:"sound"`
	Faults   []faultReport                   `json:"faults"`
	Balances map[ledger.Account]ledger.Cents `json:"balances_cents"` // credit-positive
}

type faultReport struct {
	Fault   store.FaultKind `json:"fault"`
	Ref     string          `json:"ref,omitempty"`
	Entry   ledger.Kind     `json:"entry,omitempty"`
	Account ledger.Account  `json:"account,omitempty"`
	Want    ledger.Cents    `json:"want_cents,omitempty"`
	Got     ledger.Cents    `json:"got_cents,omitempty"`
	Note    string          `json:"note,omitempty"`
}

// Run checks the books by themselves, then the orders against them. Only the
// first is proof that no money was made or lost; the second says that it follows
// the orders.
func (l ledgerCheckCommand) Run(ctx context.Context, c console) error {
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	faults, err := d.books.CheckBooks(ctx)
	if err != nil {
		return err
	}
	orders, err := d.books.CheckOrders(ctx)
	if err != nil {
		return err
	}
	report := checkReport{Faults: []faultReport{}}
	for _, f := range append(faults, orders...) {
		report.Faults = append(report.Faults, faultReport{f.Kind, f.Ref, f.Entry, f.Account, f.Want, f.Got, f.Note})
	}
	report.Sound = len(report.Faults) == 0
	if report.Balances, err = d.books.Balances(ctx); err != nil {
		return err
	}
	if l.JSON {
		err = writeJSON(c.out, report, "  ")
	} else {
		err = report.write(c.out)
	}
	if err == nil && !report.Sound {
		err = errUnsound
	}
	return err
}

func (r checkReport) write(to io.Writer) error {
	for _, f := range r.Faults {
		what := f.Note
		if what == "" {
			what = fmt.Sprintf("is %s, should be %s", f.Got, f.Want)
		}
		if _, err := fmt.Fprintf(to, "%s %s\n", f.Fault, plain(fmt.Sprint(f.Ref, f.Account, " ", f.Entry, " ", what))); err != nil {
			return err
		}
	}
	if err := writeBalances(to, r.Balances); err != nil {
		return err
	}
	verdict := "The books are sound: every entry balances, no customer is overdrawn, every hold ended at most once, every order agrees."
	if !r.Sound {
		verdict = fmt.Sprintf("THE BOOKS ARE NOT SOUND: %d faults, listed above. Let nobody correct them by hand: see the runbook.", len(r.Faults))
	}
	_, err := fmt.Fprintln(to, verdict)
	return err
}

// meaning says in words what an account is, and on which side it stands.
func meaning(a ledger.Account) (words string, ours bool) {
	switch a {
	case "cust:*:available":
		return "owed to customers, to spend", false
	case "cust:*:held":
		return "owed to customers, held for open sales", false
	case ledger.Suspense:
		return "owed to customers not yet known", false
	case ledger.Held("merchant"):
		return "set aside by the merchant for open sales", false
	case ledger.ProviderRedemption:
		return "owed to us by the provider for vouchers", true
	case ledger.ProviderFloat:
		return "our float at the provider", true
	case ledger.Bank:
		return "bank", true
	case ledger.MerchantFunds:
		return "spent by the merchant for customers", true
	case ledger.ExpenseLoss:
		return "lost by mistakes", true
	case ledger.IncomeCommission:
		return "commission earned", false
	case ledger.EquityAdjust:
		return "brought in by adjustments", false
	}
	if provider, ok := a.FloatOf(); ok {
		return "our float at " + plain(provider), true
	}
	return "", false
}

// writeBalances lists balances as a bookkeeper reads them: what we have as well
// as what we owe is above zero.
func writeBalances(to io.Writer, balances map[ledger.Account]ledger.Cents) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, side := range []struct {
		title string
		ours  bool
	}{{"What there is", true}, {"What is owed, earned or brought in", false}} {
		var total ledger.Cents
		fmt.Fprintf(w, "%s\t\t\n", side.title)
		for _, a := range slices.Sorted(maps.Keys(balances)) {
			words, ours := meaning(a)
			if ours != side.ours {
				continue
			}
			sum := balances[a]
			if ours {
				sum = -sum
			}
			total += sum
			fmt.Fprintf(w, "  %s\t%s\t%s\n", plain(string(a)), sum, words)
		}
		fmt.Fprintf(w, "  total\t%s\t\n", total)
	}
	return w.Flush()
}

type ledgerBalancesCommand struct {
	JSON bool `help:"Write them as JSON, in cents, credit-positive."`
}

// Run lists the balances.
func (l ledgerBalancesCommand) Run(ctx context.Context, c console) error {
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	balances, err := d.books.Balances(ctx)
	switch {
	case err != nil:
		return err
	case l.JSON:
		return writeJSON(c.out, balances, "  ")
	}
	return writeBalances(c.out, balances)
}

type ledgerPostCommand struct {
	Kind   string `arg:"" enum:"top_up,settled,moved,commission,adjusted,suspended,attributed" help:"top_up: from the bank to the float. settled: the provider paid for vouchers into the bank. moved: it turned what it owed for vouchers into float. commission: earned, into the float. adjusted: the float as the provider states it, less what the books say; may be negative. suspended: a voucher was taken in, for whom is not known. attributed: it is known now, see --msisdn."`
	Amount string `arg:"" help:"As people write it: R50, 50.00, -12,50."`
	Ref    string `required:"" help:"The number of the statement or payment that it follows; the same twice is posted once."`
	MSISDN string `name:"msisdn" help:"Whose it is, for attributed." placeholder:"NUMBER"`
	At     string `name:"provider" default:"flash" enum:"flash,electrum" help:"Whose float it is about: flash or electrum."`
	Deed   `embed:""`
}

// Run posts one entry.
func (l ledgerPostCommand) Run(ctx context.Context, c console) error {
	by, why, err := l.check(c)
	if err != nil {
		return err
	}
	kind := ledger.Kind(l.Kind)
	text, minus := l.Amount, false
	if kind == ledger.KindAdjusted && len(text) > 1 && text[0] == '-' {
		text, minus = text[1:], true
	}
	amount, err := readAmount(text)
	if err != nil {
		return usage("%w", err)
	}
	if minus {
		amount = -amount
	}
	ref := oneLine(l.Ref)
	if ref == "" || len(ref) > 60 {
		return usage("--ref is 1 to 60 characters")
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	customer := ""
	if kind == ledger.KindAttributed {
		n, err := msisdn.Parse(l.MSISDN)
		if err != nil {
			return usage("--msisdn: %w", err)
		}
		who, err := d.books.Customer(ctx, n)
		if err != nil {
			return err
		}
		if customer = who.ID; customer == "" {
			return errors.New("there is no customer with that number; they must have dialled once")
		}
	}
	at := ledger.ProviderFloat
	if l.At != byFlash {
		at = ledger.Float(l.At)
	}
	e, ok := ledger.Operator(kind, "L-"+ref, at, customer, amount)
	if !ok {
		return usage("%s is no entry that is made by hand at %s", l.Kind, l.At)
	}
	what := fmt.Sprintf("ledger post %s %s %s", kind, amount, ref)
	if l.At != byFlash {
		what += " at " + l.At
	}
	err = d.do(ctx, by, what, why, func() error {
		return d.books.InTx(ctx, func(tx vend.Tx) error { return tx.Post(e, time.Now()) })
	})
	switch {
	case errors.Is(err, ledger.ErrReused):
		return fmt.Errorf("%s was posted under %s before, with another amount", kind, ref)
	case errors.Is(err, ledger.ErrInsufficient):
		return errors.New("there is not so much to be attributed")
	case errors.Is(err, ledger.ErrUnbalanced):
		return usage("the amount is zero")
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(c.out, "Posted: %s, %s, under %s.\n", kind, amount, ref)
	return err
}
