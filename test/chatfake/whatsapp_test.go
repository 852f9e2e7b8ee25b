package chatfake_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spaza/test/chatfake"
)

const (
	whatsAppPath = "/v25.0/104996122399160/messages"
	whatsAppHead = `{"messaging_product":"whatsapp","recipient_type":"individual","to":"27821234567",`
	whatsAppHi   = whatsAppHead + `"type":"text","text":{"body":"Hi","preview_url":false},"biz_opaque_callback_data":"m1"}`
)

// postMessage makes one request; status 0 stands for an answer that was cut.
func postMessage(t *testing.T, w *chatfake.WhatsApp, path, body string) (status int, said string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer EAAG-fake-token")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestWhatsAppTakesWhatIsRightAndNothingElse(t *testing.T) {
	w := chatfake.NewWhatsApp()
	defer w.Close()
	if status, said := postMessage(t, w, whatsAppPath, whatsAppHi); status != 200 || !strings.Contains(said, `"id":"wamid.OUT000001=="`) {
		t.Fatalf("%d %s", status, said)
	}
	asked := func(kind, action string) string {
		return whatsAppHead + `"type":"interactive","interactive":{"type":"` + kind + `","body":{"text":"x"},"action":` + action + `}}`
	}
	row := func(id, title string) string { return `{"id":"` + id + `","title":"` + title + `"}` }
	button := func(id, title string) string { return `{"type":"reply","reply":` + row(id, title) + `}` }
	template := func(text string) string {
		return whatsAppHead + `"type":"template","template":{"name":"r","language":{"policy":"deterministic","code":"en"},"components":[{"type":"body","parameters":[{"type":"text","text":"` + text + `"}]}]}}`
	}
	right := []string{
		asked("button", `{"buttons":[`+button("1", "a")+`]}`), asked("list", `{"button":"x","sections":[{"rows":[`+row("1", "a")+`]}]}`),
		asked("request_contact_info", `{"name":"request_contact_info"}`), template("a | b"),
		strings.Replace(whatsAppHi, `"to":"27821234567"`, `"recipient":"ZA.134"`, 1),
	}
	for _, body := range right {
		if status, said := postMessage(t, w, whatsAppPath, body); status != 200 {
			t.Errorf("%s: %d %s", body, status, said)
		}
	}
	if n, wrong := len(w.All()), w.Complaints(); n != 1+len(right) || len(wrong) > 0 {
		t.Errorf("%d messages, %v", n, wrong)
	}
	for name, c := range map[string][2]string{
		"another number":        {"/v25.0/1/messages", whatsAppHi},
		"another version":       {"/25/104996122399160/messages", whatsAppHi},
		"no JSON":               {whatsAppPath, "x"},
		"two":                   {whatsAppPath, whatsAppHi + whatsAppHi},
		"an unknown field":      {whatsAppPath, strings.Replace(whatsAppHi, `"type"`, `"x":1,"type"`, 1)},
		"nobody":                {whatsAppPath, strings.Replace(whatsAppHi, `"to":"27821234567",`, "", 1)},
		"a user id as a number": {whatsAppPath, strings.Replace(whatsAppHi, `27821234567`, "ZA.134", 1)},
		"no text":               {whatsAppPath, strings.Replace(whatsAppHi, `"Hi"`, `""`, 1)},
		"a long text":           {whatsAppPath, strings.Replace(whatsAppHi, `Hi`, strings.Repeat("x", 4097), 1)},
		"another type":          {whatsAppPath, strings.Replace(whatsAppHi, `"type":"text"`, `"type":"interactive"`, 1)},
		"four buttons":          {whatsAppPath, asked("button", `{"buttons":[`+button("1", "a")+","+button("2", "b")+","+button("3", "c")+","+button("4", "d")+`]}`)},
		"two buttons alike":     {whatsAppPath, asked("button", `{"buttons":[`+button("1", "a")+","+button("2", "a")+`]}`)},
		"a long button":         {whatsAppPath, asked("button", `{"buttons":[`+button("1", strings.Repeat("x", 21))+`]}`)},
		"eleven rows":           {whatsAppPath, asked("list", `{"button":"x","sections":[{"rows":[`+strings.Repeat(row("1", "a")+",", 10)+row("1", "a")+`]}]}`)},
		"a list of nothing":     {whatsAppPath, asked("list", `{"button":"x","sections":[{"rows":[]}]}`)},
		"a list with no button": {whatsAppPath, asked("list", `{"sections":[{"rows":[`+row("1", "a")+`]}]}`)},
		"a line end":            {whatsAppPath, template(`a\nb`)},
		"many blanks":           {whatsAppPath, template("a    b")},
	} {
		before := len(w.Complaints())
		if status, _ := postMessage(t, w, c[0], c[1]); status != 400 || len(w.Complaints()) != before+1 {
			t.Errorf("%s: %d", name, status)
		}
	}
	w.Token = "another"
	if status, said := postMessage(t, w, whatsAppPath, whatsAppHi); status != 401 || !strings.Contains(said, `"code":190`) {
		t.Errorf("another token: %d %s", status, said)
	}
	if n := len(w.All()); n != 1+len(right) {
		t.Errorf("%d messages", n)
	}
}

