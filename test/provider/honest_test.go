package provider_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"

	"spaza/ledger"
	"spaza/secret"
	"spaza/test/provider"
	"spaza/vend"
)

// word is what the host of these tests answers.
type word string

const (
	soldIt   word = "sold"
	refused  word = "refused"
	gate     word = "credentials refused"
	unclear  word = "unclear"
	goodless word = "sold, without the goods"
	used     word = "used already"
	absent   word = "not there" // nothing was sent

	// What a host that is told how sales end says beside these.
	doubled word = "sent before"
	missing word = "not found"
	settled word = "told otherwise before"
	taken   word = "taken"
)

// reply is the host's answer.
type reply struct {
	word  word
	goods string
	worth ledger.Cents
}

// host is a simulator in memory: one reference is one sale.
type host struct {
	mu       sync.Mutex
	money    ledger.Cents
	sales    map[string]reply
	undone   map[string]bool
	done     map[string]chan struct{}
	troubles map[string][]provider.Trouble
	closed   bool
	requests int
	// once is for a host that does not say again what it sold, and is told how
	// sales end; fates are what it was told.
	once  bool
	fates map[string]provider.Fate
}

func newHost() *host {
	return &host{
		money: ledger.Rand(1000), sales: map[string]reply{}, undone: map[string]bool{}, done: map[string]chan struct{}{}, troubles: map[string][]provider.Trouble{},
		fates: map[string]provider.Fate{},
	}
}

func (h *host) Meet(_ *testing.T, ref string, what provider.Trouble, times int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.troubles[ref] = slices.Repeat([]provider.Trouble{what}, times)
	if what == provider.Echo {
		h.troubles[ref] = append([]provider.Trouble{provider.CutAfter}, h.troubles[ref]...)
	}
	return true
}

func (h *host) Refuse(*testing.T) func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	return func() { h.mu.Lock(); defer h.mu.Unlock(); h.closed = false }
}

// finished is closed when the work of a reference is done; the caller holds the
// lock.
func (h *host) finished(ref string) chan struct{} {
	if h.done[ref] == nil {
		h.done[ref] = make(chan struct{})
	}
	return h.done[ref]
}

func (h *host) Done(ref string) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.finished(ref)
}

func (h *host) Money() ledger.Cents {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.money
}

func (h *host) Requests() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.requests
}

// serve takes an order in and answers it, or meets its trouble.
func (h *host) serve(ctx context.Context, ref string, o order) reply {
	h.mu.Lock()
	h.requests++
	if ctx.Err() != nil || h.closed {
		h.mu.Unlock()
		if ctx.Err() != nil {
			return reply{word: absent}
		}
		return reply{word: gate}
	}
	var trouble provider.Trouble
	if queue := h.troubles[ref]; len(queue) > 0 {
		trouble, h.troubles[ref] = queue[0], queue[1:]
	}
	switch trouble {
	case provider.CutBefore, provider.ErrorBefore, provider.Busy, provider.Throttled:
		h.mu.Unlock()
		return reply{word: unclear}
	case provider.Echo:
		h.mu.Unlock()
		return reply{word: used}
	}
	r := h.work(ref, o)
	h.mu.Unlock()
	switch trouble {
	case "":
		return r
	case provider.NoGoods:
		return reply{word: goodless}
	case provider.Silence:
		<-ctx.Done()
	}
	return reply{word: unclear}
}

// work does the work of a reference once; the caller holds the lock.
func (h *host) work(ref string, o order) reply {
	if o.about != "" {
		return h.told(ref, o)
	}
	if r, ok := h.sales[ref]; ok && !h.once {
		return r
	} else if ok {
		return reply{word: doubled}
	}
	if h.fates[ref].Undone { // before it came
		return reply{word: settled}
	}
	r := reply{word: soldIt, worth: o.worth}
	was, known := h.sales[o.original]
	switch {
	case o.kind == vend.KindReverse && (!known || was.word != soldIt), o.target == barred:
		r = reply{word: refused}
	case o.kind == vend.KindReverse:
		if !h.undone[o.original] {
			h.money += was.worth
		}
		h.undone[o.original] = true
		r.worth = 0
	default:
		h.money -= r.worth
		if o.kind.Handed() {
			r.goods = fmt.Sprintf("%016d", 7000+len(h.sales))
		}
	}
	h.sales[ref] = r
	close(h.finished(ref))
	return r
}

// order is a request's body.
type order struct {
	// about is what a message about an earlier one says, and worth then what the
	// customer has paid; empty for a sale.
	about                 word
	ref, original, target string
	kind                  vend.Kind
	worth                 ledger.Cents
}

const (
	barred = "27999999999"
	pin    = "5000500000000001"
)

