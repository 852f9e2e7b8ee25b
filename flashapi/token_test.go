package flashapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"spaza/hostcall"
	"spaza/secret"
)

// refusing is a host whose API refuses the tokens in bad.
func refusing(t *testing.T, status int, body string, bad ...string) (b *bench, tokens, posts *atomic.Int32, bodies *sync.Map) {
	tokens, posts, bodies = new(atomic.Int32), new(atomic.Int32), new(sync.Map)
	b = setup(t, func(o *Options) { o.TokenURL = strings.TrimSuffix(o.BaseURL, "/") + "/mint" })
	b.mux.HandleFunc("POST /mint", func(w http.ResponseWriter, r *http.Request) {
		giveToken(w, fmt.Sprintf("T%d-not-real", tokens.Add(1)), "3600")
	})
	b.handleOp(OpPinlessPurchase, func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		bodies.Store(posts.Add(1), string(sent))
		for _, token := range bad {
			if r.Header.Get("Authorization") == "Bearer "+token {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
				return
			}
		}
		_, _ = io.WriteString(w, `{"responseCode":0}`)
	})
	return b, tokens, posts, bodies
}

func TestARefusedTokenIsRenewedOnceAndTheSameBytesSentAgain(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
	}{
		"bare 401":          {401, ""},
		"gateway's 401":     {401, `{"fault":{"code":900901}}`},
		"401 with a code":   {401, `{"responseCode":3704}`},
		"200 with a code":   {200, `{"responseCode":2233}`},
		"400 with a string": {400, `{"responseCode":"3702"}`},
	} {
		b, tokens, posts, bodies := refusing(t, c.status, c.body, "T1-not-real")
		m := b.build(tenRand())
		x := b.client.Post(t.Context(), m)
		if v := Judge(m, x, First); v.Settled != Happened {
			t.Errorf("%s: %+v", name, v)
		}
		if tokens.Load() != 2 || posts.Load() != 2 {
			t.Errorf("%s: %d tokens and %d posts, want 2 and 2", name, tokens.Load(), posts.Load())
		}
		first, _ := bodies.Load(int32(1))
		second, _ := bodies.Load(int32(2))
		if first != m.Body.Reveal() || second != first {
			t.Errorf("%s: the bytes changed", name)
		}
	}
}

func TestARefusedFreshTokenEndsTheCallAndPausesFetching(t *testing.T) {
	b, tokens, posts, _ := refusing(t, 401, "", "T1-not-real", "T2-not-real", "T3-not-real")
	m := b.build(tenRand())
	x := b.client.Post(t.Context(), m)
	if v := Judge(m, x, First); v.Class != ClassAuth || v.Settled != Refused || !v.Alert {
		t.Errorf("%+v", v)
	}
	if tokens.Load() != 2 || posts.Load() != 2 {
		t.Errorf("%d tokens and %d posts, want 2 and 2", tokens.Load(), posts.Load())
	}
	x = b.client.Post(t.Context(), m)
	if x.Sent || !errors.Is(x.Err, ErrCredentials) || tokens.Load() != 2 {
		t.Errorf("within the gap: sent %v, error %v, tokens %d", x.Sent, x.Err, tokens.Load())
	}
}

func TestARefusalStandsWhenNoOtherTokenCanBeHad(t *testing.T) {
	b, tokens, posts, _ := refusing(t, 401, `{"responseCode":3704}`, "T1-not-real")
	if err := b.client.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.client.options.TokenURL = b.server.URL + basePath + "/nowhere"
	m := b.build(tenRand())
	x := b.client.Post(t.Context(), m)
	if v := Judge(m, x, First); !x.Sent || v.Code != "3704" || v.Settled != Refused {
		t.Errorf("%+v", v)
	}
	if tokens.Load() != 1 || posts.Load() != 1 {
		t.Errorf("%d tokens and %d posts, want 1 and 1", tokens.Load(), posts.Load())
	}
}

func TestABusinessRefusalUnder401RenewsNothing(t *testing.T) {
	b, tokens, posts, _ := refusing(t, 401, `{"responseCode":2402}`, "T1-not-real")
	x := b.client.Post(t.Context(), b.build(tenRand()))
	if x.Status != 401 || tokens.Load() != 1 || posts.Load() != 1 {
		t.Errorf("HTTP %d, %d tokens, %d posts", x.Status, tokens.Load(), posts.Load())
	}
}

