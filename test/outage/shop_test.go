//go:build unix

package outage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/test/chatfake"
	"spaza/test/whole"
)

// secretKey is the same at every start, so that what was sealed can be opened.
const secretKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// shop is a running service with everything around it.
type shop struct {
	t        *testing.T
	sandbox  *whole.Process
	service  *whole.Process
	messages *messages
	log      logbook
	stalls   *stalls
	data     string // folder of the embedded database
	database string // as the store takes it

	mu     sync.Mutex
	shut   []span // when the test itself had the service down
	theirs map[string]soldThere
}

// span is a stretch of time; to is zero while it lasts.
type span struct{ from, to time.Time }

// settings are what a proof wants different.
type settings struct {
	env map[string]string
	// as is put before the service's own command line, to run it in another
	// way, such as under a limit.
	as []string
	// data is the folder of the embedded database; default one of the test's.
	data string
}

// openShop starts everything and waits until it sells.
func openShop(t *testing.T, set settings) *shop {
	t.Helper()
	path, err := binary.Path()
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, data: set.data, theirs: map[string]soldThere{}, stalls: watchMachine(t)}
	if s.data == "" {
		s.data = t.TempDir()
	}
	s.database = "sqlite:" + filepath.Join(s.data, "spaza.db")
	if url := set.env["SPAZA_DATABASE_URL"]; url != "" {
		s.database = url
	}
	s.messages = newMessages(t)

	addr := freeAddr(t)
	s.sandbox = &whole.Process{
		Binary: path, Args: []string{"sandbox"}, Env: map[string]string{"SPAZA_SANDBOX_LISTEN": addr},
		URL: "http://" + addr, Log: io.Discard,
	}
	start(t, s.sandbox, "/sandbox/books")
	repeat(t, 500*time.Millisecond, func() { _ = s.readTheirBooks() }) // what is wrong then is so at the end

	addr = freeAddr(t)
	// The shell notes the process's number and becomes the service.
	args := append([]string{"-c", `echo $$ >"$0" && exec "$@"`, s.pidFile()}, set.as...)
	s.service = &whole.Process{
		Binary: "/bin/sh", Args: append(args, path, "serve"), URL: "http://" + addr, Log: &s.log,
		Env: map[string]string{
			"SPAZA_LISTEN": addr, "SPAZA_ADMIN_LISTEN": "", "SPAZA_DATA_DIR": s.data, "SPAZA_REPLY_BUDGET": "1s",
			"SPAZA_LANGUAGE":       "en",
			"SPAZA_SECRET_KEY":     secretKey,
			"SPAZA_FLASH_BASE_URL": s.sandbox.URL, "SPAZA_FLASH_API_KEY": "c2FuZGJveDpzYW5kYm94", "SPAZA_FLASH_ACCOUNT_NUMBER": "1000200030004000",
			"SPAZA_SMS_API_URL": s.messages.host.URL(), "SPAZA_SMS_USERNAME": "spaza", "SPAZA_SMS_API_KEY": "key",
		},
	}
	maps.Copy(s.service.Env, set.env)
	start(t, s.service, "/readyz")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("troubles in the log of the service:\n%s\nand its end:\n%s", s.log.troubles(60), s.log.tail(3000))
		}
	})
	return s
}

// pidFile holds the number of the service's process.
func (s *shop) pidFile() string {
	return filepath.Join(filepath.Dir(s.data), "pid-"+filepath.Base(s.data))
}

// pid is the number of the service's process.
func (s *shop) pid() string {
	s.t.Helper()
	b, err := os.ReadFile(s.pidFile())
	if err != nil {
		s.t.Fatal(err)
	}
	return string(bytes.TrimSpace(b))
}

func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := whole.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func start(t *testing.T, p *whole.Process, ready string) {
	t.Helper()
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	if err := await(t, p, ready); err != nil {
		log := ""
		if l, ok := p.Log.(*logbook); ok {
			log = l.tail(4000)
		}
		t.Fatalf("%v\n%s", err, log)
	}
}

func await(t *testing.T, p *whole.Process, ready string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return p.Ready(ctx, ready)
}

// kill ends the service as kill -9 does. From now on no screen is expected.
func (s *shop) kill() {
	s.mu.Lock()
	s.shut = append(s.shut, span{from: time.Now()})
	s.mu.Unlock()
	s.service.Kill()
}

