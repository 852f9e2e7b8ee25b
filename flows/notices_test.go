package flows

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"spaza/gsm7"
	"spaza/jobs"
	"spaza/ledger"
	"spaza/locales"
	"spaza/secret"
	"spaza/vend"

	"github.com/google/go-cmp/cmp"
)

const (
	buyer  = "27821234567"
	buyRf  = "P-23456789ABCDEFGHJKLM"
	atNoon = "2026-03-02T10:00:00Z"
)

// sends is a way out that looks at a message's name, number and text.
func sends(f func(id, to, text string) (string, error)) func(context.Context, Outgoing) (string, error) {
	return func(_ context.Context, m Outgoing) (string, error) { return f(m.ID, m.To, m.Text) }
}

func noon(t *testing.T) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, atNoon)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// book keeps orders for a notice.
type book struct {
	order    vend.Order
	original vend.Order // what the order undoes
	customer vend.Customer
	goods    vend.Goods
	err      error // of Order
	buyerErr error
	goodsErr error
	sentErr  error
	sent     *[]string // what was written to be sent
}

func (b book) Order(_ context.Context, ref string) (vend.Order, error) {
	switch {
	case b.err != nil:
		return vend.Order{}, b.err
	case ref == b.order.Ref:
		return b.order, nil
	case ref == b.original.Ref && ref != "":
		return b.original, nil
	}
	return vend.Order{}, vend.ErrNoOrder
}

func (b book) Goods(vend.Order) (vend.Goods, error) {
	if b.goodsErr == nil && b.goods.Empty() {
		return vend.Goods{}, vend.ErrNoGoods
	}
	return b.goods, b.goodsErr
}

func (b book) Sent(_ context.Context, j jobs.Job, ref, taken string) error {
	if b.sent != nil {
		*b.sent = append(*b.sent, fmt.Sprintf("job %d: %s as %s", j.ID, ref, taken))
	}
	return b.sentErr
}

func (b book) Sale(ctx context.Context, ref string) (vend.Order, vend.Customer, error) {
	o, err := b.Order(ctx, ref)
	if err != nil {
		return o, vend.Customer{}, err
	}
	return o, b.customer, b.buyerErr
}

