package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spaza/vend"
)

const (
	selectCustomer         = `SELECT id, msisdn, language, pin <> '', pin_since, pin_proved, used_at, created_at FROM customers WHERE `
	selectCustomerByMSISDN = selectCustomer + `msisdn = ?`
	selectCustomerByID     = selectCustomer + `id = ?`

	insertCustomer = `INSERT INTO customers (id, msisdn, language, created_at) VALUES (?, ?, '', ?)
ON CONFLICT (msisdn) DO NOTHING`

	updateLanguage = `UPDATE customers SET language = ? WHERE id = ?`
)

// Customer implements vend.Store.
func (s *SQL) Customer(ctx context.Context, msisdn string) (vend.Customer, error) {
	var r customerRow
	if _, err := s.reading().row(ctx, selectCustomerByMSISDN, []any{msisdn}, r.dest()...); err != nil {
		return vend.Customer{}, fmt.Errorf("read customer: %w", err)
	}
	return r.customer(), nil
}

// customerRow is a customer as it is stored.
type customerRow struct {
	c                                      vend.Customer
	pinSince, pinProved, usedAt, createdAt int64
}

// dest is where the columns of selectCustomer go.
func (r *customerRow) dest() []any {
	return []any{&r.c.ID, &r.c.MSISDN, &r.c.Language, &r.c.PIN, &r.pinSince, &r.pinProved, &r.usedAt, &r.createdAt}
}

func (r *customerRow) customer() vend.Customer {
	r.c.PINSince, r.c.PINProved = fromMillis(r.pinSince), fromMillis(r.pinProved)
	r.c.UsedAt, r.c.CreatedAt = fromMillis(r.usedAt), fromMillis(r.createdAt)
	return r.c
}

// CustomerByID implements vend.Tx.
func (t *sqlTx) CustomerByID(id string) (vend.Customer, error) {
	return t.customer(selectCustomerByID, id)
}

func (t *sqlTx) customer(query, arg string) (vend.Customer, error) {
	var r customerRow
	if _, err := t.row(query, []any{arg}, r.dest()...); err != nil {
		return vend.Customer{}, fmt.Errorf("read customer: %w", err)
	}
	return r.customer(), nil
}

// EnsureCustomer implements vend.Tx. A customer who is found by the insert can be
// erased, or made anew, before they are read: then it is done once more.
func (t *sqlTx) EnsureCustomer(msisdn, newID string, now time.Time) (vend.Customer, error) {
	for range 3 {
		c, err := t.customer(selectCustomerByMSISDN+t.d.forUpdate, msisdn)
		if err != nil || c.ID != "" {
			return c, err
		}
		n, err := t.exec(insertCustomer, newID, msisdn, millis(now))
		if err != nil {
			return vend.Customer{}, fmt.Errorf("add customer: %w", err)
		}
		if n == 1 {
			return vend.Customer{ID: newID, MSISDN: msisdn, CreatedAt: fromMillis(millis(now))}, nil
		}
	}
	return vend.Customer{}, t.note(errors.New("add customer: it is neither there nor can be added"))
}

// SetLanguage implements vend.Tx.
func (t *sqlTx) SetLanguage(customer, language string) error {
	n, err := t.exec(updateLanguage, language, customer)
	if err != nil {
		return fmt.Errorf("set language: %w", err)
	}
	if n == 0 {
		return errors.New("set language: no such customer")
	}
	return nil
}
