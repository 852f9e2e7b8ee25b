package flashapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"spaza/secret"
)

// specimen is an operation in use. Tests that hold for all operations walk over
// specimens, which has at least one of each.
type specimen struct {
	op      Op
	request Request
	// good is an answer that lacks nothing, with changePIN or lightToken where
	// it holds something worth money.
	good string
	call func(c *Client, ctx context.Context, again Sending) (any, error)
}

func (s specimen) String() string {
	return strings.TrimPrefix(fmt.Sprintf("%T", s.request), "flashapi.") + " by " + string(s.op)
}

func (s specimen) message() Message { return message(s.request) }

// changes makes a specimen of a typed call that moves money.
func changes[R Request, T any](op Op, call func(*Client, context.Context, R, Sending) (*T, error), r R, good string) specimen {
	return specimen{op, r, good, func(c *Client, ctx context.Context, again Sending) (any, error) {
		result, err := call(c, ctx, r, again)
		return result, err
	}}
}

// looks makes a specimen of a typed call that changes nothing.
func looks[R Request, T any](op Op, call func(*Client, context.Context, R) (*T, error), r R, good string) specimen {
	return specimen{op, r, good, func(c *Client, ctx context.Context, _ Sending) (any, error) {
		result, err := call(c, ctx, r)
		return result, err
	}}
}

// testTill is a shop and a till, which gift vouchers cannot do without.
var testTill = Till{StoreID: "S1", TerminalID: "T1"}

// lightToken is an electricity token: whoever keys it in has the electricity.
const lightToken = "17432890165527340988"

// goodHead begins every answer that lacks nothing.
const goodHead = `{"responseCode":0,"responseMessage":"Success","accountNumber":"1000200030004000","reference":"` + testRef + `",
	"transactionDate":"2025-05-01 10:00:00","transactionId":257901,"metadata":{"shop":"7"},"storeId":"S1","terminalId":"T1"`

// goodVoucher is the voucher in an answer.
const goodVoucher = `"voucher":{"amount":2000,"expiryDate":"2028-05-01","redemptionDate":"","pin":"` + changePIN + `","serialNumber":"300400500",
	"barcode":"","status":"Active","content":{"redemptionInstructions":"Enter the PIN","termsAndConditions":"None"}}`

// A whole answer for each shape.
const (
	goodIssue   = goodHead + `,"amount":2000,` + goodVoucher + `}`
	goodUndoing = goodHead + `,"mobileNumber":"","amount":2000,` + goodVoucher + `}`
	goodPart    = goodHead + `,"mobileNumber":"","amount":500,` + goodVoucher + `}`
	goodFull    = goodHead + `,"amount":2000,"voucher":{"amount":2000,"pin":"` + testPIN + `","status":"Redeemed"}}`
	goodCashOut = goodHead + `,` + goodVoucher + `}`
	goodAbroad  = goodHead + `,"mobileNumber":"27821234567","products":[{"productId":9,"productName":"Airtime Lesotho","price":1500}]}`
	goodBiller  = goodHead + `,"amount":2000,"biller":{"code":"1101","name":"Kasi Fibre","callCentre":"0860 101","reference":"B1"},
		"consumer":{"name":"N Dlamini","accountNo":"110112345","accountStatus":"Active","cellNumber":"27821234567"}}`
	goodMeter = goodHead + `,"amount":2000,"isFBE":false,"billingInfo":{"arrearValue":0,"arrearDesc":"","maximumVendValue":500000,"minimumVendValue":1000,
		"tariffName":"Home"},"meterInfo":{"meterNumber":"01234567897","algorithmCode":"07","keyRevisionNumber":"1","supplyGroupCode":"000123","tariffIndex":"01",
		"tokenTechnology":"02","customerInfo":{"name":"N Dlamini","address":"1 Main Road"},"utilityInfo":{"name":"City","address":"PO Box 1","callCentre":"0860 100",
		"vatNumber":"4000"}}}`
	goodLight = goodHead + `,"amount":2000,"billingInfo":{"taxAmount":261,"exclusiveAmount":1739,"unitType":"kWh","units":8.2,"freeUnits":0,"receiptNumber":"R77",
		"transactionNumber":"77"},"charges":{"debt":{"value":0,"description":""},"fixedCost":[]},"meterinfo":{"meterNumber":"01234567897","keyRevisionNumber":1,
		"supplyGroupCode":123,"tariffIndex":1,"tokenTechnology":2,"algorithmCode":7,"customerInfo":{"name":"N Dlamini","address":"1 Main Road"},
		"utilityInfo":{"utilityname":"City","address":"PO Box 1","callCentre":"0860 100","vatNumber":"4000"},"tariffName":"Home"},
		"tokens":[{"tokenDescription":"Credit","serialNumber":"5","token":"` + lightToken + `"}],
		"tariffBlocks":[{"amount":1739,"units":8.2,"costPerUnit":212.07,"tariffName":"Home"}]}`
	goodRecharge = goodHead + `,"amount":1000,"rechargeDetails":{"rechargeType":"Airtime","callCentre":"082 111","rechargeVendor":"Vodacom"}}`
)

