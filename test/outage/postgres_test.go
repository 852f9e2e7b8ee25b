//go:build unix

package outage

import (
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func sellsFromPostgres(t *testing.T) (*postgresServer, *shop) {
	t.Helper()
	notShort(t)
	db := startPostgres(t)
	return db, openShop(t, settings{env: map[string]string{"SPAZA_DATABASE_URL": db.url}})
}

// TestPostgresIsRestarted stops it as its immediate mode does: nobody is waited
// for, nothing is tidied up, and it recovers from its log.
func TestPostgresIsRestarted(t *testing.T) {
	t.Parallel()
	db, s := sellsFromPostgres(t)
	proof(t, s, func(_ int, c *crowd) {
		for range 3 {
			db.stop(syscall.SIGQUIT)
			db.start()
			c.middle()
		}
	})
}

// TestPostgresIsAwayForTenSeconds is long enough for every screen to give up, and
// for some leases to end.
func TestPostgresIsAwayForTenSeconds(t *testing.T) {
	t.Parallel()
	db, s := sellsFromPostgres(t)
	proof(t, s, func(int, *crowd) {
		db.stop(syscall.SIGQUIT)
		away := time.Now()
		eventually(t, 20*time.Second, "the service says that it is not ready", func() bool { return !s.ready() })
		time.Sleep(10*time.Second - time.Since(away))
		db.start()
	})
}

// TestPostgresEndsItsConnections has all of the service's ended by the server,
// again and again, at whatever they are about.
func TestPostgresEndsItsConnections(t *testing.T) {
	t.Parallel()
	db, s := sellsFromPostgres(t)
	proof(t, s, func(int, *crowd) {
		admin, err := pgx.Connect(t.Context(), db.url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = admin.Close(t.Context()) }()
		const enough = 50
		ended := 0
		for begun := time.Now(); time.Since(begun) < 6*time.Second || ended < enough && time.Since(begun) < time.Minute; time.Sleep(60 * time.Millisecond) {
			var n int
			err := admin.QueryRow(t.Context(), `SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'spaza' AND pid <> pg_backend_pid()) ended`).Scan(&n)
			if err != nil {
				t.Fatal(err)
			}
			ended += n
		}
		t.Logf("%d connections were ended", ended)
		if ended < enough {
			t.Errorf("only %d connections were ended", ended)
		}
	})
}

// TestPostgresHangs stops it without a word for longer than any screen may wait:
// connections stay open, and nothing comes back until it goes on.
func TestPostgresHangs(t *testing.T) {
	t.Parallel()
	db, s := sellsFromPostgres(t)
	proof(t, s, func(int, *crowd) {
		stopped := db.backends()
		for _, p := range stopped {
			_ = p.Signal(syscall.SIGSTOP) // it may have ended by itself
		}
		db.signal(syscall.SIGSTOP) // takes no more connections
		time.Sleep(11 * time.Second)
		for _, p := range stopped {
			_ = p.Signal(syscall.SIGCONT)
		}
		db.signal(syscall.SIGCONT)
	})
}
