package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

type ordersResolveCommand struct {
	Ref         string `arg:"" help:"The reference, or its last six letters."`
	As          string `help:"vended: it happened. not_vended: it did not. reversed: it happened, and the provider has undone it." placeholder:"vended|not_vended|reversed"`
	Amount      string `help:"What a voucher was worth, such as R50.00; for a voucher that was taken in." placeholder:"RAND"`
	Bears       string `help:"Who bears the price, where the provider has the money already and nothing was had: provider (it gives it back) or operator (a loss)." placeholder:"provider|operator"`
	ProviderRef string `help:"The provider's number of the transaction." placeholder:"REF"`
	PINStdin    bool   `name:"pin-stdin" help:"Read the PIN that the provider gave, one line, from the standard input."`
	TokenStdin  bool   `name:"token-stdin" help:"Read the tokens that the provider gave, one a line in the order in which they are entered, from the standard input; \"key \" goes before one that changes the meter's keys."`
	NoGoods     bool   `help:"The customer has what was bought already, or needs nothing of it."`
	State       string `help:"Where the order must still stand, such as person; otherwise nothing is done." placeholder:"STATE"`
	Deed        `embed:""`
}

// Run decides an order.
func (r ordersResolveCommand) Run(ctx context.Context, c console) error {
	decision, err := r.decision()
	if err != nil {
		return err
	}
	return act(ctx, c, r.Deed, r.Ref, func(d *desk, o vend.Order, by, why string) error {
		decision.Ref, decision.By, decision.Why = o.Ref, by, why
		if decision.Was == "" {
			decision.Was = o.State // what is checked here must still be so
		}
		if err := r.fits(o); err != nil {
			return err
		}
		till, done, err := d.decidingTill(ctx, o.Provider(), decision.As)
		if err != nil {
			return err
		}
		defer done()
		if r.PINStdin || r.TokenStdin {
			if decision.Goods, err = r.readGoods(c.in, o); err != nil {
				return err
			}
			if o.Provider() != byElectrum { // whose till has the keys already
				keys, err := d.keys(ctx)
				if err != nil {
					return err
				}
				till = d.service(nil, keys)
			}
		}
		var after vend.Order
		err = d.do(ctx, by, "resolve "+o.Ref+" as "+r.As, why, func() (err error) {
			after, err = till.Resolve(ctx, decision)
			return plainly(o.Ref, err)
		})
		if err != nil {
			return err
		}
		return r.report(ctx, d, after)
	})
}

// decision is what the flags say, as far as they can be read by themselves.
func (r ordersResolveCommand) decision() (d vend.Decision, err error) {
	d.As = vend.Verdict(r.As)
	switch d.As {
	case vend.VerdictVended, vend.VerdictNotVended, vend.VerdictReversed:
	case "":
		return d, usage("say what you decide: --as vended, --as not_vended or --as reversed")
	default:
		return d, usage("%q is no decision: --as vended, --as not_vended or --as reversed", plain(r.As))
	}
	if r.Amount != "" {
		if d.Amount, err = readAmount(r.Amount); err != nil {
			return d, err
		}
	}
	d.Bears = vend.Bearer(r.Bears)
	if r.Bears != "" && d.Bears != vend.BearsProvider && d.Bears != vend.BearsOperator {
		return d, usage("--bears is provider or operator, not %q", plain(r.Bears))
	}
	d.Was = vend.State(r.State)
	if r.State != "" && !slices.Contains(vend.States(), d.Was) {
		return d, usage("%q is no state of an order", plain(r.State))
	}
	d.ProviderRef = strings.TrimSpace(r.ProviderRef)
	if r.PINStdin && r.TokenStdin {
		return d, usage("give --pin-stdin or --token-stdin, not both")
	}
	if (r.PINStdin || r.TokenStdin) && (d.As != vend.VerdictVended || r.NoGoods) {
		return d, usage("a PIN or a token belongs to --as vended, and not to --no-goods")
	}
	return d, nil
}

