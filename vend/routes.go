package vend

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// routeMark stands between what a provider calls something (an operation, a product,
// an enquiry) and the name of the provider.
const routeMark = "@"

// marked is a provider's own word with the provider's name. The word of the one
// without a name stays as it is, unless it could be taken for another's.
func marked(word, name string) string {
	if word == "" || name == "" && !strings.Contains(word, routeMark) {
		return word
	}
	return word + routeMark + name
}

// unmarked takes it apart again.
func unmarked(text string) (word, name string) {
	if i := strings.LastIndex(text, routeMark); i >= 0 {
		return text[:i], text[i+len(routeMark):]
	}
	return text, ""
}

// providerOf is the name of the provider of an operation; empty where none is
// named.
func providerOf(op string) string {
	_, name := unmarked(op)
	return name
}

// Seller is a provider by its name: small letters and digits. One may have none; what
// is its own carries no mark, so that it reads as before there was another.
type Seller struct {
	Name     string
	Provider Provider
}

// Faltering is a provider that can say beforehand that a sale would not reach it.
type Faltering interface {
	// Down says that the provider cannot be reached now. It asks nobody and returns
	// at once; it may be wrong.
	Down() bool
}

// Routes sells each kind through the provider that it is routed to, and is to the
// service one provider. Whose a request is stands in its Op, for ever: it is sent
// there, and nowhere else, also when its kind goes elsewhere by now. The products
// of providers with a name carry that name likewise.
//
// A kind may have further choices. One of them is taken in place of the first only
// in Prepare, so before anything is committed or sent, while the first says that it is
// Down, and only for an equivalent product: see CanFallBack.
type Routes struct {
	sellers []*seller
	by      map[Kind][]*seller // choices, the first first
	lists   lists
}

type seller struct{ Seller }

var (
	_ Provider   = (*Routes)(nil)
	_ Cataloguer = (*Routes)(nil)
	_ Enquirer   = (*Routes)(nil)
	_ Capable    = (*Routes)(nil)
	_ Adviser    = (*Routes)(nil)
	_ Confirmer  = (*Routes)(nil)
)

var sellerName = regexp.MustCompile(`^[a-z0-9]*$`)

// NewRoutes routes kinds to sellers by name, the first choice first. A kind that is
// not named is sold by nobody; a nil by sells every kind through the first seller.
// Sellers that no kind is routed to are for the orders that they have. Reversals
// are not routed: they go where the sale went.
func NewRoutes(sellers []Seller, by map[Kind][]string) (*Routes, error) {
	r := &Routes{by: make(map[Kind][]*seller)}
	for _, s := range sellers {
		switch {
		case s.Provider == nil || !sellerName.MatchString(s.Name):
			return nil, fmt.Errorf("route kinds: provider %q is none, or cannot be called so", s.Name)
		case r.seller(s.Name) != nil:
			return nil, fmt.Errorf("route kinds: two providers are called %q", s.Name)
		}
		r.sellers = append(r.sellers, &seller{s})
	}
	if len(r.sellers) == 0 {
		return nil, errors.New("route kinds: there is no provider")
	}
	if by == nil {
		by = make(map[Kind][]string)
		for _, k := range Kinds() {
			by[k] = []string{r.sellers[0].Name}
		}
	}
	for k, names := range by {
		if k == KindReverse {
			continue
		}
		if len(names) > 1 && !k.CanFallBack() {
			return nil, fmt.Errorf("route kinds: %s has no equivalents, so it can have one provider only", k)
		}
		for _, name := range names {
			s := r.seller(name)
			if s == nil || slices.Contains(r.by[k], s) {
				return nil, fmt.Errorf("route kinds: %s goes to %q, which is no provider, or there twice", k, name)
			}
			r.by[k] = append(r.by[k], s)
		}
	}
	return r, nil
}

