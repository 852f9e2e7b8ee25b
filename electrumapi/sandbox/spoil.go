package sandbox

import (
	"net/http"
	"time"

	"spaza/simulator"
)

// after spoils the answer to work that was done; false when the answer is to be
// written as it is. refused words an answer that says nothing of the work.
func (b blow) after(
	w http.ResponseWriter, r *http.Request, slow time.Duration, status int, answer []byte, refused func(refusal) []byte,
) bool {
	switch b.fault {
	case faultSlow:
		simulator.Wait(r.Context(), slow)
		return false
	case faultCutAfter:
		simulator.Cut()
	case fault500After, fault503After, fault504After:
		status := map[fault]int{fault500After: 500, fault503After: 503, fault504After: 504}[b.fault]
		http.Error(w, http.StatusText(status), status)
	case faultGarbage:
		simulator.Write(w, status, []byte("<html><body>\x00\xff{\"id\":"))
	case faultHang:
		simulator.Hang(r)
	case faultEmpty:
		w.WriteHeader(status)
	case faultNoGoodsOnce, faultNoGoods:
		simulator.Write(w, status, withoutGoods(answer))
	case faultOtherID:
		simulator.Write(w, status, simulator.Changed(answer, map[string]any{"id": "ffffffff-ffff-4fff-8fff-ffffffffffff"}))
	case faultOtherGoods:
		simulator.Write(w, status, otherGoods(answer))
	case faultSuccessUnder:
		simulator.Write(w, http.StatusInternalServerError, answer)
	case faultUnknownAfter:
		simulator.Write(w, http.StatusInternalServerError, refused(refusal{kind: typeUnknown}))
	case faultUnknownRefused:
		simulator.Write(w, http.StatusBadRequest, refused(refusal{kind: typeUnknown}))
	case faultUnlistedAfter:
		simulator.Write(w, http.StatusInternalServerError, refused(refusal{kind: unlistedType}))
	case faultDeep:
		simulator.WriteDeep(w, status, answer)
	case faultHuge:
		simulator.WriteHuge(w, status, answer)
	case faultDrip:
		simulator.Drip(w, r, slow, status, answer)
	case faultTruncated:
		simulator.WriteHalf(w, status, answer)
	case faultWrongTypes:
		simulator.Write(w, status, simulator.Changed(answer, map[string]any{
			"id": map[string]int{"value": 0}, "product": "R10", "voucher": true, "tokens": 7, "meter": []int{1},
			"amounts": "R10", "msisdn": 27, "thirdPartyIdentifiers": "none",
		}))
	default:
		return false
	}
	return true
}

// withoutGoods takes voucher and tokens away, and the product where the answer
// has neither, as that of a direct top-up.
func withoutGoods(answer []byte) []byte {
	m := simulator.Opened(answer)
	if m["voucher"] == nil && m["tokens"] == nil {
		return simulator.Changed(answer, map[string]any{"product": nil})
	}
	return simulator.Changed(answer, map[string]any{"voucher": nil, "tokens": nil})
}

// otherGoods makes an answer be about something else than was asked for.
func otherGoods(answer []byte) []byte {
	m := simulator.Opened(answer)
	set := func(object, name string, value any) {
		if one, is := m[object].(map[string]any); is {
			one[name] = value
		}
	}
	set("product", "productId", "SomethingElse")
	set("msisdn", "msisdn", "27000000000")
	set("meter", "meterId", "00000000000")
	set("amounts", "approvedAmount", inRands(1))
	set("amounts", "requestAmount", inRands(1))
	return simulator.Changed(answer, m)
}
