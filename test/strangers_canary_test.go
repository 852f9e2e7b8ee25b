package test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	_ "modernc.org/sqlite" // to read what the service left behind

	"spaza/test/chatfake"
	"spaza/test/whole"
)

// tap is a TCP connection between the service and a store which keeps all that the
// service says to it.
type tap struct {
	addr string
	mu   sync.Mutex
	said bytes.Buffer
}

func newTap(t *testing.T, to string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p := &tap{addr: l.Addr().String()}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				return
			}
			go func() { _, _ = io.Copy(io.MultiWriter(out, p), in); _ = out.Close() }()
			go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
		}
	}()
	return p
}

// Write implements io.Writer.
func (p *tap) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *tap) all() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// fortHands is somebody at every door of a fort.
func fortHands(t *testing.T, f *fort) map[string]hand {
	t.Helper()
	all := map[string]hand{"telegram": f.telegram(t), "whatsapp": f.whatsApp(t)}
	for name, send := range map[string]func(*gatewayHand, bool, string) (string, bool){
		"africastalking": (*gatewayHand).africasTalking, "aat": (*gatewayHand).aat, "truroute": (*gatewayHand).truRoute,
		"cweetagram": (*gatewayHand).cweetagram, "panacea": (*gatewayHand).panacea,
	} {
		keyed := func(address string) string {
			return strings.Replace(address, "http://127.0.0.1", "http://gateway:"+fortKey(name)+"@127.0.0.1", 1)
		}
		at := &process{t: t, url: keyed(f.url)}
		all[name] = &gatewayHand{t: t, at: at, msisdn: freshNumber(), send: func(g *gatewayHand, first bool, input string) (string, bool) {
			screen, end := send(g, first, input)
			g.back = keyed(g.back)
			return screen, end
		}}
	}
	return all
}

// walletPINs are what nothing else of a service looks like: no port is so high.
var walletPINs = []string{"73915", "86204", "91573", "75308", "82647", "69471", "96152"}

// canaries are secrets of one customer, as they became known to somebody.
type canaries struct {
	long  []string // looked for everywhere
	short []string // looked for where no other digit is beside them
	who   []string // numbers and names of people in chats, which only the database may know
	// shared are numbers that were shared in a chat: while they are being proved
	// they are what was answered, and the conversation holds them.
	shared []string
}

// spend has somebody hand a voucher in, set a wallet PIN and buy a token with it.
func (c *canaries) spend(t *testing.T, h hand, pin string) {
	t.Helper()
	h.opens()
	h.picks("Use a 1Voucher")
	slip := voucher(50)
	h.says(slip)
	h.opens()
	h.picks("My money")
	h.picks("My PIN")
	h.picks("Make a PIN")
	h.says(pin)
	h.says(pin)
	if !strings.Contains(h.shown(), "Your PIN is set") {
		t.Fatalf("after the PIN:\n%s", h.shown())
	}
	h.opens()
	h.picks("Electricity")
	h.says("14000000019")
	h.picks("R20")
	h.picks("Pay R20")
	h.says(pin)
	token := regexp.MustCompile(`(\d{4}[ -]?){4}\d{4}`).FindString(h.shown())
	if token == "" {
		t.Fatalf("there is no token:\n%s", h.shown())
	}
	c.long = append(c.long, spellings(slip)...)
	c.long = append(c.long, spellings(token)...)
	c.short = append(c.short, pin)
	numbers := []string{h.number(), "0" + h.number()[2:]}
	switch h := h.(type) {
	case *telegramHand:
		c.shared, c.who = append(c.shared, numbers...), append(c.who, strconv.FormatInt(h.chat, 10))
	case *whatsAppHand:
		c.who = append(append(c.who, numbers...), h.user.ID)
	default:
		c.who = append(c.who, numbers...)
	}
}

