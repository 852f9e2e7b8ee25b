package sandbox

import (
	"strings"
	"time"
)

const utilityBase = "/prepaidutility/v3/"

// The operations of the Prepaid Utility interface.
const (
	opMeterLookup      = "utility/meterLookups"
	opTokenPurchase    = "utility/tokenPurchases"
	opTokenTrial       = "utility/tokenPurchases/trial"
	opTokenRetry       = "utility/tokenPurchases/retry"
	opTokenConfirm     = "utility/tokenPurchases/confirmations"
	opTokenReverse     = "utility/tokenPurchases/reversals"
	opTokenReprint     = "utility/tokenReprints"
	opKeyChange        = "utility/keyChangeTokenRequests"
	opKeyChangeConfirm = "utility/keyChangeTokenRequests/confirmations"
	opFaultReport      = "utility/faultReports"
	opTokenEvent       = "utility/events/tokenPurchases"
)

// utilities sells electricity and water (Prepaid Utility v3). The sandbox's lock
// guards what it remembers.
type utilities struct {
	s        *Sandbox
	service  *service
	meters   map[string]meter
	refusals map[int]string
	rules    meterRules

	month    string // that of histories, such as "2025-05"
	past     map[string]history
	asked    map[string]bool     // operation and id of messages that buy nothing
	inOrder  []question          // of asked, oldest first
	latest   map[string]*vending // by meter, for reprints
	receipts int64
}

// meterRules are those of a Meter's fields.
type meterRules struct {
	id, track2, kind, group, revision, index, code, msisdn rule
}

// utilityRoutes are the operations of the interface.
func (s *Sandbox) utilityRoutes() []route {
	u := &utilities{
		s:       s,
		service: &service{base: utilityBase, settled: func(State) string { return typeDeclined }},
		meters:  make(map[string]meter), refusals: make(map[int]string),
		rules: meterRules{
			id: pattern(`[a-zA-Z0-9]{0,20}`), track2: pattern(`[a-zA-Z0-9=]{34}`), kind: pattern(`[a-zA-Z0-9]{0,12}`),
			group: pattern(`[0-9]{6}`), revision: pattern(`[0-9]`), index: pattern(`[0-9]{2}`), code: pattern(`[0-9]{2}`),
			msisdn: pattern(`\+?[1-9]\d{1,14}|0[0-9]{9}`),
		},
	}
	for _, m := range testMeters() {
		u.meters[m.number] = m
	}
	for _, r := range meterRefusals() {
		u.refusals[r.number] = r.kind
	}
	s.remember(func() {
		u.month, u.past = "", nil
		u.asked, u.inOrder = make(map[string]bool), nil
		u.latest = make(map[string]*vending)
		u.receipts = 0
	})
	post := func(path, op, requestType string, success int, read func(*fields, *incoming) work) route {
		return route{u.service, "POST", path, op, requestType, success, read}
	}
	return []route{
		post("meterLookups/{lookupId}", opMeterLookup, "METER_LOOKUP_REQUEST", 201, u.readLookup),
		post("tokenPurchases/{purchaseId}", opTokenPurchase, "TOKEN_PURCHASE_REQUEST", 201, u.readPurchase),
		post("tokenPurchases/{trialId}/trial", opTokenTrial, "TOKEN_PURCHASE_TRIAL_REQUEST", 200, u.readTrial),
		post("tokenPurchases/{purchaseId}/retry", opTokenRetry, "TOKEN_PURCHASE_RETRY_REQUEST", 202, u.readRetry),
		post("tokenPurchases/{purchaseId}/confirmations/{confirmationId}", opTokenConfirm, "CONFIRMATION_ADVICE", 202, u.readConfirmation),
		post("tokenPurchases/{purchaseId}/reversals/{reversalId}", opTokenReverse, "REVERSAL_ADVICE", 202, u.readReversal),
		post("tokenReprints/{reprintId}", opTokenReprint, "TOKEN_REPRINT_REQUEST", 200, u.readReprint),
		post("keyChangeTokenRequests/{requestId}", opKeyChange, "KEY_CHANGE_TOKEN_REQUEST", 201, u.readKeyChange),
		post("keyChangeTokenRequests/{requestId}/confirmations/{confirmationId}", opKeyChangeConfirm, "CONFIRMATION_ADVICE", 202, u.readKeyChangeConfirmation),
		post("faultReports/{requestId}", opFaultReport, "FAULT_REPORT_REQUEST", 201, u.readFaultReport),
		post("events/tokenPurchases", opTokenEvent, "NOTIFY_TOKEN_PURCHASE", 202, u.readEvent),
	}
}

// meterOrder is what a message about a meter asks for.
type meterOrder struct {
	op     string
	id     string
	meter  string
	kind   string // utilityType; "" for any
	amount int64  // cents
	fields *fields
}

// readMeter understands what every request has: the transaction and the meter.
// inPath is the name of the id in the path, which must be that of the body; ""
// where it need not.
func (u *utilities) readMeter(f *fields, in *incoming, op, inPath string) (work, meterOrder) {
	id, reference := f.transaction(in.user)
	if inPath != "" {
		f.inPath(inPath, in.PathValue(inPath), "id", id)
	}
	o := meterOrder{op: op, id: id, fields: f}
	if f.object("meter", true) {
		o.meter = f.text("meter.meterId", true, u.rules.id)
		for _, c := range []struct {
			name string
			must rule
		}{
			{"track2Data", u.rules.track2}, {"serviceType", u.rules.kind}, {"supplyGroupCode", u.rules.group},
			{"keyRevisionNum", u.rules.revision}, {"tariffIndex", u.rules.index},
			{"tokenTechCode", u.rules.code}, {"algorithmCode", u.rules.code},
		} {
			f.text("meter."+c.name, false, c.must)
		}
	}
	job := work{id: id, reference: reference, target: o.meter}
	job.wish, job.fault = u.wish(o.meter, false)
	return job, o
}

