package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"spaza/msisdn"
	"spaza/vend"
)

type customersExportCommand struct {
	MSISDN string `arg:"" name:"msisdn" help:"The customer's number, however it is written."`
	Out    string `help:"Write it to this new file, which only you can read; default: to the terminal." placeholder:"FILE"`
	Goods  bool   `help:"With PINs and tokens that are still kept."`
	Deed   `embed:""`
}

// portrait is all that is held about somebody, but for their orders.
type portrait struct {
	MSISDN     string           `json:"msisdn"`
	WrittenAt  string           `json:"written_at"`
	Customer   *portraitProfile `json:"customer"` // null: no customer
	NotInHere  []string         `json:"not_in_here"`
	Orders     []portraitOrder  `json:"orders"`
	FromOthers []portraitGift   `json:"orders_of_others_for_this_number"`
}

type portraitProfile struct {
	ID             string `json:"id"`
	Language       string `json:"language"`
	Since          string `json:"since"`
	AvailableCents int64  `json:"available_cents"`
	HeldCents      int64  `json:"held_cents"`
	PIN            bool   `json:"wallet_pin_set"`
	PINSince       string `json:"wallet_pin_since,omitempty"`
	// Names are what the customer calls numbers, meters and accounts, and which
	// of them they took off their list.
	Names []portraitName `json:"names"`
	Chats []portraitChat `json:"chats"`
}

type portraitChat struct {
	Channel string       `json:"channel"`
	Name    string       `json:"name_there"`
	How     vend.LinkHow `json:"proved_by"`
	Since   string       `json:"since"`
	Seen    string       `json:"last_seen"`
}

type portraitName struct {
	Kind     vend.Kind `json:"kind"`
	Target   string    `json:"for"`
	Name     string    `json:"name,omitempty"`
	Since    string    `json:"since,omitempty"`
	TakenOff string    `json:"taken_off_the_list,omitempty"`
}

// portraitOrder is one order with all that belongs to it. Who at the operator's
// did something to it is somebody else's business.
type portraitOrder struct {
	orderLine
	Trail    []portraitMove `json:"trail"`
	Books    []entryReport  `json:"books"`
	Messages []portraitJob  `json:"messages_on_their_way"`
	Goods    []string       `json:"goods,omitempty"`
}

type portraitMove struct {
	At       string        `json:"at"`
	To       vend.State    `json:"state"`
	Delivery vend.Delivery `json:"delivery,omitempty"`
	Words    string        `json:"words"`
}

type portraitJob struct {
	What  string `json:"what"`
	RunAt string `json:"run_at"`
	Dead  bool   `json:"given_up"`
}

// portraitGift is an order of somebody else for the number: what was for it, and
// not by whom.
type portraitGift struct {
	Kind        vend.Kind  `json:"kind"`
	Label       string     `json:"label,omitempty"`
	AmountCents int64      `json:"amount_cents"`
	State       vend.State `json:"state"`
	CreatedAt   string     `json:"created_at"`
}

// notInHere says what an export leaves out, and why.
func notInHere(goods bool) []string {
	list := []string{
		"conversations: they are kept for ten minutes after the last key, under a hash of the number, and hold no more than where the menu stood",
		"sealed requests to the provider: they repeat what an order says, and are erased on schedule",
		"keyed hashes of vouchers that were handed in, of meters and accounts that were asked about in the last hour, and of the wallet PIN: nothing can be read from them",
		"when a wrong wallet PIN was entered in the last two days",
		"codes that were sent by SMS, encrypted, and how many in the last day, under keyed hashes",
		"names of the operator's people, and who bought what others bought for this number",
		"what the message gateway, the mobile network and the provider hold themselves",
	}
	if !goods {
		list = append(list, "PINs and tokens: they are only written when asked for")
	}
	return list
}

// Run writes all that is held about a customer.
func (x customersExportCommand) Run(ctx context.Context, c console) (err error) {
	by, why, err := x.check(c)
	if err != nil {
		return err
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	p, err := d.person(ctx, x.MSISDN)
	if err != nil {
		return err
	}
	till := d.till()
	if x.Goods {
		keys, err := d.keys(ctx)
		if err != nil {
			return err
		}
		till = d.service(nil, keys)
	}
	deed := "export customer " + p.named()
	if x.Goods {
		deed += ", with goods"
	}
	return d.do(ctx, by, deed, why, func() error {
		all, err := x.portray(ctx, d, till, p, by, why)
		if err != nil {
			return fmt.Errorf("read customer: %w", err)
		}
		if all.Customer == nil && len(all.FromOthers) == 0 {
			return fmt.Errorf("nothing is held about %s", msisdn.Local(p.number))
		}
		if x.Out == "" {
			return writeJSON(c.out, all, "  ")
		}
		if err := writeNew(x.Out, all); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.err, "%s, %s of others.\n", counted(len(all.Orders), "1 order", "%d orders"), counted(len(all.FromOthers), "1 order", "%d orders"))
		return err
	})
}