// spellings are digits as they are and in groups of four.
func spellings(digits string) []string {
	digits = strings.NewReplacer(" ", "", "-", "").Replace(digits)
	var groups []string
	for i := 0; i < len(digits); i += 4 {
		groups = append(groups, digits[i:min(i+4, len(digits))])
	}
	return []string{digits, strings.Join(groups, " "), strings.Join(groups, "-")}
}

// TestNoSecretOfAnyDoorReachesASink runs marked secrets through every door, with
// everything logged, and looks for them in all that is written anywhere.
func TestNoSecretOfAnyDoorReachesASink(t *testing.T) {
	t.Parallel()
	redis := newTap(t, miniredis.RunT(t).Addr())
	f := startFort(t, map[string]string{"SPAZA_REDIS_URL": whole.PatientRedis("redis://" + redis.addr), "SPAZA_LIMIT_TURNS": "0"})
	c := canaries{long: f.secrets()}
	n := 0
	for name, h := range fortHands(t, f) {
		c.spend(t, h, walletPINs[n])
		n++
		if name == "telegram" {
			c.short = append(c.short, oneTimeCode(t, f.sms, h.number()))
		}
	}
	// A code that is not used yet, and a PIN that waits to be worked on.
	late := f.telegram(t)
	late.says("/start")
	late.picks("Share my number")
	c.short = append(c.short, oneTimeCode(t, f.sms, late.msisdn))
	waits := f.telegram(t)
	waits.opens()
	waits.picks("Use a 1Voucher")
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	f.tg.Fail(chatfake.TelegramFault{Chat: waits.chat, Times: -1, Late: hold})
	before := len(f.tg.Calls(""))
	f.update(t, f.tg.Text(waits.chat, waits.chat, "hello"))
	eventually(t, soon, "the API is asked", func() bool { return len(f.tg.Calls("")) > before })
	slip := voucher(50)
	f.update(t, f.tg.Text(waits.chat, waits.chat, slip))
	c.long = append(c.long, spellings(slip)...)
	_, page := f.metrics(t)
	f.kill() // with a letter that is still to be worked on
	waiting := f.cells(t, `SELECT count(*) FROM letters WHERE body IS NOT NULL`)
	if len(waiting) != 1 || waiting[0] == "0" {
		t.Errorf("no letter waits: %v", waiting)
	}

	c.absent(t, "log", f.logged(), c.who, c.shared)
	c.absent(t, "metrics", regexp.MustCompile(`(?m)^(go|process)_.*\n`).ReplaceAllString(page, ""), c.who, c.shared)
	c.absent(t, "redis", redis.all(), c.who)
	files, err := filepath.Glob(f.data + "/spaza.db*")
	if err != nil || len(files) == 0 {
		t.Fatalf("data folder: %v, %v", files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		c.absent(t, filepath.Base(name), string(b))
	}
	for _, table := range f.cells(t, `SELECT name FROM sqlite_master WHERE type = 'table'`) {
		for _, cell := range f.cells(t, `SELECT * FROM `+table) {
			c.absent(t, "table "+table, cell)
		}
	}
}

// absent looks for secrets, and more besides, where they must not be.
func (c *canaries) absent(t *testing.T, name, sink string, more ...[]string) {
	t.Helper()
	for _, s := range slices.Concat(append(more, c.long)...) {
		if i := strings.Index(sink, s); i >= 0 {
			t.Errorf("%s holds %q: %.300q", name, s, sink[max(0, i-100):])
		}
	}
	for _, s := range c.short {
		if at := regexp.MustCompile(`(?:^|[^0-9])` + s + `(?:[^0-9]|$)`).FindStringIndex(sink); at != nil {
			t.Errorf("%s holds %q: %.300q", name, s, sink[max(0, at[0]-100):])
		}
	}
}

// cells reads the database of a service that is gone.
func (f *fort) cells(t *testing.T, query string) (all []string) {
	t.Helper()
	db, err := sql.Open("sqlite", f.data+"/spaza.db")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(context.WithoutCancel(t.Context()), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, v := range row {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			all = append(all, fmt.Sprint(v))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
