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

// product reads a product code: a positive integer, which the document shows
// both as number and as text. It comes without leading zeros; empty for none.
func (f *fields) product(required bool) string {
	raw := f.take("productCode", required)
	if raw == nil {
		return ""
	}
	s := string(raw)
	if s[0] == '"' && json.Unmarshal(raw, &s) != nil {
		f.wrong = true
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 && s[0] != '+' {
		return strconv.FormatInt(n, 10)
	}
	f.wrong = true
	return ""
}

func (f *fields) alphanumeric(name string) string {
	s := f.text(name, false)
	f.wrong = f.wrong || !isAlphanumeric(s, "")
	return s
}

// referenceNamed reads a reference of the client's.
func (f *fields) referenceNamed(name string) string {
	s := f.text(name, true)
	f.wrong = f.wrong || !isAlphanumeric(s, "-.=")
	return s
}

// pin reads a PIN of 16 digits.
func (f *fields) pin() string {
	s := f.text("pin", true)
	f.wrong = f.wrong || s != "" && !isDigits(s, 16)
	return s
}

// mobile reads the optional number that a voucher is to be sent to.
func (f *fields) mobile() string {
	s := f.text("mobileNumber", false)
	f.wrong = f.wrong || s != "" && !isSouthAfrican(s)
	return s
}

// till wants the store and the terminal, which most operations leave optional.
func (f *fields) till(h head) {
	f.missing = f.missing || h.store == "" || h.terminal == ""
}

// head reads what every request has.
func (f *fields) head() head {
	h := head{
		reference: f.referenceNamed("reference"), account: f.text("accountNumber", true),
		store: f.alphanumeric("storeId"), terminal: f.alphanumeric("terminalId"),
	}
	if raw := f.take("metadata", false); raw != nil {
		if json.Unmarshal(raw, &h.metadata) != nil || len(h.metadata) > 9 {
			f.wrong = true
		}
		for name, value := range h.metadata {
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
