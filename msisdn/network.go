package msisdn

// The canonical names of the networks.
const (
	Vodacom = "vodacom"
	MTN     = "mtn"
	CellC   = "cellc"
	Telkom  = "telkom"
)

// Brand is how people read a canonical network; empty when it is none of ours.
func Brand(network string) string {
	switch network {
	case Vodacom:
		return "Vodacom"
	case MTN:
		return "MTN"
	case CellC:
		return "Cell C"
	case Telkom:
		return "Telkom"
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
