package electrumapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"spaza/secret"
)

// aboutPower is what an advice on power is made from.
func aboutPower(b *bench, label Label, response string) About {
	return About{ID: ID(label, testRef), At: noon.Add(time.Minute), Request: b.build(power()).Body, Response: secret.New(response)}
}

func TestATokenPurchaseIsConfirmedWithItsTenders(t *testing.T) {
	b := setup(t)
	b.answer("POST "+purchasePath+"/confirmations/{confirmation}", http.StatusAccepted, "") // as Electrum's test server does
	if _, err := b.client.ConfirmToken(t.Context(), TokenConfirmation{About: aboutPower(b, LabelConfirm, boughtTokens)}); err != nil {
		t.Fatal(err)
	}
	want := `{"id":"` + ID(LabelConfirm, testRef) + `","requestId":"` + ID(LabelRequest, testRef) + `","time":"2026-11-21T10:31:15.123Z",` +
		`"thirdPartyIdentifiers":[{"institutionId":"100042","transactionIdentifier":"P-01JTEST0000000000000001"},   {"institutionId":"300003","transactionIdentifier":"E-5"}],` +
		`"stan":"` + Stan(testRef, noon) + `","rrn":"` + Rrn(testRef, noon) + `",` +
		`"tenders":[{"amount":{"amount":10000,"currency":"710"},"reference":"` + testRef + `","tenderType":"WALLET"}]}`
	sent := b.only()
	if sent.body != want {
		t.Errorf("sent\n%s\nwant\n%s", sent.body, want)
	}
	if at := "/prepaidutility/v3/tokenPurchases/" + ID(LabelRequest, testRef) + "/confirmations/" + ID(LabelConfirm, testRef); sent.path != at {
		t.Errorf("sent to %s, want %s", sent.path, at)
	}
}

func TestATokenPurchaseIsReversed(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   Class
	}{
		"taken":                  {http.StatusAccepted, `{"id":"x","requestId":"y"}`, Success},
		"nothing to reverse":     {http.StatusNotFound, `{"errorType":"UNABLE_TO_LOCATE_RECORD"}`, Success},
		"sent before":            {http.StatusBadRequest, `{"errorType":"DUPLICATE_RECORD"}`, Success},
		"the provider cannot":    {http.StatusNotImplemented, `{"errorType":"FUNCTION_NOT_SUPPORTED"}`, Failed},
		"the provider will not":  {http.StatusBadRequest, `{"errorType":"TRANSACTION_DECLINED"}`, Failed},
		"the provider is silent": {http.StatusGatewayTimeout, ``, Unknown},
	} {
		b := setup(t)
		b.answer("POST "+purchasePath+"/reversals/{reversal}", c.status, c.body)
		r := TokenReversal{aboutPower(b, LabelReverse, ""), ReversedTimeout}
		_, err := b.client.ReverseToken(t.Context(), r)
		var e *Error
		if (c.want == Success) != (err == nil) || (err != nil && (!errors.As(err, &e) || e.Class != c.want)) {
			t.Errorf("%s: %v", name, err)
		}
		sent := b.only()
		if at := "/prepaidutility/v3/tokenPurchases/" + ID(LabelRequest, testRef) + "/reversals/" + ID(LabelReverse, testRef); sent.path != at ||
			sent.body != b.build(r).Body.Reveal() || !strings.HasSuffix(sent.body, `,"reversalReason":"TIMEOUT"}`) {
			t.Errorf("%s: sent %s to %s", name, sent.body, sent.path)
		}
	}
}
