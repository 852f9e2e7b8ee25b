package vend

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"spaza/ledger"
)

const (
	// ErasedTarget stands for who got it, where that is forgotten.
	ErasedTarget = "erased"
	// erasedWord stands for a number that stood in somebody's words.
	erasedWord = "[erased]"
	// erasedCustomer, and the id, stand for the number of a customer who is
	// forgotten. No number is ever like it, so that whoever has the number next
	// is another customer.
	erasedCustomer = "erased:"
)

// Erased says that the customer is forgotten: nobody knows who it was, and nobody
// can be told anything.
func (c Customer) Erased() bool { return strings.HasPrefix(c.MSISDN, erasedCustomer) }

// ErasedMSISDN is what stands for the number of a customer who is forgotten.
func ErasedMSISDN(customer string) string { return erasedCustomer + customer }

// Forgetter is the store as the erasure of a customer needs it.
type Forgetter interface {
	Store
	// Forgetting is InTx with what erases.
	Forgetting(ctx context.Context, do func(ForgetTx) error) error
	// RewordActs changes the words of what people did, as reword does.
	RewordActs(ctx context.Context, reword func(string) string) (int, error)
	// Scrub has the database write over what was erased, as far as it can be
	// made to.
	Scrub(ctx context.Context) error
}

// ForgetTx is one transaction that erases.
type ForgetTx interface {
	Tx
	// LockCustomer finds a customer by MSISDN and locks it, so that it can ask
	// for nothing meanwhile; the zero Customer when there is none.
	LockCustomer(msisdn string) (Customer, error)
	// BalanceOf is Store.Balance.
	BalanceOf(customer string) (Balance, error)
	// OrdersUnderWay lists up to limit orders that have not ended: of a customer
	// (none when empty), or for a number.
	OrdersUnderWay(customer, msisdn string, limit int) ([]Order, error)
	// OrdersToAdvise lists up to limit orders of which the provider has not taken
	// yet what it must be told: of a customer, or for a number.
	OrdersToAdvise(customer, msisdn string, limit int) ([]Order, error)
	// GoodsNotHandedOver lists up to limit orders of a customer that happened
	// and whose goods have one of these deliveries.
	GoodsNotHandedOver(customer string, stages []Delivery, limit int) ([]Order, error)
	// OrdersNaming lists and locks up to limit orders that ended and still say
	// for whom they were, or have a request or goods: a customer's (none when
	// empty); and those of others that were for a number.
	OrdersNaming(customer, msisdn string, limit int) ([]Order, error)
	// ForgetOrder writes for whom an order was, its request and its goods as
	// they are in o.
	ForgetOrder(o Order) error
	// RewordMoves changes the notes in the trail of an order, or of all of a
	// customer's, as reword does; nothing else of a move changes.
	RewordMoves(ref, customer string, reword func(string) string) (int, error)
	// DropNotices deletes the messages to a customer that have not gone out.
	DropNotices(customer string) (int, error)
	// DropCodes deletes the codes that were sent to a number, and what was counted
	// of them.
	DropCodes(number []byte) error
	// DropLinks ends all links of a customer.
	DropLinks(customer string) (int, error)
}

// ObstacleKind names what stands in the way of an erasure.
type ObstacleKind string

// What can stand in the way. Money is never forfeited, and nothing is sold to
// nobody.
const (
	ObstacleOrder   ObstacleKind = "order"   // an order of the customer has not ended
	ObstacleForThem ObstacleKind = "for"     // one of somebody else's, for their number
	ObstacleAdvice  ObstacleKind = "advice"  // the provider must still be told how one of these ended
	ObstacleBalance ObstacleKind = "balance" // there is money on the balance
	ObstacleHeld    ObstacleKind = "held"    // there is money that is held
	ObstacleUnseen  ObstacleKind = "unseen"  // what was paid for was never handed over
)

// Obstacle is one thing that stands in the way of an erasure.
type Obstacle struct {
	Kind   ObstacleKind
	Order  Order        // where it is one
	Amount ledger.Cents // where it is money
}

