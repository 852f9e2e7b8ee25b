package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	purchases     = airtimeBase + "purchases"
	confirmations = purchases + "/confirmations"
	reversals     = purchases + "/reversals"
)

// topUp is a request for airtime sent to a number.
func topUp(id, product, number string, cents int64) props {
	return request(id, props{
		"product": props{"productId": product}, "recipientMsisdn": props{"msisdn": number},
		"amounts": props{"requestAmount": inRands(cents)},
		"tenders": []props{{"tenderType": "WALLET", "amount": inRands(cents)}},
	})
}

// pin is a request for a voucher.
func pin(id, product string) props { return request(id, props{"product": props{"productId": product}}) }

func confirmation(id, original string, cents int64) props {
	return advice(id, original, props{"tenders": []props{{"tenderType": "CASH", "amount": inRands(cents)}}})
}

func reversal(id, original string) props {
	return advice(id, original, props{"reversalReason": "TIMEOUT"})
}

func TestATopUpIsAnsweredWithWhatWasAskedAndTwoMoreParties(t *testing.T) {
	l := setup(t)
	id := l.id()
	r := l.post(purchases+"/", topUp(id, "MTNAIR", "+27831234567", 50_00))
	r.want(t, "purchase", 201, "")
	for path, want := range map[string]any{
		"id": id, "originator.merchant.merchantName.city": "Cape Town", "originator.channelId": "ussd", "client.id": DefaultUser,
		"stan": "000001", "rrn": "512108000001", "product.productId": "MTNAIR", "product.isDirectTopup": true,
		"product.operator.name": "MTN", "amounts.approvedAmount.amount": 5000.0, "amounts.approvedAmount.currency": "710",
		"msisdn.msisdn": "27831234567", "msisdn.operator.id": "MTN", "voucher": nil, "settlementEntity.name": "Electrum", "receiver.name": "MTN",
		"thirdPartyIdentifiers.0.transactionIdentifier": "P-0001", "thirdPartyIdentifiers.2.institutionId": "33333333",
		"thirdPartyIdentifiers.3.institutionId": "MTN", "thirdPartyIdentifiers.4": nil, "slipData.messageLines.0.text": "MTN Airtime",
	} {
		if got := r.at(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	if got := r.header.Get("Location"); got == "" {
		t.Error("201 without a location")
	}
	l.money("a top-up", DefaultFloat-50_00)
	own := topUp(l.id(), "MTNAIR", "27831234567", 50_00)
	own["settlementEntity"], own["receiver"] = props{"id": "S", "name": "Settler"}, props{"id": "R", "name": "Receiver"}
	r = l.post(purchases, own)
	if r.at("settlementEntity.name") != "Settler" || r.at("receiver.id") != "R" || r.at("thirdPartyIdentifiers.2.institutionId") != "S" {
		t.Errorf("parties of the request: %s", r.text)
	}
}

func TestPurchases(t *testing.T) {
	const ordinary = "27821234567"
	for name, test := range map[string]struct {
		body   props
		status int
		kind   string
		cents  int64
	}{
		"airtime":                {topUp(uuid(1), "VODAIR", ordinary, 12_34), 201, "", 12_34},
		"the least":              {topUp(uuid(1), "VODAIR", ordinary, minTopUp), 201, "", minTopUp},
		"too little":             {topUp(uuid(1), "VODAIR", ordinary, minTopUp-1), 400, typeAmount, 0},
		"too much":               {topUp(uuid(1), "VODAIR", ordinary, maxTopUp+1), 400, typeAmount, 0},
		"no amount":              {with(topUp(uuid(1), "VODAIR", ordinary, 1), props{"amounts": nil}), 400, typeAmount, 0},
		"data":                   {topUp(uuid(1), "VODD1G", ordinary, 85_00), 201, "", 85_00},
		"data without amount":    {with(topUp(uuid(1), "VODD1G", ordinary, 1), props{"amounts": nil}), 201, "", 85_00},
		"data at another price":  {topUp(uuid(1), "VODD1G", ordinary, 84_00), 400, typeAmount, 0},
		"data for nothing":       {topUp(uuid(1), "VODD1G", ordinary, 0), 400, typeAmount, 0},
		"a PIN":                  {pin(uuid(1), "CELLCPIN29"), 201, "", 29_00},
		"unknown product":        {pin(uuid(1), "NOSUCH"), 400, typeProduct, 0},
		"PIN taken for a top-up": {with(pin(uuid(1), "CELLCPIN29"), props{"product": props{"productId": "CELLCPIN29", "isDirectTopup": true}}), 400, typeProduct, 0},
		"top-up to nobody":       {with(topUp(uuid(1), "VODAIR", ordinary, 10_00), props{"recipientMsisdn": nil}), 400, typeFormat, 0},
		"local number":           {topUp(uuid(1), "VODAIR", "0821234567", 10_00), 400, typeFormat, 0},
		"dollars":                {with(topUp(uuid(1), "VODAIR", ordinary, 1), props{"amounts": props{"requestAmount": props{"amount": 1000, "currency": "840"}}}), 400, typeFormat, 0},
		"amount as text":         {with(topUp(uuid(1), "VODAIR", ordinary, 1), props{"amounts": props{"requestAmount": props{"amount": "1000", "currency": 710}}}), 201, "", 10_00},
		"tender of no kind":      {with(pin(uuid(1), "CELLCPIN29"), props{"tenders": []props{{"tenderType": "SHELLS", "amount": inRands(1)}}}), 400, typeFormat, 0},
		"declined number":        {topUp(uuid(1), "VODAIR", wishedMobile+"02", 10_00), 400, "DECLINED_BY_MNO", 0},
		"no certain outcome":     {topUp(uuid(1), "VODAIR", wishedMobile+"15", 10_00), 500, "GENERAL_ERROR", 0},
		"product out of stock":   {pin(uuid(1), "CELLCPIN29E04"), 400, "OUT_OF_STOCK", 0},
		"other user's client":    {with(pin(uuid(1), "CELLCPIN29"), props{"client": props{"id": "other", "name": "Other"}}), 400, typeFormat, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := setup(t)
			r := l.post(purchases, test.body)
			r.want(t, "purchase", test.status, test.kind)
			l.money("afterwards", DefaultFloat-test.cents)
			if test.kind != "" && (r.body["id"] != uuid(1) || r.body["requestType"] != "PURCHASE_REQUEST" || r.body["errorMessage"] == "") {
				t.Errorf("error %s", r.text)
			}
			if test.status == 201 && l.sandbox.Done(uuid(1)) != true || (r.at("voucher.pin") != nil) != (name == "a PIN") {
				t.Errorf("done %t, answer %s", l.sandbox.Done(uuid(1)), r.text)
			}
		})
	}
}

func TestAnEmptyFloatSellsNothing(t *testing.T) {
	l := setup(t)
	l.sandbox.SetFloat(10_00)
	l.post(purchases, pin(uuid(1), "VODPIN29")).want(t, "dear", 400, typeFunds)
	l.post(purchases, pin(uuid(2), "VODPIN10")).want(t, "all of it", 201, "")
	l.money("spent", 0)
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	l := setup(t)
	for _, path := range []string{
		"id", "time", "originator", "originator.institution", "originator.institution.id", "originator.institution.name",
		"originator.terminalId", "originator.merchant", "originator.merchant.merchantId", "originator.merchant.merchantType",
		"originator.merchant.merchantName", "originator.merchant.merchantName.name", "originator.merchant.merchantName.city",
		"originator.merchant.merchantName.region", "originator.merchant.merchantName.country", "client", "client.id", "client.name",
		"thirdPartyIdentifiers", "product", "product.productId",
	} {
		body := pin(l.id(), "VODPIN10")
		at, names := body, strings.Split(path, ".")
		for _, name := range names[:len(names)-1] {
			at, _ = at[name].(props)
		}
		delete(at, names[len(names)-1])
		r := l.post(purchases, body)
		r.want(t, path, 400, typeFormat)
		if r.at("detailMessage.formatErrors.0.msg") != path+" may not be null" || r.at("detailMessage.formatErrors.0.field") != path || r.at("detailMessage.formatErrors.1") != nil {
			t.Errorf("%s: %s", path, r.text)
		}
	}
	for name, body := range map[string]string{"no JSON": `{`, "a list": `[]`, "null": `null`, "two": `{}{}`} {
		l.send("POST", purchases, body).want(t, name, 400, typeFormat)
	}
	if n := len(l.sandbox.Transactions()); n != 0 {
		t.Errorf("%d transactions", n)
	}
}

func TestAdvicesSettleARequestOnceAndForGood(t *testing.T) {
	type step struct {
		what   string // "buy", "confirm", "reverse"
		status int
		kind   string
	}
	for name, test := range map[string]struct {
		direct bool
		steps  []step
		state  State
		undone bool
		cents  int64
	}{
		"confirmed again and again": {false, []step{{"buy", 201, ""}, {"confirm", 202, ""}, {"confirm", 202, ""}, {"reverse", 400, typeSettled}}, Confirmed, false, 10_00},
		"reversed again and again":  {false, []step{{"buy", 201, ""}, {"reverse", 202, ""}, {"reverse", 202, ""}, {"confirm", 400, typeSettled}}, Reversed, true, 0},
		"bought twice":              {false, []step{{"buy", 201, ""}, {"buy", 400, typeDuplicate}, {"confirm", 202, ""}, {"buy", 400, typeDuplicate}}, Confirmed, false, 10_00},
		"bought after its reversal": {false, []step{{"buy", 201, ""}, {"reverse", 202, ""}, {"buy", 400, typeDuplicate}}, Reversed, true, 0},
		"overtaken":                 {false, []step{{"reverse", 404, typeNotFound}, {"buy", 400, typeSettled}, {"reverse", 404, typeNotFound}, {"confirm", 404, typeNotFound}}, Overtaken, true, 0},
		"confirmed too early":       {false, []step{{"confirm", 404, typeNotFound}, {"buy", 201, ""}, {"confirm", 202, ""}}, Confirmed, false, 10_00},
		"a top-up stays":            {true, []step{{"buy", 201, ""}, {"reverse", 400, typeNotSupported}, {"confirm", 202, ""}}, Confirmed, false, 10_00},
	} {
		t.Run(name, func(t *testing.T) {
			l := setup(t)
			id := l.id()
			buy := pin(id, "VODPIN10")
			if test.direct {
				buy = topUp(id, "VODAIR", "27821234567", 10_00)
			}
			for _, s := range test.steps {
				body, path := buy, purchases
				switch s.what {
				case "confirm":
					body, path = confirmation(l.id(), strings.ToUpper(id), 10_00), confirmations
				case "reverse":
					body, path = reversal(l.id(), id), reversals
				}
				r := l.post(path, body)
				r.want(t, s.what, s.status, s.kind)
				if s.status == 202 && (r.body["id"] != body["id"] || r.body["requestId"] != body["requestId"] || r.body["time"] != body["time"]) {
					t.Errorf("%s: echo %s", s.what, r.text)
				}
				if s.what != "buy" && s.kind != "" && r.body["originalId"] != body["requestId"] {
					t.Errorf("%s: %s", s.what, r.text)
				}
			}
			x, known := l.sandbox.Transaction(id)
			if !known || x.State != test.state || x.Undone != test.undone || (x.State == Confirmed) != (x.Paid == 10_00) {
				t.Errorf("books %+v", x)
			}
			l.money("afterwards", DefaultFloat-test.cents)
		})
	}
}

func TestWhatWasRefusedCannotBeSettled(t *testing.T) {
	l := setup(t)
	id := l.id()
	l.post(purchases, pin(id, "VODPIN10E04")).want(t, "buy", 400, "OUT_OF_STOCK")
	l.post(confirmations, confirmation(l.id(), id, 1)).want(t, "confirm", 404, typeNotFound)
	l.post(reversals, reversal(l.id(), id)).want(t, "reverse", 404, typeNotFound)
	l.post(purchases, pin(id, "VODPIN10")).want(t, "again", 400, typeDuplicate)
	if x, _ := l.sandbox.Transaction(id); x.State != Refused || !x.Undone || x.ErrorType != "OUT_OF_STOCK" {
		t.Errorf("books %+v", x)
	}
	l.post(reversals, advice(l.id(), id, props{"reversalReason": "BOREDOM"})).want(t, "for no reason", 400, typeFormat)
}

func TestAStatusIsTheAnswerThatWas(t *testing.T) {
	l := setup(t)
	ask := func(query string) reply { return l.get(purchases + "/status?" + query) }
	sold, refused, undone := l.id(), l.id(), l.id()
	first := l.post(purchases, pin(sold, "VODPIN10"))
	l.post(purchases, pin(refused, "VODPIN10E04"))
	l.post(purchases, pin(undone, "VODPIN10"))
	l.post(reversals, reversal(l.id(), undone))
	again := ask("originalMsgId=" + sold)
	again.want(t, "sold", 200, "")
	if again.text != first.text || again.at("voucher.pin") == nil {
		t.Errorf("%s, and first %s", again.text, first.text)
	}
	reference, _ := first.at("thirdPartyIdentifiers.3.transactionIdentifier").(string)
	for _, provider := range []string{"VODACOM", "Vodacom"} {
		if r := ask("provider=" + provider + "&purchaseReference=" + reference); r.text != first.text || r.status != 200 {
			t.Errorf("by reference: %s", r.text)
		}
	}
	ask("originalMsgId="+refused).want(t, "refused", 400, "OUT_OF_STOCK")
	ask("originalMsgId="+undone).want(t, "undone", 400, typeSettled)
	ask("originalMsgId="+l.id()).want(t, "nothing", 404, typeNotFound)
	ask("provider=MTN&purchaseReference="+reference).want(t, "other provider", 404, typeNotFound)
	ask("provider=MTN").want(t, "no reference", 400, typeFormat)
	ask("purchaseReference="+reference).want(t, "no provider", 400, typeFormat)
	ask("originalMsgId=1").want(t, "no UUID", 400, typeFormat)
	l.money("afterwards", DefaultFloat-10_00)
}

func TestATrialSellsNothing(t *testing.T) {
	l := setup(t)
	for product, want := range map[string]struct {
		status int
		kind   string
	}{"VODPIN10": {200, ""}, "VODPIN10E04": {400, "OUT_OF_STOCK"}, "TELKOMPIN10": {501, typeNoFunction}, "NOSUCH": {400, typeProduct}} {
		r := l.post(purchases+"/trials", pin(l.id(), product))
		r.want(t, product, want.status, want.kind)
		if r.at("voucher") != nil {
			t.Errorf("%s: a voucher", product)
		}
	}
	if b := l.sandbox.Books(); b.Float != DefaultFloat || len(b.Transactions) != 0 {
		t.Errorf("books %+v", b)
	}
}

func TestProductsAndNumbers(t *testing.T) {
	l := setup(t)
	all, ussd, none := l.get(airtimeBase+"products"), l.get(airtimeBase+"products?channelName=ussd"), l.get(airtimeBase+"products/?channelName=fax")
	if all.status != 200 || all.text != ussd.text || none.text != "[]" || strings.Contains(all.text, "productId123") {
		t.Errorf("HTTP %d, %d and %d bytes, %s", all.status, len(all.text), len(ussd.text), none.text)
	}
	for _, want := range []string{`"type":"AIRTIME_VARIABLE"`, `"type":"DATA_FIXED"`, `"isDirectTopup":false`, `"durationUnit":"DAYS"`, `"unit":"GB"`, `"Telkom"`, `"productDisplayCategory":"Data"`} {
		if !strings.Contains(all.text, want) {
			t.Errorf("no %s in the list", want)
		}
	}
	for query, want := range map[string][3]any{ // the operator, whether there are products, and a promotion
		"msisdn=27831234567":               {"MTN", true, false},
		"msisdn=%2B27841234567":            {"CELLC", true, true},
		"msisdn=27841234567&productType=X": {"CELLC", false, true},
		"msisdn=27811234567":               {"TELKOM", true, false},
		"msisdn=27821234567":               {"VODACOM", true, false},
		"msisdn=98987654356789&operator=O": {"O", true, false},
		"msisdn=486451465135&operator=O":   {"O", false, false},
	} {
		r := l.get(airtimeBase + "msisdn?" + query)
		r.want(t, query, 200, "")
		got := [3]any{r.at("msisdn.operator.id"), r.at("availableProducts.0.productId") != nil, r.at("promotion.promotion") != nil}
		if got != want {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	r := l.get(airtimeBase + "msisdn")
	r.want(t, "no number", 400, typeFormat)
	if r.at("detailMessage.formatErrors.0.msg") != "query param msisdn may not be null" {
		t.Errorf("no number: %s", r.text)
	}
	l.get(airtimeBase+"msisdn?msisdn=0821234567").want(t, "local", 400, typeFormat)
	l.get(airtimeBase+"msisdn?msisdn=486451465135").want(t, "nobody's", 404, typeNotFound)
	l.get(airtimeBase+"msisdn?msisdn="+wishedMobile+"01").want(t, "test number", 400, "INVALID_MSISDN")
}

func TestTheOlderVouchers(t *testing.T) {
	l := setup(t)
	id, other := l.id(), l.id()
	path := airtimeBase + "vouchers/" + id
	l.post(airtimeBase+"vouchers/"+other, pin(id, "VODPIN10")).want(t, "another path", 400, typeFormat)
	l.post(path, topUp(id, "VODAIR", "27821234567", 10_00)).want(t, "top-up", 400, typeProduct)
	id = l.id()
	path = airtimeBase + "vouchers/" + id
	r := l.post(path, pin(id, "VODPIN10"))
	r.want(t, "voucher", 201, "")
	serial, _ := r.at("voucher.serialNumber").(string)
	if r.header.Get("Location") != path || serial == "" || r.at("voucher.pin") == nil {
		t.Errorf("voucher: %s at %s", r.text, r.header.Get("Location"))
	}
	a := l.id()
	confirm := func(serial any, at string) reply {
		return l.post(path+"/confirmations/"+at, advice(a, id, props{"voucher": props{"serialNumber": serial}}))
	}
	confirm("1", a).want(t, "another voucher", 400, typeFormat)
	confirm(nil, a).want(t, "no serial number", 400, typeFormat)
	confirm(serial, l.id()).want(t, "another id", 400, typeFormat)
	confirm(serial, a).want(t, "confirm", 202, "")
	a = l.id()
	r = l.post(path+"/reversals/"+a, reversal(a, id))
	r.want(t, "reverse", 400, typeSettled)
	if r.body["requestType"] != "VOUCHER_REVERSAL" {
		t.Errorf("reverse: %s", r.text)
	}
	l.money("afterwards", DefaultFloat-10_00)
}

func TestItIsServedBesideAnother(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	mux.HandleFunc("GET /sandbox/books", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	s := New(Options{})
	for _, path := range Paths() {
		mux.Handle(path, s)
	}
	for path, want := range map[string]int{"/": 418, "/sandbox/books": 418, "/electrum": 200, "/electrum/": 200, "/sandbox/electrum/books": 200, "/airtime/v5/products": 401} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: HTTP %d, want %d", path, w.Code, want)
		}
	}
}

func TestWhatIsOldIsForgottenAndItsMoneyIsNot(t *testing.T) {
	l := setup(t)
	old := l.id()
	l.post(purchases, pin(old, "VODPIN10")).want(t, "first", 201, "")
	l.now.Add(24*60*60 + 1)
	l.post(confirmations, confirmation(l.id(), old, 1)).want(t, "as long as nothing else is sold", 202, "")
	l.post(purchases, pin(l.id(), "VODPIN10")).want(t, "second", 201, "")
	l.post(confirmations, confirmation(l.id(), old, 1)).want(t, "forgotten", 404, typeNotFound)
	l.money("both sold", DefaultFloat-20_00)
	if n := len(l.sandbox.Transactions()); n != 1 {
		t.Errorf("%d transactions", n)
	}
}
