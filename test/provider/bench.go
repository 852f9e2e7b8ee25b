package provider

import (
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

// Remedy is what a provider does about a sale of which it does not know whether it
// happened. It must be said honestly: the suite demands of each something else.
type Remedy uint8

// The remedies.
const (
	// SentAgain is the same request again, which brings what was sold or sells it
	// now: it ends delivered.
	SentAgain Remedy = iota
	// AskedAfter is a question that sells nothing: what happened ends delivered,
	// and what did not ends declined, but not at the first word and not at once,
	// since the request may still be on its way.
	AskedAfter
	// Undone is an advice that undoes the sale whatever became of it: it ends
	// declined, and no money moved.
	Undone
)

// Fate is what a host has made of a sale by what it was told of it afterwards.
type Fate struct {
	// Confirmed and Undone are what it was told and has taken, each at most once.
	Confirmed, Undone bool
	// Paid is what the confirmation says that the customer has paid.
	Paid ledger.Cents
}

// Judge is a Host that is told how sales ended. It must be one where the provider
// confirms or undoes.
type Judge interface {
	Fate(ref string) Fate
}

// Host is the simulator behind a provider.
type Host interface {
	// Meet makes the next times that something about a reference arrives meet a
	// trouble; false when this host knows no such trouble.
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

// Nobody is an address where nobody listens, and no other test comes to: a port that
// was free a moment ago may be given out again.
const Nobody = "http://127.0.0.1:1"

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
	// Remedy says what the provider does about an unclear sale of a kind; nil
	// where it sends all of them again.
	Remedy func(k vend.Kind) Remedy
	// Confirms says whether sales of a kind must be confirmed; nil where none is.
	Confirms func(k vend.Kind) bool
	// Spares are the troubles by which this host says clearly that it did
	// nothing, so that a first sending which meets one is declined.
	Spares []Trouble
	// Secrets are what must not be read in what an answer says about itself,
	// beside the goods.
	Secrets []string
	// Unreachable is a provider of the same kind whose host is not there: at Nobody.
	Unreachable func() vend.Provider
}

// capable is what the suite asks of a provider.
type capable interface {
	vend.Provider
	vend.Capable
	vend.Cataloguer
}

func (b Bench) remedy(k vend.Kind) Remedy {
	if b.Remedy == nil {
		return SentAgain
	}
	return b.Remedy(k)
}

func (b Bench) confirms(k vend.Kind) bool { return b.Confirms != nil && b.Confirms(k) }

// fate is what the host has made of the sale of the suite. A host that is told
// nothing makes nothing of it.
func (b Bench) fate() Fate {
	if j, ok := b.Host.(Judge); ok {
		return j.Fate(ref)
	}
	return Fate{}
}
