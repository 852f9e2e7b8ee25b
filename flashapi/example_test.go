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

// simulator starts the simulator and a client of it. With the real host, only
// the base URL, the key and the account differ.
func simulator() (*flashapi.Client, func()) {
	server := httptest.NewServer(sandbox.New(sandbox.Options{}))
	c, err := flashapi.New(flashapi.Options{
		BaseURL:       server.URL,
		APIKey:        secret.New(sandbox.DefaultAPIKey),
		AccountNumber: sandbox.DefaultAccount,
	})
	if err != nil {
		panic(err)
	}
	return c, func() { c.Close(); server.Close() }
}

func ExampleClient_Products() {
	c, stop := simulator()
	defer stop()

	products, err := c.Products(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range products {
		if p.Group == "Cash Out PIN" {
			fmt.Println(p.Code, p.Name, p.Min, "to", p.Max, "reversible:", p.AllowReversal)
		}
	}
	// Output:
	// 601 Cash Out PIN 2000 to 300000 reversible: true
}

func ExampleClient_RedeemFull() {
	c, stop := simulator()
	defer stop()

	voucher := flashapi.RedeemFull{Reference: "TILL7-000124", PIN: secret.New("5000500000000001")}
	r, err := c.RedeemFull(context.Background(), voucher, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("credit", r.Amount, "cents")

	// The same again is the same transaction: nothing more is credited.
	r, err = c.RedeemFull(context.Background(), voucher, flashapi.Again)
	fmt.Println(r.Amount, err)

	// Under a new reference the voucher is used up.
	voucher.Reference = "TILL7-000125"
	_, err = c.RedeemFull(context.Background(), voucher, flashapi.First)
	if e := new(flashapi.Error); errors.As(err, &e) {
		fmt.Println(e.Code, e.Reason, "refused:", e.Refused)
	}
	// Output:
	// credit 5000 cents
	// 5000 <nil>
	// 2401 voucher_used refused: true
}

func ExampleClient_RedeemPart() {
	c, stop := simulator()
	defer stop()

	r, err := c.RedeemPart(context.Background(), flashapi.RedeemPart{
		Reference: "TILL7-000126", PIN: secret.New("5000500000000002"), Amount: 20_00,
	}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("credit", r.Amount, "and hand out a voucher of", r.Change.Amount, "with PIN", r.Change.PIN)

	rest, err := c.RedeemFull(context.Background(), flashapi.RedeemFull{Reference: "TILL7-000127", PIN: r.Change.PIN}, flashapi.First)
	fmt.Println(rest.Amount, err)
	// Output:
	// credit 2000 and hand out a voucher of 3000 with PIN [secret]
	// 3000 <nil>
}

func ExampleClient_PurchasePinless() {
	c, stop := simulator()
	defer stop()

	sale, err := c.PurchasePinless(context.Background(), flashapi.Pinless{
		Reference: "TILL7-000123", ProductCode: "101", Amount: 10_00, MobileNumber: "27821234567",
	}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sale.Vendor, sale.Amount, "help:", sale.CallCentre)
	// Output:
	// Vodacom 1000 help: 082 111
}

// Keeping the exact bytes, and sending them again until the answer is clear.
func ExampleJudge() {
	c, stop := simulator()
	defer stop()

	m, err := c.Build(flashapi.Pinless{
		Reference: "TILL7-000128", ProductCode: "101", Amount: 10_00,
		MobileNumber: "27600010003", // processed, then cut off
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Store m here, encrypted, before the first byte is sent.
	v := flashapi.Judge(m, c.Post(context.Background(), m), flashapi.First)
	fmt.Println("known:", v.Settled != flashapi.Open)
	v = flashapi.Judge(m, c.Post(context.Background(), m), flashapi.Again)
	fmt.Println("happened:", v.Settled == flashapi.Happened)
	// Output:
	// known: false
	// happened: true
}
