package main

import (
	"context"
	"fmt"
	"time"

	"spaza/intake"
	"spaza/jobs"
	"spaza/store"
	"spaza/vend"
)

// keepTime is how long something is kept, in days ("30d") or as Go writes a
// duration ("36h"); 0 is for ever.
type keepTime time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *keepTime) UnmarshalText(b []byte) error {
	d, err := readAge(string(b))
	*k = keepTime(d)
	return err
}

// String writes it as it is configured.
func (k keepTime) String() string {
	const day = keepTime(24 * time.Hour)
	switch {
	case k == 0:
		return "0"
	case k%day == 0:
		return fmt.Sprintf("%dd", k/day)
	}
	return time.Duration(k).String()
}

// shortestGoods is how long a message is tried, and what it brings must be there.
const shortestGoods = keepTime(72 * time.Hour)

// checkKeep lists what is wrong with how long things are kept.
func (c *config) checkKeep() (faults []error) {
	for _, v := range []struct {
		name string
		keep keepTime
		min  keepTime
	}{{"SPAZA_KEEP_REQUESTS", c.KeepRequest, 0}, {"SPAZA_KEEP_GOODS", c.KeepGoods, shortestGoods}, {"SPAZA_KEEP_TOKENS", c.KeepTokens, shortestGoods}} {
		switch {
		case v.keep == 0 && c.production():
			faults = append(faults, fmt.Errorf("%s is 0, for ever: in production it must end", v.name))
		case v.keep != 0 && v.keep < v.min:
			faults = append(faults, fmt.Errorf("%s is %s; want at least %s, since messages are tried for so long", v.name, v.keep, v.min))
		}
	}
	return faults
}

// keep is how long things are kept, as configured.
func (c *config) keep() vend.Keep {
	k := vend.DefaultKeep()
	k.Requests, k.Goods, k.Tokens = time.Duration(c.KeepRequest), time.Duration(c.KeepGoods), time.Duration(c.KeepTokens)
	return k
}

// housekeeping erases what was kept long enough, as long as the service runs.
func (a *app) housekeeping(ctx context.Context, sql *store.SQL) error {
	h := vend.NewHousekeeping(sql, vend.HousekeepingOptions{Keep: a.cfg.keep(), More: letterChores(sql), Logger: a.log})
	a.runner.Handle(vend.JobHousekeeping, h.Work)
	return h.Begin(ctx)
}

// letterChores are what is erased of what people wrote in chats. The job of a
// letter that was given up goes with its key: one that stayed would keep the same
// letter from being taken again.
func letterChores(sql *store.SQL) []vend.Chore {
	return []vend.Chore{
		{What: "bodies of letters", Keep: intake.KeepBodies, Erase: sql.EraseLetters},
		{What: "dead letters", Keep: intake.KeepKeys, Erase: func(ctx context.Context, before time.Time, limit int) (int, error) {
			return sql.PurgeDead(ctx, []jobs.Kind{intake.JobChat}, before, limit)
		}},
		{What: "letters", Keep: intake.KeepKeys, Erase: sql.ForgetLetters},
	}
}
