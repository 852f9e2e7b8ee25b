// Package sandbox is an honest simulator of Electrum's interfaces: Airtime v5,
// Single Use Voucher v1 and Prepaid Utility v3. It checks what the documents say
// is checked, remembers every request by its id and refuses it the second time,
// takes exactly one of confirmation and reversal, moves a float, and can be told
// to fail in every way a real host does. It shares no code with the client, so
// that one misreading cannot hide another.
//
// A message passes through its credentials (HTTP basic, or a bearer token of the
// OAuth2 password grant), the form of its body, and the fault that it is to meet,
// and only then comes to the books: one group of operations is one file. What a
// message does to the books is decided in transact.go, in one place: a request is
// made once and then a duplicate; a retry gives what came of it, or makes it; an
// advice settles it. An interface is a function that gives routes, and is named in
// interfaces.go.
//
// # Requests and advices
//
//   - A request's id is known for Options.KeepFor. Sent again it is DUPLICATE_RECORD, under
//     HTTP 400, whatever became of it.
//   - Of confirmation and reversal one is taken, and that as often as it comes, with
//     whatever id. The other is refused.
//   - A reversal of what never came is 404 and is remembered: a request that comes
//     after it is refused. A reversal or a confirmation of what was refused is 404.
//   - Airtime that is topped up directly cannot be reversed
//     (TRANSACTION_NOT_SUPPORTED). PINs can, until they are confirmed.
//   - The float pays for a sale when it is made, and gets it back when it is
//     reversed.
//
// # Where the sources contradict each other
//
//   - Answers have the published statuses. One of Electrum's own collections expects
//     202 of the status of a purchase and of a look-up of a number: they are 200.
//   - The schema wants tenders in a confirmation, and that collection sends none:
//     they are checked where they are.
//   - A retry of a purchase of tokens is 202, that of a voucher 200, as published;
//     Electrum's own collection expects 201 of the first. It also gives the retry an id
//     of its own, which comes back with the tokens of the first.
//   - Advices are said to be idempotent, and that collection's server refuses the
//     second: it is taken.
//   - A client.id that is not the user's is AUTHENTICATION_ERROR where vouchers are
//     sold, as on the test server of that interface, and FORMAT_ERROR elsewhere.
//   - A field of a request for vouchers or tokens that no document has is refused, as
//     Electrum's test servers do.
//   - A look-up of a voucher tells its serial number and value, and never its code: the
//     document recommends that no other answer has it than that of the provision.
//   - Utilities take tokens back in that collection, and usually do not in the
//     documents: meters TST001 to TST011 do, all others do not.
//   - The catalogue of vouchers is {"products": [...]}; no document at hand says more of
//     it than that it has an array of products.
//   - Paths are served with and without a slash at their end.
//   - Errors of format are worded as Electrum's test servers do, in
//     detailMessage.formatErrors; each has the field, which is theirs only in words.
//   - Which HTTP status carries which errorType is said nowhere; refusal.go decides.
//   - A purchase is found by provider and purchaseReference where these are a party
//     of its answer and the reference that it gave, or the settlement entity's name
//     and id, as in that collection.
//
// # Test numbers
//
// What to simulate is said by the number that is used. TestNumbers lists the same
// for pages and commands.
//
//   - Mobile number 276100000NN answers errorType NN of the list on the page.
//   - Mobile number 276100100FF meets fault FF when it is sold something.
//   - A product with FNN or ENN after its id meets fault NN or answers errorType NN:
//     VODPIN10F03. It is in no list.
//   - Numbers of elsewhere belong to the operator that the look-up names; those that
//     begin with 98 have products.
//   - A gift of free amount meets the fault of its cents: R100.03 meets fault 03.
//   - Meters of 11 or 13 digits with a Luhn digit are ordinary; those with a meaning are
//     in shopMeters, with the numbers that they have in the Flash simulator, and in
//     scenarioMeters, as on Electrum's own test server. The rest is UNKNOWN_METER_ID.
//   - Meter 99CCCCNNNN and its check digit answer reason CCCC of meterRefusals, or, below
//     100, errorType CCCC of the list on the page; 97CCCCNNNN does so when it is sold
//     something. 98FFNNNNNN meets fault FF, and 96FFNNNNNN when it is sold something.
//   - Telkom has no trial purchases (FUNCTION_NOT_SUPPORTED).
//
// # Faults
//
// A fault strikes the first time a request's id is seen, and a retry or a question
// about its status recovers from it. "After" means that it was processed.
//
//	01  slow                       answers after Options.SlowFor
//	02  cut_before                 connection cut before
//	03  cut_after                  connection cut after
//	04  http_500_before            HTTP 500, no JSON, before
//	05  http_500_after             HTTP 500, no JSON, after
//	06  garbage                    an unreadable answer after
//	07  throttled                  HTTP 429 before
//	08  http_503_before            HTTP 503, UPSTREAM_UNAVAILABLE, before
//	09  unauthorised               HTTP 401 before
//	10  hang                       no answer until the caller gives up, after
//	11  http_504_before            HTTP 504, no JSON, before
//	12  empty                      a success with an empty body after
//	13  http_504_after             HTTP 504, no JSON, after
//	14  no_goods_once              success without voucher, tokens or product; whole when asked again
//	15  no_goods                   the same whenever it is asked or retried
//	16  other_id                   an answer with another id after
//	17  success_under_500          the body of a success under HTTP 500 after
//	18  deep                       an answer nested 100 000 levels deep after
//	19  huge                       an answer of 8 MB after
//	20  drip                       the answer in pieces of 16 bytes, after a fifth of Options.SlowFor each
//	21  truncated                  the answer breaks off in its middle, after
//	22  wrong_types                an answer with texts for objects and the like after
//	23  outcome_unknown_before     OUTCOME_UNKNOWN under HTTP 500 before
//	24  unlisted_type              an errorType that no document lists under HTTP 400 before
//	25  redirect                   HTTP 307 to elsewhere before
//	26  outcome_unknown_after      OUTCOME_UNKNOWN under HTTP 500 after
//	27  late                       no answer until the caller gives up, and processed Options.LateFor after it came
//	28  forbidden                  HTTP 403 before
//	29  other_goods                an answer about another product, number, meter and amount after
//	30  http_503_after             HTTP 503, no JSON, after
//	31  http_408_before            HTTP 408 before
//	32  empty_error                HTTP 400 with an empty body before
//	33  http_501_before            HTTP 501, FUNCTION_NOT_SUPPORTED, before
//	34  outcome_unknown_under_400  OUTCOME_UNKNOWN under HTTP 400 after
//	35  unlisted_type_after        an errorType that no document lists under HTTP 500 after
//
// What is late is processed when anything else is asked of the simulator after its
// time, or by Release.
//
// # Control endpoint
//
// The same faults can be switched on for whatever comes next. Bodies and answers
// are JSON, also {"error": "..."}; there are no credentials, but requests by
// another host name than localhost or an address in figures, or from a web page
// of another origin, are refused.
//
//	POST   /sandbox/electrum/faults         {"fault":"cut_after","op":"airtime/purchases","reference":"P-1",
//	                                         "target":"27821234567","type":"OUT_OF_STOCK","status":400,
//	                                         "times":2,"delayMs":1500}
//	GET    /sandbox/electrum/faults         what is switched on
//	DELETE /sandbox/electrum/faults         switches all off; /sandbox/electrum/faults/{id} one
//	POST   /sandbox/electrum/float          {"cents":0}
//	POST   /sandbox/electrum/release        does what is late
//	POST   /sandbox/electrum/tokens/revoke  ends all bearer tokens
//	POST   /sandbox/electrum/reset          forgets everything but the bearer tokens
//	GET    /sandbox/electrum/books          money and transactions, without PINs
//
// op, reference and target say which messages are meant, and all do without them.
// op is a name as Ops lists them; a reference is the originator's own in
// thirdPartyIdentifiers, or the id of a request, and means also what follows about
// it; a target is a mobile or meter number or a product. A fault strikes times
// messages (one, where it is not said), before the faults of test numbers. A type is
// the errorType that the work is to have, instead of being done; for a purchase it
// is kept. It goes with every fault that strikes after. A delay comes before the
// answer, when the work is done; alone, it holds for all messages until it is set
// to 0.
package sandbox
