package vend

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"spaza/ledger"
)

// Keeper keeps the last good catalogue over a restart, since the list may be
// away when the shop opens.
type Keeper interface {
	KeepCatalogue(ctx context.Context, text []byte, at time.Time) error
	// Catalogue is what was kept last; no text when there is none.
	Catalogue(ctx context.Context) (text []byte, at time.Time, err error)
}

// ShelfOptions say how a shelf is kept.
type ShelfOptions struct {
	Keeper Keeper           // default: nothing is kept over a restart
	Now    func() time.Time // default time.Now
}

// Shelf is what the shop can sell now: the provider's catalogue, kept with its
// last good answer, so that an outage of the list does not close the shop.
type Shelf struct {
	from    Cataloguer
	opt     ShelfOptions
	loading sync.Mutex
	goods   atomic.Pointer[stock]
}

// stock is one catalogue, sorted. Nothing changes it.
type stock struct {
	airtime []Network
	kinds   map[Kind][]Product
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
func NewShelf(from Cataloguer, o ShelfOptions) *Shelf {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Shelf{from: from, opt: o}
	s.goods.Store(&stock{})
	return s
}

// Load asks the provider for its catalogue. On an error, or when the answer has
// nothing to sell, the last good one stays, also that of an earlier run; the
// error is returned all the same. After a *PartialError only the kinds that it
// names stay as they were.
func (s *Shelf) Load(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	products, err := s.from.Products(ctx)
	if err == nil && len(sorted(products)) == 0 {
		err = errNothingListed
	}
	lost, partly := errors.AsType[*PartialError](err)
	if err != nil {
		err = fmt.Errorf("load catalogue: %w", err)
	}
	if err != nil && (!partly || len(products) == 0) {
		return errors.Join(err, s.restore(context.WithoutCancel(ctx)))
	}
	at := s.opt.Now()
	if partly {
		err = errors.Join(err, s.restore(context.WithoutCancel(ctx)))
		products, at = s.completed(products, lost.Kinds, at)
	}
	s.goods.Store(newStock(products, at))
	return errors.Join(err, s.keep(ctx, products, at))
}

// completed adds what the shelf has of some kinds to products. Together they are as
// old as the oldest of them.
func (s *Shelf) completed(products []Product, missing []Kind, at time.Time) ([]Product, time.Time) {
	had := s.goods.Load()
	all := slices.DeleteFunc(slices.Clone(products), func(p Product) bool { return slices.Contains(missing, p.Kind) })
	for _, k := range missing {
		if len(had.kinds[k]) > 0 {
			all, at = append(all, had.kinds[k]...), had.at
		}
	}
	return all, at
}

// keep has a catalogue kept over a restart.
func (s *Shelf) keep(ctx context.Context, products []Product, at time.Time) error {
	if s.opt.Keeper == nil {
		return nil
	}
	text, err := json.Marshal(products)
	if err == nil {
		err = s.opt.Keeper.KeepCatalogue(ctx, text, at)
	}
	if err != nil {
		return fmt.Errorf("keep catalogue: %w", err)
	}
	return nil
}

// recaller is a Cataloguer that wants to know what was kept over a restart, and
// says what of it is still on sale.
type recaller interface {
	Recall(kept []Product) []Product
}

// restore fills an empty shelf with what was kept. The caller holds the lock.
func (s *Shelf) restore(ctx context.Context) error {
	if s.opt.Keeper == nil || !s.goods.Load().at.IsZero() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, restoreFor)
	defer cancel()
	text, at, err := s.opt.Keeper.Catalogue(ctx)
	if err != nil {
		return fmt.Errorf("read kept catalogue: %w", err)
	}
	if len(text) == 0 {
		return nil
	}
	var products []Product
	if err := json.Unmarshal(text, &products); err != nil {
		return fmt.Errorf("read kept catalogue: %w", err)
	}
	if from, ok := s.from.(recaller); ok {
		products = from.Recall(products)
	}
	kept := newStock(products, at)
	if len(kept.kinds) == 0 {
		return errors.New("read kept catalogue: nothing in it can be sold")
	}
	s.goods.Store(kept)
	return nil
}

// restoreFor bounds reading the kept catalogue, which the caller's deadline does
// not: that was for the provider.
const restoreFor = 2 * time.Second

func newStock(products []Product, at time.Time) *stock {
	kinds := sorted(products)
	return &stock{airtime: networks(kinds[KindAirtime]), kinds: kinds, at: at}
}

// sorted is what can be sold by kind, the cheapest first within a vendor.
func sorted(products []Product) map[Kind][]Product {
	kinds := make(map[Kind][]Product)
	for _, p := range products {
		if p.Kind.Bought() && p.Code != "" && p.Min > 0 && p.Max >= p.Min {
			kinds[p.Kind] = append(kinds[p.Kind], p)
		}
	}
	for _, list := range kinds {
		slices.SortStableFunc(list, func(a, b Product) int {
			return cmp.Or(strings.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Min, b.Min), strings.Compare(a.Name, b.Name), strings.Compare(a.Code, b.Code))
		})
	}
	return kinds
}

// Age is how old the catalogue is; zero when there is none.
func (s *Shelf) Age() time.Duration {
	g := s.goods.Load()
	if g.at.IsZero() {
		return 0
	}
	return s.opt.Now().Sub(g.at)
}

// Of lists what is on sale of a kind, by vendor and price, in an order that does
// not change from day to day. The caller must not change it.
func (s *Shelf) Of(k Kind) []Product { return s.goods.Load().kinds[k] }

// Product finds an article of a kind by its code.
func (s *Shelf) Product(k Kind, code string) (Product, bool) {
	for _, p := range s.Of(k) {
		if p.Code == code {
			return p, true
		}
	}
	return Product{}, false
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

// networks groups airtime that can be sold by network.
func networks(products []Product) []Network {
	byID := map[string]*Network{}
	for _, p := range products {
		if p.Network == "" {
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
