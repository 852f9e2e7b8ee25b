package electrumapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"spaza/secret"
)

// soldTopUp is an answer the way the document shows it.
const soldTopUp = `{"id":"1f3e6c0a-0000-4000-8000-000000000001","time":"2026-11-21T10:30:16.001Z",
"originator":{"institution":{"id":"100042","name":"Corner Shops"},"terminalId":"SPAZA001","merchant":{"merchantType":"5411","merchantId":"SPAZA0000000001","merchantName":{"name":"Corner Shop","city":"Soweto","region":"GP","country":"ZA"}},"channelId":"ussd"},
"client":{"id":"spaza-test","name":"spaza-test"},"receiver":{"id":"300001","name":"Network"},
"thirdPartyIdentifiers":[{"institutionId":"100042","transactionIdentifier":"P-01JTEST0000000000000001"}, {"institutionId":"300001","transactionIdentifier":"NET-77"}],
"product":{"productId":"VOD10","name":"R10","isDirectTopup":true,"type":"AIRTIME_FIXED"},
"amounts":{"requestAmount":{"amount":1000,"currency":"710"},"approvedAmount":{"amount":1000,"currency":"710","ledgerIndicator":"DEBIT"}},
"msisdn":{"msisdn":"27821234567","country":"ZA","operator":{"id":"VOD","name":"Vodacom"}},
"slipData":{"messageLines":[{"text":"Thank you"}],"issuerReference":"ABC1"},"rrn":"632510000001"}`

func TestAPurchaseOnTheWire(t *testing.T) {
	b := setup(t)
	b.answer("POST /airtime/v5/purchases", http.StatusCreated, soldTopUp)
	sale, err := b.client.PurchaseAirtime(t.Context(), topUp())
	if err != nil {
		t.Fatal(err)
	}
	if sale.Product.ProductID != "VOD10" || sale.Amounts.ApprovedAmount.Amount != 1000 || !sale.Amounts.ApprovedAmount.InRand() ||
		sale.Msisdn.Operator.Name != "Vodacom" || sale.Voucher != nil || sale.IdentifierOf("300001") != "NET-77" || sale.IdentifierOf("0") != "" ||
		sale.SlipData.MessageLines[0].Text != "Thank you" || sale.Time.UnixMilli() != 1795257016001 {
		t.Errorf("read %+v", sale)
	}

	got := b.only()
	if got.contentType != "application/json" || got.query != "" || got.auth != "Basic c3BhemEtdGVzdDpURVNULVBBU1NXT1JELW5vdC1yZWFs" {
		t.Errorf("arrived as %s, query %q, authorization %s", got.contentType, got.query, got.auth)
	}
	want := map[string]any{}
	if err := json.Unmarshal([]byte(`{
		"id": "`+ID(LabelRequest, testRef)+`", "time": "2026-11-21T10:30:15.123Z",
		"originator": {
			"institution": {"id": "100042", "name": "Corner Shops"}, "terminalId": "SPAZA001",
			"merchant": {"merchantType": "5411", "merchantId": "SPAZA0000000001",
				"merchantName": {"name": "Corner Shop", "city": "Soweto", "region": "GP", "country": "ZA"}},
			"channelId": "ussd"},
		"client": {"id": "spaza-test", "name": "spaza-test"},
		"settlementEntity": {"id": "200001", "name": "200001"}, "receiver": {"id": "300001", "name": "300001"},
		"thirdPartyIdentifiers": [{"institutionId": "100042", "transactionIdentifier": "`+testRef+`"},
			{"institutionId": "spaza-test", "transactionIdentifier": "`+testRef+`"}],
		"stan": "`+Stan(testRef, noon)+`", "rrn": "`+Rrn(testRef, noon)+`",
		"product": {"isDirectTopup": true, "productId": "VOD10"},
		"amounts": {"requestAmount": {"amount": 1000, "currency": "710"}},
		"recipientMsisdn": {"msisdn": "27821234567"}
	}`), &want); err != nil {
		t.Fatal(err)
	}
	var sent map[string]any
	if err := json.Unmarshal([]byte(got.body), &sent); err != nil || !reflect.DeepEqual(sent, want) {
		t.Errorf("sent %s: %v", got.body, err)
	}
	if one, two := b.build(topUp()), b.build(topUp()); one.Body.Reveal() != two.Body.Reveal() || one.Body.Reveal() != got.body {
		t.Error("the same purchase has other bytes the next time")
	}
}

func TestWhereTheClientIsTheOriginatorItIsNamedOnce(t *testing.T) {
	b := setup(t, func(o *Options) { o.Institution, o.InstitutionName, o.Settlement, o.Receiver = "", "", "", "" })
	sent, err := Decode[Transaction](b.build(topUp()).Body)
	if err != nil || len(sent.Identifiers()) != 1 || sent.Originator.Institution.ID != testUser || sent.SettlementEntity != nil || sent.Receiver != nil {
		t.Errorf("sent %+v: %v", sent, err)
	}
}

