package flashapi

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestATokenIsReadWithoutItsGrouping(t *testing.T) {
	for in, want := range map[string]string{
		`"17432890165527340988"`:            lightToken,
		`"1743 2890 1655 2734 0988"`:        lightToken,
		`" 1743-2890-1655-2734-0988 "`:      lightToken,
		`"1743.2890.1655.2734.0988"`:        lightToken,
		"\"1743\u00a028901655\\t27340988\"": lightToken,
		`17432890165527340988`:              lightToken,
		`7432890165527340988`:               "07432890165527340988", // a number has lost its zero
		`432890165527340988`:                "00432890165527340988",
		`"7432890165527340988"`:             "7432890165527340988", // text has lost nothing
		`"1743 2890 1655 2734"`:             "1743 2890 1655 2734", // another technology
		`"A1B2-C3D4"`:                       "A1B2-C3D4",
		`1743289016552734`:                  "1743289016552734",
		`1.7432890165527e19`:                "", // a number that has lost its end
		`-17432890165527340988`:             "",
		`true`:                              "",
		`null`:                              "",
		`""`:                                "",
		`" "`:                               "",
		`{}`:                                "",
		`["17432890165527340988"]`:          "",
	} {
		var got tokenText
		if err := json.Unmarshal([]byte(in), &got); err != nil || got.Reveal() != want {
			t.Errorf("%s reads as %q, %v, want %q", in, got.Reveal(), err, want)
		}
	}
}

func TestTheWordsForATokenSayWhatItIsFor(t *testing.T) {
	for words, want := range map[string]TokenUse{
		"Key Change Token 1": TokenKeyChange, "KEYCHANGE": TokenKeyChange, "KCT 2": TokenKeyChange, "1st Key Change": TokenKeyChange,
		"Key-Change Credit": TokenKeyChange, "Set 1st Section Decoder Key": TokenKeyChange, "Set2ndMeterKey": TokenKeyChange,
		"Update Meter Key": TokenKeyChange, "New keys": TokenKeyChange, "Change of key": TokenKeyChange, "Key token": TokenKeyChange,
		"Credit Token": TokenCredit, "Electricity": TokenCredit, "Normal Sale": TokenCredit, "STS Credit": TokenCredit, "Water Token": TokenCredit,
		"46.1 kWh": TokenCredit, "Vend": TokenCredit, "Units": TokenCredit, "Keypad credit": TokenCredit,
		"Free Basic Electricity": TokenFree, "FBE": TokenFree, "FBE Token": TokenFree, "fbw": TokenFree, "Free units": TokenFree,
		"BSST Token": TokenFree, "Indigent credit": TokenFree,
		"Clear Credit": TokenOther, "Clear tamper": TokenOther, "Set Maximum Power Limit": TokenOther, "Meter Test": TokenOther,
		"Engineering Key": TokenOther,
	} {
		for _, w := range []tokenWire{{TokenDescription: text(words)}, {Type: text(words)}, {TokenDescription: "Token", Type: text(words)}} {
			if got, told := w.use(); got != want || !told {
				t.Errorf("%q is for %s, %v, want %s", words, got, told, want)
			}
		}
	}
	for _, words := range []string{"", "Token", "Token 1", "1", "STS", "Afslag"} {
		if got, told := (tokenWire{TokenDescription: text(words)}).use(); told {
			t.Errorf("%q is said to be for %s", words, got)
		}
	}
}

