package flashapi

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The ten rules by which an answer becomes knowledge about money, each held
// against every operation that it concerns. R5, which needs sockets, is in
// rules_transport_test.go; rules_history_test.go holds whole histories against
// them.

// refusals are all codes that the document lists but 0.
func refusals() []int { return slices.Concat(documented, temporarilyUnavailable) }

// unlisted are codes that the document does not have, among them some next to
// those it has.
var unlisted = []int{1, 1034, 2002, 2208, 2317, 2374, 2404, 2411, 2682, 3314, 3705, 9999, 123456}

// silences are the exchanges in which nothing that can be read came back.
func silences() []Exchange {
	list := []Exchange{
		{Sent: true, Err: fmt.Errorf("send: %w", http.ErrHandlerTimeout)}, {Sent: true, Err: ErrTooLarge},
		{Err: ErrBreakerOpen}, {Err: ErrRateLimited}, {Err: ErrToken}, {Err: ErrCredentials}, {Err: ErrInvalid}, {},
	}
	for _, status := range []int{200, 202, 204, 302, 400, 401, 403, 404, 405, 408, 409, 415, 418, 429, 500, 502, 503, 504} {
		for _, body := range []string{"", "<html>", "[]", "{}", `{"responseCode":null}`, `{"responseCode":"x"}`} {
			list = append(list, answered(status, body))
		}
	}
	return list
}

// (R1) Nothing is lost by reading again, so that an answer about it is either
// there or not.
func TestAnOperationThatOnlyReadsIsNeverUnknown(t *testing.T) {
	list := silences()
	for _, code := range slices.Concat(refusals(), unlisted) {
		for _, status := range []int{200, 400, 401, 500} {
			list = append(list, coded(status, code))
		}
	}
	list = append(list, answered(200, `{"responseCode":0,"reference":"SOMEBODY-ELSE"}`), answered(500, `{"responseCode":0}`))
	for _, s := range specimensThat(reads) {
		for _, x := range list {
			for _, again := range []Sending{First, Again} {
				v := Judge(s.message(), x, again)
				if v.Settled != Refused || v.Reason == "" || v.Person || v.Owed {
					t.Errorf("%v, %v: %+v", s, x, v)
				}
				switch v.Class {
				case ClassUnknown, ClassDuplicate, ClassSuccess, ClassReversal:
					t.Errorf("%v, %v: class %s of a look-up", s, x, v.Class)
				}
			}
		}
		// Success that cannot be read is no success, and all it can be.
		for _, body := range []string{`{"responseCode":0}`, `{"responseCode":0,"amount":[],"voucher":7}`} {
			if v := Judge(s.message(), answered(200, body), Again); v.Settled == Open || v.Person || v.Owed {
				t.Errorf("%v, %s: %+v", s, body, v)
			}
		}
		if v := Judge(s.message(), answered(200, s.good), Again); v.Settled != Happened || v.Alert {
			t.Errorf("%v, a good answer: %+v", s, v)
		}
	}
	for _, x := range list {
		if x.Status == 200 && x.Body.Equal("[]") {
			continue // an account without products
		}
		if _, e := x.products(); e == nil || e.Class == ClassUnknown || e.Class == ClassDuplicate || e.Class == ClassSuccess {
			t.Errorf("products, %v: %v", x, e)
		}
	}
}

// (R2) What may have happened stays so until an answer is about the transaction
// itself: a refusal of the repetition settles nothing.
func TestUnknownStaysUntilAnAnswerIsAboutTheTransaction(t *testing.T) {
	for _, s := range slices.Concat(specimensThat(sells), specimensThat(undoes)) {
		m := s.message()
		for _, x := range silences() {
			if v := Judge(m, x, Again); v.Settled != Open {
				t.Errorf("%v, %v: %+v", s, x, v)
			}
		}
		for _, code := range refusals() {
			v := Judge(m, coded(400, code), Again)
			rule, _ := ruleFor(code)
			want := Open
			switch rule.class {
			case ClassUserInput, ClassDeclined:
				if !rule.ambiguous && operations[s.op].effect != undoes {
					want = Refused
				}
			case ClassReversal: // R3b
				continue
			}
			if v.Settled != want {
				t.Errorf("%v, code %d (%s) again: settled %d, want %d", s, code, rule.class, v.Settled, want)
			}
		}
		if v := Judge(m, answered(200, s.good), Again); v.Settled != Happened || v.Alert || v.Result == nil {
			t.Errorf("%v, a good answer to a repetition: %+v", s, v)
		}
	}
}

