package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"spaza/flashapi"
	"spaza/recon"
)

// reconcileCommand compares Flash's transaction files with the books of what went to
// Flash. It only reads, unless proposals are confirmed.
type reconcileCommand struct {
	Files []string `arg:"" name:"file" help:"Flash's transaction files, as CSV; two days together close the gap between them."`

	ReconcileFormat `embed:""`

	From   string        `help:"The first day that the files are of; default the time of their first line." placeholder:"DAY"`
	To     string        `help:"The last day that the files are of; default the time of their last line." placeholder:"DAY"`
	Margin time.Duration `help:"How near the ends of that period an absence proves nothing." default:"1h"`
	Kinds  []string      `help:"The kinds of our orders that the files can have, such as airtime,data; default all." placeholder:"KIND"`
	Rows   int           `help:"How many orders are listed under one heading; -1 lists all." default:"50"`
	JSON   bool          `help:"Write it as JSON."`

	Confirm []string `help:"Do what is proposed under these ids, or all; needs --reason." placeholder:"ID,..."`
	Ask     bool     `help:"Ask for each proposal whether to do it; needs --reason."`
	Deed    `embed:""`
}

// ReconcileFormat says how the files are written.
type ReconcileFormat struct {
	Map        map[string]string `help:"Columns by header or number: reference, provider, amount, status, time (A+B joins two), kind; default usual names." placeholder:"FIELD=COLUMN,..." mapsep:","`
	Separator  string            `help:"What stands between cells, or tab; default what fits." placeholder:"CHAR"`
	Amounts    string            `help:"Whether amounts are in rand or cents; default rand when any has digits behind a point." placeholder:"rand|cents"`
	Sign       string            `help:"Whether sales are positive or negative; to be said when any amount is negative." placeholder:"positive|negative"`
	Success    []string          `help:"Words in the status column, instead of usual ones, for what happened." placeholder:"WORD"`
	Reversed   []string          `help:"The same for what was reversed." placeholder:"WORD"`
	Failed     []string          `help:"The same for what did not happen." placeholder:"WORD"`
	Pending    []string          `help:"The same for what is not ended." placeholder:"WORD"`
	Redemption []string          `help:"Words in the kind column for a voucher taken in; default redeem, redemption." placeholder:"WORD"`
	TimeLayout string            `help:"How times are written, by the example of 2 January 2006 15:04:05; default usual forms, day before month." placeholder:"LAYOUT"`
	Zone       string            `help:"Where times without a zone are." default:"Africa/Johannesburg"`
}

// zoneSouthAfrica needs no table of zones.
const zoneSouthAfrica = "Africa/Johannesburg"

// errDiffer makes the exit status 1; what differs has been printed.
var errDiffer = errors.New("the two sides differ")

// respite is how long after its window an order is left to the service.
const respite = 5 * time.Minute

// Run compares, and does what is confirmed.
func (r reconcileCommand) Run(ctx context.Context, c console) error {
	by, why, err := r.deed(c)
	if err != nil {
		return err
	}
	table, options, err := r.read(time.Now())
	if err != nil {
		return usage("%w", err)
	}
	d, err := openDesk(ctx, c)
	if err != nil {
		return err
	}
	defer d.close()
	side := ourSide{d: d, aside: map[string]int{}}
	report, err := recon.Compare(ctx, table, side, options)
	if err != nil {
		return usage("%w", err)
	}
	if aside := side.leftAside(); aside != "" {
		report.Notes = append(report.Notes, aside)
	}
	decision := recon.Decision{By: by, Reason: why}
	text := recon.TextOptions{Rows: r.Rows, More: "; --rows=-1 or --json lists all"}
	switch {
	case len(r.Confirm) > 0:
		chosen, err := report.Chosen(r.Confirm)
		if err != nil {
			return usage("%w", err)
		}
		report.Settle(ctx, side, chosen, decision)
	case r.Ask:
		if err := report.WriteText(c.out, text); err != nil {
			return usage("%w", err)
		}
		report.Settle(ctx, side, ask(c, report.Proposals()), decision)
		if len(report.Outcomes) == 0 {
			break
		}
		fmt.Fprintln(c.out)
	}
	if err := r.write(c, report, text); err != nil {
		return usage("write report: %w", err)
	}
	if report.Differences() > 0 {
		return errDiffer
	}
	return nil
}

