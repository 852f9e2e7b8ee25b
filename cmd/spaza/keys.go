package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"spaza/secret"
	"spaza/store"
)

type keysCommand struct {
	Status keysStatusCommand `cmd:"" help:"Where every data key stands: under which configured key, how old, how many rows it seals. Exit status 1 when one does not open."`
	Renew  keysRenewCommand  `cmd:"" help:"Add a sealing key, which every replica uses within a minute; what was sealed before still opens."`
	New    keysNewCommand    `cmd:"" help:"Print a fresh key for SPAZA_SECRET_KEY. Nothing is changed."`
}

// errLocked makes the exit status 1; what is wrong has been printed.
var errLocked = errors.New("not everything that is stored can be opened")

type keysStatusCommand struct {
	JSON bool `help:"Write it as JSON."`
}

// Run prints how the data keys stand. It changes nothing.
func (d keysStatusCommand) Run(ctx context.Context, c console) error {
	cfg, books, keys, err := openKeys(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = books.Close() }()
	rows, err := books.Keys(ctx)
	if err != nil {
		return err
	}
	sealed, err := books.SealedRows(ctx)
	if err != nil {
		return err
	}
	report := reportKeys(&cfg, keys, rows, sealed, time.Now())
	if d.JSON {
		e := json.NewEncoder(c.out)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		err = report.write(c.out)
	}
	if err == nil && !report.Opens {
		err = errLocked
	}
	return err
}

// openKeys opens what the commands need. They start nothing and wrap nothing
// again: their environment may be ahead of the service's.
func openKeys(ctx context.Context, c console) (config, *store.SQL, []secret.OperatorKey, error) {
	cfg, err := readConfig(c.environ)
	if err != nil {
		return cfg, nil, nil, fmt.Errorf("the configuration is not usable:\n%w", err)
	}
	keys, err := cfg.operatorKeys()
	if err != nil {
		return cfg, nil, nil, err
	}
	books, err := openBooks(ctx, cfg)
	return cfg, books, keys, err
}

// keysReport is how the data keys stand.
type keysReport struct {
	Configured []configuredKey `json:"configured"`
	Keys       []keyReport     `json:"keys"`
	// Lost is rows that no data key here has sealed.
	Lost map[string]int64 `json:"lost,omitempty"`
	// Opens is false when a key does not open, or something is lost.
	Opens bool `json:"opens"`
}

// configuredKey is a key of the operator.
type configuredKey struct {
	Where       string `json:"where"` // the variable or file
	Fingerprint string `json:"fingerprint"`
	Wraps       int    `json:"wraps"` // data keys
}

// keyReport is one data key.
type keyReport struct {
	ID         uint16            `json:"id"`
	Purpose    secret.KeyPurpose `json:"purpose"`
	CreatedAt  time.Time         `json:"created_at"`
	AgeSeconds int64             `json:"age_seconds"`
	RetiredAt  *time.Time        `json:"retired_at"`
	Under      string            `json:"under"` // fingerprint
	Opens      bool              `json:"opens"`
	Note       string            `json:"note"`
	Rows       map[string]int64  `json:"rows"` // by column
}

func reportKeys(cfg *config, keys []secret.OperatorKey, rows []secret.KeyRow, sealed []store.SealedRows, now time.Time) keysReport {
	r := keysReport{Opens: true, Keys: []keyReport{}, Lost: map[string]int64{}}
	for i, k := range keys {
		where := "SPAZA_SECRET_KEY_OLD"
		if i == 0 {
			where = "SPAZA_SECRET_KEY"
			if cfg.SecretKey.Empty() {
				where = keyFile(cfg.DataDir)
			}
		}
		r.Configured = append(r.Configured, configuredKey{Where: where, Fingerprint: k.Fingerprint()})
	}
	at := map[uint16]int{}
	for i, s := range secret.Inspect(rows, keys) {
		at[s.ID] = i
		one := keyReport{
			ID: s.ID, Purpose: s.Purpose, CreatedAt: s.CreatedAt, AgeSeconds: int64(now.Sub(s.CreatedAt).Seconds()),
			Under: s.Under(), Opens: s.With >= 0, Note: s.Note, Rows: map[string]int64{},
		}
		if !s.RetiredAt.IsZero() {
			one.RetiredAt = &s.RetiredAt
		}
		if one.Opens {
			r.Configured[s.With].Wraps++
		}
		r.Opens = r.Opens && one.Opens
		r.Keys = append(r.Keys, one)
	}
	for _, s := range sealed {
		if i, ok := at[s.Key]; ok && rows[i].Purpose == secret.ForSealing {
			r.Keys[i].Rows[s.Column] += s.Rows
		} else if len(rows) > 0 {
			r.Lost[s.Column] += s.Rows
			r.Opens = false
		}
	}
	return r
}

