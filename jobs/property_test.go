package jobs_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"spaza/jobs"
)

// fleetPlan is one course of events over several processes on one store.
type fleetPlan struct {
	workers, adopted int
	limits           map[jobs.Kind]int
	lease            time.Duration
	slow             time.Duration // how long the store takes to answer a claim
	processes        []fleetProcess
	jobs             []fleetJob
}

// forever is the end of what does not end, and time enough for everything.
const forever = time.Hour

// fleetProcess ends by dying or by draining, at a time; the last one lives on.
type fleetProcess struct {
	starts, ends time.Duration
	drains       bool
	patience     time.Duration // with what it drains
}

type fleetJob struct {
	kind    jobs.Kind
	lane    string
	addedAt time.Duration
	dueIn   time.Duration
	until   time.Duration // after it was added; 0: none
	adopter int           // the process that adds it as claimed; -1: nobody
	runs    []fleetRun    // what its runs come to; those after these are done at once
}

type fleetRun struct {
	takes time.Duration
	end   string
	again time.Duration
}

func drawFleet(t *rapid.T) fleetPlan {
	seconds := func(most int, name string) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Second
	}
	p := fleetPlan{
		workers: rapid.IntRange(1, 4).Draw(t, "workers"),
		adopted: rapid.IntRange(1, 4).Draw(t, "adopted"),
		limits: map[jobs.Kind]int{
			order: rapid.IntRange(0, 3).Draw(t, "limit of orders"), notice: rapid.IntRange(0, 3).Draw(t, "limit of notices"),
		},
		lease: 3 * time.Second,
		slow:  rapid.SampledFrom([]time.Duration{0, time.Millisecond, 700 * time.Millisecond}).Draw(t, "slow"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "processes that end") {
		starts := seconds(10, "start")
		p.processes = append(p.processes, fleetProcess{
			starts: starts, ends: starts + seconds(30, "life"),
			drains: rapid.Bool().Draw(t, "drains"), patience: seconds(5, "patience"),
		})
	}
	p.processes = append(p.processes, fleetProcess{starts: seconds(30, "start"), ends: forever})
	// Jobs come in crowds.
	for range rapid.IntRange(1, 30).Draw(t, "jobs") {
		j := fleetJob{
			kind:    rapid.SampledFrom([]jobs.Kind{order, notice}).Draw(t, "kind"),
			lane:    rapid.SampledFrom([]string{"", "a", "a", "b"}).Draw(t, "lane"),
			addedAt: 8*seconds(3, "added") + rapid.SampledFrom([]time.Duration{0, time.Nanosecond, 300 * time.Millisecond}).Draw(t, "and"),
			dueIn:   seconds(3, "due in"),
			adopter: max(-1, rapid.IntRange(-2, len(p.processes)-1).Draw(t, "adopter")),
		}
		if rapid.Bool().Draw(t, "ends") {
			j.until = seconds(20, "until") + time.Second
		}
		for range rapid.IntRange(0, 3).Draw(t, "runs") {
			j.runs = append(j.runs, fleetRun{
				takes: seconds(8, "takes"),
				end:   rapid.SampledFrom([]string{"done", "done", "again", "again", "written", "buried", "panic"}).Draw(t, "end"),
				again: seconds(5, "again"),
			})
		}
		p.jobs = append(p.jobs, j)
	}
	return p
}

// fleet plays a plan and notes what went wrong.
type fleet struct {
	plan   fleetPlan
	store  *memory
	born   time.Time
	ids    []int64 // of the plan's jobs
	lives  []*fleetLife
	mu     sync.Mutex
	runs   map[*fleetBegun]bool // under way, in processes that live
	wrongs []string
}

type fleetLife struct {
	runner *jobs.Runner
	store  *losable
	end    context.CancelFunc
}

type fleetBegun struct {
	process int
	job     jobs.Job
}

func (f *fleet) wrong(format string, args ...any) {
	f.wrongs = append(f.wrongs, fmt.Sprintf("%s: ", time.Since(f.born))+fmt.Sprintf(format, args...))
}

// begin notes a run, and what must not be.
func (f *fleet) begin(process int, j jobs.Job) *fleetBegun {
	f.mu.Lock()
	defer f.mu.Unlock()
	begun := &fleetBegun{process, j}
	f.runs[begun] = true
	ofKind := 0
	for b := range f.runs {
		if b.process == process && b.job.Kind == j.Kind {
			ofKind++
		}
		if b != begun && (b.job.ID == j.ID || b.job.Lane == j.Lane && j.Lane != "") {
			f.wrong("%s of lane %q runs at once with %s", j.Key, j.Lane, b.job.Key)
		}
	}
	if limit := f.plan.limits[j.Kind]; limit > 0 && ofKind > limit {
		f.wrong("%d of kind %s run in process %d", ofKind, j.Kind, process)
	}
	if j.Runs() > 1 && !j.Until.IsZero() && time.Now().After(j.Until) {
		f.wrong("%s is run again past its time", j.Key)
	}
	if j.Lane != "" {
		for id := range j.ID {
			if earlier, there := f.store.get(id); there && earlier.Lane == j.Lane && !earlier.dead {
				f.wrong("%s runs before %s", j.Key, earlier.Key)
			}
		}
	}
	return begun
}

