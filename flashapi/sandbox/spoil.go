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
// written as it is.
func (b blow) after(w http.ResponseWriter, r *http.Request, slow time.Duration, status int, answer []byte) bool {
	if b.seen > 1 && b.fault != faultNoGoods {
		return false
	}
	switch b.fault {
	case faultSlow:
		wait(r.Context(), slow)
		return false
	case faultCutAfter:
		cut()
	case fault503After:
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
	case faultGarbage:
		writeBytes(w, status, []byte("<html><body>\x00\xff{\"responseCode\":"))
	case faultHang:
		<-r.Context().Done()
		cut()
	case faultNoCode:
		writeBytes(w, status, changed(answer, map[string]any{"responseCode": nil}))
	case faultEmpty:
		w.WriteHeader(http.StatusOK)
	case faultNoGoodsOnce, faultNoGoods:
		writeBytes(w, status, changed(answer, map[string]any{"voucher": nil, "tokens": nil}))
	case faultOtherRef:
		writeBytes(w, status, changed(answer, map[string]any{"reference": "SOMEBODY-ELSES-1"}))
	case faultZeroUnder500:
		writeBytes(w, http.StatusInternalServerError, answer)
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
			"responseCode": map[string]int{"value": 0}, "transactionId": []int{1}, "amount": "R10", "voucher": true, "tokens": 7,
		}))
	case faultUnlisted:
		code := 9999
		if b.code != 0 {
			code = b.code
		}
		writeBytes(w, http.StatusBadRequest, changed(answer, map[string]any{"responseCode": code, "responseMessage": "?"}))
	default:
		return false
	}
	return true
}

// changed is an answer with other properties; nil takes one away.
func changed(answer []byte, to map[string]any) []byte {
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	if d.Decode(&m) != nil {
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

// begun is an answer without its last brace, so that more can follow.
func begun(answer []byte, more string) []byte {
	return append(bytes.Clone(bytes.TrimSuffix(answer, []byte("}"))), more...)
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
