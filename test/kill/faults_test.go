package kill

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"time"
)

// fault switches a fault on at the provider for whatever comes next to a target.
// False says that it is not: too many are.
func (r *rig) fault(target string, f fault) bool {
	body := map[string]any{"op": "cellular/pinless/purchase", "target": target, "times": 1}
	if f.name != "" {
		body["fault"] = f.name
	}
	if f.code != 0 {
		body["code"] = f.code
	}
	if f.delay != 0 {
		body["delayMs"] = f.delay.Milliseconds()
	}
	b, err := json.Marshal(body)
	if err != nil {
		return false
	}
	resp, err := http.Post(r.provider.URL+"/sandbox/faults", "application/json", bytes.NewReader(b))
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusCreated
}

// fault is one of the simulator's, for a recharge.
type fault struct {
	name  string
	code  int
	delay time.Duration
}

// anyFault is one that the next attempts clear up. What only a person can decide,
// such as an empty float where it is not known whether it was so the first time, is
// not among them.
func (p proof) anyFault(choose *rand.Rand) fault {
	if n := choose.IntN(10); n < 2 {
		return fault{delay: time.Duration(200+choose.IntN(1800)) * time.Millisecond}
	} else if n < 4 { // the network refuses: the money goes back
		return fault{code: []int{2337, 2355, 2368}[choose.IntN(3)]}
	}
	names := []string{
		"slow", "cut_before", "cut_after", "http_500_before", "http_503_after", "garbage", "throttled", "unauthorised",
		"no_code", "empty", "other_reference", "zero_under_500", "truncated", "wrong_types", "code_under_200", "unlisted_code", "redirect",
	}
	if p.long {
		names = append(names, "busy", "hang", "deep", "huge", "drip", "timeout_code")
	}
	return fault{name: names[choose.IntN(len(names))]}
}

// voucherFault is the same for the PIN of a voucher, by number.
func (p proof) voucherFault(choose *rand.Rand) string {
	numbers := []string{"01", "02", "03", "04", "05", "06", "07", "09", "11", "12", "16", "17", "21", "22", "23", "24", "25"}
	if p.long {
		numbers = append(numbers, "08", "10", "13", "18", "19", "20")
	}
	return numbers[choose.IntN(len(numbers))]
}
