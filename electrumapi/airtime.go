package electrumapi

import (
	"context"
	"time"

	"spaza/secret"
)

// Msisdn is a telephone number, of a network.
type Msisdn struct {
	Msisdn   string       `json:"msisdn" send:"need,form=msisdn"` // international, such as 27821234567
	Country  string       `json:"country,omitempty" send:"form=upper,len=2"`
	Operator *Institution `json:"operator,omitempty"` // the mobile network
}

// AirtimeProduct is what is sold by Airtime v5 (Product). To buy one, its ProductID
// suffices.
type AirtimeProduct struct {
	// IsDirectTopup says that it recharges a number; false is a PIN that the customer
	// enters. Nil where nothing is said.
	IsDirectTopup   *bool                 `json:"isDirectTopup,omitempty"`
	ProductID       string                `json:"productId" send:"need,form=alnum,max=20" read:"must"`
	Barcode         string                `json:"barcode,omitempty" send:"form=alnum,max=13"`
	Name            string                `json:"name,omitempty" send:"max=120"`
	Description     *AirtimeDescription   `json:"description,omitempty"`
	Type            AirtimeType           `json:"type,omitempty" send:"form=word"`
	WholesalePrice  *LedgerAmount         `json:"wholesalePrice,omitempty"`  // in the merchant's currency
	RecipientAmount *LedgerAmount         `json:"recipientAmount,omitempty"` // in the recipient's currency
	ProductValues   []LedgerAmount        `json:"productValues,omitempty"`   // face values, one of each currency
	ValidityPeriod  *ValidityPeriod       `json:"validityPeriod,omitempty"`
	ProductContents []ProductContent      `json:"productContents,omitempty"`
	Operator        *Institution          `json:"operator,omitempty"`
	Channels        []AirtimeChannelEntry `json:"channels,omitempty"`
}

// AirtimeType is the type of an airtime product; other values than these may be
// received.
type AirtimeType string

// The types of airtime product.
const (
	AirtimeFixed        AirtimeType = "AIRTIME_FIXED"
	AirtimeVariable     AirtimeType = "AIRTIME_VARIABLE"
	AirtimeSMS          AirtimeType = "SMS_BUNDLE"
	AirtimeData         AirtimeType = "DATA"
	AirtimeApp          AirtimeType = "APP_RELATED"
	AirtimeCombo        AirtimeType = "COMBO"
	AirtimeDataFixed    AirtimeType = "DATA_FIXED"
	AirtimeDataVariable AirtimeType = "DATA_VARIABLE"
	AirtimeVoice        AirtimeType = "VOICE_BUNDLE"
)

// AirtimeDescription is a product's description in several lengths.
type AirtimeDescription struct {
	PrimaryDescription     string            `json:"primaryDescription,omitempty"`
	ShortDescription       string            `json:"shortDescription,omitempty"`
	AdditionalDescriptions map[string]string `json:"additionalDescriptions,omitempty"`
}

// ValidityPeriod is how long a product can be used.
type ValidityPeriod struct {
	Duration     int64  `json:"duration" read:"must"`
	DurationUnit string `json:"durationUnit" send:"need,form=word"` // NANOS ... DAYS, WEEKS, MONTHS, YEARS ... FOREVER
}

// ProductContent is a part of what a product gives.
type ProductContent struct {
	Amount int64  `json:"amount" read:"must"`
	Unit   string `json:"unit" send:"need,form=word"` // KB, MB, GB, Unit (messages) or Minutes
}

// AirtimeChannelEntry is how a product is shown on one channel
// (ChannelProductListing).
type AirtimeChannelEntry struct {
	ChannelName              string  `json:"channelName" send:"need,max=50"`
	ProductDisplayName       string  `json:"productDisplayName,omitempty" send:"max=50"`
	ProductDisplayCategory   string  `json:"productDisplayCategory,omitempty" send:"max=50"`
	ProductDisplaySortOrder  Decimal `json:"productDisplaySortOrder,omitempty"`
	ChannelProductIdentifier string  `json:"channelProductIdentifier,omitempty"`
}

// AirtimeVoucher is a PIN that recharges a number (Voucher).
type AirtimeVoucher struct {
	Pin                secret.Text `json:"pin,omitempty" send:"form=digits,max=20"`
	ExpiryDate         time.Time   `json:"expiryDate,omitempty"`
	SerialNumber       string      `json:"serialNumber" send:"need,form=alnum,max=20"`
	BatchNumber        string      `json:"batchNumber,omitempty" send:"form=alnum,max=20"`
	RedeemInstructions []string    `json:"redeemInstructions,omitempty"`
}

// MsisdnLookup asks about a number: of which network it is and what can be bought for
// it (Airtime v5, lookupMsisdn). Msisdn is required.
type MsisdnLookup struct {
	Msisdn          string      `json:"msisdn" send:"need,form=msisdn"`
	SenderMsisdn    string      `json:"senderMsisdn,omitempty" send:"form=msisdn"`
	Operator        string      `json:"operator,omitempty"`
	ProductType     AirtimeType `json:"productType,omitempty" send:"form=word"`
	ChannelName     string      `json:"channelName,omitempty" send:"max=50"`
	ProductCategory string      `json:"productCategory,omitempty"`
}

func (r MsisdnLookup) build(*Client) (Message, error) {
	return query(OpAirtimeMsisdn, "", params(r)), check(r)
}

// MsisdnInfo is what is known of a number (MsisdnInfoResponse).
type MsisdnInfo struct {
	Msisdn            *Msisdn          `json:"msisdn"`
	SenderMsisdn      *Msisdn          `json:"senderMsisdn"`
	Amounts           *Amounts         `json:"amounts"`
	Promotion         *Promotion       `json:"promotion"`
	AvailableProducts []AirtimeProduct `json:"availableProducts"`
}

// Promotion is what a network offers a subscriber.
type Promotion struct {
	Promotion string    `json:"promotion"`
	StartDate time.Time `json:"startDate"`
	EndDate   time.Time `json:"endDate"`
}

// LookupMsisdn asks about a number. It changes nothing and may be repeated after any
// error. The error is ErrInvalid, or an *Error.
func (c *Client) LookupMsisdn(ctx context.Context, r MsisdnLookup) (*MsisdnInfo, error) {
	return call[MsisdnInfo](ctx, c, r)
}

// AirtimeCatalogue asks for all products, or those of one channel (Airtime v5,
// listProducts).
type AirtimeCatalogue struct {
	ChannelName string `json:"channelName,omitempty" send:"max=50"`
}

func (r AirtimeCatalogue) build(*Client) (Message, error) {
	return query(OpAirtimeProducts, "", params(r)), check(r)
}

// AirtimeProducts lists what can be bought; what has no productId is left out. It
// changes nothing and may be repeated after any error. HTTP 501 says that Electrum
// keeps no list for this seller. The error is ErrInvalid, or an *Error.
func (c *Client) AirtimeProducts(ctx context.Context, r AirtimeCatalogue) ([]AirtimeProduct, error) {
	products, err := call[[]AirtimeProduct](ctx, c, r)
	if err != nil {
		return nil, err
	}
	return *products, nil
}
