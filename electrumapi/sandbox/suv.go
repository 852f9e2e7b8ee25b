package sandbox

import (
	"strings"
	"time"
)

const voucherBase = "/suv/v1/"

// The operations of the Single Use Voucher interface.
const (
	opVoucherProducts  = "suv/products"
	opVoucherProvision = "suv/vouchers"
	opVoucherRetry     = "suv/vouchers/retry"
	opVoucherConfirm   = "suv/vouchers/confirmations"
	opVoucherReverse   = "suv/vouchers/reversals"
	opVoucherLookup    = "suv/vouchers/lookup"
	opRedeem           = "suv/redemptions"
	opRedeemConfirm    = "suv/redemptions/confirmations"
	opRedeemReverse    = "suv/redemptions/reversals"
	opRedeemLookup     = "suv/redemptions/lookup"
	opRefund           = "suv/refunds"
	opRefundConfirm    = "suv/refunds/confirmations"
	opRefundReverse    = "suv/refunds/reversals"
)

// The error types of the interface alone.
const (
	typeInvalidAmount  = "INVALID_AMOUNT"
	typeInvalidVoucher = "INVALID_VOUCHER"
	typeAuthentication = "AUTHENTICATION_ERROR"
	typeNotRedeemable  = "VOUCHER_NOT_REDEEMABLE"
	typeNotRedeemed    = "VOUCHER_NOT_REDEEMED"
	typeRedeemed       = "VOUCHER_ALREADY_REDEEMED"
	typeRefunded       = "VOUCHER_ALREADY_REFUNDED"
	typeProvisioned    = "VOUCHER_ALREADY_PROVISIONED"
	typeUnconfirmed    = "REDEMPTION_NOT_CONFIRMED"
)

// coupons is the Single Use Voucher interface (SUV v1). The sandbox's lock guards
// what it remembers.
type coupons struct {
	s       *Sandbox
	gifts   map[string]gift
	code    rule
	product rule
	byCode  map[string]*coupon
}

// settledAs words what comes too late about a provision, a redemption or a refund.
func settledAs(what string) func(State) string {
	return func(state State) string {
		if state == Confirmed {
			return what + "_ALREADY_CONFIRMED"
		}
		return what + "_ALREADY_REVERSED"
	}
}

// voucherRoutes are the operations of the interface. It has no request types.
func (s *Sandbox) voucherRoutes() []route {
	c := &coupons{s: s, gifts: make(map[string]gift), code: length(1, 40), product: pattern(`[0-9A-Za-z]{1,40}`)}
	for _, g := range gifts() {
		c.gifts[g.id] = g
	}
	s.remember(func() { c.byCode = make(map[string]*coupon) })
	provisions := &service{base: voucherBase, settled: settledAs("VOUCHER")}
	redemptions := &service{base: voucherBase, settled: settledAs("REDEMPTION")}
	refunds := &service{base: voucherBase, settled: settledAs("REFUND")}
	return []route{
		{provisions, "GET", "products", opVoucherProducts, "", 200, c.readProducts},
		{provisions, "GET", "vouchers", opVoucherLookup, "", 200, c.readLookup},
		{provisions, "POST", "vouchers", opVoucherProvision, "", 201, c.readProvision},
		{provisions, "POST", "vouchers/{provisionId}/retry", opVoucherRetry, "", 200, c.readRetry},
		{provisions, "POST", "vouchers/confirmations", opVoucherConfirm, "", 202, c.readConfirmation(opVoucherProvision, opVoucherRetry)},
		{provisions, "POST", "vouchers/reversals", opVoucherReverse, "", 202, c.readReversal(opVoucherProvision, opVoucherRetry)},
		{redemptions, "POST", "redemptions", opRedeem, "", 201, c.readRedemption},
		{redemptions, "GET", "redemptions/{requestId}", opRedeemLookup, "", 200, c.readRedemptionLookup},
		{redemptions, "POST", "redemptions/confirmations", opRedeemConfirm, "", 202, c.readConfirmation(opRedeem)},
		{redemptions, "POST", "redemptions/reversals", opRedeemReverse, "", 202, c.readReversal(opRedeem)},
		{refunds, "POST", "refunds", opRefund, "", 201, c.readRefund},
		{refunds, "POST", "refunds/confirmations", opRefundConfirm, "", 202, c.readConfirmation(opRefund)},
		{refunds, "POST", "refunds/reversals", opRefundReverse, "", 202, c.readReversal(opRefund)},
	}
}