func TestAPINIsReadAsASecret(t *testing.T) {
	b := setup(t)
	b.answer("POST /airtime/v5/purchases", http.StatusOK, `{"product":{"productId":"PIN10"},"voucher":{"pin":`+testPIN+`,
		"serialNumber":7001,"expiryDate":"2027-11-21T00:00:00Z","batchNumber":"B1","redeemInstructions":["Dial *130*", 5]}}`)
	r := topUp()
	r.Product.IsDirectTopup, r.RecipientMsisdn = nil, nil
	sale, err := b.client.PurchaseAirtime(t.Context(), r)
	if err != nil || sale.Voucher == nil || !sale.Voucher.Pin.Equal(testPIN) || sale.Voucher.SerialNumber != "7001" ||
		sale.Voucher.ExpiryDate.Year() != 2027 || len(sale.Voucher.RedeemInstructions) != 2 {
		t.Errorf("read %+v: %v", sale, err)
	}
}

func TestATrialIsAPurchaseElsewhere(t *testing.T) {
	b := setup(t)
	b.answer("POST /airtime/v5/purchases/trials", http.StatusOK, soldTopUp)
	r := topUp()
	r.ID = ID(LabelLookup, testRef)
	if sale, err := b.client.TryAirtime(t.Context(), AirtimeTrial{r}); err != nil || sale.Product.ProductID != "VOD10" {
		t.Fatalf("read %+v: %v", sale, err)
	}
	if got := b.only(); !strings.Contains(got.body, r.ID) || !strings.Contains(got.body, "recipientMsisdn") {
		t.Errorf("sent %s", got.body)
	}
	r.RecipientMsisdn = nil
	if _, err := b.client.Build(AirtimeTrial{r}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a top-up for nobody is built: %v", err)
	}
}

func TestStatus(t *testing.T) {
	original := ID(LabelRequest, testRef)
	for _, c := range []struct {
		name  string
		r     AirtimeStatus
		query string // empty: invalid
	}{
		{"by id", AirtimeStatus{OriginalMsgID: original}, "originalMsgId=" + original},
		{"by reference", AirtimeStatus{PurchaseReference: "a&b", Provider: "VOD"}, "provider=VOD&purchaseReference=a%26b"},
		{"by both", AirtimeStatus{OriginalMsgID: original, PurchaseReference: "a", Provider: "VOD"}, ""},
		{"by half", AirtimeStatus{PurchaseReference: "a"}, ""},
		{"by nothing", AirtimeStatus{}, ""},
		{"by no UUID", AirtimeStatus{OriginalMsgID: "P-1"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := setup(t)
			b.answer("GET /airtime/v5/purchases/status", http.StatusAccepted, soldTopUp)
			sale, err := b.client.AirtimePurchaseStatus(t.Context(), c.r)
			if c.query == "" {
				if !errors.Is(err, ErrInvalid) || len(b.requests()) != 0 {
					t.Errorf("not refused: %v", err)
				}
				return
			}
			if err != nil || sale.Product.ProductID != "VOD10" {
				t.Fatalf("read %+v: %v", sale, err)
			}
			if got := b.only(); got.query != c.query || got.body != "" || got.contentType != "" {
				t.Errorf("asked %q with body %q", got.query, got.body)
			}
			if m := b.build(c.r); m.Original != c.r.OriginalMsgID {
				t.Errorf("message is about %q", m.Original)
			}
		})
	}
}

