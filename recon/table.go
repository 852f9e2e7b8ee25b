package recon

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"spaza/ledger"
)

var (
	// ErrUnit is returned when the file does not tell rands from cents, or tells
	// against what was said.
	ErrUnit = errors.New("rand or cents")
	// ErrSign is returned when amounts are negative and it was not said what
	// that means.
	ErrSign = errors.New("the sign of amounts")
)

// noTime is the time of a line in a file without times.
const noTime = math.MinInt64

// row is a line of a file, as it is kept until all are compared. Its texts stand
// one behind the other in Table.text: ours, the provider's.
type row struct {
	amount   int64 // as read; see Table.cents
	at       int64 // milliseconds since 1970, or noTime
	text     uint32
	own      uint32 // where the reference of the order it belongs to is
	number   uint32
	file     uint16
	kind     uint16
	refLen   uint8
	provLen  uint8
	ownLen   uint8 // 0: of no order
	status   Status
	judged   bool
	incoming bool // its kind says that a voucher was taken in
}

// Table is what was read of the provider's files.
type Table struct {
	mapping   Mapping
	words     map[string]Status
	incoming  map[string]bool
	files     []FileInfo
	bad       []BadLine
	rows      []row
	text      []byte
	kinds     []string
	kindIndex map[string]uint16
	// mentioned is what stands in lines that cannot be read: a reference among
	// it is not absent.
	mentioned map[string]bool

	decimals, negative bool
	unit               Unit
	first, last        int64
}

// FileInfo says how a file was read.
type FileInfo struct {
	Name       string           `json:"name"`
	Lines      int              `json:"lines"`        // all
	Rows       int              `json:"transactions"` // lines that were compared
	Empty      int              `json:"empty"`
	Before     int              `json:"before_header"` // lines before the header
	Totals     int              `json:"totals"`        // totals lines
	Bad        int              `json:"unreadable"`
	Duplicates int              `json:"duplicates"` // lines that repeat another one, left out
	Outside    int              `json:"outside"`    // lines outside the period that was asked for
	Columns    map[Field]string `json:"columns"`
}

// BadLine is a line that cannot be read.
type BadLine struct {
	File   string `json:"file"`
	Number int    `json:"line"`
	Why    string `json:"why"`
	Text   string `json:"text"` // its beginning, fit to be printed
}

// NewTable makes an empty table for files of one mapping.
func NewTable(m Mapping) (*Table, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	words, err := readWords(m.Words)
	if err != nil {
		return nil, err
	}
	if m.Zone == nil {
		m.Zone = southAfrica()
	}
	t := &Table{
		mapping: m, words: words, incoming: map[string]bool{}, kinds: []string{""}, kindIndex: map[string]uint16{"": 0},
		mentioned: map[string]bool{}, first: math.MaxInt64, last: noTime,
	}
	redemptions := m.Redemptions
	if len(redemptions) == 0 {
		redemptions = []string{"redeem", "redemption", "1voucher redeem", "1voucher redemption"}
	}
	for _, w := range redemptions {
		t.incoming[normalWord(w)] = true
	}
	return t, nil
}

// finish looks at what all files together say about their amounts.
func (t *Table) finish() error {
	t.unit = t.mapping.Unit
	switch {
	case t.unit == "" && t.decimals:
		t.unit = Rand
	case t.unit == "" && len(t.rows) > 0:
		return fmt.Errorf("%w: no amount in the file has digits behind a point; say which it is", ErrUnit)
	}
	if t.mapping.Sign == "" && t.negative {
		return fmt.Errorf("%w: some are negative; say whether a sale is positive or negative in this file", ErrSign)
	}
	return nil
}

// cents is the amount of a line, without its sign.
func (t *Table) cents(r *row) ledger.Cents {
	amount := r.amount
	if amount < 0 {
		amount = -amount
	}
	if t.unit == Cents {
		amount /= 100
	}
	return ledger.Cents(amount)
}

// statusOf is a line's status, when it is one of an order that takes money in,
// or does not.
func (t *Table) statusOf(r *row, incoming bool) Status {
	if r.status != Success || r.amount == 0 {
		return r.status
	}
	if (r.amount < 0) != (t.mapping.Sign == Negative && !incoming) {
		return Credit
	}
	return Success
}

func (t *Table) ref(r *row) []byte { return t.text[r.text : r.text+uint32(r.refLen)] }
func (t *Table) own(r *row) []byte { return t.text[r.own : r.own+uint32(r.ownLen)] }
func (t *Table) prov(r *row) []byte {
	at := r.text + uint32(r.refLen)
	return t.text[at : at+uint32(r.provLen)]
}

// key is what lines of nobody's transaction are known by.
func (t *Table) key(r *row) []byte {
	if r.refLen > 0 {
		return t.ref(r)
	}
	return t.prov(r)
}

func (t *Table) at(r *row) time.Time {
	if r.at == noTime {
		return time.Time{}
	}
	return time.UnixMilli(r.at).In(t.mapping.Zone)
}

// sorted is the numbers of rows in the order of one of their texts; rows with
// the same stay in the order of the files.
func (t *Table) sorted(of func(*row) []byte, which func(*row) bool) []uint32 {
	var list []uint32
	for i := range t.rows {
		if which(&t.rows[i]) {
			list = append(list, uint32(i))
		}
	}
	slices.SortFunc(list, func(a, b uint32) int {
		if c := bytes.Compare(of(&t.rows[a]), of(&t.rows[b])); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	return list
}

// group is the part of a sorted list with one text.
func (t *Table) group(list []uint32, of func(*row) []byte, want string) []uint32 {
	from, _ := slices.BinarySearchFunc(list, []byte(want), func(i uint32, want []byte) int {
		return bytes.Compare(of(&t.rows[i]), want)
	})
	to := from
	for to < len(list) && string(of(&t.rows[list[to]])) == want {
		to++
	}
	return list[from:to]
}

// groups goes through a sorted list text by text.
func (t *Table) groups(list []uint32, of func(*row) []byte) func(yield func(string, []uint32) bool) {
	return func(yield func(string, []uint32) bool) {
		for len(list) > 0 {
			want := string(of(&t.rows[list[0]]))
			n := 1
			for n < len(list) && string(of(&t.rows[list[n]])) == want {
				n++
			}
			if !yield(want, list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// line is a row for the report.
func (t *Table) line(r *row, incoming bool) Line {
	return Line{
		File: t.files[r.file].Name, Number: int(r.number), Ref: clean(string(t.ref(r)), maxShown),
		ProviderRef: clean(string(t.prov(r)), maxShown), Kind: t.kinds[r.kind],
		Amount: t.cents(r), Status: t.statusOf(r, incoming), At: t.at(r),
	}
}

// Line is a line of a file in a report, its texts fit to be printed.
type Line struct {
	File        string       `json:"file"`
	Number      int          `json:"line"`
	Ref         string       `json:"reference,omitempty"`
	ProviderRef string       `json:"provider_reference,omitempty"`
	Kind        string       `json:"kind,omitempty"`
	Amount      ledger.Cents `json:"amount_cents"` // without its sign
	Status      Status       `json:"status"`
	At          time.Time    `json:"at,omitzero"`
}

func (l Line) where(files int) string {
	n := "line " + strconv.Itoa(l.Number)
	if files > 1 {
		n = l.File + " " + n
	}
	return n
}
