package electrumapi

import (
	"encoding/json"
	"testing"

	"spaza/secret"
	"spaza/vend"
)

// What a person found to stand is confirmed with what the request alone says; an
// answer that is heard later would be confirmed under the same id.
func TestASaleIsConfirmedByItsRequestAlone(t *testing.T) {
	for _, k := range soldKinds {
		p, _ := hostOf(t, ProviderOptions{Tender: TenderCash}, &said{500, "", nil})
		r := prepared(t, p, saleOf(k))
		a, err := p.Confirm(r)
		if err != nil || a == nil || a.Undo || a.Ref != testRef || operations[Op(a.Op)].effect != confirms {
			t.Fatalf("%s: %+v, %v", k, a, err)
		}
		var sent, wire struct {
			ID, RequestID         string
			ThirdPartyIdentifiers json.RawMessage
			Tenders               []struct {
				TenderType string
				Amount     struct{ Amount int64 }
			}
		}
		for text, into := range map[secret.Text]any{r.Body: &sent, a.Body: &wire} {
			if err := json.Unmarshal([]byte(text.Reveal()), into); err != nil {
				t.Fatal(err)
			}
		}
		if wire.ID != ID(LabelConfirm, testRef) || wire.RequestID != sent.ID || string(wire.ThirdPartyIdentifiers) != string(sent.ThirdPartyIdentifiers) {
			t.Errorf("%s: confirmation of %s is %s, with %s", k, wire.RequestID, wire.ID, wire.ThirdPartyIdentifiers)
		}
		if len(wire.Tenders) != 1 || wire.Tenders[0].TenderType != "CASH" || wire.Tenders[0].Amount.Amount != 10_00 {
			t.Errorf("%s: tenders %+v", k, wire.Tenders)
		}
	}
}

func TestNoConfirmationIsMadeOfWhatIsNotConfirmed(t *testing.T) {
	p, _ := hostOf(t, ProviderOptions{SingleMessaging: true}, &said{500, "", nil})
	if a, err := p.Confirm(prepared(t, p, saleOf(vend.KindGift))); a != nil || err != nil {
		t.Errorf("single messaging: %+v, %v", a, err)
	}
	for _, r := range []vend.Request{{}, {Op: string(OpAirtimePurchase), Ref: testRef}, {Op: string(OpAirtimePurchase), Ref: testRef, Body: secret.New("{}")}} {
		if a, err := p.Confirm(r); a != nil || err == nil {
			t.Errorf("%q: %+v, %v", r.Op, a, err)
		}
	}
}
