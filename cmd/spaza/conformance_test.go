package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spaza/flashapi/conformance"
	"spaza/flashapi/sandbox"
)

// conform runs the command.
func conform(t *testing.T, environ []string, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), append([]string{"conformance"}, args...), console{out: &o, err: &e, environ: environ})
	return status, o.String(), e.String()
}

func TestConformanceOfTheEmbeddedSimulatorIsWhole(t *testing.T) {
	status, out, errs := conform(t, nil)
	if status != 0 {
		t.Fatalf("status %d: %s\n%s", status, errs, out)
	}
	for _, want := range []string{"\n1voucher\n", " 0 failed, 0 skipped, ", "What the document leaves open", "Sales that were tried"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in the report", want)
		}
	}
}

// configured is a simulator that the environment names.
func configured(t *testing.T) (*sandbox.Sandbox, []string) {
	t.Helper()
	s := sandbox.New(sandbox.Options{SlowFor: time.Millisecond})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, set("SPAZA_FLASH_BASE_URL="+srv.URL, "SPAZA_FLASH_API_KEY="+sandbox.DefaultAPIKey, "SPAZA_FLASH_ACCOUNT_NUMBER="+sandbox.DefaultAccount)
}

func TestConformanceBuysNothingUnlessTold(t *testing.T) {
	s, environ := configured(t)
	status, out, errs := conform(t, environ, "--json", "--pace=1ns", "--fixture=simulator")
	var r conformance.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s", err, errs)
	}
	if b := s.Books(); status != 0 || r.Spending || b.Float != sandbox.DefaultFloat {
		t.Errorf("status %d, spending %t, float %d: %s", status, r.Spending, b.Float, errs)
	}
	status, _, errs = conform(t, environ, "--spend", "--spend-limit=60", "--pace=1ns", "--fixture=simulator", "--only=1voucher.purchase")
	if b := s.Books(); status != 0 || b.Float >= sandbox.DefaultFloat || b.Float < sandbox.DefaultFloat-60_00 {
		t.Errorf("status %d, float %d: %s", status, b.Float, errs)
	}
}

func TestConformanceReadsAFixture(t *testing.T) {
	_, environ := configured(t)
	file := filepath.Join(t.TempDir(), "fixture.json")
	if err := os.WriteFile(file, []byte(`{"meters": {"good": {"number": "14000000019", "amount": 1000}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, errs := conform(t, environ, "--pace=1ns", "--fixture", file, "--only=prepaid-utilities.lookup")
	if status != 0 || !strings.Contains(out, "ok    prepaid-utilities.lookup.good") || !strings.Contains(out, "the fixture has no meter (meters.water)") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	if err := os.WriteFile(file, []byte(`{"meter": {}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs = conform(t, environ, "--fixture", file); status != 1 || !strings.Contains(errs, "read fixture") {
		t.Errorf("a fixture with a typing mistake: status %d, %s", status, errs)
	}
	if status, _, errs = conform(t, environ, "--fixture", file+".none"); status != 1 || !strings.Contains(errs, "open fixture") {
		t.Errorf("no fixture: status %d, %s", status, errs)
	}
}

func TestConformanceEndsWithStatusOneWhenACheckFails(t *testing.T) {
	_, environ := configured(t)
	environ = append(environ, "SPAZA_FLASH_API_KEY=c29tZWJvZHk6ZWxzZQ==")
	status, out, errs := conform(t, environ, "--pace=1ns", "--only=auth.")
	if status != 1 || !strings.Contains(errs, "does not conform") || !strings.Contains(out, "FAIL  auth.token") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
	// The same environment does not matter to the embedded one.
	if status, out, errs = conform(t, environ, "--embedded", "--only=auth."); status != 0 {
		t.Errorf("embedded: status %d\n%s%s", status, out, errs)
	}
}

func TestConformanceSaysThatADeadHostCouldNotBeReached(t *testing.T) {
	environ := set("SPAZA_FLASH_BASE_URL=http://127.0.0.1:1", "SPAZA_FLASH_API_KEY=key", "SPAZA_FLASH_ACCOUNT_NUMBER=1")
	for _, args := range [][]string{{"--pace=1ns"}, {"--pace=1ns", "--json"}, {"--pace=1ns", "--spend"}, {"--pace=1ns", "--only=1voucher."}} {
		status, _, errs := conform(t, environ, args...)
		if status != 1 || !strings.Contains(errs, "could not be reached: dial tcp") || strings.Contains(errs, "does not conform") {
			t.Errorf("%v: status %d, %s", args, status, errs)
		}
	}
}

func TestConformanceSaysThatItChecksOneRevisionOnly(t *testing.T) {
	_, environ := configured(t)
	environ = append(environ, "SPAZA_FLASH_REVISION=2023")
	status, out, errs := conform(t, environ, "--json", "--pace=1ns", "--only=auth.")
	if status != 0 || !strings.Contains(errs, "SPAZA_FLASH_REVISION is 2023") || !strings.Contains(errs, "the revision of 2025 only") || !json.Valid([]byte(out)) {
		t.Errorf("status %d, %s\n%s", status, errs, out)
	}
	if _, _, errs = conform(t, environ[:len(environ)-1], "--pace=1ns", "--only=auth."); errs != "" {
		t.Errorf("of 2025: %s", errs)
	}
}

func TestConformanceLeavesTheProductionHostAlone(t *testing.T) {
	environ := set("SPAZA_FLASH_BASE_URL=https://api.flashswitch.flash-group.com", "SPAZA_FLASH_API_KEY=key", "SPAZA_FLASH_ACCOUNT_NUMBER=1")
	status, out, errs := conform(t, environ, "--spend")
	if status != 1 || out != "" || !strings.Contains(errs, "--production-host") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}
