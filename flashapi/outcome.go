package flashapi

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"spaza/hostcall"
	"spaza/secret"
)

// Settled says what is known of a transaction. The zero value is Open.
type Settled uint8

// What can be known.
const (
	Open     Settled = iota // may have happened: repeat the same bytes, or ask a person
	Happened                // done
	Refused                 // did not happen, and will not under this reference
)

// String names it for logs.
func (s Settled) String() string {
	switch s {
	case Happened:
		return "happened"
	case Refused:
		return "refused"
	default:
		return "open"
	}
}

// Sending says whether a message may have been sent before. The zero value is
// Again, which settles less: forgetting to say costs a wait and no money.
type Sending uint8

// The sendings.
const (
	Again Sending = iota // it may have been sent before
	First                // it was certainly not
)

// Verdict is what an exchange means for the money.
type Verdict struct {
	Class   Class
	Settled Settled
	Reason  string // why it was refused, as in codes.csv
	// Amount is what was moved according to the answer: for a redemption the
	// value to credit. Zero where the answer does not say.
	Amount        Cents
	TransactionID string
	CallCentre    string
	Code          string // the response code; empty when there was none
	Detail        string // for logs, scrubbed
	// Result is the whole answer when the transaction happened: the type that
	// the typed call of the operation returns (*Issue, *Redemption, *Undone,
	// *PinlessSale, ...), as a pointer. When it is Owed, the part that is in
	// the answer, if any. Otherwise nil.
	Result any
	Person bool // the answer contradicts itself; sending again will not clear it
	// Owed says that the transaction happened, but what was bought is not in
	// the answer. It stays Open: sending the same again fetches it.
	Owed bool
	// Soft says that an unknown code's words read like "not processed". It is
	// no evidence; where the same comes back again and again, an operator may
	// choose to believe it.
	Soft  bool
	Alert bool // the operator should look
}

// LogValue implements slog.LogValuer: what the customer bought, and who it is
// for, stays out of logs of every form.
func (v Verdict) LogValue() slog.Value {
	return slog.GroupValue(slog.String("settled", v.Settled.String()), slog.String("class", v.Class.String()), slog.String("code", v.Code), slog.String("reason", v.Reason),
		slog.String("detail", v.Detail), slog.Bool("person", v.Person), slog.Bool("owed", v.Owed), slog.Bool("alert", v.Alert))
}

// ResendWindow is how long after its first sending a message may be sent again.
// The document sets no end to the memory of a reference; the draft of 2023 says
// 30 minutes, less a margin for clocks and for the time a call takes. Later the
// "same" request might be a second transaction.
const ResendWindow = 25 * time.Minute

// reading is one answer taken by itself, before the history of the reference
// is considered.
type reading struct {
	class    Class
	reason   string
	rule     codeRule // of the response code, where there is a listed one
	code     string   // empty when there was none
	alert    bool
	envelope envelope
	detail   string

	// What was read. Of an exchange that somebody changed it is not true any
	// more.
	status int
	answer secret.Text
	body   []byte // the answer once more
}

// read classifies an exchange by itself. What Post brings back has been read
// already, since the breaker and the metrics want to know as well.
func (x Exchange) read() *reading {
	switch r := x.reading; {
	case x.Status == 0:
		return x.readSilence()
	case r != nil && r.status == x.Status && r.answer == x.Body: // the same string, not an equal one
		return r
	default:
		return readAnswer(x.Status, []byte(x.Body.Reveal()))
	}
}

// readAnswer classifies an answer. A response code in the body wins over the
// HTTP status, except that success needs both.
func readAnswer(status int, body []byte) *reading {
	r := &reading{status: status, body: body}
	if err := decodeObject(body, &r.envelope); err != nil {
		r.envelope = envelope{}
		r.byStatus(status)
		r.detail = err.Error()
		if errors.Is(err, errTwice) {
			r.class, r.reason, r.alert = ClassUnknown, "", true
		}
		return r
	}
	n, ok := r.envelope.ResponseCode.get()
	if !ok {
		r.byStatus(status)
		r.detail = "answer has no responseCode"
		if r.envelope.ResponseCode.bad {
			r.class, r.reason, r.alert = ClassUnknown, "", true
			r.detail = "responseCode cannot be read"
		}
		return r
	}
	r.code = strconv.Itoa(n)
	rule, known := ruleFor(n)
	switch {
	case !known:
		r.alert, r.detail = true, "code is not listed"
	case rule.class == ClassSuccess && (status < 200 || status > 299):
		r.alert, r.detail = true, "success code under a failing HTTP status"
	default:
		r.class, r.reason, r.rule, r.alert = rule.class, rule.reason, rule, rule.alert
	}
	return r
}

