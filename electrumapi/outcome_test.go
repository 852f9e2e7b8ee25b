package electrumapi

import (
	"errors"
	"fmt"
	"testing"

	"spaza/secret"
)

// bodies are what an answer may have in it, by what matters of it.
var bodies = map[string]string{
	"result":    `{"id":"x"}`,
	"list":      `[]`,
	"empty":     ``,
	"html":      `<html>`,
	"declined":  `{"errorType":"INVALID_PRODUCT"}`,
	"new":       `{"errorType":"NEVER_HEARD_OF"}`,
	"malfunc":   `{"errorType":"SYSTEM_MALFUNCTION"}`,
	"unknown":   `{"errorType":"OUTCOME_UNKNOWN"}`,
	"voucher":   `{"errorType":"VOUCHER_STATUS_UNKNOWN"}`,
	"duplicate": `{"errorType":"DUPLICATE_RECORD"}`,
	"gateway":   `{"message":"no Route matched with those values"}`,
	"torn":      `{"errorType":"DUPLICATE_RECORD","errorType":"INVALID_PRODUCT"}`,
}

// TestEveryStatusWithEveryBody goes over all of HTTP and all kinds of body. What is
// expected is written as the documents' rules in order, apart from how Class does it.
func TestEveryStatusWithEveryBody(t *testing.T) {
	in := func(s string, of ...string) bool {
		for _, o := range of {
			if s == o {
				return true
			}
		}
		return false
	}
	want := func(e effect, list bool, status int, body string) Class {
		if in(body, "unknown", "voucher", "torn") {
			return Unknown
		}
		if status == 401 || status == 403 {
			return Auth
		}
		good := status >= 200 && status <= 299
		switch e {
		case confirms, reverses:
			switch {
			case !good && in(body, "html", "list", "gateway"), good && status != 202 && body == "html":
				return Unknown
			case good, body == "duplicate" && status >= 400 && status < 500, status == 404 && e == reverses:
				return Success
			case status == 408 || status == 429:
				return Unknown
			case status >= 400 && status < 500 || status == 501:
				return Failed
			}
			return Unknown
		}
		switch {
		case body == "duplicate":
			return Unknown
		case good && (in(body, "result", "gateway") && !list || body == "list" && list):
			return Success
		case good:
			return Unknown
		case status >= 400 && status < 500 || status == 501 || status == 503:
			return Failed
		case status > 501 && status < 600 && status != 504 && in(body, "declined", "new", "malfunc"):
			return Failed
		}
		return Unknown
	}
	for _, op := range []Op{OpAirtimePurchase, OpTokenRetry, OpAirtimeStatus, OpAirtimeProducts, OpAirtimeConfirm, OpTokenReverse} {
		o := operations[op]
		for status := 100; status <= 999; status++ {
			for name, body := range bodies {
				x := Exchange{Sent: true, Status: status, Body: secret.New(body), op: op}
				if got := x.Class(); got != want(o.effect, o.list, status, name) {
					t.Fatalf("%s, HTTP %d, %s: %s, want %s", op, status, name, got, want(o.effect, o.list, status, name))
				}
			}
		}
	}
}

func TestTheClassesThatTheDocumentsName(t *testing.T) {
	for _, c := range []struct {
		op     Op
		status int
		body   string
		want   Class
	}{
		{OpAirtimePurchase, 201, "result", Success},
		{OpTokenRetry, 202, "result", Success},
		{OpAirtimePurchase, 500, "malfunc", Unknown},
		{OpAirtimePurchase, 500, "declined", Unknown},
		{OpAirtimePurchase, 504, "empty", Unknown},
		{OpAirtimePurchase, 502, "html", Unknown},
		{OpAirtimePurchase, 307, "empty", Unknown},
		{OpAirtimePurchase, 400, "declined", Failed},
		{OpAirtimePurchase, 400, "new", Failed},
		{OpAirtimePurchase, 400, "empty", Failed},
		{OpVoucherProvision, 404, "declined", Failed},
		{OpTokenPurchase, 501, "empty", Failed},
		{OpTokenPurchase, 503, "empty", Failed},
		{OpAirtimePurchase, 400, "unknown", Unknown},
		{OpVoucherProvision, 400, "voucher", Unknown},
		{OpAirtimePurchase, 400, "duplicate", Unknown},
		{OpAirtimePurchase, 401, "empty", Auth},
		{OpAirtimePurchase, 201, "declined", Unknown},
		{OpAirtimeReverse, 404, "empty", Success},
		{OpAirtimeReverse, 404, "html", Unknown}, // of whoever is there instead
		{OpAirtimeConfirm, 404, "empty", Failed},
		{OpVoucherConfirm, 503, "empty", Unknown},
		{OpTokenConfirm, 400, "duplicate", Success},
		{OpTokenConfirm, 501, "empty", Failed},
		{OpAirtimeReverse, 500, "empty", Unknown},
	} {
		x := Exchange{Sent: true, Status: c.status, Body: secret.New(bodies[c.body]), op: c.op}
		if got := x.Class(); got != c.want {
			t.Errorf("%s, HTTP %d, %s: %s, want %s", c.op, c.status, c.body, got, c.want)
		}
	}
}

