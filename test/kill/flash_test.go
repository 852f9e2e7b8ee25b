package kill

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"spaza/flashapi/sandbox"
)

// flash is the simulator of Flash.
type flash struct {
	*sandbox.Sandbox
	proof proof
}

func newFlash(p proof) provider {
	// A slow answer outlasts the screen and not the patience of a test; and
	// nothing is forgotten before it was counted.
	return flash{sandbox.New(sandbox.Options{SlowFor: 1500 * time.Millisecond, KeepFor: 24 * time.Hour, Float: providerFloat}), p}
}

func (flash) moments(q *http.Request) (comes, leaves moment, moves bool) {
	return reached, sold, q.Method == http.MethodPost && strings.HasPrefix(q.URL.Path, "/aggregation/")
}

func (flash) env(url string) map[string]string {
	return map[string]string{
		"SPAZA_FLASH_BASE_URL": url, "SPAZA_FLASH_API_KEY": sandbox.DefaultAPIKey, "SPAZA_FLASH_ACCOUNT_NUMBER": sandbox.DefaultAccount,
	}
}

func (f flash) trouble(choose *rand.Rand, number string) bool {
	body := f.proof.flashFault(choose)
	if body["op"], body["target"] = "cellular/pinless/purchase", number; number == "" {
		body["op"] = "eezi-voucher/purchase"
		delete(body, "target")
	}
	return control(f, "/sandbox/faults", body)
}

// control speaks to the control endpoint of a simulator.
func control(h http.Handler, path string, body map[string]any) bool {
	b, err := json.Marshal(body)
	if err != nil {
		return false
	}
	q := httptest.NewRequest(http.MethodPost, "http://localhost"+path, bytes.NewReader(b))
	q.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q)
	return w.Code == http.StatusCreated
}

func (p proof) flashFault(choose *rand.Rand) map[string]any {
	if n := choose.IntN(10); n < 2 {
		return map[string]any{"times": 1, "delayMs": 200 + choose.IntN(1800)}
	} else if n < 4 { // the network refuses: the money goes back
		return map[string]any{"times": 1, "code": []int{2337, 2355, 2368}[choose.IntN(3)]}
	}
	names := []string{
		"slow", "cut_before", "cut_after", "http_500_before", "http_503_after", "garbage", "throttled", "unauthorised",
		"no_code", "empty", "other_reference", "zero_under_500", "truncated", "wrong_types", "code_under_200", "unlisted_code", "redirect",
	}
	if p.long {
		names = append(names, "busy", "hang", "deep", "huge", "drip", "timeout_code")
	}
	return map[string]any{"times": 1, "fault": names[choose.IntN(len(names))]}
}

// voucherFault is the same for the PIN of a voucher, by number.
func (p proof) voucherFault(choose *rand.Rand) string {
	numbers := []string{"01", "02", "03", "04", "05", "06", "07", "09", "11", "12", "16", "17", "21", "22", "23", "24", "25"}
	if p.long {
		numbers = append(numbers, "08", "10", "13", "18", "19", "20")
	}
	return numbers[choose.IntN(len(numbers))]
}

func (f flash) books() account {
	b := f.Books()
	a := account{sold: providerFloat - b.Float, takenIn: b.RedemptionBalance}
	for _, t := range b.Transactions {
		a.lines = append(a.lines, line{
			ref: t.Reference, stands: t.Status == "success", amount: t.Amount, number: t.Target, again: t.Seen > 1, text: fmt.Sprintf("flash %+v", t),
		})
	}
	return a
}
