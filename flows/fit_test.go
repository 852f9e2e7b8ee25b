package flows

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"spaza/gsm7"
	"spaza/ledger"
	"spaza/vend"
)

// The longest values that are realistic. Amounts are not whole rands, since a
// network may have such prices.
const (
	longNetwork = "Capitec Connect"
	longAmount  = ledger.Cents(1000_50)
	longBalance = ledger.Cents(12345_50)
	longRef     = "P-23456789ABCDEFGHJKLM"
	longHelp    = "080 012 3456"
	longCode    = "*120*12345#"
)

// reasons are all that a sale can be declined for, and one that is new.
func reasons() []vend.Reason {
	return []vend.Reason{
		vend.ReasonUnavailable, vend.ReasonTryLater, vend.ReasonProductGone, vend.ReasonAmount, vend.ReasonAmountLow,
		vend.ReasonAmountHigh, vend.ReasonNumber, vend.ReasonNumberBarred, vend.ReasonNumberUnreg, vend.ReasonWrongNetwork,
		vend.ReasonVoucherNotFound, vend.ReasonVoucherUsed, vend.ReasonVoucherExpired, vend.ReasonVoucherCancelled,
		vend.ReasonVoucherNotActive, vend.ReasonCustomerInactive, "something_new",
		vend.ReasonAmountBelowArrears, vend.ReasonMeter, vend.ReasonMeterNotSupported, vend.ReasonMeterBlocked, vend.ReasonArrears,
		vend.ReasonFreeNotRegistered, vend.ReasonFreeAlreadyIssued, vend.ReasonNoHistory, vend.ReasonToken, vend.ReasonAccount,
		vend.ReasonCannotReverse,
	}
}

// unfilled finds a text that is missing, or a value that was not given.
var unfilled = regexp.MustCompile(`\[[a-z0-9_.]+\]|[{}]`)

// judge refuses what no phone can show and what no person can read.
func judge(t *testing.T, name string, pages []string, room int) {
	t.Helper()
	for _, p := range pages {
		if n, ok := gsm7.Cost(p); !ok || n > room {
			t.Errorf("%s takes %d septets (in the alphabet: %t), and has room for %d:\n%s", name, n, ok, room, p)
		}
		if found := unfilled.FindString(p); found != "" {
			t.Errorf("%s shows %s:\n%s", name, found, p)
		}
		if strings.Contains(p, "  ") {
			t.Errorf("%s has a hole in it, so something is not set:\n%s", name, p)
		}
	}
}

// TestEveryReasonIsWalked keeps the list of reasons here as long as the one of
// the sale.
func TestEveryReasonIsWalked(t *testing.T) {
	for _, r := range declared(t) {
		if !slices.Contains(reasons(), r) {
			t.Errorf("reason %q is not walked", r)
		}
	}
}
