package jobs_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"spaza/jobs"
)

func TestStopWaitsForWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		j := m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
		later := m.add(jobs.Job{Kind: kind, Key: "later", RunAt: time.Now().Add(time.Second)})
		r := start(t, m, func(ctx context.Context, _ jobs.Job) jobs.Result {
			select {
			case <-ctx.Done():
				t.Error("cut off")
			case <-time.After(40 * time.Second):
			}
			return jobs.Done()
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := r.Stop(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 40*time.Second {
			t.Errorf("Stop took %s", took)
		}
		if _, there := m.get(j.ID); there {
			t.Error("the job was not finished")
		}
		if got, _ := m.get(later.ID); got.Attempt != 0 {
			t.Error("a job was claimed after Stop")
		}
	})
}

func TestStopCutsOffWhatDoesNotEndAndWritesItsResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		j := m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
		r := start(t, m, func(ctx context.Context, _ jobs.Job) jobs.Result {
			<-ctx.Done()
			return jobs.Again(time.Now().Add(time.Hour), "cut off")
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		if err := r.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Stop: %v", err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("Stop took %s", took)
		}
		if got, _ := m.get(j.ID); got.note != "cut off" || got.Owner != "" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestStopDoesNotWaitForAHandlerThatIgnoresItAndItsJobIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		j := m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
		stuck := make(chan struct{})
		r := start(t, m, func(context.Context, jobs.Job) jobs.Result {
			<-stuck
			return jobs.Done()
		})
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		if err := r.Stop(ctx); err == nil {
			t.Error("Stop says that all is well")
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("Stop took %s", took)
		}
		ran := make(chan int, 1)
		start(t, m, func(_ context.Context, j jobs.Job) jobs.Result {
			ran <- j.Attempt
			return jobs.Done()
		}, func(o *jobs.Options) { o.Owner = "you" })
		if attempt := <-ran; attempt != 2 {
			t.Errorf("attempt %d, want 2", attempt)
		}
		if took := time.Since(began); took > 16*time.Second {
			t.Errorf("taken over after %s, want the lease of 15 s and a poll", took)
		}
		close(stuck)
		synctest.Wait()
		if _, there := m.get(j.ID); there {
			t.Error("the job was not finished")
		}
	})
}

func TestAJobClaimedWhileTheRunnerStopsIsHandedBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.hang = make(chan struct{})
		j := m.add(jobs.Job{Kind: kind, RunAt: time.Now()})
		r := start(t, m, func(context.Context, jobs.Job) jobs.Result {
			t.Error("the job was run")
			return jobs.Done()
		})
		synctest.Wait()
		stopped := make(chan error)
		go func() { stopped <- r.Stop(t.Context()) }()
		synctest.Wait()
		close(m.hang)
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if got, _ := m.get(j.ID); got.Owner != "" || got.RunAt.After(time.Now()) {
			t.Errorf("got %+v, want a job that anybody can claim now", got)
		}
	})
}

func TestStopOfARunnerThatNeverStartedReturns(t *testing.T) {
	r := jobs.NewRunner(newMemory(), jobs.Options{})
	for range 2 {
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	r.Start(t.Context()) // too late: nothing happens
}
