package sandbox

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// refusal is a response code other than 0.
type refusal struct{ code int }

// meaning words the codes that this simulator gives by itself.
func (r refusal) meaning() string {
	switch r.code {
	case 2003:
		return "The merchant's balance is too small"
	case 2101:
		return "No such product on this account"
	case 2103:
		return "The product has another price"
	case 2204:
		return "The amount is outside the product's limits"
	case 2202:
		return "No such account"
	case 2211:
		return "Timed out further on, send the same request again"
	case 2220:
		return "Still being processed"
	case 2231:
		return "The request body is not valid"
	case 2256:
		return "The reference was used with another request"
	case 2301:
		return "The reference is too long"
	case 2308:
		return "A required property is missing"
	case 2335:
		return "The mobile number is not valid"
	case 2401:
		return "The voucher was used"
	case 2402:
		return "The voucher does not exist"
	case 2405:
		return "The voucher has expired"
	case 2408:
		return "The amount is larger than the voucher"
	case 3701:
		return "No security token"
	case 3702:
		return "The security token is blank"
	case 3703:
		return "The security token is malformed"
	case 3704:
		return "The security token is not valid"
	default:
		return "Simulated answer"
	}
}

// status is the HTTP status a code comes with.
func (r refusal) status() int {
	switch r.code {
	case 2232, 2233, 3700, 3701, 3702, 3703, 3704, 3711:
		return http.StatusUnauthorized
	case 2101, 2102, 2104, 2202, 2402:
		return http.StatusNotFound
	case 2373, 2377:
		return http.StatusTooManyRequests
	case 2001, 2105, 2206, 2207, 2210, 2211, 2220, 2222, 2300, 2302, 2319, 2331, 2378, 2400, 2500, 2600, 2700:
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

// body is the error body (section 1.2.1.2). The transaction's number is a
// string here and an integer in successes, as in the document.
func (r refusal) body(reference string, transactionID int64, path string) []byte {
	b, err := json.Marshal(struct {
		ResponseCode    int    `json:"responseCode"`
		ResponseMessage string `json:"responseMessage"`
		Reference       string `json:"reference"`
		TransactionID   string `json:"transactionId"`
		Path            string `json:"path"`
	}{r.code, r.meaning(), reference, strconv.FormatInt(transactionID, 10), "/api/v4/" + path})
	if err != nil {
		return nil
	}
	return b
}