// fits refuses flags that an order of this kind has no use for, and a sale
// without what it sold.
func (r ordersResolveCommand) fits(o vend.Order) error {
	vended := r.As == string(vend.VerdictVended)
	switch {
	case r.Amount != "" && o.Kind != vend.KindRedeem:
		return usage("--amount is for a voucher that was taken in; this is %s, and costs %s", kindWords(o.Kind), o.Amount)
	case vended && o.Kind == vend.KindRedeem && r.Amount == "":
		return usage("say what the voucher was worth: --amount R..")
	case r.PINStdin && (!o.Kind.Handed() || o.Kind == vend.KindElectricity):
		return usage("%s has no PIN", kindWords(o.Kind))
	case r.TokenStdin && o.Kind != vend.KindElectricity:
		return usage("%s has no tokens", kindWords(o.Kind))
	case vended && o.Kind.Handed() && len(o.Goods) == 0 && !r.PINStdin && !r.TokenStdin && !r.NoGoods:
		flag := "--pin-stdin"
		if o.Kind == vend.KindElectricity {
			flag = "--token-stdin"
		}
		return usage("the customer would have nothing in hand: give what the provider gave with %s, or say --no-goods", flag)
	}
	return nil
}

// maxGoodsText bounds what is read from the standard input.
const maxGoodsText = 4096

// readGoods reads a PIN or tokens. Its errors do not repeat them.
func (r ordersResolveCommand) readGoods(in io.Reader, o vend.Order) (vend.Goods, error) {
	var lines []string
	for s := bufio.NewScanner(io.LimitReader(in, maxGoodsText)); s.Scan(); {
		if text := strings.TrimSpace(s.Text()); text != "" {
			lines = append(lines, text)
		}
	}
	if r.PINStdin {
		if len(lines) != 1 {
			return vend.Goods{}, usage("want the PIN on one line of the standard input; there are %d", len(lines))
		}
		pin := withoutBlanks(lines[0])
		if (o.Kind == vend.KindVoucher || o.Kind == vend.KindRefund) && (len(pin) != 16 || !onlyDigits(pin)) {
			return vend.Goods{}, usage("the PIN of a 1Voucher has 16 digits")
		}
		if len(pin) < 4 || len(pin) > 40 || strings.ContainsFunc(pin, func(c rune) bool { return !letterOrDigit(c) }) {
			return vend.Goods{}, usage("a PIN has 4 to 40 letters and digits")
		}
		return vend.Goods{Voucher: &vend.Voucher{PIN: secret.New(pin), Amount: o.Amount}}, nil
	}
	u := &vend.Utility{Meter: o.Target}
	for i, text := range lines {
		t := vend.Token{Use: vend.TokenCredit}
		if rest, ok := strings.CutPrefix(strings.ToLower(text), "key "); ok {
			text, t.Use = rest, vend.TokenKeyChange
		}
		token := withoutBlanks(text)
		if len(token) != 20 || !onlyDigits(token) {
			return vend.Goods{}, usage("line %d of the standard input is no token: it has 20 digits", i+1)
		}
		t.Value = secret.New(token)
		u.Tokens = append(u.Tokens, t)
	}
	g := vend.Goods{Utility: u}
	if !g.Satisfy(o.Kind) {
		return vend.Goods{}, usage("there is no token for units on the standard input")
	}
	return g, nil
}

func onlyDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func letterOrDigit(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// report says what the decision did.
func (r ordersResolveCommand) report(ctx context.Context, d *desk, o vend.Order) error {
	entries, err := d.books.Entries(ctx, o.Ref)
	if err != nil {
		return errors.Join(fmt.Errorf("order %s is decided; what it did to the books could not be read", o.Ref), err)
	}
	fmt.Fprintf(d.c.out, "Order %s: %s.\n", o.Ref, stateSentence(o))
	for _, e := range entries {
		if e.Kind != ledger.KindHeld {
			fmt.Fprintln(d.c.out, "  "+entryWords(o, e))
		}
	}
	fmt.Fprintln(d.c.out, "The customer gets a message.")
	return nil
}
