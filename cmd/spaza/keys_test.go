package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

// testKey is a key as it is configured, and its fingerprint.
func testKey(t *testing.T, b byte) (text, fingerprint string) {
	t.Helper()
	raw := bytes.Repeat([]byte{b}, secret.KeySize)
	key, err := secret.NewOperatorKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw), key.Fingerprint()
}

// watched is what a service writes; ready is closed when it listens.
type watched struct {
	mu    sync.Mutex
	text  bytes.Buffer
	ready chan struct{}
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := strings.Contains(w.text.String(), "msg=listening")
	n, err := w.text.Write(b)
	if !before && strings.Contains(w.text.String(), "msg=listening") {
		close(w.ready)
	}
	return n, err
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// serving runs the service until it listens, then during, then stops it. It
// returns what it said, and whether it came to listen.
func serving(t *testing.T, environ []string, during func()) (said string, listened bool) {
	t.Helper()
	standard := slog.Default()
	defer slog.SetDefault(standard)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w := &watched{ready: make(chan struct{})}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve"}, console{out: w, err: w, environ: append(environ, "SPAZA_LISTEN=127.0.0.1:0", "SPAZA_ADMIN_LISTEN=")})
	}()
	select {
	case <-w.ready:
		if during != nil {
			during()
		}
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("stopped with status %d\n%s", status, w)
		}
		return w.String(), true
	case status := <-ended:
		if status != 1 {
			t.Errorf("refused with status %d", status)
		}
		return w.String(), false
	case <-time.After(time.Minute):
		t.Fatalf("neither listens nor ends\n%s", w)
		return "", false
	}
}

// command runs a command beside the service.
func command(t *testing.T, environ []string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), args, console{out: &o, err: &e, environ: environ})
	return status, o.String(), e.String()
}

func statusOf(t *testing.T, environ []string) (status int, r keysReport) {
	t.Helper()
	status, out, errs := command(t, environ, "keys", "status", "--json")
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs)
	}
	return status, r
}

func TestTheOperatorsKeyIsRotatedUnderTheService(t *testing.T) {
	a, fpA := testKey(t, 1)
	b, fpB := testKey(t, 2)
	c, fpC := testKey(t, 3)
	dir := filepath.Join(t.TempDir(), "data")
	env := func(kv ...string) []string { return append(kv, "SPAZA_DATA_DIR="+dir) }
	under := func(environ []string, want string, keys int) {
		t.Helper()
		status, r := statusOf(t, environ)
		if status != 0 || !r.Opens || len(r.Keys) != keys {
			t.Errorf("status %d, %+v", status, r)
		}
		for _, k := range r.Keys {
			if k.Under != want {
				t.Errorf("key %d is under %s, want %s", k.ID, k.Under, want)
			}
		}
	}

	if _, ok := serving(t, env("SPAZA_SECRET_KEY="+a), nil); !ok {
		t.Fatal("the first start is refused")
	}
	under(env("SPAZA_SECRET_KEY="+a), fpA, 2)
	// Commands do not wrap again: they may be ahead of the service.
	under(env("SPAZA_SECRET_KEY="+b, "SPAZA_SECRET_KEY_OLD="+a), fpA, 2)

	if _, ok := serving(t, env("SPAZA_SECRET_KEY="+a, "SPAZA_SECRET_KEY_OLD="+b), nil); !ok {
		t.Fatal("step 1 is refused")
	}
	under(env("SPAZA_SECRET_KEY="+a), fpA, 2)

	said, ok := serving(t, env("SPAZA_SECRET_KEY="+b, "SPAZA_SECRET_KEY_OLD= "+c+", "+a+","), func() {
		under(env("SPAZA_SECRET_KEY="+b), fpB, 2)
		status, out, errs := command(t, env("SPAZA_SECRET_KEY="+b), "keys", "renew", "--reason", "somebody left")
		if status != 0 || !strings.Contains(out, "Data key 3") || !strings.Contains(out, fpB) {
			t.Errorf("status %d: %s%s", status, out, errs)
		}
	})
	if !ok || !strings.Contains(said, "data key wrapped again") {
		t.Fatalf("step 2: %s", said)
	}
	if _, ok := serving(t, env("SPAZA_SECRET_KEY="+b), nil); !ok {
		t.Fatal("step 3 is refused")
	}
	under(env("SPAZA_SECRET_KEY="+b), fpB, 3)

	said, ok = serving(t, env("SPAZA_SECRET_KEY="+c), nil)
	if ok {
		t.Fatal("it serves with a key that opens nothing")
	}
	for _, want := range []string{"SPAZA_SECRET_KEY_OLD", fpB, fpC, "docs/keys.md"} {
		if !strings.Contains(said, want) {
			t.Errorf("%s is not in %s", want, said)
		}
	}
	for _, key := range []string{a, b, c} {
		if strings.Contains(said, key) {
			t.Error("a key is printed")
		}
	}
	if status, r := statusOf(t, env("SPAZA_SECRET_KEY="+c)); status != 1 || r.Opens || r.Keys[0].Opens || r.Keys[2].Note != "somebody left" {
		t.Errorf("status %d, %+v", status, r)
	}
	if status, _, errs := command(t, env("SPAZA_SECRET_KEY="+c), "keys", "renew", "--reason", "x"); status != 1 || !strings.Contains(errs, "SPAZA_SECRET_KEY_OLD") {
		t.Errorf("renewed with a key that opens nothing: %d, %s", status, errs)
	}
	under(env("SPAZA_SECRET_KEY="+b), fpB, 3)
}

