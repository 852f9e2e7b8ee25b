package telemetry

import (
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// MetricsOptions adds to what is measured.
type MetricsOptions struct {
	// Version is the release that runs, for spaza_build_info.
	Version string
	// Snapshot reads what is only known when asked (see Snapshot); nil for
	// none.
	Snapshot SnapshotFunc
	// SnapshotTimeout is how long one reading may take; zero means 2 s.
	SnapshotTimeout time.Duration
	// SnapshotFresh is how long one reading serves, so that scrapes, however
	// many, do not load the database; zero means 5 s.
	SnapshotFresh time.Duration
	// Logger takes errors of the readings and of scrapes; nil discards them.
	Logger *slog.Logger
}

// Metrics counts what happens, in a registry of its own. It is safe for
// concurrent use.
//
// Label values must be names from code (channels, flows, states, operations,
// outcomes), never anything a stranger can choose. What does not look like such
// a name, and any new name once there are too many, is counted as "other".
type Metrics struct {
	registry *prometheus.Registry
	logger   *slog.Logger

	turns       *prometheus.CounterVec
	turnSeconds *prometheus.HistogramVec
	moves       *prometheus.CounterVec
	ends        *prometheus.CounterVec

	upstream        *prometheus.CounterVec
	upstreamSeconds *prometheus.HistogramVec

	jobs       *prometheus.CounterVec
	jobSeconds *prometheus.HistogramVec
	messages   *prometheus.CounterVec
	orders     *prometheus.CounterVec
	refused    *prometheus.CounterVec
	ways       *prometheus.CounterVec
	screens    *prometheus.CounterVec
	letters    *prometheus.CounterVec
	limited    *prometheus.CounterVec

	turnSeries     cache[turnLabels, turnSeries]
	endSeries      cache[endLabels, prometheus.Counter]
	upstreamSeries cache[pairLabels, timedSeries]
	jobSeries      cache[pairLabels, timedSeries]
	messageSeries  cache[string, prometheus.Counter]
}

type (
	turnLabels struct{ channel, flow, from, to, outcome string }
	endLabels  struct{ channel, state, status string }
	pairLabels struct{ name, result string }
)

// turnSeries are the time series that one kind of turn adds to; moved is nil
// for a turn that stays where it is.
type turnSeries struct {
	count   prometheus.Counter
	seconds prometheus.Observer
	moved   prometheus.Counter
}

type timedSeries struct {
	count   prometheus.Counter
	seconds prometheus.Observer
}

// NewMetrics makes the registry and everything in it.
func NewMetrics(o MetricsOptions) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), logger: o.Logger}
	if m.logger == nil {
		m.logger = slog.New(slog.DiscardHandler)
	}
	m.turns = m.counter("spaza_turns_total", "Turns answered.", "channel", "flow", "outcome")
	m.turnSeconds = m.histogram("spaza_turn_seconds", "Time from a turn's arrival to its reply.", turnBuckets, "channel")
	m.moves = m.counter("spaza_state_change_total", "Moves of a conversation from one state to another.", "flow", "from", "to", "channel")
	m.ends = m.counter("spaza_sessions_ended_total", "Sessions that ended on the gateway's side, by the state they ended in and the gateway's word for how.", "channel", "state", "status")
	m.upstream = m.counter("spaza_upstream_total", "Requests to the provider.", "op", "outcome")
	m.upstreamSeconds = m.histogram("spaza_upstream_seconds", "Time of requests to the provider.", upstreamBuckets, "op")
	m.jobs = m.counter("spaza_jobs_total", "Jobs run.", "kind", "result")
	m.jobSeconds = m.histogram("spaza_job_start_delay_seconds", "Time from when a job fell due to when it was begun.", jobBuckets, "kind")
	m.refused = m.counter("spaza_refused_total", "Requests turned away at a door.", "path", "status")
	m.orders = m.counter("spaza_orders_total", "Orders that came into a state.", "kind", "state", "reason")
	m.messages = m.counter("spaza_messages_total", "Messages sent to customers outside a conversation.", "result")

	m.ways = m.counter("spaza_ways_total", "Tries to send a message to a customer, by the way out and what became of it.", "way", "result")
	m.screens = m.counter("spaza_screens_total", "Answers given to a chat to show, by what became of it.", "channel", "result")
	m.letters = m.counter("spaza_letters_total", "Messages from chats, by what became of them at the door.", "result")
	m.limited = m.counter("spaza_limited_total", "Turns not answered because there were too many.", "channel", "whose")

	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "spaza_build_info", Help: "1, labelled with what runs."}, []string{"version", "go"})
	build.WithLabelValues(o.Version, runtime.Version()).Set(1)
	m.registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if o.Snapshot != nil {
		m.registry.MustRegister(newStock(o.Snapshot, o.SnapshotTimeout, o.SnapshotFresh, m.logger))
	}
	return m
}

// Bucket bounds in seconds. A turn is at its worst when a gateway gives up
// (10 s), an upstream call when the client does.
var (
	turnBuckets     = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 8, 10}
	upstreamBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10, 20, 30, 60}
	jobBuckets      = []float64{.01, .1, .5, 1, 5, 15, 60, 300, 1800, 7200}
)

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(v)
	return v
}

