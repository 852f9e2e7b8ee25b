package conformance

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// httpChecks are about the wire: what is not a request of this API at all must
// not be taken for one, and must not bring the server down.
func httpChecks() []check {
	return []check{
		{name: "http.method", section: "2", says: "an operation answers its own HTTP method only", run: func(t *trial) {
			for _, op := range operations() {
				for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
					q := t.encode(op.path, t.nothing(op))
					q.method = method
					a := t.run.send(t.ctx, q)
					t.notServed(method+" "+op.path, a)
					// A refusal that speaks of what was asked for has read it.
					if code, _ := a.code(); op.refuses.has(code) && !formCodes().has(code) {
						t.fault(method+" "+op.path, "not taken for the operation", t.got(a))
					}
				}
			}
			q := t.encode(voucherRedeem, fields{})
			q.url = t.run.products(t.run.target.Account, "")
			t.notServed("POST to the product list", t.run.send(t.ctx, q))
		}},
		{name: "http.unknown-path", section: "2", says: "an operation that does not exist answers nothing", run: func(t *trial) {
			q := t.encode("1voucher/nothing", fields{})
			t.notServed("POST 1voucher/nothing", t.run.send(t.ctx, q))
		}},
		{name: "http.malformed", section: "1.2.1.2", says: "a body that is not the JSON of a request is refused", run: func(t *trial) {
			whole := t.encode(voucherRedeem, t.nothing(t.run.ops[voucherRedeem]))
			for _, c := range []struct{ says, body string }{
				{"an empty body", ""}, {"half a body", string(whole.body[:len(whole.body)/2])}, {"a list", "[" + string(whole.body) + "]"},
				{"a string", `"redeem"`}, {"null", "null"}, {"a form", "reference=A&amount=1"}, {"an empty object", "{}"},
				{"bytes that are no text", "{\"reference\":\"\xff\xfe\x00\"}"}, {"two requests in one body", string(whole.body) + string(whole.body)},
			} {
				q := whole
				q.body, q.reference = []byte(c.body), ""
				t.turnedAway(c.says, t.run.send(t.ctx, q))
			}
			t.alive()
		}},
		{name: "http.deep", section: "1.2.1.2", says: "a deeply nested body is survived", run: func(t *trial) {
			op := t.run.ops[voucherRedeem]
			deep := json.RawMessage(strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000))
			t.turnedAway("5000 objects within each other", t.run.send(t.ctx, t.encode(op.path, t.nothing(op).with(fields{"metadata": deep}))))
			t.alive()
		}},
		{name: "http.huge", section: "1.2.1.2", says: "a body of 4 MiB is survived", run: func(t *trial) {
			op := t.run.ops[voucherRedeem]
			q := t.encode(op.path, t.nothing(op))
			q.body = bytes.Replace(q.body, []byte(`"amount":99`), []byte(`"amount":99,"metadata":{"a":"`+strings.Repeat("x", 4<<20)+`"}`), 1)
			a := t.run.send(t.ctx, q)
			if a.succeeded() {
				t.fault("a body of 4 MiB", "a refusal, or a closed connection", t.got(a))
			}
			t.learn("What becomes of a body of 4 MiB?", "%s", a.describe(&t.run.scrub))
			t.alive()
		}},
		{name: "http.content-type", section: "1.1.2.1", says: "must the content type be exact?", asks: true, run: func(t *trial) {
			op := t.run.ops[voucherRedeem]
			bare := t.post(op.path, t.nothing(op))
			want, _ := bare.code()
			for _, kind := range []string{"application/json; charset=utf-8", "text/plain", ""} {
				q := t.encode(op.path, t.nothing(op))
				q.contentType = kind
				a := t.run.send(t.ctx, q)
				code, ok := a.code()
				if kind == "" {
					kind = "(none)"
				}
				verdict := "accepted"
				if !ok || code != want {
					verdict = "refused, " + a.describe(&t.run.scrub)
				}
				t.learn("Which content types of requests are accepted besides application/json?", "%s: %s", kind, verdict)
			}
			t.learn("Which content type have answers?", "%s", bare.contentType)
		}},
	}
}

// notServed demands that something was not taken for an operation.
func (t *trial) notServed(tried string, a answer) {
	if a.err != nil || a.status == http.StatusOK || a.succeeded() {
		t.fault(tried, "an HTTP status other than 200, and no success", t.got(a))
	}
}

// turnedAway demands that a body was refused: by a code that speaks of its form,
// or by a gateway in front that knows HTTP only.
func (t *trial) turnedAway(tried string, a answer) {
	code, coded := a.code()
	switch {
	case a.err != nil, coded && !formCodes().has(code), !coded && (a.status < 400 || a.status > 499):
		t.fault(tried, "a refusal: code 2231 or 2308, or an HTTP status of 4xx", t.got(a))
	default:
		t.learn("How is a body refused that is no request?", "%s: %s", tried, a.describe(&t.run.scrub))
	}
}

// alive demands that the server still serves.
func (t *trial) alive() {
	if a := t.list(t.bearer()); !a.succeeded() {
		t.fault("the product list, afterwards", "HTTP 200, code 0", a.describe(&t.run.scrub))
	}
}
