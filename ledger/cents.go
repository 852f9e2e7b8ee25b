package ledger

import (
	"errors"
	"math"
	"strconv"
)

// Cents is an amount of South African rand in cents. Money is never a float.
type Cents int64

// ErrOverflow is returned when an amount does not fit; no real amount comes
// near.
var ErrOverflow = errors.New("amount out of range")

// Rand is n rand.
func Rand(n int64) Cents { return Cents(n * 100) }

// Add returns c+d, or ErrOverflow.
func (c Cents) Add(d Cents) (Cents, error) {
	if (d > 0 && c > math.MaxInt64-d) || (d < 0 && c < math.MinInt64-d) {
		return 0, ErrOverflow
	}
	return c + d, nil
}

// String writes the amount as people here do: R5 for whole rands, R5.50
// otherwise, -R5 below zero. Plain characters only, so that it costs one septet
// each on a feature phone.
func (c Cents) String() string {
	b := make([]byte, 0, 16)
	u := uint64(c)
	if c < 0 {
		b = append(b, '-')
		u = -u
	}
	b = append(b, 'R')
	b = strconv.AppendUint(b, u/100, 10)
	if f := u % 100; f != 0 {
		b = append(b, '.', byte('0'+f/10), byte('0'+f%10))
	}
	return string(b)
}