// deed is who confirms and why, where anything is to be confirmed.
func (r reconcileCommand) deed(c console) (by, why string, err error) {
	switch {
	case len(r.Confirm) > 0 && r.Ask:
		return "", "", usage("--confirm or --ask, not both")
	case r.Ask && r.JSON:
		return "", "", usage("--ask speaks with a person: not with --json")
	case r.Ask && !terminal(c.in):
		return "", "", usage("--ask needs a terminal; --confirm does not")
	case len(r.Confirm) == 0 && !r.Ask:
		return "", "", nil
	}
	return r.check(c)
}

// terminal says whether somebody can answer.
func terminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	if !ok {
		return in != nil
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// read reads the files, before anything is opened.
func (r reconcileCommand) read(now time.Time) (*recon.Table, recon.Options, error) {
	options := recon.Options{Now: now, Margin: r.Margin, Window: flashapi.ResendWindow + respite, Kinds: r.Kinds}
	mapping, err := r.mapping()
	if err != nil {
		return nil, options, err
	}
	if r.Margin <= 0 {
		return nil, options, errors.New("--margin must be above 0")
	}
	if r.From != "" {
		if options.From, err = readDay(r.From, now); err != nil {
			return nil, options, err
		}
	}
	if r.To != "" {
		if options.To, err = readDay(r.To, now); err != nil {
			return nil, options, err
		}
		options.To = options.To.AddDate(0, 0, 1)
	}
	table, err := recon.NewTable(mapping)
	if err != nil {
		return nil, options, err
	}
	for _, name := range r.Files {
		if err := readFile(table, name); err != nil {
			return nil, options, err
		}
	}
	return table, options, nil
}

func readFile(table *recon.Table, name string) error {
	file, err := os.Open(name) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("open transactions: %w", err)
	}
	defer file.Close()
	return table.Read(name, file)
}

// mapping is what the flags say of the files.
func (f ReconcileFormat) mapping() (recon.Mapping, error) {
	m := recon.Mapping{
		Columns: map[recon.Field]string{}, Unit: recon.Unit(f.Amounts), Sign: recon.Sign(f.Sign), Redemptions: f.Redemption, TimeLayout: f.TimeLayout,
		Words: map[recon.Status][]string{recon.Success: f.Success, recon.Undone: f.Reversed, recon.Failed: f.Failed, recon.Waiting: f.Pending},
	}
	for field, column := range f.Map {
		m.Columns[recon.Field(strings.TrimSpace(field))] = column
	}
	switch {
	case f.Separator == "tab" || f.Separator == `\t`:
		m.Separator = '\t'
	case len(f.Separator) == 1:
		m.Separator = f.Separator[0]
	case f.Separator != "":
		return m, fmt.Errorf("--separator is one character, or tab, not %q", plain(f.Separator))
	}
	if f.Zone != "" && f.Zone != zoneSouthAfrica {
		zone, err := time.LoadLocation(f.Zone)
		if err != nil {
			return m, fmt.Errorf("--zone: %w", err)
		}
		m.Zone = zone
	}
	return m, nil
}

// write writes the report.
func (r reconcileCommand) write(c console, report *recon.Report, text recon.TextOptions) error {
	if r.JSON {
		out := json.NewEncoder(c.out)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(report)
	}
	if r.Ask && len(report.Outcomes) == 0 { // it was written before
		return nil
	}
	if r.Ask {
		return report.WriteOutcomes(c.out)
	}
	if err := report.WriteText(c.out, text); err != nil {
		return err
	}
	if len(report.Outcomes) == 0 && len(report.Proposals()) > 0 {
		fmt.Fprintln(c.out, `Nothing has been done. To do what is proposed: --confirm ID,... (or all) --reason "..."`)
	}
	return nil
}

// ask asks for each proposal whether it is to be done. The end of the answers is
// a no to the rest.
func ask(c console, list []recon.Proposal) (chosen []recon.Proposal) {
	answers := bufio.NewScanner(c.in)
	for _, p := range list {
		fmt.Fprintf(c.out, "\n%s  %s  %s\n  %s: %s [y/N/q] ", p.ID, p.Ref, p.Amount, p.Evidence, p.Action.Says())
		if !answers.Scan() {
			fmt.Fprintln(c.out)
			return chosen
		}
		switch strings.ToLower(strings.TrimSpace(answers.Text())) {
		case "y", "yes":
			chosen = append(chosen, p)
		case "q", "quit":
			return chosen
		}
	}
	return chosen
}
