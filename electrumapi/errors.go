package electrumapi

import (
	"errors"
	"fmt"
	"strings"

	"spaza/hostcall"
	"spaza/secret"
)

var (
	// ErrInvalid is returned for a request that the document forbids. Nothing
	// was sent.
	ErrInvalid = errors.New("request is not valid")
	// ErrBreakerOpen says that the host failed repeatedly and is left alone for
	// a while. Nothing was sent.
	ErrBreakerOpen = errors.New("breaker is open")
	// ErrRateLimited says that our own rate limit leaves no room before the
	// deadline. Nothing was sent.
	ErrRateLimited = errors.New("own rate limit reached")
	// ErrCredentials says that the token endpoint refused the credentials, or the
	// host its tokens. Nothing else was sent.
	ErrCredentials = errors.New("credentials were refused")
	// ErrToken says that no token could be had for another reason. Nothing else
	// was sent.
	ErrToken = errors.New("no access token")
)

// Error is a call that did not succeed. For calls that move money look at Class:
// only after Failed, Auth and NotSent nothing happened, and only where the message
// was not sent before.
type Error struct {
	Op         Op
	Class      Class
	HTTPStatus int  // 0 when there was no answer
	Sent       bool // at least one byte may have reached the host
	Detail     ErrorDetail
	// Err is what stopped the call, where there was no readable answer.
	Err error
}

