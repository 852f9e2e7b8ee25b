package vend_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/vend"
)

func TestAReferenceFitsWhatProvidersAccept(t *testing.T) {
	form := map[vend.Kind]*regexp.Regexp{
		vend.KindAirtime: regexp.MustCompile(`^P-[2-9A-HJ-NP-Z]{20}$`),
		vend.KindRedeem:  regexp.MustCompile(`^R-[2-9A-HJ-NP-Z]{20}$`),
	}
	rapid.Check(t, func(rt *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 32_503_680_000).Draw(rt, "at"), 0) // to the year 3000
		for kind, want := range form {
			if ref := vend.NewRef(kind, at); !want.MatchString(ref) || len(ref) > 30 {
				rt.Fatalf("%s reference %q", kind, ref)
			}
		}
	})
}

func TestReferencesOfOneSecondAreAllDifferent(t *testing.T) {
	const n = 100_000
	seen := make(map[string]bool, n)
	for range n {
		seen[vend.NewRef(vend.KindAirtime, opening)] = true
	}
	if len(seen) != n {
		t.Errorf("%d of %d references are different", len(seen), n)
	}
}

func TestReferencesSortByTheSecond(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		secs := rapid.SliceOfNDistinct(rapid.Int64Range(0, 32_503_680_000), 2, 20, rapid.ID).Draw(rt, "seconds")
		slices.Sort(secs)
		var refs []string
		for _, sec := range secs {
			refs = append(refs, vend.NewRef(vend.KindAirtime, time.Unix(sec, rapid.Int64Range(0, 999_999_999).Draw(rt, "part"))))
		}
		if !slices.IsSorted(refs) {
			rt.Fatalf("references of %d are %q", secs, refs)
		}
	})
}

// TestEveryLetterOfAReferenceIsAsLikely guards the random bits: a letter that is
// more likely than others makes references easier to guess.
func TestEveryLetterOfAReferenceIsAsLikely(t *testing.T) {
	const n = 20_000
	count := map[rune]int{}
	for range n {
		for _, r := range vend.NewRef(vend.KindAirtime, opening)[9:] {
			count[r]++
		}
	}
	if len(count) != 32 {
		t.Errorf("%d letters are used", len(count))
	}
	const each = n * 13 / 32
	for r, k := range count {
		if k < each*9/10 || k > each*11/10 {
			t.Errorf("%q comes %d times, want about %d", r, k, each)
		}
	}
}

func TestTheShortReferenceIsTheEnd(t *testing.T) {
	for ref, short := range map[string]string{"P-234567ABCDEF": "ABCDEF", "ABCDEF": "ABCDEF", "ABC": "ABC", "": ""} {
		if got := vend.ShortRef(ref); got != short {
			t.Errorf("of %q: %q", ref, got)
		}
	}
}

func TestCustomersHaveDifferentIDsThatFitAnAccountsName(t *testing.T) {
	form := regexp.MustCompile(`^C[2-9A-HJ-NP-Z]{15}$`)
	seen := map[string]bool{}
	for range 10_000 {
		id := vend.NewCustomerID()
		if !form.MatchString(id) {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("%d ids are different", len(seen))
	}
}
