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

// Reading an answer with encoding/json alone took as long as all the rest of
// this client's work on a call: it goes over the bytes once to see whether they
// are JSON, a second time to fill in the fields, and again for every field that
// decodes itself, as all of ours do. The scanner goes over them once. It accepts
// what encoding/json accepts and nothing else; a fuzz test holds it to that.

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
		switch c := s.data[i]; {
		case c == '"':
			s.at = i + 1
			return true
		case c < ' ':
			return false
		case c != '\\':
			continue
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

// shapes remembers what shapeOf found, by reflect.Type; it is a property of the
// type and never changes.
var shapes sync.Map

// shapeOf is the shape of the struct that a pointer points to; nil for anything
// less plain than a struct of named fields, which encoding/json reads.
func shapeOf(pointer reflect.Type) shape {
	if known, ok := shapes.Load(pointer); ok {
		return known.(shape)
	}
	s := makeShape(pointer)
	shapes.Store(pointer, s)
	return s
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