// readLookup understands a MeterLookupRequest.
func (u *utilities) readLookup(f *fields, in *incoming) work {
	job, o := u.readMeter(f, in, opMeterLookup, "lookupId")
	job.run = u.once(o, func() (outcome, *refusal) { return u.lookup(o) })
	return job
}

// question is a message that buys nothing.
type question struct {
	name string
	at   time.Time
}

// once lets an id be used for one message that buys nothing. The run that it makes
// needs the lock.
func (u *utilities) once(o meterOrder, run func() (outcome, *refusal)) func(*entry) (outcome, *refusal) {
	return func(*entry) (outcome, *refusal) {
		now, name := u.s.options.Now(), o.op+" "+key(o.id)
		for len(u.inOrder) > 0 && now.Sub(u.inOrder[0].at) > u.s.options.KeepFor {
			delete(u.asked, u.inOrder[0].name)
			u.inOrder = u.inOrder[1:]
		}
		if u.asked[name] {
			return outcome{}, &refusal{kind: typeDuplicate, message: "Duplicate UUID"}
		}
		u.asked[name] = true
		u.inOrder = append(u.inOrder, question{name, now})
		return run()
	}
}

// readOrder understands a PurchaseRequest.
func (u *utilities) readOrder(f *fields, in *incoming, op, inPath string) (work, meterOrder) {
	job, o := u.readMeter(f, in, op, inPath)
	o.amount, _ = f.money("purchaseAmount", true)
	o.kind = f.text("utilityType", false, f.anything)
	f.text("msisdn", false, u.rules.msisdn)
	f.tenders()
	f.list("paymentMethods", false)
	f.onlyKnown("meter", "purchaseAmount", "utilityType", "msisdn", "tenders", "paymentMethods")
	job.wish, job.fault = u.wish(o.meter, op != opTokenTrial)
	return job, o
}

func (u *utilities) readTrial(f *fields, in *incoming) work {
	job, o := u.readOrder(f, in, opTokenTrial, "trialId")
	job.run = u.once(o, func() (outcome, *refusal) { return u.trial(o) })
	return job
}

func (u *utilities) readPurchase(f *fields, in *incoming) work {
	job, o := u.readOrder(f, in, opTokenPurchase, "purchaseId")
	if u.meters[o.meter].late {
		job.fault = fault504Before
	}
	job.deed = buys
	job.run = func(e *entry) (outcome, *refusal) { return u.sell(o, e) }
	return job
}

// readRetry understands the repetition of a PurchaseRequest. The document repeats
// it unchanged; Electrum's own collection gives it a new id, which is taken too and
// comes back.
func (u *utilities) readRetry(f *fields, in *incoming) work {
	job, o := u.readOrder(f, in, opTokenRetry, "")
	job.deed, job.original = repeats, in.PathValue("purchaseId")
	f.asUUID("purchaseId", job.original)
	job.run = func(e *entry) (outcome, *refusal) { return u.sell(o, e) }
	job.check = func(e *entry) *refusal {
		v, _ := e.goods.(*vending)
		if e.target != o.meter || v != nil && v.amount != o.amount {
			return &refusal{kind: typeFormat, message: "Not the original request"}
		}
		return nil
	}
	if key(job.id) != key(job.original) {
		job.again = func(e *entry) outcome {
			v, _ := e.goods.(*vending)
			return outcome{body: v.wire(f)}
		}
	}
	return job
}

// readAdvice understands what the advices have in common, once their own fields
// are read.
func (u *utilities) readAdvice(f *fields, in *incoming, id, original, reference, request, advice string) work {
	f.inPath(request, in.PathValue(request), "requestId", original)
	f.inPath(advice, in.PathValue(advice), "id", id)
	return work{id: id, original: original, reference: reference, echo: f.m, check: func(e *entry) *refusal {
		changes := e.op == opKeyChange
		if sold := strings.HasPrefix(e.op, "utility/") && !changes; sold && request == "purchaseId" || changes && request == "requestId" {
			return nil
		}
		return &refusal{kind: typeNotFound, message: "Original not found"}
	}}
}

func (u *utilities) readConfirmation(f *fields, in *incoming) work {
	id, original, reference := f.advice()
	job := u.readAdvice(f, in, id, original, reference, "purchaseId", "confirmationId")
	job.deed, job.paid = confirms, f.tenders()
	return job
}

func (u *utilities) readReversal(f *fields, in *incoming) work {
	id, original, reference := f.reversal()
	job := u.readAdvice(f, in, id, original, reference, "purchaseId", "reversalId")
	job.deed = reverses
	return job
}

func (u *utilities) now() time.Time { return u.s.options.Now().In(time.FixedZone("SAST", 2*60*60)) }

// find is the meter of an order and what it was sold this month, or why it can
// not be served. The caller holds the lock.
func (u *utilities) find(o meterOrder) (meter, history, *refusal) {
	m, no := u.meterBy(o.meter)
	if no == nil && o.kind != "" && !strings.EqualFold(o.kind, m.kind) {
		no = &refusal{kind: typeUtility, message: "Not " + m.kind}
	}
	if no != nil {
		return meter{}, history{}, no
	}
	if month := u.now().Format("2006-01"); month != u.month {
		u.month, u.past = month, make(map[string]history)
	}
	return m, u.past[m.number], nil
}