// (R3) "Used already" about a repetition may be the echo of our own success.
func TestAnEchoOfOurOwnSuccessIsNoRefusal(t *testing.T) {
	for _, s := range specimensThat(sells) {
		for _, code := range []int{1033, 2201, 2248, 2256, 2260, 2261, 2312, 2359, 2372, 2401, 2674, 2681, 2781} {
			if v := Judge(s.message(), coded(400, code), Again); v.Settled != Open {
				t.Errorf("%v, code %d again: %+v", s, code, v)
			}
		}
		for _, code := range []int{2260, 2312, 2401, 2674, 2681, 2781} { // which are plain words to a first sending
			if v := Judge(s.message(), coded(400, code), First); v.Settled != Refused {
				t.Errorf("%v, code %d first: %+v", s, code, v)
			}
		}
	}
}

// (R3b) "Cancelled already" is what a cancellation wanted, whoever did it; what
// stands for good is refused; the rest is for a person.
func TestAnUndoingEndsInTheStateThatWasWanted(t *testing.T) {
	done, stands := []int{2253, 2280, 2409, 2413, 2680}, []int{2273, 2274, 2281, 2282, 2410, 2412, 2414}
	unclear := []int{2249, 2267, 2275, 2276, 2277, 2612, 2614, 2615, 2616}
	for _, s := range specimensThat(undoes) {
		for _, again := range []Sending{First, Again} {
			for _, code := range done {
				v := Judge(s.message(), coded(400, code), again)
				if rule, _ := ruleFor(code); rule.undo == undoCancelled && operations[s.op].restores {
					if v.Settled != Open || !v.Alert { // a redemption undone leaves a good voucher
						t.Errorf("%v, code %d: %+v", s, code, v)
					}
					continue
				}
				if u, ok := v.Result.(*Undone); v.Settled != Happened || v.Alert || !ok || !u.Already || u.Reference != testRef {
					t.Errorf("%v, code %d: %+v", s, code, v)
				}
			}
			for _, code := range stands {
				v := Judge(s.message(), coded(400, code), again)
				if rule, _ := ruleFor(code); again == Again && rule.ambiguous { // too late, or done before
					if v.Settled != Open {
						t.Errorf("%v, code %d again: %+v", s, code, v)
					}
				} else if v.Settled != Refused || v.Reason != "cannot_reverse" || v.Result != nil {
					t.Errorf("%v, code %d: %+v", s, code, v)
				}
			}
			for _, code := range unclear {
				if v := Judge(s.message(), coded(400, code), again); v.Settled != Open || !v.Alert {
					t.Errorf("%v, code %d: %+v", s, code, v)
				}
			}
		}
	}
	rules, _ := codeRules()
	for code, rule := range rules {
		if (rule.class == ClassReversal) != slices.Contains(slices.Concat(done, stands, unclear), code) {
			t.Errorf("code %d is %s", code, rule.class)
		}
	}
	// Of a sale nobody cancelled anything.
	for _, s := range specimensThat(sells) {
		for _, code := range slices.Concat(done, stands, unclear) {
			v := Judge(s.message(), coded(400, code), Again)
			if v.Settled == Happened || (v.Settled == Refused && !(redeems(s.op) && v.Reason == "voucher_cancelled")) {
				t.Errorf("%v, code %d: %+v", s, code, v)
			}
		}
	}
}

// (R4) The one promise about the memory of a reference is 30 minutes.
func TestNothingIsSentAgainNearTheEndOfTheHostsMemory(t *testing.T) {
	const promised = 30 * time.Minute // section 1.2.2 of the draft
	longest := Options{}.withDefaults().HTTPTimeout
	if margin := promised - ResendWindow; margin < longest+time.Minute || margin > 10*time.Minute {
		t.Errorf("a margin of %v", margin)
	}
}

// bringsGoods are the operations whose answer is what was bought.
var bringsGoods = []Op{
	OpVoucherPurchase, OpVoucherDisburse, OpVoucherRefund, OpGiftPurchase, OpCashOutPurchase, OpExclusivePurchase,
	OpTokenPurchase, OpEeziPurchase, OpUtilityPurchase,
}

