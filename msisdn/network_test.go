package msisdn_test

import (
	"fmt"
	"testing"

	"spaza/msisdn"
)

// ranges lists who was allotted which numbers, as prefixes after 27, first
// to last. The longest one that fits decides.
var ranges = []struct {
	network  string
	from, to int
}{
	{msisdn.Vodacom, 82, 82}, {msisdn.Vodacom, 72, 72}, {msisdn.Vodacom, 76, 76}, {msisdn.Vodacom, 79, 79},
	{msisdn.Vodacom, 711, 716}, {msisdn.Vodacom, 606, 609}, {msisdn.Vodacom, 636, 637}, {msisdn.Vodacom, 646, 649},
	{msisdn.Vodacom, 660, 665}, {msisdn.Vodacom, 673, 675}, {msisdn.Vodacom, 818, 818},
	{msisdn.MTN, 83, 83}, {msisdn.MTN, 73, 73}, {msisdn.MTN, 78, 78}, {msisdn.MTN, 63, 63},
	{msisdn.MTN, 603, 605}, {msisdn.MTN, 640, 640}, {msisdn.MTN, 655, 657}, {msisdn.MTN, 686, 689},
	{msisdn.MTN, 710, 710}, {msisdn.MTN, 717, 719}, {msisdn.MTN, 810, 810},
	{msisdn.CellC, 84, 84}, {msisdn.CellC, 74, 74}, {msisdn.CellC, 61, 61}, {msisdn.CellC, 62, 62},
	{msisdn.CellC, 641, 645}, {msisdn.CellC, 650, 654},
	{msisdn.Telkom, 811, 815}, {msisdn.Telkom, 817, 817}, {msisdn.Telkom, 67, 67}, {msisdn.Telkom, 68, 68},
	{msisdn.Telkom, 601, 602}, {msisdn.Telkom, 614, 614}, {msisdn.Telkom, 658, 659}, {msisdn.Telkom, 75, 75},
}

func TestNetworkFollowsTheLongestPrefix(t *testing.T) {
	for three := 600; three < 1000; three++ {
		want, length := "", 0
		for _, r := range ranges {
			key, n := three, 3
			if r.from < 100 {
				key, n = three/10, 2
			}
			if key >= r.from && key <= r.to && n > length {
				want, length = r.network, n
			}
		}
		number := fmt.Sprintf("27%d123456", three)
		if _, err := msisdn.Parse(number); err != nil {
			want = "" // no mobile number
		}
		if got := msisdn.Network(number); got != want {
			t.Errorf("%s is of %q, want %q", number, got, want)
		}
	}
}

func TestNetworkGuessesNothingOfOtherTexts(t *testing.T) {
	for _, s := range []string{"", "27", "0821234567", "+27821234567", "2782123456x"} {
		if got := msisdn.Network(s); got != "" {
			t.Errorf("%q is of %q, want no guess", s, got)
		}
	}
}

func TestTheNumbersOfTheTestRangeHaveNoGuess(t *testing.T) {
	if got := msisdn.Network("27600001234"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestEveryNetworkHasABrand(t *testing.T) {
	for _, r := range ranges {
		if msisdn.Brand(r.network) == "" {
			t.Errorf("%s has none", r.network)
		}
	}
	if got := msisdn.Brand("eezi"); got != "" {
		t.Errorf("eezi is called %q", got)
	}
}

func TestANetworkIsKnownByItsNameHoweverItIsWritten(t *testing.T) {
	for text, want := range map[string]string{
		"Vodacom": msisdn.Vodacom, "VODACOM R10 Airtime": msisdn.Vodacom, "mtn_500MB": msisdn.MTN, "CELL-C": msisdn.CellC, "Cell C": msisdn.CellC,
		"cell.c data": msisdn.CellC, "Telkom Mobile": msisdn.Telkom, "8ta": msisdn.Telkom, "Eezi Airtime": "", "R10 MTN": "", "": "",
	} {
		if got := msisdn.Named(text); got != want {
			t.Errorf("%q is of %q, want %q", text, got, want)
		}
	}
}