// restart starts the service that was killed, with what is different now.
func (s *shop) restart() {
	s.t.Helper()
	if err := s.tryRestart(); err != nil {
		s.t.Fatalf("%v\n%s", err, s.log.tail(4000))
	}
}

func (s *shop) tryRestart() error {
	if err := s.service.Start(); err != nil {
		return err
	}
	if err := await(s.t, s.service, "/readyz"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut[len(s.shut)-1].to = time.Now()
	return nil
}

// wasShut says whether the test itself had the service down at some time
// between from and to.
func (s *shop) wasShut(from, to time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.shut {
		if d.from.Before(to) && (d.to.IsZero() || d.to.After(from)) {
			return true
		}
	}
	return false
}

// ready is what the service says of itself.
func (s *shop) ready() bool {
	resp, err := get(s.t.Context(), s.service.URL+"/readyz")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// tell gives the simulator an order through its control endpoint.
func (s *shop) tell(path, body string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.sandbox.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode > 299 {
		s.t.Fatalf("simulator answers %s to %s", resp.Status, body)
	}
}

// slow makes the provider take so long for every answer.
func (s *shop) slow(d time.Duration) {
	s.t.Helper()
	s.tell("/sandbox/faults", fmt.Sprintf(`{"delayMs":%d}`, d.Milliseconds()))
}

// unclear makes the next answers of each operation get lost after the work was
// done, so that there are orders in doubt when the outage comes.
func (s *shop) unclear() {
	s.t.Helper()
	s.tell("/sandbox/faults", `{"fault":"cut_after","op":"cellular/pinless/purchase","times":2}`)
	s.tell("/sandbox/faults", `{"fault":"http_503_after","op":"1voucher/redeem","times":1}`)
}

// soldThere is one transaction in the provider's books.
type soldThere struct {
	Reference, Op, Target, Status string
	Amount                        int64
	Seen                          int
}

// readTheirBooks adds what is new in the provider's books, which list the newest
// 200 transactions only, to what was read before.
func (s *shop) readTheirBooks() error {
	resp, err := get(context.Background(), s.sandbox.URL+"/sandbox/books")
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var b struct {
		Counts       map[string]int
		Transactions []soldThere
	}
	if err := json.NewDecoder(resp.Body).Decode(&b); err != nil {
		return fmt.Errorf("read the provider's books: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range b.Transactions {
		s.theirs[t.Reference] = t
	}
	if len(s.theirs) != b.Counts["transactions"] {
		return fmt.Errorf("read the provider's books: %d of %d transactions were seen", len(s.theirs), b.Counts["transactions"])
	}
	return nil
}

// theirBooks are the provider's, by reference.
func (s *shop) theirBooks() map[string]soldThere {
	s.t.Helper()
	if err := s.readTheirBooks(); err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.theirs)
}

func get(ctx context.Context, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("get: %w", err)
	}
	return http.DefaultClient.Do(req) //nolint:wrapcheck // as it is
}

// logbook keeps what a process writes.
type logbook struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(b)
}

// String is all of it.
func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// tail is the end of it.
func (l *logbook) tail(n int) string {
	all := l.String()
	return all[max(0, len(all)-n):]
}

// troubles are the last lines that are no routine.
func (l *logbook) troubles(n int) string {
	var lines []string
	for line := range strings.Lines(l.String()) {
		if !strings.Contains(line, "level=INFO") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "")
}

// messages are the text messages that came, by number.
type messages struct {
	host *chatfake.SMS

	mu   sync.Mutex
	read int
	by   map[string][]string
}

func newMessages(t *testing.T) *messages {
	m := &messages{host: chatfake.NewSMS(nil), by: map[string][]string{}}
	t.Cleanup(m.host.Close)
	repeat(t, 50*time.Millisecond, m.sort)
	return m
}

// repeat does something again and again until the test has ended.
func repeat(t *testing.T, every time.Duration, do func()) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				do()
			}
		}
	}()
	t.Cleanup(func() { stop(); <-done })
}

func (m *messages) sort() {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.host.All() // under the lock, so that no two take the same for new
	for _, one := range all[m.read:] {
		m.by[one.To] = append(m.by[one.To], one.Text)
	}
	m.read = len(all)
}

// to is what came to a number so far.
func (m *messages) to(number string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.by[number]
}

// programs skips the test where one of them is not installed.
func programs(t *testing.T, what string, found error) {
	t.Helper()
	if found != nil {
		t.Skipf("NOT PROVEN, %s: %v", what, found)
	}
}

var errNotInstalled = errors.New("not installed")
