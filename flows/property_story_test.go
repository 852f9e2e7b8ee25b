package flows_test

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spaza/vend"
)

// TestWalksThatOnceWentWrong are walks on the same street that led somewhere they
// should not, as short as they can be. "> 1" types, "dial" dials, "shelf 2" changes
// the catalogue, "named" names another meter than the one that is bought for, "other"
// and "me" go on in the customer's chat and on the phone.
func TestWalksThatOnceWentWrong(t *testing.T) {
	books := emptyBooks(t)
	for name, walk := range map[string]struct {
		begin start
		steps string
		shows string // the last screen
		lacks string
	}{
		"another meter is looked at while a PIN is made to pay for one": {
			start{pin: vend.PINRequired, fund: vend.FundBalance, has: "R200"},
			"named, dial, > 3, > 1, > 14000000019, > 1, > 1, > 0, > 0, > 4, > 1, > 0, > 0, > 5, > 1, > 48213, > 48213",
			"Your PIN is set", "Go on",
		},
		"it goes on where a PIN was made at once": {
			start{pin: vend.PINRequired, fund: vend.FundBalance, has: "R200"},
			"dial, > 3, > 14000000019, > 1, > 1, > 0, > 1, > 48213, > 48213, > 1",
			"R20 electricity, meter 14000000019?", "",
		},
		"a voucher is handed in after a PIN was to be made to get money back": {
			start{pin: vend.PINRequired, fund: vend.FundBalance, has: "R200"},
			"dial, > 7, > 7, > 1, > 1, > 0, > 0, > 3, > 5000500000000001, > 1",
			"Airtime for which number?", "",
		},
		"free units are asked for with an airtime PIN in the basket": {
			start{pin: vend.PINOptional, fund: vend.FundBalance, has: "R200"},
			"dial, > 7, > 1, > 2, > 1, > 0, > 0, > 0, > 3, > 14000000019, > 1",
			"Free units, City Power", "",
		},
		"a 1Voucher is bought after an account was typed": {
			start{pin: vend.PINOptional, fund: vend.FundBalance, has: "R200"},
			"dial, > 7, > 4, > 2, > 12345, > 0, > 0, > 0, > 6, > 1",
			"1Voucher of R10? You have R200", "12345",
		},
		"a bundle's code means another when the yes is typed": {
			start{pin: vend.PINOptional, fund: vend.FundBalance, has: "R200"},
			"dial, > 2, > 1, > 1, > 1, > 1, shelf 2, > 1",
			"Vodacom 50MB Hourly Data for 0821234567?", "100MB",
		},
		"the friend for whom it was is forgotten": {
			start{pin: vend.PINOptional, fund: vend.FundBalance, has: "R200"},
			"dial, > 1, > 0831234567, > 1, > 1, > 1, erase, dial",
			"What do you need?", "Again",
		},
		"the same amount of another network is no second time": {
			start{pin: vend.PINOptional, fund: vend.FundBalance, has: "R200"},
			"dial, > 1, > 1, > 1, > 1, > 1, dial, > 1, > 1, > 0, > 2, > 1",
			"R10 MTN airtime for 0821234567?", "Once more",
		},
		"a first customer buys the same in two conversations": {
			start{pin: vend.PINOptional, fund: vend.FundMerchant, has: "R0"},
			"other, dial, > 1, > 1, > 1, me, dial, > 1, > 1, > 1, > 1, > 1, other, > 1",
			"R10 Vodacom airtime for 0821234567. Once more?", "Yes, send",
		},
		"the network has left the shelf when it is asked about once more": {
			start{pin: vend.PINOptional, fund: vend.FundBalance, has: "R200"},
			"dial, > 1, > 1, > 1, > 1, > 1, dial, > 1, > 1, > 1, shelf 0, > x",
			"R10 Vodacom airtime for 0821234567. Once more?", "vodacom",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStreet(t, books, walk.begin)
				defer time.Sleep(time.Minute)
				me := s.lines[0]
				for step := range strings.SplitSeq(walk.steps, ", ") {
					switch what, in, _ := strings.Cut(step, " "); what {
					case ">":
						s.say(me, in)
					case "dial":
						s.dial(me, in)
					case "shelf":
						n, _ := strconv.Atoi(in)
						s.restock(n)
					case "erase":
						s.happen(act{what: "erase"})
					case "me", "other":
						me = s.lines[map[string]int{"me": 0, "other": 1}[what]]
					case "named":
						if err := s.service.NameRegular(t.Context(), me.user, vend.KindElectricity, "0014000000035", "Gogo"); err != nil {
							t.Fatal(err)
						}
					}
				}
				last := me.shown
				s.close()
				if wrong := s.wrong(); len(wrong) > 0 || !strings.Contains(last, walk.shows) || walk.lacks != "" && strings.Contains(last, walk.lacks) {
					t.Errorf("%s\n%s", strings.Join(wrong, "\n"), strings.Join(s.log, "\n"))
				}
			})
		})
	}
}
