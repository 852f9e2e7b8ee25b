package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"spaza/store"
	"spaza/vend"
)

const (
	// drainTime is how long turns under way may take to finish once the service
	// is told to stop; a turn takes 8 seconds at most.
	drainTime = 10 * time.Second
	// handOver is how long jobs under way may then take; what is not done by
	// then is done by another process, or by this one when it is back.
	handOver = 5 * time.Second
	// shelfFresh is how often the catalogue is asked for again, and shelfRetry
	// how soon after it could not be had.
	shelfFresh = 10 * time.Minute
	// firstStock is how long the doors wait for the first catalogue.
	firstStock = 2 * time.Second
	shelfRetry = 2 * time.Second
	// shelfPartly is how soon it is asked for again when a part of it could be had:
	// the lists of the others are not small.
	shelfPartly = 30 * time.Second
)

type serveCommand struct{}

// Run serves until it is told to stop.
func (serveCommand) Run(ctx context.Context, c console) error {
	cfg, err := readConfig(c.environ)
	if err = errors.Join(err, cfg.checkTexts()); err != nil {
		return fmt.Errorf("the configuration is not usable:\n%w", err)
	}
	if os.Getenv("GOGC") == "" {
		// What lives long is small (some megabytes), so collecting twice as often
		// costs next to nothing and keeps the process below 40 MB.
		debug.SetGCPercent(50)
	}
	a, err := wire(ctx, cfg, c.err)
	if err != nil {
		return err
	}
	// net/http writes what a broken host sends unasked to the standard logger;
	// through ours it is redacted.
	slog.SetDefault(a.log)
	store.RedisLog(a.log)
	for _, w := range cfg.warnings {
		a.log.Warn(w)
	}
	return a.run(ctx)
}

// run serves until ctx ends, and then stops in the order in which nothing is
// lost: readiness first, then no new turns, then no new jobs, then the stores.
func (a *app) run(ctx context.Context) error {
	defer a.close()
	failed := make(chan error, 2)
	a.runner.Start(context.WithoutCancel(ctx))
	stocked, stopStocking := context.WithCancel(ctx)
	defer stopStocking()
	go a.stock(stocked, a.restock(ctx, firstStock))
	if a.cfg.TextsDir != "" {
		go a.followTexts(stocked)
	}
	if a.chats != nil {
		a.chats.begin(ctx)
		if a.cfg.polls() {
			go a.pollTelegram(stocked)
		}
	}
	go func() { failed <- a.server.Serve(a.public) }()
	if a.admin != nil {
		go func() {
			if err := a.console.Serve(a.admin); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve admin: %w", err)
			}
		}()
	}
	a.announce()

	var err error
	select {
	case <-ctx.Done():
		a.log.Info("stopping")
	case err = <-failed:
		a.log.Error("stopping, a listener failed", "err", err)
	}
	a.health.Drain()
	quiet, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	err = errors.Join(err, a.server.Shutdown(quiet))
	stopStocking() // nothing more is polled for, either
	if a.chats != nil {
		err = errors.Join(err, a.chats.end(quiet))
	}
	over, cancelOver := context.WithTimeout(context.WithoutCancel(ctx), handOver)
	defer cancelOver()
	if stopErr := a.runner.Stop(over); stopErr != nil {
		a.log.Warn("jobs were cut off; they are done when their lease ends", "err", stopErr)
	}
	a.shop.Close(over)
	err = errors.Join(err, a.console.Shutdown(over))
	a.log.Info("stopped")
	return err
}

// restock asks for the catalogue once, and returns when to ask again.
func (a *app) restock(ctx context.Context, patience time.Duration) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := a.shelf.Load(ctx); err != nil {
		age := "none" // there has never been one
		if kept := a.shelf.Age(); kept > 0 {
			age = kept.String()
		}
		a.log.Error("catalogue", "err", err, "age", age)
		if _, partly := errors.AsType[*vend.PartialError](err); partly {
			return shelfPartly
		}
		return shelfRetry
	}
	return shelfFresh
}

// stock keeps the catalogue fresh.
func (a *app) stock(ctx context.Context, wait time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = a.restock(ctx, 30*time.Second)
	}
}

// announce says what runs where, and what is embedded.
func (a *app) announce() {
	a.log.Info("listening", "addr", a.public.Addr().String(), "version", version, "env", a.cfg.Env)
	if a.admin != nil {
		a.log.Info("admin listening", "addr", a.admin.Addr().String())
	}
	if a.cfg.TextsDir != "" {
		a.log.Info("texts", "dir", a.cfg.TextsDir, "reworded", a.words.Catalogue().Reworded())
	}
	for _, e := range a.embedded {
		a.log.Info("embedded: " + e)
	}
	if !a.cfg.production() {
		a.log.Info("handset in the browser: http://" + localAddress(a.public.Addr().String()) + "/ or in a terminal: spaza dial")
	}
	if a.chats != nil && a.cfg.polls() {
		a.log.Info("Telegram is polled for updates (set SPAZA_TELEGRAM_SECRET, and SPAZA_PUBLIC_URL for: spaza telegram setup)")
	}
	if a.cfg.USSDKey.Empty() {
		a.log.Info("USSD routes answer this machine only (set SPAZA_USSD_KEY)")
	}
}

// localAddress is an address as it is reached from this machine.
func localAddress(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
