package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	deepLevels = 100_000 // of an answer with fault 18
	hugeLength = 8 << 20 // of an answer with fault 19, in bytes
	dripLength = 16      // of a piece with fault 20, in bytes
	dripPause  = 5       // Options.SlowFor is so many pauses between two pieces
)

// after spoils the answer to work that was done; false when the answer is to be
// written as it is. refused words an answer that says nothing of the work.
func (b blow) after(
	w http.ResponseWriter, r *http.Request, slow time.Duration, status int, answer []byte, refused func(refusal) []byte,
) bool {
	switch b.fault {
	case faultSlow:
		wait(r.Context(), slow)
		return false
	case faultCutAfter:
		cut()
	case fault500After, fault503After, fault504After:
		status := map[fault]int{fault500After: 500, fault503After: 503, fault504After: 504}[b.fault]
		http.Error(w, http.StatusText(status), status)
	case faultGarbage:
		writeBytes(w, status, []byte("<html><body>\x00\xff{\"id\":"))
	case faultHang:
		<-r.Context().Done()
		cut()
	case faultEmpty:
		w.WriteHeader(status)
	case faultNoGoodsOnce, faultNoGoods:
		writeBytes(w, status, withoutGoods(answer))
	case faultOtherID:
		writeBytes(w, status, changed(answer, map[string]any{"id": "ffffffff-ffff-4fff-8fff-ffffffffffff"}))
	case faultOtherGoods:
		writeBytes(w, status, otherGoods(answer))
	case faultSuccessUnder:
		writeBytes(w, http.StatusInternalServerError, answer)
	case faultUnknownAfter:
		writeBytes(w, http.StatusInternalServerError, refused(refusal{kind: typeUnknown}))
	case faultUnknownRefused:
		writeBytes(w, http.StatusBadRequest, refused(refusal{kind: typeUnknown}))
	case faultUnlistedAfter:
		writeBytes(w, http.StatusInternalServerError, refused(refusal{kind: unlistedType}))
	case faultDeep:
		writeBytes(w, status, begun(answer, `,"additional":`+strings.Repeat("[", deepLevels)+strings.Repeat("]", deepLevels)+"}"))
	case faultHuge:
		writeHuge(w, status, answer)
	case faultDrip:
		drip(w, r, slow/dripPause, status, answer)
	case faultTruncated:
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		writeBytes(w, status, answer[:len(answer)/2])
		cut()
	case faultWrongTypes:
		writeBytes(w, status, changed(answer, map[string]any{
			"id": map[string]int{"value": 0}, "product": "R10", "voucher": true, "tokens": 7, "meter": []int{1},
			"amounts": "R10", "msisdn": 27, "thirdPartyIdentifiers": "none",
		}))
	default:
		return false
	}
	return true
}

// opened reads an answer's properties; nil when it is no JSON object.
func opened(answer []byte) (m map[string]any) {
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	if d.Decode(&m) != nil {
		return nil
	}
	return m
}

// changed is an answer with other properties; nil takes one away. One that is no
// object stays as it is.
func changed(answer []byte, to map[string]any) []byte {
	m := opened(answer)
	if m == nil {
		return answer
	}
	for name, value := range to {
		if value == nil {
			delete(m, name)
		} else {
			m[name] = value
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return answer
	}
	return b
}

// withoutGoods takes voucher and tokens away, and the product where the answer
// has neither, as that of a direct top-up.
func withoutGoods(answer []byte) []byte {
	m := opened(answer)
	if m["voucher"] == nil && m["tokens"] == nil {
		return changed(answer, map[string]any{"product": nil})
	}
	return changed(answer, map[string]any{"voucher": nil, "tokens": nil})
}

// otherGoods makes an answer be about something else than was asked for.
func otherGoods(answer []byte) []byte {
	m := opened(answer)
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
	return changed(answer, m)
}

// begun is an answer without its last brace, so that more can follow. One that is
// no object becomes one.
func begun(answer []byte, more string) []byte {
	head, is := bytes.CutSuffix(answer, []byte("}"))
	if !is || len(head) < 2 {
		head = []byte(`{"answer":null`)
	}
	return append(bytes.Clone(head), more...)
}

// writeHuge writes the answer with one more property of many megabytes.
func writeHuge(w http.ResponseWriter, status int, answer []byte) {
	writeBytes(w, status, begun(answer, `,"additional":"`))
	chunk := []byte(strings.Repeat("x", 64<<10))
	for range hugeLength / len(chunk) {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
	_, _ = w.Write([]byte(`"}`))
}

// drip writes the answer in small pieces until it is whole or nobody listens.
func drip(w http.ResponseWriter, r *http.Request, pause time.Duration, status int, answer []byte) {
	writeBytes(w, status, nil)
	flush := http.NewResponseController(w)
	for piece := range slices.Chunk(answer, dripLength) {
		if r.Context().Err() != nil {
			cut()
		}
		if _, err := w.Write(piece); err != nil || flush.Flush() != nil {
			return
		}
		wait(r.Context(), pause)
	}
}
