package secret_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/secret"
)

// noon is when everything here happens.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// operator is a key of the operator, made of one byte, and the keyring that was
// made of it before there were data keys.
func operator(t testing.TB, b byte) (secret.OperatorKey, *secret.Keyring) {
	t.Helper()
	raw := bytes.Repeat([]byte{b}, secret.KeySize)
	key, err := secret.NewOperatorKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := secret.NewKeyring(raw)
	if err != nil {
		t.Fatal(err)
	}
	return key, bare
}

// vault keeps rows in memory, one call at a time, as a database would.
type vault struct {
	mu    sync.Mutex
	rows  []secret.KeyRow
	past  secret.Past
	reads int
	away  error // what every reading says while it is set
}

var _ secret.Vault = (*vault)(nil)

func (v *vault) Keys(ctx context.Context) ([]secret.KeyRow, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.reads++
	if v.away != nil {
		return nil, v.away
	}
	return slices.Clone(v.rows), ctx.Err()
}

func (v *vault) FirstKeys(_ context.Context, rows []secret.KeyRow) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.rows) > 0 {
		return false, nil
	}
	v.rows = slices.Clone(rows)
	return true, nil
}

func (v *vault) NextKey(_ context.Context, row, after secret.KeyRow) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	same := func(r secret.KeyRow) bool { return r.ID == after.ID && bytes.Equal(r.Sealed, after.Sealed) }
	taken := func(r secret.KeyRow) bool { return r.ID == row.ID }
	if !slices.ContainsFunc(v.rows, same) || slices.ContainsFunc(v.rows, taken) {
		return false, nil
	}
	for i := range v.rows {
		if r := &v.rows[i]; r.Purpose == secret.ForSealing && r.RetiredAt.IsZero() {
			r.RetiredAt = row.CreatedAt
		}
	}
	v.rows = append(v.rows, row)
	return true, nil
}

func (v *vault) Rewrap(_ context.Context, id uint16, from, to []byte) (bool, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range v.rows {
		if r := &v.rows[i]; r.ID == id && bytes.Equal(r.Sealed, from) {
			r.Sealed = to
			return true, nil
		}
	}
	return false, nil
}

func (v *vault) Past(context.Context) (secret.Past, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.past, nil
}

// under says which fingerprints wrap the rows, each once.
func (v *vault) under() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all []string
	for _, r := range v.rows {
		all = append(all, r.Under())
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// open opens a keyring that must open.
func open(t testing.TB, v secret.Vault, keys ...secret.OperatorKey) *secret.Keyring {
	t.Helper()
	k, err := secret.OpenKeyring(t.Context(), v, keys, secret.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// stage runs processes one call to the vault at a time, in an order that is
// drawn.
type stage struct {
	v      *vault
	actors []*actor
	// after is called between two calls.
	after func()
}

// actor is a process on the stage, and its view of the vault.
type actor struct {
	*vault
	arrived, proceed chan struct{}
	ended            bool
}

// enter adds a process.
func (s *stage) enter(do func(secret.Vault)) {
	a := &actor{vault: s.v, arrived: make(chan struct{}), proceed: make(chan struct{})}
	s.actors = append(s.actors, a)
	go func() {
		defer close(a.arrived)
		do(a)
	}()
	a.settle()
}

// settle waits until the process stands before its next call, or has ended.
func (a *actor) settle() {
	if _, more := <-a.arrived; !more {
		a.ended = true
	}
}

// play lets the processes go on until all have ended, or at most steps calls.
func (s *stage) play(t *rapid.T, steps int) {
	for range steps {
		s.actors = slices.DeleteFunc(s.actors, func(a *actor) bool { return a.ended })
		if len(s.actors) == 0 {
			return
		}
		a := s.actors[rapid.IntRange(0, len(s.actors)-1).Draw(t, "next")]
		a.proceed <- struct{}{}
		a.settle()
		s.after()
	}
}

// finish lets everybody go on to the end.
func (s *stage) finish(t *rapid.T) {
	for len(s.actors) > 0 {
		s.play(t, 1)
	}
}

func (a *actor) wait() {
	a.arrived <- struct{}{}
	<-a.proceed
}

func (a *actor) Keys(ctx context.Context) ([]secret.KeyRow, error) {
	a.wait()
	return a.vault.Keys(ctx)
}

func (a *actor) FirstKeys(ctx context.Context, rows []secret.KeyRow) (bool, error) {
	a.wait()
	return a.vault.FirstKeys(ctx, rows)
}

func (a *actor) NextKey(ctx context.Context, row, after secret.KeyRow) (bool, error) {
	a.wait()
	return a.vault.NextKey(ctx, row, after)
}

func (a *actor) Rewrap(ctx context.Context, id uint16, from, to []byte) (bool, error) {
	a.wait()
	return a.vault.Rewrap(ctx, id, from, to)
}

func (a *actor) Past(ctx context.Context) (secret.Past, error) {
	a.wait()
	return a.vault.Past(ctx)
}
