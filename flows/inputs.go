package flows

import (
	"errors"
	"strings"

	"spaza/ledger"
)

var (
	// ErrNotAmount is returned for what is no amount of money.
	ErrNotAmount = errors.New("not an amount")
	// ErrNotWhole is returned for an amount with cents, where whole rands are
	// wanted.
	ErrNotWhole = errors.New("not whole rands")
	// ErrNotPIN is returned for what can not be the PIN of a 1Voucher.
	ErrNotPIN = errors.New("not a PIN of 16 digits")
)

// maxRand keeps an amount far from any overflow; product limits are far below.
const maxRand = 1_000_000

// ParseRand reads an amount in whole rands as people type it: 20, R20, R 20,
// 20.00, 20,00. Digits are read one by one; no floats.
func ParseRand(s string) (ledger.Cents, error) {
	s = strings.TrimSpace(s)
	if s != "" && (s[0] == 'R' || s[0] == 'r') {
		s = strings.TrimSpace(s[1:])
	}
	whole, frac, hasFrac := s, "", false
	if i := strings.IndexAny(s, ".,"); i >= 0 {
		whole, frac, hasFrac = s[:i], s[i+1:], true
	}
	if whole == "" || len(whole) > 9 || len(frac) > 2 || (hasFrac && frac == "") {
		return 0, ErrNotAmount
	}
	var rand int64
	for _, c := range []byte(whole) {
		if c < '0' || c > '9' {
			return 0, ErrNotAmount
		}
		rand = rand*10 + int64(c-'0')
	}
	for _, c := range []byte(frac) {
		if c < '0' || c > '9' {
			return 0, ErrNotAmount
		}
	}
	if strings.Trim(frac, "0") != "" {
		return 0, ErrNotWhole
	}
	if rand == 0 || rand > maxRand {
		return 0, ErrNotAmount
	}
	return ledger.Rand(rand), nil
}

// ParsePIN reads the 16 digits of a 1Voucher, forgiving blanks and dashes
// between them.
func ParsePIN(s string) (string, error) {
	b := make([]byte, 0, 16)
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			if len(b) == 16 {
				return "", ErrNotPIN
			}
			b = append(b, c)
		case c == ' ' || c == '-' || c == '.':
		default:
			return "", ErrNotPIN
		}
	}
	if len(b) != 16 {
		return "", ErrNotPIN
	}
	return string(b), nil
}

// wholeUp and wholeDown are the nearest whole rands inside a limit, since only
// whole rands are sold.
func wholeUp(c ledger.Cents) ledger.Cents   { return (c + 99) / 100 * 100 }
func wholeDown(c ledger.Cents) ledger.Cents { return c / 100 * 100 }

// ErrNotWalletPIN is returned for what can not be a wallet PIN.
var ErrNotWalletPIN = errors.New("not a PIN of 5 digits")

// walletPINDigits is how long a wallet PIN is.
const walletPINDigits = 5

// ParseWalletPIN reads the 5 digits of a wallet PIN, forgiving blanks and dashes
// between them.
func ParseWalletPIN(s string) (string, error) {
	b := make([]byte, 0, walletPINDigits)
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			b = append(b, c)
		case c == ' ' || c == '-' || c == '.':
		default:
			return "", ErrNotWalletPIN
		}
	}
	if len(b) != walletPINDigits {
		return "", ErrNotWalletPIN
	}
	return string(b), nil
}