// readSilence classifies an exchange without an answer: known not to have been
// sent, or unknown.
func (x Exchange) readSilence() *reading {
	r := &reading{detail: "no answer"}
	if x.Err != nil {
		r.detail = x.Err.Error()
	}
	switch {
	case x.Sent, x.Err == nil: // also where there was no exchange at all
	case errors.Is(x.Err, ErrCredentials):
		r.class, r.reason, r.alert = ClassAuth, reasonUnavailable, true
	case errors.Is(x.Err, ErrInvalid), errors.Is(x.Err, ErrNotInDialect):
		r.class, r.reason, r.alert = ClassConfig, reasonUnavailable, true
	default:
		r.class, r.reason = ClassRetryLater, reasonTryLater
	}
	return r
}

// byStatus classifies an answer that has no response code.
func (r *reading) byStatus(status int) {
	switch {
	case status == http.StatusUnauthorized:
		r.class, r.reason, r.alert = ClassAuth, reasonUnavailable, true
	case status == http.StatusBadRequest, status == http.StatusForbidden, status == http.StatusNotFound,
		status == http.StatusMethodNotAllowed, status == http.StatusUnsupportedMediaType:
		r.class, r.reason, r.alert = ClassConfig, reasonUnavailable, true
	case status == http.StatusTooManyRequests:
		r.class = ClassThrottled
	case status >= 200 && status <= 299, status >= 500,
		status == http.StatusRequestTimeout, status == http.StatusConflict:
		r.class = ClassUnknown
	default: // a redirect, or a refusal that no gateway of theirs is known to make
		r.class, r.alert = ClassUnknown, true
	}
}

// Judge says what an exchange means for the transaction of its message.
//
// A transaction that may have been sent before (Again) is unknown already, and
// stays so until an answer is about the transaction itself: success, or a refusal
// that cannot be the echo of an earlier success. A refusal of the repetition alone
// (credentials, throttling, a connection that failed) settles nothing.
//
// Of an operation that only reads, everything but success is Refused: nothing
// can be lost by asking again, under a new reference as well.
func Judge(m Message, x Exchange, try Sending) Verdict {
	again := try != First
	r := x.read()
	op := operations[m.Op]
	var asked asked
	secrets := x.secrets
	if x.posted != nil && x.posted.body == m.Body { // the same string, not an equal one
		asked = x.posted.asked
	} else {
		asked = readAsked(m)
		secrets = slices.Concat(secrets, asked.pins())
	}
	v := Verdict{Class: r.class, Code: r.code, Alert: r.alert, Soft: r.rule.soft, Detail: r.detail}
	if v.Detail == "" && r.class != ClassSuccess {
		v.Detail = hostcall.Scrub(string(r.envelope.ResponseMessage), secrets)
	}

	foreign := r.envelope.Reference != "" && string(r.envelope.Reference) != m.Reference
	switch {
	case foreign:
		v.Class, v.Alert, v.Soft, v.Detail = ClassUnknown, true, false, "answer carries another reference"
	case r.class == ClassSuccess:
		secrets = v.judgeSuccess(op, asked, r, secrets)
	default:
		v.judgeFailure(op, m.Op, r, again)
	}
	if op.effect == reads && v.Settled == Open {
		v.Settled, v.Reason, v.Person = Refused, reasonTryLater, false
		switch v.Class {
		case ClassUnknown, ClassDuplicate, ClassSuccess, ClassReversal:
			v.Class = ClassRetryLater
		}
	}
	if !foreign {
		v.TransactionID = hostcall.Field(string(r.envelope.TransactionID), secrets)
	}
	if result, ok := v.Result.(interface{ stamp(Receipt) }); ok {
		result.stamp(Receipt{
			Reference: m.Reference, TransactionID: v.TransactionID, TransactionDate: hostcall.Field(string(r.envelope.TransactionDate), secrets),
			Amount: v.Amount, Alert: v.Alert, Detail: v.Detail,
		})
	}
	return v
}

