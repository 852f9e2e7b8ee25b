package secret

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// ErrSealed is returned by Open when the bytes were not sealed by this keyring
// for this purpose, or were changed since.
var ErrSealed = errors.New("sealed data does not open")

// The first byte of everything sealed names its layout.
const (
	// formatBare is followed by nonce, ciphertext and tag. Only a keyring
	// without a vault writes it; where there are data keys, the first one reads
	// it.
	formatBare = 1
	// formatKeyed is followed by the number of the data key, two bytes, then
	// nonce, ciphertext and tag.
	formatKeyed = 2
)

// HeaderSize is how many of the first bytes of something sealed SealedWith needs.
const HeaderSize = 3

const (
	// followEvery is how soon a running keyring uses a renewed key.
	followEvery = 30 * time.Second
	// lookAgain is how long a key that was looked for in vain is not looked for
	// again.
	lookAgain = 3 * time.Second
	// lookTime is how long one look into the vault may take.
	lookTime = 2 * time.Second
)

// Options are the options of OpenKeyring.
type Options struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Logger is told of rows that are wrapped again, and of those that do not
	// open while the keyring is in use; default: nobody.
	Logger *slog.Logger
}

// Keyring seals what must be kept and hashes what must be recognised again. It
// is safe for concurrent use.
type Keyring struct {
	ring atomic.Pointer[ring]
	mac  [KeySize]byte // the hashing key, which never changes

	vault Vault // nil: none but the key it was made with
	keys  []OperatorKey
	opt   Options

	// looking is held while the vault is read, and guards what follows.
	looking sync.Mutex
	misses  map[uint16]miss
	failed  miss // the last time that the vault could not be read
}

// ring is the sealing keys at one moment.
type ring struct {
	current uint16 // what Seal uses; 0: the key of formatBare
	seal    cipher.AEAD
	byID    map[uint16]cipher.AEAD
}

// miss is an answer that stands for a while.
type miss struct {
	at  time.Time
	err error
}

// NewKeyring makes a keyring that needs no vault: what it seals opens with the
// same key only. The key must be exactly KeySize bytes.
func NewKeyring(key []byte) (*Keyring, error) {
	o, err := NewOperatorKey(key)
	if err != nil {
		return nil, fmt.Errorf("make keyring: %w", err)
	}
	aead, err := newAEAD([]byte(o.sealed.Reveal()))
	if err != nil {
		return nil, fmt.Errorf("make keyring: %w", err)
	}
	k := &Keyring{}
	copy(k.mac[:], o.hashed.Reveal())
	k.ring.Store(&ring{seal: aead, byID: map[uint16]cipher.AEAD{firstSealing: aead}})
	return k, nil
}

// OpenKeyring reads the data keys of a vault, and makes the first ones where
// there are none. The first of the operator's keys is the current one: rows that
// open with another of them are wrapped again under it. It fails with a
// LockedError, and changes nothing, when a row opens with none.
func OpenKeyring(ctx context.Context, v Vault, keys []OperatorKey, o Options) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("open keyring: no key of the operator")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	rows, err := v.Keys(ctx)
	if err == nil && len(rows) == 0 {
		if err = firstKeys(ctx, v, keys, o.Now()); err == nil {
			rows, err = v.Keys(ctx)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	for _, r := range rows {
		if _, with := unwrap(r, keys); with < 0 {
			return nil, fmt.Errorf("open keyring: %w", locked(r, keys))
		}
	}
	if rows, err = rewrap(ctx, v, keys, rows, o.Logger); err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	k := &Keyring{vault: v, keys: keys, opt: o, misses: map[uint16]miss{}}
	hashes := 0
	for _, r := range rows {
		data, with := unwrap(r, keys)
		if with < 0 {
			return nil, fmt.Errorf("open keyring: %w", locked(r, keys))
		}
		if r.Purpose == ForHashing {
			hashes++
			copy(k.mac[:], data)
		}
	}
	if _, ok := newestSealing(rows); !ok || hashes != 1 {
		return nil, fmt.Errorf("open keyring: of %d data keys, %d hash and a sealing one is there: %t; want one and true", len(rows), hashes, ok)
	}
	return k, k.take(rows)
}

// take makes the rows the keys in use. A key that was in use and can no longer
// be had stays readable: this process goes on.
func (k *Keyring) take(rows []KeyRow) error {
	next := &ring{byID: map[uint16]cipher.AEAD{}}
	if was := k.ring.Load(); was != nil {
		*next = ring{was.current, was.seal, maps.Clone(was.byID)}
	}
	var usable []KeyRow
	for _, r := range rows {
		if r.Purpose != ForSealing {
			continue
		}
		data, with := unwrap(r, k.keys)
		if with < 0 {
			k.opt.Logger.Error("data key does not open", "err", locked(r, k.keys), "alert", true)
			if next.byID[r.ID] != nil {
				usable = append(usable, r)
			}
			continue
		}
		aead, err := newAEAD(data)
		if err != nil {
			return err
		}
		next.byID[r.ID] = aead
		usable = append(usable, r)
	}
	if newest, ok := newestSealing(usable); ok {
		next.current, next.seal = newest.ID, next.byID[newest.ID]
	}
	k.ring.Store(next)
	return nil
}

// Reload reads the data keys again, so that a renewed one is used.
func (k *Keyring) Reload(ctx context.Context) error {
	if k.vault == nil {
		return nil
	}
	k.looking.Lock()
	defer k.looking.Unlock()
	_, err := k.reload(ctx)
	return err
}

func (k *Keyring) reload(ctx context.Context) ([]KeyRow, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	rows, err := k.vault.Keys(ctx)
	if err == nil {
		err = k.take(rows)
	}
	if err != nil {
		return nil, fmt.Errorf("read data keys: %w", err)
	}
	return rows, nil
}

// Follow keeps the keyring at the newest data key until ctx ends.
func (k *Keyring) Follow(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := k.Reload(ctx); err != nil && ctx.Err() == nil {
			k.opt.Logger.Warn("data keys", "err", err)
		}
	}
}

