package test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/test/whole"
)

// scratch is where the binary is built, once, when a test first needs it.
var scratch string

var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "spaza")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/spaza").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build spaza: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "spaza-whole-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	scratch = dir
	waitsMoreThanItWorks()
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// waitsMoreThanItWorks has more tests run at once than there are processors, unless
// the command line says how many: most of them wait, for processes, leases and
// retries.
func waitsMoreThanItWorks() {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said && !testing.Short() { // short ones work
		_ = flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
	}
}

// stores are the places where things can be kept: those inside the binary, and
// real servers where the test command has started them.
func stores(t *testing.T) map[string]func(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]func(t *testing.T) map[string]string{
		"embedded": func(*testing.T) map[string]string { return nil },
	}
	redis := whole.Redis()
	if redis == "" || os.Getenv("SPAZA_TEST_POSTGRES_URL") == "" {
		t.Log("real Redis and PostgreSQL are not there: only the embedded stores are tested (go run ./test/run starts them where installed)")
		return all
	}
	all["redis and postgres"] = func(t *testing.T) map[string]string {
		return map[string]string{"SPAZA_REDIS_URL": redis, "SPAZA_DATABASE_URL": whole.OwnDatabase(t)}
	}
	return all
}

// process is a running spaza.
type process struct {
	t    *testing.T
	args []string
	env  map[string]string
	url  string

	mu   sync.Mutex
	log  bytes.Buffer
	cmd  *exec.Cmd
	done chan error
}

// freeAddr is an address nobody listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := whole.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// startSandbox runs the provider simulator as a process of its own.
func startSandbox(t *testing.T) *process {
	t.Helper()
	addr := freeAddr(t)
	p := &process{t: t, args: []string{"sandbox"}, url: "http://" + addr, env: map[string]string{"SPAZA_SANDBOX_LISTEN": addr}}
	p.start("/sandbox/books")
	return p
}

// startService runs the service against a simulator (nil: the one inside it).
// Customers are spoken to in English and not asked, and screens wait for the provider
// as long as they may, unless env says otherwise.
func startService(t *testing.T, sandbox *process, env map[string]string, ready ...string) *process {
	t.Helper()
	addr := freeAddr(t)
	p := &process{t: t, args: []string{"serve"}, url: "http://" + addr, env: map[string]string{
		"SPAZA_LISTEN": addr, "SPAZA_ADMIN_LISTEN": "", "SPAZA_DATA_DIR": t.TempDir(), "SPAZA_REPLY_BUDGET": ample,
		"SPAZA_LANGUAGE": "en",
	}}
	if sandbox != nil {
		p.env["SPAZA_FLASH_BASE_URL"] = sandbox.url
		p.env["SPAZA_FLASH_API_KEY"] = "c2FuZGJveDpzYW5kYm94"
		p.env["SPAZA_FLASH_ACCOUNT_NUMBER"] = "1000200030004000"
	}
	for k, v := range env {
		p.env[k] = v
	}
	p.start(append(ready, "/readyz")[0])
	for range 5 {
		if len(ready) > 0 || !strings.Contains(p.logged(), "msg=catalogue ") {
			break
		}
		// The machine stood still, and the doors opened without anything to sell.
		p.kill()
		p.forget()
		p.start("/readyz")
	}
	return p
}

// withoutWaiting starts a service that is not going to be ready.
const withoutWaiting = "/healthz"

// start runs the process and waits until a path of it answers 200.
func (p *process) start(ready string) {
	p.t.Helper()
	path, err := binary()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(path, p.args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.t.TempDir()}
	for k, v := range p.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Stdout, cmd.Stderr = (*processLog)(p), (*processLog)(p)
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.cmd, p.done = cmd, make(chan error, 1)
	go func(done chan error) { done <- cmd.Wait() }(p.done)
	p.t.Cleanup(p.kill)
	eventually(p.t, 30*time.Second, "spaza "+p.args[0]+" answers", func() bool {
		resp, err := http.Get(p.url + ready)
		if err != nil {
			select {
			case err := <-p.done:
				p.cmd = nil
				p.t.Fatalf("spaza %s ended: %v\n%s", p.args[0], err, p.logged())
			default:
			}
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// kill is kill -9.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	p.cmd = nil
}

// stop asks the process to end, and returns how it did.
func (p *process) stop() error {
	p.t.Helper()
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case err := <-p.done:
		p.cmd = nil
		return err
	case <-time.After(30 * time.Second):
		p.t.Fatalf("spaza %s does not stop\n%s", p.args[0], p.logged())
		return nil
	}
}

type processLog process

func (l *processLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(b)
}

// forget throws away what was logged so far.
func (p *process) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.Reset()
}

func (p *process) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// books is what the simulator says that it sold.
type books struct {
	Float, RedemptionBalance int64
	Transactions             []struct {
		Reference, Op, Target, Status string
		Amount                        int64
		Seen                          int
	}
}

func (p *process) books() books {
	p.t.Helper()
	resp, err := http.Get(p.url + "/sandbox/books")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var b books
	if err := json.NewDecoder(resp.Body).Decode(&b); err != nil {
		p.t.Fatal(err)
	}
	return b
}

// sold is how much airtime the simulator put onto a number, in cents, and in
// how many sales.
func (b books) sold(number string) (cents int64, sales int) {
	for _, t := range b.Transactions {
		if t.Op == "cellular/pinless/purchase" && t.Target == number && t.Status == "success" {
			cents += t.Amount
			sales++
		}
	}
	return cents, sales
}

// eventually waits for something to come true.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		if ok() {
			tick.Stop()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
	}
}

