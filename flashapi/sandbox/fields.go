package sandbox

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// fields reads a request body property by property, strictly. What was wrong is
// found in refusal once all properties were read.
type fields struct {
	left           map[string]json.RawMessage
	missing, wrong bool
}

func readFields(body []byte) *fields {
	f := &fields{}
	if json.Unmarshal(body, &f.left) != nil || f.left == nil {
		f.wrong = true
	}
	return f
}

// take removes a property; nil when there is none.
func (f *fields) take(name string, required bool) json.RawMessage {
	raw, ok := f.left[name]
	delete(f.left, name)
	if !ok || bytes.Equal(raw, []byte("null")) {
		f.missing = f.missing || required
		return nil
	}
	return raw
}

func (f *fields) text(name string, required bool) string {
	raw := f.take(name, required)
	if raw == nil {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		f.wrong = true
	} else if s == "" && required {
		f.missing = true
	}
	return s
}

// whole reads an integer from 0 up.
func (f *fields) whole(name string) int64 {
	raw := f.take(name, true)
	if raw == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < 0 {
		f.wrong = true
	}
	return n
}

// loose reads a property that the document shows both as string and as integer.
func (f *fields) loose(name string) string {
	raw := f.take(name, true)
	s := strings.Trim(string(raw), `"`)
	if raw != nil && (s == "" || strings.Trim(s, "0123456789") != "") {
		f.wrong = true
	}
	return s
}

func (f *fields) alphanumeric(name string) {
	if !isAlphanumeric(f.text(name, false), "") {
		f.wrong = true
	}
}

// head reads what every request has.
func (f *fields) head() head {
	h := head{reference: f.text("reference", true), account: f.text("accountNumber", true)}
	if !isAlphanumeric(h.reference, "-.=") {
		f.wrong = true
	}
	f.alphanumeric("storeId")
	f.alphanumeric("terminalId")
	if raw := f.take("metadata", false); raw != nil {
		var pairs map[string]string
		if json.Unmarshal(raw, &pairs) != nil || len(pairs) > 9 {
			f.wrong = true
		}
		for name, value := range pairs {
			if len([]rune(name)) > 10 || len([]rune(value)) > 43 {
				f.wrong = true
			}
		}
	}
	return h
}

// refusal is what the body deserves: 2308 for something missing, 2231 for
// something wrong or not in the document, nil for neither.
func (f *fields) refusal() *refusal {
	switch {
	case f.wrong:
		return &refusal{code: 2231}
	case f.missing:
		return &refusal{code: 2308}
	case len(f.left) > 0:
		return &refusal{code: 2231}
	}
	return nil
}

func isAlphanumeric(s, more string) bool {
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', strings.ContainsRune(more, r):
		default:
			return false
		}
	}
	return true
}

func isDigits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}
