package sandbox

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"spaza/simulator"
)

// readers are the voucher-like operations.
func (s *Sandbox) readers() map[string]reader {
	return map[string]reader{
		"1voucher/purchase": s.readVoucherSale(true), "1voucher/disburse": s.readVoucherSale(false), "1voucher/redeem": s.readRedeem,
		"1voucher/refund": s.readRefund, "1voucher/reverse": s.readReverse(groupVoucher), "gift-voucher/purchase": s.readGift,
		"cash-out-pin/purchase": s.readPurchase(groupCashOut), "cash-out-pin/cancel": s.readCancel(groupCashOut), "cash-out-pin/lookup": s.readLookup,
		"exclusive-voucher/redeem": s.readExclusiveRedeem, "flash-token/purchase": s.readFlashToken, "cellular/pinless/purchase": s.readPinless,
	}
}

// FuzzABodyIsReadOrRefused wants a documented code, or work that can be done
// without panic, for any body.
func FuzzABodyIsReadOrRefused(f *testing.F) {
	for _, body := range []string{
		redeemBody("A", "5000500000000001", "0"), pinlessBody("A", "27600010003", "101", "1000"),
		ask("A", props{"amount": 1000, "paymentMethod": "Cash", "storeId": "S", "terminalId": "T", "metadata": props{"a": "b"}}),
		ask("A", props{"originalReference": "B"}), ask("A", props{"serialNumber": "6240900000000000", "productCode": "601"}),
		ask("A", props{"amount": 2003, "barcode": "2900000005013", "storeId": "S", "terminalId": "T"}),
		ask("A", props{"amount": 9223372036854775807, "productCode": 0}),
		`{`, `[]`, `null`, `{"reference":null}`, `{"pin":"５０００５０００００００００００１"}`, strings.Repeat(`{"metadata":`, 1000),
	} {
		f.Add(0, body)
		f.Add(5, body)
	}
	s := New(Options{})
	all := s.readers()
	ops := slices.Sorted(maps.Keys(all))
	f.Fuzz(func(t *testing.T, which int, body string) {
		op := ops[uint(which)%uint(len(ops))]
		job, no := s.understand(all[op], []byte(body))
		if no != nil {
			if _, documented := meanings()[no.code]; !documented {
				t.Errorf("%s %q: code %d", op, body, no.code)
			}
			return
		}
		if job.head.reference == "" || job.head.account != DefaultAccount || job.amount < 0 || job.run == nil {
			t.Errorf("%s %q was understood as %+v", op, body, job)
		}
		if digest(op, []byte(body)) != digest(op, []byte(" "+body+"\n")) {
			t.Errorf("%s %q is not the same with spaces around", op, body)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, moved, no := job.run(); no == nil && moved < 0 {
			t.Errorf("%s %q moved %d", op, body, moved)
		} else if no != nil {
			if _, documented := meanings()[no.code]; !documented {
				t.Errorf("%s %q: code %d", op, body, no.code)
			}
		}
	})
}

// FuzzAControlBodyIsTakenOrRefused wants an answer in JSON for any body.
func FuzzAControlBodyIsTakenOrRefused(f *testing.F) {
	paths := []string{"faults", "float", "vouchers", "tokens/revoke", "reset"}
	for i, body := range []string{`{"fault":"cut_after","times":2}`, `{"cents":0}`, `{"serialNumber":"1","status":"Redeemed"}`, ``, `{}`, `null`, `{"delayMs":1e3}`} {
		f.Add(i, body)
	}
	s := New(Options{})
	f.Fuzz(func(t *testing.T, which int, body string) {
		path := paths[uint(which)%uint(len(paths))]
		r := httptest.NewRequest("POST", "http://127.0.0.1/sandbox/"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s %q: %s", path, body, w.Body)
		}
		if _, refused := answer["error"]; refused != (w.Code >= 400) || w.Code >= 500 {
			t.Errorf("%s %q: HTTP %d, %v", path, body, w.Code, answer)
		}
		if b := s.Books(); b.Float < 0 || b.Float > simulator.MaxFloat {
			t.Errorf("%s %q: float %d", path, body, b.Float)
		}
	})
}
