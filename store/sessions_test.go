package store_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"spaza/dialog"
	"spaza/store"
	"spaza/test/whole"
)

// redisServers are the servers that Sessions is tested on: the embedded one,
// and a real one where the test command has started it.
func redisServers(t *testing.T) map[string]string {
	t.Helper()
	servers := map[string]string{"embedded": "redis://" + miniredis.RunT(t).Addr()}
	if url := os.Getenv("SPAZA_TEST_REDIS_URL"); url != "" {
		servers["real"] = url
	} else {
		t.Log("no real Redis (SPAZA_TEST_REDIS_URL is not set): tested on the embedded one only")
	}
	return servers
}

func eachRedis(t *testing.T, test func(t *testing.T, s *store.Sessions)) {
	t.Helper()
	for name, url := range redisServers(t) {
		t.Run(name, func(t *testing.T) {
			test(t, patientSessions(t, url))
		})
	}
}

// patientSessions are sessions that wait long for their server: one that is given up
// is asked again, and counts once more what it had counted.
func patientSessions(t *testing.T, url string) *store.Sessions {
	t.Helper()
	s, err := store.OpenSessions(whole.PatientRedis(url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// rec makes a record with a stamp of its own. Stamps are bytes, not text.
func rec(n byte, rest string) string {
	return string(bytes.Repeat([]byte{n}, dialog.StampSize)) + rest
}

func freshKey() string { return fmt.Sprintf("s:{test-%x}", rand.Uint64()) }

const life = time.Minute

func TestASessionIsSavedOnTopOfWhatItWasReadAs(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *store.Sessions) {
		ctx, key := t.Context(), freshKey()
		if got, err := s.Load(ctx, key); got != "" || err != nil {
			t.Fatalf("before anything: %q, %v", got, err)
		}
		for i, step := range []struct {
			prev, next, current string
			saved               bool
		}{
			{"", rec(1, "one\x00\xff"), "", true},
			{"", rec(1, "one\x00\xff"), "", true},                                 // its reply was lost; sent again
			{"", rec(2, "two"), rec(1, "one\x00\xff"), false},                     // somebody else came first
			{rec(1, ""), rec(2, "two"), "", true},                                 //
			{rec(1, ""), rec(3, "three"), rec(2, "two"), false},                   // from an old version
			{rec(2, ""), rec(3, strings.Repeat("long ", 500)), "", true},          //
			{rec(9, ""), rec(4, ""), rec(3, strings.Repeat("long ", 500)), false}, // from a version that never was
		} {
			current, saved, err := s.Save(ctx, key, step.prev, step.next, life)
			if err != nil || saved != step.saved || current != step.current {
				t.Fatalf("step %d: saved %v, current %q, %v", i, saved, current, err)
			}
		}
		if got, err := s.Load(ctx, key); got != rec(3, strings.Repeat("long ", 500)) || err != nil {
			t.Errorf("at the end: %q, %v", got, err)
		}
	})
}

func TestOfManyWhoSaveAtOnceOneWins(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *store.Sessions) {
		key := freshKey()
		prev := ""
		for round := range 20 {
			var wg sync.WaitGroup
			var mu sync.Mutex
			var winners []string
			losers := map[string]bool{}
			for i := range 8 {
				wg.Go(func() {
					mine := rec(byte(1+round*8+i), "x")
					current, saved, err := s.Save(t.Context(), key, prev, mine, life)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err != nil:
						t.Error(err)
					case saved:
						winners = append(winners, mine)
					default:
						losers[current] = true
					}
				})
			}
			wg.Wait()
			if len(winners) != 1 || len(losers) != 1 || !losers[winners[0]] {
				t.Fatalf("round %d: %d won, the others were told of %d", round, len(winners), len(losers))
			}
			prev = winners[0][:dialog.StampSize]
		}
	})
}

