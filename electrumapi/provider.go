package electrumapi

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/sony/gobreaker/v2"

	"spaza/ledger"
	"spaza/vend"
)

// Remedy is what is done about a sale of which it is not known whether it happened.
// None of them makes a new sale.
type Remedy string

// The remedies.
const (
	RemedyStatus  Remedy = "status"  // ask after it (Airtime v5, purchaseStatus)
	RemedyRetry   Remedy = "retry"   // ask for its goods again (SUV and PPU, retry)
	RemedyReverse Remedy = "reverse" // undo it, whatever became of it
)

// Remedies lists what can be done about a kind of sale, what is done by default first.
func Remedies(k vend.Kind) []Remedy {
	switch k {
	case vend.KindAirtime, vend.KindData: // no provider takes a reversal
		return []Remedy{RemedyStatus}
	case vend.KindAirtimePIN:
		return []Remedy{RemedyStatus, RemedyReverse}
	case vend.KindGift, vend.KindElectricity:
		return []Remedy{RemedyRetry, RemedyReverse}
	}
	return nil
}

// ProviderOptions fit a client to a merchant's contract with Electrum. All have
// defaults.
type ProviderOptions struct {
	// Unknown says what is done about unclear sales of a kind; what Remedies does not
	// list for it is not taken.
	Unknown map[vend.Kind]Remedy
	// SingleMessaging says that vouchers are not confirmed (SUV, single messaging).
	SingleMessaging bool
	// RetryNewID puts a new id into the body of the retry of a token purchase. Default:
	// the original body, byte for byte, as the document has it.
	RetryNewID bool
	// Tender is how customers have paid, for confirmations; default TenderWallet.
	Tender TenderType
	// Utilities are sold; default electricity alone. Electricity and water have
	// products, since the interface has no list.
	Utilities []UtilityType

	// StatusAfter is how old a purchase is before it is asked after; default 0, at
	// once. SettleAfter is how old it must be before "there is no such purchase", said
	// three times in a row and for half as long, is believed; default 2 min.
	StatusAfter, SettleAfter time.Duration

	// MinAirtime and MaxAirtime are the limits of airtime of free amount, of which
	// the interface tells none; default R2 and R1 000. MinUtility and MaxUtility are
	// those of tokens, before the meter is known; default R10 and R5 000.
	MinAirtime, MaxAirtime ledger.Cents
	MinUtility, MaxUtility ledger.Cents
}

func (o ProviderOptions) withDefaults() ProviderOptions {
	if o.Tender == "" {
		o.Tender = TenderWallet
	}
	if o.Utilities == nil {
		o.Utilities = []UtilityType{UtilityElectricity}
	}
	if o.SettleAfter <= 0 {
		o.SettleAfter = 2 * time.Minute
	}
	for _, d := range []struct {
		at *ledger.Cents
		is ledger.Cents
	}{
		{&o.MinAirtime, ledger.Rand(2)}, {&o.MaxAirtime, ledger.Rand(1000)}, {&o.MinUtility, ledger.Rand(10)}, {&o.MaxUtility, ledger.Rand(5000)},
	} {
		if *d.at <= 0 {
			*d.at = d.is
		}
	}
	return o
}

// settleTimes is how often in a row a purchase must not be there to be believed lost.
const settleTimes = 3

// Provider fits a Client to the shop.
type Provider struct {
	client *Client
	opt    ProviderOptions
	reach  reach
}

var (
	_ vend.Provider   = (*Provider)(nil)
	_ vend.Cataloguer = (*Provider)(nil)
	_ vend.Enquirer   = (*Provider)(nil)
	_ vend.Capable    = (*Provider)(nil)
	_ vend.Adviser    = (*Provider)(nil)
	_ vend.Confirmer  = (*Provider)(nil)
	_ vend.Faltering  = (*Provider)(nil)
)

// NewProvider sells through c.
func NewProvider(c *Client, o ProviderOptions) *Provider {
	return &Provider{client: c, opt: o.withDefaults()}
}

// Format implements fmt.Formatter, as the client does.
func (p *Provider) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "provider, %v", p.client) }

// Down implements vend.Faltering: the breaker of airtime, of utilities or of tokens is
// open, or the last call, less than 30 seconds ago, could not even connect.
func (p *Provider) Down() bool {
	if p.client.breakers[tokenEndpoint].State() == gobreaker.StateOpen {
		return true
	}
	for _, i := range []Interface{InterfaceAirtime, InterfaceUtility} { // of what others may sell instead
		if p.client.Has(i) && p.client.Down(i) {
			return true
		}
	}
	return p.reach.down(p.client.options.Now())
}

// remedy is what is done about unclear sales of a kind.
func (p *Provider) remedy(k vend.Kind) Remedy {
	all := Remedies(k)
	if r := p.opt.Unknown[k]; slices.Contains(all, r) {
		return r
	}
	return append(all, "")[0]
}

