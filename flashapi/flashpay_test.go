package flashapi

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testAccount is a customer's account at a biller, with the biller's code.
const testAccount = "110110035000"

func balanceOf() PayBalance { return PayBalance{Reference: testRef, Account: testAccount} }

func payTwenty() PayPurchase {
	return PayPurchase{Reference: testRef, Account: testAccount, Amount: 20_00}
}

// payAnswer is what the document shows as the answer to all three (sections
// 3.1.28 to 3.1.30).
const payAnswer = goodHead + `,"amount":2000,"biller":{"code":"1101","name":"Kasi Fibre","callCentre":"0860 000 000","reference":"B7"},
	"consumer":{"name":"S Dlamini","accountNo":"10035000","accountStatus":"Active","cellNumber":"27600000000"}}`

var (
	kasiFibre = Biller{Code: "1101", Name: "Kasi Fibre", CallCentre: "0860 000 000", Reference: "B7"}
	dlamini   = Consumer{Name: "S Dlamini", AccountNumber: "10035000", MobileNumber: "27600000000", Status: "Active"}
)

func TestFlashPayRequestsAreWrittenAsTheDocumentSays(t *testing.T) {
	const account = `,"accountReference":"` + testAccount + `"`
	shop := Metadata{"shop": "7"}
	checkWire(t, Revision2025, []wire{
		{balanceOf(), wireBare + account + `}`},
		{PayBalance{Reference: testRef, Account: testAccount, Till: testTill, Metadata: shop}, wireMeta + account + `}`},
		{payTwenty(), wireBare + account + `,"amount":2000}`},
		{PayPurchase{Reference: testRef, Account: testAccount, Amount: 1, PaymentMethod: PayByCash, Till: testTill, Metadata: shop},
			wireMeta + account + `,"amount":1,"paymentMethod":"Cash"}`},
		{PayPurchase{Reference: testRef, Account: testAccount, Amount: 1, PaymentMethod: PayByCreditCard},
			wireBare + account + `,"amount":1,"paymentMethod":"Credit Card"}`},
		{PayDisburse{Reference: testRef, Account: testAccount, Amount: 20_00, Till: testTill}, wireTill + account + `,"amount":2000}`},
	})
}

func TestAFlashPayRequestThatTheDocumentForbidsIsNotBuilt(t *testing.T) {
	purchase := func(change func(*PayPurchase)) Request { r := payTwenty(); change(&r); return r }
	checkForbidden(t, Revision2025, map[string]Request{
		"balance: no reference":   PayBalance{Account: testAccount},
		"balance: no account":     PayBalance{Reference: testRef},
		"balance: a hyphen":       PayBalance{Reference: testRef, Account: "1101-10035000"},
		"balance: too long":       PayBalance{Reference: testRef, Account: "1101" + string(make([]byte, 50))},
		"balance: till":           PayBalance{Reference: testRef, Account: testAccount, Till: Till{TerminalID: "T-1"}},
		"purchase: no account":    purchase(func(r *PayPurchase) { r.Account = "" }),
		"purchase: no amount":     purchase(func(r *PayPurchase) { r.Amount = 0 }),
		"purchase: negative":      purchase(func(r *PayPurchase) { r.Amount = -1 }),
		"purchase: lower case":    purchase(func(r *PayPurchase) { r.PaymentMethod = "cash" }),
		"purchase: one word":      purchase(func(r *PayPurchase) { r.PaymentMethod = "CreditCard" }),
		"purchase: another way":   purchase(func(r *PayPurchase) { r.PaymentMethod = "EFT" }),
		"disbursement: no amount": PayDisburse{Reference: testRef, Account: testAccount},
		"disbursement: negative":  PayDisburse{Reference: testRef, Account: testAccount, Amount: -1},
		"disbursement: account":   PayDisburse{Reference: testRef, Account: "é", Amount: 1},
	})
}

func TestTheDraftPaysNoBillers(t *testing.T) {
	b := setup(t, func(o *Options) { o.Dialect = Draft2023 })
	for _, r := range []Request{balanceOf(), payTwenty(), PayDisburse{Reference: testRef, Account: testAccount, Amount: 1}} {
		if _, err := b.client.Build(r); !errors.Is(err, ErrNotInDialect) {
			t.Errorf("%T: %v", r, err)
		}
	}
}

