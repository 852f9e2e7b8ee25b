package flows

import (
	"testing"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"

	"github.com/google/go-cmp/cmp"
)

// bundleShelf is a shelf of bundles, and a till that has a limit.
type bundleShelf struct {
	Till
	Shelf
	air  []vend.Network
	all  []vend.Product
	most ledger.Cents
}

func (b *bundleShelf) Airtime() []vend.Network           { return b.air }
func (b *bundleShelf) Of(vend.Kind) []vend.Product       { return b.all }
func (b *bundleShelf) MostAtOnce(vend.Kind) ledger.Cents { return b.most }

func (b *bundleShelf) Product(_ vend.Kind, code string) (vend.Product, bool) {
	for _, p := range b.all {
		if p.Code == code {
			return p, true
		}
	}
	return vend.Product{}, false
}

// put adds a bundle under the next code.
func (b *bundleShelf) put(network, name string, price ledger.Cents) {
	p := bundleOf(network, network, name, price)
	p.Code = string(rune('a' + len(b.all)))
	b.all = append(b.all, p)
}

func (b *bundleShelf) flow() dataFlow { return dataFlow{Shop{Till: b, Shelf: b}} }

func TestNetworksOfBundlesAreInTheOrderOfAirtime(t *testing.T) {
	t.Parallel()
	b := &bundleShelf{air: []vend.Network{{ID: "vodacom"}, {ID: "mtn"}, {ID: "telkom"}}, most: 50_00}
	b.put("afri", "1GB", 50_00)
	b.put("mtn", "1GB", 50_00)
	b.put("rain", "1GB", 20_00)
	b.put("telkom", "1GB", 50_01) // costs too much
	b.put("vodacom", "1GB", 50_01)
	b.put("vodacom", "2GB", 49_00)
	b.put("", "1GB", 10_00) // nobody knows whose
	ranged := bundleOf("telkom", "telkom", "1GB", 10_00)
	ranged.Max = 20_00 // a bundle has one price
	b.all = append(b.all, ranged)
	var got []string
	for _, n := range b.flow().networks() {
		got = append(got, n.ID)
	}
	if diff := cmp.Diff([]string{"vodacom", "mtn", "afri", "rain"}, got); diff != "" {
		t.Errorf("networks (-want +got):\n%s", diff)
	}
	if b.most = 1; b.flow().onSale() || len(b.flow().networks()) != 0 {
		t.Error("something is on sale above the limit")
	}
}

func TestAListOfBundlesIsSortedAndHasNoTwins(t *testing.T) {
	t.Parallel()
	b := &bundleShelf{}
	b.put("mtn", "MTN 1GB 30 Day Data", 85_00)
	b.put("mtn", "MTN 1GB Monthly", 85_00) // nobody can tell it from the first
	b.put("mtn", "MTN 1GB Monthly", 79_00)
	b.put("mtn", "MTN 500MB 30 Day", 60_00)
	b.put("mtn", "MTN 750MB 30 Day", 60_00)
	b.put("mtn", "MTN 500MB Daily", 20_00)
	b.put("vodacom", "Vodacom 500MB Daily", 20_00)
	got := map[bundleGroup][]string{}
	for g, list := range b.flow().byGroup("mtn") {
		for _, c := range list {
			got[g] = append(got[g], c.product.Code+" "+c.label)
		}
	}
	want := map[bundleGroup][]string{
		groupMonth: {"e 750MB R60", "d 500MB R60", "c 1GB R79", "a 1GB R85"},
		groupDay:   {"f 500MB R20"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
}

func TestABundleIsBoughtAgainAtThePriceOfToday(t *testing.T) {
	t.Parallel()
	b := &bundleShelf{}
	b.put("mtn", "MTN 1GB 30 Day Data", 89_00)
	f := b.flow()
	for _, c := range []struct{ to, kept string }{{"27821234567", ""}, {"27831234567", "27831234567"}} {
		talk := dialog.Talk{User: "27821234567"}
		if !f.recall(&talk, vend.Order{Product: "a", Target: c.to, Amount: 85_00}) {
			t.Fatal("it cannot be bought again")
		}
		p, ok := f.product(&talk)
		if !ok || p.Code != "a" || cents(&talk, amount) != 89_00 || talk.Text(network) != "mtn" || talk.Text(target) != c.kept {
			t.Errorf("what would be bought is %+v at %s on %s for %q", p, cents(&talk, amount), talk.Text(network), talk.Text(target))
		}
		b.all[0].Min, b.all[0].Max = 95_00, 95_00
		if _, ok := f.product(&talk); ok {
			t.Error("it is sold at a price that nobody agreed to")
		}
		b.all[0].Min, b.all[0].Max = 89_00, 89_00
	}
	if f.recall(&dialog.Talk{}, vend.Order{Product: "z", Target: "27821234567"}) {
		t.Error("what is not on sale can be bought again")
	}
}
