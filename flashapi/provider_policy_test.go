package flashapi

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"spaza/vend"
)

func TestASoftCodeIsBelievedOnlyWhereTheOperatorSaysSoAndAfterLong(t *testing.T) {
	b := setup(t)
	code := 2105
	b.handleOp(OpPinlessPurchase, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(w, `{"responseCode":%d,"responseMessage":"words"}`, code)
	})
	enough := vend.Past{Again: true, Code: "2105", Times: softTimes, For: softFor}
	change := func(f func(*vend.Past)) vend.Past { p := enough; f(&p); return p }
	for name, c := range map[string]struct {
		release bool
		past    vend.Past
		code    int
		want    vend.Outcome
	}{
		"enough of them":         {true, enough, 2105, vend.Declined},
		"more than enough":       {true, change(func(p *vend.Past) { p.Times, p.For = 9, time.Hour }), 2105, vend.Declined},
		"by default":             {false, enough, 2105, vend.Unknown},
		"the first time":         {true, vend.Past{}, 2105, vend.Unknown},
		"too few":                {true, change(func(p *vend.Past) { p.Times-- }), 2105, vend.Unknown},
		"too soon":               {true, change(func(p *vend.Past) { p.For -= time.Second }), 2105, vend.Unknown},
		"another code before":    {true, change(func(p *vend.Past) { p.Code = "2300" }), 2105, vend.Unknown},
		"nothing before":         {true, change(func(p *vend.Past) { p.Code = "" }), 2105, vend.Unknown},
		"a code that is unknown": {true, change(func(p *vend.Past) { p.Code = "2222" }), 2222, vend.Unknown},
	} {
		code = c.code
		p := NewProvider(b.client, ProviderOptions{ReleaseSoft: c.release})
		r := prepare(t, p, airtimeSale("P-1", "27821234567"))
		a := p.Send(t.Context(), r, c.past)
		if a.Outcome != c.want || (a.Reason == vend.ReasonTryLater) != (c.want == vend.Declined) {
			t.Errorf("%s: %+v, want %s", name, a, c.want)
		}
	}
}

func TestASoftCodeDoesNotReleaseAVoucher(t *testing.T) {
	b := setup(t)
	b.answerOp(OpRedeem, http.StatusInternalServerError, `{"responseCode":2105,"responseMessage":"words"}`)
	p := NewProvider(b.client, ProviderOptions{ReleaseSoft: true})
	past := vend.Past{Again: true, Code: "2105", Times: 9, For: time.Hour}
	if a := p.Send(t.Context(), prepare(t, p, redeemSale("R-1", testPIN)), past); a.Outcome != vend.Unknown {
		t.Errorf("%+v", a)
	}
}

func TestWhatTheProviderCanDo(t *testing.T) {
	type can struct{ sells, reverses, enquires, first bool }
	table := map[vend.Kind]struct{ now, draft can }{
		vend.KindAirtime:     {can{true, false, false, false}, can{true, false, false, false}},
		vend.KindData:        {can{true, false, false, false}, can{true, false, false, false}},
		vend.KindAirtimePIN:  {can{true, true, false, false}, can{true, false, false, false}},
		vend.KindElectricity: {can{true, false, true, false}, can{true, false, true, true}},
		vend.KindVoucher:     {can{true, true, false, false}, can{true, false, false, false}},
		vend.KindGift:        {can{true, false, false, false}, can{true, false, false, false}},
		vend.KindCashOut:     {can{true, true, false, false}, can{true, false, false, false}},
		vend.KindBill:        {can{true, false, true, false}, can{}},
		vend.KindRedeem:      {can{true, true, false, false}, can{true, false, false, false}},
		vend.KindRefund:      {can{true, true, false, false}, can{true, false, false, false}},
		vend.KindReverse:     {can{true, false, false, false}, can{}},
		"lottery":            {},
	}
	for _, k := range vend.Kinds() {
		if _, ok := table[k]; !ok {
			t.Errorf("kind %s is not in the table", k)
		}
	}
	for k, want := range table {
		for dialect, w := range map[Dialect]can{Revision2025: want.now, Draft2023: want.draft} {
			p := everySeller()
			p.client.options.Dialect = dialect
			got := p.Can(k)
			if got != (vend.Capability{Sells: w.sells, Reverses: w.reverses, Enquires: w.enquires, EnquiryFirst: w.first}) {
				t.Errorf("%s in dialect %d: %+v", k, dialect, got)
			}
		}
	}
	p := everySeller()
	p.client.options.TerminalID = ""
	if p.Can(vend.KindGift).Sells {
		t.Error("gift vouchers are sold without a terminal")
	}
}

func TestTheContractSaysHowVouchersAndBillsArePaid(t *testing.T) {
	for otherwise, want := range map[bool][2]Op{false: {OpVoucherDisburse, OpPayDisburse}, true: {OpVoucherPurchase, OpPayPurchase}} {
		p := everySeller()
		p.client.options.AccountNumber = "1"
		p.opt.PaidOtherwise = otherwise
		voucher := prepare(t, p, vend.Sale{Ref: "P-1", Kind: vend.KindVoucher, Amount: 50_00})
		bill := prepare(t, p, vend.Sale{Ref: "P-1", Kind: vend.KindBill, Amount: 50_00, Target: "110110035000"})
		if got := [2]Op{Op(voucher.Op), Op(bill.Op)}; got != want {
			t.Errorf("paid otherwise %t: %v, want %v", otherwise, got, want)
		}
	}
}

func TestAProductThatTheCatalogueSaysStandsIsNotReversed(t *testing.T) {
	p, _ := simulated(t)
	undo := func(kind vend.Kind, product string) error {
		_, err := p.Prepare(vend.Sale{Ref: "V-1", Kind: vend.KindReverse, Original: "P-1", OriginalKind: kind, Product: product})
		return err
	}
	if err := undo(vend.KindAirtimePIN, "101"); err != nil {
		t.Errorf("before the catalogue is known: %v", err)
	}
	if _, err := p.Products(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := undo(vend.KindAirtimePIN, "301"); err != nil {
		t.Errorf("a product that can be reversed: %v", err)
	}
	if err := undo(vend.KindAirtimePIN, "101"); err == nil {
		t.Error("a product that stands is reversed")
	}
}