// (R6) Success without the goods is paid and not had: never delivered, never
// given back, fetched by the same bytes.
func TestSuccessWithoutTheGoodsIsOwed(t *testing.T) {
	for _, s := range specimensOf(bringsGoods...) {
		for _, body := range []string{
			`{"responseCode":0}`, `{"responseCode":"0","reference":"` + testRef + `","amount":2000}`,
			`{"responseCode":0,"voucher":null,"tokens":null}`, `{"responseCode":0,"voucher":{},"tokens":[]}`,
			`{"responseCode":0,"voucher":"gone","tokens":"gone"}`, `{"responseCode":0,"voucher":[],"tokens":{}}`,
			`{"responseCode":0,"voucher":{"pin":""},"tokens":[{"token":""}]}`, `{"responseCode":0,"voucher":{"pin":null},"tokens":[{"token":null}]}`,
			`{"responseCode":0,"voucher":{"pin":{"is":"8"}},"tokens":[{"token":[1]}]}`,
			`{"responseCode":0,"voucher":{"serialNumber":"1","amount":2000},"tokens":[{"tokenDescription":"x"}]}`,
		} {
			for _, again := range []Sending{First, Again} {
				v := Judge(s.message(), answered(200, body), again)
				if !v.Owed || v.Settled != Open || v.Class != ClassSuccess || !v.Alert || v.Person || v.Result != nil {
					t.Errorf("%v, %s: %+v", s, body, v)
				}
			}
		}
		if v := Judge(s.message(), answered(200, s.good), Again); v.Settled != Happened || v.Owed || v.Alert {
			t.Errorf("%v, fetched: %+v", s, v)
		}
	}
	// Where the host sends the PIN by SMS, the answer need not have it.
	r := VoucherRefund{Reference: testRef, Amount: 20_00, MobileNumber: "27821234567"}
	v := Judge(message(r), answered(200, `{"responseCode":0,"amount":2000}`), First)
	if issue, ok := v.Result.(*Issue); v.Settled != Happened || !ok || issue.SentTo != "27821234567" || !issue.Voucher.PIN.Empty() {
		t.Errorf("refund by SMS: %+v", v)
	}
}

// (R7) A code that nobody listed is unknown, and somebody should look.
func TestAnUnlistedCodeIsUnknownForEveryOperation(t *testing.T) {
	for _, s := range specimens() {
		for _, code := range unlisted {
			for _, again := range []Sending{First, Again} {
				v := Judge(s.message(), coded(400, code), again)
				if !v.Alert || v.Code != strconv.Itoa(code) || v.Settled == Happened || (v.Settled == Refused) != (operations[s.op].effect == reads) {
					t.Errorf("%v, code %d: %+v", s, code, v)
				}
			}
		}
	}
}

// (R8) Words that read like "not processed" are marked, and believed by nobody
// here.
func TestASoftCodeIsMarkedAndStillOpen(t *testing.T) {
	soft := []int{2105, 2300, 2302, 2500, 3302}
	for _, s := range slices.Concat(specimensThat(sells), specimensThat(undoes)) {
		for _, code := range refusals() {
			for _, again := range []Sending{First, Again} {
				v := Judge(s.message(), coded(500, code), again)
				is := slices.Contains(soft, code)
				if v.Soft != is || (is && (v.Settled != Open || v.Class != ClassUnknown)) {
					t.Errorf("%v, code %d: %+v", s, code, v)
				}
				if e := failure(s.message(), coded(500, code), v); v.Settled != Happened && (e.Soft != is || e.Refused != (v.Settled == Refused)) {
					t.Errorf("%v, code %d: %+v", s, code, e)
				}
			}
		}
	}
}

// (R9) What the host says in words is for logs: nothing that a customer may see
// is made of it.
func TestTheHostsWordsReachNothingButTheDetail(t *testing.T) {
	const words = "Sentence of the host 5000500000000001, ask 27821234567"
	for _, s := range specimens() {
		for _, code := range slices.Concat([]int{0}, refusals(), unlisted) {
			body := strings.Replace(s.good, `{"responseCode":0,"responseMessage":"Success"`, fmt.Sprintf(`{"responseCode":%d,"responseMessage":%q`, code, words), 1)
			if !strings.Contains(body, words) {
				t.Fatalf("%v has no message to replace", s)
			}
			x := answered(200, body)
			v := Judge(s.message(), x, First)
			if (code == 0) != (v.Settled == Happened) && !(operations[s.op].effect == undoes && v.Settled == Happened) {
				t.Errorf("%v, code %d: %+v", s, code, v)
			}
			for _, said := range []string{v.Detail, failure(s.message(), x, v).Error()} {
				if strings.Contains(said, testPIN) || strings.Contains(said, "27821234567") {
					t.Errorf("%v, code %d: long digits in %q", s, code, said)
				}
			}
			v.Detail = ""
			result, _ := json.Marshal(v.Result)
			if u, ok := v.Result.(*Undone); ok && u.Already {
				result = []byte(strings.ReplaceAll(string(result), u.Detail, "")) // an embedded Receipt's
			}
			if said := fmt.Sprintf("%+v %s", v, result); strings.Contains(said, "Sentence") {
				t.Errorf("%v, code %d: the host's words are in %s", s, code, said)
			}
		}
	}
}

