package sandbox

import (
	"encoding/json"
	"net/http"
)

// The error types that the core itself answers; those of one interface alone
// stand in its file.
const (
	typeFormat       = "FORMAT_ERROR"
	typeDuplicate    = "DUPLICATE_RECORD"
	typeNotFound     = "UNABLE_TO_LOCATE_RECORD"
	typeNotSupported = "TRANSACTION_NOT_SUPPORTED"
	typeNoFunction   = "FUNCTION_NOT_SUPPORTED"
	typeFunds        = "INSUFFICIENT_FUNDS"
	typeUnknown      = "OUTCOME_UNKNOWN"
	typeUnavailable  = "UPSTREAM_UNAVAILABLE"
	typeSettled      = "ACCOUNT_ALREADY_SETTLED"
)

// refusal is an answer that is no success.
type refusal struct {
	kind    string // errorType
	message string // errorMessage; the kind in words where it is empty
	status  int    // HTTP status; 0 for that of the kind
	detail  any    // detailMessage; nil for none
}

// code is the HTTP status that the refusal comes with. That UPSTREAM_UNAVAILABLE,
// FUNCTION_NOT_SUPPORTED and the types of no certain outcome have statuses of
// their own is inferred: no document ties a type to a status.
func (no refusal) code() int {
	if no.status != 0 {
		return no.status
	}
	switch no.kind {
	case typeNotFound:
		return http.StatusNotFound
	case typeUnavailable:
		return http.StatusServiceUnavailable
	case typeNoFunction:
		return http.StatusNotImplemented
	case typeUnknown, "VOUCHER_STATUS_UNKNOWN", "GENERAL_ERROR", "SYSTEM_MALFUNCTION":
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

// body is the ErrorDetail. id is that of the failing message, original that of
// the request an advice is about; both may be missing.
func (no refusal) body(id, original, requestType string) []byte {
	if no.message == "" {
		no.message = "Refused: " + no.kind
	}
	b, err := json.Marshal(struct {
		ID          string `json:"id,omitempty"`
		OriginalID  string `json:"originalId,omitempty"`
		ErrorType   string `json:"errorType"`
		Message     string `json:"errorMessage"`
		RequestType string `json:"requestType,omitempty"`
		Detail      any    `json:"detailMessage,omitempty"`
	}{id, original, no.kind, no.message, requestType, no.detail})
	if err != nil {
		return nil
	}
	return b
}

// formatError is one wrong field, worded as Electrum's test servers do.
type formatError struct {
	Field string `json:"field"`
	Msg   string `json:"msg"`
	Value any    `json:"value"`
}

// malformed refuses a message for its fields.
func malformed(wrong ...formatError) *refusal {
	return &refusal{kind: typeFormat, message: "Bad formatting", detail: map[string]any{"formatErrors": wrong}}
}
