package flashapi

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const oneProduct = `{"productCode":101,"productName":"Vodacom Airtime","minimumAmount":200,"maximumAmount":"100000","status":"Active",
	"supplierName":"Vodacom","vendor":" Vodacom  SA ","productGroup":"Cellular","barcode":"600","billerCode":"","productType":3,
	"allowReversal":false,"fixedAmount":"false","content":{"redemptionInstructions":"none","termsAndConditions":"some"},"new":{"field":[]}}`

func TestAListOfProductsIsReadInEveryShapeItComesIn(t *testing.T) {
	want := []Product{{
		Code: "101", Name: "Vodacom Airtime", Min: 2_00, Max: 1000_00, Status: "Active", Supplier: "Vodacom", Vendor: "Vodacom SA",
		Group: "Cellular", Barcode: "600", Type: "3", Instructions: "none", Terms: "some",
	}}
	for name, body := range map[string]string{
		"wrapped":                    `{"responseCode":0,"responseMessage":"ok","products":[` + oneProduct + `]}`,
		"wrapped without a code":     `{"products":[` + oneProduct + `]}`,
		"one, wrapped":               `{"responseCode":"0","products":` + oneProduct + `}`,
		"bare array":                 `[` + oneProduct + `]`,
		"one, bare":                  oneProduct,
		"one, bare, with a code":     strings.Replace(oneProduct, "{", `{"responseCode":0,`, 1),
		"with entries that are none": `[null,7,"x",{},[],{"productName":"no code"},` + oneProduct + `]`,
		"with a byte order mark":     "\xef\xbb\xbf[" + oneProduct + "]",
	} {
		b := setup(t)
		b.mux.HandleFunc("GET /aggregation/4.0/accounts/1000200030004000/products", func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Authorization"); got != "Bearer "+testToken {
				t.Errorf("Authorization %q", got)
			}
			_, _ = io.WriteString(w, body)
		})
		got, err := b.client.Products(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAListThatCannotBeHadIsAnErrorToTryAgain(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   Class
	}{
		"no products":     {404, `{"responseCode":2104}`, ClassConfig},
		"busy":            {200, `{"responseCode":2001}`, ClassRetryLater},
		"unlisted code":   {200, `{"responseCode":9999}`, ClassRetryLater},
		"500":             {500, "", ClassRetryLater},
		"429":             {429, "", ClassThrottled},
		"garbage":         {200, "<html>", ClassRetryLater},
		"another object":  {200, `{"responseCode":0}`, ClassRetryLater},
		"list under 500":  {500, `[` + oneProduct + `]`, ClassRetryLater},
		"code unreadable": {200, `{"responseCode":"OK","products":[]}`, ClassRetryLater},
		"nested deeply":   {200, strings.Repeat("[", 100_000), ClassRetryLater},
	} {
		b := setup(t)
		b.mux.HandleFunc("GET /aggregation/4.0/accounts/{a}/products", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		list, err := b.client.Products(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Class != c.want || list != nil {
			t.Errorf("%s: %v, %v; want class %s", name, list, err, c.want)
		}
	}
}

func TestASelectionOfProductsIsEscaped(t *testing.T) {
	b := setup(t, func(o *Options) { o.AccountNumber = "12/34" })
	var paths []string
	b.mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.EscapedPath())
		_, _ = io.WriteString(w, "[]")
	})
	if _, err := b.client.ProductByCode(t.Context(), "101"); err != nil {
		t.Error(err)
	}
	if _, err := b.client.ProductsInGroup(t.Context(), "Cash Out PIN"); err != nil {
		t.Error(err)
	}
	want := []string{"/aggregation/4.0/accounts/12%2F34/products/101", "/aggregation/4.0/accounts/12%2F34/products/Cash%20Out%20PIN"}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestALongListOfProductsIsRead(t *testing.T) {
	b := setup(t)
	b.mux.HandleFunc("GET /aggregation/4.0/accounts/{a}/products", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "["+oneProduct+strings.Repeat(","+oneProduct, 4000)+"]")
	})
	if list, err := b.client.Products(t.Context()); err != nil || len(list) != 4001 {
		t.Errorf("%d products, %v", len(list), err)
	}
}

func FuzzProductsAnswer(f *testing.F) {
	for _, s := range []string{
		oneProduct, `[` + oneProduct + `]`, `{"products":[{"productCode":"x","minimumAmount":{}}]}`, `{"products":null}`, `[[[]]]`, ``,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		list, ok := decodeProducts(body)
		if !ok && list != nil {
			t.Fatal("products without a list")
		}
		for _, p := range list {
			if p.Code == "" || p.Min < 0 || p.Max < 0 {
				t.Fatalf("product %+v", p)
			}
		}
		for _, p := range (&Provider{client: &Client{}}).shelf(list) {
			if p.Min <= 0 || p.Max < p.Min || p.Code == "" || p.Network == "" {
				t.Fatalf("on sale: %+v", p)
			}
		}
	})
}
