package electrumapi

import (
	"regexp"
	"strings"
	"time"

	"spaza/hostcall"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// finding is what an answer under 2xx holds of what was asked for.
type finding struct {
	// nothing says that it does not say of what it is the answer.
	nothing bool
	// contradicts is why nobody but a person can say what happened.
	contradicts string
	// missing says that it happened, and that what was sold is not in the
	// answer, or not all; goods is then the part that is.
	missing bool
	goods   vend.Goods
	amount  ledger.Cents // what was approved, where the answer says
	ref     string       // the number by which the host, or who is behind it, has the sale
}

// asked is what is read of a request that was kept.
type asked struct {
	ID      string `json:"id"`
	Product struct {
		ProductID string `json:"productId"`
	} `json:"product"`
	RecipientMsisdn *Msisdn `json:"recipientMsisdn"`
	Meter           Meter   `json:"meter"`
	Amounts         Amounts `json:"amounts"`
	// PurchaseAmount is that of a TokenPurchase.
	PurchaseAmount LedgerAmount `json:"purchaseAmount"`
}

// price is what the customer pays, in cents.
func (a asked) price() int64 {
	if a.Amounts.RequestAmount != nil {
		return a.Amounts.RequestAmount.Amount
	}
	return a.PurchaseAmount.Amount
}

// find reads a success of an operation that sells, or asks after a sale, against what
// was asked for. own are the ids that the answer may carry.
func (p *Provider) find(on Interface, a asked, body secret.Text, own ...string) finding {
	switch on {
	case InterfaceVoucher:
		r, err := Decode[SingleUseProvisionResult](body)
		if err != nil {
			return finding{nothing: true}
		}
		return p.findVoucher(a, r, own)
	case InterfaceUtility:
		r, err := ReadTokenPurchase(body)
		if err != nil {
			return finding{nothing: true}
		}
		return p.findTokens(a, r, own)
	default:
		r, err := Decode[AirtimeSale](body)
		if err != nil {
			return finding{nothing: true}
		}
		return p.findAirtime(a, r, own)
	}
}

func (p *Provider) findAirtime(a asked, r *AirtimeSale, own []string) finding {
	f := finding{nothing: r.ID == "" && r.Product.ProductID == ""}
	f.compare(a, r.Transaction, r.Amounts, own)
	f.same("product", a.Product.ProductID, r.Product.ProductID)
	if a.RecipientMsisdn != nil {
		if r.Msisdn != nil {
			f.same("number", bareNumber(a.RecipientMsisdn.Msisdn), bareNumber(r.Msisdn.Msisdn))
		}
	} else {
		f.missing = r.Voucher == nil || r.Voucher.Pin.Empty()
		if !f.missing {
			f.goods.Voucher = &vend.Voucher{
				PIN: r.Voucher.Pin, Amount: ledger.Cents(a.price()), Serial: notSecret(r.Voucher.SerialNumber, r.Voucher.Pin),
				Expires: day(r.Voucher.ExpiryDate), HowTo: howTo(secret.Text{}, texts(r.Voucher.RedeemInstructions), slipOf(r.SlipData)),
			}
		}
	}
	f.ref = p.reference(r.Transaction, f.goods)
	return f
}

func (p *Provider) findVoucher(a asked, r *SingleUseProvisionResult, own []string) finding {
	f := finding{nothing: r.ID == "" && r.Product == nil && r.Voucher.Code.Empty()}
	f.compare(a, r.Transaction, r.Amounts, own)
	if r.Product != nil {
		f.same("product", a.Product.ProductID, r.Product.ProductID)
	}
	f.missing = r.Voucher.Code.Empty()
	if !f.missing {
		pin := r.Voucher.ClearPin()
		f.goods.Voucher = &vend.Voucher{
			PIN: r.Voucher.Code, Amount: ledger.Cents(a.price()), Serial: notSecret(r.Voucher.SerialNumber, r.Voucher.Code, pin),
			Expires: day(r.Voucher.ExpiryDate), HowTo: howTo(pin, r.Voucher.RedeemInstructions, slipOf(r.SlipData)),
		}
	}
	f.ref = p.reference(r.Transaction, f.goods)
	return f
}

func (p *Provider) findTokens(a asked, r *TokenPurchaseResult, own []string) finding {
	f := finding{nothing: r.ID == "" && r.Meter.MeterID == ""}
	f.compare(a, r.Transaction, r.Amounts, own)
	f.same("meter", bareMeter(a.Meter.MeterID), bareMeter(r.Meter.MeterID))
	f.goods.Utility = utilityOf(a, r)
	f.missing = !f.goods.Satisfy(vend.KindElectricity) || r.TokensLost > 0
	if f.missing && r.AllDebt(a.price()) && f.contradicts == "" {
		f.contradicts = "what was owed on the meter took all of it, and there is no token"
	}
	f.ref = p.reference(r.Transaction, f.goods)
	return f
}

// bareMeter is a meter's number without grouping, and without the zeros that get lost on
// the way.
func bareMeter(s string) string { return strings.TrimLeft(strings.ToUpper(grouping.Replace(s)), "0") }

// bareNumber is a telephone number without grouping and with the code of the country,
// however it is written.
func bareNumber(s string) string {
	s = strings.TrimPrefix(strings.TrimPrefix(grouping.Replace(s), "+"), "00")
	if home, ok := strings.CutPrefix(s, "0"); ok && len(home) == 9 {
		return "27" + home
	}
	return s
}

// same holds a part of the answer, where it is there, against what was asked for.
func (f *finding) same(what, asked, said string) {
	if f.contradicts == "" && said != "" && asked != "" && said != asked {
		f.contradicts = "the answer is about another " + what
	}
}

// compare holds what every answer has against what was asked for.
func (f *finding) compare(a asked, t Transaction, amounts *Amounts, own []string) {
	if t.ID != "" {
		mine := false
		for _, id := range own {
			mine = mine || strings.EqualFold(id, t.ID)
		}
		if !mine {
			f.contradicts = "the answer is about another request"
		}
	}
	if amounts == nil || amounts.ApprovedAmount == nil {
		return
	}
	switch approved := amounts.ApprovedAmount; {
	case f.contradicts != "":
	case !approved.InRand():
		f.contradicts = "another currency was approved"
	case approved.Amount != a.price():
		f.contradicts = "another amount was approved"
	default:
		f.amount = ledger.Cents(approved.Amount)
	}
}

// reference is the number by which others have a sale: of the institutions behind the
// host the last one named, which is the nearest to the goods.
func (p *Provider) reference(t Transaction, g vend.Goods) string {
	o, ref := p.client.options, ""
	for _, id := range t.Identifiers() {
		if id.InstitutionID == o.Institution || id.InstitutionID == o.Client {
			continue
		}
		if said := hostcall.Field(id.TransactionIdentifier, secretsOf(g)); said != "" {
			ref = said
		}
	}
	return ref
}

// secretsOf are the secrets of goods.
func secretsOf(g vend.Goods) (all []secret.Text) {
	if g.Voucher != nil {
		all = append(all, g.Voucher.PIN)
	}
	if g.Utility != nil {
		for _, t := range g.Utility.Tokens {
			all = append(all, t.Value)
		}
	}
	return all
}

// notSecret is a field that is shown in the open; empty where a secret stands in it.
func notSecret(s string, secrets ...secret.Text) string { return hostcall.Field(s, secrets) }

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func texts(lines []string) (all []secret.Text) {
	for _, l := range lines {
		all = append(all, secret.New(l))
	}
	return all
}

// howTo says how to use a voucher: the PIN that is wanted beside its code, and the
// instructions, or the slip where there are none.
func howTo(pin secret.Text, lines, slip []secret.Text) secret.Text {
	if len(lines) == 0 {
		lines = slip
	}
	var words []string
	if !pin.Empty() {
		words = append(words, "PIN "+pin.Reveal()+".")
	}
	for _, l := range lines {
		if line := strings.TrimSpace(l.Reveal()); line != "" {
			words = append(words, line)
		}
	}
	return secret.New(strings.Join(words, "\n"))
}

// utilityOf words a purchase for a meter. Where tokens stand only in a ready slip, they
// are taken from there; where they do not, the slip is not told, since it has them too.
func utilityOf(a asked, r *TokenPurchaseResult) *vend.Utility {
	u := &vend.Utility{
		Meter: grouping.Replace(r.Meter.MeterID), Unit: "kWh", Holder: holderOf(r.Customer),
		Utility: r.Utility.Name, VATNumber: r.Utility.VatRegNum, Receipt: r.VatInvoiceNumber, Message: r.Utility.Message,
		SupplyGroup: r.Meter.SupplyGroupCode, TariffIndex: r.Meter.TariffIndex, KeyRevision: r.Meter.KeyRevisionNum,
	}
	if strings.EqualFold(string(r.UtilityType), string(UtilityWater)) || (r.UtilityType == "" && vend.OfWater(r.Utility.Name)) {
		u.Unit = "kl"
	}
	if u.Meter == "" {
		u.Meter = a.Meter.MeterID
	}
	for _, t := range r.InOrder() {
		if !t.Usable() {
			continue
		}
		u.Tokens = append(u.Tokens, vend.Token{Use: tokenUse(t.TokenType), Value: t.Entry(), Serial: notSecret(t.ReceiptNum, t.Entry())})
		if u.Receipt == "" && t.TokenType == TokenStandard {
			u.Receipt = notSecret(t.ReceiptNum, t.Entry())
		}
	}
	if paid, ok := r.UnitsOf(TokenStandard); ok {
		u.Units = string(paid)
	}
	if free, ok := r.UnitsOf(TokenFree); ok {
		u.FreeUnits = string(free)
	}
	if len(u.Tokens) == 0 && len(r.Tokens) == 0 {
		u.Tokens = slipTokens(r.Slip())
		if u.Message == "" {
			u.Message = slipWords(r.Slip())
		}
	}
	if b := r.Bill(a.price()); b.AddsUp && a.price() > 0 {
		u.PartsKnown, u.Net, u.VAT = true, ledger.Cents(b.Net), ledger.Cents(b.Tax)
		for _, d := range r.DebtRecoveryCharges {
			u.Debt = append(u.Debt, vend.Charge{Label: d.Description, Amount: ledger.Cents(d.Amount.Amount)})
		}
		for _, s := range r.ServiceCharges {
			u.Fixed = append(u.Fixed, vend.Charge{Label: s.Description, Amount: ledger.Cents(s.Amount.Amount)})
		}
	}
	return u
}

func tokenUse(t TokenType) vend.TokenUse {
	switch t {
	case TokenKeyChange:
		return vend.TokenKeyChange
	case TokenStandard, TokenRefund:
		return vend.TokenCredit
	case TokenFree:
		return vend.TokenFree
	default:
		return vend.TokenOther
	}
}

// slipToken is a token as it is printed: 20 digits, alone or in groups of four.
var slipToken = regexp.MustCompile(`(?:^|[^0-9])((?:\d{4}[ \-]?){4}\d{4})(?:[^0-9]|$)`)

// changesAtOnce is how many tokens change the keys of a meter, so that further ones under
// one heading are others.
const changesAtOnce = 2

// slipTokens are the tokens of a slip. What one is for is told, if at all, on its line or
// the one above, and for a number alone on its line by the last words above it.
func slipTokens(slip []secret.Text) (all []vend.Token) {
	var credit []vend.Token
	heading, above, changes := "", "", 0
	for _, l := range slip {
		line, found := strings.ToLower(l.Reveal()), tokensIn(l.Reveal())
		words := heading
		if strings.ContainsAny(line, "abcdefghijklmnopqrstuvwxyz") {
			heading, words, changes = line, above+" "+line, 0
		}
		if above = line; len(found) > 0 { // its words were of its own tokens
			above = ""
		}
		for _, value := range found {
			t := vend.Token{Use: vend.TokenCredit, Value: value}
			switch {
			case changes < changesAtOnce && (strings.Contains(words, "key change") || strings.Contains(words, "kct")):
				t.Use = vend.TokenKeyChange
				all = append(all, t)
				changes++
				continue
			case strings.Contains(words, "free"):
				t.Use = vend.TokenFree
			}
			credit = append(credit, t)
		}
	}
	return append(all, credit...)
}

// tokensIn are the tokens of a line. What ends one may begin the next.
func tokensIn(line string) (all []secret.Text) {
	for {
		at := slipToken.FindStringSubmatchIndex(line)
		if at == nil {
			return all
		}
		all = append(all, secret.New(grouping.Replace(line[at[2]:at[3]])))
		line = line[at[3]:]
	}
}

// slipWords are the lines of a slip without a token in them.
func slipWords(slip []secret.Text) string {
	var words []string
	for _, l := range slip {
		line := strings.TrimSpace(l.Reveal())
		if line != "" && !slipToken.MatchString(line) {
			words = append(words, line)
		}
	}
	return strings.Join(words, "; ")
}

// holderOf is a customer's name.
func holderOf(c Customer) string { return strings.TrimSpace(c.FirstName + " " + c.LastName) }
