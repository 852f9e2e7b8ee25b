package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"spaza/msisdn"
	"spaza/vend"
)

type customersWakeCommand struct {
	MSISDN string `arg:"" name:"msisdn" help:"The customer's number, however it is written."`
	Deed   `embed:""`
}

// Run makes a customer's wallet alive again.
func (w customersWakeCommand) Run(ctx context.Context, c console) error {
	return actOn(ctx, c, w.Deed, w.MSISDN, func(d *desk, p person, by, why string) error {
		number := msisdn.Local(p.number)
		err := d.do(ctx, by, "wake wallet of "+p.named(), why, func() error { return d.till().WakeFor(ctx, p.number, by, why) })
		switch {
		case errors.Is(err, vend.ErrNoCustomer):
			return fmt.Errorf("%s is no customer", number)
		case errors.Is(err, vend.ErrNotIdle):
			return fmt.Errorf("the wallet of %s was used lately: there is nothing to wake", number)
		case err != nil:
			return err
		}
		_, err = fmt.Fprintf(c.out, "The wallet of %s is alive again, with all that is in it.\n", number)
		return err
	})
}

type customersUnlinkCommand struct {
	MSISDN string `arg:"" name:"msisdn" help:"The customer's number, however it is written."`
	Deed   `embed:""`
}

// Run ends all chats of a customer.
func (u customersUnlinkCommand) Run(ctx context.Context, c console) error {
	return actOn(ctx, c, u.Deed, u.MSISDN, func(d *desk, p person, by, why string) error {
		var n int
		err := d.do(ctx, by, "unlink chats of "+p.named(), why, func() (err error) {
			n, err = d.till().UnlinkAll(ctx, p.number, by, why)
			return err
		})
		switch {
		case errors.Is(err, vend.ErrNoCustomer):
			return fmt.Errorf("%s is no customer", msisdn.Local(p.number))
		case err != nil:
			return err
		}
		_, err = fmt.Fprintf(c.out, "%s of %s. Whoever goes on there has to prove the number once more.\n",
			counted(n, "There was 1 chat", "There were %d chats"), msisdn.Local(p.number))
		return err
	})
}

type customersRejoinCommand struct {
	MSISDN string `arg:"" name:"msisdn" help:"The number that the wallet had, however it is written."`
	To     string `help:"The owner's number now; default: the same." placeholder:"NUMBER"`
	Wallet string `help:"Which wallet, by its id in the books, where several were put aside from the number." placeholder:"ID"`
	Deed   `embed:""`
}

// Run gives a wallet back to its owner.
func (r customersRejoinCommand) Run(ctx context.Context, c console) error {
	return actOn(ctx, c, r.Deed, r.MSISDN, func(d *desk, p person, by, why string) error {
		j := vend.Rejoining{MSISDN: p.number, Customer: r.Wallet, To: p.number, By: by, Why: why}
		if r.To != "" {
			var err error
			if j.To, err = msisdn.Parse(r.To); err != nil {
				return usage("the owner's number now: %w", err)
			}
		}
		keys, err := d.keys(ctx) // the number that a wallet had is known by its hash alone
		if err != nil {
			return err
		}
		till := d.service(nil, keys)
		var back vend.Customer
		err = d.do(ctx, by, "rejoin wallet of "+masked(p.number)+" to "+masked(j.To), why, func() (err error) {
			back, err = till.Rejoin(ctx, j)
			return err
		})
		if err != nil {
			return r.refused(ctx, d, till, j, err)
		}
		b, err := d.books.Balance(ctx, back.ID)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.out, "%s has the wallet %s again: %s to spend, %s held.\n", msisdn.Local(j.To), back.ID, b.Available, b.Held)
		return err
	})
}

// aside is a wallet that was put aside from somebody's number, in place of the one
// that has it.
func (d *desk) aside(ctx context.Context, p person, id string) (person, error) {
	keys, err := d.keys(ctx)
	if err != nil {
		return p, err
	}
	list, err := d.service(nil, keys).Asides(ctx, p.number)
	if err != nil {
		return p, err
	}
	for _, a := range list {
		if a.Customer.ID == id {
			p = person{number: a.Customer.MSISDN, Customer: a.Customer}
			p.balance, err = d.books.Balance(ctx, id)
			return p, err
		}
	}
	return p, fmt.Errorf("no such wallet was put aside from %s", msisdn.Local(p.number))
}

// refused says what is in the way, and what to do.
func (customersRejoinCommand) refused(ctx context.Context, d *desk, till *vend.Service, j vend.Rejoining, why error) error {
	from, to := msisdn.Local(j.MSISDN), msisdn.Local(j.To)
	switch {
	case errors.Is(why, vend.ErrTaken):
		return fmt.Errorf("%s has a wallet of its own that was used: its orders and its money stay with it. "+
			"Give the old one to another number of its owner with --to", to)
	case errors.Is(why, vend.ErrNotAside):
		return fmt.Errorf("no such wallet was put aside from %s", from)
	case !errors.Is(why, vend.ErrSeveralAside):
		return why
	}
	list, err := till.Asides(ctx, j.MSISDN)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, a := range list {
		money, err := d.books.Balance(ctx, a.Customer.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n  --wallet %s  put aside %s, %s to spend, %s held", a.Customer.ID, day(stamp(a.At)), money.Available, money.Held)
	}
	return fmt.Errorf("several wallets were put aside from %s; say which one:%s", from, b.String())
}
