package store

import (
	"strings"
	"testing"
	"time"
)

func TestAURLSaysHowLongRedisIsWaitedFor(t *testing.T) {
	const times = "dial_timeout=2s&read_timeout=3s&write_timeout=4s&pool_timeout=5s"
	for _, url := range []string{"redis://host:1/2?", "redis://host:1?addr=other:2&", "redis://host:1?master_name=m&"} {
		o, err := sessionOptions(strings.TrimRight(url, "?&"))
		if err != nil || o.DialTimeout != time.Second || o.ReadTimeout != time.Second || o.WriteTimeout != time.Second || o.PoolTimeout != time.Second {
			t.Errorf("%s: %+v, %v", url, o, err)
		}
		o, err = sessionOptions(url + times)
		if err != nil || o.DialTimeout != 2*time.Second || o.ReadTimeout != 3*time.Second || o.WriteTimeout != 4*time.Second || o.PoolTimeout != 5*time.Second {
			t.Errorf("%s: %+v, %v", url, o, err)
		}
	}
}
