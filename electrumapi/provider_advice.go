package electrumapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spaza/vend"
)

// errNoAdvice says that the host wants to be told nothing.
var errNoAdvice = errors.New("no advice is wanted")

// about is what every advice about a request is made from.
func (p *Provider) about(k kept, label Label, x Exchange) About {
	return About{ID: ID(label, k.ref), At: p.client.options.Now().UTC().Truncate(time.Millisecond), Request: k.Body, Response: x.Body}
}

// confirmation words that a sale stands and was paid for. The tenders are those of the
// request; the identifiers those of the answer.
func (p *Provider) confirmation(k kept, x Exchange) (*vend.Advice, error) {
	about := p.about(k, LabelConfirm, x)
	var r Request
	switch {
	case k.on == InterfaceVoucher && p.opt.SingleMessaging:
		return nil, errNoAdvice
	case k.on == InterfaceVoucher:
		r = SingleUseConfirmation{About: about}
	case k.on == InterfaceUtility:
		r = TokenConfirmation{About: about}
	default:
		r = AirtimeConfirmation{About: about, Tenders: paidWith(nil, k.Body)}
	}
	m, err := p.client.Build(r)
	if err != nil {
		return nil, err
	}
	return &vend.Advice{Request: vend.Request{Op: string(m.Op), Ref: k.ref, Body: m.Body}}, nil
}

// Confirm words that a sale stands of which no answer says so, with the identifiers of
// the request; nil where nothing is confirmed.
func (p *Provider) Confirm(r vend.Request) (*vend.Advice, error) {
	k, ok := p.readKept(r)
	if !ok {
		return nil, errors.New("make confirmation: the request that was kept is none of this provider's")
	}
	a, err := p.confirmation(k, Exchange{})
	switch {
	case errors.Is(err, errNoAdvice):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("make confirmation: %w", err)
	}
	return a, nil
}

// undo adds to an answer of unknown outcome that the sale is to be undone. x is what
// was heard of it, if anything.
func (p *Provider) undo(k kept, why ReversalReason, x Exchange, a vend.Answer) vend.Answer {
	about := p.about(k, LabelReverse, x)
	var r Request
	switch k.on {
	case InterfaceVoucher:
		r = SingleUseReversal{About: about, Reason: why}
	case InterfaceUtility:
		r = TokenReversal{About: about, Reason: why}
	default:
		r = AirtimeReversal{About: about, Reason: why}
	}
	m, err := p.client.Build(r)
	if err != nil {
		a.Person, a.Alert, a.Detail = true, true, "the reversal cannot be made: "+err.Error()
		return a
	}
	a.Advice = &vend.Advice{Request: vend.Request{Op: string(m.Op), Ref: k.ref, Body: m.Body}, Undo: true}
	return a
}

// reversalReason is why a request is reversed whose answer was not clear.
func reversalReason(x Exchange) ReversalReason {
	if x.Status == 0 {
		return ReversedTimeout
	}
	return ReversedNotFinal
}

// Advise sends a confirmation or a reversal. Its answer is final with 2xx, with 4xx and
// 501; 401, 403, 408 and 429 say nothing of the advice. That there is nothing to reverse
// is all that a reversal wants.
func (p *Provider) Advise(ctx context.Context, a vend.Advice) vend.Advised {
	m := Message{Op: Op(a.Op), ID: ID(LabelConfirm, a.Ref), Original: ID(LabelRequest, a.Ref), Body: a.Body}
	wants, done := confirms, ErrorVoucherConfirmed
	if a.Undo {
		m.ID, wants, done = ID(LabelReverse, a.Ref), reverses, ErrorVoucherReversed
	}
	if operations[m.Op].effect != wants {
		return vend.Advised{Alert: true, Detail: "the advice that was kept is none of this provider's"}
	}
	x := p.post(ctx, m)
	v := x.described()
	said := vend.Advised{Code: v.code, Detail: v.detail}
	switch class := x.Class(); {
	case class == Success:
		said.Final, said.Taken, said.Detail = true, true, "taken"
	case class == Failed && x.Detail().Type == done: // what it wants is so
		said.Final, said.Taken = true, true
	case class == Failed:
		said.Final, said.Alert = true, true
	case class == Auth, errors.Is(x.Err, ErrCredentials), errors.Is(x.Err, ErrInvalid):
		said.Alert = true
	case class == Unknown && (x.Status/100 == 2 || x.Status/100 == 4 && x.strange()): // who is it that answers?
		said.Alert = true
	}
	return said
}
