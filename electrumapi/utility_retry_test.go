package electrumapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"spaza/secret"
)

func TestAPurchaseIsRetried(t *testing.T) {
	for name, id := range map[string]string{"with the same id": "", "with a new id": ID(LabelRetry, testRef)} {
		b := setup(t)
		b.answer("POST "+purchasePath+"/retry", http.StatusAccepted, boughtTokens)
		original := b.build(power()).Body
		got, err := b.client.RetryToken(t.Context(), TokenRetry{Request: original, ID: id})
		if err != nil || len(got.Tokens) != 4 {
			t.Fatalf("%s: %v", name, err)
		}
		want := original.Reveal()
		if id != "" {
			want = strings.Replace(want, `{"id":"`+ID(LabelRequest, testRef)+`"`, `{"id":"`+id+`"`, 1)
		}
		if sent := b.only(); sent.body != want || sent.path != "/prepaidutility/v3/tokenPurchases/"+ID(LabelRequest, testRef)+"/retry" {
			t.Errorf("%s: sent %s to %s", name, sent.body, sent.path)
		}
	}
}

func TestOnlyTheIDChanges(t *testing.T) {
	id := ID(LabelRetry, testRef)
	for body, want := range map[string]string{
		`{"id":"a"}`:                       `{"id":"` + id + `"}`,
		`{ "x" : {"id":"b"}, "id" : "a" }`: `{ "x" : {"id":"b"}, "id" : "` + id + `" }`,
		`{"labels":["id","a"],"i\u0064":"\u0061","z":1.50}`: `{"labels":["id","a"],"i\u0064":"` + id + `","z":1.50}`,
		`{}`: "", ``: "", `[]`: "", `{"id"`: "", `{"x":`: "", `"id"`: "",
	} {
		got, err := withID(secret.New(body), id)
		if !got.Equal(want) || (err != nil) != (want == "") {
			t.Errorf("%s becomes %s, want %s (%v)", body, got.Reveal(), want, err)
		}
	}
}

func TestWhatIsNotRetried(t *testing.T) {
	b := setup(t)
	for want, r := range map[string]Request{
		"earlier request cannot be read": TokenRetry{},
		"earlier request has no id":      TokenRetry{Request: secret.New(`{}`)},
		"id is no UUID":                  TokenRetry{Request: b.build(power()).Body, ID: "P-1"},
	} {
		if _, err := b.client.Build(r); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestARetryThatSettlesNothing(t *testing.T) {
	for status, want := range map[int]Class{http.StatusInternalServerError: Unknown, http.StatusGatewayTimeout: Unknown, http.StatusBadRequest: Failed, http.StatusCreated: Unknown} {
		b := setup(t)
		b.answer("POST "+purchasePath+"/retry", status, `{"errorType":"SYSTEM_MALFUNCTION"}`)
		_, err := b.client.RetryToken(t.Context(), TokenRetry{Request: b.build(power()).Body})
		var e *Error
		if !errors.As(err, &e) || e.Class != want || e.Detail.Type.Definite() {
			t.Errorf("HTTP %d: %v", status, err)
		}
	}
}

func TestTokensAreReprinted(t *testing.T) {
	b := setup(t)
	b.answer("POST /prepaidutility/v3/tokenReprints/{id}", http.StatusOK, boughtTokens)
	head := NewHead(testRef, noon, "ussd")
	head.ID = ID(LabelLookup, testRef)
	got, err := b.client.ReprintToken(t.Context(), TokenReprint{Head: head, Meter: Meter{MeterID: testMeter}, OriginalRef: "E-5"})
	if err != nil || !got.Tokens[0].Entry().Equal(testToken) {
		t.Fatal(err)
	}
	if sent := b.only(); sent.path != "/prepaidutility/v3/tokenReprints/"+head.ID || !strings.HasSuffix(sent.body, `"meter":{"meterId":"`+testMeter+`"},"originalRef":"E-5"}`) {
		t.Errorf("sent %s to %s", sent.body, sent.path)
	}
	if m := b.build(TokenReprint{Head: head, Meter: Meter{MeterID: testMeter}}); strings.Contains(m.Body.Reveal(), "originalRef") {
		t.Error("the last token of the meter was not asked for")
	}
}
