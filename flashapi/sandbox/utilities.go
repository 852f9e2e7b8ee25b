package sandbox

import (
	"bytes"
	"strconv"
	"time"

	"spaza/simulator"
)

// The operations of section 2.10.
const (
	opUtilityLookup   = "prepaid-utilities/lookup"
	opUtilityPurchase = "prepaid-utilities/purchase"
)

func (s *Sandbox) utilityRoutes() {
	u := newUtilities(s)
	s.post(opUtilityLookup, u.readLookup)
	s.post(opUtilityPurchase, u.readPurchase)
	u.draftRoutes()
}

// utilities sells electricity and water. The sandbox's lock guards what it
// remembers.
type utilities struct {
	s        *Sandbox
	meters   map[string]meter
	month    string // that of histories, such as "2025-05"
	past     map[string]history
	lookups  map[int64]lookup // by transaction
	inOrder  []int64          // of lookups, oldest first
	receipts int64
}

// lookup is what a purchase of the draft is made by.
type lookup struct {
	meter string
	free  bool
	at    time.Time
	used  bool
}

func newUtilities(s *Sandbox) *utilities {
	u := &utilities{s: s, meters: make(map[string]meter)}
	for _, m := range testMeters() {
		u.meters[m.number] = m
	}
	s.remember(func() {
		u.month, u.past = "", nil
		u.lookups, u.inOrder = make(map[int64]lookup), nil
		u.receipts = 0
	})
	return u
}

// order is what both operations ask for.
type order struct {
	amount int64 // cents
	meter  string
	free   bool // Free Basic Electricity
}

func (u *utilities) readLookup(f *fields) (work, *refusal) {
	job := work{head: f.head()}
	o := order{amount: f.whole("amount"), meter: f.text("meterNumber", true), free: f.flag("isFBE")}
	if no := o.check(f); no != nil {
		return job, no
	}
	job.target = "meter " + o.meter
	job.answer, job.fault = wish(o.meter, false)
	job.run = func() (map[string]any, int64, *refusal) { return u.lookup(o, job.head.reference) }
	return job, nil
}

func (u *utilities) readPurchase(f *fields) (work, *refusal) {
	job := work{head: f.head()}
	o := order{amount: f.whole("amount"), meter: f.text("meterNumber", true), free: f.flag("isFBE")}
	f.alphanumeric("paymentMethod")
	if no := o.check(f); no != nil {
		return job, no
	}
	job.amount, job.target = o.amount, "meter "+o.meter
	job.answer, job.fault = wish(o.meter, true)
	job.run = func() (map[string]any, int64, *refusal) {
		v, no := u.sell(o)
		if no != nil {
			return nil, 0, no
		}
		return v.wire(), o.amount, nil
	}
	return job, nil
}

// flag reads a boolean that may be missing, which is false.
func (f *fields) flag(name string) bool {
	raw := f.take(name, false)
	yes := bytes.Equal(raw, []byte("true"))
	if raw != nil && !yes && !bytes.Equal(raw, []byte("false")) {
		f.wrong = true
	}
	return yes
}

// check ends the reading of a request.
func (o order) check(f *fields) *refusal {
	if !isAlphanumeric(o.meter, "") {
		f.wrong = true
	}
	return f.refusal()
}

// find is the meter of an order and what it was sold this month, or why it
// can not be served. The caller holds the lock.
func (u *utilities) find(o order) (meter, history, *refusal) {
	if o.free && o.amount > 0 {
		return meter{}, history{}, &refusal{code: 2230}
	}
	m, no := u.meterBy(o.meter)
	if no != nil {
		return meter{}, history{}, no
	}
	if month := u.now().Format("2006-01"); month != u.month {
		u.month, u.past = month, make(map[string]history)
	}
	past := u.past[m.number]
	switch {
	case o.free && m.free.refusal != 0:
		return m, past, &refusal{code: m.free.refusal}
	case o.free && past.granted:
		return m, past, &refusal{code: 2312}
	}
	return m, past, nil
}

