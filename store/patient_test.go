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

func TestAURLSaysHowLongRedisIsWaitedFor(t *testing.T) {
	const times = "dial_timeout=2s&read_timeout=3s&write_timeout=4s&pool_timeout=5s"
	for _, url := range []string{"redis://host:1/2", "redis://host:1?addr=other:2", "redis://host:1?master_name=m"} {
		o, err := sessionOptions(url)
		if err != nil || o.DialTimeout != time.Second || o.ReadTimeout != time.Second || o.WriteTimeout != time.Second || o.PoolTimeout != time.Second {
			t.Errorf("%s: %+v, %v", url, o, err)
		}
		sep := "&"
		if url == "redis://host:1/2" {
			sep = "?"
		}
		o, err = sessionOptions(url + sep + times)
		if err != nil || o.DialTimeout != 2*time.Second || o.ReadTimeout != 3*time.Second || o.WriteTimeout != 4*time.Second || o.PoolTimeout != 5*time.Second {
			t.Errorf("%s: %+v, %v", url, o, err)
		}
	}
}
