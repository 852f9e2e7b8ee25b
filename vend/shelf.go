package vend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"spaza/ledger"
)

// Shelf is what the shop can sell now: the provider's catalogue, kept with its
// last good answer, so that an outage of the list does not close the shop.
type Shelf struct {
	from    Cataloguer
	now     func() time.Time
	loading sync.Mutex
	goods   atomic.Pointer[goods]
}

type goods struct {
	airtime []Network
	at      time.Time
}

// Network is one mobile network and its airtime, as products.
type Network struct {
	ID   string // canonical name, such as "vodacom"
	Name string // as people read it, such as "Vodacom"
	// Range is the product of free amount, where there is one (Code is not
	// empty).
	Range Product
	// Fixed are the products of fixed price, cheapest first, one for a price.
	Fixed []Product
}

// Sells is the product that sells airtime of this amount: one of exactly that
// price, or the one of free amount where it reaches.
func (n Network) Sells(amount ledger.Cents) (Product, bool) {
	for _, p := range n.Fixed {
		if p.Min == amount {
			return p, true
		}
	}
	if n.Range.Code != "" && n.Range.Min <= amount && amount <= n.Range.Max {
		return n.Range, true
	}
	return Product{}, false
}

// NewShelf makes an empty shelf; Load fills it.
func NewShelf(from Cataloguer, now func() time.Time) *Shelf {
	s := &Shelf{from: from, now: now}
	s.goods.Store(&goods{})
	return s
}

// Load asks the provider for its catalogue. On an error, or when the answer has
// nothing to sell, the last good one stays.
func (s *Shelf) Load(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	products, err := s.from.Products(ctx)
	if err != nil {
		return fmt.Errorf("load catalogue: %w", err)
	}
	airtime := networks(products)
	if len(airtime) == 0 {
		return errors.New("load catalogue: no airtime in it")
	}
	s.goods.Store(&goods{airtime: airtime, at: s.now()})
	return nil
}

// Age is how old the catalogue is; zero when there is none.
func (s *Shelf) Age() time.Duration {
	g := s.goods.Load()
	if g.at.IsZero() {
		return 0
	}
	return s.now().Sub(g.at)
}

// Airtime lists the networks whose airtime is on sale, the large ones first, in
// an order that does not change from day to day. The caller must not change it.
func (s *Shelf) Airtime() []Network { return s.goods.Load().airtime }

// Network finds one by its canonical name.
func (s *Shelf) Network(id string) (Network, bool) {
	for _, n := range s.Airtime() {
		if n.ID == id {
			return n, true
		}
	}
	return Network{}, false
}

// networks groups the airtime of a catalogue by network.
func networks(products []Product) []Network {
	byID := map[string]*Network{}
	for _, p := range products {
		if p.Kind != KindAirtime || p.Network == "" || p.Min <= 0 || p.Max < p.Min {
			continue
		}
		n := byID[p.Network]
		if n == nil {
			n = &Network{ID: p.Network, Name: p.Vendor}
			byID[p.Network] = n
		}
		switch {
		case p.Fixed():
			n.Fixed = append(n.Fixed, p)
		case n.Range.Code == "" || p.Code < n.Range.Code: // one is enough; always the same
			n.Range = p
		}
	}
	all := make([]Network, 0, len(byID))
	for _, n := range byID {
		slices.SortFunc(n.Fixed, func(a, b Product) int {
			if a.Min != b.Min {
				return int(a.Min - b.Min)
			}
			return strings.Compare(a.Code, b.Code)
		})
		// A customer chooses an amount and could not tell them apart.
		n.Fixed = slices.CompactFunc(n.Fixed, func(a, b Product) bool { return a.Min == b.Min })
		all = append(all, *n)
	}
	rank := func(n Network) int {
		if i := slices.Index([]string{"vodacom", "mtn", "cellc", "telkom"}, n.ID); i >= 0 {
			return i
		}
		return 99
	}
	slices.SortFunc(all, func(a, b Network) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}
