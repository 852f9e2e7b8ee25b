package vend

import (
	"strings"
	"testing"
)

func lightCost() PINCost { return PINCost{Memory: 8, Passes: 1, Lanes: 1} }

func TestAHashKnowsItsOwnPINWhateverCostsToday(t *testing.T) {
	pin, other := [32]byte{1}, [32]byte{2}
	for _, c := range []PINCost{lightCost(), {Memory: 64, Passes: 2, Lanes: 2}} {
		h, twice := newPINHash(pin, c), newPINHash(pin, c)
		if h == twice {
			t.Error("two hashes are the same: there is no salt")
		}
		if !pinMatches(h, pin, PINCost{Memory: 16, Passes: 3, Lanes: 1}) {
			t.Errorf("%s does not know its PIN", h)
		}
		if pinMatches(h, other, c) {
			t.Errorf("%s takes another", h)
		}
	}
}

func TestTheDefaultCostIsThatOfTheDay(t *testing.T) {
	if got, want := (pinHash{PINCost: DefaultPINCost()}).String(), "$argon2id$v=19$m=19456,t=2,p=1$$"; got != want {
		t.Errorf("it is %s", got)
	}
}

func TestWhatIsNoHashMatchesNothing(t *testing.T) {
	good := newPINHash([32]byte{}, lightCost())
	for name, s := range map[string]string{
		"nothing": "", "a word": "pin", "argon2i": strings.Replace(good, "argon2id", "argon2i", 1), "another version": strings.Replace(good, "v=19", "v=16", 1),
		"no passes": strings.Replace(good, "t=1", "t=0", 1), "too much memory": strings.Replace(good, "m=8", "m=4000000", 1),
		"too many passes": strings.Replace(good, "t=1", "t=65", 1), "no lanes": strings.Replace(good, "p=1", "p=0", 1),
		"cut": good[:len(good)-1], "more": good + "A", "another parameter": strings.Replace(good, "p=1", "p=1,x=1", 1), "a blank": " " + good,
	} {
		if _, ok := readPINHash(s); ok || pinMatches(s, [32]byte{}, lightCost()) {
			t.Errorf("%s: %q is taken for a hash", name, s)
		}
	}
}

func FuzzReadPINHash(f *testing.F) {
	f.Add(newPINHash([32]byte{}, lightCost()))
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		h, ok := readPINHash(s)
		if ok && (h.String() != s || h.Passes == 0 || h.Passes > mostPINPasses || h.Memory > mostPINMemory || h.Lanes == 0) {
			t.Errorf("%q is read as %+v", s, h)
		}
	})
}
