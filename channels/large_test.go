package channels

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"spaza/secret"
)

func TestLargeBodiesHaveRoomForSome(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := newLargeBodies(18*time.Second, func() time.Time { return now })
	a, b, c := new(int), new(int), new(int)
	if !l.take(a, "/a", largeRoom-10) || !l.take(b, "/b", 10) || l.take(c, "/c", 1) {
		t.Fatal("the room is not what it should be")
	}
	if path, crowded := l.turnedAway(c); !crowded || path != "/c" {
		t.Errorf("what there was no room for: %q, %v", path, crowded)
	}
	if _, crowded := l.turnedAway(c); crowded {
		t.Error("it is turned away once more")
	}
	if _, crowded := l.turnedAway(b); crowded || !l.take(c, "/c", 10) {
		t.Error("one that failed for another reason gives no room back")
	}
	if !l.take(c, "/c", 10) {
		t.Error("the next on a connection that broke does not take the place of the one before")
	}
	l.give(a)
	l.give(a) // it has none any more
	if l.take(a, "/a", largeRoom) || !l.take(a, "/a", largeRoom-10) {
		t.Error("the room that was given back is not what it should be")
	}
	now = now.Add(19 * time.Second) // nobody heard of any of them again
	if !l.take(b, "/b", largeRoom) || len(l.all) != 1 {
		t.Errorf("%d bodies are there for ever", len(l.all))
	}
}

func TestAServerReadsFewLargeBodiesAtOnce(t *testing.T) {
	t.Parallel()
	const size, most = 3 << 20, largeRoom / (3 << 20)
	entered, leave := make(chan struct{}), make(chan struct{})
	wait := func(context.Context, *Callback) Answer {
		entered <- struct{}{}
		<-leave
		return Answer{Body: []byte("kept")}
	}
	quick := func(_ context.Context, c *Callback) Answer { return Answer{Body: fmt.Append(nil, len(c.Body))} }
	signed := Route{Method: "POST", Path: "/signed", Guard: GuardOwn, MaxBody: size, Admit: func(*Callback) bool { return true }, Handle: wait}
	token := Route{
		Method: "POST", Path: "/token", Guard: GuardOwn, MaxBody: size, ByHead: true, Handle: quick,
		Admit: func(c *Callback) bool { return c.Header("X-Token") == "right" },
	}
	keyed := Route{Method: "POST", Path: "/keyed", Guard: GuardGateway, MaxBody: size, Handle: quick}
	h := open(t, ServerOptions{Key: secret.New("key")}, routes{signed, token, keyed})
	send := func(path, header string, n int) *wire {
		w := dial(t, h.addr)
		go func() { // the server may hang up before it has read it all
			_, _ = fmt.Fprintf(w, "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s", path, header, n, strings.Repeat("x", n))
		}()
		return w
	}
	var inside []*wire
	for range most {
		inside = append(inside, send("/signed", "", size))
		<-entered
	}
	for what, c := range map[string]struct {
		path, header string
		n, status    int
		body         string
	}{
		"one more that may be anybody's": {"/signed", "", size, http.StatusTooManyRequests, "later"},
		"one that is hardly large":       {"/signed", "", maxBody + 1, http.StatusTooManyRequests, "later"},
		"one that is too large":          {"/signed", "", size + 1, http.StatusRequestEntityTooLarge, "refused"},
		"a stranger's, by its head":      {"/token", "X-Token: wrong\r\n", maxBody + 1, http.StatusRequestEntityTooLarge, "refused"},
		"a stranger's, by its key":       {"/keyed?key=guess", "", maxBody + 1, http.StatusRequestEntityTooLarge, "refused"},
		"Telegram's, by its head":        {"/token", "X-Token: right\r\n", size, http.StatusOK, fmt.Sprint(size)},
		"a gateway's, by its key":        {"/keyed?key=key", "", size, http.StatusOK, fmt.Sprint(size)},
		"a gateway's, by its password":   {"/keyed", "Authorization: Basic eDprZXk=\r\n", size, http.StatusOK, fmt.Sprint(size)},
		"a small one":                    {"/keyed?key=key", "", maxBody, http.StatusOK, fmt.Sprint(maxBody)},
		"a small one of a stranger":      {"/keyed?key=guess", "", maxBody, http.StatusUnauthorized, "refused"},
	} {
		a := send(c.path, c.header, c.n).read(t, "POST")
		if a.status != c.status || a.body != c.body || c.body == "later" && a.header.Get("Retry-After") == "" {
			t.Errorf("%s: HTTP status %d, %q, %v", what, a.status, a.body, a.header)
		}
	}
	close(leave)
	for _, w := range inside {
		if a := w.read(t, "POST"); a.body != "kept" {
			t.Errorf("one that was inside: HTTP status %d, %q", a.status, a.body)
		}
	}
	go func() { <-entered }()
	if a := send("/signed", "", size).read(t, "POST"); a.body != "kept" {
		t.Errorf("when there is room again: HTTP status %d, %q", a.status, a.body)
	}
	if refused := strings.Join(h.refused(), "\n"); strings.Count(refused, "/signed 429") != 2 {
		t.Errorf("refusals: %s", refused)
	}
}
