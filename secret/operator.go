package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
)

// KeySize is the length in bytes of every key: the operator's and data keys.
const KeySize = 32

const (
	// wrapFormat is the first byte of a wrapped data key. After it come the
	// fingerprint of what wrapped it, a nonce, and the key with its tag.
	wrapFormat = 1

	fingerprintSize = 3
	wrapHead        = 1 + fingerprintSize
	nonceSize       = 12
)

// ParseKey reads a key as the configuration carries it: base64, standard or
// URL alphabet, KeySize bytes once decoded.
func ParseKey(s string) ([]byte, error) {
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if key, err := enc.DecodeString(s); err == nil && len(key) == KeySize {
			return key, nil
		}
	}
	return nil, fmt.Errorf("key must be %d bytes in base64", KeySize)
}

// NewKey makes a fresh key, in the form that ParseKey reads.
func NewKey() string { return base64.StdEncoding.EncodeToString(freshKey()) }

func freshKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails: crypto/rand aborts the process instead
	return key
}

// OperatorKey is a key of the configuration. It wraps data keys.
type OperatorKey struct {
	wrap        cipher.AEAD
	fingerprint [fingerprintSize]byte
	// sealed and hashed are the keys that were used before there were data
	// keys; they became the first ones.
	sealed, hashed Text
}

// NewOperatorKey takes exactly KeySize bytes.
func NewOperatorKey(key []byte) (OperatorKey, error) {
	if len(key) != KeySize {
		return OperatorKey{}, fmt.Errorf("take operator's key: it is %d bytes, want %d", len(key), KeySize)
	}
	derived := map[string][]byte{"spaza wrap v1": nil, "spaza fingerprint v1": nil, "spaza seal v1": nil, "spaza hash v1": nil}
	for what := range derived {
		d, err := hkdf.Key(sha256.New, key, nil, what, KeySize)
		if err != nil {
			return OperatorKey{}, fmt.Errorf("derive %s: %w", what, err)
		}
		derived[what] = d
	}
	wrap, err := newAEAD(derived["spaza wrap v1"])
	if err != nil {
		return OperatorKey{}, err
	}
	o := OperatorKey{wrap: wrap, sealed: New(string(derived["spaza seal v1"])), hashed: New(string(derived["spaza hash v1"]))}
	copy(o.fingerprint[:], derived["spaza fingerprint v1"])
	return o, nil
}

// Fingerprint is six hex digits by which people tell keys apart. It says
// nothing of the key.
func (o OperatorKey) Fingerprint() string { return hex.EncodeToString(o.fingerprint[:]) }

// Format implements fmt.Formatter: the fingerprint, whatever the verb.
func (o OperatorKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("key " + o.Fingerprint())) }

// LogValue implements slog.LogValuer.
func (o OperatorKey) LogValue() slog.Value { return slog.StringValue("key " + o.Fingerprint()) }

// seal wraps a data key. Header, number and purpose are bound to it, so that rows
// can not change places.
func (o OperatorKey) seal(data []byte, id uint16, p KeyPurpose) []byte {
	out := make([]byte, wrapHead+nonceSize, wrapHead+nonceSize+KeySize+o.wrap.Overhead())
	out[0] = wrapFormat
	copy(out[1:], o.fingerprint[:])
	nonce := out[wrapHead:]
	_, _ = rand.Read(nonce)
	return o.wrap.Seal(out, nonce, data, bound(out, id, p))
}

// open unwraps a data key, and says whether this key wrapped it.
func (o OperatorKey) open(r KeyRow) ([]byte, bool) {
	if len(r.Sealed) < wrapHead+nonceSize || r.Sealed[0] != wrapFormat {
		return nil, false
	}
	nonce, text := r.Sealed[wrapHead:wrapHead+nonceSize], r.Sealed[wrapHead+nonceSize:]
	data, err := o.wrap.Open(nil, nonce, text, bound(r.Sealed, r.ID, r.Purpose))
	return data, err == nil && len(data) == KeySize
}

func bound(wrapped []byte, id uint16, p KeyPurpose) []byte {
	b := append([]byte("spaza data key "), wrapped[:wrapHead]...)
	return append(binary.BigEndian.AppendUint16(b, id), p...)
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher mode: %w", err)
	}
	return aead, nil
}

var (
	_ fmt.Formatter  = OperatorKey{}
	_ slog.LogValuer = OperatorKey{}
)
