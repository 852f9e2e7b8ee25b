package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzAVoucherOrUtilityBodyIsDoneOrRefused wants an answer in JSON for any body, of
// a documented kind, and books that add up.
func FuzzAVoucherOrUtilityBodyIsDoneOrRefused(f *testing.F) {
	id := uuid(1)
	paths := []string{
		voucherBase + "vouchers", voucherBase + "vouchers/" + id + "/retry", voucherBase + "vouchers/confirmations",
		voucherBase + "vouchers/reversals", voucherBase + "redemptions", voucherBase + "refunds",
		utilityBase + "meterLookups/" + id, utilityBase + "tokenPurchases/" + id, utilityBase + "tokenPurchases/" + id + "/trial",
		utilityBase + "tokenPurchases/" + id + "/retry", utilityBase + "tokenReprints/" + id,
		utilityBase + "keyChangeTokenRequests/" + id, utilityBase + "faultReports/" + id,
		utilityBase + "tokenPurchases/" + id + "/confirmations/" + id, utilityBase + "tokenPurchases/" + id + "/reversals/" + id,
	}
	for i := range paths {
		for _, body := range []props{
			tokens(id, "14000000134", 500_00), tokens(id, "TST005", 50_00), tokens(id, "14000000019", 1<<62),
			wish(id, "GAMESTORE50", 50_00, nil), wish(id, "", 0, props{"voucher": props{"code": "1", "pin": props{"pin": "1"}}}),
			advice(id, id, props{"reversalReason": "TIMEOUT"}),
			request(id, props{"meter": props{"meterId": "14000000118"}, "contactNumber": "1", "faultType": "NoTrip", "originalRef": id}),
		} {
			f.Add(i, inJSON(body))
		}
	}
	f.Add(0, `{"meter":[],"voucher":{"pin":1},"product":{"productId":null},"amounts":{"requestAmount":{"amount":1e300}}}`)
	f.Add(7, strings.Repeat(`{"meter":`, 1000))
	s := New(Options{SlowFor: 1})
	f.Fuzz(func(t *testing.T, which int, body string) {
		path := paths[uint(which)%uint(len(paths))]
		s.Reset()
		gone, cancel := context.WithCancel(t.Context())
		cancel() // so that no fault waits for the customer
		r := httptest.NewRequestWithContext(gone, "POST", path, strings.NewReader(body))
		r.SetBasicAuth(DefaultUser, DefaultPassword)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		serve(s, w, r)
		b := s.Books()
		if b.Float < 0 || b.PaidIn != b.Float+b.Sold {
			t.Errorf("%s %q: float %d and sold %d of %d", path, body, b.Float, b.Sold, b.PaidIn)
		}
		if len(s.books.struck) > 0 {
			return // a fault says what the answer is
		}
		var answer map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s %q: %s", path, body, w.Body)
		}
		if _, refused := answer["errorType"]; refused != (w.Code >= 400) {
			t.Errorf("%s %q: HTTP %d, %s", path, body, w.Code, w.Body)
		}
	})
}

// serve lets a handler cut the connection.
func serve(s *Sandbox, w http.ResponseWriter, r *http.Request) {
	defer func() {
		broken := recover()
		if err, is := broken.(error); broken != nil && !(is && errors.Is(err, http.ErrAbortHandler)) {
			panic(broken)
		}
	}()
	s.ServeHTTP(w, r)
}
