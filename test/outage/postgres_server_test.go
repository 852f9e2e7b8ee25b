//go:build unix

package outage

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// postgresServer is a PostgreSQL with its own settings: what it says that it has
// committed is to be there when it comes back.
type postgresServer struct {
	child
	url string
}

// startPostgres makes a cluster and starts it.
func startPostgres(t *testing.T) *postgresServer {
	t.Helper()
	bin, err := postgresBin()
	programs(t, "no PostgreSQL", err)
	as, err := postgresUser()
	programs(t, "PostgreSQL cannot be run", err)
	dir := t.TempDir()
	if as != nil {
		// The folders around it are closed to others.
		for up := filepath.Dir(dir); up != filepath.Clean(os.TempDir()) && len(up) > 1; up = filepath.Dir(up) {
			if err := os.Chmod(up, 0o711); err != nil { //nolint:gosec // to be passed through, not read
				t.Fatal(err)
			}
		}
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	run := func(cmd *exec.Cmd) *exec.Cmd {
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C", "TZ=UTC")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		return cmd
	}
	password, file := rand.Text(), filepath.Join(dir, "password")
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		t.Fatal(err)
	}
	if as != nil {
		if err := os.Chown(file, int(as.Uid), int(as.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	initdb := run(exec.Command(filepath.Join(bin, "initdb"), "-D", "data", "-U", "spaza", "-E", "UTF8", "--locale=C",
		"--auth=scram-sha-256", "--pwfile=password", "--no-sync"))
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, bytes.TrimSpace(out))
	}
	port := freePort(t)
	p := &postgresServer{url: fmt.Sprintf("postgres://spaza:%s@%s/postgres?sslmode=disable", password, net.JoinHostPort("127.0.0.1", port))}
	p.t = t
	p.command = func() *exec.Cmd {
		return run(exec.Command(filepath.Join(bin, "postgres"), "-D", "data", "-c", "listen_addresses=127.0.0.1",
			"-c", "port="+port, "-c", "unix_socket_directories=", "-c", "logging_collector=off"))
	}
	p.ready = func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, p.url)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	}
	p.start()
	t.Cleanup(func() { p.stop(syscall.SIGQUIT) })
	return p
}

// postgresBin is the folder of the newest PostgreSQL of this machine.
func postgresBin() (string, error) {
	// Debian keeps them off the PATH.
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is well formed
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return "", fmt.Errorf("initdb is %w", errNotInstalled)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// postgresUser is whom to run it as, since it refuses root: nil where we are not.
func postgresUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nobody else
	}
	return someUser("postgres", "nobody")
}

// someUser is the first of these that there is.
func someUser(names ...string) (*syscall.Credential, error) {
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("there is no user " + strings.Join(names, " or "))
}

// backends are the processes that serve connections of the service.
func (p *postgresServer) backends() (all []*os.Process) {
	p.t.Helper()
	ctx := p.t.Context()
	conn, err := pgx.Connect(ctx, p.url)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, _ := conn.Query(ctx, `SELECT pid FROM pg_stat_activity WHERE application_name = 'spaza'`)
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		p.t.Fatal(err)
	}
	for _, pid := range pids {
		one, err := os.FindProcess(int(pid))
		if err != nil {
			p.t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}
