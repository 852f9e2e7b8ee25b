package telemetry

import (
	"cmp"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"spaza/secret"
)

const (
	// maxDepth and maxItems end the writing of a value that is deep, long or
	// holds itself.
	maxDepth = 8
	maxItems = 64
)

// render writes any value out, much as fmt's %+v does, except that confidential
// fields and map keys are covered. It differs from %+v where that would tell:
// in a field that is not exported fmt cannot ask a secret.Text for its text and
// prints what is inside. The result still has to be masked.
func render(v any) (text string) {
	p := printer{}
	defer func() {
		if recover() != nil { // a String or Error method that cannot bear its value
			text = "[unprintable " + reflect.TypeOf(v).String() + "]"
		}
	}()
	p.value(reflect.ValueOf(v), 0)
	return string(p.b)
}

type printer struct{ b []byte }

func (p *printer) str(s string) { p.b = append(p.b, s...) }

func (p *printer) value(v reflect.Value, depth int) {
	if !v.IsValid() {
		p.str("<nil>")
		return
	}
	if depth > maxDepth || len(p.b) > maxText {
		p.str("…")
		return
	}
	if p.byType(v) {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		p.b = strconv.AppendBool(p.b, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.b = strconv.AppendInt(p.b, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.b = strconv.AppendUint(p.b, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		// Not in exponent form, which would hide a long number's digits from
		// Mask.
		p.b = strconv.AppendFloat(p.b, v.Float(), 'f', -1, 64)
	case reflect.String:
		p.str(v.String())
	case reflect.Pointer:
		if v.IsNil() {
			p.str("<nil>")
			return
		}
		p.str("&")
		p.value(v.Elem(), depth+1)
	case reflect.Interface:
		p.value(v.Elem(), depth)
	case reflect.Struct:
		p.structure(v, depth)
	case reflect.Map:
		p.mapping(v, depth)
	case reflect.Slice, reflect.Array:
		p.list(v, depth)
	default:
		p.str("[" + v.Type().String() + "]")
	}
}

var (
	secretType   = reflect.TypeFor[secret.Text]()
	durationType = reflect.TypeFor[time.Duration]()
)

// byType writes a value whose type says how, and says whether it did.
func (p *printer) byType(v reflect.Value) bool {
	t := v.Type()
	switch {
	case t == secretType:
		p.str(secret.Redacted)
		return true
	case t == durationType:
		p.str(time.Duration(v.Int()).String())
		return true
	case t.Kind() == reflect.String && t.Name() != "string" && hides(t.Name()):
		p.str(secret.Redacted)
		return true
	case !v.CanInterface(), t.Kind() == reflect.Interface, t.Kind() == reflect.Pointer && v.IsNil():
		return false
	}
	switch x := v.Interface().(type) {
	case slog.Attr:
		a := redactAttr(x, false)
		p.str(a.Key + "=" + a.Value.String())
	case slog.Value:
		p.str(redactValue(x, false).String())
	case slog.LogValuer:
		p.str(redactValue(slog.AnyValue(x), false).String())
	case error:
		p.str(x.Error())
	case fmt.Stringer:
		p.str(x.String())
	default:
		return false
	}
	return true
}

func (p *printer) structure(v reflect.Value, depth int) {
	p.str("{")
	for i := range v.NumField() {
		if i > 0 {
			p.str(" ")
		}
		name := v.Type().Field(i).Name
		p.str(name + ":")
		p.named(name, v.Field(i), depth)
	}
	p.str("}")
}

func (p *printer) mapping(v reflect.Value, depth int) {
	type pair struct {
		name  string
		value reflect.Value
	}
	var pairs []pair
	for it := v.MapRange(); it.Next() && len(pairs) < maxItems; {
		k := printer{}
		k.value(it.Key(), depth+1)
		pairs = append(pairs, pair{string(k.b), it.Value()})
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.name, b.name) })
	p.str("map[")
	for i, kv := range pairs {
		if i > 0 {
			p.str(" ")
		}
		p.str(kv.name + ":")
		p.named(kv.name, kv.value, depth)
	}
	p.more(v.Len())
	p.str("]")
}

func (p *printer) list(v reflect.Value, depth int) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		if v.Kind() == reflect.Slice && utf8.Valid(v.Bytes()) {
			p.str(string(v.Bytes()))
			return
		}
		p.str("[" + strconv.Itoa(v.Len()) + " bytes]")
		return
	}
	p.str("[")
	for i := range min(v.Len(), maxItems) {
		if i > 0 {
			p.str(" ")
		}
		p.value(v.Index(i), depth+1)
	}
	p.more(v.Len())
	p.str("]")
}

// more marks that a map or list of n goes on.
func (p *printer) more(n int) {
	if n > maxItems {
		p.str(" …")
	}
}

// named writes the value of a field or map key, covered where the name is
// confidential. Its text is masked here already: next to its neighbours a
// quote or a bracket in it could mislead Mask.
func (p *printer) named(name string, v reflect.Value, depth int) {
	if hides(name) && v.Kind() != reflect.Bool {
		p.str(secret.Redacted)
		return
	}
	one := printer{}
	one.value(v, depth+1)
	p.str(Mask(string(one.b)))
}
