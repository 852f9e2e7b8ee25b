//go:build unix

package main

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
	"sync"
	"syscall"
)

// postgresServer is a PostgreSQL whose data do not outlive the run.
type postgresServer struct {
	*child
	version  string
	port     int
	password string
	log      *postgresLog
}

var _ service = (*postgresServer)(nil)

// startPostgres makes a cluster in dir and starts it.
func startPostgres(ctx context.Context, dir string) (service, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	as, err := postgresUser(os.Geteuid())
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory for PostgreSQL: %w", err)
	}
	p := &postgresServer{password: rand.Text()}
	secretFile := filepath.Join(dir, "password")
	if err := os.WriteFile(secretFile, []byte(p.password), 0o600); err != nil {
		return nil, fmt.Errorf("write PostgreSQL's password: %w", err)
	}
	if as != nil {
		// The parent was made by us and is closed to others.
		err := errors.Join(os.Chmod(filepath.Dir(dir), 0o711), //nolint:gosec // to be passed through, not read
			os.Chown(dir, int(as.Uid), int(as.Gid)), os.Chown(secretFile, int(as.Uid), int(as.Gid)))
		if err != nil {
			return nil, fmt.Errorf("hand directory to PostgreSQL: %w", err)
		}
	}
	data := filepath.Join(dir, "data")
	// The password keeps other users of this machine out for some minutes. SCRAM makes
	// it dear to try one, and so each of some thousand connections.
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "spaza", "-E", "UTF8", "--locale=C",
		"--auth=md5", "--pwfile="+secretFile, "--no-sync")
	asUser(initdb, as, dir)
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	version, _ := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	p.version = string(bytes.TrimSpace(version))

	var errs []error
	for range startTries {
		err := p.startOnce(ctx, bin, data, as)
		if err == nil {
			return p, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

func (p *postgresServer) startOnce(ctx context.Context, bin, data string, as *syscall.Credential) (err error) {
	if p.port, err = freePort(); err != nil {
		return err
	}
	p.log = &postgresLog{}
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, //nolint:noctx // stopped after the tests, also on an interrupt
		"-c", "listen_addresses=127.0.0.1", "-c", "port="+strconv.Itoa(p.port), "-c", "unix_socket_directories=",
		"-c", "max_connections=300", "-c", "log_connections=on", "-c", "log_destination=stderr", "-c", "logging_collector=off",
		// What is lost in a crash of this machine is lost with the run.
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	cmd.Stderr = p.log
	asUser(cmd, as, data)
	p.child, err = startChild(ctx, cmd, p.log.ready)
	return err
}

func (p *postgresServer) name() string          { return "PostgreSQL " + p.version }
func (p *postgresServer) clients() (int, error) { return p.log.connections(), nil }

func (p *postgresServer) url() string {
	return fmt.Sprintf("postgres://spaza:%s@%s/postgres?sslmode=disable", p.password, net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)))
}

// stop asks for a fast shutdown: connections are cut.
func (p *postgresServer) stop() { p.child.stop(syscall.SIGINT) }

// postgresLog reads what PostgreSQL says on its standard error.
type postgresLog struct {
	mu         sync.Mutex
	tail       []byte // of the line that has not ended, and of a server that does not start
	open       bool
	authorized int
}

// logTail is how much of the log is kept for an error.
const logTail = 2000

func (l *postgresLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := bytes.LastIndexByte(l.tail, '\n') + 1
	l.tail = append(l.tail, b...)
	if end := bytes.LastIndexByte(l.tail, '\n'); end >= line {
		whole := l.tail[line:end]
		l.open = l.open || bytes.Contains(whole, []byte("ready to accept connections"))
		l.authorized += bytes.Count(whole, []byte("connection authorized"))
	}
	if over := len(l.tail) - logTail; over > 0 {
		// Not into the line that has not ended.
		over = min(over, bytes.LastIndexByte(l.tail, '\n')+1)
		l.tail = append(l.tail[:0], l.tail[over:]...)
	}
	return len(b), nil
}

// ready says nil when connections are taken.
func (l *postgresLog) ready() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open {
		return nil
	}
	return fmt.Errorf("not ready; its log ends: %s", bytes.TrimSpace(l.tail))
}

func (l *postgresLog) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.authorized
}

// postgresBin is the directory of the newest PostgreSQL of this machine.
func postgresBin() (string, error) {
	var places []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin/initdb", // Debian keeps them off the PATH
		"/opt/homebrew/opt/postgresql*/bin/initdb", "/usr/local/opt/postgresql*/bin/initdb",
		"/Applications/Postgres.app/Contents/Versions/*/bin/initdb",
	} {
		found, _ := filepath.Glob(pattern) // the patterns are well formed
		places = append(places, found...)
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	if len(places) == 0 {
		return "", fmt.Errorf("PostgreSQL: %w", errNotInstalled)
	}
	return filepath.Dir(newest(places)), nil
}

// newest is the path with the greatest number in it.
func newest(paths []string) string {
	return slices.MaxFunc(paths, func(a, b string) int { return versionIn(a) - versionIn(b) })
}

// versionIn is the first number among the path's directories, or 0.
func versionIn(path string) int {
	for dir := range strings.SplitSeq(path, "/") {
		if n, err := strconv.Atoi(strings.TrimPrefix(dir, "postgresql@")); err == nil {
			return n
		}
	}
	return 0
}

// postgresUser is whom to run PostgreSQL as, since it refuses root: nil where
// that is not us.
func postgresUser(euid int) (*syscall.Credential, error) {
	if euid != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
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
	return nil, errors.New("PostgreSQL refuses to be run by root, and there is no user postgres or nobody")
}

// asUser makes cmd run as somebody else, in a directory that they may enter.
func asUser(cmd *exec.Cmd, as *syscall.Credential, dir string) {
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC") // its messages are read
	if as != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	}
}