// Can implements vend.Capable. No sale can be undone on request: a confirmed one is
// for ever.
func (p *Provider) Can(k vend.Kind) vend.Capability {
	switch k {
	case vend.KindAirtime, vend.KindData, vend.KindAirtimePIN:
		return vend.Capability{Sells: p.client.Has(InterfaceAirtime)}
	case vend.KindGift:
		return vend.Capability{Sells: p.client.Has(InterfaceVoucher)}
	case vend.KindElectricity:
		sells := p.client.Has(InterfaceUtility) && len(p.opt.Utilities) > 0
		return vend.Capability{Sells: sells, Enquires: sells}
	}
	return vend.Capability{}
}

// shopReference is the form of the shop's references.
var shopReference = regexp.MustCompile(`^[A-Z0-9-]{1,30}$`)

// Prepare makes the request of a sale. It sends nothing; its errors are
// vend.ErrRefused. The same sale makes the same bytes.
func (p *Provider) Prepare(s vend.Sale) (vend.Request, error) {
	if !shopReference.MatchString(s.Ref) {
		return vend.Request{}, fmt.Errorf("prepare electrum sale: reference: %w", vend.ErrRefused)
	}
	if !p.Can(s.Kind).Sells {
		return vend.Request{}, fmt.Errorf("prepare electrum sale of kind %q: not sold: %w", s.Kind, vend.ErrRefused)
	}
	if why := p.misfit(s); why != "" {
		return vend.Request{}, fmt.Errorf("prepare electrum sale of kind %q: %s: %w", s.Kind, why, vend.ErrRefused)
	}
	m, err := p.client.Build(p.request(s))
	if err != nil {
		return vend.Request{}, fmt.Errorf("prepare electrum sale: %w: %w", vend.ErrRefused, err)
	}
	return vend.Request{Op: string(m.Op), Ref: s.Ref, Body: m.Body}, nil
}

// misfit is what a sale has that its kind has no use for, which somebody meant
// something by, or what it lacks.
func (p *Provider) misfit(s vend.Sale) string {
	takesTarget := s.Kind == vend.KindAirtime || s.Kind == vend.KindData || s.Kind == vend.KindElectricity
	switch {
	case !s.PIN.Empty():
		return "takes no PIN"
	case s.Original != "" || s.OriginalKind != "":
		return "undoes nothing"
	case takesTarget != (s.Target != ""):
		return "is for nobody, or for somebody without need"
	case s.Product == "":
		return "is of no product"
	case s.Kind != vend.KindElectricity && (s.Free || s.Enquiry != ""):
		return "is not for a meter"
	case s.Kind == vend.KindElectricity && !slices.Contains(p.opt.Utilities, UtilityType(s.Product)):
		return "is of a utility that is not sold"
	case s.Free != (s.Amount == 0) || s.Amount < 0:
		return "is for nothing, or for less"
	}
	return ""
}

// request words a sale as the client's request.
func (p *Provider) request(s vend.Sale) Request {
	head := NewHead(s.Ref, s.At.UTC().Truncate(time.Millisecond), s.Channel)
	price := Rand(int64(s.Amount))
	tenders := []Tender{{Amount: price, TenderType: p.opt.Tender}}
	switch s.Kind {
	case vend.KindElectricity:
		return TokenPurchase{
			Head: head, Meter: Meter{MeterID: s.Target}, PurchaseAmount: price, UtilityType: UtilityType(s.Product), Tenders: tenders,
		}
	case vend.KindGift:
		return SingleUseProvision{
			Head: head, Product: &SingleUseProduct{ProductID: s.Product}, Amounts: &Amounts{RequestAmount: &price}, Tenders: tenders,
		}
	}
	direct := s.Kind != vend.KindAirtimePIN
	r := AirtimePurchase{
		Head: head, Product: AirtimeProduct{ProductID: s.Product, IsDirectTopup: &direct}, Amounts: &Amounts{RequestAmount: &price}, Tenders: tenders,
	}
	if direct {
		r.RecipientMsisdn = &Msisdn{Msisdn: s.Target}
	}
	return r
}

// kept is a request as it was kept, and what is done about it.
type kept struct {
	Message
	on     Interface
	asked  asked
	ref    string
	remedy Remedy
}

// readKept reads a request that was kept; false when it is none that Prepare made.
func (p *Provider) readKept(r vend.Request) (kept, bool) {
	k := kept{Message: Message{Op: Op(r.Op), ID: ID(LabelRequest, r.Ref), Body: r.Body}, ref: r.Ref, on: operations[Op(r.Op)].on}
	a, err := Decode[asked](r.Body)
	if err != nil || a.ID != k.ID {
		return k, false
	}
	k.asked = *a
	switch k.Op {
	case OpAirtimePurchase:
		k.remedy = p.remedy(vend.KindAirtimePIN)
		if k.asked.RecipientMsisdn != nil {
			k.remedy = p.remedy(vend.KindAirtime)
		}
	case OpVoucherProvision:
		k.remedy = p.remedy(vend.KindGift)
	case OpTokenPurchase:
		k.remedy = p.remedy(vend.KindElectricity)
	default:
		return k, false
	}
	return k, true
}

