package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"spaza/vend"
)

const (
	orderColumns = `ref, kind, customer, product, label, amount, target, fund, state, reason, channel,
op, sealed, pin_hash, provider_ref, code, call_centre, told, created_at, first_sent_at, updated_at,
goods, code_times, code_since, resolution, delivery, original`

	selectOrder = `SELECT ` + orderColumns + ` FROM orders WHERE ref = ?`

	selectSale = `SELECT o.*, coalesce(c.id, ''), coalesce(c.msisdn, ''), coalesce(c.language, ''), coalesce(c.pin <> '', 1 = 0),
coalesce(c.pin_since, 0), coalesce(c.pin_proved, 0), coalesce(c.used_at, 0), coalesce(c.created_at, 0)
FROM (` + selectOrder + `) o LEFT JOIN customers c ON c.id = o.customer`

	insertOrder = `INSERT INTO orders (` + orderColumns + `)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ref) DO NOTHING`

	updateOrder = `UPDATE orders SET state = ?, reason = ?, sealed = ?, provider_ref = ?, code = ?,
call_centre = ?, told = ?, first_sent_at = ?, updated_at = ?, goods = ?, code_times = ?, code_since = ?,
resolution = ?, delivery = ?, amount = CASE WHEN kind = 'redeem' THEN ? ELSE amount END WHERE ref = ?`

	// happened leaves out the orders of which nothing came.
	happened = ` AND state <> 'declined' AND resolution <> 'not_vended'`

	selectOrderByPIN = `SELECT ` + orderColumns + ` FROM orders
WHERE pin_hash = ? AND pin_hash IS NOT NULL AND state <> 'reversed'` + happened + ` AND ref <> ?
ORDER BY created_at DESC, ref DESC LIMIT 1`

	selectOrderByOriginal = `SELECT ` + orderColumns + ` FROM orders
WHERE original = ? AND original <> ''` + happened + ` AND ref <> ?
ORDER BY created_at DESC, ref DESC LIMIT 1`

	sumSold = `SELECT count(*), CAST(coalesce(sum(amount), 0) AS BIGINT) FROM orders
WHERE created_at >= ? AND ref <> ? AND state <> 'reversed' AND kind NOT IN ('redeem', 'refund', 'reverse')` + happened

	countDeclined = `SELECT count(*) FROM orders WHERE state = 'declined' AND kind = ? AND created_at >= ?`
)

// Order implements vend.Store.
func (s *SQL) Order(ctx context.Context, ref string) (vend.Order, error) {
	var r orderRow
	found, err := s.reading().row(ctx, selectOrder, []any{ref}, r.dest()...)
	return r.read(found, err)
}

// Sale implements vend.Store.
func (s *SQL) Sale(ctx context.Context, ref string) (vend.Order, vend.Customer, error) {
	var r orderRow
	var c customerRow
	found, err := s.reading().row(ctx, selectSale, []any{ref}, append(r.dest(), c.dest()...)...)
	o, err := r.read(found, err)
	return o, c.customer(), err
}

// Order implements vend.Tx.
func (t *sqlTx) Order(ref string) (vend.Order, error) {
	var r orderRow
	found, err := t.row(selectOrder+t.d.forUpdate, []any{ref}, r.dest()...)
	return r.read(found, err)
}

// AddOrder implements vend.Tx. An order that is there is locked as Order would.
func (t *sqlTx) AddOrder(o vend.Order) (vend.Order, bool, error) {
	n, err := t.exec(insertOrder, o.Ref, string(o.Kind), o.Customer, o.Product, o.Label, int64(o.Amount),
		o.Target, string(o.Fund), string(o.State), string(o.Reason), o.Channel, o.Op, blob(o.Sealed), blob(o.PINHash),
		o.ProviderRef, o.Code, o.CallCentre, bit(o.Told), millis(o.CreatedAt), millis(o.FirstSentAt), millis(o.UpdatedAt),
		blob(o.Goods), int64(o.CodeTimes), millis(o.CodeSince), string(o.Resolution), string(o.Delivery), o.Original)
	if err != nil {
		return vend.Order{}, false, fmt.Errorf("add order: %w", err)
	}
	if n == 1 {
		return o, true, nil
	}
	existing, err := t.Order(o.Ref)
	return existing, false, err
}