// Seal encrypts t. The purpose (such as an order's reference) is bound to the
// result: Open refuses it under any other.
func (k *Keyring) Seal(t Text, purpose string) []byte {
	r := k.ring.Load()
	n := HeaderSize
	if r.current == 0 {
		n = 1
	}
	out := make([]byte, n+nonceSize, n+nonceSize+t.Len()+r.seal.Overhead())
	out[0] = formatBare
	if r.current != 0 {
		out[0] = formatKeyed
		binary.BigEndian.PutUint16(out[1:], r.current)
	}
	_, _ = rand.Read(out[n:])
	return r.seal.Seal(out, out[n:], []byte(t.Reveal()), []byte(purpose))
}

// SealedWith is the number of the data key that sealed something, by its first
// HeaderSize bytes; false when it was not sealed by a keyring.
func SealedWith(sealed []byte) (id uint16, ok bool) {
	switch {
	case len(sealed) < HeaderSize:
		return 0, false
	case sealed[0] == formatBare:
		return firstSealing, true
	case sealed[0] == formatKeyed:
		id = binary.BigEndian.Uint16(sealed[1:])
		return id, id != 0
	}
	return 0, false
}

// Open decrypts what Seal made for the same purpose; ErrSealed otherwise. Any
// other error says that the data key cannot be had here and now (the vault does
// not answer, or a LockedError), which is no judgement of the bytes: try later,
// or elsewhere.
func (k *Keyring) Open(sealed []byte, purpose string) (Text, error) {
	id, ok := SealedWith(sealed)
	if !ok {
		return Text{}, ErrSealed
	}
	head := HeaderSize
	if sealed[0] == formatBare {
		head = 1
	}
	aead := k.ring.Load().byID[id]
	if aead == nil {
		var err error
		if aead, err = k.look(id); err != nil {
			return Text{}, err
		}
	}
	return openWith(aead, sealed, head, purpose)
}

// openWith opens what follows a header of the given length.
func openWith(aead cipher.AEAD, sealed []byte, head int, purpose string) (Text, error) {
	if len(sealed) < head+nonceSize {
		return Text{}, ErrSealed
	}
	plain, err := aead.Open(nil, sealed[head:head+nonceSize], sealed[head+nonceSize:], []byte(purpose))
	if err != nil {
		return Text{}, ErrSealed
	}
	return New(string(plain)), nil
}

// look searches the vault for a key that has not been seen yet: another replica
// may have sealed with it a moment ago. What is not there, and a vault that does
// not answer, is asked for again only after a while.
func (k *Keyring) look(id uint16) (cipher.AEAD, error) {
	if k.vault == nil {
		return nil, ErrSealed
	}
	k.looking.Lock()
	defer k.looking.Unlock()
	if aead := k.ring.Load().byID[id]; aead != nil {
		return aead, nil
	}
	for _, m := range []miss{k.failed, k.misses[id]} {
		if m.err != nil && k.opt.Now().Sub(m.at) < lookAgain {
			return nil, m.err
		}
	}
	rows, err := k.reload(context.Background())
	if err != nil {
		k.failed = miss{k.opt.Now(), err}
		return nil, err
	}
	if aead := k.ring.Load().byID[id]; aead != nil {
		return aead, nil
	}
	err = ErrSealed
	for _, r := range rows {
		if r.ID == id && r.Purpose == ForSealing {
			err = locked(r, k.keys)
		}
	}
	k.misses[id] = miss{k.opt.Now(), err}
	return nil, err
}

// Hash is a keyed hash of s for one purpose: equal inputs give equal hashes,
// and without the key nothing can be learned by trying inputs, however few
// there are (a 16-digit PIN, a phone number). Callers may keep fewer bytes. No
// rotation or renewal changes it.
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

// Format implements fmt.Formatter, so that no verb prints a key.
func (k *Keyring) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(Redacted)) }

// LogValue implements slog.LogValuer; it never reveals.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(Redacted) }

var (
	_ fmt.Formatter  = (*Keyring)(nil)
	_ slog.LogValuer = (*Keyring)(nil)
)
