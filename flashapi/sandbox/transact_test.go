package sandbox

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAReferenceIsAnsweredAgainAsItWas(t *testing.T) {
	l := setup(t)
	for name, c := range map[string][2]string{
		"redemption": {"1voucher/redeem", redeemBody("A", "5000500000000001", "0")},
		"recharge":   {"cellular/pinless/purchase", pinlessBody("B", "27821234567", "101", "1000")},
		"refusal":    {"1voucher/redeem", redeemBody("C", "6240500000000000", "0")},
	} {
		status, first := l.post(c[0], c[1])
		l.now.Add(60)
		for range 3 {
			statusAgain, again := l.post(c[0], c[1])
			if diff := cmp.Diff(first, again); diff != "" || status != statusAgain {
				t.Errorf("%s: HTTP %d then %d (-first +again):\n%s", name, status, statusAgain, diff)
			}
		}
	}
	b := l.sandbox.Books()
	if b.Float != DefaultFloat-10_00 || b.RedemptionBalance != 50_00 || b.Counts["transactions"] != 3 || b.Counts["requests"] != 12 {
		t.Errorf("books %+v", b)
	}
}

func TestAReferenceBelongsToOneRequest(t *testing.T) {
	l := setup(t)
	status, answer := l.post("1voucher/redeem", redeemBody("A", "5000500000000001", "0"))
	wantCode(t, "first", status, answer, 200, 0)
	for name, c := range map[string][2]string{
		"another PIN":       {"1voucher/redeem", redeemBody("A", "5000500000000002", "0")},
		"another amount":    {"1voucher/redeem", redeemBody("A", "5000500000000001", "5000")},
		"another operation": {"cellular/pinless/purchase", pinlessBody("A", "27821234567", "101", "1000")},
	} {
		status, answer := l.post(c[0], c[1])
		wantCode(t, name, status, answer, 400, 2256)
	}
	same := `{ "amount": 0, "pin":"5000500000000001", "accountNumber":"` + DefaultAccount + `", "reference":"A" }`
	status, answer = l.post("1voucher/redeem", same)
	wantCode(t, "the same, laid out otherwise", status, answer, 200, 0)
	if b := l.sandbox.Books(); b.RedemptionBalance != 50_00 || b.Float != DefaultFloat {
		t.Errorf("books %+v", b)
	}
}

func TestAReferenceIsForgottenAfterAWhile(t *testing.T) {
	l := setup(t, func(o *Options) { o.KeepFor, o.TokenTTL = 10*time.Minute, 24*time.Hour })
	body := redeemBody("A", "5000500000000001", "0")
	l.post("1voucher/redeem", body)
	l.now.Add(600)
	status, answer := l.post("1voucher/redeem", body)
	wantCode(t, "in time", status, answer, 200, 0)
	l.now.Add(1)
	status, answer = l.post("1voucher/redeem", body)
	wantCode(t, "too late", status, answer, 400, 2401)
}

func TestOneReferenceFromManyTillsIsOneTransaction(t *testing.T) {
	l := setup(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			l.post("cellular/pinless/purchase", pinlessBody(fmt.Sprintf("A-%d", i%4), "27821234567", "101", "1000"))
			l.post("1voucher/redeem", redeemBody(fmt.Sprintf("B-%d", i), "5000500000000001", "0"))
		})
	}
	all.Wait()
	b := l.sandbox.Books()
	if b.Float != DefaultFloat-40_00 || b.RedemptionBalance != 50_00 {
		t.Errorf("float %d, redeemed %d", b.Float, b.RedemptionBalance)
	}
}

func TestEveryFaultShowsItselfAndIsRecoveredFrom(t *testing.T) {
	// What is seen as the same request is sent again and again.
	const nothing, noCode = 0, -1 // no answer at all; no code that can be read
	type answer struct{ status, code int }
	ok := answer{200, 1000}
	for fault, want := range map[int][]answer{
		1: {ok}, 2: {{nothing, noCode}, ok}, 3: {{nothing, noCode}, ok}, 4: {{500, noCode}, ok}, 5: {{503, noCode}, ok},
		6: {{200, noCode}, ok}, 7: {{429, noCode}, ok}, 8: {{500, 2220}, {500, 2220}, ok}, 9: {{401, 3704}, ok},
		11: {{200, noCode}, ok}, 12: {{200, noCode}, ok}, 13: {{500, 2211}, {500, 2211}, {500, 2211}, ok},
		17: {{500, 0}, ok}, 18: {{200, noCode}, ok}, 19: {ok}, 20: {ok}, 21: {{nothing, noCode}, ok}, 22: {{200, noCode}, ok},
		23: {{200, 2222}, ok}, 24: {{400, 9999}, ok}, 25: {{307, noCode}, ok}, 26: {ok}, 99: {ok},
	} {
		l := setup(t)
		for op, body := range map[string]string{
			"1voucher/redeem":           redeemBody("A", fmt.Sprintf("7%02d0001000000001", fault), "0"),
			"cellular/pinless/purchase": pinlessBody("B", fmt.Sprintf("276000100%02d", fault), "101", "1000"),
		} {
			for i, w := range want {
				status, got := l.post(op, body)
				code, isCode := got["responseCode"].(float64)
				matches := status == w.status
				switch {
				case w == ok:
					matches = matches && isCode && code == 0 && got["amount"] == 1000.0
				case w.code == noCode:
					matches = matches && !isCode
				default:
					matches = matches && int(code) == w.code
				}
				if !matches {
					t.Errorf("fault %02d, %s, answer %d: HTTP %d, %v; want %v", fault, op, i+1, status, got, w)
				}
			}
		}
		if b := l.sandbox.Books(); b.Float != DefaultFloat-10_00 || b.RedemptionBalance != 10_00 {
			t.Errorf("fault %02d: float %d, redeemed %d", fault, b.Float, b.RedemptionBalance)
		}
	}
}

