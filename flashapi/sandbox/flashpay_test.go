package sandbox

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
)

// accountBody asks about an account at a biller, or pays it; more is JSON that
// follows.
func accountBody(ref, account, more string) string {
	return fmt.Sprintf(`{"reference":%q,"accountNumber":%q,"accountReference":%q%s}`, ref, DefaultAccount, account, more)
}

func payBody(ref, account string, cents int64) string {
	return accountBody(ref, account, `,"amount":`+strconv.FormatInt(cents, 10))
}

// balance is what an account owes or holds, in cents.
func (l *till) balance(account string) float64 {
	l.t.Helper()
	status, answer := l.post(opPayBalance, accountBody("BALANCE-"+account+"-"+strconv.FormatInt(l.now.Add(1), 10), account, ""))
	wantCode(l.t, "balance of "+account, status, answer, 200, 0)
	return number(answer, "amount")
}

func TestABillerIsAnsweredInTheWordsOfTheDocument(t *testing.T) {
	l := setup(t)
	const shape = everyAnswer + `.transactionId=n .metadata.shop=s
		.biller.code=s .biller.name=s .biller.callCentre=s .biller.reference=s
		.consumer.name=s .consumer.accountNo=s .consumer.accountStatus=s .consumer.cellNumber=s`
	const more = `,"metadata":{"shop":"7"}`
	status, answer := l.post(opPayBalance, accountBody("A", "110210035000", more))
	wantCode(t, "balance", status, answer, 200, 0)
	wantShape(t, answer, shape)
	if under(answer, "biller", "code") != "1102" || under(answer, "biller", "name") != "Imbewu Funeral Cover" || under(answer, "consumer", "accountNo") != "10035000" || number(answer, "amount") != 350_00 {
		t.Errorf("balance %v", answer)
	}
	const till = more + `,"amount":5000,"storeId":"S1","terminalId":"T1"`
	for op, body := range map[string]string{
		opPayPurchase: accountBody("B", "110210035000", till+`,"paymentMethod":"Credit Card"`),
		opPayDisburse: accountBody("C", "110210035000", till),
	} {
		status, answer = l.post(op, body)
		wantCode(t, op, status, answer, 200, 0)
		wantShape(t, answer, shape+` .storeId=s .terminalId=s`)
		if number(answer, "amount") != 50_00 {
			t.Errorf("%s: %v", op, answer)
		}
	}
	status, answer = l.post(opPayPurchase, accountBody("D", "110210035000", `,"amount":5000,"storeID":"S1","terminalID":"T1","paymentMethod":"Cash"`))
	wantCode(t, "names of the table", status, answer, 200, 0)
	if answer["storeId"] != "S1" || answer["terminalId"] != "T1" {
		t.Errorf("names of the table: %v", answer)
	}
}

func TestABillGoesDownWhenItIsPaidAndSoDoesTheFloat(t *testing.T) {
	l := setup(t)
	const bill, purse = "110110035000", "110130010000"
	for i, c := range []struct {
		op    string
		cents int64
		code  int
		owes  float64
	}{
		{opPayPurchase, 100_00, 0, 250_00},
		{opPayDisburse, 50_01, 0, 199_99},
		{opPayPurchase, 200_00, 3311, 199_99},
		{opPayPurchase, 0, 3304, 199_99},
		{opPayPurchase, 9_99, 3311, 199_99},
		{opPayPurchase, 199_99, 0, 0},
		{opPayPurchase, 10_00, 3311, 0},
	} {
		ref := fmt.Sprintf("A-%d", i)
		status, answer := l.post(c.op, payBody(ref, bill, c.cents))
		wantRefusalOrSuccess(t, ref, status, answer, c.code)
		status, answer = l.post(c.op, payBody(ref, bill, c.cents))
		wantRefusalOrSuccess(t, ref+" again", status, answer, c.code)
		if got := l.balance(bill); got != c.owes {
			t.Errorf("%s: owes %v, want %v", ref, got, c.owes)
		}
	}
	status, answer := l.post(opPayDisburse, payBody("B", purse, 25_50))
	wantCode(t, "a purse", status, answer, 200, 0)
	if got := l.balance(purse); got != 125_50 {
		t.Errorf("purse holds %v", got)
	}
	if got := l.balance("110210035000"); got != 350_00 {
		t.Errorf("the same number at another biller owes %v", got)
	}
	if b := l.sandbox.Books(); b.Float != DefaultFloat-350_00-25_50 {
		t.Errorf("float %d", b.Float)
	}
	l.sandbox.Reset()
	if got := l.balance(bill); got != 350_00 {
		t.Errorf("after a reset it owes %v", got)
	}
}

