package store

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// PatientSessions are sessions that wait long for their server. The service gives
// a server up after a second and asks again: where the machine itself stood still,
// that counts once more what had been counted.
func PatientSessions(t *testing.T, url string) *Sessions {
	t.Helper()
	o, err := sessionOptions(url)
	if err != nil {
		t.Fatal(err)
	}
	const long = time.Minute
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = long, long, long, long
	s := &Sessions{rdb: redis.NewUniversalClient(o)}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
