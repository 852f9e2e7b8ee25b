package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

type ordersShowCommand struct {
	Ref    string `arg:"" help:"The reference, or its last six letters."`
	JSON   bool   `help:"Write it as JSON."`
	Goods  bool   `help:"Show the PIN or the tokens too; needs --reason, and is recorded."`
	Unmask bool   `help:"Show whole phone numbers, meters and accounts; needs --reason, and is recorded."`
	Deed   `embed:""`
}

// Run shows one order.
func (s ordersShowCommand) Run(ctx context.Context, c console) error {
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	o, err := d.order(ctx, s.Ref)
	if err != nil {
		return err
	}
	f, err := d.file(ctx, o.Ref)
	if err != nil {
		return err
	}
	show := masked
	if s.Unmask || s.Goods {
		if f.goods, err = s.lookClosely(ctx, d, f); err != nil {
			return err
		}
		if s.Unmask {
			show = whole
		}
		if f.Trail, err = d.books.Moves(ctx, o.Ref); err != nil { // this look is in it now
			return err
		}
	}
	if s.JSON {
		return writeJSON(c.out, f.report(show, time.Now()), "  ")
	}
	return f.write(c.out, show, time.Now())
}

// lookClosely records that a person sees what is masked for others, and opens
// the goods where they are asked for.
func (s ordersShowCommand) lookClosely(ctx context.Context, d *desk, f file) (goods *vend.Goods, err error) {
	by, why, err := s.check(d.c)
	if err != nil {
		return nil, err
	}
	seen := "show " + f.Order.Ref
	if s.Unmask {
		seen += ", unmasked"
	}
	till := d.till()
	if s.Goods {
		seen += ", with its goods"
		switch {
		case len(f.Order.Goods) == 0:
			return nil, fmt.Errorf("order %s has nothing to hand over", f.Order.Ref)
		case !f.Order.Done():
			return nil, fmt.Errorf("order %s is %s: what came with it is not the customer's", f.Order.Ref, stateWords(f.Order.State, f.Order.Resolution))
		}
		keys, err := d.keys(ctx)
		if err != nil {
			return nil, err
		}
		till = d.service(nil, keys)
	}
	return goods, d.do(ctx, by, seen, why, func() error {
		if s.Goods {
			g, err := till.Goods(f.Order)
			if err != nil {
				return plainly(f.Order.Ref, err)
			}
			goods = &g
		}
		return d.books.InTx(ctx, func(tx vend.Tx) error {
			o, err := tx.Order(f.Order.Ref)
			if err != nil {
				return err
			}
			return tx.AddMove(vend.Move{
				Ref: o.Ref, At: time.Now(), From: o.State, To: o.State, Delivery: o.Delivery,
				Cause: vend.CauseExport, By: by, Note: strings.TrimPrefix(seen, "show "+o.Ref+", ") + ": " + why,
			})
		})
	})
}

// file is all that is known of one order.
type file struct {
	vend.File
	buyer vend.Customer
	jobs  []store.OrderJob
	goods *vend.Goods // nil unless they were asked for
}

func (d *desk) file(ctx context.Context, ref string) (f file, err error) {
	if f.File, err = d.till().File(ctx, ref); err != nil {
		return f, plainly(ref, err)
	}
	buyers, err := d.buyers(ctx, []vend.Order{f.Order})
	if err != nil {
		return f, err
	}
	f.buyer = buyers[f.Order.Customer]
	f.jobs, err = d.books.OrderJobs(ctx, ref)
	return f, err
}

