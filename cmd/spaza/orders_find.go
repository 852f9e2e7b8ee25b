package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/msisdn"
	"spaza/vend"
)

// OrderFilter chooses orders. What is given must all hold.
type OrderFilter struct {
	MSISDN      string   `name:"msisdn" help:"A phone number, however it is written: orders that it made, and orders that were for it." placeholder:"NUMBER"`
	Ref         string   `help:"The whole reference, or its last six letters." placeholder:"REF"`
	ProviderRef string   `help:"The provider's number of the transaction." placeholder:"REF"`
	Meter       string   `help:"The meter that it was for." placeholder:"METER"`
	Target      string   `help:"Whatever it was for: a number, a meter, an account." placeholder:"TARGET"`
	State       []string `help:"Where it stands: open (all that have not ended), confirmed, sending, unknown, owed, person, delivered, declined, resolved, reversed." placeholder:"STATE"`
	Kind        []string `help:"What it is: airtime, data, airtime_pin, electricity, voucher, gift, cash_out, bill, redeem, refund, reverse." placeholder:"KIND"`
	From        string   `help:"Made on this day in South Africa, or later: 2026-11-21, today, yesterday." placeholder:"DAY"`
	To          string   `help:"Made on this day, or earlier." placeholder:"DAY"`
	Older       string   `help:"Has not moved for so long: 10m, 2h, 3d. Without --state, of those that have not ended." placeholder:"TIME"`
}

// role is what somebody asked for by number was to an order.
type role string

const (
	roleAny   role = ""
	roleBuyer role = "buyer"     // bought it, for whomever
	roleGot   role = "recipient" // got it from somebody else
)

// search is one question to the books.
type search struct {
	role  role
	query vend.Query
	// not leaves out the orders of this customer, who is in another search.
	not string
}

// searches turns the filter into questions: two where a number may have bought,
// and may have been bought for. number is the one asked for, canonical.
func (f OrderFilter) searches(ctx context.Context, d *desk, now time.Time) (list []search, number string, err error) {
	q, err := f.query(now)
	if err != nil || f.MSISDN == "" {
		return []search{{query: q}}, "", err
	}
	if number, err = msisdn.Parse(f.MSISDN); err != nil {
		return nil, "", usage("--msisdn: %w", err)
	}
	c, err := d.books.Customer(ctx, number)
	if err != nil {
		return nil, "", err
	}
	if c.ID != "" {
		bought := q
		bought.Customer = c.ID
		list = append(list, search{role: roleBuyer, query: bought})
	}
	if q.Target == "" || q.Target == number {
		q.Target = number
		list = append(list, search{role: roleGot, query: q, not: c.ID})
	}
	return list, number, nil
}

func (f OrderFilter) query(now time.Time) (q vend.Query, err error) {
	if f.Ref != "" {
		if q.Ref, _, err = readRef(f.Ref); err != nil {
			return q, err
		}
	}
	q.ProviderRef = strings.TrimSpace(f.ProviderRef)
	if f.Meter != "" && f.Target != "" {
		return q, usage("give --meter or --target, not both")
	}
	if f.Meter != "" {
		q.Target = withoutBlanks(f.Meter)
	} else if f.Target != "" {
		if number, err := msisdn.Parse(f.Target); err == nil {
			q.Target = number
		} else {
			q.Target = withoutBlanks(f.Target)
		}
	}
	if q.States, err = f.states(); err != nil {
		return q, err
	}
	for _, k := range f.Kind {
		if !slices.Contains(vend.Kinds(), vend.Kind(k)) {
			return q, usage("%q is no kind of order; see --help", plain(k))
		}
		q.Kinds = append(q.Kinds, vend.Kind(k))
	}
	if f.From != "" {
		if q.From, err = readDay(f.From, now); err != nil {
			return q, err
		}
	}
	if f.To != "" {
		if q.To, err = readDay(f.To, now); err != nil {
			return q, err
		}
		q.To = q.To.AddDate(0, 0, 1)
	}
	if f.Older != "" {
		age, err := readAge(f.Older)
		if err != nil {
			return q, err
		}
		q.Idle = now.Add(-age)
	}
	return q, nil
}

func (f OrderFilter) states() ([]vend.State, error) {
	var list []vend.State
	named := f.State
	if len(named) == 0 && f.Older != "" {
		named = []string{"open"}
	}
	for _, s := range named {
		switch {
		case s == "open":
			for _, one := range vend.States() {
				if !one.Final() {
					list = append(list, one)
				}
			}
		case slices.Contains(vend.States(), vend.State(s)):
			list = append(list, vend.State(s))
		default:
			return nil, usage("%q is no state of an order; see --help", plain(s))
		}
	}
	return list, nil
}

// withoutBlanks is a number as it is stored: people write it in groups.
func withoutBlanks(s string) string {
	return strings.NewReplacer(" ", "", "\u00a0", "", "-", "", "\t", "").Replace(s)
}

