package electrumapi

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// The reasons that are given by rules of this package rather than by the table of
// errorTypes. All reasons are words for the caller to phrase.
const (
	reasonUnavailable = "unavailable"
	reasonTryLater    = "try_later"
)

// reasonRule is one line of reasons.csv: what an errorType is to who buys.
type reasonRule struct {
	on [tokenEndpoint]bool // the interfaces that list the type
	// reason is why a sale was refused, for the caller to word. Empty says that
	// nothing is known of the sale, also where it was asked for the first time.
	reason string
	alert  bool // the operator should know
}

//go:embed reasons.csv
var reasonsCSV string

// reasonRules reads the embedded table once; nothing changes it afterwards.
var reasonRules = sync.OnceValues(func() (map[ErrorType]reasonRule, error) { return readReasons(reasonsCSV) })

func readReasons(text string) (map[ErrorType]reasonRule, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = 6
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read table of reasons: %w", err)
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != "errorType,airtime,utility,voucher,reason,alert" {
		return nil, errors.New("read table of reasons: unexpected heading")
	}
	rules := make(map[ErrorType]reasonRule, len(rows)-1)
	for _, row := range rows[1:] {
		t, rule := ErrorType(row[0]), reasonRule{reason: row[4]}
		for _, flag := range []struct {
			text string
			into *bool
		}{
			{row[1], &rule.on[InterfaceAirtime]}, {row[2], &rule.on[InterfaceUtility]}, {row[3], &rule.on[InterfaceVoucher]}, {row[5], &rule.alert},
		} {
			if flag.text != "yes" && flag.text != "no" {
				return nil, fmt.Errorf("read table of reasons: %s has flag %q", t, flag.text)
			}
			*flag.into = flag.text == "yes"
		}
		if _, twice := rules[t]; twice {
			return nil, fmt.Errorf("read table of reasons: %s stands twice", t)
		}
		rules[t] = rule
	}
	return rules, nil
}

// reasonFor is the table's line for an errorType of an interface; known is false for
// one that its document does not list, which says nothing and is worth an alert.
func reasonFor(on Interface, t ErrorType) (rule reasonRule, known bool) {
	rules, err := reasonRules()
	if err != nil { // a test holds the table; without one nothing is known
		return reasonRule{}, false
	}
	rule, known = rules[t]
	return rule, known && on < tokenEndpoint && rule.on[on]
}
