package matrix

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/electrumapi"
	"spaza/flashapi"
	"spaza/ledger"
	"spaza/secret"
	"spaza/vend"
)

// row is one operation that moves money.
type row struct {
	kind vend.Kind
	op   string // the provider's word for it
	// otherwise says that customers pay the merchant with something else than
	// their balance, so that other operations sell some kinds.
	otherwise bool
	free      bool      // free basic electricity
	undoes    vend.Kind // for KindReverse
	terms     terms     // where they decide how the provider is asked
}

func (r row) String() string {
	name := string(r.kind)
	switch {
	case r.free:
		name += " for free"
	case r.undoes != "":
		name += " of " + string(r.undoes)
	}
	return name + ", " + r.op + r.terms.String()
}

// trade is selling by one provider.
type trade interface {
	// table is the file with what its cells end as, and marks are its marks.
	table() string
	marks() [][2]string
	// share is of how many cells one is played.
	share(w when) int
	rows(t *testing.T) []row
	// faults are a simulator, and the numbers of those faults that a test number
	// brings.
	faults() (http.Handler, map[int]bool)
	control() string
	simulate(now func() time.Time) simulator
	// sell is the provider of a cell whose simulator is at url.
	sell(s *shop, url string, r row) (vend.Provider, error)
}

// sellers are both ways in which a merchant may be set up.
func sellers() []bool { return []bool{false, true} }

// rows are all operations: those of every kind that the provider sells, however
// the merchant is set up. It fails for a kind that is not among them.
func (flash) rows(t *testing.T) []row {
	t.Helper()
	client, err := flashapi.New(flashOptions("http://127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	add := func(p *flashapi.Provider, r row) {
		s := vend.Sale{Ref: "M-1", Kind: r.kind, Product: "1", Amount: ledger.Rand(20), Target: r.target(1), Free: r.free}
		switch r.kind {
		case vend.KindRedeem:
			s.Product, s.Amount, s.PIN = "", 0, secret.New(voucherPIN(20, 1))
		case vend.KindRefund:
			s.Product = ""
		case vend.KindReverse:
			s.Amount, s.Original, s.OriginalKind = 0, "M-0", r.undoes
		}
		if r.free {
			s.Amount = 0
		}
		req, err := p.Prepare(s)
		if err != nil {
			t.Fatalf("the matrix does not know how a sale of kind %q is made: %v", r.kind, err)
		}
		r.op = req.Op
		same := func(o row) bool {
			r.otherwise = o.otherwise
			return o == r
		}
		if otherwise := r.otherwise; !slices.ContainsFunc(all, same) {
			r.otherwise = otherwise
			all = append(all, r)
		}
	}
	for _, k := range vend.Kinds() {
		before := len(all)
		for _, otherwise := range sellers() {
			p := flashapi.NewProvider(client, flashapi.ProviderOptions{PaidOtherwise: otherwise})
			if !p.Can(k).Sells {
				continue
			}
			switch k {
			case vend.KindReverse:
				for _, undone := range vend.Kinds() {
					if p.Can(undone).Reverses {
						add(p, row{kind: k, undoes: undone})
					}
				}
			case vend.KindElectricity:
				add(p, row{kind: k, otherwise: otherwise})
				add(p, row{kind: k, otherwise: otherwise, free: true})
			default:
				add(p, row{kind: k, otherwise: otherwise})
			}
		}
		if len(all) == before {
			t.Errorf("nobody sells kind %q", k)
		}
	}
	return all
}

// faultNames are the names of all faults of a simulator, in the order of their
// numbers, by its own words.
func faultNames(t *testing.T, of trade) []string {
	t.Helper()
	simulator, numbers := of.faults()
	delete(numbers, 0)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost"+of.control(), strings.NewReader(`{"fault":"?"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	simulator.ServeHTTP(w, r)
	var says struct{ Error string }
	if err := json.Unmarshal(w.Body.Bytes(), &says); err != nil {
		t.Fatal(err)
	}
	_, list, ok := strings.Cut(says.Error, "there are ")
	names := strings.Split(list, ", ")
	if !ok || len(names) != len(numbers) {
		t.Fatalf("the simulator names %d faults and has numbers for %d: %s", len(names), len(numbers), says.Error)
	}
	return names
}

// target is who gets what is bought in a row, another one for every n.
func (r row) target(n int) string { return target(r.kind, n, r.free, r.terms) }

func target(k vend.Kind, n int, free bool, t terms) string {
	switch {
	case k == vend.KindAirtime, k == vend.KindData:
		return fmt.Sprintf("2783%07d", n)
	case k == vend.KindElectricity && free:
		return "14000000084" // claims free units, once a month
	case k == vend.KindElectricity && t.remedy == electrumapi.RemedyReverse:
		return "TST001" // whose tokens, of R100, are taken back
	case k == vend.KindElectricity:
		return meter(n)
	case k == vend.KindBill:
		return "1003500" + fmt.Sprint(n%10) // owes R350; the biller's code goes in front
	}
	return ""
}

// meter is an ordinary meter's number, with its check digit.
func meter(n int) string {
	digits := fmt.Sprintf("04%08d", n)
	sum := 0
	for i, d := range digits {
		v := int(d - '0')
		if i%2 == 1 { // from the right, before the check digit, every other from the first
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return digits + fmt.Sprint((10-sum%10)%10)
}

// voucherPIN is the PIN of an unused 1Voucher worth so many rand, another one for
// every n.
func voucherPIN(rand, n int) string { return fmt.Sprintf("5%05d%010d", rand, n) }
