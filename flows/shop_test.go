package flows_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/flows"
	"spaza/jobs"
	"spaza/locales"
	"spaza/msisdn"
	"spaza/secret"
	"spaza/store"
	"spaza/test/tables"
	"spaza/test/talk"
	"spaza/vend"
)

const (
	helpNumber = "0800123456"
	dialCode   = "*120*384#"
)

// maxSession is how many bytes a stored session may take, so that with its key
// and what Redis adds it stays within 400.
const maxSession = 250

// opening is when every transcript begins: a Monday morning in Johannesburg.
var opening = time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)

// house is a whole shop behind the conversations: the sale, the books and the
// jobs are the real ones, the provider is scripted, and messages are kept.
type house struct {
	provider *provider
	service  *vend.Service
	sql      *store.SQL
	shelf    *counter
	till     *till
	desk     *desk
	words    *locales.Catalogue
	keys     *secret.Keyring
	runner   *jobs.Runner
	rules    vend.Options
	door     sync.Mutex // of service, where it is opened anew while jobs run

	user  string
	refs  map[string]string // short references and what they are called here
	texts []string          // everything that a customer was shown or sent
	saved []string          // every session as it was stored

	deposits int

	mu     sync.Mutex
	orders map[string]vend.Order // by reference, as last observed
	sent   []string              // messages that nobody has looked at
	closed bool                  // the messages do not go out
	asked  bool                  // a balance was looked at since money last moved
}