// judgeFailure decides on everything but success.
func (v *Verdict) judgeFailure(op operation, name Op, r *reading, again bool) {
	switch {
	case r.class == ClassReversal && op.effect == undoes && (r.rule.undo == undoDone || (r.rule.undo == undoCancelled && !op.restores)):
		// What was wanted is so, whoever brought it about.
		v.Class, v.Settled, v.Result = ClassSuccess, Happened, &Undone{Already: true}
	case r.class == ClassReversal && op.effect == undoes && r.rule.undo == undoRefused && !(again && r.rule.ambiguous):
		v.Settled, v.Reason = Refused, reasonStands
	case r.class == ClassReversal && op.effect == undoes:
		v.Alert = true // open: again under the same reference, then a person
	case r.class == ClassReversal && (name == OpRedeem || name == OpExclusiveRedeem) && r.reason != "":
		// "Cancelled already" about a voucher is a plain refusal of it.
		v.Settled, v.Reason = Refused, r.reason
	case r.class == ClassReversal:
		v.Alert = true // speaks of a reversal that nobody asked for
	case r.class == ClassUserInput, r.class == ClassDeclined:
		// Of a repeated undoing, what is said of the voucher may be its own doing.
		if !again || (!r.rule.ambiguous && op.effect != undoes) {
			v.Settled, v.Reason = Refused, r.reason
		}
	case r.class == ClassRetryLater, r.class == ClassConfig, r.class == ClassAuth:
		if !again {
			v.Settled, v.Reason = Refused, r.reason
		}
	case r.class == ClassDuplicate:
		// On a first sending, somebody else has used our reference.
		v.Alert = v.Alert || !again
	}
}

// judgeSuccess looks whether an answer with code 0 holds what the operation
// should bring. It adds what in it is confidential to the secrets.
func (v *Verdict) judgeSuccess(op operation, a asked, r *reading, secrets []secret.Text) []secret.Text {
	if op.find == nil {
		v.contradict("success of an operation that was not asked for")
		return secrets
	}
	f := op.find(a, r.body)
	secrets = slices.Concat(secrets, f.secrets)
	switch {
	case f.contradicts != "":
		v.contradict(f.contradicts)
	case f.missing:
		v.Owed, v.Alert, v.Amount, v.Detail = true, true, f.amount, "it happened, but what was bought is not, or not all, in the answer"
		v.Result = f.result
	default:
		v.Settled, v.Amount, v.Result, v.CallCentre = Happened, f.amount, f.result, hostcall.Field(f.callCentre, secrets)
		if f.odd != "" {
			v.Alert, v.Detail = true, f.odd
		}
	}
	return secrets
}

// contradict leaves a success open for a person.
func (v *Verdict) contradict(why string) {
	v.Class, v.Settled, v.Amount, v.Result = ClassUnknown, Open, 0, nil
	v.Person, v.Alert, v.Detail = true, true, why
}

// posted is what was sent: the body, and what it asked for.
type posted struct {
	body  secret.Text
	asked asked
}

// asked is what a message's body asks for, read back from its own bytes.
type asked struct {
	Reference    string  `json:"reference"`
	PIN          pinText `json:"pin"`
	Amount       Cents   `json:"amount"`
	MobileNumber text    `json:"mobileNumber"`
	MeterNumber  text    `json:"meterNumber"`
	IsFBE        flag    `json:"isFBE"`
}

func readAsked(m Message) asked {
	var a asked
	if decodeObject([]byte(m.Body.Reveal()), &a) != nil {
		return asked{}
	}
	return a
}

// pins are the secrets of the body.
func (a asked) pins() []secret.Text {
	if a.PIN.Empty() {
		return nil
	}
	return []secret.Text{a.PIN.Text}
}

// failure is the error of a typed call that did not succeed.
func failure(m Message, x Exchange, v Verdict) *Error {
	e := &Error{
		Op: m.Op, Reference: m.Reference, HTTPStatus: x.Status, Sent: x.Sent, Err: x.Err,
		Code: v.Code, TransactionID: v.TransactionID,
		Class: v.Class, Reason: v.Reason, Refused: v.Settled == Refused, Person: v.Person, Owed: v.Owed, Soft: v.Soft,
	}
	if x.Err == nil {
		e.Message = v.Detail
	}
	return e
}