// phone is a handset whose gateway speaks to a service.
type phone struct {
	t       *testing.T
	at      *process
	number  string // 11 digits
	network string // as the gateway says it
	session string
	text    string
	screen  string
}

// newPhone is a phone on Vodacom with a number nobody else has.
func newPhone(t *testing.T, at *process) *phone {
	return &phone{t: t, at: at, number: fmt.Sprintf("2782%07d", rand.IntN(10_000_000)), network: "65501"}
}

// dial opens a session, with inputs in the dial string where given.
func (p *phone) dial(inputs ...string) string {
	p.t.Helper()
	p.session, p.text = fmt.Sprintf("ATUid_%x", rand.Uint64()), strings.Join(inputs, "*")
	return p.send()
}

// press answers a screen.
func (p *phone) press(inputs ...string) string {
	p.t.Helper()
	for _, in := range inputs {
		if !strings.HasPrefix(p.screen, "CON ") {
			p.t.Fatalf("pressing %q, but there is no question on the screen: %q", in, p.screen)
		}
		if p.text != "" {
			p.text += "*"
		}
		p.text += in
		p.send()
	}
	return p.screen
}

// option is what is pressed for the option with this label on the screen.
func (p *phone) option(label string) string {
	p.t.Helper()
	n := whole.Screen(p.screen).Find(label)
	if n == "" {
		p.t.Fatalf("there is no option %q on the screen: %q", label, p.screen)
	}
	return n
}

// choose picks options by how their labels begin, on whatever page they stand.
func (p *phone) choose(labels ...string) string {
	p.t.Helper()
	if missing := p.walk(labels...); missing != "" {
		p.t.Fatalf("there is no option %q on the screen: %q\n\nlog:\n%s", missing, p.screen, p.at.logged())
	}
	return p.screen
}

// walk does the same as far as it gets, and returns the first label that there
// was not.
func (p *phone) walk(labels ...string) (missing string) {
	p.t.Helper()
	for _, l := range labels {
		for n := whole.More; n == whole.More; {
			if n = whole.Screen(p.screen).Pick(l); n == "" {
				return l
			}
			p.press(n)
		}
	}
	return ""
}

// menu dials, and starts again where the last call broke off.
func (p *phone) menu() string {
	p.t.Helper()
	if p.dial(); strings.HasPrefix(p.screen, "CON Welcome back") {
		p.walk("Start again")
	}
	return p.screen
}

// toPay dials, and goes as far as it gets to the yes for so much airtime on the
// phone's own number.
func (p *phone) toPay(amount string) string {
	p.t.Helper()
	p.menu()
	if p.walk("Airtime", "My number") == "" {
		if strings.Contains(p.screen, "Which network?") {
			p.walk("Vodacom")
		}
		p.walk(amount)
	}
	return p.screen
}

// send posts the session as it stands; posting it again is a gateway's retry.
func (p *phone) send() string {
	p.t.Helper()
	screen, err := p.post(p.at.url)
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.at.logged())
	}
	p.screen = screen
	return p.screen
}

func (p *phone) post(base string) (string, error) {
	form := url.Values{
		"sessionId": {p.session}, "phoneNumber": {"+" + p.number}, "networkCode": {p.network},
		"serviceCode": {"*120*384#"}, "text": {p.text},
	}
	resp, err := http.PostForm(base+"/ussd/africastalking", form)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", resp.StatusCode, body)
	}
	return string(body), err
}

// sees checks that words stand on the screen.
func (p *phone) sees(words ...string) *phone {
	p.t.Helper()
	for _, w := range words {
		if !strings.Contains(p.screen, w) {
			p.t.Fatalf("%q is not on the screen:\n%s\n\nlog:\n%s", w, p.screen, p.at.logged())
		}
	}
	return p
}

// sms is what arrived on the phone so far.
func (p *phone) sms() []string {
	p.t.Helper()
	resp, err := http.Get(p.at.url + "/handset/inbox?after=0&msisdn=" + p.number)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var inbox struct{ Messages []struct{ Text string } }
	if err := json.NewDecoder(resp.Body).Decode(&inbox); err != nil {
		p.t.Fatal(err)
	}
	var texts []string
	for _, m := range inbox.Messages {
		texts = append(texts, m.Text)
	}
	return texts
}

// gets waits for a message with these words.
func (p *phone) gets(within time.Duration, words ...string) {
	p.t.Helper()
	eventually(p.t, within, fmt.Sprintf("an SMS with %q; so far %q\n%s", words, p.sms(), ""), func() bool {
		for _, text := range p.sms() {
			all := true
			for _, w := range words {
				all = all && strings.Contains(text, w)
			}
			if all {
				return true
			}
		}
		return false
	})
}

// voucher is the PIN of an unused test voucher worth so many rand.
func voucher(rand int) string { return fmt.Sprintf("5%05d%010d", rand, randomDigits()) }

// faultyVoucher is one whose first hand-in meets a fault of the simulator.
func faultyVoucher(fault string, rand int) string {
	return fmt.Sprintf("7%s%05d%08d", fault, rand, randomDigits()%100_000_000)
}

func randomDigits() int64 { return rand.Int64N(10_000_000_000) }

// topUp hands a voucher in.
func (p *phone) topUp(rand int) {
	p.t.Helper()
	p.dial()
	p.choose("Use a 1Voucher")
	p.press(voucher(rand))
	p.sees(fmt.Sprintf("R%d added", rand))
}

// balance dials and reads the balance off the screen.
func (p *phone) balance() string {
	p.t.Helper()
	p.menu()
	return strings.TrimPrefix(strings.SplitN(p.choose("My money"), "\n", 2)[0], "CON ")
}
