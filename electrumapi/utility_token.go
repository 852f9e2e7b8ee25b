package electrumapi

import (
	"slices"
	"strings"

	"spaza/secret"
)

// TokenType is what a token does to a meter; other values than these may be received.
type TokenType string

// The types of token.
const (
	TokenStandard   TokenType = "STD"    // units that were paid for
	TokenFree       TokenType = "BSST"   // units that were given (basic service support tariff)
	TokenRefund     TokenType = "REFUND" // units that are given back
	TokenKeyChange  TokenType = "KC"     // brings the meter onto new keys; without it the others do nothing
	TokenPowerLimit TokenType = "PWRLMT" // sets how much may be drawn at once
)

// MeterToken is one number to be keyed into a meter (PPU v3, Token).
type MeterToken struct {
	TokenType TokenType `json:"tokenType"`
	Units     Decimal   `json:"units"` // empty where nobody says
	// Amount is its price: the amount without, and Tax with, the tax of it. Nil
	// where it cannot be read.
	Amount *TaxableAmount `json:"amount"`
	// Token is worth money on its meter. It is as the host gave it; see Entry.
	Token      secret.Text   `json:"token"`
	ReceiptNum string        `json:"receiptNum"`
	TariffCalc []TariffBlock `json:"tariffCalc"`
}

// TariffBlock is a stretch of units at one price (PPU v3, TariffBlock).
type TariffBlock struct {
	Units Decimal `json:"units"`
	Rate  Decimal `json:"rate"` // for one unit, in minor units
}

// Usable says that there is something to key in.
func (t MeterToken) Usable() bool { return strings.ContainsAny(t.Token.Reveal(), "0123456789") }

// tokenDigits is the length of a token by the standard (IEC 62055-41).
const tokenDigits = 20

// grouping is what may stand between the digits of a token.
var grouping = strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "", "\u00a0", "", "-", "", ".", "")

// Entry is the token as it is keyed in: 20 digits without grouping, or, where it is
// nothing of the kind, what the host gave.
func (t MeterToken) Entry() secret.Text {
	bare := grouping.Replace(t.Token.Reveal())
	if len(bare) != tokenDigits || strings.Trim(bare, "0123456789") != "" {
		return t.Token
	}
	return secret.New(bare)
}

// inOrder is the order in which tokens must be entered: those that change keys first,
// then all others. Within each the host's own order stands, which matters for tokens
// that change keys. The document does not say it; Electrum's own data and the standard
// do.
func inOrder(tokens []MeterToken) []MeterToken {
	ordered := slices.Clone(tokens)
	slices.SortStableFunc(ordered, func(a, b MeterToken) int { return rank(a.TokenType) - rank(b.TokenType) })
	return ordered
}

func rank(t TokenType) int {
	if t == TokenKeyChange {
		return 0
	}
	return 1
}

// unitsOf adds up the units of the tokens of some types. False says that there is no
// such token, or that the units of one cannot be read.
func unitsOf(tokens []MeterToken, types []TokenType) (Decimal, bool) {
	var sum units
	found := false
	for _, t := range tokens {
		if !slices.Contains(types, t.TokenType) {
			continue
		}
		n, ok := parseUnits(string(t.Units))
		if ok {
			sum, ok = sum.add(n)
		}
		if !ok {
			return "", false
		}
		found = true
	}
	return Decimal(sum.String()), found
}

// lostTokens counts the elements of the member "tokens" that are no token that could
// be keyed in. A member that is no array is one.
func lostTokens(body secret.Text, tokens []MeterToken) int {
	wire, err := Decode[struct {
		Tokens Raw `json:"tokens"`
	}](body)
	if err != nil || len(wire.Tokens) == 0 {
		return 0
	}
	all, err := Decode[[]Raw](secret.New(string(wire.Tokens)))
	if err != nil {
		return 1
	}
	usable := 0
	for _, t := range tokens {
		if t.Usable() {
			usable++
		}
	}
	return len(*all) - usable
}
