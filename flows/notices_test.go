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
	customer vend.Customer
	err      error // of Order
	buyerErr error
}

func (b book) Order(_ context.Context, ref string) (vend.Order, error) {
	switch {
	case b.err != nil:
		return vend.Order{}, b.err
	case ref != b.order.Ref:
		return vend.Order{}, vend.ErrNoOrder
	}
	return b.order, nil
}

func (b book) Buyer(context.Context, vend.Order) (vend.Customer, error) {
	return b.customer, b.buyerErr
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
			"Your 1Voucher was not accepted. This voucher was already used. No money was added. Ref GHJKLM",
		},
		{
			"voucher not taken in, and not for its own sake", "en",
			with(voucherOrder(t, vend.StateDeclined), func(o *vend.Order) { o.Reason = vend.ReasonTryLater }),
			"We could not add your 1Voucher. This did not work now. Please try again later. Your voucher is still good: keep it. Ref GHJKLM",
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
			"in isiZulu", "zu", airtimeOrder(t, vend.StateDelivered),
			"I-airtime Vodacom R20 ifikile, inombolo 0821234567. 2/3 12:00 Ref GHJKLM. Usizo lwenethiwekhi: 082111",
		},
		{
			"in a language that was not chosen", "", voucherOrder(t, vend.StateDelivered),
			"R50 from your 1Voucher was added to your balance. Ref GHJKLM",
		},
	} {
		if d := cmp.Diff(tc.want, n.Text(tc.order, vend.Customer{MSISDN: buyer, Language: tc.lang})); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
	}
}

// TestEveryNoticeIsOneMessage gives every order the longest values there are.
func TestEveryNoticeIsOneMessage(t *testing.T) {
	n := Notices{Words: words(t), Help: longHelp}
	for _, l := range n.Words.(*locales.Catalogue).Languages() {
		for _, state := range []vend.State{vend.StateSending, vend.StateUnknown, vend.StatePerson, vend.StateDelivered, vend.StateDeclined} {
			for _, kind := range []vend.Kind{vend.KindAirtime, vend.KindRedeem} {
				for _, r := range reasons() {
					if kind == vend.KindAirtime && strings.HasPrefix(string(r), "voucher_") {
						continue
					}
					name := fmt.Sprintf("%s %s %s %s", l.Code, kind, state, r)
					text := n.Text(vend.Order{
						Ref: buyRf, Kind: kind, Label: longNetwork, Amount: longAmount, Target: buyer, State: state, Reason: r,
						CallCentre: "0821234567", UpdatedAt: time.Date(2026, 11, 21, 23, 59, 0, 0, time.UTC),
					}, vend.Customer{Language: l.Code})
					judge(t, name, []string{gsm7.Fold(text)}, 160)
				}
			}
		}
	}
}

// job is a notice's job.
func job(ref string, attempt int) jobs.Job {
	return jobs.Job{Kind: vend.JobNotice, Key: ref + "/" + vend.NoticeEnded, Data: vend.NoticeEnded, Attempt: attempt}
}

// result makes Results comparable.
var result = cmp.AllowUnexported(jobs.Result{})

func TestANoticeIsSentToItsBuyerUnderOneID(t *testing.T) {
	type message struct{ ID, To, Text string }
	var sent []message
	n := Notices{
		Orders: book{order: airtimeOrder(t, vend.StateDelivered), customer: vend.Customer{MSISDN: buyer, Language: "en"}},
		Words:  words(t), Help: "0800123456", Now: func() time.Time { return noon(t) },
		Send: func(_ context.Context, id, to, text string) error {
			sent = append(sent, message{id, to, text})
			return nil
		},
	}
	for attempt := 1; attempt <= 2; attempt++ {
		if d := cmp.Diff(jobs.Done(), n.Work(t.Context(), job(buyRf, attempt)), result); d != "" {
			t.Errorf("attempt %d (-want +got):\n%s", attempt, d)
		}
	}
	want := message{
		buyRf + "/ended", buyer,
		"R20 Vodacom airtime is on 0821234567. 2/3 12:00 Ref GHJKLM. Network help: 082111",
	}
	if d := cmp.Diff([]message{want, want}, sent); d != "" {
		t.Errorf("sent (-want +got):\n%s", d)
	}
}

