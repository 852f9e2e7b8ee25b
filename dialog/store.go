package dialog

import (
	"context"
	"time"
)

// Store keeps sessions. A record's first StampSize bytes are its version: they
// differ between any two records ever written under a key.
type Store interface {
	// Load returns the record under key, or "" when there is none.
	Load(ctx context.Context, key string) (string, error)
	// Save writes record under key if the record that is there has the stamp
	// prev ("" for no record), in one atomic step, and renews its life. When
	// it has not, nothing is written and the record that is there comes back
	// ("" for none) with saved false. It is idempotent: writing a record that
	// is there already counts as saved, so a lost reply does no harm.
	Save(ctx context.Context, key, prev, record string, life time.Duration) (current string, saved bool, err error)
}

// StampSize is the length of a record's version in bytes.
const StampSize = 12
