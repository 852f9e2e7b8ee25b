package flashapi

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"
)

// encoding/json goes over the bytes once to see whether they are JSON, a second
// time to fill in the fields, and again for every field that decodes itself, as
// all of ours do. With it alone a call took 1.4 to 1.5 times the CPU of one
// written by hand with net/http; with the scanner, which goes over them once, it
// takes 1.1 (BenchmarkOverhead, 16 goroutines). The scanner accepts what
// encoding/json accepts and nothing else; FuzzScanner holds it to that.

// maxNesting is how deep encoding/json goes.
const maxNesting = 10_000

// scanner goes over JSON, byte by byte. Its methods start at the first byte of
// what they are named after, leave at behind its last, and return false for
// what is not JSON.
type scanner struct {
	data  []byte
	at    int
	depth int
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// next passes over c, if that is what comes next.
func (s *scanner) next(c byte) bool {
	if s.at < len(s.data) && s.data[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) value() bool {
	if s.at >= len(s.data) {
		return false
	}
	switch s.data[s.at] {
	case '{':
		return s.object(nil)
	case '[':
		return s.array()
	case '"':
		return s.quoted()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		return s.number()
	}
}

// object shows every member to visit, which may be nil.
func (s *scanner) object(visit func(name, value []byte)) bool {
	if s.depth++; s.depth > maxNesting {
		return false
	}
	s.at++
	if s.space(); !s.next('}') {
		for {
			s.space()
			from := s.at
			if !s.quoted() {
				return false
			}
			name := s.data[from:s.at]
			if s.space(); !s.next(':') {
				return false
			}
			s.space()
			from = s.at
			if !s.value() {
				return false
			}
			if visit != nil {
				visit(name, s.data[from:s.at])
			}
			if s.space(); s.next('}') {
				break
			}
			if !s.next(',') {
				return false
			}
		}
	}
	s.depth--
	return true
}

func (s *scanner) array() bool {
	if s.depth++; s.depth > maxNesting {
		return false
	}
	s.at++
	if s.space(); !s.next(']') {
		for {
			if s.space(); !s.value() {
				return false
			}
			if s.space(); s.next(']') {
				break
			}
			if !s.next(',') {
				return false
			}
		}
	}
	s.depth--
	return true
}

func (s *scanner) quoted() bool {
	if !s.next('"') {
		return false
	}
	for i := s.at; i < len(s.data); i++ {
		c := s.data[i]
		if c >= ' ' && c != '"' && c != '\\' { // first, since nearly all bytes of an answer end here
			continue
		}
		switch c {
		case '"':
			s.at = i + 1
			return true
		case '\\':
		default:
			return false
		}
		i++ // to what is escaped
		switch {
		case i >= len(s.data):
			return false
		case s.data[i] == 'u':
			if len(s.data)-i <= 4 || strings.Trim(string(s.data[i+1:i+5]), "0123456789abcdefABCDEF") != "" {
				return false
			}
			i += 4
		case strings.IndexByte(`"\/bfnrt`, s.data[i]) < 0:
			return false
		}
	}
	return false
}

func (s *scanner) word(w string) bool {
	if !bytes.HasPrefix(s.data[s.at:], []byte(w)) {
		return false
	}
	s.at += len(w)
	return true
}

func (s *scanner) number() bool {
	s.next('-')
	if !s.next('0') && !s.digits() {
		return false
	}
	if s.next('.') && !s.digits() {
		return false
	}
	if s.next('e') || s.next('E') {
		if !s.next('+') {
			s.next('-')
		}
		return s.digits()
	}
	return true
}

// digits wants at least one.
func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.data) && s.data[s.at] >= '0' && s.data[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}

// shape is how a struct looks in JSON: its fields in order. The name is nil for
// a field that has none.
type shape []struct {
	name  []byte
	index int
}

// shapes are the shapes of what stands in an answer to a transaction, which are
// looked at once. To look anew each time would cost some thirty allocations.
var shapes = sync.OnceValue(func() map[reflect.Type]shape {
	known := make(map[reflect.Type]shape)
	for _, t := range []reflect.Type{
		reflect.TypeFor[envelope](), reflect.TypeFor[asked](), reflect.TypeFor[issueWire](), reflect.TypeFor[pinlessWire](),
		reflect.TypeFor[internationalWire](), reflect.TypeFor[lookupWire](), reflect.TypeFor[saleWire](), reflect.TypeFor[payWire](),
		reflect.TypeFor[productWire](),
	} {
		learn(known, t)
	}
	return known
})

// learn adds the shape of a type, and of all that are part of it.
func learn(known map[reflect.Type]shape, t reflect.Type) {
	switch t.Kind() {
	case reflect.Slice:
		learn(known, t.Elem())
	case reflect.Struct:
		pointer := reflect.PointerTo(t)
		if _, ok := known[pointer]; ok {
			return
		}
		known[pointer] = makeShape(pointer)
		for i := range t.NumField() {
			learn(known, t.Field(i).Type)
		}
	}
}

// shapeOf is the shape of the struct that a pointer points to; nil for anything
// less plain than a struct of named fields, which encoding/json reads.
func shapeOf(pointer reflect.Type) shape {
	if s, ok := shapes()[pointer]; ok {
		return s
	}
	return makeShape(pointer)
}

func makeShape(pointer reflect.Type) shape {
	if pointer.Kind() != reflect.Pointer || pointer.Elem().Kind() != reflect.Struct ||
		pointer.Implements(reflect.TypeFor[json.Unmarshaler]()) || pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil
	}
	s := shape{}
	for i := range pointer.Elem().NumField() {
		field := pointer.Elem().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous || !field.IsExported() || name == "" || name == "-" || options != "" {
			return nil
		}
		s = append(s, struct {
			name  []byte
			index int
		}{[]byte(name), i})
	}
	return s
}

// find is the place in the shape of a member's name, as it stands in quotes, or
// -1. As in encoding/json the exact name comes first, and then one that differs
// in upper and lower case.
func (s shape) find(quoted []byte) int {
	name, ascii := quoted[1:len(quoted)-1], true
	for _, c := range name {
		if c == '\\' {
			var plain string
			if json.Unmarshal(quoted, &plain) != nil {
				return -1
			}
			name, ascii = []byte(plain), false
			break
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	for i := range s {
		if string(s[i].name) == string(name) {
			return i
		}
	}
	for i := range s {
		if (!ascii || len(s[i].name) == len(name)) && bytes.EqualFold(s[i].name, name) {
			return i
		}
	}
	return -1
}
