package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"spaza/jobs"
	"spaza/secret"
	"spaza/vend"
)

const (
	lease  = 15 * time.Second
	window = 25 * time.Minute
	// workers are more than there ever are jobs: how many of them are free when
	// a process looks for jobs is a race between goroutines.
	workers = 64
)

// process is one replica of the service, or one command of the operator's.
type process struct {
	w       *world
	name    string
	service *vend.Service
	runner  *jobs.Runner // nil for a command
	ctx     context.Context
	kill    context.CancelFunc
	dead    atomic.Bool
	closing bool
	ahead   time.Duration // of its clock
}

// keys is the operator's key, the same in every process.
func keys() *secret.Keyring {
	k, err := secret.NewKeyring(make([]byte, secret.KeySize))
	if err != nil {
		panic(err)
	}
	return k
}

// open starts a process; a replica also runs jobs.
func (w *world) open(replica bool) *process {
	w.processes++
	p := &process{w: w, name: fmt.Sprintf("p%d", w.processes)}
	if skew := w.weather.skew; skew > 0 {
		p.ahead = time.Duration(w.dice.within("skew of "+p.name, int64(2*skew))) - skew
	}
	p.ctx, p.kill = context.WithCancel(as(context.WithValue(context.Background(), processKey{}, p), "%s", p.name))
	g := &gate{w: w, process: p, sql: w.sql}
	random := func(n int64) int64 { return w.dice.within("jitter of "+p.name, n) }
	p.service = vend.New(g, w.provider, w.keys, vend.Options{Window: max(window, w.sabotage.window), Now: p.now, Rand: random, Limits: w.limits, Fund: w.fund})
	if !replica {
		p.service.Attach(vend.Elsewhere{})
		return p
	}
	p.runner = jobs.NewRunner(g, jobs.Options{
		Owner: p.name, Lease: lease, Poll: w.weather.poll, Workers: workers, Adopted: w.weather.adopts, Now: p.now,
		Limits: w.weather.lanes,
		Rand:   func(n int64) int64 { return w.dice.within("pause of "+p.name, n) },
	})
	p.runner.Handle(vend.JobOrder, func(ctx context.Context, j jobs.Job) jobs.Result {
		return p.service.Work(p.at(ctx, j), j)
	})
	p.runner.Handle(vend.JobAdvice, func(ctx context.Context, j jobs.Job) jobs.Result {
		return p.service.Advise(p.at(ctx, j), j)
	})
	p.runner.Handle(vend.JobNotice, func(ctx context.Context, j jobs.Job) jobs.Result {
		return p.notice(p.at(ctx, j), j)
	})
	p.service.Attach(p.runner)
	p.runner.Start(as(p.ctx, "%s runner", p.name))
	w.replicas = append(w.replicas, p)
	return p
}

func (p *process) now() time.Time { return time.Now().Add(p.ahead) }

func (p *process) at(ctx context.Context, j jobs.Job) context.Context {
	return as(ctx, "%s %s %s/%d", p.name, j.Kind, j.Key, j.Attempt)
}

// crash ends a process in the middle of everything.
func (w *world) crash(p *process) {
	if p.dead.Swap(true) {
		return
	}
	w.trace.note("%s dies", p.name)
	w.counts.Crashes++
	w.gone(p)
}

// gone takes a process that ended out of the world.
func (w *world) gone(p *process) {
	p.dead.Store(true)
	p.kill()
	w.scheduler.drop(p)
	if p.runner != nil {
		over, cancel := context.WithCancel(context.Background())
		cancel()
		w.running.Go(func() { _ = p.runner.Stop(over) })
	}
}

// stop shuts a replica down as a deployment does.
func (w *world) stop(p *process, patience time.Duration) {
	p.closing = true
	w.counts.Stops++
	w.running.Go(func() {
		ctx, cancel := context.WithTimeout(p.ctx, patience)
		defer cancel()
		_ = p.runner.Stop(ctx)
		p.service.Close(as(ctx, "%s closing", p.name))
		w.scheduler.stop(&event{label: p.name + " is closed", plan: func() time.Duration { return 0 }})
		if !p.dead.Load() {
			w.gone(p)
		}
	})
}

// alive are the replicas that take calls.
func (w *world) alive() []*process {
	var all []*process
	for _, p := range w.replicas {
		if !p.dead.Load() && !p.closing {
			all = append(all, p)
		}
	}
	return all
}

// notice is the handler of messages to customers: what flows says, the gateway
// and its troubles, and what is written of it.
func (p *process) notice(ctx context.Context, j jobs.Job) jobs.Result {
	ref, _, _ := strings.Cut(j.Key, "/")
	again := func(why error) jobs.Result {
		return jobs.Again(p.now().Add(10*time.Second<<min(max(j.Attempt, 1)-1, 6)), why.Error())
	}
	o, err := p.service.Order(ctx, ref)
	if err == nil && o.Kind == vend.KindReverse && o.Done() {
		o, err = p.service.Order(as(ctx, "%s sale", whoOf(ctx)), o.Original)
	}
	if err != nil {
		return again(err)
	}
	c, err := p.service.Buyer(ctx, o)
	if err != nil {
		return again(err)
	}
	taken, err := p.w.phones.message(ctx, p, fmt.Sprintf("%s#%d", j.Key, j.ID), c.MSISDN, o)
	if err != nil {
		return again(err)
	}
	switch err := p.service.Sent(ctx, j, ref, taken); {
	case err == nil, errors.Is(err, jobs.ErrLost):
		return jobs.Written()
	default: // it is gone, and must not go again because it could not be noted
		return jobs.Done()
	}
}
