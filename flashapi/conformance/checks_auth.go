package conformance

import (
	"encoding/json"
	"net/http"
	"strings"
)

// authChecks are about section 1.1: who may call at all.
func authChecks() []check {
	return []check{
		{name: "auth.token", section: "1.1.1", says: "the API key gets a bearer token and its lifetime", run: checkToken},
		{name: "auth.token-wrong-key", section: "1.1.1", says: "another key gets no token", run: func(t *trial) {
			a := t.run.token(t.ctx, "bm9ib2R5Om5vdGhpbmc=", grant)
			t.noToken("a wrong key", a)
			t.learn("How is a wrong API key refused?", "%s", a.describe(&t.run.scrub))
		}},
		{name: "auth.token-no-key", section: "1.1.1", says: "no key gets no token", run: func(t *trial) {
			t.noToken("no key", t.run.send(t.ctx, request{
				method: http.MethodPost, url: t.run.target.tokenURL(), contentType: "application/x-www-form-urlencoded", body: []byte(grant),
			}))
		}},
		{name: "auth.token-no-grant", section: "1.1.1", says: "a token is given for grant_type=client_credentials only", run: func(t *trial) {
			key := t.run.target.APIKey.Reveal()
			t.noToken("no grant_type", t.run.token(t.ctx, key, ""))
			t.noToken("another grant_type", t.run.token(t.ctx, key, "grant_type=nothing"))
		}},
		{name: "auth.no-token", section: "1.1.2", says: "no operation answers without a token", run: func(t *trial) { t.everywhere("no token", "") }},
		{name: "auth.wrong-token", section: "1.1.2", says: "no operation answers a token that was never given out", run: func(t *trial) {
			t.everywhere("a made-up token", "Bearer 00000000-0000-0000-0000-000000000000")
		}},
		{name: "auth.malformed-token", section: "1.1.2", says: "the API key is not a token, nor is nothing", run: func(t *trial) {
			for tried, header := range map[string]string{
				"the API key as token": "Basic " + t.run.target.APIKey.Reveal(), "a blank token": "Bearer ",
				"a token without Bearer": strings.TrimPrefix(t.bearer(), "Bearer "),
			} {
				t.shut(tried, t.list(header))
			}
		}},
		{name: "auth.scheme-case", section: "1.1.2", says: "is the scheme's case of any matter?", asks: true, run: func(t *trial) {
			a := t.list("bearer " + strings.TrimPrefix(t.bearer(), "Bearer "))
			t.learn(`Is "bearer" in small letters accepted?`, "%s", yes(a.succeeded()))
		}},
		{name: "auth.second-token", section: "1.1.1", says: "what does a second token do to the first?", asks: true, run: func(t *trial) {
			first := t.bearer()
			a := t.run.token(t.ctx, t.run.target.APIKey.Reveal(), grant)
			second := a.text("access_token")
			if second == "" {
				t.fault("a second token", "access_token", a.describe(&t.run.scrub))
				return
			}
			t.run.scrub.hide(second)
			t.learn("Does asking for a token again give another one?", "%s", yes("Bearer "+second != first))
			t.learn("Is a token still good after the next one was given out?", "%s", yes(t.list(first).succeeded()))
			if !t.list("Bearer " + second).succeeded() {
				t.fault("the second token", "it opens the product list", "it does not")
			}
			t.run.held = second
		}},
	}
}

func checkToken(t *trial) {
	a := t.run.token(t.ctx, t.run.target.APIKey.Reveal(), grant)
	token := a.text("access_token")
	t.run.scrub.hide(token)
	if a.err != nil || a.status != http.StatusOK || token == "" {
		t.fault("the API key", "HTTP 200 with access_token", a.describe(&t.run.scrub))
		return
	}
	if !strings.EqualFold(a.text("token_type"), "Bearer") {
		t.fault("the API key", "token_type Bearer", t.kind(a, "token_type"))
	}
	switch life, ok := a.cents("expires_in"); {
	case !ok || life <= 0:
		t.fault("the API key", "expires_in, whole seconds", t.kind(a, "expires_in"))
	case life > 3600:
		t.fault("the API key", "expires_in of 3600 at most", t.kind(a, "expires_in"))
	default:
		t.learn("How long does a token live? (expires_in, seconds)", "%d", life)
	}
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func (t *trial) noToken(tried string, a answer) {
	if a.err != nil || a.status == http.StatusOK || a.get("access_token") != nil {
		got := a.describe(&t.run.scrub)
		if a.get("access_token") != nil {
			got = "an access_token"
		}
		t.fault(tried, "no token, and an HTTP status other than 200", got)
	}
}

// list asks for the product list under some Authorization header.
func (t *trial) list(header string) answer {
	return t.run.send(t.ctx, request{method: http.MethodGet, url: t.run.products(t.run.target.Account, ""), auth: header})
}

// shut demands that a call was refused for want of a token: by a code of the
// document, or by a gateway in front that knows HTTP only.
func (t *trial) shut(tried string, a answer) {
	code, coded := a.code()
	barred := a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
	switch {
	case a.err != nil, coded && code == 0, !coded && !barred, coded && !securityCodes().has(code) && !barred:
		t.fault(tried, "HTTP 401, or a code that speaks of the token", a.describe(&t.run.scrub))
	default:
		t.learn("How is a call refused whose token is missing or wrong?", "%s: %s", tried, a.describe(&t.run.scrub))
	}
}

// everywhere calls all 28 operations with a header that opens none.
func (t *trial) everywhere(tried, header string) {
	account := t.run.target.Account
	for _, selection := range []string{"", "1", "Cellular"} {
		a := t.run.send(t.ctx, request{method: http.MethodGet, url: t.run.products(account, selection), auth: header})
		t.shut(tried, a)
	}
	for _, op := range operations() {
		f := t.nothing(op)
		t.run.scrub.hideIn(map[string]any(f))
		body, err := json.Marshal(f)
		if err != nil {
			panic(err) // strings and numbers
		}
		before := len(t.faults)
		a := t.run.send(t.ctx, request{
			method: http.MethodPost, url: t.run.api(op.path), auth: header, contentType: "application/json", body: body,
		})
		t.shut(tried, a)
		if len(t.faults) > before && before < faultLimit {
			t.faults[before].Tried = op.path + ", " + tried
		}
	}
}
