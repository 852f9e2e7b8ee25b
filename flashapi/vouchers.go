package flashapi

import (
	"context"
	"fmt"

	"spaza/secret"
)

// VoucherPurchase makes a 1Voucher that the customer paid for with a payment
// method (section 2.3.1).
type VoucherPurchase struct {
	Reference     string
	Amount        Cents  // more than zero
	PaymentMethod string // optional; letters and digits
	Till          Till
	Metadata      Metadata
}

// VoucherDisburse makes a 1Voucher out of a balance that the customer has with
// the merchant (section 2.3.2).
type VoucherDisburse struct {
	Reference string
	Amount    Cents // more than zero
	Till      Till
	Metadata  Metadata
}

// RedeemFull takes a 1Voucher in for its whole value (section 2.3.3). It is a
// type of its own because the API says "all of it" with an amount of zero,
// which nobody should send by leaving a field out.
type RedeemFull struct {
	Reference string
	PIN       secret.Text // 16 digits
	Till      Till
	Metadata  Metadata
}

// RedeemPart takes part of a 1Voucher in. The rest comes back as a new voucher:
// as an SMS from Flash when MobileNumber is set, otherwise in the answer.
// Merchants that are set up for reversals must leave MobileNumber empty (code
// 2279).
type RedeemPart struct {
	Reference    string
	PIN          secret.Text // 16 digits
	Amount       Cents       // more than zero
	MobileNumber string      // optional; 11 digits, 27...
	Till         Till
	Metadata     Metadata
}

// VoucherRefund gives redeemed money back as a new 1Voucher (section 2.3.4). It
// does not name the redemption: the amount is taken from what the merchant has
// redeemed. MobileNumber is as in RedeemPart.
type VoucherRefund struct {
	Reference    string
	Amount       Cents  // more than zero
	MobileNumber string // optional; 11 digits, 27...
	Till         Till
	Metadata     Metadata
}

// VoucherReverse undoes a whole 1Voucher transaction, as though it had never
// been (sections 1.2.3 and 2.3.5). A voucher that was bought and then redeemed
// stands.
type VoucherReverse struct {
	Reference string // of the reversal, which is a transaction of its own
	Original  string // the reference of what is reversed
	Till      Till
	Metadata  Metadata
}

// issueBody is the wire form of every request that makes a voucher.
type issueBody struct {
	common
	Amount        Cents  `json:"amount"`
	ProductCode   any    `json:"productCode,omitempty"`
	Barcode       string `json:"barcode,omitempty"`
	MobileNumber  string `json:"mobileNumber,omitempty"`
	PaymentMethod string `json:"paymentMethod,omitempty"`
}

// issue checks and fills the fields that all of those have. method is the
// payment method, which the draft does not know.
func (c *Client) issue(reference string, amount Cents, method string, t Till, m Metadata) (issueBody, error) {
	common, err := c.common(reference, t, m)
	switch {
	case err != nil:
		return issueBody{}, err
	case amount <= 0:
		return issueBody{}, fmt.Errorf("%w: amount must be more than zero", ErrInvalid)
	case !only(method, alphanumerics):
		return issueBody{}, fmt.Errorf("%w: payment method must be letters and digits", ErrInvalid)
	}
	if c.options.Dialect == Draft2023 {
		method = ""
	}
	return issueBody{common: common, Amount: amount, PaymentMethod: method}, nil
}

// redeemBody is the wire form of a redemption.
type redeemBody struct {
	common
	PIN          string `json:"pin"`
	Amount       Cents  `json:"amount"`
	MobileNumber string `json:"mobileNumber,omitempty"`
	ProductCode  any    `json:"productCode,omitempty"`
}

// redemption checks and fills it; an amount of zero is all of the voucher.
func (c *Client) redemption(reference string, pin secret.Text, amount Cents, mobile string, t Till, m Metadata) (redeemBody, error) {
	common, err := c.common(reference, t, m)
	switch {
	case err != nil:
		return redeemBody{}, err
	case !validPIN(pin.Reveal()):
		return redeemBody{}, fmt.Errorf("%w: PIN must be 16 digits", ErrInvalid)
	case amount < 0:
		return redeemBody{}, fmt.Errorf("%w: amount must be more than zero", ErrInvalid)
	case mobile != "" && !validMobile(mobile):
		return redeemBody{}, fmt.Errorf("%w: mobile number must be 11 digits beginning with 27", ErrInvalid)
	}
	return redeemBody{common: common, PIN: pin.Reveal(), Amount: amount, MobileNumber: mobile}, nil
}

