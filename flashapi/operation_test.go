package flashapi

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/secret"
)

// inTheDocument are the operations of sections 2.2 to 2.11, in their order.
var inTheDocument = []string{
	"GET /aggregation/4.0/accounts/1000200030004000/products",
	"GET /aggregation/4.0/accounts/1000200030004000/products/101",
	"GET /aggregation/4.0/accounts/1000200030004000/products/Cellular",
	"POST /aggregation/4.0/1voucher/purchase",
	"POST /aggregation/4.0/1voucher/disburse",
	"POST /aggregation/4.0/1voucher/redeem",
	"POST /aggregation/4.0/1voucher/refund",
	"POST /aggregation/4.0/1voucher/reverse",
	"POST /aggregation/4.0/gift-voucher/purchase",
	"POST /aggregation/4.0/cash-out-pin/purchase",
	"POST /aggregation/4.0/cash-out-pin/cancel",
	"POST /aggregation/4.0/cash-out-pin/lookup",
	"POST /aggregation/4.0/cash-out-pin/reverse",
	"POST /aggregation/4.0/exclusive-voucher/purchase",
	"POST /aggregation/4.0/exclusive-voucher/cancel",
	"POST /aggregation/4.0/exclusive-voucher/reverse",
	"POST /aggregation/4.0/exclusive-voucher/redeem",
	"POST /aggregation/flash-token/purchase",
	"POST /aggregation/4.0/flash-token/reverse",
	"POST /aggregation/4.0/cellular/pinless/purchase",
	"POST /aggregation/4.0/cellular/international/lookup",
	"POST /aggregation/4.0/eezi-voucher/purchase",
	"POST /aggregation/4.0/eezi-voucher/reverse",
	"POST /aggregation/4.0/prepaid-utilities/lookup",
	"POST /aggregation/4.0/prepaid-utilities/purchase",
	"POST /aggregation/4.0/flash-pay/balance",
	"POST /aggregation/4.0/flash-pay/purchase",
	"POST /aggregation/4.0/flash-pay/disburse",
}

// inTheDraft are those of the draft of March 2023, sections 2.2 to 2.8.
var inTheDraft = []string{
	"GET /v4/accounts/1000200030004000/products",
	"GET /v4/accounts/1000200030004000/products/101",
	"POST /v4/1voucher/purchase",
	"POST /v4/1voucher/disburse",
	"POST /v4/1voucher/redeem",
	"POST /v4/1voucher/refund",
	"POST /v4/gift-vouchers/purchase",
	"POST /v4/cash-out-pin/purchase",
	"POST /v4/cash-out-pin/cancel",
	"POST /v4/cellular/pinless/purchase",
	"POST /v4/eezi-voucher/purchase",
	"POST /v4/prepaid-utilities/lookup",
	"POST /v4/prepaid-utilities/purchase",
}

// recorded is a host that answers every path with what is good for its
// operation, and notes what it was asked.
type recorded struct {
	mu    sync.Mutex
	asked []string
}

