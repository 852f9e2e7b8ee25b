package flows_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing/synctest"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/test/talk"
	"spaza/vend"
)

// verbs are what a transcript can say of the shop.
func (h *house) verbs() map[string]talk.Verb {
	ctx := context.Background()
	return map[string]talk.Verb{
		// voucher PIN R50: such a voucher was sold somewhere. "used",
		// "expired", "cancelled", "not_active" instead of the value: it is.
		"voucher": func(args string) ([]string, error) { return nil, h.provider.issue(args) },
		// provider WHAT: how the provider takes the next request. Without
		// one, it does as it is asked.
		"provider": func(args string) ([]string, error) { return nil, h.provider.expect(args) },
		// shelf WHAT: the provider's catalogue changes. "restock" is when we
		// learn of it.
		"shelf": func(args string) ([]string, error) { return nil, h.provider.stock(args) },
		"restock": func(string) ([]string, error) {
			h.shelf.Shelf = vend.NewShelf(h.provider, vend.ShelfOptions{})
			if all, _ := h.provider.Products(ctx); len(all) == 0 {
				return nil, nil // as before the first catalogue came
			}
			return nil, h.shelf.Load(ctx)
		},
		// lacks redeem refund: nobody sells these kinds here.
		"lacks": func(args string) ([]string, error) {
			var kinds []vend.Kind
			for k := range strings.FieldsSeq(args) {
				kinds = append(kinds, vend.Kind(k))
			}
			h.provider.change(func(p *provider) { p.lacks = kinds })
			return nil, nil
		},
		// sells KIND CODE VENDOR PRICE NAME, sells everything: the catalogue has
		// more, and we know of it.
		"sells": func(args string) ([]string, error) {
			if err := h.provider.sells(args); err != nil {
				return nil, err
			}
			return nil, h.shelf.Load(ctx)
		},
		// meter 04123456789 holder=Thabo_Mokoena supplier=City_Power arrears=R350:
		// the provider knows this meter; account 11011234 balance=R150: this
		// account, with its biller's prefix. See learn.
		"meter": func(args string) ([]string, error) {
			number, k, err := learn(args)
			h.provider.change(func(p *provider) { p.meters[number] = k })
			return nil, err
		},
		"account": func(args string) ([]string, error) {
			number, k, err := learn(args)
			h.provider.change(func(p *provider) { p.accounts[number] = k })
			return nil, err
		},
		// enquiries off, enquiries on: nothing comes back to what is asked.
		"enquiries": func(args string) ([]string, error) {
			h.provider.change(func(p *provider) { p.mute = args == "off" })
			return nil, nil
		},
		// wallet required: what the operator wants of wallet PINs; pin 48213: the
		// customer has set this one.
		"wallet": func(args string) ([]string, error) {
			o := h.rules
			o.PIN = vend.PINPolicy(args)
			h.rule(o)
			return nil, nil
		},
		"pin": func(args string) ([]string, error) {
			return nil, h.service.SetPIN(ctx, h.user, secret.Text{}, secret.New(args))
		},
		// bought: the customer bought some time ago: a kind, a product's code, a
		// price and who got it ("-": nobody in particular).
		"bought": func(args string) ([]string, error) {
			words := strings.Fields(args)
			if len(words) != 4 {
				return nil, errors.New("want a kind, a code, a price and a target")
			}
			p, ok := h.shelf.Product(vend.Kind(words[0]), words[1])
			if !ok {
				return nil, errors.New("that is not on sale")
			}
			price, err := rands(words[2])
			if err != nil {
				return nil, err
			}
			o, err := h.service.Buy(ctx, vend.Purchase{
				Ref: vend.NewRef(p.Kind, time.Now()), MSISDN: h.user, Product: p, Amount: price, Target: strings.Trim(words[3], "-"), Channel: "elsewhere",
			})
			if err == nil && o.State != vend.StateDelivered {
				err = fmt.Errorf("the purchase is %s", o.State)
			}
			time.Sleep(time.Hour)
			return nil, err
		},
		// crash before: the next order is not written, since the process dies;
		// crash after: it is, and the process dies before it answers; crash
		// late: it is written five seconds after nobody waits any more.
		"crash": func(args string) ([]string, error) {
			if args != "before" && args != "after" && args != "late" {
				return nil, errors.New("want before, after or late")
			}
			h.till.crash.comes(args)
			return nil, nil
		},
		// somebody in a chat is the customer, as the chat says.
		"writes": func(channel string) ([]string, error) {
			number, err := h.service.Meet(context.Background(), channel, "somebody", h.user)
			if err == nil && number != h.user {
				err = fmt.Errorf("they are %q", number)
			}
			return nil, err
		},
		"language": func(code string) ([]string, error) {
			if !h.words.Has(code) {
				return nil, errors.New("there is no such language")
			}
			return nil, h.service.SetLanguage(ctx, h.user, code)
		},
		// deposit R50: a voucher of that value was handed in some time ago.
		"deposit": func(args string) ([]string, error) {
			h.deposits++
			pin := fmt.Sprintf("%016d", 4000_0000_0000_0000+h.deposits)
			if err := h.provider.issue(pin + " " + args); err != nil {
				return nil, err
			}
			o, err := h.service.Redeem(ctx, vend.Redemption{
				Ref: vend.NewRef(vend.KindRedeem, time.Now()), MSISDN: h.user, PIN: secret.New(pin), Channel: "talk",
			})
			if err == nil && o.State != vend.StateDelivered {
				err = fmt.Errorf("the voucher is %s", o.State)
			}
			return nil, err
		},
		// elsewhere R20: the same customer buys Vodacom airtime by another way.
		"elsewhere": func(args string) ([]string, error) {
			time.Sleep(time.Second)
			price, err := rands(args)
			if err != nil {
				return nil, err
			}
			n, _ := h.shelf.Network("vodacom")
			p, ok := n.Sells(price)
			if !ok {
				return nil, errors.New("that is not on sale")
			}
			o, err := h.service.Buy(ctx, vend.Purchase{
				Ref: vend.NewRef(vend.KindAirtime, time.Now()), MSISDN: h.user, Product: p, Amount: price,
				Target: h.user, Channel: "elsewhere",
			})
			if err == nil && o.State != vend.StateDelivered {
				err = fmt.Errorf("the purchase is %s", o.State)
			}
			return nil, err
		},
		// limits sale R30: an airtime sale costs at most that; day R50, sales 2:
		// what a customer may buy in a day; each R20, merchant R40: what the
		// operator pays for one in a day, and for all. "limits": none.
		"limits": func(args string) ([]string, error) {
			l, err := limits(args)
			if err != nil {
				return nil, err
			}
			o := h.rules
			o.Limits = l
			h.rule(o)
			return nil, nil
		},
		// funding merchant, funding balance: who pays from now on.
		"funding": func(args string) ([]string, error) {
			o := h.rules
			o.Fund = vend.Fund(args)
			h.rule(o)
			return nil, nil
		},
		// resolve vended, resolve not_vended: what a person decides about the one
		// order that waits for it; resolve vended R50: the voucher was worth that.
		// resolve reversed: the provider has undone the last sale of airtime.
		"resolve": func(args string) ([]string, error) {
			as, worth, _ := strings.Cut(args, " ")
			d := vend.Decision{As: vend.Verdict(as), Bears: vend.BearsProvider, By: "support", Why: "the provider's file says so"}
			if worth != "" {
				var err error
				if d.Amount, err = rands(worth); err != nil {
					return nil, err
				}
			}
			q := vend.Query{States: []vend.State{vend.StatePerson}}
			if d.As == vend.VerdictReversed {
				q = vend.Query{Kinds: []vend.Kind{vend.KindAirtime}, States: []vend.State{vend.StateDelivered}}
			}
			o, err := h.only(ctx, q)
			if err != nil {
				return nil, err
			}
			d.Ref = o.Ref
			_, err = h.service.Resolve(ctx, d)
			return nil, err
		},
		// refund R20: support has a part of the balance made a 1Voucher.
		"refund": func(args string) ([]string, error) {
			c, err := rands(args)
			if err != nil {
				return nil, err
			}
			return nil, h.support(func(ctx context.Context, s *vend.Service) error {
				_, err := s.Refund(ctx, vend.Refund{
					Ref: vend.NewRef(vend.KindRefund, time.Now()), MSISDN: h.user, Amount: c, Channel: "support", By: "support", Why: "asked for",
				})
				return err
			})
		},
		// undo redeem, undo refund: support has the one order of that kind that
		// was done undone.
		"undo": func(args string) ([]string, error) {
			o, err := h.only(ctx, vend.Query{Kinds: []vend.Kind{vend.Kind(args)}, States: []vend.State{vend.StateDelivered}})
			if err != nil {
				return nil, err
			}
			return nil, h.support(func(ctx context.Context, s *vend.Service) error {
				_, err := s.Reverse(ctx, vend.Reversal{
					Ref: vend.NewRef(vend.KindReverse, time.Now()), Original: o.Ref, Channel: "support", By: "support", Why: "asked for",
				})
				return err
			})
		},
		// settle: the clock moves until there is nothing left to do.
		"settle": func(string) ([]string, error) {
			for range 100 {
				synctest.Wait()
				next, err := h.sql.Next(ctx, []jobs.Kind{vend.JobOrder, vend.JobNotice})
				if err != nil || next.IsZero() {
					return nil, err
				}
				time.Sleep(max(time.Until(next), 0) + 50*time.Millisecond)
			}
			return nil, errors.New("there is always something left to do")
		},
		// sms: the messages that came since it was last asked.
		"sms": func(args string) ([]string, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			switch args {
			case "off", "on":
				h.closed = args == "off"
				return nil, nil
			}
			lines := []string{"no message"}
			if len(h.sent) > 0 {
				lines = nil
			}
			for _, s := range h.sent {
				lines = append(lines, strings.Split(h.tidy(s), "\n")...)
			}
			h.sent = nil
			return lines, nil
		},
		// balance R50, balance R30 held R20: what the books say.
		"balance": func(args string) ([]string, error) {
			b, err := h.service.Balance(ctx, h.user)
			if err != nil {
				return nil, err
			}
			got := b.Available.String()
			if b.Held != 0 {
				got += " held " + b.Held.String()
			}
			if got != args {
				return nil, fmt.Errorf("the books say %s", got)
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			h.asked = true
			return nil, nil
		},
		// product CODE: which the provider sold last.
		"product": func(args string) ([]string, error) {
			if got := h.provider.lastProduct(); got != args {
				return nil, fmt.Errorf("the provider sold %s", got)
			}
			return nil, nil
		},
		// sold N: how many requests the provider carried out, vouchers too,
		// whatever we know of them.
		"sold": func(args string) ([]string, error) {
			if got := fmt.Sprint(h.provider.count()); got != args {
				return nil, fmt.Errorf("the provider sold %s", got)
			}
			return nil, nil
		},
	}
}

// limits reads pairs of a limit and its value.
func limits(args string) (l vend.Limits, err error) {
	words := strings.Fields(args)
	for ; len(words) > 1; words = words[2:] {
		if words[0] == "sales" {
			if l.DaySales, err = strconv.Atoi(words[1]); err != nil {
				return l, err
			}
			continue
		}
		c, err := rands(words[1])
		if err != nil {
			return l, err
		}
		switch words[0] {
		case "sale":
			l.Sale = map[vend.Kind]ledger.Cents{vend.KindAirtime: c}
		case "day":
			l.Day = c
		case "each":
			l.MerchantEach = c
		case "merchant":
			l.MerchantDay = c
		default:
			return l, fmt.Errorf("there is no limit %q", words[0])
		}
	}
	if len(words) > 0 {
		return l, errors.New("want limits and their values")
	}
	return l, nil
}

// only finds the one order of its sort.
func (h *house) only(ctx context.Context, q vend.Query) (vend.Order, error) {
	found, err := h.service.Find(ctx, q)
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("there are %d such orders", len(found))
	}
	if err != nil {
		return vend.Order{}, err
	}
	return found[0], nil
}

// support does something as a command of the operator's does: it is written, and
// the shop carries it out.
func (h *house) support(do func(context.Context, *vend.Service) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	err := do(ctx, h.counter(vend.Elsewhere{}))
	h.runner.Wake()
	return err
}
