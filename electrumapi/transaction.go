package electrumapi

import (
	"encoding/json"
	"time"
)

// Transaction is the part that every request and every response has. Requests get it
// from the client: see Head.
type Transaction struct {
	TransactionLabels []TransactionLabel `json:"transactionLabels,omitempty"` // for grouping, never for decisions
	ID                string             `json:"id" send:"need,form=uuid"`
	Time              time.Time          `json:"time" send:"need"` // the sender's clock
	Originator        Originator         `json:"originator"`
	Client            Institution        `json:"client"`                     // who sent the message
	SettlementEntity  *Institution       `json:"settlementEntity,omitempty"` // whom the merchant settles with
	Receiver          *Institution       `json:"receiver,omitempty"`         // who finally processes it
	// ThirdPartyIdentifiers are kept as they came, since advices must echo them
	// unaltered. Identifiers reads them.
	ThirdPartyIdentifiers Raw         `json:"thirdPartyIdentifiers" send:"need"`
	SlipData              *SlipData   `json:"slipData,omitempty"` // for the customer's slip
	BasketRef             string      `json:"basketRef,omitempty"`
	TranType              TranType    `json:"tranType,omitempty" send:"form=word"`
	SrcAccType            AccountType `json:"srcAccType,omitempty" send:"form=word"`
	DestAccType           AccountType `json:"destAccType,omitempty" send:"form=word"`
	Stan                  string      `json:"stan,omitempty"` // system trace audit number
	Rrn                   string      `json:"rrn,omitempty"`  // retrieval reference number
}

// Identifiers reads thirdPartyIdentifiers; what cannot be read is left out.
func (t Transaction) Identifiers() []ThirdPartyIdentifier {
	return Identifiers(t.ThirdPartyIdentifiers)
}

// Identifiers reads a thirdPartyIdentifiers array; what cannot be read is left out.
func Identifiers(raw Raw) []ThirdPartyIdentifier {
	var ids []ThirdPartyIdentifier
	if decode(raw, &ids) != nil {
		return nil
	}
	return ids
}

// IdentifierOf is the reference that one institution gave the transaction; empty when
// it gave none.
func (t Transaction) IdentifierOf(institution string) string {
	for _, id := range t.Identifiers() {
		if id.InstitutionID == institution {
			return id.TransactionIdentifier
		}
	}
	return ""
}

// ThirdPartyIdentifier is one institution's own reference of a transaction.
type ThirdPartyIdentifier struct {
	InstitutionID         string `json:"institutionId" send:"need" read:"must"`
	TransactionIdentifier string `json:"transactionIdentifier" send:"need"`
}

// TransactionLabel groups transactions.
type TransactionLabel struct {
	Name  string `json:"name" send:"need"`
	Value string `json:"value" send:"need"`
}

// Institution is a party to a transaction.
type Institution struct {
	ID   string `json:"id" send:"need"`
	Name string `json:"name" send:"need,max=40"`
}

// Originator is where a transaction comes from.
type Originator struct {
	Institution Institution `json:"institution"` // the id is issued by Electrum
	TerminalID  string      `json:"terminalId" send:"need,len=8"`
	Merchant    Merchant    `json:"merchant"`
	OperatorID  string      `json:"operatorId,omitempty" send:"max=30"` // the person at the terminal
	ChannelID   string      `json:"channelId,omitempty" send:"max=50"`
}

// Merchant is who sells.
type Merchant struct {
	MerchantType string       `json:"merchantType" send:"need,form=digits,len=4"` // merchant category code
	MerchantID   string       `json:"merchantId" send:"need,len=15"`
	MerchantName MerchantName `json:"merchantName"`
}

// MerchantName is a merchant's name and place.
type MerchantName struct {
	Name    string `json:"name" send:"need,max=23"`
	City    string `json:"city" send:"need,max=13"`
	Region  string `json:"region" send:"need,max=2"`
	Country string `json:"country" send:"need,max=2"`
}

// TranType is a type of transaction; the documents have two dozen, of which these
// are used by who sells.
type TranType string

// The types of transaction.
const (
	TranGoodsAndServices TranType = "GOODS_AND_SERVICES"
	TranGeneralInquiry   TranType = "GENERAL_INQUIRY"
	TranReturns          TranType = "RETURNS"
)

// SlipData is what is printed for the customer.
type SlipData struct {
	MessageLines    []SlipLine `json:"messageLines,omitempty"`
	SlipWidth       int64      `json:"slipWidth,omitempty"`
	IssuerReference string     `json:"issuerReference,omitempty" send:"form=upper,max=40"` // the provider's reference for the customer
}

// SlipLine is one line of a slip.
type SlipLine struct {
	Text                  string   `json:"text" send:"need"`
	Barcode               *Barcode `json:"barcode,omitempty"`
	FontWidthScaleFactor  Decimal  `json:"fontWidthScaleFactor,omitempty"`
	FontHeightScaleFactor Decimal  `json:"fontHeightScaleFactor,omitempty"`
	Line                  bool     `json:"line,omitempty"` // a solid line
	Cut                   bool     `json:"cut,omitempty"`  // the slip is cut here
}

// Barcode is a barcode on a slip.
type Barcode struct {
	Data     string `json:"data" send:"need"`
	Encoding string `json:"encoding" send:"need"`
}

// Customer is a person who buys or receives. No field is required.
type Customer struct {
	FirstName      string    `json:"firstName,omitempty" send:"max=40"`
	LastName       string    `json:"lastName,omitempty" send:"max=40"`
	Address        string    `json:"address,omitempty" send:"max=80"` // deprecated
	AddressDetails *Address  `json:"addressDetails,omitempty"`
	DateOfBirth    time.Time `json:"dateOfBirth,omitempty"`
	Status         string    `json:"status,omitempty"`
	Msisdn         string    `json:"msisdn,omitempty" send:"form=msisdn"`
	EmailAddress   string    `json:"emailAddress,omitempty"`
	ProfileID      string    `json:"profileId,omitempty"`
}

// Address is a postal address.
type Address struct {
	AddressLine1 string `json:"addressLine1,omitempty" send:"max=100"`
	AddressLine2 string `json:"addressLine2,omitempty" send:"max=100"`
	City         string `json:"city,omitempty" send:"max=30"`
	Region       string `json:"region,omitempty" send:"form=upper,len=2"`
	Country      string `json:"country,omitempty" send:"form=upper,len=2"`
	PostalCode   string `json:"postalCode,omitempty" send:"form=postal,max=20"`
}

// PosInfo says how a card was read at a point of sale. Its values are those of the
// Single Use Voucher document, such as MANUAL, CAN_ACCEPT and CUSTOMER_NOT_PRESENT.
type PosInfo struct {
	EntryMode        *EntryMode `json:"entryMode,omitempty"`
	PosConditionCode string     `json:"posConditionCode,omitempty" send:"form=word"`
}

// EntryMode is how a card was read, and whether a PIN can be entered.
type EntryMode struct {
	PanEntryMode       string `json:"panEntryMode" send:"need,form=word"`
	PinEntryCapability string `json:"pinEntryCapability" send:"need,form=word"`
}

// rawIdentifiers writes a thirdPartyIdentifiers array.
func rawIdentifiers(ids []ThirdPartyIdentifier) (Raw, error) { return json.Marshal(ids) }