func TestWithoutAnAnswer(t *testing.T) {
	if got := (Exchange{Err: ErrBreakerOpen}).Class(); got != NotSent {
		t.Errorf("nothing left: %s", got)
	}
	if got := (Exchange{Sent: true, Err: errors.New("reset")}).Class(); got != Unknown {
		t.Errorf("no answer came: %s", got)
	}
	var zero Class
	if zero != Unknown {
		t.Errorf("the zero value is %s", zero)
	}
}

func TestWhatIsDefinite(t *testing.T) {
	for _, never := range []ErrorType{
		"", "NEVER_HEARD_OF", ErrorDuplicate, ErrorFormat, ErrorUnsupported, ErrorNoTransaction, ErrorNotFound, ErrorUpstream, ErrorGeneral,
		ErrorRouting, ErrorMalfunction, ErrorMerchant, ErrorSettled, ErrorOutcomeUnknown, ErrorVoucherUnknown, ErrorAuthentication,
		ErrorVoucherConfirmed, ErrorVoucherReversed,
	} {
		if never.Definite() {
			t.Errorf("%q settles a repetition", never)
		}
	}
	for _, always := range []ErrorType{ErrorProduct, ErrorMsisdn, ErrorFunds, ErrorMeter, ErrorHonour, ErrorDeclined, ErrorAmountTooLow} {
		if !always.Definite() {
			t.Errorf("%q does not settle a repetition", always)
		}
	}
}

func TestWhatAnErrorSays(t *testing.T) {
	x := Exchange{Sent: true, Status: 400, op: OpAirtimePurchase, secrets: []secret.Text{secret.New(testPassword)}, Body: secret.New(
		`{"id":"a","originalId":"b","errorType":"DECLINED_BY_MNO","errorMessage":"number 27821234567 and ` + testPassword + `","requestType":"PURCHASE_REQUEST",
		"detailMessage":{"formatErrors":[{"field":"x","value":"` + testPIN + `"}]},"providerErrorCode":51,"providerErrorMessage":"no","providerRef":"R-1"}`)}
	d := x.Detail()
	want := ErrorDetail{
		ID: "a", OriginalID: "b", Type: ErrorMNO, RequestType: "PURCHASE_REQUEST", Message: "number [digits] and [secret]",
		Details: `{"formatErrors":[{"field":"x","value":"[digits]"}]}`, ProviderCode: "51", ProviderText: "no", ProviderRef: "R-1",
	}
	if d != want {
		t.Errorf("read %+v", d)
	}
	if got, want := x.failure(Failed).Error(), `electrum airtime/purchases: failed, HTTP 400, DECLINED_BY_MNO, "number [digits] and [secret]", provider's code 51`; got != want {
		t.Errorf("worded %s", got)
	}
	for _, body := range []string{"", "<html>", "[]", "{}", "null", `{"errorType":{}}`} {
		x.Body = secret.New(body)
		if d := x.Detail(); d != (ErrorDetail{}) {
			t.Errorf("%s says %+v", body, d)
		}
	}
	if s := fmt.Sprint(Unknown, Success, Failed, Auth, NotSent); s != "unknown success failed auth not_sent" {
		t.Errorf("classes are called %s", s)
	}
}
