package sandbox

import (
	"fmt"
	"strconv"
	"strings"
)

// The operations of section 2.11.
const (
	opPayBalance  = "flash-pay/balance"
	opPayPurchase = "flash-pay/purchase"
	opPayDisburse = "flash-pay/disburse"
)

func (s *Sandbox) payRoutes() {
	b := &billing{s: s}
	s.remember(func() { b.paid = make(map[string]int64) })
	s.post(opPayBalance, b.readBalance)
	s.post(opPayPurchase, b.readPurchase)
	s.post(opPayDisburse, b.readDisburse)
}

// billing keeps the accounts of Flash Pay's billers. The sandbox's lock guards
// it.
type billing struct {
	s    *Sandbox
	paid map[string]int64 // cents, by account reference
}

// A consumer's account number has eight digits; the first says what it is, the
// next five are rand in all but the last three kinds:
//
//	1VVVVVNN owes VVVVV rand
//	3VVVVVNN holds VVVVV rand, and takes more
//	4VVVVVNN was closed when it owed VVVVV rand
//	6CCCCNNN answers code CCCC
//	7FFVVVVV owes VVVVV rand and meets fault FF
//	8FFVVVVV the same, but only when it is paid
//
// Everything else is unknown.
const (
	accountOwes           = '1'
	accountHolds          = '3'
	accountClosed         = '4'
	accountCode           = '6'
	accountFault          = '7'
	accountFaultAtPayment = '8'
)

// consumer is an account at a biller.
type consumer struct {
	biller    article
	reference string // with the biller's code
	number    string
	kind      byte
	opening   int64 // cents, before payments
}

// find understands an account reference. Refusals are those of section 4.
func (b *billing) find(reference string) (consumer, *refusal) {
	for _, a := range b.s.catalogue {
		number, its := strings.CutPrefix(reference, a.biller)
		if a.group != groupPay || !its {
			continue
		}
		c := consumer{biller: a, reference: reference, number: number}
		if !isDigits(number, 8) {
			return c, &refusal{code: 3308}
		}
		c.kind = number[0]
		rands := ""
		switch c.kind {
		case accountOwes, accountHolds, accountClosed:
			rands = number[1:6]
		case accountFault, accountFaultAtPayment:
			rands = number[3:]
		case accountCode:
		default:
			return c, &refusal{code: 3309}
		}
		n, _ := strconv.ParseInt(rands, 10, 64)
		c.opening = n * 100
		return c, nil
	}
	return consumer{}, &refusal{code: 3303}
}

// want sets what an account wants to go wrong.
func (c consumer) want(job *work, payment bool) {
	switch {
	case c.kind == accountCode:
		job.answer, _ = strconv.Atoi(c.number[1:5])
	case c.kind == accountFault, c.kind == accountFaultAtPayment && payment:
		n, _ := strconv.Atoi(c.number[1:3])
		job.fault = fault(n)
	}
}

// readBalance understands a look at an account (section 2.11.1).
func (b *billing) readBalance(f *fields) (work, *refusal) {
	job := work{head: f.head()}
	reference := f.account()
	if no := f.refusal(); no != nil {
		return job, no
	}
	job.target = "account " + reference
	c, no := b.find(reference)
	if no == nil {
		c.want(&job, false)
	}
	job.run = func() (map[string]any, int64, *refusal) {
		if no != nil {
			return nil, 0, no
		}
		return c.wire(b.balance(c)), 0, nil
	}
	return job, nil
}

// readPurchase understands a payment by cash or card (section 2.11.2). Its table
// writes storeID and terminalID, its example storeId and terminalId.
func (b *billing) readPurchase(f *fields) (work, *refusal) {
	for is, other := range map[string]string{"storeId": "storeID", "terminalId": "terminalID"} {
		f.rename(other, is)
	}
	switch f.text("paymentMethod", false) {
	case "", "Cash", "Credit Card":
	default:
		f.wrong = true
	}
	return b.readDisburse(f)
}

