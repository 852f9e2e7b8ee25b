package channels

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/test/chatfake"
)

// bulkReport is one message in a call of the gateway.
func bulkReport(id, status string) string {
	return `{"id":"` + id + `","type":"SENT","from":"27101234567","to":"27821234567","body":"canary-token 1234","encoding":"TEXT","protocolId":0,` +
		`"messageClass":0,"numberOfParts":1,"creditCost":1.0,"submission":{"id":"1-1","date":"2026-11-21T08:00:00Z"},"status":` + status +
		`,"relatedSentMessageId":null,"userSuppliedId":"lxenk7utmtts7nducg6a"}`
}

const (
	bulkDelivered = `{"id":"DELIVERED.null","type":"DELIVERED","subtype":null}`
	bulkExpired   = `{"id":"FAILED.EXPIRED","type":"FAILED","subtype":"EXPIRED"}`
)

func TestABulkSMSReportSaysWhatArrived(t *testing.T) {
	arrived := Report{Message: "bulksms:11", Arrived: true, Detail: "DELIVERED"}
	failed := func(detail string) []Report { return []Report{{Message: "bulksms:11", Detail: detail}} }
	for _, c := range []struct {
		name, body string
		want       []Report
	}{
		{"the gateway tries the address", `[]`, nil},
		{"it arrived", "[" + bulkReport("11", bulkDelivered) + "]", []Report{arrived}},
		{"it was not fetched in time", "[" + bulkReport("11", bulkExpired) + "]", failed("FAILED: EXPIRED")},
		{"a handset that is full", "[" + bulkReport("11", `{"type":"FAILED","subtype":"HANDSET_ERROR"}`) + "]", failed("FAILED: HANDSET_ERROR")},
		{"somebody who wants none", "[" + bulkReport("11", `{"type":"FAILED","subtype":"BLOCKED"}`) + "]", failed("FAILED: BLOCKED")},
		{"no route", "[" + bulkReport("11", `{"type":"FAILED","subtype":"NOT_SENT"}`) + "]", failed("FAILED: NOT_SENT")},
		{"nothing is said of why", "[" + bulkReport("11", `{"type":"FAILED","subtype":null}`) + "]", failed("FAILED")},
		{"a reason that is new", "[" + bulkReport("11", `{"type":"FAILED","subtype":"27821234567 is gone"}`) + "]", failed("FAILED: another reason")},
		{"a reason that is none", "[" + bulkReport("11", `{"type":"FAILED","subtype":{"x":1}}`) + "]", failed("FAILED")},

		{"it was accepted", "[" + bulkReport("11", `{"type":"ACCEPTED"}`) + "]", nil},
		{"it left", "[" + bulkReport("11", `{"type":"SENT"}`) + "]", nil},
		{"nobody knows", "[" + bulkReport("11", `{"type":"UNKNOWN"}`) + "]", nil},
		{"a word that is new", "[" + bulkReport("11", `{"type":"TELEPORTED"}`) + "]", nil},
		{"a word only like it", "[" + bulkReport("11", `{"type":"delivered"}`) + "]", nil},
		{"one that was received", `[{"id":"11","type":"RECEIVED","status":{"type":"RECEIVED"}}]`, nil},

		{
			"several, twice, and in no order", "[" + bulkReport("12", `{"type":"SENT"}`) + "," + bulkReport("11", bulkDelivered) + "," +
				bulkReport("12", bulkExpired) + ", " + bulkReport("11", bulkDelivered) + "]\n",
			[]Report{arrived, {Message: "bulksms:12", Arrived: false, Detail: "FAILED: EXPIRED"}, arrived},
		},
		{"one among some that can not be read", `[{},null,"x",{"id":7,"status":{"type":"DELIVERED"}},` + bulkReport("11", bulkDelivered) + "]", []Report{arrived}},
		{"as many as may be", "[" + strings.Repeat(bulkReport("12", `{"type":"SENT"}`)+",", bulkReports-1) + bulkReport("11", bulkDelivered) + "]", []Report{arrived}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := NewBulkSMSReports(nil).Decode(&Callback{Body: []byte(c.body)})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestABulkSMSReportThatCanNotBeReadIsRefused(t *testing.T) {
	door := NewBulkSMSReports(func(_ context.Context, r Report) error {
		t.Errorf("told of %+v", r)
		return nil
	})
	for name, body := range map[string]string{
		"nothing": "", "null": "null", "a word": "x", "one without a list": bulkReport("11", bulkDelivered), "a form": "id=11&status=DELIVERED",
		"a list of words": `["x"]`, "a list of nothing": `[null]`, "no id": `[{"status":` + bulkDelivered + `}]`, "no status": `[{"id":"11"}]`,
		"an empty id": "[" + bulkReport("", bulkDelivered) + "]", "an empty status": "[" + bulkReport("11", `{"type":""}`) + "]",
		"a status that is a word": "[" + bulkReport("11", `"DELIVERED"`) + "]", "an id with a blank": "[" + bulkReport("1 1", bulkDelivered) + "]",
		"an id that is no ASCII": "[" + bulkReport("é", bulkDelivered) + "]", "an id beyond bounds": "[" + bulkReport(strings.Repeat("1", smsID+1), bulkDelivered) + "]",
		"cut off": "[" + bulkReport("11", bulkDelivered), "more behind it": "[" + bulkReport("11", bulkDelivered) + "]x",
		"too many": "[" + strings.Repeat("{},", bulkReports) + bulkReport("11", bulkDelivered) + "]", "deep": strings.Repeat("[", 100_000),
	} {
		if a := door.report(t.Context(), &Callback{Body: []byte(body)}); a.Status != 400 || string(a.Body) != "refused" {
			t.Errorf("%s: %d %q", name, a.Status, a.Body)
		}
	}
}

// TestTheDoorForBulkSMSReportsSaysNothing knocks over a real socket: with and
// without the key, for messages that are known and not.
func TestTheDoorForBulkSMSReportsSaysNothing(t *testing.T) {
	var mu sync.Mutex
	told := 0
	var fault error
	door := NewBulkSMSReports(func(_ context.Context, r Report) error {
		mu.Lock()
		defer mu.Unlock()
		told++
		if r.Message == "bulksms:12" {
			return fault
		}
		return nil
	})
	h := open(t, ServerOptions{Key: key("a-shared-secret-of-gateways")}, door)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	const path, good = "/sms/bulksms/reports", "?key=a-shared-secret-of-gateways"
	two := "[" + bulkReport("11", bulkDelivered) + "," + bulkReport("12", bulkExpired) + "," + bulkReport("13", bulkDelivered) + "]"
	away := errors.New("the database is away")
	for _, c := range []struct {
		name, method, path, body string
		fault                    error
		status                   int
		says                     string
		told                     int
	}{
		{"the gateway tries it", "POST", path + good, "[]", nil, 200, "", 0},
		{"a report", "POST", path + good, "[" + bulkReport("11", bulkDelivered) + "]", nil, 200, "", 1},
		{"the same again", "POST", path + good, "[" + bulkReport("11", bulkDelivered) + "]", nil, 200, "", 1},
		{"a report on the way", "POST", path + good, "[" + bulkReport("11", `{"type":"SENT"}`) + "]", nil, 200, "", 0},
		{"several", "POST", path + good, two, nil, 200, "", 3},
		{"a time at which the second can not be written", "POST", path + good, two, away, 503, "later", 2},
		{"ten of the longest", "POST", path + good, "[" + strings.Repeat(strings.Replace(bulkReport("11", bulkDelivered), "canary", strings.Repeat(`\u00e9`, 1530), 1)+",", 9) + bulkReport("11", bulkDelivered) + "]", nil, 200, "", 10},
		{"nonsense", "POST", path + good, "nonsense", nil, 400, "refused", 0},
		{"a stranger", "POST", path, two, nil, 401, "refused", 0},
		{"a stranger who tries it", "POST", path, "[]", nil, 401, "refused", 0},
		{"a stranger with nonsense", "POST", path, "nonsense", nil, 401, "refused", 0},
		{"a stranger with another key", "POST", path + "?key=another", two, nil, 401, "refused", 0},
		{"a flood", "POST", path + good, strings.Repeat("x", bulkReportBytes+1), nil, 413, "refused", 0},
		{"a look", "GET", path + good, "", nil, 405, "refused", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			mu.Lock()
			told, fault = 0, c.fault
			mu.Unlock()
			req, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+h.addr+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			said, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if resp.StatusCode != c.status || string(said) != c.says || told != c.told {
				t.Errorf("%d %q, told %d; want %d %q, told %d", resp.StatusCode, said, told, c.status, c.says, c.told)
			}
		})
	}
	if log := h.log.String(); strings.Contains(log, "canary") || strings.Contains(log, "82123") || strings.Contains(log, "shared-secret") {
		t.Errorf("the log tells what came in:\n%s", log)
	}
}

// TestReportsComeBackUnderTheNameThatSendGave goes the whole way: messages are
// sent through both gateways, and each gateway reports on them.
func TestReportsComeBackUnderTheNameThatSendGave(t *testing.T) {
	host := chatfake.NewSMS(nil)
	defer host.Close()
	var mu sync.Mutex
	var got []Report
	told := func(_ context.Context, r Report) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r)
		return nil
	}
	h := open(t, ServerOptions{Key: key("a-shared-secret-of-gateways")}, NewAfricasTalkingReports(told), NewBulkSMSReports(told))
	var taken []string
	for i, way := range []Messenger{newSMS(t, host.URL()), newBulk(t, host.URL()), newBulk(t, host.URL())} {
		name, err := way.Send(t.Context(), Message{ID: fmt.Sprint("m", i), To: smsTo, Text: "x"})
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, name)
	}
	sent := host.To(smsTo)
	const by = "/reports?key=a-shared-secret-of-gateways"
	for _, r := range []struct {
		path     string
		fate     chatfake.SMSFate
		messages []chatfake.SMSMessage
	}{
		{"africastalking", chatfake.SMSOnTheWay, sent[:1]},
		{"africastalking", chatfake.SMSBlocked, sent[:1]},
		{"bulksms", chatfake.SMSArrived, sent[1:]},
		{"bulksms", chatfake.SMSOnTheWay, sent[1:]},
		{"bulksms", chatfake.SMSArrived, nil},
	} {
		status, err := host.Report(t.Context(), "http://"+h.addr+"/sms/"+r.path+by, r.fate, r.messages...)
		if err != nil || status != 200 {
			t.Errorf("%s: %d, %v", r.path, status, err)
		}
	}
	want := []Report{
		{Message: taken[0], Detail: "Failed: UserInBlackList"}, {Message: taken[1], Arrived: true, Detail: "DELIVERED"},
		{Message: taken[2], Arrived: true, Detail: "DELIVERED"},
	}
	mu.Lock()
	defer mu.Unlock()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func FuzzBulkSMSReports(f *testing.F) {
	for _, s := range []string{
		"[]", "[" + bulkReport("11", bulkDelivered) + "," + bulkReport("12", bulkExpired) + "]", "", "null", "[[]]", `[{"ID":"1","STATUS":{"Type":"FAILED","SUBTYPE":"x"}}]`, "[{}]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		all, err := NewBulkSMSReports(nil).Decode(&Callback{Body: body})
		if err != nil && (all != nil || !errors.Is(err, ErrMalformed)) || len(all) > bulkReports {
			t.Fatalf("%q: %d reports, %v", body, len(all), err)
		}
		for _, r := range all {
			if id, ok := strings.CutPrefix(r.Message, bulkTaken); !ok || id == "" || len(id) > smsID || !printable(id) {
				t.Fatalf("%q names a message %q", body, r.Message)
			}
			if len(r.Detail) > 64 || r.Arrived != (r.Detail == "DELIVERED") || !r.Arrived && !strings.HasPrefix(r.Detail, "FAILED") {
				t.Fatalf("%q is %+v", body, r)
			}
		}
	})
}
