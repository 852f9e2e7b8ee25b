package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"spaza/dialog"
)

// saveScript is the compare-on-version save. KEYS[1] is the session; ARGV: the
// stamp it must have, the new record, its life in milliseconds. It answers 1
// when the record is there (also when it was already: a repeated request whose
// first reply was lost), and otherwise what is there.
var saveScript = redis.NewScript(fmt.Sprintf(`
local have = redis.call('GETRANGE', KEYS[1], 0, %d)
if have == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
if have == string.sub(ARGV[2], 1, %d) then return 1 end
return redis.call('GET', KEYS[1]) or ''
`, dialog.StampSize-1, dialog.StampSize))

// Sessions keeps dialog sessions in Redis. All that is kept of one customer is
// under one key, so it suits a cluster as well as a single server.
type Sessions struct {
	rdb redis.UniversalClient
}

var _ dialog.Store = (*Sessions)(nil)

// RedisLog takes what the Redis library has to say, which would otherwise write to
// standard error: it has one place for it in a process.
func RedisLog(to *slog.Logger) { redis.SetLogger(redisLog{to}) }

type redisLog struct{ to *slog.Logger }

// Printf implements the library's logger.
func (l redisLog) Printf(ctx context.Context, format string, v ...any) {
	l.to.WarnContext(ctx, "redis", "detail", fmt.Sprintf(format, v...))
}

// OpenSessions connects to Redis by URL: redis:// or rediss:// for one server,
// with several addr= parameters for a cluster, with master_name= for sentinels
// (as go-redis reads them). dial_timeout=, read_timeout=, write_timeout= and
// pool_timeout= are a second each where they are not given. It does not wait for the
// server: see Ping.
func OpenSessions(url string) (*Sessions, error) {
	o, err := sessionOptions(url)
	if err != nil {
		return nil, err
	}
	return &Sessions{rdb: redis.NewUniversalClient(o)}, nil
}

// sessionOptions turns a URL into options. Errors do not repeat the URL, which
// may hold a password.
func sessionOptions(url string) (*redis.UniversalOptions, error) {
	bad := func() (*redis.UniversalOptions, error) {
		return nil, errors.New("read Redis URL: want redis://[:password@]host:port[/db], optionally &addr=host:port for a cluster or &master_name=name for sentinels")
	}
	o := &redis.UniversalOptions{}
	switch {
	case strings.Contains(url, "master_name="):
		f, err := redis.ParseFailoverURL(url)
		if err != nil {
			return bad()
		}
		o.Addrs, o.MasterName, o.DB, o.TLSConfig = f.SentinelAddrs, f.MasterName, f.DB, f.TLSConfig
		o.Username, o.Password = f.Username, f.Password
		o.SentinelUsername, o.SentinelPassword = f.SentinelUsername, f.SentinelPassword
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = f.DialTimeout, f.ReadTimeout, f.WriteTimeout, f.PoolTimeout
	case strings.Contains(url, "addr="):
		c, err := redis.ParseClusterURL(url)
		if err != nil {
			return bad()
		}
		o.Addrs, o.TLSConfig, o.Username, o.Password = c.Addrs, c.TLSConfig, c.Username, c.Password
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.PoolTimeout
	default:
		c, err := redis.ParseURL(url)
		if err != nil {
			return bad()
		}
		o.Addrs, o.DB, o.TLSConfig, o.Username, o.Password = []string{c.Addr}, c.DB, c.TLSConfig, c.Username, c.Password
		o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = c.DialTimeout, c.ReadTimeout, c.WriteTimeout, c.PoolTimeout
	}
	// A caller waits eight seconds at most and the network gives up soon after,
	// so a store that does not answer must be known quickly, unless the URL gives
	// it more time.
	for _, wait := range []*time.Duration{&o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout, &o.PoolTimeout} {
		if *wait <= 0 {
			*wait = time.Second
		}
	}
	o.MaxRetries, o.MinRetryBackoff, o.MaxRetryBackoff = 2, 8*time.Millisecond, 64*time.Millisecond
	o.ContextTimeoutEnabled = true
	o.PoolSize = 64
	// A session is a few hundred bytes; the default buffers are a hundred times
	// that for each connection.
	o.ReadBufferSize, o.WriteBufferSize = 4<<10, 4<<10
	// CLIENT SETINFO and maintenance notifications are unknown to older servers.
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.Protocol = 2
	return o, nil
}

// Load implements dialog.Store.
func (s *Sessions) Load(ctx context.Context, key string) (string, error) {
	rec, err := s.rdb.Get(ctx, key).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read session: %w", err)
	}
	return rec, nil
}

// Save implements dialog.Store in one round trip.
func (s *Sessions) Save(ctx context.Context, key, prev, record string, life time.Duration) (string, bool, error) {
	res, err := saveScript.Run(ctx, s.rdb, []string{key}, prev, record, life.Milliseconds()).Result()
	if err != nil {
		return "", false, fmt.Errorf("save session: %w", err)
	}
	switch got := res.(type) {
	case int64:
		return "", true, nil
	case string:
		return got, false, nil
	default:
		return "", false, fmt.Errorf("save session: unexpected reply %T", res)
	}
}

// Ping says whether Redis answers.
func (s *Sessions) Ping(ctx context.Context) error {
	if err := s.rdb.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping Redis: %w", err)
	}
	return nil
}

// Close ends the connections.
func (s *Sessions) Close() error { return s.rdb.Close() }
