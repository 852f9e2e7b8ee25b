package channels

import (
	"encoding/json"

	"spaza/msisdn"
)

// waProfile is one of the contacts beside messages: who writes.
type waProfile struct {
	WaID   string `json:"wa_id"`
	UserID string `json:"user_id"`
}

// waPeople are the contacts beside messages: user ids by number, the numbers by
// user id, and the one person where there is only one.
type waPeople struct {
	user, number map[string]string
	only         waProfile
}

func newWaPeople(got *waGot, contacts []json.RawMessage) waPeople {
	p := waPeople{user: map[string]string{}, number: map[string]string{}}
	for _, raw := range contacts {
		var c waProfile
		if before := got.odd; !got.read(raw, &c) || got.odd > before {
			continue
		}
		if waBSUID(c.UserID) && waDigits(c.WaID) {
			p.user[c.WaID], p.number[c.UserID] = c.UserID, c.WaID
		}
		p.only = c
	}
	if len(contacts) != 1 {
		p.only = waProfile{}
	}
	return p
}

// of says who wrote a message: the user id that Meta gives a person for this
// business where there is one, since it is there also when the number is hidden;
// the number otherwise. number is empty where it is hidden or no South African
// cell number.
func (p waPeople) of(m *waMessage) (user, number string) {
	only := p.only
	if waDigits(m.From) {
		only = waProfile{} // the number says who it is, and a contact of another is another
	}
	for _, id := range []string{m.FromUserID, m.From, p.user[m.From], only.UserID} {
		if waBSUID(id) {
			user = id
			break
		}
	}
	digits := m.From
	if !waDigits(digits) {
		if digits = p.number[user]; digits == "" && user == "" {
			digits = only.WaID
		}
	}
	if user == "" && waDigits(digits) {
		user = digits
	}
	if n, err := msisdn.Parse(digits); err == nil && n == digits {
		number = n
	}
	return user, number
}

// waBSUID says whether s is a user id that Meta made for this business: a
// country, a dot, and letters and digits, parents of several businesses with one
// more word between.
func waBSUID(s string) bool {
	return len(s) > 3 && s[2] == '.' && waOf(s[:2], 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && waOf(s[3:], 140, waAlnum+".")
}
