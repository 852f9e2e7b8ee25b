package recon_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/ledger"
	"spaza/recon"
)

// drawn is a world: our orders, and the lines of a file about them and others.
type drawn struct {
	orders []recon.Ours
	lines  []drawnLine
	bad    int
}

type drawnLine struct {
	ref, prov, status, kind string
	amount                  ledger.Cents
	at                      time.Time
	copies                  int
	of                      string // the order's reference; empty: nobody's
}

func (l drawnLine) String() string {
	return fmt.Sprintf("%s,%s,%d.%02d,%s,%s,%s\n", l.ref, l.prov, l.amount/100, l.amount%100, l.status, l.at.Format(time.DateTime), l.kind)
}

func drawWorld(t *rapid.T) drawn {
	var w drawn
	statuses := []string{"success", "success", "success", "failed", "reversed", "pending"}
	amount := func() ledger.Cents {
		return ledger.Cents(rapid.SampledFrom([]int64{0, 500, 1000, 1000, 2500}).Draw(t, "amount"))
	}
	at := func() time.Time {
		return noon.Add(time.Duration(rapid.IntRange(-12*60, 12*60-2).Draw(t, "minute")) * time.Minute)
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "orders") {
		o := recon.Ours{
			Ref: fmt.Sprintf("P-%03d", i), Kind: "airtime", Amount: amount(), At: at(),
			Standing: rapid.SampledFrom([]recon.Standing{recon.Open, recon.Person, recon.Person, recon.Done, recon.Done, recon.Refused, recon.Reversed}).Draw(t, "standing"),
			NoLine:   rapid.IntRange(0, 9).Draw(t, "reversal") == 0,
		}
		o.Incoming = !o.NoLine && rapid.IntRange(0, 3).Draw(t, "incoming") == 0
		o.Captured = !o.NoLine && !o.Incoming && o.Amount > 0 && o.Standing == recon.Person && rapid.Bool().Draw(t, "captured")
		o.Handed = !o.NoLine && !o.Incoming && rapid.Bool().Draw(t, "handed")
		o.Given = o.Handed && rapid.IntRange(0, 3).Draw(t, "given") == 0
		if o.Incoming {
			o.Kind = "redeem"
			if o.Standing != recon.Done && o.Standing != recon.Reversed {
				o.Amount = 0
			}
		}
		if rapid.Bool().Draw(t, "numbered") {
			o.ProviderRef = fmt.Sprintf("T%03d", i)
		}
		w.orders = append(w.orders, o)
		for n := range rapid.SampledFrom([]int{0, 1, 1, 1, 1, 2}).Draw(t, "lines") {
			l := drawnLine{
				ref: o.Ref, prov: o.ProviderRef, status: rapid.SampledFrom(statuses).Draw(t, "status"), kind: o.Kind, amount: o.Amount,
				at: o.At.Add(time.Duration(n+1) * time.Second), copies: rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "copies"), of: o.Ref,
			}
			if rapid.IntRange(0, 4).Draw(t, "other amount") == 0 {
				l.amount = amount()
			}
			if o.ProviderRef != "" && rapid.Bool().Draw(t, "by provider's") {
				l.ref = rapid.SampledFrom([]string{"", "X-" + o.Ref}).Draw(t, "strange reference")
			} else if rapid.Bool().Draw(t, "other number") {
				l.prov = fmt.Sprintf("U%03d-%d", i, n)
			}
			w.lines = append(w.lines, l)
		}
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "nobody's") {
		l := drawnLine{
			ref: fmt.Sprintf("N-%03d", i), status: rapid.SampledFrom(statuses).Draw(t, "status"), amount: amount(), at: at(), copies: 1,
			kind: rapid.SampledFrom([]string{"airtime", "redeem"}).Draw(t, "kind"),
		}
		if rapid.Bool().Draw(t, "by provider's") {
			l.ref, l.prov = "", l.ref
		}
		w.lines = append(w.lines, l)
	}
	w.bad = rapid.IntRange(0, 2).Draw(t, "bad lines")
	return w
}

// text is the file, in any order of its lines.
func (w drawn) text(t *rapid.T) string {
	var lines []string
	for _, l := range w.lines {
		for range l.copies {
			lines = append(lines, l.String())
		}
	}
	for i := range w.bad {
		lines = append(lines, fmt.Sprintf("BAD%d,,1.00,who knows,2026-07-01 12:00:00,airtime\n", i))
	}
	return header + strings.Join(rapid.Permutation(lines).Draw(t, "order of lines"), "")
}

// sold is what the provider counts, found in another way than the product does:
// transaction by transaction from the drawn lines.
func (w drawn) sold() (total ledger.Cents) {
	byTransaction := map[string][]drawnLine{}
	for _, l := range w.lines {
		key := l.of
		if key == "" {
			key = "nobody " + l.ref + " " + l.prov
		}
		byTransaction[key] = append(byTransaction[key], l)
	}
	for key, lines := range byTransaction {
		if slices.ContainsFunc(w.orders, func(o recon.Ours) bool { return o.Ref == key && o.NoLine }) {
			continue // a reversal is no sale
		}
		var sales []drawnLine
		reversed, amounts := false, map[ledger.Cents]bool{}
		for _, l := range lines {
			reversed = reversed || l.status == "reversed"
			if (l.status == "success" || l.status == "reversed") && l.amount != 0 {
				amounts[l.amount] = true
			}
			again := func(s drawnLine) bool { return s.prov != "" && s.prov == l.prov && s.amount == l.amount }
			if l.status == "success" && !slices.ContainsFunc(sales, again) {
				sales = append(sales, l)
			}
		}
		if reversed && len(sales) <= 1 && len(amounts) <= 1 {
			continue
		}
		for _, s := range sales {
			total += s.amount
		}
	}
	return total
}