func TestWhatWordsDoNotSayThePurchaseDoes(t *testing.T) {
	const ( // short, for the table
		k, c, f, o = TokenKeyChange, TokenCredit, TokenFree, TokenOther
	)
	for name, row := range map[string]struct {
		words              string // one token each
		paid, given, keyed bool
		want               []TokenUse
	}{
		"one, paid":                   {"-", true, false, false, []TokenUse{c}},
		"one, claimed":                {"-", false, true, false, []TokenUse{f}},
		"one, keys change":            {"-", true, false, true, []TokenUse{c}},
		"three, keys change":          {"- - -", true, false, true, []TokenUse{k, k, c}},
		"five, keys change":           {"- - - - -", true, false, true, []TokenUse{k, k, k, k, c}},
		"four with free":              {"- - - -", true, true, true, []TokenUse{k, k, c, f}},
		"claimed, keys change":        {"- - -", false, true, true, []TokenUse{k, k, f}},
		"credit told, keys change":    {"- - Credit", true, false, true, []TokenUse{k, k, c}},
		"credit and free told":        {"- - Credit FBE", true, true, true, []TokenUse{k, k, c, f}},
		"key change told":             {"KCT1 KCT2 -", true, false, true, []TokenUse{k, k, c}},
		"key change told, with free":  {"KCT1 KCT2 - -", true, true, true, []TokenUse{k, k, c, f}},
		"told against the keys":       {"KCT1 KCT2 Credit", true, false, false, []TokenUse{k, k, c}},
		"two, paid, keys stay":        {"- -", true, false, false, []TokenUse{c, o}},
		"two, paid, with free":        {"- -", true, true, false, []TokenUse{c, f}},
		"free told":                   {"FBE -", true, true, false, []TokenUse{f, c}},
		"all told":                    {"FBE Credit Clear", true, true, false, []TokenUse{f, c, o}},
		"credit and something":        {"Credit -", true, false, false, []TokenUse{c, o}},
		"nothing due and keys change": {"Credit - -", true, false, true, []TokenUse{c, k, k}},
	} {
		var tokens []tokenWire
		for word := range strings.FieldsSeq(row.words) {
			tokens = append(tokens, tokenWire{TokenDescription: text(word)})
		}
		if diff := cmp.Diff(row.want, uses(tokens, row.paid, row.given, row.keyed)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTokensAreEnteredInTheirOrder(t *testing.T) {
	for received, want := range map[string]string{
		"":                                "",
		"credit1":                         "credit1",
		"free1 credit1 key1 key2":         "key1 key2 credit1 free1",
		"key1 credit1 key2 free1":         "key1 key2 credit1 free1",
		"key1 key2 key3 key4 credit1":     "key1 key2 key3 key4 credit1",
		"other1 credit1 other2":           "other1 credit1 other2",
		"other1 key1 credit1 key2 other2": "other1 key1 key2 credit1 other2",
		"other1 other2":                   "other1 other2",
		"key1 other1":                     "key1 other1",
		"credit2 credit1":                 "credit2 credit1",
	} {
		uses := map[string]TokenUse{"key": TokenKeyChange, "credit": TokenCredit, "free": TokenFree, "other": TokenOther}
		var sale UtilitySale
		for word := range strings.FieldsSeq(received) {
			sale.Tokens = append(sale.Tokens, MeterToken{Use: uses[strings.TrimRight(word, digits)], Description: word})
		}
		var got []string
		for _, token := range sale.InOrder() {
			got = append(got, token.Description)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s is entered as %s, want %s", received, s, want)
		}
	}
}

func TestTheOrderLosesNoTokenAndPutsKeyChangeFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sale UtilitySale
		for i := range rapid.IntRange(0, 8).Draw(t, "tokens") {
			use := TokenUse(rapid.IntRange(0, 3).Draw(t, "use"))
			sale.Tokens = append(sale.Tokens, MeterToken{Use: use, SerialNumber: string(rune('A' + i))})
		}
		rank := map[TokenUse]int{TokenKeyChange: 0, TokenCredit: 1, TokenFree: 2}
		seen, last, serials := 0, map[TokenUse]string{}, map[string]bool{}
		for _, token := range sale.InOrder() {
			if token.SerialNumber <= last[token.Use] && token.Use != TokenOther {
				t.Fatalf("%v: %s changed places with its like", token, token.Use)
			}
			last[token.Use], serials[token.SerialNumber] = token.SerialNumber, true
			if token.Use == TokenOther {
				continue
			}
			if rank[token.Use] < seen {
				t.Fatalf("%s comes too late", token.Use)
			}
			seen = rank[token.Use]
		}
		if len(serials) != len(sale.Tokens) {
			t.Fatalf("%d tokens of %d", len(serials), len(sale.Tokens))
		}
	})
}

func TestAUseOfATokenHasAName(t *testing.T) {
	for use, want := range map[TokenUse]string{
		TokenKeyChange: "key_change", TokenCredit: "credit", TokenFree: "free", TokenOther: "other", 200: "other",
	} {
		if got := use.String(); got != want {
			t.Errorf("%d is %q, want %q", use, got, want)
		}
	}
}
