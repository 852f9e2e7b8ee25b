package electrumapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"spaza/electrumapi"
	"spaza/secret"
)

// A top-up whose answer does not come is asked after, and confirmed when it turns out
// to stand.
func Example() {
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/airtime/v5/purchases":
			w.WriteHeader(http.StatusGatewayTimeout)
		case "/airtime/v5/purchases/status":
			_, _ = io.WriteString(w, `{"product":{"productId":"VOD10"},"thirdPartyIdentifiers":[{"institutionId":"VOD","transactionIdentifier":"V-1"}]}`)
		case "/airtime/v5/purchases/confirmations":
			w.WriteHeader(http.StatusAccepted)
		}
	}))
	defer host.Close()
	c, err := electrumapi.New(electrumapi.Options{
		BaseURL: host.URL, Username: "shops", Password: secret.New("not a real one"),
		Terminal: "SPAZA001", MerchantID: "SPAZA0000000001", MerchantType: "5411",
		MerchantName: "Corner Shop", MerchantCity: "Soweto", MerchantRegion: "GP",
	})
	if err != nil {
		panic(err)
	}
	defer c.Close()

	ctx, at, ten := context.Background(), time.Date(2026, time.November, 21, 10, 30, 0, 0, time.UTC), electrumapi.Rand(10_00)
	build := func(r electrumapi.Request) electrumapi.Message {
		m, err := c.Build(r)
		if err != nil {
			panic(err)
		}
		return m // and keep it, sealed, before it is sent
	}
	purchase := build(electrumapi.AirtimePurchase{
		Head:            electrumapi.NewHead("P-000123", at, "ussd"),
		Product:         electrumapi.AirtimeProduct{ProductID: "VOD10"},
		Amounts:         &electrumapi.Amounts{RequestAmount: &ten},
		RecipientMsisdn: &electrumapi.Msisdn{Msisdn: "27821234567"},
	})
	fmt.Println("purchase:", c.Post(ctx, purchase).Class())

	status := c.Post(ctx, build(electrumapi.AirtimeStatus{OriginalMsgID: purchase.ID}))
	fmt.Println("status:", status.Class())

	confirmation := build(electrumapi.AirtimeConfirmation{
		About: electrumapi.About{
			ID: electrumapi.ID(electrumapi.LabelConfirm, "P-000123"), At: at, Request: purchase.Body, Response: status.Body,
		},
		Tenders: []electrumapi.Tender{{Amount: ten, TenderType: electrumapi.TenderWallet}},
	})
	fmt.Println("confirmation:", c.Post(ctx, confirmation).Class())
	// Output:
	// purchase: unknown
	// status: success
	// confirmation: success
}
