package provider

import (
	"context"
	"testing"

	"spaza/ledger"
	"spaza/vend"
)

// Trouble is what can befall a request on its way.
type Trouble string

// The troubles. "Before" means that the host does not do its work, "after" that
// it has done it.
const (
	CutBefore      Trouble = "cut before"
	CutAfter       Trouble = "cut after"
	ErrorBefore    Trouble = "server error before"
	ErrorAfter     Trouble = "server error after"
	Busy           Trouble = "busy"
	Throttled      Trouble = "throttled"
	Unreadable     Trouble = "unreadable answer after"
	Empty          Trouble = "empty answer after"
	Truncated      Trouble = "truncated answer after"
	OtherReference Trouble = "answer with another reference after"
	Unlisted       Trouble = "answer with a code that nobody lists, after"
	NoGoods        Trouble = "success without the goods"
	// Echo cuts the first sending after the host did its work, and refuses the
	// next as used already: by ourselves.
	Echo    Trouble = "cut after, then refused as used already"
	Silence Trouble = "no answer, after" // until the caller gives up
)

// Troubles lists them all.
func Troubles() []Trouble {
	return []Trouble{
		CutBefore, CutAfter, ErrorBefore, ErrorAfter, Busy, Throttled, Unreadable, Empty, Truncated, OtherReference, Unlisted, NoGoods, Echo, Silence,
	}
}

// Host is the simulator behind a provider.
type Host interface {
	// Meet makes the next times sendings of a reference meet a trouble; false
	// when this host knows no such trouble.
	Meet(t *testing.T, ref string, what Trouble, times int) bool
	// Refuse makes every request be refused for its credentials, until the
	// returned function is called.
	Refuse(t *testing.T) (stop func())
	// Done closes once the host has done the work of a reference.
	Done(ref string) <-chan struct{}
	// Money is all that the merchant has at the host, in whatever accounts:
	// a sale of R10 takes R10 from it, a voucher taken in adds to it.
	Money() ledger.Cents
	// Requests is how many requests about sales have arrived.
	Requests() int
}

// Bench is a provider under test, fresh for each part of the suite.
type Bench struct {
	Provider vend.Provider
	Host     Host
	// Sale is a sale of a kind that the host will make, without a reference; a
	// new one each time, so that two are two.
	Sale func(k vend.Kind) vend.Sale
	// Worth is what such a sale moves: the price, or for KindRedeem the value
	// of the voucher, negative.
	Worth func(s vend.Sale) ledger.Cents
	// Refused is a sale of a kind that the host itself refuses (a used voucher,
	// a barred number), with the reason; false where it has none.
	Refused func(k vend.Kind) (vend.Sale, vend.Reason, bool)
	// Meter and NoMeter are a meter that the host knows and one that it does
	// not; Account and NoAccount likewise. They are used where Can says that
	// the provider can be asked, and have no reference.
	Meter, NoMeter     vend.MeterQuestion
	Account, NoAccount vend.AccountQuestion
	// Secrets are what must not be read in what an answer says about itself,
	// beside the goods.
	Secrets []string
	// Unreachable is a provider of the same kind whose host is not there.
	Unreachable func() vend.Provider
}

// capable is what the suite asks of a provider.
type capable interface {
	vend.Provider
	vend.Capable
	vend.Cataloguer
}

// send sends until the outcome is known, at most ten times, and says how often.
func send(ctx context.Context, p vend.Provider, r vend.Request, past vend.Past) (vend.Answer, int) {
	a := p.Send(ctx, r, past)
	n := 1
	for ; a.Outcome == vend.Unknown && !a.Person && n < 10; n++ {
		a = p.Send(ctx, r, vend.Past{Again: true, Code: a.Code, Times: 1})
	}
	return a, n
}