func (u *utilities) now() time.Time { return u.s.options.Now().In(simulator.SAST()) }

// lookup tells whose meter it is (section 2.10.1). It does not look at the
// amount: it tells the limits. The caller holds the lock.
func (u *utilities) lookup(o order, reference string) (map[string]any, int64, *refusal) {
	m, past, no := u.find(o)
	if no != nil {
		return nil, 0, no
	}
	id := u.s.transactionID(reference)
	now := u.s.options.Now()
	for len(u.inOrder) > 0 && now.Sub(u.lookups[u.inOrder[0]].at) > u.s.options.KeepFor {
		delete(u.lookups, u.inOrder[0])
		u.inOrder = u.inOrder[1:]
	}
	u.lookups[id] = lookup{meter: m.number, free: o.free, at: now}
	u.inOrder = append(u.inOrder, id)
	return map[string]any{
		"transactionId": strconv.FormatInt(id, 10), // a string here, in both documents
		"amount":        o.amount, "isFBE": o.free,
		"billingInfo": u.limits(m, past), "meterInfo": m.wire(m.keys),
	}, 0, nil
}

// transactionID is the number of the transaction that is being done. The caller
// holds the lock.
func (s *Sandbox) transactionID(reference string) int64 {
	if t, known := s.books.byReference[reference]; known {
		return t.id
	}
	return s.books.nextID()
}

// limits are the billingInfo of a lookup, in cents.
func (u *utilities) limits(m meter, past history) map[string]any {
	a, _ := u.s.article(m.product, groupUtility)
	most := a.max
	if m.max > 0 {
		most = min(a.max, m.max)
	}
	return map[string]any{
		"arrearValue": max(m.debt.value-past.paid, 0), "arrearDesc": m.debt.description,
		"minimumVendValue": max(a.min, m.min), "maximumVendValue": most, "tariffName": m.tariff.name,
	}
}

// vend is a purchase that was made.
type vend struct {
	meter   meter
	bill    bill
	keys    keys  // after the key changes
	free    int64 // hundredths of a unit given for nothing
	owed    int64 // debt that is left, in cents
	tokens  []token
	receipt int64
	number  string // of the receipt
}

// sell makes a purchase (section 2.10.2). The caller holds the lock.
func (u *utilities) sell(o order) (vend, *refusal) {
	m, past, no := u.find(o)
	if no == nil && !o.free {
		no = u.price(m, past, o.amount)
	}
	if no != nil {
		return vend{}, no
	}
	u.s.books.float -= o.amount
	v := vend{meter: m, bill: m.bill(o.amount, past), keys: m.keys}
	v.tokens = u.s.changeKeys(len(m.next))
	if len(m.next) > 0 {
		v.keys = m.next[len(m.next)-1]
	}
	if !o.free {
		v.tokens = append(v.tokens, u.s.newToken(tokenCredit, "Credit Token", v.bill.units))
	}
	if o.free || m.free.along && !past.granted {
		v.free, past.granted = m.free.units, true
		v.tokens = append(v.tokens, u.s.newToken(tokenFree, "Free Basic Electricity", v.free))
	}
	past.units += v.bill.units
	past.paid += v.bill.debt
	past.charges += v.bill.monthly
	u.past[m.number] = past
	v.owed = max(m.debt.value-past.paid, 0)

	u.receipts++
	v.receipt = 7_000_000 + u.receipts
	v.number = "R" + u.now().Format("060102") + "-" + strconv.FormatInt(v.receipt, 10)
	return v, nil
}

// price is the refusal that an amount deserves, nil when it can be sold for. The
// caller holds the lock.
func (u *utilities) price(m meter, past history, amount int64) *refusal {
	a, known := u.s.article(m.product, groupUtility)
	if !known {
		return &refusal{code: 2101}
	}
	if amount == 0 {
		return &refusal{code: 2307}
	}
	if no := a.price(amount); no != nil {
		return no
	}
	switch {
	case amount < m.min:
		return &refusal{code: 2341}
	case m.max > 0 && amount > m.max:
		return &refusal{code: 2350}
	case m.debt.all && amount <= m.debt.value-past.paid: // nothing would be left to buy units with
		return &refusal{code: 2303}
	case amount > u.s.books.float:
		return &refusal{code: 2003}
	}
	return nil
}

