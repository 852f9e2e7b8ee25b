package vend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"spaza/ledger"
)

// CanFallBack says that articles of this kind are the same at every provider, so
// that a sale may be made through another: airtime of one network and amount, and
// tokens for one meter. Vouchers and bundles differ, and money that was taken in is
// where it is.
func (k Kind) CanFallBack() bool { return k == KindAirtime || k == KindElectricity }

// PartialError comes with a catalogue that is good as far as it goes: of the kinds
// that it names nothing could be learned, and what was on sale of them still is. It
// may name none, where only what is behind the counter is missing.
type PartialError struct {
	Kinds []Kind
	Err   error
}

// Error implements error.
func (e *PartialError) Error() string {
	names := make([]string, len(e.Kinds))
	for i, k := range e.Kinds {
		names[i] = string(k)
	}
	return fmt.Sprintf("a part of the list is missing (%s): %v", strings.Join(names, ", "), e.Err)
}

// Unwrap implements the interface of the errors package.
func (e *PartialError) Unwrap() error { return e.Err }

var errNothingListed = errors.New("nothing in it can be sold")

// Products implements Cataloguer: of each kind what its first choice sells. All
// providers are asked at once. Where some lists are away, the error is a
// *PartialError, and the products are those of the others.
func (r *Routes) Products(ctx context.Context) ([]Product, error) {
	var asked []*seller
	for _, s := range r.sellers {
		if len(r.kindsOf(s)) > 0 {
			asked = append(asked, s)
		}
	}
	if len(asked) == 0 {
		return nil, errors.New("list products: no provider sells anything")
	}
	products, errs := make([][]Product, len(asked)), make([]error, len(asked))
	var all sync.WaitGroup
	for i, s := range asked {
		all.Go(func() { products[i], errs[i] = s.list(ctx) })
	}
	all.Wait()
	if len(asked) == 1 && errs[0] != nil {
		if _, partly := errors.AsType[*PartialError](errs[0]); !partly {
			return nil, errs[0]
		}
	}
	var out []Product
	lost := &PartialError{}
	for i, s := range asked {
		away := r.away(s, products[i], errs[i], len(asked) > 1)
		lost.Err = errors.Join(lost.Err, away.Err)
		for _, k := range r.kindsOf(s) {
			switch {
			case !slices.Contains(away.Kinds, k):
				r.lists.keep(s, k, products[i])
			case r.first(k) == s:
				lost.Kinds = append(lost.Kinds, k)
			}
		}
		for _, p := range products[i] {
			if r.first(p.Kind) == s && !slices.Contains(away.Kinds, p.Kind) {
				p.Code = marked(p.Code, s.Name)
				out = append(out, p)
			}
		}
	}
	switch {
	case lost.Err == nil:
		return out, nil
	case len(out) == 0:
		return nil, lost.Err
	}
	return out, lost
}

// away is what is missing of a list. A list with nothing to sell in it is taken for
// a mistake, where there is another to sell from meanwhile.
func (r *Routes) away(s *seller, products []Product, err error, several bool) PartialError {
	if err == nil {
		if several && len(sorted(products)) == 0 {
			return PartialError{Kinds: r.kindsOf(s), Err: errNothingListed}
		}
		return PartialError{}
	}
	if partly, ok := errors.AsType[*PartialError](err); ok && len(products) > 0 {
		missing := slices.DeleteFunc(r.kindsOf(s), func(k Kind) bool { return !slices.Contains(partly.Kinds, k) })
		if len(missing) == 0 { // of what it is not asked to sell
			return PartialError{}
		}
		return PartialError{Kinds: missing, Err: err}
	}
	return PartialError{Kinds: r.kindsOf(s), Err: err}
}

// kindsOf are the kinds that need a list of a seller: those that are bought and
// that it is any choice for.
func (r *Routes) kindsOf(s *seller) []Kind {
	return slices.DeleteFunc(Kinds(), func(k Kind) bool {
		return !k.Bought() || !slices.Contains(r.by[k], s) || !s.can(k).Sells
	})
}

// list asks for the list of a seller.
func (s *seller) list(ctx context.Context) ([]Product, error) {
	c, ok := s.Provider.(Cataloguer)
	if !ok {
		return nil, errors.New("list products: the provider has no list")
	}
	return c.Products(ctx)
}

// Recall is told of a catalogue that was kept over a restart, and returns what of
// it is still routed as it was then.
func (r *Routes) Recall(kept []Product) []Product {
	var out []Product
	own := make(map[Kind][]Product) // in the words of the first choice
	for _, p := range kept {
		code, name := unmarked(p.Code)
		if s := r.seller(name); s == nil || r.first(p.Kind) != s {
			continue
		}
		out = append(out, p)
		p.Code = code
		own[p.Kind] = append(own[p.Kind], p)
	}
	for k, products := range own {
		r.lists.recall(r.first(k), k, products)
	}
	return out
}

// lists are the last good lists of the sellers, in their own words, by kind.
type lists struct {
	mu sync.RWMutex
	of map[*seller]map[Kind][]Product
}

// keep replaces what a seller lists of a kind.
func (l *lists) keep(s *seller, k Kind, all []Product) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.make(s)
	l.of[s][k] = slices.DeleteFunc(slices.Clone(all), func(p Product) bool { return p.Kind != k })
}

// recall takes what was listed before a restart, unless there is something newer.
func (l *lists) recall(s *seller, k Kind, all []Product) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.make(s)
	if _, newer := l.of[s][k]; !newer {
		l.of[s][k] = all
	}
}

func (l *lists) make(s *seller) {
	if l.of == nil {
		l.of = make(map[*seller]map[Kind][]Product)
	}
	if l.of[s] == nil {
		l.of[s] = make(map[Kind][]Product)
	}
}

// takes says that a seller has something of a kind for an amount.
func (l *lists) takes(s *seller, k Kind, amount ledger.Cents, free bool) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.ContainsFunc(l.of[s][k], func(p Product) bool { return fits(p, amount, free) })
}

func fits(p Product, amount ledger.Cents, free bool) bool {
	return free || p.Min <= amount && amount <= p.Max
}

// equivalent is the product of another seller that is the same to a customer as
// the one of own that a sale is of: airtime of the same network and amount, or
// tokens of the same sort. It is always the same one for the same lists.
func (l *lists) equivalent(sale Sale, own, other *seller) (Product, bool) {
	if !sale.Kind.CanFallBack() {
		return Product{}, false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	code, _ := unmarked(sale.Product)
	i := slices.IndexFunc(l.of[own][sale.Kind], func(p Product) bool { return p.Code == code })
	if i < 0 { // of an earlier list: nobody knows any more what it was
		return Product{}, false
	}
	was := l.of[own][sale.Kind][i]
	others := sorted(l.of[other][sale.Kind])[sale.Kind]
	if sale.Kind == KindAirtime {
		for _, n := range networks(others) {
			if n.ID == was.Network {
				return n.Sells(sale.Amount)
			}
		}
		return Product{}, false
	}
	var best Product
	for _, p := range others {
		if p.Water() == was.Water() && fits(p, sale.Amount, sale.Free) && (best.Code == "" || p.Max > best.Max) {
			best = p
		}
	}
	return best, best.Code != ""
}
