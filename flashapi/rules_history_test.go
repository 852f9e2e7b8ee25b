package flashapi

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// host is one that keeps to the document: what it decided on a reference stays,
// and a repetition is answered with the first answer, unless something on the
// way turns it away or loses the answer. It may be unclear, but it does not lie.
type host struct {
	specimen        specimen
	decided, moved  bool
	first           Exchange // its first clear answer
	refused, turned []int    // the codes of a clear refusal, and of one at the gate
	unclear, echoes []int    // the codes that say nothing, and those that say "already"
}

func newHost(s specimen) host {
	h := host{specimen: s}
	for _, code := range slices.Sorted(slices.Values(refusals())) {
		rule, _ := ruleFor(code)
		switch {
		case rule.class == ClassUnknown, rule.class == ClassThrottled:
			h.unclear = append(h.unclear, code)
		case rule.class == ClassDuplicate, rule.ambiguous:
			h.echoes = append(h.echoes, code)
		case rule.class == ClassUserInput, rule.class == ClassDeclined:
			h.refused = append(h.refused, code)
		case rule.class == ClassReversal && operations[s.op].effect == undoes && (rule.undo == undoDone || (rule.undo == undoCancelled && !operations[s.op].restores)):
			h.echoes = append(h.echoes, code)
		case rule.class == ClassReversal && operations[s.op].effect == undoes && rule.undo == undoRefused,
			redeems(s.op) && rule.reason == "voucher_cancelled":
			h.refused = append(h.refused, code)
		case rule.class == ClassReversal:
			h.unclear = append(h.unclear, code)
		default:
			h.turned = append(h.turned, code)
		}
	}
	return h
}

// What becomes of one sending.
const (
	neverLeft     = iota // not a byte was sent
	turnedAway           // by something in front of the host, which knows nothing
	lostOnTheWay         // before the host saw it
	answerLost           // after it did
	answerUnclear        // likewise
	answerEchoed         // "already", where that is so
	answerClear
	fates
)

var (
	notSent = []Exchange{
		{Err: errors.New("dial")}, {Err: ErrBreakerOpen}, {Err: ErrRateLimited}, {Err: ErrToken}, {Err: ErrCredentials}, {Err: context.Canceled},
	}
	atTheGate = []Exchange{
		answered(400, ""), answered(401, ""), answered(403, "<html>"), answered(404, ""), answered(405, "{}"), answered(415, ""), answered(429, ""),
		answered(503, ""), answered(302, ""),
	}
	lost = []Exchange{
		{Sent: true, Err: context.DeadlineExceeded}, {Sent: true, Err: errors.New("reset")}, {Sent: true, Err: ErrTooLarge},
		answered(500, ""), answered(502, "<html>"), answered(504, "{}"), answered(200, ""), answered(200, `{"responseCode":`), answered(408, ""), answered(409, "[]"),
		answered(500, `{"responseCode":0}`), answered(200, `{"message":"ok"}`),
	}
)

// send is one sending and what comes back.
func (h *host) send(t *rapid.T, first bool) Exchange {
	fate := rapid.IntRange(0, fates-1).Draw(t, "fate")
	switch fate {
	case neverLeft:
		return rapid.SampledFrom(notSent).Draw(t, "not sent")
	case turnedAway:
		if rapid.Bool().Draw(t, "with a code") {
			return coded(rapid.SampledFrom([]int{200, 400, 401}).Draw(t, "status"), rapid.SampledFrom(h.turned).Draw(t, "code"))
		}
		return rapid.SampledFrom(atTheGate).Draw(t, "at the gate")
	case lostOnTheWay:
		return rapid.SampledFrom(lost).Draw(t, "lost")
	}
	if !h.decided {
		h.decided, h.moved = true, rapid.Bool().Draw(t, "moves")
		h.first = answered(200, h.specimen.good)
		if !h.moved {
			h.first = coded(rapid.SampledFrom([]int{200, 400, 500}).Draw(t, "status"), rapid.SampledFrom(slices.Concat(h.refused, h.turned)).Draw(t, "code"))
		}
	}
	switch fate {
	case answerLost:
		return rapid.SampledFrom(lost).Draw(t, "lost")
	case answerUnclear:
		return coded(500, rapid.SampledFrom(h.unclear).Draw(t, "code"))
	case answerEchoed:
		if h.moved && !first {
			return coded(400, rapid.SampledFrom(h.echoes).Draw(t, "code"))
		}
	}
	return h.first
}

// (R1 to R7 together) Whatever order an honest host's answers come in, who sends
// the same until the answer is clear is never told what is not so; and what
// comes later never takes it back.
func TestNoHistoryOfAReferenceTellsWhatIsNotSo(t *testing.T) {
	for _, s := range slices.Concat(specimensThat(sells), specimensThat(undoes)) {
		m, untouched := s.message(), newHost(s)
		t.Run(s.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := untouched
				sendings := rapid.IntRange(1, 8).Draw(t, "sendings")
				told := Open
				for n := range sendings {
					if told == Refused { // a refused transaction is not sent again
						break
					}
					x := h.send(t, n == 0)
					v := Judge(m, x, sending(n > 0))
					if v.Settled == Happened && !h.moved {
						t.Fatalf("told that it happened by %v %s", x, x.Body.Reveal())
					}
					if v.Settled == Refused && h.moved {
						t.Fatalf("told that it did not happen by %v %s", x, x.Body.Reveal())
					}
					if told == Happened && v.Settled == Refused {
						t.Fatalf("a success was taken back by %v %s", x, x.Body.Reveal())
					}
					if v.Settled != Open {
						told = v.Settled
					}
				}
				// Once nothing is lost any more, everybody learns the truth, unless
				// the first clear answer was about the sending alone.
				if told == Open && h.moved {
					if v := Judge(m, h.first, Again); v.Settled != Happened {
						t.Fatalf("the first answer does not settle it: %+v", v)
					}
				}
			})
		})
	}
}
