package electrumapi

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"spaza/secret"
	"spaza/vend"
)

// hostile are answers of a host that is broken, or means harm.
func hostile() map[string]string {
	whole := happy(vend.KindAirtimePIN, `"voucher":{"pin":"`+testPIN+`"}`)
	return map[string]string{
		"deep":                `{"id":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}`,
		"deep objects":        strings.Repeat(`{"product":`, 500) + "1" + strings.Repeat("}", 500),
		"wrong types":         `{"id":{"a":1},"product":"R10","voucher":true,"tokens":7,"meter":[1],"amounts":"R10","msisdn":27,"thirdPartyIdentifiers":"none"}`,
		"another id":          strings.Replace(whole, ID(LabelRequest, testRef), ID(LabelRequest, "P-2"), 1),
		"another product":     strings.Replace(whole, "VOD10", "VOD11", 1),
		"HTML":                "<!DOCTYPE html><html><body>" + testPIN + "</body></html>",
		"broken off":          whole[:len(whole)/2],
		"two ids":             strings.Replace(whole, `"product"`, `"id":"`+ID(LabelRequest, "P-2")+`","product"`, 1),
		"an array":            "[" + whole + "]",
		"a string":            `"sold"`,
		"null":                "null",
		"no UTF-8":            "{\"id\":\"\xff\xfe\"}",
		"nothing":             "",
		"numbers out of all":  `{"id":"x","amounts":{"approvedAmount":{"amount":1e999,"currency":"710"}},"tokens":[{"units":1e999999999,"token":"1"}]}`,
		"an error that talks": `{"id":"x","errorType":"GENERAL_ERROR","errorMessage":"PIN ` + testPIN + ` for ` + testPassword + `","detailMessage":{"pin":"` + testPIN + `"},"providerErrorCode":"` + testPIN + `"}`,
		"an error as type":    `{"id":"x","errorType":"` + testPIN + `","errorMessage":"` + testPassword + `"}`,
		"an error as number":  `{"errorType":12345,"errorMessage":["` + testPIN + `"]}`,
		"an error as object":  `{"errorType":{"errorType":"INVALID_MSISDN"}}`,
	}
}

