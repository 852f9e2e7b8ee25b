package vend_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"spaza/jobs"
	"spaza/ledger"
	"spaza/secret"
	"spaza/store"
	"spaza/vend"
)

// archive is a shop with a past: orders of customers who are told of and by
// whom others are told of. Nothing in it happens by itself.
type archive struct {
	ctx     context.Context
	db      database
	sql     *store.SQL
	raw     *sql.DB
	service *vend.Service
	wake    func()
	now     time.Time
	answer  vend.Answer
	n       int      // orders so far
	secrets []string // PINs and tokens that came or went
}

func newArchive(ctx context.Context, d database) (*archive, error) {
	a := &archive{ctx: ctx, db: d, now: opening, wake: func() {}}
	var err error
	if a.sql, a.raw, err = d.open(ctx); err != nil {
		return nil, err
	}
	a.service = vend.New(a.sql, a, keyring(0), vend.Options{
		Now: func() time.Time { return a.now }, PINTriesAll: 1 << 20, PINCost: cheap(), Enquiries: 1 << 20,
	})
	a.service.Attach(a)
	return a, nil
}

func (a *archive) close() error { return errors.Join(a.sql.Close(), a.raw.Close()) }

// The archive is its own provider and its own runner: the answer is the one that
// was set, and a sale waits for nothing.

func (a *archive) Prepare(s vend.Sale) (vend.Request, error) {
	return vend.Request{Op: "sell", Ref: s.Ref, Body: secret.New("for " + s.Target + " with " + s.PIN.Reveal())}, nil
}
func (a *archive) Send(context.Context, vend.Request, vend.Past) vend.Answer { return a.answer }
func (a *archive) Can(vend.Kind) vend.Capability                             { return vend.Capability{Sells: true, Enquires: true} }
func (a *archive) Meter(context.Context, vend.MeterQuestion) (vend.Meter, error) {
	return vend.Meter{}, nil
}
func (a *archive) Account(context.Context, vend.AccountQuestion) (vend.Account, error) {
	return vend.Account{}, nil
}
func (a *archive) Owner() string        { return "" }
func (a *archive) Lease() time.Duration { return lease }
func (a *archive) Takes(jobs.Kind) bool { return false }
func (a *archive) Adopt(jobs.Job) bool  { return false }
func (a *archive) Wake()                { a.wake() }

// sale makes an order and has it answered, if it is answered.
func (a *archive) sale(make func(ctx context.Context, ref string) (vend.Order, error), with *vend.Answer) error {
	a.n++
	a.now = a.now.Add(time.Second)
	ref := fmt.Sprintf("P-%020d", a.n)
	ctx, cancel := context.WithCancel(a.ctx)
	defer cancel()
	a.wake = cancel
	defer func() { a.wake = func() {} }()
	o, err := make(ctx, ref)
	if errors.Is(err, ledger.ErrInsufficient) || errors.Is(err, vend.ErrPINWrong) {
		return nil
	}
	if err != nil || with == nil {
		return err
	}
	a.answer = *with
	a.answer.ProviderRef = fmt.Sprint("770000", a.n)
	claimed, err := a.sql.Claim(a.ctx, []jobs.Kind{vend.JobOrder}, 1000, "archive", a.now, a.now.Add(lease))
	if err != nil {
		return err
	}
	for _, j := range claimed {
		if j.Key == o.Ref {
			a.service.Work(a.ctx, j)
		} else if err := a.sql.PutOff(a.ctx, j, a.now, "left"); err != nil { // an older one, which nobody answers
			return err
		}
	}
	return nil
}

func (a *archive) buy(buyer string, p vend.Product, target string, amount ledger.Cents, with *vend.Answer) error {
	return a.sale(func(ctx context.Context, ref string) (vend.Order, error) {
		return a.service.Buy(ctx, vend.Purchase{Ref: ref, MSISDN: buyer, Product: p, Amount: amount, Target: target, Channel: "test", PIN: secret.New(goodPIN)})
	}, with)
}

func (a *archive) redeem(who string, worth ledger.Cents, with *vend.Answer) error {
	pin := a.secret(16)
	return a.sale(func(ctx context.Context, ref string) (vend.Order, error) {
		return a.service.Redeem(ctx, vend.Redemption{Ref: ref, MSISDN: who, PIN: secret.New(pin), Channel: "test"})
	}, with)
}

// secret is a PIN or token that must not be found anywhere.
func (a *archive) secret(digits int) string {
	s := fmt.Sprintf("99%0*d", digits-2, len(a.secrets)+1)
	a.secrets = append(a.secrets, s)
	return s
}

