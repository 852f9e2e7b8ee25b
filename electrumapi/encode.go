package electrumapi

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"spaza/secret"
)

// encode writes one JSON object of the fields of all parts, which are structs. It
// exists beside encoding/json for two reasons: secrets, which show themselves to
// nobody else, must stand in what is sent, and parts stay types of their own. The
// same parts always give the same bytes.
func encode(parts ...any) []byte {
	b := []byte{'{'}
	for _, p := range parts {
		b = appendFields(b, reflect.Indirect(reflect.ValueOf(p)))
	}
	return append(b, '}')
}

func appendFields(b []byte, v reflect.Value) []byte {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case field.Anonymous:
			b = appendFields(b, v.Field(i))
		case name == "" || (options == "omitempty" && blank(v.Field(i))):
		default:
			if b[len(b)-1] != '{' {
				b = append(b, ',')
			}
			b = append(appendText(b, name), ':')
			b = appendValue(b, v.Field(i))
		}
	}
	return b
}

// blank says that there is nothing to write.
func blank(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	default:
		return v.IsZero()
	}
}

func appendValue(b []byte, v reflect.Value) []byte {
	switch x := v.Interface().(type) {
	case secret.Text:
		return appendText(b, x.Reveal())
	case time.Time:
		return appendText(b, stamp(x))
	case json.RawMessage:
		if len(x) == 0 {
			return append(b, "null"...)
		}
		return append(b, x...)
	case Decimal:
		return append(b, x...)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, "null"...)
		}
		return appendValue(b, v.Elem())
	case reflect.Struct:
		return append(appendFields(append(b, '{'), v), '}')
	case reflect.Slice:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, v.Index(i))
		}
		return append(b, ']')
	case reflect.Map:
		names := v.MapKeys()
		slices.SortFunc(names, func(x, y reflect.Value) int { return strings.Compare(x.String(), y.String()) })
		b = append(b, '{')
		for i, name := range names {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, name.String()), ':')
			b = appendValue(b, v.MapIndex(name))
		}
		return append(b, '}')
	case reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	default:
		return appendText(b, v.String())
	}
}

func appendText(b []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string has no reason to fail
	return append(b, quoted...)
}

// stamp is a time as the documents want it: RFC 3339 with milliseconds.
func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z07:00") }