// InTheWayError is returned when something stands in the way of an erasure.
type InTheWayError struct{ Obstacles []Obstacle }

func (e *InTheWayError) Error() string {
	return fmt.Sprintf("%d things stand in the way", len(e.Obstacles))
}

// Erasure is a customer's demand to be forgotten.
type Erasure struct {
	MSISDN string
	// Unseen says that the customer gives up what was paid for and never handed
	// over.
	Unseen bool
	By     string // who does it at the operator; required
	Why    string // required
}

// Forgotten is what an erasure erased.
type Forgotten struct {
	Customer string // the id that stays in the books; empty when the number had none
	Orders   int    // of the customer's own
	Others   int    // orders of others that were for the number
	Messages int    // that had not gone out
	Words    int    // notes in trails and of acts that had the number in them
	Names    int    // regular numbers, meters and accounts that were named or struck off
	Links    int    // chats
}

// Oblivion forgets customers: it takes from the database what says who they are,
// and leaves what they did, under an id that names nobody.
type Oblivion struct {
	Store Forgetter
	Now   func() time.Time
	// Seal, where there is one, finds the codes that were sent to the number;
	// they are over in ten minutes, and deleted within a day, all the same.
	Seal Sealer
	// Batch is how many orders are changed in one transaction; default 200.
	Batch int
}

// obstaclesShown is how many orders of each kind are listed as obstacles.
const obstaclesShown = 20

