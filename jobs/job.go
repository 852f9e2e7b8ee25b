package jobs

import (
	"context"
	"errors"
	"time"
)

// Kind names a sort of job and so its Handler.
type Kind string

// Job is one thing to be done. Kind and Key together are unique among the jobs
// that are not finished: adding the same one twice changes nothing.
type Job struct {
	ID      int64
	Kind    Kind
	Key     string // what it is about, such as an order's reference
	Data    string // further words for the handler; never a secret
	RunAt   time.Time
	Attempt int // how often it was claimed; 1 on the first run

	// Lane keeps jobs in order: those of one lane are done one at a time, as
	// they were added. Empty: no order.
	Lane string
	// Until is when the job is given up; zero: never.
	Until time.Time

	// Owner and LeaseUntil are set while a process has the job. Set on a new
	// job, they claim it for that process as it is added.
	Owner      string
	LeaseUntil time.Time
}

// ErrLost is returned when a job's fate is written by a process that no longer
// holds it (its lease ended and another claimed it, or it is finished).
var ErrLost = errors.New("job is no longer held")

// Store is where jobs live. Every method that writes a job's fate is fenced by
// the job's Owner and Attempt and returns ErrLost past it.
type Store interface {
	// Claim takes up to n jobs of the given kinds that are due at now and not
	// held, oldest first, for owner until the lease ends, counting an attempt.
	Claim(ctx context.Context, kinds []Kind, n int, owner string, now, leaseUntil time.Time) ([]Job, error)
	// Renew prolongs the lease of a held job.
	Renew(ctx context.Context, j Job, until time.Time) error
	// Finish removes a job that is done.
	Finish(ctx context.Context, j Job) error
	// PutOff lets go of a job and makes it due again at the given time; note
	// says why, for support.
	PutOff(ctx context.Context, j Job, at time.Time, note string) error
	// Bury keeps a job that nobody will run again, for support to see.
	Bury(ctx context.Context, j Job, note string) error
	// Next is when the earliest job that is not held falls due; zero when
	// there is none.
	Next(ctx context.Context, kinds []Kind) (time.Time, error)
}

// Result is what a Handler made of a job.
type Result struct {
	verb verb
	at   time.Time
	note string
}

type verb uint8

const (
	verbFinish verb = iota
	verbWritten
	verbPutOff
	verbBury
)

// Done: the job is done and the runner removes it.
func Done() Result { return Result{verb: verbFinish} }

// Written: the handler wrote the job's fate itself, in the transaction of its
// effect.
func Written() Result { return Result{verb: verbWritten} }

// Again: try again at the given time; note says why, for support, and holds no
// secret.
func Again(at time.Time, note string) Result { return Result{verb: verbPutOff, at: at, note: note} }

// Bury: give up; a person has to look. The note says why and holds no secret.
func Bury(note string) Result { return Result{verb: verbBury, note: note} }

// Handler does one job. Its context ends when the lease is lost or the service
// shuts down; a handler that is cut off loses nothing, its job is claimed
// again. It may be run more than once for one job and must be idempotent.
type Handler func(ctx context.Context, j Job) Result
