package channels

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"spaza/secret"
)

func networks(s ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, one := range s {
		all = append(all, netip.MustParsePrefix(one))
	}
	return all
}

func TestTheClientIsTheFirstThatNoProxyOfOursIs(t *testing.T) {
	ours := proxies(networks("10.0.0.0/8", "127.0.0.1/32", "fd00::/8"))
	for _, c := range []struct {
		name, peer string
		lines      []string
		want       string
		unsure     bool
	}{
		{"no proxy", "203.0.113.9", nil, "203.0.113.9", false},
		{"no proxy of ours, whatever it says", "203.0.113.9", []string{"198.51.100.7"}, "203.0.113.9", false},
		{"no proxy of ours, whatever nonsense it says", "203.0.113.9", []string{"x"}, "203.0.113.9", false},
		{"a proxy that says nothing", "10.0.0.1", nil, "10.0.0.1", false},
		{"one proxy", "10.0.0.1", []string{"203.0.113.9"}, "203.0.113.9", false},
		{"one proxy, and what the client made up", "10.0.0.1", []string{"198.51.100.7, 203.0.113.9"}, "203.0.113.9", false},
		{"one proxy, and an address of ours that the client made up", "10.0.0.1", []string{"10.0.0.7, 203.0.113.9"}, "203.0.113.9", false},
		{"one proxy, and nonsense that the client made up", "10.0.0.1", []string{"x,,%, 203.0.113.9"}, "203.0.113.9", false},
		{"two proxies", "10.0.0.1", []string{"198.51.100.7,203.0.113.9,10.0.0.2"}, "203.0.113.9", false},
		{"a line from each of two proxies", "10.0.0.1", []string{"198.51.100.7, 203.0.113.9", "10.0.0.2"}, "203.0.113.9", false},
		{"a line from the client and one from the proxy", "10.0.0.1", []string{"198.51.100.7", "203.0.113.9"}, "203.0.113.9", false},
		{"an empty line from the client and one from the proxy", "10.0.0.1", []string{"", "203.0.113.9"}, "203.0.113.9", false},
		{"only proxies", "10.0.0.1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3", false},
		{"a port", "127.0.0.1", []string{"203.0.113.9:4711"}, "203.0.113.9", false},
		{"IPv6", "fd00::1", []string{"2001:db8::9"}, "2001:db8::9", false},
		{"IPv6 in brackets", "fd00::1", []string{"[2001:db8::9]"}, "2001:db8::9", false},
		{"IPv6 with a port", "fd00::1", []string{"[2001:db8::9]:4711"}, "2001:db8::9", false},
		{"IPv4 written as IPv6", "10.0.0.1", []string{"::ffff:203.0.113.9, ::ffff:10.0.0.2"}, "203.0.113.9", false},
		{"a proxy of ours written with a zone", "fd00::1", []string{"2001:db8::9, fd00::2%eth0"}, "2001:db8::9", false},

		{"an empty line", "10.0.0.1", []string{""}, "10.0.0.1", true},
		{"an empty line to the right", "10.0.0.1", []string{"203.0.113.9", ""}, "10.0.0.1", true},
		{"an empty place", "10.0.0.1", []string{"203.0.113.9,"}, "10.0.0.1", true},
		{"a name", "10.0.0.1", []string{"gateway.example"}, "10.0.0.1", true},
		{"nobody", "10.0.0.1", []string{"unknown"}, "10.0.0.1", true},
		{"nonsense behind another proxy", "10.0.0.1", []string{"x, 10.0.0.2"}, "10.0.0.1", true},
		{"the other header's form", "10.0.0.1", []string{"for=203.0.113.9"}, "10.0.0.1", true},
		{"a network", "10.0.0.1", []string{"203.0.113.0/24"}, "10.0.0.1", true},
		{"two addresses without a comma", "10.0.0.1", []string{"203.0.113.9 203.0.113.8"}, "10.0.0.1", true},
		{"brackets around nothing", "10.0.0.1", []string{"[]"}, "10.0.0.1", true},
	} {
		h := peek(http.Header{"X-Forwarded-For": c.lines})
		got, sure := ours.client(netip.MustParseAddr(c.peer), h)
		if got != netip.MustParseAddr(c.want) || sure == c.unsure {
			t.Errorf("%s: %v (sure %v), want %s", c.name, got, sure, c.want)
		}
	}
	if got, sure := proxies(nil).client(netip.Addr{}, peek(nil)); got.IsValid() || !sure {
		t.Errorf("nobody is %v", got)
	}
}

