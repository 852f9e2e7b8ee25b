package electrumapi

import (
	"math/big"
	"strconv"
	"strings"
)

// units is an exact decimal number of at most 18 digits, such as 46.1 kWh: a Decimal
// that can be added.
type units struct {
	n      int64
	places uint8 // how many digits of n stand behind the point
}

// maxUnitDigits is how many digits there is room for, before and behind the point
// together. What a host writes as 1e999999999 must not be written out.
const maxUnitDigits = 18

// parseUnits reads a number as JSON writes it.
func parseUnits(s string) (units, bool) {
	unsigned, negative := strings.CutPrefix(s, "-")
	mantissa, exponent := unsigned, 0
	if i := strings.IndexAny(unsigned, "eE"); i >= 0 {
		var err error
		mantissa = unsigned[:i]
		if exponent, err = strconv.Atoi(unsigned[i+1:]); err != nil || exponent < -99 || exponent > 99 {
			return units{}, false
		}
	}
	before, behind, dotted := strings.Cut(mantissa, ".")
	if (dotted && behind == "") || before == "" || strings.Trim(before+behind, "0123456789") != "" {
		return units{}, false
	}
	significant := strings.TrimLeft(before+behind, "0")
	if significant == "" {
		return units{}, true
	}
	kept := strings.TrimRight(significant, "0")
	places := len(behind) - exponent - (len(significant) - len(kept))
	for ; places < 0 && len(kept) <= maxUnitDigits; places++ {
		kept += "0"
	}
	if places < 0 || places > maxUnitDigits || len(kept) > maxUnitDigits {
		return units{}, false
	}
	n, err := strconv.ParseInt(kept, 10, 64)
	if negative {
		n = -n
	}
	return units{n, uint8(places)}, err == nil
}

// String writes the number with no more digits than it needs: "46.1".
func (u units) String() string { return pointed(strconv.FormatInt(u.n, 10), int(u.places)) }

// pointed puts a point before the last places digits of a whole number.
func pointed(whole string, places int) string {
	if places == 0 {
		return whole
	}
	digits, negative := strings.CutPrefix(whole, "-")
	if short := places + 1 - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	point := len(digits) - places
	if digits = digits[:point] + "." + digits[point:]; negative {
		return "-" + digits
	}
	return digits
}

// add adds exactly. False says that the sum has too many digits.
func (u units) add(v units) (units, bool) {
	places := max(u.places, v.places)
	sum := new(big.Int).Add(u.scaled(places), v.scaled(places))
	return parseUnits(pointed(sum.String(), int(places)))
}

// scaled is the number without its point, after places digits behind it.
func (u units) scaled(places uint8) *big.Int {
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places-u.places)), nil)
	return factor.Mul(factor, big.NewInt(u.n))
}