// reverseBody is the wire form of every reversal.
type reverseBody struct {
	common
	OriginalReference string `json:"originalReference"`
}

// reversal checks and fills it.
func (c *Client) reversal(reference, original string, t Till, m Metadata) (reverseBody, error) {
	common, err := c.common(reference, t, m)
	switch {
	case err != nil:
		return reverseBody{}, err
	case !validReference(original):
		return reverseBody{}, fmt.Errorf("%w: original reference must be 1 to %d letters, digits, '-', '.' or '='", ErrInvalid, maxReference)
	case original == reference:
		return reverseBody{}, fmt.Errorf("%w: a reversal has a reference of its own", ErrInvalid)
	}
	return reverseBody{common: common, OriginalReference: original}, nil
}

func (r VoucherPurchase) reference() string { return r.Reference }

func (r VoucherPurchase) build(c *Client) (Op, any, error) {
	body, err := c.issue(r.Reference, r.Amount, r.PaymentMethod, r.Till, r.Metadata)
	return OpVoucherPurchase, body, err
}

func (r VoucherDisburse) reference() string { return r.Reference }

func (r VoucherDisburse) build(c *Client) (Op, any, error) {
	body, err := c.issue(r.Reference, r.Amount, "", r.Till, r.Metadata)
	return OpVoucherDisburse, body, err
}

func (r RedeemFull) reference() string { return r.Reference }

func (r RedeemFull) build(c *Client) (Op, any, error) {
	body, err := c.redemption(r.Reference, r.PIN, 0, "", r.Till, r.Metadata)
	return OpRedeem, body, err
}

func (r RedeemPart) reference() string { return r.Reference }

func (r RedeemPart) build(c *Client) (Op, any, error) {
	if r.Amount <= 0 { // zero would be all of it
		return OpRedeem, nil, fmt.Errorf("%w: amount must be more than zero", ErrInvalid)
	}
	body, err := c.redemption(r.Reference, r.PIN, r.Amount, r.MobileNumber, r.Till, r.Metadata)
	return OpRedeem, body, err
}

func (r VoucherRefund) reference() string { return r.Reference }

func (r VoucherRefund) build(c *Client) (Op, any, error) {
	body, err := c.issue(r.Reference, r.Amount, "", r.Till, r.Metadata)
	if err == nil && r.MobileNumber != "" && !validMobile(r.MobileNumber) {
		err = fmt.Errorf("%w: mobile number must be 11 digits beginning with 27", ErrInvalid)
	}
	body.MobileNumber = r.MobileNumber
	return OpVoucherRefund, body, err
}

func (r VoucherReverse) reference() string { return r.Reference }

func (r VoucherReverse) build(c *Client) (Op, any, error) {
	body, err := c.reversal(r.Reference, r.Original, r.Till, r.Metadata)
	return OpVoucherReverse, body, err
}

// PurchaseVoucher makes a 1Voucher. An error is ErrInvalid or an *Error. try says
// whether the same request may have been sent before; see Sending.
func (c *Client) PurchaseVoucher(ctx context.Context, r VoucherPurchase, try Sending) (*Issue, error) {
	return transact[Issue](ctx, c, r, try)
}

// DisburseVoucher makes a 1Voucher; otherwise as PurchaseVoucher.
func (c *Client) DisburseVoucher(ctx context.Context, r VoucherDisburse, try Sending) (*Issue, error) {
	return transact[Issue](ctx, c, r, try)
}

// RedeemFull takes a whole voucher in; otherwise as PurchaseVoucher.
func (c *Client) RedeemFull(ctx context.Context, r RedeemFull, try Sending) (*Redemption, error) {
	return transact[Redemption](ctx, c, r, try)
}

// RedeemPart takes part of a voucher in; otherwise as PurchaseVoucher.
func (c *Client) RedeemPart(ctx context.Context, r RedeemPart, try Sending) (*Redemption, error) {
	return transact[Redemption](ctx, c, r, try)
}

// RefundVoucher makes a 1Voucher out of redeemed money; otherwise as
// PurchaseVoucher.
func (c *Client) RefundVoucher(ctx context.Context, r VoucherRefund, try Sending) (*Issue, error) {
	return transact[Issue](ctx, c, r, try)
}

// ReverseVoucher undoes a 1Voucher transaction; otherwise as PurchaseVoucher.
func (c *Client) ReverseVoucher(ctx context.Context, r VoucherReverse, try Sending) (*Undone, error) {
	return transact[Undone](ctx, c, r, try)
}
