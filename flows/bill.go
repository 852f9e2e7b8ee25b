package flows

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"spaza/dialog"
	"spaza/ledger"
	"spaza/vend"
)

const (
	billBiller  dialog.StateID = "bill.biller"
	billAccount dialog.StateID = "bill.account"
	billLooking dialog.StateID = "bill.looking"
	billSilent  dialog.StateID = "bill.silent"
	billOften   dialog.StateID = "bill.often"
	billAmount  dialog.StateID = "bill.amount"
	billNone    dialog.StateID = "bill.none"
)

// bill pays into an account at a biller. The account is looked up before it is
// paid, so that a customer sees whose it is.
func bill(s Shop) []dialog.State {
	f := billFlow{s}
	c := billCounter(s)
	what := "what." + c.flow
	how := amounts{
		flow: c.flow, back: billAccount, next: c.confirm(), gone: billBiller,
		ask: f.askAmount, quick: larger(), priced: f.priced, all: f.said,
	}
	return slices.Concat([]dialog.State{
		{
			ID: billBiller, Back: moreStart, What: what,
			Enter: f.enterBiller, Ask: f.askBiller, Answer: f.pickBiller,
			Edges: []dialog.Edge{{Move: "picked", To: billAccount}, {Move: "none", To: billNone}},
		},
		{
			ID: billAccount, Back: billBiller, What: what, Free: true,
			Enter: f.enterAccount, Ask: f.askAccount, Answer: f.takeAccount,
			Edges: []dialog.Edge{{Move: "look", To: billLooking}, {Move: "gone", To: billBiller}},
		},
		{
			ID: billLooking, Do: f.look,
			Edges: []dialog.Edge{
				{Move: "amount", To: how.list()},
				{Move: "same", To: c.confirm()},
				{Move: "account", To: billAccount},
				{Move: "silent", To: billSilent},
				{Move: "often", To: billOften},
				{Move: "gone", To: billBiller},
			},
		},
		{
			ID: billSilent, Back: billAccount, What: what,
			Ask: f.askSilent,
			Answer: func(context.Context, *dialog.Talk, dialog.Input) (dialog.Move, error) {
				return "again", nil
			},
			Edges: []dialog.Edge{{Move: "again", To: billLooking}},
		},
		{ID: billOften, End: true, Ask: says("bill.often")},
	}, how.states(), checkout(s, c), []dialog.State{{ID: billNone, End: true, Ask: says("shop.none")}})
}

func billCounter(s Shop) counter {
	f := billFlow{s}
	mend := mendAmount(billAmount)
	mend[vend.ReasonAccount] = billAccount
	return counter{
		flow: "bill", kind: vend.KindBill, back: billAmount, again: billLooking,
		onSale: f.onSale, product: f.product, cautions: f.cautions, person: true, least: f.least, mend: mend, recall: f.recall,
	}
}

// billFlow is not open where the operator pays: that would be giving money away.
type billFlow struct{ Shop }

// payable says whether a biller can be paid anything within the shop's limit.
func (f billFlow) payable(p vend.Product) bool {
	return p.Biller != "" && !pricesOf(p).capped(f.Till.MostAtOnce(vend.KindBill)).empty()
}

func (f billFlow) onSale() bool {
	return !f.onTheHouse() && slices.ContainsFunc(f.Shelf.Of(vend.KindBill), f.payable)
}

// biller is who was picked; not ok when they take no payments any more.
func (f billFlow) biller(t *dialog.Talk) (vend.Product, bool) {
	if f.onTheHouse() {
		return vend.Product{}, false
	}
	p, ok := f.Shelf.Product(vend.KindBill, t.Text(product))
	return p, ok && p.Biller != ""
}

// name is the biller as people read it, also of one that left the shelf since.
func (billFlow) name(t *dialog.Talk) dialog.Arg { return text("label", t.Text(label)) }

// billerOf is whose account a whole reference is: of two prefixes that suit, the
// longer one counts.
func (f billFlow) billerOf(reference string) string {
	var found string
	for _, p := range f.Shelf.Of(vend.KindBill) {
		if strings.HasPrefix(reference, p.Biller) && len(p.Biller) > len(found) {
			found = p.Biller
		}
	}
	return found
}

func (f billFlow) enterBiller(context.Context, *dialog.Talk) (dialog.Move, error) {
	if !f.onSale() {
		return "none", nil
	}
	return dialog.Stay, nil
}

func (f billFlow) askBiller(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("bill.biller.ask")
	for _, p := range f.Shelf.Of(vend.KindBill) {
		if f.payable(p) {
			s.Add(p.Code, p.Vendor)
		}
	}
}

func (f billFlow) pickBiller(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	choose(t, product, in.Option)
	p, _ := f.Shelf.Product(vend.KindBill, in.Option)
	t.SetText(label, p.Vendor) // to be said also where the biller leaves the shelf
	return "picked", nil
}

// enterAccount reads which accounts the customer has paid into at this biller.
// Not being able to is no reason not to sell.
func (f billFlow) enterAccount(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	p, ok := f.biller(t)
	if !ok {
		t.Note(whyKey(vend.ReasonProductGone))
		return "gone", nil
	}
	known, err := f.Members.Regulars(ctx, t.User, regularsRead, vend.KindBill)
	if err != nil {
		known = nil
	}
	var here []vend.Regular
	for _, r := range known {
		own, its := strings.CutPrefix(r.Target, p.Biller)
		if its && own != "" && f.billerOf(r.Target) == p.Biller {
			here = append(here, vend.Regular{Target: own, Nickname: r.Nickname})
		}
	}
	t.SetText(regulars, packRegulars(here, false))
	return dialog.Stay, nil
}

