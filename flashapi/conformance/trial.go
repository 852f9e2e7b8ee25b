package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// trial is one check being made.
type trial struct {
	run        *runner
	ctx        context.Context
	check      check
	references []string
	faults     []Fault
	skipped    string
	untried    []string // parts that were left out, for the spending limit
	open       bool
}

// faultLimit is how many faults of one check are written down: a list of a
// thousand products may have the same one a thousand times.
const faultLimit = 12

// fault writes down a demand that was not met; the check goes on.
func (t *trial) fault(tried, expected, got string) {
	if len(t.faults) == faultLimit {
		tried, expected, got = "more", "no more", "more faults of this check are not shown"
	}
	if len(t.faults) > faultLimit {
		return
	}
	t.faults = append(t.faults, Fault{Tried: tried, Expected: expected, Got: t.run.scrub.scrub(got)})
}

// stop ends the check.
func (t *trial) stop() { panic(halt{}) }

// skip ends the check and says why it could not be made.
func (t *trial) skip(format string, args ...any) {
	t.skipped = t.run.scrub.scrub(fmt.Sprintf(format, args...))
	t.stop()
}

// need skips the check when the fixture lacks something.
func (t *trial) need(present bool, what string) {
	if !present {
		t.skip("the fixture has no %s", what)
	}
}

// learn writes down what the server does where the document leaves it open.
func (t *trial) learn(question, format string, args ...any) {
	t.learnOf("", question, format, args...)
}

// learnOf is learn for a question that is put to several operations.
func (t *trial) learnOf(subject, question, format string, args ...any) {
	a := Answer{
		Question: question, Section: t.check.section, Check: t.check.name, Subject: subject,
		Answer: t.run.scrub.scrub(fmt.Sprintf(format, args...)),
	}
	if !slices.ContainsFunc(t.run.answers, func(b Answer) bool {
		return a.Question == b.Question && a.Answer == b.Answer && a.Subject == b.Subject
	}) {
		t.run.answers = append(t.run.answers, a)
	}
}

// bearer is the header of this run; without a token the check cannot be made.
func (t *trial) bearer() string {
	b, err := t.run.bearer(t.ctx)
	if err != nil {
		t.skip("%s", err.Error())
	}
	t.run.scrub.hide(strings.TrimPrefix(b, "Bearer "))
	return b
}

// encode makes the request of an operation.
func (t *trial) encode(path string, f fields) request {
	body, err := json.Marshal(f)
	if err != nil {
		panic(err) // strings, numbers and maps of them
	}
	t.run.scrub.hideIn(map[string]any(f))
	reference, _ := f["reference"].(string)
	if reference != "" && len(reference) <= 60 && !slices.Contains(t.references, reference) {
		t.references = append(t.references, reference)
	}
	return request{
		method: http.MethodPost, url: t.run.api(path), auth: t.bearer(), contentType: "application/json",
		body: body, reference: reference,
	}
}

// post makes a POST operation.
func (t *trial) post(path string, f fields) answer {
	return t.note(t.run.send(t.ctx, t.encode(path, f)))
}

// together sends the same request several times at once.
func (t *trial) together(n int, path string, bodies ...fields) []answer {
	answers := make([]answer, n)
	requests := make([]request, n)
	for i := range requests {
		requests[i] = t.encode(path, bodies[i%len(bodies)])
	}
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = t.run.send(t.ctx, requests[i]) })
	}
	all.Wait()
	for _, a := range answers {
		t.note(a)
	}
	return answers
}

// note keeps what the sum of all answers shows.
func (t *trial) note(a answer) answer {
	if code, ok := a.code(); ok && !slices.Contains(t.run.statuses[code], a.status) {
		t.run.statuses[code] = append(t.run.statuses[code], a.status)
	}
	for _, date := range [][]string{{"transactionDate"}, {"voucher", "expiryDate"}, {"voucher", "redemptionDate"}} {
		if s := a.text(date...); s != "" {
			if form := date[len(date)-1] + " " + shape(s); t.run.dates[form] == "" {
				t.run.dates[form] = t.check.name
			}
		}
	}
	return a
}

// got describes an answer and names its reference.
func (t *trial) got(a answer) string {
	if a.reference == "" || len(a.reference) > 60 {
		return a.describe(&t.run.scrub)
	}
	return a.describe(&t.run.scrub) + ", reference " + a.reference
}

// refused demands a refusal with one of some codes.
func (t *trial) refused(tried string, a answer, want codes) bool {
	code, ok := a.code()
	switch {
	case a.err != nil || !ok || !want.has(code):
		t.fault(tried, "refusal "+want.String(), t.got(a))
		return false
	case !documented().has(code):
		t.fault(tried, "a code of section 4", t.got(a))
		return false
	}
	return t.wellRefused(tried, a)
}