// Error describes the failure without secrets.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "electrum %s: %s", e.Op, e.Class)
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&b, ", HTTP %d", e.HTTPStatus)
	}
	if e.Detail.Type != "" {
		fmt.Fprintf(&b, ", %s", e.Detail.Type)
	}
	if e.Detail.Message != "" {
		fmt.Fprintf(&b, ", %q", e.Detail.Message)
	}
	if e.Detail.ProviderCode != "" {
		fmt.Fprintf(&b, ", provider's code %s", e.Detail.ProviderCode)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap gives errors.Is the cause (context.Canceled, ErrBreakerOpen, ...).
func (e *Error) Unwrap() error { return e.Err }

// ErrorDetail is what an answer says of a failure, of all three interfaces. Its words
// are scrubbed and fit for logs, never for customers. The zero value says nothing.
type ErrorDetail struct {
	ID, OriginalID string // of the failing message, and of the request an advice is about
	Type           ErrorType
	RequestType    string
	Message        string // errorMessage
	Details        string // detailMessage, whatever JSON it was
	ProviderCode   string // providerErrorCode
	ProviderText   string // providerErrorMsg, in SUV providerErrorMessage
	ProviderRef    string
}

// readDetail reads an error's body. It makes no difference whether it has the status
// of an error.
func readDetail(body secret.Text, secrets []secret.Text) (ErrorDetail, error) {
	wire, err := Decode[struct {
		ID                   string `json:"id"`
		OriginalID           string `json:"originalId"`
		ErrorType            string `json:"errorType"`
		RequestType          string `json:"requestType"`
		ErrorMessage         string `json:"errorMessage"`
		DetailMessage        Raw    `json:"detailMessage"`
		ProviderErrorCode    string `json:"providerErrorCode"`
		ProviderErrorMsg     string `json:"providerErrorMsg"`
		ProviderErrorMessage string `json:"providerErrorMessage"`
		ProviderRef          string `json:"providerRef"`
	}](body)
	if err != nil {
		return ErrorDetail{}, err
	}
	if wire.ProviderErrorMsg == "" {
		wire.ProviderErrorMsg = wire.ProviderErrorMessage
	}
	return ErrorDetail{
		ID: hostcall.Field(wire.ID, secrets), OriginalID: hostcall.Field(wire.OriginalID, secrets),
		Type:         errorType(hostcall.Scrub(wire.ErrorType, secrets)),
		RequestType:  hostcall.Field(wire.RequestType, secrets),
		Message:      hostcall.Scrub(wire.ErrorMessage, secrets),
		Details:      hostcall.Scrub(string(wire.DetailMessage), secrets),
		ProviderCode: hostcall.Field(hostcall.Scrub(wire.ProviderErrorCode, secrets), nil),
		ProviderText: hostcall.Scrub(wire.ProviderErrorMsg, secrets),
		ProviderRef:  hostcall.Field(wire.ProviderRef, secrets),
	}, nil
}

// errorType keeps what could be a value of the enumeration. Anything else was said to
// be an error too, and must not be taken for none.
func errorType(s string) ErrorType {
	if s != "" && !forms["word"].MatchString(s) {
		return ErrorUnreadable
	}
	return ErrorType(s)
}

// ErrorType is the errorType of an answer. The interfaces have lists of their own, and
// other values than these may be received.
type ErrorType string

// The types that something depends on here or in an adapter.
const (
	ErrorUnreadable       ErrorType = "UNREADABLE" // of this package: there was one, and it is no word
	ErrorDuplicate        ErrorType = "DUPLICATE_RECORD"
	ErrorFormat           ErrorType = "FORMAT_ERROR"
	ErrorUnsupported      ErrorType = "FUNCTION_NOT_SUPPORTED"
	ErrorNoTransaction    ErrorType = "TRANSACTION_NOT_SUPPORTED"
	ErrorNotFound         ErrorType = "UNABLE_TO_LOCATE_RECORD"
	ErrorUpstream         ErrorType = "UPSTREAM_UNAVAILABLE"
	ErrorGeneral          ErrorType = "GENERAL_ERROR"
	ErrorRouting          ErrorType = "ROUTING_ERROR"
	ErrorMalfunction      ErrorType = "SYSTEM_MALFUNCTION"
	ErrorMerchant         ErrorType = "INVALID_MERCHANT"
	ErrorSettled          ErrorType = "ACCOUNT_ALREADY_SETTLED"
	ErrorOutcomeUnknown   ErrorType = "OUTCOME_UNKNOWN"
	ErrorVoucherUnknown   ErrorType = "VOUCHER_STATUS_UNKNOWN"
	ErrorAmount           ErrorType = "INVALID_AMOUNT"
	ErrorAmountTooLow     ErrorType = "AMOUNT_TOO_LOW"
	ErrorAmountTooHigh    ErrorType = "AMOUNT_TOO_HIGH"
	ErrorTooLittle        ErrorType = "INSUFFICIENT_AMOUNT"
	ErrorProduct          ErrorType = "INVALID_PRODUCT"
	ErrorOutOfStock       ErrorType = "OUT_OF_STOCK"
	ErrorMsisdn           ErrorType = "INVALID_MSISDN"
	ErrorFunds            ErrorType = "INSUFFICIENT_FUNDS"
	ErrorLimit            ErrorType = "LIMIT_EXCEEDED"
	ErrorHonor            ErrorType = "DO_NOT_HONOR"
	ErrorHonour           ErrorType = "DO_NOT_HONOUR" // as SUV spells it
	ErrorMNO              ErrorType = "DECLINED_BY_MNO"
	ErrorDeclined         ErrorType = "TRANSACTION_DECLINED"
	ErrorMeter            ErrorType = "UNKNOWN_METER_ID"
	ErrorMeterKey         ErrorType = "METER_KEY_INVALID"
	ErrorMeterBlocked     ErrorType = "METER_ID_BLOCKED"
	ErrorUtility          ErrorType = "UTILITY_INVALID"
	ErrorNoFreeUnits      ErrorType = "NO_FREE_UNITS_DUE"
	ErrorAccount          ErrorType = "INVALID_ACCOUNT"
	ErrorVoucher          ErrorType = "INVALID_VOUCHER"
	ErrorAuthentication   ErrorType = "AUTHENTICATION_ERROR"
	ErrorVoucherConfirmed ErrorType = "VOUCHER_ALREADY_CONFIRMED"
	ErrorVoucherReversed  ErrorType = "VOUCHER_ALREADY_REVERSED"
	ErrorAn32Token        ErrorType = "INVALID_AN32_TOKEN"
	ErrorLoyaltyCard      ErrorType = "INVALID_LOYALTY_CARD"
	ErrorCardNumber       ErrorType = "INVALID_CARD_NUMBER"
	ErrorCardExpired      ErrorType = "CARD_EXPIRED"
	ErrorPin              ErrorType = "INCORRECT_PIN"
	ErrorPinAttempts      ErrorType = "PIN_ATTEMPTS_EXCEEDED"
)

// Definite says that a type is about the purchase that was asked for, so that it
// settles it also after an earlier sending that may have arrived: in the answer to a
// status or a retry. All others (no such function, no route, a defect, bad form, a
// duplicate, our own set-up, and whatever is not listed) say only what became of the
// asking.
func (t ErrorType) Definite() bool {
	switch t {
	case ErrorAmount, ErrorAmountTooLow, ErrorAmountTooHigh, ErrorTooLittle, ErrorProduct, ErrorOutOfStock, ErrorMsisdn, ErrorFunds,
		ErrorLimit, ErrorHonor, ErrorHonour, ErrorMNO, ErrorDeclined, ErrorMeter, ErrorMeterKey, ErrorMeterBlocked, ErrorUtility,
		ErrorNoFreeUnits, ErrorAccount, ErrorAn32Token, ErrorLoyaltyCard, ErrorCardNumber, ErrorCardExpired, ErrorPin, ErrorPinAttempts:
		return true
	default:
		return false
	}
}
