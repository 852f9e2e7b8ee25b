package electrumapi

// Bill is how a payment for tokens was divided, in cents of rand.
type Bill struct {
	// Net is what went into tokens, Debt what went to what was owed, and Fees to
	// service charges, each without tax. Tax is that of all three.
	Net, Tax, Debt, Fees int64
	// AddsUp says that these are all of the payment. Where they are not, none of
	// them is fit to be shown.
	AddsUp bool
}

// maxPart bounds the money that is believed in one part of a bill: ten million rand.
const maxPart = 10_000_000_00

// tally adds parts up and remembers whether one cannot be believed.
type tally struct {
	sum, tax int64
	broken   bool
}

func (t *tally) add(a *TaxableAmount) {
	if a == nil || !believable(&a.LedgerAmount) {
		t.broken = true
		return
	}
	t.sum += a.Amount
	if a.Tax == nil {
		return
	}
	if *a.Tax < 0 || *a.Tax > maxPart {
		t.broken = true
		return
	}
	t.tax += *a.Tax
}

func believable(a *LedgerAmount) bool { return a.InRand() && a.Amount >= 0 && a.Amount <= maxPart }

// Bill divides a payment of so many cents. The document names the parts, and that a
// part's amount excludes its tax where the tax is there; whether the totals agree with
// the parts it does not say, so each reading that it leaves open is tried.
func (r TokenPurchaseResult) Bill(paid int64) Bill {
	var tokens, debts, fees tally
	for _, t := range r.Tokens {
		// What is given, or given back, is no part of what was paid.
		if t.TokenType != TokenFree && t.TokenType != TokenRefund {
			tokens.add(t.Amount)
		}
	}
	for _, d := range r.DebtRecoveryCharges {
		debts.add(d.Amount)
	}
	for _, s := range r.ServiceCharges {
		fees.add(s.Amount)
	}
	if debts.broken || fees.broken || r.TokensLost > 0 {
		return Bill{}
	}
	nets, taxes := []int64{tokens.sum}, []int64{tokens.tax + debts.tax + fees.tax}
	if tokens.broken {
		nets, taxes = nil, nil
	}
	if r.PurchaseTotal != nil && believable(r.PurchaseTotal) {
		nets = append(nets, r.PurchaseTotal.Amount)
	}
	if r.TaxTotal != nil && believable(r.TaxTotal) {
		taxes = append(taxes, r.TaxTotal.Amount)
	}
	for _, net := range nets {
		for _, tax := range taxes {
			if net+tax+debts.sum+fees.sum == paid {
				return Bill{Net: net, Tax: tax, Debt: debts.sum, Fees: fees.sum, AddsUp: true}
			}
		}
	}
	return Bill{}
}

// AllDebt says that a purchase of so many cents brought no units because what was owed
// and the fees took all of it: a success, with nothing to key in but, at most, tokens
// that change keys. (Electrum's own test server answers so; the document does not say
// whether the tax is then a part of the amounts.)
func (r TokenPurchaseResult) AllDebt(paid int64) bool {
	var charges tally
	for _, d := range r.DebtRecoveryCharges {
		charges.add(d.Amount)
	}
	for _, s := range r.ServiceCharges {
		charges.add(s.Amount)
	}
	for _, t := range r.Tokens {
		if t.TokenType != TokenKeyChange {
			return false
		}
	}
	return paid > 0 && r.TokensLost == 0 && !charges.broken && (charges.sum == paid || charges.sum+charges.tax == paid)
}
