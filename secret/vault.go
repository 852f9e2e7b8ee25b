package secret

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// KeyPurpose is what a data key is for.
type KeyPurpose string

// What data keys are for. There may be many that seal; the newest is used. There
// is one that hashes.
const (
	ForSealing KeyPurpose = "seal"
	ForHashing KeyPurpose = "hash"
)

// KeyRow is a data key as it is kept.
type KeyRow struct {
	ID      uint16 // from 1
	Purpose KeyPurpose
	Sealed  []byte // wrapped by a key of the operator

	CreatedAt time.Time
	RetiredAt time.Time // when a newer one took its place; zero: in use
	Note      string    // why it was made
}

// Under is the fingerprint of the operator's key that wrapped the row, as the
// row has it.
func (r KeyRow) Under() string {
	if len(r.Sealed) < wrapHead || r.Sealed[0] != wrapFormat {
		return "unknown"
	}
	return hex.EncodeToString(r.Sealed[1:wrapHead])
}

// Sample is something sealed, and the purpose it was sealed for.
type Sample struct {
	Sealed  []byte
	Purpose string
}

// Past is what a store holds from before it had data keys.
type Past struct {
	// Used says that something may have been hashed or sealed.
	Used bool
	// Samples are a few things sealed in format 1, where there are any.
	Samples []Sample
}

// Vault is where data keys are kept, for all replicas. Rows are never deleted.
type Vault interface {
	// Keys returns all rows, by number.
	Keys(ctx context.Context) ([]KeyRow, error)
	// FirstKeys adds the first rows, all or none; false when there are rows
	// already.
	FirstKeys(ctx context.Context, rows []KeyRow) (bool, error)
	// NextKey adds a sealing key and retires those before it, in one
	// transaction; false, with nothing written, when the number is taken or the
	// row after is no longer what was read.
	NextKey(ctx context.Context, row, after KeyRow) (bool, error)
	// Rewrap replaces the sealed bytes of a row; false when they are no longer
	// from.
	Rewrap(ctx context.Context, id uint16, from, to []byte) (bool, error)
	// Past is asked for when there are no rows.
	Past(ctx context.Context) (Past, error)
}

// LockedError says that a data key was wrapped by a key of the operator that is
// not configured.
type LockedError struct {
	ID         uint16
	Purpose    KeyPurpose
	Under      string   // fingerprint of what wrapped it
	Configured []string // fingerprints
}

// Error implements error.
func (e *LockedError) Error() string {
	return fmt.Sprintf("data key %d (%s) is wrapped under %s, which is not configured (that is: %s)",
		e.ID, e.Purpose, e.Under, strings.Join(e.Configured, ", "))
}

// KeyState is a row as the configured keys see it.
type KeyState struct {
	KeyRow
	// With is the index of the configured key that opens the row; -1: none.
	With int
}

// Inspect says which of the operator's keys opens each row.
func Inspect(rows []KeyRow, keys []OperatorKey) []KeyState {
	states := make([]KeyState, len(rows))
	for i, r := range rows {
		_, with := unwrap(r, keys)
		states[i] = KeyState{r, with}
	}
	return states
}

// unwrap opens a row with the first key that can; -1 and no bytes when none can.
func unwrap(r KeyRow, keys []OperatorKey) ([]byte, int) {
	for i, k := range keys {
		if data, ok := k.open(r); ok {
			return data, i
		}
	}
	return nil, -1
}

func locked(r KeyRow, keys []OperatorKey) *LockedError {
	e := &LockedError{ID: r.ID, Purpose: r.Purpose, Under: r.Under()}
	for _, k := range keys {
		e.Configured = append(e.Configured, k.Fingerprint())
	}
	return e
}

// newestSealing is the row that writers use.
func newestSealing(rows []KeyRow) (newest KeyRow, ok bool) {
	for _, r := range rows {
		if r.Purpose == ForSealing && r.ID > newest.ID {
			newest = r
		}
	}
	return newest, newest.ID > 0
}
