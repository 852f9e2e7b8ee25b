package secret

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"
)

const (
	// firstSealing and firstHashing are the numbers of the first data keys.
	firstSealing, firstHashing = 1, 2
	// lastID is the highest number of a data key: the tables keep 16 bits with
	// a sign.
	lastID = math.MaxInt16
	// passes is how often rows are read again to find them all under the
	// current key. More than two are needed only while others rotate the other
	// way, and then any outcome opens.
	passes = 4
	// renewTries is how often Renew begins again when others change the rows.
	renewTries = 5
)

// ErrNoKeys is returned by Renew when there is no data key yet.
var ErrNoKeys = errors.New("there are no data keys yet")

// ErrPastKey is returned by OpenKeyring when there are no data keys yet, and it
// is not certain which key of the operator was in use until now.
var ErrPastKey = errors.New("the key that was in use until now is not known")

// firstKeys makes the first data keys: random ones where nothing was kept, and
// else those that everything there was sealed and hashed with. A replica that
// is first wins; the rows are read afterwards in any case.
func firstKeys(ctx context.Context, v Vault, keys []OperatorKey, now time.Time) error {
	past, err := v.Past(ctx)
	if err != nil {
		return err
	}
	sealing, hashing, note := freshKey(), freshKey(), "made at the first start"
	if past.Used {
		from, err := keyOf(past, keys)
		if err != nil {
			return err
		}
		sealing, hashing, note = []byte(from.sealed.Reveal()), []byte(from.hashed.Reveal()), "in use before data keys were kept"
	}
	_, err = v.FirstKeys(ctx, []KeyRow{
		{ID: firstSealing, Purpose: ForSealing, Sealed: keys[0].seal(sealing, firstSealing, ForSealing), CreatedAt: now, Note: note},
		{ID: firstHashing, Purpose: ForHashing, Sealed: keys[0].seal(hashing, firstHashing, ForHashing), CreatedAt: now, Note: note},
	})
	return err
}

// keyOf finds the operator's key that was in use before there were data keys.
// A wrong one would be kept for ever, so it must not be guessed.
func keyOf(past Past, keys []OperatorKey) (OperatorKey, error) {
	for _, k := range keys {
		aead, err := newAEAD([]byte(k.sealed.Reveal()))
		if err != nil {
			return OperatorKey{}, err
		}
		for _, s := range past.Samples {
			if _, err := openWith(aead, s.Sealed, 1, s.Purpose); err == nil {
				return k, nil
			}
		}
	}
	if len(past.Samples) > 0 {
		return OperatorKey{}, fmt.Errorf("%w: no configured key opens what is stored", ErrPastKey)
	}
	for _, k := range keys[1:] {
		if k.fingerprint != keys[0].fingerprint {
			return OperatorKey{}, fmt.Errorf("%w: several are configured, and nothing is stored that tells", ErrPastKey)
		}
	}
	return keys[0], nil
}

// rewrap brings every row under the first of the keys. Others may do the same,
// or the reverse, at the same time: a row is replaced only while it is what was
// read, and by what opens under a key that they have too.
func rewrap(ctx context.Context, v Vault, keys []OperatorKey, rows []KeyRow, log *slog.Logger) ([]KeyRow, error) {
	for range passes {
		clean := true
		for _, r := range rows {
			data, with := unwrap(r, keys)
			switch {
			case with < 0:
				return nil, locked(r, keys)
			case with == 0:
				continue
			}
			clean = false
			done, err := v.Rewrap(ctx, r.ID, r.Sealed, keys[0].seal(data, r.ID, r.Purpose))
			if err != nil {
				return nil, err
			}
			if done {
				log.Info("data key wrapped again", "key", r.ID, "from", keys[with].Fingerprint(), "to", keys[0].Fingerprint())
			}
		}
		if clean {
			break
		}
		var err error
		if rows, err = v.Keys(ctx); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// Renew adds a sealing key, which writers use from then on, and returns its row.
// It is wrapped by the key that wrapped the newest one: whoever opens that can
// open this, wherever a rotation stands. The reason is kept with it.
func Renew(ctx context.Context, v Vault, keys []OperatorKey, reason string, now time.Time) (KeyRow, error) {
	for range renewTries {
		rows, err := v.Keys(ctx)
		if err != nil {
			return KeyRow{}, fmt.Errorf("renew sealing key: %w", err)
		}
		for _, r := range rows {
			if _, with := unwrap(r, keys); with < 0 {
				return KeyRow{}, fmt.Errorf("renew sealing key: %w", locked(r, keys))
			}
		}
		newest, ok := newestSealing(rows)
		if !ok {
			return KeyRow{}, fmt.Errorf("renew sealing key: %w", ErrNoKeys)
		}
		_, with := unwrap(newest, keys)
		last := rows[len(rows)-1].ID
		if last >= lastID {
			return KeyRow{}, fmt.Errorf("renew sealing key: number %d was the last", last)
		}
		row := KeyRow{ID: last + 1, Purpose: ForSealing, CreatedAt: now, Note: reason}
		row.Sealed = keys[with].seal(freshKey(), row.ID, row.Purpose)
		added, err := v.NextKey(ctx, row, newest)
		if err != nil {
			return KeyRow{}, fmt.Errorf("renew sealing key: %w", err)
		}
		if added {
			return row, nil
		}
	}
	return KeyRow{}, errors.New("renew sealing key: the keys are being changed by others, try again")
}
