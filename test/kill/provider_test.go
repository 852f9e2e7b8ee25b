package kill

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"

	"spaza/ledger"
)

// provider is a simulator of one, as the rig uses it. It outlives the kills.
type provider interface {
	http.Handler
	// moments are what a request is as it comes, and as its answer leaves; false for
	// those that move nothing.
	moments(q *http.Request) (comes, leaves moment, moves bool)
	// env is how the service reaches it there.
	env(url string) map[string]string
	// trouble switches a fault on for whatever is sold next to a number; with none,
	// to anybody without one. It is one that the next attempts clear up: what only a
	// person can decide is not among them. False says that it is not on.
	trouble(choose *rand.Rand, number string) bool
	// books are the provider's, of all that the service ever asked it for.
	books() account
}

// account are a provider's books.
type account struct {
	sold, takenIn int64 // cents
	lines         []line
}

// line is what a provider's books say of one of our orders.
type line struct {
	ref    string
	stands bool   // it happened, and was not undone
	open   string // why the provider does not know itself what becomes of it; empty where it does
	amount int64  // cents
	number string // who got it, where anybody did
	again  bool   // it was asked for, or after, more than once
	twice  bool   // it was made twice, or was to be
	text   string // the whole line, for reports
}

// desk is a provider with the address at which it is served.
type desk struct {
	provider
	url string
}

// serve puts a provider where the service can reach it, and has it ring.
func (r *rig) serve(p provider) desk {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if comes, leaves, moves := p.moments(q); moves {
			r.bell.ring(comes)
			defer r.bell.ring(leaves) // the answer is still to be sent
		}
		p.ServeHTTP(w, q)
	}))
	r.t.Cleanup(s.Close)
	return desk{p, s.URL}
}

// counter says who sells in a rig, beside Flash, who takes the vouchers in.
type counter string

const (
	byFlash    counter = "flash"
	byElectrum counter = "electrum"
	// byEither sells airtime through Flash while Electrum cannot be reached.
	byEither counter = "electrum or flash"
)

// routes is what SPAZA_PROVIDER says of it.
func (c counter) routes() string {
	switch c {
	case byElectrum:
		return "electrum,redeem=flash,refund=flash,voucher=flash"
	case byEither:
		return "electrum,redeem=flash,refund=flash,voucher=flash,airtime=electrum|flash"
	}
	return "flash"
}

// sellThrough opens the counter.
func (r *rig) sellThrough(c counter) {
	r.desks = []desk{r.serve(newFlash(r.proof))}
	if c != byFlash {
		r.desks = append(r.desks, r.serve(newElectrum(r.proof)))
	}
	r.counter = c
}

// seller is who sells first of all.
func (r *rig) seller() provider { return r.desks[len(r.desks)-1] }

// moments are those at which the killer of a rig may strike.
func (r *rig) moments() []moment {
	all := []moment{pressed, reached, sold, messaged}
	if r.counter != byFlash {
		all = append(all, told, heard)
	}
	return all
}

// theirs are the books of all providers: what each has of an order, by reference,
// and what the sums must be.
type theirs struct {
	of   map[string][]found
	sums []account // as they are, in the order of the desks
	due  []account // as our orders say that they must be
}

type found struct {
	line
	desk int
}

func (r *rig) theirs() theirs {
	k := theirs{of: map[string][]found{}, due: make([]account, len(r.desks))}
	for i, d := range r.desks {
		b := d.books()
		for _, l := range b.lines {
			k.of[l.ref] = append(k.of[l.ref], found{l, i})
		}
		k.sums = append(k.sums, b)
	}
	return k
}

// standing is what stands of an order; nil for nothing.
func standing(of []found) *found {
	for i := range of {
		if of[i].stands {
			return &of[i]
		}
	}
	return nil
}

// TestWhatStandsIsFoundInEveryBook is of the reckoning itself: it must see both
// providers.
func TestWhatStandsIsFoundInEveryBook(t *testing.T) {
	t.Parallel()
	if standing(nil) != nil || standing([]found{{line: line{ref: "P-1"}}}) != nil {
		t.Error("something stands that nobody sold")
	}
	both := []found{{line: line{ref: "P-1"}}, {line: line{ref: "P-1", stands: true, amount: int64(ledger.Rand(10))}, desk: 1}}
	if s := standing(both); s == nil || s.desk != 1 {
		t.Errorf("found %+v", s)
	}
}
