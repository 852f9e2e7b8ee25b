package flashapi

import (
	"context"
	"regexp"
	"strings"
	"time"

	"spaza/secret"
)

// Receipt is what the answer to every transaction has. All results of typed
// calls embed it.
type Receipt struct {
	Reference       string // of the request
	TransactionID   string // the host's number; an integer or a string, by its mood
	TransactionDate string // as given; see Time
	Amount          Cents  // what was moved, as the answer says it; zero where it does not
	// Alert says that the answer was not quite what was asked for, and Detail
	// how; the transaction stands all the same.
	Alert  bool
	Detail string
}

func (r *Receipt) stamp(filled Receipt) { *r = filled }

// Time reads TransactionDate. The document gives no format, and where the host
// gives no zone it means South African time. False says that it is of a form
// that nobody foresaw; nothing depends on it.
func (r Receipt) Time() (time.Time, bool) { return readTime(r.TransactionDate) }

// readTime tries the forms that a date may have.
func readTime(s string) (time.Time, bool) {
	johannesburg := time.FixedZone("SAST", 2*60*60) // no daylight saving since 1944
	for _, form := range [...]string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006/01/02 15:04:05",
		"2006-01-02T15:04:05-0700", "2006-01-02T15:04", "2006-01-02", "2006/01/02", "02/01/2006",
	} {
		if t, err := time.ParseInLocation(form, s, johannesburg); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// Voucher is a voucher in an answer.
type Voucher struct {
	PIN          secret.Text // worth cash to whoever has it; empty where it was sent by SMS, or hidden
	Amount       Cents
	SerialNumber string
	Barcode      string // gift vouchers only
	ExpiryDate   string // as given
	RedeemedOn   string // as given
	Status       string // the words are not documented
	// Instructions say how to use it, and Terms under which conditions. They
	// are secret since the PIN may stand in them, in a code to dial.
	Instructions, Terms secret.Text
}

// Expires reads ExpiryDate, as Receipt.Time does.
func (v Voucher) Expires() (time.Time, bool) { return readTime(v.ExpiryDate) }

// transact builds, sends and judges a request, and gives the typed answer. An
// error is ErrInvalid, ErrNotInDialect or an *Error.
func transact[T any](ctx context.Context, c *Client, r Request, try Sending) (*T, error) {
	m, err := c.Build(r)
	if err != nil {
		return nil, err
	}
	x := c.Post(ctx, m)
	v := Judge(m, x, try)
	result, ok := v.Result.(*T)
	if v.Settled != Happened || !ok {
		return nil, failure(m, x, v)
	}
	return result, nil
}

// voucherWire is the voucher in an answer (section 3.1.4 and after).
type voucherWire struct {
	Amount         whole           `json:"amount"`
	ExpiryDate     text            `json:"expiryDate"`
	RedemptionDate text            `json:"redemptionDate"`
	PIN            handedPIN       `json:"pin"`
	SerialNumber   text            `json:"serialNumber"`
	Barcode        text            `json:"barcode"`
	Status         text            `json:"status"`
	Content        object[content] `json:"content"`
}

// handedPIN is a PIN that somebody is to be handed. What cannot be keyed in is
// none: true and false, a number that lost digits to a fraction or a power, and
// what stands in the place of a PIN that is kept back.
type handedPIN struct{ secret.Text }

func (p *handedPIN) UnmarshalJSON(b []byte) error {
	var t text
	if err := t.UnmarshalJSON(b); err != nil {
		return err
	}
	number := len(b) > 0 && b[0] != '"'
	switch s := string(t); {
	case only(s, digits) && strings.Trim(s, "0") != "": // nearly all, and no work for an expression
	case number || noPIN.MatchString(s):
		t = ""
	}
	p.Text = secret.New(string(t))
	return nil
}

// noPIN recognises what is written where there is no PIN to be seen.
var noPIN = regexp.MustCompile(`(?i)^[0 .-]*$|[*\x{2022}]|xxxx|^(null|none|n/a|false|true)$`)

// content is the printed matter of a voucher or product.
type content struct {
	RedemptionInstructions text `json:"redemptionInstructions"`
	TermsAndConditions     text `json:"termsAndConditions"`
}

func (v voucherWire) voucher() *Voucher {
	return &Voucher{
		PIN: v.PIN.Text, Amount: Cents(v.Amount.n), SerialNumber: string(v.SerialNumber), Barcode: string(v.Barcode),
		ExpiryDate: string(v.ExpiryDate), RedeemedOn: string(v.RedemptionDate), Status: string(v.Status),
		Instructions: secret.New(string(v.Content.is.RedemptionInstructions)), Terms: secret.New(string(v.Content.is.TermsAndConditions)),
	}
}

// secrets are what must not be repeated outside.
func (v voucherWire) secrets() []secret.Text {
	if v.PIN.Empty() {
		return nil
	}
	return []secret.Text{v.PIN.Text}
}

// issueWire is the answer to every operation that makes, cancels or reverses a
// voucher.
type issueWire struct {
	Amount       whole               `json:"amount"`
	MobileNumber text                `json:"mobileNumber"`
	Voucher      object[voucherWire] `json:"voucher"`
}

// said is the value in the answer: its own, or else the voucher's.
func (w issueWire) said() Cents {
	if w.Amount.n > 0 {
		return Cents(w.Amount.n)
	}
	return Cents(w.Voucher.is.Amount.n)
}

// Issue is a voucher that was made: a 1Voucher, gift voucher, cash-out PIN,
// exclusive voucher, Flash Token or Eezi voucher.
type Issue struct {
	Receipt
	Voucher Voucher
	// SentTo is the number to which the host sends the PIN itself, where that
	// was asked for. The answer then need not hold it.
	SentTo string
}

// findVoucher wants a PIN: without one the voucher is paid for and not had,
// unless it went out as an SMS.
func findVoucher(a asked, body []byte) finding {
	var w issueWire
	if err := decodeObject(body, &w); err != nil {
		return finding{contradicts: err.Error()}
	}
	v := w.Voucher.is
	f := finding{amount: w.said(), secrets: v.secrets()}
	switch {
	case v.PIN.Empty() && a.MobileNumber == "":
		f.missing = true
		return f
	case w.Amount.bad || v.Amount.bad:
		f.odd = "a voucher was made, but its value cannot be read"
	case f.amount != 0 && a.Amount != 0 && f.amount != a.Amount:
		f.odd = "a voucher of another value was made than was asked for"
	case v.Amount.n > 0 && Cents(v.Amount.n) != f.amount:
		f.odd = "the amount differs from the voucher's"
	}
	f.result = &Issue{Voucher: *v.voucher(), SentTo: string(a.MobileNumber)}
	return f
}

// Undone is a transaction that was cancelled or reversed.
type Undone struct {
	Receipt
	// Voucher is what was cancelled; nil where the answer does not say.
	Voucher      *Voucher
	MobileNumber string
	// Already says that it had been cancelled or reversed before, which is
	// what was wanted.
	Already bool
}

// findUndone needs nothing but the code.
func findUndone(_ asked, body []byte) finding {
	var w issueWire
	if err := decodeObject(body, &w); err != nil {
		return finding{contradicts: err.Error()}
	}
	u := &Undone{MobileNumber: string(w.MobileNumber)}
	if w.Voucher.is != (voucherWire{}) {
		u.Voucher = w.Voucher.is.voucher()
	}
	f := finding{result: u, amount: w.said(), secrets: w.Voucher.is.secrets()}
	if w.Amount.bad || w.Voucher.is.Amount.bad {
		f.odd = "cancelled, but the value cannot be read"
	}
	return f
}
