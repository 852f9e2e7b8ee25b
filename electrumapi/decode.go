package electrumapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"

	"spaza/secret"
)

// maxDepth is how deep an answer may be nested. The documents go to about eight.
const maxDepth = 64

var (
	errNotJSON = errors.New("answer is not the JSON that was expected")
	errDeep    = errors.New("answer is nested too deeply")
	errTwice   = errors.New("answer says two different things")
)

// byteOrderMark may stand before the JSON.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Decode reads an answer's body as T, one of this package's results, generously: a
// field that cannot be read is absent. An error says that the body is no JSON
// object (for a slice: array), is nested too deeply, or has a member of the top
// level twice with different values. Errors quote nothing of it.
func Decode[T any](body secret.Text) (*T, error) {
	into := new(T)
	if err := decode([]byte(body.Reveal()), into); err != nil {
		return nil, err
	}
	return into, nil
}

// decode is Decode into a pointer.
func decode(body []byte, into any) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark))
	v := reflect.ValueOf(into).Elem()
	opening := byte('{')
	if v.Kind() == reflect.Slice {
		opening = '['
	}
	switch {
	case len(body) == 0 || body[0] != opening:
		return errNotJSON
	case tooDeep(body):
		return errDeep
	case !json.Valid(body):
		return errNotJSON
	}
	if v.Kind() == reflect.Struct {
		if _, twice := members(body); twice {
			return errTwice
		}
	}
	fill(body, v)
	return nil
}

// tooDeep counts brackets outside strings.
func tooDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// members are those of an object that is known to be JSON. One that is there twice,
// and not the same both times, is left out.
func members(raw []byte) (all map[string]json.RawMessage, twice bool) {
	all = make(map[string]json.RawMessage)
	torn := make(map[string]bool)
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil, false
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, false
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, false
		}
		key, _ := name.(string)
		if old, again := all[key]; again && !bytes.Equal(old, value) {
			torn[key] = true
		}
		all[key] = value
	}
	for key := range torn {
		delete(all, key)
	}
	return all, len(torn) > 0
}

// fill reads one value that is known to be JSON and says whether there was something
// to read. What it cannot read it leaves alone; a field that must be read, and cannot,
// makes its whole object unread.
func fill(raw []byte, v reflect.Value) bool {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return false
	}
	if ok, known := fillKnown(raw, v); known {
		return ok
	}
	switch v.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		if !fill(raw, fresh.Elem()) {
			return false
		}
		v.Set(fresh)
		return true
	case reflect.Struct:
		if raw[0] != '{' {
			return false
		}
		all, _ := members(raw)
		return fillFields(all, v)
	case reflect.Slice:
		return fillSlice(raw, v)
	case reflect.Map:
		return fillMap(raw, v)
	case reflect.String:
		s, ok := scalar(raw)
		v.SetString(s)
		return ok
	case reflect.Int64:
		n, ok := whole(raw)
		v.SetInt(n)
		return ok
	case reflect.Bool:
		value, ok := boolean(raw)
		v.SetBool(value)
		return ok
	default:
		return false
	}
}

// fillKnown reads the types that have a form of their own.
func fillKnown(raw []byte, v reflect.Value) (ok, known bool) {
	switch into := v.Addr().Interface().(type) {
	case *secret.Text:
		s, ok := scalar(raw)
		*into = secret.New(s)
		return ok, true
	case *time.Time:
		s, _ := scalar(raw)
		*into, ok = moment(s)
		return ok, true
	case *json.RawMessage:
		*into = bytes.Clone(raw)
		return true, true
	case *Decimal:
		s, ok := scalar(raw)
		if ok = ok && json.Valid([]byte(s)) && (s[0] == '-' || (s[0] >= '0' && s[0] <= '9')); ok {
			*into = Decimal(s)
		}
		return ok, true
	}
	return false, false
}

func fillFields(all map[string]json.RawMessage, v reflect.Value) bool {
	ok := true
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || (name == "" && !field.Anonymous):
			continue
		case field.Anonymous:
			ok = fillFields(all, v.Field(i)) && ok
			continue
		}
		read := fill(all[name], v.Field(i))
		ok = ok && (read || field.Tag.Get("read") != "must")
	}
	return ok
}

// fillSlice leaves out the elements that cannot be read.
func fillSlice(raw []byte, v reflect.Value) bool {
	var elements []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &elements) != nil {
		return false
	}
	for _, e := range elements {
		fresh := reflect.New(v.Type().Elem()).Elem()
		if fill(e, fresh) {
			v.Set(reflect.Append(v, fresh))
		}
	}
	return true
}

func fillMap(raw []byte, v reflect.Value) bool {
	if raw[0] != '{' {
		return false
	}
	all, _ := members(raw)
	for name, value := range all {
		fresh := reflect.New(v.Type().Elem()).Elem()
		if !fill(value, fresh) {
			continue
		}
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		v.SetMapIndex(reflect.ValueOf(name), fresh)
	}
	return true
}

// scalar is a string, a number or a boolean as text.
func scalar(raw []byte) (string, bool) {
	switch raw[0] {
	case '{', '[':
		return "", false
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return "", false
		}
		s = strings.TrimSpace(s)
		return s, s != ""
	default:
		return string(raw), true
	}
}

// whole reads a whole number; a fraction of zeros changes nothing.
func whole(raw []byte) (int64, bool) {
	s, ok := scalar(raw)
	digits, fraction, dotted := strings.Cut(s, ".")
	if !ok || (dotted && (fraction == "" || strings.Trim(fraction, "0") != "")) || strings.HasPrefix(digits, "+") {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, false
	}
	return n, true
}

func boolean(raw []byte) (value, ok bool) {
	s, _ := scalar(raw)
	switch strings.ToLower(s) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// moments are the ways in which times are written; the first is the document's.
var moments = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02"}

// moment reads a time. One without a zone is taken as UTC.
func moment(s string) (time.Time, bool) {
	for _, layout := range moments {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
