package secret_test

import (
	"strings"
	"testing"

	"spaza/secret"
)

type named struct {
	name string
	ring *secret.Keyring
}

// keyrings are one without a vault, which works as before there were data keys,
// and one with several data keys.
func keyrings(b *testing.B) []named {
	b.Helper()
	key, bare := operator(b, 1)
	v := &vault{}
	open(b, v, key)
	for range 5 {
		if _, err := secret.Renew(b.Context(), v, []secret.OperatorKey{key}, "bench", noon); err != nil {
			b.Fatal(err)
		}
	}
	return []named{{"one key", bare}, {"data keys", open(b, v, key)}}
}

func BenchmarkHash(b *testing.B) {
	for _, k := range keyrings(b) {
		b.Run(k.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				k.ring.Hash("turn", "ATUid_5d3b4c2bc589f4811820a7184eed4df5\x001*1*2")
			}
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	body := secret.New(strings.Repeat("x", 400))
	for _, k := range keyrings(b) {
		b.Run(k.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				k.ring.Seal(body, "01JD7M2V8H3Q4X5Y6Z7W8V9T0S")
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	body := secret.New(strings.Repeat("x", 400))
	for _, k := range keyrings(b) {
		sealed := k.ring.Seal(body, "01JD7M2V8H3Q4X5Y6Z7W8V9T0S")
		b.Run(k.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.ring.Open(sealed, "01JD7M2V8H3Q4X5Y6Z7W8V9T0S"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