func TestAnAccountAtABillerIsReadInEveryForm(t *testing.T) {
	receipt := Receipt{Reference: testRef, TransactionID: "257901", TransactionDate: "2025-05-01 10:00:00"}
	for name, c := range map[string]struct {
		pairs []string
		want  func(*BillerAccount)
		alert bool
	}{
		"as documented":     {nil, func(*BillerAccount) {}, false},
		"as text":           {[]string{`:2000`, `:"2000.00"`}, func(*BillerAccount) {}, false},
		"in credit":         {[]string{`:2000`, `:-2000`}, func(a *BillerAccount) { a.Balance = -20_00 }, false},
		"nothing":           {[]string{`:2000`, `:0`}, func(a *BillerAccount) { a.Balance = 0 }, false},
		"no balance":        {[]string{`"amount":2000,`, ``}, func(a *BillerAccount) { a.Balance, a.BalanceKnown = 0, false }, false},
		"no words":          {[]string{`:2000`, `:null`}, func(a *BillerAccount) { a.Balance, a.BalanceKnown = 0, false }, false},
		"a fraction":        {[]string{`:2000`, `:20.5`}, func(a *BillerAccount) { a.Balance, a.BalanceKnown = 0, false }, true},
		"in words":          {[]string{`:2000`, `:"R20"`}, func(a *BillerAccount) { a.Balance, a.BalanceKnown = 0, false }, true},
		"beyond belief":     {[]string{`:2000`, `:99999999999`}, func(a *BillerAccount) { a.Balance, a.BalanceKnown = 0, false }, true},
		"numbers":           {[]string{`"1101"`, `1101`, `"10035000"`, `10035000`, `"27600000000"`, `27600000000`}, func(*BillerAccount) {}, false},
		"no consumer":       {[]string{`"consumer"`, `"customer"`}, func(a *BillerAccount) { a.Consumer = Consumer{} }, false},
		"a biller in words": {[]string{`"biller":{`, `"biller":"Kasi Fibre","x":{`}, func(a *BillerAccount) { a.Biller = Biller{} }, false},
	} {
		want := &BillerAccount{Receipt: receipt, Biller: kasiFibre, Consumer: dlamini, Balance: 20_00, BalanceKnown: true}
		c.want(want)
		v := Judge(message(balanceOf()), answered(200, swap(t, payAnswer, c.pairs...)), First)
		if got, ok := v.Result.(*BillerAccount); ok {
			want.Alert, want.Detail = c.alert, got.Detail
		}
		if diff := cmp.Diff(any(want), v.Result); diff != "" || v.Alert != c.alert || v.Amount != 0 || (v.Detail != "") != c.alert {
			t.Errorf("%s: %+v\n(-want +got):\n%s", name, v, diff)
		}
	}
}

func TestABalanceThatTellsOfNoAccountIsAskedAgain(t *testing.T) {
	for _, body := range []string{`{"responseCode":0}`, `{"responseCode":0,"amount":null,"biller":null,"consumer":[]}`, `{"responseCode":0,"biller":{},"consumer":{}}`} {
		if v := Judge(message(balanceOf()), answered(200, body), First); v.Settled != Refused || v.Class != ClassRetryLater || v.Result != nil {
			t.Errorf("%s: %+v", body, v)
		}
	}
}