// readTransaction understands what every request has. A client.id that is not the
// user's is an AUTHENTICATION_ERROR in this interface, and no FORMAT_ERROR as in
// the others: that is how Electrum's own test server answers. work is asked for
// nothing then.
func (c *coupons) readTransaction(f *fields, in *incoming, more ...string) (job work, stranger bool) {
	client, _ := f.find("client.id").(string)
	if client == "" {
		client = in.user
	}
	job.id, job.reference = f.transaction(client)
	for i, e := range f.wrong {
		if e.Field == "id" && e.Value != nil { // as Electrum's own test server words it
			f.wrong[i].Msg = "UUID must conform to the format 8-4-4-4-12 hexadecimal values"
		}
	}
	f.onlyKnown(more...)
	if client != in.user {
		return work{id: job.id, reference: job.reference, wish: typeAuthentication}, true
	}
	return job, false
}

// readProvision understands a ProvisionRequest.
func (c *coupons) readProvision(f *fields, in *incoming) work {
	job, stranger := c.readTransaction(f, in, "amounts", "tenders", "paymentMethods", "voucher", "product", "posInfo", "customer", "recipient")
	o := wanted{fields: f}
	if f.object("product", false) {
		o.product = f.text("product.productId", true, c.product)
	}
	if f.object("amounts", false) {
		o.amount, o.priced = f.money("amounts.requestAmount", false)
	}
	if !o.priced && o.product != "" {
		o.amount, o.priced = f.money("product.amount", false)
	}
	if f.object("voucher", false) {
		o.code = f.text("voucher.code", false, c.code)
	}
	f.tenders()
	f.list("paymentMethods", false)
	for _, name := range [...]string{"posInfo", "customer", "recipient"} {
		f.object(name, false)
	}
	if stranger {
		return job
	}
	job.deed, job.target, job.fault = buys, o.product, fault(o.amount%100)
	if plain, f, wish := heedProduct(o.product); plain != o.product {
		o.product, job.fault, job.wish = plain, f, wish
	}
	job.run = func(e *entry) (outcome, *refusal) { return c.provision(o, e) }
	return job
}

// readRetry understands a ProvisionRequest that comes again.
func (c *coupons) readRetry(f *fields, in *incoming) work {
	job := c.readProvision(f, in)
	f.inPath("provisionId", in.PathValue("provisionId"), "id", job.id)
	if job.deed != buys {
		return job
	}
	job.deed, job.original = repeats, job.id
	job.check = func(e *entry) *refusal {
		if e.target != job.target {
			return &refusal{kind: typeFormat, message: "Not the original request"}
		}
		return nil
	}
	return job
}

// about refuses an advice that is about something else than it says.
func about(ops []string) func(*entry) *refusal {
	return func(e *entry) *refusal {
		for _, op := range ops {
			if e.op == op {
				return nil
			}
		}
		return &refusal{kind: typeNotFound, message: "Original not found"}
	}
}

// readConfirmation understands a TenderAdvice, or a BasicAdvice about a redemption
// or a refund.
func (c *coupons) readConfirmation(ops ...string) func(*fields, *incoming) work {
	return func(f *fields, _ *incoming) work {
		id, original, reference := f.advice()
		return work{
			deed: confirms, id: id, original: original, reference: reference, echo: f.m, paid: f.tenders(),
			check: about(ops), after: c.advised,
		}
	}
}

// readReversal understands a BasicReversal.
func (c *coupons) readReversal(ops ...string) func(*fields, *incoming) work {
	return func(f *fields, _ *incoming) work {
		id, original, reference := f.reversal()
		return work{
			deed: reverses, id: id, original: original, reference: reference, echo: f.m,
			check: about(ops), after: c.advised,
		}
	}
}

