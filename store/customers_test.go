package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/vend"
)

func TestACustomerIsMadeOnceAndFoundAgain(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		const msisdn = "27820001111"
		if c, err := s.Customer(t.Context(), msisdn); err != nil || c != (vend.Customer{}) {
			t.Errorf("before there is one: %v, %v", c, err)
		}
		want := vend.Customer{ID: "c1", MSISDN: msisdn, CreatedAt: noon}
		inTx(t, s, func(tx vend.Tx) error {
			made, err := tx.EnsureCustomer(msisdn, "c1", noon.Add(300*time.Microsecond))
			if err != nil {
				return err
			}
			found, err := tx.EnsureCustomer(msisdn, "c2", noon.Add(time.Hour))
			if diff := cmp.Diff([]vend.Customer{want, want}, []vend.Customer{made, found}); diff != "" {
				t.Error(diff)
			}
			return err
		})
		inTx(t, s, func(tx vend.Tx) error {
			if err := tx.SetLanguage("c1", "zu"); err != nil {
				return err
			}
			want.Language = "zu"
			c, err := tx.CustomerByID("c1")
			if diff := cmp.Diff(want, c); diff != "" {
				t.Error(diff)
			}
			if none, err := tx.CustomerByID("c2"); err != nil || none != (vend.Customer{}) {
				t.Errorf("an unknown one: %v, %v", none, err)
			}
			return err
		})
		c, err := s.Customer(t.Context(), msisdn)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c); diff != "" {
			t.Error(diff)
		}
		if err := s.InTx(t.Context(), func(tx vend.Tx) error { return tx.SetLanguage("c2", "zu") }); err == nil {
			t.Error("the language of nobody was set")
		}
	})
}

func TestManyDialsOfANewNumberMakeOneCustomer(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		var wg sync.WaitGroup
		got := make([]string, 12)
		for i, id := range refs("c", len(got)) {
			wg.Go(func() {
				err := s.InTx(t.Context(), func(tx vend.Tx) error {
					c, err := tx.EnsureCustomer("27820001111", id, noon)
					got[i] = c.ID
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, id := range got {
			if id != got[0] || id == "" {
				t.Fatalf("ids %v, want all the same", got)
			}
		}
	})
}
