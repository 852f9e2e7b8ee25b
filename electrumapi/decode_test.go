package electrumapi

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"spaza/secret"
)

func TestFieldsAreReadGenerously(t *testing.T) {
	type inner struct {
		Must int64 `json:"must" read:"must"`
	}
	type wire struct {
		Text   string           `json:"text"`
		Number int64            `json:"number"`
		Flag   *bool            `json:"flag"`
		When   time.Time        `json:"when"`
		Dec    Decimal          `json:"dec"`
		Secret secret.Text      `json:"secret"`
		Inner  *inner           `json:"inner"`
		List   []inner          `json:"list"`
		Map    map[string]inner `json:"map"`
		Raw    Raw              `json:"raw"`
	}
	yes, no := true, false
	for body, want := range map[string]wire{
		`{}`:                                {},
		`{"text":" a ","number":12}`:        {Text: "a", Number: 12},
		`{"text":12.50,"number":"12"}`:      {Text: "12.50", Number: 12},
		`{"text":true,"number":-3.00}`:      {Text: "true", Number: -3},
		`{"text":{},"number":[]}`:           {},
		`{"text":null,"number":null}`:       {},
		`{"number":1.5}`:                    {},
		`{"number":1e3}`:                    {},
		`{"number":"+5"}`:                   {},
		`{"number":99999999999999999999}`:   {},
		`{"number":1,"number":2}`:           {}, // errTwice at the top
		`{"flag":"TRUE"}`:                   {Flag: &yes},
		`{"flag":0}`:                        {Flag: &no},
		`{"flag":"maybe"}`:                  {},
		`{"when":"2026-11-21T10:30:15Z"}`:   {When: time.Date(2026, 11, 21, 10, 30, 15, 0, time.UTC)},
		`{"when":"2026-11-21T10:30:15.5"}`:  {When: time.Date(2026, 11, 21, 10, 30, 15, 5e8, time.UTC)},
		`{"when":"soon"}`:                   {},
		`{"dec":46.10}`:                     {Dec: "46.10"},
		`{"dec":"-0.5"}`:                    {Dec: "-0.5"},
		`{"dec":"a lot"}`:                   {},
		`{"dec":""}`:                        {},
		`{"dec":true}`:                      {},
		`{"inner":{"must":"x"}}`:            {},
		`{"inner":[]}`:                      {},
		`{"inner":{"must":1,"must":2}}`:     {},
		`{"inner":{"must":1,"must":1}}`:     {Inner: &inner{1}},
		`{"list":[{"must":1},{},7,null]}`:   {List: []inner{{1}}},
		`{"list":{"must":1}}`:               {},
		`{"map":{"a":{"must":1},"b":[]}}`:   {Map: map[string]inner{"a": {1}}},
		`{"map":[]}`:                        {},
		`{"raw":[ 1.50, "\u0041" ]}`:        {Raw: Raw(`[ 1.50, "\u0041" ]`)},
		`{"TEXT":"other","Text":"letters"}`: {},
	} {
		got, err := Decode[wire](secret.New(body))
		if twice := strings.HasPrefix(body, `{"number":1,"number"`); twice != errors.Is(err, errTwice) || (err != nil && !twice) {
			t.Errorf("%s: %v", body, err)
		}
		if err == nil && !reflect.DeepEqual(*got, want) {
			t.Errorf("%s read as %+v", body, *got)
		}
	}
	got, err := Decode[wire](secret.New(`{"secret":5000500000000001}`))
	if err != nil || !got.Secret.Equal(testPIN) {
		t.Errorf("a secret is read as %q: %v", got.Secret.Reveal(), err)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	deep := strings.Repeat(`{"a":`, maxDepth+1) + "1" + strings.Repeat("}", maxDepth+1)
	for body, want := range map[string]error{
		"": errNotJSON, " ": errNotJSON, "null": errNotJSON, "[]": errNotJSON, `"x"`: errNotJSON, "{": errNotJSON, "{}}": errNotJSON,
		"{} {}": errNotJSON, `{"a":01}`: errNotJSON, "<html>": errNotJSON, `{"a":"` + testPIN: errNotJSON,
		deep: errDeep, `{"a":` + strings.Repeat("[", 1<<20): errDeep,
		`{"a":1,"a":2}`: errTwice, `{"a":{"b":1},"a":{"b":2}}`: errTwice,
	} {
		_, err := Decode[Transaction](secret.New(body))
		if !errors.Is(err, want) {
			t.Errorf("%.40s: %v, want %v", body, err, want)
		}
		if err != nil && strings.Contains(err.Error(), testPIN) {
			t.Errorf("error quotes the answer: %v", err)
		}
	}
	for _, body := range []string{`{"a":1,"a":1}`, `{"a":"[[[[\"[[[["}`, "\xef\xbb\xbf{}\n", deep[len(`{"a":`) : len(deep)-1]} {
		if _, err := Decode[Transaction](secret.New(body)); err != nil {
			t.Errorf("%.40s: %v", body, err)
		}
	}
}

// FuzzDecode reads anything as every kind of answer: it must neither panic nor show a
// secret, and what was read can be written and read again the same.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		soldTopUp, soldVoucher, `[]`, `{"voucher":{"pin":5000500000000001}}`, `{"amounts":{"additionalAmounts":{"a":{"amount":1}}}}`,
		`{"product":{"productContents":[{"amount":1,"unit":"MB"}],"channels":[{"productDisplaySortOrder":1e5}]}}`, `{"errorType":"X","detailMessage":[1]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		again(t, body, new(AirtimeSale))
		again(t, body, new(AirtimeVoucherSale))
		again(t, body, new(TenderAdvice))
		again(t, body, new(BasicReversal))
		text := secret.New(string(body))
		_, _ = Decode[MsisdnInfo](text)
		_, _ = Decode[[]AirtimeProduct](text)
		_, _, _ = decodeToken(body)
		if d, err := readDetail(text, nil); err == nil && len(d.Message)+len(d.Details)+len(d.ProviderText) > 3*5*maxRunes {
			t.Errorf("an error of %d bytes is kept", len(d.Message))
		}
		for _, op := range []Op{OpAirtimePurchase, OpAirtimeProducts, OpAirtimeReverse} {
			for _, status := range []int{200, 400, 404, 500} {
				if x := (Exchange{Sent: true, Status: status, Body: text, op: op}); status == 500 && x.Class() != Unknown {
					t.Errorf("%s with HTTP 500 is %s", op, x.Class())
				}
			}
		}
	})
}

// maxRunes bounds how much of the host's wording is kept, with its dots.
const maxRunes = 203

// again writes what was read and reads it again.
func again(t *testing.T, body []byte, into any) {
	t.Helper()
	if decode(body, into) != nil {
		return
	}
	written := encode(into)
	if !json.Valid(written) {
		t.Fatalf("wrote %s", written)
	}
	second := reflect.New(reflect.TypeOf(into).Elem()).Interface()
	if err := decode(written, second); err != nil {
		t.Fatalf("read %s again: %v", written, err)
	}
	if third := encode(second); string(third) != string(written) {
		t.Fatalf("wrote %s, then %s", written, third)
	}
}

// FuzzTooDeep holds the count of brackets to what encoding/json makes of the same.
func FuzzTooDeep(f *testing.F) {
	f.Add(`{"a":"\\","b":[["}"]]}`)
	f.Fuzz(func(t *testing.T, body string) {
		if !json.Valid([]byte(body)) {
			return
		}
		d, depth, deepest := json.NewDecoder(strings.NewReader(body)), 0, 0
		for {
			token, err := d.Token()
			if err != nil {
				break
			}
			switch token {
			case json.Delim('{'), json.Delim('['):
				depth++
				deepest = max(deepest, depth)
			case json.Delim('}'), json.Delim(']'):
				depth--
			}
		}
		if got := tooDeep([]byte(body)); got != (deepest > maxDepth) {
			t.Errorf("%s is %d deep, too deep: %v", body, deepest, got)
		}
	})
}
