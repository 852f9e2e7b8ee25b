package vend

import (
	"context"
	"errors"
	"sync"
	"time"

	"spaza/jobs"
)

// turnOver is longer than any turn takes (8 s), and well within a lease.
const turnOver = 9 * time.Second

// kept are the messages that screens are to make unnecessary. That a screen has
// the news is not yet that it went out: a message is taken back only when the turn
// is over, so that a process which dies before leaves it to be sent.
type kept struct {
	mu     sync.Mutex
	closed bool
	timers map[int64]*time.Timer // by job
	jobs   map[int64]jobs.Job
}

// takeBack finishes a kept message once its screen has gone out.
func (s *Service) takeBack(j jobs.Job) {
	s.kept.mu.Lock()
	defer s.kept.mu.Unlock()
	if s.kept.closed {
		return // its lease ends, and it goes out
	}
	if s.kept.timers == nil {
		s.kept.timers, s.kept.jobs = map[int64]*time.Timer{}, map[int64]jobs.Job{}
	}
	s.kept.jobs[j.ID] = j
	s.kept.timers[j.ID] = time.AfterFunc(turnOver, func() {
		s.kept.mu.Lock()
		_, mine := s.kept.timers[j.ID]
		delete(s.kept.timers, j.ID)
		delete(s.kept.jobs, j.ID)
		s.kept.mu.Unlock()
		if mine {
			s.finishKept(context.Background(), j)
		}
	})
}

// finishKept removes a message that is not wanted any more. Should that fail, it
// goes out when its lease ends: told twice is better than not at all.
func (s *Service) finishKept(ctx context.Context, j jobs.Job) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	err := s.store.InTx(ctx, func(tx Tx) error { return tx.FinishJob(j) })
	if err != nil && !errors.Is(err, jobs.ErrLost) {
		s.opt.Logger.Warn("take message back", "job", j.Key, "err", err)
	}
}

// Close takes back, at once, the messages that screens have made unnecessary.
// Call it when the last turn is over and before the store is closed.
func (s *Service) Close(ctx context.Context) {
	s.kept.mu.Lock()
	var left []jobs.Job
	for id, t := range s.kept.timers {
		if t.Stop() {
			left = append(left, s.kept.jobs[id])
		}
	}
	s.kept.closed, s.kept.timers, s.kept.jobs = true, nil, nil
	s.kept.mu.Unlock()
	for _, j := range left {
		s.finishKept(ctx, j)
	}
}
