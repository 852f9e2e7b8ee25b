package vend

import (
	"crypto/rand"
	"slices"
	"time"
)

// refAlphabet is 32 letters and digits that are not mistaken for one another
// when read out over the phone: no 0, O, 1 or I.
const refAlphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

// shortRef is how many letters of a reference a customer is shown.
const shortRef = 6

// NewRef allots a reference: the kind's letter, a dash, the second, and 65
// random bits. It fits the alphabet and length that providers accept (Partner
// API v4 allows alphanumeric characters and "-,.,="; 22 are used) and sorts by
// time.
func NewRef(k Kind, now time.Time) string {
	prefix := byte('P')
	if k == KindRedeem {
		prefix = 'R'
	}
	b := make([]byte, 0, 22)
	b = append(b, prefix, '-')
	sec := now.Unix()
	for shift := 30; shift >= 0; shift -= 5 {
		b = append(b, refAlphabet[sec>>shift&31])
	}
	return string(appendRandom(b, 13))
}

// NewCustomerID makes an opaque customer id.
func NewCustomerID() string { return string(appendRandom([]byte("C"), 15)) }

func appendRandom(b []byte, n int) []byte {
	at := len(b)
	b = slices.Grow(b, n)[:at+n]
	_, _ = rand.Read(b[at:]) // never fails: crypto/rand aborts the process instead
	for i := at; i < len(b); i++ {
		b[i] = refAlphabet[b[i]&31]
	}
	return b
}

// ShortRef is the part of a reference that a customer reads out to support.
func ShortRef(ref string) string { return ref[max(0, len(ref)-shortRef):] }