// narrows says whether few orders can answer to the filter, whatever the size of
// the books; otherwise a list is of the last month.
func (f OrderFilter) narrows() bool {
	if f.MSISDN+f.Ref+f.ProviderRef+f.Meter+f.Target+f.From != "" || f.Older != "" && len(f.State) == 0 {
		return true
	}
	rare := []string{"open", "confirmed", "sending", "unknown", "owed", "person", "resolved", "reversed"}
	return len(f.State) > 0 && !slices.ContainsFunc(f.State, func(s string) bool { return !slices.Contains(rare, s) })
}

// String is the filter as it is kept with an act: numbers of people masked.
func (f OrderFilter) String() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+oneLine(value))
		}
	}
	mask := func(s string) string {
		if s == "" {
			return ""
		}
		return masked(withoutBlanks(s))
	}
	add("number", mask(f.MSISDN))
	add("ref", f.Ref)
	add("provider ref", f.ProviderRef)
	add("meter", mask(f.Meter))
	add("target", mask(f.Target))
	add("state", strings.Join(f.State, " "))
	add("kind", strings.Join(f.Kind, " "))
	add("from", f.From)
	add("to", f.To)
	add("older than", f.Older)
	if len(parts) == 0 {
		return "all"
	}
	return strings.Join(parts, ", ")
}

// pageSize is how many orders are read at a time.
const pageSize = 500

// each calls yield with the orders of a search, page by page from the newest, up
// to limit of them; 0 is all. more says that there are further ones.
func (d *desk) each(ctx context.Context, s search, limit int, yield func([]vend.Order) error) (more bool, err error) {
	left := limit
	s.query.Limit = pageSize
	if limit > 0 {
		s.query.Limit = min(pageSize, limit+1)
	}
	for {
		page, err := d.books.FindOrders(ctx, s.query)
		if err != nil {
			return false, err
		}
		full := len(page) == s.query.Limit
		if full {
			s.query.After = page[len(page)-1]
		}
		if s.not != "" {
			page = slices.DeleteFunc(page, func(o vend.Order) bool { return o.Customer == s.not })
		}
		if limit > 0 && len(page) > left {
			page, more = page[:left], true
		}
		left -= len(page)
		if len(page) > 0 {
			if err := yield(page); err != nil {
				return false, err
			}
		}
		if more || !full {
			return more, nil
		}
	}
}

// orderLine is an order as lists and exports have it.
type orderLine struct {
	Role        role            `json:"role,omitempty"`
	Ref         string          `json:"ref"`
	Kind        vend.Kind       `json:"kind"`
	Product     string          `json:"product,omitempty"`
	Label       string          `json:"label,omitempty"`
	AmountCents int64           `json:"amount_cents"`
	Buyer       string          `json:"buyer"` // masked unless asked for
	Customer    string          `json:"customer"`
	Target      string          `json:"target,omitempty"` // likewise
	Fund        vend.Fund       `json:"fund"`
	State       vend.State      `json:"state"`
	Resolution  vend.Resolution `json:"resolution,omitempty"`
	Reason      vend.Reason     `json:"reason,omitempty"`
	Delivery    vend.Delivery   `json:"delivery,omitempty"`
	Original    string          `json:"original,omitempty"`
	Channel     string          `json:"channel,omitempty"`
	Provider    string          `json:"provider,omitempty"` // empty for Flash, the first
	ProviderRef string          `json:"provider_ref,omitempty"`
	Code        string          `json:"code,omitempty"`
	CallCentre  string          `json:"call_centre,omitempty"`
	CreatedAt   string          `json:"created_at"`
	FirstSentAt string          `json:"first_sent_at,omitempty"`
	UpdatedAt   string          `json:"updated_at"`
}

// line makes an orderLine; show writes a number of somebody as it may be seen.
func line(o vend.Order, r role, buyer vend.Customer, show func(string) string) orderLine {
	l := orderLine{
		Role: r, Ref: o.Ref, Kind: o.Kind, Product: o.Product, Label: o.Label, AmountCents: int64(o.Amount),
		Buyer: show(buyer.MSISDN), Customer: o.Customer, Fund: o.Fund, State: o.State, Resolution: o.Resolution, Reason: o.Reason,
		Delivery: o.Delivery, Original: o.Original, Channel: o.Channel, Provider: o.Provider(), ProviderRef: o.ProviderRef, Code: o.Code,
		CallCentre: o.CallCentre, CreatedAt: stamp(o.CreatedAt), FirstSentAt: stamp(o.FirstSentAt), UpdatedAt: stamp(o.UpdatedAt),
	}
	if o.Target != "" {
		l.Target = show(o.Target)
	}
	return l
}

// whole shows a number as people write it, also one that is nobody's any more.
func whole(number string) string {
	if number == "" {
		return "-"
	}
	return plain(msisdn.Local(number))
}

// heading says whose orders follow.
func (r role) heading(number string, n int, more bool) string {
	count := fmt.Sprintf("%d orders", n)
	if n == 1 {
		count = "1 order"
	}
	if more {
		count = fmt.Sprintf("the newest %d orders; --limit for more", n)
	}
	switch r {
	case roleBuyer:
		return fmt.Sprintf("Bought by %s: %s", msisdn.Local(number), count)
	case roleGot:
		return fmt.Sprintf("For %s, bought by others: %s", msisdn.Local(number), count)
	}
	return strings.ToUpper(count[:1]) + count[1:]
}
