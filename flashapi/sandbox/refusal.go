package sandbox

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// refusal is a response code other than 0.
type refusal struct{ code int }

//go:embed meanings.txt
var meaningsText string

// meanings words every documented response code.
var meanings = sync.OnceValue(func() map[int]string {
	m := make(map[int]string)
	for line := range strings.Lines(meaningsText) {
		number, meaning, _ := strings.Cut(strings.TrimSpace(line), " ")
		if code, err := strconv.Atoi(number); err == nil {
			m[code] = meaning
		}
	}
	return m
})

// meaning words the code; a test number may ask for one that is not documented.
func (r refusal) meaning() string {
	if meaning, documented := meanings()[r.code]; documented {
		return meaning
	}
	return "Simulated answer"
}

// status is the HTTP status a code comes with.
func (r refusal) status() int {
	switch r.code {
	case 2232, 2233, 3700, 3701, 3702, 3703, 3704, 3711:
		return http.StatusUnauthorized
	case 2101, 2102, 2104, 2202, 2249, 2402, 2604, 2611, 2612, 2613, 2704:
		return http.StatusNotFound
	case 2373, 2377:
		return http.StatusTooManyRequests
	case 2001, 2105, 2206, 2207, 2210, 2211, 2220, 2222, 2300, 2302, 2319, 2331, 2357, 2378, 2400, 2500, 2600, 2601,
		2660, 2661, 2662, 2663, 2664, 2700, 2701, 2770, 2771, 2772, 2773, 2774, 3300, 3301, 3302:
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