func TestASessionEndsWithItsLife(t *testing.T) {
	m := miniredis.RunT(t)
	s, err := store.OpenSessions("redis://" + m.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	key := freshKey()
	save := func(prev, next string) {
		t.Helper()
		if _, saved, err := s.Save(t.Context(), key, prev, next, life); !saved || err != nil {
			t.Fatal(saved, err)
		}
	}
	save("", rec(1, ""))
	m.FastForward(life * 3 / 4)
	save(rec(1, ""), rec(2, ""))
	m.FastForward(life * 3 / 4)
	if got, err := s.Load(t.Context(), key); got == "" || err != nil {
		t.Fatalf("a save did not renew its life: %v", err)
	}
	m.FastForward(life)
	if got, err := s.Load(t.Context(), key); got != "" || err != nil {
		t.Fatalf("still there: %q, %v", got, err)
	}
}

// TestALostReplyIsNoConflict cuts the connection after the server has run the
// script and before its reply arrives; the client sends it again by itself.
func TestALostReplyIsNoConflict(t *testing.T) {
	m := miniredis.RunT(t)
	gate, cut := cutFirstReply(t, m.Addr(), "eval") // by its name the server does not know the script yet
	s, err := store.OpenSessions("redis://" + gate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	key := freshKey()
	if current, saved, err := s.Save(t.Context(), key, "", rec(1, "one"), life); !saved || err != nil {
		t.Fatalf("saved %v, current %q, %v", saved, current, err)
	}
	if got, _ := m.Get(key); got != rec(1, "one") {
		t.Errorf("stored %q", got)
	}
	if !cut.Load() {
		t.Error("no reply was lost")
	}
}

// cutFirstReply stands before a server and swallows the first reply to a
// command that succeeds, with the connection. It says whether there was one.
func cutFirstReply(t *testing.T, to, command string) (addr string, done *atomic.Bool) {
	t.Helper()
	done = new(atomic.Bool)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = in.Close() }()
				out, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer func() { _ = out.Close() }()
				buf := make([]byte, 64<<10)
				for {
					n, err := in.Read(buf)
					if err != nil {
						return
					}
					asked := strings.ToLower(string(buf[:n]))
					if _, err := out.Write(buf[:n]); err != nil {
						return
					}
					if n, err = out.Read(buf); err != nil {
						return
					}
					if strings.Contains(asked, command) && buf[0] == ':' && done.CompareAndSwap(false, true) {
						return
					}
					if _, err := in.Write(buf[:n]); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String(), done
}

func TestASilentRedisIsNotWaitedFor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s, err := store.OpenSessions("redis://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Load(ctx, freshKey()); err == nil {
		t.Error("a silent server answered")
	}
}

func TestWhichURLsAreUnderstood(t *testing.T) {
	for url, ok := range map[string]bool{
		"redis://localhost:6379":                                          true,
		"rediss://user:pass@redis.example:6380/2":                         true,
		"redis://a:6379?addr=b:6379&addr=c:6379":                          true,
		"redis://sentinel-a:26379?master_name=main&addr=sentinel-b:26379": true,
		"http://localhost":                                                false,
		"redis://:canary@bad host":                                        false,
	} {
		s, err := store.OpenSessions(url)
		if (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("the error holds the password: %v", err)
		}
		if s != nil {
			_ = s.Close()
		}
	}
}

func TestEmbeddedRedisExpiresByTheClock(t *testing.T) {
	e, err := store.StartEmbeddedRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	s, err := store.OpenSessions(e.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	key := freshKey()
	if _, saved, err := s.Save(t.Context(), key, "", rec(1, ""), 50*time.Millisecond); !saved || err != nil {
		t.Fatal(saved, err)
	}
	deadline := time.After(10 * time.Second)
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		select {
		case <-tick.C:
			if got, err := s.Load(t.Context(), key); err != nil {
				t.Fatal(err)
			} else if got == "" {
				return
			}
		case <-deadline:
			t.Fatal("the key is still there")
		}
	}
}
