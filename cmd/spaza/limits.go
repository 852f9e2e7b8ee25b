package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

// maxNumber is the largest number that is taken for one: more is a slip of the
// finger.
const maxNumber = 10_000_000

// number is one of rand, or of something else, that is not negative.
type number int64

// String implements fmt.Stringer.
func (n number) String() string { return strconv.FormatInt(int64(n), 10) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *number) UnmarshalText(text []byte) error {
	v, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || v < 0 || v > maxNumber {
		return fmt.Errorf("want a whole number from 0 to %d: %q", maxNumber, text)
	}
	*n = number(v)
	return nil
}

// cents is that many rand.
func (n number) cents() ledger.Cents { return ledger.Rand(int64(n)) }

// fund is whose money pays, as configured.
func (c *config) fund() vend.Fund { return vend.Fund(c.Funding) }

// pinPolicy is whether spending asks for the wallet PIN, as configured.
func (c *config) pinPolicy() vend.PINPolicy { return vend.PINPolicy(c.WalletPIN) }

// limits are what may be sold, as configured.
func (c *config) limits() (vend.Limits, error) {
	l := vend.DefaultLimits()
	l.Day, l.DayWithPIN, l.DaySales = c.LimitDay.cents(), c.LimitPIN.cents(), int(c.LimitSales)
	l.MerchantDay, l.MerchantEach = c.LimitHouse.cents(), c.LimitEach.cents()
	return l, readSaleLimits(l.Sale, c.LimitSale)
}

// enquiries is about how many meters and accounts that they never bought for a
// customer may ask in an hour, as vend.Options has it.
func (c *config) enquiries() int {
	if c.LimitAsk == 0 {
		return -1
	}
	return int(c.LimitAsk)
}

// idleAfter is after how long without use a wallet is idle, as vend.Options has it.
func (c *config) idleAfter() time.Duration {
	if c.IdleAfter == 0 {
		return -1
	}
	return time.Duration(c.IdleAfter)
}

// readSaleLimits reads limits of one sale, such as "airtime:500,electricity:1000",
// into what there is. Kinds that are not named keep the limit that they have; 0
// is none.
func readSaleLimits(to map[vend.Kind]ledger.Cents, text string) error {
	named := map[vend.Kind]bool{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, ":")
		kind := vend.Kind(strings.TrimSpace(name))
		var rand number
		err := rand.UnmarshalText([]byte(strings.TrimSpace(value)))
		switch {
		case !ok:
			return fmt.Errorf("%q is no kind and limit; want such as airtime:500", pair)
		case !kind.Bought():
			return fmt.Errorf("%q is not bought; want one of %s", kind, boughtKinds())
		case named[kind]:
			return fmt.Errorf("%s is there twice", kind)
		case err != nil:
			return fmt.Errorf("limit of %s: %w", kind, err)
		}
		named[kind] = true
		to[kind] = rand.cents()
	}
	return nil
}

// boughtKinds lists what limits can be set for.
func boughtKinds() string {
	var all []string
	for _, k := range vend.Kinds() {
		if k.Bought() {
			all = append(all, string(k))
		}
	}
	return strings.Join(all, ", ")
}
