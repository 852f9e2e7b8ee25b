package flashapi

import (
	"regexp"
	"slices"
	"strings"

	"spaza/secret"
)

// TokenUse says what a token does to a meter.
type TokenUse uint8

// The uses of tokens.
const (
	TokenOther     TokenUse = iota // not known, or something for technicians
	TokenKeyChange                 // brings the meter onto new keys; without it the others do nothing
	TokenCredit                    // units that were paid for
	TokenFree                      // units that were given
)

// String names the use for logs.
func (u TokenUse) String() string {
	switch u {
	case TokenKeyChange:
		return "key_change"
	case TokenCredit:
		return "credit"
	case TokenFree:
		return "free"
	default:
		return "other"
	}
}

// MeterToken is one number to be keyed into a meter.
type MeterToken struct {
	Use          TokenUse
	Description  string
	SerialNumber string
	// Value is worth money on its meter. It is 20 digits without grouping, or,
	// where the meter has another technology, what the host gave.
	Value secret.Text
	Units Decimal // of this token, where the answer says so (the draft)
}

// tokenWire is a token in an answer: the first three fields in both documents,
// the others in the draft alone.
type tokenWire struct {
	TokenDescription text              `json:"tokenDescription"`
	SerialNumber     text              `json:"serialNumber"`
	Token            tokenText         `json:"token"`
	Type             text              `json:"type"`
	Value            decimal           `json:"value"`
	Tax              decimal           `json:"tax"`
	Units            object[unitsWire] `json:"units"`
}

type unitsWire struct {
	Quantity decimal `json:"quantity"`
	UnitType text    `json:"unitType"`
}

// tokenDigits is the length of a token by the standard (IEC 62055-41).
const tokenDigits = 20

// tokenText is the value of a token, which goes straight into a secret.
type tokenText struct{ secret.Text }

// grouping is what may stand between the digits of a token.
var grouping = strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "", "\u00a0", "", "-", "", ".", "", ",", "", "_", "", "/", "")

func (t *tokenText) UnmarshalJSON(b []byte) error {
	var s text
	if err := s.UnmarshalJSON(b); err != nil {
		return err
	}
	value := string(s)
	switch number := len(b) > 0 && b[0] != '"'; {
	case number && !only(value, digits): // a fraction or a power has lost digits, and true is no token
		value = ""
	case number && len(value) < tokenDigits && len(value) >= tokenDigits-3: // a number loses its leading zeros
		value = padded(s, tokenDigits)
	default:
		if bare := grouping.Replace(value); len(bare) == tokenDigits && only(bare, digits) {
			value = bare
		}
	}
	if noPIN.MatchString(value) || !strings.ContainsAny(value, digits) {
		value = ""
	}
	t.Text = secret.New(value)
	return nil
}

// What descriptions of tokens say. The words are not documented; these are those
// of receipts.
var (
	serviceWords   = regexp.MustCompile(`(?i)\bclear|tamper|power ?limit|engineering|\btest\b`)
	keyChangeWords = regexp.MustCompile(`(?i)key[ -]?change|change ?(of )?key|\bkct|(meter|decoder|new|update|set).*keys?\b|\bkey ?token`)
	freeWords      = regexp.MustCompile(`(?i)\bfb[ew]\b|\bfree|\bbsst\b|indigent`)
	creditWords    = regexp.MustCompile(`(?i)credit|electric|water|\bsale|\bvend|purchase|\bunits\b|kwh|\bnormal\b`)
)

// use is what the words for a token say of it; false where they say nothing.
func (w tokenWire) use() (use TokenUse, told bool) {
	switch words := string(w.TokenDescription) + "\n" + string(w.Type); {
	case serviceWords.MatchString(words):
		return TokenOther, true
	case keyChangeWords.MatchString(words):
		return TokenKeyChange, true
	case freeWords.MatchString(words):
		return TokenFree, true
	case creditWords.MatchString(words):
		return TokenCredit, true
	default:
		return TokenOther, false
	}
}

// uses says what each token is for. Where the words do not tell, what the
// purchase must have brought does: credit when it was paid for, free units when
// it had any, and before these, when the keys change, key change tokens.
func uses(tokens []tokenWire, paid, given, keysChange bool) []TokenUse {
	list := make([]TokenUse, len(tokens))
	var untold []int
	for i, t := range tokens {
		use, told := t.use()
		list[i] = use
		if !told {
			untold = append(untold, i)
		}
	}
	var due []TokenUse
	if paid && !slices.Contains(list, TokenCredit) {
		due = append(due, TokenCredit)
	}
	if given && !slices.Contains(list, TokenFree) {
		due = append(due, TokenFree)
	}
	if keysChange && !slices.Contains(list, TokenKeyChange) && len(untold) > len(due) {
		first := len(untold) - len(due)
		for _, i := range untold[:first] {
			list[i] = TokenKeyChange
		}
		untold = untold[first:]
	}
	for n, i := range untold[:min(len(untold), len(due))] {
		list[i] = due[n]
	}
	return list
}

// inOrder is the order in which tokens must be entered: key change, credit,
// free. Within a use, the host's own order stands, which matters for key change
// tokens. A token of unknown use that the host put before all credit stays
// there, since it may be one of them.
func inOrder(tokens []MeterToken) []MeterToken {
	first := slices.IndexFunc(tokens, func(t MeterToken) bool { return t.Use == TokenCredit || t.Use == TokenFree })
	var groups [4][]MeterToken
	for i, t := range tokens {
		switch {
		case t.Use == TokenKeyChange, t.Use == TokenOther && i < first:
			groups[0] = append(groups[0], t)
		case t.Use == TokenCredit:
			groups[1] = append(groups[1], t)
		case t.Use == TokenFree:
			groups[2] = append(groups[2], t)
		default:
			groups[3] = append(groups[3], t)
		}
	}
	return slices.Concat(groups[:]...)
}
