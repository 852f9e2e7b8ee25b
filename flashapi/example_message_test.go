package flashapi_test

import (
	"context"
	"fmt"

	"spaza/flashapi"
	"spaza/secret"
)

// A message is kept, sealed, before it is sent. After a crash it is sent again as
// it was, and the sale is found.
func ExampleMessage() {
	c, stop := simulator()
	defer stop()
	key, err := secret.ParseKey(secret.NewKey()) // in earnest: from the configuration
	if err != nil {
		fmt.Println(err)
		return
	}
	keys, err := secret.NewKeyring(key)
	if err != nil {
		fmt.Println(err)
		return
	}

	m, err := c.Build(flashapi.Pinless{
		Reference: "TILL7-000129", ProductCode: "101", Amount: 10_00,
		MobileNumber: "27600010003", // processed, then cut off
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// A row in the database of the till.
	row := struct {
		op, reference string
		dialect       uint8
		sealed        []byte
	}{string(m.Op), m.Reference, uint8(m.Dialect), keys.Seal(m.Body, m.Reference)}
	c.Post(context.Background(), m) // and here the till loses its power

	// A moment later, within flashapi.ResendWindow.
	body, err := keys.Open(row.sealed, row.reference)
	if err != nil {
		fmt.Println(err)
		return
	}
	m = flashapi.Message{Op: flashapi.Op(row.op), Dialect: flashapi.Dialect(row.dialect), Reference: row.reference, Body: body}
	v := flashapi.Judge(m, c.Post(context.Background(), m), flashapi.Again)
	fmt.Println(v.Settled, v.Amount, "cents")
	// Output:
	// happened 1000 cents
}
