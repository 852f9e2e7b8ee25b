package channels

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"spaza/secret"
)

func key(s string) secret.Text { return secret.New(s) }

func basic(user, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// twoDoors are a gateway's door and a browser's.
func twoDoors() []Channel {
	return []Channel{newAT(echo), routes{{
		Method: "GET", Path: "/page", Guard: GuardBrowser,
		Handle: func(context.Context, *Callback) Answer { return Answer{Body: []byte("page")} },
	}}}
}

func TestWithoutAKeyOnlyThisMachineMayComeIn(t *testing.T) {
	h := open(t, ServerOptions{}, twoDoors()...)
	cases := []struct {
		name    string
		headers []string
		in      bool
	}{
		{"a program on this machine", nil, true},
		{"by the name localhost", []string{"Host: localhost:8080"}, true},
		{"by its IPv6 address", []string{"Host: [::1]:8080"}, true},
		{"by its IPv6 address without a port", []string{"Host: [::1]"}, true},
		{"by an address without a port", []string{"Host: 127.0.0.1"}, true},
		{"by another address of it", []string{"Host: 192.168.1.5:8080"}, true},
		{"a page of ours", []string{"Host: 127.0.0.1:8080", "Sec-Fetch-Site: same-origin", "Origin: http://127.0.0.1:8080"}, true},
		{"a page of ours in an old browser", []string{"Host: 127.0.0.1:8080", "Origin: http://127.0.0.1:8080"}, true},
		{"typed by a person", []string{"Sec-Fetch-Site: none"}, true},

		{"by a name that points here", []string{"Host: spaza.example"}, false},
		{"by a name that begins like us", []string{"Host: localhost.evil.example"}, false},
		{"by a name that begins like an address", []string{"Host: 127.0.0.1.evil.example:8080"}, false},
		{"with no name", []string{"Host:"}, false},
		{"through a proxy", []string{"X-Forwarded-For: 203.0.113.9"}, false},
		{"through a proxy that says it in the standard way", []string{"Forwarded: for=203.0.113.9"}, false},
		{"through a proxy that names the address", []string{"X-Real-IP: 203.0.113.9"}, false},
		{"through a proxy that names the scheme", []string{"x-forwarded-proto: https"}, false},
		{"through a proxy that names itself", []string{"Via: 1.1 proxy"}, false},
		{"a page of another site", []string{"Sec-Fetch-Site: cross-site"}, false},
		{"a page of a neighbour site", []string{"Sec-Fetch-Site: same-site"}, false},
		{"a page of another site in an old browser", []string{"Origin: https://evil.example"}, false},
		{"a page of another port", []string{"Host: 127.0.0.1:8080", "Origin: http://127.0.0.1:9999"}, false},
		{"a page of no site", []string{"Origin: null"}, false},
		{"with a key that nobody set", []string{"Host: spaza.example", basic("", "")}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, target := range []string{atDoor, atDoor + "?key=", atDoor + "?key=x"} {
				a := ask(t, h.addr, post(target, callback(), c.headers...))
				if c.in && (a.status != 200 || a.body != "CON you typed ") || !c.in && (a.status != 401 || a.body != "END "+atSorry) {
					t.Errorf("%s: answered %+v", target, a)
				}
			}
			a := ask(t, h.addr, request("GET", "/page", "", c.headers...))
			if c.in && a.body != "page" || !c.in && (a.status != 401 || a.body != "refused" || a.header.Get("WWW-Authenticate") != "") {
				t.Errorf("the browser's door: answered %+v", a)
			}
		})
	}
}

