package flashapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"spaza/flashapi"
	"spaza/flashapi/sandbox"
	"spaza/secret"
)

// Before anybody pays, they are shown whose meter it is, and what is owed on it.
func ExampleClient_LookupMeter() {
	c, stop := simulator()
	defer stop()

	meter, err := c.LookupMeter(context.Background(), flashapi.UtilityLookup{
		Reference: "TILL7-000130", Meter: "14000000043", Amount: 100_00,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(meter.Utility.Name, "-", meter.Tariff)
	fmt.Println("owed:", meter.Arrears, "for", meter.ArrearsNote)
	fmt.Println(meter) // as in a log: no name, no address, no number

	_, err = c.LookupMeter(context.Background(), flashapi.UtilityLookup{
		Reference: "TILL7-000131", Meter: "04123456789", Amount: 100_00,
	})
	if e := new(flashapi.Error); errors.As(err, &e) {
		fmt.Println(e.Code, e.Reason)
	}
	// Output:
	// Eskom - Homelight 20A
	// owed: 35000 for Outstanding account
	// meter, looked up by TILL7-000130
	// 2304 meter
}

// A meter that must come onto new keys takes three tokens, in their order.
func ExampleClient_PurchaseUtility() {
	c, stop := simulator()
	defer stop()

	sale, err := c.PurchaseUtility(context.Background(), flashapi.UtilityPurchase{
		Reference: "TILL7-000132", Meter: "14000000118", Amount: 100_00,
	}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	if sale.KeysChange() {
		fmt.Println("key revision", sale.Old.KeyRevision, "becomes", sale.New.KeyRevision)
	}
	for i, token := range sale.InOrder() {
		fmt.Println(i+1, token.Use, token.Description, token.Value, "of", token.Value.Len(), "digits")
	}
	fmt.Println(sale.Units, sale.UnitType)
	if b := sale.Bill; b.AddsUp {
		fmt.Println("electricity", b.Exclusive, "VAT", b.Tax)
	}
	// Output:
	// key revision 1 becomes 2
	// 1 key_change Key Change Token 1 [secret] of 20 digits
	// 2 key_change Key Change Token 2 [secret] of 20 digits
	// 3 credit Credit Token [secret] of 20 digits
	// 40.15 kWh
	// electricity 8696 VAT 1304
}

// Free Basic Electricity costs nothing, and comes once a month.
func ExampleClient_PurchaseUtility_free() {
	c, stop := simulator()
	defer stop()

	claim := flashapi.UtilityPurchase{Reference: "TILL7-000133", Meter: "14000000084", Free: true}
	sale, err := c.PurchaseUtility(context.Background(), claim, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sale.FreeUnits, sale.UnitType, "in", len(sale.Tokens), "token")

	claim.Reference = "TILL7-000134"
	_, err = c.PurchaseUtility(context.Background(), claim, flashapi.First)
	if e := new(flashapi.Error); errors.As(err, &e) {
		fmt.Println(e.Code, e.Reason, "refused:", e.Refused)
	}
	// Output:
	// 50 kWh in 1 token
	// 2312 free_already_issued refused: true
}

// The draft of 2023 sells by the number of a lookup.
func ExampleClient_PurchaseUtility_draft() {
	server := httptest.NewServer(sandbox.New(sandbox.Options{}))
	defer server.Close()
	c, err := flashapi.New(flashapi.Options{
		BaseURL: server.URL, APIKey: secret.New(sandbox.DefaultAPIKey), AccountNumber: sandbox.DefaultAccount,
		Dialect: flashapi.Draft2023,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	meter, err := c.LookupMeter(context.Background(), flashapi.UtilityLookup{
		Reference: "TILL7-000135", Meter: "14000000043", Amount: 100_00,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	sale, err := c.PurchaseUtility(context.Background(), flashapi.UtilityPurchase{
		Reference: "TILL7-000136", Meter: "14000000043", Amount: 100_00, LookupID: meter.LookupID,
	}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sale.Units, sale.UnitType, "in", len(sale.Tokens), "token")
	for _, debt := range sale.Bill.Debts {
		fmt.Println("paid off:", debt.Amount, "for", debt.Description)
	}
	// Output:
	// 24.08 kWh in 1 token
	// paid off: 4000 for Outstanding account
}
