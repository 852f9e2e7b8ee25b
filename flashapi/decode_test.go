package flashapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// raw is a type that takes any JSON, and shows what of it arrived.
type raw string

func (r *raw) UnmarshalJSON(b []byte) error { *r = raw(b); return nil }

// sample has fields of every kind that the scanner fills in.
type sample struct {
	ResponseCode raw    `json:"responseCode"`
	Skin         raw    `json:"skin"` // s and k have relatives outside ASCII
	Word         text   `json:"word"`
	Plain        string `json:"plain"`
	List         []raw  `json:"list"`
	// Plain numbers as encoding/json reads them.
	Number Cents `json:"number"`
}

// bySlow decodes with encoding/json alone.
func bySlow(body []byte, into any) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark))
	if len(body) == 0 || body[0] != '{' {
		return errNotObject
	}
	if json.Unmarshal(body, into) != nil {
		return errNotJSON
	}
	return nil
}

// wantSameAsEncodingJSON holds the scanner to encoding/json, which has one rule
// less: a repeated member is no error.
func wantSameAsEncodingJSON(t interface {
	Helper()
	Fatalf(string, ...any)
}, body []byte) {
	t.Helper()
	s := scanner{data: body}
	s.space()
	valid := s.value()
	s.space()
	if valid = valid && s.at == len(body); valid != json.Valid(body) {
		t.Fatalf("scanner says %v of %q", valid, body)
	}
	var fast, slow sample
	got, want := decodeObject(body, &fast), bySlow(body, &slow)
	if errors.Is(got, errTwice) && want == nil {
		return
	}
	if !errors.Is(got, want) {
		t.Fatalf("decoding %q: %v, want %v", body, got, want)
	}
	if diff := cmp.Diff(slow, fast); want == nil && diff != "" {
		t.Fatalf("decoding %q (-encoding/json +scanner):\n%s", body, diff)
	}
}

// hostileJSON are bodies in and around JSON.
var hostileJSON = []string{
	``, ` `, `{}`, `[]`, `null`, `0`, `"x"`, `{`, `}`, `{}{}`, `{} {}`, `{},`, `{"responseCode":0}x`, "\ufeff{}", "\ufeff\ufeff{}", `{"responseCode":0}` + "\x00",
	`{"responseCode":0,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1 "b":2}`, `{a:1}`, `{'a':1}`, `{"a":1,,"b":2}`, `{"a"::1}`, "{\"a\":\v1}", `{"a":1/**/}`,
	`{"responseCode":00}`, `{"responseCode":-0}`, `{"responseCode":+0}`, `{"responseCode":.5}`, `{"responseCode":5.}`, `{"responseCode":5.e1}`,
	`{"responseCode":1e}`, `{"responseCode":1e+}`, `{"responseCode":1E-05}`, `{"responseCode":0x1}`, `{"responseCode":-}`, `{"responseCode":1e999999999}`,
	`{"responseCode":NaN}`, `{"responseCode":Infinity}`, `{"responseCode":tru}`, `{"responseCode":true}`, `{"responseCode":nulll}`, `{"responseCode":True}`,
	`{"RESPONSECODE":1}`, `{"respon\u0073eCode":1}`, `{"re\u017fponseCode":1}`, `{"reſponſecode":1}`, `{"Sſin":1}`, `{"sKin":1}`, `{"SKIN":2,"skin":1}`, `{"skin":2,"SKIN":1}`,
	`{"responseCode":0,"responseCode":1}`, `{"responseCode":1,"ResponseCode":1}`, `{"\ud800":1}`, "{\"skin\xff\":1}", "{\"\xff\":1}",
	`{"word":"a\u0000b"}`, "{\"word\":\"a\x00b\"}", "{\"word\":\"a\nb\"}", "{\"word\":\"a\x7fb\"}", "{\"word\":\"\xff\xfe\"}", `{"word":"\ud83d\ude00 \ud83d \ude00"}`,
	`{"word":"\u12g4"}`, `{"word":"\u123"}`, `{"word":"\x41"}`, `{"word":"\`, `{"word":"\"`, `{"word":"\\"}`, `{"word":"\/\b\f\n\r\t\""}`, `{"word":"\U0041"}`, `{"word":"a`,
	`{"word":{"a":[1,{"b":"\""}]}}`, `{"word":[}`, `{"word":[1,]}`, `{"word":[,1]}`, `{"word":[1 2]}`, `{"word":{"a":1,}}`,
	`{"plain":5}`, `{"plain":null}`, `{"plain":"\u00e9"}`, `{"plain":{}}`, `{"number":5}`, `{"number":5.0}`, `{"number":"5"}`, `{"number":1e2}`, `{"number":null}`,
	`{"number":9223372036854775808}`, `{"list":[1,"a",{},[]]}`, `{"list":{}}`, `{"list":null}`, `{"plain":5,"word":"x"}`,
}

func TestTheScannerReadsWhatEncodingJSONReads(t *testing.T) {
	for _, body := range hostileJSON {
		wantSameAsEncodingJSON(t, []byte(body))
	}
	for _, deep := range []int{10, maxNesting - 1, maxNesting, maxNesting + 1, 100_000} {
		for _, pair := range []string{"[]", "{}"} {
			opened := strings.Repeat(pair[:1], deep)
			if pair == "{}" {
				opened = strings.Repeat(`{"a":`, deep) + "1"
			}
			wantSameAsEncodingJSON(t, []byte(`{"word":`+opened+strings.Repeat(pair[1:], deep)+`}`))
			wantSameAsEncodingJSON(t, []byte(`{"word":`+opened)) // never closed
		}
	}
}

// FuzzScanner looks for bytes of which the scanner and encoding/json think
// differently.
func FuzzScanner(f *testing.F) {
	for _, body := range hostileJSON {
		f.Add([]byte(body))
	}
	for _, body := range benchAnswers {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { wantSameAsEncodingJSON(t, body) })
}

func TestAStringIsUnquotedAsEncodingJSONDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		quoted := rapid.Custom(func(t *rapid.T) string {
			b, _ := json.Marshal(rapid.String().Draw(t, "text"))
			return string(b)
		})
		s := rapid.OneOf(quoted, rapid.StringMatching(`"[a-z"\\ -ÿ]{0,8}"?`)).Draw(t, "quoted")
		var want string
		wantErr := json.Unmarshal([]byte(s), &want)
		got, err := unquote([]byte(s))
		if (err == nil) != (wantErr == nil) || got != want {
			t.Fatalf("%q: %q, %v; want %q, %v", s, got, err, want, wantErr)
		}
	})
}