// seller finds one by name; nil when there is none.
func (r *Routes) seller(name string) *seller {
	for _, s := range r.sellers {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// first is the first choice for a kind; nil when nobody sells it.
func (r *Routes) first(k Kind) *seller {
	if all := r.by[k]; len(all) > 0 {
		return all[0]
	}
	return nil
}

func (s *seller) down() bool {
	f, ok := s.Provider.(Faltering)
	return ok && f.Down()
}

func (s *seller) can(k Kind) Capability {
	if c, ok := s.Provider.(Capable); ok {
		return c.Can(k)
	}
	return Capability{Sells: true}
}

// Can implements Capable: what the first choice for a kind can do. Reversals can be
// done where any provider can do one.
func (r *Routes) Can(k Kind) Capability {
	if k == KindReverse {
		return Capability{Sells: slices.ContainsFunc(r.sellers, func(s *seller) bool { return s.can(k).Sells })}
	}
	if s := r.first(k); s != nil {
		return s.can(k)
	}
	return Capability{}
}

// Prepare implements Provider: it decides whose the sale is. A product belongs to
// its provider; what has none goes to the first choice for its kind. Its errors are
// the provider's, and ErrRefused.
func (r *Routes) Prepare(s Sale) (Request, error) {
	if s.Kind == KindReverse {
		return r.undo(s)
	}
	own := r.first(s.Kind)
	if s.Product != "" {
		_, name := unmarked(s.Product)
		own = r.seller(name)
	}
	if own == nil || !slices.Contains(r.by[s.Kind], own) {
		return Request{}, fmt.Errorf("prepare sale of kind %q: not sold by the provider of the product: %w", s.Kind, ErrRefused)
	}
	if own.down() {
		for _, other := range r.by[s.Kind] {
			if other == own || other.down() {
				continue
			}
			p, ok := r.lists.equivalent(s, own, other)
			if !ok {
				continue
			}
			instead := s
			instead.Product = p.Code
			if req, err := other.prepare(instead); err == nil {
				return req, nil
			}
		}
	}
	s.Product, _ = unmarked(s.Product)
	return own.prepare(s)
}

// undo prepares a reversal at the provider of the sale.
func (r *Routes) undo(s Sale) (Request, error) {
	op, name := unmarked(s.OriginalOp)
	own := r.seller(name)
	if own == nil {
		return Request{}, fmt.Errorf("prepare reversal: %s: %w", missing(name), ErrRefused)
	}
	product, of := unmarked(s.Product)
	if of != name { // sold in its place; to this provider the code means something else, or nothing
		product = ""
	}
	s.Product, s.OriginalOp = product, op
	return own.prepare(s)
}

// prepare makes a request that names its provider. The product is in the
// provider's own words already. An enquiry of another provider is left out.
func (s *seller) prepare(sale Sale) (Request, error) {
	handle, name := unmarked(sale.Enquiry)
	if name != s.Name {
		handle = ""
	}
	sale.Enquiry = handle
	req, err := s.Provider.Prepare(sale)
	if err != nil {
		return Request{}, err
	}
	if strings.Contains(req.Op, routeMark) {
		return Request{}, fmt.Errorf("prepare sale: an operation cannot be called %q: %w", req.Op, ErrRefused)
	}
	req.Op = marked(req.Op, s.Name)
	return req, nil
}

// Send implements Provider: the request goes to the provider that it was made ready
// for. Where that is not configured, nothing is sent: what was never sent is declined,
// and what may have been sent is for a person.
func (r *Routes) Send(ctx context.Context, req Request, past Past) Answer {
	op, name := unmarked(req.Op)
	own := r.seller(name)
	switch {
	case own == nil && past.Again:
		return Answer{Person: true, Alert: true, Detail: missing(name)}
	case own == nil:
		return Answer{Outcome: Declined, Reason: ReasonUnavailable, Alert: true, Detail: missing(name)}
	}
	req.Op = op
	a := own.Provider.Send(ctx, req, past)
	if a.Advice != nil {
		advice := *a.Advice
		advice.Op = marked(advice.Op, name)
		a.Advice = &advice
	}
	return a
}

// Advise implements Adviser in the same way. Where the provider is not configured,
// the advice is not taken, and is kept for when it is.
func (r *Routes) Advise(ctx context.Context, a Advice) Advised {
	op, name := unmarked(a.Op)
	own := r.seller(name)
	if own == nil {
		return Advised{Alert: true, Detail: missing(name)}
	}
	to, ok := own.Provider.(Adviser)
	if !ok {
		return Advised{Alert: true, Detail: "its provider takes no advice"}
	}
	a.Op = op
	return to.Advise(ctx, a)
}

// Confirm implements Confirmer: the advice of the provider that the request was made
// ready for; nil where that one wants none.
func (r *Routes) Confirm(req Request) (*Advice, error) {
	op, name := unmarked(req.Op)
	own := r.seller(name)
	if own == nil {
		return nil, fmt.Errorf("make confirmation: %s", missing(name))
	}
	c, ok := own.Provider.(Confirmer)
	if !ok {
		return nil, nil
	}
	req.Op = op
	a, err := c.Confirm(req)
	if err != nil || a == nil {
		return nil, err
	}
	advice := *a
	advice.Op = marked(advice.Op, name)
	return &advice, nil
}

// missing says which provider is not there.
func missing(name string) string {
	if name == "" {
		return "the provider without a mark is not configured"
	}
	if !sellerName.MatchString(name) {
		return "its provider is not configured"
	}
	return "provider " + name + " is not configured"
}

// Meter implements Enquirer: it asks the provider that a sale would now go to.
// ErrNoEnquiry where that one cannot be asked.
func (r *Routes) Meter(ctx context.Context, q MeterQuestion) (Meter, error) {
	own := r.first(KindElectricity)
	if own != nil && own.down() {
		for _, other := range r.by[KindElectricity][1:] {
			if !other.down() && r.lists.takes(other, KindElectricity, q.Amount, q.Free) {
				own = other
				break
			}
		}
	}
	e, err := own.enquirer(KindElectricity)
	if err != nil {
		return Meter{}, err
	}
	m, err := e.Meter(ctx, q)
	m.Handle = marked(m.Handle, own.Name)
	return m, err
}

// Account implements Enquirer.
func (r *Routes) Account(ctx context.Context, q AccountQuestion) (Account, error) {
	e, err := r.first(KindBill).enquirer(KindBill)
	if err != nil {
		return Account{}, err
	}
	return e.Account(ctx, q)
}

// enquirer is the seller where it can be asked; it may be nil.
func (s *seller) enquirer(k Kind) (Enquirer, error) {
	if s == nil || !s.can(k).Enquires {
		return nil, ErrNoEnquiry
	}
	if e, ok := s.Provider.(Enquirer); ok {
		return e, nil
	}
	return nil, ErrNoEnquiry
}
