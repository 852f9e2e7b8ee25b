package sandbox

import (
	"net/http"
	"net/url"
	"testing"
	"time"
)

func (l *till) grant(change url.Values) reply {
	l.t.Helper()
	form := url.Values{
		"grant_type": {"password"}, "username": {DefaultUser}, "password": {DefaultPassword},
		"client_id": {DefaultClientID}, "client_secret": {DefaultClientSecret},
	}
	for name, value := range change {
		form[name] = value
	}
	return l.send("POST", TokenPath, form.Encode(), func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	})
}

func bearing(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func TestATokenOpensWhatItsUserMay(t *testing.T) {
	l := setup(t, func(o *Options) { o.Users = map[string]string{"other": "word"} })
	r := l.grant(nil)
	token, _ := r.body["access_token"].(string)
	if r.status != 200 || token == "" || r.body["token_type"] != "Bearer" || r.body["expires_in"] != 3600.0 || r.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("HTTP %d, %s", r.status, r.text)
	}
	theirs, _ := l.grant(url.Values{"username": {"other"}, "password": {"word"}}).body["access_token"].(string)
	buy := func(token string) reply {
		return l.send("POST", purchases, inJSON(pin(l.id(), "VODPIN10")), bearing(token))
	}
	buy(token).want(t, "with a token", 201, "")
	buy(theirs).want(t, "with another's", 400, typeFormat)
	buy("made-up").want(t, "with a wrong one", 401, "")
	l.now.Add(int64(time.Hour / time.Second))
	buy(token).want(t, "too late", 401, "")
	token, _ = l.grant(nil).body["access_token"].(string)
	buy(token).want(t, "with the next", 201, "")
	l.control("POST", "tokens/revoke", `{}`)
	buy(token).want(t, "revoked", 401, "")
}

func TestAGrantIsRefusedInTheWordsOfOAuth2(t *testing.T) {
	l := setup(t)
	for why, change := range map[string]url.Values{
		"invalid_client":         {"client_secret": {"?"}},
		"unsupported_grant_type": {"grant_type": {"client_credentials"}},
		"invalid_grant":          {"password": {"?"}},
	} {
		if r := l.grant(change); r.status/100 != 4 || r.body["error"] != why {
			t.Errorf("%v: HTTP %d, %s", change, r.status, r.text)
		}
	}
	if r := l.send("POST", TokenPath, "%", func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}); r.body["error"] != "invalid_request" {
		t.Errorf("no form: %s", r.text)
	}
	form := url.Values{"grant_type": {"password"}, "username": {DefaultUser}, "password": {DefaultPassword}}.Encode()
	if r := l.send("POST", TokenPath, form, func(r *http.Request) {
		r.SetBasicAuth(DefaultClientID, DefaultClientSecret)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}); r.status != 200 {
		t.Errorf("client by basic: HTTP %d, %s", r.status, r.text)
	}
	l.fault(Fault{Name: "http_503_before", Op: "token"})
	l.fault(Fault{Type: "TEMPORARILY_UNAVAILABLE", Op: "token"})
	l.fault(Fault{Name: "garbage", Op: "token"})
	if r := l.grant(nil); r.status != 503 {
		t.Errorf("fault: HTTP %d", r.status)
	}
	if r := l.grant(nil); r.status != 400 || r.body["error"] != "temporarily_unavailable" {
		t.Errorf("told: HTTP %d, %s", r.status, r.text)
	}
	if r := l.grant(nil); r.status != 200 || r.body != nil {
		t.Errorf("garbage: HTTP %d, %s", r.status, r.text)
	}
}

func TestWhoIsNotKnownIsTurnedAway(t *testing.T) {
	l := setup(t)
	for name, change := range map[string]func(*http.Request){
		"nobody":         func(r *http.Request) { r.Header.Del("Authorization") },
		"wrong password": func(r *http.Request) { r.SetBasicAuth(DefaultUser, "?") },
		"wrong user":     func(r *http.Request) { r.SetBasicAuth("?", DefaultPassword) },
		"no password":    func(r *http.Request) { r.SetBasicAuth(DefaultUser, "") },
		"another way":    func(r *http.Request) { r.Header.Set("Authorization", "Digest x") },
	} {
		r := l.send("POST", purchases, inJSON(pin(l.id(), "VODPIN10")), change)
		if r.status != 401 || r.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: HTTP %d, %s", name, r.status, r.text)
		}
	}
	r := l.send("POST", purchases, inJSON(pin(l.id(), "VODPIN10")), func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
	if r.status != http.StatusUnsupportedMediaType || len(l.sandbox.Transactions()) != 0 {
		t.Errorf("text: HTTP %d", r.status)
	}
}