// It matters where a reference, say, is compared that stands before the place
// where the JSON ends.
func TestADecoderFillsNothingInFromWhatIsNoJSON(t *testing.T) {
	for _, body := range []string{`{"reference":"x"`, `{"reference":"x"}}`, `{"reference":"x","a":tru}`, `{"reference":"x"} 1`} {
		var e envelope
		if err := decodeObject([]byte(body), &e); !errors.Is(err, errNotJSON) || e != (envelope{}) {
			t.Errorf("%s: %v, %+v", body, err, e)
		}
	}
}

func TestWhatIsSaidTwiceInTwoWaysIsNotBelieved(t *testing.T) {
	for body, want := range map[string]error{
		`{"reference":"a","reference":"b"}`:        errTwice,
		`{"reference":"a","Reference":"b"}`:        errTwice,
		`{"reference":"a","reference":"a"}`:        nil,
		`{"responseMessage":"a","x":1,"x":2}`:      nil,
		`{"responseCode":0,"responseCode":"0"}`:    nil,
		`{"responseCode":2402,"responseCode":0}`:   nil, // and marked
		`{"reference":"a","reference":"b"`:         errNotJSON,
		`{"transactionId":1,"transactionId":null}`: errTwice,
	} {
		var e envelope
		if err := decodeObject([]byte(body), &e); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
	var e envelope
	if err := decodeObject([]byte(`{"responseCode":2402,"responseCode":0}`), &e); err != nil || !e.ResponseCode.bad {
		t.Errorf("two codes: %v, %+v", err, e.ResponseCode)
	}
	// Under a status that alone would refuse, as well.
	for _, status := range []int{200, 400, 403, 404, 500} {
		for _, body := range []string{
			`{"responseCode":2402,"responseCode":0}`, `{"responseCode":0,"responseCode":2402}`,
			`{"responseCode":2402,"reference":"a","reference":"` + testRef + `"}`, `{"responseCode":0,"reference":"` + testRef + `","reference":""}`,
		} {
			if v := Judge(message(redeemAll()), answered(status, body), First); v.Settled != Open || !v.Alert {
				t.Errorf("HTTP %d, %s: %+v", status, body, v)
			}
		}
	}
	// What was bought, given twice, is for a person.
	two := `{"responseCode":0,"amount":1000,"voucher":{"pin":"1111222233334444"},"voucher":{"pin":"5555666677778888"}}`
	if v := Judge(message(VoucherPurchase{Reference: testRef, Amount: 10_00}), answered(200, two), First); v.Settled != Open || !v.Person {
		t.Errorf("two vouchers: %+v", v)
	}
	one := strings.Replace(two, `"},"voucher":{`, `",`, 1) // two PINs in one voucher
	if v := Judge(message(VoucherPurchase{Reference: testRef, Amount: 10_00}), answered(200, one), First); v.Settled == Happened {
		t.Errorf("two PINs: %+v", v)
	}
}

// It fails for a type that the scanner leaves to
// encoding/json, so that nobody makes one by accident.
func TestTheWireTypesAreReadByTheScanner(t *testing.T) {
	for _, into := range []any{
		&envelope{}, &asked{}, &voucherWire{}, &issueWire{}, &content{}, &pinlessWire{}, &rechargeDetails{}, &productWire{},
		&internationalWire{}, &internationalProductWire{}, &lookupWire{}, &saleWire{}, &tokenWire{}, &chargeWire{}, &blockWire{}, &payWire{}, &billerWire{},
	} {
		if shapes()[reflect.TypeOf(into)] == nil {
			t.Errorf("%T is not", into)
		}
	}
	if s := shapeOf(reflect.TypeFor[*struct {
		envelope
		Amount whole `json:"amount"`
	}]()); s != nil {
		t.Error("an embedded struct has fields that the scanner does not see")
	}
}

func TestAnExchangeThatWasChangedIsReadAnew(t *testing.T) {
	b := setup(t)
	b.answerOp(OpPinlessPurchase, 200, `{"responseCode":0}`)
	m := b.build(tenRand())
	x := b.client.Post(t.Context(), m)
	if v := Judge(m, x, First); v.Settled != Happened {
		t.Fatalf("as it came: %+v", v)
	}
	for name, change := range map[string]func(*Exchange){
		"status": func(x *Exchange) { x.Status = 500 }, "no answer": func(x *Exchange) { x.Status = 0 },
		"body": func(x *Exchange) { x.Body = answered(200, `{"responseCode":2001}`).Body }, "no body": func(x *Exchange) { x.Body = answered(200, "").Body },
	} {
		changed := x
		change(&changed)
		if v := Judge(m, changed, First); v.Settled == Happened {
			t.Errorf("%s: %+v", name, v)
		}
	}
	other := tenRand()
	other.Amount = 20_00
	if v := Judge(b.build(other), x, First); v.Settled != Happened {
		t.Errorf("another message: %+v", v)
	}
	b.answerOp(OpRedeem, 200, `{"responseCode":0,"amount":5000}`)
	full, part := b.build(redeemAll()), b.build(RedeemPart{Reference: testRef, PIN: redeemAll().PIN, Amount: 10_00})
	x = b.client.Post(t.Context(), full)
	if v := Judge(part, x, First); !v.Alert || v.Detail == "" {
		t.Errorf("an answer to all of it is not one to a part: %+v", v)
	}
}

// FuzzFields holds the types of single values to what they promise, for any
// bytes that are JSON.
func FuzzFields(f *testing.F) {
	for _, s := range []string{`0`, `-0`, `"00"`, `" 7 "`, `1e3`, `5000.00`, `null`, `""`, `true`, `[0]`, `{}`, `"\u0030"`, `9223372036854775808`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = bytes.TrimSpace(b)
		if !json.Valid(b) {
			return
		}
		var word text
		var number whole
		var c code
		var yes flag
		var pin pinText
		for _, into := range []json.Unmarshaler{&word, &number, &c, &yes, &pin} {
			if err := into.UnmarshalJSON(b); err != nil {
				t.Fatalf("%T of %q: %v", into, b, err)
			}
		}
		switch {
		case !utf8.ValidString(string(word)) && utf8.Valid(b):
			t.Fatalf("text %q of %q", word, b)
		case number.n < 0 || (number.bad && number.present) || (number.n != 0 && !number.present):
			t.Fatalf("number %+v of %q", number, b)
		case !pin.Equal(string(word)):
			t.Fatalf("PIN %q and text %q of %q", pin.Reveal(), word, b)
		case yes.value && !yes.present:
			t.Fatalf("flag %+v of %q", yes, b)
		}
		if n, ok := c.get(); ok && (n < 0 || !number.present || int64(n) != number.n || bytes.ContainsAny(b, ".eE-+[{")) {
			t.Fatalf("code %d of %q", n, b)
		}
	})
}
