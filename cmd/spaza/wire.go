package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"spaza/channels"
	"spaza/dialog"
	"spaza/flashapi"
	"spaza/flows"
	"spaza/jobs"
	"spaza/locales"
	"spaza/store"
	"spaza/telemetry"
	"spaza/vend"
)

// How many sales wait for the provider, messages for their gateway, and what
// providers must be told for them, at once in one process. What is more is written,
// and waits for its turn.
const (
	salesAtOnce    = 256
	messagesAtOnce = 32
	claimedAtOnce  = 24 // of all kinds together; a sale and its message are not claimed where they were made
	advicesAtOnce  = 16 // of those, so that a provider which is slow to take them holds up nothing else
)

// app is the service, wired and ready to run.
type app struct {
	cfg      config
	log      *slog.Logger
	public   net.Listener
	admin    net.Listener // nil when off
	embedded []string     // what runs inside, for the start-up lines

	server  *channels.Server
	console *http.Server
	health  *telemetry.Health
	runner  *jobs.Runner
	shop    *vend.Service
	shelf   *vend.Shelf
	words   *locales.Live
	chats   *chats         // nil when all are off
	closers []func() error // in the order of opening

	textsEvery time.Duration // how often the operator's texts are looked at
}

// wire builds the service. It reads top to bottom as a sale is made, from where
// things are kept to the doors. Both listeners are bound first, so that a port
// that is taken is known before anything is touched.
func wire(ctx context.Context, cfg config, logTo io.Writer) (a *app, err error) {
	a = &app{cfg: cfg, textsEvery: textsFresh}
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	a.log = telemetry.NewLogger(logTo, telemetry.LogOptions{Format: cfg.LogFormat, Level: logLevel(cfg.LogLevel)})
	if a.public, err = a.listen(ctx, "SPAZA_LISTEN", cfg.Listen); err != nil {
		return a, err
	}
	if cfg.AdminListen != "" {
		if a.admin, err = a.listen(ctx, "SPAZA_ADMIN_LISTEN", cfg.AdminListen); err != nil {
			return a, err
		}
	}

	// Where things are kept.
	sql, err := a.database(ctx)
	if err != nil {
		return a, err
	}
	keys, err := a.keyring(ctx, sql)
	if err != nil {
		return a, err
	}
	sessions, err := a.sessions()
	if err != nil {
		return a, err
	}
	metrics := telemetry.NewMetrics(telemetry.MetricsOptions{Version: version, Snapshot: snapshot(sql), Logger: a.log})

	// Who sells.
	sellers, err := a.openSellers(metrics)
	if err != nil {
		return a, err
	}
	provider, err := cfg.route(sellers)
	if err != nil {
		return a, err
	}
	a.shelf = vend.NewShelf(provider, vend.ShelfOptions{Keeper: sql})

	// The sale, and what is done later.
	limits, err := cfg.limits()
	if err != nil {
		return a, err
	}
	shop := vend.New(sql, provider, keys, vend.Options{
		Window: flashapi.ResendWindow, SendTimeout: cfg.sendTimeout(), Fund: cfg.fund(), Limits: limits, PIN: cfg.pinPolicy(), Enquiries: cfg.enquiries(),
		IdleAfter: cfg.idleAfter(), Logger: a.log,
		Observe: func(o vend.Order) { metrics.Order(string(o.Kind), string(o.State), string(o.Reason)) },
	})
	a.runner = jobs.NewRunner(sql, jobs.Options{
		Workers: claimedAtOnce,
		Limits:  map[jobs.Kind]int{vend.JobOrder: salesAtOnce, vend.JobNotice: messagesAtOnce, vend.JobCode: messagesAtOnce, vend.JobAdvice: advicesAtOnce}, Logger: a.log, Observe: metrics.Job,
	})
	shop.Attach(a.runner)
	a.shop = shop

	// What is said.
	if a.words, err = cfg.openTexts(); err != nil {
		return a, err
	}
	words := a.words
	reports := flows.Reports{Orders: shop, Chats: cfg.chatsOn(), Logger: a.log}
	told := func(ctx context.Context, r channels.Report) error {
		return reports.Take(ctx, vend.MessageReport(r))
	}
	chats, err := a.openChats(shop, words, told)
	if err != nil {
		return a, err
	}
	messenger, inbox, err := a.messenger(chats, shop, metrics)
	if err != nil {
		return a, err
	}
	notices := flows.Notices{
		Orders: shop, Words: words, Help: cfg.HelpNumber, Chats: cfg.chatsOn(), Now: time.Now, Send: send(messenger, metrics),
	}
	links := flows.LinkNotices{Notices: notices, Desk: shop, Operator: cfg.Operator, Dial: cfg.DialCode}
	a.runner.Handle(vend.JobOrder, shop.Work)
	a.runner.Handle(vend.JobAdvice, shop.Advise)
	a.runner.Handle(vend.JobNotice, notices.Work)
	a.runner.Handle(vend.JobCode, links.Code)
	a.runner.Handle(vend.JobLinked, links.Linked)
	if err := a.housekeeping(ctx, sql); err != nil {
		return a, err
	}
	book := flows.Book(flows.Shop{
		Till: shop, Purse: shop, Members: shop, History: shop, Desk: shop, Locks: shop, Shelf: a.shelf, Hash: keys.Hash,
		Chats: shop, Sleepers: shop, ChatsOn: cfg.chatsOn(), Words: words, Languages: languages(words),
		Language: cfg.Language, Help: cfg.HelpNumber, Code: cfg.DialCode, Operator: cfg.Operator, Terms: cfg.Terms,
	})
	engine, err := dialog.New(book, words, sessions, dialog.Options{
		Hash: keys.Hash, Budget: cfg.ReplyBudget, Observe: observeTurns(metrics, telemetry.NewTurnLog(a.log)),
	})
	if err != nil {
		return a, err
	}

	// The doors.
	limited := a.limited(engine, sessions, keys, words, metrics)
	a.attend(chats, limited, shop, sql, keys, metrics)
	doors := slices.Concat(a.gatewayDoors(limited, words), chats.doors(), a.reportDoors(told))
	if !cfg.production() {
		doors = append(doors, channels.NewHandset(inbox, channels.HandsetOptions{Code: cfg.DialCode, Hints: a.hints()}))
	}
	a.health = telemetry.NewHealth(append([]telemetry.Check{
		{Name: "redis", Probe: sessions.Ping},
		{Name: "sql", Probe: sql.Ping},
	}, sellers.probes(&cfg)...), telemetry.HealthOptions{Logger: a.log})
	front := channels.ServerOptions{
		Logger: a.log, Refused: metrics.Refused,
		Live:  func(context.Context) (int, []byte) { return a.health.Healthz() },
		Ready: func(context.Context) (int, []byte) { return a.health.Readyz() },
	}
	if err := cfg.guards(&front); err != nil {
		return a, err
	}
	a.server = channels.NewServer(doors, front)
	a.console = &http.Server{
		Handler: telemetry.AdminHandler(metrics, a.health, telemetry.AdminOptions{Token: cfg.AdminToken}),
		// No WriteTimeout: a profile takes as long as was asked for.
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
	}
	return a, nil
}

