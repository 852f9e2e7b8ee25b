package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"spaza/secret"
)

const canary = "1234567890123456"

func TestNothingPrintsASecret(t *testing.T) {
	type holder struct {
		PIN   secret.Text
		inner secret.Text
		Deep  map[string]secret.Text
	}
	pin := secret.New(canary)
	h := holder{pin, pin, map[string]secret.Text{"pin": pin}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		fmt.Fprintf(&out, verb+"\n", pin)
		fmt.Fprintf(&out, verb+"\n", h)
		fmt.Fprintf(&out, verb+"\n", &h)
		fmt.Fprintf(&out, verb+"\n", []any{pin, h, &pin})
	}
	fmt.Fprintln(&out, fmt.Errorf("hand in %v: %w", pin, errors.New(pin.String())))
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("turn", "pin", pin, "holder", h, "pointer", &h, slog.Group("g", "pin", pin))
	}
	if err := json.NewEncoder(&out).Encode(h); err != nil {
		t.Fatal(err)
	}
	hex := fmt.Sprintf("%x", canary)
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, canary) || strings.Contains(strings.ToLower(line), hex) {
			t.Errorf("printed: %s", line)
		}
	}
	if h.inner.Reveal() != canary {
		t.Error("and yet the secret is there no more")
	}
}

func TestTextIsReadBack(t *testing.T) {
	var into secret.Text
	if err := into.UnmarshalText([]byte(canary)); err != nil || into.Reveal() != canary || into.Len() != 16 || into.Empty() {
		t.Errorf("read %q, %v", into.Reveal(), err)
	}
	if !into.Equal(canary) || into.Equal(canary[1:]) || into.Equal("") {
		t.Error("Equal does not tell")
	}
	var none secret.Text
	if !none.Empty() || none.Reveal() != "" || none.String() != "" || !secret.New("").Empty() {
		t.Error("an empty secret is not empty")
	}
}

func keyring(t *testing.T, text string) *secret.Keyring {
	t.Helper()
	key, err := secret.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	k, err := secret.NewKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWhatIsSealedOpensForItsPurposeOnly(t *testing.T) {
	k, other := keyring(t, secret.NewKey()), keyring(t, secret.NewKey())
	sealed := k.Seal(secret.New(canary), "P-1")
	if bytes.Contains(sealed, []byte(canary)) {
		t.Fatal("it is not encrypted")
	}
	if bytes.Equal(sealed, k.Seal(secret.New(canary), "P-1")) {
		t.Error("the same twice")
	}
	if got, err := k.Open(sealed, "P-1"); err != nil || got.Reveal() != canary {
		t.Errorf("opened %q, %v", got.Reveal(), err)
	}
	for name, open := range map[string]func() (secret.Text, error){
		"another purpose": func() (secret.Text, error) { return k.Open(sealed, "P-2") },
		"another key":     func() (secret.Text, error) { return other.Open(sealed, "P-1") },
		"cut short":       func() (secret.Text, error) { return k.Open(sealed[:5], "P-1") },
		"nothing":         func() (secret.Text, error) { return k.Open(nil, "P-1") },
		"another format":  func() (secret.Text, error) { return k.Open(append([]byte{9}, sealed[1:]...), "P-1") },
	} {
		if _, err := open(); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := k.Open(changed, "P-1"); err == nil {
			t.Errorf("byte %d changed, and it opens", i)
		}
	}
}

func TestHashesDependOnKeyPurposeAndInput(t *testing.T) {
	text := secret.NewKey()
	k, same, other := keyring(t, text), keyring(t, text), keyring(t, secret.NewKey())
	seen := map[[32]byte]string{}
	for _, c := range []struct{ purpose, s string }{{"a", "b"}, {"ab", ""}, {"", "ab"}, {"a", "c"}, {"b", "b"}, {"a", strings.Repeat("x", 1000)}} {
		h := k.Hash(c.purpose, c.s)
		if h != same.Hash(c.purpose, c.s) || h == other.Hash(c.purpose, c.s) {
			t.Errorf("%v does not depend on the key alone", c)
		}
		if was, ok := seen[h]; ok {
			t.Errorf("%v and %s meet", c, was)
		}
		seen[h] = fmt.Sprint(c)
	}
}

func TestWhichKeysAreRead(t *testing.T) {
	for text, ok := range map[string]bool{
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=": true,
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8":  true,
		"": false, "c2hvcnQ=": false, "not base64 at all!": false,
	} {
		if _, err := secret.ParseKey(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := secret.NewKeyring([]byte("short")); err == nil {
		t.Error("a short key makes a keyring")
	}
}