// (R10) What an operator must hear of at once, whatever was asked for.
func TestWhatNeedsTheOperatorAlerts(t *testing.T) {
	always := []int{2003, 2202, 2256, 2270, 2284, 2285, 2321, 2376, 2501, 2232, 2233, 3700, 3701, 3702, 3703, 3704, 3711}
	for _, s := range slices.Concat(specimensThat(sells), specimensThat(undoes)) {
		for _, again := range []Sending{First, Again} {
			for _, code := range always {
				if v := Judge(s.message(), coded(400, code), again); !v.Alert {
					t.Errorf("%v, code %d: no alert", s, code)
				}
			}
			for _, code := range []int{2201, 2372} { // our own references collide, unless we sent it twice
				if v := Judge(s.message(), coded(400, code), again); v.Alert != (again == First) {
					t.Errorf("%v, code %d: alert %v for again %v", s, code, v.Alert, again)
				}
			}
			if v := Judge(s.message(), answered(200, `{"responseCode":0,"reference":"SOMEBODY-ELSE"}`), again); !v.Alert || v.Settled != Open {
				t.Errorf("%v, another's answer: %+v", s, v)
			}
		}
	}
}

func TestTheTableOfOperationsIsWhole(t *testing.T) {
	for _, op := range slices.Sorted(maps.Keys(operations)) {
		o := operations[op]
		if o.find == nil || (o.effect == undoes) != (strings.HasSuffix(string(op), "reverse") || strings.HasSuffix(string(op), "cancel")) {
			t.Errorf("%s: %+v", op, o.effect)
		}
		if o.effect == sells && !redeems(op) && op != OpPinlessPurchase && op != OpPayPurchase && op != OpPayDisburse && !slices.Contains(bringsGoods, op) {
			t.Errorf("%s sells, but nothing says what it brings", op)
		}
	}
}

// (R10) One refused token is a matter of the hour; a fresh one that is refused as
// well is the operator's.
func TestATokenRefusedTwiceAlertsAndOneRefusedOnceDoesNot(t *testing.T) {
	for refused, alert := range map[int32]bool{0: false, 1: false, 2: true} {
		for _, s := range oneOfEachShape() {
			var posts, tokens atomic.Int32
			b := setup(t, func(o *Options) {
				o.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
					status, body := 200, s.good
					if strings.HasSuffix(r.URL.Path, "/token") {
						body = fmt.Sprintf(`{"access_token":"T%d","expires_in":3600}`, tokens.Add(1))
					} else if posts.Add(1) <= refused {
						status, body = 401, ""
					}
					return &http.Response{StatusCode: status, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
				})
			})
			m := s.message()
			v := Judge(m, b.client.Post(t.Context(), m), First)
			if v.Alert != alert || (v.Settled == Happened) == alert || (alert && v.Class != ClassAuth) {
				t.Errorf("%v, %d tokens refused: %+v", s, refused, v)
			}
			if want := min(refused+1, 2); posts.Load() != want || tokens.Load() != want {
				t.Errorf("%v, %d tokens refused: %d posts with %d tokens", s, refused, posts.Load(), tokens.Load())
			}
		}
	}
}

// A selling operation that is answered about a reversal was not refused by that:
// nobody reversed anything. Of a voucher that is handed in, "cancelled" is plain.
func TestWhatIsSaidOfAReversalSettlesNoSale(t *testing.T) {
	rules, err := codeRules()
	if err != nil {
		t.Fatal(err)
	}
	for code, rule := range rules {
		if rule.class != ClassReversal {
			continue
		}
		for _, s := range specimensThat(sells) {
			want := Open
			if redeems(s.op) && rule.reason != "" {
				want = Refused
			}
			if v := Judge(s.message(), coded(400, code), First); v.Settled != want || (want == Open && !v.Alert) {
				t.Errorf("%v, code %d: %v, want %v", s, code, v.Settled, want)
			}
		}
	}
}
