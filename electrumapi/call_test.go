package electrumapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spaza/secret"
	"spaza/test/provider"
)

func TestNothingIsSentThatNobodyBuilt(t *testing.T) {
	b := setup(t, func(o *Options) { o.BaseURL, o.AirtimeURL = "", o.BaseURL+"/air" })
	good := b.build(topUp())
	id, other := good.ID, ID(LabelRetry, testRef)
	for name, m := range map[string]Message{
		"no operation":         {Op: "airtime/no-such", ID: id, Body: good.Body},
		"no address":           {Op: OpTokenPurchase, ID: id, Body: good.Body},
		"no id":                {Op: OpAirtimePurchase, Body: good.Body},
		"other id":             {Op: OpAirtimePurchase, ID: other, Body: good.Body},
		"id with a path in it": {Op: OpAirtimeVoucher, ID: "../" + id, Body: good.Body},
		"no JSON":              {Op: OpAirtimePurchase, ID: id, Body: secret.New("x")},
		"no body":              {Op: OpAirtimePurchase, ID: id},
		"advice about nothing": {Op: OpAirtimeConfirm, ID: id, Body: good.Body},
		"advice about another": {Op: OpAirtimeConfirm, ID: id, Original: other, Body: secret.New(`{"id":"` + id + `","requestId":"` + id + `"}`)},
	} {
		x := b.client.Post(t.Context(), m)
		if !errors.Is(x.Err, ErrInvalid) || x.Class() != NotSent || x.Sent {
			t.Errorf("%s: %v", name, x)
		}
	}
	if n := len(b.requests()); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	b.answer("POST /air/purchases", http.StatusCreated, soldTopUp)
	if x := b.client.Post(t.Context(), good); x.Class() != Success {
		t.Errorf("the good one: %v", x)
	}
}

// TestEachOperationHasItsPlace holds the table to the documents' paths.
func TestEachOperationHasItsPlace(t *testing.T) {
	id, original := ID(LabelRequest, testRef), ID(LabelRetry, testRef)
	b := setup(t, func(o *Options) { o.RetryPath = "/again/{provisionId}" })
	for op, want := range map[Op]string{
		OpAirtimeMsisdn: "GET /airtime/v5/msisdn", OpAirtimeProducts: "GET /airtime/v5/products",
		OpAirtimePurchase: "POST /airtime/v5/purchases", OpAirtimeTrial: "POST /airtime/v5/purchases/trials",
		OpAirtimeStatus: "GET /airtime/v5/purchases/status", OpAirtimeConfirm: "POST /airtime/v5/purchases/confirmations",
		OpAirtimeReverse: "POST /airtime/v5/purchases/reversals", OpAirtimeVoucher: "POST /airtime/v5/vouchers/ID",
		OpAirtimeVoucherConfirm: "POST /airtime/v5/vouchers/ORIGINAL/confirmations/ID",
		OpAirtimeVoucherReverse: "POST /airtime/v5/vouchers/ORIGINAL/reversals/ID",
		OpVoucherProvision:      "POST /suv/v1/vouchers", OpVoucherRetry: "POST /suv/v1/again/ORIGINAL",
		OpVoucherConfirm: "POST /suv/v1/vouchers/confirmations", OpVoucherReverse: "POST /suv/v1/vouchers/reversals",
		OpVoucherLookup: "GET /suv/v1/vouchers", OpVoucherProducts: "GET /suv/v1/products",
		OpMeterLookup: "POST /prepaidutility/v3/meterLookups/ID", OpTokenPurchase: "POST /prepaidutility/v3/tokenPurchases/ID",
		OpTokenTrial: "POST /prepaidutility/v3/tokenPurchases/ID/trial", OpTokenRetry: "POST /prepaidutility/v3/tokenPurchases/ORIGINAL/retry",
		OpTokenConfirm:     "POST /prepaidutility/v3/tokenPurchases/ORIGINAL/confirmations/ID",
		OpTokenReverse:     "POST /prepaidutility/v3/tokenPurchases/ORIGINAL/reversals/ID",
		OpTokenReprint:     "POST /prepaidutility/v3/tokenReprints/ID",
		OpKeyChange:        "POST /prepaidutility/v3/keyChangeTokenRequests/ID",
		OpKeyChangeConfirm: "POST /prepaidutility/v3/keyChangeTokenRequests/ORIGINAL/confirmations/ID",
		OpFaultReport:      "POST /prepaidutility/v3/faultReports/ID",
	} {
		o := operations[op]
		address, _ := b.client.address(o, Message{Op: op, ID: id, Original: original})
		got := o.method + " " + strings.NewReplacer(b.server.URL, "", id, "ID", original, "ORIGINAL").Replace(address)
		if got != want {
			t.Errorf("%s is %s, want %s", op, got, want)
		}
	}
	if len(operations) != 26 {
		t.Errorf("%d operations, and not all are held to the documents", len(operations))
	}
}

