package sandbox

import (
	"fmt"
	"strconv"
	"time"

	"spaza/simulator"
)

// status is where a voucher is in its life, in the word of the answers.
type status string

const (
	active    status = "Active"
	redeemed  status = "Redeemed"
	cancelled status = "Cancelled"
	reversed  status = "Reversed"
	expired   status = "Expired"
)

// validYears is how long a voucher can be redeemed.
const validYears = 3

// voucher is money that belongs to whoever has the PIN.
type voucher struct {
	article article // whose group is the kind of voucher
	pin     string
	serial  string
	value   int64 // cents
	status  status
	expires time.Time
	used    time.Time // when it was redeemed
	mobile  string    // whom it was sent to by SMS
}

// drawer is all vouchers that were issued or tried out. The sandbox's lock
// guards it.
type drawer struct {
	byPIN, bySerial map[string]*voucher
	inOrder         []*voucher // oldest first
	outstanding     int64      // value of the active ones
	broughtIn       int64      // value of test vouchers, which nobody paid for
}

func newDrawer() drawer {
	return drawer{byPIN: make(map[string]*voucher), bySerial: make(map[string]*voucher)}
}

func (d *drawer) put(v *voucher) {
	d.byPIN[v.pin], d.bySerial[v.serial] = v, v
	d.inOrder = append(d.inOrder, v)
	d.outstanding += v.value
}

// end takes an active voucher out of use.
func (d *drawer) end(v *voucher, as status) {
	v.status = as
	d.outstanding -= v.value
}

// revive undoes end.
func (d *drawer) revive(v *voucher) {
	v.status, v.used = active, time.Time{}
	d.outstanding += v.value
}

// issue makes a voucher. The caller holds the lock.
func (s *Sandbox) issue(a article, value int64) *voucher {
	v := &voucher{article: a, pin: s.newPIN(), serial: s.newSerial(), value: value, status: active, expires: s.expiry()}
	s.drawer.put(v)
	return v
}

func (s *Sandbox) expiry() time.Time { return s.options.Now().AddDate(validYears, 0, 0) }

// newPIN makes a PIN outside the test numbers.
func (s *Sandbox) newPIN() string { return "8" + free(s.randomDigits(15), "8", s.drawer.byPIN) }

func (s *Sandbox) newSerial() string { return "3" + free(s.randomDigits(11), "3", s.drawer.bySerial) }

// free finds the next number, from the digits up, that is not taken.
func free(digits, prefix string, taken map[string]*voucher) string {
	for {
		if _, is := taken[prefix+digits]; !is {
			return digits
		}
		n, _ := strconv.ParseInt(digits, 10, 64)
		next := fmt.Sprintf("%0*d", len(digits), n+1)
		digits = next[len(next)-len(digits):] // after all nines come zeros
	}
}

// byPIN finds a voucher of a group. A test number becomes a voucher of its kind
// when it is first seen. The caller holds the lock.
func (s *Sandbox) byPIN(pin, group string) (*voucher, *refusal) {
	v, known := s.drawer.byPIN[pin]
	if !known {
		v = s.testVoucher(pin, group, testPINs(group))
		if v == nil {
			return nil, &refusal{code: 2402}
		}
		v.pin, v.serial = pin, s.newSerial()
		s.bringIn(v)
	}
	if v.article.group != group {
		return nil, &refusal{code: 2402}
	}
	s.age(v)
	return v, nil
}

// bySerial is byPIN for a serial number.
func (s *Sandbox) bySerial(serial, group string) (*voucher, *refusal) {
	v, known := s.drawer.bySerial[serial]
	if !known {
		if v = s.testVoucher(serial, group, testSerials()); v != nil {
			v.pin, v.serial = s.newPIN(), serial
			s.bringIn(v)
		}
	}
	if v == nil || v.article.group != group {
		return nil, &refusal{code: 2612}
	}
	s.age(v)
	return v, nil
}

func (s *Sandbox) bringIn(v *voucher) {
	s.drawer.put(v)
	s.drawer.broughtIn += v.value
}

// age lets a voucher expire whose time has come. Nobody gets its money, so it
// stays outstanding.
func (s *Sandbox) age(v *voucher) {
	if v.status == active && s.options.Now().After(v.expires) {
		v.status = expired
	}
}

// unusable is why a voucher cannot be redeemed; nil when it can.
func (v *voucher) unusable() *refusal {
	switch v.status {
	case active:
		return nil
	case redeemed:
		return &refusal{code: 2401}
	case expired:
		return &refusal{code: 2405}
	default:
		return &refusal{code: 2403}
	}
}

// uncancellable is why a voucher cannot be cancelled; nil when it can.
func (v *voucher) uncancellable() *refusal { return v.stands(2414) }

// irreversible is why the issue of a voucher cannot be reversed; nil when it can.
func (v *voucher) irreversible() *refusal { return v.stands(2412) }

// stands is why a voucher cannot be undone: it was before, or else as code says.
func (v *voucher) stands(code int) *refusal {
	switch v.status {
	case active:
		return nil
	case cancelled:
		return &refusal{code: 2409}
	case reversed:
		return &refusal{code: 2413}
	default:
		return &refusal{code: code}
	}
}

// wire is the voucher of an answer. Once it is out of use its PIN is not told.
func (v *voucher) wire() map[string]any {
	w := map[string]any{
		"amount": v.value, "pin": "", "serialNumber": v.serial, "status": string(v.status),
		"expiryDate": v.expires.In(simulator.SAST()).Format(time.DateOnly), "content": v.article.content(),
	}
	if v.status == active {
		w["pin"] = v.pin
	}
	if !v.used.IsZero() {
		w["redemptionDate"] = v.used.In(simulator.SAST()).Format("2006-01-02T15:04:05-07:00")
	}
	if v.article.barcode != "" {
		w["barcode"] = v.article.barcode
	}
	return w
}
