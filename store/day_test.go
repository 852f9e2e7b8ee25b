package store

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/vend"
)

// TestNothingThatIsSentReadsAWholeTable looks at everything that is sent while
// the service runs. TestNoStatementSlowsDownAtTenMillionOrders does it on large
// tables.
func TestNothingThatIsSentReadsAWholeTable(t *testing.T) {
	for name, url := range eachDatabase() {
		t.Run(name, func(t *testing.T) {
			s := openPlain(t, url(t))
			seedBuyers(t, s, 20)
			day := spendDay(t, s, 0, time.Now().Truncate(time.Second))
			if len(day) < 45 {
				t.Errorf("%d statements were sent", len(day))
			}
			for _, q := range day {
				if !q.looks() {
					continue
				}
				lines := explainSent(t, s, q)
				if s.d.numbered {
					for _, line := range lines {
						if big.MatchString(line) {
							t.Errorf("%s\n%s", brief(q.query, 500), line)
						}
					}
				} else if wrong := scansInSQLite(lines); wrong != "" {
					t.Errorf("%s\n%s", brief(q.query, 500), wrong)
				}
			}
		})
	}
}

// explainSent is explain of a statement as it was sent.
func explainSent(t *testing.T, s *SQL, q sent) []string {
	t.Helper()
	how := "EXPLAIN QUERY PLAN "
	if s.d.numbered {
		how = "EXPLAIN "
	}
	args := make([]any, len(q.args))
	for i, a := range q.args {
		args[i] = a
	}
	return explain(t, s, how, q.query, args)
}

// sent is one statement as it is sent, with values that it was sent with.
type sent struct {
	name  string
	query string // as the driver has it
	args  []driver.Value
}

