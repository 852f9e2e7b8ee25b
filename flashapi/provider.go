package flashapi

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

// ProviderOptions fit a client to a merchant's contract with Flash.
type ProviderOptions struct {
	// PaidOtherwise says that customers pay the merchant with a payment method
	// (cash, a card), so that 1Vouchers and bill payments are purchased.
	// Default: they pay from a balance, and both are disbursed (the notes at
	// sections 2.3.1, 2.3.2, 2.11.2 and 2.11.3).
	PaidOtherwise bool
	// ReleaseSoft takes a response code whose words read like "not processed"
	// (2105, 2300, 2302, 2500, 3302) for a refusal of a purchase, once the same
	// code has come back on three repetitions over two minutes. Default: never, since Flash
	// has not said that these words can be relied on.
	ReleaseSoft bool
}

// softTimes and softFor are how often and for how long a soft code must have
// come before, to be believed.
const (
	softTimes = 3
	softFor   = 2 * time.Minute
)

// Provider fits a Client to the shop.
type Provider struct {
	client *Client
	opt    ProviderOptions
	// stands are the products of the last catalogue that cannot be reversed.
	stands atomic.Pointer[map[string]bool]
}

var (
	_ vend.Provider   = (*Provider)(nil)
	_ vend.Cataloguer = (*Provider)(nil)
	_ vend.Enquirer   = (*Provider)(nil)
	_ vend.Capable    = (*Provider)(nil)
	_ vend.Faltering  = (*Provider)(nil)
)

// NewProvider sells through c.
func NewProvider(c *Client, o ProviderOptions) *Provider { return &Provider{client: c, opt: o} }

// Format implements fmt.Formatter, as the client does.
func (p *Provider) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "provider, %v", p.client) }

// seller is the operation that sells a kind; empty where none does.
func (p *Provider) seller(k vend.Kind) Op {
	switch k {
	case vend.KindAirtime, vend.KindData:
		return OpPinlessPurchase
	case vend.KindAirtimePIN:
		return OpEeziPurchase
	case vend.KindElectricity:
		return OpUtilityPurchase
	case vend.KindVoucher:
		if p.opt.PaidOtherwise {
			return OpVoucherPurchase
		}
		return OpVoucherDisburse
	case vend.KindGift:
		return OpGiftPurchase
	case vend.KindCashOut:
		return OpCashOutPurchase
	case vend.KindBill:
		if p.opt.PaidOtherwise {
			return OpPayPurchase
		}
		return OpPayDisburse
	case vend.KindRedeem:
		return OpRedeem
	case vend.KindRefund:
		return OpVoucherRefund
	}
	return ""
}

// reverser is the operation that undoes a sale of a kind; empty where none does
// (section 1.2.3). Recharges, tokens for meters and payments are for ever.
func reverser(k vend.Kind) Op {
	switch k {
	case vend.KindVoucher, vend.KindRedeem, vend.KindRefund:
		return OpVoucherReverse
	case vend.KindCashOut:
		return OpCashOutReverse
	case vend.KindAirtimePIN:
		return OpEeziReverse
	}
	return ""
}

// Can implements vend.Capable.
func (p *Provider) Can(k vend.Kind) vend.Capability {
	draft := p.client.options.Dialect == Draft2023
	if k == vend.KindReverse {
		return vend.Capability{Sells: p.client.Has(OpVoucherReverse)}
	}
	op := p.seller(k)
	c := vend.Capability{Sells: op != "" && p.client.Has(op)}
	if k == vend.KindGift && (p.client.options.StoreID == "" || p.client.options.TerminalID == "") {
		c.Sells = false // section 2.4.1 wants both
	}
	if undo := reverser(k); undo != "" {
		c.Reverses = c.Sells && p.client.Has(undo)
	}
	switch k {
	case vend.KindElectricity:
		c.Enquires, c.EnquiryFirst = true, draft
	case vend.KindBill:
		c.Enquires = p.client.Has(OpPayBalance)
	}
	return c
}

// shopReference is the form of the shop's references, which is narrower than
// the document's.
var shopReference = regexp.MustCompile(`^[A-Z0-9-]{1,30}$`)

// Prepare makes the request of a sale. It sends nothing; its errors are
// vend.ErrRefused.
func (p *Provider) Prepare(s vend.Sale) (vend.Request, error) {
	if !shopReference.MatchString(s.Ref) {
		return vend.Request{}, fmt.Errorf("prepare flash sale: reference: %w", vend.ErrRefused)
	}
	if !p.Can(s.Kind).Sells {
		return vend.Request{}, fmt.Errorf("prepare flash sale of kind %q: not sold: %w", s.Kind, vend.ErrRefused)
	}
	if why := misfit(s); why != "" {
		return vend.Request{}, fmt.Errorf("prepare flash sale of kind %q: %s: %w", s.Kind, why, vend.ErrRefused)
	}
	r, err := p.request(s)
	if err != nil {
		return vend.Request{}, err
	}
	m, err := p.client.Build(r)
	if err != nil {
		return vend.Request{}, fmt.Errorf("prepare flash sale: %w: %w", vend.ErrRefused, err)
	}
	op := string(m.Op)
	if m.Dialect == Draft2023 {
		op = draftMark + op
	}
	return vend.Request{Op: op, Ref: m.Reference, Body: m.Body}, nil
}

// draftMark begins the operations of requests that were made for the draft.
const draftMark = "draft2023:"

