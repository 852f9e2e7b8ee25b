package flashapi

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is an exact decimal number of at most 18 digits, such as 46.1 kWh. The
// zero value is 0. Equal numbers are equal values: there are no zeros at the end
// of a fraction.
type Decimal struct {
	n      int64
	places uint8 // how many digits of n stand behind the point
}

// maxDigits is how many digits a Decimal has room for, before and behind the
// point together.
const maxDigits = 18

// errNotDecimal quotes nothing: what is not a number may be a secret.
var errNotDecimal = errors.New("not a decimal number of at most 18 digits")

// ParseDecimal reads a number with a decimal point, or none, and an exponent, as
// JSON writes it; also one with zeros in front, or nothing before the point.
func ParseDecimal(s string) (Decimal, error) {
	unsigned, negative := strings.CutPrefix(s, "-")
	mantissa, power, raised := unsigned, "", false
	if i := strings.IndexAny(unsigned, "eE"); i >= 0 {
		mantissa, power, raised = unsigned[:i], unsigned[i+1:], true
	}
	exponent := 0
	if raised {
		var err error
		if exponent, err = strconv.Atoi(power); err != nil || exponent < -99 || exponent > 99 {
			return Decimal{}, errNotDecimal
		}
	}
	before, behind, dotted := strings.Cut(mantissa, ".")
	if (dotted && behind == "") || before+behind == "" || !only(before, digits) || !only(behind, digits) {
		return Decimal{}, errNotDecimal
	}
	places := len(behind) - exponent
	significant := strings.TrimLeft(before+behind, "0")
	if significant == "" {
		return Decimal{}, nil
	}
	trimmed := strings.TrimRight(significant, "0")
	places -= len(significant) - len(trimmed)
	for ; places < 0 && len(trimmed) <= maxDigits; places++ {
		trimmed += "0"
	}
	if places < 0 || places > maxDigits || len(trimmed) > maxDigits {
		return Decimal{}, errNotDecimal
	}
	n, err := strconv.ParseInt(trimmed, 10, 64)
	if err != nil {
		return Decimal{}, errNotDecimal
	}
	if negative {
		n = -n
	}
	return Decimal{n: n, places: uint8(places)}, nil
}

// String writes the number with no more digits than it needs: "46.1".
func (d Decimal) String() string {
	s := strconv.FormatInt(d.n, 10)
	if d.places == 0 {
		return s
	}
	s, negative := strings.CutPrefix(s, "-")
	if short := int(d.places) + 1 - len(s); short > 0 {
		s = strings.Repeat("0", short) + s
	}
	s = s[:len(s)-int(d.places)] + "." + s[len(s)-int(d.places):]
	if negative {
		return "-" + s
	}
	return s
}

// MarshalText implements encoding.TextMarshaler (and so JSON, as a string).
func (d Decimal) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Decimal) UnmarshalText(b []byte) error {
	parsed, err := ParseDecimal(string(b))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int {
	switch {
	case d.n < 0:
		return -1
	case d.n > 0:
		return 1
	default:
		return 0
	}
}

// Equal says whether two numbers are the same.
func (d Decimal) Equal(e Decimal) bool { return d == e }

// Add adds exactly. An error says that the sum has more than 18 digits.
func (d Decimal) Add(e Decimal) (Decimal, error) {
	places := max(d.places, e.places)
	sum := new(big.Int).Add(d.scaled(places), e.scaled(places))
	ten, digit := big.NewInt(10), new(big.Int)
	for places > 0 {
		rest := new(big.Int)
		if digit.QuoRem(sum, ten, rest); rest.Sign() != 0 {
			break
		}
		sum.Set(digit)
		places--
	}
	if len(new(big.Int).Abs(sum).String()) > maxDigits {
		return Decimal{}, errNotDecimal
	}
	return Decimal{n: sum.Int64(), places: places}, nil
}

// scaled is the number without its point, after places digits behind it.
func (d Decimal) scaled(places uint8) *big.Int {
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places-d.places)), nil)
	return factor.Mul(factor, big.NewInt(d.n))
}

// neg is the number with the other sign.
func (d Decimal) neg() Decimal { return Decimal{n: -d.n, places: d.places} }

// isWhole says that there is nothing behind the point.
func (d Decimal) isWhole() bool { return d.places == 0 }

// maxPart bounds the money that is believed in one part of a bill: ten million
// rand.
const maxPart Cents = 10_000_000_00

// cents reads the number as cents, or as rand, and rounds to the nearest cent,
// halves away from zero. False says that it is beyond belief.
func (d Decimal) cents(rand bool) (Cents, bool) {
	n, places := d.n, int(d.places)
	if rand {
		places -= 2
	}
	for ; places < 0; places++ {
		if n > int64(maxPart) || n < -int64(maxPart) {
			return 0, false
		}
		n *= 10
	}
	unit := int64(1)
	for range places {
		unit *= 10
	}
	whole, rest := n/unit, n%unit
	switch {
	case 2*rest >= unit:
		whole++
	case 2*rest <= -unit:
		whole--
	}
	if whole > int64(maxPart) || whole < -int64(maxPart) {
		return 0, false
	}
	return Cents(whole), true
}

// decimal is a Decimal in an answer, as a number or as text.
type decimal struct {
	is      Decimal
	present bool // a readable number was given
	bad     bool // something else was given, or two different numbers
}

func (d *decimal) UnmarshalJSON(b []byte) error {
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		return err
	}
	if string(b) == "null" || (t == "" && len(b) > 0 && b[0] == '"') {
		return nil
	}
	n, err := ParseDecimal(string(t))
	if err != nil || (d.present && d.is != n) {
		*d = decimal{bad: true}
		return nil //nolint:nilerr // it is marked, and the rules decide
	}
	if !d.bad {
		d.is, d.present = n, true
	}
	return nil
}
