package recon

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

const (
	// maxBefore is in how many lines a header is looked for.
	maxBefore = 30
	// A file is refused when more than maxBad lines and more than one in
	// badShare cannot be read.
	maxBad, badShare = 3, 10
	// maxKept is the most of such lines in any case.
	maxKept = 10_000
	// maxRef bounds a reference, in bytes.
	maxRef = 255
)

var (
	errNoReference = errors.New("there is no reference")
	errReference   = errors.New("the reference is too long")
	errStatus      = errors.New("the word for its status is not known")
	errShort       = errors.New("there are too few cells")
)

// Read reads a file. Its lines are added to the table, lines that cannot be read
// are kept for the report, and a file in which too many are is refused.
func (t *Table) Read(name string, r io.Reader) error {
	name = clean(name, 3*maxShown)
	in := bufio.NewReaderSize(r, maxLine+2)
	head, err := in.Peek(maxLine)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	head, err = plainText(in, head)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	f := &reading{Table: t, clock: t.mapping.clock(), info: FileInfo{Name: name, Columns: map[Field]string{}}, file: uint16(len(t.files))}
	if f.file == math.MaxUint16 {
		return fmt.Errorf("read %s: too many files", name)
	}
	if err := f.begin(head); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	err = f.all(newRecords(in, f.sep))
	f.info.Bad = len(t.bad) - f.badBefore
	t.files = append(t.files, f.info)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// plainText takes the mark of UTF-8 away and refuses what is no text.
func plainText(in *bufio.Reader, head []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, err := in.Discard(3)
		return head[3:], err
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, fmt.Errorf("%w: the text is UTF-16; save it as CSV in UTF-8", ErrMapping)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, fmt.Errorf("%w: it is a spreadsheet; save it as CSV", ErrMapping)
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return nil, fmt.Errorf("%w: it is compressed; unpack it first", ErrMapping)
	case bytes.IndexByte(head, 0) >= 0:
		return nil, fmt.Errorf("%w: it is not text", ErrMapping)
	}
	return head, nil
}

// reading is the reading of one file.
type reading struct {
	*Table
	*clock
	info      FileInfo
	file      uint16
	sep       byte
	columns   columns
	header    int // the line after which transactions begin; 0: there is none
	shown     string
	badBefore int
}

// begin finds the separator, the header and the columns in the first lines.
func (f *reading) begin(head []byte) error {
	f.badBefore = len(f.bad)
	separators := []byte{',', ';', '\t', '|'}
	if f.mapping.Separator != 0 {
		separators = []byte{f.mapping.Separator}
	}
	var widest []string
	var first error
	for _, sep := range separators {
		r := newRecords(bufio.NewReaderSize(bytes.NewReader(head), maxLine+2), sep)
		for range maxBefore {
			rec, err := r.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || rec.empty() {
				continue
			}
			names := make([]string, len(rec.cells))
			for i, c := range rec.cells {
				names[i] = strings.TrimSpace(string(c))
			}
			var cols columns
			if f.mapping.numbered() {
				cols, err = f.numbered(rec)
			} else {
				cols, err = f.mapping.find(rec.cells)
				f.header = rec.number
			}
			if err == nil {
				f.sep, f.columns = sep, cols
				f.shown = header(names)
				for field, list := range cols {
					var parts []string
					for _, at := range list {
						name := fmt.Sprintf("column %d", at+1)
						if f.header > 0 && at < len(names) {
							name = clean(names[at], maxShown)
						}
						parts = append(parts, name)
					}
					f.info.Columns[field] = strings.Join(parts, "+")
				}
				return nil
			}
			if len(names) > len(widest) {
				widest, first = names, err
			}
		}
	}
	if widest == nil {
		return fmt.Errorf("%w: the file is empty", ErrMapping)
	}
	return fmt.Errorf("%w\nThe file has: %s", first, header(widest))
}

// numbered finds columns by their numbers alone. The first line that is wide
// enough tells by its amount whether it is a header.
func (f *reading) numbered(rec record) (columns, error) {
	cols, err := f.mapping.find(nil)
	if err != nil && !errors.Is(err, errNoStatus) {
		return nil, err
	}
	if len(rec.cells) < cols.width() {
		return nil, fmt.Errorf("%w: there are %d columns, and column %d is asked for", ErrMapping, len(rec.cells), cols.width())
	}
	if _, _, bad := parseAmount(cols.cell(FieldAmount, rec.cells)); bad != nil {
		f.header = rec.number
		return f.mapping.find(rec.cells)
	}
	f.header = rec.number - 1
	return cols, err
}

// header shows the columns of a file with their numbers.
func header(names []string) string {
	var list []string
	for i, n := range names {
		if i == 20 {
			list = append(list, "...")
			break
		}
		list = append(list, fmt.Sprintf("%d %q", i+1, clean(n, 24)))
	}
	return strings.Join(list, ", ")
}

