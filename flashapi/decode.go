package flashapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"spaza/secret"
)

// Cents is an amount of South African rand in cents.
type Cents int64

// The types below read what the API's document and its own examples disagree
// about (numbers as strings, strings as numbers) without ever failing a whole
// answer for the sake of one field. A field that says two different things, or
// nothing readable, is marked and left to the rules in outcome.go.

// text is a string, a number or a boolean, kept as text. Anything else is empty.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) == 0 || b[0] == '{' || b[0] == '[' || string(b) == "null":
		*t = ""
	case b[0] == '"':
		s, err := unquote(b)
		if err != nil {
			return err
		}
		*t = text(strings.TrimSpace(s))
	default:
		*t = text(b)
	}
	return nil
}

// unquote is the string that a quoted one stands for. Nearly all of them are
// plain, and need no decoder.
func unquote(b []byte) (string, error) {
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"' && i == len(b)-1:
			return string(b[1:i]), nil
		case c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\':
			continue
		}
		break
	}
	var s string
	err := json.Unmarshal(b, &s)
	return s, err
}

// pinText is a PIN, which goes straight into a secret.
type pinText struct{ secret.Text }

func (p *pinText) UnmarshalJSON(b []byte) error {
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		return err
	}
	p.Text = secret.New(string(t))
	return nil
}

// whole is a whole number from 0 up, as a number or as a numeric string.
type whole struct {
	n       int64
	present bool // a readable number was given
	bad     bool // something else was given, or two different numbers
}

func (w *whole) UnmarshalJSON(b []byte) error {
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		return err
	}
	if string(b) == "null" || (t == "" && len(b) > 0 && b[0] == '"') {
		return nil
	}
	n, ok := parseWhole(string(t))
	if !ok || (w.present && w.n != n) {
		*w = whole{bad: true}
		return nil
	}
	if !w.bad {
		w.n, w.present = n, true
	}
	return nil
}

// parseWhole reads digits without sign, exponent or leading zeros; a fraction
// of zeros ("5000.00") is accepted since it changes nothing.
func parseWhole(s string) (int64, bool) {
	digits, fraction, dotted := strings.Cut(s, ".")
	if dotted && (fraction == "" || strings.Trim(fraction, "0") != "") {
		return 0, false
	}
	if digits == "" || (len(digits) > 1 && digits[0] == '0') || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}

// code is a response code: digits, as a number or a string, and nothing else.
// Absent is not zero.
type code struct{ whole }

func (c *code) UnmarshalJSON(b []byte) error {
	if bytes.ContainsAny(b, ".eE-+") {
		c.whole = whole{bad: true}
		return nil
	}
	return c.whole.UnmarshalJSON(b)
}

// get is the code; ok is false when the answer has none that can be read.
func (c code) get() (n int, ok bool) {
	if !c.present || c.bad || c.n > 1<<30 {
		return 0, false
	}
	return int(c.n), true
}

// flag is a boolean, also as text or as 0 and 1.
type flag struct{ value, present bool }

func (f *flag) UnmarshalJSON(b []byte) error {
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		return err
	}
	switch strings.ToLower(string(t)) {
	case "true", "1", "yes", "y":
		*f = flag{true, true}
	case "false", "0", "no", "n":
		*f = flag{false, true}
	default:
		*f = flag{}
	}
	return nil
}

// object is a JSON object inside an answer. Anything else in its place is
// marked and does not spoil the rest.
type object[T any] struct {
	is  T
	bad bool
}

func (o *object[T]) UnmarshalJSON(b []byte) error {
	var v T
	if o.bad = string(b) != "null" && decodeObject(b, &v) != nil; !o.bad {
		o.is = v
	}
	return nil
}

// envelope is what every answer may have, success or not (sections 1.2.1 and
// 3.1).
type envelope struct {
	ResponseCode    code `json:"responseCode"`
	ResponseMessage text `json:"responseMessage"`
	Reference       text `json:"reference"`
	TransactionID   text `json:"transactionId"`
	TransactionDate text `json:"transactionDate"`
}

var (
	errNotObject = errors.New("answer is not a JSON object")
	errNotJSON   = errors.New("answer is not JSON")
	errTwice     = errors.New("answer says two different things")
)

// byteOrderMark may stand before the JSON.
var byteOrderMark = []byte("\xef\xbb\xbf")

// decodeObject reads one JSON object. Its errors quote nothing of the body. A
// member that is given twice, and not the same both times, is an error, unless
// its type sees to that itself.
func decodeObject(body []byte, into any) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark))
	if len(body) == 0 || body[0] != '{' {
		return errNotObject
	}
	shape := shapeOf(reflect.TypeOf(into))
	if shape == nil {
		if json.Unmarshal(body, into) != nil {
			return errNotJSON
		}
		return nil
	}
	// Nothing is filled in before all is known to be JSON.
	var few [16][]byte
	values := few[:]
	if len(shape) > len(few) {
		values = make([][]byte, len(shape))
	}
	var repeats []repeat
	s := scanner{data: body}
	good := s.object(func(name, value []byte) {
		switch place := shape.find(name); {
		case place < 0:
		case values[place] == nil:
			values[place] = value
		case !bytes.Equal(values[place], value):
			repeats = append(repeats, repeat{place, value})
		}
	})
	if !good || s.at != len(body) {
		return errNotJSON
	}
	fields := reflect.ValueOf(into).Elem()
	for i := range shape {
		if values[i] != nil && decodeValue(values[i], fields.Field(shape[i].index).Addr().Interface()) != nil {
			return errNotJSON
		}
	}
	for _, r := range repeats {
		switch field := fields.Field(shape[r.place].index).Addr().Interface().(type) {
		case *whole, *code, *decimal:
			_ = decodeValue(r.value, field) // marks the field
		default:
			return errTwice
		}
	}
	return nil
}

// repeat is a member that differs from an earlier one of the same name.
type repeat struct {
	place int // in the shape
	value []byte
}

// decodeValue reads one value that is known to be JSON. The types that stand in
// nearly every answer are spared a decoder of their own.
func decodeValue(b []byte, into any) error {
	switch into := into.(type) {
	case json.Unmarshaler:
		return into.UnmarshalJSON(b)
	case *string:
		if b[0] == '"' {
			s, err := unquote(b)
			*into = s
			return err
		}
	}
	return json.Unmarshal(b, into)
}
