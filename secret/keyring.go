package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// KeySize is the length of the operator's secret key in bytes.
const KeySize = 32

// ErrSealed is returned by Open when the bytes were not sealed by this keyring
// for this purpose, or were changed since.
var ErrSealed = errors.New("sealed data does not open")

// sealFormat is the first byte of everything sealed; it names the layout
// (format, nonce, ciphertext and tag) so that a later layout can be told apart.
const sealFormat = 1

// Keyring seals what must be kept and hashes what must be recognised again,
// with keys derived from the one key of the configuration (SPAZA_SECRET_KEY).
// It is safe for concurrent use.
type Keyring struct {
	aead cipher.AEAD
	mac  [KeySize]byte
}

// NewKeyring derives the working keys from the operator's key, which must be
// exactly KeySize bytes.
func NewKeyring(key []byte) (*Keyring, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("make keyring: key is %d bytes, want %d", len(key), KeySize)
	}
	sealKey, err := hkdf.Key(sha256.New, key, nil, "spaza seal v1", KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive sealing key: %w", err)
	}
	macKey, err := hkdf.Key(sha256.New, key, nil, "spaza hash v1", KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive hashing key: %w", err)
	}
	block, err := aes.NewCipher(sealKey)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher mode: %w", err)
	}
	k := &Keyring{aead: aead}
	copy(k.mac[:], macKey)
	return k, nil
}

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
func NewKey() string {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails: crypto/rand aborts the process instead
	return base64.StdEncoding.EncodeToString(key)
}

// Seal encrypts t. The purpose (such as an order's reference) is bound to the
// result: Open refuses it under any other.
func (k *Keyring) Seal(t Text, purpose string) []byte {
	out := make([]byte, 1+k.aead.NonceSize(), 1+k.aead.NonceSize()+t.Len()+k.aead.Overhead())
	out[0] = sealFormat
	_, _ = rand.Read(out[1:])
	return k.aead.Seal(out, out[1:], []byte(t.Reveal()), []byte(purpose))
}

// Open decrypts what Seal made for the same purpose; ErrSealed otherwise.
func (k *Keyring) Open(sealed []byte, purpose string) (Text, error) {
	n := 1 + k.aead.NonceSize()
	if len(sealed) < n || sealed[0] != sealFormat {
		return Text{}, ErrSealed
	}
	plain, err := k.aead.Open(nil, sealed[1:n], sealed[n:], []byte(purpose))
	if err != nil {
		return Text{}, ErrSealed
	}
	return New(string(plain)), nil
}

// Hash is a keyed hash of s for one purpose: equal inputs give equal hashes,
// and without the key nothing can be learned by trying inputs, however few
// there are (a 16-digit PIN, a phone number). Callers may keep fewer bytes.
//
// It is SHA-256 over key, purpose and input; callers must publish at most half
// of it, which also denies the length extension that a full digest would allow.
func (k *Keyring) Hash(purpose string, s string) [32]byte {
	var stack [256]byte
	b := append(stack[:0], k.mac[:]...)
	b = append(b, byte(len(purpose)))
	b = append(b, purpose...)
	b = append(b, s...)
	return sha256.Sum256(b)
}
