package electrumapi

import (
	"net/http"
	"strings"
)

// Op is an operation of one of the interfaces. Its text is stable: it may be kept
// with a message.
type Op string

// The operations of Airtime v5.
const (
	OpAirtimeMsisdn         Op = "airtime/msisdn"                  // lookupMsisdn
	OpAirtimeProducts       Op = "airtime/products"                // listProducts
	OpAirtimePurchase       Op = "airtime/purchases"               // purchase
	OpAirtimeTrial          Op = "airtime/purchases/trials"        // purchaseTrial
	OpAirtimeStatus         Op = "airtime/purchases/status"        // purchaseStatus
	OpAirtimeConfirm        Op = "airtime/purchases/confirmations" // purchaseConfirmation
	OpAirtimeReverse        Op = "airtime/purchases/reversals"     // purchaseReversal
	OpAirtimeVoucher        Op = "airtime/vouchers"                // provisionVoucher
	OpAirtimeVoucherConfirm Op = "airtime/vouchers/confirmations"  // confirmVoucher
	OpAirtimeVoucherReverse Op = "airtime/vouchers/reversals"      // reverseVoucher
)

// The operations of Single Use Voucher v1 that a seller needs.
const (
	OpVoucherProvision Op = "suv/vouchers"               // provisionVoucher
	OpVoucherRetry     Op = "suv/vouchers/retry"         // retryProvisionVoucher
	OpVoucherConfirm   Op = "suv/vouchers/confirmations" // confirmVoucher
	OpVoucherReverse   Op = "suv/vouchers/reversals"     // reverseVoucher
	OpVoucherLookup    Op = "suv/vouchers/lookup"        // lookupVoucher
	OpVoucherProducts  Op = "suv/products"               // lookupProducts
)

// The operations of Prepaid Utility v3.
const (
	OpMeterLookup      Op = "utility/meterLookups"                         // createMeterLookup
	OpTokenPurchase    Op = "utility/tokenPurchases"                       // createTokenPurchaseRequest
	OpTokenTrial       Op = "utility/tokenPurchases/trial"                 // trialTokenPurchaseRequest
	OpTokenRetry       Op = "utility/tokenPurchases/retry"                 // retryPurchaseRequest
	OpTokenConfirm     Op = "utility/tokenPurchases/confirmations"         // confirmTokenPurchase
	OpTokenReverse     Op = "utility/tokenPurchases/reversals"             // reverseTokenPurchase
	OpTokenReprint     Op = "utility/tokenReprints"                        // requestTokenReprint
	OpKeyChange        Op = "utility/keyChangeTokenRequests"               // createKeyChangeTokenRequest
	OpKeyChangeConfirm Op = "utility/keyChangeTokenRequests/confirmations" // confirmKeyChange
	OpFaultReport      Op = "utility/faultReports"                         // createFaultReport
)

// Interface is one of the three. Each has a base address and a breaker of its own.
type Interface uint8

// The interfaces.
const (
	InterfaceAirtime Interface = iota
	InterfaceVoucher
	InterfaceUtility
	tokenEndpoint // where bearer tokens are had; no interface, but it has a breaker
	interfaces    // how many there are
)

// effect is what an operation does, and so what its answers may mean.
type effect uint8

const (
	sells    effect = iota // makes something; the careful reading is the default
	reads                  // changes nothing, so that nothing is lost by asking again
	confirms               // an advice, repeated until its answer is final
	reverses               // an advice, where "there is no such thing" is success
)

// advises says that the operation is an advice.
func (e effect) advises() bool { return e == confirms || e == reverses }

// operation is what is to be known of an operation.
type operation struct {
	on     Interface
	method string
	// path is below the base address of the interface. {id} stands for the
	// message's own id and {original} for that of the request that it is about.
	path   string
	effect effect
	// list says that a success is an array. Lists may be longer than other
	// answers.
	list bool
}

