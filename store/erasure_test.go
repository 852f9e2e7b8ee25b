package store_test

import (
	"strings"
	"testing"

	"spaza/store"
	"spaza/vend"
)

func TestAMoveLosesNothingButWords(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		addOrders(t, s, filled("P-1", vend.StateDelivered, noon))
		inTx(t, s, func(tx vend.Tx) error {
			return tx.AddMove(vend.Move{Ref: "P-1", At: noon, From: vend.StateUnknown, To: vend.StateDelivered, Cause: vend.CauseResolve, By: "thandi", Note: "phoned 0821234567"})
		})
		raw := d.raw(t)
		for _, refused := range []string{
			"UPDATE moves SET note = 'another'",
			"UPDATE moves SET note = 'phoned [erased]', to_state = 'declined'",
			"UPDATE moves SET note = 'phoned [erased]', by_whom = ''",
			"UPDATE moves SET note = 'phoned [erased]', at = 1",
			"UPDATE moves SET code = '0'",
			"DELETE FROM moves",
		} {
			if _, err := raw.ExecContext(t.Context(), refused); err == nil {
				t.Errorf("%s was let through", refused)
			}
		}
		reword := func(s string) string { return strings.ReplaceAll(s, "0821234567", "[erased]") }
		for i, want := range []int{1, 0} {
			err := s.Forgetting(t.Context(), func(tx vend.ForgetTx) error {
				if n, err := tx.RewordMoves("P-1", "", reword); err != nil || n != want {
					t.Errorf("time %d: %d notes, %v; want %d", i, n, err, want)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		m, err := s.Moves(t.Context(), "P-1")
		if err != nil || m[0].Note != "phoned [erased]" || m[0].By != "thandi" || m[0].To != vend.StateDelivered {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

func TestActsLoseNothingButWords(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		for _, why := range []string{"asked", "0821234567 asked"} {
			if err := s.AddAct(t.Context(), store.Act{At: noon, By: "thandi", What: "resend P-1", Why: why}); err != nil {
				t.Fatal(err)
			}
		}
		raw := d.raw(t)
		for _, refused := range []string{
			"UPDATE acts SET why = '[erased] asked', by_whom = 'sipho'", "UPDATE acts SET why = '[erased]', what = 'nothing'", "UPDATE acts SET at = 1",
		} {
			if _, err := raw.ExecContext(t.Context(), refused); err == nil {
				t.Errorf("%s was let through", refused)
			}
		}
		n, err := s.RewordActs(t.Context(), func(s string) string { return strings.ReplaceAll(s, "0821234567", "[erased]") })
		if err != nil || n != 1 {
			t.Errorf("%d acts, %v; want 1", n, err)
		}
		acts, err := s.Acts(t.Context(), 0, 10)
		if err != nil || acts[0].Why != "[erased] asked" || acts[1].Why != "asked" || acts[0].What != "resend P-1" {
			t.Errorf("%+v, %v", acts, err)
		}
	})
}