func TestWhatIsNotBought(t *testing.T) {
	b := setup(t)
	for name, change := range map[string]func(*AirtimePurchase){
		"id is missing":                func(r *AirtimePurchase) { r.ID = "" },
		"id does not have the form":    func(r *AirtimePurchase) { r.ID = "1f3e6c0a-0000-1000-8000-000000000001" },
		"time is missing":              func(r *AirtimePurchase) { r.Time = Head{}.Time },
		"own reference is missing":     func(r *AirtimePurchase) { r.OwnRef = "" },
		"channelId is longer":          func(r *AirtimePurchase) { r.ChannelID = strings.Repeat("x", 51) },
		"operatorId is longer":         func(r *AirtimePurchase) { r.OperatorID = strings.Repeat("x", 31) },
		"our own institution":          func(r *AirtimePurchase) { r.Identifiers = []ThirdPartyIdentifier{{"100042", "x"}} },
		"transactionIdentifier is":     func(r *AirtimePurchase) { r.Identifiers = []ThirdPartyIdentifier{{"1", ""}} },
		"transactionLabels[0].name":    func(r *AirtimePurchase) { r.Labels = []TransactionLabel{{"", "x"}} },
		"issuerReference does not":     func(r *AirtimePurchase) { r.SlipData = &SlipData{IssuerReference: "a b"} },
		"tranType does not":            func(r *AirtimePurchase) { r.TranType = "NO SUCH" },
		"product.productId is missing": func(r *AirtimePurchase) { r.Product.ProductID = "" },
		"product.productId does not":   func(r *AirtimePurchase) { r.Product.ProductID = "VOD-10" },
		"product.productId is longer":  func(r *AirtimePurchase) { r.Product.ProductID = strings.Repeat("1", 21) },
		"recipientMsisdn is missing":   func(r *AirtimePurchase) { r.RecipientMsisdn = nil },
		"recipientMsisdn.msisdn does":  func(r *AirtimePurchase) { r.RecipientMsisdn.Msisdn = "0821234567" },
		"senderMsisdn.country does":    func(r *AirtimePurchase) { r.SenderMsisdn = &Msisdn{Msisdn: "27821234567", Country: "za"} },
		"amount is negative":           func(r *AirtimePurchase) { r.Amounts.RequestAmount.Amount = -1 },
		"requestAmount.currency must":  func(r *AirtimePurchase) { r.Amounts.RequestAmount.Currency = "7100" },
		"requestAmount.currency does":  func(r *AirtimePurchase) { r.Amounts.RequestAmount.Currency = "ZAR" },
		"tenders[0].tenderType is":     func(r *AirtimePurchase) { r.Tenders = []Tender{{Amount: Rand(1)}} },
		"tenders[0].cardNumber does":   func(r *AirtimePurchase) { r.Tenders = paid(); r.Tenders[0].CardNumber = "4000*" },
		"paymentMethods[0].token must": func(r *AirtimePurchase) {
			r.PaymentMethods = []PaymentMethod{{Type: PaymentAn32Token, Token: secret.New(testPIN)}}
		},
		"pan is missing": func(r *AirtimePurchase) { r.PaymentMethods = []PaymentMethod{{Type: PaymentCard}} },
		"pin is missing": func(r *AirtimePurchase) {
			r.PaymentMethods = []PaymentMethod{{Type: PaymentAccount, Pin: &Pin{Type: PinClear}}}
		},
		"is not UTF-8": func(r *AirtimePurchase) { r.BasketRef = "\xff" },
		"productDisplaySortOrder is not a": func(r *AirtimePurchase) {
			r.Product.Channels = []AirtimeChannelEntry{{ChannelName: "a", ProductDisplaySortOrder: "1,"}}
		},
	} {
		r := topUp()
		change(&r)
		_, err := b.client.Build(r)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "0821234567") || strings.Contains(err.Error(), testPIN)) {
			t.Errorf("error quotes the value: %v", err)
		}
	}
}

func TestEachPaymentMethodHasItsOwn(t *testing.T) {
	some := secret.New(strings.Repeat("1", 16))
	for want, p := range map[string]PaymentMethod{
		"token is missing":         {Type: PaymentAn32Token},
		"cardNumber is missing":    {Type: PaymentLoyaltyCard},
		"pan is missing":           {Type: PaymentCard, CardNumber: some},
		"rewardCode is missing":    {Type: PaymentReward},
		"walletId is missing":      {Type: PaymentWallet},
		"tranId is missing":        {Type: PaymentQR},
		"pin is missing":           {Type: PaymentAccount, Pin: &Pin{Type: PinClear, Hash: some}},
		"pinBlock is missing":      {Type: PaymentAccount, Pin: &Pin{Type: PinEncrypted, Pin: some}},
		"hash is missing":          {Type: PaymentAccount, Pin: &Pin{Type: PinHashed, Pin: some}},
		"accountNumber must have":  {Type: PaymentAccount, Pin: &Pin{Type: PinEncrypted, PinBlock: some, EncryptionParameters: &EncryptionParameters{AccountNumber: some}}},
		"walletPocket.pocketName":  {Type: PaymentWallet, WalletID: "1", WalletPocket: &WalletPocket{}},
		"issuer.name is missing":   {Type: PaymentAccount, Issuer: &Institution{ID: "1"}},
		"proxyType does not have":  {Type: PaymentAccount, ProxyType: "e mail"},
		"amount is negative (in p": {Type: PaymentAccount, Amount: &LedgerAmount{-1, rand, ""}},
	} {
		if err := check(AirtimePurchase{Product: AirtimeProduct{ProductID: "A"}, PaymentMethods: []PaymentMethod{p}}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	for _, p := range []PaymentMethod{
		{Type: PaymentAccount}, {Type: PaymentLoyaltyCard, CardNumber: some}, {Type: PaymentCard, Pan: some}, {Type: PaymentQR, TranID: "1"}, {Type: "NEW_KIND"},
	} {
		if err := check(p); err != nil {
			t.Errorf("%s: %v", p.Type, err)
		}
	}
}
