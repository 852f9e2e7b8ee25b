//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestCommandLineIsSplitBetweenUsAndGoTest(t *testing.T) {
	for _, c := range []struct {
		args                   string
		goTest, require, skips string
	}{
		{"", "-count=1 ./...", "", ""},
		{"-race -short", "-count=1 -race -short ./...", "", ""},
		{"-run TestMoney ./ledger", "-count=1 -run TestMoney ./ledger", "", ""},
		{"-count=3", "-count=3 ./...", "", ""},
		{"--count 3 spaza/store", "--count 3 spaza/store", "", ""},
		{"-require redis,postgres,browser", "-count=1 ./...", "browser postgres redis", ""},
		{"-require=redis -skip browser -v", "-count=1 -v ./...", "redis", "browser"},
		{"--skip=browser,redis .", "-count=1 .", "", "browser redis"},
	} {
		o, err := parse(strings.Fields(c.args))
		if err != nil {
			t.Errorf("%q: %v", c.args, err)
			continue
		}
		got := []string{strings.Join(o.goTest(), " "), listed(o.require), listed(o.skip)}
		if diff := cmp.Diff([]string{c.goTest, c.require, c.skips}, got); diff != "" {
			t.Errorf("%q: %s", c.args, diff)
		}
	}
}

func listed(set map[string]bool) string {
	var all []string
	for _, p := range []string{partBrowser, partPostgres, partRedis} {
		if set[p] {
			all = append(all, p)
		}
	}
	return strings.Join(all, " ")
}