func TestAPaymentToABillerIsRead(t *testing.T) {
	for _, r := range []Request{payTwenty(), PayDisburse{Reference: testRef, Account: testAccount, Amount: 20_00}} {
		for name, c := range map[string]struct {
			pairs  []string
			amount Cents
			alert  bool
		}{
			"as documented":     {nil, 20_00, false},
			"as text":           {[]string{`:2000`, `:"2000"`}, 20_00, false},
			"no amount":         {[]string{`"amount":2000,`, ``}, 0, false},
			"another amount":    {[]string{`:2000`, `:1000`}, 10_00, true},
			"nothing":           {[]string{`:2000`, `:0`}, 0, true},
			"the other way":     {[]string{`:2000`, `:-2000`}, 0, true},
			"in words":          {[]string{`:2000`, `:"x"`}, 0, true},
			"a fraction":        {[]string{`:2000`, `:20.01`}, 0, true},
			"beyond all belief": {[]string{`:2000`, `:1e99`}, 0, true},
		} {
			v := Judge(message(r), answered(200, swap(t, payAnswer, c.pairs...)), First)
			p, ok := v.Result.(*Payment)
			if !ok || v.Settled != Happened || v.Alert != c.alert || v.Amount != c.amount || v.CallCentre != "0860 000 000" {
				t.Errorf("%T, %s: %+v", r, name, v)
				continue
			}
			want := &Payment{Biller: kasiFibre, Consumer: dlamini, Receipt: Receipt{
				Reference: testRef, TransactionID: "257901", TransactionDate: "2025-05-01 10:00:00", Amount: c.amount, Alert: c.alert, Detail: p.Detail,
			}}
			if diff := cmp.Diff(want, p); diff != "" {
				t.Errorf("%T, %s (-want +got):\n%s", r, name, diff)
			}
		}
		if v := Judge(message(r), answered(200, `{"responseCode":0}`), First); v.Settled != Happened || v.Alert {
			t.Errorf("%T without anything: %+v", r, v)
		}
	}
}

func TestBillersAreAskedAndPaidOverTheWire(t *testing.T) {
	b := setup(t)
	var got []*[]string
	for _, op := range []Op{OpPayBalance, OpPayPurchase, OpPayDisburse} {
		got = append(got, b.received("/aggregation/4.0/"+string(op), payAnswer))
	}
	if a, err := b.client.LookupBillerAccount(t.Context(), balanceOf()); err != nil || a.Balance != 20_00 {
		t.Errorf("%v, %v", a, err)
	}
	if p, err := b.client.PayBiller(t.Context(), payTwenty(), First); err != nil || p.Amount != 20_00 {
		t.Errorf("%v, %v", p, err)
	}
	if p, err := b.client.DisburseToBiller(t.Context(), PayDisburse{Reference: testRef, Account: testAccount, Amount: 20_00}, Again); err != nil || p.Amount != 20_00 {
		t.Errorf("%v, %v", p, err)
	}
	const account = `,"accountReference":"` + testAccount + `"`
	for i, want := range []string{
		"balance " + wireBare + account + `}`, "purchase " + wireBare + account + `,"amount":2000}`, "disburse " + wireBare + account + `,"amount":2000}`,
	} {
		if diff := cmp.Diff([]string{"/aggregation/4.0/flash-pay/" + want}, *got[i]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestAPaymentInALogNamesNobody(t *testing.T) {
	words := []string{"Dlamini", "10035000", "27600000000", "Kasi"}
	for _, m := range []Message{message(balanceOf()), message(payTwenty())} {
		namesNobody(t, Judge(m, answered(200, payAnswer), First).Result, words...)
	}
	namesNobody(t, BillerAccount{Biller: kasiFibre, Consumer: dlamini}, words...)
	namesNobody(t, Payment{Biller: kasiFibre, Consumer: dlamini}, words...)
	namesNobody(t, dlamini, words...)
}

func FuzzBillerAnswer(f *testing.F) {
	for _, s := range []string{payAnswer, `{"responseCode":0}`, `{"responseCode":0,"amount":-1,"biller":[]}`, `{"responseCode":3308}`, `{"responseCode":0,"amount":"1e9"}`} {
		f.Add([]byte(s), 200)
	}
	messages := []Message{message(balanceOf()), message(payTwenty()), message(PayDisburse{Reference: testRef, Account: testAccount, Amount: 20_00})}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		for _, m := range messages {
			checkVerdict(t, m, body, status)
		}
		v := Judge(messages[0], answered(status, string(body)), First)
		if a, ok := v.Result.(*BillerAccount); ok && (a.Balance > maxPart || a.Balance < -maxPart || (a.Balance != 0 && !a.BalanceKnown)) {
			t.Fatalf("balance %d, known %v", a.Balance, a.BalanceKnown)
		}
	})
}
