package whole_test

import (
	"testing"

	"spaza/test/whole"
)

// TestNoAddressIsHandedOutTwice also not while nobody listens there.
func TestNoAddressIsHandedOutTwice(t *testing.T) {
	seen := map[string]bool{}
	for range 400 { // of 15,000; twice by chance in nearly every run otherwise
		addr, err := whole.FreeAddr()
		if err != nil {
			t.Fatal(err)
		}
		if seen[addr] {
			t.Fatalf("%s is handed out again", addr)
		}
		seen[addr] = true
	}
}