// write prints the file for a person.
func (f file) write(to io.Writer, show func(string) string, now time.Time) error {
	var b strings.Builder
	o := f.Order
	fmt.Fprintf(&b, "Order %s\n\n", plain(o.Ref))
	say := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	fund := "the customer's balance"
	if o.Fund == vend.FundMerchant {
		fund = "the operator's float"
	}
	switch o.Kind {
	case vend.KindRedeem:
		say("What", "%s, worth %s, into the customer's balance", what(o), amount(o))
	case vend.KindReverse:
		say("What", "%s of %s, %s", what(o), plain(o.Original), amount(o))
	default:
		say("What", "%s, %s from %s", what(o), amount(o), fund)
	}
	say("Buyer", "%s", show(f.buyer.MSISDN))
	switch {
	case o.Target != "" && o.Target == f.buyer.MSISDN:
		say("For", "self")
	case o.Target != "":
		say("For", "%s", show(o.Target))
	}
	state := stateSentence(o)
	if o.State == vend.StateUnknown && f.Advice.Undo {
		state = stateWords(o.State, "") + ": it was sent, and not answered clearly; it is being undone"
	}
	if o.Reason != "" && (o.Refused() || o.State == vend.StatePerson) {
		state += " (" + plain(string(o.Reason)) + ")"
	}
	say("State", "%s", state)
	say("Delivery", "%s", deliveryWords(o))
	say("Provider", "%s", providerWords(o, f.Trail))
	if f.Advice.Ref != "" {
		say("Advice", "%s", adviceWords(f.Advice))
	}
	say("Made", "%s on %s", clockSecond(o.CreatedAt), cmp.Or(plain(o.Channel), "-"))
	say("First sent", "%s", clockSecond(o.FirstSentAt))
	say("Last moved", "%s", clockSecond(o.UpdatedAt))

	list := func(title string, n int, item func(i int) string) {
		if n == 0 {
			return
		}
		b.WriteString("\n" + title + "\n")
		for i := range n {
			b.WriteString("  " + item(i) + "\n")
		}
	}
	list("Trail", len(f.Trail), func(i int) string { return clockSecond(f.Trail[i].At) + "  " + moveWords(o, f.Trail[i]) })
	list("Books", len(f.Entries), func(i int) string { return entryWords(o, f.Entries[i]) })
	list("Jobs", len(f.jobs), func(i int) string { return jobWords(f.jobs[i], now) })
	list("Reversals", len(f.Undone), func(i int) string {
		u := f.Undone[i]
		return fmt.Sprintf("%s  %s  %s", plain(u.Ref), clockDay(u.CreatedAt), stateWords(u.State, u.Resolution))
	})
	if f.goods != nil {
		lines := goodsLines(*f.goods)
		list("Goods", len(lines), func(i int) string { return lines[i] })
	}
	advice := canBeDone(f, now)
	list("What can be done now", len(advice), func(i int) string { return advice[i] })
	_, err := io.WriteString(to, b.String())
	return err
}

// showReport is the file for a program.
type showReport struct {
	orderLine
	CodeTimes int           `json:"code_times,omitempty"`
	Advice    *adviceReport `json:"advice,omitempty"`
	Trail     []moveReport  `json:"trail"`
	Books     []entryReport `json:"books"`
	Jobs      []jobReport   `json:"jobs"`
	Reversals []orderLine   `json:"reversals"`
	Goods     []string      `json:"goods,omitempty"`
	CanBeDone []string      `json:"can_be_done"`
}

// adviceReport is what the provider must be told of an order.
type adviceReport struct {
	Undo    bool             `json:"undo"`
	State   vend.AdviceState `json:"state"`
	Tries   int              `json:"tries"`
	Code    string           `json:"code,omitempty"`
	MadeAt  string           `json:"made_at"`
	TriedAt string           `json:"tried_at,omitempty"`
}

type moveReport struct {
	At       string        `json:"at"`
	From     vend.State    `json:"from"`
	To       vend.State    `json:"to"`
	Delivery vend.Delivery `json:"delivery,omitempty"`
	Cause    vend.Cause    `json:"cause"`
	By       string        `json:"by,omitempty"`
	Attempt  int           `json:"attempt,omitempty"`
	Code     string        `json:"code,omitempty"`
	Note     string        `json:"note,omitempty"`
	Words    string        `json:"words"`
}

type entryReport struct {
	Kind        ledger.Kind    `json:"kind"`
	Debit       ledger.Account `json:"debit"`
	Credit      ledger.Account `json:"credit"`
	AmountCents int64          `json:"amount_cents"`
}

func (f file) report(show func(string) string, now time.Time) showReport {
	r := showReport{
		orderLine: line(f.Order, roleAny, f.buyer, show), CodeTimes: f.Order.CodeTimes,
		Trail: []moveReport{}, Books: []entryReport{}, Jobs: []jobReport{}, Reversals: []orderLine{}, CanBeDone: canBeDone(f, now),
	}
	if a := f.Advice; a.Ref != "" {
		r.Advice = &adviceReport{a.Undo, a.State, a.Tries, a.Code, stamp(a.MadeAt), stamp(a.TriedAt)}
	}
	for _, m := range f.Trail {
		r.Trail = append(r.Trail, moveReport{
			stamp(m.At), m.From, m.To, m.Delivery, m.Cause, m.By, m.Attempt, m.Code, m.Note, moveWords(f.Order, m),
		})
	}
	for _, e := range f.Entries {
		for _, p := range e.Postings {
			r.Books = append(r.Books, entryReport{e.Kind, p.Debit, p.Credit, int64(p.Amount)})
		}
	}
	for _, j := range f.jobs {
		r.Jobs = append(r.Jobs, reportJob(j))
	}
	for _, u := range f.Undone {
		r.Reversals = append(r.Reversals, line(u, roleAny, f.buyer, show))
	}
	if f.goods != nil {
		r.Goods = goodsLines(*f.goods)
	}
	return r
}
