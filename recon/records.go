package recon

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// maxLine bounds one line, and one record that quotes line ends, in bytes.
	maxLine = 64 << 10
	// maxSpan is how many further lines one record may run over.
	maxSpan = 16
)

var (
	errQuote = errors.New("a quotation mark is not closed, or text follows it")
	errLong  = fmt.Errorf("longer than %d bytes", maxLine)
)

// physical is one line of a file, without its end.
type physical struct {
	text   []byte
	number int // from 1
	long   bool
}

// record is one line of separated values, or several where a quoted cell runs
// over them. All of it is good until the next one is read.
type record struct {
	cells  [][]byte
	number int    // of its first line
	raw    []byte // its first line, for those who must look at it
}

// empty says whether there is nothing in it.
func (r record) empty() bool {
	for _, c := range r.cells {
		if len(bytes.TrimSpace(c)) > 0 {
			return false
		}
	}
	return true
}

// records reads separated values as spreadsheets write them: either line end,
// cells quoted where wanted, a quotation mark inside an unquoted cell taken as
// it is. What cannot be read costs its own line and none of the following.
type records struct {
	in    *bufio.Reader
	sep   byte
	lines int
	back  []physical // lines that were read ahead in vain
	cells [][]byte
	text  []byte // of cells that are not in the line as they are
}

func newRecords(in *bufio.Reader, sep byte) *records { return &records{in: in, sep: sep} }

// next reads a record. With errQuote or errLong the record has the line that
// cannot be read, and no cells; any other error ends the file.
func (r *records) next() (record, error) {
	first, err := r.line()
	if err != nil {
		return record{}, err
	}
	rec := record{number: first.number, raw: first.text}
	if first.long {
		return rec, errLong
	}
	open, err := r.split(first.text)
	var ahead []physical
	for open {
		if len(ahead) == 0 { // the line is in the buffer that the next one comes into
			rec.raw = bytes.Clone(rec.raw)
			first.text = rec.raw
		}
		if len(ahead) == maxSpan || len(first.text) > maxLine {
			err = errQuote
			break
		}
		var more physical
		if more, err = r.line(); err != nil {
			if !errors.Is(err, io.EOF) {
				return rec, err
			}
			err = errQuote
			break
		}
		more.text = bytes.Clone(more.text)
		ahead = append(ahead, more)
		if more.long {
			err = errQuote
			break
		}
		first.text = bytes.Join([][]byte{first.text, more.text}, []byte{'\n'})
		open, err = r.split(first.text)
	}
	if err != nil {
		r.back = append(ahead, r.back...)
		return rec, err
	}
	rec.cells = r.cells
	return rec, nil
}

// line reads one line.
func (r *records) line() (physical, error) {
	if len(r.back) > 0 {
		p := r.back[0]
		r.back = r.back[1:]
		return p, nil
	}
	text, err := r.in.ReadSlice('\n')
	long := errors.Is(err, bufio.ErrBufferFull)
	if long {
		text = bytes.Clone(text)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = r.in.ReadSlice('\n')
		}
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(text) == 0) {
		return physical{}, err
	}
	r.lines++
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte{'\n'}), []byte{'\r'})
	return physical{text: text, number: r.lines, long: long || len(text) > maxLine}, nil
}

// split cuts text into cells. open is true when it ends inside quotation marks.
func (r *records) split(text []byte) (open bool, err error) {
	r.cells, r.text = r.cells[:0], r.text[:0]
	for {
		quoted := bytes.TrimLeft(text, " ")
		if len(quoted) == 0 || quoted[0] != '"' {
			cell, rest, more := bytes.Cut(text, []byte{r.sep})
			r.cells = append(r.cells, cell)
			if !more {
				return false, nil
			}
			text = rest
			continue
		}
		start := len(r.text)
		rest := quoted[1:]
		for {
			i := bytes.IndexByte(rest, '"')
			if i < 0 {
				return true, nil
			}
			r.text = append(r.text, rest[:i]...)
			rest = rest[i+1:]
			if len(rest) == 0 || rest[0] != '"' {
				break
			}
			r.text = append(r.text, '"')
			rest = rest[1:]
		}
		r.cells = append(r.cells, r.text[start:len(r.text):len(r.text)])
		rest = bytes.TrimLeft(rest, " ")
		if len(rest) == 0 {
			return false, nil
		}
		if rest[0] != r.sep {
			return false, errQuote
		}
		text = rest[1:]
	}
}