// write prints the report for a person.
func (r keysReport) write(to io.Writer) error {
	var b strings.Builder
	for _, k := range r.Configured {
		fmt.Fprintf(&b, "%s  %s wraps %d of %d data keys\n", k.Fingerprint, k.Where, k.Wraps, len(r.Keys))
	}
	if len(r.Keys) == 0 {
		b.WriteString("There are no data keys yet: the service makes them when it starts.\n")
		_, err := io.WriteString(to, b.String())
		return err
	}
	b.WriteByte('\n')
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "key\tfor\tunder\tmade\tage\tretired\trows sealed\twhy")
	for _, k := range r.Keys {
		under, retired, rows := k.Under, "-", "-"
		if !k.Opens {
			under += " NOT CONFIGURED"
		}
		if k.RetiredAt != nil {
			retired = k.RetiredAt.Format(time.DateTime)
		}
		if k.Purpose == secret.ForSealing {
			rows = fmt.Sprintf("%d requests, %d goods", k.Rows["orders.sealed"], k.Rows["orders.goods"])
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Purpose, under,
			k.CreatedAt.Format(time.DateTime), days(k.AgeSeconds), retired, rows, cmp.Or(oneLine(k.Note), "-"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	b.WriteByte('\n')
	for _, column := range slices.Sorted(maps.Keys(r.Lost)) {
		fmt.Fprintf(&b, "%d rows of %s were sealed by no key that is here.\n", r.Lost[column], column)
	}
	b.WriteString(r.advice())
	_, err := io.WriteString(to, b.String())
	return err
}

// advice is what the operator may do next.
func (r keysReport) advice() string {
	for _, k := range r.Keys {
		if !k.Opens {
			return "The service does not start so: add the key with the fingerprint " + k.Under + " to SPAZA_SECRET_KEY_OLD.\n"
		}
	}
	current := r.Configured[0].Where
	if r.Configured[0].Wraps < len(r.Keys) {
		return "Keep SPAZA_SECRET_KEY_OLD: it wraps data keys. The service wraps them under " + current + " when it starts.\n"
	}
	if len(r.Configured) > 1 {
		return current + " wraps all data keys: SPAZA_SECRET_KEY_OLD is not needed, unless a rotation is about to begin.\n"
	}
	return current + " wraps all data keys.\n"
}

func days(seconds int64) string {
	age := time.Duration(seconds) * time.Second
	if age < 48*time.Hour {
		return age.Truncate(time.Second).String()
	}
	return fmt.Sprintf("%d days", int(age.Hours()/24))
}

// oneLine keeps what a person wrote from breaking a table.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

type keysRenewCommand struct {
	Reason string `required:"" help:"Why; it is kept with the key."`
}

// Run adds a sealing key.
func (d keysRenewCommand) Run(ctx context.Context, c console) error {
	if strings.TrimSpace(d.Reason) == "" {
		return errors.New("--reason says nothing")
	}
	cfg, books, keys, err := openKeys(ctx, c)
	if err != nil {
		return err
	}
	defer func() { _ = books.Close() }()
	row, err := secret.Renew(ctx, books, keys, d.Reason, time.Now())
	if errors.Is(err, secret.ErrNoKeys) {
		return fmt.Errorf("%w: the service makes them when it starts", err)
	} else if err != nil {
		return cfg.explainKeys(err)
	}
	_, err = fmt.Fprintf(c.out, "Data key %d was added, wrapped under %s. Running replicas seal with it within a minute; what was sealed before still opens.\n",
		row.ID, row.Under())
	return err
}

type keysNewCommand struct{}

// Run prints a fresh key by itself, and its fingerprint beside it.
func (keysNewCommand) Run(c console) error {
	text := secret.NewKey()
	key, err := operatorKey(text)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.err, "fingerprint", key.Fingerprint())
	_, err = fmt.Fprintln(c.out, text)
	return err
}
