package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"spaza/jobs"
	"spaza/vend"
)

//go:embed migrations
var migrations embed.FS

// DefaultSQLPath is where SQLite keeps its file when no URL is given.
const DefaultSQLPath = "data/spaza.db"

const (
	defaultSQLConns = 16
	sqliteReaders   = 4
	// busyWait is how long SQLite waits for a writer in another process.
	busyWait = 5 * time.Second
	// idleTxLimit ends a transaction whose process has vanished, so that the
	// rows it locked are free again. Ours never wait for anything but the
	// database.
	idleTxLimit = 30 * time.Second
)

// Options are the options of OpenSQL.
type Options struct {
	// Conns is how many connections to PostgreSQL may be open at once;
	// default 16. SQLite has one that writes and four that read.
	Conns int
}

// SQL keeps orders, books, jobs and customers in SQLite or PostgreSQL. It is
// safe for concurrent use, by several processes too.
type SQL struct {
	d dialect
	// write and read are the same pool on PostgreSQL.
	write, read *sqlPool
}

var (
	_ vend.Store = (*SQL)(nil)
	_ jobs.Store = (*SQL)(nil)
)

// OpenSQL opens the database and brings its schema up to date. The URL is
// "sqlite:PATH" (empty: DefaultSQLPath), or "postgres://...". A SQLite file is
// made with mode 0600, in a folder made with mode 0700. Replicas may call it at
// the same time. Its errors hold no password.
func OpenSQL(ctx context.Context, rawURL string, o Options) (*SQL, error) {
	var s *SQL
	var err error
	switch scheme, rest, _ := strings.Cut(rawURL, ":"); {
	case rawURL == "":
		s, err = openSQLite(DefaultSQLPath)
	case scheme == "sqlite":
		s, err = openSQLite(rest)
	case scheme == "postgres" || scheme == "postgresql":
		s, err = openPostgres(rawURL, o)
	default:
		return nil, errors.New(`open database: the URL must start with "sqlite:" or "postgres:"`)
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate database: %w", err), s.Close())
	}
	return s, nil
}

// openSQLite opens one connection that writes and some that only read: SQLite
// has one writer at a time, and lets several of ours wait for each other far
// less fairly than database/sql does.
func openSQLite(path string) (*SQL, error) {
	if path == "" || strings.Contains(path, ":memory:") {
		return nil, errors.New("SQLite needs the path of a file")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find database file: %w", err)
	}
	if err := ensurePrivateFile(path); err != nil {
		return nil, err
	}
	// WAL with synchronous=FULL keeps every commit through a power loss;
	// NORMAL, which is faster, may lose the last ones.
	dsn := func(more ...string) string {
		q := url.Values{"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()),
			"synchronous(full)",
			"foreign_keys(1)",
		}}
		for _, m := range more {
			k, v, _ := strings.Cut(m, "=")
			q.Add(k, v)
		}
		return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(path), "/"), RawQuery: q.Encode()}).String()
	}
	writer, err := sql.Open("sqlite", dsn("_pragma=journal_mode(wal)", "_txlock=immediate"))
	if err != nil {
		return nil, cleanSQL(err)
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", dsn("mode=ro", "_pragma=query_only(1)"))
	if err != nil {
		return nil, errors.Join(cleanSQL(err), writer.Close())
	}
	reader.SetMaxOpenConns(sqliteReaders)
	reader.SetMaxIdleConns(sqliteReaders)
	d := sqliteDialect()
	return &SQL{d: d, write: newSQLPool(writer, d), read: newSQLPool(reader, d)}, nil
}

// ensurePrivateFile makes the file when it is missing, and readable by nobody
// else when it is there. SQLite gives its side files the same mode.
func ensurePrivateFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make database folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make database file: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		err = f.Chmod(0o600)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("make database file private: %w", err)
	}
	return nil
}

func openPostgres(rawURL string, o Options) (*SQL, error) {
	cfg, err := pgx.ParseConfig(rawURL)
	if err != nil {
		// The driver's text quotes parts of the URL.
		return nil, errors.New("the PostgreSQL URL is not well formed")
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "spaza"
	}
	limitIdle := fmt.Sprintf("SET idle_in_transaction_session_timeout = %d", idleTxLimit.Milliseconds())
	db := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, limitIdle)
		return err
	}))
	conns := o.Conns
	if conns <= 0 {
		conns = defaultSQLConns
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	// Connections move to a new server behind the same name in time.
	db.SetConnMaxLifetime(30 * time.Minute)
	d := postgresDialect()
	p := newSQLPool(db, d)
	return &SQL{d: d, write: p, read: p}, nil
}

// migrate applies the migrations that the database lacks, each in a transaction
// of its own. On PostgreSQL a session lock lets one process do it for a schema
// while the others wait. On SQLite a process that was overtaken finds the tables there,
// and looks again.
func (s *SQL) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations/"+s.d.name)
	if err != nil {
		return err
	}
	kind := goose.DialectSQLite3
	opts := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if s.d.numbered {
		kind = goose.DialectPostgres
		// Whoever makes the tables of another schema is not waited for.
		var id int64
		if _, err := s.writing().row(ctx, `SELECT hashtextextended('spaza.migrate.' || coalesce(current_schema(), ''), 0)`, nil, &id); err != nil {
			return fmt.Errorf("name lock of migrations: %w", err)
		}
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(id), lock.WithLockTimeout(1, 300), lock.WithUnlockTimeout(1, 10))
		if err != nil {
			return err
		}
		opts = append(opts, goose.WithSessionLocker(locker))
	}
	p, err := goose.NewProvider(kind, s.write.db, files, opts...)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		_, err = p.Up(ctx)
		if err == nil || s.d.numbered || try == maxTxTries {
			return err
		}
	}
}

// Ping says whether the database answers.
func (s *SQL) Ping(ctx context.Context) error {
	for _, p := range []*sqlPool{s.write, s.read} {
		var one int
		if _, err := (sqlConn{p: p}).row(ctx, "SELECT 1", nil, &one); err != nil {
			return fmt.Errorf("ping database: %w", err)
		}
		if s.write == s.read {
			break
		}
	}
	return nil
}

// Close closes the connections. Transactions in flight end by themselves or are
// rolled back by the database.
func (s *SQL) Close() error {
	err := s.write.close()
	if s.read != s.write {
		err = errors.Join(err, s.read.close())
	}
	if err != nil {
		return fmt.Errorf("close database: %w", cleanSQL(err))
	}
	return nil
}

// reading runs single statements that only read.
func (s *SQL) reading() sqlConn { return sqlConn{p: s.read} }

// writing runs single statements, each a transaction of its own.
func (s *SQL) writing() sqlConn { return sqlConn{p: s.write} }

// millis is a time as it is stored; 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMillis is a stored time.
func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
