package electrumapi

import (
	"encoding/json"
	"fmt"

	"spaza/secret"
)

// rand is the currency of South Africa in ISO 4217, the way the interfaces want it.
const rand = "710"

// LedgerAmount is money in minor units of its currency, cents for the rand.
type LedgerAmount struct {
	Amount          int64           `json:"amount" read:"must"`
	Currency        string          `json:"currency" send:"need,form=digits,len=3"` // ISO 4217, numeric
	LedgerIndicator LedgerIndicator `json:"ledgerIndicator,omitempty" send:"form=word"`
}

// LedgerIndicator is the side of a ledger; other values than these may be received.
type LedgerIndicator string

// The sides of a ledger.
const (
	Debit  LedgerIndicator = "DEBIT"
	Credit LedgerIndicator = "CREDIT"
)

// Rand is so many cents of South African rand.
func Rand(cents int64) LedgerAmount { return LedgerAmount{Amount: cents, Currency: rand} }

// check wants an amount that can be asked for or was paid.
func (a LedgerAmount) check() error {
	if a.Amount < 0 {
		return fmt.Errorf("%w: amount is negative", ErrInvalid)
	}
	return nil
}

// InRand says that the amount is in rand: numeric, by name as in Electrum's own
// examples, or in no currency at all.
func (a LedgerAmount) InRand() bool {
	return a.Currency == rand || a.Currency == "ZAR" || a.Currency == ""
}

// Amounts are the amounts of a transaction. Absent means zero in the documents; here
// an absent one is nil.
type Amounts struct {
	RequestAmount     *LedgerAmount           `json:"requestAmount,omitempty"`  // what the customer asks for
	ApprovedAmount    *LedgerAmount           `json:"approvedAmount,omitempty"` // what upstream approved
	FeeAmount         *LedgerAmount           `json:"feeAmount,omitempty"`      // charged upstream
	BalanceAmount     *LedgerAmount           `json:"balanceAmount,omitempty"`  // left on the customer's account
	AdditionalAmounts map[string]LedgerAmount `json:"additionalAmounts,omitempty"`
}

// TenderType is how money was paid; other values than these may be received.
type TenderType string

// The types of tender.
const (
	TenderCash        TenderType = "CASH"
	TenderCheque      TenderType = "CHEQUE"
	TenderCreditCard  TenderType = "CREDIT_CARD"
	TenderDebitCard   TenderType = "DEBIT_CARD"
	TenderWallet      TenderType = "WALLET"
	TenderRounding    TenderType = "ROUNDING"
	TenderGiftCard    TenderType = "GIFT_CARD"
	TenderLoyaltyCard TenderType = "LOYALTY_CARD"
	TenderOther       TenderType = "OTHER"
)

// AccountType is a type of account; other values than these may be received.
type AccountType string

// The types of account.
const (
	AccountDefault         AccountType = "DEFAULT"
	AccountSavings         AccountType = "SAVINGS"
	AccountCheque          AccountType = "CHEQUE"
	AccountCredit          AccountType = "CREDIT"
	AccountUniversal       AccountType = "UNIVERSAL"
	AccountElectronicPurse AccountType = "ELECTRONIC_PURSE"
	AccountGiftCard        AccountType = "GIFT_CARD"
	AccountStoredValue     AccountType = "STORED_VALUE"
)

// Tender is a payment that was already collected from the customer.
type Tender struct {
	AccountType AccountType  `json:"accountType,omitempty" send:"form=word"`
	Amount      LedgerAmount `json:"amount"`
	CardNumber  string       `json:"cardNumber,omitempty" send:"form=masked"` // masked: six digits, then digits and stars
	Reference   string       `json:"reference,omitempty" send:"max=40"`
	TenderType  TenderType   `json:"tenderType" send:"need,form=word"`
}

// PaymentType tells the kinds of PaymentMethod apart; other values than these may be
// received.
type PaymentType string

// The types of payment method.
const (
	PaymentAn32Token   PaymentType = "AN_32_TOKEN" // Token
	PaymentLoyaltyCard PaymentType = "LOYALTY_CARD"
	PaymentCard        PaymentType = "CARD"
	PaymentAccount     PaymentType = "ACCOUNT"
	PaymentReward      PaymentType = "REWARD"
	PaymentWallet      PaymentType = "WALLET"
	PaymentQR          PaymentType = "QR"
)