func TestWithAKeyOnlyItOpens(t *testing.T) {
	const secretKey = "kä+y&=%z9" // with everything that an address writes otherwise
	h := open(t, ServerOptions{Key: key(secretKey)}, twoDoors()...)
	const written = "k%C3%A4%2By%26%3D%25z9"
	cases := []struct {
		name, query string
		headers     []string
		in          bool
	}{
		{"in the query", "?key=" + written, nil, true},
		{"in the query, after another parameter", "?a=b&key=" + written + "&c", nil, true},
		{"in the query, small letters in the codes", "?key=" + strings.ToLower(written), nil, true},
		{"in the query, from another name", "?key=" + written, []string{"Host: spaza.example", "X-Forwarded-For: 203.0.113.9"}, true},
		{"as a password", "", []string{basic("gateway", secretKey)}, true},
		{"as a password with no user", "", []string{basic("", secretKey)}, true},
		{"as a password, scheme in capitals", "", []string{strings.Replace(basic("", secretKey), "Basic", "BASIC", 1)}, true},
		{"as a password, and wrong in the query", "?key=nope", []string{basic("a", secretKey)}, true},
		{"as a password, and empty in the query", "?key=", []string{basic("a", secretKey)}, true},

		{"not at all", "", nil, false},
		{"empty", "?key=", nil, false},
		{"without a value", "?key", nil, false},
		{"wrong", "?key=nope", nil, false},
		{"begun", "?key=k%C3%A4%2By%26%3D%25z", nil, false},
		{"and more", "?key=" + written + "9", nil, false},
		{"twice", "?key=" + written + "&key=" + written, nil, false},
		{"once wrong, once right", "?key=nope&key=" + written, nil, false},
		{"under another name", "?KEY=" + written, nil, false},
		{"under a longer name", "?xkey=" + written, nil, false},
		{"with a broken code", "?key=" + written + "%", nil, false},
		{"not written for an address", "?key=k%C3%A4+y%26%3D%25z9", nil, false},
		{"as a digest of itself", "?key=" + strings.Repeat("0", 64), nil, false},
		{"as a user name", "", []string{basic(secretKey, "")}, false},
		{"as a password with another scheme", "", []string{"Authorization: Bearer " + secretKey}, false},
		{"as a password that is not base64", "", []string{"Authorization: Basic %%%"}, false},
		{"as a password without a colon", "", []string{"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(secretKey))}, false},
		{"as an empty password", "", []string{basic("", "")}, false},
		{"as nothing", "", []string{"Authorization: Basic "}, false},
		{"in the fragment", "#key=" + written, nil, false},
		{"by a page of another site", "?key=" + written, []string{"Sec-Fetch-Site: cross-site"}, false},
		{"by a browser that remembers it, for another site", "", []string{basic("", secretKey), "Origin: https://evil.example"}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := ask(t, h.addr, post(atDoor+c.query, callback(), c.headers...))
			if c.in && (a.status != 200 || a.body != "CON you typed ") {
				t.Errorf("answered %+v", a)
			}
			if !c.in && (a.status != 401 || a.body != "END "+atSorry || a.header.Get("WWW-Authenticate") != "") {
				t.Errorf("answered %+v", a)
			}
			a = ask(t, h.addr, request("GET", "/page"+c.query, "", c.headers...))
			if c.in && a.body != "page" {
				t.Errorf("the browser's door: answered %+v", a)
			}
			if !c.in && (a.status != 401 || a.body != "refused" || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `Basic realm="Spaza"`)) {
				t.Errorf("the browser's door: answered %+v", a)
			}
		})
	}
	if log := h.log.String(); strings.Contains(log, "z9") || strings.Contains(log, "key=") {
		t.Errorf("the log holds a key: %s", log)
	}
}

func TestAPlusTypedIntoAnAddressIsAPlus(t *testing.T) {
	h := open(t, ServerOptions{Key: key("ab+cd/ef==")}, twoDoors()...)
	for _, query := range []string{"?key=ab+cd/ef==", "?key=ab%2Bcd%2Fef%3D%3D"} {
		if a := ask(t, h.addr, post(atDoor+query, callback())); a.body != "CON you typed " {
			t.Errorf("%s: answered %+v", query, a)
		}
	}
}

// peek makes a header of lines as they stand in a request.
type peek http.Header

func (p peek) Peek(name string) []byte { return []byte(http.Header(p).Get(name)) }

func (p peek) PeekAll(name string) (all [][]byte) {
	for _, v := range http.Header(p).Values(name) {
		all = append(all, []byte(v))
	}
	return all
}

func TestTheGateLooksAtWhereARequestComesFrom(t *testing.T) {
	here := peek{"Host": {"127.0.0.1:8080"}}
	for from, in := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true,
		"192.168.1.5": false, "10.0.0.1": false, "203.0.113.9": false, "fe80::1": false, "0.0.0.0": false, "::": false,
	} {
		open := newGate(secret.Text{}, nil)
		if got := open.admits(here, nil, netip.MustParseAddr(from)); got != in {
			t.Errorf("%s without a key: %v", from, got)
		}
		keyed := newGate(key("hunter2"), nil)
		if keyed.admits(here, nil, netip.MustParseAddr(from)) {
			t.Errorf("%s came in without the key", from)
		}
		if !keyed.admits(here, []byte("key=hunter2"), netip.MustParseAddr(from)) {
			t.Errorf("%s did not come in with the key", from)
		}
	}
	open := newGate(secret.Text{}, nil)
	if open.admits(here, nil, netip.Addr{}) {
		t.Error("an unknown address came in")
	}
	if open.fits(nil) {
		t.Error("no key fits where there is none")
	}
}

func FuzzGateOpensToItsKeyOnly(f *testing.F) {
	for _, s := range [][2]string{
		{"key=hunter2", ""}, {"key=hunter%32", ""}, {"", "Basic Omh1bnRlcjI="}, {"key=&key=hunter2", "basic eA=="}, {"key=%", "Basic"},
	} {
		f.Add([]byte(s[0]), s[1])
	}
	from := netip.MustParseAddr("203.0.113.9")
	g := newGate(key("hunter2"), nil)
	none := newGate(secret.Text{}, nil)
	f.Fuzz(func(t *testing.T, query []byte, authorization string) {
		h := peek{"Authorization": {authorization}}
		if none.admits(h, query, from) {
			t.Fatal("a stranger came in where there is no key")
		}
		if !g.admits(h, query, from) {
			return
		}
		// What others read from the query, which tells nothing of a broken pair.
		values, _ := url.ParseQuery(string(query))
		r := http.Request{Header: http.Header{"Authorization": {authorization}}}
		if _, password, _ := r.BasicAuth(); password != "hunter2" && !slices.Contains(values["key"], "hunter2") {
			t.Fatalf("%q and %q came in", query, authorization)
		}
	})
}
