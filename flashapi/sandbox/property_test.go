package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// desk plays operations without a network, and keeps books of its own.
type desk struct {
	t       *rapid.T
	sandbox *Sandbox
	token   string
	next    int

	sold    int64 // for goods that are no vouchers
	spent   int64 // of vouchers, outside of the API
	pins    []string
	serials []string
	refs    []string
	changed int64 // by setting the float
}

func (d *desk) post(op string, more props) map[string]any {
	d.next++
	ref := fmt.Sprintf("P-%d", d.next)
	d.refs = append(d.refs, ref)
	return d.send(op, ask(ref, more))
}

func (d *desk) send(op, body string) map[string]any {
	r := httptest.NewRequest("POST", "/aggregation/4.0/"+op, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+d.token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	d.sandbox.ServeHTTP(w, r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		d.t.Fatalf("%s %s: %s", op, body, w.Body)
	}
	code, _ := answer["responseCode"].(float64)
	if _, documented := meanings()[int(code)]; code != 0 && !documented {
		d.t.Fatalf("%s %s: code %v", op, body, code)
	}
	if code != 0 {
		return nil
	}
	if voucher, _ := answer["voucher"].(map[string]any); voucher != nil {
		if pin, _ := voucher["pin"].(string); pin != "" {
			d.pins = append(d.pins, pin)
		}
		if serial, _ := voucher["serialNumber"].(string); serial != "" {
			d.serials = append(d.serials, serial)
		}
	}
	return answer
}

// check adds everything up.
func (d *desk) check() {
	s := d.sandbox
	var outstanding, held int64
	for _, v := range s.drawer.inOrder {
		if v.status == active {
			outstanding += v.value
		}
		if v.status == active && s.drawer.byPIN[v.pin] != v {
			d.t.Fatalf("voucher %s cannot be found", v.serial)
		}
	}
	held = s.books.float + s.books.redemption + outstanding + d.sold + d.spent
	if want := DefaultFloat + s.drawer.broughtIn + d.changed; held != want {
		d.t.Fatalf("float %d, redemption %d, outstanding %d, sold %d, spent %d: %d in all, want %d",
			s.books.float, s.books.redemption, outstanding, d.sold, d.spent, held, want)
	}
	if s.books.float < 0 || s.books.redemption < 0 || s.drawer.outstanding != outstanding {
		d.t.Fatalf("float %d, redemption %d, outstanding %d, counted %d", s.books.float, s.books.redemption, outstanding, s.drawer.outstanding)
	}
}

func pick(t *rapid.T, from []string, otherwise string) string {
	if len(from) == 0 {
		return otherwise
	}
	return rapid.SampledFrom(from).Draw(t, "which")
}

func TestMoneyAlwaysAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(Options{SlowFor: 1})
		d := &desk{t: t, sandbox: s, token: s.issueToken()}
		amount := func() int64 {
			return rapid.SampledFrom([]int64{0, 1, 500, 999, 2000, 5000, 100_00, 3000_00}).Draw(t, "amount")
		}
		mobile := func(more props) props {
			if rapid.Bool().Draw(t, "by message") {
				more["mobileNumber"] = "27821234567"
			}
			return more
		}
		issue := func(op string, more props) func(*rapid.T) {
			return func(*rapid.T) {
				all := props{"amount": amount()}
				for name, value := range more {
					all[name] = value
				}
				d.post(op, all)
			}
		}
		reverse := func(group string) func(*rapid.T) {
			return func(t *rapid.T) { d.post(group+"/reverse", props{"originalReference": pick(t, d.refs, "NONE")}) }
		}
		cancel := func(group string, product int) func(*rapid.T) {
			return func(t *rapid.T) {
				serial := rapid.SampledFrom([]string{pick(t, d.serials, "NONE"), "5001000000000001", "5000500000000002"}).Draw(t, "serial")
				d.post(group+"/cancel", props{"serialNumber": serial, "productCode": product})
			}
		}
		redeem := func(group string, first byte) func(*rapid.T) {
			return func(t *rapid.T) {
				test := fmt.Sprintf("%c00100000000000%d", first, rapid.IntRange(1, 3).Draw(t, "test voucher"))
				pin := rapid.SampledFrom([]string{pick(t, d.pins, test), test}).Draw(t, "pin")
				d.post(group+"/redeem", mobile(props{"pin": pin, "amount": amount()}))
				if sent := s.SMSs(); len(sent) > 0 {
					d.pins = append(d.pins, sent[len(sent)-1].PIN)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"":           func(*rapid.T) { d.check() },
			"purchase":   issue("1voucher/purchase", nil),
			"disburse":   issue("1voucher/disburse", nil),
			"refund":     issue("1voucher/refund", nil),
			"exclusive":  issue("exclusive-voucher/purchase", props{"productCode": 701}),
			"cash out":   issue("cash-out-pin/purchase", props{"productCode": 601}),
			"token":      issue("flash-token/purchase", nil),
			"eezi":       issue("eezi-voucher/purchase", props{"productCode": 305}),
			"gift":       issue("gift-voucher/purchase", props{"productCode": 506, "storeId": "S", "terminalId": "T"}),
			"redeem":     redeem("1voucher", '5'),
			"redeem too": redeem("exclusive-voucher", '4'),
			"airtime": func(*rapid.T) {
				if a := d.post("cellular/pinless/purchase", props{"amount": amount(), "productCode": 101, "mobileNumber": "27821234567"}); a != nil {
					d.sold += int64(a["amount"].(float64))
				}
			},
			"reverse":           reverse("1voucher"),
			"reverse cash out":  reverse("cash-out-pin"),
			"reverse exclusive": reverse("exclusive-voucher"),
			"reverse token":     reverse("flash-token"),
			"reverse eezi":      reverse("eezi-voucher"),
			"cancel":            cancel("cash-out-pin", 601),
			"cancel exclusive":  cancel("exclusive-voucher", 701),
			"use": func(t *rapid.T) {
				serial := pick(t, d.serials, "NONE")
				r := httptest.NewRequest("POST", "http://localhost/sandbox/vouchers", strings.NewReader(`{"serialNumber":"`+serial+`","status":"Redeemed"}`))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code == 200 {
					d.spent += s.drawer.bySerial[serial].value
				}
			},
			"float": func(t *rapid.T) {
				to := rapid.SampledFrom([]int64{0, 50_00, DefaultFloat}).Draw(t, "float")
				d.changed += to - s.books.float
				r := httptest.NewRequest("POST", "http://localhost/sandbox/float", strings.NewReader(fmt.Sprintf(`{"cents":%d}`, to)))
				r.Header.Set("Content-Type", "application/json")
				s.ServeHTTP(httptest.NewRecorder(), r)
			},
		})
	})
}