// Send sends a prepared request, once ever, and says what came of it. When it may have
// been sent before, it is asked after, or its goods are asked for again, or what undoes
// it is given.
func (p *Provider) Send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	k, ok := p.readKept(r)
	switch {
	case !ok && past.Again:
		return vend.Answer{Person: true, Alert: true, Detail: "the request that was kept is none of this provider's"}
	case !ok:
		return vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonUnavailable, Alert: true, Detail: "the request is none of this provider's"}
	case !past.Again:
		x := p.post(ctx, k.Message)
		if x.Class() == Success {
			return p.happened(k, x, k.ID)
		}
		return p.answer(k, judgeFirst(x), x)
	case k.remedy == RemedyReverse:
		return p.undo(k, ReversedTimeout, Exchange{}, vend.Answer{Detail: "to be reversed"})
	case k.remedy == RemedyStatus && past.Age < p.opt.StatusAfter:
		return vend.Answer{Detail: "too early to ask"}
	}
	m, err := p.client.Build(p.question(k))
	if err != nil {
		return vend.Answer{Person: true, Alert: true, Detail: "the question cannot be made: " + err.Error()}
	}
	x := p.post(ctx, m)
	if x.Class() == Success {
		return p.happened(k, x, k.ID, m.ID)
	}
	v := judgeAgain(x)
	// Age is by the clocks of two processes where another had sent it; For is by those
	// of who asked.
	long := past.Age >= p.opt.SettleAfter && past.For >= p.opt.SettleAfter/2
	if v.gone && past.Code == notThere && past.Times+1 >= settleTimes && long {
		v.declined, v.reason = true, reasonTryLater
		v.detail = "not there, again and again: " + v.detail
	}
	return p.answer(k, v, x)
}

// question asks after a sale, or for its goods again.
func (p *Provider) question(k kept) Request {
	switch {
	case k.on == InterfaceVoucher:
		return SingleUseRetry{Request: k.Body}
	case k.on == InterfaceUtility && p.opt.RetryNewID:
		return TokenRetry{Request: k.Body, ID: ID(LabelRetry, k.ref)}
	case k.on == InterfaceUtility:
		return TokenRetry{Request: k.Body}
	}
	return AirtimeStatus{OriginalMsgID: k.ID}
}

// post sends, and takes note of whether the host could be reached.
func (p *Provider) post(ctx context.Context, m Message) Exchange {
	gone := ctx.Err() != nil
	x := p.client.Post(ctx, m)
	p.reach.saw(p.client.options.Now(), gone, x.Sent, x.Err)
	return x
}

// answer puts what is said of a sale without a success in the shop's words.
func (p *Provider) answer(k kept, v verdict, x Exchange) vend.Answer {
	a := vend.Answer{Person: v.person, Alert: v.alert, Code: v.code, Detail: v.detail}
	if v.declined {
		a.Outcome, a.Reason = vend.Declined, vend.Reason(v.reason)
		return a
	}
	if k.remedy == RemedyReverse {
		return p.undo(k, reversalReason(x), x, a)
	}
	return a
}

// happened puts a success in the shop's words.
func (p *Provider) happened(k kept, x Exchange, own ...string) vend.Answer {
	f := p.find(k.on, k.asked, x.Body, own...)
	a := vend.Answer{Detail: "success", ProviderRef: f.ref}
	if a.ProviderRef == "" {
		a.ProviderRef = k.ID // by which Electrum has it
	}
	switch {
	case f.contradicts != "":
		a.Person, a.Alert, a.Detail = true, true, f.contradicts
		return a
	case f.nothing:
		a.ProviderRef, a.Detail = "", "a success that says of nothing what it is about"
		return p.answer(k, verdict{code: "empty", detail: a.Detail}, x)
	case f.missing && k.remedy == RemedyReverse:
		return p.undo(k, ReversedCancelled, x, vend.Answer{Code: "no_goods", Detail: "success without the goods: to be reversed"})
	case f.missing:
		a.Owed, a.Goods, a.Code, a.Detail = true, f.goods, "no_goods", "success without the goods"
		return a
	}
	a.Outcome, a.Amount, a.Goods = vend.Delivered, f.amount, f.goods
	advice, err := p.confirmation(k, x)
	if err != nil && !errors.Is(err, errNoAdvice) {
		a.Alert, a.Detail = true, "delivered, and the confirmation cannot be made: "+err.Error()
	}
	a.Advice = advice
	return a
}
