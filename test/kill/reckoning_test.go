package kill

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/ledger"
	"spaza/vend"
)

// sale is an order as it lies in the database.
type sale struct {
	ref, msisdn, target string
	kind                vend.Kind
	state               vend.State
	amount              int64
	told                bool
	created, updated    time.Time
	by                  string // how the customer was told
}

func (s sale) String() string {
	return fmt.Sprintf("%s %s of %s: %s, %d cents for %q, told %v, %s to %s", s.kind, s.ref, s.msisdn, s.state, s.amount, s.target, s.told,
		s.created.Format(clock), s.updated.Format(clock))
}

// short is what of a reference a customer sees.
func (s sale) short() string { return vend.ShortRef(s.ref) }

// reckoning lays the provider's books, ours and what customers saw side by side.
type reckoning struct {
	r         *rig
	customers map[string]*customer
	sales     []sale
	purses    map[string][2]int64 // available and held, by number
	trails    map[string][][2]vend.State
	theirs    theirs
	advices   map[string]int // by sense and state

	wrong []string // everything that is not as it must be
	lost  int      // executed or paid, and not in our books; or the other way round
	twice int      // executed more often than asked for
	// untold is orders of whose end nobody was told; late those that were told
	// at the next dial only; unheard those that were told to a call which had
	// dropped. A gateway does not say that it has.
	untold, late, unheard int
	astray                int // orders whose trail is not what happened
	lies                  int // screens and messages that say what is not so
	again                 int // orders sent more than once
	extra                 int // messages that told the same a second time
}

func (k *reckoning) fault(count *int, about sale, format string, args ...any) {
	*count++
	text := fmt.Sprintf(format, args...)
	if about.ref != "" {
		text += fmt.Sprintf("\n\t%s\n\ttrail %q\n%s", about, k.trails[about.ref], k.r.log.about(about.ref))
		from, until := about.created.Add(-300*time.Millisecond), about.updated.Add(500*time.Millisecond)
		text += k.r.deaths(from, until)
		if c := k.customers[about.msisdn]; c != nil {
			text += c.told(from, until)
		}
	}
	k.wrong = append(k.wrong, text)
}