func words(t *testing.T) *locales.Catalogue {
	t.Helper()
	c, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func airtimeOrder(t *testing.T, s vend.State) vend.Order {
	return vend.Order{
		Ref: buyRf, Kind: vend.KindAirtime, Label: "Vodacom", Amount: ledger.Rand(20), Target: buyer, State: s,
		CallCentre: "082111", UpdatedAt: noon(t),
	}
}

func voucherOrder(t *testing.T, s vend.State) vend.Order {
	o := vend.Order{Ref: "R-23456789ABCDEFGHJKLM", Kind: vend.KindRedeem, State: s, UpdatedAt: noon(t)}
	if s == vend.StateDelivered {
		o.Amount = ledger.Rand(50)
	}
	return o
}

func TestANoticeSaysHowTheOrderStands(t *testing.T) {
	with := func(o vend.Order, change func(*vend.Order)) vend.Order {
		change(&o)
		return o
	}
	n := Notices{Words: words(t), Help: "0800123456"}
	state := func(o vend.Order, s vend.State) vend.Order {
		return with(o, func(o *vend.Order) { o.State = s })
	}
	resolved := func(o vend.Order, r vend.Resolution) vend.Order {
		return with(o, func(o *vend.Order) { o.State, o.Resolution, o.Reason = vend.StateResolved, r, vend.ReasonUnavailable })
	}
	house := func(o vend.Order) vend.Order { return with(o, func(o *vend.Order) { o.Fund = vend.FundMerchant }) }
	of := func(k vend.Kind) vend.Order {
		return with(airtimeOrder(t, vend.StatePerson), func(o *vend.Order) { o.Kind, o.Label, o.Target, o.CallCentre = k, "Eskom", "07012345678", "" })
	}
	free := with(of(vend.KindElectricity), func(o *vend.Order) { o.Amount = 0 })
	for _, tc := range []struct {
		name, lang string
		order      vend.Order
		want       string
	}{
		{
			"airtime came", "en", airtimeOrder(t, vend.StateDelivered),
			"R20 Vodacom airtime is on 0821234567. 2/3 12:00 Ref GHJKLM. Network help: 082111",
		},
		{
			"airtime came and there is no call centre", "en",
			with(airtimeOrder(t, vend.StateDelivered), func(o *vend.Order) { o.CallCentre = "" }),
			"R20 Vodacom airtime is on 0821234567. 2/3 12:00 Ref GHJKLM",
		},
		{
			"airtime did not come", "en",
			with(airtimeOrder(t, vend.StateDeclined), func(o *vend.Order) { o.Reason = vend.ReasonNumberBarred }),
			"R20 airtime for 0821234567 did not work. The network does not allow airtime for this number. Your R20 is back in your balance. Ref GHJKLM",
		},
		{
			"airtime did not come for a reason that is new", "en",
			with(airtimeOrder(t, vend.StateDeclined), func(o *vend.Order) { o.Reason = "something_new" }),
			"R20 airtime for 0821234567 did not work. This is not available right now. Your R20 is back in your balance. Ref GHJKLM",
		},
		{
			"a person looks at airtime", "en", airtimeOrder(t, vend.StatePerson),
			"We are still checking your R20 purchase for 0821234567. Your money is kept safe. Help: 0800123456 Ref GHJKLM",
		},
		{
			"airtime is open, and must not be said to have failed", "en", airtimeOrder(t, vend.StateUnknown),
			"We are still checking your R20 purchase for 0821234567. Your money is kept safe. Help: 0800123456 Ref GHJKLM",
		},
		{
			"voucher added", "en", voucherOrder(t, vend.StateDelivered),
			"R50 from your 1Voucher was added to your balance. Ref GHJKLM",
		},
		{
			"voucher refused", "en",
			with(voucherOrder(t, vend.StateDeclined), func(o *vend.Order) { o.Reason = vend.ReasonVoucherUsed }),
			"Your 1Voucher was not accepted. This PIN does not work. Check the 16 digits. No money was added. Ref GHJKLM",
		},
		{
			"voucher not taken in, and not for its own sake", "en",
			with(voucherOrder(t, vend.StateDeclined), func(o *vend.Order) { o.Reason = vend.ReasonTryLater }),
			"We could not add your 1Voucher. Please try again later. Your voucher is still good: keep it. Ref GHJKLM",
		},
		{
			"voucher not taken in, for a reason that is new", "zu",
			with(voucherOrder(t, vend.StateDeclined), func(o *vend.Order) { o.Reason = "something_new" }),
			"Asikwazanga ukufaka i-1Voucher yakho. Lokhu akutholakali okwamanje. Ivawusha yakho isasebenza: yigcine. Ref GHJKLM",
		},
		{
			"a person looks at a voucher", "en", voucherOrder(t, vend.StatePerson),
			"We are still checking your 1Voucher. Keep the slip. If it is good the money is yours. Help: 0800123456 Ref GHJKLM",
		},
		{
			"voucher is open, and must not be said to be refused", "en", voucherOrder(t, vend.StateSending),
			"We are still checking your 1Voucher. Keep the slip. If it is good the money is yours. Help: 0800123456 Ref GHJKLM",
		},
		{
			"airtime that a person found to have come", "en", resolved(airtimeOrder(t, vend.StatePerson), vend.ResolvedVended),
			"R20 Vodacom airtime is on 0821234567. 2/3 12:00 Ref GHJKLM. Network help: 082111",
		},
		{
			"airtime that a person found not to have come", "en", resolved(airtimeOrder(t, vend.StatePerson), vend.ResolvedNotVended),
			"R20 airtime for 0821234567 did not work. This is not available right now. Your R20 is back in your balance. Ref GHJKLM",
		},
		{
			"a voucher that a person found to be good", "en",
			with(resolved(voucherOrder(t, vend.StatePerson), vend.ResolvedVended), func(o *vend.Order) { o.Amount = ledger.Rand(50) }),
			"R50 from your 1Voucher was added to your balance. Ref GHJKLM",
		},
		{
			"a voucher that a person found not to be taken in", "en", resolved(voucherOrder(t, vend.StatePerson), vend.ResolvedNotVended),
			"We could not add your 1Voucher. This is not available right now. Your voucher is still good: keep it. Ref GHJKLM",
		},
		{
			"airtime is committed and not begun", "en", airtimeOrder(t, vend.StateConfirmed),
			"We are still checking your R20 purchase for 0821234567. Your money is kept safe. Help: 0800123456 Ref GHJKLM",
		},
		{
			"airtime is paid and not had", "en", airtimeOrder(t, vend.StateOwed),
			"It is paid. R20 Vodacom for 0821234567 is on its way. Do not buy again. Help: 0800123456 Ref GHJKLM",
		},
		{
			"tokens are paid and not had", "en", state(of(vend.KindElectricity), vend.StateOwed),
			"It is paid. Your R20 Eskom PIN or token comes by SMS. Do not buy again. Help: 0800123456 Ref GHJKLM",
		},
		{
			"a bill is paid, and that is all that is known", "en", state(of(vend.KindBill), vend.StateOwed),
			"It is paid. R20 Eskom for 07012345678 is on its way. Do not buy again. Help: 0800123456 Ref GHJKLM",
		},
		{
			"a refund is made and not had", "en", state(of(vend.KindRefund), vend.StateOwed),
			"Your new 1Voucher of R20 is made. Its PIN comes by SMS. Help: 0800123456 Ref GHJKLM",
		},
		{
			"tokens did not come", "en",
			with(state(of(vend.KindElectricity), vend.StateDeclined), func(o *vend.Order) { o.Reason = vend.ReasonMeterBlocked }),
			"Your R20 purchase (Eskom) did not work. This meter cannot buy now. Phone the supplier. Your R20 is back in your balance. Ref GHJKLM",
		},
		{
			"free tokens did not come", "en",
			with(state(free, vend.StateDeclined), func(o *vend.Order) { o.Reason = vend.ReasonFreeAlreadyIssued }),
			"Your free units did not come. This month's free electricity was already given. No money was taken. Ref GHJKLM",
		},
		{
			"a person looks at tokens", "en", of(vend.KindElectricity),
			"We are still checking your R20 purchase (Eskom). Your money is kept safe. Help: 0800123456 Ref GHJKLM",
		},
		{
			"a person looks at free tokens", "en", free,
			"We are still checking your free units. Help: 0800123456 Ref GHJKLM",
		},
		{
			"a refund is refused", "en", state(of(vend.KindRefund), vend.StateDeclined),
			"We could not make a 1Voucher of your R20. This is not available right now. The R20 is in your balance. Ref GHJKLM",
		},
		{
			"a person looks at a refund", "en", of(vend.KindRefund),
			"We are still making your new 1Voucher of R20. Your money is kept safe. Help: 0800123456 Ref GHJKLM",
		},
		{
			"a sale was undone", "en", state(of(vend.KindVoucher), vend.StateReversed),
			"Your R20 purchase (Eskom) was undone. The R20 is back in your balance. Ref GHJKLM",
		},
		{
			"a redemption was undone", "en",
			with(voucherOrder(t, vend.StateReversed), func(o *vend.Order) { o.Amount = ledger.Rand(50) }),
			"Your 1Voucher of R50 was given back. It left your balance, and the voucher is good again. Ref GHJKLM",
		},
		{
			"a refund was undone", "en", state(of(vend.KindRefund), vend.StateReversed),
			"The 1Voucher of R20 that we sent you was undone. Its PIN is dead, and the R20 is back in your balance. Ref GHJKLM",
		},
		{
			"airtime on the house did not come", "en", house(airtimeOrder(t, vend.StateDeclined)),
			"R20 airtime for 0821234567 did not work. This is not available right now. Nothing was bought. Ref GHJKLM",
		},
		{
			"tokens on the house did not come", "en", house(state(of(vend.KindElectricity), vend.StateDeclined)),
			"Your R20 purchase (Eskom) did not work. This is not available right now. Nothing was bought. Ref GHJKLM",
		},
		{
			"a person looks at airtime on the house", "en", house(airtimeOrder(t, vend.StatePerson)),
			"We are still checking your R20 purchase (Vodacom). Do not buy again. Help: 0800123456 Ref GHJKLM",
		},
		{
			"a sale on the house was undone", "en", house(airtimeOrder(t, vend.StateReversed)),
			"Your R20 purchase (Vodacom) was undone. Ref GHJKLM",
		},
		{
			"in isiZulu", "zu", airtimeOrder(t, vend.StateDelivered),
			"I-airtime Vodacom R20 ifikile, inombolo 0821234567. 2/3 12:00 Ref GHJKLM. Usizo lwenethiwekhi: 082111",
		},
		{
			"in a language that was not chosen", "", voucherOrder(t, vend.StateDelivered),
			"R50 from your 1Voucher was added to your balance. Ref GHJKLM",
		},
	} {
		if d := cmp.Diff(tc.want, n.Text(News{Order: tc.order, Customer: vend.Customer{MSISDN: buyer, Language: tc.lang}})); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
	}
}

// TestEveryNoticeIsShort gives every order the longest values there are: in
// English each is one message, in languages of longer words two parts at most.
// What has goods to hand over may take more: see receipts_test.go.
func TestEveryNoticeIsShort(t *testing.T) {
	n := Notices{Words: words(t), Help: longHelp}
	for _, l := range n.Words.(*locales.Catalogue).Languages() {
		most := 2 * 153 // septets of a part that is one of several
		if l.Code == locales.English {
			most = 160
		}
		for _, kind := range vend.Kinds() {
			for _, state := range vend.States() {
				for _, fund := range []vend.Fund{vend.FundBalance, vend.FundMerchant} {
					for _, r := range reasons() {
						if strings.HasPrefix(string(r), "voucher_") && kind != vend.KindRedeem {
							continue
						}
						name := fmt.Sprintf("%s %s %s %s %s", l.Code, kind, state, fund, r)
						o := vend.Order{
							Ref: buyRf, Kind: kind, Label: longNetwork, Amount: longAmount, Target: buyer, State: state, Reason: r, Fund: fund,
							CallCentre: "0821234567", UpdatedAt: time.Date(2026, 11, 21, 23, 59, 0, 0, time.UTC),
						}
						for _, o.Amount = range []ledger.Cents{longAmount, 0} {
							for _, o.Resolution = range []vend.Resolution{vend.ResolvedVended, vend.ResolvedNotVended} {
								text := n.Text(News{Order: o, Customer: vend.Customer{Language: l.Code}})
								judge(t, name, []string{gsm7.Fold(text)}, most)
							}
						}
					}
				}
			}
		}
	}
}

// job is a notice's job.
func job(ref string, attempt int) jobs.Job {
	return jobs.Job{ID: 7, Kind: vend.JobNotice, Key: ref + "/" + vend.NoticeEnded, Data: vend.NoticeEnded, Attempt: attempt}
}

// result makes Results comparable.
var result = cmp.AllowUnexported(jobs.Result{})

func TestANoticeIsSentToItsBuyerUnderOneID(t *testing.T) {
	type message struct{ ID, To, Text string }
	var sent []message
	var written []string
	n := Notices{
		Orders: book{order: airtimeOrder(t, vend.StateDelivered), customer: vend.Customer{MSISDN: buyer, Language: "en"}, sent: &written},
		Words:  words(t), Help: "0800123456", Now: func() time.Time { return noon(t) }, Rand: first,
		Send: sends(func(id, to, text string) (string, error) {
			sent = append(sent, message{id, to, text})
			return "gateway:1", nil
		}),
	}
	for attempt := 1; attempt <= 2; attempt++ {
		if d := cmp.Diff(jobs.Written(), n.Work(t.Context(), job(buyRf, attempt)), result); d != "" {
			t.Errorf("attempt %d (-want +got):\n%s", attempt, d)
		}
	}
	want := message{
		buyRf + "/ended#7", buyer,
		"R20 Vodacom airtime is on 0821234567. 2/3 12:00 Ref GHJKLM. Network help: 082111",
	}
	if d := cmp.Diff([]message{want, want}, sent); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
	line := "job 7: " + buyRf + " as gateway:1"
	if d := cmp.Diff([]string{line, line}, written); d != "" {
		t.Errorf("written (-want +got):\n%s", d)
	}
	// One that support sends later is another message.
	again := job(buyRf, 1)
	again.ID = 8
	n.Work(t.Context(), again)
	if id := sent[len(sent)-1].ID; id != buyRf+"/ended#8" {
		t.Errorf("a second message is sent as %s", id)
	}
}

// TestAMessageThatWentIsNotSentAgain lets the note fail that it went.
func TestAMessageThatWentIsNotSentAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want jobs.Result
	}{
		"the database is away":     {errors.New("away"), jobs.Done()},
		"the order is gone":        {fmt.Errorf("note: %w", vend.ErrNoOrder), jobs.Done()},
		"the job is another's now": {fmt.Errorf("note: %w", jobs.ErrLost), jobs.Written()},
	} {
		went := 0
		n := Notices{
			Orders: book{order: airtimeOrder(t, vend.StateDelivered), customer: vend.Customer{MSISDN: buyer}, sentErr: tc.err},
			Words:  words(t), Now: func() time.Time { return noon(t) }, Rand: first,
			Send: sends(func(string, string, string) (string, error) { went++; return "", nil }),
		}
		if d := cmp.Diff(tc.want, n.Work(t.Context(), job(buyRf, 1)), result); d != "" || went != 1 {
			t.Errorf("%s: went %d times (-want +got):\n%s", name, went, d)
		}
	}
}

