package electrumapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"spaza/secret"
)

// aboutGift is what an advice on gift is made from.
func aboutGift(b *bench, label Label, response string) About {
	return About{ID: ID(label, testRef), At: noon.Add(time.Minute), Request: b.build(gift()).Body, Response: secret.New(response)}
}

func TestAProvisionIsConfirmedWithItsTenders(t *testing.T) {
	b := setup(t)
	b.answer("POST /suv/v1/vouchers/confirmations", http.StatusAccepted, `{"id":"x","requestId":"y","tenders":[]}`)
	r := SingleUseConfirmation{About: aboutGift(b, LabelConfirm, issuedGift)}
	got, err := b.client.ConfirmSingleUse(t.Context(), r)
	if err != nil || got.RequestID != "y" {
		t.Fatalf("read %+v: %v", got, err)
	}
	want := `{"id":"` + ID(LabelConfirm, testRef) + `","requestId":"` + ID(LabelRequest, testRef) + `","time":"2026-11-21T10:31:15.123Z",` +
		`"thirdPartyIdentifiers":[{"institutionId":"100042","transactionIdentifier":"P-01JTEST0000000000000001"},  {"institutionId":"300002","transactionIdentifier":"V-9"}],` +
		`"stan":"` + Stan(testRef, noon) + `","rrn":"` + Rrn(testRef, noon) + `",` +
		`"tenders":[{"amount":{"amount":5000,"currency":"710"},"reference":"` + testRef + `","tenderType":"WALLET"}]}`
	if sent := b.only().body; sent != want {
		t.Errorf("sent\n%s\nwant\n%s", sent, want)
	}
	r.Tenders = []Tender{{Amount: Rand(1), TenderType: TenderCash}}
	if m := b.build(r); !strings.Contains(m.Body.Reveal(), `"tenders":[{"amount":{"amount":1,"currency":"710"},"tenderType":"CASH"}]`) {
		t.Errorf("other tenders: %s", m.Body.Reveal())
	}
	if strings.Contains(want, testCode) {
		t.Error("the voucher's code is in the advice")
	}
}

func TestAProvisionIsReversed(t *testing.T) {
	b := setup(t)
	b.answer("POST /suv/v1/vouchers/reversals", http.StatusNotFound, "")
	r := SingleUseReversal{aboutGift(b, LabelReverse, ""), ReversedNotFinal}
	if _, err := b.client.ReverseSingleUse(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := b.only().body; got != b.build(r).Body.Reveal() || !strings.Contains(got, `"reversalReason":"RESPONSE_NOT_FINAL"`) ||
		!strings.Contains(got, `{"institutionId":"spaza-test","transactionIdentifier":"`+testRef+`"}`) {
		t.Errorf("sent %s", got)
	}
}

func TestARefusedAdvice(t *testing.T) {
	for status, want := range map[int]Class{http.StatusBadRequest: Failed, http.StatusNotFound: Failed, http.StatusServiceUnavailable: Unknown, http.StatusUnauthorized: Auth} {
		b := setup(t)
		b.answer("POST /suv/v1/vouchers/confirmations", status, `{"errorType":"VOUCHER_ALREADY_REVERSED"}`)
		_, err := b.client.ConfirmSingleUse(t.Context(), SingleUseConfirmation{About: aboutGift(b, LabelConfirm, issuedGift)})
		var e *Error
		if !errors.As(err, &e) || e.Class != want || e.Detail.Type != ErrorVoucherReversed {
			t.Errorf("HTTP %d: %v", status, err)
		}
	}
}

func TestAConfirmationWithoutTendersIsNotMade(t *testing.T) {
	b := setup(t)
	free := gift()
	free.Tenders = nil
	for name, r := range map[string]SingleUseConfirmation{
		"request has none": {About: About{ID: ID(LabelConfirm, testRef), At: noon, Request: b.build(free).Body}},
		"none are given":   {About: aboutGift(b, LabelConfirm, issuedGift), Tenders: []Tender{}},
		"no request":       {About: About{ID: ID(LabelConfirm, testRef), At: noon}},
	} {
		if _, err := b.client.Build(r); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
