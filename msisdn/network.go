package msisdn

import "strings"

// The canonical names of the networks.
const (
	Vodacom = "vodacom"
	MTN     = "mtn"
	CellC   = "cellc"
	Telkom  = "telkom"
)

// brands are the networks of the country: how their names begin, run together and
// in lower case, and how people read them.
var brands = [...]struct{ prefix, network, brand string }{
	{"vodacom", Vodacom, "Vodacom"},
	{"mtn", MTN, "MTN"},
	{"cellc", CellC, "Cell C"},
	{"telkom", Telkom, "Telkom"},
	{"8ta", Telkom, "Telkom"},
}

// Brand is how people read a canonical network; empty when it is none of ours.
func Brand(network string) string {
	for _, b := range brands {
		if b.network == network {
			return b.brand
		}
	}
	return ""
}

// Named is the canonical network with whose name a text begins, however providers
// write it ("CELL-C R10", "Telkom Mobile"); empty for none.
func Named(text string) string {
	text = strings.NewReplacer(" ", "", "-", "", "_", "", ".", "").Replace(strings.ToLower(text))
	for _, b := range brands {
		if strings.HasPrefix(text, b.prefix) {
			return b.network
		}
	}
	return ""
}

// Network guesses the network of a canonical number from the range it was
// allotted in; empty when there is no guess. It is a hint only: numbers have
// moved freely between networks since 2006.
func Network(number string) string {
	if !canonical(number) {
		return ""
	}
	// The three digits after 27 where they are listed, the two otherwise.
	switch number[2:5] {
	case "606", "607", "608", "609", "636", "637", "646", "647", "648", "649",
		"660", "661", "662", "663", "664", "665", "673", "674", "675",
		"711", "712", "713", "714", "715", "716", "818":
		return Vodacom
	case "603", "604", "605", "640", "655", "656", "657", "686", "687", "688", "689",
		"710", "717", "718", "719", "810":
		return MTN
	case "641", "642", "643", "644", "645", "650", "651", "652", "653", "654":
		return CellC
	case "601", "602", "614", "658", "659", "811", "812", "813", "814", "815", "817":
		return Telkom
	}
	switch number[2:4] {
	case "72", "76", "79", "82":
		return Vodacom
	case "63", "73", "78", "83":
		return MTN
	case "61", "62", "74", "84":
		return CellC
	case "67", "68", "75":
		return Telkom
	}
	return ""
}