// guarded is a host that knows which of its tokens are good.
type guarded struct {
	mu            sync.Mutex
	ttl           time.Duration
	made, refused int
	good          map[string]time.Time // the ends of its tokens
	deaf          bool                 // refuses every token
	sent          map[string][]string  // bodies by their references
	arrived       func()               // called for every post, without the lock
}

func newGuarded(ttl time.Duration) *guarded {
	return &guarded{ttl: ttl, good: make(map[string]time.Time), sent: make(map[string][]string)}
}

func (g *guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	w := httptest.NewRecorder()
	if r.URL.Path == "/token" {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.made++
		token := fmt.Sprintf("T%d-not-real", g.made)
		g.good["Bearer "+token] = time.Now().Add(g.ttl)
		giveToken(w, token, int(g.ttl/time.Second))
		return w.Result(), nil
	}
	var a struct{ Reference string }
	_ = json.Unmarshal(body, &a)
	g.mu.Lock()
	good := !g.deaf && time.Now().Before(g.good[r.Header.Get("Authorization")])
	g.sent[a.Reference] = append(g.sent[a.Reference], string(body))
	if !good {
		g.refused++
	}
	g.mu.Unlock()
	if g.arrived != nil {
		g.arrived()
	}
	if good {
		_, _ = io.WriteString(w, `{"responseCode":0}`)
	} else {
		w.WriteHeader(http.StatusUnauthorized)
	}
	return w.Result(), nil
}

// each calls from so many goroutines at once, under a reference of its own, and
// counts what came of it.
func (g *guarded) each(t *testing.T, c *Client, n int, round string) (happened, refused, open int) {
	t.Helper()
	var all sync.WaitGroup
	var settled [3]atomic.Int32
	for i := range n {
		all.Go(func() {
			p := tenRand()
			p.Reference = fmt.Sprintf("%s-%d", round, i)
			m := message(p)
			settled[Judge(m, c.Post(t.Context(), m), First).Settled].Add(1)
		})
	}
	all.Wait()
	return int(settled[Happened].Load()), int(settled[Refused].Load()), int(settled[Open].Load())
}

func guardedClient(t *testing.T, g *guarded) *Client {
	t.Helper()
	c, err := New(Options{
		BaseURL: "http://flash.example", APIKey: secret.New(testKey), AccountNumber: "1", Transport: g, Rate: 1e6, Burst: 1e6, BreakerFailures: 5,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTokensExpireUnderManyCallersUnnoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuarded(10 * time.Minute)
		c := guardedClient(t, g)
		const minutes, callers = 180, 20
		for minute := range minutes {
			if done, _, _ := g.each(t, c, callers, fmt.Sprint(minute)); done != callers {
				t.Fatalf("minute %d: %d of %d calls succeeded", minute, done, callers)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if g.refused != 0 || len(g.sent) != minutes*callers {
			t.Errorf("%d calls were refused, %d made", g.refused, len(g.sent))
		}
		if want := minutes/9 + 1; g.made > want {
			t.Errorf("%d tokens, want at most %d", g.made, want)
		}
	})
}

func TestAStormOfRefusedTokensRenewsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuarded(time.Hour)
		c := guardedClient(t, g)
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		const callers = 100
		clear(g.good) // all are revoked
		gate, held := make(chan struct{}), new(atomic.Int32)
		g.arrived = func() {
			held.Add(1)
			<-gate // so that all of them have the old token
		}
		go func() {
			synctest.Wait()
			if n := held.Load(); n != callers {
				t.Errorf("%d calls are out with the old token, want %d", n, callers)
			}
			close(gate)
		}()
		if done, _, _ := g.each(t, c, callers, "storm"); done != callers {
			t.Errorf("%d of %d calls succeeded", done, callers)
		}
		if g.made != 2 || g.refused != callers {
			t.Errorf("%d tokens and %d refusals, want 2 and %d", g.made, g.refused, callers)
		}
		for reference, bodies := range g.sent {
			if len(bodies) != 2 || bodies[0] != bodies[1] {
				t.Errorf("%s was sent as %q", reference, bodies)
			}
		}
	})
}

