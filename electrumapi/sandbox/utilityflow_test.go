package sandbox

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestARetryGivesTheTokensThatWereIssuedOrIssuesThem(t *testing.T) {
	l := setup(t)
	id, first := l.buy("14000000019", 100_00)
	again := l.retry(id, "14000000019", 100_00)
	again.want(t, "retry of what was sold", 202, "")
	if codes(first) == "" || codes(again) != codes(first) || again.at("id") != id {
		t.Errorf("sold %s, then %s", first.text, again.text)
	}
	other := l.id() // as Electrum's own collection sends it
	renamed := l.post(utilityBase+"tokenPurchases/"+id+"/retry", tokens(other, "14000000019", 100_00))
	renamed.want(t, "retry with a new id", 202, "")
	if codes(renamed) != codes(first) || renamed.at("id") != other {
		t.Errorf("sold %s, then %s", first.text, renamed.text)
	}
	_, dup := l.buy("14000000019", 100_00)
	dup.want(t, "another purchase", 201, "")
	l.post(utilityBase+"tokenPurchases/"+id, tokens(id, "14000000019", 100_00)).want(t, "the same id", 400, "DUPLICATE_RECORD")
	l.retry(id, "14000000027", 100_00).want(t, "another meter", 400, "FORMAT_ERROR")
	l.retry(id, "14000000019", 200_00).want(t, "another amount", 400, "FORMAT_ERROR")
	l.money("two purchases", DefaultFloat-200_00)

	unseen := l.id()
	issued := l.retry(unseen, "14000000019", 50_00)
	issued.want(t, "retry of what never came", 202, "")
	wantWhole(t, "retry of what never came", issued, 50_00)
	l.confirm(unseen).want(t, "confirmation of it", 202, "")
	l.money("three purchases", DefaultFloat-250_00)

	refused, _ := l.buy("14000000076", 10_00)
	l.retry(refused, "14000000076", 10_00).want(t, "retry of what was refused", 400, "AMOUNT_TOO_LOW")

	late, answer := l.buy("TST011", 100_00)
	if answer.status != 504 || l.sandbox.Done(late) {
		t.Errorf("TST011: HTTP %d", answer.status)
	}
	wantWhole(t, "TST011 retried", l.retry(late, "TST011", 100_00), 100_00)
}

func TestOneOfConfirmationAndReversalIsTaken(t *testing.T) {
	l := setup(t)
	id, _ := l.buy("TST001", 100_00)
	own := l.id()
	path := utilityBase + "tokenPurchases/" + id + "/confirmations/" + own
	for range 2 { // the same advice is taken as often as it comes
		answer := l.post(path, advice(own, id, props{"tenders": []props{{"tenderType": "WALLET", "amount": rands(100_00)}}}))
		answer.want(t, "confirmation", 202, "")
		if answer.at("id") != own || answer.at("requestId") != id {
			t.Errorf("confirmation: %s", answer.text)
		}
	}
	if sold, _ := l.sandbox.Transaction(id); sold.State != Confirmed || sold.Advices != 2 || sold.Paid != 100_00 {
		t.Errorf("the books: %+v", sold)
	}
	l.reverse(id).want(t, "reversal of what is confirmed", 400, "TRANSACTION_DECLINED")
	l.money("confirmed", DefaultFloat-100_00)

	id, _ = l.buy("TST001", 100_00)
	l.reverse(id).want(t, "reversal", 202, "")
	l.reverse(id).want(t, "reversal again", 202, "")
	l.confirm(id).want(t, "confirmation of what is reversed", 400, "TRANSACTION_DECLINED")
	l.retry(id, "TST001", 100_00).want(t, "retry of what is reversed", 400, "TRANSACTION_DECLINED")
	l.money("reversed", DefaultFloat-100_00)

	id, _ = l.buy("14000000019", 100_00)
	l.reverse(id).want(t, "a utility takes no tokens back", 400, "TRANSACTION_NOT_SUPPORTED")
	l.confirm(id).want(t, "confirmation after that", 202, "")
	l.money("two are sold", DefaultFloat-200_00)

	id = l.id()
	l.confirm(id).want(t, "confirmation of nothing", 404, "UNABLE_TO_LOCATE_RECORD")
	l.reverse(id).want(t, "reversal before its purchase", 404, "UNABLE_TO_LOCATE_RECORD")
	l.post(utilityBase+"tokenPurchases/"+id, tokens(id, "14000000019", 100_00)).want(t, "the purchase", 400, "TRANSACTION_DECLINED")
	l.retry(id, "14000000019", 100_00).want(t, "its retry", 400, "TRANSACTION_DECLINED")
	l.money("nothing more is sold", DefaultFloat-200_00)
}