// messageOf is the message of a request that was kept.
func messageOf(r vend.Request) Message {
	m := Message{Op: Op(r.Op), Reference: r.Ref, Body: r.Body}
	if op, draft := strings.CutPrefix(r.Op, draftMark); draft {
		m.Op, m.Dialect = Op(op), Draft2023
	}
	return m
}

// misfit is what a sale has that its kind has no use for, which somebody meant
// something by, or that it has nobody to go to.
func misfit(s vend.Sale) string {
	takesTarget, takesProduct := false, true
	switch s.Kind {
	case vend.KindAirtime, vend.KindData, vend.KindElectricity, vend.KindBill:
		takesTarget = true
	case vend.KindRedeem, vend.KindRefund:
		takesProduct = false
	}
	switch {
	case s.Kind != vend.KindRedeem && !s.PIN.Empty():
		return "takes no PIN"
	case (s.Kind == vend.KindRedeem || s.Kind == vend.KindReverse) && s.Amount != 0:
		return "takes no amount"
	case !takesTarget && s.Target != "":
		return "takes no target"
	case takesTarget && s.Target == "":
		return "is for nobody"
	case !takesProduct && s.Product != "":
		return "takes no product"
	case s.Kind != vend.KindElectricity && (s.Free || s.Enquiry != ""):
		return "is not for a meter"
	case s.Kind != vend.KindReverse && (s.Original != "" || s.OriginalKind != ""):
		return "undoes nothing"
	}
	return ""
}

// request words a sale as the client's request.
func (p *Provider) request(s vend.Sale) (Request, error) {
	ref, amount := s.Ref, Cents(s.Amount)
	switch op := p.seller(s.Kind); op {
	case OpPinlessPurchase:
		return Pinless{Reference: ref, ProductCode: s.Product, Amount: amount, MobileNumber: s.Target}, nil
	case OpEeziPurchase:
		return EeziPurchase{Reference: ref, ProductCode: s.Product, Amount: amount}, nil
	case OpUtilityPurchase:
		return UtilityPurchase{Reference: ref, Meter: s.Target, Amount: amount, Free: s.Free, LookupID: s.Enquiry}, nil
	case OpVoucherPurchase:
		return VoucherPurchase{Reference: ref, Amount: amount}, nil
	case OpVoucherDisburse:
		return VoucherDisburse{Reference: ref, Amount: amount}, nil
	case OpGiftPurchase:
		return GiftPurchase{Reference: ref, ProductCode: s.Product, Amount: amount}, nil
	case OpCashOutPurchase:
		return CashOutPurchase{Reference: ref, ProductCode: s.Product, Amount: amount}, nil
	case OpPayPurchase:
		return PayPurchase{Reference: ref, Account: s.Target, Amount: amount}, nil
	case OpPayDisburse:
		return PayDisburse{Reference: ref, Account: s.Target, Amount: amount}, nil
	case OpRedeem:
		return RedeemFull{Reference: ref, PIN: s.PIN}, nil
	case OpVoucherRefund:
		return VoucherRefund{Reference: ref, Amount: amount}, nil
	}
	if s.Kind != vend.KindReverse {
		return nil, fmt.Errorf("prepare flash sale of kind %q: %w", s.Kind, vend.ErrRefused)
	}
	if stands := p.stands.Load(); !p.Can(s.OriginalKind).Reverses || (stands != nil && (*stands)[s.Product]) {
		return nil, fmt.Errorf("prepare flash reversal: a sale of kind %q, product %q, stands: %w", s.OriginalKind, s.Product, vend.ErrRefused)
	}
	switch reverser(s.OriginalKind) {
	case OpCashOutReverse:
		return CashOutReverse{Reference: ref, Original: s.Original}, nil
	case OpEeziReverse:
		return EeziReverse{Reference: ref, Original: s.Original}, nil
	default:
		return VoucherReverse{Reference: ref, Original: s.Original}, nil
	}
}

// Send sends a prepared request and says what came of it.
func (p *Provider) Send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	m, try := messageOf(r), First
	if past.Again {
		try = Again
	}
	x := p.client.Post(ctx, m)
	v := Judge(m, x, try)
	if errors.Is(x.Err, ErrInvalid) || errors.Is(x.Err, ErrNotInDialect) {
		// The stored bytes are not those of this order, or were made for
		// another revision of the API: no repetition will be sent either.
		v.Person = past.Again
	}
	if v.Soft && v.Settled == Open && p.opt.ReleaseSoft && m.Op != OpRedeem && // a voucher may have been taken
		past.Again && past.Code == v.Code && past.Times >= softTimes && past.For >= softFor {
		v.Settled, v.Reason = Refused, reasonTryLater
		v.Detail = "released: the same soft code again and again: " + v.Detail
	}
	return answerOf(v)
}

// answerOf puts a verdict in the shop's words.
func answerOf(v Verdict) vend.Answer {
	a := vend.Answer{
		Amount: ledger.Cents(v.Amount), ProviderRef: v.TransactionID, CallCentre: v.CallCentre,
		Owed: v.Owed, Person: v.Person, Alert: v.Alert, Code: v.Code, Detail: v.Class.String(),
	}
	if v.Detail != "" {
		a.Detail += ": " + v.Detail
	}
	a.Goods = goodsOf(v.Result)
	switch v.Settled {
	case Happened:
		a.Outcome = vend.Delivered
	case Refused:
		a.Outcome, a.Reason = vend.Declined, vend.Reason(v.Reason)
	}
	return a
}