// UpdateOrder implements vend.Tx. What a provider says beside the outcome is
// made fit for every database first: an answer must not be lost for it.
func (t *sqlTx) UpdateOrder(o vend.Order) error {
	n, err := t.exec(updateOrder, string(o.State), string(o.Reason), blob(o.Sealed), cleanNote(o.ProviderRef), cleanNote(o.Code),
		cleanNote(o.CallCentre), bit(o.Told), millis(o.FirstSentAt), millis(o.UpdatedAt),
		blob(o.Goods), int64(o.CodeTimes), millis(o.CodeSince), string(o.Resolution), string(o.Delivery), int64(o.Amount), o.Ref)
	if err != nil {
		return fmt.Errorf("update order: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("update order: %w", vend.ErrNoOrder)
	}
	return nil
}

// OrderByPIN implements vend.Tx. Until the transaction ends, no other one gets
// past OrderByPIN for the same PIN: between looking and adding an order nobody
// else can add one.
func (t *sqlTx) OrderByPIN(pinHash []byte, except string) (vend.Order, error) {
	if len(pinHash) == 0 {
		return vend.Order{}, vend.ErrNoOrder
	}
	if t.d.lockNumber != "" {
		var first [8]byte
		copy(first[:], pinHash)
		if _, err := t.exec(t.d.lockNumber, int64(binary.BigEndian.Uint64(first[:]))); err != nil {
			return vend.Order{}, fmt.Errorf("lock voucher: %w", err)
		}
	}
	var r orderRow
	found, err := t.row(selectOrderByPIN, []any{pinHash, except}, r.dest()...)
	return r.read(found, err)
}

// OrderByOriginal implements vend.Tx.
func (t *sqlTx) OrderByOriginal(original, except string) (vend.Order, error) {
	if original == "" {
		return vend.Order{}, vend.ErrNoOrder
	}
	var r orderRow
	found, err := t.row(selectOrderByOriginal, []any{original, except}, r.dest()...)
	return r.read(found, err)
}

// Sold implements vend.Tx. A customer is locked by EnsureCustomer, which every
// sale begins with; what concerns all customers is locked here.
func (t *sqlTx) Sold(customer string, fund vend.Fund, since time.Time, except string) (vend.Sold, error) {
	if customer == "" && t.d.lockNumber != "" {
		if _, err := t.exec(t.d.lockNumber, lockAllSales); err != nil {
			return vend.Sold{}, fmt.Errorf("lock sales: %w", err)
		}
	}
	query, args := soldQuery(customer, fund, since, except)
	var sold vend.Sold
	if _, err := t.row(query, args, &sold.Sales, &sold.Amount); err != nil {
		return vend.Sold{}, fmt.Errorf("sum sales: %w", err)
	}
	return sold, nil
}

// Sold implements vend.Store.
func (s *SQL) Sold(ctx context.Context, customer string, fund vend.Fund, since time.Time) (vend.Sold, error) {
	query, args := soldQuery(customer, fund, since, "")
	var sold vend.Sold
	if _, err := s.reading().row(ctx, query, args, &sold.Sales, &sold.Amount); err != nil {
		return vend.Sold{}, fmt.Errorf("sum sales: %w", err)
	}
	return sold, nil
}

// soldQuery sums sales: of one customer or, when that is empty, of all; from one
// fund, or from every.
func soldQuery(customer string, fund vend.Fund, since time.Time, except string) (query string, args []any) {
	query, args = sumSold, []any{millis(since), except}
	if customer != "" {
		query, args = query+" AND customer = ?", append(args, customer)
	}
	switch fund {
	case "":
	case vend.FundMerchant: // in words, so that its index serves
		query += " AND fund = 'merchant'"
	default:
		query, args = query+" AND fund = ?", append(args, string(fund))
	}
	return query, args
}

// lockAllSales is the number that is locked while the sales of all customers
// are summed.
const lockAllSales int64 = 0x53_41_4c_45_53

// CountDeclined implements vend.Tx. The time is compared with the orders'
// CreatedAt.
func (t *sqlTx) CountDeclined(kind vend.Kind, reasons []vend.Reason, customer string, since time.Time) (int, error) {
	if len(reasons) == 0 {
		return 0, nil
	}
	query := countDeclined
	args := []any{string(kind), millis(since)}
	if customer != "" {
		query += " AND customer = ?"
		args = append(args, customer)
	}
	query += " AND reason IN (" + marks(len(reasons)) + ")"
	for _, r := range reasons {
		args = append(args, string(r))
	}
	var n int
	if _, err := t.row(query, args, &n); err != nil {
		return 0, fmt.Errorf("count declined orders: %w", err)
	}
	return n, nil
}

// orderRow is an order as its columns come.
type orderRow struct {
	o                                vend.Order
	told                             int
	createdAt, firstSentAt, updateAt int64
	codeSince                        int64
}

func (r *orderRow) dest() []any {
	o := &r.o
	return []any{&o.Ref, &o.Kind, &o.Customer, &o.Product, &o.Label, &o.Amount, &o.Target, &o.Fund, &o.State,
		&o.Reason, &o.Channel, &o.Op, &o.Sealed, &o.PINHash, &o.ProviderRef, &o.Code, &o.CallCentre, &r.told,
		&r.createdAt, &r.firstSentAt, &r.updateAt, &o.Goods, &o.CodeTimes, &r.codeSince,
		&o.Resolution, &o.Delivery, &o.Original}
}

func (r *orderRow) read(found bool, err error) (vend.Order, error) {
	if err != nil {
		return vend.Order{}, fmt.Errorf("read order: %w", err)
	}
	if !found {
		return vend.Order{}, vend.ErrNoOrder
	}
	r.o.Told = r.told != 0
	r.o.CreatedAt = fromMillis(r.createdAt)
	r.o.FirstSentAt = fromMillis(r.firstSentAt)
	r.o.UpdatedAt = fromMillis(r.updateAt)
	r.o.CodeSince = fromMillis(r.codeSince)
	return r.o, nil
}

// bit is a truth as it is stored, the same in both dialects.
func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// blob is bytes as they are stored: none at all is NULL.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}
