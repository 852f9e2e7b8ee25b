package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"spaza/vend"
)

type ordersExportCommand struct {
	OrderFilter `embed:""`

	CSV    bool `name:"csv" help:"Write comma-separated values, with a heading; the default."`
	JSON   bool `help:"Write one JSON object a line."`
	Unmask bool `help:"Write whole phone numbers, meters and accounts."`
	Deed   `embed:""`
}

// Run writes orders, the newest first, a page at a time: however many there are,
// few are in memory.
func (x ordersExportCommand) Run(ctx context.Context, c console) error {
	by, why, err := x.check(c)
	if err != nil {
		return err
	}
	if x.CSV && x.JSON {
		return usage("give --csv or --json, not both")
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	lists, _, err := x.searches(ctx, d, time.Now())
	if err != nil {
		return err
	}
	show, deed := masked, "export orders"
	if x.Unmask {
		show, deed = unchanged, deed+", unmasked"
	}
	if err := d.record(ctx, by, deed+": "+x.String(), why); err != nil {
		return err
	}
	sheet := newSheet(c.out, x.JSON)
	n := 0
	for _, s := range lists {
		_, err := d.each(ctx, s, 0, func(page []vend.Order) error {
			buyers, err := d.buyers(ctx, page)
			if err != nil {
				return err
			}
			for _, o := range page {
				if err := sheet.write(line(o, s.role, buyers[o.Customer], show)); err != nil {
					return err
				}
			}
			n += len(page)
			return sheet.flush()
		})
		if err != nil {
			return fmt.Errorf("the export is not whole, it ends after %d orders: %w", n, err)
		}
	}
	if err := sheet.flush(); err != nil { // a heading by itself
		return fmt.Errorf("write export: %w", err)
	}
	fmt.Fprintf(c.err, "%d orders.\n", n)
	if n == 0 {
		return errNothing
	}
	return nil
}

// unchanged is a number as it is kept, for programs.
func unchanged(number string) string { return number }

// sheet is where an export goes.
type sheet struct {
	to   io.Writer
	csv  *csv.Writer // nil for JSON lines
	head bool        // the heading is written
}

func newSheet(to io.Writer, json bool) *sheet {
	s := &sheet{to: to}
	if !json {
		s.csv = csv.NewWriter(to)
	}
	return s
}

func (s *sheet) write(l orderLine) error {
	if s.csv == nil {
		return writeJSON(s.to, l, "")
	}
	if err := s.heading(); err != nil {
		return err
	}
	amount := fmt.Sprintf("%d.%02d", l.AmountCents/100, l.AmountCents%100)
	cells := []string{
		l.Ref, l.CreatedAt, string(l.Kind), l.Product, l.Label, amount, string(l.Role), l.Customer, l.Buyer, l.Target, string(l.Fund),
		string(l.State), string(l.Resolution), string(l.Reason), string(l.Delivery), l.Original, l.ProviderRef, l.Code,
		l.FirstSentAt, l.UpdatedAt, l.Channel, l.Provider,
	}
	for i := range cells {
		cells[i] = cell(cells[i])
	}
	return s.csv.Write(cells)
}

func (s *sheet) heading() error {
	if s.head {
		return nil
	}
	s.head = true
	return s.csv.Write([]string{
		"ref", "created_at", "kind", "product", "label", "amount", "role", "customer", "buyer", "target", "fund",
		"state", "resolution", "reason", "delivery", "original", "provider_ref", "code", "first_sent_at", "updated_at", "channel", "provider",
	})
}

func (s *sheet) flush() error {
	if s.csv == nil {
		return nil
	}
	err := s.heading()
	s.csv.Flush()
	return errors.Join(err, s.csv.Error())
}

// cell is text that a spreadsheet takes for text: nothing in it begins a
// formula.
func cell(s string) string {
	s = plain(s)
	if begin := strings.TrimLeft(s, " \u00a0\u3000"); begin != "" && strings.ContainsRune("=+-@|\t\r＝＋－＠", []rune(begin)[0]) {
		return "'" + s
	}
	return s
}

type ordersActsCommand struct {
	Limit  int   `help:"How many." default:"50"`
	Before int64 `help:"Only those with a lower number." placeholder:"NUMBER"`
	JSON   bool  `help:"Write it as JSON."`
}

type actReport struct {
	ID   int64  `json:"id"`
	At   string `json:"at"`
	By   string `json:"by"`
	What string `json:"what"`
	Why  string `json:"why"`
}

// Run lists acts.
func (l ordersActsCommand) Run(ctx context.Context, c console) error {
	if l.Limit < 1 || l.Limit > 10_000 {
		return usage("--limit is 1 to 10000")
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	acts, err := d.books.Acts(ctx, l.Before, l.Limit)
	if err != nil {
		return err
	}
	list := []actReport{}
	for _, a := range acts {
		list = append(list, actReport{a.ID, stamp(a.At), a.By, a.What, a.Why})
		if !l.JSON {
			fmt.Fprintf(c.out, "%6d  %s  %s: %s\n%30s%s\n", a.ID, clockSecond(a.At), plain(a.By), plain(a.What), "", plain(a.Why))
		}
	}
	if l.JSON {
		if err := writeJSON(c.out, list, "  "); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return errors.New("nobody has done anything yet")
	}
	return nil
}