func (f *fleet) handler(process int) jobs.Handler {
	return func(ctx context.Context, j jobs.Job) jobs.Result {
		if f.lives[process].store.lost() != nil {
			return jobs.Done() // nobody is there to do it
		}
		begun := f.begin(process, j)
		var index int
		_, _ = fmt.Sscan(j.Key, &index)
		run := fleetRun{end: "done"}
		if runs := f.plan.jobs[index].runs; j.Runs() <= len(runs) {
			run = runs[j.Runs()-1]
		}
		over := time.NewTimer(run.takes)
		defer over.Stop()
		var cut bool
		select {
		case <-over.C:
		case <-ctx.Done():
			cut = true
		}
		f.mu.Lock()
		delete(f.runs, begun)
		f.mu.Unlock()
		switch {
		case cut:
			return jobs.Again(time.Now(), "cut off")
		case run.end == "again":
			return jobs.Again(time.Now().Add(run.again), "again")
		case run.end == "buried":
			return jobs.Bury("as planned")
		case run.end == "panic":
			panic("as planned")
		case run.end == "written":
			_ = f.lives[process].store.Finish(ctx, j)
			return jobs.Written()
		default:
			return jobs.Done()
		}
	}
}

// fleetEvent is what happens at a time.
type fleetEvent struct {
	at time.Duration
	do func()
}

func (f *fleet) events() []fleetEvent {
	var events []fleetEvent
	for i, p := range f.plan.processes {
		life, end := context.WithCancel(context.Background())
		l := &fleetLife{store: &losable{memory: f.store, slow: f.plan.slow}, end: end}
		l.runner = jobs.NewRunner(l.store, jobs.Options{
			Owner: fmt.Sprint("process-", i), Workers: f.plan.workers, Adopted: f.plan.adopted, Limits: f.plan.limits, Lease: f.plan.lease,
			Handlers: map[jobs.Kind]jobs.Handler{order: f.handler(i), notice: f.handler(i)},
		})
		f.lives = append(f.lives, l)
		events = append(events, fleetEvent{p.starts, func() { l.runner.Start(life) }})
		if p.ends != forever {
			events = append(events, fleetEvent{p.ends, func() { f.end(i) }})
		}
	}
	for i, j := range f.plan.jobs {
		events = append(events, fleetEvent{j.addedAt, func() { f.add(i) }})
	}
	slices.SortStableFunc(events, func(a, b fleetEvent) int { return cmp.Compare(a.at, b.at) })
	return events
}

func (f *fleet) add(i int) {
	p := f.plan.jobs[i]
	now := time.Now()
	j := jobs.Job{Kind: p.kind, Key: fmt.Sprint(i), Lane: p.lane, RunAt: now.Add(p.dueIn)}
	if p.until > 0 {
		j.Until = now.Add(p.until)
	}
	if p.adopter >= 0 {
		j.Owner, j.LeaseUntil, j.RunAt = f.lives[p.adopter].runner.Owner(), now.Add(f.plan.lease), now
	}
	j = f.store.add(j)
	f.ids[i] = j.ID
	if p.adopter >= 0 {
		// One that is dead or not begun refuses.
		f.lives[p.adopter].runner.Adopt(j)
	}
}

// end ends a process.
func (f *fleet) end(i int) {
	p, l := f.plan.processes[i], f.lives[i]
	if p.drains {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), p.patience)
			defer cancel()
			_ = l.runner.Stop(ctx)
		}()
		return
	}
	l.store.die()
	f.mu.Lock()
	for b := range f.runs {
		if b.process == i {
			delete(f.runs, b)
		}
	}
	f.mu.Unlock()
	l.end()
}

// play lets everything happen, and then time pass until nothing is left to do.
func (f *fleet) play() {
	for _, e := range f.events() {
		time.Sleep(e.at - time.Since(f.born))
		e.do()
	}
	for f.store.toDo() > 0 && time.Since(f.born) < forever {
		pass(time.Second)
	}
	for _, l := range f.lives {
		_ = l.runner.Stop(context.Background())
	}
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, id := range f.ids {
		r, there := f.store.get(id)
		switch planned := f.plan.jobs[i]; {
		case !there:
		case !r.dead:
			f.wrong("%d is not done: %+v", i, r)
		case !strings.Contains(r.note, "as planned") && planned.until == 0:
			f.wrong("%d was buried: %q", i, r.note)
		case r.DiedAt.IsZero():
			f.wrong("%d died at no time", i)
		}
	}
	if len(f.runs) > 0 {
		f.wrong("%d still run", len(f.runs))
	}
}

func TestWhateverDiesNoLaneIsBrokenNoLimitPassedAndNothingLost(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := &fleet{plan: drawFleet(rt), store: newMemory(), runs: map[*fleetBegun]bool{}}
		f.ids = make([]int64, len(f.plan.jobs))
		synctest.Test(t, func(*testing.T) {
			f.born = time.Now()
			f.play()
		})
		if len(f.wrongs) > 0 {
			rt.Fatal(strings.Join(f.wrongs, "\n"))
		}
	})
}
