package kill

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"spaza/electrumapi/sandbox"
)

// electrum is the simulator of Electrum. The crowd buys airtime, after which the
// status is asked for, and PINs, which are reversed instead.
type electrum struct {
	*sandbox.Sandbox
	proof proof
}

const (
	electrumPurchases     = "airtime/purchases"
	electrumConfirmations = "airtime/purchases/confirmations"
	electrumReversals     = "airtime/purchases/reversals"
)

func newElectrum(p proof) provider {
	return electrum{sandbox.New(sandbox.Options{SlowFor: 1500 * time.Millisecond, KeepFor: 24 * time.Hour, Float: providerFloat}), p}
}

func (electrum) moments(q *http.Request) (comes, leaves moment, moves bool) {
	path := strings.TrimPrefix(q.URL.Path, "/airtime/v5/")
	switch {
	case q.Method != http.MethodPost || path == q.URL.Path:
		return 0, 0, false
	case strings.HasPrefix(path, "purchases/"):
		return told, heard, true
	}
	return reached, sold, true
}

func (e electrum) env(url string) map[string]string {
	env := map[string]string{
		"SPAZA_ELECTRUM_BASE_URL": url, "SPAZA_ELECTRUM_USERNAME": sandbox.DefaultUser, "SPAZA_ELECTRUM_PASSWORD": sandbox.DefaultPassword,
		"SPAZA_ELECTRUM_TERMINAL": "SPAZA001", "SPAZA_ELECTRUM_MERCHANT_ID": "SPAZA0000000001", "SPAZA_ELECTRUM_MERCHANT_TYPE": "5411",
		"SPAZA_ELECTRUM_MERCHANT_NAME": "Spaza", "SPAZA_ELECTRUM_MERCHANT_CITY": "Johannesburg", "SPAZA_ELECTRUM_MERCHANT_REGION": "GP",
		"SPAZA_ELECTRUM_UNKNOWN": "airtime_pin=reverse",
		// Nobody waits a minute for what hangs, and nothing here comes late.
		"SPAZA_ELECTRUM_TIMEOUT": "5s", "SPAZA_ELECTRUM_SETTLE_AFTER": "5s",
	}
	if e.proof.long {
		delete(env, "SPAZA_ELECTRUM_SETTLE_AFTER") // since here it does
	}
	return env
}

// trouble is at the sale, or at what is told of one. What undoes a sale, or says that
// it stands, is never refused: then only a person could go on. Nor is a sale made
// and then answered as one that was not, by 503 or by a refusal: whoever is told so
// by the document's own rules has no reason to ask.
func (e electrum) trouble(choose *rand.Rand, number string) bool {
	f := sandbox.Fault{Op: electrumPurchases, Target: number, Times: 1}
	switch n := choose.IntN(12); {
	case n < 2:
		f.Delay = time.Duration(200+choose.IntN(1800)) * time.Millisecond
	case n < 4: // the network refuses: the money goes back
		f.Type = []string{"DECLINED_BY_MNO", "OUT_OF_STOCK", "INVALID_MSISDN"}[choose.IntN(3)]
	case n < 6:
		f.Target, f.Op = "", e.one(choose, []string{electrumConfirmations, electrumReversals}, "airtime/purchases/status")
		f.Name = e.one(choose, []string{
			"slow", "cut_before", "cut_after", "http_500_before", "http_500_after", "http_503_before", "http_503_after", "http_504_after",
			"throttled", "unauthorised", "forbidden", "http_408_before", "truncated", "redirect", "outcome_unknown_after",
		}, "hang")
	default:
		f.Name = e.one(choose, []string{
			"slow", "cut_before", "cut_after", "http_500_after", "garbage", "throttled", "http_503_before", "unauthorised", "empty", "http_504_after",
			"no_goods_once", "success_under_500", "truncated", "wrong_types", "unlisted_type", "redirect", "outcome_unknown_after",
			"forbidden", "http_408_before", "empty_error", "http_501_before", "outcome_unknown_under_400", "unlisted_type_after",
		}, "http_500_before", "http_504_before", "outcome_unknown_before", "hang", "late", "deep", "huge", "drip")
	}
	return e.Fault(f) == nil
}

// one chooses a fault, among those that take their time too where there is some.
func (e electrum) one(choose *rand.Rand, names []string, slow ...string) string {
	if e.proof.long {
		names = append(names, slow...)
	}
	return names[choose.IntN(len(names))]
}

func (e electrum) books() account {
	b := e.Books()
	a := account{sold: b.Sold}
	for _, t := range b.Transactions {
		l := line{
			ref: t.Reference, stands: t.State == sandbox.Confirmed, amount: t.Amount, again: t.Seen > 1,
			// The same again is refused, but should never have been asked for.
			twice: t.Seen > 1, text: fmt.Sprintf("electrum %+v", t),
		}
		if strings.HasPrefix(t.Target, "27") {
			l.number = t.Target
		}
		switch {
		case t.State == sandbox.Provisioned:
			l.open = "it was told neither that the sale stands nor that it does not"
		case l.stands && t.Paid != t.Amount:
			l.open = "it was told that something else was paid"
		case l.stands && t.Undone, t.State == sandbox.Reversed && !t.Undone:
			l.open = "it was told both"
		}
		a.lines = append(a.lines, l)
	}
	return a
}
