package matrix

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"spaza/electrumapi"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// when says which sendings meet a fault.
type when string

// The sendings that meet the fault.
const (
	first when = "on the first sending"
	every when = "on every sending"
	// after: the first sending is done and its answer lost, and every later one
	// meets the fault, so that a refusal of these says nothing of the first.
	after when = "on every sending after a lost answer"
)

func whens() []when { return []when{first, every, after, telling, tellingOften, undoing, undoingOften} }

// lost is the fault by which the answer to a first sending is lost.
const lost = "cut_after"

// cell is one operation that meets one fault.
type cell struct {
	shop  *shop
	row   row
	fault string
	when  when
	// leaves: the customer is gone before the answer. Otherwise they press
	// twice at once, and stay.
	leaves   bool
	merchant bool // the operator's float pays
	n        int
	name     string

	host    *host
	till    *host // that the customer's money comes from
	service *vend.Service
	msisdn  string
	friend  string // another customer
	product vend.Product
	amount  ledger.Cents
	pin     secret.Text
	purse   string // the reference under which the customer got their money

	ref      string // of the operation
	original string // of what it undoes
	anewRef  string // of the same, where it was asked for anew
	refs     []string

	struck int

	mu     sync.Mutex
	told   []news
	wrongs []string
}

// news is what a customer learns of an order.
type news struct {
	ref    string
	event  string // of a message; empty for a screen
	state  vend.State
	done   bool
	refuse bool
}

func (c *cell) String() string {
	who, whose := "stays", "balance"
	if c.leaves {
		who = "leaves"
	}
	if c.merchant {
		whose = "merchant"
	}
	return fmt.Sprintf("%s, %s %s, customer %s, %s pays", c.row, c.fault, c.when, who, whose)
}

func (c *cell) wrong(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrongs = append(c.wrongs, fmt.Sprintf(format, args...))
}

// check notes an error.
func (c *cell) check(what string, err error) bool {
	if err != nil {
		c.wrong("%s: %v", what, err)
	}
	return err == nil
}

// open sets a cell up: a host, a provider and a service of its own.
func (c *cell) open() {
	c.name = fmt.Sprintf("c%d", c.n)
	c.host = c.shop.host(c.name, c.shop.trade)
	if c.till = c.shop.till; c.till == nil {
		c.till = c.host
	}
	provider, err := c.shop.trade.sell(c.shop, c.host.url, c.row)
	if !c.check("make provider", err) {
		return
	}
	limits := vend.DefaultLimits()
	limits.MerchantDay = 0 // every cell is a customer of the same day
	v := vend.Options{
		Window: c.shop.plan.window, Limits: limits, Now: c.shop.clock.Now, Rand: func(int64) int64 { return 0 },
	}
	if c.merchant {
		v.Fund = vend.FundMerchant
	}
	c.service = vend.New(c.shop.sql, provider, c.shop.keys, v)
	c.service.Attach(counted{c.shop.runner, c.shop.pace})
	c.msisdn, c.friend = fmt.Sprintf("2782%07d", c.n), fmt.Sprintf("2784%07d", c.n)
}

// prepare gives the customer money, and what is to be undone.
func (c *cell) prepare(ctx context.Context) {
	c.purse = c.shop.newRef(c, vend.KindRedeem)
	o, err := c.service.Redeem(ctx, vend.Redemption{Ref: c.purse, MSISDN: c.msisdn, PIN: secret.New(voucherPIN(500, c.n)), Channel: "test"})
	if err != nil || o.State != vend.StateDelivered {
		c.wrong("the customer gets no money: %s %s, %v", o.State, o.Code, err)
	}
	c.screen(o)
	k := c.row.kind
	if k == vend.KindReverse {
		k = c.row.undoes
	}
	if k.Bought() {
		for _, p := range c.shop.shelf.Of(k) {
			if p.Min%100 == 0 && p.Max%100 == 0 { // cents would ask for a fault
				c.product = p
				break
			}
		}
		c.amount = max(c.product.Min, min(c.product.Max, ledger.Rand(20)))
		switch {
		case c.row.free:
			c.amount = 0
		case k == vend.KindElectricity && c.row.terms.remedy == electrumapi.RemedyReverse:
			c.amount = ledger.Rand(100)
		}
	} else {
		c.amount = ledger.Rand(30)
	}
	c.pin = secret.New(voucherPIN(50, c.n))
	if c.row.kind != vend.KindReverse {
		return
	}
	c.original = c.shop.newRef(c, k)
	o, err = c.make(ctx, k, c.original)
	if err != nil || o.State != vend.StateDelivered {
		c.wrong("there is nothing to undo: %s %s, %v", o.State, o.Code, err)
	}
	c.screen(o)
}

