package electrumapi

import (
	"errors"
	"net/http"
	"strconv"
)

// notThere is the code of a question whose answer is that there is no such request.
const notThere = "not_there"

// verdict is what an exchange without a success says of a sale.
type verdict struct {
	declined bool   // it did not happen, and will not
	reason   string // why, where it is declined
	alert    bool   // the operator should know
	// person says that the message cannot be sent at all, now or later.
	person bool
	// gone says that there is no such request, now.
	gone         bool
	code, detail string
}

// described fills in what is said of an exchange.
func (x Exchange) described() verdict {
	e := x.failure(x.Class())
	v := verdict{code: string(e.Detail.Type), detail: e.Error()}
	if v.code == "" && x.Status != 0 {
		v.code = "HTTP " + strconv.Itoa(x.Status)
	}
	return v
}

// judgeFirst judges the answer to a request that was never sent before.
func judgeFirst(x Exchange) verdict {
	v, class, t := x.described(), x.Class(), x.Detail().Type
	rule, known := reasonFor(operations[x.op].on, t)
	v.alert = t != "" && !known || rule.alert
	switch {
	case class == Unknown || class == Success: // a success that is none
		return v
	case class == Auth, errors.Is(x.Err, ErrCredentials), errors.Is(x.Err, ErrInvalid):
		v.declined, v.reason, v.alert = true, reasonUnavailable, true
	case class == NotSent:
		v.declined, v.reason = true, reasonTryLater
	case known: // without a reason it says that there was an earlier one
		v.declined, v.reason = rule.reason != "", rule.reason
	default:
		v.declined, v.reason = true, reasonUnavailable
		switch x.Status {
		case http.StatusServiceUnavailable, http.StatusRequestTimeout, http.StatusTooManyRequests:
			v.reason = reasonTryLater
		default: // what was refused without a reason that is listed
			v.alert = true
		}
	}
	return v
}

// judgeAgain judges the answer to a retry or a question about a request that may have
// arrived. Only what is definite about the purchase settles it; all else says what
// became of the asking.
func judgeAgain(x Exchange) verdict {
	v, class, t := x.described(), x.Class(), x.Detail().Type
	rule, known := reasonFor(operations[x.op].on, t)
	closed := x.Status == http.StatusServiceUnavailable || x.Status == http.StatusRequestTimeout || x.Status == http.StatusTooManyRequests
	refused := x.Status/100 == 4 && !closed // only then is it the purchase that is spoken of: a limit may be one of asking
	switch {
	case errors.Is(x.Err, ErrInvalid): // what was kept is not what was sent, or has nowhere to go
		v.person, v.alert = true, true
	case class == Auth, errors.Is(x.Err, ErrCredentials), t == ErrorAuthentication:
		v.alert = true
	case class != Failed:
	case t == ErrorNotFound && refused, x.op == OpAirtimeStatus && x.Status == http.StatusNotFound && t == "" && !x.strange():
		v.gone, v.code = true, notThere
	case known && t.Definite() && refused:
		v.declined, v.reason, v.alert = true, rule.reason, rule.alert
	default:
		// A retry that is not supported, or is refused for its form, will be so for
		// ever: somebody must look. A way that is closed for now opens again.
		v.alert = (!known || rule.alert) && !closed
	}
	return v
}
