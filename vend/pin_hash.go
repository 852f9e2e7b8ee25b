package vend

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// PINCost is what hashing a wallet PIN costs, as argon2id (RFC 9106) counts it.
// It is kept with each hash, so that it can be raised for new ones.
type PINCost struct {
	Memory uint32 // KiB
	Passes uint32
	Lanes  uint8
}

// DefaultPINCost is 19 MiB, two passes, one lane.
func DefaultPINCost() PINCost { return PINCost{Memory: 19 * 1024, Passes: 2, Lanes: 1} }

const (
	// pinsAtOnce is how many PINs one process hashes at once, for their memory.
	pinsAtOnce = 2
	pinSalt    = 16 // bytes
	pinKey     = 32 // bytes
	// mostPINMemory (KiB) and mostPINPasses bound what is believed of a stored
	// hash.
	mostPINMemory, mostPINPasses = 1 << 20, 64
)

// newPINHash hashes what stands for a PIN, with a salt of its own. Its text is in
// the form in which argon2 hashes are commonly written.
func newPINHash(pin [32]byte, cost PINCost) string {
	salt := make([]byte, pinSalt)
	_, _ = rand.Read(salt) // never fails: crypto/rand aborts the process instead
	return pinHash{cost, salt, argon2.IDKey(pin[:], salt, cost.Passes, cost.Memory, cost.Lanes, pinKey)}.String()
}

// pinMatches says whether a hash is that of what stands for a PIN. A text that is
// no hash matches nothing, and takes as long as one of the given cost.
func pinMatches(hash string, pin [32]byte, cost PINCost) bool {
	h, ok := readPINHash(hash)
	if !ok {
		h = pinHash{cost, make([]byte, pinSalt), make([]byte, pinKey)}
	}
	got := argon2.IDKey(pin[:], h.salt, h.Passes, h.Memory, h.Lanes, pinKey)
	return subtle.ConstantTimeCompare(got, h.key) == 1 && ok
}

// pinHash is a hash taken apart.
type pinHash struct {
	PINCost
	salt, key []byte
}

func (h pinHash) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.Memory, h.Passes, h.Lanes,
		b64.EncodeToString(h.salt), b64.EncodeToString(h.key))
}

// readPINHash reads what String wrote, and nothing else.
func readPINHash(s string) (h pinHash, ok bool) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return h, false
	}
	_, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.Memory, &h.Passes, &h.Lanes)
	if err != nil || h.Memory > mostPINMemory || h.Passes == 0 || h.Passes > mostPINPasses || h.Lanes == 0 {
		return pinHash{}, false
	}
	var saltErr, keyErr error
	h.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, keyErr = base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || len(h.salt) != pinSalt || len(h.key) != pinKey || h.String() != s {
		return pinHash{}, false
	}
	return h, true
}
