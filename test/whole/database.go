package whole

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver
)

// The servers on which tests may make what they like.
const (
	postgresEnv = "SPAZA_TEST_POSTGRES_URL"
	redisEnv    = "SPAZA_TEST_REDIS_URL"
)

// OwnDatabase makes an empty PostgreSQL database, which goes with the test, and
// returns its URL. Where there is no server the test is skipped, and says so.
func OwnDatabase(t testing.TB) string {
	t.Helper()
	server := os.Getenv(postgresEnv)
	if server == "" {
		t.Skipf("NOT TESTED ON POSTGRESQL: set %s, or use go run ./test/run", postgresEnv)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is not a URL", postgresEnv)
	}
	name := "spaza_whole_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		if err := admin.Close(); err != nil {
			t.Error(fmt.Errorf("close server: %w", err))
		}
	})
	u.Path = "/" + name
	return u.String()
}

// Redis is the URL of a real Redis; empty where there is none. It is waited for as
// PatientRedis says.
func Redis() string {
	if url := os.Getenv(redisEnv); url != "" {
		return PatientRedis(url)
	}
	return ""
}

// PatientRedis is the URL of a Redis that is waited for as long as the machine may
// stand still. A service gives one up after a second, and says that it is busy.
func PatientRedis(url string) string {
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	return url + sep + "dial_timeout=1m&read_timeout=1m&write_timeout=1m&pool_timeout=1m"
}
