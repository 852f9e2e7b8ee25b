package channels

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

const (
	tgBatch    = 20 // updates fetched at once: what a bounded answer holds
	tgPollTime = 25 * time.Second
	// The waits after what went wrong double between these.
	tgRetryFirst, tgRetryLast = time.Second, 30 * time.Second
	// tgUpdates are the kinds of updates that are wanted.
	tgUpdates = `["message","callback_query","my_chat_member"]`
)

// Poll fetches what is said until ctx ends, for who has no public address: while
// a webhook is set, there is nothing to fetch. One process polls for a bot.
//
// What the Intake did not keep is fetched again, and nothing after it before. It
// returns early, with a *SendError, only when Telegram does not know the bot.
func (t *Telegram) Poll(ctx context.Context) error {
	if t.o.Intake == nil {
		return errors.New("poll Telegram: nothing is there to keep what is said")
	}
	var next int64 // the first update that was not kept
	retry := tgRetryFirst
	for ctx.Err() == nil {
		wait, err := t.poll(ctx, &next)
		if err == nil {
			retry = tgRetryFirst
			continue
		}
		var refused *SendError
		if errors.As(err, &refused) && (refused.Code == http.StatusUnauthorized || refused.Code == http.StatusNotFound) && refused.Do == SendAlarm {
			return err
		}
		if ctx.Err() == nil {
			t.o.Log.Warn("telegram: polling failed", "err", err)
		}
		wait = max(wait, retry)
		retry = min(2*retry, tgRetryLast)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return nil
}

// poll fetches once and keeps what came. wait is what the API asks for.
func (t *Telegram) poll(ctx context.Context, next *int64) (wait time.Duration, err error) {
	p := tgParams{"limit": strconv.Itoa(tgBatch), "timeout": strconv.Itoa(int(tgPollTime / time.Second)), "allowed_updates": tgUpdates}
	p.AddNonZero64("offset", *next)
	result, f := t.request(ctx, tgPollTime+t.o.Timeout, "getUpdates", p)
	if f != nil {
		return f.wait, f.remedy()
	}
	var updates []json.RawMessage
	if err := json.Unmarshal(result, &updates); err != nil {
		return 0, errors.New("list of updates can not be read")
	}
	var said []Said
	after := *next
	for _, u := range updates {
		one, err := t.Decode(u)
		if err != nil {
			t.o.Log.Warn("telegram: update can not be read", "bytes", len(u))
		}
		said = append(said, one...)
		var head struct {
			ID int64 `json:"update_id"`
		}
		if err := json.Unmarshal(u, &head); err == nil && head.ID > 0 {
			after = head.ID + 1
		}
	}
	if len(updates) > 0 && after == *next {
		return 0, errors.New("updates have no number")
	}
	if len(said) > 0 {
		if err := t.o.Intake.Take(ctx, said); err != nil {
			return 0, errors.New("what was said is not kept yet") // it has reported why
		}
	}
	*next = after
	return 0, nil
}
