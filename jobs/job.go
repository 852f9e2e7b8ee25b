package jobs

import (
	"context"
	"errors"
	"time"
)

// Kind names a sort of job and so its Handler. Jobs of one kind call the same
// place: limits are set by kind.
type Kind string

// Job is one thing to be done. Kind and Key together are unique among the jobs
// that are not finished: adding the same one twice changes nothing.
type Job struct {
	ID   int64
	Kind Kind
	Key  string // what it is about, such as an order's reference
	Data string // further words for the handler; never a secret

	// Lane names the jobs that are done one after the other: no two of a lane
	// are held at once by any process, and none is begun before those that were
	// added earlier are finished or buried. One that is put off holds up what
	// stands behind it. Empty: in no order. It may not change.
	Lane  string
	RunAt time.Time
	// Until is when the job is given up: past it, no run begins but the very
	// first, and the job is buried. Zero: never. A job that could not be run in
	// time is so run once all the same, and its handler has to know what is too
	// late.
	Until time.Time

	// Attempt is how often it was claimed; with Owner it is the fence of its
	// fate. Unrun is how many of those claims were handed back before the
	// handler began.
	Attempt, Unrun int

	// Owner and LeaseUntil are set while a process has the job. Set on a new
	// job, they claim it for that process as it is added, unless it has to wait
	// in its lane.
	Owner      string
	LeaseUntil time.Time

	// DiedAt is when the job was buried; zero for one that is alive. Whoever
	// buries it sets it.
	DiedAt time.Time
}

// Runs counts the runs of a job that have begun, as far as is known, with the
// one that its claim is for: 1 on the first. A claim whose process died counts.
func (j Job) Runs() int { return max(0, j.Attempt-j.Unrun) }

// over says whether a job's time was over at a moment.
func (j Job) over(at time.Time) bool { return !j.Until.IsZero() && at.After(j.Until) }

var (
	// ErrLost is returned when a job's fate is written by a process that no
	// longer holds it (its lease ended and another claimed it, or it is
	// finished).
	ErrLost = errors.New("job is no longer held")
	// ErrNoJob is returned where a buried job is asked for by its number and is
	// not there, or no longer buried: perhaps another was quicker.
	ErrNoJob = errors.New("no such buried job")
)

// Store is where jobs live. Every method that writes a job's fate takes the job
// as it was claimed or added, is fenced by its Owner and Attempt, and returns
// ErrLost past them.
type Store interface {
	// Claim takes up to n jobs of the given kinds that are due at now, not held
	// and first in their lanes, oldest first, for owner until the lease ends,
	// counting an attempt.
	Claim(ctx context.Context, kinds []Kind, n int, owner string, now, leaseUntil time.Time) ([]Job, error)
	// Renew prolongs the lease of a held job.
	Renew(ctx context.Context, j Job, until time.Time) error
	// Finish removes a job that is done. The next of its lane can be claimed
	// from that moment on.
	Finish(ctx context.Context, j Job) error
	// PutOff lets go of a job and makes it due again at the given time; note
	// says why, for support. It keeps the job's Unrun as given.
	PutOff(ctx context.Context, j Job, at time.Time, note string) error
	// Bury keeps a job that nobody will run again, for support to see, as dead
	// since its DiedAt. The next of its lane can be claimed from that moment on.
	Bury(ctx context.Context, j Job, note string) error
	// Next is when the earliest job of the given kinds falls due that is not
	// held and first in its lane; zero when there is none.
	Next(ctx context.Context, kinds []Kind) (time.Time, error)
}

// Result is what a Handler made of a job.
type Result struct {
	verb verb
	at   time.Time
	note string
	next Job // claimed, to be run in the place of this one; zero for none
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

// Then is Written where that transaction also claimed, for the runner's Owner, a
// job that was due: next, of the same kind, is run in the place of this one. The
// zero Job says that there was none.
func Then(next Job) Result { return Result{verb: verbWritten, next: next} }

// Again: try again at the given time; note says why, for support, and holds no
// secret. Past the job's Until it is buried instead.
func Again(at time.Time, note string) Result { return Result{verb: verbPutOff, at: at, note: note} }

// Bury: give up; a person has to look. The note says why and holds no secret.
func Bury(note string) Result { return Result{verb: verbBury, note: note} }

// Handler does one job. Its context ends when the lease is lost or the service
// shuts down; a handler that is cut off loses nothing, its job is claimed
// again. It may be run more than once for one job and must be idempotent. Once
// its context has ended another process may be running the job, or the next one
// of its lane: what must not overlap ends with the context.
type Handler func(ctx context.Context, j Job) Result

// String names the verb for Observe.
func (v verb) String() string {
	switch v {
	case verbWritten:
		return "written"
	case verbPutOff:
		return "again"
	case verbBury:
		return "buried"
	default:
		return "done"
	}
}
