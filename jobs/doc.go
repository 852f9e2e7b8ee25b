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
// fate. What a process claimed and will not run it hands back at once.
//
// Three things bound what runs. A lane (Job.Lane) has its jobs done one at a
// time, over all processes, in the order in which they were added; the Store
// keeps it. A limit (Options.Limits) is how many jobs of a kind, which stands
// for the place that they call, run at once in this process; the Runner keeps
// it. A job's end (Job.Until) is when it is given up. A buried job stays for a
// person to see, and holds nobody up.
//
// The package does not know what any job is about.
package jobs
