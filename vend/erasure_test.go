package vend_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"spaza/ledger"
	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

// onEachArchive runs a test over databases of each kind; fresh opens one more.
func onEachArchive(t *testing.T, test func(t *testing.T, fresh func() *archive)) {
	t.Helper()
	for _, d := range []struct {
		name  string
		fresh func(*testing.T) database
	}{{"sqlite", func(t *testing.T) database { return freshSQLite(t.TempDir()) }}, {"postgres", freshPostgres}} {
		t.Run(d.name, func(t *testing.T) {
			test(t, func() *archive {
				a, err := newArchive(t.Context(), d.fresh(t))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := a.close(); err != nil {
						t.Error(err)
					}
				})
				return a
			})
		})
	}
}

// spellings are the ways in which people write a number.
func spellings(number string) []string {
	d := number[2:]
	return []string{
		number, "0" + d, "+27 " + d[:2] + " " + d[2:5] + " " + d[5:], "(0" + d[:2] + ") " + d[2:5] + "-" + d[5:], "0027" + d, "+27 (0) " + d[:2] + "." + d[2:],
	}
}

// past draws a history of some customers, who sell each other out in every way in
// which a number can come to stand somewhere.
func (a *archive) past(rt *rapid.T, numbers []string) error {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(rt, "word") }
	someone := func() string { return rapid.SampledFrom(numbers).Draw(rt, "someone") }
	var err error
	for _, who := range numbers {
		if rapid.Bool().Draw(rt, "has money") {
			err = errors.Join(err, a.redeem(who, 50_00, &vend.Answer{Outcome: vend.Delivered, Amount: 50_00, Code: "0"}))
		}
	}
	if err != nil {
		return err
	}
	for range rapid.IntRange(1, 14).Draw(rt, "events") {
		who := someone()
		amount := rapid.SampledFrom([]ledger.Cents{10_00, 25_00}).Draw(rt, "amount")
		var with *vend.Answer
		switch pick("delivered", "delivered", "delivered", "declined", "none", "person") {
		case "delivered":
			with = &vend.Answer{Outcome: vend.Delivered, Code: "0"}
		case "declined":
			with = &vend.Answer{Outcome: vend.Declined, Reason: vend.ReasonTryLater, Code: "9"}
		case "person":
			with = &vend.Answer{Person: true, Detail: "it contradicts itself"}
		}
		happened := with != nil && with.Outcome == vend.Delivered
		switch pick("in", "airtime", "airtime", "voucher", "voucher", "meter", "message", "note", "note", "act", "language", "spend",
			"name", "name", "forget", "ask", "PIN", "wrong PIN", "again", "chat", "code", "guess") {
		case "in":
			if happened {
				with.Amount = amount
			}
			err = a.redeem(who, amount, with)
		case "airtime":
			err = a.buy(who, airtime(), someone(), amount, with)
		case "voucher":
			if happened {
				with.Goods.Voucher = &vend.Voucher{PIN: secret.New(a.secret(16)), Amount: amount}
			}
			err = a.buy(who, vend.Product{Code: "9", Kind: vend.KindVoucher, Vendor: "1Voucher", Min: 1, Max: 1000_00}, pick("", someone(), someone()), amount, with)
		case "meter":
			meter := "140000" + who[6:]
			if happened {
				with.Goods.Utility = &vend.Utility{Meter: meter, Holder: "Somebody", Tokens: []vend.Token{{Use: vend.TokenCredit, Value: secret.New(a.secret(20))}}}
			}
			err = a.buy(who, vend.Product{Code: "311", Kind: vend.KindElectricity, Vendor: "Eskom", Min: 1, Max: 1000_00}, meter, amount, with)
		case "message":
			err = a.deliver()
		case "note":
			err = a.note(rt)
		case "act":
			err = a.sql.AddAct(a.ctx, store.Act{At: a.now, By: "staff", What: "list orders of " + pick(spellings(who)...), Why: "asked by " + pick(spellings(who)...)})
		case "language":
			err = a.service.SetLanguage(a.ctx, who, "zu")
		case "spend":
			err = a.spend(who)
		case "name":
			if other := pick("", someone(), someone()); other != "" {
				err = a.service.NameRegular(a.ctx, who, vend.KindAirtime, other, "a friend")
			} else {
				err = a.service.NameRegular(a.ctx, who, vend.KindElectricity, "140000"+who[6:], "home")
			}
		case "forget":
			err = a.service.ForgetRegular(a.ctx, who, vend.KindAirtime, someone())
		case "ask":
			_, err = a.service.AskMeter(a.ctx, who, "140000"+who[6:], amount, false)
		case "PIN":
			err = a.service.SetPIN(a.ctx, who, secret.New(goodPIN), secret.New(goodPIN))
		case "chat":
			_, err = a.service.Meet(a.ctx, "whatsapp", chatOf(someone()), who)
		case "code":
			err = a.service.SendCode(a.ctx, "telegram", chatOf(someone()), who)
		case "guess":
			_, err = a.service.CheckCode(a.ctx, "telegram", chatOf(who), secret.New("000000"))
		case "wrong PIN":
			err = a.service.CheckPIN(a.ctx, who, secret.New(wrongPIN))
		case "again":
			err = a.again(who)
		}
		for _, no := range []error{vend.ErrPINWrong, vend.ErrPINNotSet, vend.ErrTooOften, vend.ErrCodeWrong, vend.ErrCodeOver} {
			if errors.Is(err, no) {
				err = nil
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fullPast is a past with something of every kind in it that is forgotten, and
// nothing in the way.
func (a *archive) fullPast(who, friend string) error {
	done := &vend.Answer{Outcome: vend.Delivered, Code: "0"}
	for _, one := range []string{who, friend} {
		if err := a.redeem(one, 50_00, &vend.Answer{Outcome: vend.Delivered, Amount: 50_00, Code: "0"}); err != nil {
			return err
		}
	}
	if err := errors.Join(a.buy(friend, airtime(), who, 10_00, done), a.buy(who, airtime(), friend, 10_00, done)); err != nil {
		return err
	}
	list, err := a.service.Recent(a.ctx, who, 1)
	if err != nil {
		return err
	}
	_, err = a.service.Resend(a.ctx, list[0].Ref, "staff", "phoned about "+spellings(who)[2])
	_, met := a.service.Meet(a.ctx, "whatsapp", chatOf(friend), who)
	return errors.Join(err, met, a.service.SendCode(a.ctx, "telegram", "chat of a stranger", who),
		a.service.NameRegular(a.ctx, who, vend.KindAirtime, friend, "a friend"), a.spend(who))
}

// chatOf is somebody's name in chats, which does not say their number.
func chatOf(number string) string { return "chat " + number[4:7] + " " + number[9:10] }

// note has somebody at the operator's write down a number that an order names: of
// whom it is, or for whom.
func (a *archive) note(rt *rapid.T) error {
	list, err := a.service.Find(a.ctx, vend.Query{States: []vend.State{vend.StateDelivered, vend.StateDeclined}})
	if err != nil || len(list) == 0 {
		return err
	}
	o := rapid.SampledFrom(list[:min(len(list), 10)]).Draw(rt, "order")
	c, err := a.service.Buyer(a.ctx, o)
	if err != nil || c.Erased() {
		return err
	}
	name := rapid.SampledFrom(spellings(c.MSISDN)).Draw(rt, "spelling")
	if strings.HasPrefix(o.Target, "27") && rapid.Bool().Draw(rt, "of whom it is for") {
		name = rapid.SampledFrom(spellings(o.Target)).Draw(rt, "spelling")
	} else if strings.HasPrefix(o.Target, "14") && rapid.Bool().Draw(rt, "meter") {
		name = o.Target
	}
	_, err = a.service.Resend(a.ctx, o.Ref, "staff", "phoned about "+name+" again")
	return err
}

// again has the message of a customer's last order that ended sent once more.
func (a *archive) again(who string) error {
	list, err := a.service.Recent(a.ctx, who, 10)
	for _, o := range list {
		if o.State.Final() {
			return a.service.SendAgain(a.ctx, who, o.Ref)
		}
	}
	return err
}

// spend leaves nothing on a balance.
func (a *archive) spend(who string) error {
	b, err := a.service.Balance(a.ctx, who)
	if err != nil || b.Available == 0 {
		return err
	}
	return a.buy(who, airtime(), who, b.Available, &vend.Answer{Outcome: vend.Delivered, Code: "0"})
}

// obstacles is what stands in the way of forgetting a number, as the rows have it.
func (c cells) obstacles(id, number string, unseen bool) []string {
	var list []string
	for ref, o := range c["orders"] {
		final := vend.State(o["state"]).Final()
		switch {
		case !final && o["customer"] == id:
			list = append(list, "order "+ref)
		case !final && o["target"] == number:
			list = append(list, "for "+ref)
		case o["customer"] == id && o["state"] == "delivered" && o["goods"] != "<nil>" && o["delivery"] == "stored" && !unseen:
			list = append(list, "unseen "+ref)
		}
	}
	if id == "" {
		return slices.Sorted(slices.Values(list))
	}
	for kind, account := range map[string]ledger.Account{"balance ": ledger.Available(id), "held ": ledger.Held(id)} {
		if b := c["accounts"][string(account)]["balance"]; b != "" && b != "0" {
			list = append(list, kind)
		}
	}
	return slices.Sorted(slices.Values(list))
}

// checkForgotten compares the rows before and after a number was forgotten.
func checkForgotten(before, after cells, id, number string) []string {
	var wrong []string
	core := number[2:]
	same := func(row map[string]string) map[string]string { return row }
	for _, table := range []string{"accounts", "entries", "postings", "keys", "catalogue", "advices"} {
		wrong = append(wrong, differences(table, before[table], after[table], same)...)
		if len(before[table]) != len(after[table]) {
			wrong = append(wrong, table+" has other rows")
		}
	}
	wrong = append(wrong, differences("customers", before["customers"], after["customers"], func(c map[string]string) map[string]string {
		if c["id"] == id {
			c["msisdn"], c["language"], c["pin"], c["pin_since"], c["pin_proved"], c["used_at"] = "erased:"+id, "", "", "0", "0", "0"
		}
		return c
	})...)
	hash := string(vend.NumberHash(keyring(0), number))
	for _, table := range []string{"pin_tries", "regulars", "enquiries", "links", "codes", "code_counts"} {
		wrong = append(wrong, differences(table, before[table], after[table], func(r map[string]string) map[string]string {
			if id != "" && r["customer"] == id || table == "regulars" && r["target"] == number || r["number"] == hash || r["whom"] == hash {
				return nil
			}
			return r
		})...)
	}
	changed := map[string]bool{}
	wrong = append(wrong, differences("orders", before["orders"], after["orders"], func(o map[string]string) map[string]string {
		own := o["customer"] == id
		if !own && o["target"] != number {
			return o
		}
		if o["target"] != "" && o["target"] != "erased" || o["sealed"] != "<nil>" || own && o["goods"] != "<nil>" {
			changed[o["ref"]] = true
		}
		if o["target"] != "" {
			o["target"] = "erased"
		}
		o["sealed"] = "<nil>"
		if own {
			o["goods"] = "<nil>"
		}
		return o
	})...)
	reworded := func(row map[string]string, columns []string, names ...string) map[string]string {
		var known []string
		for _, name := range names {
			switch {
			case strings.HasPrefix(name, "27"):
				known = append(known, spellings(name)...)
			case name != "":
				known = append(known, name)
			}
		}
		slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) }) // one may begin with another
		for _, c := range columns {
			for _, s := range known {
				bracket, rest := "", strings.TrimPrefix(s, "(")
				if rest != s {
					bracket = "("
				}
				row[c] = strings.ReplaceAll(row[c], s, bracket+"[erased]")
			}
		}
		return row
	}
	wrong = append(wrong, differences("moves", before["moves"], after["moves"], func(m map[string]string) map[string]string {
		switch o := before["orders"][m["ref"]]; {
		case o["customer"] == id && changed[m["ref"]]:
			return reworded(m, []string{"note"}, number, o["target"])
		case o["customer"] == id || o["target"] == number:
			return reworded(m, []string{"note"}, number)
		}
		return m
	})...)
	wrong = append(wrong, differences("acts", before["acts"], after["acts"], func(m map[string]string) map[string]string {
		return reworded(m, []string{"what", "why"}, number)
	})...)
	for key, m := range after["moves"] {
		if before["moves"][key] != nil {
			continue
		}
		if m["cause"] != "erase" || m["by_whom"] != "staff" || m["from_state"] != m["to_state"] || !changed[m["ref"]] {
			wrong = append(wrong, fmt.Sprintf("a new move is %v", m))
		}
		delete(changed, m["ref"])
	}
	for ref := range changed {
		wrong = append(wrong, "the trail of "+ref+" does not say so")
	}
	for key, j := range before["jobs"] {
		ref, _, _ := strings.Cut(j["key"], "/")
		own := j["kind"] == "notice" && id != "" && before["orders"][ref]["customer"] == id
		if there := after["jobs"][key] != nil; there == own {
			wrong = append(wrong, fmt.Sprintf("the job %s %s is there: %v", j["kind"], j["key"], there))
		}
	}
	return append(wrong, after.places(core)...)
}