// read takes in the books of both sides. Every customer of ours is one of these.
func (k *reckoning) read(ctx context.Context, db *sql.DB) error {
	k.sales, k.purses, k.theirs = nil, map[string][2]int64{}, k.r.theirs()
	k.trails = map[string][][2]vend.State{}
	rows, err := db.QueryContext(ctx, `SELECT o.ref, o.kind, o.state, o.amount, o.target, o.told, o.created_at, o.updated_at, c.msisdn
FROM orders o JOIN customers c ON c.id = o.customer ORDER BY o.created_at, o.ref`)
	if err != nil {
		return fmt.Errorf("read orders: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var s sale
		var told int
		var created, updated int64
		if err := rows.Scan(&s.ref, &s.kind, &s.state, &s.amount, &s.target, &told, &created, &updated, &s.msisdn); err != nil {
			return fmt.Errorf("read orders: %w", err)
		}
		s.told, s.created, s.updated = told != 0, time.UnixMilli(created), time.UnixMilli(updated)
		k.sales = append(k.sales, s)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read orders: %w", err)
	}
	purses, err := db.QueryContext(ctx, `SELECT c.msisdn, c.id, a.id, a.balance FROM customers c, accounts a WHERE a.id LIKE 'cust:' || c.id || ':%'`)
	if err != nil {
		return fmt.Errorf("read balances: %w", err)
	}
	defer purses.Close()
	for purses.Next() {
		var msisdn, customer string
		var account ledger.Account
		var balance int64
		if err := purses.Scan(&msisdn, &customer, &account, &balance); err != nil {
			return fmt.Errorf("read balances: %w", err)
		}
		purse := k.purses[msisdn]
		if account == ledger.Available(customer) {
			purse[0] += balance
		} else {
			purse[1] += balance
		}
		k.purses[msisdn] = purse
	}
	if err := purses.Err(); err != nil {
		return fmt.Errorf("read balances: %w", err)
	}
	moves, err := db.QueryContext(ctx, `SELECT ref, from_state, to_state FROM moves ORDER BY id`)
	if err != nil {
		return fmt.Errorf("read trail: %w", err)
	}
	defer moves.Close()
	for moves.Next() {
		var ref string
		var m [2]vend.State
		if err := moves.Scan(&ref, &m[0], &m[1]); err != nil {
			return fmt.Errorf("read trail: %w", err)
		}
		k.trails[ref] = append(k.trails[ref], m)
	}
	if err := moves.Err(); err != nil {
		return fmt.Errorf("read trail: %w", err)
	}
	return k.readAdvices(ctx, db)
}

// readAdvices counts what providers were told. What was refused, or not said yet, is
// wrong: nothing here is a provider's to refuse.
func (k *reckoning) readAdvices(ctx context.Context, db *sql.DB) error {
	k.advices = map[string]int{}
	advices, err := db.QueryContext(ctx, `SELECT CASE WHEN undo = 1 THEN 'reversed, ' ELSE 'confirmed, ' END || state, count(*) FROM advices GROUP BY 1`)
	if err != nil {
		return fmt.Errorf("read advices: %w", err)
	}
	defer advices.Close()
	for advices.Next() {
		var what string
		var n int
		if err := advices.Scan(&what, &n); err != nil {
			return fmt.Errorf("read advices: %w", err)
		}
		k.advices[what] = n
	}
	return advices.Err()
}

// follow goes along the trail of an order, which leads from nothing to where it
// stands, by legal moves.
func (k *reckoning) follow(s sale) {
	var at vend.State
	for _, m := range k.trails[s.ref] {
		if m[0] != at || m[0] != m[1] && m[0].To(m[1]) != nil {
			k.fault(&k.astray, s, "the trail goes astray at %q to %q: %q", m[0], m[1], k.trails[s.ref])
			return
		}
		at = m[1]
	}
	if at != s.state {
		k.fault(&k.astray, s, "the trail does not lead to where the order stands: %q", k.trails[s.ref])
	}
}

// judge compares money, order by order and customer by customer.
func (k *reckoning) judge() {
	due, ours := map[string]int64{}, map[string]bool{}
	for _, s := range k.sales {
		ours[s.ref] = true
		k.follow(s)
		of := k.theirs.of[s.ref]
		k.one(s, of)
		if s.state != vend.StateDelivered {
			continue
		}
		sums := &account{}
		if stands := standing(of); stands != nil {
			sums = &k.theirs.due[stands.desk]
		}
		if s.kind == vend.KindRedeem {
			sums.takenIn += s.amount
			due[s.msisdn] += s.amount
		} else {
			sums.sold += s.amount
			due[s.msisdn] -= s.amount
		}
	}
	for ref, of := range k.theirs.of {
		if s := standing(of); s != nil && !ours[ref] {
			k.fault(&k.lost, sale{}, "a provider executed what is in no order: %s", s.text)
		}
	}
	for what, n := range k.advices {
		if !strings.HasSuffix(what, ", "+string(vend.AdviceTaken)) {
			k.fault(&k.lost, sale{}, "%d advices to providers are %s", n, what)
		}
	}
	for msisdn, purse := range k.purses {
		if purse != [2]int64{due[msisdn], 0} {
			k.fault(&k.lost, sale{}, "%s has %d cents and %d held; vouchers less sales are %d", msisdn, purse[0], purse[1], due[msisdn])
		}
		delete(due, msisdn)
	}
	for msisdn, cents := range due {
		if cents != 0 {
			k.fault(&k.lost, sale{}, "%s has no account and should have %d cents", msisdn, cents)
		}
	}
	for i, is := range k.theirs.sums {
		if must := k.theirs.due[i]; is.sold != must.sold || is.takenIn != must.takenIn {
			k.fault(&k.lost, sale{}, "provider %d sold for %d cents and took in %d; by our orders it should be %d and %d", i, is.sold, is.takenIn, must.sold, must.takenIn)
		}
	}
}

// one compares an order with what the providers have of it.
func (k *reckoning) one(s sale, of []found) {
	for _, l := range of {
		if l.again {
			k.again++
		}
		if l.open != "" {
			k.fault(&k.lost, s, "%s: %s", l.open, l.text)
		}
		if l.twice {
			k.fault(&k.twice, s, "a request was made twice that must be made once: %s", l.text)
		}
	}
	stands := standing(of)
	switch {
	case s.state != vend.StateDelivered && s.state != vend.StateDeclined:
		k.fault(&k.lost, s, "an order has not come to its end by itself; the providers say %+v", of)
	case len(of) > 1:
		k.fault(&k.twice, s, "one order went to two providers: %+v", of)
	case (stands != nil) != (s.state == vend.StateDelivered):
		k.fault(&k.lost, s, "an order and the provider's books disagree: %+v", of)
	case stands == nil:
	case stands.amount != s.amount:
		k.fault(&k.lost, s, "the provider moved another amount: %s", stands.text)
	case s.kind != vend.KindRedeem && s.target != "" && stands.number != s.target:
		k.fault(&k.lost, s, "somebody else got it: %s", stands.text)
	}
}

// match looks for the press behind every order. One press is one order at most;
// an order behind which there is none is one that nobody asked for.
func (k *reckoning) match() {
	for msisdn, list := range k.bySale() {
		c := k.customers[msisdn]
		if c == nil {
			k.fault(&k.twice, list[0], "an order of a customer who never dialled")
			continue
		}
		presses := c.presses()
		for _, s := range list {
			i := -1
			for j, p := range presses {
				if p.pays == (s.kind != vend.KindRedeem) && !p.from.Truncate(time.Millisecond).After(s.created) {
					i = j
				}
			}
			if i < 0 {
				k.fault(&k.twice, s, "nobody asked for an order")
				continue
			}
			p := presses[i]
			if p.ref != "" {
				k.fault(&k.twice, s, "one press made two orders, the other is %s", p.ref)
			}
			p.ref = s.ref
			if p.pays && p.agreed != (agreed{ledger.Cents(s.amount), s.target}) {
				k.fault(&k.lies, s, "the press agreed to %s for %q", p.agreed.amount, p.agreed.target)
			}
			k.denied(s, p)
		}
	}
}

// denied looks for screens that answered a press with "nothing was bought" though
// it was.
func (k *reckoning) denied(s sale, p *press) {
	if s.state != vend.StateDelivered {
		return
	}
	for _, screen := range p.screens {
		if strings.HasPrefix(screen, lostLine) || len(p.screens) > 1 && strings.HasPrefix(screen, busyLine) {
			continue
		}
		for _, words := range []string{"Nothing was bought", "No money was taken", "Nothing more was bought"} {
			if strings.Contains(screen, words) {
				k.fault(&k.lies, s, "the press that bought was answered with %q", screen)
			}
		}
	}
}

// press is everything that was sent of one yes, or of one PIN: repetitions too.
type press struct {
	from    time.Time
	session string
	text    string
	pays    bool
	agreed  agreed
	screens []string
	ref     string // of the order that came of it
}

// presses are those of a customer, in order.
func (c *customer) presses() []*press {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*press
	for _, t := range c.diary {
		if !t.pays && t.pin == "" {
			continue
		}
		i := slices.IndexFunc(all, func(p *press) bool { return p.session == t.session && p.text == t.text })
		if i < 0 {
			i = len(all)
			all = append(all, &press{from: t.at, session: t.session, text: t.text, pays: t.pays, agreed: t.agreed})
		}
		p := all[i]
		if t.at.Before(p.from) {
			p.from = t.at
		}
		if t.screen != "" {
			p.screens = append(p.screens, t.screen)
		}
	}
	slices.SortFunc(all, func(a, b *press) int { return a.from.Compare(b.from) })
	return all
}

func (k *reckoning) bySale() map[string][]sale {
	by := map[string][]sale{}
	for _, s := range k.sales {
		by[s.msisdn] = append(by[s.msisdn], s)
	}
	return by
}
