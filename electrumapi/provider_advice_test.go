package electrumapi

import (
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"

	"spaza/vend"
)

// oddIdentifiers is an array that would not come out the same if it were read and
// written again.
const oddIdentifiers = `[ {"transactionIdentifier" : "E1","institutionId":"9", "extra":1.0},{"institutionId":"100042","transactionIdentifier":"x"} ]`

func TestAConfirmationEchoesTheAnswerAndHasTheTenders(t *testing.T) {
	goods := map[vend.Kind]string{
		vend.KindAirtime: ``, vend.KindData: ``, vend.KindAirtimePIN: `"voucher":{"pin":"` + testPIN + `","serialNumber":"1"},`,
		vend.KindGift: `"voucher":{"code":"` + testPIN + `"},`, vend.KindElectricity: `"tokens":[{"tokenType":"STD","units":1,"token":"` + creditToken + `"}],`,
	}
	ops := map[vend.Kind]Op{
		vend.KindAirtime: OpAirtimeConfirm, vend.KindData: OpAirtimeConfirm, vend.KindAirtimePIN: OpAirtimeConfirm,
		vend.KindGift: OpVoucherConfirm, vend.KindElectricity: OpTokenConfirm,
	}
	for _, k := range soldKinds {
		body := `{"id":"` + ID(LabelRequest, testRef) + `",` + goods[k] + `"thirdPartyIdentifiers":` + oddIdentifiers + `}`
		for _, again := range []bool{false, true} {
			p, _ := hostOf(t, ProviderOptions{Tender: TenderCash}, &said{202, body, nil})
			a := p.Send(t.Context(), prepared(t, p, saleOf(k)), vend.Past{Again: again})
			if a.Outcome != vend.Delivered || a.Advice == nil || a.Advice.Undo || a.Advice.Ref != testRef || Op(a.Advice.Op) != ops[k] {
				t.Fatalf("%s, again %t: %+v", k, again, a)
			}
			text := a.Advice.Body.Reveal()
			if strings.Contains(text, testPIN) || strings.Contains(text, creditToken) {
				t.Errorf("%s: what was sold is in its confirmation", k)
			}
			var wire struct {
				ID, RequestID         string
				ThirdPartyIdentifiers json.RawMessage
				Tenders               []struct {
					TenderType string
					Amount     struct{ Amount int64 }
				}
			}
			if err := json.Unmarshal([]byte(text), &wire); err != nil {
				t.Fatal(err)
			}
			if wire.ID != ID(LabelConfirm, testRef) || wire.RequestID != ID(LabelRequest, testRef) || string(wire.ThirdPartyIdentifiers) != oddIdentifiers {
				t.Errorf("%s: confirmation of %s is %s, with %s", k, wire.RequestID, wire.ID, wire.ThirdPartyIdentifiers)
			}
			if len(wire.Tenders) != 1 || wire.Tenders[0].TenderType != "CASH" || wire.Tenders[0].Amount.Amount != 10_00 {
				t.Errorf("%s: tenders %+v", k, wire.Tenders)
			}
		}
	}
}

func TestSingleMessagesAreNotConfirmed(t *testing.T) {
	body := `{"id":"` + ID(LabelRequest, testRef) + `","voucher":{"code":"` + testPIN + `"}}`
	p, _ := hostOf(t, ProviderOptions{SingleMessaging: true}, &said{201, body, nil})
	if a := p.Send(t.Context(), prepared(t, p, saleOf(vend.KindGift)), vend.Past{}); a.Outcome != vend.Delivered || a.Advice != nil || a.Alert {
		t.Errorf("%+v", a)
	}
	body = `{"id":"` + ID(LabelRequest, testRef) + `"}`
	p, _ = hostOf(t, ProviderOptions{SingleMessaging: true}, &said{201, body, nil})
	if a := p.Send(t.Context(), prepared(t, p, saleOf(vend.KindAirtime)), vend.Past{}); a.Advice == nil {
		t.Errorf("airtime is not confirmed: %+v", a)
	}
}

func TestAReversalSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		said said
		past vend.Past
		want ReversalReason
	}{
		"no answer":      {said{err: errors.New("cut")}, vend.Past{}, ReversedTimeout},
		"HTTP 500":       {said{500, "", nil}, vend.Past{}, ReversedNotFinal},
		"unreadable":     {said{201, "<html>", nil}, vend.Past{}, ReversedNotFinal},
		"nobody knows":   {said{500, "", nil}, vend.Past{Again: true}, ReversedTimeout},
		"without goods":  {said{201, `{"id":"` + ID(LabelRequest, testRef) + `"}`, nil}, vend.Past{}, ReversedCancelled},
		"a duplicate id": {said{400, errorBody("DUPLICATE_RECORD"), nil}, vend.Past{}, ReversedNotFinal},
	} {
		for _, k := range []vend.Kind{vend.KindAirtimePIN, vend.KindGift, vend.KindElectricity} {
			p, _ := hostOf(t, reversing, &c.said)
			a := p.Send(t.Context(), prepared(t, p, saleOf(k)), c.past)
			if a.Outcome != vend.Unknown || a.Owed || a.Advice == nil || !a.Advice.Undo {
				t.Errorf("%s, %s: %+v", name, k, a)
				continue
			}
			r, err := Decode[BasicReversal](a.Advice.Body)
			if err != nil || r.ReversalReason != c.want || r.ID != ID(LabelReverse, testRef) || r.RequestID != ID(LabelRequest, testRef) {
				t.Errorf("%s, %s: %+v, want %s", name, k, r, c.want)
			}
		}
	}
}