// TestACustomerIsForgottenAndTheBooksAreNot forgets somebody after a random past,
// in batches, with a database that goes away in between, and compares every row of
// every table with what it was.
func TestACustomerIsForgottenAndTheBooksAreNot(t *testing.T) {
	onEachArchive(t, func(t *testing.T, fresh func() *archive) {
		var a *archive
		lives := 0
		var forgotten vend.Forgotten
		rapid.Check(t, func(rt *rapid.T) {
			if lives%20 == 0 { // rows are compared one by one
				if a != nil {
					a.sound(t)
				}
				a = fresh()
			}
			if lives++; raced && lives > 25 {
				return
			}
			f := a.forgetSomebody(rt, lives)
			forgotten.Orders += f.Orders
			forgotten.Others += f.Others
			forgotten.Messages += f.Messages
			forgotten.Words += f.Words
			forgotten.Names += f.Names
			forgotten.Links += f.Links
		})
		a.sound(t)
		if raced {
			return
		}
		if forgotten.Orders == 0 || forgotten.Others == 0 || forgotten.Messages == 0 || forgotten.Words == 0 || forgotten.Names == 0 || forgotten.Links == 0 {
			t.Errorf("nothing of a kind was ever forgotten: %+v", forgotten)
		}
	})
}

// forgetSomebody lets three customers live, and forgets one, unless something
// stands in the way.
func (a *archive) forgetSomebody(rt *rapid.T, life int) vend.Forgotten {
	must := func(err error) {
		if err != nil {
			rt.Fatal(err)
		}
	}
	var numbers []string
	for i := range 3 {
		numbers = append(numbers, fmt.Sprintf("2771%03d77%d3", life%1000, i))
	}
	var number string
	unseen := true
	if life%10 == 1 { // so that something of every kind is forgotten, whatever is drawn
		number = numbers[0]
		must(a.fullPast(number, numbers[1]))
	} else {
		must(a.past(rt, numbers))
		if rapid.Bool().Draw(rt, "afterwards all is told") {
			must(a.deliver())
		}
		number = rapid.SampledFrom(numbers).Draw(rt, "who")
		if rapid.Bool().Draw(rt, "spends the rest") {
			must(a.spend(number))
		}
		unseen = rapid.Bool().Draw(rt, "unseen")
	}
	c, err := a.service.Customer(a.ctx, number)
	must(err)
	before, err := a.read()
	must(err)
	e := vend.Erasure{MSISDN: number, Unseen: unseen, By: "staff", Why: "asked, from 0" + number[2:]}
	shaky := &flaky{a.sql, rapid.IntRange(-1, 3).Draw(rt, "breaks")}
	v := vend.Oblivion{Store: shaky, Seal: keyring(0), Now: func() time.Time { return a.now }, Batch: rapid.IntRange(1, 5).Draw(rt, "batch")}

	f, err := v.Erase(a.ctx, e)
	if errors.Is(err, errFlaky) {
		shaky.left = -1
		_, err = v.Erase(a.ctx, e)
	}
	after, readErr := a.read()
	must(readErr)
	if want := before.obstacles(c.ID, number, e.Unseen); len(want) > 0 {
		stand, ok := errors.AsType[*vend.InTheWayError](err)
		if !ok {
			rt.Fatalf("%v; want %v in the way", err, want)
		}
		var got []string
		for _, o := range stand.Obstacles {
			got = append(got, string(o.Kind)+" "+o.Order.Ref)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Error(diff)
		}
		if !before.same(after) {
			rt.Errorf("what was refused changed\n%s", cmp.Diff(before, after))
		}
		return vend.Forgotten{}
	}
	must(err)
	for _, wrong := range checkForgotten(before, after, c.ID, number) {
		rt.Error(wrong)
	}
	found, err := a.onDisk(number[2:])
	must(err)
	for _, f := range found {
		rt.Errorf("the number is still in %s", f)
	}

	shaky.left = -1
	again, err := v.Erase(a.ctx, e)
	twice, readErr := a.read()
	if must(readErr); err != nil || again != (vend.Forgotten{}) {
		rt.Errorf("once more: %+v, %v", again, err)
	}
	if !after.same(twice) {
		rt.Errorf("once more\n%s", cmp.Diff(after, twice))
	}
	must(a.service.SetLanguage(a.ctx, number, "en")) // whoever has the number now
	if next, err := a.service.Customer(a.ctx, number); err != nil || next.ID == "" || next.ID == c.ID {
		rt.Errorf("the number is of %q again, %v", next.ID, err)
	}
	return f
}

