package kill

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spaza/secret"
	"spaza/store"
	"spaza/test/chatfake"
	"spaza/test/whole"
	"spaza/vend"
)

// rig is a shop with everything around it. Only its processes are ever killed.
type rig struct {
	t        *testing.T
	proof    proof
	name     string
	began    time.Time
	counter  counter
	desks    []desk // Flash first
	messages *chatfake.SMS
	gateway  *http.Client
	bell     bell
	log      journal
	count    counts

	replicas []*whole.Process
	// life changes whenever a process is killed or started, so that what
	// happened within one life of the shop can be told apart.
	life atomic.Int64

	mu     sync.Mutex
	errors []string // wrong screens
	kills  []death

	database string // as store.OpenSQL takes it
	driver   string // and as database/sql does
	source   string
}

// counts are what happened, for the table at the end.
type counts struct {
	turns, broken, repeated, late, dropped, faults atomic.Int64
	busyKills                                      atomic.Int64 // with a sale under way
	paying                                         atomic.Int64 // turns under way that pay or hand in, now
}

// newRig starts what outlives the kills.
func newRig(t *testing.T, p proof, name string, sells counter) *rig {
	t.Helper()
	r := &rig{t: t, proof: p, name: name, began: time.Now()}
	r.sellThrough(sells)
	var mu sync.Mutex
	choose := p.source(name, "messages")
	r.messages = chatfake.NewSMS(func(chatfake.SMSMessage) chatfake.SMSHow {
		r.bell.ring(messaged)
		mu.Lock()
		defer mu.Unlock()
		switch n := choose.IntN(100); {
		case n == 0:
			return chatfake.SMSLost
		case n < 3 && p.long: // it is tried again, and later each time
			return chatfake.SMSFailed
		}
		return chatfake.SMSTaken
	})
	t.Cleanup(r.messages.Close)
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	r.gateway = &http.Client{Transport: transport, Timeout: 12 * time.Second}
	t.Cleanup(transport.CloseIdleConnections)
	return r
}

// providerFloat is what a provider holds for the shop at first, in cents.
const providerFloat = 1_000_000_00

// onSQLite keeps everything inside the process, but for the file.
func (r *rig) onSQLite() *rig {
	path := filepath.Join(r.t.TempDir(), "spaza.db")
	r.database, r.driver, r.source = "sqlite:"+path, "sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)"
	r.replica(map[string]string{"SPAZA_DATA_DIR": filepath.Dir(path)})
	return r
}

// onServers uses PostgreSQL, and a real Redis where there is one.
func (r *rig) onServers(replicas int) *rig {
	url := whole.OwnDatabase(r.t)
	r.database, r.driver, r.source = url, "pgx", url
	// The key names the sessions, so that rigs which share a Redis do not share them.
	env := map[string]string{"SPAZA_DATABASE_URL": url, "SPAZA_SECRET_KEY": secret.NewKey()}
	if redis := whole.Redis(); redis != "" {
		env["SPAZA_REDIS_URL"] = redis
	} else {
		r.t.Log("no real Redis: sessions die with the process (go run ./test/run starts one)")
	}
	for range replicas {
		env["SPAZA_DATA_DIR"] = r.t.TempDir()
		r.replica(env)
	}
	return r
}

// replica adds a process, which is not started.
func (r *rig) replica(env map[string]string) {
	r.t.Helper()
	path, err := spaza.Path()
	if err != nil {
		r.t.Fatal(err)
	}
	addr, err := whole.FreeAddr()
	if err != nil {
		r.t.Fatal(err)
	}
	p := &whole.Process{Binary: path, Args: []string{"serve"}, URL: "http://" + addr, Log: &r.log, Env: map[string]string{
		"SPAZA_LISTEN": addr, "SPAZA_ADMIN_LISTEN": "", "SPAZA_REPLY_BUDGET": "1s", "SPAZA_LANGUAGE": "en",
		"SPAZA_PROVIDER":    r.counter.routes(),
		"SPAZA_SMS_API_URL": r.messages.URL(), "SPAZA_SMS_USERNAME": "spaza", "SPAZA_SMS_API_KEY": "key",
	}}
	for _, d := range r.desks {
		maps.Copy(p.Env, d.env(d.url))
	}
	maps.Copy(p.Env, env)
	r.replicas = append(r.replicas, p)
	r.t.Cleanup(p.Kill)
}

// start runs a process and, where ready, waits for it.
func (r *rig) start(p *whole.Process, ready bool) error {
	if err := p.Start(); err != nil {
		return err
	}
	r.life.Add(1)
	if !ready {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return p.Ready(ctx, "/readyz")
}

// kill ends a process as a power cut does.
func (r *rig) kill(p *whole.Process, why string) {
	r.life.Add(1)
	if r.count.paying.Load() > 0 {
		r.count.busyKills.Add(1)
	}
	at := time.Now()
	p.Kill()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kills = append(r.kills, death{at, why})
}

// death is one kill.
type death struct {
	at  time.Time
	why string
}

// deaths are the kills between two times, for a report.
func (r *rig) deaths(from, until time.Time) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for _, d := range r.kills {
		if d.at.After(from) && d.at.Before(until) {
			_, _ = fmt.Fprintf(&b, "\tkilled at %s: %s\n", d.at.Format(clock), d.why)
		}
	}
	return b.String()
}

// wrong notes a screen that is not what it must be.
func (r *rig) wrong(c *customer, format string, args ...any) {
	diary := c.told(time.Now().Add(-300*time.Millisecond), time.Now())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf("%s: %s\n%s", c.number, fmt.Sprintf(format, args...), diary))
}

// clock is how times are shown.
const clock = "15:04:05.000"

// open is what is still under way, in words; stuck says that some of it will not
// come to its end by itself.
func (r *rig) open(ctx context.Context, db *store.SQL) (under string, stuck bool, err error) {
	s, err := db.Stats(ctx, time.Now())
	if err != nil {
		return "", false, err
	}
	var parts []string
	for _, o := range s.Orders {
		stuck = stuck || o.State == vend.StatePerson
		parts = append(parts, fmt.Sprintf("%d orders %s", o.Count, o.State))
	}
	for _, j := range s.Jobs {
		if n := j.Waiting + j.Held + j.Dead; n > 0 && (j.Kind == vend.JobOrder || j.Kind == vend.JobNotice || j.Kind == vend.JobAdvice) {
			stuck = stuck || j.Dead > 0
			parts = append(parts, fmt.Sprintf("%d jobs %s (%d dead)", n, j.Kind, j.Dead))
		}
	}
	return strings.Join(parts, ", "), stuck, nil
}

// settle waits until nothing is under way any more.
func (r *rig) settle(db *store.SQL) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.proof.settled)
	defer cancel()
	last := ""
	for {
		under, stuck, err := r.open(ctx, db)
		switch {
		case err == nil && under == "":
			return nil
		case stuck:
			return fmt.Errorf("will not end by itself: %s", under)
		case err == nil:
			last = under
		}
		if !pause(ctx, 100*time.Millisecond) {
			return fmt.Errorf("still under way after %s: %s", r.proof.settled, last)
		}
	}
}

// raw opens the database as it lies.
func (r *rig) raw() (*sql.DB, error) { return sql.Open(r.driver, r.source) }

// journal keeps what the processes wrote.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(b)
}

// about is every line that holds one of the words.
func (j *journal) about(words ...string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found strings.Builder
	for line := range strings.Lines(j.b.String()) {
		for _, w := range words {
			if strings.Contains(line, w) {
				found.WriteString("\t" + line)
				break
			}
		}
	}
	return found.String()
}
