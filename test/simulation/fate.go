package main

import (
	"context"
	"errors"
	"strings"
	"time"
)

// fate is what becomes of a step at the database.
type fate uint8

const (
	passes fate = iota
	breaks
	rollsBack
	runsTwice
	loses
	diesBefore
	diesWithin
	diesAfter
)

// drawFate draws it from the weather. tx says that the step is a transaction.
func drawFate(d *dice, w weather, label string, tx bool) fate {
	x := 1000 - d.below("fate of "+label, 1000) // 1000 on an ordinary day
	for _, c := range []struct {
		rate int
		fate fate
	}{
		{w.breaks, breaks}, {w.loses, loses}, {w.dies / 3, diesBefore}, {w.dies / 3, diesAfter}, {w.dies / 3, diesWithin},
		{w.rollsBack, rollsBack}, {w.runsTwice, runsTwice},
	} {
		if x -= c.rate; x > 0 {
			continue
		}
		if !tx && (c.fate == rollsBack || c.fate == runsTwice || c.fate == diesWithin) {
			return passes
		}
		return c.fate
	}
	return passes
}

// String names it for the trace.
func (f fate) String() string {
	return [...]string{"passes", "breaks", "rolls back", "runs twice", "loses", "dies before", "dies within", "dies after"}[f]
}

// What a process is told by a database that fails, and what is told to one that
// has died: nobody hears it.
var (
	errBroken = errors.New("no way to the database")
	errLost   = errors.New("the connection was cut")
	errDead   = errors.New("the process has died")
	errUndone = errors.New("undone, to be done again")
)

// step is a goroutine's stop at the database.
type step struct {
	who  string
	op   string
	tx   bool
	read bool
	fate fate
	// noReply: nothing came of it, so that nothing can happen to the reply.
	noReply bool
}

func (s *step) label() string { return s.who + " " + s.op }

// screenReads are reads of an order by a call that a screen waits for: the loop
// of a screen chooses, where news and the end of its patience have both come, one
// of them by chance. So no time passes in its reads, and they never both come.
func (s *step) screenReads() bool { return s.read && strings.Contains(s.who, "call ") }

// pass lets a step happen: do is what it does, inside ctx's time. commit says
// that what was done is to stay.
func (g *gate) pass(ctx context.Context, s *step, do func(ctx context.Context, keep error) error) error {
	p := g.process
	if p.dead.Load() {
		return errDead
	}
	ctx = g.known(ctx)
	s.who = whoOf(ctx)
	g.w.scheduler.stop(&event{label: s.label(), ctx: ctx, process: p, plan: func() time.Duration {
		s.fate = drawFate(g.w.dice, g.w.weather, s.label(), s.tx)
		if s.fate != passes {
			g.w.counts.Faults++
		}
		if s.screenReads() {
			return 0
		}
		return g.w.weather.delay(g.w.dice, s.label())
	}})
	if p.dead.Load() {
		return errDead
	}
	if s.fate != passes {
		g.w.trace.note("%s", s.fate)
	}
	if err := ctx.Err(); err != nil && s.fate != loses && s.fate != diesAfter {
		return err
	}
	// What is done is done at once and whole; ctx ends before it or after.
	inside := context.WithoutCancel(ctx)
	switch s.fate {
	case breaks:
		return errBroken
	case diesBefore:
		g.w.crash(p)
		return errDead
	case rollsBack, diesWithin:
		if err := do(inside, errUndone); !errors.Is(err, errUndone) {
			return err
		}
		if s.fate == rollsBack {
			return errBroken
		}
		g.w.crash(p)
		return errDead
	case runsTwice:
		if err := do(inside, errUndone); !errors.Is(err, errUndone) {
			return err
		}
	}
	if err := do(inside, nil); err != nil {
		return err
	}
	return g.reply(ctx, s)
}

// reply brings the reply of a step that was done.
func (g *gate) reply(ctx context.Context, s *step) error {
	p := g.process
	if s.screenReads() || s.noReply {
		return nil
	}
	g.w.scheduler.stop(&event{label: s.label() + ": reply", ctx: ctx, process: p, plan: func() time.Duration {
		return g.w.weather.delay(g.w.dice, s.label()+": reply")
	}})
	switch {
	case p.dead.Load():
		return errDead
	case s.fate == diesAfter:
		g.w.crash(p)
		return errDead
	case s.fate == loses:
		return errLost
	case ctx.Err() != nil && !s.read:
		return ctx.Err() // done, and nobody waited for the reply
	}
	return nil
}
