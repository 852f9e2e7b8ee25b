package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"spaza/flashapi"
	"spaza/ledger"
	"spaza/recon"
	"spaza/store"
	"spaza/vend"
)

// clerk is a shop whose books a reconciliation is made of.
type clerk struct {
	t       *testing.T
	environ []string
	dir     string
	books   *store.SQL
	in      io.Reader
}

func newClerk(t *testing.T) *clerk {
	t.Helper()
	dir := t.TempDir()
	books, err := store.OpenSQL(t.Context(), "sqlite:"+filepath.Join(dir, "spaza.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = books.Close() })
	return &clerk{t: t, environ: set("SPAZA_DATA_DIR=" + dir), dir: dir, books: books, in: strings.NewReader("")}
}

// reconDay is when everything happened, and long ago.
var reconDay = time.Date(2026, 7, 1, 12, 0, 0, 0, time.FixedZone("SAST", 2*60*60))

// order writes an order with its money, in the state that it came to.
func (k *clerk) order(o vend.Order) {
	k.t.Helper()
	if o.CreatedAt.IsZero() {
		o.CreatedAt = reconDay
	}
	o.FirstSentAt, o.UpdatedAt = o.CreatedAt, o.CreatedAt
	if o.Fund == "" {
		o.Fund = vend.FundBalance
	}
	err := k.books.InTx(k.t.Context(), func(tx vend.Tx) error {
		c, err := tx.EnsureCustomer("27821234567", "CUSTOMER", reconDay)
		if err != nil {
			return err
		}
		o.Customer = c.ID
		if _, _, err := tx.AddOrder(o); err != nil {
			return err
		}
		var entries []ledger.Entry
		pays := ledger.CustomerPays(c.ID)
		switch {
		case o.Kind == vend.KindRedeem && o.Done():
			entries = append(entries, ledger.Redeemed(o.Ref, c.ID, o.Amount))
		case o.Kind == vend.KindRedeem || o.Kind == vend.KindReverse || o.Amount == 0:
		default:
			entries = append(entries, ledger.Redeemed("R-FOR-"+o.Ref, c.ID, o.Amount), ledger.Hold(o.Ref, pays, o.Amount))
			switch {
			case o.Done(), o.State == vend.StateOwed, o.State == vend.StateReversed, o.Code == "paid":
				entries = append(entries, ledger.Capture(o.Ref, pays, ledger.ProviderFloat, o.Amount))
			case o.Refused():
				entries = append(entries, ledger.Release(o.Ref, pays, o.Amount))
			}
			if o.State == vend.StateReversed {
				entries = append(entries, ledger.Reverse(o.Ref, pays, ledger.ProviderFloat, o.Amount))
			}
		}
		for _, e := range entries {
			if err := tx.Post(e, reconDay); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

// file writes a transaction file.
func (k *clerk) file(name, text string) string {
	k.t.Helper()
	path := filepath.Join(k.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		k.t.Fatal(err)
	}
	return path
}

// run runs the command as main does.
func (k *clerk) run(args ...string) (status int, out, errs string) {
	k.t.Helper()
	var cmds struct {
		Reconcile reconcileCommand `cmd:""`
	}
	var o, e bytes.Buffer
	parser, err := kong.New(&cmds, kong.Writers(&o, &e), kong.Exit(func(int) {}))
	if err != nil {
		k.t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"reconcile"}, args...)); err != nil {
		return 2, o.String(), err.Error()
	}
	if err := cmds.Reconcile.Run(k.t.Context(), console{in: k.in, out: &o, err: &e, environ: k.environ}); err != nil {
		return exitStatus(err), o.String(), err.Error()
	}
	return 0, o.String(), ""
}

// report runs the command for its report.
func (k *clerk) report(args ...string) (int, recon.Report) {
	k.t.Helper()
	status, out, errs := k.run(append(args, "--json")...)
	var r recon.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		k.t.Fatalf("%v: %s", err, errs)
	}
	return status, r
}

func (k *clerk) balance() vend.Balance {
	k.t.Helper()
	c, err := k.books.Customer(k.t.Context(), "27821234567")
	if err != nil {
		k.t.Fatal(err)
	}
	b, err := k.books.Balance(k.t.Context(), c.ID)
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

const reconHeader = "reference,transaction id,amount,status,time,kind\n"

func reconAt(d time.Duration) string { return reconDay.Add(d).Format(time.DateTime) }

// fillers are enough orders that agree for an absence to prove something.
func (k *clerk) fillers() (lines string) {
	k.t.Helper()
	for i := range 10 {
		ref := fmt.Sprintf("P-FILL%02d", i)
		k.order(vend.Order{Ref: ref, Kind: vend.KindAirtime, Amount: 500, State: vend.StateDelivered})
		lines += ref + ",,5.00,success," + reconAt(0) + ",airtime\n"
	}
	return lines
}

var reconDays = []string{"--from=2026-07-01", "--to=2026-07-01"}

func TestReconcileFindsDoesAndThenAgrees(t *testing.T) {
	k := newClerk(t)
	lines := k.fillers()
	for _, o := range []vend.Order{
		{Ref: "P-VENDED", Kind: vend.KindAirtime, Amount: 1000, State: vend.StatePerson},
		{Ref: "P-NOT", Kind: vend.KindData, Amount: 2000, State: vend.StatePerson},
		{Ref: "P-ABSENT", Kind: vend.KindElectricity, Amount: 3000, State: vend.StatePerson},
		{Ref: "R-VOUCHER", Kind: vend.KindRedeem, Amount: 0, State: vend.StatePerson},
		{Ref: "R-REFUSED", Kind: vend.KindRedeem, Amount: 0, State: vend.StateDeclined},
		{Ref: "P-REFUSED", Kind: vend.KindAirtimePIN, Amount: 4000, State: vend.StateDeclined},
		{Ref: "P-UNDONE", Kind: vend.KindVoucher, Amount: 6000, State: vend.StateDelivered},
		{Ref: "P-PAID", Kind: vend.KindAirtimePIN, Amount: 7000, State: vend.StatePerson, Code: "paid"},
		{Ref: "P-PIN", Kind: vend.KindAirtimePIN, Amount: 8000, State: vend.StatePerson},
	} {
		k.order(o)
	}
	lines += "P-VENDED,T1,10.00,success," + reconAt(time.Minute) + ",airtime\n" +
		"P-NOT,T2,20.00,failed," + reconAt(time.Minute) + ",data\n" +
		"R-VOUCHER,T3,100.00,success," + reconAt(time.Minute) + ",redeem\n" +
		"R-REFUSED,T4,50.00,success," + reconAt(time.Minute) + ",redeem\n" +
		"P-REFUSED,T5,40.00,success," + reconAt(time.Minute) + ",pin\n" +
		"P-UNDONE,T6,60.00,reversed," + reconAt(time.Minute) + ",voucher\n" +
		"P-PAID,T7,70.00,reversed," + reconAt(time.Minute) + ",pin\n" +
		"P-PIN,T8,80.00,success," + reconAt(time.Minute) + ",pin\n" +
		"R-NOBODY,T9,25.00,success," + reconAt(time.Minute) + ",redeem\n"
	file := k.file("day.csv", reconHeader+lines)
	args := append([]string{file}, reconDays...)

	before := k.balance()
	status, r := k.report(args...)
	if status != 1 || len(r.Proposals()) != 9 || r.Differences() != 10 {
		t.Fatalf("status %d, %d proposals, %d differences: %+v", status, len(r.Proposals()), r.Differences(), r.Findings)
	}
	if k.balance() != before {
		t.Fatal("to look changed the books")
	}
	status, out, errs := k.run(append(args, "--confirm=all", "--reason=statement of the day", "--by=thandi")...)
	if status != 1 || strings.Count(out, "  done    P-")+strings.Count(out, "  done    R-") != 9 || strings.Contains(out, "FAILED") || !strings.Contains(out, "\n1 difference, 0 proposals.\n") {
		t.Fatalf("status %d: %s\n%s", status, errs, out)
	}
	for ref, want := range map[string]string{
		"P-VENDED": "resolved vended", "P-NOT": "resolved not_vended", "P-ABSENT": "resolved not_vended", "R-VOUCHER": "resolved vended",
		"R-REFUSED": "resolved vended", "P-REFUSED": "resolved vended", "P-UNDONE": "reversed ", "P-PAID": "resolved not_vended", "P-PIN": "person ",
	} {
		o, err := k.books.Order(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(o.State) + " " + string(o.Resolution); got != want {
			t.Errorf("%s: %s, want %s", ref, got, want)
		}
		if want == "person " {
			continue
		}
		trail, err := k.books.Moves(t.Context(), ref)
		if err != nil || len(trail) == 0 {
			t.Fatalf("%s has no trail: %v", ref, err)
		}
		if m := trail[len(trail)-1]; m.By != "thandi" || !strings.Contains(m.Note, "statement of the day [") {
			t.Errorf("%s: %+v", ref, m)
		}
	}
	// Back: 20 and 30 that were held, 60 and 70 that were spent; credited: 100
	// and 50. Spent: 10 that was held. The refused sale's 40 stay the customer's.
	want := vend.Balance{Available: before.Available + 2000 + 3000 + 6000 + 7000 + 10000 + 5000, Held: before.Held - 1000 - 2000 - 3000}
	if got := k.balance(); got != want {
		t.Errorf("the customer has %+v, want %+v", got, want)
	}
	if faults, err := k.books.CheckBooks(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("the books: %v, %v", faults, err)
	}
	acts, err := k.books.Acts(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(acts, func(a store.Act) bool {
		return a.By == "thandi" && a.What == "reconcile: book_aside R-NOBODY" && a.Why == "statement of the day [line 20: success R25.00]"
	}) {
		t.Errorf("not recorded: %+v", acts)
	}
	if _, r = k.report(args...); len(r.Proposals()) > 0 || r.Total(recon.Agree).Orders != 19 || r.Differences() != 1 {
		t.Errorf("again: %+v", r.Findings)
	}
}

func TestReconcileExitsWithZeroWhenAllAgree(t *testing.T) {
	k := newClerk(t)
	file := k.file("day.csv", reconHeader+k.fillers())
	if status, out, errs := k.run(file); status != 0 || !strings.HasSuffix(out, "\nAll agree.\n") {
		t.Errorf("status %d: %s%s", status, errs, out)
	}
}

func TestReconcileExitsWithTwoWhenItCannotCompare(t *testing.T) {
	k := newClerk(t)
	good := k.file("good.csv", reconHeader+"P-1,,5.00,success,"+reconAt(0)+",airtime\n")
	person := vend.Order{Ref: "P-1", Kind: vend.KindAirtime, Amount: 500, State: vend.StatePerson}
	k.order(person)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no file":                {nil, "expected"},
		"a file that is not":     {[]string{good + "x"}, "open transactions"},
		"no transactions":        {[]string{k.file("bad.csv", "a,b\n1,2\n")}, "The file has: 1 \"a\""},
		"a field that is not":    {[]string{good, "--map=colour=1"}, `no field "colour"`},
		"a unit that is not":     {[]string{good, "--amounts=dollars"}, "rand or cents"},
		"a separator of two":     {[]string{good, "--separator=ab"}, "--separator"},
		"a zone that is not":     {[]string{good, "--zone=Africa/Spaza"}, "--zone"},
		"a day that is not":      {[]string{good, "--from=1 July"}, "is no day"},
		"a last day that is not": {[]string{good, "--to=1 July"}, "is no day"},
		"no margin":              {[]string{good, "--margin=0s"}, "--margin"},
		"no reason":              {[]string{good, "--confirm=all"}, "--reason"},
		"an id that is not":      {[]string{good, "--confirm=abcdefghij", "--reason=x"}, "nothing is proposed under this id: abcdefghij"},
		"two ways to confirm":    {[]string{good, "--confirm=all", "--ask", "--reason=x"}, "not both"},
		"to ask a program":       {[]string{good, "--ask", "--json", "--reason=x"}, "--ask"},
	} {
		if status, _, errs := k.run(c.args...); status != 2 || !strings.Contains(errs, c.says) {
			t.Errorf("%s: status %d, %s", name, status, errs)
		}
	}
	pipe, _, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	k.in = pipe
	if status, _, errs := k.run(good, "--ask", "--reason=x"); status != 2 || !strings.Contains(errs, "terminal") {
		t.Errorf("to ask a pipe: status %d, %s", status, errs)
	}
	if o, err := k.books.Order(t.Context(), "P-1"); err != nil || o.State != vend.StatePerson {
		t.Errorf("it is %s: %v", o.State, err)
	}
	k.environ = set("SPAZA_DATA_DIR=" + filepath.Join(k.dir, "nowhere"))
	if status, _, errs := k.run(good); status != 2 || !strings.Contains(errs, "open books") {
		t.Errorf("no books: status %d, %s", status, errs)
	}
}

func TestReconcileAsksForEachProposal(t *testing.T) {
	lines := "P-1,,5.00,success," + reconAt(0) + ",airtime\nP-2,,5.00,success," + reconAt(0) + ",airtime\nP-3,,5.00,success," + reconAt(0) + ",airtime\n"
	for answers, want := range map[string][]string{
		"y\nn\nYES\n": {"P-1", "P-3"}, "\n\n\n": nil, "y\nq\ny\n": {"P-1"}, "y\n": {"P-1"}, "no\nwhat\ny": {"P-3"},
	} {
		k := newClerk(t)
		for _, ref := range []string{"P-1", "P-2", "P-3"} {
			k.order(vend.Order{Ref: ref, Kind: vend.KindAirtime, Amount: 500, State: vend.StatePerson})
		}
		k.in = strings.NewReader(answers)
		status, out, errs := k.run(k.file("day.csv", reconHeader+lines), "--ask", "--reason=statement", "--by=thandi")
		var done []string
		for _, ref := range []string{"P-1", "P-2", "P-3"} {
			o, err := k.books.Order(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			if o.Done() {
				done = append(done, ref)
			}
		}
		if status != 1 || !slices.Equal(done, want) || strings.Count(out, "  done  ") != len(want) || strings.Count(out, "booked there") != 1 {
			t.Errorf("%q: status %d, done %v: %s\n%s", answers, status, done, errs, out)
		}
	}
}

func TestReconcileLeavesAnOrderAloneThatHasMoved(t *testing.T) {
	k := newClerk(t)
	k.order(vend.Order{Ref: "P-1", Kind: vend.KindAirtime, Amount: 500, State: vend.StatePerson})
	d := &desk{c: console{environ: k.environ}, books: k.books}
	side := ourSide{d: d}
	ours, err := side.ByRef(t.Context(), []string{"P-1"})
	if err != nil || len(ours) != 1 {
		t.Fatal(ours, err)
	}
	p := recon.Proposal{Action: recon.ResolveVended, Ref: "P-1", Was: ours[0].State, Amount: 500}
	if _, err := d.till().Resolve(t.Context(), vend.Decision{Ref: "P-1", As: vend.VerdictNotVended, By: "sipho", Why: "phoned"}); err != nil {
		t.Fatal(err)
	}
	before := k.balance()
	err = side.Do(t.Context(), p, recon.Decision{By: "thandi", Reason: "statement"})
	if err == nil || !strings.Contains(err.Error(), "has moved") || k.balance() != before {
		t.Errorf("got %v, %+v", err, k.balance())
	}
	for _, p := range []recon.Proposal{
		{Action: recon.BookAside, Ref: "P-1", Amount: 500}, {Action: recon.BookAside, Ref: "R-1", Amount: 0}, {Action: "sell", Ref: "P-1"},
	} {
		if err := side.Do(t.Context(), p, recon.Decision{By: "thandi", Reason: "statement"}); err == nil {
			t.Errorf("%+v was done", p)
		}
	}
	aside := recon.Proposal{Action: recon.BookAside, Ref: "R-1", Amount: 500}
	for range 2 { // the second time changes nothing
		if err := side.Do(t.Context(), aside, recon.Decision{By: "thandi", Reason: "statement"}); err != nil {
			t.Error(err)
		}
	}
	aside.Amount = 600
	if err := side.Do(t.Context(), aside, recon.Decision{By: "thandi", Reason: "statement"}); err == nil {
		t.Error("another amount was booked under the same reference")
	}
	if faults, err := k.books.CheckBooks(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("the books: %v, %v", faults, err)
	}
}

func TestOrdersStandAsTheProviderWouldHaveThem(t *testing.T) {
	k := newClerk(t)
	for ref, state := range map[string]vend.State{
		"confirmed": vend.StateConfirmed, "sending": vend.StateSending, "unknown": vend.StateUnknown, "owed": vend.StateOwed, "person": vend.StatePerson,
		"delivered": vend.StateDelivered, "declined": vend.StateDeclined, "reversed": vend.StateReversed,
	} {
		k.order(vend.Order{Ref: ref, Kind: vend.KindAirtimePIN, Amount: 500, State: state})
	}
	k.order(vend.Order{Ref: "paid", Kind: vend.KindAirtimePIN, Amount: 500, State: vend.StatePerson, Code: "paid", Goods: []byte("sealed")})
	k.order(vend.Order{Ref: "voucher", Kind: vend.KindRedeem, State: vend.StatePerson})
	k.order(vend.Order{Ref: "undoing", Kind: vend.KindReverse, Amount: 500, State: vend.StateUnknown})
	d := &desk{c: console{environ: k.environ}, books: k.books}
	for _, ref := range []string{"vended", "not_vended", "loss", "returned"} {
		o := vend.Order{Ref: ref, Kind: vend.KindAirtime, Amount: 500, State: vend.StatePerson}
		decision := vend.Decision{Ref: ref, As: vend.VerdictNotVended, By: "thandi", Why: "statement"}
		switch ref {
		case "vended":
			decision.As = vend.VerdictVended
		case "loss":
			o.Code, decision.Bears = "paid", vend.BearsOperator
		case "returned":
			o.Code, decision.Bears = "paid", vend.BearsProvider
		}
		k.order(o)
		if _, err := d.till().Resolve(t.Context(), decision); err != nil {
			t.Fatal(ref, err)
		}
	}
	got := map[string]string{}
	for o, err := range (ourSide{d: d}).Between(t.Context(), reconDay, reconDay.Add(time.Second)) {
		if err != nil {
			t.Fatal(err)
		}
		s := string(o.Standing)
		for word, has := range map[string]bool{" captured": o.Captured, " given": o.Given, " incoming": o.Incoming, " no line": o.NoLine} {
			if has {
				s += word
			}
		}
		if got[o.Ref] = s; !o.At.Equal(reconDay) {
			t.Errorf("%s is of %s", o.Ref, o.At)
		}
	}
	for ref, want := range map[string]string{
		"confirmed": "open", "sending": "open", "unknown": "open", "owed": "open captured", "person": "person", "delivered": "done", "declined": "refused",
		"reversed": "reversed", "voucher": "person incoming", "undoing": "open no line", "vended": "done", "not_vended": "refused", "loss": "done", "returned": "reversed",
	} {
		if got[ref] != want {
			t.Errorf("%s: %q, want %q", ref, got[ref], want)
		}
	}
	if s := got["paid"]; s != "person captured given" && s != "person given captured" {
		t.Errorf("paid: %q", s)
	}
}

func TestOrdersAreReadPageByPage(t *testing.T) {
	k := newClerk(t)
	const n = orderPage + 7
	err := k.books.InTx(t.Context(), func(tx vend.Tx) error {
		for i := range n {
			o := vend.Order{Ref: fmt.Sprintf("P-%05d", i), Kind: vend.KindAirtime, Amount: 500, State: vend.StateDelivered, Fund: vend.FundBalance, CreatedAt: reconDay.Add(time.Duration(i/3) * time.Millisecond)}
			if _, _, err := tx.AddOrder(o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	side := ourSide{d: &desk{books: k.books}}
	seen := map[string]bool{}
	for o, err := range side.Between(t.Context(), reconDay, reconDay.Add(time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		seen[o.Ref] = true
	}
	if len(seen) != n {
		t.Errorf("%d of %d orders were read", len(seen), n)
	}
	if found, err := side.ByRef(t.Context(), []string{"P-00001", "nobody", "\xff", "a\x00b", "000001"}); err != nil || len(found) != 1 {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestReconcileUsesTheServicesWindow(t *testing.T) {
	r := reconcileCommand{Margin: time.Hour}
	_, o, err := r.read(reconDay)
	if err != nil || o.Window <= flashapi.ResendWindow || !o.Now.Equal(reconDay) {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestReconcileLeavesOrdersOfOtherProvidersAside(t *testing.T) {
	k := newClerk(t)
	lines := k.fillers()
	for _, o := range []vend.Order{
		{Ref: "P-DONE", Kind: vend.KindAirtime, Amount: 1000, State: vend.StateDelivered, ProviderRef: "T1", Op: "airtime/purchases@electrum"},
		{Ref: "P-OPEN", Kind: vend.KindAirtime, Amount: 1000, State: vend.StatePerson, Op: "airtime/purchases@electrum"},
		{Ref: "P-OURS", Kind: vend.KindAirtime, Amount: 1000, State: vend.StateDelivered, Op: "cellular/pinless/purchase"},
		{Ref: "P-LATER", Kind: vend.KindAirtime, Amount: 1000, State: vend.StateDelivered, Op: "airtime/purchases@electrum", CreatedAt: reconDay.AddDate(0, 0, 5)},
	} {
		k.order(o)
	}
	file := k.file("day.csv", reconHeader+lines+"P-OURS,T9,10.00,success,"+reconAt(0)+",airtime\n")
	args := append([]string{file}, reconDays...)
	const note = "left aside are orders of the period that went to another provider, whose transactions are in none of Flash's files: 2 of electrum."
	if status, r := k.report(args...); status != 0 || r.Differences() != 0 || !slices.Contains(r.Notes, note) {
		t.Errorf("status %d, notes %q, findings %+v", status, r.Notes, r.Findings)
	}
	if _, out, _ := k.run(args...); !strings.Contains(strings.Join(strings.Fields(out), " "), "Note: "+note) {
		t.Errorf("printed:\n%s", out)
	}
	// A line of Flash's with such a reference is of something that nobody knows.
	for name, line := range map[string]string{
		"by reference": "P-DONE,T5,10.00,success,", "by the provider's": ",T1,10.00,success,",
	} {
		file = k.file("odd.csv", reconHeader+lines+"P-OURS,T9,10.00,success,"+reconAt(0)+",airtime\n"+line+reconAt(0)+",airtime\n")
		status, r := k.report(append([]string{file}, reconDays...)...)
		if status != 1 || r.Differences() != 1 || r.Findings[0].Ours != nil {
			t.Errorf("%s: status %d, %+v", name, status, r.Findings)
		}
	}
	bare := newClerk(t)
	file = bare.file("day.csv", reconHeader+bare.fillers())
	if _, r := bare.report(append([]string{file}, reconDays...)...); strings.Contains(strings.Join(r.Notes, " "), "left aside") {
		t.Errorf("nothing was left aside, and notes are %q", r.Notes)
	}
}