// upright holds an answer against what holds whatever a host says.
func upright(t *testing.T, what string, k vend.Kind, o ProviderOptions, past vend.Past, s said, a vend.Answer) {
	t.Helper()
	where := fmt.Sprintf("%s, %s under HTTP %d, again %t", what, k, s.status, past.Again)
	detail, _ := readDetail(secret.New(s.body), nil)
	definite := detail.Type.Definite()
	switch a.Outcome {
	case vend.Delivered:
		confirmed := a.Advice != nil && !a.Advice.Undo
		if s.status/100 != 2 || !a.Goods.Satisfy(k) || !confirmed || a.Owed || a.Person || a.Reason != "" || detail.Type != "" || o.Unknown[k] == RemedyReverse && past.Again {
			t.Errorf("%s: %+v", where, a)
		}
	case vend.Declined:
		if s.status < 400 || s.status == 500 || s.status == 504 || a.Reason == "" || a.Advice != nil || !a.Goods.Empty() {
			t.Errorf("%s: %+v", where, a)
		}
		if past.Again && !definite {
			t.Errorf("%s: what may have been sent is declined: %+v", where, a)
		}
	default:
		if a.Advice != nil && !a.Advice.Undo || a.Reason != "" {
			t.Errorf("%s: %+v", where, a)
		}
	}
	if a.Advice != nil && a.Advice.Ref != testRef {
		t.Errorf("%s: the advice is about %q", where, a.Advice.Ref)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%+v %#v %s %s %s", a, a.Goods, a.Code, a.Detail, a.ProviderRef)
	slog.New(slog.NewTextHandler(&b, nil)).Info("logged", "goods", a.Goods)
	for _, hidden := range append(secretsOf(a.Goods), secret.New(testPIN), secret.New(testPassword)) {
		if digits := hidden.Reveal(); len(digits) >= 9 && strings.Contains(b.String(), digits) && (digits == testPassword || strings.Trim(digits, "0123456789") == "") {
			t.Errorf("%s: a secret shows: %s", where, strings.ReplaceAll(b.String(), digits, "<here>"))
		}
	}
}

func TestHostileAnswersSettleNothingAndSayNothing(t *testing.T) {
	for _, o := range []ProviderOptions{{}, reversing} {
		s := &said{}
		p, _ := hostOf(t, o, s)
		for _, k := range soldKinds {
			r := prepared(t, p, saleOf(k))
			for name, body := range hostile() {
				for _, status := range []int{201, 302, 400, 404, 500, 503} {
					*s = said{status, body, nil}
					for _, past := range []vend.Past{{}, {Again: true, Age: time.Hour, Code: "x", Times: 9}} {
						a := p.Send(t.Context(), r, past)
						upright(t, name, k, o, past, *s, a)
						if a.Outcome == vend.Delivered {
							t.Errorf("%s: %s is delivered", name, k)
						}
					}
				}
			}
		}
	}
}

func TestHostileAnswersToTheOtherQuestions(t *testing.T) {
	s := &said{}
	p, _ := hostOf(t, reversing, s)
	*s = said{500, "", nil}
	undo := *p.Send(t.Context(), prepared(t, p, saleOf(vend.KindGift)), vend.Past{}).Advice
	for name, body := range hostile() {
		for _, status := range []int{202, 302, 400, 404, 500} {
			*s = said{status, body, nil}
			taken := p.Advise(t.Context(), undo)
			// What says two things at once says nothing, nor does what is not of this host.
			foreign := slices.Contains([]string{"null", "deep", "deep objects", "HTML", "a string", "broken off", "an array"}, name)
			if final := name != "two ids" && (status < 300 || !foreign && (status == 400 || status == 404)); taken.Final != final {
				t.Errorf("%s under HTTP %d: %+v", name, status, taken)
			}
			list, listErr := p.Products(t.Context())
			m, meterErr := p.Meter(t.Context(), vend.MeterQuestion{Ref: "L-1", Meter: "04123456784"})
			if refused, ok := errors.AsType[*vend.RefusalError](meterErr); ok {
				t.Errorf("%s under HTTP %d is a refusal: %v", name, status, refused)
			}
			text := fmt.Sprintf("%+v %v %v %v %+v", taken, len(list), listErr, meterErr, m)
			for _, hidden := range []string{testPIN, testPassword} {
				if strings.Contains(text, hidden) {
					t.Errorf("%s under HTTP %d: a secret shows: %s", name, status, strings.ReplaceAll(text, hidden, "<here>"))
				}
			}
		}
	}
}

func TestAHugeAnswerIsNone(t *testing.T) {
	s := said{201, strings.Replace(happy(vend.KindAirtime, ""), "{", `{"additional":"`+strings.Repeat("x", maxAnswer)+`",`, 1), nil}
	p, _ := hostOf(t, ProviderOptions{}, &s)
	if a := p.Send(t.Context(), prepared(t, p, saleOf(vend.KindAirtime)), vend.Past{}); a.Outcome != vend.Unknown || a.Person {
		t.Errorf("%+v", a)
	}
}

func FuzzAnswer(f *testing.F) {
	for _, body := range hostile() {
		if len(body) < 4096 {
			f.Add(uint8(0), false, uint16(201), body)
		}
	}
	for i, k := range soldKinds {
		f.Add(uint8(i), true, uint16(200), happy(k, `"voucher":{"pin":"`+testPIN+`","code":"`+testPIN+`"},"tokens":[{"tokenType":"STD","units":1,"token":"`+creditToken+`"}]`))
		f.Add(uint8(i+8), true, uint16(400), errorBody("INVALID_AMOUNT"))
		f.Add(uint8(i), false, uint16(400), errorBody("DUPLICATE_RECORD"))
	}
	f.Fuzz(func(t *testing.T, which uint8, again bool, status uint16, body string) {
		if status < 200 || status > 599 {
			status = 200 + status%400
		}
		k, o := soldKinds[int(which)%len(soldKinds)], ProviderOptions{}
		if which&8 != 0 {
			o = reversing
		}
		s := said{int(status), body, nil}
		p, _ := hostOf(t, o, &s)
		past := vend.Past{Again: again, Age: time.Hour, Code: "x"}
		upright(t, "fuzz "+strconv.Itoa(int(which)), k, o, past, s, p.Send(t.Context(), prepared(t, p, saleOf(k)), past))
	})
}

func TestWhatMakesTheProviderDown(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}
	for name, c := range map[string]struct {
		said said
		down bool
	}{
		"it cannot be connected to": {said{err: refused}, true},
		"its name is not found":     {said{err: &net.DNSError{Err: "no such host", Name: "electrum.example"}}, true},
		"the connection is cut":     {said{err: errors.New("cut")}, false},
		"it answers badly":          {said{503, "", nil}, false},
		"it refuses credentials":    {said{401, "", nil}, false},
	} {
		now := noon
		s := c.said
		p, _ := hostOf(t, ProviderOptions{}, &s)
		p.client.options.Now = func() time.Time { return now }
		r := prepared(t, p, saleOf(vend.KindAirtime))
		if p.Down() {
			t.Errorf("%s: down before anything was tried", name)
		}
		p.Send(t.Context(), r, vend.Past{})
		if p.Down() != c.down {
			t.Errorf("%s: down %t", name, p.Down())
		}
		if now = noon.Add(unreachedFor); p.Down() {
			t.Errorf("%s: it stays down, and nobody would find out", name)
		}
		// Every way to ask counts, and an answer ends it.
		now = noon
		s = said{err: refused}
		_, err := p.Meter(t.Context(), vend.MeterQuestion{Ref: "L-1", Meter: "04123456784"})
		if !p.Down() || err == nil {
			t.Errorf("%s: not down after a question, %v", name, err)
		}
		s = said{500, "", nil}
		if _, err := p.Products(t.Context()); p.Down() || err == nil {
			t.Errorf("%s: down after an answer, %v", name, err)
		}
	}
}

