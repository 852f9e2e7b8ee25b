package secret_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/secret"
)

func TestTheFirstKeysOfAnEmptyStoreAreRandom(t *testing.T) {
	key, bare := operator(t, 1)
	one, other := open(t, &vault{}, key), open(t, &vault{}, key)
	if h := one.Hash("p", "x"); h == bare.Hash("p", "x") || h == other.Hash("p", "x") {
		t.Error("the hashing key follows from the operator's key")
	}
	sealed := one.Seal(secret.New(canary), "P-1")
	if _, err := other.Open(sealed, "P-1"); !errors.Is(err, secret.ErrSealed) {
		t.Errorf("another store's keyring opens it: %v", err)
	}
}

func TestWhatWasKeptBeforeThereWereDataKeysStays(t *testing.T) {
	key, bare := operator(t, 1)
	old := bare.Seal(secret.New(canary), "P-1")
	for name, past := range map[string]secret.Past{
		"with samples": {Used: true, Samples: []secret.Sample{{Sealed: []byte("damaged")}, {Sealed: old, Purpose: "P-1"}}},
		"with none":    {Used: true},
	} {
		v := &vault{past: past}
		k := open(t, v, key)
		again := open(t, v, key)
		for what, k := range map[string]*secret.Keyring{"first": k, "next": again} {
			if got, err := k.Open(old, "P-1"); err != nil || !got.Equal(canary) {
				t.Errorf("%s, %s start: opened %q, %v", name, what, got.Reveal(), err)
			}
			if k.Hash("voucher pin", canary) != bare.Hash("voucher pin", canary) {
				t.Errorf("%s, %s start: a voucher is not recognised", name, what)
			}
		}
		if sealed := k.Seal(secret.New(canary), "P-1"); bytes.Equal(sealed[:1], old[:1]) {
			t.Errorf("%s: sealed without the key's number", name)
		}
	}
}

