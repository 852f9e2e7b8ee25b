package vend

import "strings"

// Water says that a product of KindElectricity is for water meters. Catalogues have
// no field for it: names are all there is.
func (p Product) Water() bool { return OfWater(p.Vendor) || OfWater(p.Name) }

// OfWater says that a name is that of water. One of both is electricity's, which
// is what is bought most.
func OfWater(name string) bool {
	name = strings.ToLower(name)
	return hasAny(name, "water", "manzi", "metsi", "meetse", "meetsi") && !hasAny(name, "electri", "elektri", "power", "energy", "gesi")
}

func hasAny(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
