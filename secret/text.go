package secret

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// Redacted is what stands in for a secret wherever one would be shown.
const Redacted = "[secret]"

// Text is a confidential string. The zero value is an empty secret.
//
// Every standard way of turning a value into text (fmt verbs, slog, JSON, text
// marshalling) yields Redacted, also when the Text is a field of a struct or a
// value of a map. In an unexported field fmt can not call methods; there it
// prints an address, since the characters are behind a pointer. For the same
// reason two Texts are compared with Equal, never with ==.
type Text struct{ p *string }

// New wraps s.
func New(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{p: &s}
}

// Reveal returns the secret itself. Call it only where the bytes leave for
// their rightful reader: a request body, an encryption, a customer's screen.
func (t Text) Reveal() string {
	if t.p == nil {
		return ""
	}
	return *t.p
}

// Empty says whether there is no secret.
func (t Text) Empty() bool { return t.p == nil }

// Len is the length of the secret in bytes.
func (t Text) Len() int { return len(t.Reveal()) }

// Equal compares in a time that depends on the lengths only.
func (t Text) Equal(other string) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other)) == 1
}

// String implements fmt.Stringer; it never reveals.
func (t Text) String() string {
	if t.Empty() {
		return ""
	}
	return Redacted
}

// GoString implements fmt.GoStringer; it never reveals.
func (t Text) GoString() string { return "secret.Text{" + t.String() + "}" }

// Format implements fmt.Formatter, so that no verb (%x, %q, %+v) gets past
// String.
func (t Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// MarshalText implements encoding.TextMarshaler (and so JSON); it never
// reveals.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler, so that configuration and
// decoders can read straight into a Text.
func (t *Text) UnmarshalText(b []byte) error {
	*t = New(string(b))
	return nil
}

// LogValue implements slog.LogValuer; it never reveals.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

var (
	_ fmt.Formatter  = Text{}
	_ fmt.GoStringer = Text{}
	_ slog.LogValuer = Text{}
)