// TestANoticeThatWasOvertakenSaysHowTheOrderStands sends "a person looks at it"
// so late that the person has looked.
func TestANoticeThatWasOvertakenSaysHowTheOrderStands(t *testing.T) {
	sent := deliver(t, book{order: airtimeOrder(t, vend.StateDelivered)}, buyRf+"/"+vend.NoticePerson)
	if !strings.HasPrefix(sent, "R20 Vodacom airtime is on 0821234567.") {
		t.Errorf("it says %q", sent)
	}
}

// deliver is the text that is sent for a notice.
func deliver(t *testing.T, b book, key string) (text string) {
	t.Helper()
	b.customer = vend.Customer{MSISDN: buyer, Language: "en"}
	n := Notices{
		Orders: b, Words: words(t), Help: "0800123456", Now: func() time.Time { return noon(t) }, Rand: first,
		Send: sends(func(_, _, what string) (string, error) {
			text = what
			return "", nil
		}),
	}
	if d := cmp.Diff(jobs.Written(), n.Work(t.Context(), jobs.Job{Kind: vend.JobNotice, Key: key, Attempt: 1}), result); d != "" {
		t.Errorf("%s (-want +got):\n%s", key, d)
	}
	return text
}

// TestAReversalIsToldOfTheSaleThatItUndid looks for the reference that the
// customer knows.
func TestAReversalIsToldOfTheSaleThatItUndid(t *testing.T) {
	sale := vend.Order{Ref: "P-ABCDEFGHJKLMNPQRST", Kind: vend.KindVoucher, Label: "1Voucher", Amount: ledger.Rand(30), State: vend.StateReversed}
	undo := vend.Order{Ref: buyRf, Kind: vend.KindReverse, Label: "1Voucher", Amount: ledger.Rand(30), State: vend.StateDelivered, Original: sale.Ref}
	got := deliver(t, book{order: undo, original: sale, goods: pinGoods()}, buyRf+"/ended")
	if want := "Your R30 purchase (1Voucher) was undone. The R30 is back in your balance. Ref NPQRST"; got != want {
		t.Errorf("it says %q", got)
	}
}

