package sandbox

import (
	"encoding/json"
	"net/http"
	"time"
)

// fault is a way to fail; doc.go lists them. Zero and unlisted ones do nothing.
type fault int

const (
	faultSlow        fault = 1
	faultCutBefore   fault = 2
	faultCutAfter    fault = 3
	fault500Before   fault = 4
	fault503After    fault = 5
	faultGarbage     fault = 6
	fault429         fault = 7
	faultBusy        fault = 8
	fault401         fault = 9
	faultHang        fault = 10
	faultNoCode      fault = 11
	faultEmpty       fault = 12
	faultTimeoutCode fault = 13
)

// before is what happens instead of the work when a reference is seen for the
// seen-th time; nil when the work is to be done.
func (f fault) before(seen int) func(http.ResponseWriter, func(http.ResponseWriter, refusal)) {
	answer := func(code int) func(http.ResponseWriter, func(http.ResponseWriter, refusal)) {
		return func(w http.ResponseWriter, write func(http.ResponseWriter, refusal)) { write(w, refusal{code: code}) }
	}
	plain := func(status int) func(http.ResponseWriter, func(http.ResponseWriter, refusal)) {
		return func(w http.ResponseWriter, _ func(http.ResponseWriter, refusal)) {
			http.Error(w, http.StatusText(status), status)
		}
	}
	switch {
	case f == faultCutBefore && seen == 1:
		return func(w http.ResponseWriter, _ func(http.ResponseWriter, refusal)) { cut(w) }
	case f == fault500Before && seen == 1:
		return plain(http.StatusInternalServerError)
	case f == fault429 && seen == 1:
		return plain(http.StatusTooManyRequests)
	case f == fault401 && seen == 1:
		return answer(3704)
	case f == faultBusy && seen <= 2:
		return answer(2220)
	case f == faultTimeoutCode && seen <= 3:
		return answer(2211)
	default:
		return nil
	}
}

// after spoils the answer to work that was done; false when the answer is to be
// written as it is.
func (f fault) after(w http.ResponseWriter, r *http.Request, slow time.Duration, status int, answer []byte) bool {
	switch f {
	case faultSlow:
		wait(r.Context(), slow)
		return false
	case faultCutAfter:
		cut(w)
	case fault503After:
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
	case faultGarbage:
		writeBytes(w, status, []byte("<html><body>\x00\xff{\"responseCode\":"))
	case faultHang:
		<-r.Context().Done()
		cut(w)
	case faultNoCode:
		var m map[string]json.RawMessage
		_ = json.Unmarshal(answer, &m)
		delete(m, "responseCode")
		writeJSON(w, status, m)
	case faultEmpty:
		w.WriteHeader(http.StatusOK)
	default:
		return false
	}
	return true
}

// cut ends the connection without an answer.
func cut(http.ResponseWriter) { panic(http.ErrAbortHandler) }
