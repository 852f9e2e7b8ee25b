package flashapi

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/secret"
)

func TestARedemptionIsWrittenAsTheDocumentSays(t *testing.T) {
	b := setup(t, func(o *Options) { o.StoreID, o.TerminalID = "S1", "T1" })
	for name, c := range map[string]struct {
		request Request
		want    string
	}{
		"in full": {
			redeemAll(),
			`{"reference":"` + testRef + `","accountNumber":"1000200030004000","storeId":"S1","terminalId":"T1","pin":"` + testPIN + `","amount":0}`,
		},
		"in part": {
			RedeemPart{Reference: testRef, PIN: secret.New(testPIN), Amount: 20_00, MobileNumber: "27821234567", Metadata: Metadata{"shop": "7"}},
			`{"reference":"` + testRef + `","accountNumber":"1000200030004000","storeId":"S1","terminalId":"T1","metadata":{"shop":"7"},"pin":"` + testPIN + `","amount":2000,"mobileNumber":"27821234567"}`,
		},
	} {
		m := b.build(c.request)
		if m.Op != OpRedeem || m.Reference != testRef || m.Body.Reveal() != c.want {
			t.Errorf("%s: %s %s\n got %s\nwant %s", name, m.Op, m.Reference, m.Body.Reveal(), c.want)
		}
	}
}

func TestARedemptionThatTheDocumentForbidsIsNotBuilt(t *testing.T) {
	b := setup(t)
	long := make(Metadata)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		long[name] = "v"
	}
	pin := secret.New(testPIN)
	for name, r := range map[string]Request{
		"no reference":         RedeemFull{PIN: pin},
		"underscore":           RedeemFull{Reference: "A_B", PIN: pin},
		"comma":                RedeemFull{Reference: "A,B", PIN: pin},
		"letter abroad":        RedeemFull{Reference: "Ä", PIN: pin},
		"long reference":       RedeemFull{Reference: "123456789012345678901234567890123456789012345678901", PIN: pin},
		"no PIN":               RedeemFull{Reference: "A"},
		"short PIN":            RedeemFull{Reference: "A", PIN: secret.New("500050000000000")},
		"long PIN":             RedeemFull{Reference: "A", PIN: secret.New("50005000000000011")},
		"spaced PIN":           RedeemFull{Reference: "A", PIN: secret.New("5000 50000000001")},
		"other digits":         RedeemFull{Reference: "A", PIN: secret.New("٥٠٠٠٥٠٠٠")},
		"ten pairs":            RedeemFull{Reference: "A", PIN: pin, Metadata: long},
		"long name":            RedeemFull{Reference: "A", PIN: pin, Metadata: Metadata{"elevenchars": ""}},
		"no name":              RedeemFull{Reference: "A", PIN: pin, Metadata: Metadata{"": ""}},
		"part without amount":  RedeemPart{Reference: "A", PIN: pin},
		"part of less":         RedeemPart{Reference: "A", PIN: pin, Amount: -1},
		"part, national":       RedeemPart{Reference: "A", PIN: pin, Amount: 1, MobileNumber: "0821234567"},
		"part, 27 and 0":       RedeemPart{Reference: "A", PIN: pin, Amount: 1, MobileNumber: "27082123456"},
		"part, no PIN":         RedeemPart{Reference: "A", Amount: 1},
		"part, with no number": RedeemPart{Reference: "", PIN: pin, Amount: 1},
	} {
		if _, err := b.client.Build(r); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: error %v, want ErrInvalid", name, err)
		}
	}
}

