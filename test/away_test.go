package test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"spaza/test/whole"
)

// cable is a TCP connection between the service and a store, which can be
// pulled out and put back.
type cable struct {
	addr string
	to   string

	mu    sync.Mutex
	out   bool
	conns map[net.Conn]bool
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{addr: l.Addr().String(), to: to, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = l.Close(); c.pull() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go c.carry(in)
		}
	}()
	return c
}

func (c *cable) carry(in net.Conn) {
	defer func() { _ = in.Close() }()
	if !c.keep(in) {
		return
	}
	out, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	if !c.keep(out) {
		return
	}
	go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
	_, _ = io.Copy(in, out)
}

func (c *cable) keep(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns[conn] = true
	return !c.out
}

// pull cuts every connection, and lets none through until put back.
func (c *cable) pull() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = true
	for conn := range c.conns {
		_ = conn.Close()
	}
	clear(c.conns)
}

func (c *cable) putBack() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = false
}

func TestRedisAwayStopsNothingHalfway(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	c := newCable(t, redis.Addr())
	sandbox := startSandbox(t)
	p := newPhone(t, startService(t, sandbox, map[string]string{"SPAZA_REDIS_URL": "redis://" + c.addr}))
	p.topUp(50)
	p.toPay("R20")
	p.sees("Pay R20")
	c.pull()
	p.choose("Pay R20")
	p.sees("END We are busy. Your money is safe.")
	if _, sales := sandbox.books().sold(p.number); sales != 0 {
		t.Errorf("something was bought")
	}
	c.putBack()
	eventually(t, soon, "the shop is open again", func() bool { return strings.HasPrefix(p.dial(), "CON ") })
	p.choose("Continue") // where it was: at the amount, never at the yes
	p.sees("How much?")
	p.choose("R20", "Pay R20")
	p.sees("END Done: R20", "R30 left")
	if cents, sales := sandbox.books().sold(p.number); cents != 2000 || sales != 1 {
		t.Errorf("the provider sold %d cents in %d sales", cents, sales)
	}
}

func TestDatabaseAwayStopsNothingHalfway(t *testing.T) {
	t.Parallel()
	env, ok := stores(t)["redis and postgres"]
	if !ok {
		t.Skip("needs a real PostgreSQL: the embedded database can not go away")
	}
	sandbox := startSandbox(t)
	shared := env(t)
	db, err := url.Parse(shared["SPAZA_DATABASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	c := newCable(t, db.Host)
	db.Host = c.addr
	shared["SPAZA_DATABASE_URL"] = db.String()
	p := newPhone(t, startService(t, sandbox, shared))
	p.topUp(50)
	p.toPay("R20")
	p.sees("Pay R20")
	c.pull()
	p.choose("Pay R20")
	if p.sees("END "); !strings.Contains(p.screen, "No money was taken") && !strings.Contains(p.screen, "Nothing was bought") {
		t.Errorf("it is not clear what became of the money: %q", p.screen)
	}
	if _, sales := sandbox.books().sold(p.number); sales != 0 {
		t.Errorf("something was bought")
	}
	c.putBack()
	eventually(t, soon, "the shop asks again", func() bool { return strings.Contains(p.toPay("R20"), "Pay R20") })
	p.choose("Pay R20")
	p.sees("END Done: R20", "R30 left")
	if cents, sales := sandbox.books().sold(p.number); cents != 2000 || sales != 1 {
		t.Errorf("the provider sold %d cents in %d sales", cents, sales)
	}
}

func TestEmbeddedRedisForgetsInTime(t *testing.T) {
	t.Parallel()
	// The embedded server must expire keys by itself. Its clock is real, so this
	// only shows that sessions are written with a life; see store for the rest.
	redis := miniredis.RunT(t)
	p := newPhone(t, startService(t, nil, map[string]string{"SPAZA_REDIS_URL": whole.PatientRedis("redis://" + redis.Addr())}))
	p.dial()
	keys := redis.Keys()
	if len(keys) != 1 {
		t.Fatalf("keys of one customer: %q", keys)
	}
	if ttl := redis.TTL(keys[0]); ttl <= 0 || ttl > time.Hour {
		t.Errorf("a session lives %s", ttl)
	}
	redis.FastForward(time.Hour)
	p.press("1")
	p.sees("CON ") // a dial string of its own, from the start
}

// TestNoSecretReachesASink runs marked secrets through a sale, a refusal and a
// fault, and looks for them everywhere that something is written.
func TestNoSecretReachesASink(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	sandbox := startSandbox(t)
	data := t.TempDir()
	const key = "canary-ussd-key-7c2f9a"
	admin := freeAddr(t)
	service := startService(t, sandbox, map[string]string{
		"SPAZA_REDIS_URL": whole.PatientRedis("redis://" + redis.Addr()), "SPAZA_DATA_DIR": data, "SPAZA_USSD_KEY": key, "SPAZA_LOG_LEVEL": "debug", "SPAZA_ADMIN_LISTEN": admin,
	})
	base := service.url
	service.url = strings.Replace(base, "http://", "http://gateway:"+key+"@", 1)
	p := newPhone(t, service)
	pins := []string{voucher(50), faultyVoucher("06", 50), faultyVoucher("04", 50), fmt.Sprintf("62402%011d", 42)}
	for _, pin := range pins {
		p.dial()
		use := p.option("Use a 1Voucher")
		p.press(use, pin) // whatever it says
		p.dial(use, pin)
	}
	p.toPay("R10")
	p.choose("Pay R10")
	secrets := append([]string{key, "c2FuZGJveDpzYW5kYm94", p.number}, pins...)
	for _, pin := range pins {
		secrets = append(secrets, pin[:4]+" "+pin[4:8]+" "+pin[8:12]+" "+pin[12:])
	}
	service.kill() // with a request that is sealed and still to be sent again
	sinks := map[string]string{"log": service.logged(), "redis": redis.Dump()}
	files, err := os.ReadDir(data)
	if err != nil || len(files) < 2 {
		t.Fatalf("data folder: %v, %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(data + "/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		sinks[f.Name()] = string(b)
	}
	for name, sink := range sinks {
		for _, s := range secrets {
			if s == p.number && strings.HasPrefix(name, "spaza.db") {
				continue // the customer's number is how they are reached
			}
			if strings.Contains(sink, s) {
				t.Errorf("%s holds %q", name, s)
			}
		}
	}
}