// wellRefused looks at the form of a refusal (section 1.2.1.2).
func (t *trial) wellRefused(tried string, a answer) bool {
	sound := true
	if a.text("responseMessage") == "" {
		t.fault(tried, "responseMessage with a description", "none, "+t.got(a))
		sound = false
	}
	if echoed := a.get("reference"); echoed != nil && echoed != "" && echoed != a.reference {
		t.fault(tried, "the request's own reference, or none", "another reference, "+t.got(a))
		sound = false
	}
	return sound
}

// sold demands a success, complete as the examples of chapter 3 show it, and
// ends the check otherwise.
func (t *trial) sold(tried string, a answer) {
	before := len(t.faults)
	t.success(tried, a)
	if len(t.faults) > before && !a.succeeded() {
		t.stop()
	}
}

// success demands HTTP 200, code 0 and the properties that every answer of
// chapter 3 has.
func (t *trial) success(tried string, a answer) {
	if !a.succeeded() {
		t.fault(tried, "HTTP 200, code 0", t.got(a))
		return
	}
	if a.status != http.StatusOK {
		t.fault(tried, "HTTP 200 with code 0", t.got(a))
	}
	r := t.run
	if a.text("responseMessage") == "" {
		t.fault(tried, "responseMessage, a string", t.kind(a, "responseMessage"))
	}
	if a.text("reference") != a.reference {
		t.fault(tried, "the request's own reference", t.kind(a, "reference"))
	}
	if a.text("accountNumber") != r.target.Account {
		t.fault(tried, "the request's own accountNumber", t.kind(a, "accountNumber"))
	}
	if a.text("transactionDate") == "" {
		t.fault(tried, "transactionDate, a string", t.kind(a, "transactionDate"))
	}
	id := ""
	switch v := a.get("transactionId").(type) {
	case json.Number:
		id = v.String()
		t.learnOf(t.operation(), "Is transactionId an integer or a string?", "integer")
	case string:
		id = v
		t.learnOf(t.operation(), "Is transactionId an integer or a string?", "string")
	}
	if id == "" || strings.Trim(id, "0123456789") != "" {
		t.fault(tried, "transactionId, whole", t.kind(a, "transactionId"))
	} else if first, seen := r.ids[id]; seen && first != a.reference {
		t.fault(tried, "a transactionId of its own", "the one of "+first)
	} else {
		r.ids[id] = a.reference
	}
}

// operation is what the check is about, without what it looks at.
func (t *trial) operation() string {
	name := t.check.name
	return name[:strings.LastIndexByte(name, '.')]
}

// kind describes the type of a property, not its value.
func (t *trial) kind(a answer, names ...string) string {
	what := "missing"
	switch v := a.get(names...).(type) {
	case string:
		what = "another string"
		if v == "" {
			what = "an empty string"
		}
	case json.Number:
		what = "the number " + v.String()
	case bool:
		what = fmt.Sprint(v)
	case []any:
		what = "a list of " + strconv.Itoa(len(v))
	case map[string]any:
		what = "an object"
	}
	return strings.Join(names, ".") + ": " + what + ", reference " + a.reference
}

// has demands a property of a type: "text", "string" (which may be empty),
// "whole", "number", "bool", "object" or "list".
func (t *trial) has(tried string, a answer, want string, names ...string) {
	v := a.get(names...)
	ok := false
	switch want {
	case "text":
		s, is := v.(string)
		ok = is && s != ""
	case "string":
		_, ok = v.(string)
	case "whole":
		_, ok = whole(v)
	case "number":
		_, ok = v.(json.Number)
	case "bool":
		_, ok = v.(bool)
	case "object":
		_, ok = v.(map[string]any)
	case "list":
		_, ok = v.([]any)
	}
	if !ok {
		t.fault(tried, strings.Join(names, ".")+", "+want, t.kind(a, names...))
	}
}

// amounts demands an amount in cents.
func (t *trial) amounts(tried string, a answer, want int64, names ...string) {
	if got, ok := a.cents(names...); !ok || got != want {
		t.fault(tried, fmt.Sprintf("%s: %d", strings.Join(names, "."), want), t.kind(a, names...))
	}
}

// risk says whether a sale that must be refused may be tried: a server that does
// not refuse it sells it, and that must be within the limit as well.
func (t *trial) risk(tried string, amount int64) bool {
	if t.run.spent+amount <= t.run.options.SpendLimit {
		return true
	}
	t.untried = append(t.untried, tried)
	return false
}

// lost counts a sale that should have been refused and was not.
func (t *trial) lost(a answer, amount int64) {
	if a.succeeded() {
		t.run.spent += amount
	}
}

// spend counts a sale that should succeed, before it is asked for.
func (t *trial) spend(amount int64) {
	if t.run.spent+amount > t.run.options.SpendLimit {
		t.skip("the spending limit of %d cents would be passed", t.run.options.SpendLimit)
	}
	t.run.spent += amount
}
