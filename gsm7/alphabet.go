package gsm7

import "unicode/utf8"

// escape announces that the next septet belongs to the extension table.
const escape = 0x1B

// basic is the default alphabet by septet value. The place of the escape holds
// utf8.RuneError, which no text can mean by it.
var basic = [128]rune{
	'@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
	'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', utf8.RuneError, 'Æ', 'æ', 'ß', 'É',
	' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
	'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
	'¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
	'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
	'¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
}

// extension is what may follow an escape.
var extension = [...]struct {
	septet byte
	char   rune
}{
	{0x0A, '\f'}, {0x14, '^'}, {0x28, '{'}, {0x29, '}'}, {0x2F, '\\'},
	{0x3C, '['}, {0x3D, '~'}, {0x3E, ']'}, {0x40, '|'}, {euro, '€'},
}

const euro = 0x65

// A code says how a character is written: its septet, with extended set where
// an escape goes before it; outside, where there is none.
const (
	extended = 0x80
	outside  = 0xFF
)

// coded is how many code points the table of codes covers. All of the alphabet
// is below it, but the euro sign.
const coded = 0x400

// codes is the inverse of basic and extension.
var codes = invert()

func invert() [coded]byte {
	var t [coded]byte
	for i := range t {
		t[i] = outside
	}
	for septet, char := range basic {
		if char < coded {
			t[char] = byte(septet)
		}
	}
	for _, e := range extension {
		if e.char < coded {
			t[e.char] = extended | e.septet
		}
	}
	return t
}

// code is how a character is written.
func code(r rune) byte {
	switch {
	case uint32(r) < coded:
		return codes[r]
	case r == '€':
		return extended | euro
	default:
		return outside
	}
}

// width is what a character of the alphabet costs in septets, given its code.
func width(code byte) int { return 1 + int(code>>7) }

// Cost counts the septets of s. It is not ok when a character of s is outside
// the alphabet: the text would then travel as UCS-2 and is measured by UCS2Len.
func Cost(s string) (septets int, ok bool) {
	for i := 0; i < len(s); {
		if b := s[i]; b < utf8.RuneSelf {
			c := codes[b]
			if c == outside {
				return 0, false
			}
			septets += width(c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		c := code(r)
		if c == outside {
			return 0, false
		}
		septets += width(c)
		i += size
	}
	return septets, true
}

// UCS2Len counts the 16-bit units of s as UCS-2 (UTF-16) text: 80 of them fill
// a USSD screen, 70 an SMS.
func UCS2Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
