package recon

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrMapping is returned when a file cannot be read with the mapping: a column
// is not found, words contradict each other, or too many lines make no sense.
var ErrMapping = errors.New("the mapping does not fit")

// errNoStatus is apart from other reasons because a header may help.
var errNoStatus = fmt.Errorf("%w: no column for the status; name it, or say status=none when the file has successful transactions only", ErrMapping)

// none is the column of a field that a file lacks.
const none = "none"

// Field is something that a line says.
type Field string

// The fields. Amount is needed, and one of the references.
const (
	FieldReference Field = "reference" // ours
	FieldProvider  Field = "provider"  // the provider's reference
	FieldAmount    Field = "amount"
	FieldStatus    Field = "status" // none: every line is a success
	FieldTime      Field = "time"   // without it the period must be given
	FieldKind      Field = "kind"   // the product, or kind of transaction
)

func fields() []Field {
	return []Field{FieldReference, FieldProvider, FieldAmount, FieldStatus, FieldTime, FieldKind}
}

// Unit is what amounts are in.
type Unit string

// The units of amounts.
const (
	Rand  Unit = "rand"
	Cents Unit = "cents"
)

// Sign is how a file tells money spent from money taken in.
type Sign string

// The ways of signs. In both, a line with the other sign than its own is money
// given back.
const (
	Positive Sign = "positive" // everything is positive
	Negative Sign = "negative" // sales are negative, vouchers taken in are positive
)

// Mapping says how to read a file. The zero value reads usual column names.
type Mapping struct {
	// Columns names the column of a field: the header's name in small or
	// capital letters, or its number from 1; two with + between are put
	// together, such as Date+Time; none says that there is none. Fields that
	// are not named are looked for under usual names.
	Columns map[Field]string
	// Separator stands between cells; default: the one of , ; | and tab with
	// which the columns are found.
	Separator byte
	// Unit of the amounts; default: Rand when any has digits behind a point,
	// else it must be said.
	Unit Unit
	// Sign of the amounts; it must be said when any is negative.
	Sign Sign
	// Words of the status column, instead of usual ones; they replace those
	// of their status only.
	Words map[Status][]string
	// Redemptions are words of the kind column that mean a voucher taken in.
	// Default: redeem, redemption, 1voucher redeem, 1voucher redemption.
	Redemptions []string
	// TimeLayout is the form of times, as Go's time package writes it;
	// default: usual ones, with the day before the month.
	TimeLayout string
	// Zone is where times without a zone are; default UTC+2, which is South
	// Africa's all year.
	Zone *time.Location
}

// usual are the header names by which a field is found, best first, in the form
// of normalName.
func usual(f Field) []string {
	switch f {
	case FieldReference:
		return []string{
			"reference", "ourreference", "clientreference", "merchantreference", "partnerreference", "requestreference",
			"externalreference", "yourreference", "clientref", "merchantref", "referencenumber", "ref",
		}
	case FieldProvider:
		return []string{
			"providerreference", "flashreference", "transactionid", "transactionnumber", "transactionreference", "transid", "txnid",
			"providerref", "id",
		}
	case FieldAmount:
		return []string{"amount", "transactionamount", "amountrand", "amountzar", "amountcents", "value", "facevalue"}
	case FieldStatus:
		return []string{"status", "transactionstatus", "state", "result"}
	case FieldTime:
		return []string{
			"datetime", "transactiondatetime", "transactiontime", "timestamp", "date+time", "transactiondate", "createdat", "created",
			"processedat", "time", "date",
		}
	default:
		return []string{"kind", "transactiontype", "type", "producttype", "productgroup", "product", "productname"}
	}
}

// normalName is a header's name without what people write differently.
func normalName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return -1
	}, s)
}