var reference = regexp.MustCompile(`^[A-Z0-9-]{1,30}$`)

// honest is a provider that keeps its contract.
type honest struct{ host *host }

var kinds = []vend.Kind{vend.KindAirtime, vend.KindVoucher, vend.KindRedeem}

func (honest) Can(k vend.Kind) vend.Capability {
	return vend.Capability{Sells: slices.Contains(kinds, k) || k == vend.KindReverse, Reverses: k == vend.KindVoucher}
}

func (honest) Products(context.Context) ([]vend.Product, error) {
	return []vend.Product{
		{Code: "1", Kind: vend.KindAirtime, Name: "Airtime", Vendor: "V", Network: "v", Min: 1, Max: ledger.Rand(100)},
		{Code: "2", Kind: vend.KindVoucher, Name: "Voucher", Vendor: "V", Min: 1, Max: ledger.Rand(100), Reversible: true},
	}, nil
}

func (p honest) Prepare(s vend.Sale) (vend.Request, error) {
	o := order{ref: s.Ref, original: s.Original, target: s.Target, kind: s.Kind, worth: s.Amount}
	forNobody := (s.Kind == vend.KindAirtime) != (s.Target != "")
	reverses := s.Kind == vend.KindReverse
	switch {
	case !reference.MatchString(s.Ref), !p.Can(s.Kind).Sells, forNobody, reverses != (s.Original != ""), (s.Kind == vend.KindRedeem) != !s.PIN.Empty(),
		reverses && !p.Can(s.OriginalKind).Reverses, (reverses || s.Kind == vend.KindRedeem) != (s.Amount == 0), s.Amount < 0:
		return vend.Request{}, vend.ErrRefused
	case s.Kind == vend.KindRedeem:
		o.worth = -ledger.Rand(50)
	}
	body := fmt.Sprintf("%s %s %d %q %q %q", o.ref, o.kind, o.worth, o.target, o.original, s.PIN.Reveal())
	return vend.Request{Op: string(s.Kind), Ref: s.Ref, Body: secret.New(body)}, nil
}

// read reads a body.
func read(r vend.Request) (o order) {
	var pin string
	_, _ = fmt.Sscanf(r.Body.Reveal(), "%s %s %d %q %q %q", &o.ref, &o.kind, &o.worth, &o.target, &o.original, &pin)
	return o
}

func (p honest) Send(ctx context.Context, r vend.Request, past vend.Past) vend.Answer {
	o := read(r)
	answer := reply{word: absent}
	if p.host != nil {
		answer = p.host.serve(ctx, r.Ref, o)
	}
	a := vend.Answer{Code: string(answer.word)}
	switch answer.word {
	case soldIt:
		a.Outcome, a.ProviderRef, a.Amount = vend.Delivered, "7", max(answer.worth, -answer.worth)
		if answer.goods != "" {
			a.Goods.Voucher = &vend.Voucher{PIN: secret.New(answer.goods)}
		}
	case goodless:
		a.Owed = true
	case refused:
		a.Outcome, a.Reason = vend.Declined, vend.ReasonNumberBarred
	case used:
		if !past.Again {
			a.Outcome, a.Reason = vend.Declined, vend.ReasonVoucherUsed
		}
	case gate, absent:
		a.Alert = answer.word == gate
		if !past.Again {
			a.Outcome, a.Reason = vend.Declined, vend.ReasonTryLater
			if a.Alert {
				a.Reason = vend.ReasonUnavailable
			}
		}
	}
	return a
}

// bench puts a provider before a host in memory.
func bench(over func(*host) vend.Provider) func(*testing.T) provider.Bench {
	return func(*testing.T) provider.Bench { return benchOf(newHost(), over) }
}

func benchOf(h *host, over func(*host) vend.Provider) provider.Bench {
	return provider.Bench{
		Provider: over(h), Host: h, Unreachable: func() vend.Provider { return over(nil) },
		Sale: func(k vend.Kind) vend.Sale {
			s := vend.Sale{Kind: k, Amount: ledger.Rand(10)}
			switch k {
			case vend.KindAirtime:
				s.Target = "27821234567"
			case vend.KindRedeem:
				s.Amount, s.PIN = 0, secret.New(pin)
			}
			return s
		},
		Worth: func(s vend.Sale) ledger.Cents {
			if s.Kind == vend.KindRedeem {
				return -ledger.Rand(50)
			}
			return s.Amount
		},
		Refused: func(k vend.Kind) (vend.Sale, vend.Reason, bool) {
			return vend.Sale{Kind: k, Amount: ledger.Rand(10), Target: barred}, vend.ReasonNumberBarred, k == vend.KindAirtime
		},
		Secrets: []string{pin},
	}
}