func (a *app) listen(ctx context.Context, name, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("bind %s: %w", name, err)
	}
	a.onClose(func() error {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return l, nil
}

func (a *app) onClose(f func() error) { a.closers = append(a.closers, f) }

func (a *app) database(ctx context.Context) (*store.SQL, error) {
	url, file := a.cfg.databaseURL()
	if file != "" {
		a.embedded = append(a.embedded, "SQLite in "+file+" (set SPAZA_DATABASE_URL)")
	}
	sql, err := store.OpenSQL(ctx, url, store.Options{})
	if err != nil {
		return nil, err
	}
	a.onClose(sql.Close)
	return sql, nil
}

func (a *app) sessions() (*store.Sessions, error) {
	url := a.cfg.RedisURL.Reveal()
	if url == "" {
		a.embedded = append(a.embedded, "Redis in memory (set SPAZA_REDIS_URL)")
		redis, err := store.StartEmbeddedRedis()
		if err != nil {
			return nil, err
		}
		a.onClose(func() error { redis.Close(); return nil })
		url = redis.URL()
	}
	sessions, err := store.OpenSessions(url)
	if err != nil {
		return nil, err
	}
	a.onClose(sessions.Close)
	return sessions, nil
}

// smsOptions are how messages go out by SMS, as configured.
func (c *config) smsOptions() channels.SMSOptions {
	return channels.SMSOptions{BaseURL: c.SMSURL, Username: c.SMSUser, APIKey: c.SMSKey, Sender: c.SMSSender}
}

func languages(words *locales.Live) func() []flows.Language {
	return func() []flows.Language {
		var all []flows.Language
		for _, l := range words.Languages() {
			all = append(all, flows.Language{Code: l.Code, Name: l.Name})
		}
		return all
	}
}

func observeTurns(m *telemetry.Metrics, l *telemetry.TurnLog) func(dialog.Report) {
	return func(r dialog.Report) {
		flow := r.To.Flow()
		if r.Outcome == dialog.Hangup {
			m.SessionEnded(r.Channel, string(r.To), r.Status)
		} else {
			m.Turn(r.Channel, flow, string(r.From), string(r.To), string(r.Outcome), r.Took)
		}
		l.Write(context.Background(), telemetry.Turn{
			Channel: r.Channel, Flow: flow, User: r.Who, From: string(r.From), To: string(r.To),
			Outcome: string(r.Outcome), Took: r.Took, Err: r.Err,
		})
	}
}

func snapshot(sql *store.SQL) telemetry.SnapshotFunc {
	return func(ctx context.Context) (telemetry.Snapshot, error) {
		st, err := sql.Stats(ctx, time.Now())
		if err != nil {
			return telemetry.Snapshot{}, err
		}
		var s telemetry.Snapshot
		for _, o := range st.Orders {
			s.Orders = append(s.Orders, telemetry.OrderCount{State: string(o.State), Count: int64(o.Count), Oldest: o.Oldest})
		}
		for _, j := range st.Jobs {
			s.Jobs = append(s.Jobs, telemetry.JobCount{Kind: string(j.Kind), Waiting: int64(j.Waiting), Held: int64(j.Held), Dead: int64(j.Dead), Lag: j.Lag})
		}
		return s, nil
	}
}

func logLevel(name string) slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(name)) // checked with the configuration
	return l
}

// close gives back what wire opened, the last first.
func (a *app) close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		if err := a.closers[i](); err != nil && a.log != nil {
			a.log.Warn("close", "err", err)
		}
	}
	a.closers = nil
}