// readDisburse understands a payment from the merchant's balance (section
// 2.11.3).
func (b *billing) readDisburse(f *fields) (work, *refusal) {
	job := work{head: f.head(), amount: f.whole("amount")}
	reference := f.account()
	if no := f.refusal(); no != nil {
		return job, no
	}
	job.target = "account " + reference
	c, no := b.find(reference)
	if no == nil {
		c.want(&job, true)
	}
	job.run = func() (map[string]any, int64, *refusal) {
		if no == nil {
			no = b.pay(c, job.amount)
		}
		if no != nil {
			return nil, 0, no
		}
		return c.wire(job.amount), job.amount, nil
	}
	return job, nil
}

func (f *fields) account() string {
	reference := f.text("accountReference", true)
	f.wrong = f.wrong || !isAlphanumeric(reference, "")
	return reference
}

// rename lets a property be read by another name; both at once are wrong.
func (f *fields) rename(from, to string) {
	raw, given := f.left[from]
	if !given {
		return
	}
	if _, both := f.left[to]; both {
		f.wrong = true
	}
	delete(f.left, from)
	f.left[to] = raw
}

// balance is what an account owes or holds, in cents. The caller holds the lock.
func (b *billing) balance(c consumer) int64 {
	if c.kind == accountHolds {
		return c.opening + b.paid[c.reference]
	}
	return c.opening - b.paid[c.reference]
}

// pay moves money from the float to an account. The caller holds the lock.
func (b *billing) pay(c consumer, amount int64) *refusal {
	switch {
	case amount == 0:
		return &refusal{code: 3304}
	case c.kind == accountClosed:
		return &refusal{code: 3307}
	case amount < c.biller.min || amount > c.biller.max:
		return &refusal{code: 3311}
	case c.kind != accountHolds && amount > b.balance(c):
		return &refusal{code: 3311} // nobody pays more than is owed
	case amount > b.s.books.float:
		return &refusal{code: 2003}
	}
	b.s.books.float -= amount
	b.paid[c.reference] += amount
	return nil
}

// wire is what all three answer (sections 3.1.28 to 3.1.30): amount is the
// balance, or what was paid.
func (c consumer) wire(amount int64) map[string]any {
	standing := "Active"
	if c.kind == accountClosed {
		standing = "Closed"
	}
	return map[string]any{
		"amount": amount,
		"biller": map[string]string{
			"code": c.biller.biller, "name": c.biller.name, "callCentre": "0860 000 000", "reference": c.reference,
		},
		"consumer": map[string]string{
			"name": "S DLAMINI", "accountNo": c.number, "accountStatus": standing, "cellNumber": "27600000000",
		},
	}
}

// payNumbers are account references, one example of everything.
func payNumbers() []TestNumber {
	var list []TestNumber
	add := func(biller article, number, meaning string) {
		list = append(list, TestNumber{Kind: "account", Value: biller.biller + number, Meaning: meaning})
	}
	all := billers()
	for _, a := range all {
		add(a, "10035000", a.name+": owes R350; "+a.biller+"1VVVVVNN owes VVVVV rand")
	}
	one := all[0]
	add(one, "30010000", "holds R100, and takes more; 3VVVVVNN holds VVVVV rand")
	add(one, "40005000", "closed, with R50 owing (3307); 4VVVVVNN")
	add(one, "90000000", "not found (3309)")
	add(one, "12345", "invalid account (3308)")
	add(article{biller: "9999"}, "10035000", "no such biller (3303)")
	for _, c := range []struct {
		code    int
		meaning string
	}{
		{3300, "failed to process"}, {3302, "third party could not process"}, {3305, "biller is not active"},
		{3306, "biller is not active for balance enquiries"}, {3310, "deposit failed"}, {3313, "user not found for destination"},
	} {
		add(one, fmt.Sprintf("6%04d000", c.code), fmt.Sprintf("%s (%d); 6CCCCNNN answers code CCCC", c.meaning, c.code))
	}
	for _, k := range faultKinds() {
		meaning := "fault " + k.fault.number() + ": " + k.meaning
		list = append(list,
			TestNumber{Kind: "account", Value: one.biller + "7" + k.fault.number() + "00200", Meaning: "owes R200, " + meaning, Fault: int(k.fault)},
			TestNumber{Kind: "account", Value: one.biller + "8" + k.fault.number() + "00200", Meaning: "owes R200, when paid " + meaning, Fault: int(k.fault)})
	}
	return list
}