// PaymentMethod is a payment that Electrum is to collect from somebody else. It has
// the fields of all types; Type says which of them count.
type PaymentMethod struct {
	Type      PaymentType   `json:"type" send:"need,form=word"`
	Name      string        `json:"name,omitempty"`
	Amount    *LedgerAmount `json:"amount,omitempty"`
	Issuer    *Institution  `json:"issuer,omitempty"`
	Pin       *Pin          `json:"pin,omitempty"`
	Proxy     string        `json:"proxy,omitempty" send:"max=40"`
	ProxyType ProxyType     `json:"proxyType,omitempty" send:"form=word"`

	Token secret.Text `json:"token,omitempty" send:"form=alnum,len=32"` // AN_32_TOKEN

	CardNumber secret.Text `json:"cardNumber,omitempty" send:"form=digits,len=16"` // LOYALTY_CARD

	Pan        secret.Text `json:"pan,omitempty" send:"form=digits,max=19"`       // CARD
	ExpiryDate secret.Text `json:"expiryDate,omitempty" send:"form=digits,len=4"` // CARD, YYMM

	SrcAccountID   string `json:"srcAccountId,omitempty"`   // ACCOUNT
	SrcCustomerID  string `json:"srcCustomerId,omitempty"`  // ACCOUNT
	DestAccountID  string `json:"destAccountId,omitempty"`  // ACCOUNT
	DestCustomerID string `json:"destCustomerId,omitempty"` // ACCOUNT

	RewardCode secret.Text `json:"rewardCode,omitempty" send:"max=40"` // REWARD

	WalletID     string        `json:"walletId,omitempty"` // WALLET
	WalletPocket *WalletPocket `json:"walletPocket,omitempty"`

	TranID              string      `json:"tranId,omitempty"` // QR
	PartnerPaymentToken secret.Text `json:"partnerPaymentToken,omitempty"`
}

// check wants what the document requires of each type.
func (p PaymentMethod) check() error {
	missing := ""
	switch p.Type {
	case PaymentAn32Token:
		missing = unless(!p.Token.Empty(), "token")
	case PaymentLoyaltyCard:
		missing = unless(!p.CardNumber.Empty(), "cardNumber")
	case PaymentCard:
		missing = unless(!p.Pan.Empty(), "pan")
	case PaymentReward:
		missing = unless(!p.RewardCode.Empty(), "rewardCode")
	case PaymentWallet:
		missing = unless(p.WalletID != "", "walletId")
	case PaymentQR:
		missing = unless(p.TranID != "", "tranId")
	}
	return needed(missing)
}

// ProxyType is what a Proxy is.
type ProxyType string

// The types of proxy.
const (
	ProxyMsisdn  ProxyType = "MSISDN"
	ProxyEmail   ProxyType = "EMAIL"
	ProxyUnknown ProxyType = "UNKNOWN"
)

// WalletPocket is a part of a wallet.
type WalletPocket struct {
	PocketName string `json:"pocketName" send:"need"`
	PocketID   string `json:"pocketId,omitempty"`
}

// PinType tells the kinds of Pin apart; other values than these may be received.
type PinType string

// The types of PIN.
const (
	PinClear     PinType = "CLEAR_PIN"
	PinEncrypted PinType = "ENCRYPTED_PIN"
	PinHashed    PinType = "HASHED_PIN"
)

// Pin is a PIN in one of three forms; Type says which of the fields count.
type Pin struct {
	Type                 PinType               `json:"type" send:"need,form=word"`
	Pin                  secret.Text           `json:"pin,omitempty" send:"max=20"`               // CLEAR_PIN
	PinBlock             secret.Text           `json:"pinBlock,omitempty" send:"form=hex,len=16"` // ENCRYPTED_PIN
	EncryptionParameters *EncryptionParameters `json:"encryptionParameters,omitempty"`
	Hash                 secret.Text           `json:"hash,omitempty"` // HASHED_PIN
	HashedPinParameters  *HashedPinParameters  `json:"hashedPinParameters,omitempty"`
}

// check wants what the document requires of each type.
func (p Pin) check() error {
	missing := ""
	switch p.Type {
	case PinClear:
		missing = unless(!p.Pin.Empty(), "pin")
	case PinEncrypted:
		missing = unless(!p.PinBlock.Empty(), "pinBlock")
	case PinHashed:
		missing = unless(!p.Hash.Empty(), "hash")
	}
	return needed(missing)
}

// EncryptionParameters say how a PIN was encrypted.
type EncryptionParameters struct {
	PinBlockFormat string      `json:"pinBlockFormat,omitempty"`
	AccountNumber  secret.Text `json:"accountNumber" send:"need,form=digits,len=12"`
	KeyIndex       string      `json:"keyIndex,omitempty"`
}

// HashedPinParameters say how a PIN was hashed.
type HashedPinParameters struct {
	Name string `json:"name,omitempty" send:"max=20"`
}

// ThreeDSecure is the outcome of a cardholder's authentication (Airtime v5,
// ThreeDSecureDataV1). The document does not say where it is carried; a seller who
// collects the money himself does not need it.
type ThreeDSecure struct {
	AuthenticationValue              secret.Text `json:"authenticationValue,omitempty"` // 20 bytes in Base64
	CardHolderAuthVerificationResult string      `json:"cardHolderAuthVerificationResult,omitempty"`
	Version                          string      `json:"version,omitempty"`
	ECI                              string      `json:"eci,omitempty"`
	TransactionStatus                string      `json:"transactionStatus,omitempty"` // Y, N, U, A, C, D, R, I or S
	TransactionID                    string      `json:"transactionId,omitempty"`
}

// Decimal is a decimal number as it was written, such as 46.1; empty when there is
// none.
type Decimal string

// unless names a field where a condition does not hold.
func unless(holds bool, field string) string {
	if holds {
		return ""
	}
	return field
}

// Raw is JSON that is carried on byte for byte.
type Raw = json.RawMessage
