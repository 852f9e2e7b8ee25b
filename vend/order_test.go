package vend_test

import (
	"cmp"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"spaza/ledger"
	"spaza/vend"
)

// legal is every move of an order, written down a second time.
func legal() [][2]vend.State {
	const none = vend.State("")
	const confirmed, sending, unknown, owed, person = vend.StateConfirmed, vend.StateSending, vend.StateUnknown, vend.StateOwed, vend.StatePerson
	const delivered, declined, resolved, reversed = vend.StateDelivered, vend.StateDeclined, vend.StateResolved, vend.StateReversed
	return [][2]vend.State{
		{none, confirmed}, {none, sending},
		{confirmed, sending}, {confirmed, declined}, {confirmed, person},
		{sending, unknown}, {sending, owed}, {sending, person}, {sending, delivered}, {sending, declined},
		{unknown, unknown}, {unknown, owed}, {unknown, person}, {unknown, delivered}, {unknown, declined},
		{owed, owed}, {owed, person}, {owed, delivered},
		{person, person}, {person, unknown}, {person, owed}, {person, resolved}, {person, declined},
		{delivered, reversed}, {declined, resolved}, {resolved, resolved}, {resolved, reversed},
	}
}

func sorted(moves [][2]vend.State) [][2]vend.State {
	return slices.SortedFunc(slices.Values(moves), func(a, b [2]vend.State) int {
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
}

func TestAnOrderMovesAsTheTableSaysAndNoOtherWay(t *testing.T) {
	if diff := gocmp.Diff(sorted(legal()), sorted(vend.Moves())); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
	final := []vend.State{vend.StateDelivered, vend.StateDeclined, vend.StateResolved, vend.StateReversed}
	for _, from := range append(vend.States(), "", "other") {
		for _, to := range append(vend.States(), "", "other") {
			err := from.To(to)
			may := slices.Contains(legal(), [2]vend.State{from, to})
			if may != (err == nil) || !may && !errors.Is(err, vend.ErrIllegalMove) {
				t.Errorf("from %q to %q: %v", from, to, err)
			}
		}
		if want := slices.Contains(final, from); from.Final() != want {
			t.Errorf("%q: final %v", from, from.Final())
		}
	}
}

var update = flag.Bool("update", false, "write the diagram of orders anew")

func TestTheDiagramOfAnOrderIsFresh(t *testing.T) {
	const path = "../ARCHITECTURE.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), "```mermaid\n")
	diagram, after, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("there is no diagram of states")
	}
	if diagram == vend.Diagram() {
		return
	}
	if !*update {
		t.Fatal("the diagram is not that of the code: go test ./vend -run Diagram -update")
	}
	page = []byte(before + "```mermaid\n" + vend.Diagram() + "```" + after)
	if err := os.WriteFile(path, page, 0o644); err != nil { //nolint:gosec // a page of the repository
		t.Fatal(err)
	}
}

func TestTwoOrdersAreTheSameSaleWhenTheCustomerAgreedToTheSame(t *testing.T) {
	full := vend.Order{
		Ref: "P-1", Kind: vend.KindAirtime, Customer: "C1", Product: "101", Label: "Vodacom", Amount: 20_00,
		Target: "27820000001", Fund: vend.FundBalance, State: vend.StateSending, Channel: "ussd", Op: "op",
		Sealed: []byte{1}, PINHash: []byte{2}, CreatedAt: time.Unix(1, 0), FirstSentAt: time.Unix(1, 0), UpdatedAt: time.Unix(1, 0),
	}
	for name, c := range map[string]struct {
		change func(*vend.Order)
		same   bool
	}{
		"nothing":           {func(*vend.Order) {}, true},
		"reference":         {func(o *vend.Order) { o.Ref = "P-2" }, false},
		"kind":              {func(o *vend.Order) { o.Kind = vend.KindRedeem }, false},
		"customer":          {func(o *vend.Order) { o.Customer = "C2" }, false},
		"product":           {func(o *vend.Order) { o.Product = "102" }, false},
		"amount":            {func(o *vend.Order) { o.Amount++ }, false},
		"target":            {func(o *vend.Order) { o.Target = "27820000002" }, false},
		"fund":              {func(o *vend.Order) { o.Fund = "merchant" }, false},
		"PIN":               {func(o *vend.Order) { o.PINHash = []byte{3} }, false},
		"words for it":      {func(o *vend.Order) { o.Label = "VODACOM" }, true},
		"channel":           {func(o *vend.Order) { o.Channel = "telegram" }, true},
		"request":           {func(o *vend.Order) { o.Op, o.Sealed = "other", []byte{9} }, true},
		"times":             {func(o *vend.Order) { o.CreatedAt, o.FirstSentAt, o.UpdatedAt = time.Time{}, time.Time{}, time.Time{} }, true},
		"what became of it": {func(o *vend.Order) { o.State, o.Told, o.Code, o.ProviderRef = vend.StateDelivered, true, "0", "T" }, true},
	} {
		other := full
		c.change(&other)
		if full.Same(other) != c.same || other.Same(full) != c.same {
			t.Errorf("another %s: same %v", name, !c.same)
		}
	}
	voucher := vend.Order{Ref: "R-1", Kind: vend.KindRedeem, PINHash: []byte{2}}
	credited := voucher
	credited.Amount = ledger.Rand(50)
	if !voucher.Same(credited) || !credited.Same(voucher) {
		t.Error("a voucher is another one once its value is known")
	}
}

func TestAnOutcomeThatNobodyDecidedIsUnknown(t *testing.T) {
	var a vend.Answer
	if a.Outcome != vend.Unknown || a.Outcome.String() != "unknown" || vend.Outcome(9).String() != "unknown" {
		t.Errorf("got %s", a.Outcome)
	}
	if vend.Delivered.String() != "delivered" || vend.Declined.String() != "declined" {
		t.Error("outcomes are called otherwise")
	}
}
