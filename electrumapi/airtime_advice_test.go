package electrumapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"spaza/secret"
)

// about is what an advice on topUp is made from.
func about(b *bench, label Label, response string) About {
	return About{ID: ID(label, testRef), At: noon.Add(time.Minute), Request: b.build(topUp()).Body, Response: secret.New(response)}
}

func TestAConfirmationEchoesTheAnswer(t *testing.T) {
	b := setup(t)
	b.answer("POST /airtime/v5/purchases/confirmations", http.StatusAccepted, `{"id":"x","requestId":"y","tenders":[{"tenderType":"WALLET","amount":{"amount":1000,"currency":"710"}}]}`)
	got, err := b.client.ConfirmAirtime(t.Context(), AirtimeConfirmation{about(b, LabelConfirm, soldTopUp), paid()})
	if err != nil || got.RequestID != "y" || len(got.Tenders) != 1 {
		t.Fatalf("read %+v: %v", got, err)
	}
	want := `{"id":"` + ID(LabelConfirm, testRef) + `","requestId":"` + ID(LabelRequest, testRef) + `","time":"2026-11-21T10:31:15.123Z",` +
		`"thirdPartyIdentifiers":[{"institutionId":"100042","transactionIdentifier":"P-01JTEST0000000000000001"}, {"institutionId":"300001","transactionIdentifier":"NET-77"}],` +
		`"stan":"` + Stan(testRef, noon) + `","rrn":"` + Rrn(testRef, noon) + `",` +
		`"tenders":[{"accountType":"DEFAULT","amount":{"amount":1000,"currency":"710"},"reference":"` + testRef + `","tenderType":"WALLET"}]}`
	if sent := b.only().body; sent != want {
		t.Errorf("sent\n%s\nwant\n%s", sent, want)
	}
}

func TestIdentifiersAreTheRequestsWhereTheAnswerHasNone(t *testing.T) {
	b := setup(t)
	of := func(ids string) string { return `{"id":"x","thirdPartyIdentifiers":` + ids + `}` }
	request, err := Decode[Transaction](b.build(topUp()).Body)
	if err != nil {
		t.Fatal(err)
	}
	odd := `[ {"institutionId":"\u0031","transactionIdentifier":"a\/b","extra":1.50} ]`
	for name, c := range map[string]struct{ response, want string }{
		"no answer":      {"", string(request.ThirdPartyIdentifiers)},
		"unreadable":     {"<html>", string(request.ThirdPartyIdentifiers)},
		"none":           {"{}", string(request.ThirdPartyIdentifiers)},
		"empty":          {of("[]"), string(request.ThirdPartyIdentifiers)},
		"null":           {of("null"), string(request.ThirdPartyIdentifiers)},
		"no array":       {of(`"x"`), string(request.ThirdPartyIdentifiers)},
		"nothing usable": {of(`[1,{}]`), string(request.ThirdPartyIdentifiers)},
		"too long":       {of(`[{"institutionId":"1","transactionIdentifier":"` + strings.Repeat("x", maxEcho) + `"}]`), string(request.ThirdPartyIdentifiers)},
		"odd writing":    {of(odd), odd},
	} {
		m, err := b.client.Build(AirtimeReversal{about(b, LabelReverse, c.response), ReversedTimeout})
		if err != nil || !strings.Contains(m.Body.Reveal(), `"thirdPartyIdentifiers":`+c.want+`,`) {
			t.Errorf("%s: %v, %s", name, err, m.Body.Reveal())
		}
	}
}

func TestAReversalOfNothingIsASuccess(t *testing.T) {
	b := setup(t)
	b.answer("POST /airtime/v5/purchases/reversals", http.StatusNotFound, `{"errorType":"UNABLE_TO_LOCATE_RECORD"}`)
	r := AirtimeReversal{about(b, LabelReverse, ""), ReversedTimeout}
	if _, err := b.client.ReverseAirtime(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	m := b.build(r)
	if got := b.only().body; got != m.Body.Reveal() || !strings.Contains(got, `"reversalReason":"TIMEOUT"`) || m.Original != ID(LabelRequest, testRef) || m.ID != ID(LabelReverse, testRef) {
		t.Errorf("sent %s as %s", got, m)
	}
}

func TestAnEmptyAnswerToAnAdviceIsEnough(t *testing.T) {
	b := setup(t)
	b.answer("POST /airtime/v5/purchases/confirmations", http.StatusAccepted, "")
	if _, err := b.client.ConfirmAirtime(t.Context(), AirtimeConfirmation{about(b, LabelConfirm, soldTopUp), paid()}); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNotAdvised(t *testing.T) {
	b := setup(t)
	for want, r := range map[string]Request{
		"tenders is missing":            AirtimeConfirmation{About: about(b, LabelConfirm, soldTopUp)},
		"reversalReason is missing":     AirtimeReversal{About: about(b, LabelReverse, "")},
		"id is missing":                 AirtimeReversal{About{At: noon, Request: b.build(topUp()).Body}, ReversedTimeout},
		"time is missing":               AirtimeReversal{About{ID: ID(LabelReverse, testRef), Request: b.build(topUp()).Body}, ReversedTimeout},
		"requestId is missing":          AirtimeReversal{About{ID: ID(LabelReverse, testRef), At: noon, Request: secret.New("{}")}, ReversedTimeout},
		"cannot be read":                AirtimeReversal{About{ID: ID(LabelReverse, testRef), At: noon}, ReversedTimeout},
		"thirdPartyIdentifiers is miss": AirtimeReversal{About{ID: ID(LabelReverse, testRef), At: noon, Request: secret.New(`{"id":"` + ID(LabelRequest, testRef) + `"}`)}, ReversedTimeout},
	} {
		if _, err := b.client.Build(r); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}