func TestCommandLineThatCannotBeMeantIsRefused(t *testing.T) {
	for _, args := range []string{"-require", "-skip mongodb", "-require redis,", "-require redis -skip redis"} {
		if _, err := parse(strings.Fields(args)); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}

func TestFailuresAreReadFromOutputHoweverItIsCut(t *testing.T) {
	const output = `ok  	spaza/ledger	0.01s
--- FAIL: TestStore (0.10s)
    --- FAIL: TestStore/Redis_keeps (0.02s)
        x_test.go:3: --- FAIL: quoted
    --- PASS: TestStore/memory (0.02s)
--- FAIL: TestMenu (0.00s)
FAIL	spaza/store	0.2s
`
	rapid.Check(t, func(t *rapid.T) {
		f := &failures{}
		for rest := output; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			if m, err := f.Write([]byte(rest[:n])); m != n || err != nil {
				t.Fatal(m, err)
			}
			rest = rest[n:]
		}
		if diff := cmp.Diff([]string{"TestStore/Redis_keeps", "TestMenu"}, f.leaves()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// stub is a service with a known number of connections.
type stub struct {
	n   int
	err error
}

func (stub) name() string            { return "stub 1" }
func (stub) url() string             { return "stub://" }
func (s stub) clients() (int, error) { return s.n, s.err }
func (stub) stop()                   {}

func TestResultsAreGivenToTheirParts(t *testing.T) {
	broken := errors.New("exit status 1")
	for _, c := range []struct {
		name            string
		failed          []string
		err             error
		redis, postgres service
		want            []outcome // packages, Redis, PostgreSQL
	}{
		{"all well", nil, nil, stub{n: 3}, stub{n: 1}, []outcome{passed, passed, passed}},
		{"one test", []string{"TestMenu"}, broken, stub{n: 3}, stub{n: 1}, []outcome{failed, passed, passed}},
		{"does not compile", nil, broken, stub{n: 3}, stub{n: 1}, []outcome{failed, passed, passed}},
		{"Redis only", []string{"TestStore", "TestStore/Redis"}, broken, stub{n: 3}, stub{n: 1}, []outcome{passed, failed, passed}},
		{"PostgreSQL and a test", []string{"TestPostgresBooks", "TestMenu"}, broken, stub{n: 3}, stub{n: 1}, []outcome{failed, passed, failed}},
		{"one that names both", []string{"TestRedisAndPostgres"}, broken, stub{n: 3}, stub{n: 1}, []outcome{failed, passed, passed}},
		{"Redis by name, but none ran", []string{"TestRedisURL"}, broken, nil, nil, []outcome{failed, passed, passed}},
		{"nobody asked", nil, nil, stub{n: 0}, stub{n: 1}, []outcome{passed, skipped, passed}},
		{"Redis died", nil, nil, stub{err: io.EOF}, stub{n: 1}, []outcome{passed, failed, passed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			packages, redis, postgres := part{}, part{service: c.redis}, part{service: c.postgres}
			settle(&packages, &redis, &postgres, &failures{tests: c.failed}, c.err)
			if diff := cmp.Diff(c.want, []outcome{packages.outcome, redis.outcome, postgres.outcome}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReportNamesEveryPartAndEndsWithTheCount(t *testing.T) {
	all := []part{
		{name: "all packages", with: "go test ./..."},
		{name: "Redis"}, {name: "PostgreSQL"}, {name: "browser"},
	}
	all[1].missing("embedded only", fmt.Errorf("look: %w", errNotInstalled))
	all[2].missing("", errors.New("initdb: no space"))
	all[3].skip("", "as asked")
	if ok := require(all, map[string]bool{partRedis: true}); ok {
		t.Error("a required part is missing, and all is well")
	}
	const want = `
part           ran with        result
all packages   go test ./...   passed
Redis          embedded only   FAILED: required, but not installed
PostgreSQL                     FAILED: initdb: no space
browser                        skipped: as asked
1 passed, 2 failed, 1 skipped
`
	if diff := cmp.Diff(want, report(all)); diff != "" {
		t.Error(diff)
	}
	if !require([]part{{name: "browser", outcome: skipped}}, map[string]bool{partRedis: true}) {
		t.Error("a part that nobody required has failed")
	}
}

func TestTheNewestPostgresIsChosen(t *testing.T) {
	got := newest([]string{"/usr/lib/postgresql/9/bin/initdb", "/usr/lib/postgresql/15/bin/initdb", "/opt/homebrew/opt/postgresql@14/bin/initdb"})
	if got != "/usr/lib/postgresql/15/bin/initdb" {
		t.Errorf("chose %s", got)
	}
}

func TestPostgresLogIsReadHoweverItIsCut(t *testing.T) {
	lines := strings.Repeat("LOG:  connection received: host=127.0.0.1\nLOG:  connection authorized: user=spaza\n", 40) +
		"LOG:  database system is ready to accept connections\n"
	rapid.Check(t, func(t *rapid.T) {
		l := &postgresLog{}
		for rest := lines; rest != ""; {
			if l.ready() == nil {
				t.Fatal("ready before it says so")
			}
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			_, _ = l.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		if err := l.ready(); err != nil || l.connections() != 40 {
			t.Fatalf("%d connections, ready: %v", l.connections(), err)
		}
		if len(l.tail) > logTail {
			t.Fatalf("keeps %d bytes", len(l.tail))
		}
	})
}

func TestRedisAnswerIsRead(t *testing.T) {
	got, err := readBulk(bufio.NewReader(strings.NewReader("$24\r\nredis_version:7.0.15\r\nx\r\n")))
	if err != nil || field(got, "redis_version") != "7.0.15" {
		t.Errorf("read %q, %v", got, err)
	}
	for _, bad := range []string{"", "-ERR no\r\n", "$-1\r\n", "$9999999999\r\n", "$5\r\nab"} {
		if got, err := readBulk(bufio.NewReader(strings.NewReader(bad))); err == nil {
			t.Errorf("%q was read as %q", bad, got)
		}
	}
}

func TestADevelopersStoreIsNeverInTheEnvironment(t *testing.T) {
	got := without([]string{"A=1", "SPAZA_TEST_REDIS_URL=redis://mine", "SPAZA_TEST_REDIS_URLS=x"}, "SPAZA_TEST_REDIS_URL")
	if diff := cmp.Diff([]string{"A=1", "SPAZA_TEST_REDIS_URLS=x"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRedisStartsAnswersAndStops(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	s, err := startRedis(t.Context(), filepath.Join(t.TempDir(), "redis"))
	if errors.Is(err, errNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := s.(*redisServer)
	if n, err := r.clients(); n != 0 || err != nil {
		t.Errorf("%d connections before any, %v", n, err)
	}
	if _, err := r.info("server"); err != nil {
		t.Error(err)
	}
	if n, err := r.clients(); n != 2 || err != nil { // the one above, and the first question's
		t.Errorf("%d connections, %v", n, err)
	}
	s.stop()
	if _, err := r.info("server"); err == nil {
		t.Error("it answers after its end")
	}
}

func TestPostgresStartsAndStops(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	scratch, err := os.MkdirTemp("", "spaza-run-test-") //nolint:usetesting // t.TempDir's parents are closed to another user
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(scratch) })
	s, err := startPostgres(t.Context(), filepath.Join(scratch, "postgres"))
	if errors.Is(err, errNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	u, err := url.Parse(s.url())
	if err != nil || u.Hostname() != "127.0.0.1" {
		t.Fatalf("url %v, %v", u, err)
	}
	psql := filepath.Join(filepath.Dir(s.(*postgresServer).cmd.Path), "psql")
	if _, err := os.Stat(psql); err != nil {
		t.Skip("no psql beside it")
	}
	out, err := exec.CommandContext(t.Context(), psql, s.url(), "-Atc", "select 6*7").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "42" {
		t.Errorf("psql says %q, %v", out, err)
	}
	// What it logs is read beside us, and may come later than its answer.
	n, err := s.clients()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.Now().Add(30 * time.Second); n == 0 && err == nil && time.Now().Before(late); n, err = s.clients() {
		<-tick.C
	}
	if n != 1 || err != nil {
		t.Errorf("%d connections, %v", n, err)
	}
}