func pinGoods() vend.Goods {
	return vend.Goods{Voucher: &vend.Voucher{PIN: secret.New("9781978297839784"), Amount: ledger.Rand(20), Expires: "2029-03-02"}}
}

// TestGoodsAreHandedOutWhereTheSaleStands seals goods into orders of every state.
func TestGoodsAreHandedOutWhereTheSaleStands(t *testing.T) {
	for _, s := range vend.States() {
		for _, r := range []vend.Resolution{"", vend.ResolvedVended, vend.ResolvedNotVended} {
			o := vend.Order{Ref: buyRf, Kind: vend.KindRefund, Label: "1Voucher", Amount: ledger.Rand(20), State: s, Resolution: r, Goods: []byte("sealed")}
			got := deliver(t, book{order: o, goods: pinGoods()}, buyRf+"/ended")
			if has := strings.Contains(got, "9781 9782 9783 9784"); has != o.Done() {
				t.Errorf("%s %s: %q", s, r, got)
			}
		}
	}
}

func TestGoodsThatAreGoneAreNotPromised(t *testing.T) {
	o := vend.Order{
		Ref: buyRf, Kind: vend.KindVoucher, Label: "1Voucher", Amount: ledger.Rand(20), State: vend.StateDelivered, UpdatedAt: noon(t),
	}
	want := "Your R20 purchase (1Voucher) went through. We cannot show its PIN or token any more. Help: 0800123456 2/3 12:00 Ref GHJKLM"
	if d := cmp.Diff(want, deliver(t, book{order: o}, buyRf+"/ended")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestANoticeThatDoesNotGoOutIsTriedAgainLater(t *testing.T) {
	away := errors.New("the way out is closed")
	now := noon(t)
	n := Notices{
		Orders: book{order: airtimeOrder(t, vend.StateDelivered), customer: vend.Customer{MSISDN: buyer}},
		Words:  words(t), Now: func() time.Time { return now }, Rand: first,
		Send: sends(func(string, string, string) (string, error) { return "", away }),
	}
	waits := []time.Duration{
		10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 320 * time.Second,
		640 * time.Second, 1280 * time.Second, 30 * time.Minute, 30 * time.Minute,
	}
	for i, wait := range waits {
		if d := cmp.Diff(jobs.Again(now.Add(wait), away.Error()), n.Work(t.Context(), job(buyRf, i+1)), result); d != "" {
			t.Errorf("attempt %d (-want +got):\n%s", i+1, d)
		}
	}
	for attempt, want := range map[int]jobs.Result{
		0:  jobs.Again(now.Add(10*time.Second), away.Error()),
		39: jobs.Again(now.Add(30*time.Minute), away.Error()),
		40: jobs.Bury(away.Error()),
		41: jobs.Bury(away.Error()),
	} {
		if d := cmp.Diff(want, n.Work(t.Context(), job(buyRf, attempt)), result); d != "" {
			t.Errorf("attempt %d (-want +got):\n%s", attempt, d)
		}
	}
}

func TestANoticeIsGivenUpWhenItsTimeIsOver(t *testing.T) {
	away := errors.New("the way out is closed")
	until := noon(t)
	var now time.Time
	n := Notices{
		Orders: book{order: airtimeOrder(t, vend.StateDelivered), customer: vend.Customer{MSISDN: buyer}},
		Words:  words(t), Now: func() time.Time { return now }, Rand: first,
		Send: sends(func(string, string, string) (string, error) { return "", away }),
	}
	for _, tc := range []struct {
		left    time.Duration
		attempt int
		want    func() jobs.Result
	}{
		{72 * time.Hour, 1, func() jobs.Result { return jobs.Again(now.Add(10*time.Second), away.Error()) }},
		{2 * time.Hour, 140, func() jobs.Result { return jobs.Again(now.Add(30*time.Minute), away.Error()) }},
		{30 * time.Minute, 144, func() jobs.Result { return jobs.Again(until, away.Error()) }},
		{29 * time.Minute, 144, func() jobs.Result { return jobs.Bury(away.Error()) }},
		{-time.Second, 1, func() jobs.Result { return jobs.Bury(away.Error()) }},
	} {
		now = until.Add(-tc.left)
		j := job(buyRf, tc.attempt)
		j.Until = until
		if d := cmp.Diff(tc.want(), n.Work(t.Context(), j), result); d != "" {
			t.Errorf("with %s left (-want +got):\n%s", tc.left, d)
		}
	}
}

func TestANoticeOfAnOrderThatCanNotBeReadWaits(t *testing.T) {
	away := errors.New("the database is away")
	now := noon(t)
	for name, tc := range map[string]struct {
		orders book
		ref    string
		want   jobs.Result
	}{
		"order": {book{err: away}, buyRf, jobs.Again(now.Add(10*time.Second), away.Error())},
		"buyer": {book{order: airtimeOrder(t, vend.StateDelivered), buyerErr: away}, buyRf, jobs.Again(now.Add(10*time.Second), away.Error())},
		"goods": {
			book{order: airtimeOrder(t, vend.StateDelivered), customer: vend.Customer{MSISDN: buyer}, goodsErr: away},
			buyRf, jobs.Again(now.Add(10*time.Second), away.Error()),
		},
		"what it undoes": {
			book{order: vend.Order{Ref: buyRf, Kind: vend.KindReverse, State: vend.StateDelivered, Original: "P-GONE"}},
			buyRf, jobs.Bury("no such order"),
		},
		"nobody": {book{order: airtimeOrder(t, vend.StateDelivered)}, buyRf, jobs.Bury("nobody to tell")},
		"somebody forgotten": {
			book{order: airtimeOrder(t, vend.StateDelivered), customer: vend.Customer{ID: "C1", MSISDN: vend.ErasedMSISDN("C1")}},
			buyRf, jobs.Bury("nobody to tell"),
		},
		"no order":    {book{order: airtimeOrder(t, vend.StateDelivered)}, "P-OTHER", jobs.Bury("no such order")},
		"no such one": {book{err: fmt.Errorf("read order: %w", vend.ErrNoOrder)}, buyRf, jobs.Bury("no such order")},
	} {
		n := Notices{
			Orders: tc.orders, Words: words(t), Now: func() time.Time { return now }, Rand: first,
			Send: sends(func(string, string, string) (string, error) {
				t.Errorf("%s: a message was sent", name)
				return "", nil
			}),
		}
		if d := cmp.Diff(tc.want, n.Work(t.Context(), job(tc.ref, 1)), result); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestNoNoticeHoldsAPINThatIsNotItsGoods hides a PIN in an order in every way in
// which an order can carry one, and looks for it in what is sent.
func TestNoNoticeHoldsAPINThatIsNotItsGoods(t *testing.T) {
	const pin = "9781978297839784"
	keys, err := secret.NewKeyring(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	hash := keys.Hash("voucher pin", pin)
	n := Notices{Words: words(t), Help: "0800123456"}
	for _, l := range n.Words.(*locales.Catalogue).Languages() {
		for _, state := range vend.States() {
			for _, kind := range vend.Kinds() {
				for _, r := range reasons() {
					text := n.Text(News{
						Order: vend.Order{
							Ref: buyRf, Kind: kind, State: state, Reason: r, Amount: ledger.Rand(50), Target: buyer,
							Sealed: keys.Seal(secret.New(pin), buyRf), Goods: keys.Seal(secret.New(pin), "goods "+buyRf),
							PINHash: hash[:16], Op: pin, ProviderRef: pin, Code: pin, Product: pin, Original: pin,
						},
						Customer: vend.Customer{ID: pin, MSISDN: buyer, Language: l.Code},
					})
					if strings.Contains(text, pin) || strings.Contains(text, pin[:4]) || strings.Contains(text, pin[12:]) {
						t.Errorf("%s %s %s: %q", kind, state, r, text)
					}
				}
			}
		}
	}
}

// first is no randomness at all.
func first(int64) int64 { return 0 }