// readProducts understands a question for all products. No document at hand says
// what ProductsLookupResponse names its list.
func (c *coupons) readProducts(*fields, *incoming) work {
	return work{run: func(*entry) (outcome, *refusal) {
		list := []map[string]any{}
		for _, g := range gifts() {
			list = append(list, g.wire())
		}
		return outcome{body: map[string]any{"products": list}}, nil
	}}
}

// readLookup understands a question for one voucher, by any of the names that it
// has.
func (c *coupons) readLookup(f *fields, in *incoming) work {
	q := in.URL.Query()
	id, code, serial := q.Get("provisionRequestId"), q.Get("voucherCode"), q.Get("voucherSerialNumber")
	switch {
	case id == "" && code == "" && serial == "":
		f.complain("provisionRequestId", "may not be null", nil)
	case id != "":
		f.asUUID("provisionRequestId", id)
	}
	return work{original: id, run: func(*entry) (outcome, *refusal) {
		for _, v := range c.byCode {
			if (id == "" || v.entry.id == key(id)) && (code == "" || v.code == code) && (serial == "" || v.serial == serial) && v.entry.done() {
				return outcome{body: v.lookup()}, nil
			}
		}
		return outcome{}, &refusal{kind: typeNotFound, message: "No such voucher"}
	}}
}

// readRedemptionLookup understands a question for a redemption.
func (c *coupons) readRedemptionLookup(f *fields, in *incoming) work {
	id := in.PathValue("requestId")
	f.asUUID("requestId", id)
	return work{original: id, run: func(*entry) (outcome, *refusal) {
		e, known := c.s.books.byID[key(id)]
		if !known || e.op != opRedeem || !e.done() {
			return outcome{}, &refusal{kind: typeNotFound, message: "No such redemption"}
		}
		return outcome{body: rawAnswer(e.answer)}, nil
	}}
}

// readVoucher understands what redemptions and refunds have in common.
func (c *coupons) readVoucher(f *fields, in *incoming, more ...string) (job work, code, pin string) {
	job, stranger := c.readTransaction(f, in, append(more, "voucher", "amounts", "tenders", "paymentMethods", "product", "posInfo")...)
	if f.object("voucher", true) {
		code = f.text("voucher.code", true, c.code)
		if f.object("voucher.pin", false) {
			pin = f.text("voucher.pin.pin", false, length(0, 20))
		}
	}
	if !stranger {
		job.deed = buys
		job.target = "code " + strings.Repeat("*", 4)
	}
	return job, code, pin
}

func (c *coupons) readRedemption(f *fields, in *incoming) work {
	job, code, pin := c.readVoucher(f, in)
	job.run = func(e *entry) (outcome, *refusal) { return c.redeem(f, code, pin, e) }
	return job
}

func (c *coupons) readRefund(f *fields, in *incoming) work {
	job, code, _ := c.readVoucher(f, in, "redemptionId", "receiverTransactionRef")
	job.run = func(e *entry) (outcome, *refusal) { return c.refund(f, code, e) }
	return job
}

// expiry is when a voucher that is issued now ends.
func (c *coupons) expiry() time.Time {
	return c.s.options.Now().UTC().AddDate(3, 0, 0).Truncate(time.Second)
}

// voucherNumbers are the test numbers of the voucher interface.
func voucherNumbers() []TestNumber {
	var list []TestNumber
	for _, g := range gifts() {
		list = append(list, TestNumber{Kind: "product", Value: g.id, Meaning: g.name})
	}
	for _, k := range faultKinds() {
		meaning := "fault " + k.fault.number() + ": " + k.meaning
		list = append(list,
			TestNumber{Kind: "product", Value: "PROTEAFASHIONF" + k.fault.number(), Meaning: meaning, Fault: int(k.fault)},
			TestNumber{
				Kind: "amount", Value: inWords(100_00 + int64(k.fault)), Meaning: "for a gift of free amount, " + meaning, Fault: int(k.fault),
			})
	}
	for i, kind := range errorTypes() {
		list = append(list, TestNumber{Kind: "product", Value: "PROTEAFASHIONE" + fault(i+1).number(), Meaning: "answers " + kind})
	}
	return list
}
