package flashapi_test

import (
	"context"
	"errors"
	"fmt"

	"spaza/flashapi"
)

// An account is looked up before it is paid.
func ExampleClient_PayBiller() {
	c, stop := simulator()
	defer stop()

	const account = "110110035000" // the biller's code, then the customer's number
	a, err := c.LookupBillerAccount(context.Background(), flashapi.PayBalance{Reference: "TILL7-000140", Account: account})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Biller.Name, "-", a.Consumer.Status, a.Balance)

	p, err := c.PayBiller(context.Background(), flashapi.PayPurchase{
		Reference: "TILL7-000141", Account: account, Amount: 150_00, PaymentMethod: flashapi.PayByCash,
	}, flashapi.First)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("paid", p.Amount, "help:", p.Biller.CallCentre)

	a, err = c.LookupBillerAccount(context.Background(), flashapi.PayBalance{Reference: "TILL7-000142", Account: account})
	fmt.Println(a.Balance, err)
	// Output:
	// Kasi Fibre - Active 35000
	// paid 15000 help: 0860 000 000
	// 20000 <nil>
}

func ExampleClient_DisburseToBiller() {
	c, stop := simulator()
	defer stop()

	_, err := c.DisburseToBiller(context.Background(), flashapi.PayDisburse{
		Reference: "TILL7-000143", Account: "110140005000", Amount: 20_00,
	}, flashapi.First)
	if e := new(flashapi.Error); errors.As(err, &e) {
		fmt.Println(e.Code, e.Reason, "refused:", e.Refused)
	}
	// Output:
	// 3307 account refused: true
}
