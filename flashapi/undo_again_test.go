package flashapi

import "testing"

func TestARepeatedUndoingIsNotRefusedByTheStateThatItBroughtAbout(t *testing.T) {
	for _, s := range specimensThat(undoes) {
		for _, code := range []int{2258, 2281, 2402, 2403, 2412, 2414, 2604, 2611, 2677, 2704} {
			if v := Judge(s.message(), coded(400, code), Again); v.Settled == Refused {
				t.Errorf("%v, code %d again: %s", s, code, v.Reason)
			}
		}
	}
}

func TestACancelledVoucherIsNoReversedRedemption(t *testing.T) {
	for _, s := range specimensOf(OpVoucherReverse, OpExclusiveReverse) {
		for _, code := range []int{2253, 2409, 2680} {
			if v := Judge(s.message(), coded(400, code), First); v.Settled != Open || !v.Alert {
				t.Errorf("%v, code %d: settled %d", s, code, v.Settled)
			}
		}
	}
}