// here is a door of a channel that says where a callback came from.
type here struct{ name string }

func (h here) Name() string { return h.name }

func (h here) Routes() []Route {
	tell := func(_ context.Context, c *Callback) Answer { return Answer{Body: fmt.Append(nil, c.Remote)} }
	return []Route{
		{Method: "GET", Path: "/ussd/" + h.name, Guard: GuardGateway, Sorry: "no", Handle: tell},
		{Method: "GET", Path: "/ussd/" + h.name + "/events", Guard: GuardGateway, Sorry: "no", Handle: tell},
		{Method: "GET", Path: "/own/" + h.name, Guard: GuardOwn, Sorry: "no", Handle: tell, Admit: func(*Callback) bool { return true }},
		{Method: "GET", Path: "/any/" + h.name, Guard: GuardNone, Handle: tell},
	}
}

func TestEveryGatewayCanHaveAKeyOfItsOwn(t *testing.T) {
	h := open(t, ServerOptions{
		Key: key("shared"), Keys: map[string]secret.Text{"one": key("first"), "two": key("second"), "three": {}, "absent": key("absent")},
	}, here{"one"}, here{"two"}, here{"three"}, here{"four"})
	opens := map[string]string{"one": "first", "two": "second", "three": "shared", "four": "shared"}
	for name, own := range opens {
		for _, given := range []string{"first", "second", "shared", "absent", ""} {
			for _, path := range []string{"/ussd/" + name, "/ussd/" + name + "/events"} {
				for how, request := range map[string]string{
					"the query":   request("GET", path+"?key="+given, "", "Host: spaza.example"),
					"a password":  request("GET", path, "", "Host: spaza.example", basic("gateway", given)),
					"both places": request("GET", path+"?key="+given, "", "Host: spaza.example", basic("gateway", given)),
				} {
					a := ask(t, h.addr, request)
					if in := given == own; in && a.status != 200 || !in && (a.status != 401 || a.body != "no") {
						t.Errorf("%s with %q in %s: answered %+v", path, given, how, a)
					}
				}
			}
		}
	}

	// With a key for one only, the others are for this machine.
	h = open(t, ServerOptions{Keys: map[string]secret.Text{"one": key("first")}}, here{"one"}, here{"two"})
	for request, status := range map[string]int{
		request("GET", "/ussd/one", ""):                                401,
		request("GET", "/ussd/one?key=first", "", "Host: a.example"):   200,
		request("GET", "/ussd/two", ""):                                200,
		request("GET", "/ussd/two?key=first", "", "Host: a.example"):   401,
		request("GET", "/ussd/two", "", "X-Forwarded-For: 127.0.0.1"):  401,
		request("GET", "/ussd/two", "", "X-Forwarded-For:", "Via: 1"):  401,
		request("GET", "/ussd/two", "", "X-Forwarded-For:", "X-A: 1"):  401,
		request("GET", "/ussd/two", "", "Host: localhost", "Via: 1.1"): 401,
	} {
		if a := ask(t, h.addr, request); a.status != status {
			t.Errorf("%s: answered %+v, want %d", strings.TrimSpace(request), a, status)
		}
	}
}

