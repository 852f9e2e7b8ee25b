// Package jobs runs what must happen later: sending an order again, telling a
// customer how it ended.
//
// It exists because a promise made now must be kept after a crash. A job is a
// row of the SQL database, written in the same transaction as the fact that
// causes it. Its life: added (perhaps claimed at once by the process that added
// it), claimed under a lease, done by the Handler of its kind, then finished,
// put off or buried. While it runs its lease is renewed; when its process dies
// the lease ends and another process claims it. A claim is fenced by owner and
// attempt, so that a process that lost its lease can no longer write the job's
// fate.
//
// The package does not know what any job is about.
package jobs
