package simulator

import (
	"crypto/rand"
	"io"
)

// Bytes are n bytes of a source, or of crypto/rand where it has not enough.
func Bytes(source io.Reader, n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(source, b); err != nil {
		_, _ = rand.Read(b) // never fails
	}
	return b
}

// Digits are n digits made of a source's bytes.
func Digits(source io.Reader, n int) string {
	b := Bytes(source, n)
	for i := range b {
		b[i] = '0' + b[i]%10
	}
	return string(b)
}
