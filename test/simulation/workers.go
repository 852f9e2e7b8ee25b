package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"spaza/vend"
)

// report is what a worker says of one seed.
type report struct {
	Seed   uint64
	Wrongs []string `json:",omitempty"`
	Counts counts
	Moves  map[string]int
}

// serve plays every step-th seed, and reports each in a line.
func serve(t *testing.T, o options) {
	t.Helper()
	s, err := newStage()
	if err != nil {
		t.Fatal(err)
	}
	defer s.strike()
	out := json.NewEncoder(os.Stdout)
	for seed := o.from; seed < o.from+o.seeds; seed += o.step {
		r := s.run(t, script{seed: seed}, false)
		if err := out.Encode(report{seed, r.wrongs, r.counts, r.moves}); err != nil {
			return // nobody listens any more
		}
	}
}

// tally is what was played so far.
type tally struct {
	mu     sync.Mutex
	seeds  uint64
	counts counts
	moves  map[string]int
	failed []report
}

func (t *tally) add(r report) (failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seeds++
	t.counts.add(r.Counts)
	for k, n := range r.Moves {
		t.moves[k] += n
	}
	if len(r.Wrongs) > 0 {
		t.failed = append(t.failed, r)
	}
	return len(r.Wrongs) > 0
}

// direct has workers play all seeds, prints how far they are, and stops at the
// first failure.
func direct(o options) (ok bool, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all := &tally{moves: map[string]int{}}
	began := time.Now()
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				all.mu.Lock()
				fmt.Printf("%8s  %d of %d seeds, %d failures; %s\n", time.Since(began).Round(time.Second), all.seeds, o.seeds, len(all.failed), all.counts)
				all.mu.Unlock()
			}
		}
	}()
	workers := min(max(o.workers, 1), int(min(o.seeds, 1<<10)))
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range workers {
		wg.Go(func() {
			if e := playAll(ctx, o, i, workers, all, func() {
				if !o.goOn {
					cancel()
				}
			}); e != nil {
				mu.Lock()
				err = errors.Join(err, e)
				mu.Unlock()
				cancel()
			}
		})
	}
	wg.Wait()
	close(done)
	all.print(time.Since(began))
	if len(all.failed) == 0 || o.goOn {
		return len(all.failed) == 0, err
	}
	return false, errors.Join(err, explain(all.failed[0].Seed))
}

// playAll is one worker's share.
func playAll(ctx context.Context, o options, i, workers int, all *tally, failed func()) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	next := o.from + uint64(i)
	cmd := exec.CommandContext(ctx, self, "-worker", "-from", strconv.FormatUint(next, 10),
		"-seeds", strconv.FormatUint(o.seeds-uint64(i), 10), "-step", strconv.Itoa(workers))
	cmd.Stderr = os.Stderr
	lines, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start worker: %w", err)
	}
	in := bufio.NewScanner(lines)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var r report
		if json.Unmarshal(in.Bytes(), &r) != nil {
			continue // the word of the test framework at the end
		}
		next = r.Seed + uint64(workers)
		if all.add(r) {
			fmt.Printf("seed %d failed: %s\n", r.Seed, r.Wrongs[0])
			failed()
		}
	}
	if err := cmd.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("worker ended at seed %d: %w", next, err)
	}
	return nil
}

// print says what was played.
func (t *tally) print(took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Printf("\n%d seeds in %s: %s\n", t.seeds, took.Round(time.Second), t.counts)
	for _, k := range slices.Sorted(maps.Keys(t.moves)) {
		fmt.Printf("  %8d  %s\n", t.moves[k], k)
	}
	for _, m := range neverMade(t.moves) {
		fmt.Printf("  never      %s > %s\n", m[0], m[1])
	}
	for _, r := range t.failed {
		fmt.Printf("seed %d failed: %s\n", r.Seed, r.Wrongs[0])
	}
	if len(t.failed) == 0 {
		fmt.Println("nothing was wrong")
	}
}

// neverMade are the moves of an order that did not occur.
func neverMade(made map[string]int) (never [][2]vend.State) {
	for _, m := range vend.Moves() {
		found := false
		for k := range made {
			from, to := endsOf(k)
			found = found || from == string(m[0]) && to == string(m[1])
		}
		if !found {
			never = append(never, m)
		}
	}
	return never
}

// explain plays a failed seed again in a process of its own, and prints it small.
func explain(seed uint64) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(context.Background(), self, "-seeds", "1", "-from", strconv.FormatUint(seed, 10))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("seed %d fails", seed)
	}
	return fmt.Errorf("seed %d failed, and does not when it is played again", seed)
}
