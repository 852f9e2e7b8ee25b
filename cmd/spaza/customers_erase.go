package main

import (
	"context"
	"errors"
	"fmt"

	"spaza/msisdn"
	"spaza/vend"
)

type customersEraseCommand struct {
	MSISDN      string `arg:"" name:"msisdn" help:"The customer's number, however it is written."`
	Confirm     string `help:"The number once more: then it is done." placeholder:"NUMBER"`
	Undelivered bool   `name:"even-undelivered" help:"Also when something they paid for was never handed over, and they give it up."`
	Wallet      string `help:"Instead of the wallet that has the number, this one, which was put aside from it: its id in the books." placeholder:"ID"`
	Deed        `embed:""`
}

// errStands makes the exit status 1; what stands in the way has been printed.
var errStands = errors.New("nothing was erased: something stands in the way")

// Run erases a customer, or says what it would erase.
func (e customersEraseCommand) Run(ctx context.Context, c console) error {
	by, why, err := e.check(c)
	if err != nil {
		return err
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	p, err := d.person(ctx, e.MSISDN)
	if err != nil {
		return err
	}
	if again, err := msisdn.Parse(e.Confirm); e.Confirm != "" && (err != nil || again != p.number) {
		return usage("--confirm is another number; nothing was erased")
	}
	if e.Wallet != "" {
		if p, err = d.aside(ctx, p, e.Wallet); err != nil {
			return err
		}
	}
	if e.Confirm == "" {
		return e.preview(ctx, d, p)
	}
	return e.erase(ctx, d, p, by, why)
}

// preview says what there is to be erased.
func (e customersEraseCommand) preview(ctx context.Context, d *desk, p person) error {
	r, err := d.describe(ctx, p)
	if err != nil {
		return err
	}
	if p.ID == "" && r.FromOthers == 0 {
		return nothingHeld(d.c, p)
	}
	list, err := d.oblivion().InTheWay(ctx, p.number, e.Undelivered)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		return stands(d.c, list)
	}
	fmt.Fprintf(d.c.out, "To be erased of %s: the number and the language, %s, and the number in %s of others.\n",
		msisdn.Local(p.number), counted(r.Orders, "what its order says of whom it was for", "what its %d orders say of whom they were for"),
		counted(r.FromOthers, "1 order", "%d orders"))
	confirm := msisdn.Local(p.number)
	if e.Wallet != "" { // which has no number
		confirm = plain(e.MSISDN)
	}
	fmt.Fprintln(d.c.out, "It cannot be undone. The books stay as they are.")
	return usage("nothing was erased yet; to do it: --confirm %s", confirm)
}

func (e customersEraseCommand) erase(ctx context.Context, d *desk, p person, by, why string) error {
	var f vend.Forgotten
	err := d.do(ctx, by, "erase customer "+p.named(), why, func() (err error) {
		v := d.oblivion()
		if keys, err := d.keys(ctx); err == nil { // otherwise codes are gone within a day
			v.Seal = keys
		}
		f, err = v.Erase(ctx, vend.Erasure{MSISDN: p.number, Unseen: e.Undelivered, By: by, Why: why})
		return err
	})
	if stand, ok := errors.AsType[*vend.InTheWayError](err); ok {
		return stands(d.c, stand.Obstacles)
	}
	if err != nil {
		return fmt.Errorf("the erasure may not be whole; the same command goes on with it: %w", err)
	}
	if f.Customer == "" && f.Orders+f.Others+f.Words+f.Names == 0 {
		return nothingHeld(d.c, p)
	}
	fmt.Fprintf(d.c.out, "%s is forgotten: %s, %s of others, %s, %s, %s.\n", msisdn.Local(p.number),
		counted(f.Orders, "1 order", "%d orders"), counted(f.Others, "1 order", "%d orders"),
		counted(f.Messages, "1 message that had not gone out", "%d messages that had not gone out"), counted(f.Words, "1 note", "%d notes"),
		counted(f.Links, "1 chat", "%d chats"))
	if f.Customer != "" {
		fmt.Fprintf(d.c.out, "In the books it is %s, whom nobody knows now.\n", f.Customer)
	}
	_, err = fmt.Fprintln(d.c.out, "Its conversation is gone within ten minutes. See docs/privacy.md for what lies outside: backups, logs, the gateways, the provider.")
	return err
}

// nothingHeld says so; that is no error, since it is what was asked for.
func nothingHeld(c console, p person) error {
	_, err := fmt.Fprintf(c.out, "Nothing is held about %s.\n", msisdn.Local(p.number))
	return err
}

// stands prints what stands in the way.
func stands(c console, list []vend.Obstacle) error {
	for _, o := range list {
		fmt.Fprintln(c.out, obstacleWords(o))
	}
	return errStands
}

// counted is a number of things in words.
func counted(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return fmt.Sprintf(many, n)
}
