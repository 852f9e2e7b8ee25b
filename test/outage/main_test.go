//go:build unix

package outage

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"spaza/test/whole"
)

// binary is the service under test.
var binary whole.Binary

func TestMain(m *testing.M) {
	flag.Parse()
	// The proofs wait far more than they compute.
	const together = 12
	if n, err := strconv.Atoi(flag.Lookup("test.parallel").Value.String()); err == nil && n < together {
		_ = flag.Set("test.parallel", strconv.Itoa(together))
	}
	code := m.Run()
	if long() || testing.Verbose() {
		fmt.Print(results.String())
	}
	binary.Remove()
	os.Exit(code)
}

// long says that the proofs are wanted at length.
func long() bool { return os.Getenv("SPAZA_PROOF") == "long" }

// rounds is how often a proof makes its outage.
func rounds() int {
	if !long() {
		return 1
	}
	if n, err := strconv.Atoi(os.Getenv("SPAZA_PROOF_ROUNDS")); err == nil && n > 0 {
		return n
	}
	return 10
}

// notShort leaves out what waits for leases to end and servers to come back.
func notShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out with -short: it waits for half a minute")
	}
}

// eventually waits for something to come true.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(begun) > within {
			t.Fatalf("not within %s: %s", within, what)
		}
		<-tick.C
	}
	return time.Since(begun)
}
