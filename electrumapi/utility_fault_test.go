package electrumapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func fault() FaultReport {
	return FaultReport{
		Head: NewHead(testRef, noon, "ussd"), Meter: Meter{MeterID: testMeter}, ContactNumber: "0821234567", FaultType: FaultMeterDead,
		Customer: &Customer{FirstName: "Thandi"}, FaultDescription: "Dark since noon",
	}
}

func TestAFaultIsReported(t *testing.T) {
	b := setup(t)
	b.answer("POST /prepaidutility/v3/faultReports/{id}", http.StatusCreated, `{"id":"x","reference":4711,"description":"Somebody comes"}`)
	got, err := b.client.ReportFault(t.Context(), fault())
	if err != nil || got.Reference != "4711" || got.Description != "Somebody comes" {
		t.Fatalf("read %v", err)
	}
	if sent := b.only(); sent.path != "/prepaidutility/v3/faultReports/"+ID(LabelRequest, testRef) ||
		!strings.HasSuffix(sent.body, `"meter":{"meterId":"14000000017"},"contactNumber":"0821234567","faultType":"MeterDead","customer":{"firstName":"Thandi"},"faultDescription":"Dark since noon"}`) {
		t.Errorf("sent %s to %s", sent.body, sent.path)
	}
}

func TestFaultsThatAreNotReported(t *testing.T) {
	b := setup(t)
	for want, change := range map[string]func(*FaultReport){
		"contactNumber is missing":         func(r *FaultReport) { r.ContactNumber = "" },
		"contactNumber is longer than 20":  func(r *FaultReport) { r.ContactNumber = strings.Repeat("9", 21) },
		"faultType is missing":             func(r *FaultReport) { r.FaultType = "" },
		"faultType does not have the form": func(r *FaultReport) { r.FaultType = "meter dead" },
		"faultDescription is longer":       func(r *FaultReport) { r.FaultDescription = strings.Repeat("é", 161) },
		"customer.firstName is longer":     func(r *FaultReport) { r.Customer.FirstName = strings.Repeat("x", 41) },
		"meter.meterId is missing":         func(r *FaultReport) { r.Meter.MeterID = "" },
	} {
		r := fault()
		change(&r)
		if _, err := b.client.Build(r); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "9999") {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
