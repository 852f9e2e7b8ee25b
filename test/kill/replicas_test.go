package kill

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/test/whole"
)

// TestTwoReplicasAnswerAsOneWhileOneDies spreads callbacks over two processes on
// one database and one Redis: some come twice, some at both at once, some late,
// and a fifth of the calls is abandoned. Every screen is known beforehand.
func TestTwoReplicasAnswerAsOneWhileOneDies(t *testing.T) {
	t.Parallel()
	p := asked(t)
	if whole.Redis() == "" {
		t.Skip("NOT TESTED ON REDIS: two processes cannot share the embedded one (go run ./test/run starts a real one)")
	}
	t.Logf("SPAZA_PROOF_SEED=%d", p.seed)
	deaths := 2
	if p.long {
		deaths = max(2, p.kills/10)
	}
	r := newRig(t, p, "replicas").onServers(2)
	for _, replica := range r.replicas {
		if err := r.start(replica, true); err != nil {
			t.Fatalf("%v\n%s", err, r.log.about("ERROR", "panic"))
		}
	}
	ctx, home := context.WithCancel(t.Context())
	people := r.crowd()
	gathered, callers := people.callers(ctx)
	defer func() { home(); gathered.Wait() }()
	choose := p.source(r.name, "killer")
	for i := range deaths {
		pause(ctx, time.Second+time.Duration(choose.IntN(2000))*time.Millisecond)
		dying := r.replicas[i%2]
		r.kill(dying, fmt.Sprintf("replica %d, %d of %d", i%2, i+1, deaths))
		pause(ctx, time.Duration(choose.IntN(1500))*time.Millisecond)
		if err := r.start(dying, true); err != nil {
			t.Fatalf("%v\n%s", err, r.log.about("ERROR", "panic"))
		}
	}
	pause(ctx, 2*time.Second)
	people.close()
	gathered.Wait()
	home()
	var yes int64
	for _, c := range callers() {
		yes += c.bought.Load()
	}
	r.reckon(people.all, fmt.Sprintf("%d replicas killed, %d with a sale under way; %d purchases that callers know of", deaths, r.count.busyKills.Load(), yes))
}

// callers lets callers in, some at a time, until close. They are listed when all
// have gone.
func (w *crowd) callers(ctx context.Context) (*sync.WaitGroup, func() []*caller) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all []*caller
	for range w.r.proof.crowd {
		wg.Go(func() {
			for !w.closed.Load() && ctx.Err() == nil {
				c := &caller{customer: w.next()}
				mu.Lock()
				all = append(all, c)
				mu.Unlock()
				c.live(ctx)
			}
		})
	}
	return &wg, func() []*caller { return all }
}

// caller is a customer who knows what every screen must say: what they have, what
// they chose, and where in the conversation they are.
type caller struct {
	*customer

	at      place
	balance ledger.Cents
	network string
	amount  ledger.Cents
	back    bool   // a purchase waits for the voucher
	note    string // what the next menu says of the last order; empty for nothing
	bought  atomic.Int64
	lostAt  place // where the call was abandoned; nowhere when it was not

	// before is the turn before this one, which may come late.
	before turn
}

// place is a screen of the conversation.
type place string

const (
	nowhere  place = ""
	atMenu   place = "menu"
	atResume place = "resume"
	atNet    place = "network"
	atAmount place = "amount"
	atPay    place = "confirm"
	atShort  place = "short"
	atPIN    place = "pin"
	atAdded  place = "added"
	atPurse  place = "balance"
	atEnd    place = "end"
)

// live is some calls, of which a fifth is abandoned.
func (c *caller) live(ctx context.Context) {
	for calls := 4 + c.choose.IntN(4); calls > 0 && c.pays < maxPays && ctx.Err() == nil; calls-- {
		abandon := -1
		if c.choose.IntN(5) == 0 {
			abandon = c.choose.IntN(6)
		}
		if !c.talk(ctx, abandon) {
			return
		}
		pause(ctx, time.Duration(c.choose.IntN(20))*time.Millisecond)
	}
}

// talk is one call. False says that what follows cannot be known any more.
func (c *caller) talk(ctx context.Context, abandon int) bool {
	c.session, c.text, c.before = fmt.Sprintf("ATUid_%016x", c.choose.Uint64()), "", turn{}
	resumed := c.lostAt
	c.lostAt = nowhere
	switch resumed {
	case atNet, atAmount, atPay, atShort:
		if !c.expect(ctx, atResume, false, "", "CON Welcome back. You were busy with: buying airtime\n1 Continue\n2 Start again") {
			return false
		}
	default:
		if !c.menu(ctx) {
			return false
		}
	}
	for steps := 0; c.at != atEnd; steps++ {
		if ctx.Err() != nil {
			return false
		}
		if steps == abandon || steps == 14 {
			c.r.count.dropped.Add(1)
			if c.lostAt = c.at; c.at == atResume {
				c.lostAt = resumed // which is offered again
			}
			return true
		}
		if !c.step(ctx, resumed) {
			return false
		}
	}
	return true
}

