package vend_test

import (
	"testing"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/vend"
)

// A process that stood still after it had begun an order, and before it sent it, does
// not send it when it goes on: another may have asked after it, heard that there is no
// such sale, and given the money back.
func TestWhatWasAskedAfterMeanwhileIsNotSent(t *testing.T) {
	k := newTill(t, vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonTryLater, Code: "not_there"})
	o, err := k.buy(forMeter(ledger.Rand(20), false))
	if err != nil {
		t.Fatal(err)
	}
	frozen := k.hand.job
	claimed, err := k.sql.Claim(t.Context(), []jobs.Kind{vend.JobOrder}, 1, "other", opening.Add(4*time.Hour), opening.Add(5*time.Hour))
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claimed %v, %v", claimed, err)
	}
	k.now = opening.Add(5 * time.Minute)
	other := vend.New(k.sql, k.p, keyring(0), vend.Options{Now: func() time.Time { return k.now }})
	other.Attach(&byHand{})
	if res := other.Work(t.Context(), claimed[0]); res != jobs.Written() {
		t.Fatalf("the other process: %+v", res)
	}
	frozen.LeaseUntil = k.now.Add(-time.Minute)
	k.s.Work(t.Context(), frozen)
	if len(k.p.pasts) != 1 || !k.p.pasts[0].Again {
		t.Errorf("the provider was asked %+v", k.p.pasts)
	}
	if o, err = k.sql.Order(t.Context(), o.Ref); err != nil || o.State != vend.StateDeclined {
		t.Errorf("order is %s, %v", o.State, err)
	}
	k.wantMoney(ledger.Rand(100), 0)
}

// The same where no other has come yet: it is asked after, and not sent.
func TestAnOrderWhoseLeaseIsOverIsAskedAfter(t *testing.T) {
	k := newTill(t, vend.Answer{})
	if _, err := k.buy(forMeter(ledger.Rand(20), false)); err != nil {
		t.Fatal(err)
	}
	k.now = opening.Add(20 * time.Second)
	k.hand.job.LeaseUntil = opening.Add(lease)
	if o := k.attempt(); o.State != vend.StateUnknown || len(k.p.pasts) != 1 || !k.p.pasts[0].Again {
		t.Errorf("order is %s, asked %+v", o.State, k.p.pasts)
	}
}