func TestAHostThatRefusesAllTokensIsNotStormed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuarded(time.Hour)
		g.deaf = true
		c := guardedClient(t, g)
		const callers, seconds = 50, 60
		for second := range seconds {
			if _, refused, _ := g.each(t, c, callers, fmt.Sprint(second)); refused != callers {
				t.Fatalf("second %d: %d of %d calls are known not to have happened", second, refused, callers)
			}
			time.Sleep(time.Second)
		}
		if most := seconds/2 + 2; g.made > most { // one for each gap of two seconds
			t.Errorf("%d tokens in a minute, want at most %d", g.made, most)
		}
		for reference, bodies := range g.sent {
			if len(bodies) > 2 {
				t.Errorf("%s was sent %d times", reference, len(bodies))
			}
		}
		g.deaf = false
		time.Sleep(3 * time.Second)
		if done, _, _ := g.each(t, c, callers, "after"); done != callers {
			t.Errorf("after: %d of %d calls succeeded", done, callers)
		}
	})
}

func TestTheTokenIsAskedForAsTheDocumentSays(t *testing.T) {
	b := setup(t, func(o *Options) { o.TokenURL = o.BaseURL + "/mint" })
	b.mux.HandleFunc("POST /mint", func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Basic "+testKey {
			t.Errorf("Authorization %q", got)
		}
		if got := r.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
			t.Errorf("Content-Type %q", got)
		}
		if err := r.ParseForm(); err != nil || r.PostForm.Encode() != "grant_type=client_credentials" {
			t.Errorf("form %v, %v", r.PostForm, err)
		}
		giveToken(w, testToken, 3600)
	})
	if err := b.client.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWithoutATokenTheClientIsNotReadyAndSendsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"key refused":    {401, `{"error":"invalid_client"}`, ErrCredentials},
		"form refused":   {400, `{"error":"unsupported_grant_type"}`, ErrCredentials},
		"server error":   {500, "", ErrToken},
		"redirect":       {302, "", ErrToken},
		"empty":          {200, "", ErrToken},
		"not JSON":       {200, "<html>", ErrToken},
		"no token in it": {200, `{"token_type":"Bearer"}`, ErrToken},
		"token and more": {200, `{"access_token":"a\r\nX-Evil: 1"}`, ErrToken},
	} {
		b := setup(t, func(o *Options) { o.TokenURL = o.BaseURL + "/mint" })
		b.mux.HandleFunc("POST /mint", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		if err := b.client.Ready(t.Context()); !errors.Is(err, c.want) {
			t.Errorf("%s: not ready: %v, want %v", name, err, c.want)
		}
		x := b.client.Post(t.Context(), b.build(tenRand()))
		if x.Sent || !errors.Is(x.Err, c.want) {
			t.Errorf("%s: sent %v, error %v", name, x.Sent, x.Err)
		}
	}
}

func TestTheLifetimeOfATokenIsReadGenerously(t *testing.T) {
	for expires, want := range map[string]time.Duration{
		`3600`: time.Hour, `"3600"`: time.Hour, `60`: time.Minute, `3600.0`: time.Hour,
		`0`: time.Minute, `-5`: time.Minute, `"soon"`: time.Minute, `null`: time.Minute, `{}`: time.Minute,
		`9223372036854775807`: 24 * time.Hour, `1e99`: time.Minute,
	} {
		token, ttl, err := decodeToken([]byte(`{"access_token":"abc","expires_in":` + expires + `}`))
		if err != nil || !token.Equal("abc") || ttl != want {
			t.Errorf("expires_in %s: %s, %v; want %s", expires, ttl, err, want)
		}
	}
}

func FuzzTokenAnswer(f *testing.F) {
	for _, s := range []string{
		`{"access_token":"abc","expires_in":3600}`, `{"access_token":1,"expires_in":"x"}`, `[]`, ``, `{"access_token":{"a":1}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		token, ttl, err := decodeToken(body)
		if err == nil && (token.Empty() || !hostcall.HeaderSafe(token.Reveal()) || ttl <= 0 || ttl > maxTokenTTL) {
			t.Fatalf("token of length %d for %s", token.Len(), ttl)
		}
	})
}
