package recon_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"spaza/ledger"
	"spaza/recon"
)

const header = "reference,transaction id,amount,status,time,kind\n"

// sale is an order of R10 at noon.
func sale(ref string, s recon.Standing) recon.Ours {
	return recon.Ours{Ref: ref, Kind: "airtime", Amount: 1000, Standing: s, At: noon}
}

// filler is enough agreement for an absence to prove something.
func filler() (text string, orders []recon.Ours) {
	for i := range 30 {
		ref := fmt.Sprintf("P-FILL%02d", i)
		text += ref + ",,10.00,success,2026-07-01 12:00:05,airtime\n"
		orders = append(orders, sale(ref, recon.Done))
	}
	return text, slices.Clip(orders)
}

func TestLinesFindTheirOrders(t *testing.T) {
	ours := func(ref, provider string) recon.Ours {
		o := sale(ref, recon.Person)
		o.ProviderRef = provider
		return o
	}
	for name, c := range map[string]struct {
		lines  string
		orders []recon.Ours
		// what is found of each reference: bucket and numbers of lines
		want map[string]string
	}{
		"by our reference": {
			"P-1,9,10.00,success,2026-07-01 12:00:05,airtime\n", []recon.Ours{ours("P-1", "7")}, map[string]string{"P-1": "states_differ [2]"},
		},
		"by the provider's": {
			",7,10.00,success,2026-07-01 12:00:05,airtime\n", []recon.Ours{ours("P-1", "7")}, map[string]string{"P-1": "states_differ [2]"},
		},
		"by the provider's, under a strange reference": {
			"X-1,7,10.00,success,2026-07-01 12:00:05,airtime\n", []recon.Ours{ours("P-1", "7")}, map[string]string{"P-1": "states_differ [2]"},
		},
		"ours is first": {
			"P-1,8,10.00,success,2026-07-01 12:00:05,airtime\n", []recon.Ours{ours("P-1", "7"), ours("P-2", "8")},
			map[string]string{"P-1": "states_differ [2]", "P-2": "ours_only []"},
		},
		"both ways": {
			"P-1,,10.00,failed,2026-07-01 12:00:05,airtime\n,7,10.00,success,2026-07-01 12:00:06,airtime\n", []recon.Ours{ours("P-1", "7")},
			map[string]string{"P-1": "states_differ [2 3]"},
		},
		"nobody's when two orders have the provider's": {
			",7,10.00,success,2026-07-01 12:00:05,airtime\n", []recon.Ours{ours("P-1", "7"), ours("P-2", "7")},
			map[string]string{"7": "theirs_only [2]", "P-1": "pending []", "P-2": "pending []"},
		},
		"one key on both sides is two": {
			"7,,10.00,success,2026-07-01 12:00:05,airtime\n,7,10.00,success,2026-07-01 12:00:05,airtime\n", nil, map[string]string{"7": "theirs_only [2]"},
		},
		"the same line twice": {
			"P-1,9,10.00,success,2026-07-01 12:00:05,airtime\nP-1,9,10.00,success,2026-07-01 12:00:05,airtime\n", []recon.Ours{ours("P-1", "")},
			map[string]string{"P-1": "states_differ [2]"},
		},
		"an order of another day": {
			"P-1,9,10.00,success,2026-07-01 12:00:05,airtime\n",
			[]recon.Ours{{Ref: "P-1", Kind: "airtime", Amount: 1000, Standing: recon.Person, At: noon.Add(-13 * time.Hour)}},
			map[string]string{"P-1": "states_differ [2]"},
		},
	} {
		r := compare(t, header+c.lines, newBooks(c.orders...))
		got := map[string]string{}
		for _, f := range r.Findings {
			ref, lines := "", []int{}
			for _, l := range f.Theirs {
				lines = append(lines, l.Number)
				ref = l.Ref + l.ProviderRef
			}
			if f.Ours != nil {
				ref = f.Ours.Ref
			}
			if _, twice := got[ref]; !twice {
				got[ref] = fmt.Sprintf("%s %v", f.Bucket, lines)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLinesOfOneTransactionAreTakenTogether(t *testing.T) {
	const at = ",2026-07-01 12:00:05,airtime\n"
	for name, c := range map[string]struct {
		lines  string
		want   recon.Bucket
		advice recon.Advice
		sold   ledger.Cents
	}{
		"sold":                         {"P-1,7,10.00,success" + at, recon.Agree, "", 1000},
		"failed, then sold":            {"P-1,6,10.00,failed" + at + "P-1,7,10.00,success" + at, recon.Agree, "", 1000},
		"waiting, then sold":           {"P-1,7,10.00,pending" + at + "P-1,7,10.00,success" + at, recon.Agree, "", 1000},
		"listed again, later":          {"P-1,7,10.00,success" + at + "P-1,7,10.00,success,2026-07-01 12:09:00,airtime\n", recon.Agree, "", 1000},
		"sold twice":                   {"P-1,7,10.00,success" + at + "P-1,8,10.00,success" + at, recon.StatesDiffer, recon.AdviceTwice, 2000},
		"sold twice, without a number": {"P-1,,10.00,success" + at + "P-1,,10.00,success,2026-07-01 12:09:00,airtime\n", recon.StatesDiffer, recon.AdviceTwice, 2000},
		"sold, then reversed":          {"P-1,7,10.00,success" + at + "P-1,7,10.00,reversed" + at, recon.ReversedThere, recon.AdviceReversed, 0},
		"reversed, without its amount": {"P-1,7,10.00,success" + at + "P-1,7,0.00,reversed" + at, recon.ReversedThere, recon.AdviceReversed, 0},
		"sold, then money back":        {"P-1,7,10.00,success" + at + "P-1,8,-10.00,success" + at, recon.ReversedThere, recon.AdviceReversed, 0},
		"some of the money back":       {"P-1,7,10.00,success" + at + "P-1,8,-4.00,success" + at, recon.StatesDiffer, recon.AdviceUnclear, 1000},
		"money back for nothing":       {"P-1,8,-10.00,success" + at, recon.StatesDiffer, recon.AdviceUnclear, 0},
		"sold twice, one reversed":     {"P-1,7,10.00,success" + at + "P-1,8,10.00,success" + at + "P-1,8,10.00,reversed" + at, recon.StatesDiffer, recon.AdviceUnclear, 2000},
		"failed":                       {"P-1,7,10.00,failed" + at, recon.StatesDiffer, recon.AdviceDoneFailed, 0},
		"waiting":                      {"P-1,7,10.00,pending" + at, recon.Pending, recon.AdviceWaiting, 0},
		"another amount":               {"P-1,7,12.00,success" + at, recon.AmountDiffers, recon.AdviceAmount, 1200},
	} {
		r, err := recon.Compare(t.Context(), table(t, recon.Mapping{Sign: recon.Positive}, header+c.lines), newBooks(sale("P-1", recon.Done)), allDay())
		if err != nil {
			t.Fatal(err)
		}
		f := found(t, r, "P-1")
		if total := r.Total(c.want); f.Bucket != c.want || f.Advice != c.advice || total.Theirs != c.sold || total.Orders != 1 || total.Lines != strings.Count(c.lines, "\n") {
			t.Errorf("%s: %s, %s, %+v", name, f.Bucket, f.Advice, total)
		}
	}
}

func TestKindsThatTheFileCannotHaveAreNotMissed(t *testing.T) {
	text, orders := filler()
	gone, kept := sale("P-GONE", recon.Done), sale("P-KEPT", recon.Person)
	gone.Kind, kept.Kind = "electricity", "electricity"
	opt := allDay()
	opt.Kinds = []string{"airtime", "data"}
	r, err := recon.Compare(t.Context(), table(t, recon.Mapping{}, header+text+"P-KEPT,,10.00,success,2026-07-01 12:00:05,power\n"), newBooks(append(orders, gone, kept)...), opt)
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Total(recon.OursOnly).Orders; n != 0 {
		t.Errorf("%d are missed", n)
	}
	if f := found(t, r, "P-KEPT"); f.Proposal == nil { // it is there, and so it is judged
		t.Errorf("got %+v", f)
	}
}

func TestAFileInTheWrongUnitIsRefused(t *testing.T) {
	text, orders := filler()
	for name, m := range map[string]recon.Mapping{
		"rands taken for cents": {Unit: recon.Cents}, "cents taken for rands": {Unit: recon.Rand},
	} {
		lines := strings.ReplaceAll(text, "10.00", "1000")
		if m.Unit == recon.Cents {
			lines = strings.ReplaceAll(text, "10.00", "10")
		}
		_, err := recon.Compare(t.Context(), table(t, m, header+lines), newBooks(orders...), allDay())
		if !errors.Is(err, recon.ErrUnit) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAColumnThatIsNoReferenceIsRefused(t *testing.T) {
	text := header + strings.Repeat("MERCHANT,,10.00,success,2026-07-01 12:00:05,airtime\n", 201)
	_, err := recon.Compare(t.Context(), table(t, recon.Mapping{}, text), newBooks(), allDay())
	if !errors.Is(err, recon.ErrMapping) || !strings.Contains(err.Error(), `201 lines have the reference "MERCHANT"`) {
		t.Errorf("got %v", err)
	}
}

func TestAVoucherThatNobodyKnowsIsBookedAside(t *testing.T) {
	const at = ",2026-07-01 12:00:05,"
	for name, c := range map[string]struct {
		line string
		want recon.Advice
		ref  string
	}{
		"with our kind of reference": {"R-1,7,50.00,success" + at + "redeem", recon.AdviceAside, "R-1"},
		"with the provider's only":   {",7,50.00,success" + at + "1Voucher Redemption", recon.AdviceAside, "7"},
		"with an odd reference":      {"R 1;DROP,7,50.00,success" + at + "redeem", recon.AdviceOdd, ""},
		"with none of its value":     {"R-1,7,0.00,success" + at + "redeem", recon.AdviceOdd, ""},
		"which failed":               {"R-1,7,50.00,failed" + at + "redeem", recon.AdviceNoMoney, ""},
		"which was given back":       {"R-1,7,50.00,reversed" + at + "redeem", recon.AdviceNoMoney, ""},
		"but a sale":                 {"P-1,7,50.00,success" + at + "airtime", recon.AdviceNotOurs, ""},
	} {
		b := newBooks()
		r := compare(t, header+c.line+"\n", b)
		f := r.Findings[0]
		if f.Advice != c.want || (f.Proposal != nil) != (c.ref != "") {
			t.Errorf("%s: got %s, %+v", name, f.Advice, f.Proposal)
			continue
		}
		if f.Proposal == nil {
			continue
		}
		if p := f.Proposal; p.Action != recon.BookAside || p.Ref != c.ref || p.ProviderRef != "7" || p.Amount != 5000 {
			t.Errorf("%s: got %+v", name, p)
		}
		r.Settle(t.Context(), b, r.Proposals(), recon.Decision{By: "thandi", Reason: "statement"})
		if r = compare(t, header+c.line+"\n", b); r.Total(recon.Agree).Orders != 1 || len(r.Findings) > 0 {
			t.Errorf("%s: booked, it is still %+v", name, r.Findings)
		}
	}
}

// failing fails at one of its questions.
type failing struct {
	*books
	at int
}

var errAway = errors.New("database is away")

func (f *failing) next() error {
	f.at--
	if f.at == 0 {
		return errAway
	}
	return nil
}

func (f *failing) Between(ctx context.Context, from, to time.Time) iter.Seq2[recon.Ours, error] {
	return func(yield func(recon.Ours, error) bool) {
		for o, err := range f.books.Between(ctx, from, to) {
			if failed := f.next(); failed != nil {
				err = failed
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}

func (f *failing) ByRef(ctx context.Context, refs []string) ([]recon.Ours, error) {
	if err := f.next(); err != nil {
		return nil, err
	}
	return f.books.ByRef(ctx, refs)
}

func (f *failing) ByProviderRef(ctx context.Context, refs []string) ([]recon.Ours, error) {
	if err := f.next(); err != nil {
		return nil, err
	}
	return f.books.ByProviderRef(ctx, refs)
}

func TestABreakInTheBooksIsNoReport(t *testing.T) {
	other := sale("P-2", recon.Done)
	other.At = noon.Add(-48 * time.Hour)
	text := header + "P-1,,10.00,success,2026-07-01 12:00:05,a\nP-2,,10.00,success,2026-07-01 12:00:05,a\n,7,10.00,success,2026-07-01 12:00:05,a\n"
	for at := 1; ; at++ {
		f := &failing{newBooks(sale("P-1", recon.Done), other), at}
		r, err := recon.Compare(t.Context(), table(t, recon.Mapping{}, text), f, allDay())
		if f.at > 0 { // it asked less often
			if err != nil || at < 6 {
				t.Errorf("question %d: %v", at, err)
			}
			return
		}
		if r != nil || !errors.Is(err, errAway) {
			t.Errorf("question %d: got %v, %v", at, r, err)
		}
	}
}

func TestOrdersOfThePeriodAreNotAskedForOneByOne(t *testing.T) {
	text, orders := filler()
	b := newBooks(orders...)
	compare(t, header+text+"X-1,,10.00,success,2026-07-01 12:00:05,a\n", b)
	if b.asked != 1 {
		t.Errorf("%d references were looked up", b.asked)
	}
}

func TestSeveralFilesCloseTheGapBetweenThem(t *testing.T) {
	tab, err := recon.NewTable(recon.Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	text, orders := filler()
	tomorrow := strings.ReplaceAll(text, "07-01 12", "07-02 12")
	tomorrow = strings.ReplaceAll(tomorrow, "FILL", "NEXT")
	for i := range 30 {
		o := sale(fmt.Sprintf("P-NEXT%02d", i), recon.Done)
		o.At = noon.Add(24 * time.Hour)
		orders = append(orders, o)
	}
	midnight := sale("P-1", recon.Person)
	midnight.At = noon.Add(11*time.Hour + 55*time.Minute)
	for name, text := range map[string]string{"1.csv": text, "2.csv": tomorrow} {
		if err := tab.Read(name, strings.NewReader(header+text)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := recon.Compare(t.Context(), tab, newBooks(append(orders, midnight)...), recon.Options{Now: noon.Add(48 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if f := found(t, r, "P-1"); f.Advice != recon.AdviceNotVended {
		t.Errorf("got %s", f.Advice)
	}
}

func TestAProposalHasTheSameIDInEveryRun(t *testing.T) {
	text := header + "P-1,9,10.00,success,2026-07-01 12:00:05,a\n"
	first := compare(t, text, newBooks(sale("P-1", recon.Person))).Proposals()
	again := compare(t, header+"X-9,,1.00,failed,2026-07-01 13:00:05,b\n"+text[len(header):], newBooks(sale("P-1", recon.Person), sale("P-2", recon.Done))).Proposals()
	if diff := cmp.Diff(first, again, cmpopts.IgnoreFields(recon.Proposal{}, "Evidence")); diff != "" || len(first) != 1 {
		t.Errorf("(-first +again):\n%s", diff)
	}
	// The id stands in people's notes: it must not change with the code.
	if id := first[0].ID; id != "wb3bddx5gh" {
		t.Errorf("the id is %s", id)
	}
	other := sale("P-1", recon.Person)
	other.Amount = 1100
	if id := compare(t, strings.ReplaceAll(text, "10.00", "11.00"), newBooks(other)).Proposals()[0].ID; id == first[0].ID {
		t.Error("another amount has the same id")
	}
	if id := compare(t, text, newBooks(sale("P-1", recon.Refused))).Proposals()[0].ID; id == first[0].ID {
		t.Error("another action has the same id")
	}
}
