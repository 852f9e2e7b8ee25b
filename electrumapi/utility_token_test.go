package electrumapi

import (
	"strings"
	"testing"

	"spaza/secret"
)

func TestTokensComeInTheOrderInWhichTheyAreEntered(t *testing.T) {
	r, err := ReadTokenPurchase(secret.New(boughtTokens))
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, token := range r.InOrder() {
		order = append(order, token.Entry().Reveal())
	}
	if got, want := strings.Join(order, " "), testKey1+" "+testKey2+" "+testToken+" 55550000111122223333"; got != want {
		t.Errorf("in order %s, want %s", got, want)
	}
	if r.Tokens[0].TokenType != TokenStandard {
		t.Error("the answer's own order was changed")
	}
}

func TestEntry(t *testing.T) {
	for given, want := range map[string]string{
		"77770000111122223333":          testToken,
		"7777 0000 1111 2222 3333":      testToken,
		" 7777-0000-1111-2222-3333\n":   testToken,
		"7777\u00a00000.1111 2222 3333": testToken,
		"00000000000000000000":          "00000000000000000000",
		"1234 5678":                     "1234 5678",
		"7777000011112222333A":          "7777000011112222333A",
		"%B1234=56?":                    "%B1234=56?",
		"":                              "",
	} {
		token := MeterToken{Token: secret.New(given)}
		if got := token.Entry(); !got.Equal(want) || token.Usable() != (want != "") {
			t.Errorf("%q is entered as %q, usable %v", given, got.Reveal(), token.Usable())
		}
	}
	if (MeterToken{Token: secret.New("none")}).Usable() {
		t.Error("a word can be keyed in")
	}
}

func TestUnitsAreAddedExactly(t *testing.T) {
	for name, c := range map[string]struct {
		units []Decimal
		want  Decimal
		ok    bool
	}{
		"one":          {[]Decimal{"46.10"}, "46.1", true},
		"fractions":    {[]Decimal{"0.1", "0.2"}, "0.3", true},
		"to a whole":   {[]Decimal{"0.99", "0.01"}, "1", true},
		"small":        {[]Decimal{"0.0001", "0.002"}, "0.0021", true},
		"taken back":   {[]Decimal{"1.5", "-2"}, "-0.5", true},
		"powers":       {[]Decimal{"1.5e2", "25E-1"}, "152.5", true},
		"zero":         {[]Decimal{"0", "0.000"}, "0", true},
		"large":        {[]Decimal{"999999999999999999"}, "999999999999999999", true},
		"none":         {nil, "0", false},
		"one unknown":  {[]Decimal{"1", ""}, "", false},
		"too large":    {[]Decimal{"999999999999999999", "1"}, "", false},
		"too fine":     {[]Decimal{"0.0000000000000000001"}, "", false},
		"monstrous":    {[]Decimal{"1e999999999"}, "", false},
		"out of range": {[]Decimal{"1e98"}, "", false},
	} {
		r := TokenPurchaseResult{Tokens: []MeterToken{{TokenType: TokenFree, Units: "7"}}}
		for _, u := range c.units {
			r.Tokens = append(r.Tokens, MeterToken{TokenType: TokenStandard, Units: u})
		}
		if got, ok := r.UnitsOf(TokenStandard); got != c.want || ok != c.ok {
			t.Errorf("%s: %q, %v, want %q", name, got, ok, c.want)
		}
	}
	r := TokenPurchaseResult{Tokens: []MeterToken{{TokenType: TokenFree, Units: "7"}, {TokenType: TokenRefund, Units: "0.5"}, {TokenType: TokenKeyChange}}}
	if got, ok := r.UnitsOf(TokenFree, TokenRefund); got != "7.5" || !ok {
		t.Errorf("two types give %q, %v", got, ok)
	}
}
