package electrumapi

import (
	"errors"
	"net/http"
	"testing"
)

func TestANumberIsLookedUp(t *testing.T) {
	b := setup(t)
	b.answer("GET /airtime/v5/msisdn", http.StatusOK, `{"msisdn":{"msisdn":"27821234567","operator":{"id":"VOD","name":"Vodacom"}},
		"senderMsisdn":{"msisdn":"27830000000"},"promotion":{"promotion":"Double","endDate":"2026-12-01"},
		"amounts":{"balanceAmount":{"amount":"1250","currency":"ZAR"},"additionalAmounts":{"a":{"amount":5,"currency":710},"b":{"amount":"x"}}},
		"availableProducts":[{"productId":"VOD10","type":"SOMETHING_NEW"},{"name":"has no id"},"nonsense"]}`)
	got, err := b.client.LookupMsisdn(t.Context(), MsisdnLookup{Msisdn: "+27821234567", SenderMsisdn: "27830000000", Operator: "V M", ProductType: AirtimeData, ChannelName: "ussd", ProductCategory: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Msisdn.Operator.ID != "VOD" || got.SenderMsisdn.Msisdn != "27830000000" || got.Promotion.EndDate.Day() != 1 ||
		*got.Amounts.BalanceAmount != (LedgerAmount{1250, "ZAR", ""}) || len(got.Amounts.AdditionalAmounts) != 1 ||
		got.Amounts.AdditionalAmounts["a"].Currency != "710" || len(got.AvailableProducts) != 1 || got.AvailableProducts[0].Type != "SOMETHING_NEW" {
		t.Errorf("read %+v", got)
	}
	if q := b.only().query; q != "channelName=ussd&msisdn=%2B27821234567&operator=V+M&productCategory=x&productType=DATA&senderMsisdn=27830000000" {
		t.Errorf("asked %s", q)
	}
	if _, err := b.client.LookupMsisdn(t.Context(), MsisdnLookup{Msisdn: "0821234567"}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a number as dialled at home: %v", err)
	}
}

func TestProductsAreListed(t *testing.T) {
	b := setup(t)
	b.answer("GET /airtime/v5/products", http.StatusOK, "\xef\xbb\xbf "+`[{"isDirectTopup":"true","productId":"VOD10","barcode":"600","name":"Ten",
		"description":{"primaryDescription":"p","shortDescription":"s","additionalDescriptions":{"x":"y"}},"type":"DATA",
		"wholesalePrice":{"amount":"950","currency":710},"recipientAmount":{"amount":1000.00,"currency":"710"},
		"productValues":[{"amount":1000,"currency":"710"},{"currency":"840"}],
		"validityPeriod":{"duration":"30","durationUnit":"DAYS"},"productContents":[{"amount":100,"unit":"MB"},{"amount":1.5,"unit":"GB"}],
		"operator":{"id":"VOD","name":"Vodacom"},"channels":[{"channelName":"ussd","productDisplaySortOrder":1.5,"productDisplayName":"R10"}]},
		{"productId":"","name":"has no id"},{"productId":12,"isDirectTopup":"perhaps"}, null]`)
	got, err := b.client.AirtimeProducts(t.Context(), AirtimeCatalogue{ChannelName: "ussd"})
	if err != nil || len(got) != 2 {
		t.Fatalf("read %+v: %v", got, err)
	}
	p := got[0]
	if p.IsDirectTopup == nil || !*p.IsDirectTopup || p.WholesalePrice.Amount != 950 || p.RecipientAmount.Amount != 1000 || len(p.ProductValues) != 1 ||
		p.ValidityPeriod.Duration != 30 || len(p.ProductContents) != 1 || p.Channels[0].ProductDisplaySortOrder != "1.5" ||
		p.Description.AdditionalDescriptions["x"] != "y" || p.Operator.Name != "Vodacom" {
		t.Errorf("read %+v", p)
	}
	if got[1].ProductID != "12" || got[1].IsDirectTopup != nil {
		t.Errorf("read %+v", got[1])
	}
	if q := b.only().query; q != "channelName=ussd" {
		t.Errorf("asked %s", q)
	}
}

func TestNoListIsKept(t *testing.T) {
	b := setup(t)
	b.answer("GET /airtime/v5/products", http.StatusNotImplemented, `{"errorType":"FUNCTION_NOT_SUPPORTED","errorMessage":"no list"}`)
	_, err := b.client.AirtimeProducts(t.Context(), AirtimeCatalogue{})
	e := new(Error)
	if !errors.As(err, &e) || e.Class != Failed || e.HTTPStatus != http.StatusNotImplemented || e.Detail.Type != ErrorUnsupported || !e.Sent {
		t.Errorf("got %v", err)
	}
	if got := b.only(); got.query != "" {
		t.Errorf("asked %q", got.query)
	}
}
