// Package flashapi is a client for the Flash Partner API v4 (document v3.0 of
// 1 May 2025): prepaid products bought from, and vouchers taken in through, a
// merchant account at Flash. It stands alone: all but provider.go, which fits
// it to this shop, knows nothing of who uses it.
//
// # Starting
//
// New never calls the network. It needs the host, the API key and the account
// number, as Flash handed them out:
//
//	c, err := flashapi.New(flashapi.Options{
//		BaseURL:       "https://flash.example",
//		APIKey:        secret.New(os.Getenv("FLASH_API_KEY")),
//		AccountNumber: "1000200030004000",
//	})
//	products, err := c.Products(ctx)
//
// The client gets its bearer token itself, renews it early, and renews it once
// more when the host refuses it.
//
// # Money
//
// Amounts are whole cents of rand (Cents), never floats. Two rules of the API
// decide how every money-moving call must be made:
//
//   - There is no way to ask what became of a request, but a request sent twice
//     under one reference is one transaction, and its answer is given again. So
//     keep the exact request before sending it, and when the outcome is unknown
//     send the same bytes again: Build makes them, Post sends them, Judge says
//     what the answer means. Never try again under a new reference until the old
//     one is known to have failed. The document of 2023 limits repetition to 30
//     minutes; the present one does not say.
//   - Most things that go wrong do not say whether the sale happened. Judge, and
//     the Class in an Error, keep the cases apart. The zero values mean unknown.
//
// RedeemFull, RedeemPart and PurchasePinless are Build, Post and Judge in one
// call, for a caller that does its own keeping:
//
//	sale, err := c.PurchasePinless(ctx, flashapi.Pinless{
//		Reference: "TILL7-000123", ProductCode: "101", Amount: 1000, MobileNumber: "27821234567",
//	}, false)
//	if e := new(flashapi.Error); errors.As(err, &e) && !e.Refused {
//		// not known: keep the customer's money aside, make the same call with true
//	}
//
// # The life of one call
//
// Build checks the request against the document and writes its bytes. Post takes
// a token, waits for the rate limit, asks the breaker of the call's lane (token,
// lookup, purchase), sends, and reads a bounded answer. What it returns says
// whether any byte may have left: a refused connection, an unresolved name, an
// open breaker and our own rate limit mean that nothing happened, and anything
// after that is unknown until a readable answer says otherwise. Judge maps HTTP
// status and response code to a Class by the table in codes.csv.
//
// # Secrets
//
// PINs, keys, tokens and whole bodies travel as secret.Text. What the host says
// in words is scrubbed of them, and of long runs of digits, before it enters an
// error; it is for logs, not for customers.
package flashapi