// check refuses a mapping that no file could fit.
func (m Mapping) check() error {
	for _, f := range slices.Sorted(maps.Keys(m.Columns)) {
		if !slices.Contains(fields(), f) {
			return fmt.Errorf("%w: there is no field %q; there are %v", ErrMapping, f, fields())
		}
		if strings.TrimSpace(m.Columns[f]) == "" {
			return fmt.Errorf("%w: no column is named for %s", ErrMapping, f)
		}
	}
	switch {
	case m.Unit != "" && m.Unit != Rand && m.Unit != Cents:
		return fmt.Errorf("%w: amounts are in rand or cents, not %q", ErrMapping, m.Unit)
	case m.Sign != "" && m.Sign != Positive && m.Sign != Negative:
		return fmt.Errorf("%w: the sign of sales is positive or negative, not %q", ErrMapping, m.Sign)
	case strings.ContainsRune("\"\r\n ", rune(m.Separator)) && m.Separator != 0:
		return fmt.Errorf("%w: %q cannot separate cells", ErrMapping, m.Separator)
	}
	return nil
}

// columns says in which cells of a line the fields are; several are joined with
// a blank, none means that the file lacks the field.
type columns map[Field][]int

// width is how many cells a line needs.
func (c columns) width() int {
	n := 0
	for _, list := range c {
		for _, i := range list {
			n = max(n, i+1)
		}
	}
	return n
}

// cell is a field of a line, trimmed, without the marks that make spreadsheets
// take it as text.
func (c columns) cell(f Field, cells [][]byte) string {
	var s string
	for i, at := range c[f] {
		if at >= len(cells) {
			continue
		}
		if i > 0 {
			s += " "
		}
		s += asText(strings.TrimSpace(string(cells[at])))
	}
	return strings.TrimSpace(s)
}

func asText(s string) string {
	if inner, ok := strings.CutPrefix(s, `="`); ok {
		if inner, ok = strings.CutSuffix(inner, `"`); ok {
			return strings.TrimSpace(inner)
		}
	}
	return strings.TrimPrefix(s, "'")
}

// numbered says that every column that is named is named by its number, so that
// no header is needed.
func (m Mapping) numbered() bool {
	for _, name := range m.Columns {
		if name == none {
			continue
		}
		for part := range strings.SplitSeq(name, "+") {
			if _, err := strconv.Atoi(strings.TrimSpace(part)); err != nil {
				return false
			}
		}
	}
	return m.Columns[FieldAmount] != "" && (m.Columns[FieldReference] != "" || m.Columns[FieldProvider] != "")
}

// find finds the columns in a header; nil stands for a file without one.
func (m Mapping) find(header [][]byte) (columns, error) {
	names := make([]string, len(header))
	for i, c := range header {
		names[i] = normalName(asText(strings.TrimSpace(string(c))))
	}
	found := columns{}
	for _, f := range fields() {
		if name, given := m.Columns[f]; given && name != none {
			list, err := place(names, name, header == nil)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f, err)
			}
			found[f] = list
		}
	}
	for _, f := range fields() {
		if _, given := m.Columns[f]; given || header == nil {
			continue
		}
		for _, name := range usual(f) {
			list, err := place(names, name, false)
			if err == nil && !found.taken(list) {
				found[f] = list
				break
			}
		}
	}
	switch {
	case found[FieldAmount] == nil:
		return nil, fmt.Errorf("%w: no column for the amount", ErrMapping)
	case found[FieldReference] == nil && found[FieldProvider] == nil:
		return nil, fmt.Errorf("%w: no column for a reference, ours or the provider's", ErrMapping)
	case found[FieldStatus] == nil && m.Columns[FieldStatus] != none:
		return found, errNoStatus
	}
	return found, nil
}

// taken says whether any of the columns has a field already.
func (c columns) taken(list []int) bool {
	for _, other := range c {
		for _, i := range list {
			if slices.Contains(other, i) {
				return true
			}
		}
	}
	return false
}

// place finds the columns of a name.
func place(names []string, name string, blind bool) ([]int, error) {
	var list []int
	for part := range strings.SplitSeq(name, "+") {
		part = strings.TrimSpace(part)
		want := normalName(part)
		at := slices.Index(names, want)
		number, err := strconv.Atoi(part)
		switch {
		case at >= 0 && want != "":
			if slices.Contains(names[at+1:], want) {
				return nil, fmt.Errorf("%w: two columns are called %q; name one by its number", ErrMapping, part)
			}
		case err == nil && number >= 1 && (blind || number <= len(names)):
			at = number - 1
		default:
			return nil, fmt.Errorf("%w: no column %q", ErrMapping, part)
		}
		list = append(list, at)
	}
	return list, nil
}