func TestTheKeyOfTheDataFolderIsRotatedOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	env := func(kv ...string) []string { return append(kv, "SPAZA_DATA_DIR="+dir) }
	if status, _, errs := command(t, env(), "keys", "status"); status != 1 || !strings.Contains(errs, "secret.key") {
		t.Errorf("where nothing is: status %d, %s", status, errs)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a command made a data folder")
	}
	for range 2 {
		if said, ok := serving(t, env(), nil); !ok || !strings.Contains(said, "secret key in") {
			t.Fatal(said)
		}
	}
	file := filepath.Join(dir, "secret.key")
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	if _, r := statusOf(t, env()); r.Configured[0].Where != file || r.Configured[0].Wraps != 2 {
		t.Errorf("%+v", r)
	}
	a, _ := testKey(t, 1)
	if said, ok := serving(t, env("SPAZA_SECRET_KEY="+a), nil); ok || !strings.Contains(said, "which is in "+file) {
		t.Errorf("serves: %t\n%s", ok, said)
	}
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if said, ok := serving(t, env("SPAZA_SECRET_KEY="+a, "SPAZA_SECRET_KEY_OLD="+string(old)), nil); !ok {
		t.Error(said)
	}
	if err := os.WriteFile(file, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, ok := serving(t, env("SPAZA_SECRET_KEY="+a), nil); !ok {
		t.Error(said)
	}
	if said, ok := serving(t, env(), nil); ok || !strings.Contains(said, "read secret key") {
		t.Errorf("serves: %t\n%s", ok, said)
	}
}

