package store_test

import (
	"testing"
	"time"
)

func TestTheLastCatalogueIsKept(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, d database) {
		s := d.open(t)
		if text, at, err := s.Catalogue(t.Context()); err != nil || text != nil || !at.IsZero() {
			t.Fatalf("before any was kept: %q, %v, %v", text, at, err)
		}
		for _, c := range []struct {
			text string
			at   time.Time
			want string
		}{
			{"first", noon, "first"},
			{"second", noon.Add(time.Minute), "second"},
			{"late, from a slow replica", noon, "second"},
			{"same moment", noon.Add(time.Minute), "same moment"},
			{"by a clock that is ahead", noon.Add(24 * time.Hour), "by a clock that is ahead"},
			{"by one that is right", noon.Add(2 * time.Minute), "by one that is right"},
		} {
			if err := s.KeepCatalogue(t.Context(), []byte(c.text), c.at); err != nil {
				t.Fatal(err)
			}
			if text, _, err := s.Catalogue(t.Context()); err != nil || string(text) != c.want {
				t.Errorf("after %q: %q, %v; want %q", c.text, text, err, c.want)
			}
		}
		again := d.open(t)
		if text, at, err := again.Catalogue(t.Context()); err != nil || string(text) != "by one that is right" || !at.Equal(noon.Add(2*time.Minute)) {
			t.Errorf("after a restart: %q, %v, %v", text, at, err)
		}
	})
}
