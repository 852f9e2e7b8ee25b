package electrumapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

const testMeter = "14000000017"

func TestAMeterIsLookedUp(t *testing.T) {
	b := setup(t)
	b.answer("POST /prepaidutility/v3/meterLookups/{id}", http.StatusCreated, `{"id":"x","time":"2026-11-21T10:30:16.001Z",
		"meter":{"meterId":14000000017,"track2Data":"t","serviceType":"Electricity","supplyGroupCode":"100405","keyRevisionNum":"1","tariffIndex":"07","tokenTechCode":"02","algorithmCode":"07",
		"keyChangeData":{"newSupplyGroupCode":"100406","newKeyRevisionNumber":"2","newTariffIndex":"08"}},
		"customer":{"firstName":"Thandi","lastName":"M","address":"1 Main","dateOfBirth":"nineteen"},
		"utility":{"name":"City","address":"2 Main","vatRegNum":"4000000000123","clientId":"C1","message":"Save water"},
		"minAmount":{"amount":1000,"currency":"710"},"maxAmount":{"amount":"none"},"arrearsAmount":{"amount":25000,"currency":710},"bsstDue":"true"}`)
	got, err := b.client.LookupMeter(t.Context(), MeterLookup{Head: NewHead(testRef, noon, "ussd"), Meter: Meter{MeterID: testMeter}})
	if err != nil {
		t.Fatal(err)
	}
	want := Meter{MeterID: testMeter, Track2Data: "t", ServiceType: "Electricity", SupplyGroupCode: "100405", KeyRevisionNum: "1", TariffIndex: "07", TokenTechCode: "02", AlgorithmCode: "07"}
	change := got.Meter.KeyChangeData
	if got.Meter.KeyChangeData = nil; got.Meter != want || *change != (KeyChangeData{"100406", "2", "08"}) {
		t.Error("the meter was read wrongly")
	}
	if got.Customer.FirstName != "Thandi" || got.Customer.LastName != "M" || !got.Customer.DateOfBirth.IsZero() ||
		got.Utility != (Supplier{"City", "2 Main", "4000000000123", "C1", "Save water"}) ||
		got.MinAmount.Amount != 1000 || got.MaxAmount != nil || got.ArrearsAmount.Amount != 25000 || !got.ArrearsAmount.InRand() || !got.BsstDue {
		t.Error("what belongs to the meter was read wrongly")
	}
	sent := b.only()
	if sent.path != "/prepaidutility/v3/meterLookups/"+ID(LabelRequest, testRef) || !strings.HasSuffix(sent.body, `,"meter":{"meterId":"`+testMeter+`"}}`) {
		t.Errorf("sent %s to %s", sent.body, sent.path)
	}
}

func TestAMeterThatNobodyKnows(t *testing.T) {
	b := setup(t)
	b.answer("POST /prepaidutility/v3/meterLookups/{id}", http.StatusBadRequest, `{"errorType":"UNKNOWN_METER_ID","errorMessage":"no such meter","requestType":"METER_LOOKUP_REQUEST","id":"x"}`)
	var e *Error
	if _, err := b.client.LookupMeter(t.Context(), MeterLookup{Head: NewHead(testRef, noon, "ussd"), Meter: Meter{MeterID: testMeter}}); !errors.As(err, &e) ||
		e.Class != Failed || e.Detail.Type != ErrorMeter {
		t.Errorf("got %v", err)
	}
}

func TestMetersThatAreNotSent(t *testing.T) {
	b := setup(t)
	for want, m := range map[string]Meter{
		"meter.meterId is missing":                           {},
		"meter.meterId does not have the form":               {MeterID: "14 000"},
		"meter.meterId is longer than 20":                    {MeterID: strings.Repeat("9", 21)},
		"meter.track2Data does not have":                     {MeterID: "1", Track2Data: "1=2"},
		"meter.serviceType is longer than 12":                {MeterID: "1", ServiceType: "electricities"},
		"meter.supplyGroupCode must have 6":                  {MeterID: "1", SupplyGroupCode: "12345"},
		"meter.keyRevisionNum must have 1":                   {MeterID: "1", KeyRevisionNum: "12"},
		"meter.tariffIndex does not have":                    {MeterID: "1", TariffIndex: "A1"},
		"meter.tokenTechCode must have 2":                    {MeterID: "1", TokenTechCode: "2"},
		"meter.algorithmCode must have 2":                    {MeterID: "1", AlgorithmCode: "007"},
		"meter.keyChangeData.newSupplyGroupCode must have 6": {MeterID: "1", KeyChangeData: &KeyChangeData{NewSupplyGroupCode: "1"}},
	} {
		_, err := b.client.Build(MeterLookup{Head: NewHead(testRef, noon, "ussd"), Meter: m})
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "9999") {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