func TestFaultsAfterwardsHaveMovedTheMoneyAndOthersNot(t *testing.T) {
	for fault, moved := range map[int]bool{
		2: false, 3: true, 4: false, 5: true, 6: true, 7: false, 8: false, 9: false, 11: true, 12: true, 13: false, 14: true, 15: true,
		16: true, 17: true, 18: true, 21: true, 22: true, 23: false, 24: true, 25: false,
	} {
		l := setup(t)
		l.post("1voucher/redeem", redeemBody("A", fmt.Sprintf("7%02d0001000000001", fault), "0"))
		b := l.sandbox.Books()
		if (b.RedemptionBalance == 10_00) != moved || (b.Transactions[0].Status == "success") != moved {
			t.Errorf("fault %02d: redeemed %d, %s", fault, b.RedemptionBalance, b.Transactions[0].Status)
		}
	}
}

func TestFault10IsProcessedAndNeverAnswered(t *testing.T) {
	l := setup(t)
	body := redeemBody("A", "7100001000000001", "0")
	err := l.giveUp("1voucher/redeem", body, func() bool { return l.sandbox.Books().RedemptionBalance == 10_00 })
	if err != nil {
		t.Error(err)
	}
	status, answer := l.post("1voucher/redeem", body)
	wantCode(t, "again", status, answer, 200, 0)
}

func TestASlowAnswerEndsWhenTheCallerLeaves(t *testing.T) {
	l := setup(t, func(o *Options) { o.SlowFor = time.Hour })
	body := redeemBody("A", "7010001000000001", "0")
	err := l.giveUp("1voucher/redeem", body, func() bool { return l.sandbox.Books().RedemptionBalance == 10_00 })
	if err != nil {
		t.Error(err)
	}
	status, answer := l.post("1voucher/redeem", body)
	wantCode(t, "again", status, answer, 200, 0)
}

func TestManyTillsAtOnceIssueAndReverseOnce(t *testing.T) {
	l := setup(t)
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			ref := fmt.Sprintf("A-%d", i%3)
			l.post("1voucher/purchase", ask(ref, props{"amount": 10000}))
			l.post("1voucher/reverse", ask(fmt.Sprintf("B-%d", i), props{"originalReference": "A-0"}))
			l.post("exclusive-voucher/redeem", ask(fmt.Sprintf("C-%d", i%2), props{"pin": "4000500000000001", "amount": 1000}))
		})
	}
	all.Wait()
	l.money("two sold, one reversed, one redeemed", DefaultFloat-200_00, 10_00)
	if b := l.sandbox.Books(); b.Counts["reversed"] != 1 || b.Outstanding != 240_00 {
		t.Errorf("books %+v", b)
	}
}

// same reads as one byte for ever, or not at all.
type same struct{ byte }

func (r same) Read(b []byte) (int, error) {
	if r.byte == 0 {
		return 0, errors.New("no randomness")
	}
	for i := range b {
		b[i] = r.byte
	}
	return len(b), nil
}

func TestPINsDifferWhateverTheRandomness(t *testing.T) {
	for _, r := range []same{{0}, {'3'}, {9}} {
		l := setup(t, func(o *Options) { o.Random = r })
		seen := make(map[any]bool)
		for i := range 5 {
			v := l.buy("1voucher/purchase", fmt.Sprintf("A-%d", i), props{"amount": 1000})
			pin, _ := v["pin"].(string)
			serial, _ := v["serialNumber"].(string)
			if seen[pin] || seen[serial] || !isDigits(pin, 16) || pin[0] != '8' || !isDigits(serial, 12) {
				t.Errorf("voucher %v after %v", v, seen)
			}
			seen[pin], seen[serial] = true, true
		}
	}
}
