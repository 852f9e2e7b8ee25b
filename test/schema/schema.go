// Package schema gives a test a place of its own in a real PostgreSQL. It exists
// so that the packages whose tests need one agree on where it is and on what is
// said when there is none.
//
// A test calls Fresh, opens the URL that comes back, and forgets it: the schema
// goes with the test. The package knows nothing of what is kept there.
package schema

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver
)

// env names a PostgreSQL server on which the tests may make schemas.
const env = "SPAZA_TEST_POSTGRES_URL"

// Fresh is the URL of an empty schema. Where there is no server the test is
// skipped, and says so.
func Fresh(t testing.TB) string {
	t.Helper()
	base := os.Getenv(env)
	if base == "" {
		t.Skipf("NOT TESTED ON POSTGRESQL: set %s to the URL of a server on which schemas may be made", env)
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatalf("%s is not a URL", env)
	}
	name := "spaza_test_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP SCHEMA "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}