func TestTheKeyOfThePastIsNotGuessed(t *testing.T) {
	a, bareA := operator(t, 1)
	b, bareB := operator(t, 2)
	used := func(by ...*secret.Keyring) secret.Past {
		p := secret.Past{Used: true}
		for _, k := range by {
			p.Samples = append(p.Samples, secret.Sample{Sealed: k.Seal(secret.New("x"), "P"), Purpose: "P"})
		}
		return p
	}
	for _, c := range []struct {
		name string
		past secret.Past
		keys []secret.OperatorKey
		want *secret.Keyring // nil: refused
	}{
		{"the one there is", used(), []secret.OperatorKey{a}, bareA},
		{"the same twice", used(), []secret.OperatorKey{a, a}, bareA},
		{"two, and nothing tells", used(), []secret.OperatorKey{b, a}, nil},
		{"two, and the old one opens", used(bareA), []secret.OperatorKey{b, a}, bareA},
		{"two, and both open something", used(bareA, bareB), []secret.OperatorKey{b, a}, bareB},
		{"another than what is stored", used(bareA), []secret.OperatorKey{b}, nil},
	} {
		v := &vault{past: c.past}
		k, err := secret.OpenKeyring(t.Context(), v, c.keys, secret.Options{})
		if c.want == nil {
			if !errors.Is(err, secret.ErrPastKey) || len(v.rows) > 0 {
				t.Errorf("%s: %v, %d rows", c.name, err, len(v.rows))
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if k.Hash("p", "x") != c.want.Hash("p", "x") {
			t.Errorf("%s: took another", c.name)
		}
		if got := v.under(); !slices.Equal(got, []string{c.keys[0].Fingerprint()}) {
			t.Errorf("%s: wrapped under %v", c.name, got)
		}
	}
}

func TestTheOperatorsKeyIsRotated(t *testing.T) {
	a, _ := operator(t, 1)
	b, _ := operator(t, 2)
	v := &vault{}
	first := open(t, v, a)
	sealed, hash := first.Seal(secret.New(canary), "P"), first.Hash("p", "x")
	for _, step := range []struct {
		keys  []secret.OperatorKey
		under secret.OperatorKey
	}{
		{[]secret.OperatorKey{a, b}, a}, {[]secret.OperatorKey{b, a}, b}, {[]secret.OperatorKey{a, b}, a},
		{[]secret.OperatorKey{b, a}, b}, {[]secret.OperatorKey{b}, b},
	} {
		k := open(t, v, step.keys...)
		if got := v.under(); !slices.Equal(got, []string{step.under.Fingerprint()}) {
			t.Errorf("%v: wrapped under %v", step.keys, got)
		}
		if got, err := k.Open(sealed, "P"); err != nil || !got.Equal(canary) || k.Hash("p", "x") != hash {
			t.Errorf("%v: opened %v", step.keys, err)
		}
		if got, err := first.Open(k.Seal(secret.New(canary), "Q"), "Q"); err != nil || !got.Equal(canary) {
			t.Errorf("%v: a replica from before does not open: %v", step.keys, err)
		}
	}
	_, err := secret.OpenKeyring(t.Context(), v, []secret.OperatorKey{a}, secret.Options{})
	e, ok := errors.AsType[*secret.LockedError](err)
	if !ok {
		t.Fatalf("the key of before opens them still: %v", err)
	}
	want := &secret.LockedError{ID: 1, Purpose: secret.ForSealing, Under: b.Fingerprint(), Configured: []string{a.Fingerprint()}}
	if diff := cmp.Diff(want, e); diff != "" {
		t.Error(diff)
	}
	if got := v.under(); !slices.Equal(got, []string{b.Fingerprint()}) {
		t.Errorf("a start that was refused changed them: wrapped under %v", got)
	}
}

func TestARenewedKeySealsAndTheOldOnesOpen(t *testing.T) {
	a, bare := operator(t, 1)
	v := &vault{past: secret.Past{Used: true}}
	k := open(t, v, a)
	sealed := [][]byte{bare.Seal(secret.New(canary), "P"), k.Seal(secret.New(canary), "P")}
	hash := k.Hash("p", "x")
	for want := uint16(3); want <= 5; want++ {
		row, err := secret.Renew(t.Context(), v, []secret.OperatorKey{a}, "it was seen", noon)
		if err != nil || row.ID != want || row.Note != "it was seen" || row.Under() != a.Fingerprint() {
			t.Fatalf("renewed as %+v, %v", row, err)
		}
		if err := k.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := k.Seal(secret.New(canary), "P")
		if id, ok := secret.SealedWith(s); !ok || id != want {
			t.Errorf("sealed with key %d, want %d", id, want)
		}
		sealed = append(sealed, s)
	}
	for _, k := range []*secret.Keyring{k, open(t, v, a)} {
		for i, s := range sealed {
			if got, err := k.Open(s, "P"); err != nil || !got.Equal(canary) {
				t.Errorf("number %d: %v", i, err)
			}
		}
		if k.Hash("p", "x") != hash {
			t.Error("hashes have changed")
		}
	}
	for _, r := range v.rows {
		if retired := !r.RetiredAt.IsZero(); retired != (r.ID == 1 || r.ID == 3 || r.ID == 4) {
			t.Errorf("key %d (%s) is retired: %t", r.ID, r.Purpose, retired)
		}
	}
}

func TestARenewedKeyIsWrappedAsTheServiceHasIt(t *testing.T) {
	a, _ := operator(t, 1)
	b, _ := operator(t, 2)
	v := &vault{}
	open(t, v, a)
	// Whoever types the command has the next key in force already.
	if _, err := secret.Renew(t.Context(), v, []secret.OperatorKey{b, a}, "early", noon); err != nil {
		t.Fatal(err)
	}
	open(t, v, a)

	if _, err := secret.Renew(t.Context(), v, []secret.OperatorKey{b}, "wrong", noon); err == nil {
		t.Error("renewed by somebody who opens nothing")
	}
	if _, err := secret.Renew(t.Context(), &vault{}, []secret.OperatorKey{b}, "wrong", noon); !errors.Is(err, secret.ErrNoKeys) {
		t.Errorf("renewed where there is nothing: %v", err)
	}
}

// rotatedAtTheLastMoment is a vault in which somebody rotates between the reading
// and the writing of whoever renews.
type rotatedAtTheLastMoment struct {
	*vault
	rotate func()
}

func (v *rotatedAtTheLastMoment) NextKey(ctx context.Context, row, after secret.KeyRow) (bool, error) {
	if v.rotate != nil {
		v.rotate()
		v.rotate = nil
	}
	return v.vault.NextKey(ctx, row, after)
}

func TestARenewalInTheMiddleOfARotationLeavesNothingBehind(t *testing.T) {
	a, _ := operator(t, 1)
	b, _ := operator(t, 2)
	v := &vault{}
	open(t, v, a)
	late := &rotatedAtTheLastMoment{v, func() { open(t, v, b, a) }}
	row, err := secret.Renew(t.Context(), late, []secret.OperatorKey{a, b}, "meanwhile", noon)
	if err != nil || row.Under() != b.Fingerprint() {
		t.Errorf("wrapped under %s, %v", row.Under(), err)
	}
	open(t, v, b)
}

// renewedAtTheLastMoment is a vault in which somebody renews between the reading
// and the writing of whoever rotates.
type renewedAtTheLastMoment struct {
	*vault
	renew func()
}

func (v *renewedAtTheLastMoment) Rewrap(ctx context.Context, id uint16, from, to []byte) (bool, error) {
	if v.renew != nil {
		v.renew()
		v.renew = nil
	}
	return v.vault.Rewrap(ctx, id, from, to)
}

func TestARotationSeesARenewalInTheMiddleOfIt(t *testing.T) {
	a, _ := operator(t, 1)
	b, _ := operator(t, 2)
	v := &vault{}
	open(t, v, a)
	open(t, &renewedAtTheLastMoment{v, func() {
		if _, err := secret.Renew(t.Context(), v, []secret.OperatorKey{a, b}, "meanwhile", noon); err != nil {
			t.Error(err)
		}
	}}, b, a)
	if got := v.under(); len(v.rows) != 3 || !slices.Equal(got, []string{b.Fingerprint()}) {
		t.Errorf("%d rows, wrapped under %v", len(v.rows), got)
	}
}

func TestRowsThatWereMovedOrChangedDoNotOpen(t *testing.T) {
	a, _ := operator(t, 1)
	v := &vault{}
	open(t, v, a)
	good := slices.Clone(v.rows)
	for name, spoil := range map[string]func([]secret.KeyRow){
		"exchanged": func(r []secret.KeyRow) { r[0].Sealed, r[1].Sealed = r[1].Sealed, r[0].Sealed },
		"renamed":   func(r []secret.KeyRow) { r[0].Purpose = secret.ForHashing },
		"numbered":  func(r []secret.KeyRow) { r[0].ID = 7 },
		"cut":       func(r []secret.KeyRow) { r[0].Sealed = r[0].Sealed[:20] },
		"emptied":   func(r []secret.KeyRow) { r[0].Sealed = nil },
		"misnamed":  func(r []secret.KeyRow) { r[0].Sealed = bytes.Clone(r[0].Sealed); r[0].Sealed[2] ^= 1 },
		"changed":   func(r []secret.KeyRow) { r[0].Sealed = bytes.Clone(r[0].Sealed); r[0].Sealed[30] ^= 1 },
	} {
		v.rows = slices.Clone(good)
		spoil(v.rows)
		_, err := secret.OpenKeyring(t.Context(), v, []secret.OperatorKey{a}, secret.Options{})
		if _, ok := errors.AsType[*secret.LockedError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, rows := range map[string][]secret.KeyRow{"no sealing key": good[1:], "no hashing key": good[:1]} {
		v.rows = rows
		if _, err := secret.OpenKeyring(t.Context(), v, []secret.OperatorKey{a}, secret.Options{}); err == nil {
			t.Errorf("%s, and it starts", name)
		}
	}
}

func TestInspectSaysWhichKeyOpensWhat(t *testing.T) {
	a, _ := operator(t, 1)
	b, _ := operator(t, 2)
	c, _ := operator(t, 3)
	v := &vault{}
	open(t, v, a)
	if _, err := v.Rewrap(t.Context(), 2, v.rows[1].Sealed, []byte{9, 9}); err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, keys := range [][]secret.OperatorKey{{a}, {b, a}, {c}} {
		for _, s := range secret.Inspect(v.rows, keys) {
			got = append(got, s.With)
		}
	}
	if want := []int{0, -1, 1, -1, -1, -1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if u := v.rows[1].Under(); u != "unknown" {
		t.Errorf("what is no wrapped key is under %s", u)
	}
}

func TestNothingPrintsAKey(t *testing.T) {
	raw := []byte("0123456789abcdef0123456789abcdef")
	key, err := secret.NewOperatorKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	k := open(t, &vault{}, key)
	bare, err := secret.NewKeyring(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, held := range []any{key, &key, k, bare, []any{key, k}, map[string]secret.OperatorKey{"k": key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
			got := fmt.Sprintf(verb, held)
			if rest := strings.Map(keepRare, got); len(got) > 200 || strings.Contains(rest, "0123456789abcdef") {
				t.Errorf("%T printed with %s: %s", held, verb, got)
			}
		}
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", key, "ring", k)
	if got := out.String(); !strings.Contains(got, key.Fingerprint()) || !strings.Contains(got, secret.Redacted) {
		t.Errorf("logged as %s", got)
	}
	if _, err := secret.NewOperatorKey(raw[1:]); err == nil {
		t.Error("a short key is taken")
	}
}

// keepRare leaves out what separates bytes in a dump.
func keepRare(r rune) rune {
	if strings.ContainsRune(" ,[]{}x", r) {
		return -1
	}
	return r
}

func TestAFreshKeyIsReadBackAndHasAFingerprintOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		raw, err := secret.ParseKey(secret.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		key, err := secret.NewOperatorKey(raw)
		if err != nil {
			t.Fatal(err)
		}
		if f := key.Fingerprint(); len(f) != 6 {
			t.Errorf("fingerprint %q", f)
		}
		seen[key.Fingerprint()] = true
	}
	if len(seen) < 19 { // two of 20 are alike once in 90,000 times
		t.Errorf("only %d fingerprints of 20 keys", len(seen))
	}
}
