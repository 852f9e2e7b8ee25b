// Package sandbox is an honest simulator of the Flash Partner API v4: it checks
// what the document says is checked, remembers references and answers them
// again, moves a float and a redemption balance, and can be told to fail in
// every way a real host does. It shares no code with the client, so that one
// misreading cannot hide another.
//
// A request passes through authentication, the form of its body, the account,
// the memory of its reference, and only then through its group (vouchers.go,
// cellular.go). One group is one file.
//
// # Test numbers
//
// What to simulate is said by the number that is used. TestNumbers lists the
// same for pages and commands.
//
//   - PIN 5VVVVVNNNNNNNNNN is an unused voucher worth VVVVV rand, whatever the Ns;
//     it can be redeemed once. Redeemed in part, the rest comes back as a new
//     PIN, which can be redeemed in turn.
//   - PIN 6CCCCNNNNNNNNNNN answers response code CCCC and is never processed:
//     6240100000000000 was used, 6240500000000000 has expired.
//   - PIN 7FFVVVVVNNNNNNNN is a voucher worth VVVVV rand with fault FF.
//   - Mobile number 2760000CCCC answers code CCCC to a recharge; 27600000000 is an
//     ordinary number.
//   - Mobile number 276000100FF meets fault FF.
//   - Every other number that begins with 276, 277 or 278 is ordinary; every other
//     PIN does not exist.
//
// # Faults
//
// A fault strikes the first time a reference is seen, and the same request sent
// again recovers from it. "After" means that the transaction was processed, so
// that the repetition gets the stored answer.
//
//	01  answers after Options.SlowFor
//	02  connection cut before
//	03  connection cut after
//	04  HTTP 500, no JSON, before
//	05  HTTP 503, no JSON, after
//	06  an unreadable answer after
//	07  HTTP 429 before
//	08  code 2220 (busy) twice, then success
//	09  HTTP 401 once, before
//	10  no answer until the caller gives up, after
//	11  an answer without responseCode after
//	12  HTTP 200 with an empty body after
//	13  code 2211 (timeout) three times, then success
package sandbox