func TestAGatewayComesFromItsAddressesOnly(t *testing.T) {
	const good = "?key=shared"
	local, far := networks("127.0.0.0/8"), networks("203.0.113.0/24", "2001:db8::/32")
	cases := []struct {
		name    string
		trusted []netip.Prefix
		allow   []netip.Prefix
		query   string
		headers []string
		body    string // empty: refused
	}{
		{"no list", nil, nil, good, nil, "127.0.0.1"},
		{"on the list", nil, local, good, nil, "127.0.0.1"},
		{"on the list without the key", nil, local, "", nil, ""},
		{"not on the list", nil, far, good, nil, ""},
		{"not on the list, and says it is", nil, far, good, []string{"X-Forwarded-For: 203.0.113.9"}, ""},
		{"not on the list, and says it in another way", local, far, good, []string{"X-Real-IP: 203.0.113.9", "Forwarded: for=203.0.113.9"}, ""},
		{"on the list, behind a proxy of ours", local, far, good, []string{"X-Forwarded-For: 203.0.113.9"}, "203.0.113.9"},
		{"on the list by IPv6", local, far, good, []string{"X-Forwarded-For: 2001:db8::1"}, "2001:db8::1"},
		{"on the list, behind a proxy of ours, without the key", local, far, "", []string{"X-Forwarded-For: 203.0.113.9"}, ""},
		{"not on the list, behind a proxy of ours", local, far, good, []string{"X-Forwarded-For: 198.51.100.7"}, ""},
		{"not on the list, and made the beginning up", local, far, good, []string{"X-Forwarded-For: 203.0.113.9, 198.51.100.7"}, ""},
		{"not on the list, and sent a line of its own", local, far, good, []string{"X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 198.51.100.7"}, ""},
		{"the proxy itself", local, far, good, nil, ""},
		{"the proxy says nonsense", local, far, good, []string{"X-Forwarded-For: x"}, ""},
		{"the proxy is on the list, and says nonsense", local, local, good, []string{"X-Forwarded-For: 203.0.113.9, x"}, ""},
		{"no list, and the proxy says nonsense", local, nil, good, []string{"X-Forwarded-For: x"}, "127.0.0.1"},
		{"no list, behind a proxy of ours", local, nil, good, []string{"X-Forwarded-For: 198.51.100.7"}, "198.51.100.7"},
		{"no list, behind a proxy that is not ours", nil, nil, good, []string{"X-Forwarded-For: 198.51.100.7"}, "127.0.0.1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := open(t, ServerOptions{
				Key: key("shared"), TrustedProxies: c.trusted, Allow: map[string][]netip.Prefix{"one": c.allow},
			}, here{"one"}, here{"two"})
			for _, path := range []string{"/ussd/one", "/ussd/one/events"} {
				a := ask(t, h.addr, request("GET", path+c.query, "", c.headers...))
				if c.body != "" && (a.status != 200 || a.body != c.body) || c.body == "" && (a.status != 401 || a.body != "no") {
					t.Errorf("%s: answered %+v", path, a)
				}
			}
			// A list holds for its own channel: also where that proves itself
			// otherwise, and never for what everybody may have.
			if a := ask(t, h.addr, request("GET", "/own/one", "", c.headers...)); (a.status == 200) != (c.body != "" || c.query == "" && within(c.allow, client(c.trusted, c.headers))) {
				t.Errorf("a door of another guard: answered %+v", a)
			}
			for _, path := range []string{"/any/one", "/ussd/two" + good} {
				if a := ask(t, h.addr, request("GET", path, "", c.headers...)); a.status != 200 {
					t.Errorf("%s: answered %+v", path, a)
				}
			}
			if c.body == "" && !slices.Contains(h.refused(), "/ussd/one 401") {
				t.Errorf("told of %v", h.refused())
			}
			if log := h.log.String(); strings.Contains(log, "203.0.113") || strings.Contains(log, "198.51.100") || strings.Contains(log, "shared") {
				t.Errorf("the log says who it was: %s", log)
			}
		})
	}
}

// client is where a request from this machine with some headers came from.
func client(trusted []netip.Prefix, headers []string) netip.Addr {
	if _, said, ok := strings.Cut(strings.Join(headers, ""), "X-Forwarded-For: "); ok && len(trusted) > 0 {
		return netip.MustParseAddr(said)
	}
	return netip.MustParseAddr("127.0.0.1")
}

