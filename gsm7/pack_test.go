package gsm7_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"spaza/gsm7"

	"pgregory.net/rapid"
)

func TestPackWritesTheBytesOfTheStandard(t *testing.T) {
	for _, c := range []struct{ text, packed string }{
		{"", ""},
		{"@", "00"},
		{"@@@@@@@@", "00000000000000"},
		{"hello", "e8329bfd06"},
		{"hellohello", "e8329bfd4697d9ec37"},
		{"1234567", "31d98c56b3dd00"},
		{"12345678", "31d98c56b3dd70"},
		{"€", "9b32"},
		{"|", "1b20"},
	} {
		if got := hex.EncodeToString(gsm7.Pack(nil, c.text)); got != c.packed {
			t.Errorf("%q packs to %s, want %s", c.text, got, c.packed)
		}
	}
}

func TestPackAppends(t *testing.T) {
	if got := gsm7.Pack([]byte("x"), "hello"); string(got) != "x\xe8\x32\x9b\xfd\x06" {
		t.Errorf("got %x", got)
	}
}

func TestPackWritesAQuestionMarkForWhatIsOutside(t *testing.T) {
	got, ok := gsm7.Unpack(string(gsm7.Pack(nil, "a’\x1b\xffb")), 5)
	if got != "a???b" || !ok {
		t.Errorf("got %q, %v", got, ok)
	}
}

func TestPackedTextComesBackExactly(t *testing.T) {
	every := basicChars + extendedChars
	texts := []string{every, strings.Repeat("@", 8), strings.Repeat("€", 80)}
	for n := range 40 { // every alignment, plain and torn by an escape
		texts = append(texts, every[:n/2]+strings.Repeat("@", n), strings.Repeat("a", n)+"€")
	}
	for _, s := range texts {
		s = strings.ToValidUTF8(s, "")
		roundTrip(t, s)
	}
	rapid.Check(t, func(rt *rapid.T) { roundTrip(rt, anyText().Draw(rt, "text")) })
}

// roundTrip packs and unpacks a text of the alphabet.
func roundTrip(t interface{ Fatalf(string, ...any) }, s string) {
	n, ok := gsm7.Cost(s)
	if !ok {
		t.Fatalf("%q is outside the alphabet", s)
	}
	packed := gsm7.Pack(nil, s)
	if len(packed) != gsm7.PackedLen(n) || len(packed) != (7*n+7)/8 {
		t.Fatalf("%q (%d septets) packs into %d bytes", s, n, len(packed))
	}
	if got, ok := gsm7.Unpack(string(packed), n); got != s || !ok {
		t.Fatalf("%q came back as %q, %v", s, got, ok)
	}
}

func TestUnpackRefusesWhatPackNeverWrote(t *testing.T) {
	for _, c := range []struct {
		name    string
		packed  string
		septets int
	}{
		{"too short", "\xe8\x32", 5},
		{"too long", "\xe8\x32\x9b\xfd\x06\x00", 5},
		{"no septets but a byte", "\x00", 0},
		{"a negative count", "", -1},
		{"a huge count", "", 1 << 62},
		{"an escape at the end", "\x1b", 1},
		{"an escape to nowhere", "\x9b\x30", 2}, // 0x1B 0x61
		{"two escapes", "\x9b\x0d", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := gsm7.Unpack(c.packed, c.septets); ok || got != "" {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

func FuzzFoldedTextComesBackFromPacking(f *testing.F) {
	for _, s := range []string{"", "@", "hello€", "ŉ {x} š", strings.Repeat("@", 160)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { roundTrip(t, gsm7.Fold(s)) })
}

func FuzzUnpackOfAnyBytes(f *testing.F) {
	f.Add("", 0)
	f.Add("\xe8\x32\x9b\xfd\x06", 5)
	f.Add("\x9b\x32", 2)
	f.Add("\x1b", 1)
	f.Fuzz(func(t *testing.T, packed string, septets int) {
		s, ok := gsm7.Unpack(packed, septets)
		if !ok {
			return
		}
		if n, inside := gsm7.Cost(s); n != septets || !inside {
			t.Fatalf("%x of %d septets is %q, which costs %d (%v)", packed, septets, s, n, inside)
		}
		roundTrip(t, s)
	})
}

func TestPackingAllocatesOnlyItsResult(t *testing.T) {
	s := strings.Repeat("Airtime ", 20)
	buf := make([]byte, 0, 160)
	packed := string(gsm7.Pack(nil, s))
	if n := testing.AllocsPerRun(100, func() { buf = gsm7.Pack(buf[:0], s) }); n != 0 {
		t.Errorf("Pack into room allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { gsm7.Unpack(packed, 160) }); n > 1 {
		t.Errorf("Unpack allocates %v times", n)
	}
}

func BenchmarkPack(b *testing.B) {
	s := strings.Repeat("Airtime ", 20)
	buf := make([]byte, 0, 160)
	b.ReportAllocs()
	for b.Loop() {
		buf = gsm7.Pack(buf[:0], s)
	}
}

func BenchmarkUnpack(b *testing.B) {
	packed := string(gsm7.Pack(nil, strings.Repeat("Airtime ", 20)))
	b.ReportAllocs()
	for b.Loop() {
		gsm7.Unpack(packed, 160)
	}
}
