//go:build unix

// Command run is the test command of the project:
//
//	go run ./test/run [-require parts] [-skip parts] [flags of go test] [packages]
//
// It exists so that one command with Go alone runs every test there is on this
// machine, and tells which parts that were. The life of one run: a private
// redis-server and a private PostgreSQL are started where they are installed
// (on loopback, in a directory of their own, with nothing kept), the tests of
// all packages run against them, then the browser tests of test/browser where a
// Chromium is found; everything is stopped again, and a table says what ran
// with what. What is not installed is skipped, unless -require names it.
//
// Parts are redis, postgres and browser. All other flags go to go test.
//
// The command must not know what any test tests: it reads go test's lines, and
// asks the stores how much they were used.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, usage)
		os.Exit(2)
	}
	if o.help {
		fmt.Print(usage)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ok := runAll(ctx, o)
	stop()
	if !ok {
		os.Exit(1)
	}
}

// runAll runs every part and says whether all is well.
func runAll(ctx context.Context, o options) bool {
	root, err := moduleRoot(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return false
	}
	scratch, err := os.MkdirTemp("", "spaza-test-")
	if err != nil {
		fmt.Fprintf(os.Stderr, "make scratch directory: %v\n", err)
		return false
	}
	defer os.RemoveAll(scratch)

	env := os.Environ()
	redis, postgres := part{name: "Redis"}, part{name: "PostgreSQL"}
	var services []service
	defer func() {
		for _, s := range services {
			s.stop()
		}
	}()
	for _, start := range []struct {
		part *part
		key  string
		none string
		with func(context.Context, string) (service, error)
		env  string
	}{
		{&redis, partRedis, "embedded only", startRedis, "SPAZA_TEST_REDIS_URL"},
		{&postgres, partPostgres, "not installed", startPostgres, "SPAZA_TEST_POSTGRES_URL"},
	} {
		env = without(env, start.env)
		if o.skip[start.key] {
			start.part.skip(start.none, "as asked")
			continue
		}
		s, err := start.with(ctx, filepath.Join(scratch, start.key))
		if err != nil {
			start.part.missing(start.none, err)
			continue
		}
		services = append(services, s)
		start.part.service = s
		start.part.with = s.name()
		env = append(env, start.env+"="+s.url())
	}

	packages := part{name: "all packages", with: "go test " + strings.Join(o.goTest(), " ")}
	seen := &failures{}
	err = goTest(ctx, root, env, o.goTest(), io.MultiWriter(os.Stdout, seen))
	settle(&packages, &redis, &postgres, seen, err)

	browser := part{name: "browser"}
	runBrowser(ctx, root, env, o, &browser)

	all := []part{packages, redis, postgres, browser}
	if ctx.Err() != nil {
		fmt.Println("interrupted")
	}
	ok := require(all, o.require)
	fmt.Print(report(all))
	return ok && ctx.Err() == nil
}

// without returns the environment without a variable, so that a store of the
// developer's is never tested upon.
func without(env []string, name string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, name+"=") {
			kept = append(kept, v)
		}
	}
	return kept
}