// operations are all that are sent.
var operations = map[Op]operation{
	OpAirtimeMsisdn:         {InterfaceAirtime, http.MethodGet, "/msisdn", reads, false},
	OpAirtimeProducts:       {InterfaceAirtime, http.MethodGet, "/products", reads, true},
	OpAirtimePurchase:       {InterfaceAirtime, http.MethodPost, "/purchases", sells, false},
	OpAirtimeTrial:          {InterfaceAirtime, http.MethodPost, "/purchases/trials", reads, false},
	OpAirtimeStatus:         {InterfaceAirtime, http.MethodGet, "/purchases/status", reads, false},
	OpAirtimeConfirm:        {InterfaceAirtime, http.MethodPost, "/purchases/confirmations", confirms, false},
	OpAirtimeReverse:        {InterfaceAirtime, http.MethodPost, "/purchases/reversals", reverses, false},
	OpAirtimeVoucher:        {InterfaceAirtime, http.MethodPost, "/vouchers/{id}", sells, false},
	OpAirtimeVoucherConfirm: {InterfaceAirtime, http.MethodPost, "/vouchers/{original}/confirmations/{id}", confirms, false},
	OpAirtimeVoucherReverse: {InterfaceAirtime, http.MethodPost, "/vouchers/{original}/reversals/{id}", reverses, false},

	OpVoucherProvision: {InterfaceVoucher, http.MethodPost, "/vouchers", sells, false},
	OpVoucherRetry:     {InterfaceVoucher, http.MethodPost, "/vouchers/{provisionId}/retry", sells, false}, // see Options.RetryPath
	OpVoucherConfirm:   {InterfaceVoucher, http.MethodPost, "/vouchers/confirmations", confirms, false},
	OpVoucherReverse:   {InterfaceVoucher, http.MethodPost, "/vouchers/reversals", reverses, false},
	OpVoucherLookup:    {InterfaceVoucher, http.MethodGet, "/vouchers", reads, false},
	OpVoucherProducts:  {InterfaceVoucher, http.MethodGet, "/products", reads, true},

	OpMeterLookup:      {InterfaceUtility, http.MethodPost, "/meterLookups/{id}", reads, false},
	OpTokenPurchase:    {InterfaceUtility, http.MethodPost, "/tokenPurchases/{id}", sells, false},
	OpTokenTrial:       {InterfaceUtility, http.MethodPost, "/tokenPurchases/{id}/trial", reads, false},
	OpTokenRetry:       {InterfaceUtility, http.MethodPost, "/tokenPurchases/{original}/retry", sells, false},
	OpTokenConfirm:     {InterfaceUtility, http.MethodPost, "/tokenPurchases/{original}/confirmations/{id}", confirms, false},
	OpTokenReverse:     {InterfaceUtility, http.MethodPost, "/tokenPurchases/{original}/reversals/{id}", reverses, false},
	OpTokenReprint:     {InterfaceUtility, http.MethodPost, "/tokenReprints/{id}", reads, false},
	OpKeyChange:        {InterfaceUtility, http.MethodPost, "/keyChangeTokenRequests/{id}", sells, false},
	OpKeyChangeConfirm: {InterfaceUtility, http.MethodPost, "/keyChangeTokenRequests/{original}/confirmations/{id}", confirms, false},
	OpFaultReport:      {InterfaceUtility, http.MethodPost, "/faultReports/{id}", sells, false},
}

// address is where a message goes, its query included; false where the client has no
// such interface.
func (c *Client) address(o operation, m Message) (string, bool) {
	base, path := c.bases[o.on], o.path
	if m.Op == OpVoucherRetry {
		path = c.options.RetryPath
	}
	path = strings.NewReplacer("{id}", m.ID, "{original}", m.Original, "{provisionId}", m.Original).Replace(path)
	if o.method == http.MethodGet && !m.Body.Empty() {
		path += "?" + m.Body.Reveal()
	}
	return base + path, base != ""
}