// menu expects the first screen, with a line on the last order where there is one
// to tell of.
func (c *caller) menu(ctx context.Context) bool {
	note := c.note
	c.note = ""
	return c.expect(ctx, atMenu, false, "", "CON "+note+"Spaza. What do you need?\n1 Buy airtime")
}

func (c *caller) types(input string) { c.text = strings.TrimPrefix(c.text+"*"+input, "*") }

// step answers the screen and expects the next.
func (c *caller) step(ctx context.Context, resumed place) bool {
	switch c.at {
	case atResume:
		if c.choose.IntN(3) == 0 {
			c.types("2")
			return c.menu(ctx)
		}
		c.types("1")
		switch resumed {
		case atNet:
			return c.toNetwork(ctx)
		case atShort:
			return c.toPay(ctx)
		}
		return c.toAmount(ctx)
	case atMenu:
		switch c.choose.IntN(6) {
		case 0:
			c.types("3")
			return c.expect(ctx, atPurse, false, "", fmt.Sprintf("CON You have %s.\n1 Buy airtime", c.balance))
		case 1:
			c.types("2")
			c.back = false
			return c.toPIN(ctx)
		}
		c.types("1")
		return c.toNetwork(ctx)
	case atPurse:
		c.types("1")
		return c.toNetwork(ctx)
	case atNet:
		n := c.choose.IntN(2)
		c.network = []string{"Vodacom", "MTN"}[n]
		c.types(fmt.Sprint(n + 1))
		return c.toAmount(ctx)
	case atAmount:
		n := c.choose.IntN(2)
		c.amount = []ledger.Cents{ledger.Rand(10), ledger.Rand(20)}[n]
		c.types(fmt.Sprint(n + 1))
		return c.toPay(ctx)
	case atShort:
		c.types("1")
		c.back = true
		return c.toPIN(ctx)
	case atPIN:
		return c.handIn(ctx)
	case atAdded:
		c.types("1")
		if c.back {
			c.back = false
			return c.toPay(ctx)
		}
		return c.toNetwork(ctx)
	default:
		return c.pay(ctx)
	}
}

func (c *caller) toNetwork(ctx context.Context) bool {
	return c.expect(ctx, atNet, false, "", "CON Airtime for 0"+c.number[2:]+". Which network?\n1 Vodacom\n2 MTN")
}

func (c *caller) toAmount(ctx context.Context) bool {
	return c.expect(ctx, atAmount, false, "", "CON "+c.network+" airtime for 0"+c.number[2:]+". How much?\n1 R10\n2 R20")
}

func (c *caller) toPIN(ctx context.Context) bool {
	return c.expect(ctx, atPIN, false, "", "CON Type the 16 digits of your 1Voucher.")
}

// toPay is the confirm screen or, where the money is not there, the other.
func (c *caller) toPay(ctx context.Context) bool {
	if c.balance < c.amount {
		return c.expect(ctx, atShort, false, "", fmt.Sprintf("CON %s %s airtime. You have %s. You are %s short.\n1 Add a 1Voucher",
			c.amount, c.network, c.balance, c.amount-c.balance))
	}
	return c.expect(ctx, atPay, false, "", fmt.Sprintf("CON %s %s airtime for 0%s? You have %s. A wrong number cannot be undone.\n1 Pay %s\n",
		c.amount, c.network, c.number[2:], c.balance, c.amount))
}

// pay says yes, or sometimes no.
func (c *caller) pay(ctx context.Context) bool {
	if c.choose.IntN(12) == 0 {
		c.types("2")
		return c.expect(ctx, atEnd, false, "", "END Nothing was bought. Your money is still yours.")
	}
	if c.pays++; c.pays > maxPays {
		return false
	}
	c.types("1")
	c.balance -= c.amount
	c.bought.Add(1)
	done := fmt.Sprintf("END Done. %s %s airtime is on 0%s. You have %s left. Ref ", c.amount, c.network, c.number[2:], c.balance)
	pending := fmt.Sprintf("END We are busy buying %s airtime for 0%s. Do not buy again.", c.amount, c.number[2:])
	if !c.expect(ctx, atEnd, true, "", done, pending) {
		return false
	}
	ref := refIn.FindStringSubmatch(c.screen)
	if ref == nil {
		c.r.wrong(c.customer, "no reference on %q", c.screen)
		return false
	}
	if strings.HasPrefix(c.screen, pending) {
		// Whoever was at it died, perhaps: it comes to its end, but it is not
		// known when, and the line on it neither.
		return false
	}
	c.note = fmt.Sprintf("You bought %s %s airtime. Ref %s\n", c.amount, c.network, ref[1])
	return true
}