func TestATrialTellsAndSellsNothing(t *testing.T) {
	l := setup(t)
	id := l.id()
	path := utilityBase + "tokenPurchases/" + id + "/trial"
	trial := l.post(path, tokens(id, "14000000134", 1000_00))
	trial.want(t, "trial", 200, "")
	wantWhole(t, "trial", trial, 1000_00)
	for _, token := range objects(trial.at("tokens")) {
		if code := token.at("token"); code != "00000000000000000000" {
			t.Errorf("a trial gives the token %v", token.at("tokenType"))
		}
	}
	l.post(path, tokens(id, "14000000134", 1000_00)).want(t, "the same id", 400, "DUPLICATE_RECORD")
	l.now.Store(25 * 3600)
	l.post(path, tokens(id, "14000000134", 1000_00)).want(t, "the same id when it is forgotten", 200, "")
	_, sold := l.buy("14000000134", 1000_00)
	if kinds(sold) != kinds(trial) || cents(sold.at("purchaseTotal.amount")) != cents(trial.at("purchaseTotal.amount")) {
		t.Errorf("told %s, sold %s", trial.text, sold.text)
	}
	l.money("one purchase", DefaultFloat-1000_00)
}

func TestAReprintGivesTheTokensOfAPurchase(t *testing.T) {
	l := setup(t)
	reprint := func(meter, original string) reply {
		id := l.id()
		more := props{"meter": props{"meterId": meter}}
		if original != "" {
			more["originalRef"] = original
		}
		return l.post(utilityBase+"tokenReprints/"+id, request(id, more))
	}
	reprint("14000000019", "").want(t, "before any purchase", 404, "UNABLE_TO_LOCATE_RECORD")
	id, first := l.buy("14000000019", 100_00)
	_, second := l.buy("14000000019", 200_00)
	for name, want := range map[string]reply{
		"": second, id: first, "P-" + id[len(id)-4:]: first,
	} {
		got := reprint("14000000019", name)
		got.want(t, "reprint of "+name, 200, "")
		if codes(got) != codes(want) {
			t.Errorf("reprint of %q: %s", name, got.text)
		}
	}
	invoice, _ := first.at("vatInvoiceNumber").(string)
	receipt, _ := first.at("tokens.0.receiptNum").(string)
	for _, name := range []string{invoice, receipt} {
		if got := reprint("14000000019", name); name == "" || codes(got) != codes(first) {
			t.Errorf("reprint of %q: %s", name, got.text)
		}
	}
	reprint("14000000027", id).want(t, "of another meter", 404, "UNABLE_TO_LOCATE_RECORD")
	reprint("14000000018", "").want(t, "of no meter", 400, "UNKNOWN_METER_ID")
	id, _ = l.buy("TST001", 100_00)
	l.reverse(id)
	reprint("TST001", "").want(t, "of what is reversed", 404, "UNABLE_TO_LOCATE_RECORD")
}

