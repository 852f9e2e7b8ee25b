package kill

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"spaza/test/whole"
)

// maxPays is how often a customer says yes at most: fewer than the shop lets
// anybody buy in a day.
const maxPays = 8

const (
	// busyLine is what a turn may be answered with that another one overtook.
	busyLine = "END We are busy. Your money is safe."
	// lostLine answers a turn that contradicts what came before.
	lostLine = "END We lost your place. Nothing was bought by this."
)

// customer is a person with a phone, and the gateway between them and the shop.
// They are one at a time: their next turn comes after the answer to the last.
type customer struct {
	r      *rig
	choose *rand.Rand
	number string
	friend string // for whom they buy, too
	// network is the gateway's word on theirs; it does not know that of all.
	network string

	session, text, screen string
	want                  string // the option that is looked for, perhaps on a further page
	pays                  int
	slips                 []string // PINs of vouchers that were bought and are not known to be used
	issued                int      // vouchers bought so far

	mu    sync.Mutex
	diary []turn
}

// turn is one callback, and what came back.
type turn struct {
	at, until     time.Time
	session, text string
	screen        string
	err           error
	lives         [2]int64 // of the shop, before and after
	pays          bool     // a yes to a purchase
	agreed        agreed   // to which
	pin           string   // the voucher that was handed in with it
	gone          bool     // the phone was out of reach: the screen was for nobody
	unseen        string   // that screen, where the gateway had it
}

// newCustomer is the n-th of a proof.
func (r *rig) newCustomer(n int) *customer {
	c := &customer{
		r: r, choose: r.proof.source(r.name, "customer", n), number: fmt.Sprintf("2782%07d", n), friend: fmt.Sprintf("2783%07d", n),
		network: "65501",
	}
	if c.choose.IntN(2) == 0 {
		c.network = "99999"
	}
	return c
}

// visit is a customer's life: they dial some times, with little between.
func (c *customer) visit(ctx context.Context) {
	for calls := 3 + c.choose.IntN(5); calls > 0 && c.pays < maxPays && ctx.Err() == nil; calls-- {
		c.call(ctx)
		pause(ctx, time.Duration(c.choose.IntN(60))*time.Millisecond)
	}
}

// call is one call, from dialling to a last screen, or until it drops.
func (c *customer) call(ctx context.Context) {
	c.dial(ctx)
	for steps := 0; steps < 20 && strings.HasPrefix(c.screen, "CON ") && ctx.Err() == nil; steps++ {
		if c.choose.IntN(25) == 0 {
			c.r.count.dropped.Add(1)
			return
		}
		input, pin := c.answer()
		pays := input != "" && input == c.find("Pay R")
		if pays {
			if c.pays++; c.pays > maxPays {
				return
			}
			if c.choose.IntN(4) == 0 && c.r.seller().trouble(c.choose, readOffer(c.screen).target) {
				c.r.count.faults.Add(1)
			}
		}
		c.press(ctx, input, pays, pin)
	}
}

func (c *customer) asks(words string) bool { return strings.Contains(c.screen, words) }

// dial opens a session.
func (c *customer) dial(ctx context.Context) {
	c.session, c.text, c.want = fmt.Sprintf("ATUid_%016x", c.choose.Uint64()), "", ""
	c.send(ctx, false, "")
}

// press answers a screen.
func (c *customer) press(ctx context.Context, input string, pays bool, pin string) {
	c.text = strings.TrimPrefix(c.text+"*"+input, "*")
	c.send(ctx, pays, pin)
	if pin != "" {
		c.heard(pin)
	}
}

// send has the gateway deliver the session as it stands. It may deliver it twice
// at a time, and where the shop does not answer it may try again, or give up. The
// screen is empty when the call dropped.
func (c *customer) send(ctx context.Context, pays bool, pin string) {
	p, now := c.r.replicas[0], c.now(pays, pin)
	if pays || pin != "" {
		c.r.bell.ring(pressed)
	}
	away := c.choose.IntN(40) == 0 // out of reach before the answer is there
	twice := c.choose.IntN(20) == 0
	patient := c.choose.IntN(5) > 1
	if away {
		c.r.count.dropped.Add(1)
		c.screen = ""
		c.lose(ctx, p, now)
		return
	}
	if twice {
		c.r.count.repeated.Add(1)
		var again turn
		var wg sync.WaitGroup
		wg.Go(func() { again = c.post(ctx, p, now) })
		first := c.post(ctx, p, now)
		wg.Wait()
		c.compare(first, again)
		if first.err != nil {
			first = again
		}
		c.screen = first.screen
		if c.screen != "" || !patient {
			return
		}
	} else if c.screen = c.post(ctx, p, now).screen; c.screen != "" || !patient {
		return
	}
	for range 60 { // until the shop is there again
		if !pause(ctx, 50*time.Millisecond) {
			return
		}
		c.r.count.repeated.Add(1)
		if c.screen = c.post(ctx, p, now).screen; c.screen != "" {
			return
		}
	}
}