// portray reads all that is held about somebody.
func (x customersExportCommand) portray(ctx context.Context, d *desk, till *vend.Service, p person, by, why string) (all portrait, err error) {
	all = portrait{
		MSISDN: p.number, WrittenAt: stamp(time.Now()), NotInHere: notInHere(x.Goods), Orders: []portraitOrder{}, FromOthers: []portraitGift{},
	}
	if p.ID != "" {
		all.Customer = &portraitProfile{p.ID, p.Language, stamp(p.CreatedAt), int64(p.balance.Available), int64(p.balance.Held), p.PIN, stamp(p.PINSince), []portraitName{}, []portraitChat{}}
		saved, err := d.books.SavedRegulars(ctx, p.ID)
		if err != nil {
			return all, err
		}
		for _, r := range saved {
			all.Customer.Names = append(all.Customer.Names, portraitName{r.Kind, r.Target, r.Nickname, stamp(r.NamedAt), stamp(r.ForgottenAt)})
		}
		links, err := d.books.Links(ctx, p.ID)
		if err != nil {
			return all, err
		}
		for _, l := range links {
			all.Customer.Chats = append(all.Customer.Chats, portraitChat{l.Channel, l.User, l.How, stamp(l.LinkedAt), stamp(l.SeenAt)})
		}
		_, err = d.each(ctx, search{query: vend.Query{Customer: p.ID}}, 0, func(page []vend.Order) error {
			for _, o := range page {
				one, err := x.order(ctx, d, till, o.Ref, by, why)
				if err != nil {
					return err
				}
				all.Orders = append(all.Orders, one)
			}
			return nil
		})
		if err != nil {
			return all, err
		}
	}
	_, err = d.each(ctx, search{query: vend.Query{Target: p.number}, not: p.ID}, 0, func(page []vend.Order) error {
		for _, o := range page {
			all.FromOthers = append(all.FromOthers, portraitGift{o.Kind, o.Label, int64(o.Amount), o.State, stamp(o.CreatedAt)})
		}
		return nil
	})
	return all, err
}

// order reads one order with all that belongs to it.
func (x customersExportCommand) order(ctx context.Context, d *desk, till *vend.Service, ref, by, why string) (one portraitOrder, err error) {
	f, err := d.file(ctx, ref)
	if err != nil {
		return one, err
	}
	one = portraitOrder{
		orderLine: line(f.Order, roleAny, f.buyer, unchanged), Trail: []portraitMove{}, Books: f.report(unchanged, time.Now()).Books, Messages: []portraitJob{},
	}
	for _, m := range f.Trail {
		if m.By != "" {
			m.By = "the operator"
		}
		one.Trail = append(one.Trail, portraitMove{stamp(m.At), m.To, m.Delivery, moveWords(f.Order, m)})
	}
	for _, j := range f.jobs {
		if j.Kind == vend.JobNotice {
			what := "message of how it stands"
			if !strings.HasSuffix(j.Key, "/"+vend.NoticePerson) {
				what = "message of how it ended"
			}
			one.Messages = append(one.Messages, portraitJob{what, stamp(j.RunAt), j.Dead})
		}
	}
	if !x.Goods || !f.Order.Done() { // what came with one that did not happen is not theirs
		return one, nil
	}
	switch g, err := till.Goods(f.Order); {
	case errors.Is(err, vend.ErrNoGoods):
		return one, nil
	case err != nil:
		return one, plainly(ref, err)
	default:
		one.Goods = goodsLines(g)
	}
	return one, d.books.InTx(ctx, func(tx vend.Tx) error {
		o, err := tx.Order(ref)
		if err != nil {
			return err
		}
		return tx.AddMove(vend.Move{
			Ref: ref, At: time.Now(), From: o.State, To: o.State, Delivery: o.Delivery,
			Cause: vend.CauseExport, By: by, Note: "with its goods, for the customer: " + why,
		})
	})
}

// writeNew writes a value to a file that is not there yet, for its owner alone;
// what is not whole is taken away again.
func writeNew(path string, v any) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return usage("there is a %s already", plain(path))
	} else if err != nil {
		return usage("%w", err)
	}
	var b bytes.Buffer
	err = writeJSON(&b, v, "  ")
	if err == nil {
		_, err = io.Copy(f, &b)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write export: %w", err), os.Remove(path))
	}
	return nil
}
