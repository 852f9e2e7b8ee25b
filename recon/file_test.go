package recon

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// read reads one file.
func read(t testing.TB, m Mapping, text string) (*Table, error) {
	t.Helper()
	tab, err := NewTable(m)
	if err != nil {
		return nil, err
	}
	if err := tab.Read("day.csv", strings.NewReader(text)); err != nil {
		return nil, err
	}
	return tab, tab.finish()
}

// rowsOf is what was read, a line each.
func rowsOf(tab *Table) string {
	var b strings.Builder
	for i := range tab.rows {
		r := &tab.rows[i]
		at := "-"
		if r.at != noTime {
			at = tab.at(r).Format("2006-01-02T15:04:05Z07:00")
		}
		fmt.Fprintf(&b, "%d %s/%s %d %s %s %s %t\n", r.number, tab.ref(r), tab.prov(r), int64(tab.cents(r)), tab.statusOf(r, r.incoming), at, tab.kinds[r.kind], r.incoming)
	}
	return b.String()
}

func TestFilesAreReadAsTheyCome(t *testing.T) {
	const want = "2 P-1/77 1050 success 2026-07-01T12:00:00+02:00 airtime false\n"
	column := func(list ...string) map[Field]string {
		m := map[Field]string{}
		for i := 0; i < len(list); i += 2 {
			m[Field(list[i])] = list[i+1]
		}
		return m
	}
	for name, c := range map[string]struct {
		mapping    Mapping
		text, want string
	}{
		"usual names": {Mapping{}, "Reference,Transaction ID,Amount,Status,Date Time,Product\nP-1,77,10.50,Success,2026-07-01 12:00:00,airtime\n", want},
		"in other order and letters": {
			Mapping{}, "STATUS;amount;our_reference;TransactionId;date;time;type\nOK;R 10,50;P-1;77;2026/07/01;12:00:00;airtime", want,
		},
		"with a byte order mark": {Mapping{}, "\ufeffReference|TransactionId|Amount|Status|Timestamp|Kind\r\nP-1|77|10.50|success|2026-07-01T10:00:00Z|airtime\r\n", want},
		"tabs":                   {Mapping{}, "reference\ttransaction id\tamount\tstatus\tdatetime\tproduct\nP-1\t77\t10.50\tCompleted.\t01/07/2026 12:00\tairtime", want},
		"a title, empty lines and a sum": {
			Mapping{}, "Transactions of Shop (Pty) Ltd\n,,\n\nReference,Transaction ID,Amount,Status,Date Time,Product\nP-1,77,10.50,Success,2026-07-01 12:00:00,airtime\n,,,,,\nTotal,,10.50,,,\n",
			"5" + want[1:],
		},
		"marked as text": {Mapping{}, "Reference,TransactionId,Amount,Status,Datetime,Product\n\"=\"\"P-1\"\"\",'77,10.50,ok,2026-07-01 12:00:00,airtime\n", want},
		"named": {
			Mapping{Columns: column("reference", "trace", "amount", "cost", "provider", "77th", "time", "day+hour", "status", "how", "kind", "what"), TimeLayout: "02.01.06 15h04"},
			"trace,77th,cost,how,day,hour,what\nP-1,77,10.50,ok,01.07.26,12h00,airtime\n", want,
		},
		"numbered": {
			Mapping{Columns: column("reference", "1", "amount", "3", "provider", "2", "time", "5", "status", "4", "kind", "6")},
			"P-0,76,1.00,ok,2026-07-01 11:00:00,airtime\nP-1,77,10.50,ok,2026-07-01 12:00:00,airtime\n",
			"1 P-0/76 100 success 2026-07-01T11:00:00+02:00 airtime false\n" + want,
		},
		"numbered, under a header": {
			Mapping{Columns: column("reference", "1", "amount", "3"), Unit: Rand},
			"a,transaction id,b,status,datetime,product\nP-1,77,10.50,ok,2026-07-01 12:00:00,airtime\n", want,
		},
		"in cents": {Mapping{Unit: Cents}, "reference,transactionid,amount,status,datetime,product\nP-1,77,1 050,ok,2026-07-01 12:00:00,airtime\n", want},
		"without much": {
			Mapping{Columns: column("status", "none"), Unit: Rand}, "ref,amount\nP-1,10\n\nP-2,5",
			"2 P-1/ 1000 success -  false\n4 P-2/ 500 success -  false\n",
		},
		"by the provider's reference only": {Mapping{}, "transaction id,amount,status\n77,10.50,failed\n", "2 /77 1050 failed -  false\n"},
		"in another zone": {
			Mapping{Zone: time.UTC}, "reference,transaction id,amount,status,time,kind\nP-1,77,10.50,ok,2026-07-01 10:00:00,airtime\n",
			strings.Replace(want, "12:00:00+02:00", "10:00:00Z", 1),
		},
		"own words": {
			Mapping{Words: map[Status][]string{Success: {"Sold it"}, Undone: {"0"}}}, "reference,amount,status\nP-1,1.00,sold  IT\nP-2,2.00,0\nP-3,3.00,declined\nP-4,4.00,in progress\n",
			"2 P-1/ 100 success -  false\n3 P-2/ 200 reversed -  false\n4 P-3/ 300 failed -  false\n5 P-4/ 400 pending -  false\n",
		},
		"sales are negative": {
			Mapping{Sign: Negative}, "reference,amount,status,kind\nP-1,-1.00,ok,airtime\nR-2,50.00,ok,1Voucher Redeem\nP-1,1.00,ok,airtime\nR-2,-50.00,ok,1voucher redeem\n",
			"2 P-1/ 100 success - airtime false\n3 R-2/ 5000 success - 1Voucher Redeem true\n4 P-1/ 100 credit - airtime false\n5 R-2/ 5000 credit - 1voucher redeem true\n",
		},
		"sales are positive": {
			Mapping{Sign: Positive}, "reference,amount,status\nP-1,1.00,ok\nP-1,-1.00,ok\nP-1,-1.00,reversed\n",
			"2 P-1/ 100 success -  false\n3 P-1/ 100 credit -  false\n4 P-1/ 100 reversed -  false\n",
		},
		"a separator is said":  {Mapping{}, "sep=;\nreference;amount;status\nP-1;1,00;ok\n", "3 P-1/ 100 success -  false\n"},
		"nothing but a header": {Mapping{}, "reference,amount,status\n", ""},
	} {
		tab, err := read(t, c.mapping, c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, rowsOf(tab)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if len(tab.bad) > 0 {
			t.Errorf("%s: unreadable: %v", name, tab.bad)
		}
	}
}

func TestAMappingThatDoesNotFitIsRefusedWithTheHeader(t *testing.T) {
	const good = "reference,amount,status\n"
	for name, c := range map[string]struct {
		mapping Mapping
		text    string
		want    error
		says    string
	}{
		"no amount":               {Mapping{}, "reference,price,status\nP-1,1.00,ok\n", ErrMapping, `no column for the amount` + "\nThe file has: 1 \"reference\", 2 \"price\", 3 \"status\""},
		"no reference":            {Mapping{}, "name,amount,status\nP-1,1.00,ok\n", ErrMapping, "no column for a reference"},
		"no status":               {Mapping{}, "reference,amount,outcome\nP-1,1.00,ok\n", ErrMapping, "status=none"},
		"no status, by number":    {Mapping{Columns: map[Field]string{"reference": "1", "amount": "2"}}, "P-1,1.00,ok\n", ErrMapping, "status=none"},
		"a name that is not":      {Mapping{Columns: map[Field]string{"amount": "cost"}}, "reference,amount,status\nP-1,1.00,ok\n", ErrMapping, `amount: the mapping does not fit: no column "cost"`},
		"a number too high":       {Mapping{Columns: map[Field]string{"amount": "4"}}, "reference,amount,status\nP-1,1.00,ok\n", ErrMapping, `no column "4"`},
		"numbers too high":        {Mapping{Columns: map[Field]string{"amount": "4", "reference": "1"}}, "P-1,1.00,ok\n", ErrMapping, "there are 3 columns, and column 4"},
		"two of a name":           {Mapping{}, "reference,amount,Amount,status\nP-1,1.00,1.00,ok\n", ErrMapping, "no column for the amount"},
		"two of a given name":     {Mapping{Columns: map[Field]string{"amount": "amount"}}, "reference,amount,Amount,status\nP-1,1.00,1.00,ok\n", ErrMapping, "two columns are called"},
		"a field that is not":     {Mapping{Columns: map[Field]string{"colour": "1"}}, good, ErrMapping, `no field "colour"`},
		"a column without a name": {Mapping{Columns: map[Field]string{"amount": " "}}, good, ErrMapping, "no column is named"},
		"a unit that is not":      {Mapping{Unit: "dollars"}, good, ErrMapping, "rand or cents"},
		"a sign that is not":      {Mapping{Sign: "minus"}, good, ErrMapping, "positive or negative"},
		"a separator that cannot": {Mapping{Separator: '"'}, good, ErrMapping, "cannot separate"},
		"a word for two":          {Mapping{Words: map[Status][]string{Success: {"done"}, Failed: {"Done."}}}, good, ErrMapping, `"done" means both success and failed`},
		"rand or cents":           {Mapping{}, good + "P-1,100,ok\n", ErrUnit, "say which it is"},
		"what a minus means":      {Mapping{}, good + "P-1,1.00,ok\nP-2,-1.00,ok\n", ErrSign, "say whether"},
		"an empty file":           {Mapping{}, "\n \n", ErrMapping, "the file is empty"},
		"UTF-16":                  {Mapping{}, "\xff\xfer\x00", ErrMapping, "UTF-16"},
		"a spreadsheet":           {Mapping{}, "PK\x03\x04...", ErrMapping, "spreadsheet"},
		"compressed":              {Mapping{}, "\x1f\x8b...", ErrMapping, "compressed"},
		"no text":                 {Mapping{}, "reference,amount,status\n\x00", ErrMapping, "not text"},
		"too many bad lines": {
			Mapping{}, good + "P-1,1.00,ok\n" + strings.Repeat("P-2,one rand,ok\n", 4), ErrMapping,
			"4 of 6 lines cannot be read; the first is line 3: the amount cannot be read\nThe file has: 1 \"reference\"",
		},
		"bad lines only":  {Mapping{}, good + "P-1,1.00,dunno\n", ErrMapping, `the word for its status is not known: "dunno"`},
		"endless rubbish": {Mapping{}, good + "P-1,1.00,ok\n" + strings.Repeat("x\n", 100_000), ErrMapping, "1000 of 1002 lines"},
	} {
		_, err := read(t, c.mapping, c.text)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v; want %v with %q", name, err, c.want, c.says)
		}
	}
}

