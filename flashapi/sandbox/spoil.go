package sandbox

import (
	"net/http"
	"time"

	"spaza/simulator"
)

// after spoils the answer to work that was done; false when the answer is to be
// written as it is.
func (b blow) after(w http.ResponseWriter, r *http.Request, slow time.Duration, status int, answer []byte) bool {
	if b.seen > 1 && b.fault != faultNoGoods {
		return false
	}
	switch b.fault {
	case faultSlow:
		simulator.Wait(r.Context(), slow)
		return false
	case faultCutAfter:
		simulator.Cut()
	case fault503After:
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
	case faultGarbage:
		writeBytes(w, status, []byte("<html><body>\x00\xff{\"responseCode\":"))
	case faultHang:
		simulator.Hang(r)
	case faultNoCode:
		writeBytes(w, status, simulator.Changed(answer, map[string]any{"responseCode": nil}))
	case faultEmpty:
		w.WriteHeader(http.StatusOK)
	case faultNoGoodsOnce, faultNoGoods:
		writeBytes(w, status, simulator.Changed(answer, map[string]any{"voucher": nil, "tokens": nil}))
	case faultOtherRef:
		writeBytes(w, status, simulator.Changed(answer, map[string]any{"reference": "SOMEBODY-ELSES-1"}))
	case faultZeroUnder500:
		writeBytes(w, http.StatusInternalServerError, answer)
	case faultDeep:
		simulator.WriteDeep(unstored(w), status, answer)
	case faultHuge:
		simulator.WriteHuge(unstored(w), status, answer)
	case faultDrip:
		simulator.Drip(unstored(w), r, slow, status, answer)
	case faultTruncated:
		simulator.WriteHalf(unstored(w), status, answer)
	case faultWrongTypes:
		writeBytes(w, status, simulator.Changed(answer, map[string]any{
			"responseCode": map[string]int{"value": 0}, "transactionId": []int{1}, "amount": "R10", "voucher": true, "tokens": 7,
		}))
	case faultUnlisted:
		code := 9999
		if b.code != 0 {
			code = b.code
		}
		writeBytes(w, http.StatusBadRequest, simulator.Changed(answer, map[string]any{"responseCode": code, "responseMessage": "?"}))
	default:
		return false
	}
	return true
}
