package vend_test

import (
	"errors"
	"strings"
	"testing"

	"spaza/secret"
	"spaza/vend"
)

// confirming is a provider that wants to be told also what only a person found.
type confirming struct{ *advising }

func (p confirming) Confirm(r vend.Request) (*vend.Advice, error) {
	switch {
	case r.Body.Empty():
		return nil, errors.New("there is nothing to confirm")
	case p.single:
		return nil, nil
	}
	return &vend.Advice{Request: vend.Request{Op: "stands", Ref: r.Ref, Body: secret.New("of " + r.Op + " " + r.Body.Reveal())}}, nil
}

// What nobody but a person could find to stand is confirmed as if an answer had said
// it; of all else that a person decides nobody is told.
func TestWhatAPersonFindsToStandIsConfirmed(t *testing.T) {
	for name, c := range map[string]struct {
		answer vend.Answer
		as     vend.Verdict
		change func(k *teller, o vend.Order)
		want   string
		alert  bool
	}{
		"nobody knew, and it stands":               {answer: vend.Answer{Person: true}, as: vend.VerdictVended, want: "confirm due"},
		"nobody knew, and it does not":             {answer: vend.Answer{Person: true}, as: vend.VerdictNotVended},
		"it was declined, and stands":              {answer: vend.Answer{Outcome: vend.Declined}, as: vend.VerdictVended, want: "confirm due"},
		"the provider wants to be told nothing":    {answer: vend.Answer{Person: true}, as: vend.VerdictVended, change: func(k *teller, _ vend.Order) { k.p.single = true }},
		"the request cannot be told of any more":   {answer: vend.Answer{Person: true}, as: vend.VerdictVended, change: (*teller).forget, alert: true},
		"it could not be undone, and was reversed": {answer: with(vend.Answer{}, true), as: vend.VerdictVended, change: (*teller).refuse, want: "undo refused"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTeller(t, c.answer)
			k.s = k.service(confirming{k.p}, 0)
			o := k.sell()
			if c.change != nil {
				c.change(k, o)
			}
			if _, err := k.s.Resolve(t.Context(), decision(o.Ref, c.as)); err != nil {
				t.Fatal(err)
			}
			k.wantAdvice(o.Ref, c.want)
			if said := strings.Contains(k.log.String(), "cannot be confirmed"); said != c.alert {
				t.Errorf("the operator is told: %t\n%s", said, &k.log)
			}
			if c.want != "confirm due" {
				k.noJob(vend.JobAdvice)
				return
			}
			k.sound()
			k.advise()
			k.wantAdvice(o.Ref, "confirm taken")
			if len(k.p.got) != 1 || !strings.HasPrefix(k.p.got[0], "stands "+o.Ref+" of "+o.Op+" ") || !strings.HasSuffix(k.p.got[0], " false") {
				t.Errorf("the provider was told %q", k.p.got)
			}
		})
	}
}

// forget erases the request of an order, as the schedule does.
func (k *teller) forget(o vend.Order) {
	k.t.Helper()
	err := k.sql.InTx(k.t.Context(), func(tx vend.Tx) error {
		there, err := tx.Order(o.Ref)
		if err != nil {
			return err
		}
		there.Sealed = nil
		return tx.UpdateOrder(there)
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

// refuse has the provider refuse to undo an order.
func (k *teller) refuse(vend.Order) {
	k.p.said = []vend.Advised{refused}
	k.advise()
}

func TestRoutesHaveASaleConfirmedByItsOwnProvider(t *testing.T) {
	k := newTeller(t)
	r, err := vend.NewRoutes([]vend.Seller{{Provider: k.till.p}, {Name: "second", Provider: confirming{k.p}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.Confirm(vend.Request{Op: "buy@second", Ref: "P-1", Body: secret.New("x")})
	if err != nil || a == nil || a.Op != "stands@second" || a.Ref != "P-1" || a.Undo || a.Body.Reveal() != "of buy x" {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := r.Confirm(vend.Request{Op: "buy", Ref: "P-1", Body: secret.New("x")}); a != nil || err != nil {
		t.Errorf("one that wants to be told nothing: %+v, %v", a, err)
	}
	if a, err := r.Confirm(vend.Request{Op: "buy@second", Ref: "P-1"}); a != nil || err == nil {
		t.Errorf("one that cannot be read: %+v, %v", a, err)
	}
	if a, err := r.Confirm(vend.Request{Op: "buy@gone", Ref: "P-1", Body: secret.New("x")}); a != nil || err == nil {
		t.Errorf("one that is not configured: %+v, %v", a, err)
	}
}