func (h *recorded) roundTrip(r *http.Request) (*http.Response, error) {
	body := `{"responseCode":0,"products":[]}`
	if r.Method == http.MethodPost {
		for _, s := range specimens() {
			if o := operations[s.op]; strings.HasSuffix(r.URL.Path, string(s.op)) || (o.draft != "" && strings.HasSuffix(r.URL.Path, o.draft)) {
				body = s.good
				break
			}
		}
	}
	if strings.HasSuffix(r.URL.Path, "/token") {
		body = `{"access_token":"` + testToken + `","expires_in":3600}`
	} else {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.asked = append(h.asked, r.Method+" "+r.URL.Path)
	}
	return &http.Response{StatusCode: 200, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (h *recorded) client(t *testing.T, d Dialect) *Client {
	t.Helper()
	c, err := New(Options{
		BaseURL: "https://flash.example", APIKey: secret.New(testKey), AccountNumber: "1000200030004000", Dialect: d,
		Transport: transportFunc(h.roundTrip),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// everyCall makes every typed call there is and says which the dialect lacks.
func everyCall(t *testing.T, d Dialect) (asked []string, lacking []Op) {
	t.Helper()
	h := new(recorded)
	c := h.client(t, d)
	if _, err := c.Products(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.ProductByCode(t.Context(), "101"); err != nil {
		t.Error(err)
	}
	if _, err := c.ProductsInGroup(t.Context(), "Cellular"); d == Revision2025 && err != nil || d == Draft2023 && !errors.Is(err, ErrNotInDialect) {
		t.Error(err)
	}
	for _, s := range specimens() {
		result, err := s.call(c, t.Context(), First)
		switch {
		case errors.Is(err, ErrNotInDialect):
			lacking = append(lacking, s.op)
		case err != nil || result == nil:
			t.Errorf("%v: %v, %v", s, result, err)
		}
		if c.Has(s.op) == errors.Is(err, ErrNotInDialect) {
			t.Errorf("%v: Has says %v", s, c.Has(s.op))
		}
	}
	return slices.Compact(h.asked), slices.Compact(lacking)
}

func TestEveryOperationOfTheDocumentHasATypedCallAndItsPath(t *testing.T) {
	asked, lacking := everyCall(t, Revision2025)
	if diff := cmp.Diff(inTheDocument, asked); diff != "" || len(inTheDocument) != 28 {
		t.Errorf("(-document +calls):\n%s", diff)
	}
	if len(lacking) != 0 {
		t.Errorf("the dialect of the document lacks %v", lacking)
	}
}

func TestTheDraftHasItsOwnPathsAndLacksTheRest(t *testing.T) {
	asked, lacking := everyCall(t, Draft2023)
	if diff := cmp.Diff(inTheDraft, asked); diff != "" {
		t.Errorf("(-draft +calls):\n%s", diff)
	}
	for _, op := range lacking {
		if operations[op].draft != "" {
			t.Errorf("%s is in the draft but was refused", op)
		}
	}
	if got, want := len(inTheDraft)-2+len(lacking), len(operations); got != want {
		t.Errorf("%d operations are in the draft or lacking, want %d", got, want)
	}
}

func TestEveryOperationOfTheTableHasASpecimen(t *testing.T) {
	have := make(map[Op]bool)
	for _, s := range specimens() {
		if m := s.message(); m.Op != s.op {
			t.Errorf("%v builds %s", s, m.Op)
		}
		have[s.op] = true
	}
	for op := range operations {
		if !have[op] {
			t.Errorf("%s has no specimen, so that no rule is tested with it", op)
		}
	}
	if got, want := len(have)+3, len(inTheDocument); got != want {
		t.Errorf("%d operations are tested, the document has %d", got, want)
	}
}

func TestWhatEachOperationDoesToMoneyIsAsTheDocumentSays(t *testing.T) {
	want := map[effect][]Op{
		reads: {OpInternationalLookup, OpCashOutLookup, OpPayBalance, OpUtilityLookup},
		undoes: {
			OpVoucherReverse, OpCashOutCancel, OpCashOutReverse, OpEeziReverse, OpExclusiveCancel, OpExclusiveReverse, OpTokenReverse,
		},
	}
	for does, ops := range want {
		var got []Op
		for op, o := range operations {
			if o.effect == does {
				got = append(got, op)
			}
		}
		slices.Sort(got)
		slices.Sort(ops)
		if diff := cmp.Diff(ops, got); diff != "" {
			t.Errorf("effect %d (-want +got):\n%s", does, diff)
		}
	}
}

func TestOnlyWhatReadsSharesTheLaneOfLookups(t *testing.T) {
	c := new(recorded).client(t, Revision2025)
	for op, o := range operations {
		_, l, ok := c.route(op)
		if want := map[bool]lane{true: laneLookup, false: lanePurchase}[o.effect == reads]; !ok || l != want {
			t.Errorf("%s goes by lane %d, want %d", op, l, want)
		}
	}
}

func TestAFlashTokenCanBeBoughtUnderTheVersionToo(t *testing.T) {
	h := new(recorded)
	c := h.client(t, Revision2025)
	c.options.TokenPurchaseUnder4 = true
	for _, s := range specimensOf(OpTokenPurchase, OpTokenReverse) {
		if _, err := s.call(c, t.Context(), First); err != nil {
			t.Error(err)
		}
	}
	want := []string{"POST /aggregation/4.0/flash-token/purchase", "POST /aggregation/4.0/flash-token/reverse"}
	if diff := cmp.Diff(want, h.asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnOperationThatTheDraftLacksIsNeverSent(t *testing.T) {
	h := new(recorded)
	c := h.client(t, Draft2023)
	for _, s := range specimens() {
		if operations[s.op].draft != "" {
			continue
		}
		if _, err := c.Build(s.request); !errors.Is(err, ErrNotInDialect) || errors.Is(err, ErrInvalid) {
			t.Errorf("%v: built with error %v", s, err)
		}
		// A message kept from an account that was on the other dialect.
		m := s.message()
		if x := c.Post(t.Context(), m); x.Sent || x.Err == nil {
			t.Errorf("%v: posted, %v", s, x)
		} else if v := Judge(m, x, Again); operations[s.op].effect != reads && v.Settled != Open {
			t.Errorf("%v: what may have been sent before is settled: %+v", s, v)
		}
	}
	if len(h.asked) != 0 {
		t.Errorf("the host was asked %v", h.asked)
	}
}
