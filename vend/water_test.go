package vend_test

import (
	"testing"

	"spaza/vend"
)

func TestWaterIsToldFromElectricityByName(t *testing.T) {
	for name, want := range map[string]bool{
		"Water": true, "Prepaid Water": true, "Johannesburg Water": true, "RAND WATER": true, "Amanzi": true, "Metsi": true, "Meetse": true,
		"Electricity": false, "Eskom": false, "City Power": false, "": false, "Prepaid Utilities": false, "Water & Electricity": false, "Gesi": false,
	} {
		if got := vend.OfWater(name); got != want {
			t.Errorf("OfWater(%q) is %t", name, got)
		}
		if p := (vend.Product{Vendor: "Municipality", Name: name}); p.Water() != want {
			t.Errorf("a product of the name %q: %t", name, p.Water())
		}
		if p := (vend.Product{Vendor: name}); p.Water() != want {
			t.Errorf("a product of the vendor %q: %t", name, p.Water())
		}
	}
}