func TestAnAccountIsRefusedForAReason(t *testing.T) {
	l := setup(t, func(o *Options) { o.Float = 100_00 })
	pay := `,"amount":5000`
	for name, c := range map[string]struct {
		account, more string
		balance       int // code of a look at it
		payment       int
	}{
		"no such biller":           {"999910035000", pay, 3303, 3303},
		"biller alone":             {"1101", pay, 3308, 3308},
		"too long":                 {"1101100350001", pay, 3308, 3308},
		"letters":                  {"11011003500A", pay, 3308, 3308},
		"not found":                {"110190000000", pay, 3309, 3309},
		"closed":                   {"110140005000", pay, 0, 3307},
		"wanted":                   {"110163310000", pay, 3310, 3310},
		"float too small":          {"110110035000", `,"amount":10001`, 0, 2003},
		"a bill, over the biller":  {"110110035000", `,"amount":200001`, 0, 3311},
		"a purse, over the biller": {"110130010000", `,"amount":200001`, 0, 3311},
		"no account":               {"", pay, 2308, 2308},
		"with a dash":              {"1101-10035000", pay, 2231, 2231},
	} {
		if c.balance != 2308 && c.balance != 2231 {
			status, answer := l.post(opPayBalance, accountBody("B-"+strconv.FormatInt(l.now.Add(1), 10), c.account, ""))
			wantRefusalOrSuccess(t, name+", balance", status, answer, c.balance)
		}
		for _, op := range []string{opPayPurchase, opPayDisburse} {
			status, answer := l.post(op, accountBody("P-"+strconv.FormatInt(l.now.Add(1), 10), c.account, c.more))
			wantRefusal(t, name+", "+op, status, answer, c.payment)
		}
	}
	for name, c := range map[string]struct {
		op, more string
		code     int
	}{
		"paid by cheque":          {opPayPurchase, pay + `,"paymentMethod":"Cheque"`, 2231},
		"paid by CASH":            {opPayPurchase, pay + `,"paymentMethod":"CASH"`, 2231},
		"disbursed in cash":       {opPayDisburse, pay + `,"paymentMethod":"Cash"`, 2231},
		"two stores":              {opPayPurchase, pay + `,"storeId":"1","storeID":"1"`, 2231},
		"names of the other":      {opPayDisburse, pay + `,"storeID":"1"`, 2231},
		"no amount":               {opPayPurchase, ``, 2308},
		"amount for a balance":    {opPayBalance, pay, 2231},
		"negative amount":         {opPayDisburse, `,"amount":-5000`, 2231},
		"amount in rand and cent": {opPayDisburse, `,"amount":50.00`, 2231},
	} {
		status, answer := l.post(c.op, accountBody("C-"+strconv.FormatInt(l.now.Add(1), 10), "110110035000", c.more))
		wantRefusal(t, name, status, answer, c.code)
	}
	status, answer := l.post(opPayBalance, accountBody("Z", "110140005000", ""))
	wantCode(t, "closed", status, answer, 200, 0)
	if under(answer, "consumer", "accountStatus") != "Closed" || number(answer, "amount") != 50_00 {
		t.Errorf("closed: %v", answer)
	}
	if b := l.sandbox.Books(); b.Float != 100_00 {
		t.Errorf("float %d", b.Float)
	}
}

func TestAFaultOfAnAccountStrikesWhereItShouldAndIsRecoveredFrom(t *testing.T) {
	for _, f := range []fault{faultCutAfter, fault503After, faultBusy, faultEmpty} {
		l := setup(t)
		early, late := "11017"+f.number()+"00200", "11018"+f.number()+"00200"
		status, answer := l.post(opPayBalance, accountBody("A", late, ""))
		wantCode(t, late, status, answer, 200, 0)
		if status, answer = l.post(opPayBalance, accountBody("B", early, "")); status == 200 && answer["responseCode"] == 0.0 {
			t.Errorf("balance of %s: %v", early, answer)
		}
		for _, account := range []string{early, late} {
			body := payBody("P-"+account, account, 100_00)
			if status, answer = l.post(opPayPurchase, body); status == 200 && answer["responseCode"] == 0.0 {
				t.Errorf("payment of %s: %v", account, answer)
			}
			for range 3 {
				status, answer = l.post(opPayPurchase, body)
			}
			wantCode(t, "payment of "+account+", repeated", status, answer, 200, 0)
		}
		if got := l.balance(late); got != 100_00 || l.sandbox.Books().Float != DefaultFloat-200_00 {
			t.Errorf("%s owes %v, float %d", late, got, l.sandbox.Books().Float)
		}
	}
}

func TestManyTillsPayNoMoreThanIsOwed(t *testing.T) {
	l := setup(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { l.post(opPayPurchase, payBody(fmt.Sprintf("A-%d", i), "110110035000", 100_00)) })
	}
	all.Wait()
	if got := l.balance("110110035000"); got != 50_00 || l.sandbox.Books().Float != DefaultFloat-300_00 {
		t.Errorf("owes %v, float %d", got, l.sandbox.Books().Float)
	}
}

func TestEveryListedAccountIsKnownToItsBiller(t *testing.T) {
	l := setup(t, func(o *Options) { o.SlowFor = 1 })
	seen := make(map[string]bool)
	for _, n := range payNumbers() {
		if seen[n.Value] || n.Kind != "account" || n.Meaning == "" || !isAlphanumeric(n.Value, "") {
			t.Errorf("%+v", n)
		}
		seen[n.Value] = true
	}
	for _, a := range l.sandbox.catalogue {
		if a.group != groupPay {
			continue
		}
		if got := l.balance(a.biller + "10035000"); got != 350_00 {
			t.Errorf("%s owes %v", a.name, got)
		}
		status, answer := l.post(opPayPurchase, payBody("A-"+a.biller, a.biller+"10035000", a.min))
		wantCode(t, a.name, status, answer, 200, 0)
	}
}
