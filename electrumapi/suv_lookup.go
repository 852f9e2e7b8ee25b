package electrumapi

import (
	"context"
	"fmt"
	"net/url"
	"unicode/utf8"

	"spaza/secret"
)

// SingleUseLookup asks what is known of a voucher (SUV v1, lookupVoucher). One of the
// first three is needed, by which the voucher is found; the document requires none. No
// provider is bound to answer.
type SingleUseLookup struct {
	VoucherCode         secret.Text
	ProvisionRequestID  string // the id of a SingleUseProvision, also one whose outcome is unknown
	VoucherSerialNumber string
	ReceiverID          string // receiverInstId
	SettlementID        string // settlementEntityInstId
}

func (r SingleUseLookup) build(*Client) (Message, error) {
	if r.VoucherCode.Empty() && r.ProvisionRequestID == "" && r.VoucherSerialNumber == "" {
		return Message{}, needed("voucherCode, provisionRequestId or voucherSerialNumber")
	}
	if r.ProvisionRequestID != "" && !forms["uuid"].MatchString(r.ProvisionRequestID) {
		return Message{}, fmt.Errorf("%w: provisionRequestId is no UUID", ErrInvalid)
	}
	values := make(url.Values)
	for _, v := range []struct {
		name, value string
		longest     int
	}{
		{"voucherCode", r.VoucherCode.Reveal(), 40},
		{"provisionRequestId", r.ProvisionRequestID, 36},
		{"voucherSerialNumber", r.VoucherSerialNumber, 40},
		{"receiverInstId", r.ReceiverID, 100},
		{"settlementEntityInstId", r.SettlementID, 100},
	} {
		switch {
		case v.value == "":
		case !utf8.ValidString(v.value) || utf8.RuneCountInString(v.value) > v.longest:
			return Message{}, fmt.Errorf("%w: %s is longer than %d characters, or not UTF-8", ErrInvalid, v.name, v.longest)
		default:
			values.Set(v.name, v.value)
		}
	}
	return query(OpVoucherLookup, r.ProvisionRequestID, values), nil
}

// SingleUseLookupResult is what is known of a voucher (SUV v1, VoucherLookupResponse).
// It is no transaction. The last four fields came after version 1.14.
type SingleUseLookupResult struct {
	Confidential
	// Voucher may be without its code, which is no sign that it has none.
	Voucher SingleUseVoucher `json:"voucher"`
	// Amounts have what the voucher is worth as ApprovedAmount, a credit.
	Amounts               *Amounts          `json:"amounts"`
	Product               *SingleUseProduct `json:"product"`
	PosInfo               *PosInfo          `json:"posInfo"`
	SettlementEntity      *Institution      `json:"settlementEntity"`
	Receiver              *Institution      `json:"receiver"`
	ThirdPartyIdentifiers Raw               `json:"thirdPartyIdentifiers"`
	Rrn                   string            `json:"rrn"`
}

// LookupSingleUse builds, sends and reads a SingleUseLookup. It may be repeated at
// will. The error is ErrInvalid or an *Error.
func (c *Client) LookupSingleUse(ctx context.Context, r SingleUseLookup) (*SingleUseLookupResult, error) {
	return callAndRead(ctx, c, r, Decode[SingleUseLookupResult], r.VoucherCode)
}

// SingleUseProducts asks for the products (SUV v1, lookupProducts, which came with
// version 1.16). The document at hand names no parameters.
type SingleUseProducts struct{}

func (SingleUseProducts) build(*Client) (Message, error) {
	return query(OpVoucherProducts, "", nil), nil
}

// ListSingleUse lists the products. It may be repeated at will; the last good list is
// worth keeping, as the document says. The error is an *Error.
func (c *Client) ListSingleUse(ctx context.Context) ([]SingleUseProduct, error) {
	return callAndRead(ctx, c, SingleUseProducts{}, ReadSingleUseProducts)
}

// ReadSingleUseProducts reads the answer to SingleUseProducts. The document calls it a
// ProductsLookupResponse with an array of products; whether the array is all of it, or
// its member "products", it does not say, so both are read. A product without an id is
// left out.
func ReadSingleUseProducts(body secret.Text) ([]SingleUseProduct, error) {
	list, err := Decode[[]SingleUseProduct](body)
	if err != nil {
		wire, inner := Decode[struct {
			Products  Raw    `json:"products"`
			ErrorType string `json:"errorType"`
		}](body)
		if inner != nil || wire.ErrorType != "" {
			return nil, err
		}
		if list, err = Decode[[]SingleUseProduct](secret.New(string(wire.Products))); err != nil {
			return nil, err
		}
	}
	var named []SingleUseProduct
	for _, p := range *list {
		if p.ProductID != "" {
			named = append(named, p)
		}
	}
	return named, nil
}
