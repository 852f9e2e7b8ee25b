package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"spaza/vend"
)

// enquiry asks about meters and accounts, where the provider can be asked.
func enquiry(t *testing.T, b Bench) {
	p, ok := b.Provider.(interface {
		capable
		vend.Enquirer
	})
	if !ok {
		t.Skip("this provider cannot be asked")
	}
	away, _ := b.Unreachable().(vend.Enquirer)
	for k, ask := range map[vend.Kind]func(ctx context.Context, p vend.Enquirer, ref string, known bool) (text string, personal []string, err error){
		vend.KindElectricity: func(ctx context.Context, p vend.Enquirer, ref string, known bool) (string, []string, error) {
			q := b.Meter
			if !known {
				q = b.NoMeter
			}
			q.Ref = ref
			m, err := p.Meter(ctx, q)
			if known && err == nil && (m.Number != q.Meter || m.Holder == "" || m.Utility == "") {
				t.Errorf("the meter is not told whole: %s %t %s", m.Number, m.Holder != "", m.Utility)
			}
			if known && err == nil && p.(vend.Capable).Can(vend.KindElectricity).EnquiryFirst && m.Handle == "" {
				t.Error("a sale needs a handle, and the answer has none")
			}
			return fmt.Sprintf("%v %+v", m, m), []string{m.Holder, m.Address, m.Number}, err
		},
		vend.KindBill: func(ctx context.Context, p vend.Enquirer, ref string, known bool) (string, []string, error) {
			q := b.Account
			if !known {
				q = b.NoAccount
			}
			q.Ref = ref
			a, err := p.Account(ctx, q)
			if known && err == nil && (a.Biller == "" || a.Holder == "") {
				t.Errorf("the account is not told whole: %t %s", a.Holder != "", a.Biller)
			}
			return fmt.Sprintf("%v %+v", a, a), []string{a.Holder, a.Number}, err
		},
	} {
		if !p.Can(k).Enquires {
			continue
		}
		t.Run(string(k), func(t *testing.T) {
			before, prefix := b.Host.Money(), "L-01"+strings.ToUpper(string(k))
			for _, ref := range []string{prefix + "1", prefix + "2"} {
				text, personal, err := ask(t.Context(), p, ref, true)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range personal {
					if len(s) > 3 && strings.Contains(text, s) {
						t.Errorf("what is printed of it names somebody: %s", text)
					}
				}
			}
			_, _, err := ask(t.Context(), p, prefix+"3", false)
			refused, ok := errors.AsType[*vend.RefusalError](err)
			if !ok || refused.Reason == "" || refused.Code == "" {
				t.Errorf("unknown to the host: %v", err)
			}
			// No answer is no refusal, and may be asked again.
			if _, _, err := ask(t.Context(), away, prefix+"4", true); err == nil || errors.As(err, &refused) {
				t.Errorf("the host is not there: %v", err)
			}
			if b.Host.Meet(t, prefix+"5", CutAfter, 1) {
				if _, _, err := ask(t.Context(), p, prefix+"5", true); err == nil || errors.As(err, &refused) {
					t.Errorf("cut off: %v", err)
				}
				if _, _, err := ask(t.Context(), p, prefix+"6", true); err != nil {
					t.Errorf("asked again: %v", err)
				}
			}
			// What is not a question is not sent.
			n := b.Host.Requests()
			if _, _, err := ask(t.Context(), p, "", true); err == nil {
				t.Error("asked without a reference")
			}
			if got := b.Host.Requests(); got != n {
				t.Errorf("%d requests arrived", got-n)
			}
			if got := b.Host.Money(); got != before {
				t.Errorf("money moved from %s to %s", before, got)
			}
		})
	}
}
