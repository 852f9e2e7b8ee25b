package flows_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"spaza/vend"
)

// TestWhatIsBoughtIsWhatTheScreenSaid has people walk about in the whole book at
// random, while calls drop, gateways repeat themselves, sessions are lost, the
// catalogue changes, and the provider and the process do what they may do. What is
// sold is what the screen said to which a yes was typed; what a screen says of
// money is so; and nobody sees a secret that is not theirs to see.
func TestWhatIsBoughtIsWhatTheScreenSaid(t *testing.T) {
	books := emptyBooks(t)
	sales, kinds := 0, map[vend.Kind]int{}
	rapid.Check(t, func(rt *rapid.T) {
		begin := rapid.Custom(drawOpening).Draw(rt, "opening")
		n := rapid.IntRange(40, 140).Draw(rt, "turns")
		story := rapid.SliceOfN(rapid.Custom(drawAct), n, n).Draw(rt, "story")
		var s *street
		synctest.Test(t, func(t *testing.T) {
			s = newStreet(t, books, begin)
			defer time.Sleep(time.Minute) // whatever is under way comes to its end
			for _, a := range story {
				if s.happen(a); len(s.wrong()) > 0 {
					return
				}
			}
			s.close()
		})
		s.read()
		if wrong := s.wrong(); len(wrong) > 0 {
			rt.Fatalf("%s\n%s", strings.Join(wrong, "\n"), strings.Join(s.log, "\n"))
		}
		for _, asked := range s.asked {
			kinds[asked[0].kind]++
			sales++
		}
	})
	t.Logf("asked for %v", kinds)
	if sales < 50 && !testing.Short() && !t.Failed() {
		t.Errorf("only %d things were bought", sales)
	}
}

// start is how a shop is when a story begins.
type start struct {
	pin     vend.PINPolicy
	fund    vend.Fund
	limits  string
	has     string // the balance
	already bool   // the customer has a PIN
}

func drawOpening(rt *rapid.T) start {
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(rt, name) }
	return start{
		pin:    vend.PINPolicy(pick("pin", "optional", "optional", "required", "off")),
		fund:   vend.Fund(pick("fund", "balance", "balance", "balance", "merchant")),
		limits: pick("limits", "", "", "", "sale R30", "day R60", "sales 3"), has: pick("has", "R0", "R55.50", "R200", "R2000"),
		already: rapid.Bool().Draw(rt, "already"),
	}
}

// act is one thing that happens. n is taken modulo what there is to choose from.
type act struct {
	what  string
	phone int
	n     int
}

func drawAct(rt *rapid.T) act {
	return act{
		what: rapid.SampledFrom(slices.Concat(
			slices.Repeat([]string{"type"}, 50), slices.Repeat([]string{"dial"}, 2),
			[]string{"deep", "retry", "lose", "forget", "wait", "wait", "mood", "mood", "shelf", "crash", "pin crash", "erase", "policy"},
		)).Draw(rt, "what"),
		phone: rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2}).Draw(rt, "phone"),
		n:     rapid.IntRange(0, 999).Draw(rt, "n"),
	}
}

