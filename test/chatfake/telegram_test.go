package chatfake

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// ask calls a method with JSON, and gives the status and the description.
func ask(t *testing.T, f *Telegram, token, method, body string) (status int, description string, result json.RawMessage) {
	t.Helper()
	resp, err := http.Post(f.URL+"/bot"+token+"/"+method, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", nil
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Description string
		Result      json.RawMessage
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return resp.StatusCode, string(b), nil
	}
	return resp.StatusCode, answer.Description, answer.Result
}

func TestTelegramIsAsStrictAsTheRealOne(t *testing.T) {
	const me = "1:token"
	f := StartTelegram(me)
	defer f.Close()
	f.Text(5, 5, "hi")                                       // 51
	ask(t, f, me, "sendMessage", `{"chat_id":5,"text":"x"}`) // 52
	f.Blocked(6, 6)
	const row = `,"reply_markup":{"inline_keyboard":[[`
	for _, c := range []struct {
		name, token, method, body string
		status                    int
		says                      string
	}{
		{"sent", me, "sendMessage", `{"chat_id":5,"text":"x"}`, 200, ""},
		{"another bot", "1:other", "sendMessage", `{"chat_id":5,"text":"x"}`, 401, "Unauthorized"},
		{"no bot", "token", "sendMessage", `{"chat_id":5,"text":"x"}`, 404, "Not Found"},
		{"no method", me, "sendMassage", `{}`, 404, "method not found"},
		{"no JSON", me, "sendMessage", `{`, 400, "can't parse"},
		{"nobody", me, "sendMessage", `{"chat_id":9,"text":"x"}`, 400, "chat not found"},
		{"blocked", me, "sendMessage", `{"chat_id":6,"text":"x"}`, 403, "blocked"},
		{"nothing", me, "sendMessage", `{"chat_id":5,"text":" "}`, 400, "text is empty"},
		{"too long", me, "sendMessage", `{"chat_id":5,"text":"` + strings.Repeat("x", 4097) + `"}`, 400, "too long"},
		{"as long as it may be", me, "sendMessage", `{"chat_id":5,"parse_mode":"HTML","text":"` + strings.Repeat("x", 4095) + `&amp;"}`, 200, ""},
		{"tags", me, "sendMessage", `{"chat_id":5,"parse_mode":"HTML","text":"<b>a <code>b</code></b> &lt;"}`, 200, ""},
		{"a tag that is open", me, "sendMessage", `{"chat_id":5,"parse_mode":"HTML","text":"<b>a"}`, 400, "can't parse entities"},
		{"tags across", me, "sendMessage", `{"chat_id":5,"parse_mode":"HTML","text":"<b><i>a</b></i>"}`, 400, "can't parse entities"},
		{"no tag", me, "sendMessage", `{"chat_id":5,"parse_mode":"HTML","text":"a < b"}`, 400, "can't parse entities"},
		{"no such tag", me, "sendMessage", `{"chat_id":5,"parse_mode":"HTML","text":"<R5>"}`, 400, "can't parse entities"},
		{"a button", me, "sendMessage", `{"chat_id":5,"text":"x"` + row + `{"text":"a","callback_data":"` + strings.Repeat("d", 64) + `"}]]}}`, 200, ""},
		{"a button with too much", me, "sendMessage", `{"chat_id":5,"text":"x"` + row + `{"text":"a","callback_data":"` + strings.Repeat("d", 65) + `"}]]}}`, 400, "BUTTON_DATA_INVALID"},
		{"a button with nothing", me, "sendMessage", `{"chat_id":5,"text":"x"` + row + `{"text":"a"}]]}}`, 400, "button"},
		{"edited", me, "editMessageText", `{"chat_id":5,"message_id":52,"text":"y"}`, 200, ""},
		{"edited to the same", me, "editMessageText", `{"chat_id":5,"message_id":52,"text":"y"}`, 400, "message is not modified"},
		{"somebody else's edited", me, "editMessageText", `{"chat_id":5,"message_id":51,"text":"y"}`, 400, "can't be edited"},
		{"nothing edited", me, "editMessageText", `{"chat_id":5,"message_id":5100,"text":"y"}`, 400, "message to edit not found"},
		{"deleted", me, "deleteMessage", `{"chat_id":5,"message_id":51}`, 200, ""},
		{"deleted again", me, "deleteMessage", `{"chat_id":5,"message_id":51}`, 400, "message to delete not found"},
		{"a tap that nobody made", me, "answerCallbackQuery", `{"callback_query_id":"1"}`, 400, "query is too old"},
		{"a webhook without TLS", me, "setWebhook", `{"url":"http://x.example"}`, 400, "HTTPS"},
		{"a webhook on another port", me, "setWebhook", `{"url":"https://x.example:8080"}`, 400, "ports"},
	} {
		status, says, _ := ask(t, f, c.token, c.method, c.body)
		if status != c.status || !strings.Contains(says, c.says) || (says == "") != (c.status == 200) {
			t.Errorf("%s: %d %s", c.name, status, says)
		}
		if all := f.Calls(c.method); c.token == me && c.name != "no JSON" && all[len(all)-1].Refused != says {
			t.Errorf("%s: it is noted as refused by %q, and was by %q", c.name, all[len(all)-1].Refused, says)
		}
	}
}

