package simulator_test

import (
	"testing"

	"spaza/simulator"
)

func TestTheCheckDigitIsLuhns(t *testing.T) {
	for digits, want := range map[string]byte{"7992739871": '3', "453957876362148": '6', "1400000001": '9', "001400000003": '5', "1": '8', "0": '0', "": '0'} {
		if got := simulator.CheckDigit(digits); got != want {
			t.Errorf("%s has %c, want %c", digits, got, want)
		}
	}
}
