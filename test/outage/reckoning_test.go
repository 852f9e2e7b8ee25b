//go:build unix

package outage

import (
	"context"
	"database/sql"
	"net/http"
	"regexp"
	"strings"
	"time"

	"spaza/ledger"
	"spaza/store"
	"spaza/vend"
)

// soldHere is one order in our books.
type soldHere struct {
	ref, kind, number, state, target string
	amount                           int64
	begun                            time.Time
}

func (o soldHere) airtime() bool   { return o.kind == string(vend.KindAirtime) }
func (o soldHere) delivered() bool { return o.state == string(vend.StateDelivered) }
func (o soldHere) declined() bool  { return o.state == string(vend.StateDeclined) }

// reckon lays the provider's books beside ours, order by order, and what
// customers were told beside both.
func reckon(s *shop, c *crowd, r *result) {
	t := s.t
	t.Helper()
	ours := openBooks(s)
	// Orders in doubt are asked after again, and the leases of lost jobs end.
	left := ours.open()
	for deadline := time.Now().Add(2 * time.Minute); left != "" && time.Now().Before(deadline); left = ours.open() {
		time.Sleep(100 * time.Millisecond) // nothing in another process can be waited for otherwise
	}
	if left != "" {
		t.Errorf("still open two minutes after the last customer left:\n%s", left)
	}
	s.messages.sort()

	if faults, err := ours.store.CheckBooks(context.Background()); err != nil {
		t.Error(err)
	} else {
		for _, f := range faults {
			t.Errorf("the books are wrong: %s", f)
		}
	}
	orders := ours.orders()
	compareBooks(s, c, r, orders)
	compareBalances(s, c, ours, orders)
	compareWords(s, c, r, orders)
	judgeScreens(s, c, r)
	r.customers = len(c.all)
	if r.sales == 0 || r.vouchers == 0 {
		t.Errorf("nothing was sold: %+v", *r)
	}
}

// compareBooks looks for orders that one side has and the other has not, or has
// otherwise.
func compareBooks(s *shop, c *crowd, r *result, orders []soldHere) {
	s.t.Helper()
	theirs := s.theirBooks()
	had := map[string]int{} // airtime by number, as the provider sold it
	for _, o := range orders {
		x, known := theirs[o.ref]
		delete(theirs, o.ref)
		done := known && x.Status == "success"
		switch {
		case !o.delivered() && !o.declined():
			r.lost++
			s.t.Errorf("neither served nor refunded: %+v; the provider has %+v", o, x)
		case o.delivered() != done:
			r.lost++
			s.t.Errorf("ours is %+v and the provider's %+v", o, x)
		case done && (x.Amount != o.amount || o.airtime() && x.Target != o.target):
			r.lost++
			s.t.Errorf("not the same sale: ours is %+v and the provider's %+v", o, x)
		}
		switch {
		case done && o.airtime():
			had[x.Target]++
			r.sales++
		case done:
			r.vouchers++
		}
	}
	for _, x := range theirs {
		if x.Status == "success" {
			r.lost++
			s.t.Errorf("the provider sold what we know nothing of: %+v", x)
		}
	}
	var wrong []string
	for _, one := range c.all {
		// Customers buy again only when they were told that nothing was bought.
		if had[one.number] > one.wanted {
			r.doubled++
			s.t.Errorf("%s wanted %d purchases and had %d; turns:\n%s", one.number, one.wanted, had[one.number], one.story())
		}
		wrong = append(wrong, one.wrong...)
		for _, odd := range one.odd {
			s.t.Errorf("%s: %s; turns:\n%s", one.number, odd, one.story())
		}
	}
	if r.balances = len(wrong); r.balances > 0 {
		s.t.Errorf("%d screens told a balance that was not so, the first: %s", r.balances, wrong[0])
	}
}

