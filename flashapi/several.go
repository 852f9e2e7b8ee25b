package flashapi

import "encoding/json"

// several is a list in an answer. One that has no list but a single entry has
// that entry; entries that are no objects are left out and marked.
type several[T any] struct {
	all []T
	bad bool
}

func (s *several[T]) UnmarshalJSON(b []byte) error {
	var entries []json.RawMessage
	switch {
	case string(b) == "null":
		return nil
	case b[0] == '{':
		entries = []json.RawMessage{b}
	case b[0] != '[' || json.Unmarshal(b, &entries) != nil:
		s.bad = true
		return nil //nolint:nilerr // it is marked, and the rules decide
	}
	for _, raw := range entries {
		var entry T
		switch {
		case string(raw) == "null":
		case decodeObject(raw, &entry) != nil:
			s.bad = true
		default:
			s.all = append(s.all, entry)
		}
	}
	return nil
}