// spendDay does everything that is done while customers buy, jobs wait and
// retention erases, and returns each statement that was sent, once. What people
// ask for is apart, in questions. The buyers are those of the numbers from first
// on; some is a reference that is there.
func spendDay(t *testing.T, s *SQL, first int, now time.Time) []sent {
	t.Helper()
	ctx := t.Context()
	tape := record(s)
	var all []sent
	known := map[string]bool{}
	keep := func(name string) {
		t.Helper()
		for _, tx := range tape.take() {
			for _, c := range tx {
				if !known[c.query] {
					known[c.query] = true
					all = append(all, sent{name, c.query, c.args})
				}
			}
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	in := func(do func(vend.Tx) error) {
		t.Helper()
		must(s.InTx(ctx, do))
	}

	shop := openShop(t, s, vend.Options{Limits: vend.DefaultLimits()})
	who := func() buyer { first++; return buyerOf(first) }
	b := who()
	must(shop.do(ctx, b, airtime))
	keep("airtime")
	lit := who()
	must(shop.do(ctx, lit, electricity))
	keep("electricity")
	paid := who()
	must(shop.do(ctx, paid, refund))
	keep("refund")
	must(shop.do(ctx, who(), redemption))
	keep("redemption")
	agent := openShop(t, s, vend.Options{Limits: vend.DefaultLimits(), Fund: vend.FundMerchant})
	in(func(tx vend.Tx) error {
		return tx.Post(ledger.Entry{Ref: "top-up", Kind: "float_topped_up", Postings: []ledger.Posting{{Debit: ledger.Bank, Credit: ledger.MerchantFunds, Amount: ledger.Rand(1000)}}}, now)
	})
	must(agent.do(ctx, who(), airtime))
	keep("airtime on the house")

	must(shop.service.SetLanguage(ctx, "27829999999", "zu"))
	keep("a new customer")
	_, err := shop.service.Balance(ctx, b.msisdn)
	must(err)
	must(shop.service.MaySpend(ctx, b.msisdn, vend.KindAirtime, ledger.Rand(5)))
	must(agent.service.MaySpend(ctx, b.msisdn, vend.KindAirtime, ledger.Rand(5)))
	keep("what a screen tells")
	_, err = shop.service.Reported(ctx, vend.MessageReport{Message: "AT-" + b.ref + "/ended", Arrived: true, Detail: "delivered"})
	must(err)
	keep("a gateway's report")

	undo := buyerOf(first + 1000)
	_, err = shop.service.Reverse(ctx, vend.Reversal{Ref: undo.ref, Original: paid.ref, By: "me", Why: "asked"})
	must(err)
	<-shop.end(undo.ref)
	keep("a sale undone")
	_, err = shop.service.File(ctx, paid.ref)
	must(err)
	_, err = s.OrderJobs(ctx, paid.ref)
	must(err)
	keep("all of an order")
	_, err = shop.service.Resend(ctx, b.ref, "me", "asked")
	must(err)
	keep("told once more")
	in(func(tx vend.Tx) error {
		_, err := tx.CustomerByID(b.id)
		return err
	})

	// The runner's own, of a job that nobody runs.
	job := jobs.Job{Kind: "rest", Key: b.ref, RunAt: now, Owner: "me", LeaseUntil: now.Add(time.Hour)}
	in(func(tx vend.Tx) error { job, err = tx.AddJob(job); return err })
	in(func(tx vend.Tx) error { _, err := tx.AddJob(job); return err })
	must(s.Renew(ctx, job, now.Add(2*time.Hour)))
	must(s.PutOff(ctx, job, now.Add(time.Hour), ""))
	_ = s.Bury(ctx, job, "")
	_ = s.Finish(ctx, job)
	keep("jobs")
	_, err = s.Stats(ctx, now)
	must(err)
	keep("metrics")

	ages := vend.DefaultKeep()
	_, err = s.EraseRequests(ctx, now.Add(-ages.Requests), 200)
	must(err)
	_, err = s.ErasePINHashes(ctx, now.Add(-ages.Vouchers), 200)
	must(err)
	handed := []vend.Delivery{vend.DeliveryShown, vend.DeliverySent, vend.DeliveryAcknowledged}
	_, err = s.EraseGoods(ctx, []vend.Kind{vend.KindElectricity}, handed, now.Add(-ages.Tokens), now, 200)
	must(err)
	others := slices.DeleteFunc(vend.Kinds(), func(k vend.Kind) bool { return k == vend.KindElectricity })
	_, err = s.EraseGoods(ctx, others, handed, now.Add(-ages.Goods), now, 200)
	must(err)
	_, err = s.EraseGoods(ctx, others, []vend.Delivery{vend.DeliveryNone, vend.DeliveryStored, vend.DeliveryFailed}, now.Add(-ages.Unseen), now, 200)
	must(err)
	keep("retention")
	must(s.Forgetting(ctx, func(tx vend.ForgetTx) error {
		c, err := tx.LockCustomer(lit.msisdn)
		if err != nil {
			return err
		}
		if _, err := tx.OrdersUnderWay(c.ID, lit.msisdn, 20); err != nil {
			return err
		}
		if _, err := tx.GoodsNotHandedOver(c.ID, []vend.Delivery{vend.DeliveryStored}, 20); err != nil {
			return err
		}
		list, err := tx.OrdersNaming(c.ID, lit.msisdn, 200)
		if err != nil {
			return err
		}
		for _, o := range list {
			o.Target = vend.ErasedTarget
			if err := tx.ForgetOrder(o); err != nil {
				return err
			}
		}
		for _, ref := range []string{"", lit.ref} {
			if _, err := tx.RewordMoves(ref, c.ID, func(note string) string { return note }); err != nil {
				return err
			}
		}
		_, err = tx.DropNotices(c.ID)
		return err
	}))
	keep("a customer forgotten")
	shop.close(t)
	agent.close(t)
	s.read.watch, s.write.watch = nil, nil
	return all
}

// question is something that people ask of the orders.
type question struct {
	name  string
	query vend.Query
	// index must serve it, on tables of any size; several are separated by |.
	index string
}

// questions are asked around an order that there may be.
func questions(o vend.Order, short string, now time.Time) []question {
	day := now.Add(-40 * 24 * time.Hour)
	below := vend.Order{Ref: o.Ref, CreatedAt: now.Add(-100 * 24 * time.Hour)}
	open := []vend.State{vend.StateConfirmed, vend.StateSending, vend.StateUnknown, vend.StateOwed, vend.StatePerson}
	const byRef = "orders_pkey|sqlite_autoindex_orders_1"
	return []question{
		{"the newest", vend.Query{}, "orders_made"},
		{"further down", vend.Query{After: below, Limit: 500}, "orders_made"},
		{"ref", vend.Query{Ref: o.Ref}, byRef},
		{"end of ref", vend.Query{Ref: short}, "orders_short"},
		{"provider's number", vend.Query{ProviderRef: o.ProviderRef}, "orders_provider_ref"},
		{"customer", vend.Query{Customer: o.Customer}, "orders_customer"},
		{"customer, further down", vend.Query{Customer: o.Customer, After: below}, "orders_customer"},
		{"customer, one day", vend.Query{Customer: o.Customer, From: day, To: day.Add(24 * time.Hour)}, "orders_customer|orders_made"},
		{"target", vend.Query{Target: o.Target}, "orders_target"},
		{"target, further down", vend.Query{Target: o.Target, After: below}, "orders_target"},
		{"its reversals", vend.Query{Original: o.Ref}, "orders_original"},
		{"with a person", vend.Query{States: []vend.State{vend.StatePerson}}, "orders_open|orders_made"},
		{"with a person, for a day", vend.Query{States: []vend.State{vend.StatePerson}, Idle: now.Add(-24 * time.Hour)}, "orders_open|orders_made"},
		{"open", vend.Query{States: open}, "orders_open|orders_made"},
		{"open, for 10 minutes", vend.Query{States: open, Idle: now.Add(-10 * time.Minute)}, "orders_open|orders_made"},
		{"open, for 300 days", vend.Query{States: open, Idle: now.Add(-300 * 24 * time.Hour)}, "orders_open|orders_made"},
		{"resolved", vend.Query{States: []vend.State{vend.StateResolved}}, "orders_decided"},
		{"resolved or reversed", vend.Query{States: []vend.State{vend.StateResolved, vend.StateReversed}}, "orders_decided|orders_made"},
		{"declined", vend.Query{States: []vend.State{vend.StateDeclined}}, "orders_made|orders_declined"},
		{"declined bills", vend.Query{States: []vend.State{vend.StateDeclined}, Kinds: []vend.Kind{vend.KindBill}}, "orders_declined|orders_kind"},
		{"declined, of two kinds", vend.Query{States: []vend.State{vend.StateDeclined}, Kinds: []vend.Kind{vend.KindAirtime, vend.KindBill}}, "orders_declined|orders_kind|orders_made"},
		{"delivered, one day", vend.Query{States: []vend.State{vend.StateDelivered}, From: day, To: day.Add(24 * time.Hour)}, "orders_made"},
		{"delivered, one day, further down", vend.Query{States: []vend.State{vend.StateDelivered}, From: day.Add(-100 * 24 * time.Hour), To: day, After: vend.Order{Ref: o.Ref, CreatedAt: day.Add(-time.Hour)}}, "orders_made"},
		{"delivered, not moved for 300 days", vend.Query{States: []vend.State{vend.StateDelivered}, Idle: now.Add(-300 * 24 * time.Hour)}, "orders_made"},
		{"a kind", vend.Query{Kinds: []vend.Kind{vend.KindElectricity}}, "orders_made|orders_kind"},
		{"a kind, one day", vend.Query{Kinds: []vend.Kind{vend.KindElectricity}, From: day, To: day.Add(24 * time.Hour)}, "orders_made|orders_kind"},
		{"a rare kind", vend.Query{Kinds: []vend.Kind{vend.KindCashOut}}, "orders_made|orders_kind"},
		{"a rare kind, one day", vend.Query{Kinds: []vend.Kind{vend.KindCashOut}, From: day, To: day.Add(24 * time.Hour)}, "orders_made|orders_kind"},
		{"a kind that was never sold", vend.Query{Kinds: []vend.Kind{vend.KindGift}}, "orders_kind"},
		{"two kinds, further down", vend.Query{Kinds: []vend.Kind{vend.KindCashOut, vend.KindGift}, After: below}, "orders_made|orders_kind"},
		{"refunds and reversals", vend.Query{Kinds: []vend.Kind{vend.KindRefund, vend.KindReverse}}, "orders_kind|orders_made"},
		{"refunds, one month", vend.Query{Kinds: []vend.Kind{vend.KindRefund}, From: day, To: day.Add(30 * 24 * time.Hour)}, "orders_kind"},
	}
}

// asSent are the statements of questions.
func asSent(t *testing.T, s *SQL, list []question) []sent {
	t.Helper()
	tape := record(s)
	defer func() { s.read.watch, s.write.watch = nil, nil }()
	var all []sent
	for _, q := range list {
		tape.take()
		if _, err := s.FindOrders(context.WithoutCancel(t.Context()), q.query); err != nil {
			t.Fatal(err)
		}
		for _, tx := range tape.take() {
			all = append(all, sent{"find: " + q.name, tx[0].query, tx[0].args})
		}
	}
	return all
}

// brief is a statement on one line.
func brief(query string, most int) string {
	query = strings.Join(strings.Fields(query), " ")
	query = strings.ReplaceAll(query, strings.Join(strings.Fields(orderColumns), " "), "...")
	return query[:min(len(query), most)]
}
