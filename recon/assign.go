package recon

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// assign finds out to which order each line belongs: by our reference, else by
// the provider's.
func (c *comparison) assign(ctx context.Context) error {
	byRef := c.sorted(c.ref, func(r *row) bool { return r.refLen > 0 })
	known := func(o Ours) {
		for _, i := range c.group(byRef, c.ref, o.Ref) {
			c.rows[i].own, c.rows[i].ownLen = c.rows[i].text, c.rows[i].refLen
		}
	}
	// Most are of the period, and are had quicker in one go.
	for o, err := range c.books.Between(ctx, c.report.From, c.report.To) {
		if err != nil {
			return fmt.Errorf("read orders of the period: %w", err)
		}
		known(o)
	}
	rest := slices.DeleteFunc(slices.Clone(byRef), func(i uint32) bool { return c.rows[i].ownLen > 0 })
	err := c.ask(ctx, c.books.ByRef, rest, c.ref, known)
	if err != nil {
		return fmt.Errorf("find orders of lines: %w", err)
	}
	byProv := c.sorted(c.prov, func(r *row) bool { return r.provLen > 0 && r.ownLen == 0 })
	orders := map[string][]string{}
	err = c.ask(ctx, c.books.ByProviderRef, byProv, c.prov, func(o Ours) {
		if !slices.Contains(orders[o.ProviderRef], o.Ref) && len(o.Ref) <= maxRef {
			orders[o.ProviderRef] = append(orders[o.ProviderRef], o.Ref)
		}
	})
	if err != nil {
		return fmt.Errorf("find orders of lines: %w", err)
	}
	for prov, list := range c.groups(byProv, c.prov) {
		refs := orders[prov]
		if len(refs) > 1 { // nobody knows whose it is, and so neither is absent
			for _, ref := range refs {
				c.mentioned[ref] = true
			}
		}
		if len(refs) != 1 {
			continue
		}
		if len(c.text) > math.MaxUint32-maxRef {
			return errFull
		}
		at := uint32(len(c.text))
		c.text = append(c.text, refs[0]...)
		for _, i := range list {
			c.rows[i].own, c.rows[i].ownLen = at, uint8(len(refs[0]))
		}
	}
	c.whose = c.sorted(c.own, func(r *row) bool { return r.ownLen > 0 })
	return nil
}

// ask asks for the orders of all the texts in a sorted list.
func (c *comparison) ask(ctx context.Context, find func(context.Context, []string) ([]Ours, error), list []uint32, of func(*row) []byte, got func(Ours)) error {
	var batch []string
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		orders, err := find(ctx, batch)
		if err != nil {
			return err
		}
		for _, o := range orders {
			got(o)
		}
		batch = batch[:0]
		return nil
	}
	for text := range c.groups(list, of) {
		if batch = append(batch, text); len(batch) == lookup {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
