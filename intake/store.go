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

// Store is where letters are kept, beside their jobs.
type Store interface {
	// AddLetters writes the letters that are not known yet and their jobs, all
	// or none. The jobs of one lane are added in the order of the letters.
	AddLetters(ctx context.Context, b Batch) (Added, error)
	// Letter reads a letter, without its job; ErrNoLetter when it is not there.
	Letter(ctx context.Context, key string) (Kept, error)
	// DoneLetter erases the body of a job's letter and finishes the job, both or
	// none; jobs.ErrLost when the job is no longer held. The key stays known.
	DoneLetter(ctx context.Context, j jobs.Job) error
	// EraseLetters erases the bodies of up to limit letters, and ForgetLetters
	// deletes up to limit letters, that were kept before a time. They say of how
	// many; fewer than limit mean that there are no more for now.
	EraseLetters(ctx context.Context, before time.Time, limit int) (int, error)
	ForgetLetters(ctx context.Context, before time.Time, limit int) (int, error)
}