// regularsRead is how many accounts are read to find those at one biller.
const regularsRead = 50

func (f billFlow) askAccount(t *dialog.Talk, s *dialog.Screen) {
	known := unpackRegulars(t.Text(regulars))
	key := "bill.account.ask"
	if len(known) > 0 {
		key = "bill.account.known"
	}
	s.Text = t.Say(key, f.name(t))
	for _, r := range known {
		s.Add(r.Target, named(r.Nickname, maskLast(r.Target, accountShown)))
	}
}

// accountShown is how many characters of an account a list shows.
const accountShown = 3

// takeAccount takes an account from the list, or typed.
func (f billFlow) takeAccount(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	account := in.Option
	if account == "" {
		p, _ := f.biller(t)
		var err error
		switch account, err = ParseAccount(in.Text, p.Biller); {
		case err != nil && t.Options() > 0 && (in.Gone || len(in.Text) <= 2):
			return t.AgainPick(t.Options())
		case err != nil:
			return t.Again("bill.account.bad")
		}
	}
	choose(t, target, account)
	chooseAmount(t, 0)
	t.SetText(regulars, "")
	return "look", nil
}

// look asks the biller about the account.
func (f billFlow) look(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	t.SetText(holder, "")
	t.SetInt(arrears, 0)
	p, ok := f.biller(t)
	if !ok {
		t.Note(whyKey(vend.ReasonProductGone))
		return "gone", nil
	}
	a, err := f.Desk.AskAccount(ctx, t.User, p.Biller+t.Text(target))
	if no, refused := errors.AsType[*vend.RefusalError](err); refused {
		t.Note("pay.fix", text("why", t.Say(whyKey(no.Reason))))
		return "account", nil
	}
	switch {
	case errors.Is(err, vend.ErrTooManyEnquiries):
		return "often", nil
	case errors.Is(err, vend.ErrNoEnquiry): // it is paid without
	case err != nil:
		return "silent", nil //nolint:nilerr // the customer is told, and may try again
	}
	t.SetText(holder, maskName(a.Holder))
	if a.BalanceKnown {
		t.SetInt(arrears, int64(a.Balance))
	}
	if _, ok := f.product(t); ok { // once more what was paid before
		return "same", nil
	}
	return "amount", nil
}

func (f billFlow) askSilent(t *dialog.Talk, s *dialog.Screen) {
	s.Text = t.Say("bill.silent", f.name(t))
	s.Add("again", t.Say("meter.silent.again"))
}

// askAmount says whose account it is; where the biller did not say, which.
func (f billFlow) askAmount(t *dialog.Talk) string {
	key := "bill.amount.ask"
	if t.Int(arrears) > 0 {
		key = "bill.amount.ask.owed"
	}
	return t.Say(key, f.name(t), text("holder", cmp.Or(t.Text(holder), t.Text(target))), money("owed", cents(t, arrears)))
}

// said offers to pay just what the biller says of the account. It is on the list
// once, also where it is one of the usual amounts.
func (f billFlow) said(t *dialog.Talk) (ledger.Cents, string) {
	c := cents(t, arrears)
	if slices.Contains(larger(), c) {
		return 0, ""
	}
	return c, c.String()
}

func (f billFlow) priced(t *dialog.Talk) (prices, bool) {
	p, ok := f.biller(t)
	return pricesOf(p).capped(f.Till.MostAtOnce(vend.KindBill)), ok
}

func (f billFlow) product(t *dialog.Talk) (vend.Product, bool) {
	p, ok := f.biller(t)
	return p, ok && pricesOf(p).takes(cents(t, amount))
}

func (f billFlow) least(t *dialog.Talk) ledger.Cents {
	p, _ := f.priced(t)
	return p.least()
}

// cautions name the holder once more, since who pays again saw no list of amounts.
func (billFlow) cautions(t *dialog.Talk) []string {
	more := t.Say("bill.caution")
	if name := t.Text(holder); name != "" {
		return []string{name + ". " + more, more}
	}
	return []string{more}
}

func (f billFlow) recall(t *dialog.Talk, o vend.Order) bool {
	p, ok := f.Shelf.Product(vend.KindBill, o.Product)
	own, its := strings.CutPrefix(o.Target, p.Biller)
	if !ok || p.Biller == "" || !its || own == "" {
		return false
	}
	t.SetText(product, p.Code)
	t.SetText(label, p.Vendor)
	t.SetText(target, own)
	t.SetInt(amount, int64(o.Amount))
	_, ok = f.product(t)
	return ok
}

// ErrNotAccount is returned for what can not be an account at a biller.
var ErrNotAccount = errors.New("not an account of 4 to 20 digits or letters")

const accountLeast, accountMost = 4, 20

// ParseAccount reads an account at a biller as people type it: with blanks and
// dashes, in small letters, and with the biller's prefix, where they have it so
// from a slip. What is left without a prefix must be an account itself.
func ParseAccount(s, prefix string) (string, error) {
	b := make([]byte, 0, accountMost)
	for _, c := range []byte(s) {
		switch {
		case '0' <= c && c <= '9', 'A' <= c && c <= 'Z':
			b = append(b, c)
		case 'a' <= c && c <= 'z':
			b = append(b, c-'a'+'A')
		case c == ' ' || c == '-':
		default:
			return "", ErrNotAccount
		}
	}
	account := string(b)
	if own, its := strings.CutPrefix(account, strings.ToUpper(prefix)); its && len(own) >= accountLeast {
		account = own
	}
	if len(account) < accountLeast || len(account) > accountMost {
		return "", ErrNotAccount
	}
	return account, nil
}
