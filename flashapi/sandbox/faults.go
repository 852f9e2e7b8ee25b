package sandbox

import (
	"net/http"
	"time"

	"spaza/simulator"
)

// fault is a way to fail; doc.go lists them. Zero and unlisted ones do nothing.
type fault int

const (
	faultSlow         fault = 1
	faultCutBefore    fault = 2
	faultCutAfter     fault = 3
	fault500Before    fault = 4
	fault503After     fault = 5
	faultGarbage      fault = 6
	fault429          fault = 7
	faultBusy         fault = 8
	fault401          fault = 9
	faultHang         fault = 10
	faultNoCode       fault = 11
	faultEmpty        fault = 12
	faultTimeoutCode  fault = 13
	faultNoGoodsOnce  fault = 14
	faultNoGoods      fault = 15
	faultOtherRef     fault = 16
	faultZeroUnder500 fault = 17
	faultDeep         fault = 18
	faultHuge         fault = 19
	faultDrip         fault = 20
	faultTruncated    fault = 21
	faultWrongTypes   fault = 22
	faultCodeUnder200 fault = 23
	faultUnlisted     fault = 24
	faultRedirect     fault = 25
)

// faultKind describes a fault to people and to the control endpoint.
type faultKind struct {
	fault   fault
	name    string // of the control endpoint
	meaning string
	before  bool // strikes instead of the work
	code    int  // the response code that it answers; 0 where it has none of its own
}

// faultKinds are all faults, in order of their numbers.
func faultKinds() []faultKind {
	return []faultKind{
		{faultSlow, "slow", "slow, then success", false, 0},
		{faultCutBefore, "cut_before", "cut before it was processed", true, 0},
		{faultCutAfter, "cut_after", "cut after it was processed", false, 0},
		{fault500Before, "http_500_before", "HTTP 500 before", true, 0},
		{fault503After, "http_503_after", "HTTP 503 after", false, 0},
		{faultGarbage, "garbage", "unreadable answer after", false, 0},
		{fault429, "throttled", "HTTP 429 before", true, 0},
		{faultBusy, "busy", "busy twice, then success", true, 2220},
		{fault401, "unauthorised", "HTTP 401 once", true, 3704},
		{faultHang, "hang", "no answer, processed", false, 0},
		{faultNoCode, "no_code", "answer without a code, processed", false, 0},
		{faultEmpty, "empty", "empty answer, processed", false, 0},
		{faultTimeoutCode, "timeout_code", "times out three times, then success", true, 2211},
		{faultNoGoodsOnce, "no_goods_once", "success without voucher or tokens, whole when repeated", false, 0},
		{faultNoGoods, "no_goods", "success without voucher or tokens, always", false, 0},
		{faultOtherRef, "other_reference", "answer with another reference, processed", false, 0},
		{faultZeroUnder500, "zero_under_500", "code 0 under HTTP 500, processed", false, 0},
		{faultDeep, "deep", "answer nested very deep, processed", false, 0},
		{faultHuge, "huge", "answer of many megabytes, processed", false, 0},
		{faultDrip, "drip", "answer in small pieces, slowly, processed", false, 0},
		{faultTruncated, "truncated", "answer broken off in the middle, processed", false, 0},
		{faultWrongTypes, "wrong_types", "answer with wrong types, processed", false, 0},
		{faultCodeUnder200, "code_under_200", "code 2222 under HTTP 200 before, then success", true, 2222},
		{faultUnlisted, "unlisted_code", "code 9999, which no document lists, processed", false, 9999},
		{faultRedirect, "redirect", "HTTP 307 to elsewhere before", true, 0},
	}
}

// number is the fault's two figures.
func (f fault) number() string { return string([]byte{'0' + byte(f/10%10), '0' + byte(f%10)}) }

// faultOfCents is the fault that the cents of an amount ask for, where the
// request has no number that could: R20.03 meets fault 03.
func faultOfCents(amount int64) fault { return fault(amount % 100) }

// blow is how one request is to be answered.
type blow struct {
	fault fault
	seen  int // which time this is, from 1, that the fault strikes the reference
	// code replaces the fault's own response code or, where it has none, is the
	// outcome instead of the work; 0 for neither.
	code  int
	delay time.Duration // before the answer, once the work is done
}

// instead answers a request that is not to be processed; body words a refusal of it.
type instead func(w http.ResponseWriter, body func(refusal) []byte)

// before is what happens instead of the work; nil when the work is to be done.
func (b blow) before() instead {
	own := func(code int) refusal {
		if b.code != 0 {
			code = b.code
		}
		return refusal{code: code}
	}
	refuse := func(code int) instead {
		return func(w http.ResponseWriter, body func(refusal) []byte) {
			no := own(code)
			writeBytes(w, no.status(), body(no))
		}
	}
	plain := func(status int) instead {
		return func(w http.ResponseWriter, _ func(refusal) []byte) {
			http.Error(w, http.StatusText(status), status)
		}
	}
	switch {
	case b.fault == faultBusy && b.seen <= 2:
		return refuse(2220)
	case b.fault == faultTimeoutCode && b.seen <= 3:
		return refuse(2211)
	case b.seen > 1:
		return nil
	}
	switch b.fault {
	case faultCutBefore:
		return func(http.ResponseWriter, func(refusal) []byte) { simulator.Cut() }
	case fault500Before:
		return plain(http.StatusInternalServerError)
	case fault429:
		return plain(http.StatusTooManyRequests)
	case fault401:
		return refuse(3704)
	case faultCodeUnder200:
		return func(w http.ResponseWriter, body func(refusal) []byte) { writeBytes(w, http.StatusOK, body(own(2222))) }
	case faultRedirect:
		return func(w http.ResponseWriter, _ func(refusal) []byte) { simulator.Redirect(w) }
	default:
		return nil
	}
}