func TestTelegramFailsAsItIsTold(t *testing.T) {
	const me, hi = "1:token", `{"chat_id":5,"text":"hi"}`
	f := StartTelegram(me)
	defer f.Close()
	f.Text(5, 5, "hi")
	f.Fail(TelegramFault{Method: "sendMessage", Status: 429, Description: "Too Many Requests: retry after 60", RetryAfter: 60})
	f.Fail(TelegramFault{Method: "sendMessage", Status: 502, Body: "<html>"})
	f.Fail(TelegramFault{Method: "sendMessage", Drop: true, Done: true})
	for i, want := range []int{429, 502, 0, 200} {
		if got, _, _ := ask(t, f, me, "sendMessage", hi); got != want {
			t.Errorf("call %d: %d", i, got)
		}
	}
	if n := len(f.Shown(5)); n != 2 { // one of which the answer got lost
		t.Errorf("%d stand", n)
	}
	if n := f.Hammered(); n != 3 {
		t.Errorf("%d came too early", n)
	}
	late := make(chan struct{})
	f.Fail(TelegramFault{Late: late})
	time.AfterFunc(time.Millisecond, func() { close(late) })
	if got, _, _ := ask(t, f, me, "sendMessage", hi); got != 200 {
		t.Errorf("late: %d", got)
	}
}

func TestTelegramGivesUpdatesUntilTheyAreConfirmed(t *testing.T) {
	const me = "1:token"
	f := StartTelegram(me)
	defer f.Close()
	f.Queue(f.Text(5, 5, "a"), f.Text(5, 5, "b"))
	for _, c := range []struct {
		body string
		want int
	}{{`{"limit":1}`, 1}, {`{}`, 2}, {`{"offset":91002}`, 1}, {`{}`, 1}, {`{"offset":91003}`, 0}} {
		_, _, result := ask(t, f, me, "getUpdates", c.body)
		var got []json.RawMessage
		if err := json.Unmarshal(result, &got); err != nil || len(got) != c.want {
			t.Errorf("%s: %s", c.body, result)
		}
	}
	ask(t, f, me, "setWebhook", `{"url":"https://x.example/","secret_token":"s"}`)
	if status, says, _ := ask(t, f, me, "getUpdates", `{}`); status != 409 || !strings.Contains(says, "webhook is active") {
		t.Errorf("beside a webhook: %d %s", status, says)
	}
}

// TestWhatATelegramCallDidIsSeenWithTheCall: a test that waits for a call reads
// the chat next.
func TestWhatATelegramCallDidIsSeenWithTheCall(t *testing.T) {
	const me, calls = "1:token", 300
	f := StartTelegram(me)
	defer f.Close()
	f.Text(5, 5, "hi")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range calls {
			ask(t, f, me, "sendMessage", `{"chat_id":5,"text":"hi"}`)
		}
	}()
	for before, more := 0, true; more; {
		select {
		case <-done:
			more = false
		default:
		}
		noted := len(f.Calls("sendMessage"))
		stand := len(f.Shown(5))
		if stand < noted || noted < before {
			t.Fatalf("%d were noted, of which %d stand; before, %d stood", noted, stand, before)
		}
		before = stand
	}
	if n := len(f.Shown(5)); n != calls {
		t.Errorf("%d stand", n)
	}
}
