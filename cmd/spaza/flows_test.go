package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// flowsDoc is the page as it is kept for readers.
const flowsDoc = "../../docs/flows.md"

func TestTheFlowsPageIsFresh(t *testing.T) {
	want, err := flowsPage()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(flowsDoc, []byte(want), 0o644); err != nil { //nolint:gosec // a document for everybody
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(flowsDoc)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != want {
		t.Error("docs/flows.md is not what the code says: run go test ./cmd/spaza -run FlowsPage -update")
	}
}

func TestSpazaFlowsPrintsThePage(t *testing.T) {
	var out bytes.Buffer
	if err := (flowsCommand{}).Run(console{out: &out}); err != nil {
		t.Fatal(err)
	}
	want, err := flowsPage()
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Error("it prints something else")
	}
	for _, part := range []string{"# Flows\n", "stateDiagram-v2", "airtime_confirm --> airtime_pin: pay", "airtime_pin --> airtime_paying: go", "[*] --> menu_start"} {
		if strings.Count(want, part) == 0 {
			t.Errorf("the page lacks %q", part)
		}
	}
}
