package sandbox

import (
	"maps"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// account is what the property test thinks of one request.
type account struct {
	cents               int64
	direct              bool
	confirmed, reversed bool
}

// desk plays airtime without a network, and keeps books of its own.
type desk struct {
	t       *rapid.T
	sandbox *Sandbox
	next    int
	bought  map[string]*account
	early   map[string]bool // reversals that came before their request
	ids     []string        // all that were ever used
	paidIn  int64
}

func (d *desk) send(path string, body props) int {
	r := httptest.NewRequest("POST", path, strings.NewReader(inJSON(body)))
	r.SetBasicAuth(DefaultUser, DefaultPassword)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	d.sandbox.ServeHTTP(w, r)
	return w.Code
}

// an id that was used, or a new one.
func (d *desk) id() string {
	d.next++
	id := uuid(d.next)
	if len(d.ids) > 0 && rapid.Bool().Draw(d.t, "known id") {
		return rapid.SampledFrom(d.ids).Draw(d.t, "which")
	}
	d.ids = append(d.ids, id)
	return id
}

// buy buys, and checks that only what was never heard of and can be paid is sold.
func (d *desk) buy(direct bool) {
	id := d.id()
	cents := rapid.SampledFrom([]int64{2_00, 10_00, 999_99}).Draw(d.t, "cents")
	body := topUp(id, "MTNAIR", "27831234567", cents)
	if !direct {
		body = with(body, props{"product": props{"productId": "VODPINVAR"}, "recipientMsisdn": nil})
	}
	affordable := d.sandbox.Float() >= cents
	_, before := d.bought[id]
	status := d.send(purchases, body)
	if (status == 201) != (!before && !d.early[id] && affordable) {
		d.t.Fatalf("bought %s: HTTP %d, known %t, reversed early %t, affordable %t", id, status, before, d.early[id], affordable)
	}
	switch {
	case before || d.early[id]:
	case status == 201:
		d.bought[id] = &account{cents: cents, direct: direct}
	default:
		d.bought[id] = &account{} // refused for good
	}
}

// settle confirms or reverses, and checks that only one of them is ever taken.
func (d *desk) settle(undo bool) {
	id := d.id()
	d.next++
	path, body := confirmations, confirmation(uuid(d.next), id, 1)
	if undo {
		path, body = reversals, reversal(uuid(d.next), id)
	}
	status, want := d.send(path, body), 404
	a := d.bought[id]
	switch {
	case a == nil:
		d.early[id] = d.early[id] || undo
	case a.cents == 0:
	case undo && (a.confirmed || a.direct), !undo && a.reversed:
		want = 400
	default:
		want = 202
		a.confirmed, a.reversed = !undo, undo
	}
	if status != want {
		d.t.Fatalf("settled %s (undo %t): HTTP %d, want %d; %+v", id, undo, status, want, a)
	}
}

// check adds everything up.
func (d *desk) check() {
	var sold int64
	for a := range maps.Values(d.bought) {
		if !a.reversed {
			sold += a.cents
		}
	}
	if b := d.sandbox.Books(); b.Float < 0 || b.Sold != sold || b.PaidIn != d.paidIn || b.Float+b.Sold != d.paidIn {
		d.t.Fatalf("float %d, sold %d, paid in %d; want %d sold of %d", b.Float, b.Sold, b.PaidIn, sold, d.paidIn)
	}
}

func TestMoneyAlwaysAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := &desk{t: t, sandbox: New(Options{}), bought: make(map[string]*account), early: make(map[string]bool), paidIn: DefaultFloat}
		t.Repeat(map[string]func(*rapid.T){
			"":        func(*rapid.T) { d.check() },
			"top up":  func(*rapid.T) { d.buy(true) },
			"a PIN":   func(*rapid.T) { d.buy(false) },
			"confirm": func(*rapid.T) { d.settle(false) },
			"reverse": func(*rapid.T) { d.settle(true) },
			"float": func(t *rapid.T) {
				to := rapid.SampledFrom([]int64{0, 15_00, DefaultFloat}).Draw(t, "float")
				d.paidIn += to - d.sandbox.Float()
				d.sandbox.SetFloat(to)
			},
		})
	})
}
