package intake

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"spaza/jobs"
	"spaza/secret"
)

// Sealer keeps what must be kept; secret.Keyring is one.
type Sealer interface {
	Seal(t secret.Text, purpose string) []byte
	Open(sealed []byte, purpose string) (secret.Text, error)
	Hash(purpose, s string) [32]byte
}

// hashSize is how many bytes of a keyed hash stand for a name: too many for two
// names to share.
const hashSize = 15

// keyOf is the name under which a letter is known. A surface's own name for it can
// contain its sender's number.
func (b *Box) keyOf(l Letter) string { return l.Door + "/" + b.hashed("letter", l.Door+"\x00"+l.ID) }

// laneOf is the lane of a sender.
func (b *Box) laneOf(l Letter) string {
	return string(JobChat) + "/" + b.hashed("letter lane", l.Door+"\x00"+l.From)
}

func (b *Box) hashed(purpose, s string) string {
	h := b.o.Seal.Hash(purpose, s)
	return base64.RawURLEncoding.EncodeToString(h[:hashSize])
}

// purpose binds a body to its letter, apart from all else that is sealed.
func purpose(key string) string { return "letter " + key }

// keep makes of a letter what is stored. It lasts from when it came, and is due at
// once.
func (b *Box) keep(l Letter, now time.Time) Kept {
	if l.At.IsZero() || l.At.After(now) {
		l.At = now
	}
	key := b.keyOf(l)
	return Kept{
		Key: key, At: now, Body: b.o.Seal.Seal(l.pack(), purpose(key)),
		Job: jobs.Job{Kind: JobChat, Key: key, Lane: b.laneOf(l), RunAt: now, Until: l.At.Add(b.o.Lasts)},
	}
}

// open is the reverse of keep.
func (b *Box) open(k Kept) (Letter, error) {
	t, err := b.o.Seal.Open(k.Body, purpose(k.Key))
	if err != nil {
		return Letter{}, fmt.Errorf("open letter: %w", err)
	}
	l, ok := unpack(t)
	if !ok {
		return Letter{}, fmt.Errorf("read letter: %w", secret.ErrSealed)
	}
	return l, nil
}

// pack writes a letter as it is before it is sealed: when it came in milliseconds,
// then its parts, each after its length.
func (l Letter) pack() secret.Text {
	body := l.Body.Reveal()
	b := make([]byte, 0, 5*binary.MaxVarintLen64+len(l.Door)+len(l.ID)+len(l.From)+len(body))
	b = binary.AppendVarint(b, l.At.UnixMilli())
	for _, part := range []string{l.Door, l.ID, l.From, body} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return secret.New(string(b))
}

// unpack is the reverse of pack; false for anything else.
func unpack(t secret.Text) (l Letter, ok bool) {
	b := []byte(t.Reveal())
	at, n := binary.Varint(b)
	if n <= 0 {
		return Letter{}, false
	}
	b = b[n:]
	var body string
	for _, part := range []*string{&l.Door, &l.ID, &l.From, &body} {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return Letter{}, false
		}
		*part = string(b[n : n+int(size)])
		b = b[n+int(size):]
	}
	l.Body, l.At = secret.New(body), time.UnixMilli(at).UTC()
	return l, len(b) == 0
}