// compareBalances counts every customer's money.
func compareBalances(s *shop, c *crowd, b *books, orders []soldHere) {
	s.t.Helper()
	want := map[string]int64{}
	var in, out int64
	for _, o := range orders {
		switch {
		case !o.delivered():
		case o.airtime():
			want[o.number] -= o.amount
			out += o.amount
		default:
			want[o.number] += o.amount
			in += o.amount
		}
	}
	balances := b.balances()
	for _, one := range c.all {
		if got := balances[one.number]; got != want[one.number] {
			s.t.Errorf("%s has %d cents and should have %d", one.number, got, want[one.number])
		}
	}
	if got := b.balance(ledger.ProviderFloat); got != out {
		s.t.Errorf("sold from the float: %d cents in the account, %d in the orders", got, out)
	}
	if got := b.balance(ledger.ProviderRedemption); got != -in {
		s.t.Errorf("taken in with vouchers: %d cents in the account, %d in the orders", -got, in)
	}
}

var shownRef = regexp.MustCompile(`Ref ([2-9A-Z]{6})`)

// compareWords looks for customers who were not told, or were told what is not so.
func compareWords(s *shop, c *crowd, r *result, orders []soldHere) {
	s.t.Helper()
	byNumber := map[string][]soldHere{}
	for _, o := range orders {
		byNumber[o.number] = append(byNumber[o.number], o)
	}
	for _, one := range c.all {
		texts := s.messages.to(one.number)
		said := strings.Join(texts, "\n")
		shown := ""
		for _, turn := range one.turns {
			if turn.err == nil && turn.status == http.StatusOK {
				shown += turn.screen + "\n"
			}
		}
		known := map[string]soldHere{}
		for _, o := range byNumber[one.number] {
			ref := vend.ShortRef(o.ref)
			known[ref] = o
			told := strings.Contains(said, "Ref "+ref)
			if !o.airtime() { // each customer has one voucher
				told = told || strings.Contains(shown, "added from your 1Voucher") || strings.Contains(shown, "Your 1Voucher added") || o.declined() && strings.Contains(shown, "oucher")
			}
			if o.airtime() && o.declined() {
				told = told || strings.Contains(shown, "No money was taken")
			}
			if !told {
				r.untold++
				s.t.Errorf("%s was not told of %+v; messages %q; turns:\n%s", one.number, o, texts, one.story())
			}
			for _, turn := range one.turns {
				if !o.declined() && denies(turn.screen) && !o.begun.Before(turn.begun.Truncate(time.Millisecond)) && o.begun.Before(turn.ended) {
					r.lies++
					s.t.Errorf("%s was told %q, and there is %+v; turns:\n%s", one.number, turn.screen, o, one.story())
				}
			}
		}
		for _, words := range append(texts, strings.Split(shown, "\n")...) {
			for _, m := range shownRef.FindAllStringSubmatch(words, -1) {
				switch o, ok := known[m[1]]; {
				case !ok:
					r.lies++
					s.t.Errorf("%s was told of an order that there is not: %q; turns:\n%s", one.number, words, one.story())
				case strings.Contains(words, "airtime is on") && !o.delivered():
					r.lies++
					s.t.Errorf("%s was told %q, and there is %+v", one.number, words, o)
				}
			}
		}
	}
}

// denies says that a screen tells that nothing was bought.
func denies(screen string) bool {
	for _, words := range []string{"Nothing was bought", "Nothing more was bought", "No money was taken", "Nothing was added"} {
		if strings.Contains(screen, words) {
			return true
		}
	}
	return false
}

// machine finds words that no customer should read.
var machine = regexp.MustCompile(`(?i)SQLSTATE|sqlite|postgres|redis|sentinel|goroutine|\b(tcp|EOF|panic|context|deadline|refused|error|nil|connection)\b|i/o|\{\w+\}`)

// judgeScreens looks at every screen: there, in time, and in words for people.
func judgeScreens(s *shop, c *crowd, r *result) {
	s.t.Helper()
	wrong := 0
	for _, turn := range c.turns() {
		took := turn.ended.Sub(turn.begun)
		r.turns++
		if s.wasShut(turn.begun, turn.ended) {
			continue // there was no process that could have answered
		}
		r.slowest = max(r.slowest, took)
		begins := strings.HasPrefix(turn.screen, "CON ") || strings.HasPrefix(turn.screen, "END ")
		if strings.Contains(turn.screen, "Sorry") || strings.Contains(turn.screen, "We are busy.") || strings.Contains(turn.screen, "We do not know yet") {
			r.apologies++
		}
		if turn.err != nil || turn.status != http.StatusOK || took > hang+s.stalls.within(turn.begun, turn.ended) || !begins || machine.MatchString(turn.screen) || len(turn.screen) > 4+182 {
			if wrong++; wrong <= 10 {
				s.t.Errorf("no proper screen after %s for %q at %s: HTTP %d, %v, %q", took, turn.said, turn.begun.Format(time.StampMilli), turn.status, turn.err, turn.screen)
			}
		}
	}
	if wrong > 10 {
		s.t.Errorf("%d screens in all were not proper", wrong)
	}
	if log := s.log.String(); strings.Contains(log, "panic") || strings.Contains(log, "goroutine ") {
		s.t.Error("the service panicked: see its log")
	}
}

