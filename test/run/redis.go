//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// redisServer is a redis-server that keeps nothing.
type redisServer struct {
	*child
	version string
	addr    string
	base    int // connections made before the tests
}

var _ service = (*redisServer)(nil)

// startRedis starts a redis-server in dir.
func startRedis(ctx context.Context, dir string) (service, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotInstalled, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory for Redis: %w", err)
	}
	var errs []error
	for range startTries {
		r, err := startRedisOnce(ctx, path, dir)
		if err == nil {
			return r, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

func startRedisOnce(ctx context.Context, path, dir string) (*redisServer, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	r := &redisServer{addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}
	// Not CommandContext: it is stopped after the tests, also on an interrupt.
	cmd := exec.Command(path, "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", dir, //nolint:noctx // see above
		"--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning")
	r.child, err = startChild(ctx, cmd, func() error {
		info, err := r.info("server")
		r.version = field(info, "redis_version")
		return err
	})
	if err != nil {
		return nil, err
	}
	stats, err := r.info("stats")
	if err != nil {
		r.stop()
		return nil, err
	}
	r.base, _ = strconv.Atoi(field(stats, "total_connections_received"))
	return r, nil
}

func (r *redisServer) name() string { return "redis-server " + r.version }
func (r *redisServer) url() string  { return "redis://" + r.addr }
func (r *redisServer) stop()        { r.child.stop(syscall.SIGTERM) }

func (r *redisServer) clients() (int, error) {
	stats, err := r.info("stats")
	if err != nil {
		return 0, fmt.Errorf("ask Redis at the end: %w", err)
	}
	n, err := strconv.Atoi(field(stats, "total_connections_received"))
	if err != nil {
		return 0, fmt.Errorf("ask Redis at the end: %w", err)
	}
	return n - r.base - 1, nil // our own asking is one
}

// info asks for a section of INFO.
func (r *redisServer) info(section string) (string, error) {
	conn, err := net.DialTimeout("tcp", r.addr, time.Second) //nolint:noctx // has its timeout
	if err != nil {
		return "", fmt.Errorf("dial Redis: %w", err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	if _, err := fmt.Fprintf(conn, "INFO %s\r\n", section); err != nil {
		return "", fmt.Errorf("ask Redis: %w", err)
	}
	return readBulk(bufio.NewReader(conn))
}

// readBulk reads one bulk string of the Redis protocol.
func readBulk(r *bufio.Reader) (string, error) {
	head, err := r.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read Redis' answer: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(head, "$")))
	if err != nil || head[0] != '$' || n < 0 || n > 1<<20 {
		return "", fmt.Errorf("read Redis' answer: %q", head)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return "", fmt.Errorf("read Redis' answer: %w", err)
	}
	return string(body), nil
}

// field is the value of a name:value line.
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+":"); ok {
			return value
		}
	}
	return ""
}
