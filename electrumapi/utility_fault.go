package electrumapi

import "context"

// FaultType is what is wrong with a meter; other values than these may be sent, if
// Electrum agrees to them.
type FaultType string

// The types of fault.
const (
	FaultSeriousBoxDamage     FaultType = "SeriousBoxDamage"
	FaultFireWaterDamage      FaultType = "FireWaterDamage"
	FaultMeterDead            FaultType = "MeterDead"
	FaultKeepsTripping        FaultType = "KeepsTripping"
	FaultNoTrip               FaultType = "NoTrip"
	FaultDisplayLightsButtons FaultType = "DisplayLightsButtons"
	FaultNetwork              FaultType = "NetworkFaultReport"
	FaultIncorrectSGC         FaultType = "IncorrectSGC" // supply group code
	FaultIncorrectTI          FaultType = "IncorrectTI"  // tariff index
	FaultConverted            FaultType = "ConvertedFrmConventional"
	FaultMeterChangedOut      FaultType = "MeterChangedOut"
	FaultNewInstallation      FaultType = "NewInstallation"
)

// FaultReport reports a meter that does not work (PPU v3, createFaultReport).
type FaultReport struct {
	Confidential
	Head
	Meter            Meter     `json:"meter"`
	ContactNumber    string    `json:"contactNumber" send:"need,max=20"`
	FaultType        FaultType `json:"faultType" send:"need,form=word"`
	Customer         *Customer `json:"customer,omitempty"`
	FaultDescription string    `json:"faultDescription,omitempty" send:"max=160"`
}

func (r FaultReport) build(c *Client) (Message, error) { return c.compose(OpFaultReport, r.Head, r) }

// FaultReportResult is what was made of a FaultReport (PPU v3, FaultReportResponse).
type FaultReportResult struct {
	Confidential
	Transaction
	Reference   string `json:"reference"` // to ask after it
	Description string `json:"description"`
}

// ReportFault builds, sends and reads a FaultReport. The error is ErrInvalid or an
// *Error; after Unknown the fault may have been reported.
func (c *Client) ReportFault(ctx context.Context, r FaultReport) (*FaultReportResult, error) {
	return call[FaultReportResult](ctx, c, r)
}
