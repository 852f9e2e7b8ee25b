package flashapi

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"spaza/secret"
	"spaza/vend"
)

func TestAMessageIsNotLostToJSON(t *testing.T) {
	m := message(redeemAll())
	for name, v := range map[string]any{"itself": m, "pointed to": &m, "in a struct": struct{ M Message }{m}} {
		if b, err := json.Marshal(v); err == nil {
			t.Errorf("%s is written as %s", name, b)
		}
	}
}

// What is no message of this client's making is not sent, and, where it may have
// been before, is not settled by that.
func TestOnlyWhatWasBuiltIsPosted(t *testing.T) {
	b := setup(t)
	good := b.build(redeemAll())
	for name, c := range map[string]struct {
		change func(*Message)
		err    error
	}{
		"read back from JSON": {func(m *Message) { m.Body = secret.New(secret.Redacted) }, ErrInvalid},
		"no body":             {func(m *Message) { m.Body = secret.Text{} }, ErrInvalid},
		"another reference":   {func(m *Message) { m.Reference = "R-OTHER" }, ErrInvalid},
		"no reference":        {func(m *Message) { m.Reference = "" }, ErrInvalid},
		"another dialect":     {func(m *Message) { m.Dialect = Draft2023 }, ErrNotInDialect},
		"no operation":        {func(m *Message) { m.Op = "lottery/purchase" }, ErrInvalid},
	} {
		m := good
		c.change(&m)
		x := b.client.Post(t.Context(), m)
		if x.Sent || x.Status != 0 || !errors.Is(x.Err, c.err) || strings.Contains(x.Err.Error(), testPIN) {
			t.Errorf("%s: %v", name, x)
		}
		if v := Judge(m, x, First); v.Settled != Refused || !v.Alert {
			t.Errorf("%s, first: %+v", name, v)
		}
		if v := Judge(m, x, Again); v.Settled != Open || !v.Alert {
			t.Errorf("%s, again: %+v", name, v)
		}
	}
}

func TestWithoutAnExchangeNothingIsKnown(t *testing.T) {
	for _, s := range specimensThat(sells) {
		for _, try := range []Sending{First, Again, Sending(7)} {
			if v := Judge(s.message(), Exchange{}, try); v.Settled != Open {
				t.Errorf("%v, sending %d: %+v", s, try, v)
			}
		}
	}
	var forgotten Sending
	if forgotten != Again {
		t.Error("to forget what to say is to say that it is the first sending")
	}
}

// An order of before the revision was changed goes to a person, or is given
// back where nothing had been sent.
func TestAnOrderOfAnotherRevisionIsNotSent(t *testing.T) {
	b := setup(t)
	now := NewProvider(b.client, ProviderOptions{})
	then := everySeller()
	then.client.options.AccountNumber, then.client.options.Dialect = "1", Draft2023
	r := prepare(t, then, airtimeSale("P-1", "27821234567"))
	if a := now.Send(t.Context(), r, vend.Past{}); a.Outcome != vend.Declined || !a.Alert {
		t.Errorf("first: %+v", a)
	}
	if a := now.Send(t.Context(), r, vend.Past{Again: true}); a.Outcome != vend.Unknown || !a.Person || !a.Alert {
		t.Errorf("again: %+v", a)
	}
}
