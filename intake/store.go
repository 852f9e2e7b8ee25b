package intake

import (
	"context"
	"errors"
	"time"

	"spaza/jobs"
)

// JobChat is the kind of the job that sees a letter through. Its key is that of
// the letter.
const JobChat jobs.Kind = "chat"

// How long what was kept is of use: bodies that nobody worked on, and keys. The
// surface that repeats the longest does so for seven days.
const (
	KeepBodies = 24 * time.Hour
	KeepKeys   = 8 * 24 * time.Hour
)

// ErrNoLetter is returned for a key that is not there.
var ErrNoLetter = errors.New("no such letter")

// Kept is a letter as it is stored.
type Kept struct {
	Key  string // Job.Key
	Body []byte // sealed; nil once it is erased
	At   time.Time
	Job  jobs.Job // unclaimed
}

// Batch is letters that are written in one transaction.
type Batch struct {
	Letters []Kept // in the order in which they came; no two have one key
	// Up to Room jobs that are the first of their lanes are claimed for Owner
	// until LeaseUntil, as they are added.
	Owner      string
	LeaseUntil time.Time
	Room       int
	// Waiting is how many jobs may wait in one lane.
	Waiting int
}

// Added is what became of a Batch.
type Added struct {
	// Jobs are those of the letters that were not known, as they are stored. The
	// ones with an Owner are claimed.
	Jobs []jobs.Job
	// Dropped are the lanes of the letters that were not written because too
	// many wait there: a lane for each letter.
	Dropped []string
}

// Ended is letters that were handled, and for whom the next are claimed.
type Ended struct {
	Jobs            []jobs.Job // as they were claimed by Owner, or added for it
	Owner           string
	Now, LeaseUntil time.Time
}

// Store is where letters are kept, beside their jobs.
type Store interface {
	// AddLetters writes the letters that are not known yet and their jobs, all
	// or none. The jobs of one lane are added in the order of the letters.
	AddLetters(ctx context.Context, b Batch) (Added, error)
	// Letter reads a letter, without its job; ErrNoLetter when it is not there.
	Letter(ctx context.Context, key string) (Kept, error)
	// DoneLetters erases the bodies of jobs' letters and finishes the jobs, all or
	// none; those that are no longer held are left as they are. The keys stay
	// known. It also claims up to as many jobs of kind JobChat that are due, the
	// oldest first, as jobs.Store.Claim does, and returns them.
	DoneLetters(ctx context.Context, d Ended) (next []jobs.Job, err error)
	// EraseLetters erases the bodies of up to limit letters, and ForgetLetters
	// deletes up to limit letters, that were kept before a time. They say of how
	// many; fewer than limit mean that there are no more for now.
	EraseLetters(ctx context.Context, before time.Time, limit int) (int, error)
	ForgetLetters(ctx context.Context, before time.Time, limit int) (int, error)
}
