package electrumapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/vend"
)

func TestAMeterIsToldWhole(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		want   vend.Meter
	}{
		"all there is": {
			`{"meter":{"meterId":"4123456784","tariffIndex":"07","tokenTechCode":"02"},"customer":{"firstName":"T","lastName":"Mokoena","address":"1 Long Street"},
			"utility":{"name":"Eskom"},"minAmount":{"amount":1000,"currency":"710"},"maxAmount":{"amount":"50000"},"arrearsAmount":{"amount":350.0,"currency":"ZAR"}}`,
			vend.Meter{Holder: "T Mokoena", Address: "1 Long Street", Utility: "Eskom", Tariff: "07", Min: 10_00, Max: 500_00, Arrears: 3_50, TokensAreNumbers: true},
		},
		"an address in parts": {
			`{"customer":{"lastName":"Mokoena","address":"old","addressDetails":{"addressLine1":"1 Long Street","city":"Soweto"}},"utility":{"name":"Eskom"}}`,
			vend.Meter{Holder: "Mokoena", Address: "1 Long Street, Soweto", Utility: "Eskom"},
		},
		"zero for nobody says": {`{"minAmount":{"amount":1000},"maxAmount":{"amount":0}}`, vend.Meter{Min: 10_00}},
		"amounts that are none": {
			`{"minAmount":{"amount":-1},"maxAmount":{"amount":5,"currency":"840"},"arrearsAmount":"much"}`, vend.Meter{},
		},
		"nothing": {`{}`, vend.Meter{}},
	} {
		p, asked := hostOf(t, ProviderOptions{}, &said{201, c.answer, nil})
		c.want.Number = "04123456784"
		got, err := p.Meter(t.Context(), vend.MeterQuestion{Ref: "L-1", Meter: "04123456784", Amount: 10_00})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if want := "POST /prepaidutility/v3/meterLookups/" + ID(LabelLookup, "L-1"); (*asked)[0] != want {
			t.Errorf("asked %s, want %s", (*asked)[0], want)
		}
	}
}

func TestFreeUnitsAreAskedOfTheLookup(t *testing.T) {
	for answer, due := range map[string]bool{`{"bsstDue":true}`: true, `{"bsstDue":"true"}`: true, `{"bsstDue":false}`: false, `{}`: false} {
		p, _ := hostOf(t, ProviderOptions{}, &said{201, answer, nil})
		_, err := p.Meter(t.Context(), vend.MeterQuestion{Ref: "L-1", Meter: "04123456784", Free: true})
		refused, ok := errors.AsType[*vend.RefusalError](err)
		if ok == due || ok && (refused.Reason != vend.ReasonFreeAlreadyIssued || refused.Code == "") {
			t.Errorf("%s: %v", answer, err)
		}
		if _, err := p.Meter(t.Context(), vend.MeterQuestion{Ref: "L-2", Meter: "04123456784", Amount: 10_00}); err != nil {
			t.Errorf("%s, for money: %v", answer, err)
		}
	}
}

func TestWhatIsARefusalToAnswer(t *testing.T) {
	for _, c := range []struct {
		said   said
		reason vend.Reason // empty where it is no answer
	}{
		{said{400, errorBody("UNKNOWN_METER_ID"), nil}, vend.ReasonMeter},
		{said{404, errorBody("UNKNOWN_METER_ID"), nil}, vend.ReasonMeter},
		{said{400, errorBody("METER_ID_BLOCKED"), nil}, vend.ReasonMeterBlocked},
		{said{400, errorBody("UTILITY_INVALID"), nil}, vend.ReasonMeterNotSupported},
		{said{400, errorBody("METER_KEY_INVALID"), nil}, vend.ReasonMeterBlocked},
		{said{400, errorBody("FORMAT_ERROR"), nil}, ""},
		{said{400, errorBody("INVALID_PRODUCT"), nil}, ""}, // of another interface
		{said{501, errorBody("FUNCTION_NOT_SUPPORTED"), nil}, ""},
		{said{500, errorBody("UNKNOWN_METER_ID"), nil}, ""},
		{said{401, errorBody("UNKNOWN_METER_ID"), nil}, ""},
		{said{404, "", nil}, ""},
		{said{503, "", nil}, ""},
		{said{201, "<html>", nil}, ""},
		{said{201, `{"meter":{"meterId":"04123456785"}}`, nil}, ""}, // about another meter
	} {
		p, _ := hostOf(t, ProviderOptions{}, &c.said)
		_, err := p.Meter(t.Context(), vend.MeterQuestion{Ref: "L-1", Meter: "04123456784"})
		refused, ok := errors.AsType[*vend.RefusalError](err)
		if err == nil || ok != (c.reason != "") || ok && refused.Reason != c.reason {
			t.Errorf("HTTP %d %s: %v, want %q", c.said.status, c.said.body, err, c.reason)
		}
		if err != nil && strings.Contains(err.Error(), "4123456784") {
			t.Errorf("HTTP %d %s: the error names the meter", c.said.status, c.said.body)
		}
	}
}

func TestNobodyIsAskedWhatElectrumDoesNotKnow(t *testing.T) {
	p, asked := hostOf(t, ProviderOptions{Utilities: []UtilityType{}}, &said{status: http.StatusCreated})
	if _, err := p.Meter(t.Context(), vend.MeterQuestion{Ref: "L-1", Meter: "04123456784"}); !errors.Is(err, vend.ErrNoEnquiry) {
		t.Errorf("meter: %v", err)
	}
	if _, err := p.Account(t.Context(), vend.AccountQuestion{Ref: "L-1", Account: "1"}); !errors.Is(err, vend.ErrNoEnquiry) {
		t.Errorf("account: %v", err)
	}
	if len(*asked) != 0 {
		t.Errorf("asked %v", *asked)
	}
	if got := fmt.Sprintf("%v %+v", p, p); strings.Contains(got, testPassword) {
		t.Error("a provider says the password")
	}
}
