package provider_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"spaza/test/provider"
	"spaza/vend"
)

func TestAnHonestProviderPasses(t *testing.T) {
	provider.Run(t, bench(func(h *host) vend.Provider { return honest{h} }))
}

func TestAProviderThatAsksAfterPasses(t *testing.T) {
	provider.Run(t, carefulBench(false, func(h *host) vend.Provider { return careful{honest{h}, false} }))
}

func TestAProviderThatUndoesPasses(t *testing.T) {
	provider.Run(t, carefulBench(true, func(h *host) vend.Provider { return careful{honest{h}, true} }))
}

// sinEnv names the sin that a run of this test's own program commits.
const sinEnv = "SPAZA_TEST_PROVIDER_SIN"

// TestAWrongProviderFails runs the suite against each wrong provider in a process
// of its own, since a test that fails there must not fail here.
func TestAWrongProviderFails(t *testing.T) {
	if sin := os.Getenv(sinEnv); sin != "" {
		if _, ok := sins()[sin]; ok {
			provider.Run(t, bench(sinner(sin)))
			return
		}
		provider.Run(t, carefulBench(carefulSins()[sin].undoes, carefulSinner(sin)))
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := exec.CommandContext(t.Context(), self, "-test.run=^TestAWrongProviderFails$", "-test.v", "-test.count=1")
			run.Env = append(os.Environ(), sinEnv+"="+name)
			out, err := run.CombinedOutput()
			if err == nil || strings.Contains(string(out), "panic:") {
				t.Fatalf("the suite sees nothing wrong, or breaks: %v\n%s", err, out)
			}
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, "--- FAIL: TestAWrongProviderFails/") && strings.Contains(line, seenBy(name)) {
					return
				}
			}
			t.Errorf("the part that should see it does not:\n%s", out)
		})
	}
}