// wire is what a purchase answers (section 3.1.27), money in cents.
func (v vend) wire() map[string]any {
	fixed := []map[string]any{}
	for _, c := range v.bill.fixed {
		fixed = append(fixed, map[string]any{"value": c.value, "description": c.description})
	}
	owing := map[string]any{"value": v.bill.debt, "description": ""}
	if v.bill.debt > 0 {
		owing["description"] = v.meter.debt.description
	}
	tokens, blocks := []map[string]any{}, []map[string]any{}
	for _, t := range v.tokens {
		tokens = append(tokens, map[string]any{"tokenDescription": t.description, "serialNumber": t.serial, "token": t.code})
	}
	for _, s := range v.bill.stretches {
		blocks = append(blocks, map[string]any{
			"amount": s.amount, "units": decimal(s.units), "costPerUnit": decimal(s.block.price), "tariffName": s.block.name,
		})
	}
	return map[string]any{
		"amount": v.bill.amount,
		"billingInfo": map[string]any{
			"taxAmount": v.bill.tax, "exclusiveAmount": v.bill.exclusive, "unitType": v.meter.tariff.unit,
			"units": decimal(v.bill.units), "freeUnits": decimal(v.free),
			"receiptNumber": v.number, "transactionNumber": v.receipt,
		},
		"charges":      map[string]any{"debt": owing, "fixedCost": fixed},
		"meterinfo":    v.meterWire(),
		"tokens":       tokens,
		"tariffBlocks": blocks,
	}
}

// wire is the meterInfo of a lookup (section 3.1.26).
func (m meter) wire(k keys) map[string]any {
	return map[string]any{
		"meterNumber": m.number, "algorithmCode": m.algorithm, "tokenTechnology": "02", // the keypad
		"supplyGroupCode": k.group, "tariffIndex": k.tariff, "keyRevisionNumber": k.revision,
		"customerInfo": map[string]string{"name": m.holder.name, "address": m.holder.address},
		"utilityInfo": map[string]string{
			"name": m.utility.name, "address": m.utility.address,
			"callCentre": m.utility.callCentre, "vatNumber": m.utility.vatNumber,
		},
	}
}

// meterWire is the meterinfo of a purchase, which writes other names than a
// lookup, and codes as numbers, without their leading zeros.
func (v vend) meterWire() map[string]any {
	info := v.meter.wire(v.keys)
	for _, name := range [...]string{"supplyGroupCode", "tariffIndex", "keyRevisionNumber"} {
		code, _ := info[name].(string)
		info[name], _ = strconv.Atoi(code)
	}
	u := v.meter.utility
	info["utilityInfo"] = map[string]string{
		"utilityname": u.name, "address": u.address, "callCentre": u.callCentre, "vatNumber": u.vatNumber,
	}
	before, after := v.change()
	info["oldSupplyGroupCode"], info["oldTariffIndex"], info["oldKeyRevisionNumber"] = before.group, before.tariff, before.revision
	info["newSupplyGroupCode"], info["newTariffIndex"], info["newKeyRevisionNumber"] = after.group, after.tariff, after.revision
	info["tariffName"] = v.meter.tariff.name
	info["consumerMessage"] = v.message()
	return info
}

// change are the keys before and after a key change, empty when there is none.
func (v vend) change() (before, after keys) {
	if len(v.meter.next) == 0 {
		return keys{}, keys{}
	}
	return v.meter.keys, v.keys
}

// message is what the utility has printed for the customer.
func (v vend) message() string {
	switch {
	case len(v.meter.next) > 0:
		return "Key in the key change tokens first, in their order."
	case v.owed > 0:
		return "Please settle your account: " + simulator.Rand(v.owed) + " is outstanding."
	default:
		return "Use electricity and water sparingly."
	}
}
