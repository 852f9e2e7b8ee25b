package flows

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spaza/locales"
	"spaza/vend"
)

// declared are the reasons as the sale declares them.
func declared(t *testing.T) []vend.Reason {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../vend/reason.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []vend.Reason
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Reason" {
			return true
		}
		for _, v := range spec.Values {
			reason, err := strconv.Unquote(v.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, vend.Reason(reason))
		}
		return true
	})
	if len(all) == 0 {
		t.Fatal("found no reasons; have they moved?")
	}
	return all
}

func TestEveryReasonHasWordsOfItsOwn(t *testing.T) {
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	keys := words.Keys()
	for _, r := range declared(t) {
		if got, want := whyKey(r), "why."+string(r); got != want {
			t.Errorf("reason %q is worded by %q, want %q", r, got, want)
		}
		if !slices.Contains(keys, whyKey(r)) {
			t.Errorf("reason %q has no words", r)
		}
	}
	for _, key := range keys {
		if reason, ok := strings.CutPrefix(key, "why."); ok && !slices.Contains(declared(t), vend.Reason(reason)) {
			t.Errorf("%s words a reason that there is not", key)
		}
	}
}

// TestWhatIsNotTheVouchersFaultLeavesItGood compares the list of reasons that
// are about the voucher with the names of all.
func TestWhatIsNotTheVouchersFaultLeavesItGood(t *testing.T) {
	for _, r := range append(declared(t), "", "something_new") {
		if got, want := ofVoucher(r), strings.HasPrefix(string(r), "voucher_"); got != want {
			t.Errorf("%q is about the voucher: %t", r, got)
		}
	}
}

func TestAReasonThatIsNotListedIsOnOurSide(t *testing.T) {
	for _, r := range []vend.Reason{"", "something_new", "why.amount", "VOUCHER_USED"} {
		if got := whyKey(r); got != "why.unavailable" {
			t.Errorf("%q is worded by %q", r, got)
		}
	}
}