// Turn counts one answered turn, which took d. From and to are the states
// before and after; where they differ the move is counted as well.
func (m *Metrics) Turn(channel, flow, from, to, outcome string, d time.Duration) {
	key := turnLabels{channel, flow, from, to, outcome}
	s, found := m.turnSeries.get(key)
	if !found {
		s = m.newTurnSeries(key)
	}
	s.count.Inc()
	s.seconds.Observe(d.Seconds())
	if s.moved != nil {
		s.moved.Inc()
	}
}

func (m *Metrics) newTurnSeries(k turnLabels) turnSeries {
	if m.turnSeries.full() || !names(k.channel, k.flow, k.from, k.to, k.outcome) {
		return turnSeries{m.turns.WithLabelValues(other, other, other), m.turnSeconds.WithLabelValues(other), nil}
	}
	channel, flow := named(k.channel), named(k.flow)
	s := turnSeries{
		count:   m.turns.WithLabelValues(channel, flow, named(k.outcome)),
		seconds: m.turnSeconds.WithLabelValues(channel),
	}
	if k.from != k.to {
		s.moved = m.moves.WithLabelValues(flow, named(k.from), named(k.to), channel)
	}
	m.turnSeries.put(k, s)
	return s
}

// SessionEnded counts a session that ended on the gateway's side while the
// conversation was in state; status is the gateway's word for how it ended, as
// the channel understood it.
func (m *Metrics) SessionEnded(channel, state, status string) {
	key := endLabels{channel, state, status}
	c, found := m.endSeries.get(key)
	switch {
	case found:
	case m.endSeries.full() || !names(channel, state, status):
		c = m.ends.WithLabelValues(other, other, other)
	default:
		c = m.ends.WithLabelValues(named(channel), named(state), named(status))
		m.endSeries.put(key, c)
	}
	c.Inc()
}

// Upstream counts one request to the provider: its operation, what came of it,
// and how long it took.
func (m *Metrics) Upstream(op, outcome string, d time.Duration) {
	m.timed(&m.upstreamSeries, m.upstream, m.upstreamSeconds, op, outcome, d)
}

// Job counts one run of a job, begun lag after it fell due.
func (m *Metrics) Job(kind, result string, lag time.Duration) {
	m.timed(&m.jobSeries, m.jobs, m.jobSeconds, kind, result, lag)
}

func (m *Metrics) timed(in *cache[pairLabels, timedSeries], count *prometheus.CounterVec, seconds *prometheus.HistogramVec, name, result string, d time.Duration) {
	key := pairLabels{name, result}
	s, found := in.get(key)
	switch {
	case found:
	case in.full() || !names(name, result):
		s = timedSeries{count.WithLabelValues(other, other), seconds.WithLabelValues(other)}
	default:
		s = timedSeries{count.WithLabelValues(named(name), named(result)), seconds.WithLabelValues(named(name))}
		in.put(key, s)
	}
	s.count.Inc()
	s.seconds.Observe(max(d, 0).Seconds())
}

// Message counts one message to a customer.
func (m *Metrics) Message(result string) {
	c, found := m.messageSeries.get(result)
	switch {
	case found:
	case m.messageSeries.full() || !names(result):
		c = m.messages.WithLabelValues(other)
	default:
		c = m.messages.WithLabelValues(named(result))
		m.messageSeries.put(result, c)
	}
	c.Inc()
}

// Refused counts one request that was turned away; path is that of a route, not
// what was asked for.
func (m *Metrics) Refused(path string, status int) {
	if !names(path) {
		path = other
	}
	m.refused.WithLabelValues(named(path), strconv.Itoa(status)).Inc()
}

// Order counts one order that came into a state; reason says why one was
// declined, in one word.
func (m *Metrics) Order(kind, state, reason string) {
	if !names(kind, state, reason) {
		kind, state, reason = other, other, other
	}
	m.orders.WithLabelValues(named(kind), named(state), named(reason)).Inc()
}

// Way counts one try to send a message by one way out.
func (m *Metrics) Way(way, result string) { count(m.ways, 1, way, result) }

// Screen counts one answer that a chat was given to show.
func (m *Metrics) Screen(channel, result string) { count(m.screens, 1, channel, result) }

// Letters counts messages that chats brought.
func (m *Metrics) Letters(result string, n int) { count(m.letters, n, result) }

// Limited counts one turn that was not answered; whose says of what there was too
// much.
func (m *Metrics) Limited(channel, whose string) { count(m.limited, 1, channel, whose) }

func count(c *prometheus.CounterVec, n int, labels ...string) {
	if !names(labels...) {
		for i := range labels {
			labels[i] = other
		}
	}
	for i := range labels {
		labels[i] = named(labels[i])
	}
	c.WithLabelValues(labels...).Add(float64(max(n, 0)))
}

// Handler answers scrapes.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog:            scrapeLog{m.logger},
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: 4,
		Timeout:             15 * time.Second,
		EnableOpenMetrics:   true,
	})
}

// scrapeLog passes errors of scrapes on to the log.
type scrapeLog struct{ logger *slog.Logger }

var _ promhttp.Logger = scrapeLog{}

func (l scrapeLog) Println(v ...any) { l.logger.Warn("scrape", "err", v) }