func TestABadLineIsReportedWithItsNumberAndCostsNoOther(t *testing.T) {
	text := "reference,amount,status,time\n" +
		"P-1,1.00,ok,2026-07-01 12:00:00\n" +
		"P-2,1.00\n" +
		"P-3,1.0.0,ok,2026-07-01 12:00:00\n" +
		"P-4,1.00,maybe,2026-07-01 12:00:00\n" +
		"P-5,1.00,ok,yesterday\n" +
		",1.00,ok,2026-07-01 12:00:00\n" +
		"P-7,\"1.00,ok,2026-07-01 12:00:00\n" +
		strings.Repeat("P", 256) + ",1.00,ok,2026-07-01 12:00:00\n" +
		"P-9,1.500,ok,2026-07-01 12:00:00\n" +
		"P-10,1.00,ok,1812-07-01 12:00:00\n" +
		strings.Repeat("P-11,1.00,ok,2026-07-01 12:00:00\n", 90)
	tab, err := read(t, Mapping{}, text)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range tab.bad {
		got = append(got, fmt.Sprintf("%d %s", b.Number, b.Why))
	}
	want := []string{
		"3 there are too few cells", "4 the amount cannot be read", `5 the word for its status is not known: "maybe"`, "6 the time cannot be read",
		"7 there is no reference", "8 a quotation mark is not closed, or text follows it", "9 the reference is too long",
		"10 the amount has three digits after its point", "11 the time cannot be read",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if f := tab.files[0]; f.Rows != 91 || f.Bad != 9 || f.Lines != 101 {
		t.Errorf("got %+v", f)
	}
	for _, ref := range []string{"P-2", "P-3", "P-4", "P-5", "P-7", "P-9", "P-10"} {
		if !tab.mentioned[ref] {
			t.Errorf("%s stands in a line that cannot be read, and is taken for absent", ref)
		}
	}
}

func TestATotalsLineIsOneWithoutAReference(t *testing.T) {
	text := "reference,transaction id,amount,status\nP-1,1,1.00,ok\nTotalSports,2,2.00,ok\nP-3,3,3.00,Total\n"
	for line, want := range map[string]bool{
		"Total,,6.00,": true, ",,Total: 6.00,": true, "TOTAL:,3 totals,6.00,": false, "Grand Total,,R 6.00": true, "Sub-total,,6.00,": true, ",,,Total": true,
		"P-4,,6.00,ok": false, "P-4,,Total,": false, ",4,Total,": false, "sum,,6,": true, "summer,,6.00,ok": false,
	} {
		tab, err := read(t, Mapping{Words: map[Status][]string{Success: {"ok", "total"}}}, text+line+"\n")
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if got := tab.files[0].Totals == 1; got != want {
			t.Errorf("%q: got %t", line, got)
		}
	}
}

func TestSeveralFilesAreOneTable(t *testing.T) {
	tab, err := NewTable(Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a": "reference,amount,status\nP-1,1,ok\n", "b": "status;amount;ref\nok;2.00;P-2\n;;\n"} {
		if err := tab.Read(name, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tab.finish(); err != nil { // what one leaves open the other says
		t.Fatal(err)
	}
	if len(tab.rows) != 2 || len(tab.files) != 2 || tab.unit != Rand {
		t.Errorf("got %d rows of %d files in %s", len(tab.rows), len(tab.files), tab.unit)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Reference,Transaction ID,Amount,Status,Date Time,Product\nP-1,77,10.50,Success,2026-07-01 12:00:00,airtime\nTotal,,10.50\n")
	f.Add("sep=;\nref;amount;status\n=\"P-1\";(1,00);ok\n\"")
	f.Add("\ufeffstatus\tamount\tid\r\nok\t5\t\x1b[2J\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		tab, err := NewTable(Mapping{})
		if err != nil {
			t.Fatal(err)
		}
		if err := tab.Read("fuzz.csv", strings.NewReader(text)); err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x9b }) {
				t.Errorf("the error would move the cursor: %q", err)
			}
			return
		}
		info := tab.files[0]
		if n := info.Rows + info.Bad + info.Empty + info.Totals + info.Before; n > info.Lines || n == 0 && info.Lines > maxBefore {
			t.Errorf("%d lines, and %+v", info.Lines, info)
		}
		if info.Rows != len(tab.rows) || info.Bad != len(tab.bad) {
			t.Errorf("%d rows and %d bad lines, and %+v", len(tab.rows), len(tab.bad), info)
		}
		for i := range tab.rows {
			if r := &tab.rows[i]; len(tab.key(r)) == 0 || r.status == 0 {
				t.Errorf("line %d has no key or no status", r.number)
			}
		}
	})
}