// TestANoticeThatWasOvertakenSaysHowTheOrderStands sends "a person looks at it"
// so late that the person has looked.
func TestANoticeThatWasOvertakenSaysHowTheOrderStands(t *testing.T) {
	var sent string
	n := Notices{
		Orders: book{order: airtimeOrder(t, vend.StateDelivered), customer: vend.Customer{MSISDN: buyer}},
		Words:  words(t), Help: "0800123456", Now: func() time.Time { return noon(t) },
		Send: func(_ context.Context, _, _, text string) error {
			sent = text
			return nil
		},
	}
	j := jobs.Job{Kind: vend.JobNotice, Key: buyRf + "/" + vend.NoticePerson, Data: vend.NoticePerson, Attempt: 7}
	if d := cmp.Diff(jobs.Done(), n.Work(t.Context(), j), result); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if !strings.HasPrefix(sent, "R20 Vodacom airtime is on 0821234567.") {
		t.Errorf("it says %q", sent)
	}
}

func TestANoticeThatDoesNotGoOutIsTriedAgainLater(t *testing.T) {
	away := errors.New("the way out is closed")
	now := noon(t)
	n := Notices{
		Orders: book{order: airtimeOrder(t, vend.StateDelivered), customer: vend.Customer{MSISDN: buyer}},
		Words:  words(t), Now: func() time.Time { return now },
		Send: func(context.Context, string, string, string) error { return away },
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

func TestANoticeOfAnOrderThatCanNotBeReadWaits(t *testing.T) {
	away := errors.New("the database is away")
	now := noon(t)
	for name, tc := range map[string]struct {
		orders book
		ref    string
		want   jobs.Result
	}{
		"order":       {book{err: away}, buyRf, jobs.Again(now.Add(10*time.Second), away.Error())},
		"buyer":       {book{order: airtimeOrder(t, vend.StateDelivered), buyerErr: away}, buyRf, jobs.Again(now.Add(10*time.Second), away.Error())},
		"no order":    {book{order: airtimeOrder(t, vend.StateDelivered)}, "P-OTHER", jobs.Bury("no such order")},
		"no such one": {book{err: fmt.Errorf("read order: %w", vend.ErrNoOrder)}, buyRf, jobs.Bury("no such order")},
	} {
		n := Notices{
			Orders: tc.orders, Words: words(t), Now: func() time.Time { return now },
			Send: func(context.Context, string, string, string) error {
				t.Errorf("%s: a message was sent", name)
				return nil
			},
		}
		if d := cmp.Diff(tc.want, n.Work(t.Context(), job(tc.ref, 1)), result); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestNoNoticeHoldsAPIN seals a PIN into an order in every way that an order can
// carry one, and looks for it in what is sent.
func TestNoNoticeHoldsAPIN(t *testing.T) {
	const pin = "9781978297839784"
	keys, err := secret.NewKeyring(make([]byte, secret.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	hash := keys.Hash("voucher pin", pin)
	n := Notices{Words: words(t), Help: "0800123456"}
	for _, l := range n.Words.(*locales.Catalogue).Languages() {
		for _, state := range []vend.State{vend.StateSending, vend.StateUnknown, vend.StatePerson, vend.StateDelivered, vend.StateDeclined} {
			for _, kind := range []vend.Kind{vend.KindAirtime, vend.KindRedeem} {
				for _, r := range reasons() {
					text := n.Text(vend.Order{
						Ref: buyRf, Kind: kind, State: state, Reason: r, Amount: ledger.Rand(50), Target: buyer,
						Sealed: keys.Seal(secret.New(pin), buyRf), PINHash: hash[:16], Op: pin, ProviderRef: pin, Code: pin, Product: pin,
					}, vend.Customer{ID: pin, MSISDN: buyer, Language: l.Code})
					if strings.Contains(text, pin) || strings.Contains(text, pin[:4]) || strings.Contains(text, pin[12:]) {
						t.Errorf("%s %s %s: %q", kind, state, r, text)
					}
				}
			}
		}
	}
}
