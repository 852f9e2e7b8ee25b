package channels

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reportForm is a report as the gateway sends it.
func reportForm(status, more string) string {
	return "phoneNumber=%2B27821234567&retryCount=0&id=ATXid_1&status=" + status + "&networkCode=65501" + more
}

func TestAReportSaysWhetherAMessageArrived(t *testing.T) {
	const message = "africastalking:ATXid_1"
	for _, c := range []struct {
		name, body string
		want       Report
		settles    bool
	}{
		{"it arrived", reportForm("Success", ""), Report{Message: message, Arrived: true, Detail: "Success"}, true},
		{"it failed", reportForm("Failed", "&failureReason=UserInBlackList"), Report{Message: message, Arrived: false, Detail: "Failed: UserInBlackList"}, true},
		{"it was rejected", reportForm("Rejected", "&failureReason=UserDoesNotExist"), Report{Message: message, Arrived: false, Detail: "Rejected: UserDoesNotExist"}, true},
		{"it was not fetched in time", reportForm("Expired", ""), Report{Message: message, Arrived: false, Detail: "Expired"}, true},
		{"it failed, and nothing is said of why", reportForm("Failed", "&failureReason="), Report{Message: message, Arrived: false, Detail: "Failed"}, true},
		{"it failed for a reason that is new", reportForm("Failed", "&failureReason=27821234567+is+gone"), Report{Message: message, Arrived: false, Detail: "Failed: another reason"}, true},
		{"the reason of a message that arrived", reportForm("Success", "&failureReason=DeliveryFailure"), Report{Message: message, Arrived: true, Detail: "Success"}, true},
		{"an id with signs of forms", "id=a%2Bb%26c&status=Success", Report{Message: "africastalking:a+b&c", Arrived: true, Detail: "Success"}, true},

		{"it left", reportForm("Sent", ""), Report{}, false},
		{"it was handed on", reportForm("Submitted", ""), Report{}, false},
		{"it waits", reportForm("Buffered", ""), Report{}, false},
		{"a word that is new", reportForm("Teleported", ""), Report{}, false},
		{"a word only like it", reportForm("success", ""), Report{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, settles, err := NewAfricasTalkingReports(nil).Decode(&Callback{Body: []byte(c.body)})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" || settles != c.settles {
				t.Errorf("settles %t (-want +got):\n%s", settles, d)
			}
		})
	}
}

func TestAReportThatCanNotBeReadIsRefused(t *testing.T) {
	door := NewAfricasTalkingReports(func(_ context.Context, r Report) error {
		t.Errorf("told of %+v", r)
		return nil
	})
	for name, body := range map[string]string{
		"nothing": "", "no id": "status=Success", "an empty id": "id=&status=Success", "no status": "id=ATXid_1",
		"an empty status": "id=ATXid_1&status=", "an id twice": "id=ATXid_1&id=ATXid_2&status=Success",
		"a status twice": "id=ATXid_1&status=Success&status=Failed", "a broken escape": "id=ATXid_%4&status=Success",
		"an escape that is none": "id=ATXid_1&status=Success&failureReason=%zz", "no id after all": "id=None&status=Failed",
		"an id with a blank": "id=ATXid+1&status=Success", "an id with a line end": "id=ATXid%0A1&status=Success",
		"an id that is no ASCII": "id=ATXid_%C3%A9&status=Success", "an id beyond bounds": "id=" + strings.Repeat("a", atID+1) + "&status=Success",
		"JSON": `{"id":"ATXid_1","status":"Success"}`,
	} {
		if a := door.report(t.Context(), &Callback{Body: []byte(body)}); a.Status != 400 || string(a.Body) != "refused" {
			t.Errorf("%s: %d %q", name, a.Status, a.Body)
		}
	}
}

// TestTheDoorForReportsSaysNothing knocks over a real socket: with and without
// the key, for messages that are known and not.
func TestTheDoorForReportsSaysNothing(t *testing.T) {
	var mu sync.Mutex
	told := 0
	var fault error
	door := NewAfricasTalkingReports(func(context.Context, Report) error {
		mu.Lock()
		defer mu.Unlock()
		told++
		return fault
	})
	h := open(t, ServerOptions{Key: key("a-shared-secret-of-gateways")}, door)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	const path, good = "/sms/africastalking/reports", "?key=a-shared-secret-of-gateways"
	for _, c := range []struct {
		name, method, path, body string
		fault                    error
		status                   int
		says                     string
		told                     int
	}{
		{"a report", "POST", path + good, reportForm("Success", ""), nil, 200, "", 1},
		{"the same again", "POST", path + good, reportForm("Success", ""), nil, 200, "", 1},
		{"a report on the way", "POST", path + good, reportForm("Sent", ""), nil, 200, "", 0},
		{"a time at which it can not be written", "POST", path + good, reportForm("Failed", ""), errors.New("the database is away"), 503, "later", 1},
		{"nonsense", "POST", path + good, "nonsense", nil, 400, "refused", 0},
		{"a stranger", "POST", path, reportForm("Success", ""), nil, 401, "refused", 0},
		{"a stranger with nonsense", "POST", path, "nonsense", nil, 401, "refused", 0},
		{"a stranger with another key", "POST", path + "?key=another", reportForm("Success", ""), nil, 401, "refused", 0},
		{"a flood", "POST", path + good, strings.Repeat("x", maxBody+1), nil, 413, "refused", 0},
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
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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
	if log := h.log.String(); strings.Contains(log, "ATXid") || strings.Contains(log, "82123") || strings.Contains(log, "shared-secret") {
		t.Errorf("the log tells what came in:\n%s", log)
	}
}

func FuzzAfricasTalkingReport(f *testing.F) {
	for _, s := range []string{
		reportForm("Success", ""), reportForm("Failed", "&failureReason=DeliveryFailure"), "", "id=1&status=Rejected&failureReason=%41", "id=%00&status=Success", "&&=&id",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, settles, err := NewAfricasTalkingReports(nil).Decode(&Callback{Body: body})
		switch {
		case err != nil || !settles:
			if r != (Report{}) || err != nil && (settles || !errors.Is(err, ErrMalformed)) {
				t.Fatalf("%q is half a report: %+v, %t, %v", body, r, settles, err)
			}
		case !strings.HasPrefix(r.Message, atTaken) || len(r.Message) > len(atTaken)+atID || !printable(r.Message):
			t.Fatalf("%q names a message %q", body, r.Message)
		case len(r.Detail) > 64 || r.Arrived != (r.Detail == "Success"):
			t.Fatalf("%q is %+v", body, r)
		}
	})
}
