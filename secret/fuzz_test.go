package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"spaza/secret"
)

// freshOperator is a key that no other process has: what one that fuzzes finds
// must not open in the next.
func freshOperator(f *testing.F) (secret.OperatorKey, *secret.Keyring) {
	f.Helper()
	raw, err := secret.ParseKey(secret.NewKey())
	if err != nil {
		f.Fatal(err)
	}
	key, err := secret.NewOperatorKey(raw)
	if err != nil {
		f.Fatal(err)
	}
	bare, err := secret.NewKeyring(raw)
	if err != nil {
		f.Fatal(err)
	}
	return key, bare
}

// FuzzOpen gives a keyring what it did not seal, and what it did with one byte
// changed: no bytes open but its own.
func FuzzOpen(f *testing.F) {
	key, bare := freshOperator(f)
	v := &vault{past: secret.Past{Used: true}}
	open(f, v, key)
	if _, err := secret.Renew(f.Context(), v, []secret.OperatorKey{key}, "new", noon); err != nil {
		f.Fatal(err)
	}
	k := open(f, v, key)
	mine := [][]byte{bare.Seal(secret.New(canary), "P"), k.Seal(secret.New(canary), "P")}
	for _, s := range mine {
		f.Add(s, "P", uint(0), byte(1))
		f.Add(s[:len(s)-1], "P", uint(1), byte(3))
		f.Add(s[:3], "Q", uint(2), byte(0))
	}
	f.Add([]byte{}, "", uint(20), byte(0x80))
	f.Add([]byte{1}, "", uint(40), byte(0))
	f.Add([]byte{2, 0, 0}, "", uint(3), byte(0xff))
	f.Add([]byte{2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "", uint(2), byte(1))
	f.Fuzz(func(t *testing.T, sealed []byte, purpose string, at uint, change byte) {
		if id, ok := secret.SealedWith(sealed); ok && id == 0 {
			t.Error("sealed by key 0")
		}
		own := purpose == "P" && (bytes.Equal(sealed, mine[0]) || bytes.Equal(sealed, mine[1]))
		if _, err := k.Open(sealed, purpose); !own && !errors.Is(err, secret.ErrSealed) {
			t.Errorf("what is not its own: %v", err)
		}
		for _, s := range mine {
			changed := bytes.Clone(s)
			changed[at%uint(len(s))] ^= change
			got, err := k.Open(changed, "P")
			if change == 0 && (err != nil || !got.Equal(canary)) {
				t.Errorf("its own does not open: %v", err)
			} else if change != 0 && !errors.Is(err, secret.ErrSealed) {
				t.Errorf("changed at %d: %v", at%uint(len(s)), err)
			}
		}
	})
}

// FuzzWrapped gives Inspect what is no wrapped key, and one with a byte changed.
func FuzzWrapped(f *testing.F) {
	key, _ := freshOperator(f)
	v := &vault{}
	open(f, v, key)
	good := v.rows[0]
	opens := func(id uint16, sealed []byte) bool {
		row := secret.KeyRow{ID: id, Purpose: secret.ForSealing, Sealed: sealed}
		return secret.Inspect([]secret.KeyRow{row}, []secret.OperatorKey{key})[0].With == 0
	}
	f.Add(good.ID, good.Sealed, uint(0), byte(1))
	f.Add(uint16(2), good.Sealed[:16], uint(3), byte(1))
	f.Add(good.ID, []byte{1, 2, 3, 4}, uint(30), byte(0))
	f.Add(good.ID, []byte{}, uint(63), byte(9))
	f.Fuzz(func(t *testing.T, id uint16, sealed []byte, at uint, change byte) {
		if opens(id, sealed) && (id != good.ID || !bytes.Equal(sealed, good.Sealed)) {
			t.Error("opens, and was never wrapped")
		}
		changed := bytes.Clone(good.Sealed)
		changed[at%uint(len(changed))] ^= change
		if opens(id, changed) != (id == good.ID && change == 0) {
			t.Errorf("key %d changed at %d opens, or its own does not", id, at%uint(len(changed)))
		}
		if u := (secret.KeyRow{Sealed: sealed}).Under(); u != "unknown" && len(u) != 6 {
			t.Errorf("under %q", u)
		}
	})
}