func TestWhetherAnythingLeft(t *testing.T) {
	hangUp := func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	for name, c := range map[string]struct {
		handle  http.HandlerFunc // nil: nobody listens
		change  func(*Options)
		ctx     func(context.Context) context.Context
		sent    bool
		is      error
		arrived int
	}{
		"nobody listens": {},
		"caller had left": {handle: hangUp, is: context.Canceled, ctx: func(ctx context.Context) context.Context {
			gone, cancel := context.WithCancel(ctx)
			cancel()
			return gone
		}},
		"own rate limit": {handle: hangUp, is: ErrRateLimited, change: func(o *Options) { o.Rate, o.Burst, o.HTTPTimeout = 1e-6, 1, time.Minute },
			ctx: func(ctx context.Context) context.Context { return ctx }},
		"host hangs up": {handle: hangUp, sent: true, arrived: 1},
		"half an answer": {sent: true, arrived: 1, is: io.ErrUnexpectedEOF, handle: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"id":`)
		}},
		"too much of an answer": {sent: true, arrived: 1, handle: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"id":"`+strings.Repeat("x", maxAnswer)+`"}`)
		}},
		"no answer in time": {sent: true, arrived: 1, is: context.DeadlineExceeded, change: func(o *Options) { o.HTTPTimeout = time.Second },
			handle: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, func(o *Options) {
				if c.handle == nil {
					o.BaseURL = provider.Nobody
				}
				if c.change != nil {
					c.change(o)
				}
			})
			if c.handle != nil {
				b.mux.HandleFunc("POST /airtime/v5/purchases", c.handle)
			}
			ctx := t.Context()
			if c.ctx != nil {
				ctx = c.ctx(ctx)
			}
			if errors.Is(c.is, ErrRateLimited) {
				if !b.client.limit.Allow() {
					t.Fatal("no first place")
				}
			}
			x := b.client.Post(ctx, b.build(topUp()))
			want := NotSent
			if c.sent {
				want = Unknown
			}
			if x.Sent != c.sent || x.Class() != want || x.Err == nil || x.Status != 0 || (c.is != nil && !errors.Is(x.Err, c.is)) {
				t.Errorf("got %v", x)
			}
			if n := len(b.requests()); n != c.arrived {
				t.Errorf("%d requests arrived, want %d", n, c.arrived)
			}
			if got := b.observations(); got != "airtime/purchases "+want.String() {
				t.Errorf("observed %s", got)
			}
		})
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	b := setup(t)
	b.mux.HandleFunc("POST /airtime/v5/purchases", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	if x := b.client.Post(t.Context(), b.build(topUp())); x.Class() != Unknown || len(b.requests()) != 1 {
		t.Errorf("got %v after %d requests", x, len(b.requests()))
	}
}

