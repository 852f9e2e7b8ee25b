package telemetry

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Snapshot is what is counted when a scrape asks, not when it happens.
type Snapshot struct {
	Orders []OrderCount
	Jobs   []JobCount
}

// OrderCount is how many orders stand in a state.
type OrderCount struct {
	State string
	Count int64
	// Oldest is the age of the one that has been there longest. Past minutes
	// for a state that is not final, somebody waits for money.
	Oldest time.Duration
}

// JobCount is how the jobs of a kind stand.
type JobCount struct {
	Kind    string
	Waiting int64 // not begun, due or not
	Held    int64 // being run now
	Dead    int64 // given up; a person has to look
	// Lag is how long the longest waiting of those that are due has been due.
	Lag time.Duration
}

// SnapshotFunc reads a Snapshot. It must be answered from indexes: it is called
// with every few scrapes. A state or kind that stands there twice is added up.
type SnapshotFunc func(ctx context.Context) (Snapshot, error)

// stock shows snapshots as metrics. It reads one at a time and keeps it for a
// while. When a reading fails its metrics are absent, which an alert can tell
// from zero, and spaza_snapshot_ok is 0.
type stock struct {
	read    SnapshotFunc
	timeout time.Duration
	fresh   time.Duration
	logger  *slog.Logger
	now     func() time.Time

	orders, oldest, jobs, lag, ok *prometheus.Desc

	mu     sync.Mutex
	last   Snapshot
	err    error
	readAt time.Time
}

var _ prometheus.Collector = (*stock)(nil)

func newStock(read SnapshotFunc, timeout, fresh time.Duration, logger *slog.Logger) *stock {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &stock{
		read:    read,
		timeout: cmp.Or(timeout, 2*time.Second),
		fresh:   cmp.Or(fresh, 5*time.Second),
		logger:  logger,
		now:     time.Now,
		orders:  desc("spaza_orders", "Orders by state.", "state"),
		oldest:  desc("spaza_orders_oldest_seconds", "Age of the order that has been in the state longest.", "state"),
		jobs:    desc("spaza_jobs", "Jobs by kind and by how they stand: waiting, held or dead.", "kind", "status"),
		lag:     desc("spaza_jobs_lag_seconds", "How long the job that waits longest has been due.", "kind"),
		ok:      desc("spaza_snapshot_ok", "1 when orders and jobs could be counted, 0 when not."),
	}
}

func (s *stock) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.orders, s.oldest, s.jobs, s.lag, s.ok} {
		ch <- d
	}
}

func (s *stock) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	snapshot, err := s.current()
	if err != nil {
		gauge(s.ok, 0)
		return
	}
	gauge(s.ok, 1)
	for state, o := range sumOrders(snapshot.Orders) {
		gauge(s.orders, float64(o.Count), state)
		gauge(s.oldest, o.Oldest.Seconds(), state)
	}
	for kind, j := range sumJobs(snapshot.Jobs) {
		gauge(s.jobs, float64(j.Waiting), kind, "waiting")
		gauge(s.jobs, float64(j.Held), kind, "held")
		gauge(s.jobs, float64(j.Dead), kind, "dead")
		gauge(s.lag, j.Lag.Seconds(), kind)
	}
}

// current returns a snapshot that is fresh, reading a new one where the last is
// not. A failure is kept as long as a success.
func (s *stock) current() (Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.readAt.IsZero() && s.now().Sub(s.readAt) < s.fresh {
		return s.last, s.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	s.last, s.err = s.read(ctx)
	s.readAt = s.now()
	if s.err != nil {
		s.logger.Warn("count orders and jobs", "err", s.err)
	}
	return s.last, s.err
}

// asLabel is a value of the database as a label value.
func asLabel(s string) string {
	if !names(s) {
		return other
	}
	return named(s)
}

func sumOrders(list []OrderCount) map[string]OrderCount {
	sums := make(map[string]OrderCount, len(list))
	for _, o := range list {
		state := asLabel(o.State)
		sum := sums[state]
		sum.Count += o.Count
		sum.Oldest = max(sum.Oldest, o.Oldest)
		sums[state] = sum
	}
	return sums
}

func sumJobs(list []JobCount) map[string]JobCount {
	sums := make(map[string]JobCount, len(list))
	for _, j := range list {
		kind := asLabel(j.Kind)
		sum := sums[kind]
		sum.Waiting += j.Waiting
		sum.Held += j.Held
		sum.Dead += j.Dead
		sum.Lag = max(sum.Lag, j.Lag)
		sums[kind] = sum
	}
	return sums
}