func TestKeysAreChangedOnRequestAndConfirmed(t *testing.T) {
	l := setup(t)
	change := func(meter string) (string, reply) {
		id := l.id()
		return id, l.post(utilityBase+"keyChangeTokenRequests/"+id, request(id, props{"meter": props{"meterId": meter}}))
	}
	id, changed := change("14000000126")
	changed.want(t, "key change", 201, "")
	if kinds(changed) != "KC KC KC KC" || changed.at("meter.keyChangeData.newSupplyGroupCode") != "100405" {
		t.Errorf("key change: %s", changed.text)
	}
	own := l.id()
	l.post(utilityBase+"keyChangeTokenRequests/"+id+"/confirmations/"+own, advice(own, id, nil)).want(t, "confirmation", 202, "")
	_, none := change("14000000019")
	none.want(t, "no change due", 400, "TRANSACTION_DECLINED")

	bought, _ := l.buy("14000000118", 100_00)
	own = l.id()
	l.post(utilityBase+"keyChangeTokenRequests/"+bought+"/confirmations/"+own, advice(own, bought, nil)).
		want(t, "a purchase is no key change", 404, "UNABLE_TO_LOCATE_RECORD")
	id, _ = change("14000000118")
	l.confirm(id).want(t, "a key change is no purchase", 404, "UNABLE_TO_LOCATE_RECORD")
	l.money("key changes cost nothing", DefaultFloat-100_00)
}

func TestFaultsAreReportedAndEventsAreNotWanted(t *testing.T) {
	l := setup(t)
	report := func(more props) reply {
		id := l.id()
		return l.post(utilityBase+"faultReports/"+id, request(id, with(props{
			"meter": props{"meterId": "14000000019"}, "contactNumber": "0821234567", "faultType": "MeterDead",
		}, more)))
	}
	answer := report(nil)
	answer.want(t, "report", 201, "")
	if reference, _ := answer.at("reference").(string); reference == "" {
		t.Errorf("report: %s", answer.text)
	}
	report(props{"faultType": "Bored"}).want(t, "unknown kind", 400, "FORMAT_ERROR")
	report(props{"contactNumber": nil}).want(t, "no number", 400, "FORMAT_ERROR")
	report(props{"meter": props{"meterId": "7654321"}}).want(t, "no meter", 400, "UNKNOWN_METER_ID")
	l.post(utilityBase+"events/tokenPurchases?purchaseId="+l.id(), props{}).want(t, "event", 501, "FUNCTION_NOT_SUPPORTED")
}

func TestAFaultOfAMeterStrikesWhereItShouldAndIsRecoveredFrom(t *testing.T) {
	for _, k := range faultKinds() {
		switch k.fault {
		case faultHang, faultLate, faultHuge, faultDrip, faultDeep, faultSlow:
			continue // have tests of their own, or are no trouble to this customer
		}
		l := setup(t)
		meter := faultMeter(makerFaultAtPurchase, k.fault)
		l.lookup(meter).want(t, "lookup before fault "+k.fault.number(), 201, "")
		if found := l.lookup(faultMeter(makerFault, k.fault)); found.status == 201 && found.at("minAmount") != nil &&
			found.at("meter.meterId") == faultMeter(makerFault, k.fault) && k.fault != faultOtherID &&
			k.fault != faultNoGoods && k.fault != faultNoGoodsOnce {
			t.Errorf("fault %s did not strike a lookup: %s", k.fault.number(), found.text)
		}
		id, first := l.buy(meter, 100_00)
		if first.status == 201 && first.at("id") == id && first.at("meter.meterId") == meter && codes(first) != "" {
			t.Errorf("fault %s did not strike: %s", k.fault.number(), first.text)
		}
		if l.sandbox.Done(id) == k.before {
			t.Errorf("fault %s: sold is %t", k.fault.number(), l.sandbox.Done(id))
		}
		again := l.retry(id, meter, 100_00)
		if whole := again.status == 202 && codes(again) != ""; whole == (k.fault == faultNoGoods) {
			t.Errorf("fault %s, retried: %s", k.fault.number(), again.text)
		}
		l.money("fault "+k.fault.number(), DefaultFloat-100_00)
	}
}

func TestTheSimulatorsBooksTellNoToken(t *testing.T) {
	l := setup(t)
	_, sold := l.buy("14000000019", 100_00)
	b, err := json.Marshal(l.sandbox.Books())
	if err != nil {
		t.Fatal(err)
	}
	if code := codes(sold); code == "" || strings.Contains(string(b), code) {
		t.Errorf("the books: %s", b)
	}
}
