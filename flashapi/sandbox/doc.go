// Package sandbox is an honest simulator of the Flash Partner API v4: it checks
// what the document says is checked, remembers references and answers them
// again, moves a float and a redemption balance, issues vouchers that can be
// redeemed, cancelled and reversed, and can be told to fail in every way a real
// host does. It shares no code with the client, so that one misreading cannot
// hide another.
//
// A request passes through authentication, the form of its body, the account,
// the memory of its reference, and only then through its group: one group is one
// file. What a fault does to it is decided in transact, in one place. Vouchers
// lie in the drawer (drawer.go), money in the books (books.go).
//
// # Where the document contradicts itself
//
//   - The purchase of a Flash Token has a path without the version (section
//     2.7.1), its reversal and all others have one. It is served at both.
//   - Reversals are said to exist for 1Voucher, Cash Out PIN and Eezi only (section
//     1.2.3), and are described for Exclusive Voucher and Flash Token too. The
//     catalogue says allowReversal for the three; all five are reversed.
//   - An account with reversals is said to get no text messages (section 2.3.5).
//     Here both work unless Options.Reversals says otherwise.
//   - A product code is an integer in the tables and text in the examples: both
//     are taken. The group of the exclusive vouchers is missing in the list of
//     groups: it is called "Exclusive Voucher" here.
//   - A store, a terminal and metadata are in some tables and in other examples:
//     they are taken everywhere and come back in the answer.
//
// # Vouchers
//
// A voucher is good for three years and belongs to its group: the PIN of a
// 1Voucher is no exclusive voucher. What is bought or disbursed is paid from the
// float, what is redeemed goes to the redemption balance, and refunds are paid
// from there. Where money is short, the answer is code 2003. A reversal undoes
// all of a purchase, a disbursement, a refund or a redemption as long as nothing
// came of the voucher (else 2412, 2409 or 2413), for Options.ReverseWithin (else
// 2281); it marks the original as reversed and leaves no line of its own. The
// answer that is kept for the original reference stays as it was. Cash Out PINs,
// gift vouchers and Eezi vouchers are used outside of this API: the control
// endpoint does that.
//
// # Test numbers
//
// What to simulate is said by the number that is used. TestNumbers lists the
// same for pages and commands, and those of meters and billers.
//
//   - PIN 5VVVVVNNNNNNNNNN is an unused 1Voucher worth VVVVV rand, whatever the Ns;
//     it can be redeemed once. Redeemed in part, the rest comes back as a new
//     PIN, which can be redeemed in turn.
//   - PIN 6CCCCNNNNNNNNNNN answers response code CCCC and is never processed:
//     6240100000000000 was used, 6240500000000000 has expired.
//   - PIN 7FFVVVVVNNNNNNNN is a 1Voucher worth VVVVV rand with fault FF.
//   - PINs 4VVVVVNNNNNNNNNN and 9FFVVVVVNNNNNNNN are the same for exclusive
//     vouchers.
//   - Serial numbers 5VVVVVNNNNNNNNNN, 6CCCCNNNNNNNNNNN and 7FFVVVVVNNNNNNNN are
//     the same for Cash Out PINs and exclusive vouchers, where these are named by
//     serial number.
//   - Mobile number 2760000CCCC answers code CCCC to a recharge; 27600000000 is an
//     ordinary number.
//   - Mobile number 276000100FF meets fault FF.
//   - Every other number that begins with 276, 277 or 278 is ordinary; every other
//     PIN does not exist, unless it was issued.
//   - Issuing a voucher has no number: the cents of the amount choose. R20.03
//     meets fault 03. Products with one price are reached by the control endpoint.
//
// # Faults
//
// A fault strikes the first time a reference is seen, and the same request sent
// again recovers from it. "After" means that the transaction was processed, so
// that the repetition gets the stored answer.
//
//	01  slow             answers after Options.SlowFor
//	02  cut_before       connection cut before
//	03  cut_after        connection cut after
//	04  http_500_before  HTTP 500, no JSON, before
//	05  http_503_after   HTTP 503, no JSON, after
//	06  garbage          an unreadable answer after
//	07  throttled        HTTP 429 before
//	08  busy             code 2220 (busy) twice, then success
//	09  unauthorised     HTTP 401 once, before
//	10  hang             no answer until the caller gives up, after
//	11  no_code          an answer without responseCode after
//	12  empty            HTTP 200 with an empty body after
//	13  timeout_code     code 2211 (timeout) three times, then success
//	14  no_goods_once    success without voucher or tokens, whole when repeated
//	15  no_goods         success without voucher or tokens, always
//	16  other_reference  an answer that names another reference after
//	17  zero_under_500   code 0 under HTTP 500 after
//	18  deep             an answer nested 100 000 levels deep after
//	19  huge             an answer of 8 MB after
//	20  drip             the answer in pieces of 16 bytes, after a fifth of Options.SlowFor each
//	21  truncated        the answer breaks off in its middle, after
//	22  wrong_types      an answer with objects for numbers and the like after
//	23  code_under_200   code 2222 under HTTP 200 before
//	24  unlisted_code    code 9999, which no document lists, after
//	25  redirect         HTTP 307 to elsewhere before
//
// # Control endpoint
//
// The same faults can be switched on for whatever comes next. Bodies and answers
// are JSON, also {"error": "..."}; there is no access token, but requests by
// another host name than localhost or an address in figures, or from a web page
// of another origin, are refused.
//
//	POST   /sandbox/faults         {"fault":"cut_after","op":"1voucher/redeem","reference":"A-1",
//	                               "target":"2345","code":2304,"times":2,"delayMs":1500}
//	GET    /sandbox/faults         what is switched on
//	DELETE /sandbox/faults         switches all off; /sandbox/faults/{id} one
//	POST   /sandbox/float          {"cents":0}
//	POST   /sandbox/vouchers       {"serialNumber":"...","status":"Redeemed"} or "Expired"
//	GET    /sandbox/sms            the text messages, with their PINs
//	POST   /sandbox/tokens/revoke  ends all access tokens
//	POST   /sandbox/reset          forgets everything but the access tokens
//	GET    /sandbox/books          money and transactions, without PINs
//
// op, reference and target say which requests are meant, and all do without
// them. A target is a mobile, meter or serial number, or the last four digits of
// a PIN; op is a path after the version, "token" or "accounts/products". A fault
// strikes times requests (one, where it is not said), also of a reference that
// was seen before, and before the faults of test numbers. A code is the outcome
// that the work is to have, and is kept for its reference; with busy,
// timeout_code, unauthorised, code_under_200 and unlisted_code it replaces the
// code of the fault. A delay comes before the answer, when the work is done;
// alone, it holds for all requests until it is set to 0.
package sandbox
