package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spaza/store"
	phones "spaza/test/whole"
	"spaza/vend"
)

// smsGateway is an SMS gateway that takes every message.
type smsGateway struct {
	mu    sync.Mutex
	texts []string
	came  chan string // the id of each message
}

func (g *smsGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	g.mu.Lock()
	g.texts = append(g.texts, r.Form.Get("message"))
	id := fmt.Sprint("ATXid_", len(g.texts))
	g.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"SMSMessageData":{"Recipients":[{"statusCode":101,"status":"Success","messageId":"`+id+`"}]}}`)
	g.came <- id
}

// TestAReportReachesTheOrder sells over real sockets, with an SMS gateway that
// reports: what it says of the receipt stands with the order.
func TestAReportReachesTheOrder(t *testing.T) {
	sms := &smsGateway{came: make(chan string, 16)}
	api := httptest.NewServer(sms)
	defer api.Close()
	dir := t.TempDir()
	cfg, err := readConfig(set("SPAZA_LISTEN=127.0.0.1:0", "SPAZA_ADMIN_LISTEN=", "SPAZA_DATA_DIR="+dir, "SPAZA_LANGUAGE=en",
		"SPAZA_REPLY_BUDGET=6s", // what takes longer is told by SMS first
		"SPAZA_SMS_API_URL="+api.URL, "SPAZA_SMS_USERNAME=shop", "SPAZA_SMS_API_KEY=canary-key"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	a, err := wire(t.Context(), cfg, &log)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.shelf.Load(t.Context()); err != nil { // at start it is waited for briefly
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- a.run(ctx) }()
	defer func() {
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if strings.Contains(log.String(), "5000500000000001") || strings.Contains(log.String(), "canary") {
			t.Errorf("the log tells secrets:\n%s", log.String())
		}
	}()
	base := "http://" + a.public.Addr().String()
	post := func(path string, form url.Values) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		said, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(said)
	}
	typed := ""
	send := func() phones.Screen {
		t.Helper()
		_, screen := post("/ussd/africastalking", url.Values{"sessionId": {"s1"}, "phoneNumber": {"+27821234567"}, "networkCode": {"65501"}, "text": {typed}})
		return phones.Screen(screen)
	}
	screen := send()
	for _, label := range []string{"Use a 1Voucher", "5000500000000001", "Buy airtime", "My number", "R10", "Pay R10"} {
		typed = strings.TrimPrefix(typed+"*"+cmp.Or(screen.Find(label), label), "*") // what is no option is typed as it is
		screen = send()
	}
	if !strings.HasPrefix(string(screen), "END Done: R10") {
		t.Fatalf("the screen says %q", screen)
	}
	id := <-sms.came

	books, err := store.OpenSQL(t.Context(), "sqlite:"+filepath.Join(dir, "spaza.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = books.Close() }()
	delivery := func() vend.Delivery {
		t.Helper()
		found, err := books.FindOrders(t.Context(), vend.Query{Kinds: []vend.Kind{vend.KindAirtime}})
		if err != nil || len(found) != 1 {
			t.Fatalf("%d orders, %v", len(found), err)
		}
		return found[0].Delivery
	}
	// That the gateway took it is written after its answer.
	patience, enough := context.WithTimeout(t.Context(), time.Minute)
	defer enough()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for delivery() != vend.DeliverySent {
		select {
		case <-look.C:
		case <-patience.Done():
			t.Fatalf("the receipt stands at %q", delivery())
		}
	}
	report := func(id, status string) (int, string) {
		return post("/sms/africastalking/reports", url.Values{"id": {id}, "status": {status}, "phoneNumber": {"+27821234567"}, "networkCode": {"65501"}})
	}
	for _, step := range []struct {
		id, status string
		want       vend.Delivery
	}{
		{id, "Buffered", vend.DeliverySent},
		{"ATXid_unknown", "Failed", vend.DeliverySent},
		{id, "Failed", vend.DeliveryFailed},
		{id, "Failed", vend.DeliveryFailed},
		{id, "Success", vend.DeliveryAcknowledged},
		{id, "Failed", vend.DeliveryAcknowledged},
	} {
		if code, said := report(step.id, step.status); code != 200 || said != "" {
			t.Errorf("%s of %s is answered %d %q", step.status, step.id, code, said)
		}
		if got := delivery(); got != step.want {
			t.Errorf("after %s of %s the receipt stands at %q, want %q", step.status, step.id, got, step.want)
		}
	}
}