func TestTheValueToCreditIsFound(t *testing.T) {
	const full, part = 0, 20_00 // what is asked for
	for name, c := range map[string]struct {
		asked  Cents
		body   string
		amount Cents // 0: nothing is credited and a person is asked
		alert  bool
	}{
		"amount":                         {full, `{"responseCode":0,"amount":5000}`, 5000, false},
		"amount as text":                 {full, `{"responseCode":0,"amount":"5000"}`, 5000, false},
		"amount with zeros":              {full, `{"responseCode":0,"amount":5000.00}`, 5000, false},
		"amount and the same in voucher": {full, `{"responseCode":0,"amount":5000,"voucher":{"amount":5000}}`, 5000, false},
		"amount and nothing left":        {full, `{"responseCode":0,"amount":5000,"voucher":{"amount":0}}`, 5000, false},
		"amount and another in voucher":  {full, `{"responseCode":0,"amount":5000,"voucher":{"amount":100}}`, 5000, true},
		"zero echoed":                    {full, `{"responseCode":0,"amount":0,"voucher":{"amount":5000}}`, 5000, false},
		"only in voucher":                {full, `{"responseCode":0,"voucher":{"amount":5000}}`, 5000, false},
		"our PIN echoed":                 {full, `{"responseCode":0,"amount":0,"voucher":{"amount":5000,"pin":"` + testPIN + `"}}`, 5000, false},
		"amount, and change":             {full, `{"responseCode":0,"amount":4000,"voucher":{"amount":1000,"pin":"8111111111111111"}}`, 4000, true},
		"change only":                    {full, `{"responseCode":0,"amount":0,"voucher":{"amount":1000,"pin":"8111111111111111"}}`, 0, true},
		"neither":                        {full, `{"responseCode":0}`, 0, true},
		"both zero":                      {full, `{"responseCode":0,"amount":0,"voucher":{"amount":0}}`, 0, true},
		"null":                           {full, `{"responseCode":0,"amount":null,"voucher":null}`, 0, true},
		"negative":                       {full, `{"responseCode":0,"amount":-5000,"voucher":{"amount":5000}}`, 0, true},
		"fraction of a cent":             {full, `{"responseCode":0,"amount":50.5,"voucher":{"amount":5000}}`, 0, true},
		"words":                          {full, `{"responseCode":0,"amount":"R50"}`, 0, true},
		"two amounts":                    {full, `{"responseCode":0,"amount":5000,"amount":6000}`, 0, true},
		"beyond belief":                  {full, `{"responseCode":0,"amount":10000001}`, 0, true},
		"overflow":                       {full, `{"responseCode":0,"amount":9223372036854775808}`, 0, true},
		"part":                           {part, `{"responseCode":0,"amount":2000,"voucher":{"amount":3000,"pin":"8111111111111111"}}`, 2000, false},
		"part by SMS":                    {part, `{"responseCode":0,"amount":2000}`, 2000, false},
		"part, another amount":           {part, `{"responseCode":0,"amount":1000}`, 1000, true},
		"part without an amount":         {part, `{"responseCode":0,"voucher":{"amount":3000,"pin":"8111111111111111"}}`, 0, true},
		"voucher is not an object":       {full, `{"responseCode":0,"amount":5000,"voucher":[1]}`, 5000, true},
		"nothing but an odd voucher":     {full, `{"responseCode":0,"voucher":[1]}`, 0, true},
	} {
		pin := secret.New(testPIN)
		for _, r := range map[bool][]Request{
			true:  {redeemAll(), ExclusiveRedeemFull{Reference: testRef, PIN: pin}},
			false: {RedeemPart{Reference: testRef, PIN: pin, Amount: part}, ExclusiveRedeemPart{Reference: testRef, PIN: pin, Amount: part}},
		}[c.asked == full] {
			v := Judge(message(r), answered(200, c.body), First)
			want := short{Class: ClassSuccess, Settled: Happened, Alert: c.alert}
			if c.amount == 0 {
				want = short{Class: ClassUnknown, Settled: Open, Person: true, Alert: true}
			}
			if diff := cmp.Diff(want, shorten(v)); diff != "" || v.Amount != c.amount {
				t.Errorf("%s (%T): amount %d, want %d; verdict (-want +got):\n%s", name, r, v.Amount, c.amount, diff)
			}
		}
	}
}

func TestAPartialRedemptionGivesTheChangeVoucher(t *testing.T) {
	b := setup(t)
	b.handleOp(OpRedeem, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer "+testToken {
			t.Errorf("Authorization %q", got)
		}
		if got := r.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("Content-Type %q", got)
		}
		var body map[string]any
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body["amount"] != 2000.0 {
			t.Errorf("body %v, %v", body, err)
		}
		_, _ = io.WriteString(w, `{"responseCode":"0","reference":"`+testRef+`","transactionId":257901,"transactionDate":"2025-05-01 10:00:00",
			"amount":2000,"voucher":{"amount":"3000","expiryDate":"2028-05-01","pin":8111111111111111,"serialNumber":77,"status":"Active",
			"content":{"redemptionInstructions":"Enter the PIN"}},"surprise":{"deep":[1,2]}}`)
	})
	got, err := b.client.RedeemPart(t.Context(), RedeemPart{Reference: testRef, PIN: secret.New(testPIN), Amount: 20_00}, First)
	if err != nil {
		t.Fatal(err)
	}
	want := &Redemption{
		Receipt: Receipt{Reference: testRef, TransactionID: "257901", TransactionDate: "2025-05-01 10:00:00", Amount: 20_00},
		Change: &Voucher{
			PIN: secret.New("8111111111111111"), Amount: 30_00, SerialNumber: "77", ExpiryDate: "2028-05-01",
			Status: "Active", Instructions: secret.New("Enter the PIN"),
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b secret.Text) bool { return a.Equal(b.Reveal()) })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARefusedRedemptionIsATypedError(t *testing.T) {
	b := setup(t)
	b.answerOp(OpRedeem, 400, `{"responseCode":2402,"responseMessage":"No voucher `+testPIN+`","reference":"`+testRef+`","transactionId":"257901","path":"/x"}`)
	_, err := b.client.RedeemFull(t.Context(), redeemAll(), First)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v", err)
	}
	want := Error{
		Op: OpRedeem, HTTPStatus: 400, Code: "2402", Message: "No voucher [secret]", Reference: testRef, TransactionID: "257901",
		Class: ClassUserInput, Reason: "voucher_not_found", Sent: true, Refused: true,
	}
	if diff := cmp.Diff(want, *e); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := b.observations(); got != "token ok; 1voucher/redeem user_input" {
		t.Errorf("observed %s", got)
	}
}
