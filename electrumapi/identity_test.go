package electrumapi

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func TestIDsAreUUIDsOfVersion4(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reference := rapid.String().Draw(t, "reference")
		seen := map[string]bool{}
		for _, l := range []Label{LabelRequest, LabelConfirm, LabelReverse, LabelRetry, LabelLookup} {
			id := ID(l, reference)
			u, err := uuid.Parse(id)
			if err != nil || u.Version() != 4 || u.Variant() != uuid.RFC4122 || u.String() != id || !forms["uuid"].MatchString(id) {
				t.Fatalf("%s of %q is %q: %v", l, reference, id, err)
			}
			if id != ID(l, reference) || seen[id] || id == ID(l, reference+"x") {
				t.Fatalf("%s of %q is not its own", l, reference)
			}
			seen[id] = true
		}
	})
}

// TestIDsStay holds ids to what they were: one that changed between two versions would
// be a second sale.
func TestIDsStay(t *testing.T) {
	if got, want := ID(LabelRequest, testRef), "3f933f41-a77a-416c-a0b2-fec90f04b435"; got != want {
		t.Errorf("request id is %s, want %s", got, want)
	}
	if got, want := Stan(testRef, noon), "839588"; got != want {
		t.Errorf("STAN is %s, want %s", got, want)
	}
}

func TestRrnSaysWhen(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		want string // without the STAN
	}{
		{noon, "632510"},
		{time.Date(2030, time.January, 2, 1, 30, 0, 0, time.FixedZone("SAST", 2*60*60)), "000123"}, // still the 1st in UTC
		{time.Date(2028, time.December, 31, 23, 59, 59, 0, time.UTC), "836623"},
	} {
		if got := Rrn(testRef, c.at); got != c.want+Stan(testRef, c.at) || len(got) != 12 {
			t.Errorf("RRN at %s is %s, want %s and the STAN %s", c.at, got, c.want, Stan(testRef, c.at))
		}
	}
}

func TestStanHasSixDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "at"))
		s := Stan(rapid.String().Draw(t, "reference"), at)
		if len(s) != 6 || !forms["digits"].MatchString(s) || s == "000000" {
			t.Fatalf("STAN is %q", s)
		}
	})
}
