package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"spaza/ledger"
	"spaza/msisdn"
	"spaza/vend"
)

// customersCommand is what a customer may ask of the operator: by law, what is
// held about them, and that it is erased; and a way out when the PIN is forgotten,
// when the wallet was not used for long, and when a phone is in other hands.
type customersCommand struct {
	Show   customersShowCommand   `cmd:"" help:"What is held about a customer, in short."`
	Export customersExportCommand `cmd:"" help:"All that is held about a customer, as JSON, for them to have."`
	Erase  customersEraseCommand  `cmd:"" help:"Erase what says who a customer is. The books stay as they are."`
	Reset  customersResetCommand  `cmd:"" name:"reset-pin" help:"Take a forgotten wallet PIN and its lock away."`
	Unlink customersUnlinkCommand `cmd:"" help:"End all chats of a number, such as when the phone was stolen."`
	Wake   customersWakeCommand   `cmd:"" help:"Make a wallet alive again that was not used for long."`
	Rejoin customersRejoinCommand `cmd:"" help:"Give a wallet back to its owner that was put aside because it was not used for long."`
}

// person is a number, and what is held about whoever has it.
type person struct {
	number string // canonical
	vend.Customer
	balance vend.Balance
}

// actOn checks who and why, finds the customer and does something for them. It is
// act for customers.
func actOn(ctx context.Context, c console, deed Deed, number string, do func(d *desk, p person, by, why string) error) error {
	by, why, err := deed.check(c)
	if err != nil {
		return err
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	p, err := d.person(ctx, number)
	if err != nil {
		return err
	}
	return do(d, p, by, why)
}

// person finds the customer of a number, which may have none: Customer is zero
// then.
func (d *desk) person(ctx context.Context, typed string) (p person, err error) {
	if p.number, err = msisdn.Parse(typed); err != nil {
		return p, usage("the customer's number: %w", err)
	}
	if p.Customer, err = d.books.Customer(ctx, p.number); err != nil || p.ID == "" {
		return p, err
	}
	p.balance, err = d.books.Balance(ctx, p.ID)
	return p, err
}

// named is a customer in an act: nothing in it outlives their wish to be
// forgotten.
func (p person) named() string {
	if p.ID == "" {
		return masked(p.number)
	}
	return masked(p.number) + " (" + p.ID + ")"
}

// oblivion is what erases customers.
func (d *desk) oblivion() vend.Oblivion { return vend.Oblivion{Store: d.books, Now: time.Now} }

type customersShowCommand struct {
	MSISDN string `arg:"" name:"msisdn" help:"The customer's number, however it is written."`
	JSON   bool   `help:"Write it as JSON."`
}

// personReport is what is held about a customer, in short.
type personReport struct {
	MSISDN         string           `json:"msisdn"`
	Customer       string           `json:"customer,omitempty"` // the id in the books
	Language       string           `json:"language,omitempty"`
	Since          string           `json:"since,omitempty"`
	AvailableCents int64            `json:"available_cents"`
	HeldCents      int64            `json:"held_cents"`
	Orders         int              `json:"orders"`
	Open           int              `json:"open"`
	First          string           `json:"first_order,omitempty"`
	Last           string           `json:"last_order,omitempty"`
	PIN            bool             `json:"wallet_pin_set"`
	PINLocked      string           `json:"wallet_pin_locked_until,omitempty"`
	Idle           bool             `json:"idle"` // so long unused that the caller may be somebody else
	Chats          []chatReport     `json:"chats"`
	FromOthers     int              `json:"orders_of_others_for_this_number"`
	InTheWay       []obstacleReport `json:"in_the_way_of_an_erasure"`
}

type chatReport struct {
	Channel string       `json:"channel"`
	How     vend.LinkHow `json:"proved_by"`
	Since   string       `json:"since"`
	Seen    string       `json:"last_seen"`
}

type obstacleReport struct {
	Kind        vend.ObstacleKind `json:"kind"`
	Ref         string            `json:"ref,omitempty"`
	State       vend.State        `json:"state,omitempty"`
	AmountCents int64             `json:"amount_cents,omitempty"`
	Words       string            `json:"words"`
}

// Run shows a customer.
func (s customersShowCommand) Run(ctx context.Context, c console) error {
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	p, err := d.person(ctx, s.MSISDN)
	if err != nil {
		return err
	}
	r, err := d.describe(ctx, p)
	if err != nil {
		return err
	}
	if s.JSON {
		return writeJSON(c.out, r, "  ")
	}
	return r.write(c)
}

// describe counts what is held about somebody.
func (d *desk) describe(ctx context.Context, p person) (r personReport, err error) {
	r = personReport{
		MSISDN: p.number, Customer: p.ID, Language: p.Language, Since: stamp(p.CreatedAt),
		AvailableCents: int64(p.balance.Available), HeldCents: int64(p.balance.Held), InTheWay: []obstacleReport{}, Chats: []chatReport{},
	}
	if p.ID != "" {
		_, err = d.each(ctx, search{query: vend.Query{Customer: p.ID}}, 0, func(page []vend.Order) error {
			if r.Orders == 0 {
				r.Last = stamp(page[0].CreatedAt)
			}
			r.Orders += len(page)
			r.First = stamp(page[len(page)-1].CreatedAt)
			for _, o := range page {
				if !o.State.Final() {
					r.Open++
				}
			}
			return nil
		})
		if err != nil {
			return r, err
		}
		pin, err := d.till().PIN(ctx, p.number)
		if err != nil {
			return r, err
		}
		r.PIN, r.PINLocked = pin.Set, stamp(pin.LockedUntil)
		caller, err := d.till().Caller(ctx, p.number)
		if err != nil {
			return r, err
		}
		r.Idle = caller.Idle
		links, err := d.books.Links(ctx, p.ID)
		if err != nil {
			return r, err
		}
		for _, l := range links {
			r.Chats = append(r.Chats, chatReport{l.Channel, l.How, stamp(l.LinkedAt), stamp(l.SeenAt)})
		}
	}
	_, err = d.each(ctx, search{query: vend.Query{Target: p.number}, not: p.ID}, 0, func(page []vend.Order) error {
		r.FromOthers += len(page)
		return nil
	})
	if err != nil {
		return r, err
	}
	list, err := d.oblivion().InTheWay(ctx, p.number, false)
	for _, o := range list {
		r.InTheWay = append(r.InTheWay, obstacleReport{o.Kind, o.Order.Ref, o.Order.State, int64(o.Amount), obstacleWords(o)})
	}
	return r, err
}

// write prints the report for a person.
func (r personReport) write(c console) error {
	number := msisdn.Local(r.MSISDN)
	if r.Customer == "" {
		fmt.Fprintf(c.out, "%s is no customer: the number never bought here, or was erased.\n", number)
	} else {
		language := r.Language
		if language == "" {
			language = "not chosen"
		}
		fmt.Fprintf(c.out, "Customer %s\n\n", number)
		fmt.Fprintf(c.out, "  %-11s %s\n", "In books", r.Customer)
		fmt.Fprintf(c.out, "  %-11s %s\n", "Language", plain(language))
		fmt.Fprintf(c.out, "  %-11s %s\n", "Since", day(r.Since))
		fmt.Fprintf(c.out, "  %-11s %s to spend, %s held\n", "Balance", ledger.Cents(r.AvailableCents), ledger.Cents(r.HeldCents))
		orders := "none"
		if r.Orders > 0 {
			orders = fmt.Sprintf("%d, from %s to %s; %d have not ended", r.Orders, day(r.First), day(r.Last), r.Open)
		}
		fmt.Fprintf(c.out, "  %-11s %s\n", "Orders", orders)
		fmt.Fprintf(c.out, "  %-11s %s\n", "Wallet PIN", r.pinWords())
		for _, chat := range r.Chats {
			if chat.How == vend.LinkEnded {
				fmt.Fprintf(c.out, "  %-11s %s, stopped %s: only a code by SMS links it again\n", "Chat", plain(chat.Channel), day(chat.Since))
				continue
			}
			fmt.Fprintf(c.out, "  %-11s %s since %s, last seen %s\n", "Chat", plain(chat.Channel), day(chat.Since), day(chat.Seen))
		}
		if r.Idle {
			fmt.Fprintf(c.out, "  %-11s %s\n", "Idle", "not used for so long that whoever calls may be somebody else: spaza customers wake")
		}
	}
	if r.FromOthers > 0 {
		fmt.Fprintf(c.out, "\nOrders of others for this number: %d\n", r.FromOthers)
	}
	if len(r.InTheWay) > 0 {
		fmt.Fprintln(c.out, "\nIn the way of an erasure")
		for _, o := range r.InTheWay {
			fmt.Fprintln(c.out, "  "+o.Words)
		}
	}
	if r.Customer == "" && r.FromOthers == 0 {
		return fmt.Errorf("nothing is held about %s", number)
	}
	fmt.Fprintf(c.out, "\nEach order: spaza orders list --msisdn %s\n", number)
	return nil
}

// pinWords says how the customer stands with the wallet PIN.
func (r personReport) pinWords() string {
	switch {
	case !r.PIN:
		return "not set"
	case r.PINLocked != "":
		_, clock, _ := strings.Cut(r.PINLocked, "T")
		clock, _, _ = strings.Cut(clock, ".")
		return "set, and locked until " + day(r.PINLocked) + " " + clock + " after wrong tries"
	}
	return "set"
}

// day is the day of a stamp.
func day(stamp string) string {
	d, _, _ := strings.Cut(stamp, "T")
	return d
}

// obstacleWords says what stands in the way, and what to do about it.
func obstacleWords(o vend.Obstacle) string {
	ref := plain(o.Order.Ref)
	switch o.Kind {
	case vend.ObstacleOrder:
		if o.Order.State == vend.StatePerson {
			return fmt.Sprintf("Order %s needs a person: spaza orders show %s", ref, vend.ShortRef(ref))
		}
		return fmt.Sprintf("Order %s is %s: wait until it has ended", ref, stateWords(o.Order.State, o.Order.Resolution))
	case vend.ObstacleForThem:
		return fmt.Sprintf("Order %s, which somebody else made for this number, is %s: wait until it has ended",
			ref, stateWords(o.Order.State, o.Order.Resolution))
	case vend.ObstacleAdvice:
		return fmt.Sprintf("The provider has not taken yet how order %s ended: wait until it has, or look at it: spaza orders show %s", ref, vend.ShortRef(ref))
	case vend.ObstacleBalance:
		return fmt.Sprintf("There is %s on the balance, which is the customer's: let them spend it, or pay it out with spaza orders refund", o.Amount)
	case vend.ObstacleHeld:
		return fmt.Sprintf("There is %s held: spaza ledger check", o.Amount)
	case vend.ObstacleUnseen:
		return fmt.Sprintf("What was bought by order %s (%s, %s) was never handed over: spaza orders resend %s, or --even-undelivered when they give it up",
			ref, what(o.Order), o.Amount, vend.ShortRef(ref))
	}
	return string(o.Kind)
}