// A list without a key changes nothing: only this machine may come in.
func TestAListIsNoKey(t *testing.T) {
	all := networks("0.0.0.0/0", "::/0")
	h := open(t, ServerOptions{Allow: map[string][]netip.Prefix{"one": all}, TrustedProxies: all}, here{"one"})
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{nil, 200},
		{[]string{"Host: spaza.example"}, 401},
		{[]string{"X-Forwarded-For: 127.0.0.1"}, 401},
		{[]string{"X-Forwarded-For: 203.0.113.9"}, 401},
	} {
		if a := ask(t, h.addr, request("GET", "/ussd/one", "", c.headers...)); a.status != c.status {
			t.Errorf("%v: answered %+v", c.headers, a)
		}
	}
}

func TestARefusalIsInTheWordsOfItsGateway(t *testing.T) {
	chs := []Channel{newTestPanacea(echo), newTestAAT(echo), newTestTruRoute(echo), newTestCweetagram(echo)}
	h := open(t, ServerOptions{Key: key("hunter2")}, chs...)
	for _, ch := range chs {
		for _, r := range ch.Routes() {
			for name, c := range map[string]struct {
				method, query string
				status        int
			}{
				"no key":         {r.Method, "", 401},
				"another method": {"PUT", "?key=hunter2", 405},
				"only the head":  {"HEAD", "?key=hunter2", 405}, // a GET without its answer would go on
			} {
				a := ask(t, h.addr, request(c.method, r.Path+c.query, ""))
				want := r.SorryType
				if want == "" {
					want = plainText
				}
				body := r.Sorry
				if c.method == "HEAD" {
					body = ""
				}
				if a.status != c.status || a.body != body || a.header.Get("Content-Type") != want {
					t.Errorf("%s %s, %s: answered %+v", c.method, r.Path, name, a)
				}
				for _, one := range r.SorryHeader {
					if got := a.header.Get(one[0]); got != one[1] {
						t.Errorf("%s %s, %s: %s is %q", c.method, r.Path, name, one[0], got)
					}
				}
			}
		}
	}
	// Beside every door it is the first one's.
	if a := ask(t, h.addr, request("GET", "/ussd/nobody", "")); a.status != 404 || a.body != atSorry || a.header.Get("X-Ussd-Close") != "1" {
		t.Errorf("beside the doors: answered %+v", a)
	}
	// A header is spelled as the gateway's manual spells it.
	w := dial(t, h.addr)
	w.send(t, request("GET", "/ussd/panacea?key=hunter2", "", "Connection: close"))
	var raw strings.Builder
	if _, err := w.r.WriteTo(&raw); err != nil {
		t.Fatal(err)
	}
	if head := raw.String(); !strings.HasPrefix(head, "HTTP/1.1 200 OK\r\n") || !strings.Contains(head, "\r\nX-ussd-close: 1\r\n") || !strings.HasSuffix(head, "\r\n\r\n"+atSorry) {
		t.Errorf("answered %q", head)
	}
}

func FuzzForwardedAddressesAreNeverMadeUp(f *testing.F) {
	for _, s := range []string{"", "203.0.113.9", "x, 203.0.113.9, 10.0.0.2", "[2001:db8::9]:1,,", "::ffff:10.0.0.1"} {
		f.Add(s)
	}
	ours := proxies(networks("10.0.0.0/8"))
	peer := netip.MustParseAddr("10.0.0.1")
	f.Fuzz(func(t *testing.T, said string) {
		got, sure := ours.client(peer, peek(http.Header{"X-Forwarded-For": {said}}))
		if !got.IsValid() || !sure && got != peer {
			t.Fatalf("%q: %v, sure %v", said, got, sure)
		}
		// What a proxy of ours adds is what counts, whatever was there before.
		got, sure = ours.client(peer, peek(http.Header{"X-Forwarded-For": {said, "203.0.113.9"}}))
		if !sure || got != netip.MustParseAddr("203.0.113.9") {
			t.Fatalf("%q before the client: %v, sure %v", said, got, sure)
		}
	})
}
