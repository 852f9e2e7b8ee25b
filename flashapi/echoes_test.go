package flashapi

import (
	"fmt"
	"strings"
	"testing"

	"spaza/secret"
)

// What a voucher's state is after our own success is no refusal of a repetition:
// a redeemed token is not active any more, and who was given this month's free
// electricity does not meet its requirements any more.
func TestAStateThatOurOwnSuccessBroughtAboutIsNoRefusal(t *testing.T) {
	for _, s := range specimensThat(sells) {
		for _, code := range []int{2349, 2676} {
			if v := Judge(s.message(), coded(400, code), First); v.Settled != Refused {
				t.Errorf("%v, code %d first: %+v", s, code, v)
			}
			if v := Judge(s.message(), coded(400, code), Again); v.Settled != Open || v.Person {
				t.Errorf("%v, code %d again: %+v", s, code, v)
			}
		}
	}
}

// "No sale was found" is the answer to somebody's question about an earlier sale,
// such as the host's own after a timeout. That nothing is found yet does not say
// that nothing will be.
func TestThatNoSaleIsFoundIsNoRefusal(t *testing.T) {
	for _, s := range specimensThat(sells) {
		for _, code := range []int{2315, 2326, 2340, 2353} {
			for _, again := range []Sending{First, Again} {
				if v := Judge(s.message(), coded(400, code), again); v.Settled != Open || v.Class != ClassUnknown {
					t.Errorf("%v, code %d: %+v", s, code, v)
				}
			}
		}
	}
}

// What stands in the place of a PIN is none, so that it is asked for again and
// not handed out.
func TestWhatStandsInThePlaceOfAPINIsNone(t *testing.T) {
	for _, s := range specimensOf(bringsGoods...) {
		if !strings.Contains(s.good, changePIN) {
			continue
		}
		for _, pin := range []string{
			`true`, `false`, `0`, `1.2345e15`, `8123456789012345.0`, `-1`, `"0000000000000000"`, `"****************"`, `"************2345"`,
			`"XXXXXXXXXXXX2345"`, `"xxxx-xxxx-xxxx"`, `"••••2345"`, `"null"`, `"None"`, `"N/A"`, `"-"`, `" "`,
		} {
			body := strings.Replace(s.good, `"`+changePIN+`"`, pin, 1)
			if v := Judge(s.message(), answered(200, body), First); !v.Owed || v.Settled != Open || v.Result != nil {
				t.Errorf("%v, PIN %s: %+v", s, pin, v)
			}
		}
		for _, pin := range []string{`8`, `812345678901`, `"AB-12x"`, `"QWERTY"`, `"0000000000000001"`, `"5000 5000"`} {
			body := strings.Replace(s.good, `"`+changePIN+`"`, pin, 1)
			v := Judge(s.message(), answered(200, body), First)
			issue, ok := v.Result.(*Issue)
			if !ok || !issue.Voucher.PIN.Equal(strings.Trim(pin, `"`)) {
				t.Errorf("%v, PIN %s: %+v", s, pin, v)
			}
		}
	}
}

// The PIN that was handed in is no change, however the host writes it.
func TestAVoucherThatWasTakenInWholeIsNotHandedBack(t *testing.T) {
	for sent, echoes := range map[string][]string{
		"5000500000000001": {`"5000500000000001"`, `5000500000000001`, `"5000 5000 0000 0001"`, `"5000-5000-0000-0001"`, `"************0001"`, `"5000********0001"`, `null`},
		"0050500000000001": {`"0050500000000001"`, `50500000000001`, `"50500000000001"`, `"0050 5000 0000 0001"`},
	} {
		r := redeemAll()
		r.PIN = secret.New(sent)
		for _, echo := range echoes {
			for amount, odd := range map[int]bool{0: false, 2000: false, 1500: true} {
				body := fmt.Sprintf(`{"responseCode":0,"amount":%d,"voucher":{"amount":2000,"pin":%s,"status":"Redeemed"}}`, amount, echo)
				v := Judge(message(r), answered(200, body), First)
				got, ok := v.Result.(*Redemption)
				if !ok || got.Change != nil || v.Alert != odd || (amount > 0 && int(got.Amount) != amount) || (amount == 0 && got.Amount != 20_00) {
					t.Errorf("%s echoed as %s, amount %d: %+v", sent, echo, amount, v)
				}
			}
		}
		body := `{"responseCode":0,"amount":2000,"voucher":{"amount":2000,"pin":"` + changePIN + `"}}`
		if got, ok := Judge(message(r), answered(200, body), First).Result.(*Redemption); !ok || got.Change == nil || !got.Change.PIN.Equal(changePIN) {
			t.Errorf("%s, and a change voucher: %v", sent, ok)
		}
	}
}
