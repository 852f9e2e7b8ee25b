package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"spaza/store"
)

func TestActsComeBackNewestFirstPageByPage(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		var want []store.Act
		for i := range 5 {
			a := store.Act{At: noon.Add(time.Duration(i) * time.Second), By: "thandi", What: fmt.Sprint("resend P-", i), Why: "the customer called"}
			if err := s.AddAct(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			want = append([]store.Act{a}, want...)
		}
		var got []store.Act
		for before := int64(0); ; before = got[len(got)-1].ID {
			page, err := s.Acts(t.Context(), before, 2)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page...)
			if len(page) < 2 {
				break
			}
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(store.Act{}, "ID")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnActSaysWhoWhatAndWhy(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		for _, a := range []store.Act{{What: "x", Why: "y"}, {By: "x", Why: "y"}, {By: "x", What: "y"}} {
			if err := s.AddAct(t.Context(), a); err == nil {
				t.Errorf("%+v was added", a)
			}
		}
		odd := store.Act{At: noon, By: "a\x00b", What: "caf\xe9", Why: strings.Repeat("long ", 200)}
		if err := s.AddAct(t.Context(), odd); err != nil {
			t.Error(err)
		}
	})
}

func TestActsCannotBeChangedOrTakenBack(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		if err := s.AddAct(t.Context(), store.Act{At: noon, By: "thandi", What: "resend P-1", Why: "asked"}); err != nil {
			t.Fatal(err)
		}
		raw := d.raw(t)
		for _, query := range []string{"UPDATE acts SET why = 'another'", "DELETE FROM acts"} {
			if _, err := raw.ExecContext(t.Context(), query); err == nil {
				t.Errorf("%s was let through", query)
			}
		}
		if d.kind == "postgres" {
			if _, err := raw.ExecContext(t.Context(), "TRUNCATE acts"); err == nil {
				t.Error("TRUNCATE was let through")
			}
		}
	})
}
