// Package electrumapi is a client for three of Electrum's interfaces: Airtime v5,
// Single Use Voucher (SUV) v1 and Prepaid Utility (PPU) v3, through which airtime,
// data, vouchers and electricity of many providers are bought in South African
// rand. It stands alone: all but the files provider*.go, which fit it to this shop,
// knows nothing of who uses it.
//
// It exists because Electrum is careful in a way of its own. A request is never
// sent twice: the same id again is an error (DUPLICATE_RECORD) and no replay, and a
// new id is a new sale. What became of a request whose answer did not come is found
// out by a second message about the first: status, retry or reversal. And a sale
// that went well is finished by a confirmation. So the client keeps apart what a
// caller must keep apart: messages, which are made once and kept, sendings, of which
// each is one HTTP exchange, and what an exchange means.
//
// # Starting
//
// New never calls the network. It needs the host, the credentials and the blocks
// that say who sells (institution, terminal, merchant), as they were agreed with
// Electrum. A Client is safe for concurrent use; one is enough.
//
// # Messages
//
// Each operation has a request type, and Build makes a Message of it: the exact
// bytes that are sent. Ids, audit numbers and retrieval references are made from the
// caller's own reference (NewHead, ID), so that they are the same on every replica
// and after every restart. A Message is kept by its parts, the body encrypted; it
// can hold a PIN.
//
// Advices (confirmations and reversals) are made from the bytes of the request and
// of its answer, since they must echo the thirdPartyIdentifiers unaltered. They are
// stored before they are sent and sent, byte for byte the same, until the answer is
// final. For one request there is a confirmation or a reversal, never both; nothing
// here can see to that, since only the caller remembers.
//
// # Outcomes
//
// Post sends once and never repeats, but for a bearer token that was refused, after
// which nothing was done. Exchange.Class says what the exchange means by itself; the
// zero value is Unknown. Failed is final only where the message went out for the
// first time. After an earlier sending that may have arrived only an answer with an
// ErrorType that is Definite settles anything.
//
// # The life of one call
//
// Build checks the request against the document and writes its bytes. Post checks
// that the body carries the message's id, gets a token where OAuth2 is used, waits
// for our own rate limit, asks the breaker of the interface, sends, and reads a
// bounded answer. What it returns says whether any byte may have left. Class reads
// the HTTP status first and the errorType second. Decode reads results.
//
// # Operations
//
// A typed call is Build, Post and Decode in one. Its error is ErrInvalid, with
// nothing sent, or an *Error.
//
//	Airtime v5
//	  LookupMsisdn             MsisdnLookup                *MsisdnInfo
//	  AirtimeProducts          AirtimeCatalogue            []AirtimeProduct
//	  PurchaseAirtime          AirtimePurchase             *AirtimeSale
//	  TryAirtime               AirtimeTrial                *AirtimeSale
//	  AirtimePurchaseStatus    AirtimeStatus               *AirtimeSale
//	  ConfirmAirtime           AirtimeConfirmation         *TenderAdvice
//	  ReverseAirtime           AirtimeReversal             *BasicReversal
//	  ProvisionAirtimeVoucher  AirtimeVoucherPurchase      *AirtimeVoucherSale
//	  ConfirmAirtimeVoucher    AirtimeVoucherConfirmation  *BasicAdvice
//	  ReverseAirtimeVoucher    AirtimeVoucherReversal      *BasicAdvice
//	Single Use Voucher v1
//	  ListSingleUse                                        []SingleUseProduct
//	  ProvisionSingleUse       SingleUseProvision          *SingleUseProvisionResult
//	  RetrySingleUse           SingleUseRetry              *SingleUseProvisionResult
//	  LookupSingleUse          SingleUseLookup             *SingleUseLookupResult
//	  ConfirmSingleUse         SingleUseConfirmation       *TenderAdvice
//	  ReverseSingleUse         SingleUseReversal           *BasicReversal
//	Prepaid Utility v3
//	  LookupMeter              MeterLookup                 *MeterLookupResult
//	  PurchaseToken            TokenPurchase               *TokenPurchaseResult
//	  TryToken                 TokenTrial                  *TokenPurchaseResult
//	  RetryToken               TokenRetry                  *TokenPurchaseResult
//	  ReprintToken             TokenReprint                *TokenPurchaseResult
//	  ConfirmToken             TokenConfirmation           *BasicAdvice
//	  ReverseToken             TokenReversal               *BasicAdvice
//	  RequestKeyChange         KeyChange                   *KeyChangeResult
//	  ConfirmKeyChange         KeyChangeConfirmation       *BasicAdvice
//	  ReportFault              FaultReport                 *FaultReportResult
//
// # What is read
//
// Electrum's own examples break its documents (currencies by name, amounts as
// strings, texts longer than allowed), so answers are read generously: a field that
// cannot be read is absent, unknown values of enumerations are kept as they are, and
// only what is no JSON at all, nested beyond reason, or says two different things in
// one field of its top level, is unreadable. An amount that cannot be read is absent
// and never zero.
//
// # Secrets
//
// Voucher PINs and codes, electricity tokens, card numbers, credentials and whole
// bodies travel as secret.Text, which prints as "[secret]". What the host says in
// words is scrubbed before it enters an error.
//
// # What it must not know
//
// Prices, customers, menus, what is stored where, and when to ask again. Which
// remedy an unknown sale has is decided by its caller.
package electrumapi