// InTheWay lists what stands in the way of forgetting a number now.
func (v Oblivion) InTheWay(ctx context.Context, msisdn string, unseen bool) (list []Obstacle, err error) {
	err = v.Store.Forgetting(ctx, func(tx ForgetTx) error {
		c, err := tx.LockCustomer(msisdn)
		if err != nil {
			return err
		}
		list, err = inTheWay(tx, c, msisdn, unseen)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at customer: %w", err)
	}
	return list, nil
}

// Erase forgets the customer of a number, and the number where it stands in
// orders of others. It returns an *InTheWayError, with nothing changed by this
// call but what an earlier batch of it erased, when something stands in the way.
// What few orders say is erased in one transaction; of many, in several, the last
// of which forgets the customer: should it end in between, it goes on where it
// was when it is called again. A number of which nothing is held is no error.
//
// The books are not touched. What of the orders is needed to reconcile them
// (references, amounts, times) stays, and so does the trail, which says that it
// was done.
func (v Oblivion) Erase(ctx context.Context, e Erasure) (Forgotten, error) {
	var all Forgotten
	if e.MSISDN == "" || e.By == "" || e.Why == "" {
		return all, errors.New("erase customer: whom, who does it, and why, is required")
	}
	for more := true; more; {
		var some Forgotten
		err := v.Store.Forgetting(ctx, func(tx ForgetTx) (err error) {
			some, more, err = v.forget(tx, e)
			return err
		})
		if err != nil {
			return all, fmt.Errorf("erase customer: %w", err)
		}
		all = all.plus(some)
	}
	n, err := v.Store.RewordActs(ctx, func(s string) string { return without(s, e.MSISDN) })
	all.Words += n
	if err == nil {
		err = v.Store.Scrub(ctx)
	}
	if err != nil {
		return all, fmt.Errorf("erase customer: %w", err)
	}
	return all, nil
}

func (f Forgotten) plus(g Forgotten) Forgotten {
	return Forgotten{g.Customer, f.Orders + g.Orders, f.Others + g.Others, f.Messages + g.Messages, f.Words + g.Words, f.Names + g.Names, f.Links + g.Links}
}

// forget erases as much as goes into one transaction.
func (v Oblivion) forget(tx ForgetTx, e Erasure) (f Forgotten, more bool, err error) {
	batch := v.Batch
	if batch <= 0 {
		batch = 200
	}
	c, err := tx.LockCustomer(e.MSISDN)
	if err != nil {
		return f, false, err
	}
	f.Customer = c.ID
	list, err := inTheWay(tx, c, e.MSISDN, e.Unseen)
	if err != nil {
		return f, false, err
	}
	if len(list) > 0 {
		return f, false, &InTheWayError{list}
	}
	orders, err := tx.OrdersNaming(c.ID, e.MSISDN, batch)
	if err != nil {
		return f, false, err
	}
	for _, o := range orders {
		n, err := v.forgetOrder(tx, o, e, o.Customer == c.ID)
		if err != nil {
			return f, false, err
		}
		f.Words += n
		if o.Customer == c.ID {
			f.Orders++
		} else {
			f.Others++
		}
	}
	if len(orders) >= batch {
		return f, true, nil
	}
	if v.Seal != nil {
		if err := tx.DropCodes(NumberHash(v.Seal, e.MSISDN)); err != nil {
			return f, false, err
		}
	}
	if f.Names, err = tx.DropRegulars(c.ID, e.MSISDN); err != nil || c.ID == "" {
		return f, false, err
	}
	if f.Links, err = tx.DropLinks(c.ID); err != nil {
		return f, false, err
	}
	if f.Messages, err = tx.DropNotices(c.ID); err != nil {
		return f, false, err
	}
	n, err := tx.RewordMoves("", c.ID, func(s string) string { return without(s, e.MSISDN) })
	if err != nil {
		return f, false, err
	}
	f.Words += n
	c.MSISDN, c.Language = ErasedMSISDN(c.ID), ""
	return f, false, tx.ForgetCustomer(c)
}

// forgetOrder erases what an order says of whom it was for. Of one that somebody
// else made, the goods are theirs.
func (v Oblivion) forgetOrder(tx ForgetTx, o Order, e Erasure, own bool) (words int, err error) {
	names := []string{e.MSISDN}
	if o.Target != "" && o.Target != ErasedTarget {
		names = append(names, o.Target)
		o.Target = ErasedTarget
	}
	o.Sealed = nil
	if own {
		o.Goods = nil
	}
	if err := tx.ForgetOrder(o); err != nil {
		return 0, err
	}
	words, err = tx.RewordMoves(o.Ref, "", func(s string) string { return without(s, names...) })
	if err != nil {
		return 0, err
	}
	m := o.move(o.State, CauseErase, v.Now())
	m.By, m.Note = e.By, "the customer's data: "+without(e.Why, names...)
	return words, tx.AddMove(m)
}

// inTheWay lists what stands in the way of forgetting a number and the customer
// who has it, if any.
func inTheWay(tx ForgetTx, c Customer, msisdn string, unseen bool) (list []Obstacle, err error) {
	open, err := tx.OrdersUnderWay(c.ID, msisdn, obstaclesShown)
	if err != nil {
		return nil, err
	}
	for _, o := range open {
		kind := ObstacleForThem
		if o.Customer == c.ID {
			kind = ObstacleOrder
		}
		list = append(list, Obstacle{Kind: kind, Order: o})
	}
	slices.SortStableFunc(list, func(a, b Obstacle) int { return -strings.Compare(string(a.Kind), string(b.Kind)) }) // own first
	advise, err := tx.OrdersToAdvise(c.ID, msisdn, obstaclesShown)
	if err != nil {
		return nil, err
	}
	for _, o := range advise {
		if o.State.Final() { // others are listed as under way
			list = append(list, Obstacle{Kind: ObstacleAdvice, Order: o})
		}
	}
	if c.ID == "" {
		return list, nil
	}
	b, err := tx.BalanceOf(c.ID)
	if err != nil {
		return nil, err
	}
	if b.Available != 0 {
		list = append(list, Obstacle{Kind: ObstacleBalance, Amount: b.Available})
	}
	if b.Held != 0 {
		list = append(list, Obstacle{Kind: ObstacleHeld, Amount: b.Held})
	}
	if unseen {
		return list, nil
	}
	had, err := tx.GoodsNotHandedOver(c.ID, notHandedOver(), obstaclesShown)
	if err != nil {
		return nil, err
	}
	for _, o := range had {
		list = append(list, Obstacle{Kind: ObstacleUnseen, Order: o, Amount: o.Amount})
	}
	return list, nil
}
