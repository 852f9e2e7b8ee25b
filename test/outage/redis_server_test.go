//go:build unix

package outage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is a redis-server that keeps nothing on disk.
type redisServer struct {
	child
	addr string
}

// startRedis starts one, as a replica where there are more arguments.
func startRedis(t *testing.T, more ...string) *redisServer {
	t.Helper()
	programs(t, "no Redis", installed("redis-server"))
	r := &redisServer{}
	dir, port := t.TempDir(), freePort(t)
	r.addr = net.JoinHostPort("127.0.0.1", port)
	r.t = t
	r.command = func() *exec.Cmd {
		args := append([]string{
			"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "", "--appendonly", "no",
			"--daemonize", "no", "--repl-diskless-sync-delay", "0",
		}, more...)
		return exec.Command("redis-server", args...)
	}
	r.ready = r.ping
	r.start()
	t.Cleanup(func() { r.stop(syscall.SIGKILL) })
	return r
}

// do runs one command.
func (r *redisServer) do(ctx context.Context, args ...any) (any, error) {
	one := redis.NewClient(&redis.Options{
		Addr: r.addr, Protocol: 2, MaxRetries: -1, DisableIdentity: true,
		DialTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, ContextTimeoutEnabled: true,
	})
	defer func() { _ = one.Close() }()
	return one.Do(ctx, args...).Result()
}

func (r *redisServer) ping(ctx context.Context) error {
	_, err := r.do(ctx, "PING")
	return err
}

func (r *redisServer) url() string { return "redis://" + r.addr }

// keys is how many there are.
func (r *redisServer) keys() int64 {
	r.t.Helper()
	n, err := r.do(r.t.Context(), "DBSIZE")
	if err != nil {
		r.t.Fatal(err)
	}
	return n.(int64)
}

// watched is a master, replicas, and sentinels that agree on who is the master.
type watched struct {
	t         *testing.T
	servers   []*redisServer
	sentinels []*redisServer
}

const masterName = "spaza"

// startWatched starts three of each.
func startWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{t: t}
	w.servers = []*redisServer{startRedis(t)}
	host, port, _ := net.SplitHostPort(w.servers[0].addr)
	for range 2 {
		w.servers = append(w.servers, startRedis(t, "--replicaof", host+" "+port))
	}
	eventually(t, time.Minute, "both replicas are in step", func() bool {
		return w.servers[1].follows() && w.servers[2].follows()
	})
	for range 3 {
		w.sentinels = append(w.sentinels, startSentinel(t, host, port))
	}
	eventually(t, time.Minute, "the sentinels know each other and the replicas", func() bool {
		return slices.IndexFunc(w.sentinels, func(s *redisServer) bool {
			seen, err := s.master(t.Context())
			return err != nil || seen["num-other-sentinels"] != "2" || seen["num-slaves"] != "2"
		}) < 0
	})
	return w
}

func startSentinel(t *testing.T, host, port string) *redisServer {
	t.Helper()
	s := &redisServer{}
	dir, own := t.TempDir(), freePort(t)
	config := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf("port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor %[3]s %[4]s %[5]s 2\nsentinel down-after-milliseconds %[3]s 1000\n"+
		"sentinel failover-timeout %[3]s 5000\nsentinel parallel-syncs %[3]s 2\n", own, dir, masterName, host, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.t, s.addr = t, net.JoinHostPort("127.0.0.1", own)
	s.command = func() *exec.Cmd { return exec.Command("redis-server", config, "--sentinel") }
	s.ready = s.ping
	s.start()
	t.Cleanup(func() { s.stop(syscall.SIGKILL) })
	return s
}

// master is what a sentinel knows of the master.
func (r *redisServer) master(ctx context.Context) (map[string]string, error) {
	answer, err := r.do(ctx, "SENTINEL", "MASTER", masterName)
	if err != nil {
		return nil, err
	}
	fields, ok := answer.([]any)
	if !ok || len(fields)%2 != 0 {
		return nil, errors.New("sentinel answers otherwise")
	}
	seen := map[string]string{}
	for pair := range slices.Chunk(fields, 2) {
		seen[fmt.Sprint(pair[0])] = fmt.Sprint(pair[1])
	}
	return seen, nil
}

// url is how the service reaches whoever is the master.
func (w *watched) url() string {
	u := "redis://" + w.sentinels[0].addr + "/0?master_name=" + masterName
	for _, s := range w.sentinels[1:] {
		u += "&addr=" + s.addr
	}
	return u
}

// leader is the master as all sentinels see it; nil while they do not agree.
func (w *watched) leader() *redisServer {
	addr := ""
	for i, s := range w.sentinels {
		seen, err := s.master(w.t.Context())
		if err != nil {
			return nil
		}
		one := net.JoinHostPort(seen["ip"], seen["port"])
		if i > 0 && one != addr {
			return nil
		}
		addr = one
	}
	for _, r := range w.servers {
		if r.addr == addr {
			return r
		}
	}
	return nil
}

// follows says whether it is a replica that is in step with its master.
func (r *redisServer) follows() bool {
	info, err := r.do(r.t.Context(), "INFO", "replication")
	return err == nil && strings.Contains(info.(string), "master_link_status:up")
}