func TestAnOpenBreakerIsDown(t *testing.T) {
	b := setup(t, func(o *Options) { o.BreakerFailures = 2 })
	b.answer("POST /airtime/v5/purchases", 502, "")
	b.answer("POST /suv/v1/vouchers", 502, "")
	p := NewProvider(b.client, ProviderOptions{})
	for _, c := range []struct {
		kind vend.Kind
		down bool
	}{{vend.KindGift, false}, {vend.KindAirtime, true}} { // nobody else sells the same gifts
		for range 3 {
			p.Send(t.Context(), prepared(t, p, saleOf(c.kind)), vend.Past{})
		}
		if p.Down() != c.down {
			t.Errorf("%s: down %t", c.kind, p.Down())
		}
	}
}

// Where no token can be had nothing can be sold, however well the rest may be.
func TestAnOpenBreakerOfTokensIsDown(t *testing.T) {
	now := noon
	b := setup(t, func(o *Options) {
		o.TokenURL, o.ClientID, o.ClientSecret = o.BaseURL+"/oauth/token", "spaza-client", secret.New("TEST-SECRET-not-real")
		o.BreakerFailures, o.Now = 2, func() time.Time { return now }
	})
	b.answer("POST /oauth/token", 502, "")
	p := NewProvider(b.client, ProviderOptions{})
	for range 3 {
		if a := p.Send(t.Context(), prepared(t, p, saleOf(vend.KindAirtime)), vend.Past{}); a.Outcome != vend.Declined || a.Reason != vend.ReasonTryLater {
			t.Errorf("%+v", a)
		}
		now = now.Add(unreachedFor)
	}
	if !p.Down() {
		t.Error("it is not down")
	}
}