// emptyBooks is a database with its tables, to be copied.
func emptyBooks(t *testing.T) []byte {
	t.Helper()
	db, err := tables.Empty()
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// loadWords reads the texts, once: nothing changes them.
var loadWords = sync.OnceValues(func() (*locales.Catalogue, error) { return locales.Load() })

// newHouse opens a shop. It belongs into a synctest bubble.
func newHouse(t *testing.T, books []byte) *house {
	t.Helper()
	time.Sleep(time.Until(opening))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "spaza.db")
	must(os.WriteFile(path, books, 0o600))
	sql, err := store.OpenSQL(t.Context(), "sqlite:"+path, store.Options{})
	must(err)
	words, err := loadWords()
	must(err)
	keys, err := secret.NewKeyring(make([]byte, secret.KeySize))
	must(err)

	h := &house{
		provider: newProvider(), sql: sql, words: words, keys: keys, till: &till{crash: &death{}}, desk: &desk{}, user: "27821234567",
		orders: map[string]vend.Order{}, refs: map[string]string{},
	}
	h.runner = jobs.NewRunner(sql, jobs.Options{Owner: "house", Poll: time.Hour, Handlers: map[jobs.Kind]jobs.Handler{
		vend.JobOrder: func(ctx context.Context, j jobs.Job) jobs.Result { return h.selling().Work(ctx, j) },
		vend.JobNotice: func(ctx context.Context, j jobs.Job) jobs.Result {
			return flows.Notices{Orders: h.selling(), Words: words, Help: helpNumber, Now: time.Now, Send: h.send}.Work(ctx, j)
		},
	}})
	h.rule(vend.Options{})
	h.shelf = &counter{vend.NewShelf(h.provider, vend.ShelfOptions{})}
	must(h.shelf.Load(t.Context()))
	must(h.service.SetLanguage(t.Context(), h.user, "en")) // others are asked for theirs
	h.runner.Start(context.WithoutCancel(t.Context()))
	t.Cleanup(func() {
		if err := errors.Join(h.runner.Stop(context.Background()), sql.Close()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// rule opens the shop under rules, or others.
func (h *house) rule(o vend.Options) {
	h.rules = o
	h.rules.PINCost = vend.PINCost{Memory: 8, Passes: 1, Lanes: 1} // as little as there can be
	s := h.counter(h.runner)
	h.door.Lock()
	h.service = s
	h.door.Unlock()
	h.till.Till, h.desk.Service = h.service, h.service
}

// selling is the service of now, for those who run beside the conversation.
func (h *house) selling() *vend.Service {
	h.door.Lock()
	defer h.door.Unlock()
	return h.service
}

// counter is a place that sells under the shop's rules.
func (h *house) counter(r vend.Runner) *vend.Service {
	o := h.rules
	o.Observe = func(o vend.Order) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.orders[o.Ref], h.asked = o, false
	}
	s := vend.New(h.sql, h.provider, h.keys, o)
	s.Attach(r)
	return s
}

// send is the way out for messages.
func (h *house) send(_ context.Context, m flows.Outgoing) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return "", errors.New("the way out is closed")
	}
	h.sent = append(h.sent, msisdn.Local(m.To)+": "+m.Text)
	return "talk:" + m.ID, nil
}

func (h *house) shop() flows.Shop {
	return flows.Shop{
		Till: h.till, Purse: h.desk, Members: h.desk, History: h.desk, Desk: h.desk, Locks: h.desk, Shelf: h.shelf, Hash: h.keys.Hash,
		Chats: h.service, Sleepers: h.service, Words: h.words, ChatsOn: []string{"telegram", "whatsapp"},
		Help: helpNumber, Code: dialCode, Operator: "Spaza",
		Languages: func() []flows.Language {
			var all []flows.Language
			for _, l := range h.words.Languages() {
				all = append(all, flows.Language{Code: l.Code, Name: l.Name})
			}
			return all
		},
	}
}

func (h *house) world() talk.World {
	return talk.World{
		Book: flows.Book(h.shop()), Words: h.words, Verbs: h.verbs(), Tidy: h.tidy, End: h.end, User: h.user,
		Saved: func(record string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.saved = append(h.saved, record)
		},
	}
}

// shortRef is a reference as a screen shows it.
var shortRef = regexp.MustCompile(`Ref ([2-9A-HJ-NP-Z]{6})`)

// tidy calls the references of a transcript AAAAAA, BBBBBB and so on.
func (h *house) tidy(s string) string {
	h.texts = append(h.texts, s)
	return shortRef.ReplaceAllStringFunc(s, func(found string) string {
		code := found[len("Ref "):]
		if h.refs[code] == "" {
			h.refs[code] = strings.Repeat(string(rune('A'+len(h.refs))), len(code))
		}
		return "Ref " + h.refs[code]
	})
}

// end asserts the promise on the books: you get what you paid for exactly once,
// or your money is still yours. It also looks for PINs where none may be.
func (h *house) end() error {
	ctx := context.Background()
	var wrong []error
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.asked {
		bad("money moved after the last line with a balance; end with one")
	}
	faults, err := h.sql.CheckBooks(ctx)
	if err != nil {
		return err
	}
	for _, f := range faults {
		bad("books: %s", f)
	}
	want, have := map[string]vend.Balance{}, map[string]vend.Balance{}
	for _, ref := range slices.Sorted(maps.Keys(h.orders)) {
		o, err := h.service.Order(ctx, ref)
		if err != nil {
			return err
		}
		done, price := h.provider.did(ref)
		switch { // what a person decided is the person's to know
		case (o.State == vend.StateDelivered || o.State == vend.StateOwed) && (!done || price != o.Amount && o.Kind != vend.KindReverse):
			bad("order is %s at %s, and the provider did %t at %s", o.State, o.Amount, done, price)
		case o.State == vend.StateDeclined && done:
			bad("order is declined, and the provider did it at %s", price)
		}
		want[o.Customer] = after(want[o.Customer], o)
		if have[o.Customer], err = h.sql.Balance(ctx, o.Customer); err != nil {
			return err
		}
	}
	if !maps.Equal(want, have) {
		bad("the orders make %v, the books say %v", want, have)
	}
	for _, ref := range h.provider.twice() {
		bad("the provider did %s twice", ref)
	}
	for pin := range h.provider.pins() {
		for _, text := range h.texts {
			if strings.Contains(digits(text), pin) {
				bad("a PIN is shown: %q", text)
			}
		}
		for _, record := range h.saved {
			if strings.Contains(record, pin) {
				bad("a PIN is kept in the session")
			}
		}
	}
	for _, record := range h.saved {
		if len(record) > maxSession {
			bad("a session takes %d bytes", len(record))
		}
	}
	return errors.Join(wrong...)
}

// after is a balance after an order. What an order undid stands with that one.
func after(b vend.Balance, o vend.Order) vend.Balance {
	switch {
	case o.Kind == vend.KindReverse, o.Fund == vend.FundMerchant, o.Refused(), o.State == vend.StateReversed:
	case o.Kind == vend.KindRedeem && o.Done():
		b.Available += o.Amount
	case o.Kind == vend.KindRedeem:
	case o.Done(), o.State == vend.StateOwed:
		b.Available -= o.Amount
	default:
		b.Available -= o.Amount
		b.Held += o.Amount
	}
	return b
}

// digits are the digits of a text, run together.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// counter has a shelf that can be exchanged.
type counter struct{ *vend.Shelf }

// desk is the service as the rules of the day have it.
type desk struct{ *vend.Service }

// till is the way to the sale, which can break down.
type till struct {
	flows.Till
	crash *death
}

// death is how a process is about to die: "before" what it does next, "after" it,
// or before it, which is then done "late", long after nobody waits for it any more.
type death struct {
	mu  sync.Mutex
	how string
}

func (d *death) comes(how string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.how = how
}

func (d *death) coming() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.how
}

// now is how it dies; it dies once.
func (d *death) now() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	how := d.how
	d.how = ""
	return how
}

// errDied stands for the death of the process: no answer gets out.
var errDied = errors.New("the process died")

func (t *till) Buy(ctx context.Context, p vend.Purchase) (vend.Order, error) {
	return t.dying(ctx, func(ctx context.Context) (vend.Order, error) { return t.Till.Buy(ctx, p) })
}

func (t *till) Redeem(ctx context.Context, r vend.Redemption) (vend.Order, error) {
	return t.dying(ctx, func(ctx context.Context) (vend.Order, error) { return t.Till.Redeem(ctx, r) })
}

func (t *till) dying(ctx context.Context, do func(context.Context) (vend.Order, error)) (vend.Order, error) {
	switch t.crash.now() {
	case "before":
		return vend.Order{}, errDied
	case "late":
		go func() {
			time.Sleep(5 * time.Second)
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
			defer cancel()
			_, _ = do(late)
		}()
		return vend.Order{}, errDied
	case "after":
		_, _ = do(ctx)
		return vend.Order{}, errDied
	}
	return do(ctx)
}
