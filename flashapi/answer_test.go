package flashapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/hostcall"
)

// parse makes a tree of an answer, with its numbers as they are written.
func parse(t *testing.T, body string) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

func write(t *testing.T, tree any) string {
	t.Helper()
	b, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// rebuild copies a tree, with every object and every value changed.
func rebuild(tree any, object func(map[string]any) any, value func(any) any) any {
	switch v := tree.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for name, inner := range v {
			m[name] = rebuild(inner, object, value)
		}
		return object(m)
	case []any:
		list := make([]any, len(v))
		for i, inner := range v {
			list[i] = rebuild(inner, object, value)
		}
		return list
	default:
		return value(v)
	}
}

func sameObject(m map[string]any) any { return m }
func sameValue(v any) any             { return v }

// backwards is JSON with the properties of all objects in reverse order.
type backwards map[string]any

func (b backwards) MarshalJSON() ([]byte, error) {
	var names []string
	for name := range b {
		names = append(names, name)
	}
	slices.Sort(names)
	slices.Reverse(names)
	var out bytes.Buffer
	for i, name := range names {
		out.WriteByte("{,"[min(i, 1)])
		key, _ := json.Marshal(name)
		value, err := json.Marshal(b[name])
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteString(" :\n\t")
		out.Write(value)
	}
	if len(names) == 0 {
		out.WriteByte('{')
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func TestAnAnswerIsReadInEveryFormItMayTake(t *testing.T) {
	for _, s := range specimens() {
		want := Judge(s.message(), answered(200, s.good), First)
		if want.Settled != Happened || want.Alert {
			t.Errorf("%v: %+v", s, want)
		}
		tree := parse(t, s.good)
		for name, body := range map[string]string{
			"numbers as text": write(t, rebuild(tree, sameObject, func(v any) any {
				if n, ok := v.(json.Number); ok {
					return n.String()
				}
				return v
			})),
			"text as numbers": write(t, rebuild(tree, sameObject, func(v any) any {
				if text, ok := v.(string); ok && text != "" && only(text, digits) && text[0] != '0' {
					return json.Number(text)
				}
				return v
			})),
			"null where there is nothing": write(t, rebuild(tree, sameObject, func(v any) any {
				if v == "" {
					return nil
				}
				return v
			})),
			"unknown properties": write(t, rebuild(tree, func(m map[string]any) any {
				m["surprise"], m[""], m["more"] = map[string]any{"responseCode": 2402, "pin": "1"}, []any{nil, 1.5, "x"}, nil
				return m
			}, sameValue)),
			"other capitals": write(t, rebuild(tree, func(m map[string]any) any {
				loud := make(map[string]any, len(m))
				for name, v := range m {
					loud[strings.ToUpper(name)] = v
				}
				return loud
			}, sameValue)),
			"other order":          write(t, rebuild(tree, func(m map[string]any) any { return backwards(m) }, sameValue)),
			"a byte order mark":    "\xef\xbb\xbf" + s.good,
			"space around":         " \r\n\t" + s.good + "\n\n ",
			"everything twice":     strings.Replace(s.good, "{", "{"+strings.TrimSuffix(strings.TrimPrefix(s.good, "{"), "}")+",", 1),
			"escapes":              strings.ReplaceAll(s.good, "responseCode", `\u0072esponseCode`),
			"a code as text":       strings.Replace(s.good, `"responseCode":0`, `"responseCode":" 0 "`, 1),
			"without a reference":  strings.Replace(s.good, `"reference":"`+testRef+`",`, "", 1),
			"an amount with zeros": strings.ReplaceAll(s.good, `"amount":2000`, `"amount":2000.00`),
		} {
			got := Judge(s.message(), answered(200, body), First)
			if diff := cmp.Diff(want, got, sameSecret); diff != "" {
				t.Errorf("%v, %s: %s\n(-want +got):\n%s", s, name, body, diff)
			}
		}
	}
}

// places calls visit with every value of a tree, and with a way to put another
// in its place.
func places(tree any, put func(any), visit func(put func(any))) {
	visit(put)
	switch v := tree.(type) {
	case map[string]any:
		for name, inner := range v {
			places(inner, func(other any) { v[name] = other }, visit)
			v[name] = inner
		}
	case []any:
		for i, inner := range v {
			places(inner, func(other any) { v[i] = other }, visit)
			v[i] = inner
		}
	}
}

// oddities are what nobody expects in any place of an answer.
var oddities = []any{
	nil, true, false, 0, -1, 1.5, json.Number("1e400"), json.Number("184467440737095516160"), "", " ", "x", "-1", "0", "1e3", "9223372036854775808",
	strings.Repeat("9", 400), []any{}, []any{nil}, []any{0, "x", []any{}}, map[string]any{}, map[string]any{"amount": "x", "pin": []any{}},
}

func TestOddValuesInAnyPlaceNeverDecideAgainstTheCustomer(t *testing.T) {
	for _, s := range oneOfEachShape() {
		m := s.message()
		whole := parse(t, s.good)
		tree := whole
		places(whole, func(other any) { tree = other }, func(put func(any)) {
			for _, odd := range oddities {
				tree = whole
				put(odd)
				body := write(t, tree)
				checkVerdict(t, m, []byte(body), 200)
				for _, again := range []Sending{First, Again} {
					v := Judge(m, answered(200, body), again)
					if v.Settled == Refused && operations[s.op].effect != reads {
						t.Errorf("%v: refused by %s", s, body)
					}
					if v.Settled == Open && !v.Alert && v.Class != ClassUnknown && operations[s.op].effect != reads {
						t.Errorf("%v: nobody is told of %s: %+v", s, body, v)
					}
				}
			}
		})
	}
}

func TestAnAnswerCutAnywhereDecidesNothing(t *testing.T) {
	for _, s := range specimens() {
		for n := range len(s.good) {
			for _, again := range []Sending{First, Again} {
				v := Judge(s.message(), answered(200, s.good[:n]), again)
				if v.Settled != Open && (operations[s.op].effect != reads || v.Settled != Refused) {
					t.Errorf("%v: %d of %d bytes settle it: %+v", s, n, len(s.good), v)
				}
			}
		}
	}
}

// hostile are answers that want to be expensive.
func hostile() map[string]string {
	const deep = 100_000
	return map[string]string{
		"deep lists":   strings.Repeat("[", deep) + strings.Repeat("]", deep),
		"deep objects": strings.Repeat(`{"a":`, deep) + "1" + strings.Repeat("}", deep),
		"left open":    strings.Repeat("[", deep),
		"many members": `{"a":0` + strings.Repeat(`,"a":1`, deep/10) + "}",
		"long number":  strings.Repeat("1", deep),
		"long text":    `"` + strings.Repeat("\\u00e9", deep/10) + `"`,
		"not UTF-8":    "\"\xff\xfe\"",
	}
}

func TestAHostileAnswerDecidesNothing(t *testing.T) {
	for i, s := range oneOfEachShape() {
		for name, evil := range hostile() {
			for where, body := range map[string]string{
				"alone":        evil,
				"beside":       strings.Replace(s.good, "{", `{"surprise":`+evil+",", 1),
				"as code":      strings.Replace(s.good, `"responseCode":0`, `"responseCode":`+evil, 1),
				"as reference": strings.Replace(s.good, `"reference":"`+testRef+`"`, `"reference":`+evil, 1),
				"as amount":    strings.ReplaceAll(s.good, `"amount":2000`, `"amount":`+evil),
				"as PIN":       strings.ReplaceAll(s.good, `"`+changePIN+`"`, evil),
			} {
				if i > 0 && (where == "alone" || where == "as code" || where == "as reference") {
					continue // read the same way for all
				}
				v := Judge(s.message(), answered(200, body), Again)
				if v.Settled == Refused && operations[s.op].effect != reads {
					t.Errorf("%v, %s %s: %+v", s, name, where, v)
				}
				if v.Settled == Happened && (where == "alone" || where == "as code") {
					t.Errorf("%v, %s %s: %+v", s, name, where, v)
				}
				if len(v.Detail) > 4*hostcall.MaxWords || len(v.TransactionID) > 64 {
					t.Errorf("%v, %s %s: much is kept of it", s, name, where)
				}
			}
		}
	}
}

func TestAnAnswerThatNeverEndsIsNotReadToItsEnd(t *testing.T) {
	huge := strings.Repeat(" ", maxAnswer)
	for _, s := range specimens() {
		h := transportFunc(func(r *http.Request) (*http.Response, error) {
			body := io.Reader(strings.NewReader(`{"access_token":"` + testToken + `","expires_in":3600}`))
			if !strings.HasSuffix(r.URL.Path, "/token") {
				body = io.MultiReader(strings.NewReader(s.good[:len(s.good)-1]), strings.NewReader(huge), strings.NewReader("}"))
			}
			return &http.Response{StatusCode: 200, Header: make(http.Header), Body: io.NopCloser(body), ContentLength: -1, Request: r}, nil
		})
		b := setup(t, func(o *Options) { o.Transport = h })
		m := s.message()
		x := b.client.Post(t.Context(), m)
		if !x.Sent || x.Status != 0 || !errors.Is(x.Err, ErrTooLarge) || x.Body.Len() != 0 {
			t.Errorf("%v: %v", s, x)
		}
		if v := Judge(m, x, First); v.Settled != Open && operations[s.op].effect != reads {
			t.Errorf("%v: %+v", s, v)
		}
	}
}

func TestAnAnswerThatSaysTwoThingsIsNotBelieved(t *testing.T) {
	for _, s := range specimensThat(sells) {
		for _, other := range []string{
			`"responseCode":2402`, `"ResponseCode":"2001"`, `"responseCode":"x"`, `"reference":"SOMEBODY-ELSE"`,
		} {
			for _, body := range []string{
				strings.Replace(s.good, "{", "{"+other+",", 1), s.good[:len(s.good)-1] + "," + other + "}",
			} {
				if v := Judge(s.message(), answered(200, body), First); v.Settled != Open || !v.Alert {
					t.Errorf("%v, %s: %+v", s, body, v)
				}
			}
		}
	}
}

// FuzzAnswer holds any answer to any operation against the rules that protect
// money.
func FuzzAnswer(f *testing.F) {
	all := specimens()
	for i, s := range all {
		f.Add(uint(i), []byte(s.good), 200)
		f.Add(uint(i), []byte(strings.Replace(s.good, `"responseCode":0`, `"responseCode":"2401"`, 1)), 400)
		f.Add(uint(i), []byte(`{"responseCode":2409}`), 400)
		f.Add(uint(i), []byte(strings.NewReplacer("2000", `"x"`, changePIN, "").Replace(s.good)), 200)
	}
	for _, body := range []string{"", "[]", "{}", "\xef\xbb\xbf{}", `{"responseCode":2409}`, `{"responseCode":0,"voucher":{"pin":1}}`, `{"voucher":[{}],"tokens":{}}`} {
		f.Add(uint(0), []byte(body), 200)
	}
	f.Fuzz(func(t *testing.T, i uint, body []byte, status int) {
		checkVerdict(t, all[i%uint(len(all))].message(), body, status)
	})
}

// checkVerdict holds any answer against the rules that protect money.
func checkVerdict(t *testing.T, m Message, body []byte, status int) {
	x := answered(status, string(body))
	for _, again := range []Sending{First, Again} {
		v := Judge(m, x, again)
		if v.Settled == Happened {
			var e envelope
			if decodeObject(body, &e) != nil {
				t.Fatal("delivered by what is not an object")
			}
			n, ok := e.ResponseCode.get()
			if u, undone := v.Result.(*Undone); undone && u.Already {
				rule, _ := ruleFor(n)
				if wanted := rule.undo == undoDone || (rule.undo == undoCancelled && !operations[m.Op].restores); !ok || !wanted {
					t.Fatal("undone by a code that does not say so")
				}
				continue
			}
			if !ok || n != 0 || status < 200 || status > 299 {
				t.Fatal("delivered without code 0 and a good status")
			}
			if redeems(m.Op) && v.Amount <= 0 {
				t.Fatal("redeemed for nothing")
			}
		}
		if v.Amount < 0 || (redeems(m.Op) && v.Amount > maxVoucher) || (v.Amount != 0 && v.Settled != Happened && !v.Owed) {
			t.Fatalf("amount %d", v.Amount)
		}
		if (v.Result != nil) != (v.Settled == Happened) && !(v.Owed && v.Result != nil) {
			t.Fatal("a result and no success, or the other way round")
		}
		if v.Settled == Refused && v.Reason == "" {
			t.Fatal("refused without a reason")
		}
		if longDigits.MatchString(v.Detail) {
			t.Fatalf("long digits in %q", v.Detail)
		}
	}
}

func redeems(op Op) bool { return op == OpRedeem || op == OpExclusiveRedeem }
