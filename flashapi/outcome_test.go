package flashapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/hostcall"
	"spaza/secret"
)

func message(r Request) Message {
	m, err := (&Client{options: Options{AccountNumber: "1000200030004000"}}).Build(r)
	if err != nil {
		panic(err)
	}
	return m
}

func answered(status int, body string) Exchange {
	return Exchange{Sent: true, Status: status, Body: secret.New(body)}
}

func coded(status, code int) Exchange {
	return answered(status, fmt.Sprintf(`{"responseCode":%d,"responseMessage":"words"}`, code))
}

// short is the part of a verdict that tables compare.
type short struct {
	Class         Class
	Settled       Settled
	Reason        string
	Person, Alert bool
}

func shorten(v Verdict) short { return short{v.Class, v.Settled, v.Reason, v.Person, v.Alert} }

func TestTheHTTPStatusSpeaksWhereNoCodeDoes(t *testing.T) {
	for status, want := range map[int]short{
		200: {ClassUnknown, Open, "", false, false},
		202: {ClassUnknown, Open, "", false, false},
		204: {ClassUnknown, Open, "", false, false},
		302: {ClassUnknown, Open, "", false, true},
		307: {ClassUnknown, Open, "", false, true},
		400: {ClassConfig, Refused, "unavailable", false, true},
		401: {ClassAuth, Refused, "unavailable", false, true},
		403: {ClassConfig, Refused, "unavailable", false, true},
		404: {ClassConfig, Refused, "unavailable", false, true},
		405: {ClassConfig, Refused, "unavailable", false, true},
		408: {ClassUnknown, Open, "", false, false},
		409: {ClassUnknown, Open, "", false, false},
		415: {ClassConfig, Refused, "unavailable", false, true},
		418: {ClassUnknown, Open, "", false, true},
		429: {ClassThrottled, Open, "", false, false},
		500: {ClassUnknown, Open, "", false, false},
		502: {ClassUnknown, Open, "", false, false},
		503: {ClassUnknown, Open, "", false, false},
		504: {ClassUnknown, Open, "", false, false},
	} {
		for name, body := range map[string]string{
			"empty":       "",
			"not JSON":    "<html>sorry</html>",
			"array":       "[]",
			"no code":     `{"message":"words"}`,
			"null code":   `{"responseCode":null}`,
			"empty code":  `{"responseCode":""}`,
			"cut short":   `{"responseCode":0`,
			"too deep":    `{"responseCode":0,"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
			"two answers": `{"responseCode":0}{"responseCode":0}`,
		} {
			x := answered(status, body)
			if diff := cmp.Diff(want, shorten(Judge(message(tenRand()), x, First))); diff != "" {
				t.Errorf("HTTP %d, %s (-want +got):\n%s", status, name, diff)
			}
			if v := Judge(message(tenRand()), x, Again); v.Settled != Open {
				t.Errorf("HTTP %d, %s: the answer to a repetition settled the sale", status, name)
			}
		}
	}
}

func TestTheCodeInTheBodyWinsOverTheStatus(t *testing.T) {
	for _, status := range []int{200, 400, 401, 404, 429, 500, 503} {
		v := Judge(message(redeemAll()), coded(status, 2402), First)
		if v.Settled != Refused || v.Reason != "voucher_not_found" {
			t.Errorf("HTTP %d with code 2402: %+v", status, v)
		}
	}
}

func TestSuccessNeedsBothCodeAndStatus(t *testing.T) {
	for _, status := range []int{300, 400, 401, 404, 429, 500, 503} {
		v := Judge(message(tenRand()), coded(status, 0), First)
		if diff := cmp.Diff(short{Class: ClassUnknown, Alert: true}, shorten(v)); diff != "" {
			t.Errorf("code 0 under HTTP %d (-want +got):\n%s", status, diff)
		}
	}
}

func TestOnlyAPlainZeroIsSuccess(t *testing.T) {
	for body, want := range map[string]Settled{
		`{"responseCode":0}`:                     Happened,
		`{"responseCode":"0"}`:                   Happened,
		`{"responseCode":" 0 "}`:                 Happened,
		`{"RESPONSECODE":0}`:                     Happened,
		`{"responseCode":0.0}`:                   Open,
		`{"responseCode":-0}`:                    Open,
		`{"responseCode":"00"}`:                  Open,
		`{"responseCode":0e1}`:                   Open,
		`{"responseCode":false}`:                 Open,
		`{"responseCode":[0]}`:                   Open,
		`{"responseCode":{"code":0}}`:            Open,
		`{"responseCode":"OK"}`:                  Open,
		`{"responseCode":null}`:                  Open,
		`{"responseCode":""}`:                    Open,
		`{}`:                                     Open,
		`null`:                                   Open,
		`{"responseCode":2402,"responseCode":0}`: Open,
		`{"responseCode":0,"responseCode":2402}`: Open,
		`{"responseCode":0,"ResponseCode":0}`:    Happened,
		`{"responseCode":99999999999999999999}`:  Open,
		`{"responseCode":9223372036854775807}`:   Open,
	} {
		if v := Judge(message(tenRand()), answered(200, body), First); v.Settled != want {
			t.Errorf("%s: settled %d, want %d", body, v.Settled, want)
		}
	}
}

func TestEveryCodeIsJudgedByItsClass(t *testing.T) {
	rules, err := codeRules()
	if err != nil {
		t.Fatal(err)
	}
	m := message(tenRand())
	for code, rule := range rules {
		first, later := Judge(m, coded(400, code), First), Judge(m, coded(400, code), Again)
		if code == 0 {
			continue
		}
		if first.Class != rule.class || first.Code != fmt.Sprint(code) {
			t.Errorf("code %d: class %s, want %s", code, first.Class, rule.class)
		}
		var wantFirst, wantLater Settled
		wantAlert := rule.alert
		switch rule.class {
		case ClassUserInput, ClassDeclined:
			wantFirst = Refused
			if !rule.ambiguous {
				wantLater = Refused
			}
		case ClassRetryLater, ClassConfig, ClassAuth:
			wantFirst = Refused
		case ClassDuplicate, ClassReversal:
			wantAlert = true
		}
		if first.Settled != wantFirst || later.Settled != wantLater {
			t.Errorf("code %d (%s): settled %d then %d, want %d then %d", code, rule.class, first.Settled, later.Settled, wantFirst, wantLater)
		}
		if first.Alert != wantAlert {
			t.Errorf("code %d (%s): alert %v, want %v", code, rule.class, first.Alert, wantAlert)
		}
		if (first.Settled == Refused) != (first.Reason != "") {
			t.Errorf("code %d: settled %d with reason %q", code, first.Settled, first.Reason)
		}
	}
}

func TestAnUnlistedCodeIsUnknownAndAlerts(t *testing.T) {
	for _, code := range []int{1, 9999, 2317, 123456} {
		for _, again := range []Sending{First, Again} {
			v := Judge(message(tenRand()), coded(200, code), again)
			if diff := cmp.Diff(short{Class: ClassUnknown, Alert: true}, shorten(v)); diff != "" {
				t.Errorf("code %d (-want +got):\n%s", code, diff)
			}
		}
	}
}

func TestADuplicateAlertsOnTheFirstSending(t *testing.T) {
	if v := Judge(message(tenRand()), coded(400, 2201), First); !v.Alert || v.Settled != Open {
		t.Errorf("first sending: %+v", v)
	}
	if v := Judge(message(tenRand()), coded(400, 2201), Again); v.Alert || v.Settled != Open {
		t.Errorf("repetition: %+v", v)
	}
	if v := Judge(message(tenRand()), coded(400, 2256), Again); !v.Alert || v.Settled != Open {
		t.Errorf("another request under our reference: %+v", v)
	}
}

func TestAnsweredCancelledAVoucherIsRefusedButARechargeIsNot(t *testing.T) {
	for _, code := range []int{2253, 2280, 2409, 2413, 2680} {
		if v := Judge(message(redeemAll()), coded(400, code), Again); v.Settled != Refused || v.Reason != "voucher_cancelled" {
			t.Errorf("redemption answered %d: %+v", code, v)
		}
		if v := Judge(message(tenRand()), coded(400, code), Again); v.Settled != Open || !v.Alert {
			t.Errorf("recharge answered %d: %+v", code, v)
		}
	}
	if v := Judge(message(redeemAll()), coded(400, 2249), First); v.Settled != Open || !v.Alert {
		t.Errorf("redemption answered 2249: %+v", v)
	}
}

func TestWhatWasNotSentIsRefusedOnceAndUnknownAgain(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want short
	}{
		"refused connection": {errors.New("dial"), short{ClassRetryLater, Refused, "try_later", false, false}},
		"breaker":            {ErrBreakerOpen, short{ClassRetryLater, Refused, "try_later", false, false}},
		"rate limit":         {ErrRateLimited, short{ClassRetryLater, Refused, "try_later", false, false}},
		"caller left":        {context.Canceled, short{ClassRetryLater, Refused, "try_later", false, false}},
		"no token":           {ErrToken, short{ClassRetryLater, Refused, "try_later", false, false}},
		"key refused":        {ErrCredentials, short{ClassAuth, Refused, "unavailable", false, true}},
	} {
		x := Exchange{Err: hostcall.ScrubError(c.err, nil)}
		if diff := cmp.Diff(c.want, shorten(Judge(message(tenRand()), x, First))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if v := Judge(message(tenRand()), x, Again); v.Settled != Open {
			t.Errorf("%s: a repetition that was not sent settled the sale", name)
		}
	}
}

func TestWhatWasSentWithoutAnAnswerIsUnknown(t *testing.T) {
	for _, err := range []error{context.Canceled, context.DeadlineExceeded, ErrTooLarge, errors.New("reset")} {
		for _, again := range []Sending{First, Again} {
			v := Judge(message(tenRand()), Exchange{Sent: true, Err: err}, again)
			if diff := cmp.Diff(short{}, shorten(v)); diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		}
	}
}

func TestTheZeroExchangeNeverDelivers(t *testing.T) {
	if v := Judge(Message{}, Exchange{}, Again); v.Settled != Open {
		t.Errorf("zero exchange, sent before: %+v", v)
	}
	if v := (Verdict{}); v.Settled != Open || v.Class != ClassUnknown {
		t.Errorf("zero verdict: %+v", v)
	}
}

func TestAnAnswerWithAnotherReferenceIsNotOurs(t *testing.T) {
	for _, code := range []int{0, 2402, 2231, 2001} {
		body := fmt.Sprintf(`{"responseCode":%d,"reference":"SOMEBODY-ELSE","amount":5000}`, code)
		v := Judge(message(redeemAll()), answered(200, body), First)
		if v.Settled != Open || !v.Alert || v.Amount != 0 || v.Class != ClassUnknown {
			t.Errorf("code %d: %+v", code, v)
		}
	}
	same := fmt.Sprintf(`{"responseCode":0,"reference":%q,"amount":5000}`, testRef)
	if v := Judge(message(redeemAll()), answered(200, same), First); v.Settled != Happened || v.Alert {
		t.Errorf("our own reference: %+v", v)
	}
}

// TestOnlyAClearAnswerSettles holds every answer there can be against the rule:
// a sale happened only with code 0 and 2xx, and a repetition is refused only by
// an unambiguous word about the sale itself.
func TestOnlyAClearAnswerSettles(t *testing.T) {
	var requests []Message
	bodies := []string{`{}`, ``, `[]`, strings.Repeat("[", 20000), `{"amount":1000}`}
	for _, s := range specimensThat(sells) {
		requests, bodies = append(requests, s.message()), append(bodies, s.good)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(requests).Draw(t, "message")
		again := rapid.Bool().Draw(t, "again")
		code := rapid.OneOf(rapid.SampledFrom(documented), rapid.IntRange(0, 4000)).Draw(t, "code")
		x := Exchange{
			Sent:   rapid.Bool().Draw(t, "sent"),
			Status: rapid.SampledFrom([]int{0, 200, 201, 302, 400, 401, 404, 409, 429, 500, 503}).Draw(t, "status"),
			Body: secret.New(strings.Replace(rapid.SampledFrom(append([]string{
				`{"responseCode":0,"amount":1000}`, `{"responseCode":"0"}`,
			}, bodies...)).Draw(t, "body"), `"responseCode":0`, fmt.Sprintf(`"responseCode":%d`, code), 1)),
		}
		if strings.Contains(x.Body.Reveal(), `"responseCode":"0"`) {
			code = 0
		}
		v := Judge(m, x, sending(again))
		ok, wellFormed := x.Status >= 200 && x.Status < 300, strings.Contains(x.Body.Reveal(), "responseCode")
		if v.Settled == Happened && (!ok || !wellFormed || code != 0) {
			t.Fatalf("delivered by %d %s", x.Status, x.Body.Reveal())
		}
		if again && v.Settled == Refused {
			rule, known := ruleFor(code)
			about := rule.class == ClassUserInput || rule.class == ClassDeclined || rule.class == ClassReversal
			if x.Status == 0 || !wellFormed || !known || rule.ambiguous || !about {
				t.Fatalf("repetition refused by %d %s", x.Status, x.Body.Reveal())
			}
		}
		if v.Settled == Refused && v.Reason == "" {
			t.Fatalf("refused without a reason by %d %s", x.Status, x.Body.Reveal())
		}
		if v.Amount != 0 && v.Settled != Happened && !v.Owed {
			t.Fatalf("an amount without a delivery: %+v", v)
		}
	})
}
