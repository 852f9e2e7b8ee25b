package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxBody is how long a request body may be, in bytes.
const maxBody = 256 << 10

// rule is what a text must be like; its words follow the field's name.
type rule struct {
	fits  func(string) bool
	words string
}

func pattern(expression string) rule {
	re := regexp.MustCompile("^(?:" + expression + ")$")
	return rule{re.MatchString, "must match \"" + expression + "\""}
}

func length(least, most int) rule {
	return rule{
		func(s string) bool { n := len([]rune(s)); return n >= least && n <= most },
		fmt.Sprintf("size must be between %d and %d", least, most),
	}
}

func oneOf(values ...string) rule {
	return rule{func(s string) bool { return slices.Contains(values, s) }, "must be one of " + strings.Join(values, ", ")}
}

// rules are those that more than one message needs.
type rules struct{ anything, uuid, msisdn, when, merchantType, currency rule }

func standardRules() rules {
	return rules{
		anything:     rule{func(string) bool { return true }, ""},
		uuid:         pattern(`[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`),
		msisdn:       pattern(`\+?[1-9]\d{1,14}`),
		when:         rule{func(s string) bool { _, err := time.Parse(time.RFC3339, s); return err == nil }, "must be a date-time of RFC 3339"},
		merchantType: pattern(`[0-9]{4}`),
		currency:     pattern(`[0-9]{3}`),
	}
}

// fields reads a message and gathers what is wrong with it. Paths name a field
// with dots, as in "originator.merchant.merchantId".
type fields struct {
	rules
	m     map[string]any
	wrong []formatError
}

// readFields understands a body; one that is no JSON object is all wrong.
func (s *Sandbox) readFields(body []byte) *fields {
	f := &fields{rules: s.rules}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&f.m) != nil || f.m == nil || d.More() {
		f.complain("body", "must be a JSON object", nil)
	}
	return f
}

func (f *fields) complain(field, words string, value any) {
	f.wrong = append(f.wrong, formatError{field, field + " " + words, value})
}

// find gives what stands at a path; nil where nothing does.
func (f *fields) find(path string) any {
	var at any = f.m
	for name := range strings.SplitSeq(path, ".") {
		m, _ := at.(map[string]any)
		at = m[name]
	}
	return at
}

// object reads an object; where it must be and is not, false.
func (f *fields) object(path string, required bool) bool {
	v := f.find(path)
	if v == nil {
		if required {
			f.complain(path, "may not be null", nil)
		}
		return false
	}
	if _, is := v.(map[string]any); !is {
		f.complain(path, "must be an object", v)
		return false
	}
	return true
}

// text reads a text, or a number as text; "" where there is none.
func (f *fields) text(path string, required bool, must rule) string {
	var s string
	switch v := f.find(path).(type) {
	case nil:
		if required {
			f.complain(path, "may not be null", nil)
		}
		return ""
	case string:
		s = v
	case json.Number:
		s = v.String()
	default:
		f.complain(path, "must be text", v)
		return ""
	}
	if !must.fits(s) {
		f.complain(path, must.words, s)
		return ""
	}
	return s
}

// list reads an array; nil where there is none.
func (f *fields) list(path string, required bool) []any {
	v := f.find(path)
	if v == nil {
		if required {
			f.complain(path, "may not be null", nil)
		}
		return nil
	}
	list, is := v.([]any)
	if !is {
		f.complain(path, "must be an array", v)
	}
	return list
}

// money reads a LedgerAmount in rand; false where there is none, or a wrong one.
func (f *fields) money(path string, required bool) (cents int64, given bool) {
	if !f.object(path, required) {
		return 0, false
	}
	before := len(f.wrong)
	number := f.text(path+".amount", true, f.anything)
	currency := f.text(path+".currency", true, f.currency)
	if len(f.wrong) > before {
		return 0, false
	}
	cents, err := strconv.ParseInt(number, 10, 64)
	switch {
	case err != nil || cents < 0:
		f.complain(path+".amount", "must be a whole number from 0", number)
	case currency != "710":
		f.complain(path+".currency", "must be 710", currency)
	default:
		return cents, true
	}
	return 0, false
}

// flag reads a truth value; false where there is none.
func (f *fields) flag(path string) bool {
	v := f.find(path)
	is, ok := v.(bool)
	if v != nil && !ok {
		f.complain(path, "must be true or false", v)
	}
	return is
}

// institution reads one that must be there, or must be whole if it is.
func (f *fields) institution(path string, required bool) string {
	if !f.object(path, required) {
		return ""
	}
	f.text(path+".name", true, length(0, 40))
	return f.text(path+".id", true, f.anything)
}

// transaction reads what every request carries (the Transaction of all three
// interfaces). The client's id must be the user who sends it.
func (f *fields) transaction(user string) (id, reference string) {
	id = f.text("id", true, f.uuid)
	f.text("time", true, f.when)
	originator := ""
	if f.object("originator", true) {
		originator = f.institution("originator.institution", true)
		f.text("originator.terminalId", true, length(8, 8))
		f.text("originator.operatorId", false, length(0, 30))
		f.text("originator.channelId", false, length(0, 50))
		f.merchant()
	}
	client := f.institution("client", true)
	f.institution("settlementEntity", false)
	f.institution("receiver", false)
	if client != "" && client != user {
		f.wrong = append(f.wrong, formatError{"client.id", "client.id does not match the user name", client})
	}
	return id, f.thirdParties(originator)
}