func TestEveryOrderAndLineIsInOneBucketAndTheSumsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		tab, err := recon.NewTable(recon.Mapping{Unit: recon.Rand})
		if err != nil {
			t.Fatal(err)
		}
		if err := tab.Read("day.csv", strings.NewReader(w.text(t))); err != nil {
			if len(w.lines) == 0 && w.bad > 0 {
				return // nothing but bad lines is refused
			}
			t.Fatal(err)
		}
		r, err := recon.Compare(t.Context(), tab, newBooks(w.orders...), allDay())
		if err != nil {
			t.Fatal(err)
		}
		var all recon.Total
		listed := map[recon.Bucket]recon.Total{}
		for _, f := range r.Findings {
			n := listed[f.Bucket]
			n.Lines += len(f.Theirs)
			if f.Ours != nil {
				n.Orders++
			}
			listed[f.Bucket] = n
			if f.Bucket == recon.Agree || (f.Bucket == recon.Pending || f.Bucket == recon.AmountDiffers) && f.Proposal != nil {
				t.Fatalf("listed or proposed: %+v", f)
			}
		}
		for _, total := range r.Totals {
			all.Orders, all.Booked, all.Held = all.Orders+total.Orders, all.Booked+total.Booked, all.Held+total.Held
			all.Lines, all.Theirs = all.Lines+total.Lines, all.Theirs+total.Theirs
			if n := listed[total.Bucket]; total.Bucket != recon.Agree && (n.Orders != total.Orders || n.Lines != total.Lines) {
				t.Fatalf("%s lists %+v and counts %+v", total.Bucket, n, total)
			}
		}
		if agree := r.Total(recon.Agree); agree.Booked != agree.Theirs || agree.Held != 0 {
			t.Fatalf("agreed, and not the same: %+v", agree)
		}
		var booked, held ledger.Cents
		for _, o := range w.orders {
			switch {
			case o.NoLine:
			case o.Standing == recon.Done || o.Captured:
				booked += o.Amount
			case !o.Incoming && (o.Standing == recon.Open || o.Standing == recon.Person):
				held += o.Amount
			}
		}
		lines := 0
		for _, l := range w.lines {
			lines += l.copies
		}
		f := r.Files[0]
		if all.Orders != len(w.orders) || all.Lines+f.Duplicates != lines || f.Rows != lines || f.Bad != w.bad {
			t.Fatalf("of %d orders and %d lines: %+v, %+v", len(w.orders), lines, all, f)
		}
		if all.Booked != booked || all.Held != held || all.Theirs != w.sold() {
			t.Fatalf("booked %s, held %s, theirs %s; the sums are %+v", booked, held, w.sold(), all)
		}
	})
}

func TestOnceProposalsAreDoneThereAreNone(t *testing.T) {
	seen := map[recon.Action]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.bad = 0
		text := w.text(t)
		b := newBooks(w.orders...)
		run := func() *recon.Report {
			tab, err := recon.NewTable(recon.Mapping{Unit: recon.Rand})
			if err != nil {
				t.Fatal(err)
			}
			if err := tab.Read("day.csv", strings.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			r, err := recon.Compare(t.Context(), tab, b, allDay())
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		r := run()
		agreed := r.Total(recon.Agree)
		had := map[string][2]ledger.Cents{}
		for _, o := range w.orders {
			had[o.Ref] = [2]ledger.Cents{b.available[o.Ref], b.held[o.Ref]}
		}
		chosen, err := r.Chosen([]string{"all"})
		if err != nil {
			t.Fatal(err)
		}
		r.Settle(t.Context(), b, chosen, recon.Decision{By: "thandi", Reason: "statement of the day"})
		done := map[string]recon.Action{}
		for _, o := range r.Outcomes {
			if o.Error != "" {
				t.Fatalf("%+v", o)
			}
			seen[o.Proposal.Action]++
			done[o.Proposal.Ref] = o.Proposal.Action
		}
		for ref, was := range had {
			spent := done[ref] == recon.ResolveVended
			if b.available[ref] < was[0] || !spent && b.available[ref]+b.held[ref] < was[0]+was[1] {
				t.Fatalf("%s of %s took money from the customer: %v, now %s and %s", done[ref], ref, was, b.available[ref], b.held[ref])
			}
		}
		again := run()
		if p := again.Proposals(); len(p) > 0 {
			t.Fatalf("proposed again: %+v", p)
		}
		if now := again.Total(recon.Agree); now.Orders != agreed.Orders+len(chosen) {
			t.Fatalf("%d agreed, %d were settled, %d agree now", agreed.Orders, len(chosen), now.Orders)
		}
		if d := r.Differences(); d != again.Differences() {
			t.Fatalf("%d differences are left, and %d are found", d, again.Differences())
		}
	})
	for _, a := range []recon.Action{recon.ResolveVended, recon.ResolveNotVended, recon.ResolveAtLoss, recon.GiveBack, recon.BookAside} {
		if seen[a] == 0 && !testing.Short() { // with -short there are few worlds
			t.Errorf("no world had a proposal to %s", a)
		}
	}
}
