package vend_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/vend"
)

// takes has a way out take every message that is due, under a name of its own, and
// says of which events they told.
func (k *till) takes(name string) string {
	k.t.Helper()
	claimed, err := k.sql.Claim(k.t.Context(), []jobs.Kind{vend.JobNotice}, 100, "gateway", k.now, k.now.Add(time.Minute))
	k.must(err)
	var events []string
	for _, j := range claimed {
		ref, event, _ := strings.Cut(j.Key, "/")
		k.must(k.s.Sent(k.t.Context(), j, ref, name))
		events = append(events, event)
	}
	return strings.Join(events, " ")
}

// TestWhatDoesNotArriveInAChatGoesBySMS follows what messages bring, and how far
// what was bought has come.
func TestWhatDoesNotArriveInAChatGoesBySMS(t *testing.T) {
	type step struct {
		message string // taken under this name, of all that wait; or reported on
		report  string // "": it is taken
		told    string // the events that were taken
		stage   vend.Delivery
	}
	const arrived, failed = "arrived", "failed"
	for name, c := range map[string]struct {
		answer vend.Answer
		steps  []step
	}{
		"it arrives": {delivered(), []step{
			{"whatsapp:1", "", "ended", vend.DeliverySent},
			{"whatsapp:1", arrived, "", vend.DeliveryAcknowledged},
			{"bulksms:1", "", "", vend.DeliveryAcknowledged},
		}},
		"it does not": {delivered(), []step{
			{"whatsapp:1", "", "ended", vend.DeliverySent},
			{"whatsapp:1", failed, "", vend.DeliveryFailed},
			{"whatsapp:1", failed, "", vend.DeliveryFailed},
			{"bulksms:1", "", "sms", vend.DeliverySent},
			{"whatsapp:1", failed, "", vend.DeliverySent},
			{"bulksms:2", "", "", vend.DeliverySent},
			{"bulksms:1", arrived, "", vend.DeliveryAcknowledged},
		}},
		"nor does the SMS": {delivered(), []step{
			{"telegram:1", "", "ended", vend.DeliverySent},
			{"telegram:1", failed, "", vend.DeliveryFailed},
			{"bulksms:1", "", "sms", vend.DeliverySent},
			{"bulksms:1", failed, "", vend.DeliveryFailed},
			{"bulksms:2", "", "", vend.DeliveryFailed},
		}},
		"an SMS from the start": {delivered(), []step{
			{"bulksms:1", "", "ended", vend.DeliverySent},
			{"bulksms:1", failed, "", vend.DeliveryFailed},
			{"bulksms:2", "", "", vend.DeliveryFailed},
		}},
		"a name that only looks like a chat's": {delivered(), []step{
			{"whatsapp", "", "ended", vend.DeliverySent},
			{"whatsapp", failed, "", vend.DeliveryFailed},
			{"bulksms:2", "", "", vend.DeliveryFailed},
		}},
		"it was read after all": {delivered(), []step{
			{"whatsapp:1", "", "ended", vend.DeliverySent},
			{"whatsapp:1", arrived, "", vend.DeliveryAcknowledged},
			{"whatsapp:1", failed, "", vend.DeliveryAcknowledged},
			{"bulksms:1", "", "", vend.DeliveryAcknowledged},
		}},
		"that it was refused": {vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonTryLater}, []step{
			{"whatsapp:1", "", "ended", ""},
			{"whatsapp:1", failed, "", ""},
			{"whatsapp:1", failed, "", ""},
			{"bulksms:1", "", "sms", ""},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTill(t, c.answer)
			p := forMeter(ledger.Rand(20), false)
			p.Channel = "whatsapp"
			if _, err := k.buy(p); err != nil {
				t.Fatal(err)
			}
			if o := k.attempt(); o.Channel != "whatsapp" {
				t.Errorf("it was asked for on %q", o.Channel)
			}
			for i, s := range c.steps {
				k.now = k.now.Add(time.Minute)
				if s.report == "" {
					if told := k.takes(s.message); told != s.told {
						t.Errorf("step %d: messages of %q, want %q", i, told, s.told)
					}
				} else if _, err := k.s.Reported(t.Context(), vend.MessageReport{Message: s.message, Arrived: s.report == arrived, Detail: "so it says"}); err != nil {
					t.Fatal(err)
				}
				o, err := k.sql.Order(t.Context(), p.Ref)
				if err != nil || o.Delivery != s.stage {
					t.Errorf("step %d: it is %q, %v; want %q", i, o.Delivery, err, s.stage)
				}
			}
			moves, err := k.sql.Moves(t.Context(), p.Ref)
			k.must(err)
			again := 0
			for _, m := range moves {
				if m.Cause == vend.CauseBySMS {
					again++
					if m.Note != c.steps[0].message || m.From != m.To {
						t.Errorf("the trail says %+v", m)
					}
				}
			}
			if said := again == 1; again > 1 || said != (name == "it does not" || name == "nor does the SMS" || name == "that it was refused") {
				t.Errorf("the trail says %d times that it goes by SMS", again)
			}
		})
	}
}

