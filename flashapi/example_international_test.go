package flashapi_test

import (
	"context"
	"fmt"

	"spaza/flashapi"
)

// What can be sent abroad can be looked up, and not yet bought.
func ExampleClient_LookupInternational() {
	c, stop := simulator()
	defer stop()

	list, err := c.LookupInternational(context.Background(), flashapi.InternationalLookup{
		Reference: "TILL7-000150", MobileNumber: "27821234567", Destination: "26650123456",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range list.Products {
		fmt.Println(p.ID, p.Name, p.Price)
	}
	// Output:
	// 26601 Vodacom Lesotho Airtime LSL 10 1080
	// 26602 Vodacom Lesotho Airtime LSL 50 5300
	// 26603 Vodacom Lesotho 500MB Weekly Data 3200
}