func TestWhatIsSaidOfAdvices(t *testing.T) {
	type word struct{ final, taken, alert bool }
	taken, refused, open, looked := word{true, true, false}, word{true, false, true}, word{}, word{alert: true}
	for _, c := range []struct {
		said             said
		confirm, reverse word
	}{
		{said{202, "", nil}, taken, taken},
		{said{202, "<html>", nil}, taken, taken},
		{said{200, "accepted", nil}, taken, taken},
		{said{200, "\n<!DOCTYPE html>", nil}, looked, looked}, // closed for maintenance
		{said{404, "<html>", nil}, looked, looked},
		{said{404, `{"code":404,"message":"HTTP 404 Not Found"}`, nil}, looked, looked}, // of a gateway
		{said{400, `{"message":"no Route matched with those values"}`, nil}, looked, looked},
		{said{404, `{"id":"x","requestId":"y"}`, nil}, refused, taken},
		{said{404, "", nil}, refused, taken},
		{said{404, errorBody("UNABLE_TO_LOCATE_RECORD"), nil}, refused, taken},
		{said{400, errorBody("ACCOUNT_ALREADY_SETTLED"), nil}, refused, refused},
		{said{400, errorBody("VOUCHER_ALREADY_CONFIRMED"), nil}, taken, refused},
		{said{400, errorBody("VOUCHER_ALREADY_REVERSED"), nil}, refused, taken},
		{said{400, errorBody("DUPLICATE_RECORD"), nil}, taken, taken},
		{said{400, "", nil}, refused, refused},
		{said{501, "", nil}, refused, refused},
		{said{500, "", nil}, open, open},
		{said{503, "", nil}, open, open},
		{said{504, errorBody("VOUCHER_ALREADY_REVERSED"), nil}, open, open},
		{said{429, "", nil}, open, open},
		{said{408, "", nil}, open, open},
		{said{307, "", nil}, open, open},
		{said{401, "", nil}, looked, looked},
		{said{403, "", nil}, looked, looked},
		{said{err: errors.New("cut")}, open, open},
		{said{err: &net.OpError{Op: "dial", Err: errors.New("refused")}}, open, open},
	} {
		p, _ := hostOf(t, ProviderOptions{}, &said{201, `{"id":"` + ID(LabelRequest, testRef) + `","voucher":{"code":"` + testPIN + `"}}`, nil})
		confirm := p.Send(t.Context(), prepared(t, p, saleOf(vend.KindGift)), vend.Past{}).Advice
		p, _ = hostOf(t, reversing, &said{500, "", nil})
		reverse := p.Send(t.Context(), prepared(t, p, saleOf(vend.KindGift)), vend.Past{}).Advice
		p, asked := hostOf(t, ProviderOptions{}, &c.said)
		for _, try := range []struct {
			advice vend.Advice
			want   word
		}{{*confirm, c.confirm}, {*reverse, c.reverse}} {
			got := p.Advise(t.Context(), try.advice)
			if (word{got.Final, got.Taken, got.Alert}) != try.want {
				t.Errorf("HTTP %d %s, undo %t: %+v, want %+v", c.said.status, c.said.body, try.advice.Undo, got, try.want)
			}
		}
		if len(*asked) != 2 {
			t.Errorf("HTTP %d: asked %v", c.said.status, *asked)
		}
	}
}

func TestAnAdviceThatIsNoneIsNotSent(t *testing.T) {
	p, asked := hostOf(t, reversing, &said{500, "", nil})
	good := *p.Send(t.Context(), prepared(t, p, saleOf(vend.KindGift)), vend.Past{}).Advice
	n := len(*asked)
	for name, change := range map[string]func(*vend.Advice){
		"a purchase":           func(a *vend.Advice) { a.Op = string(OpVoucherProvision) },
		"the other advice":     func(a *vend.Advice) { a.Op = string(OpVoucherConfirm) },
		"said to be the other": func(a *vend.Advice) { a.Undo = false },
		"no operation":         func(a *vend.Advice) { a.Op = "" },
		"of another sale":      func(a *vend.Advice) { a.Ref = "P-2" },
	} {
		a := good
		change(&a)
		if said := p.Advise(t.Context(), a); said.Final || said.Taken || !said.Alert {
			t.Errorf("%s: %+v", name, said)
		}
	}
	if len(*asked) != n {
		t.Errorf("sent %v", (*asked)[n:])
	}
}