// TestEveryMessageInAChatIsMadeUpFor asks for a message once more, which does not
// arrive either.
func TestEveryMessageInAChatIsMadeUpFor(t *testing.T) {
	k := newTill(t, delivered())
	p := forMeter(ledger.Rand(20), false)
	_, err := k.buy(p)
	k.must(err)
	k.attempt()
	for _, message := range []string{"whatsapp:1", "whatsapp:2"} {
		k.takes(message)
		for range 2 {
			_, err := k.s.Reported(t.Context(), vend.MessageReport{Message: message})
			k.must(err)
		}
		if got := k.takes("bulksms:for " + message); got != vend.NoticeSMS {
			t.Errorf("%s: by SMS went %q", message, got)
		}
		k.must(k.s.SendAgain(t.Context(), number(1), p.Ref))
	}
}

// TestAScreenThatTheChatDidNotShowGoesBySMS is told of it several times, before and
// after the order has ended.
func TestAScreenThatTheChatDidNotShowGoesBySMS(t *testing.T) {
	for name, c := range map[string]struct {
		answer vend.Answer
		taken  string // a message that went before
		told   string
		stage  vend.Delivery // before the SMS
	}{
		"a token":                 {delivered(), "", vend.NoticeSMS, vend.DeliveryStored},
		"a refusal":               {vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonTryLater}, "", vend.NoticeSMS, ""},
		"one that has not ended":  {vend.Answer{}, "", "", ""},
		"one that went by itself": {delivered(), "bulksms:1", "", vend.DeliverySent},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTill(t, c.answer)
			p := forMeter(ledger.Rand(20), false)
			p.Channel = "telegram"
			if _, err := k.buy(p); err != nil {
				t.Fatal(err)
			}
			k.attempt()
			if c.taken != "" {
				k.takes(c.taken)
			} else { // the screen was there to tell, and no message is owed
				claimed, err := k.sql.Claim(t.Context(), []jobs.Kind{vend.JobNotice}, 100, "gateway", k.now, k.now.Add(time.Minute))
				k.must(err)
				for _, j := range claimed {
					k.must(k.sql.Finish(t.Context(), j))
				}
				o, err := k.sql.Order(t.Context(), p.Ref)
				k.must(err)
				if o.Done() {
					o.Delivery = vend.DeliveryShown
					k.must(k.sql.InTx(t.Context(), func(tx vend.Tx) error { return tx.UpdateOrder(o) }))
				}
			}
			for range 3 {
				k.must(k.s.NotShown(t.Context(), p.Ref))
			}
			o, err := k.sql.Order(t.Context(), p.Ref)
			k.must(err)
			if o.Delivery != c.stage {
				t.Errorf("it is %q, want %q", o.Delivery, c.stage)
			}
			if told := k.takes("bulksms:2"); told != c.told {
				t.Errorf("messages of %q, want %q", told, c.told)
			}
			k.must(k.s.NotShown(t.Context(), p.Ref))
			if told := k.takes("bulksms:3"); told != "" {
				t.Errorf("messages of %q once more", told)
			}
		})
	}
	if err := newTill(t).s.NotShown(t.Context(), "P-0"); !errors.Is(err, vend.ErrNoOrder) {
		t.Errorf("of no order: %v", err)
	}
}

// TestAReportMayComeBeforeItsMessageIsWritten: the chat knows already that the
// message will not arrive, or that it did, and we have not written yet that it was
// taken.
func TestAReportMayComeBeforeItsMessageIsWritten(t *testing.T) {
	for name, c := range map[string]struct {
		arrived      bool
		stage, after vend.Delivery
		next         string
	}{
		"it arrived":  {true, vend.DeliveryAcknowledged, vend.DeliveryAcknowledged, ""},
		"it does not": {false, vend.DeliveryFailed, vend.DeliveryFailed, vend.NoticeSMS},
	} {
		t.Run(name, func(t *testing.T) {
			k := newTill(t, delivered())
			p := forMeter(ledger.Rand(20), false)
			p.Channel = "whatsapp"
			_, err := k.buy(p)
			k.must(err)
			k.attempt()
			claimed, err := k.sql.Claim(t.Context(), []jobs.Kind{vend.JobNotice}, 100, "gateway", k.now, k.now.Add(time.Minute))
			k.must(err)
			if len(claimed) != 1 {
				t.Fatalf("%d messages", len(claimed))
			}
			r := vend.MessageReport{Message: "whatsapp:1", Own: claimed[0].Key + "#7", Arrived: c.arrived, Detail: "at once"}
			for range 2 {
				_, err := k.s.Reported(t.Context(), r)
				k.must(err)
			}
			stage := func(want vend.Delivery) {
				t.Helper()
				if o, err := k.sql.Order(t.Context(), p.Ref); err != nil || o.Delivery != want {
					t.Errorf("it is %q, %v; want %q", o.Delivery, err, want)
				}
			}
			stage(c.stage)
			if got := k.takes("bulksms:0"); got != "" { // it stands behind the one that is going
				t.Errorf("%q went before its turn", got)
			}
			k.must(k.s.Sent(t.Context(), claimed[0], p.Ref, "whatsapp:1"))
			stage(c.after)
			_, err = k.s.Reported(t.Context(), r)
			k.must(err)
			if got := k.takes("bulksms:1"); got != c.next {
				t.Errorf("then %q went", got)
			}
			if got := k.takes("bulksms:2"); got != "" {
				t.Errorf("and %q", got)
			}
			for _, own := range []string{"", "nothing", "P-NOBODY/ended#1", "/"} {
				if _, err := k.s.Reported(t.Context(), vend.MessageReport{Message: "whatsapp:9", Own: own}); !errors.Is(err, vend.ErrNoOrder) {
					t.Errorf("a message of nobody, %q: %v", own, err)
				}
			}
		})
	}
}
