package electrumapi

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// saleOf is a sale of a kind.
func saleOf(k vend.Kind) vend.Sale {
	s := vend.Sale{Ref: testRef, Kind: k, Product: "VOD10", Amount: ledger.Rand(10), At: noon, Channel: "ussd"}
	switch k {
	case vend.KindAirtime, vend.KindData:
		s.Target = "27821234567"
	case vend.KindElectricity:
		s.Product, s.Target = "electricity", "04123456784"
	}
	return s
}

// soldKinds are what Electrum sells.
var soldKinds = []vend.Kind{vend.KindAirtime, vend.KindData, vend.KindAirtimePIN, vend.KindElectricity, vend.KindGift}

// reversing has all that can be reversed reversed.
var reversing = ProviderOptions{Unknown: map[vend.Kind]Remedy{
	vend.KindAirtimePIN: RemedyReverse, vend.KindGift: RemedyReverse, vend.KindElectricity: RemedyReverse,
}}

// said is an answer of a host in memory.
type said struct {
	status int
	body   string
	err    error
}

// hostOf is a provider whose host answers everything the same, and what it was asked.
func hostOf(t *testing.T, o ProviderOptions, s *said) (*Provider, *[]string) {
	t.Helper()
	options, asked := testOptions(), new([]string)
	options.BaseURL = "http://electrum.example"
	options.Now = func() time.Time { return noon }
	options.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
		*asked = append(*asked, r.Method+" "+r.URL.RequestURI())
		if r.Body != nil {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		if s.err != nil {
			return nil, s.err
		}
		return &http.Response{StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
	})
	c, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return NewProvider(c, o), asked
}