func (s *street) happen(a act) {
	time.Sleep(20 * time.Millisecond)
	// Small numbers are drawn most, and the first of a list is nothing special.
	pick := func(of ...string) string { return of[(a.n*7919+a.n/7)%len(of)] }
	p := s.lines[a.phone]
	switch a.what {
	case "type":
		if !p.open {
			s.dial(p, "")
			return
		}
		s.say(p, pick(likelyTyped(p.shown)...))
	case "dial":
		s.dial(p, "")
	case "deep":
		s.dial(p, pick("1*1*1", "1*1*2", "5*1", "5", "5*1*1*1", "3*1*2", "6*1*1", "7*3*1*1", "7*1*1*1*1", "4*5000500000000001", "6*5*1*48213*48213", "2*1*1*1*1", "7*6*1", "7*7*1", "7*8*1", "7*5*1*1", "7*4*1*12345*1", "7*2*1*1"))
	case "retry":
		if p.turn.Channel != "" {
			s.note("line %d: the gateway repeats itself", a.phone)
			s.hear(p, p.turn, false)
		}
	case "lose":
		if !p.open {
			return
		}
		in := pick(likelyTyped(p.shown)...)
		s.note("line %d: types %q and is cut off", a.phone, in)
		turn := s.next(p, in)
		ctx := context.WithValue(context.Background(), lineKey{}, s.speaker(p))
		p.open, p.over, p.turn = false, false, turn
		other := s.process(nil)
		go func() { _, _ = other.Handle(ctx, turn) }()
		time.Sleep(time.Duration(a.n%3) * time.Second)
	case "forget":
		s.note("the sessions are lost")
		s.store.mu.Lock()
		clear(s.store.records)
		s.store.mu.Unlock()
	case "wait":
		d, _ := time.ParseDuration(pick("1s", "5s", "30s", "1m", "2m30s", "4m", "6m", "20m"))
		s.note("%s pass", d)
		time.Sleep(d)
	case "mood":
		how := pick("unknown", "lost", "owed", "slow 2s", "slow 5s", "never", "person", "declined wrong_network", "declined number", "declined amount", "declined try_later", "declined meter", "declined account", "forbids")
		s.note("the provider: %s", how)
		_ = s.provider.expect(how)
	case "shelf":
		s.restock(a.n)
	case "crash":
		how := pick("before", "after", "late")
		s.crash.comes(how)
		s.note("the process dies %s", how)
	case "pin crash":
		how := pick("before", "after", "late")
		s.locks.comes(how)
		s.note("the process dies %s a PIN", how)
	case "erase":
		s.note("the friend is forgotten")
		_, err := vend.Oblivion{Store: s.sql, Now: time.Now}.Erase(context.Background(), vend.Erasure{MSISDN: friend, Unseen: true, By: "support", Why: "asked for"})
		if _, inTheWay := errors.AsType[*vend.InTheWayError](err); err != nil && !inTheWay {
			s.bad("erase: %v", err)
		}
	case "policy":
		o := s.rules
		o.PIN = vend.PINPolicy(pick("optional", "required", "off"))
		s.note("PINs are %s", o.PIN)
		s.till, s.desk = &till{crash: s.crash}, &desk{}
		s.rule(o)
		s.open()
	}
	synctest.Wait()
}

// restock changes what is on sale.
func (s *street) restock(n int) {
	ways := []func(*vend.Product) bool{
		func(p *vend.Product) bool { return p.Network != "vodacom" },
		func(p *vend.Product) bool { return p.Kind != vend.KindData || p.Network == "mtn" },
		func(p *vend.Product) bool { // the code means something else, at the same price
			if p.Code == "v1" {
				p.Name = "Vodacom 50MB Hourly Data"
			}
			return true
		},
		func(p *vend.Product) bool {
			if p.Kind == vend.KindData {
				p.Min, p.Max = p.Min+100, p.Max+100
			}
			return true
		},
		func(p *vend.Product) bool {
			if p.Kind == vend.KindAirtime && p.Network == "mtn" {
				p.Code, p.Min, p.Max = "mtn-r20", 2000, 2000
			}
			return true
		},
		func(p *vend.Product) bool { return p.Kind != vend.KindGift && p.Code != "w1" },
		func(p *vend.Product) bool {
			if p.Code == "b1" {
				p.Biller = "1105"
			}
			return p.Code != "b2"
		},
	}
	s.provider.mu.Lock()
	p := newProvider()
	_ = p.sells("everything")
	s.provider.products = p.products
	if way := n % (len(ways) + 2); way < len(ways) {
		s.provider.products = nil
		for _, x := range p.products {
			if ways[way](&x) {
				s.provider.products = append(s.provider.products, x)
			}
		}
		s.note("the catalogue changes: %d", way)
	} else {
		s.note("the catalogue is as it was")
	}
	s.provider.mu.Unlock()
	if err := s.shelf.Load(context.Background()); err != nil {
		s.bad("load: %v", err)
	}
}
