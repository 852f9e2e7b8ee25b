package sandbox

import (
	"maps"
	"slices"
)

// transactionFields are the names that every request may have (Transaction).
func transactionFields() []string {
	return []string{
		"id", "time", "originator", "client", "settlementEntity", "receiver", "thirdPartyIdentifiers", "transactionLabels",
		"slipData", "basketRef", "tranType", "srcAccType", "destAccType", "stan", "rrn",
	}
}

// onlyKnown complains of a field of a request that no document has, as Electrum's
// test servers do.
func (f *fields) onlyKnown(more ...string) {
	known := append(transactionFields(), more...)
	for _, name := range slices.Sorted(maps.Keys(f.m)) {
		if !slices.Contains(known, name) {
			f.complain(name, "is not a known field", nil)
		}
	}
}

// asUUID checks an id that stands in the path alone.
func (f *fields) asUUID(name, id string) {
	if !f.uuid.fits(id) {
		f.complain(name, f.uuid.words, id)
	}
}
