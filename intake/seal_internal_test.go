package intake

import (
	"testing"
	"time"

	"spaza/secret"
)

func TestALetterIsReadAsItWasPacked(t *testing.T) {
	for _, l := range []Letter{
		{},
		{Door: "whatsapp", ID: "wamid.1", From: "27820001111", Body: secret.New("hello"), At: time.UnixMilli(1_795_000_000_123)},
		{Door: "\x00", ID: "\xff\xfe", From: "", Body: secret.New("\x80 not UTF-8 \x00"), At: time.UnixMilli(-1)},
	} {
		got, ok := unpack(l.pack())
		if !ok || got.Door != l.Door || got.ID != l.ID || got.From != l.From || got.Body.Reveal() != l.Body.Reveal() || !got.At.Equal(time.UnixMilli(l.At.UnixMilli())) {
			t.Errorf("%q came back as %q, %v", l.Body.Reveal(), got.Body.Reveal(), ok)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	l := Letter{Door: "d", ID: "i", From: "f", Body: secret.New("b"), At: time.UnixMilli(1)}
	f.Add([]byte(l.pack().Reveal()))
	f.Add([]byte{2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		l, ok := unpack(secret.New(string(b)))
		if !ok {
			return
		}
		// Lengths can be written in more than one way: what was read reads the same.
		again, ok := unpack(l.pack())
		if !ok || again.Door != l.Door || again.ID != l.ID || again.From != l.From || again.Body.Reveal() != l.Body.Reveal() || !again.At.Equal(l.At) {
			t.Errorf("%q", b)
		}
	})
}