// specimens are in the order of the table of operations.
func specimens() []specimen {
	pin := secret.New(testPIN)
	return []specimen{
		changes(OpVoucherPurchase, (*Client).PurchaseVoucher, VoucherPurchase{Reference: testRef, Amount: 20_00}, goodIssue),
		changes(OpVoucherDisburse, (*Client).DisburseVoucher, VoucherDisburse{Reference: testRef, Amount: 20_00}, goodIssue),
		changes(OpRedeem, (*Client).RedeemFull, redeemAll(), goodFull),
		changes(OpRedeem, (*Client).RedeemPart, RedeemPart{Reference: testRef, PIN: pin, Amount: 5_00}, goodPart),
		changes(OpVoucherRefund, (*Client).RefundVoucher, VoucherRefund{Reference: testRef, Amount: 20_00}, goodIssue),
		changes(OpVoucherReverse, (*Client).ReverseVoucher, VoucherReverse{Reference: testRef, Original: "P-1"}, goodUndoing),

		changes(OpGiftPurchase, (*Client).PurchaseGift,
			GiftPurchase{Reference: testRef, Amount: 20_00, ProductCode: "501", Till: testTill}, goodIssue),

		changes(OpCashOutPurchase, (*Client).PurchaseCashOut, CashOutPurchase{Reference: testRef, Amount: 20_00, ProductCode: "601"}, goodIssue),
		changes(OpCashOutCancel, (*Client).CancelCashOut, CashOutCancel{Reference: testRef, SerialNumber: "300400500", ProductCode: "601"}, goodUndoing),
		looks(OpCashOutLookup, (*Client).LookupCashOut, CashOutLookup{Reference: testRef, SerialNumber: "300400500", ProductCode: "601"}, goodCashOut),
		changes(OpCashOutReverse, (*Client).ReverseCashOut, CashOutReverse{Reference: testRef, Original: "P-1"}, goodUndoing),

		changes(OpExclusivePurchase, (*Client).PurchaseExclusive, ExclusivePurchase{Reference: testRef, Amount: 20_00, ProductCode: "701"}, goodIssue),
		changes(OpExclusiveCancel, (*Client).CancelExclusive, ExclusiveCancel{Reference: testRef, SerialNumber: "300400500", ProductCode: "701"}, goodUndoing),
		changes(OpExclusiveReverse, (*Client).ReverseExclusive, ExclusiveReverse{Reference: testRef, Original: "P-1"}, goodUndoing),
		changes(OpExclusiveRedeem, (*Client).RedeemExclusiveFull, ExclusiveRedeemFull{Reference: testRef, PIN: pin}, goodFull),
		changes(OpExclusiveRedeem, (*Client).RedeemExclusivePart, ExclusiveRedeemPart{Reference: testRef, PIN: pin, Amount: 5_00}, goodPart),

		changes(OpTokenPurchase, (*Client).PurchaseFlashToken, FlashTokenPurchase{Reference: testRef, Amount: 20_00}, goodIssue),
		changes(OpTokenReverse, (*Client).ReverseFlashToken, FlashTokenReverse{Reference: testRef, Original: "P-1"}, goodUndoing),

		changes(OpPinlessPurchase, (*Client).PurchasePinless, tenRand(), goodRecharge),
		looks(OpInternationalLookup, (*Client).LookupInternational,
			InternationalLookup{Reference: testRef, MobileNumber: "27821234567", Destination: "26650123456"}, goodAbroad),

		changes(OpEeziPurchase, (*Client).PurchaseEezi, EeziPurchase{Reference: testRef, Amount: 20_00, ProductCode: "301"}, goodIssue),
		changes(OpEeziReverse, (*Client).ReverseEezi, EeziReverse{Reference: testRef, Original: "P-1"}, goodUndoing),

		looks(OpUtilityLookup, (*Client).LookupMeter, UtilityLookup{Reference: testRef, Meter: "01234567897", Amount: 20_00}, goodMeter),
		changes(OpUtilityPurchase, (*Client).PurchaseUtility,
			UtilityPurchase{Reference: testRef, Meter: "01234567897", Amount: 20_00, LookupID: "257900"}, goodLight),

		looks(OpPayBalance, (*Client).LookupBillerAccount, PayBalance{Reference: testRef, Account: "110112345"}, goodBiller),
		changes(OpPayPurchase, (*Client).PayBiller, PayPurchase{Reference: testRef, Account: "110112345", Amount: 20_00}, goodBiller),
		changes(OpPayDisburse, (*Client).DisburseToBiller, PayDisburse{Reference: testRef, Account: "110112345", Amount: 20_00}, goodBiller),
	}
}

// specimensThat picks specimens by what their operation does.
func specimensThat(does effect) []specimen {
	return slices.DeleteFunc(specimens(), func(s specimen) bool { return operations[s.op].effect != does })
}

// oneOfEachShape are the specimens without those whose answers look like
// another's.
func oneOfEachShape() []specimen {
	seen := make(map[string]bool)
	return slices.DeleteFunc(specimens(), func(s specimen) bool {
		had := seen[s.good]
		seen[s.good] = true
		return had
	})
}

// specimensOf picks those of some operations.
func specimensOf(ops ...Op) []specimen {
	return slices.DeleteFunc(specimens(), func(s specimen) bool { return !slices.Contains(ops, s.op) })
}

// write200 answers everything with one body.
func write200(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}
