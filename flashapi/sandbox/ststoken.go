package sandbox

import "spaza/simulator"

// The standard transfer specification (IEC 62055-41): how a prepaid meter is
// numbered, and what is keyed into it.

// luhn says whether the last digit of a number is its check digit. A meter of
// the standard has 11 digits (2 of its maker, 8 of its own) or 13 (4 and 8).
func luhn(number string) bool {
	n := len(number)
	return n > 1 && isDigits(number, n) && checkDigit(number[:n-1]) == number[n-1]
}

// checkDigit is the digit that belongs behind a meter's others.
func checkDigit(digits string) byte { return simulator.CheckDigit(digits) }

// keys are what a meter's tokens are made for: supply group code, tariff index
// and key revision number, as they are written, with leading zeros.
type keys struct{ group, tariff, revision string }

// token is one number to be keyed in.
type token struct {
	kind         string // "KCT", "CREDIT" or "FBE"
	description  string
	serial, code string
	units        int64 // hundredths of a kWh or kl; 0 for a key change
}

// The kinds of token.
const (
	tokenKeyChange = "KCT"
	tokenCredit    = "CREDIT"
	tokenFree      = "FBE"
)

// newToken makes a token of 20 digits, which tells nothing of what it is for:
// only the meter could read it. The caller holds the lock.
func (s *Sandbox) newToken(kind, description string, units int64) token {
	return token{
		kind: kind, description: description, units: units,
		serial: s.randomDigits(12), code: s.randomDigits(20),
	}
}

// changeKeys are the tokens that take a meter from one set of keys to the next,
// two for each change, to be keyed in before any other.
func (s *Sandbox) changeKeys(changes int) []token {
	var list []token
	for n := range changes {
		for half := range 2 {
			list = append(list, s.newToken(tokenKeyChange, "Key Change Token "+string([]byte{'1' + byte(2*n+half)}), 0))
		}
	}
	return list
}
