package gsm7

import "unicode/utf8"

// PackedLen is how many bytes that many septets take when packed.
func PackedLen(septets int) int { return septets/8*7 + septets%8 }

// Pack appends s in seven bits a septet (3GPP TS 23.038, section 6.1.2.1) to
// dst. Unpack needs the number of septets, which Cost tells, since seven and
// eight of them take the same bytes; spare bits are zero. What is outside the
// alphabet is packed as '?': Fold first, for a better spelling.
func Pack(dst []byte, s string) []byte {
	var acc uint64 // bits to be written, lowest first
	var bits uint  // how many
	for i := 0; i < len(s); {
		var c byte
		if b := s[i]; b < utf8.RuneSelf {
			c = codes[b]
			i++
		} else {
			r, size := utf8.DecodeRuneInString(s[i:])
			c = code(r)
			i += size
		}
		switch {
		case c < extended:
			acc |= uint64(c) << bits
			bits += 7
		case c == outside:
			acc |= uint64(codes[unknown]) << bits
			bits += 7
		default:
			acc |= (escape | uint64(c&^extended)<<7) << bits
			bits += 14
		}
		if bits >= 32 {
			dst = append(dst, byte(acc), byte(acc>>8), byte(acc>>16), byte(acc>>24))
			acc >>= 32
			bits -= 32
		}
	}
	for ; bits > 8; bits -= 8 {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	if bits > 0 {
		dst = append(dst, byte(acc))
	}
	return dst
}

// Unpack reads what Pack wrote. It is not ok when packed does not have the
// length of that many septets, or holds an escape that leads nowhere.
func Unpack(packed string, septets int) (text string, ok bool) {
	if septets < 0 || len(packed) != PackedLen(septets) {
		return "", false
	}
	b := make([]byte, 0, 320) // a full screen, two bytes a septet at worst
	escaped := false
	for i, bit := 0, 0; i < septets; i, bit = i+1, bit+7 {
		at, shift := bit>>3, uint(bit&7)
		v := uint(packed[at]) >> shift
		if shift > 1 {
			v |= uint(packed[at+1]) << (8 - shift)
		}
		septet := byte(v & 0x7F)
		switch {
		case escaped:
			r := extensionChar(septet)
			if r == utf8.RuneError {
				return "", false
			}
			b = utf8.AppendRune(b, r)
			escaped = false
		case septet == escape:
			escaped = true
		default:
			if r := basic[septet]; r < utf8.RuneSelf {
				b = append(b, byte(r))
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
	}
	if escaped {
		return "", false
	}
	return string(b), true
}

// extensionChar is what a septet means after an escape; utf8.RuneError where it
// means nothing.
func extensionChar(septet byte) rune {
	for _, e := range extension {
		if e.septet == septet {
			return e.char
		}
	}
	return utf8.RuneError
}