// deliver has every message go out that is due.
func (a *archive) deliver() error {
	claimed, err := a.sql.Claim(a.ctx, []jobs.Kind{vend.JobNotice}, 1000, "gateway", a.now, a.now.Add(lease))
	for _, j := range claimed {
		ref, _, _ := strings.Cut(j.Key, "/")
		err = errors.Join(err, a.service.Sent(a.ctx, j, ref, fmt.Sprint("gateway:", j.ID)))
	}
	return err
}

// cells are all rows of all tables, by table and by the row's first column or, for
// postings, its number; every cell as text.
type cells map[string]map[string]map[string]string

func (a *archive) read() (cells, error) {
	tables := []string{"customers", "orders", "accounts", "entries", "postings", "moves", "jobs", "keys", "catalogue", "acts", "pin_tries", "regulars", "enquiries", "links", "codes", "code_counts", "letters", "advices"}
	have, err := a.tables()
	if err != nil || !slices.Equal(have, slices.Sorted(slices.Values(tables))) {
		return nil, fmt.Errorf("there are the tables %v, %w: say here what of a customer is in them", have, err)
	}
	all := cells{}
	for _, table := range tables {
		if all[table], err = a.rows(table); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (a *archive) rows(table string) (map[string]map[string]string, error) {
	rows, err := a.raw.QueryContext(a.ctx, "SELECT * FROM "+table) //nolint:gosec // the tables are ours
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]string{}
	for rows.Next() {
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		row := map[string]string{}
		for i, c := range columns {
			if b, ok := values[i].([]byte); ok {
				values[i] = string(b)
			}
			row[c] = fmt.Sprint(values[i])
		}
		key := fmt.Sprint(values[0])
		switch table {
		case "postings", "regulars":
			key = fmt.Sprint(values[0], " ", values[1], " ", values[2])
		case "enquiries", "links":
			key = fmt.Sprint(values[0], " ", values[1])
		}
		all[key] = row
	}
	return all, rows.Err()
}

func (a *archive) tables() ([]string, error) {
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%' ORDER BY name"
	if a.db.numbered {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name NOT LIKE 'goose%' ORDER BY table_name"
	}
	rows, err := a.raw.QueryContext(a.ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		all = append(all, name)
	}
	return all, rows.Err()
}

// same says whether all rows are the same.
func (c cells) same(d cells) bool {
	return maps.EqualFunc(c, d, func(a, b map[string]map[string]string) bool {
		return maps.EqualFunc(a, b, maps.Equal[map[string]string, map[string]string])
	})
}

// places lists where digits stand, whatever is between them.
func (c cells) places(digits string) []string {
	var found []string
	for table, rows := range c {
		for key, row := range rows {
			for column, cell := range row {
				if len(cell) < len(digits) {
					continue
				}
				bare := strings.Map(func(r rune) rune {
					if strings.ContainsRune(" -./()\u00a0", r) {
						return -1
					}
					return r
				}, cell)
				if strings.Contains(bare, digits) {
					found = append(found, fmt.Sprintf("%s %s %s: %q", table, key, column, cell))
				}
			}
		}
	}
	return slices.Sorted(slices.Values(found))
}

// onDisk says in which of SQLite's files digits stand.
func (a *archive) onDisk(digits string) (found []string, err error) {
	if a.db.numbered {
		return nil, nil
	}
	path := strings.TrimPrefix(a.db.url, "sqlite:")
	for _, file := range []string{path, path + "-wal"} {
		b, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		if bytes.Contains(b, []byte(digits)) {
			found = append(found, file)
		}
	}
	return found, nil
}

// flaky is a store whose transactions that erase fail from some time on.
type flaky struct {
	*store.SQL
	left int // how many there may be; negative: all
}

var errFlaky = errors.New("the database is away")

func (f *flaky) Forgetting(ctx context.Context, do func(vend.ForgetTx) error) error {
	if f.left == 0 {
		return errFlaky
	}
	f.left--
	return f.SQL.Forgetting(ctx, do)
}

// differences lists how one set of rows became another, but for what expected
// changes of a row before it is compared. A row that expected drops must be gone.
func differences(table string, before, after map[string]map[string]string, expected func(map[string]string) (row map[string]string)) []string {
	var list []string
	for key, was := range before {
		want, got := expected(maps.Clone(was)), after[key]
		if !maps.Equal(want, got) {
			list = append(list, fmt.Sprintf("%s %s was %v\n is %v\n want %v", table, key, was, got, want))
		}
	}
	return list
}