// compare looks at the two answers to a callback that was delivered twice at a
// time: both in one life of the shop are the same, but for the line of one that
// was overtaken.
func (c *customer) compare(a, b turn) {
	lives := map[int64]bool{a.lives[0]: true, a.lives[1]: true, b.lives[0]: true, b.lives[1]: true}
	if len(lives) > 1 || a.err != nil || b.err != nil || a.screen == b.screen {
		return
	}
	if strings.HasPrefix(a.screen, busyLine) || strings.HasPrefix(b.screen, busyLine) {
		return
	}
	c.r.wrong(c, "one callback got two screens, %q and %q", a.screen, b.screen)
}

// lose delivers a turn whose answer reaches nobody: the gateway has it and the
// call is over, or the gateway itself gave up.
func (c *customer) lose(ctx context.Context, p *whole.Process, t turn) {
	if c.choose.IntN(2) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(1+c.choose.IntN(30))*time.Millisecond)
		defer cancel()
	}
	t.gone = true
	c.post(ctx, p, t)
}

// now is the session as it stands, to be delivered.
func (c *customer) now(pays bool, pin string) turn {
	t := turn{session: c.session, text: c.text, pays: pays, pin: pin}
	if pays {
		t.agreed = readOffer(c.screen)
	}
	return t
}

// post is one callback. It comes back with its answer, and is kept in the diary.
func (c *customer) post(ctx context.Context, p *whole.Process, t turn) turn {
	t.at = time.Now()
	t.lives[0] = c.r.life.Load()
	if t.pays || t.pin != "" {
		c.r.count.paying.Add(1)
		defer c.r.count.paying.Add(-1)
	}
	t.screen, t.err = c.deliver(ctx, p, t)
	t.until = time.Now()
	t.lives[1] = c.r.life.Load()
	c.r.count.turns.Add(1)
	switch {
	case t.gone:
		t.screen, t.unseen = "", t.screen
	case t.err != nil:
		t.screen = ""
		c.r.count.broken.Add(1)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.diary = append(c.diary, t)
	return t
}

func (c *customer) deliver(ctx context.Context, p *whole.Process, t turn) (string, error) {
	form := url.Values{
		"sessionId": {t.session}, "phoneNumber": {"+" + c.number}, "networkCode": {c.network},
		"serviceCode": {"*120*384#"}, "text": {t.text},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/ussd/africastalking", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.r.gateway.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("HTTP status %d: %s", resp.StatusCode, body)
	}
	return string(body), err
}

// look dials once more, to be told what no screen could say before, and again where
// the shop was busy.
func (c *customer) look(ctx context.Context) {
	for range 5 {
		c.session, c.text = fmt.Sprintf("ATUid_%016x", c.choose.Uint64()), ""
		c.screen = c.post(ctx, c.r.replicas[0], c.now(false, "")).screen
		if c.screen != "" && !strings.HasPrefix(c.screen, busyLine) {
			break
		}
	}
	if c.asks("Welcome back") {
		c.text = "2"
		c.screen = c.post(ctx, c.r.replicas[0], c.now(false, "")).screen
	}
}

// told is the diary between two times, and its end, for a report.
func (c *customer) told(from, until time.Time) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for i, t := range c.diary {
		if t.until.Before(from) || t.at.After(until) && i < len(c.diary)-3 {
			continue
		}
		what, screen := "", t.screen
		if t.pays {
			what = " (yes)"
		}
		if t.gone {
			what, screen = what+" (call dropped)", t.unseen
		}
		if t.err != nil {
			screen = t.err.Error()
		}
		if len(screen) > 160 {
			screen = screen[:160] + "..."
		}
		_, _ = fmt.Fprintf(&b, "\t%s to %s %s %q%s: %q\n", t.at.Format(clock), t.until.Format(clock), t.session[len(t.session)-4:], t.text, what, screen)
	}
	return b.String()
}