func TestTheBreakerOfOneInterface(t *testing.T) {
	b := setup(t, func(o *Options) { o.BreakerFailures, o.BreakerOpenFor = 3, time.Hour })
	status := new(atomic.Int32)
	body := new(atomic.Value)
	body.Store("")
	b.mux.HandleFunc("/airtime/v5/", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, body.Load().(string))
	})
	m := b.build(AirtimeStatus{OriginalMsgID: ID(LabelRequest, testRef)})
	post := func(s int, answer string) Exchange {
		status.Store(int32(s))
		body.Store(answer)
		return b.client.Post(t.Context(), m)
	}
	for range 5 { // a provider behind Electrum is down, not Electrum
		post(http.StatusGatewayTimeout, `{"errorType":"UPSTREAM_UNAVAILABLE"}`)
	}
	post(http.StatusInternalServerError, "")
	post(http.StatusBadGateway, "<html>")
	post(http.StatusNotFound, "")
	post(http.StatusTooManyRequests, "")
	post(http.StatusInternalServerError, "")
	if b.client.Down(InterfaceAirtime) {
		t.Fatal("open after two failures in a row")
	}
	post(http.StatusInternalServerError, "")
	if x := post(http.StatusOK, soldTopUp); !errors.Is(x.Err, ErrBreakerOpen) || x.Class() != NotSent || x.Sent {
		t.Errorf("after three: %v", x)
	}
	if !b.client.Down(InterfaceAirtime) || b.client.Down(InterfaceVoucher) || !b.client.Has(InterfaceAirtime) || b.client.Has(tokenEndpoint) {
		t.Error("other interfaces are down, or this one is not")
	}
	if n := len(b.requests()); n != 11 {
		t.Errorf("%d requests arrived", n)
	}
}

func TestTheAlarmOfUnknownPurchases(t *testing.T) {
	var rung []float64
	b := setup(t, func(o *Options) {
		o.Alarm, o.Now = func(share float64) { rung = append(rung, share) }, func() time.Time { return noon }
	})
	b.answer("POST /airtime/v5/purchases", http.StatusGatewayTimeout, "")
	b.answer("GET /airtime/v5/purchases/status", http.StatusGatewayTimeout, "")
	status, purchase := b.build(AirtimeStatus{OriginalMsgID: ID(LabelRequest, testRef)}), b.build(topUp())
	for range 30 {
		b.client.Post(t.Context(), status)
	}
	for range 19 {
		b.client.Post(t.Context(), purchase)
	}
	if len(rung) != 0 {
		t.Errorf("rung %v", rung)
	}
	b.client.Post(t.Context(), purchase)
	if len(rung) != 1 || rung[0] != 1 {
		t.Errorf("rung %v", rung)
	}
}

func TestAMessageIsNotKeptAsJSON(t *testing.T) {
	b := setup(t)
	if j, err := json.Marshal(b.build(topUp())); err == nil {
		t.Errorf("written as %s", j)
	}
}

// oauth makes a bench with a token endpoint that gives a new token every time.
func oauth(t *testing.T, token func(n int32, w http.ResponseWriter, form url.Values), change ...func(*Options)) *bench {
	t.Helper()
	n := new(atomic.Int32)
	b := setup(t, append([]func(*Options){func(o *Options) {
		o.TokenURL, o.ClientID, o.ClientSecret = o.BaseURL+"/oauth/token", "spaza-client", secret.New("TEST-SECRET-not-real")
		o.Now = func() time.Time { return noon }
	}}, change...)...)
	b.mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		if id, key, _ := r.BasicAuth(); id != "spaza-client" || key != "TEST-SECRET-not-real" {
			t.Errorf("token asked for by %q", id)
		}
		_ = r.ParseForm()
		token(n.Add(1), w, r.PostForm)
	})
	return b
}

func TestABearerTokenIsRenewedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		good  string // which tokens the host takes
		class Class
		calls int
	}{
		"taken":          {testBearer + "-1", Success, 2},
		"taken when new": {testBearer + "-2", Success, 4},
		"taken never":    {"", Auth, 4},
		"taken too late": {testBearer + "-3", Auth, 4},
	} {
		t.Run(name, func(t *testing.T) {
			b := oauth(t, func(n int32, w http.ResponseWriter, form url.Values) {
				if form.Get("grant_type") != "password" || form.Get("username") != testUser || form.Get("password") != testPassword {
					t.Errorf("asked with %v", form)
				}
				_ = json.NewEncoder(w).Encode(map[string]any{"access_token": testBearer + "-" + string('0'+n), "expires_in": "3600"})
			})
			b.mux.HandleFunc("POST /airtime/v5/purchases", func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer "+c.good {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				_, _ = io.WriteString(w, soldTopUp)
			})
			x := b.client.Post(t.Context(), b.build(topUp()))
			if x.Class() != c.class || !x.Sent || len(b.requests()) != c.calls {
				t.Errorf("got %v after %d requests", x, len(b.requests()))
			}
			if c.class == Success {
				if err := b.client.Ready(t.Context()); err != nil || len(b.requests()) != c.calls {
					t.Errorf("not ready, or asked again: %v", err)
				}
				return
			}
			again := b.client.Post(t.Context(), b.build(topUp()))
			if !errors.Is(again.Err, ErrCredentials) || again.Class() != NotSent || len(b.requests()) != c.calls {
				t.Errorf("the next: %v after %d requests", again, len(b.requests()))
			}
		})
	}
}

func TestNoTokenIsHad(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"refused":      {400, `{"error":"invalid_grant"}`, ErrCredentials},
		"unauthorised": {401, "", ErrCredentials},
		"forbidden":    {403, testPassword, ErrCredentials},
		"down":         {503, "", ErrToken},
		"redirected":   {302, "", ErrToken},
		"no JSON":      {200, "<html>", ErrToken},
		"no token":     {200, `{"token_type":"bearer"}`, ErrToken},
		"bad token":    {200, `{"access_token":"a b"}`, ErrToken},
	} {
		t.Run(name, func(t *testing.T) {
			b := oauth(t, func(_ int32, w http.ResponseWriter, _ url.Values) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			x := b.client.Post(t.Context(), b.build(topUp()))
			if !errors.Is(x.Err, c.want) || x.Class() != NotSent || x.Sent {
				t.Errorf("got %v", x)
			}
			if err := b.client.Ready(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("ready: %v", err)
			}
			if n := len(b.requests()); n != 1 {
				t.Errorf("asked %d times in a row", n)
			}
			if got := b.observations(); got != "token failed; airtime/purchases not_sent" {
				t.Errorf("observed %s", got)
			}
		})
	}
}

func TestHowLongATokenLives(t *testing.T) {
	for body, want := range map[string]time.Duration{
		`{"access_token":"a"}`:                                      defaultTokenTTL,
		`{"access_token":"a","expires_in":3600}`:                    time.Hour,
		`{"access_token":"a","expires_in":"120"}`:                   2 * time.Minute,
		`{"access_token":"a","expires_in":-1}`:                      defaultTokenTTL,
		`{"access_token":"a","expires_in":9223372036854775807}`:     maxTokenTTL,
		`{"access_token":"a","expires_in":99999999999999999999999}`: defaultTokenTTL,
	} {
		if _, ttl, err := decodeToken([]byte(body)); err != nil || ttl != want {
			t.Errorf("%s lives %s: %v", body, ttl, err)
		}
	}
}

func TestWhatIsConfided(t *testing.T) {
	for body, want := range map[string]string{
		`{"voucher":{"pin":"A"}}`: "A",
		`{"voucher":{"pin":12}}`:  "12",
		`{"voucher":{"code":"C","pin":{"type":"CLEAR_PIN","pin":"A","pinBlock":"B","hash":"H"}}}`: "C A B H",
		`{"voucher":{"pin":[]}}`: "",
		`{"paymentMethods":[{"token":"T","cardNumber":"N","pan":"P","rewardCode":"R","partnerPaymentToken":"Q","pin":{"pin":"A"}}]}`: "T N P R Q A",
		`{}`:        "",
		`msisdn=27`: "",
	} {
		var got []string
		for _, s := range confidences(Message{Body: secret.New(body)}) {
			if !s.Empty() {
				got = append(got, s.Reveal())
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s confides %q", body, got)
		}
	}
}