func TestTheFirstStartAfterTheUpgradeWantsTheKeyInUse(t *testing.T) {
	a, _ := testKey(t, 1)
	b, _ := testKey(t, 2)
	dir := t.TempDir()
	books, err := store.OpenSQL(t.Context(), "sqlite:"+filepath.Join(dir, "spaza.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = books.InTx(t.Context(), func(tx vend.Tx) error {
		_, err := tx.EnsureCustomer("27821234567", "c", time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := books.Close(); err != nil {
		t.Fatal(err)
	}
	env := set("SPAZA_DATA_DIR="+dir, "SPAZA_SECRET_KEY="+a)
	if status, out, _ := command(t, env, "keys", "status"); status != 0 || !strings.Contains(out, "no data keys yet") {
		t.Errorf("status %d: %s", status, out)
	}
	if status, _, errs := command(t, env, "keys", "renew", "--reason", "x"); status != 1 || !strings.Contains(errs, "no data keys yet") {
		t.Errorf("status %d: %s", status, errs)
	}
	if said, ok := serving(t, append(env, "SPAZA_SECRET_KEY_OLD="+b), nil); ok || !strings.Contains(said, "SPAZA_SECRET_KEY_OLD to nothing") {
		t.Errorf("serves: %t\n%s", ok, said)
	}
	if said, ok := serving(t, env, nil); !ok {
		t.Error(said)
	}
}

func TestAKeyIsMadeAndNothingElse(t *testing.T) {
	status, out, errs := command(t, nil, "keys", "new")
	raw, err := secret.ParseKey(strings.TrimSpace(out))
	if status != 0 || err != nil {
		t.Fatalf("status %d, %v", status, err)
	}
	key, err := secret.NewOperatorKey(raw)
	if err != nil || errs != "fingerprint "+key.Fingerprint()+"\n" {
		t.Errorf("said %q, %v", errs, err)
	}
	if _, again, _ := command(t, nil, "keys", "new"); again == out {
		t.Error("the same twice")
	}
}

func TestOldKeysAreCheckedWithTheConfiguration(t *testing.T) {
	a, _ := testKey(t, 1)
	for value, want := range map[string]int{"": 0, ",": 0, a: 1, a + " , " + a + ",": 2, "canary": -1, a + ",c2hvcnQ=": -1, a + " " + a: -1} {
		c, err := readConfig(set("SPAZA_SECRET_KEY_OLD=" + value))
		if want < 0 {
			if err == nil || !strings.Contains(err.Error(), "SPAZA_SECRET_KEY_OLD") || strings.Contains(err.Error(), "canary") {
				t.Errorf("%q: %v", value, err)
			}
			continue
		}
		keys, oldErr := c.oldKeys()
		if err != nil || oldErr != nil || len(keys) != want {
			t.Errorf("%q: %d keys, %v, %v", value, len(keys), err, oldErr)
		}
		if strings.Contains(c.describe(), a) {
			t.Error("an old key is printed")
		}
	}
}

func TestAPersonReadsHowTheKeysStand(t *testing.T) {
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	retired := made.Add(time.Hour)
	r := keysReport{
		Configured: []configuredKey{{"SPAZA_SECRET_KEY", "aaaaaa", 2}, {"SPAZA_SECRET_KEY_OLD", "bbbbbb", 1}},
		Keys: []keyReport{
			{ID: 1, Purpose: secret.ForSealing, CreatedAt: made, AgeSeconds: 3 * 86400, RetiredAt: &retired, Under: "bbbbbb", Opens: true, Rows: map[string]int64{"orders.goods": 7}},
			{ID: 2, Purpose: secret.ForHashing, CreatedAt: made, AgeSeconds: 3 * 86400, Under: "aaaaaa", Opens: true},
			{ID: 3, Purpose: secret.ForSealing, CreatedAt: retired, AgeSeconds: 3600, Under: "aaaaaa", Opens: true, Note: "a\nleaver", Rows: map[string]int64{"orders.sealed": 2}},
		},
		Opens: true,
	}
	for _, c := range []struct {
		name   string
		change func()
		want   string
	}{
		{"in the middle of a rotation", func() {}, `aaaaaa  SPAZA_SECRET_KEY wraps 2 of 3 data keys
bbbbbb  SPAZA_SECRET_KEY_OLD wraps 1 of 3 data keys

key  for   under   made                 age     retired              rows sealed          why
1    seal  bbbbbb  2026-01-02 03:04:05  3 days  2026-01-02 04:04:05  0 requests, 7 goods  -
2    hash  aaaaaa  2026-01-02 03:04:05  3 days  -                    -                    -
3    seal  aaaaaa  2026-01-02 04:04:05  1h0m0s  -                    2 requests, 0 goods  a leaver

Keep SPAZA_SECRET_KEY_OLD: it wraps data keys. The service wraps them under SPAZA_SECRET_KEY when it starts.
`},
		{"after it", func() { r.Configured[0].Wraps, r.Configured[1].Wraps = 3, 0 }, "SPAZA_SECRET_KEY_OLD is not needed"},
		{"without an old key", func() { r.Configured = r.Configured[:1] }, "SPAZA_SECRET_KEY wraps all data keys.\n"},
		{"with rows of no key", func() { r.Lost = map[string]int64{"orders.goods": 4} }, "4 rows of orders.goods were sealed by no key that is here.\n"},
		{"with a key that does not open", func() { r.Keys[2].Opens = false }, "aaaaaa NOT CONFIGURED"},
	} {
		c.change()
		var out strings.Builder
		if err := r.write(&out); err != nil || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %v\n%s", c.name, err, out.String())
		}
	}
}
