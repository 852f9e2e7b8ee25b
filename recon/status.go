package recon

import (
	"fmt"
	"strings"
)

// Status is what the provider's file says of a transaction.
type Status uint8

// The statuses. The first five are of single lines, the rest of all the lines of
// one transaction together.
const (
	Success    Status = iota + 1
	Failed            // it did not happen
	Undone            // it happened and was reversed
	Waiting           // the provider itself has not ended it
	Credit            // the amount has the sign of money given back
	Absent            // no line
	Twice             // sold more than once
	Unclear           // lines that contradict each other
	Unreadable        // a line that could not be read names it
)

var statusNames = [...]string{
	Success: "success", Failed: "failed", Undone: "reversed", Waiting: "pending", Credit: "credit",
	Absent: "absent", Twice: "twice", Unclear: "unclear", Unreadable: "unreadable",
}

// String is the status in one word.
func (s Status) String() string {
	if int(s) < len(statusNames) && s != 0 {
		return statusNames[s]
	}
	return "?"
}

// MarshalText implements encoding.TextMarshaler.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Status) UnmarshalText(text []byte) error {
	for i, name := range statusNames {
		if i > 0 && name == string(text) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no status", clean(string(text), maxShown))
}

// defaultWords are what is usual in a status column, in small letters.
func defaultWords() map[Status][]string {
	return map[Status][]string{
		Success: {"success", "successful", "succeeded", "completed", "complete", "ok", "approved", "processed", "sold", "redeemed", "paid", "settled", "0"},
		Undone:  {"reversed", "reversal", "voided", "void", "cancelled", "canceled", "refunded"},
		Failed:  {"failed", "failure", "fail", "declined", "rejected", "unsuccessful", "error"},
		Waiting: {"pending", "processing", "in progress", "initiated", "submitted"},
	}
}

// readWords makes one table of all the words. Those that are given replace the
// default ones of their status.
func readWords(given map[Status][]string) (map[string]Status, error) {
	table := map[string]Status{}
	for status, words := range given {
		for _, w := range words {
			w = normalWord(w)
			if was, taken := table[w]; taken && was != status {
				return nil, fmt.Errorf("%w: the word %q means both %s and %s", ErrMapping, w, min(was, status), max(was, status))
			}
			table[w] = status
		}
	}
	for status, words := range defaultWords() {
		if len(given[status]) > 0 {
			continue
		}
		for _, w := range words {
			if _, taken := table[w]; !taken {
				table[w] = status
			}
		}
	}
	return table, nil
}

// normalWord takes away what does not tell words apart.
func normalWord(s string) string {
	return strings.TrimRight(strings.Join(strings.Fields(strings.ToLower(s)), " "), ".!")
}
