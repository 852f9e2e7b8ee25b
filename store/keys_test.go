package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"spaza/intake"
	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

// operatorKey is a key of the operator made of one byte, and the keyring that
// was made of it before there were data keys.
func operatorKey(t testing.TB, b byte) (secret.OperatorKey, *secret.Keyring) {
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

func openKeys(t testing.TB, v secret.Vault, keys ...secret.OperatorKey) *secret.Keyring {
	t.Helper()
	k, err := secret.OpenKeyring(t.Context(), v, keys, secret.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeysAreKeptAsTheyAreGiven(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		first := []secret.KeyRow{
			{ID: 1, Purpose: secret.ForSealing, Sealed: []byte{1, 0, 255}, CreatedAt: noon, Note: "one"},
			{ID: 2, Purpose: secret.ForHashing, Sealed: []byte{2}, CreatedAt: noon.Add(time.Millisecond)},
		}
		added, err := s.FirstKeys(t.Context(), first)
		if err != nil || !added {
			t.Fatalf("added: %t, %v", added, err)
		}
		if added, err := s.FirstKeys(t.Context(), []secret.KeyRow{{ID: 1, Purpose: secret.ForSealing, Sealed: []byte{9}}}); err != nil || added {
			t.Errorf("added again: %t, %v", added, err)
		}
		next := secret.KeyRow{ID: 3, Purpose: secret.ForSealing, Sealed: []byte{3}, CreatedAt: noon.Add(time.Hour), Note: "a NUL \x00 in it"}
		for _, c := range []struct {
			name  string
			row   secret.KeyRow
			after secret.KeyRow
			added bool
		}{
			{"after a row that has changed", next, secret.KeyRow{ID: 1, Sealed: []byte{1}}, false},
			{"after a row that is not there", next, secret.KeyRow{ID: 7, Sealed: []byte{1}}, false},
			{"with a number that is taken", secret.KeyRow{ID: 2, Purpose: secret.ForSealing, Sealed: []byte{3}, CreatedAt: noon}, first[0], false},
			{"as it should be", next, first[0], true},
		} {
			if added, err := s.NextKey(t.Context(), c.row, c.after); err != nil || added != c.added {
				t.Errorf("%s: %t, %v", c.name, added, err)
			}
		}
		for _, c := range []struct {
			from []byte
			done bool
		}{{[]byte{7}, false}, {[]byte{2}, true}, {[]byte{2}, false}} {
			if done, err := s.Rewrap(t.Context(), 2, c.from, []byte{8, 8}); err != nil || done != c.done {
				t.Errorf("wrapped again from %v: %t, %v", c.from, done, err)
			}
		}
		first[0].RetiredAt, first[1].Sealed, next.Note = next.CreatedAt, []byte{8, 8}, "a NUL  in it"
		got, err := d.open(t).Keys(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append(first, next), got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheDatabaseRefusesToLoseAKey(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		key, _ := operatorKey(t, 1)
		s := d.open(t)
		openKeys(t, s, key)
		raw := d.raw(t)
		for _, statement := range []string{
			"DELETE FROM keys", "DELETE FROM keys WHERE id = 2", "UPDATE keys SET id = 9 WHERE id = 1", "UPDATE keys SET purpose = 'seal' WHERE id = 2",
			"UPDATE keys SET note = 'another reason'", "INSERT INTO keys (id, purpose, sealed, created_at) VALUES (3, 'hash', '', 0)",
			"INSERT INTO keys (id, purpose, sealed, created_at) VALUES (0, 'seal', '', 0)",
		} {
			if _, err := raw.ExecContext(t.Context(), statement); err == nil {
				t.Errorf("%s: done", statement)
			}
		}
		if _, err := raw.ExecContext(t.Context(), "TRUNCATE keys"); err == nil {
			t.Error("emptied")
		}
		openKeys(t, s, key)
	})
}

// TestReplicasThatStartAtOnceAgree starts some with the next key in force and
// some with the one before, for the first time and again, with renewals.
func TestReplicasThatStartAtOnceAgree(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		a, _ := operatorKey(t, 1)
		b, _ := operatorKey(t, 2)
		const replicas = 6
		var mu sync.Mutex
		var rings []*secret.Keyring
		var sealed [][]byte
		renewed := 0
		for round := range 2 {
			var all sync.WaitGroup
			for i := range replicas {
				s := d.open(t)
				keys := []secret.OperatorKey{a, b}
				if i%2 == 1 {
					keys = []secret.OperatorKey{b, a}
				}
				all.Go(func() {
					k, err := secret.OpenKeyring(context.Background(), s, keys, secret.Options{})
					if err != nil {
						t.Errorf("round %d: %v", round, err)
						return
					}
					if _, err := secret.Renew(context.Background(), s, keys, "at once", noon); err == nil {
						mu.Lock()
						renewed++
						mu.Unlock()
					} else if !strings.Contains(err.Error(), "by others") {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					rings = append(rings, k)
					sealed = append(sealed, k.Seal(secret.New("text"), "P"))
				})
			}
			all.Wait()
		}
		s := d.open(t)
		openKeys(t, s, b, a)
		last := openKeys(t, s, b)
		for _, k := range append(rings, last) {
			for _, text := range sealed {
				if got, err := k.Open(text, "P"); err != nil || !got.Equal("text") {
					t.Errorf("opened %q, %v", got.Reveal(), err)
				}
			}
			if k.Hash("p", "x") != last.Hash("p", "x") {
				t.Error("they hash differently")
			}
		}
		rows, err := s.Keys(t.Context())
		if err != nil || len(rows) != 2+renewed || renewed == 0 {
			t.Errorf("%d rows after %d renewals, %v", len(rows), renewed, err)
		}
		inUse := 0
		for _, r := range rows {
			if r.Purpose == secret.ForSealing && r.RetiredAt.IsZero() {
				inUse++
			}
		}
		if inUse != 1 {
			t.Errorf("%d sealing keys are in use", inUse)
		}
	})
}

// addSealed puts an order's row behind the store's back: request and goods.
func addSealed(t testing.TB, raw *sql.DB, ref string, at int64, request, goods []byte) {
	t.Helper()
	columns := []string{"ref", "created_at", "sealed", "goods"}
	values := []string{"$1", "$2", "$3", "$4"} // both databases take it
	for _, text := range []string{"kind", "customer", "product", "label", "target", "fund", "state", "reason", "channel", "op", "provider_ref", "code", "call_centre"} {
		columns, values = append(columns, text), append(values, "'x'")
	}
	for _, number := range []string{"amount", "told", "first_sent_at", "updated_at"} {
		columns, values = append(columns, number), append(values, "0")
	}
	query := "INSERT INTO orders (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
	if _, err := raw.ExecContext(t.Context(), query, ref, at, request, goods); err != nil {
		t.Fatal(err)
	}
}

func TestAStoreFromBeforeThereWereDataKeysIsTakenOver(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		a, bare := operatorKey(t, 1)
		b, other := operatorKey(t, 2)
		s, raw := d.open(t), d.raw(t)
		if p, err := s.Past(t.Context()); err != nil || p.Used || p.Samples != nil {
			t.Fatalf("of an empty store: %+v, %v", p, err)
		}
		for i := range 6 {
			by := bare
			if i < 3 {
				by = other // the key was changed by hand then
			}
			ref := fmt.Sprint("r", i)
			addSealed(t, raw, ref, int64(i), nil, by.Seal(secret.New("goods"), "goods "+ref))
		}
		sealed := bare.Seal(secret.New("request"), "r7")
		addSealed(t, raw, "r7", 7, sealed, nil)
		if p, err := s.Past(t.Context()); err != nil || !p.Used || len(p.Samples) != 5 {
			t.Fatalf("%d samples, %v", len(p.Samples), err)
		}
		k := openKeys(t, s, a, b)
		if got, err := k.Open(sealed, "r7"); err != nil || !got.Equal("request") || k.Hash("p", "x") != bare.Hash("p", "x") {
			t.Errorf("opened %q, %v", got.Reveal(), err)
		}
	})
}

