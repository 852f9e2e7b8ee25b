package electrumapi

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spaza/vend"
)

// documented are the errorTypes of the documents by interface: those of all three, then
// those that each has besides.
func documented() map[Interface][]ErrorType {
	lists := map[Interface]string{
		InterfaceAirtime: `INVALID_PRODUCT ACCOUNT_ALREADY_SETTLED OUT_OF_STOCK INVALID_AN32_TOKEN DO_NOT_HONOR DECLINED_BY_MNO INVALID_MSISDN
			INVALID_LOYALTY_CARD INSUFFICIENT_FUNDS INVALID_CARD_NUMBER CARD_EXPIRED INCORRECT_PIN PIN_ATTEMPTS_EXCEEDED OUTCOME_UNKNOWN
			SYSTEM_MALFUNCTION LIMIT_EXCEEDED`,
		InterfaceUtility: `UNKNOWN_METER_ID TRANSACTION_DECLINED INVALID_AN32_TOKEN DO_NOT_HONOR INVALID_MSISDN INVALID_LOYALTY_CARD UTILITY_INVALID
			SYSTEM_MALFUNCTION METER_KEY_INVALID AMOUNT_TOO_LOW AMOUNT_TOO_HIGH NO_FREE_UNITS_DUE INSUFFICIENT_FUNDS LIMIT_EXCEEDED
			METER_ID_BLOCKED OUTCOME_UNKNOWN`,
		InterfaceVoucher: `VOUCHER_ALREADY_REDEEMED VOUCHER_ALREADY_PROVISIONED VOUCHER_ALREADY_CONFIRMED VOUCHER_ALREADY_REVERSED
			VOUCHER_ALREADY_REFUNDED VOUCHER_NOT_REFUNDED VOUCHER_NOT_REDEEMABLE VOUCHER_NOT_REDEEMED VOUCHER_STATUS_UNKNOWN
			REDEMPTION_ALREADY_CONFIRMED REDEMPTION_ALREADY_REVERSED REDEMPTION_NOT_CONFIRMED REFUND_ALREADY_CONFIRMED REFUND_ALREADY_REVERSED
			INVALID_VOUCHER AUTHENTICATION_ERROR INSUFFICIENT_AMOUNT DO_NOT_HONOUR DO_NOT_HONOR INSUFFICIENT_FUNDS INVALID_ACCOUNT
			TRANSACTION_DECLINED LIMIT_EXCEEDED`,
	}
	all := make(map[Interface][]ErrorType)
	for on, list := range lists {
		for _, t := range strings.Fields(`DUPLICATE_RECORD FORMAT_ERROR FUNCTION_NOT_SUPPORTED GENERAL_ERROR INVALID_AMOUNT ROUTING_ERROR
			TRANSACTION_NOT_SUPPORTED UNABLE_TO_LOCATE_RECORD UPSTREAM_UNAVAILABLE INVALID_MERCHANT ` + list) {
			all[on] = append(all[on], ErrorType(t))
		}
	}
	return all
}

func TestTheTableOfReasonsIsThatOfTheDocuments(t *testing.T) {
	rules, err := reasonRules()
	if err != nil {
		t.Fatal(err)
	}
	for on, list := range documented() {
		for _, e := range list {
			if _, known := reasonFor(on, e); !known {
				t.Errorf("%s of interface %d is not in the table", e, on)
			}
		}
		for e, rule := range rules {
			if rule.on[on] && !slices.Contains(list, e) {
				t.Errorf("%s is in the table for interface %d, and in no document", e, on)
			}
		}
	}
}

// declaredReasons are the shop's, as its source has them.
func declaredReasons(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("../vend/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^\tReason\w+ +Reason = "(\w+)"`).FindAllSubmatch(source, -1) {
		all = append(all, string(m[1]))
	}
	if len(all) < 20 {
		t.Fatalf("found %d reasons; have they moved?", len(all))
	}
	return all
}

func TestTheReasonsOfTheTableAreTheShops(t *testing.T) {
	known := declaredReasons(t)
	rules, err := reasonRules()
	if err != nil {
		t.Fatal(err)
	}
	for e, rule := range rules {
		if rule.reason != "" && !slices.Contains(known, rule.reason) {
			t.Errorf("%s: the shop has no reason %q", e, rule.reason)
		}
		if e.Definite() && rule.reason == "" {
			t.Errorf("%s is definite and says nothing of the sale", e)
		}
		// Some have words for what the customer can do; they are about the purchase.
		ours := []string{reasonUnavailable, reasonTryLater, ""}
		if !slices.Contains(ours, rule.reason) && !e.Definite() {
			t.Errorf("%s has reason %q for the customer and settles nothing", e, rule.reason)
		}
	}
	for _, r := range []string{reasonUnavailable, reasonTryLater} {
		if !slices.Contains(known, r) {
			t.Errorf("the shop has no reason %q", r)
		}
	}
	for _, r := range []vend.Reason{vend.ReasonMeter, vend.ReasonNumber, vend.ReasonAmountLow, vend.ReasonProductGone} {
		if !slices.ContainsFunc(slices.Collect(reasonsOf(rules)), func(s string) bool { return s == string(r) }) {
			t.Errorf("nothing is refused for %q", r)
		}
	}
}

func reasonsOf(rules map[ErrorType]reasonRule) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, r := range rules {
			if !yield(r.reason) {
				return
			}
		}
	}
}

func TestATableThatIsNotWholeIsNotRead(t *testing.T) {
	const head = "errorType,airtime,utility,voucher,reason,alert\n"
	for name, text := range map[string]string{
		"nothing":              "",
		"another heading":      "a,b,c,d,e,f\n",
		"a field too few":      head + "X,yes,no,no,amount\n",
		"another flag":         head + "X,maybe,no,no,amount,no\n",
		"another alert":        head + "X,yes,no,no,amount,\n",
		"a type that is twice": head + "X,yes,no,no,amount,no\nX,no,no,no,amount,no\n",
	} {
		if _, err := readReasons(text); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}
