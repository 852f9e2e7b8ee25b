package channels

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spaza/test/chatfake"
)

// polling runs Poll in a bubble until the test is over. The function that it
// returns ends it, and gives its error.
func (b tgBot) polling(t *testing.T) (end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Poll(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

// said is what was kept, by its texts.
func (b tgBot) said() (out []string) {
	for _, s := range b.kept.kept() {
		out = append(out, s.Text)
	}
	return out
}

func TestTelegramPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := tgInMemory(t)
		end := b.polling(t)
		time.Sleep(time.Minute) // nobody says anything
		b.api.Queue(b.api.Text(tgThandi, tgThandi, "1"), b.api.Blocked(8, 8), b.api.Text(7, 7, "2"))
		synctest.Wait()
		tgSame(t, "kept", []string{"1", "2"}, b.said())
		var many []chatfake.TelegramUpdate
		for range 50 {
			many = append(many, b.api.Text(tgThandi, tgThandi, "3"))
		}
		b.api.Queue(many...)
		synctest.Wait()
		if n := len(b.said()); n != 52 || b.api.Queued() != 0 {
			t.Errorf("%d kept, %d queued", n, b.api.Queued())
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		first := b.api.Calls("getUpdates")[0].Params
		if first.Get("offset") != "" || first.Get("timeout") != "25" || first.Get("limit") != "20" ||
			first.Get("allowed_updates") != `["message","callback_query","my_chat_member"]` {
			t.Errorf("asked for %v", first)
		}
	})
}

func TestTelegramPollsAgainForWhatWasNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := tgInMemory(t)
		b.kept.fails, b.kept.err = 3, errors.New("canary")
		b.api.Queue(b.api.Text(tgThandi, tgThandi, "canary 1"), b.api.Text(7, 7, "2"))
		end := b.polling(t)
		begin := time.Now()
		for len(b.said()) == 0 {
			if b.api.Queued() != 2 {
				t.Fatal("what was not kept is lost")
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if took := time.Since(begin); took != 7*time.Second || b.kept.asked != 4 { // 1 + 2 + 4
			t.Errorf("kept after %v and %d questions", took, b.kept.asked)
		}
		tgSame(t, "kept", []string{"canary 1", "2"}, b.said())
		if err := end(); err != nil {
			t.Error(err)
		}
	})
}

func TestTelegramPollsOnAfterFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault chatfake.TelegramFault
		after time.Duration
		says  string
	}{
		{"asked to wait", chatfake.TelegramFault{Status: 429, Description: "Too Many Requests", RetryAfter: 9}, 9 * time.Second, "asks to wait"},
		{"a page", chatfake.TelegramFault{Status: 502, Body: "<html>canary"}, time.Second, "fault"},
		{"a broken connection", chatfake.TelegramFault{Drop: true}, time.Second, "could not be reached"},
		{"another one polls", chatfake.TelegramFault{Status: 409, Description: "Conflict: terminated by other getUpdates request"}, time.Second, "a webhook is set, which must be deleted before polling, or another process polls"},
		{"no list", chatfake.TelegramFault{Status: 200, Body: `{"ok":true,"result":{}}`}, time.Second, "can not be read"},
		{"no numbers", chatfake.TelegramFault{Status: 200, Body: `{"ok":true,"result":[{"canary":1}]}`}, time.Second, "no number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := tgInMemory(t)
				c.fault.Method = "getUpdates"
				b.api.Fail(c.fault)
				b.api.Queue(b.api.Text(tgThandi, tgThandi, "1"))
				end := b.polling(t)
				time.Sleep(c.after - time.Millisecond)
				synctest.Wait()
				if n := len(b.said()); n != 0 || len(b.api.Calls("")) != 1 {
					t.Errorf("%d kept too early, %d calls", n, len(b.api.Calls("")))
				}
				time.Sleep(time.Millisecond)
				synctest.Wait()
				tgSame(t, "kept", []string{"1"}, b.said())
				if !strings.Contains(b.log.String(), c.says) {
					t.Errorf("log: %s", b.log.String())
				}
				if err := end(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestTelegramPollsPastWhatItCanNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := tgInMemory(t)
		b.api.Queue(
			chatfake.TelegramUpdate{ID: 1, Body: []byte(`{"update_id":1,"message":"canary"}`)},
			b.api.Text(tgThandi, tgThandi, "1"),
		)
		end := b.polling(t)
		time.Sleep(time.Minute)
		synctest.Wait()
		tgSame(t, "kept", []string{"1"}, b.said())
		if b.api.Queued() != 0 {
			t.Errorf("%d come again and again", b.api.Queued())
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	})
}

func TestTelegramStopsPollingForABotThatThereIsNot(t *testing.T) {
	for name, change := range map[string]func(*TelegramOptions){
		"not known":  func(o *TelegramOptions) { o.Token = key("4711:canary-other") },
		"no bot":     func(o *TelegramOptions) { o.Token = key("canary") },
		"no keeping": func(o *TelegramOptions) { o.Intake = nil },
	} {
		t.Run(name, func(t *testing.T) {
			b := newTG(t, change)
			err := b.Poll(t.Context())
			if err == nil || tgSpills(err.Error()) {
				t.Fatalf("got %v", err)
			}
			if name != "no keeping" && tgRemedy(t, err) != SendAlarm {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTelegramsPollingEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := tgInMemory(t)
		end := b.polling(t)
		time.Sleep(time.Second)
		begin := time.Now()
		if err := end(); err != nil || time.Since(begin) != 0 {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		b.api.Fail(chatfake.TelegramFault{Status: 429, Description: "x", RetryAfter: 3600})
		end = b.polling(t)
		time.Sleep(time.Second)
		begin = time.Now()
		if err := end(); err != nil || time.Since(begin) != 0 {
			t.Errorf("while it waits: %v after %v", err, time.Since(begin))
		}
	})
}
