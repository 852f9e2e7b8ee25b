package sandbox

import (
	"net/http"
	"time"

	"spaza/simulator"
)

// fault is a way to fail; doc.go lists them. Zero and unlisted ones do nothing.
type fault int

const (
	faultSlow           fault = 1
	faultCutBefore      fault = 2
	faultCutAfter       fault = 3
	fault500Before      fault = 4
	fault500After       fault = 5
	faultGarbage        fault = 6
	fault429            fault = 7
	fault503Before      fault = 8
	fault401            fault = 9
	faultHang           fault = 10
	fault504Before      fault = 11
	faultEmpty          fault = 12
	fault504After       fault = 13
	faultNoGoodsOnce    fault = 14
	faultNoGoods        fault = 15
	faultOtherID        fault = 16
	faultSuccessUnder   fault = 17
	faultDeep           fault = 18
	faultHuge           fault = 19
	faultDrip           fault = 20
	faultTruncated      fault = 21
	faultWrongTypes     fault = 22
	faultUnknownBefore  fault = 23
	faultUnlisted       fault = 24
	faultRedirect       fault = 25
	faultUnknownAfter   fault = 26
	faultLate           fault = 27
	fault403            fault = 28
	faultOtherGoods     fault = 29
	fault503After       fault = 30
	fault408            fault = 31
	faultEmptyError     fault = 32
	fault501            fault = 33
	faultUnknownRefused fault = 34
	faultUnlistedAfter  fault = 35
)

// unlistedType is an errorType that no document lists.
const unlistedType = "PHASE_OF_THE_MOON"

// faultKind describes a fault to people and to the control endpoint.
type faultKind struct {
	fault   fault
	name    string // of the control endpoint
	meaning string
	before  bool // strikes instead of the work
}

// faultKinds are all faults, in order of their numbers.
func faultKinds() []faultKind {
	return []faultKind{
		{faultSlow, "slow", "slow, then success", false},
		{faultCutBefore, "cut_before", "cut before it was processed", true},
		{faultCutAfter, "cut_after", "cut after it was processed", false},
		{fault500Before, "http_500_before", "HTTP 500 before", true},
		{fault500After, "http_500_after", "HTTP 500 after", false},
		{faultGarbage, "garbage", "unreadable answer after", false},
		{fault429, "throttled", "HTTP 429 before", true},
		{fault503Before, "http_503_before", "HTTP 503 before", true},
		{fault401, "unauthorised", "HTTP 401 before", true},
		{faultHang, "hang", "no answer, processed", false},
		{fault504Before, "http_504_before", "HTTP 504 before", true},
		{faultEmpty, "empty", "empty answer, processed", false},
		{fault504After, "http_504_after", "HTTP 504 after", false},
		{faultNoGoodsOnce, "no_goods_once", "success without voucher or tokens, whole when asked again", false},
		{faultNoGoods, "no_goods", "success without voucher or tokens, always", false},
		{faultOtherID, "other_id", "answer with another id, processed", false},
		{faultSuccessUnder, "success_under_500", "the body of a success under HTTP 500, processed", false},
		{faultDeep, "deep", "answer nested very deep, processed", false},
		{faultHuge, "huge", "answer of many megabytes, processed", false},
		{faultDrip, "drip", "answer in small pieces, slowly, processed", false},
		{faultTruncated, "truncated", "answer broken off in the middle, processed", false},
		{faultWrongTypes, "wrong_types", "answer with wrong types, processed", false},
		{faultUnknownBefore, "outcome_unknown_before", "OUTCOME_UNKNOWN under HTTP 500, not processed", true},
		{faultUnlisted, "unlisted_type", "an error type that no document lists under HTTP 400, not processed", true},
		{faultRedirect, "redirect", "HTTP 307 to elsewhere before", true},
		{faultUnknownAfter, "outcome_unknown_after", "OUTCOME_UNKNOWN under HTTP 500, processed", false},
		{faultLate, "late", "no answer, and processed only later", false},
		{fault403, "forbidden", "HTTP 403 before", true},
		{faultOtherGoods, "other_goods", "answer about another product, number and amount, processed", false},
		{fault503After, "http_503_after", "HTTP 503 after", false},
		{fault408, "http_408_before", "HTTP 408 before", true},
		{faultEmptyError, "empty_error", "HTTP 400 with an empty body before", true},
		{fault501, "http_501_before", "HTTP 501 before", true},
		{faultUnknownRefused, "outcome_unknown_under_400", "OUTCOME_UNKNOWN under HTTP 400, processed", false},
		{faultUnlistedAfter, "unlisted_type_after", "an error type that no document lists under HTTP 500, processed", false},
	}
}

// number is the fault's two figures.
func (f fault) number() string { return string([]byte{'0' + byte(f/10%10), '0' + byte(f%10)}) }

// blow is how one message is to be answered.
type blow struct {
	fault fault
	// told, where there is one, is the outcome instead of the work.
	told  *refusal
	delay time.Duration // before the answer, once the work is done
}

// instead answers a message that is not to be processed; body words a refusal of it.
type instead func(w http.ResponseWriter, body func(refusal) []byte)

// before is what happens instead of the work; nil when the work is to be done.
func (b blow) before() instead {
	plain := func(status int) instead {
		return func(w http.ResponseWriter, _ func(refusal) []byte) {
			http.Error(w, http.StatusText(status), status)
		}
	}
	refuse := func(no refusal) instead {
		return func(w http.ResponseWriter, body func(refusal) []byte) { simulator.Write(w, no.code(), body(no)) }
	}
	switch b.fault {
	case faultCutBefore:
		return func(http.ResponseWriter, func(refusal) []byte) { simulator.Cut() }
	case fault500Before:
		return plain(http.StatusInternalServerError)
	case fault501:
		return refuse(refusal{kind: typeNoFunction})
	case fault503Before:
		return refuse(refusal{kind: typeUnavailable})
	case fault504Before:
		return plain(http.StatusGatewayTimeout)
	case fault408:
		return plain(http.StatusRequestTimeout)
	case fault429:
		return plain(http.StatusTooManyRequests)
	case fault401:
		return func(w http.ResponseWriter, _ func(refusal) []byte) { turnAway(w) }
	case fault403:
		return plain(http.StatusForbidden)
	case faultUnknownBefore:
		return refuse(refusal{kind: typeUnknown})
	case faultUnlisted:
		return refuse(refusal{kind: unlistedType})
	case faultEmptyError:
		return func(w http.ResponseWriter, _ func(refusal) []byte) { w.WriteHeader(http.StatusBadRequest) }
	case faultRedirect:
		return func(w http.ResponseWriter, _ func(refusal) []byte) { simulator.Redirect(w) }
	default:
		return nil
	}
}
