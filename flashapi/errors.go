package flashapi

import (
	"errors"
	"fmt"
	"strings"

	"spaza/hostcall"
)

var (
	// ErrInvalid is returned for a request that the document forbids. Nothing
	// was sent.
	ErrInvalid = errors.New("request is not valid")
	// ErrNotInDialect is returned for an operation that the client's dialect
	// does not have. Nothing was sent.
	ErrNotInDialect = errors.New("operation is not in this dialect of the API")
	// ErrBreakerOpen says that the host failed repeatedly and is left alone
	// for a while. Nothing was sent.
	ErrBreakerOpen = errors.New("breaker is open")
	// ErrRateLimited says that our own rate limit leaves no room before the
	// deadline. Nothing was sent.
	ErrRateLimited = errors.New("own rate limit reached")
	// ErrCredentials says that the token endpoint refused the API key. Nothing
	// else was sent.
	ErrCredentials = errors.New("API key was refused")
	// ErrToken says that no token could be had for another reason. Nothing
	// else was sent.
	ErrToken = errors.New("no access token")
	// ErrTooLarge says that the answer was longer than this client reads.
	ErrTooLarge = hostcall.ErrTooLarge
)

// Error is a call that did not succeed. For calls that move money look at
// Refused first: false means that the transaction may have happened.
type Error struct {
	Op         Op
	HTTPStatus int    // 0 when there was no answer
	Code       string // the response code; empty when there was none
	Message    string // the host's words, scrubbed; for logs only, never for customers
	Reference  string // the reference asked for
	// TransactionID is the host's number of the transaction, where it gave one.
	TransactionID string
	Class         Class
	Reason        string // why it was refused, as in codes.csv
	// Sent says that at least one byte may have reached the host.
	Sent bool
	// Refused says that the transaction did not happen and will not under this
	// reference. Of what only reads it is always true: nothing can be lost.
	Refused bool
	// Person says that the answer contradicts itself, so that sending again
	// will not clear it.
	Person bool
	// Owed says that the transaction happened, but what was bought is not in
	// the answer. Sending the same again fetches it.
	Owed bool
	// Soft says that the words of the code read like "not processed", which is
	// not certain.
	Soft bool
	// Err is what stopped the call where there was no readable answer.
	Err error
}

// Error describes the failure without secrets.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "flash %s", e.Op)
	if e.Reference != "" {
		fmt.Fprintf(&b, " %s", e.Reference)
	}
	fmt.Fprintf(&b, ": %s", e.Class)
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&b, ", HTTP %d", e.HTTPStatus)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, ", code %s", e.Code)
	}
	if e.Message != "" {
		fmt.Fprintf(&b, ", %q", e.Message)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Owed {
		b.WriteString(" (paid, and not had)")
	}
	if !e.Sent {
		b.WriteString(" (not sent)")
	}
	return b.String()
}

// Unwrap gives errors.Is the cause (context.Canceled, ErrBreakerOpen, ...).
func (e *Error) Unwrap() error { return e.Err }