// story is what a customer lived through, in one line a turn.
func (c *customer) story() string {
	var b strings.Builder
	for _, t := range c.turns {
		b.WriteString(t.begun.Format("15:04:05.000") + " +" + t.ended.Sub(t.begun).Round(time.Millisecond).String() + " " + t.said + ": " + strings.ReplaceAll(t.screen, "\n", " / "))
		if t.err != nil {
			b.WriteString(t.err.Error())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// books are ours, read beside the service.
type books struct {
	shop  *shop
	store *store.SQL
	db    *sql.DB
}

func openBooks(s *shop) *books {
	s.t.Helper()
	st, err := store.OpenSQL(context.Background(), s.database, store.Options{Conns: 2})
	if err != nil {
		s.t.Fatal(err)
	}
	driver, source := "pgx", s.database
	if path, ok := strings.CutPrefix(s.database, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = db.Close()
		_ = st.Close()
	})
	return &books{shop: s, store: st, db: db}
}

func (b *books) each(query string, scan func(*sql.Rows) error) {
	b.shop.t.Helper()
	rows, err := b.db.QueryContext(context.Background(), query)
	if err != nil {
		b.shop.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			b.shop.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		b.shop.t.Fatal(err)
	}
}

// orders are all of them.
func (b *books) orders() (all []soldHere) {
	b.each(`SELECT o.ref, o.kind, c.msisdn, o.state, o.target, o.amount, o.created_at FROM orders o JOIN customers c ON c.id = o.customer ORDER BY o.created_at`,
		func(rows *sql.Rows) error {
			var o soldHere
			var at int64
			err := rows.Scan(&o.ref, &o.kind, &o.number, &o.state, &o.target, &o.amount, &at)
			o.begun = time.UnixMilli(at)
			all = append(all, o)
			return err
		})
	return all
}

// open says what is still under way: nothing is empty.
func (b *books) open() (what string) {
	b.each(`SELECT ref || ' ' || state FROM orders WHERE state NOT IN ('delivered', 'declined')
UNION ALL SELECT kind || ' ' || key || ' ' || CAST(attempt AS TEXT) || ' ' || note FROM jobs WHERE kind IN ('order', 'notice')`,
		func(rows *sql.Rows) error {
			var one string
			err := rows.Scan(&one)
			what += one + "\n"
			return err
		})
	return what
}

// balances are what customers have, by number, and have set aside.
func (b *books) balances() map[string]int64 {
	all := map[string]int64{}
	accounts := map[string]int64{}
	b.each(`SELECT id, balance FROM accounts`, func(rows *sql.Rows) error {
		var id string
		var cents int64
		err := rows.Scan(&id, &cents)
		accounts[id] = cents
		return err
	})
	b.each(`SELECT id, msisdn FROM customers`, func(rows *sql.Rows) error {
		var id, number string
		err := rows.Scan(&id, &number)
		all[number] = accounts[string(ledger.Available(id))] + accounts[string(ledger.Held(id))]
		if held := accounts[string(ledger.Held(id))]; held != 0 {
			b.shop.t.Errorf("%s has %d cents set aside and no order that needs it", number, held)
		}
		return err
	})
	return all
}

func (b *books) balance(a ledger.Account) (cents int64) {
	b.each(`SELECT id, balance FROM accounts`, func(rows *sql.Rows) error {
		var id string
		var one int64
		err := rows.Scan(&id, &one)
		if id == string(a) {
			cents = one
		}
		return err
	})
	return cents
}