// handIn types the PIN of a new voucher.
func (c *caller) handIn(ctx context.Context) bool {
	worth := []int64{20, 30, 50}[c.choose.IntN(3)]
	c.issued++
	pin := fmt.Sprintf("5%05d%s%02d0", worth, c.number[4:], c.issued)
	c.types(pin)
	added := fmt.Sprintf("CON %s added from your 1Voucher. You have %s.\n1 ", ledger.Rand(worth), c.balance+ledger.Rand(worth))
	if !c.expect(ctx, atAdded, false, pin, added, "END We are checking your voucher.", "END We do not know yet if it worked.") {
		return false
	}
	if strings.HasPrefix(c.screen, "END ") {
		return false
	}
	c.balance += ledger.Rand(worth)
	// A call that drops here is told of the voucher at the next dial.
	c.note = fmt.Sprintf("Your 1Voucher added %s to your balance.\n", ledger.Rand(worth))
	return true
}

// expect delivers the session as it stands, and looks whether the answer begins
// as one of these. Where a process died meanwhile, only the first may not.
func (c *caller) expect(ctx context.Context, next place, pays bool, pin string, begins ...string) bool {
	answers, shaken := c.reach(ctx, c.now(pays, pin))
	if ctx.Err() != nil {
		return false
	}
	c.screen = ""
	for _, a := range answers {
		if strings.HasPrefix(a, busyLine) && (c.screen != "" || len(answers) > 1) {
			continue
		}
		if c.screen != "" && a != c.screen {
			c.r.wrong(c.customer, "one callback got two screens, %q and %q", c.screen, a)
			return false
		}
		c.screen = a
	}
	c.at = next
	for i, b := range begins {
		if strings.HasPrefix(c.screen, b) {
			if i == len(begins)-1 && i == 2 && !shaken {
				break
			}
			return true
		}
	}
	c.r.wrong(c.customer, "%q is on the screen, and should begin as one of %q (a process died meanwhile: %v)", c.screen, begins, shaken)
	return false
}

// reach delivers a turn to any replica, and to another where that one is dead.
// Five in a hundred come twice, half of them at both replicas at once; as many
// are followed, or met, by the turn before. It returns the answers to the turn.
func (c *caller) reach(ctx context.Context, t turn) (answers []string, shaken bool) {
	var wg sync.WaitGroup
	var late, again string
	first := c.choose.IntN(2)
	before := c.before
	fate := c.choose.IntN(100)
	lives := c.r.life.Load()
	switch {
	case fate < 3: // at both at once
		c.r.count.repeated.Add(1)
		wg.Go(func() { again = c.persist(ctx, 1-first, t) })
	case fate < 8 && fate >= 5 && before.session == t.session: // met by the one before
		c.r.count.late.Add(1)
		other := c.choose.IntN(2)
		wg.Go(func() { late = c.persist(ctx, other, before) })
	}
	answer := c.persist(ctx, first, t)
	wg.Wait()
	switch {
	case fate >= 3 && fate < 5: // once more, later
		c.r.count.repeated.Add(1)
		again = c.persist(ctx, c.choose.IntN(2), t)
	case fate >= 8 && fate < 10 && before.session == t.session: // followed by the one before
		c.r.count.late.Add(1)
		late = c.persist(ctx, c.choose.IntN(2), before)
	}
	shaken = lives != c.r.life.Load()
	answers = []string{answer}
	if again != "" {
		answers = append(answers, again)
	}
	if late != "" && late != before.screen && !strings.HasPrefix(late, lostLine) && !strings.HasPrefix(late, busyLine) {
		c.r.wrong(c.customer, "a late %q got %q; its own screen was %q", before.text, late, before.screen)
	}
	t.screen = answer
	c.before = t
	return answers, shaken
}

// persist delivers a turn until there is an answer, each time to the other
// replica.
func (c *caller) persist(ctx context.Context, replica int, t turn) string {
	for ctx.Err() == nil {
		if done := c.post(ctx, c.r.replicas[replica], t); done.err == nil {
			return done.screen
		}
		replica = 1 - replica
		pause(ctx, 5*time.Millisecond)
	}
	return ""
}