// all reads the transactions.
func (f *reading) all(r *records) error {
	defer func() { f.info.Lines = r.lines }()
	for {
		rec, err := r.next()
		unread := errors.Is(err, errQuote) || errors.Is(err, errLong)
		switch {
		case errors.Is(err, io.EOF):
			return f.enough(r.lines)
		case err != nil && !unread:
			return err
		case rec.number <= f.header:
			if rec.number < f.header && !rec.empty() {
				f.info.Before++
			}
			continue
		case err == nil && rec.empty():
			f.info.Empty++
			continue
		case err == nil && f.totals(rec):
			f.info.Totals++
			continue
		case err == nil:
			err = f.add(rec)
		}
		if errors.Is(err, errFull) {
			return err
		}
		if err != nil {
			f.cannot(rec, err)
			if len(f.bad)-f.badBefore >= 1000 {
				if err := f.enough(r.lines); err != nil {
					return err
				}
			}
		}
	}
}

// totals says whether a line has the sums of the others: no reference but the
// word.
func (f *reading) totals(rec record) bool {
	total := func(s string) bool {
		s = strings.TrimPrefix(strings.TrimPrefix(normalName(s), "grand"), "sub")
		return strings.HasPrefix(s, "total") || s == "sum"
	}
	for _, field := range []Field{FieldReference, FieldProvider} {
		if c := f.columns.cell(field, rec.cells); c != "" && !total(c) {
			return false
		}
	}
	return slices.ContainsFunc(rec.cells, func(c []byte) bool { return total(string(c)) })
}

// errFull is returned when a table can hold no more.
var errFull = errors.New("the files are too long to be compared at once")

// add adds a line to the table.
func (f *reading) add(rec record) error {
	if len(rec.cells) < f.columns.width() {
		return errShort
	}
	r := row{number: uint32(rec.number), file: f.file, status: Success, at: noTime}
	ref, prov := f.columns.cell(FieldReference, rec.cells), f.columns.cell(FieldProvider, rec.cells)
	switch {
	case ref == "" && prov == "":
		return errNoReference
	case len(ref) > maxRef, len(prov) > maxRef:
		return errReference
	}
	amount, decimals, err := parseAmount(f.columns.cell(FieldAmount, rec.cells))
	if err != nil {
		return err
	}
	if decimals && f.mapping.Unit == Cents && amount%100 != 0 {
		return fmt.Errorf("%w as cents", errAmount)
	}
	r.amount = amount
	if f.columns[FieldStatus] != nil {
		known := false
		if r.status, known = f.words[normalWord(f.columns.cell(FieldStatus, rec.cells))]; !known {
			return fmt.Errorf("%w: %q", errStatus, clean(f.columns.cell(FieldStatus, rec.cells), 24))
		}
	}
	if f.columns[FieldTime] != nil {
		at, err := f.read(f.columns.cell(FieldTime, rec.cells))
		if err != nil {
			return err
		}
		r.at = at.UnixMilli()
	}
	if len(f.text)+len(ref)+len(prov) > math.MaxUint32-2*maxRef || len(f.rows) >= math.MaxUint32 || rec.number >= math.MaxUint32 {
		return errFull
	}
	if f.columns[FieldKind] != nil {
		kind := f.columns.cell(FieldKind, rec.cells)
		r.incoming = f.incoming[normalWord(kind)]
		r.kind = f.kindOf(kind)
	}
	r.text, r.refLen, r.provLen = uint32(len(f.text)), uint8(len(ref)), uint8(len(prov))
	f.text = append(append(f.text, ref...), prov...)
	f.rows = append(f.rows, r)
	f.decimals, f.negative = f.decimals || decimals, f.negative || amount < 0
	if r.at != noTime {
		f.first, f.last = min(f.first, r.at), max(f.last, r.at)
	}
	f.info.Rows++
	return nil
}

// kindOf numbers kinds. There are few; a column with too many is no kind.
func (t *Table) kindOf(kind string) uint16 {
	n, known := t.kindIndex[kind]
	if !known && len(t.kinds) < 1000 {
		n = uint16(len(t.kinds))
		t.kinds, t.kindIndex[kind] = append(t.kinds, clean(kind, maxShown)), n
	}
	return n
}

// cannot keeps a line that cannot be read, and what might be a reference in it.
func (f *reading) cannot(rec record, why error) {
	for word := range bytes.FieldsFuncSeq(rec.raw, func(r rune) bool { return r == rune(f.sep) || strings.ContainsRune("\"' \t\u00a0", r) }) {
		if len(word) <= maxRef {
			f.mentioned[string(word)] = true
		}
	}
	f.bad = append(f.bad, BadLine{File: f.info.Name, Number: rec.number, Why: why.Error(), Text: clean(string(rec.raw), maxShown)})
}

// enough refuses a file in which too many lines cannot be read.
func (f *reading) enough(lines int) error {
	bad := f.bad[f.badBefore:]
	if len(bad) == 0 || f.info.Rows > 0 && len(bad) <= maxKept && (len(bad) <= maxBad || len(bad)*badShare <= lines) {
		return nil
	}
	return fmt.Errorf("%w: %d of %d lines cannot be read; the first is line %d: %s\nThe file has: %s",
		ErrMapping, len(bad), lines, bad[0].Number, bad[0].Why, f.shown)
}