func TestWhatsAppFailsAsItIsTold(t *testing.T) {
	w := chatfake.NewWhatsApp()
	defer w.Close()
	w.Fail(
		chatfake.WhatsAppFault{To: "ZA.134", Code: 1}, chatfake.WhatsAppFault{Code: 131056, Times: 2}, chatfake.WhatsAppFault{Status: 503},
		chatfake.WhatsAppFault{Cut: true}, chatfake.WhatsAppFault{Cut: true, Taken: true},
	)
	taken := 0
	for _, c := range []struct{ status, taken int }{{400, 0}, {400, 0}, {503, 0}, {0, 0}, {0, 1}, {200, 1}} {
		taken += c.taken
		if status, _ := postMessage(t, w, whatsAppPath, whatsAppHi); status != c.status || len(w.All()) != taken {
			t.Errorf("%d, %d messages, want %d, %d", status, len(w.All()), c.status, taken)
		}
	}
	w.Fail(chatfake.WhatsAppFault{Slow: true})
	answered := make(chan int, 1)
	go func() {
		status, _ := postMessage(t, w, whatsAppPath, whatsAppHi)
		answered <- status
	}()
	if err := w.WaitHeld(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if len(w.All()) != taken {
		t.Error("what is held back has come")
	}
	w.Release()
	if all, err := w.Wait(t.Context(), "27821234567", taken+1); err != nil || len(all) != taken+1 {
		t.Errorf("%d messages, %v", len(all), err)
	}
	if status := <-answered; status != 200 {
		t.Errorf("the late answer is %d", status)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Wait(gone, "27821234567", taken+2); err == nil {
		t.Error("a message that never comes was waited for")
	}
}

func TestWhatsAppWritesWebhooksAsMetaDoes(t *testing.T) {
	w := chatfake.NewWhatsApp()
	defer w.Close()
	u := chatfake.WhatsAppUser{Number: "27821234567"}
	hi := w.Text(u, "é 🙂 a/b")
	body := w.Body(hi, hi)
	if s := string(body); !strings.Contains(s, `\u00e9 \ud83d\ude42 a\/b`) || strings.Count(s, hi.ID) != 2 || strings.Count(s, "Thandi") != 1 {
		t.Errorf("wrote %s", s)
	}
	if got := w.Sign([]byte("x")); len(got) != 71 || got == w.Sign([]byte("y")) {
		t.Errorf("signed %s", got)
	}
	m := chatfake.WhatsAppMessage{Kind: "list", Choices: []chatfake.WhatsAppChoice{{ID: "a:1", Title: "1. Thandi N…", Description: "Thandi Nkosi"}}}
	for _, title := range []string{"1. Thandi N…", "Thandi Nkosi"} {
		if tap, err := w.TapOn(u, m, title); err != nil || !strings.Contains(string(w.Body(tap)), `"list_reply":{"description":"Thandi Nkosi","id":"a:1"`) {
			t.Errorf("%s: %v", title, err)
		}
	}
	if _, err := w.TapOn(u, m, ""); err == nil {
		t.Error("there is nothing to tap on, and it was")
	}
	if _, err := w.Tap(u, "Yes"); err == nil {
		t.Error("there is no message, and it was tapped on")
	}
	status := 503
	door := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.Method == http.MethodPost && r.Header.Get("X-Hub-Signature-256") != w.Sign(b) {
			t.Errorf("%s: %v", r.Method, err)
		}
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, r.URL.Query().Get("hub.challenge"))
	}))
	defer door.Close()
	if got, err := w.Post(t.Context(), door.URL, hi, w.Status(m, "failed", 131026), w.Contact(u, "27821234567", true), w.Other(u, "image")); got != 503 || err != nil {
		t.Errorf("%d, %v", got, err)
	}
	if w.Handshake(t.Context(), door.URL) == nil {
		t.Error("503 is a handshake")
	}
	status = 200
	if err := w.Handshake(t.Context(), door.URL); err != nil {
		t.Error(err)
	}
}
