package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"spaza/msisdn"
	"spaza/vend"
)

// ordersCommand is what support works with. It reads and writes the books beside
// the running service; whatever must be sent, that service sends.
type ordersCommand struct {
	List    ordersListCommand    `cmd:"" help:"Find orders, newest first."`
	Show    ordersShowCommand    `cmd:"" help:"All that is known of one order, and what can be done now."`
	Resend  ordersResendCommand  `cmd:"" help:"Ask the provider again at once; of an order that ended, send its message again."`
	Resolve ordersResolveCommand `cmd:"" help:"Decide an order that needs a person."`
	Reverse ordersReverseCommand `cmd:"" help:"Have the provider undo a sale that happened."`
	Refund  ordersRefundCommand  `cmd:"" help:"Turn a customer's balance into a new 1Voucher."`
	Export  ordersExportCommand  `cmd:"" help:"Write orders for the accountant or the provider, as CSV or JSON lines."`
	Acts    ordersActsCommand    `cmd:"" help:"What people did by these commands, newest first."`
}

// errNothing makes the exit status 1; that nothing was found has been printed.
var errNothing = errors.New("no such order")

// monthBack is how far a list goes back that asks for nothing in particular.
const monthBack = 31

type ordersListCommand struct {
	OrderFilter `embed:""`

	Limit  int  `help:"How many of them." default:"100"`
	JSON   bool `help:"Write it as JSON."`
	Unmask bool `help:"Show whole phone numbers, meters and accounts; needs --reason, and is recorded."`
	Deed   `embed:""`
}

// Run lists.
func (l ordersListCommand) Run(ctx context.Context, c console) error {
	if l.Limit < 1 || l.Limit > 10_000 {
		return usage("--limit is 1 to 10000; for more there is spaza orders export")
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	now := time.Now()
	lists, number, err := l.searches(ctx, d, now)
	if err != nil {
		return err
	}
	bounded := !l.narrows()
	if bounded {
		for i := range lists {
			lists[i].query.From = now.AddDate(0, 0, -monthBack)
		}
	}
	show := masked
	if l.Unmask {
		by, why, err := l.check(c)
		if err != nil {
			return err
		}
		if err := d.record(ctx, by, "list orders, unmasked: "+l.String(), why); err != nil {
			return err
		}
		show = whole
	}
	out := []orderLine{}
	for _, s := range lists {
		n, err := l.list(ctx, d, s, number, show, &out)
		if err != nil {
			return err
		}
		if n > 0 && !l.JSON {
			fmt.Fprintln(c.out)
		}
	}
	if l.JSON {
		if err := writeJSON(c.out, out, "  "); err != nil {
			return err
		}
	} else if number != "" {
		if err := l.balance(ctx, d, number); err != nil {
			return err
		}
	}
	if bounded {
		fmt.Fprintf(c.err, "Looked at the last %d days; --from for more.\n", monthBack)
	}
	if len(out) == 0 {
		return errNothing
	}
	return nil
}

// list prints, or collects, one search.
func (l ordersListCommand) list(ctx context.Context, d *desk, s search, number string, show func(string) string, out *[]orderLine) (int, error) {
	var table strings.Builder
	n := 0
	more, err := d.each(ctx, s, l.Limit, func(page []vend.Order) error {
		buyers, err := d.buyers(ctx, page)
		if err != nil {
			return err
		}
		for _, o := range page {
			n++
			buyer := buyers[o.Customer]
			*out = append(*out, line(o, s.role, buyer, show))
			row(&table, o, buyer, l.Unmask)
		}
		return nil
	})
	if err != nil || l.JSON || n == 0 {
		return n, err
	}
	fmt.Fprintln(d.c.out, s.role.heading(number, n, more))
	fmt.Fprintf(d.c.out, "%-22s  %-16s  %-15s  %9s  %-5s  %-5s  %s\n%s", "REF", "MADE", "WHAT", "AMOUNT", "BUYER", "FOR", "STATE", table.String())
	return n, nil
}

// row is an order in a table of 100 columns. Whole numbers take a second line.
func row(b *strings.Builder, o vend.Order, buyer vend.Customer, unmask bool) {
	target := masked(o.Target)
	if o.Target != "" && o.Target == buyer.MSISDN {
		target = "self"
	}
	fmt.Fprintf(b, "%-22s  %-16s  %-15s  %9s  %-5s  %-5s  %s\n", plain(o.Ref), clockDay(o.CreatedAt), cut(what(o), 15),
		amount(o), masked(buyer.MSISDN), target, stateWords(o.State, o.Resolution))
	if unmask {
		fmt.Fprintf(b, "%-22s  buyer %s, for %s\n", "", whole(buyer.MSISDN), whole(o.Target))
	}
}

// balance prints what a customer has.
func (l ordersListCommand) balance(ctx context.Context, d *desk, number string) error {
	c, err := d.books.Customer(ctx, number)
	if err != nil {
		return err
	}
	if c.ID == "" {
		fmt.Fprintf(d.c.out, "%s has never bought here.\n", msisdn.Local(number))
		return nil
	}
	b, err := d.books.Balance(ctx, c.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.c.out, "Balance: %s to spend, %s held.\n", b.Available, b.Held)
	return nil
}
