package electrumapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"spaza/secret"
)

const changedKeys = `{"id":"x","meter":{"meterId":"14000000017"},"thirdPartyIdentifiers":[{"institutionId":"300003","transactionIdentifier":"K-5"}],
"tokens":[{"tokenType":"KC","units":0,"amount":{"amount":0},"token":"11110000000000000001"},{"tokenType":"KC","units":0,"amount":{"amount":0},"token":"11110000000000000002"},7],
"slipData":{"messageLines":[{"text":"Enter both"}]}}`

func TestKeysAreChanged(t *testing.T) {
	b := setup(t)
	b.answer("POST /prepaidutility/v3/keyChangeTokenRequests/{id}", http.StatusCreated, changedKeys)
	r := KeyChange{Head: NewHead(testRef, noon, "ussd"), Meter: Meter{MeterID: testMeter, SupplyGroupCode: "100405"}}
	got, err := b.client.RequestKeyChange(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	order := got.InOrder()
	if len(order) != 2 || !order[0].Entry().Equal(testKey1) || !order[1].Entry().Equal(testKey2) || got.TokensLost != 1 || len(got.Slip()) != 1 || got.Meter.MeterID != testMeter {
		t.Error("the keys were read wrongly")
	}
	if sent := b.only(); sent.path != "/prepaidutility/v3/keyChangeTokenRequests/"+ID(LabelRequest, testRef) || !strings.HasSuffix(sent.body, `"meter":{"meterId":"14000000017","supplyGroupCode":"100405"}}`) {
		t.Errorf("sent %s to %s", sent.body, sent.path)
	}
	if _, err := ReadKeyChange(secret.New(`[]`)); err == nil {
		t.Error("an array was read")
	}
}

func TestAKeyChangeIsConfirmed(t *testing.T) {
	b := setup(t)
	b.answer("POST /prepaidutility/v3/keyChangeTokenRequests/{id}/confirmations/{confirmation}", http.StatusAccepted, `{"id":"x","requestId":"y"}`)
	about := About{
		ID: ID(LabelConfirm, testRef), At: noon.Add(time.Minute), Response: secret.New(changedKeys),
		Request: b.build(KeyChange{Head: NewHead(testRef, noon, "ussd"), Meter: Meter{MeterID: testMeter}}).Body,
	}
	got, err := b.client.ConfirmKeyChange(t.Context(), KeyChangeConfirmation{about})
	if err != nil || got.RequestID != "y" {
		t.Fatal(err)
	}
	want := `{"id":"` + about.ID + `","requestId":"` + ID(LabelRequest, testRef) + `","time":"2026-11-21T10:31:15.123Z",` +
		`"thirdPartyIdentifiers":[{"institutionId":"300003","transactionIdentifier":"K-5"}],"stan":"` + Stan(testRef, noon) + `","rrn":"` + Rrn(testRef, noon) + `"}`
	if sent := b.only(); sent.body != want || sent.path != "/prepaidutility/v3/keyChangeTokenRequests/"+ID(LabelRequest, testRef)+"/confirmations/"+about.ID {
		t.Errorf("sent %s to %s, want %s", sent.body, sent.path, want)
	}
	for name, broken := range map[string]About{"no request": {ID: about.ID, At: noon}, "no id": {At: noon, Request: about.Request}} {
		if _, err := b.client.Build(KeyChangeConfirmation{broken}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