func (f *fields) merchant() {
	const at = "originator.merchant"
	if !f.object(at, true) {
		return
	}
	f.text(at+".merchantType", true, f.merchantType)
	f.text(at+".merchantId", true, length(15, 15))
	if f.object(at+".merchantName", true) {
		f.text(at+".merchantName.name", true, length(0, 23))
		f.text(at+".merchantName.city", true, length(0, 13))
		f.text(at+".merchantName.region", true, length(0, 2))
		f.text(at+".merchantName.country", true, length(0, 2))
	}
}

// thirdParties checks the identifiers and gives that of an institution, or the
// first where that one has none.
func (f *fields) thirdParties(institution string) (reference string) {
	first := ""
	for i, one := range f.list("thirdPartyIdentifiers", true) {
		sub := fields{rules: f.rules}
		sub.m, _ = one.(map[string]any)
		of := sub.text("institutionId", true, f.anything)
		id := sub.text("transactionIdentifier", true, f.anything)
		for _, e := range sub.wrong {
			at := fmt.Sprintf("thirdPartyIdentifiers[%d].", i)
			f.wrong = append(f.wrong, formatError{at + e.Field, at + e.Msg, e.Value})
		}
		if first == "" {
			first = id
		}
		if of == institution && reference == "" {
			reference = id
		}
	}
	if reference == "" {
		return first
	}
	return reference
}

// advice reads what every advice carries (BasicAdvice).
func (f *fields) advice() (id, original, reference string) {
	id = f.text("id", true, f.uuid)
	original = f.text("requestId", true, f.uuid)
	f.text("time", true, f.when)
	return id, original, f.thirdParties("")
}

// reversal reads an advice that undoes (BasicReversal).
func (f *fields) reversal() (id, original, reference string) {
	id, original, reference = f.advice()
	f.text("reversalReason", true, oneOf("TIMEOUT", "CANCELLED", "RESPONSE_NOT_FINAL"))
	return id, original, reference
}

// tenders checks what the customer paid with, and adds it up in cents. One of Electrum's own collections
// confirms without any, so that none is needed although the schema says so.
func (f *fields) tenders() (paid int64) {
	for i, one := range f.list("tenders", false) {
		sub := fields{rules: f.rules}
		sub.m, _ = one.(map[string]any)
		sub.text("tenderType", true, oneOf("CASH", "CHEQUE", "CREDIT_CARD", "DEBIT_CARD", "WALLET", "ROUNDING",
			"GIFT_CARD", "LOYALTY_CARD", "OTHER"))
		amount, _ := sub.money("amount", true)
		paid += amount
		for _, e := range sub.wrong {
			at := fmt.Sprintf("tenders[%d].", i)
			f.wrong = append(f.wrong, formatError{at + e.Field, at + e.Msg, e.Value})
		}
	}
	return paid
}

// inPath checks that an id in the path is the one in the body.
func (f *fields) inPath(name, inPath, field, inBody string) {
	if inBody != "" && !strings.EqualFold(inPath, inBody) {
		f.wrong = append(f.wrong, formatError{field, field + " does not match path param " + name, inBody})
	}
}

// echo is what an answer repeats of its request, with the identifiers of the
// two parties that the simulator plays, and a slip.
func (f *fields) echo(settlement, receiver party) map[string]any {
	answer := make(map[string]any)
	for _, name := range [...]string{
		"id", "time", "originator", "client", "settlementEntity", "receiver", "transactionLabels", "basketRef",
		"tranType", "srcAccType", "destAccType", "stan", "rrn",
	} {
		if v := f.find(name); v != nil {
			answer[name] = v
		}
	}
	settlement.id = f.own(answer, "settlementEntity", settlement)
	receiver.id = f.own(answer, "receiver", receiver)
	third := slices.Clone(f.list("thirdPartyIdentifiers", false))
	for _, p := range [...]party{settlement, receiver} {
		third = append(third, map[string]any{"institutionId": p.id, "transactionIdentifier": p.reference})
	}
	answer["thirdPartyIdentifiers"] = third
	return answer
}

// own makes the simulator the party that the request names none for.
func (f *fields) own(answer map[string]any, name string, p party) (id string) {
	if given, is := f.find(name + ".id").(string); is {
		return given
	}
	answer[name] = map[string]any{"id": p.id, "name": p.name}
	return p.id
}

// party is one that the simulator plays, with its reference of a transaction.
type party struct{ id, name, reference string }

// rand is a LedgerAmount.
func inRands(cents int64) map[string]any { return map[string]any{"amount": cents, "currency": "710"} }

// slip is SlipData with some lines.
func slip(reference string, lines ...string) map[string]any {
	out := make([]map[string]any, 0, len(lines))
	for _, line := range lines {
		out = append(out, map[string]any{"text": line})
	}
	return map[string]any{"messageLines": out, "slipWidth": 40, "issuerReference": reference}
}
