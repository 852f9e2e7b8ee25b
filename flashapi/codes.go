package flashapi

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Class says what an answer means for a transaction. The zero value is
// ClassUnknown: what nobody decided may have happened.
type Class uint8

// The classes of answers.
const (
	ClassUnknown    Class = iota // may have happened: same bytes again later
	ClassSuccess                 // happened
	ClassUserInput               // refused; the customer can put it right
	ClassDeclined                // refused for good
	ClassRetryLater              // refused for now, known not to have been processed
	ClassThrottled               // turned away at the gate: same bytes again, slower
	ClassConfig                  // refused because of the merchant's set-up or a defect here
	ClassAuth                    // the token or key was refused
	ClassDuplicate               // the reference or transaction exists already
	ClassReversal                // speaks of a cancellation, reversal or refund
)

// String names the class as codes.csv does.
func (c Class) String() string {
	switch c {
	case ClassSuccess:
		return "success"
	case ClassUserInput:
		return "user_input"
	case ClassDeclined:
		return "declined"
	case ClassRetryLater:
		return "retry_later"
	case ClassThrottled:
		return "throttled"
	case ClassConfig:
		return "config"
	case ClassAuth:
		return "auth"
	case ClassDuplicate:
		return "duplicate"
	case ClassReversal:
		return "reversal"
	default:
		return "unknown"
	}
}

// The reasons that are given by rules of this package rather than by the table
// of codes. All reasons are words for the caller to phrase.
const (
	reasonUnavailable = "unavailable"
	reasonTryLater    = "try_later"
	reasonStands      = "cannot_reverse"
)

// codeRule is one line of codes.csv.
type codeRule struct {
	class  Class
	reason string // why it was refused, for the caller to word; empty where it was not
	// ambiguous marks a refusal that, in answer to a repetition, may be the
	// echo of our own first success ("already used").
	ambiguous bool
	alert     bool // the operator should know
	// soft marks an unknown whose words read like "not processed". A caller
	// that an operator allows to may stop waiting after enough of them.
	soft bool
	// undo is what the code means in answer to a cancellation or reversal.
	undo undo
}

// undo is what a code says of a cancellation or reversal.
type undo uint8

const (
	undoOpen      undo = iota // nothing certain
	undoDone                  // the transaction is cancelled or reversed already
	undoCancelled             // the voucher is cancelled, which is not what reversing a redemption wants
	undoRefused               // it stands, and will
)

//go:embed codes.csv
var codesCSV string

// codeRules reads the embedded table once; nothing changes it afterwards.
var codeRules = sync.OnceValues(func() (map[int]codeRule, error) { return readCodes(codesCSV) })

func readCodes(text string) (map[int]codeRule, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = 7
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read code table: %w", err)
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != "code,class,reason,ambiguous,alert,soft,undo" {
		return nil, fmt.Errorf("read code table: unexpected heading")
	}
	classes := make(map[string]Class)
	for c := ClassUnknown; c <= ClassReversal; c++ {
		classes[c.String()] = c
	}
	rules := make(map[int]codeRule, len(rows)-1)
	for _, row := range rows[1:] {
		code, err := strconv.Atoi(row[0])
		if err != nil {
			return nil, fmt.Errorf("read code table: code %q: %w", row[0], err)
		}
		class, known := classes[row[1]]
		if !known {
			return nil, fmt.Errorf("read code table: code %d has class %q", code, row[1])
		}
		if _, twice := rules[code]; twice {
			return nil, fmt.Errorf("read code table: code %d stands twice", code)
		}
		undone, known := map[string]undo{"": undoOpen, "done": undoDone, "cancelled": undoCancelled, "refused": undoRefused}[row[6]]
		if !known {
			return nil, fmt.Errorf("read code table: code %d has undo %q", code, row[6])
		}
		for _, flag := range row[3:6] {
			if flag != "yes" && flag != "no" {
				return nil, fmt.Errorf("read code table: code %d has flag %q", code, flag)
			}
		}
		rules[code] = codeRule{
			class: class, reason: row[2], ambiguous: row[3] == "yes", alert: row[4] == "yes", soft: row[5] == "yes", undo: undone,
		}
	}
	return rules, nil
}

// ruleFor is the table's line for a code; known is false for one that is not
// listed, which means unknown and worth an alert.
func ruleFor(code int) (rule codeRule, known bool) {
	rules, err := codeRules()
	if err != nil { // New has returned this error; without a table nothing is known
		return codeRule{}, false
	}
	rule, known = rules[code]
	return rule, known
}
