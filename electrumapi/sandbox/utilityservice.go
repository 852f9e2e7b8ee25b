package sandbox

import "strings"

// readReprint understands a TokenReprintRequest.
func (u *utilities) readReprint(f *fields, in *incoming) work {
	job, o := u.readMeter(f, in, opTokenReprint, "reprintId")
	original := f.text("originalRef", false, f.anything)
	job.run = u.once(o, func() (outcome, *refusal) { return u.reprint(o, original) })
	return job
}

// reprint gives the tokens of a purchase again: of the meter's last one, or of the
// one that is named by its id, its receipt, its invoice, or a party's reference. The
// document does not say which of them originalRef is. The caller holds the lock.
func (u *utilities) reprint(o meterOrder, original string) (outcome, *refusal) {
	if _, _, no := u.find(o); no != nil {
		return outcome{}, no
	}
	v := u.latest[o.meter]
	if original != "" {
		v = nil
		for _, e := range u.s.books.order {
			if sold, is := e.goods.(*vending); is && sold.meter.number == o.meter && sold.named(original) {
				v = sold
			}
		}
	}
	if v == nil || !v.entry.done() {
		return outcome{}, &refusal{kind: typeNotFound, message: "No such purchase"}
	}
	return outcome{body: v.wire(o.fields)}, nil
}

// named says whether a purchase goes by this name.
func (v *vending) named(name string) bool {
	if key(name) == v.entry.id || name == v.entry.reference || name == v.parties[0].reference || name == v.parties[1].reference {
		return true
	}
	receipt, _, _ := strings.Cut(strings.TrimPrefix(name, "INV"), "-")
	return receipt == v.number
}

// readKeyChange understands a KeyChangeTokenRequest. It buys something, for
// nothing: it can be confirmed, and reversed it can not.
func (u *utilities) readKeyChange(f *fields, in *incoming) work {
	job, o := u.readMeter(f, in, opKeyChange, "requestId")
	job.wish, job.fault = u.wish(o.meter, true)
	job.deed = buys
	job.run = func(e *entry) (outcome, *refusal) {
		m, _, no := u.find(o)
		if no != nil {
			return outcome{}, no
		}
		if len(m.next) == 0 {
			return outcome{}, &refusal{kind: typeDeclined, message: "No key change due"}
		}
		v := &vending{entry: e, meter: m, number: "KC" + u.s.randomDigits(8), parties: u.parties(m, u.s.randomDigits(10))}
		v.tokens = u.changeKeys(m)
		e.final, e.parties = true, v.parties[:]
		answer := f.echo(v.parties[0], v.parties[1])
		answer["meter"], answer["tokens"] = m.wire(), m.tokens(v.tokens)
		answer["slipData"] = slip(v.number, v.lines()...)
		return outcome{body: answer}, nil
	}
	return job
}

// readKeyChangeConfirmation understands a KeyChangeConfirmation, a BasicAdvice.
func (u *utilities) readKeyChangeConfirmation(f *fields, in *incoming) work {
	id, original, reference := f.advice()
	job := u.readAdvice(f, in, id, original, reference, "requestId", "confirmationId")
	job.deed = confirms
	return job
}

// readFaultReport understands a FaultReportRequest.
func (u *utilities) readFaultReport(f *fields, in *incoming) work {
	job, o := u.readMeter(f, in, opFaultReport, "requestId")
	f.text("contactNumber", true, length(0, 20))
	f.text("faultType", true, oneOf("SeriousBoxDamage", "FireWaterDamage", "MeterDead", "KeepsTripping", "NoTrip",
		"DisplayLightsButtons", "NetworkFaultReport", "IncorrectSGC", "IncorrectTI", "ConvertedFrmConventional",
		"MeterChangedOut", "NewInstallation"))
	f.text("faultDescription", false, length(0, 160))
	job.run = u.once(o, func() (outcome, *refusal) {
		m, _, no := u.find(o)
		if no != nil {
			return outcome{}, no
		}
		parties := u.parties(m, u.s.randomDigits(10))
		answer := f.echo(parties[0], parties[1])
		answer["reference"], answer["description"] = "FR"+u.s.randomDigits(8), "The fault was reported to "+m.utility.name+"."
		return outcome{body: answer}, nil
	})
	return job
}

// readEvent refuses an event, as the document lets a server do that wants none.
func (u *utilities) readEvent(_ *fields, _ *incoming) work {
	return work{run: func(*entry) (outcome, *refusal) {
		return outcome{}, &refusal{kind: typeNoFunction, message: "No events wanted"}
	}}
}
