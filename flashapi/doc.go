// Package flashapi is a client for the Flash Partner API v4 (document v3.0 of
// 1 May 2025): prepaid products bought from, and vouchers taken in through, a
// merchant account at Flash, in South African rand. It has all 28 operations, and
// those of the draft of March 2023 for accounts that are still on it. It stands
// alone: all but the files provider*.go, which fit it to this shop, knows nothing
// of who uses it.
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
//	defer c.Close()
//	products, err := c.Products(ctx)
//
// The client gets its bearer token itself, renews it early, and renews it once
// more when the host refuses it. Ready says whether it can have one. A Client is
// safe for concurrent use; one is enough for an account.
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
//     minutes; the present one does not say. See ResendWindow.
//   - Most things that go wrong do not say whether the sale happened. Judge, and
//     the Error of a typed call, keep the cases apart. The zero values mean
//     unknown.
//
// Each operation has a request type, and a typed call that is Build, Post and
// Judge in one, for a caller that does its own keeping:
//
//	sale, err := c.PurchasePinless(ctx, flashapi.Pinless{
//		Reference: "TILL7-000123", ProductCode: "101", Amount: 1000, MobileNumber: "27821234567",
//	}, flashapi.First)
//	if e := new(flashapi.Error); errors.As(err, &e) && !e.Refused {
//		// not known: keep the customer's money aside, make the same call with Again
//	}
//
// The last argument says whether the same request may have been sent before. After
// Again, a refusal then counts only when it is about the transaction: that our key is
// refused now, or that the voucher "was used already", says nothing of the first
// sending, whose echo it may be.
//
// # Keeping a message
//
// A Message is kept by its parts, the body by Reveal and encrypted
// (secret.Keyring.Seal does it); after a restart it is put together again and
// sent by a client of the same dialect. It refuses to be written as JSON. A result
// does not, but in place of its PIN or token there is then "[secret]". Where there
// is no Exchange to judge, as after a crash, a message is sent again.
//
//	keep(string(m.Op), m.Reference, keyring.Seal(m.Body, m.Reference))
//	x := c.Post(ctx, m)
//	// ... after a restart
//	body, err := keyring.Open(sealed, reference)
//	m := flashapi.Message{Op: flashapi.Op(op), Dialect: dialect, Reference: reference, Body: body}
//	v := flashapi.Judge(m, c.Post(ctx, m), flashapi.Again)
//
// # Operations
//
// A Reference is the caller's own, unique for all time and all operations,
// look-ups and cancellations included: up to 50 letters, digits, '-', '.' and
// '='. Till and Metadata are optional everywhere, but for the till of a gift
// voucher. What a request must have is said at its fields, and is checked before
// anything is sent.
//
//	Accounts (section 2.2)
//	  Products, ProductByCode, ProductsInGroup   []Product
//	1Voucher (2.3)
//	  PurchaseVoucher      VoucherPurchase       *Issue
//	  DisburseVoucher      VoucherDisburse       *Issue
//	  RedeemFull           RedeemFull            *Redemption
//	  RedeemPart           RedeemPart            *Redemption
//	  RefundVoucher        VoucherRefund         *Issue
//	  ReverseVoucher       VoucherReverse        *Undone
//	Gift voucher (2.4)
//	  PurchaseGift         GiftPurchase          *Issue
//	Cash-out PIN (2.5)
//	  PurchaseCashOut      CashOutPurchase       *Issue
//	  CancelCashOut        CashOutCancel         *Undone
//	  LookupCashOut        CashOutLookup         *CashOut
//	  ReverseCashOut       CashOutReverse        *Undone
//	Exclusive voucher (2.6)
//	  PurchaseExclusive    ExclusivePurchase     *Issue
//	  CancelExclusive      ExclusiveCancel       *Undone
//	  ReverseExclusive     ExclusiveReverse      *Undone
//	  RedeemExclusiveFull  ExclusiveRedeemFull   *Redemption
//	  RedeemExclusivePart  ExclusiveRedeemPart   *Redemption
//	Flash Token (2.7)
//	  PurchaseFlashToken   FlashTokenPurchase    *Issue
//	  ReverseFlashToken    FlashTokenReverse     *Undone
//	Cellular (2.8)
//	  PurchasePinless      Pinless               *PinlessSale
//	  LookupInternational  InternationalLookup   *InternationalProducts
//	Eezi voucher (2.9)
//	  PurchaseEezi         EeziPurchase          *Issue
//	  ReverseEezi          EeziReverse           *Undone
//	Prepaid utilities (2.10)
//	  LookupMeter          UtilityLookup         *Meter
//	  PurchaseUtility      UtilityPurchase       *UtilitySale
//	Flash Pay (2.11)
//	  LookupBillerAccount  PayBalance            *BillerAccount
//	  PayBiller            PayPurchase           *Payment
//	  DisburseToBiller     PayDisburse           *Payment
//
// # Look-ups
//
// Look-ups and lists change nothing, and so take no Sending: after any error they
// can be made anew, under another reference as well. Their errors are never of
// unknown outcome.
//
// # Cancelling and reversing
//
// Both are transactions of their own, with a reference of their own, and are
// repeated under it like any other. A cancellation names a voucher by its serial
// number, a reversal a transaction by its reference (Original). "Cancelled
// already" is what was wanted, and so a success (Undone.Already), but for the
// reversal of a redemption, after which the voucher must be good again. "Cannot
// be reversed" is a refusal with the reason "cannot_reverse": the sale stands.
// "No such transaction" settles nothing, and ends with a person.
// Recharges, utilities, gift vouchers and bills cannot be undone at all;
// Product.AllowReversal says which others can. To refund is something else: it
// makes a new voucher.
//
// # Owed goods
//
// An answer can say that a voucher was made, or electricity sold, without the
// PIN or the token in it. That is neither a sale that can be handed over nor one
// that failed: Verdict.Owed and Error.Owed mark it, and the same bytes again
// fetch what is missing. An answer that contradicts itself in a way that no
// repetition will clear (redeemed, and nobody says for how much) is marked with
// Person.
//
// # Errors
//
// A typed call returns ErrInvalid for a request that the document forbids and
// ErrNotInDialect for an operation that the dialect lacks; in both cases nothing
// was sent. Everything else is an *Error. Its Class says what to do, its Reason
// is a word for the caller to phrase for a customer:
//
//	ClassUnknown     may have happened          the same bytes again later
//	ClassSuccess     happened, and is owed      the same bytes again
//	ClassUserInput   refused                    ask the customer anew
//	ClassDeclined    refused for good           tell the customer why
//	ClassRetryLater  refused, not processed     later, under a new reference
//	ClassThrottled   turned away at the gate    the same bytes again, slower
//	ClassConfig      refused: set-up or defect  tell the operator
//	ClassAuth        refused: token or key      tell the operator
//	ClassDuplicate   exists already             the same bytes again, or a person
//	ClassReversal    speaks of a cancellation   refused, done or open: see Refused
//
// Refused is what counts for the money: a class is what the last answer says by
// itself, Refused what is known after all of them. False, for anything but a
// look-up, means that the transaction may have happened. codes.csv has the class
// of every response code; a code that is not listed is unknown.
//
// # Dialects
//
// Options.Dialect is the revision that the account speaks. Draft2023 lives under
// another path, names some fields differently, sells utilities in two steps
// (UtilityPurchase.LookupID) and lacks all that came later; Has says what. A
// store, a terminal and a payment method that it has no room for are left out
// without a word. Answers of both are read alike.
//
// # Limits
//
// One call, from its token to the last byte of its answer, takes no longer than
// Options.HTTPTimeout, or than its context. Options.Rate bounds how many are
// sent; a call waits its turn, and fails with ErrRateLimited where it would wait
// too long. When the host fails Options.BreakerFailures times in a row it is left
// alone for Options.BreakerOpenFor (ErrBreakerOpen), look-ups apart from
// purchases. Of an answer at most 1 MiB is read, of a list 8 MiB. Options.Alarm
// hears of it when many outcomes are unknown, and Options.Observe of every call.
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
// PINs, electricity tokens, keys, access tokens and whole bodies travel as
// secret.Text, which prints as "[secret]" wherever it is printed. What the host
// says in words is scrubbed of them, and of long runs of digits, before it enters
// an error; it is for logs, not for customers. The plain fields of a result are
// the host's own: names and numbers of people are among them.
//
// # Testing
//
// Package flashapi/sandbox simulates the host, in the same process or as
// "spaza sandbox": it keeps books, issues vouchers that can be redeemed, and
// fails in every way that a real host does, by test numbers. The examples of this
// package run against it. Package flashapi/conformance checks any server that
// claims this API.
package flashapi