func prepared(t *testing.T, p *Provider, s vend.Sale) vend.Request {
	t.Helper()
	r, err := p.Prepare(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func errorBody(kind string) string {
	return fmt.Sprintf(`{"id":"x","errorType":%q,"errorMessage":"words"}`, kind)
}

func TestWhatAnAnswerWithoutASuccessMeans(t *testing.T) {
	const yes, no = true, false
	type means struct {
		outcome vend.Outcome
		reason  vend.Reason
		alert   bool
	}
	unknown, looked := means{}, means{alert: yes}
	declined := func(r vend.Reason, alert bool) means { return means{vend.Declined, r, alert} }
	for _, c := range []struct {
		kind  vend.Kind
		said  said
		first means
		again means
	}{
		{vend.KindAirtime, said{500, "", nil}, unknown, unknown},
		{vend.KindAirtime, said{504, errorBody("GENERAL_ERROR"), nil}, unknown, unknown},
		{vend.KindAirtime, said{502, "", nil}, unknown, unknown},
		{vend.KindAirtime, said{500, errorBody("INVALID_MSISDN"), nil}, unknown, unknown}, // the status is read first
		{vend.KindElectricity, said{504, errorBody("UNKNOWN_METER_ID"), nil}, unknown, unknown},
		{vend.KindAirtime, said{500, errorBody("OUTCOME_UNKNOWN"), nil}, unknown, unknown},
		{vend.KindAirtime, said{400, errorBody("OUTCOME_UNKNOWN"), nil}, unknown, unknown},
		{vend.KindAirtime, said{400, errorBody("DUPLICATE_RECORD"), nil}, unknown, unknown},
		{vend.KindAirtime, said{400, errorBody("ACCOUNT_ALREADY_SETTLED"), nil}, looked, looked},
		{vend.KindAirtime, said{201, "", nil}, unknown, unknown},
		{vend.KindAirtime, said{201, "<html>", nil}, unknown, unknown},
		{vend.KindAirtime, said{201, "{}", nil}, unknown, unknown},
		{vend.KindAirtime, said{201, errorBody("GENERAL_ERROR"), nil}, unknown, unknown},
		{vend.KindAirtime, said{307, "", nil}, unknown, unknown},
		{vend.KindAirtime, said{400, errorBody("INVALID_MSISDN"), nil}, declined(vend.ReasonNumber, no), declined(vend.ReasonNumber, no)},
		{vend.KindAirtime, said{400, errorBody("DECLINED_BY_MNO"), nil}, declined(vend.ReasonNumberBarred, no), declined(vend.ReasonNumberBarred, no)},
		{vend.KindAirtime, said{400, errorBody("INSUFFICIENT_FUNDS"), nil}, declined(vend.ReasonUnavailable, yes), declined(vend.ReasonUnavailable, yes)},
		{vend.KindAirtime, said{400, errorBody("UNKNOWN_METER_ID"), nil}, declined(vend.ReasonUnavailable, yes), looked}, // not of this interface
		{vend.KindAirtime, said{400, errorBody("PHASE_OF_THE_MOON"), nil}, declined(vend.ReasonUnavailable, yes), looked},
		{vend.KindAirtime, said{400, "", nil}, declined(vend.ReasonUnavailable, yes), looked},
		{vend.KindAirtime, said{429, errorBody("LIMIT_EXCEEDED"), nil}, declined(vend.ReasonUnavailable, yes), unknown}, // of asking, perhaps
		{vend.KindAirtime, said{503, errorBody("OUT_OF_STOCK"), nil}, declined(vend.ReasonTryLater, no), unknown},
		{vend.KindElectricity, said{501, errorBody("UTILITY_INVALID"), nil}, declined(vend.ReasonMeterNotSupported, no), unknown},
		{vend.KindGift, said{502, errorBody("TRANSACTION_DECLINED"), nil}, declined(vend.ReasonUnavailable, no), unknown},
		{vend.KindAirtime, said{400, errorBody("FORMAT_ERROR"), nil}, declined(vend.ReasonUnavailable, yes), looked},
		{vend.KindAirtime, said{501, errorBody("FUNCTION_NOT_SUPPORTED"), nil}, declined(vend.ReasonUnavailable, yes), looked},
		{vend.KindAirtime, said{503, "", nil}, declined(vend.ReasonTryLater, no), unknown},
		{vend.KindAirtime, said{503, errorBody("UPSTREAM_UNAVAILABLE"), nil}, declined(vend.ReasonTryLater, no), unknown},
		{vend.KindAirtime, said{429, "", nil}, declined(vend.ReasonTryLater, no), unknown},
		{vend.KindAirtime, said{408, "", nil}, declined(vend.ReasonTryLater, no), unknown},
		{vend.KindAirtime, said{401, "", nil}, declined(vend.ReasonUnavailable, yes), looked},
		{vend.KindAirtime, said{403, errorBody("DO_NOT_HONOR"), nil}, declined(vend.ReasonUnavailable, yes), looked},
		{vend.KindAirtime, said{404, "", nil}, declined(vend.ReasonUnavailable, yes), unknown},
		{vend.KindAirtime, said{404, errorBody("UNABLE_TO_LOCATE_RECORD"), nil}, declined(vend.ReasonUnavailable, no), unknown},
		{vend.KindAirtime, said{err: &net.OpError{Op: "dial", Err: errors.New("refused")}}, declined(vend.ReasonTryLater, no), unknown},

		{vend.KindGift, said{404, errorBody("TRANSACTION_DECLINED"), nil}, declined(vend.ReasonUnavailable, no), declined(vend.ReasonUnavailable, no)},
		{vend.KindGift, said{404, "<html>", nil}, declined(vend.ReasonUnavailable, yes), looked}, // the retry's path may be wrong
		{vend.KindGift, said{400, errorBody("VOUCHER_ALREADY_PROVISIONED"), nil}, unknown, unknown},
		{vend.KindGift, said{400, errorBody("VOUCHER_STATUS_UNKNOWN"), nil}, unknown, unknown},
		{vend.KindGift, said{400, errorBody("AUTHENTICATION_ERROR"), nil}, declined(vend.ReasonUnavailable, yes), looked},
		{vend.KindGift, said{400, errorBody("FUNCTION_NOT_SUPPORTED"), nil}, declined(vend.ReasonUnavailable, yes), looked},
		{vend.KindGift, said{400, errorBody("INSUFFICIENT_AMOUNT"), nil}, declined(vend.ReasonAmountLow, no), declined(vend.ReasonAmountLow, no)},

		{vend.KindElectricity, said{400, errorBody("UNKNOWN_METER_ID"), nil}, declined(vend.ReasonMeter, no), declined(vend.ReasonMeter, no)},
		{vend.KindElectricity, said{400, errorBody("METER_ID_BLOCKED"), nil}, declined(vend.ReasonMeterBlocked, no), declined(vend.ReasonMeterBlocked, no)},
		{vend.KindElectricity, said{400, errorBody("UNABLE_TO_LOCATE_RECORD"), nil}, declined(vend.ReasonUnavailable, no), unknown},
		{vend.KindElectricity, said{400, errorBody("SYSTEM_MALFUNCTION"), nil}, declined(vend.ReasonTryLater, no), unknown},
		{vend.KindElectricity, said{400, errorBody("TRANSACTION_NOT_SUPPORTED"), nil}, declined(vend.ReasonUnavailable, yes), looked},
	} {
		p, _ := hostOf(t, ProviderOptions{}, &c.said)
		r := prepared(t, p, saleOf(c.kind))
		for name, try := range map[string]struct {
			past vend.Past
			want means
		}{"at first": {vend.Past{}, c.first}, "again": {vend.Past{Again: true, Age: time.Hour}, c.again}} {
			a := p.Send(t.Context(), r, try.past)
			if got := (means{a.Outcome, a.Reason, a.Alert}); got != try.want || a.Person || a.Advice != nil || a.Owed {
				t.Errorf("%s, HTTP %d %s, %s: %+v, want %+v", c.kind, c.said.status, c.said.body, name, a, try.want)
			}
		}
		// The same under the other remedy: what is unclear is to be undone at once.
		p, asked := hostOf(t, reversing, &c.said)
		if c.kind == vend.KindAirtime {
			continue
		}
		a := p.Send(t.Context(), r, vend.Past{})
		if undone := a.Advice != nil && a.Advice.Undo; undone != (c.first.outcome == vend.Unknown) || a.Outcome != c.first.outcome {
			t.Errorf("%s, HTTP %d %s, reversed: %+v", c.kind, c.said.status, c.said.body, a)
		}
		n := len(*asked)
		if a := p.Send(t.Context(), r, vend.Past{Again: true}); a.Outcome != vend.Unknown || a.Advice == nil || !a.Advice.Undo || len(*asked) != n {
			t.Errorf("%s, reversed, again: %+v after %d more requests", c.kind, a, len(*asked)-n)
		}
	}
}

func TestThatThereIsNoSuchSaleIsBelievedOnlyAfterLong(t *testing.T) {
	enough := vend.Past{Again: true, Code: notThere, Times: settleTimes - 1, For: time.Minute, Age: 2 * time.Minute}
	change := func(f func(*vend.Past)) vend.Past { p := enough; f(&p); return p }
	for name, c := range map[string]struct {
		kind vend.Kind
		past vend.Past
		said said
		want vend.Outcome
	}{
		"enough":                 {vend.KindAirtime, enough, said{404, "", nil}, vend.Declined},
		"for a PIN":              {vend.KindAirtimePIN, enough, said{404, errorBody("UNABLE_TO_LOCATE_RECORD"), nil}, vend.Declined},
		"under another status":   {vend.KindAirtime, enough, said{400, errorBody("UNABLE_TO_LOCATE_RECORD"), nil}, vend.Declined},
		"in answer to a retry":   {vend.KindGift, enough, said{400, errorBody("UNABLE_TO_LOCATE_RECORD"), nil}, vend.Declined},
		"a retry's path is none": {vend.KindGift, enough, said{404, "", nil}, vend.Unknown},
		"on a page":              {vend.KindAirtime, enough, said{404, "<html>", nil}, vend.Unknown},
		"by a gateway":           {vend.KindAirtime, enough, said{404, `{"message":"no Route matched with those values"}`, nil}, vend.Unknown},
		"for other reasons":      {vend.KindAirtime, enough, said{404, errorBody("UPSTREAM_UNAVAILABLE"), nil}, vend.Unknown},
		"by one who asks less":   {vend.KindAirtime, enough, said{429, errorBody("UNABLE_TO_LOCATE_RECORD"), nil}, vend.Unknown},
		"too few":                {vend.KindAirtime, change(func(p *vend.Past) { p.Times-- }), said{404, "", nil}, vend.Unknown},
		"too soon":               {vend.KindAirtime, change(func(p *vend.Past) { p.Age -= time.Second }), said{404, "", nil}, vend.Unknown},
		"by another's clock":     {vend.KindAirtime, change(func(p *vend.Past) { p.Age, p.For = time.Hour, 20*time.Second }), said{404, "", nil}, vend.Unknown},
		"not in a row":           {vend.KindAirtime, change(func(p *vend.Past) { p.Code = "HTTP 500" }), said{404, "", nil}, vend.Unknown},
		"under HTTP 500":         {vend.KindAirtime, enough, said{500, errorBody("UNABLE_TO_LOCATE_RECORD"), nil}, vend.Unknown},
		"another word now":       {vend.KindAirtime, enough, said{500, "", nil}, vend.Unknown},
	} {
		p, _ := hostOf(t, ProviderOptions{}, &c.said)
		a := p.Send(t.Context(), prepared(t, p, saleOf(c.kind)), c.past)
		if a.Outcome != c.want || (a.Reason == vend.ReasonTryLater) != (c.want == vend.Declined) {
			t.Errorf("%s: %+v, want %s", name, a, c.want)
		}
	}
}

func TestAQuestionIsTheOneOfItsRemedy(t *testing.T) {
	id := ID(LabelRequest, testRef)
	for _, c := range []struct {
		kind vend.Kind
		opt  ProviderOptions
		want string
	}{
		{vend.KindAirtime, ProviderOptions{}, "GET /airtime/v5/purchases/status?originalMsgId=" + id},
		{vend.KindData, reversing, "GET /airtime/v5/purchases/status?originalMsgId=" + id},
		{vend.KindAirtime, ProviderOptions{Unknown: map[vend.Kind]Remedy{vend.KindAirtime: RemedyReverse}}, "GET /airtime/v5/purchases/status?originalMsgId=" + id},
		{vend.KindAirtimePIN, ProviderOptions{}, "GET /airtime/v5/purchases/status?originalMsgId=" + id},
		{vend.KindGift, ProviderOptions{}, "POST /suv/v1/vouchers/" + id + "/retry"},
		{vend.KindElectricity, ProviderOptions{RetryNewID: true}, "POST /prepaidutility/v3/tokenPurchases/" + id + "/retry"},
		{vend.KindElectricity, reversing, ""},
		{vend.KindAirtime, ProviderOptions{StatusAfter: time.Minute}, ""},
	} {
		p, asked := hostOf(t, c.opt, &said{status: 500})
		r := prepared(t, p, saleOf(c.kind))
		if len(*asked) != 0 {
			t.Fatalf("%s: to prepare sent %v", c.kind, *asked)
		}
		if a := p.Send(t.Context(), r, vend.Past{Again: true}); a.Outcome != vend.Unknown {
			t.Errorf("%s: %+v", c.kind, a)
		}
		if got := strings.Join(*asked, "; "); got != c.want {
			t.Errorf("%s: asked %q, want %q", c.kind, got, c.want)
		}
	}
}

func TestARequestThatIsNotThisProvidersIsNotSent(t *testing.T) {
	p, asked := hostOf(t, ProviderOptions{}, &said{status: 201})
	good := prepared(t, p, saleOf(vend.KindAirtime))
	for name, change := range map[string]func(*vend.Request){
		"another operation":  func(r *vend.Request) { r.Op = "cellular/pinless/purchase" },
		"an advice":          func(r *vend.Request) { r.Op = string(OpAirtimeReverse) },
		"another reference":  func(r *vend.Request) { r.Ref = "P-2" },
		"a body of no JSON":  func(r *vend.Request) { r.Body = secret.New("<html>") },
		"a body without id":  func(r *vend.Request) { r.Body = secret.New("{}") },
		"nothing of a body":  func(r *vend.Request) { r.Body = secret.Text{} },
		"a question instead": func(r *vend.Request) { r.Op = string(OpAirtimeStatus) },
	} {
		r := good
		change(&r)
		if a := p.Send(t.Context(), r, vend.Past{}); a.Outcome != vend.Declined || !a.Alert {
			t.Errorf("%s, at first: %+v", name, a)
		}
		if a := p.Send(t.Context(), r, vend.Past{Again: true}); a.Outcome != vend.Unknown || !a.Person || !a.Alert {
			t.Errorf("%s, again: %+v", name, a)
		}
	}
	if len(*asked) != 0 {
		t.Errorf("sent %v", *asked)
	}
}

func TestWhatTheProviderCanDo(t *testing.T) {
	whole, _ := hostOf(t, ProviderOptions{}, &said{})
	for _, k := range vend.Kinds() {
		want := vend.Capability{Sells: slices.Contains(soldKinds, k)}
		want.Enquires = k == vend.KindElectricity
		if got := whole.Can(k); got != want {
			t.Errorf("%s: %+v, want %+v", k, got, want)
		}
		if want.Sells && whole.remedy(k) == "" {
			t.Errorf("%s has no remedy", k)
		}
	}
	o := testOptions()
	o.VoucherURL = "http://electrum.example/suv/v1"
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	vouchers := NewProvider(c, ProviderOptions{})
	for _, k := range vend.Kinds() {
		if got := vouchers.Can(k).Sells; got != (k == vend.KindGift) {
			t.Errorf("with one interface, %s is sold: %t", k, got)
		}
		if _, err := vouchers.Prepare(saleOf(k)); (err == nil) != (k == vend.KindGift) || (err != nil && !errors.Is(err, vend.ErrRefused)) {
			t.Errorf("with one interface, %s: %v", k, err)
		}
	}
}

func TestOnlyUtilitiesThatAreSoldArePrepared(t *testing.T) {
	p, _ := hostOf(t, ProviderOptions{Utilities: []UtilityType{UtilityWater}}, &said{})
	s := saleOf(vend.KindElectricity)
	if _, err := p.Prepare(s); !errors.Is(err, vend.ErrRefused) {
		t.Errorf("electricity: %v", err)
	}
	s.Product = "water"
	if r := prepared(t, p, s); !strings.Contains(r.Body.Reveal(), `"utilityType":"water"`) {
		t.Error("the request does not say of what it is")
	}
	free := s
	free.Amount, free.Free = 0, true
	if r := prepared(t, p, free); !strings.Contains(r.Body.Reveal(), `"purchaseAmount":{"amount":0,`) {
		t.Error("free units are not asked for by amount 0")
	}
	s.Free = true
	if _, err := p.Prepare(s); !errors.Is(err, vend.ErrRefused) {
		t.Errorf("free and paid for: %v", err)
	}
}

func TestWhoASaleIsForIsNotSaid(t *testing.T) {
	p, _ := hostOf(t, ProviderOptions{}, &said{400, `{"id":"x","errorType":"UNKNOWN_METER_ID","errorMessage":"no AB1234567C here"}`, nil})
	s := saleOf(vend.KindElectricity)
	s.Target = "AB1234567C" // too few digits in a row to be told from other words
	for _, past := range []vend.Past{{}, {Again: true}} {
		if a := p.Send(t.Context(), prepared(t, p, s), past); strings.Contains(a.Detail, s.Target) || !strings.Contains(a.Detail, "no [secret] here") {
			t.Errorf("%+v", a)
		}
	}
}
