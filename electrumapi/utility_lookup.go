package electrumapi

import "context"

// MeterLookup asks what is known of a meter before something is bought for it (PPU v3,
// createMeterLookup, MeterLookupRequest). The meter's number is enough.
type MeterLookup struct {
	Confidential
	Head
	Meter Meter `json:"meter"`
}

func (r MeterLookup) build(c *Client) (Message, error) { return c.compose(OpMeterLookup, r.Head, r) }

// MeterLookupResult is what is known of a meter (PPU v3, MeterLookupResponse).
type MeterLookupResult struct {
	Confidential
	Transaction
	Meter    Meter    `json:"meter"`
	Customer Customer `json:"customer"`
	Utility  Supplier `json:"utility"`
	// MinAmount and MaxAmount are the limits of a purchase; nil where nobody says.
	// Electrum's own data also has zero for "nobody says".
	MinAmount     *LedgerAmount `json:"minAmount"`
	MaxAmount     *LedgerAmount `json:"maxAmount"`
	ArrearsAmount *LedgerAmount `json:"arrearsAmount"`
	// BsstDue says that free units are owing: a purchase of zero brings them
	// alone, any other brings them too.
	BsstDue bool `json:"bsstDue"`
}

// LookupMeter builds, sends and reads a MeterLookup. It may be asked again at will,
// with a new id each time. The error is ErrInvalid or an *Error; ErrorMeter says that
// there is no such meter.
func (c *Client) LookupMeter(ctx context.Context, r MeterLookup) (*MeterLookupResult, error) {
	return call[MeterLookupResult](ctx, c, r)
}