// TestANumberIsNowhereInTheFileThatMovedBetweenItsPages has customers come in an
// order in which SQLite moves them between pages all the while, and looks for what
// it left behind of those who are forgotten.
func TestANumberIsNowhereInTheFileThatMovedBetweenItsPages(t *testing.T) {
	a, err := newArchive(t.Context(), freshSQLite(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.close() })
	const customers = 300
	number := func(i int) string { return fmt.Sprintf("2771%07d", 7_000_000+i*7919%customers*31) }
	for i := range customers {
		if err := a.service.SetLanguage(t.Context(), number(i), "zu"); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.sql.Scrub(t.Context()); err != nil { // all that they left is in the file, and their log gone
		t.Fatal(err)
	}
	for i := range customers {
		if err := a.service.SetPIN(t.Context(), number(i), secret.Text{}, secret.New(goodPIN)); err != nil {
			t.Fatal(err)
		}
	}
	v := vend.Oblivion{Store: a.sql, Now: func() time.Time { return a.now }}
	for i := 0; i < customers; i += 20 {
		if _, err := v.Erase(t.Context(), vend.Erasure{MSISDN: number(i), By: "staff", Why: "asked"}); err != nil {
			t.Fatal(err)
		}
		if found, err := a.onDisk(number(i)[2:]); err != nil || len(found) > 0 {
			t.Errorf("%s is still in %v, %v", number(i), found, err)
		}
	}
	if found, err := a.onDisk(number(1)[2:]); err != nil || len(found) == 0 {
		t.Errorf("who is not forgotten is in %v, %v", found, err)
	}
}

// sound fails the test when the books or orders are not, or a secret can be read
// anywhere.
func (a *archive) sound(t *testing.T) {
	t.Helper()
	all, err := a.read()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range a.secrets {
		for _, place := range all.places(s) {
			t.Error(place)
		}
		if found, err := a.onDisk(s); err != nil || len(found) > 0 {
			t.Errorf("a secret is in %v, %v", found, err)
		}
	}
	for _, check := range []func() ([]store.Fault, error){
		func() ([]store.Fault, error) { return a.sql.CheckBooks(a.ctx) }, func() ([]store.Fault, error) { return a.sql.CheckOrders(a.ctx) },
	} {
		faults, err := check()
		if err != nil {
			t.Error(err)
		}
		for _, f := range faults {
			t.Error(f)
		}
	}
}

// TestWhoeverBuysMeanwhileIsAnotherCustomer has a number buy while it is forgotten
// again and again: what is bought is of a customer who is there, or is forgotten
// with them.
func TestWhoeverBuysMeanwhileIsAnotherCustomer(t *testing.T) {
	onEachArchive(t, func(t *testing.T, fresh func() *archive) {
		a := fresh()
		const buyer = "27711770001"
		v := vend.Oblivion{Store: a.sql, Now: func() time.Time { return a.now }, Batch: 3}
		var buying sync.WaitGroup
		for i := range 3 {
			buying.Go(func() {
				for n := range 15 {
					buy := func() error {
						return a.sql.InTx(t.Context(), func(tx vend.Tx) error {
							c, err := tx.EnsureCustomer(buyer, vend.NewCustomerID(), a.now)
							if err != nil {
								return err
							}
							_, _, err = tx.AddOrder(vend.Order{
								Ref: fmt.Sprintf("P-%d-%d", i, n), Kind: vend.KindElectricity, Customer: c.ID, Target: fmt.Sprintf("14%d%08d", i, n),
								Fund: vend.FundBalance, State: vend.StateDelivered, Delivery: vend.DeliverySent, Sealed: []byte{1}, Goods: []byte{2},
								CreatedAt: a.now, UpdatedAt: a.now,
							})
							return err
						})
					}
					err := buy()
					for range 20 { // whoever is told to dial again does
						if err == nil {
							break
						}
						err = buy()
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { buying.Wait(); close(done) }()
		for going := true; going; {
			select {
			case <-done:
				going = false
			default:
			}
			if _, err := v.Erase(t.Context(), vend.Erasure{MSISDN: buyer, By: "staff", Why: "asked"}); err != nil {
				t.Fatal(err)
			}
		}
		all, err := a.read()
		if err != nil {
			t.Fatal(err)
		}
		for ref, o := range all["orders"] {
			if c := all["customers"][o["customer"]]; !strings.HasPrefix(c["msisdn"], "erased:") || o["target"] != "erased" || o["goods"] != "<nil>" {
				t.Errorf("%s is for %q, of %q", ref, o["target"], c["msisdn"])
			}
		}
		if len(all["orders"]) != 45 {
			t.Errorf("there are %d orders", len(all["orders"]))
		}
	})
}