func TestACustomerAloneIsAPast(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		key, bare := operatorKey(t, 1)
		s := d.open(t)
		if _, err := d.raw(t).ExecContext(t.Context(), "INSERT INTO customers (id, msisdn, created_at) VALUES ('c', '27', 1)"); err != nil {
			t.Fatal(err)
		}
		if k := openKeys(t, s, key); k.Hash("p", "x") != bare.Hash("p", "x") {
			t.Error("the hashing key was changed")
		}
	})
}

func TestSealedRowsAreCountedByKey(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		key, bare := operatorKey(t, 1)
		s, raw := d.open(t), d.raw(t)
		k := openKeys(t, s, key)
		if got, err := s.SealedRows(t.Context()); err != nil || len(got) != 0 {
			t.Fatalf("of an empty store: %v, %v", got, err)
		}
		text := secret.New("text")
		for i := range 40 { // as many nonces behind the first byte
			addSealed(t, raw, fmt.Sprint("old ", i), 0, bare.Seal(text, "P"), nil)
		}
		addSealed(t, raw, "a", 0, k.Seal(text, "P"), k.Seal(text, "P"))
		if _, err := secret.Renew(t.Context(), s, []secret.OperatorKey{key}, "test", noon); err != nil {
			t.Fatal(err)
		}
		if err := k.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		addSealed(t, raw, "b", 0, nil, k.Seal(text, "P"))
		addSealed(t, raw, "c", 0, nil, nil)
		addSealed(t, raw, "d", 0, nil, []byte("?"))
		written := letter("a-1")
		written.Body = k.Seal(text, "P")
		addLetters(t, s, intake.Batch{Letters: []intake.Kept{written}, Waiting: 1})
		inTx(t, s, func(tx vend.Tx) error {
			a := advice("a", false)
			a.Sealed = k.Seal(text, "P")
			if _, _, err := tx.AddAdvice(a); err != nil {
				return err
			}
			return tx.SaveCode(vend.Code{ID: "c", Person: []byte("p"), Number: []byte("n"), Hash: []byte("h"), Sealed: k.Seal(text, "P"), Expires: noon})
		})
		want := []store.SealedRows{
			{Column: "orders.goods", Key: 0, Rows: 1}, {Column: "orders.goods", Key: 1, Rows: 1},
			{Column: "orders.sealed", Key: 1, Rows: 41},
			{Column: "advices.sealed", Key: 3, Rows: 1}, {Column: "codes.sealed", Key: 3, Rows: 1}, {Column: "letters.body", Key: 3, Rows: 1}, {Column: "orders.goods", Key: 3, Rows: 1},
		}
		if got, err := s.SealedRows(t.Context()); err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v\nwant %v", got, err, want)
		}
	})
}
