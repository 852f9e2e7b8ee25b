package vend_test

import (
	"testing"

	"spaza/vend"
)

func TestWhatNobodySellsIsSaid(t *testing.T) {
	only := newStall()
	only.can[vend.KindRefund] = vend.Capability{}
	r, err := vend.NewRoutes([]vend.Seller{{Name: "a", Provider: only}}, map[vend.Kind][]string{vend.KindAirtime: {"a"}, vend.KindRefund: {"a"}})
	if err != nil {
		t.Fatal(err)
	}
	shop := vend.New(nil, r, nil, vend.Options{})
	for k, want := range map[vend.Kind]bool{vend.KindAirtime: true, vend.KindRefund: false, vend.KindRedeem: false} {
		if shop.Sells(k) != want {
			t.Errorf("%s is sold: %t", k, shop.Sells(k))
		}
	}
	if silent := vend.New(nil, mute{only}, nil, vend.Options{}); !silent.Sells(vend.KindRefund) {
		t.Error("a provider that does not say is taken to sell nothing")
	}
}
