package recon

// Advice says what a difference means and what to look at.
type Advice string

// The kinds of advice.
const (
	AdviceOpen           Advice = "still_open"
	AdviceWaiting        Advice = "provider_has_not_ended"
	AdviceEdge           Advice = "edge_of_period"
	AdviceUnreadable     Advice = "line_unreadable"
	AdviceDoneAbsent     Advice = "done_here_absent_there"
	AdviceDoneFailed     Advice = "done_here_failed_there"
	AdviceAmount         Advice = "amounts_differ"
	AdviceVended         Advice = "sold_there"
	AdviceNotVended      Advice = "not_sold_there"
	AdviceAbsentUnproven Advice = "absence_proves_nothing"
	AdviceGoods          Advice = "goods_missing"
	AdviceNoValue        Advice = "voucher_without_value"
	AdviceCredit         Advice = "voucher_taken_in_there"
	AdviceLoss           Advice = "refused_here_sold_there"
	AdviceFreeSold       Advice = "free_refused_here_sold_there"
	AdviceReversed       Advice = "reversed_there"
	AdviceRedeemReversed Advice = "voucher_given_back_there"
	AdviceStillSold      Advice = "reversed_here_sold_there"
	AdviceStuck          Advice = "stuck"
	AdviceTwice          Advice = "sold_twice_there"
	AdviceUnclear        Advice = "lines_contradict"
	AdviceNoLine         Advice = "reversal_listed"
	AdviceNoLineOpen     Advice = "reversal_waits"
	AdviceNotOurs        Advice = "sale_unknown_here"
	AdviceAside          Advice = "voucher_unknown_here"
	AdviceOdd            Advice = "voucher_unknown_odd"
	AdviceNoMoney        Advice = "unknown_here_no_money"
)

// says is the advice in plain words.
func (a Advice) says() string {
	switch a {
	case AdviceOpen:
		return "The service is still asking. Look again tomorrow."
	case AdviceWaiting:
		return "The provider has not ended it. Look again in tomorrow's file."
	case AdviceEdge:
		return "Absent, but so near the end of the period that it may be in the next file or the last. Give both."
	case AdviceUnreadable:
		return "A line that names it cannot be read. See the unreadable lines."
	case AdviceDoneAbsent:
		return "Done here, and the provider has no line. Ask the provider for it by both references; it may be under another account."
	case AdviceDoneFailed:
		return "Done here, failed there. See the order's trail for what the provider answered, and ask which of the two is right."
	case AdviceAmount:
		return "The amounts differ. See the order and the provider's statement; nothing is proposed while they do."
	case AdviceVended:
		return "It waited for a decision, and the provider sold it."
	case AdviceNotVended:
		return "It waited for a decision, and the provider did not sell it."
	case AdviceAbsentUnproven:
		return "It waits for a decision and has no line, but this file does not prove anything by an absence; see the notes."
	case AdviceGoods:
		return "The provider sold it. What was bought must reach the customer before it is resolved: see whether it is kept with the order, or have the provider give it."
	case AdviceNoValue:
		return "The provider took a voucher in and does not say of what value. Ask."
	case AdviceCredit:
		return "Refused here, yet the provider took the voucher in. The customer is owed its value."
	case AdviceLoss:
		return "Refused here and the money given back, yet the provider sold it."
	case AdviceFreeSold:
		return "Refused here, and the provider issued it free of charge. Have it sent to the customer; no money is involved."
	case AdviceReversed:
		return "Done here, and the provider has reversed it."
	case AdviceRedeemReversed:
		return "The provider gave a voucher back that was credited here. To take it from the customer is never proposed."
	case AdviceStillSold:
		return "Reversed here, sold there. See whether the reversal was ever accepted, and ask the provider to reverse it."
	case AdviceStuck:
		return "The window of the automatic means is over, and it was not handed to a person. See why its job does not run."
	case AdviceTwice:
		return "The provider sold it more than once under one reference. Ask for the others to be reversed."
	case AdviceUnclear:
		return "The lines contradict each other, or have the sign of money given back. See them in the file, and whether its signs were understood."
	case AdviceNoLine:
		return "A reversal of ours stands in the file and does not fit. See what was to be reversed."
	case AdviceNoLineOpen:
		return "A reversal that waits for a decision. It has no line of its own: see whether the line of the sale says reversed."
	case AdviceNotOurs:
		return "Sold there under a reference nobody has here: another system on this account, or an order lost with a database."
	case AdviceAside:
		return "A voucher was taken in, and nobody here knows it. The money is the customer's who is not found yet."
	case AdviceOdd:
		return "A voucher was taken in under an odd reference, or without a value. Ask the provider."
	case AdviceNoMoney:
		return "Unknown here, and no money moved."
	}
	return ""
}
