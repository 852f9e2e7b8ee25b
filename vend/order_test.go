package vend_test

import (
	"cmp"
	"errors"
	"os"
	"regexp"
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
	const sending, unknown, person, delivered, declined = vend.StateSending, vend.StateUnknown, vend.StatePerson, vend.StateDelivered, vend.StateDeclined
	return [][2]vend.State{
		{sending, unknown}, {sending, person}, {sending, delivered}, {sending, declined},
		{unknown, unknown}, {unknown, person}, {unknown, delivered}, {unknown, declined},
		{person, delivered}, {person, declined},
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
	states := []vend.State{
		vend.StateSending, vend.StateUnknown, vend.StatePerson, vend.StateDelivered, vend.StateDeclined, "", "other",
	}
	for _, from := range states {
		leads := false
		for _, to := range states {
			err := from.To(to)
			may := slices.Contains(legal(), [2]vend.State{from, to})
			if may != (err == nil) || !may && !errors.Is(err, vend.ErrIllegalMove) {
				t.Errorf("from %q to %q: %v", from, to, err)
			}
			leads = leads || may
		}
		if final := from == vend.StateDelivered || from == vend.StateDeclined; from.Final() != final || final && leads {
			t.Errorf("%q: final %v, leads on %v", from, from.Final(), leads)
		}
	}
}

func TestTheDiagramOfAnOrderIsTrue(t *testing.T) {
	page, err := os.ReadFile("../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, diagram, found := strings.Cut(string(page), "```mermaid\nstateDiagram-v2\n")
	diagram, _, closed := strings.Cut(diagram, "```")
	if !found || !closed {
		t.Fatal("there is no diagram of states")
	}
	arrow := regexp.MustCompile(`^\s*(\S+) --> ([^\s:]+)(:.*)?$`)
	var moves [][2]vend.State
	var start, ends []vend.State
	for line := range strings.Lines(diagram) {
		m := arrow.FindStringSubmatch(strings.TrimRight(line, "\n"))
		switch {
		case m == nil:
			t.Errorf("line is not an arrow: %q", line)
		case m[1] == "[*]":
			start = append(start, vend.State(m[2]))
		case m[2] == "[*]":
			ends = append(ends, vend.State(m[1]))
		default:
			moves = append(moves, [2]vend.State{vend.State(m[1]), vend.State(m[2])})
		}
	}
	if diff := gocmp.Diff(sorted(vend.Moves()), sorted(moves)); diff != "" {
		t.Errorf("the diagram (-code +diagram):\n%s", diff)
	}
	if !slices.Equal(start, []vend.State{vend.StateSending}) {
		t.Errorf("an order starts as %q", start)
	}
	for _, m := range moves {
		if m[1].Final() && !slices.Contains(ends, m[1]) {
			t.Errorf("%q does not end in the diagram", m[1])
		}
	}
	for _, s := range ends {
		if !s.Final() {
			t.Errorf("%q ends in the diagram", s)
		}
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
