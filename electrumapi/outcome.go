package electrumapi

import (
	"errors"
	"net/http"
	"strings"
)

// Class is what one exchange means by itself. The zero value is Unknown: forgetting
// to decide is the safe mistake.
type Class uint8

// The classes.
const (
	// Unknown may have happened. For an advice: it must be sent again.
	Unknown Class = iota
	// Success happened. For an advice: it is taken.
	Success
	// Failed did not happen, where this was the first sending. For an advice it
	// is the last word, and the advice is not taken.
	Failed
	// Auth is a refusal of our credentials (401, 403): nothing was done this
	// time. An advice must be sent again.
	Auth
	// NotSent says that nothing left: nothing was done this time.
	NotSent
)

// String names the class for logs and metrics.
func (c Class) String() string {
	switch c {
	case Success:
		return "success"
	case Failed:
		return "failed"
	case Auth:
		return "auth"
	case NotSent:
		return "not_sent"
	default:
		return "unknown"
	}
}

// Class says what the exchange means by itself, by its HTTP status first and its
// errorType second, as the three documents have it:
//
//   - 2xx is a success where there is a result in it. One without (an empty or
//     unreadable body, an error) is unknown. An advice needs no result.
//   - OUTCOME_UNKNOWN and VOUCHER_STATUS_UNKNOWN are unknown under any status, and
//     so is DUPLICATE_RECORD: an earlier message with this id arrived. For an advice
//     that is all that was wanted, so there it is a success.
//   - 404 is a success for a reversal: there was nothing to reverse.
//   - 500 and 504 are unknown. So are, which the documents do not say, other 5xx
//     than 501 and 503 without an errorType, and all of 1xx and 3xx: those were
//     said by something before or around the host, of which nobody knows what it
//     did with the request.
//   - All else failed; but for an advice only 4xx (without 408 and 429) and 501
//     are final, and no refusal of a stranger: "not found" at a wrong address
//     undoes nothing. Nor is it taken by a page for people under HTTP 200.
func (x Exchange) Class() Class {
	o := operations[x.op]
	d, err := readDetail(x.Body, nil)
	switch {
	case x.Status == 0 && !x.Sent:
		return NotSent
	case x.Status == 0, errors.Is(err, errTwice):
		return Unknown
	case d.Type == ErrorOutcomeUnknown, d.Type == ErrorVoucherUnknown:
		return Unknown
	case x.Status == http.StatusUnauthorized, x.Status == http.StatusForbidden:
		return Auth
	case o.effect.advises():
		if x.Status/100 != 2 && x.strange() || x.page() && x.Status != http.StatusAccepted {
			return Unknown
		}
		return adviceClass(o.effect, x.Status, d.Type)
	case d.Type == ErrorDuplicate:
		return Unknown
	case x.Status/100 == 2:
		if d.Type != "" || !x.hasResult(o.list) {
			return Unknown
		}
		return Success
	case x.Status == http.StatusInternalServerError, x.Status == http.StatusGatewayTimeout, x.Status < 400, x.Status > 599:
		return Unknown
	case x.Status > 500 && x.Status != http.StatusNotImplemented && x.Status != http.StatusServiceUnavailable && d.Type == "":
		return Unknown
	default:
		return Failed
	}
}

// adviceClass is Class for what is repeated until it is final.
func adviceClass(e effect, status int, t ErrorType) Class {
	switch {
	case status/100 == 2, t == ErrorDuplicate && status/100 == 4, e == reverses && status == http.StatusNotFound:
		return Success
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return Unknown
	case status/100 == 4, status == http.StatusNotImplemented:
		return Failed
	default:
		return Unknown
	}
}

// strange says that whoever answered is not known to be the host: there is a body, and
// it has nothing in it that every error and every advice of the documents has. So answer
// the gateways and proxies on the way, for whom a path is "not found" while the host is
// away.
func (x Exchange) strange() bool {
	if strings.TrimSpace(x.Body.Reveal()) == "" {
		return false
	}
	all, err := Decode[struct {
		ID           Raw `json:"id"`
		OriginalID   Raw `json:"originalId"`
		ErrorType    Raw `json:"errorType"`
		ErrorMessage Raw `json:"errorMessage"`
	}](x.Body)
	return err != nil || len(all.ID)+len(all.OriginalID)+len(all.ErrorType)+len(all.ErrorMessage) == 0
}

// page says that the answer is one for people to look at, such as that something is
// closed for maintenance.
func (x Exchange) page() bool {
	return strings.HasPrefix(strings.TrimSpace(x.Body.Reveal()), "<")
}

// hasResult says that the body can be read as a result.
func (x Exchange) hasResult(list bool) bool {
	if list {
		_, err := Decode[[]Raw](x.Body)
		return err == nil
	}
	_, err := Decode[struct{}](x.Body)
	return err == nil
}

// Detail reads what the answer says of a failure, whatever its status; zero when it
// says nothing that can be read.
func (x Exchange) Detail() ErrorDetail {
	d, err := readDetail(x.Body, x.secrets)
	if err != nil {
		return ErrorDetail{}
	}
	return d
}