// make asks for one operation, the same each time.
func (c *cell) make(ctx context.Context, k vend.Kind, ref string) (vend.Order, error) {
	switch {
	case k.Bought():
		return c.service.Buy(ctx, c.purchase(ref))
	case k == vend.KindRedeem:
		return c.service.Redeem(ctx, vend.Redemption{Ref: ref, MSISDN: c.msisdn, PIN: c.pin, Channel: "test"})
	case k == vend.KindRefund:
		return c.service.Refund(ctx, vend.Refund{Ref: ref, MSISDN: c.msisdn, Amount: c.amount, Channel: "test"})
	case k == vend.KindReverse:
		return c.service.Reverse(ctx, vend.Reversal{Ref: ref, Original: c.original, Channel: "test"})
	}
	return vend.Order{}, fmt.Errorf("the matrix does not know how to ask for kind %q", k)
}

func (c *cell) purchase(ref string) vend.Purchase {
	to := target(c.product.Kind, c.n, c.row.free, c.row.terms)
	return vend.Purchase{
		Ref: ref, MSISDN: c.msisdn, Product: c.product, Amount: c.amount, Target: c.product.Biller + to, Free: c.row.free, Channel: "test",
	}
}

// ask asks for the operation of the cell.
func (c *cell) ask(ctx context.Context, ref string) (vend.Order, error) {
	return c.make(ctx, c.row.kind, ref)
}

// strike asks while the fault is on.
func (c *cell) strike(ctx context.Context) {
	c.ref = c.shop.newRef(c, c.row.kind)
	for _, t := range c.troubles() {
		if !c.check("switch fault on", c.host.switchOn(ctx, t)) {
			return
		}
	}
	if !c.leaves {
		second := make(chan vend.Order, 1)
		go func() {
			o, err := c.ask(ctx, c.ref)
			c.check("press at the same moment", err)
			second <- o
		}()
		o, err := c.ask(ctx, c.ref)
		c.check("press", err)
		c.screen(o)
		c.screen(<-second)
		return
	}
	screen, leave := context.WithCancel(ctx)
	gone := make(chan struct{})
	c.host.meet(c.ref, func() {
		leave()
		<-gone
	})
	o, err := c.ask(screen, c.ref)
	leave()
	close(gone)
	if err != nil || o.State != vend.StateSending {
		c.wrong("pressed, and left before the answer: it is %s, %v", o.State, err)
	}
}

// press asks again while the first is not settled, and so by other ways.
func (c *cell) press(ctx context.Context) {
	was, err := c.service.Order(ctx, c.ref)
	if !c.check("read order", err) {
		return
	}
	before := c.host.arrivals("")
	o, err := c.ask(ctx, c.ref)
	if err != nil || o.Ref != c.ref || o.State != was.State {
		c.wrong("pressed again when it was %s: %s is %s, %v", was.State, o.Ref, o.State, err)
	}
	c.screen(o)
	c.others(ctx)
	if !was.Refused() {
		c.beside(ctx, false)
	}
	if n := c.host.arrivals("") - before; n != 0 {
		c.wrong("pressed again when it was %s: %d more requests were sent", was.State, n)
	}
}

// screen keeps what a customer's screen showed of an order.
func (c *cell) screen(o vend.Order) {
	if o.State.Final() {
		c.learn(news{ref: o.Ref, state: o.State, done: o.Done(), refuse: o.Refused()})
	}
}

// hear keeps what a message told of an order.
func (c *cell) hear(event, to string, o vend.Order) {
	if to != c.msisdn {
		c.wrong("a message of %s goes to somebody else", o.Ref)
	}
	switch {
	case event == vend.NoticeEnded && !o.Done() && !o.Refused() && o.State != vend.StateReversed,
		event == vend.NoticePerson && o.State != vend.StatePerson:
		c.wrong("a message tells that %s is %q, and it is %s", o.Ref, event, o.State)
	}
	c.learn(news{ref: o.Ref, event: event, state: o.State, done: o.Done(), refuse: o.Refused()})
}

// learn keeps what a customer learned, and compares it with what is so.
func (c *cell) learn(n news) {
	if happened := c.happened(n.ref); n.done && !happened || n.refuse && happened {
		c.wrong("the customer was told that %s is %s, and at the provider it happened: %t", n.ref, n.state, happened)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = append(c.told, n)
}

// happened says what the provider's books say of a reference. Reversals have no
// line there, but are seen on what they undid.
func (c *cell) happened(ref string) bool {
	if ref != "" && c.row.kind == vend.KindReverse && ref != c.original && ref != c.purse {
		t, known := c.host.entry(c.original)
		return known && t.done && !t.stands
	}
	if ref == c.purse {
		t, known := c.till.entry(ref)
		return known && t.done
	}
	t, known := c.host.entry(ref)
	return known && t.done && !(ref == c.ref && c.lied())
}

// heard says whether a customer learned of an order what fits.
func (c *cell) heard(fits func(news) bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.told, fits)
}
