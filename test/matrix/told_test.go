package matrix

import (
	"context"

	"spaza/electrumapi"
	"spaza/electrumapi/sandbox"
	"spaza/vend"
)

// The sendings of advices that meet a fault. Before a reversal the first sending
// is done and its answer lost.
const (
	telling      when = "on the first confirmation"
	tellingOften when = "on the first confirmations"
	undoing      when = "on the first reversal"
	undoingOften when = "on the first reversals"
)

// often is how many advices in a row meet a fault.
const often = 5

// whens are the sendings of a row. What is undone is never sent again.
func (r row) whens() []when {
	all := []when{first, every, after}
	undoes := r.terms.remedy == electrumapi.RemedyReverse
	if undoes {
		all = []when{first}
	}
	if r.terms.remedy != "" && !r.terms.single {
		all = append(all, telling, tellingOften)
	}
	if undoes {
		all = append(all, undoing, undoingOften)
	}
	return all
}

// troubles are what is switched on for a cell. No advice meets a fault unless it is
// the cell's: one is sent until its answer is final, however long that takes.
func (c *cell) troubles() (all []trouble) {
	on := func(fault, op string, times int) { all = append(all, trouble{fault, c.ref, op, times}) }
	sale, question, op := "", "", c.row.op
	if c.row.terms.remedy != "" {
		sale, question = op, op+"/"+string(c.row.terms.remedy)
	}
	switch c.when {
	case first:
		on(c.fault, sale, 1)
	case every, after:
		if c.when == after {
			on(lost, sale, 1)
		}
		on(c.fault, sale, forever)
		if question != "" {
			on(c.fault, question, forever)
		}
	case telling:
		on(c.fault, op+"/confirmations", 1)
	case tellingOften:
		on(c.fault, op+"/confirmations", often)
	case undoing, undoingOften:
		times := 1
		if c.when == undoingOften {
			times = often
		}
		on(lost, sale, 1)
		on(c.fault, op+"/reversals", times)
	}
	return all
}

// lied says that the provider did what it refused with an answer that, by its own
// document, is final: HTTP 503.
func (c *cell) lied() bool {
	return c.row.terms.remedy != "" && c.fault == "http_503_after" && (c.when == first || c.when == every)
}

// settled looks whether the provider knows how an order ended, as the customer does:
// confirmed where it is theirs, with what they paid, and nothing where it is not.
func (c *cell) settled(ctx context.Context, ref string, m mark) {
	if c.row.terms.remedy == "" {
		return
	}
	t, _ := c.host.entry(ref)
	a, err := c.shop.sql.Advice(ctx, ref)
	if !c.check("read advice", err) {
		return
	}
	state, advice := sandbox.State(t.state), a.State
	wrong := false
	switch m {
	case atOnce, asked, fetched, person, personOwed, torn:
		if c.row.terms.single {
			wrong = a.Ref != "" || state != sandbox.Provisioned
			break
		}
		wrong = a.Undo || advice != vend.AdviceTaken || state != sandbox.Confirmed || t.paid != int64(c.amount)
	case unconfirmed:
		wrong = a.Undo || advice != vend.AdviceRefused || state != sandbox.Provisioned
	case undone:
		wrong = !a.Undo || advice != vend.AdviceTaken || state != sandbox.Reversed && state != sandbox.Overtaken && state != sandbox.Refused
	case keptThere:
		wrong = !a.Undo || advice != vend.AdviceRefused || state != sandbox.Provisioned
	case refused, askedRefused, personNot, tornNot:
		wrong = a.Ref != "" || state != "" && state != sandbox.Refused
	case lied:
		wrong = a.Ref != "" || state != sandbox.Provisioned
	}
	if wrong {
		c.wrong("%s ends as %c, and at the provider it is %q with %d cents paid; its advice is %q (undoes: %t, code %s)", ref, m, state, t.paid, advice, a.Undo, a.Code)
	}
}
