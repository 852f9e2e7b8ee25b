package flashapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

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
	Person        bool   // the answer contradicts itself; sending again will not clear it
	Alert         bool   // the operator should look
}

// maxVoucher bounds the value of one voucher that is believed. The dearest sold
// is worth a few thousand rand; an answer beyond this mistakes the unit, and a
// person must look before it is credited.
const maxVoucher Cents = 100_000_00

// reading is one answer taken by itself, before the history of the reference
// is considered.
type reading struct {
	class    Class
	reason   string
	rule     codeRule // of the response code, where there is a listed one
	code     string
	alert    bool
	envelope envelope
	detail   string
}

// read classifies an exchange by itself. A response code in the body wins over
// the HTTP status, except that success needs both.
func (x Exchange) read() reading {
	if x.Status == 0 {
		return x.readSilence()
	}
	var r reading
	if err := decodeObject([]byte(x.Body.Reveal()), &r.envelope); err != nil {
		r.byStatus(x.Status)
		r.detail = err.Error()
		return r
	}
	n, ok := r.envelope.ResponseCode.get()
	if !ok {
		r.byStatus(x.Status)
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
	case rule.class == ClassSuccess && (x.Status < 200 || x.Status > 299):
		r.alert, r.detail = true, "success code under a failing HTTP status"
	default:
		r.class, r.reason, r.rule, r.alert = rule.class, rule.reason, rule, rule.alert
	}
	return r
}

// readSilence classifies an exchange without an answer: known not to have been
// sent, or unknown.
func (x Exchange) readSilence() reading {
	r := reading{detail: "no answer"}
	if x.Err != nil {
		r.detail = x.Err.Error()
	}
	switch {
	case x.Sent:
	case errors.Is(x.Err, ErrCredentials):
		r.class, r.reason, r.alert = ClassAuth, reasonUnavailable, true
	case errors.Is(x.Err, ErrInvalid):
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
// again says that the message may have been sent before. The transaction is then
// unknown already, and stays so until an answer is about the transaction itself:
// success, or a refusal that cannot be the echo of an earlier success. A refusal
// of the repetition alone (credentials, throttling, a connection that failed)
// settles nothing.
func Judge(m Message, x Exchange, again bool) Verdict {
	r := x.read()
	asked := readAsked(m)
	secrets := slices.Concat(x.secrets, asked.pins())
	v := Verdict{Class: r.class, Code: r.code, Alert: r.alert, Detail: r.detail}
	if v.Detail == "" && r.class != ClassSuccess {
		v.Detail = scrub(string(r.envelope.ResponseMessage), secrets)
	}

	if got := string(r.envelope.Reference); got != "" && got != m.Reference {
		v.Class, v.Alert, v.Detail = ClassUnknown, true, "answer carries another reference"
		return v
	}

	switch r.class {
	case ClassSuccess:
		v = judgeSuccess(m.Op, asked, x, v, secrets)
	case ClassUserInput, ClassDeclined:
		if !(again && r.rule.ambiguous) {
			v.Settled, v.Reason = Refused, r.reason
		}
	case ClassRetryLater, ClassConfig, ClassAuth:
		if !again {
			v.Settled, v.Reason = Refused, r.reason
		}
	case ClassDuplicate:
		// On a first sending, somebody else has used our reference.
		v.Alert = v.Alert || !again
	case ClassReversal:
		// "Cancelled already" about a voucher is a plain refusal of it. All
		// else speaks of a reversal that nobody asked for.
		if m.Op == OpRedeem && r.reason != "" {
			v.Settled, v.Reason = Refused, r.reason
		} else {
			v.Alert = true
		}
	}
	if v.TransactionID == "" {
		v.TransactionID = field(string(r.envelope.TransactionID), secrets)
	}
	return v
}

// judgeSuccess looks whether an answer with code 0 holds what the operation
// should bring.
func judgeSuccess(op Op, asked asked, x Exchange, v Verdict, secrets []secret.Text) Verdict {
	switch op {
	case OpRedeem:
		w, err := decodeRedemption([]byte(x.Body.Reveal()))
		if err != nil { // read has just decoded the same bytes as an object
			return contradicts(v, err.Error())
		}
		v.TransactionID = field(string(w.TransactionID), slices.Concat(secrets, []secret.Text{w.Voucher.is.PIN.Text}))
		return judgeRedemption(asked, w, v)
	case OpPinlessPurchase:
		w, err := decodePinless([]byte(x.Body.Reveal()))
		if err != nil {
			return contradicts(v, err.Error())
		}
		v.CallCentre = field(string(w.RechargeDetails.is.CallCentre), secrets)
		return judgePinless(asked, w, v)
	default:
		return contradicts(v, "success of an operation that was not asked for")
	}
}

// contradicts leaves a success open for a person.
func contradicts(v Verdict, why string) Verdict {
	v.Class, v.Settled, v.Amount = ClassUnknown, Open, 0
	v.Person, v.Alert, v.Detail = true, true, why
	return v
}

// asked is what a message's body asks for, read back from its own bytes.
type asked struct {
	Reference string  `json:"reference"`
	PIN       pinText `json:"pin"`
	Amount    Cents   `json:"amount"`
}

func readAsked(m Message) asked {
	var a asked
	if json.Unmarshal([]byte(m.Body.Reveal()), &a) != nil {
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
		Class: v.Class, Reason: v.Reason, Refused: v.Settled == Refused, Person: v.Person,
	}
	if x.Err == nil {
		e.Message = v.Detail
	}
	return e
}
