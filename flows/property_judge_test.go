package flows_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing/synctest"
	"time"

	"spaza/dialog"
	"spaza/gsm7"
	"spaza/vend"
)

var (
	canAgree  = regexp.MustCompile(`(?m)^1 (Pay R|Yes, send R|Yes, get it|Yes, R[\d.]+ back)`)
	saidHas   = regexp.MustCompile(`[Yy]ou (?:still )?have (R[\d.]*\d)`)
	saidNone  = regexp.MustCompile(`No money was taken|Nothing was bought|[Nn]othing was bought\.|Your money is still yours`)
	saidRef   = regexp.MustCompile(`Ref ([2-9A-HJ-NP-Z]{6})`)
	saidDone  = regexp.MustCompile(`(?m)^(Done|It worked): `)
	saidDoing = regexp.MustCompile(`We are (busy|checking): `)
)

// hear has a turn answered, and judges the answer.
func (s *street) hear(p *line, in dialog.Turn, fresh bool) {
	ctx := context.WithValue(context.Background(), lineKey{}, s.speaker(p))
	p.turn = in
	reply, err := s.engine.Handle(ctx, in)
	report := s.reply
	balance, _ := s.service.Balance(ctx, p.user)
	before := p.shown
	p.shown, p.open, p.over = reply.Text, !reply.End, reply.End && report.Outcome != dialog.Unsure
	for l := range strings.SplitSeq(reply.Text, "\n") {
		s.note("    | %s", l)
	}
	s.note("    = %s %s end=%t", report.To, report.Outcome, reply.End)
	if err != nil && report.Outcome != dialog.Unsure {
		s.bad("%s: %v", report.Outcome, err)
	}
	synctest.Wait()
	s.judge(p, reply, report, balance)
	switch {
	case strings.Contains(reply.Text, "What do you need?"):
		p.yes, p.sure = nil, false
	case strings.Contains(reply.Text, "Welcome back"): // who goes on has said already that it is wanted once more
		p.yes = nil
	}
	if canAgree.MatchString(reply.Text) {
		if !canAgree.MatchString(before) || !strings.HasSuffix(reply.Text, before) { // the same screen once more is no new look
			p.looked = time.Now()
		}
		if fresh {
			p.yes = nil
		}
	}
}

// judge looks at what a screen says.
func (s *street) judge(p *line, reply dialog.Reply, r dialog.Report, before vend.Balance) {
	ctx, text := context.Background(), reply.Text
	s.texts = append(s.texts, text)
	if n, ok := gsm7.Cost(text); p.cumulative && (!ok || n > 160) {
		s.bad("a screen takes %d septets: %q", n, text)
	}
	if strings.Contains(text, "erased") {
		s.bad("somebody erased is shown: %q", text)
	}
	plain := strings.ReplaceAll(text, " ", "")
	pins := s.provider.pins()
	for secret := range s.given {
		if strings.Contains(plain, secret) && !(len(secret) >= 16 && s.private[r.To] && pins[secret] == "") {
			s.bad("%q is on the screen %s: %q", secret, r.To, text)
		}
	}
	after, err := s.service.Balance(ctx, p.user)
	if err != nil {
		s.bad("balance: %v", err)
	}
	if m := saidHas.FindStringSubmatch(text); m != nil && reply.End && r.Outcome == dialog.Answered && m[1] != before.Available.String() && m[1] != after.Available.String() {
		s.bad("the customer has %s: %q", after.Available, text)
	}
	own := map[string]vend.Order{}
	s.mu.Lock()
	for ref := range s.orders {
		o, err := s.service.Order(ctx, ref)
		if c, _ := s.service.Customer(ctx, p.user); err == nil && o.Customer == c.ID {
			own[vend.ShortRef(ref)] = o
		}
	}
	s.mu.Unlock()
	for _, m := range saidRef.FindAllStringSubmatch(text, -1) {
		o, mine := own[m[1]]
		switch {
		case !mine:
			s.bad("another's order is shown: %q", text)
		case saidDone.MatchString(text) && len(own) > 0 && strings.Count(text, "Ref ") == 1 && !o.Done() && o.State != vend.StateReversed:
			s.bad("order is %s: %q", o.State, text)
		case reply.End && saidDoing.MatchString(text) && o.State.Final() && o.UpdatedAt.Before(time.Now().Add(-5*time.Second)) && r.Outcome == dialog.Answered:
			s.bad("order is %s since %s: %q", o.State, o.UpdatedAt, text)
		}
	}
	s.gate.Lock()
	asked, late := "", s.late
	if p.yes != nil {
		asked = p.yes.ref
	}
	s.gate.Unlock()
	if asked != "" && saidNone.MatchString(text) && r.Outcome != dialog.Replayed && !strings.Contains(text, "Nothing was bought by this") {
		switch o, err := s.service.Order(ctx, asked); {
		case errors.Is(err, vend.ErrNoOrder) && time.Since(late) < 10*time.Second: // a repetition, and the first is not over
		case errors.Is(err, vend.ErrNoOrder):
			s.none[asked] = text
		case err == nil && !o.Refused() && o.State != vend.StateReversed:
			s.bad("order %s is %s: %q", asked, o.State, text)
		}
	}
	if strings.Contains(text, "Once more?") && !s.boughtLately(p.user, text) {
		s.bad("it was not bought: %q", text)
	}
}

// boughtLately says whether something was bought that a text names. A screen can stand for
// long.
func (s *street) boughtLately(user, text string) bool {
	s.gate.Lock()
	first := map[string]request{}
	for ref, all := range s.asked {
		first[ref] = all[0]
	}
	s.gate.Unlock()
	for ref, r := range first {
		o, err := s.service.Order(context.Background(), ref)
		if p, ok := s.shelf.Product(vend.KindData, r.product.Code); ok {
			r.product = p // an order does not know what its bundle was called then
		}
		if err == nil && r.user == user && time.Since(o.CreatedAt) < time.Hour && strings.Contains(text, s.said(r)) {
			return true
		}
	}
	return false
}

// close ends the day, and asks the books.
func (s *street) close() {
	for range 100 {
		synctest.Wait()
		next, err := s.sql.Next(context.Background(), nil)
		if err != nil || next.IsZero() {
			break
		}
		time.Sleep(max(time.Until(next), 0) + 50*time.Millisecond)
	}
	s.account()
	s.mu.Lock()
	s.house.asked = true
	s.mu.Unlock()
	if err := s.end(); err != nil {
		s.bad("%v", err)
	}
}

// read looks at the log, when nobody writes it any more.
func (s *street) read() {
	for secret := range s.given {
		if strings.Contains(s.logged.String(), secret) {
			s.bad("%q is in the log", secret)
		}
	}
}
