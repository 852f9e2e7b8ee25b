package dialog

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"spaza/gsm7"
)

// errRecord is returned for a stored record that does not decode: another
// format, or damaged. The conversation starts afresh.
var errRecord = errors.New("session record does not decode")

// recordFormat is the layout below. A record of another format is not read.
const recordFormat = 1

// The flags of a record.
const (
	flagResume    = 1 << iota // the screen shown offers to go on where the last session broke off
	flagReply                 // the reply to the last turn is stored
	flagPacked                // ... as packed septets rather than bytes
	flagEnd                   // ... and it ended the conversation
	flagPrivate               // ... or is composed anew, since it shows a secret
	flagNotice                // the line above the screen is stored, since more of the screen is to come
	flagRedialled             // the customer has dialled again since what is to be done was decided
)

const (
	sessionHashSize = 6
	turnHashSize    = 8
	stateHashSize   = 3
	maxOptions      = 98 // as many as two digits can pick
)

// record is the stored session. Layout, all of it needed within 400 bytes of
// Redis memory:
//
//	stamp    12  sequence (4, big endian) and random (8): the version
//	format    1
//	flags     1
//	session   6  keyed hash of the gateway's session id
//	turn      8  keyed hash of what was answered last
//	state     3  hash of the state's name
//	saved     4  Unix seconds
//	strikes   1  page 1
//	turns, textLen: varints
//	lang:     length and bytes
//	options:  count and 2 bytes each: hashes of the options' ids as shown
//	vars:     count, then id (high bit: integer) and varint or length and bytes
//	notice:   length and bytes, where there is one; or nought and how many
//	          bytes of the reply it is the start of
//	reply:    the rest: septets (varint) and packed septets, or bytes
type record struct {
	flags   uint8
	session [sessionHashSize]byte
	turn    [turnHashSize]byte
	state   [stateHashSize]byte
	saved   uint32
	strikes uint8
	page    uint8
	turns   uint64
	textLen uint64
	lang    string
	nOpt    int
	opt     [maxOptions]uint16
	vars    *vars
	notice  string
	start   int    // once decoded: how much of the reply is the notice, where that is not there by itself
	reply   string // or, once decoded, packed
	packed  string
	septets int // of the reply, where they are known
}

// maxPage is the last page that a record can stand for.
const maxPage = 255

func (r *record) has(flag uint8) bool { return r.flags&flag != 0 }

func (r *record) savedAt() time.Time { return time.Unix(int64(r.saved), 0) }

// text is the stored reply; not ok where there is none.
func (r *record) text() (text string, ok bool) {
	switch {
	case !r.has(flagReply) || r.has(flagPrivate):
		return "", false
	case r.packed != "":
		return gsm7.Unpack(r.packed, r.septets)
	}
	return r.reply, true
}

// stamp is the version of an encoded record; "" for none.
func stamp(rec string) string { return rec[:min(len(rec), StampSize)] }

// sequence counts the saves of a session.
func sequence(rec string) uint32 {
	if len(rec) < StampSize {
		return 0
	}
	return uint32(rec[0])<<24 | uint32(rec[1])<<16 | uint32(rec[2])<<8 | uint32(rec[3])
}

// follows says whether rec was saved right on top of prev.
func follows(rec, prev string) bool {
	return len(rec) >= StampSize && sequence(rec) == sequence(prev)+1
}

// next appends the encoding of r, as the successor of prev, to b. random makes
// the stamp unique.
func (r *record) next(b []byte, prev string, random uint64) []byte {
	b = binary.BigEndian.AppendUint32(b, sequence(prev)+1)
	b = binary.BigEndian.AppendUint64(b, random)
	flags := r.flags &^ (flagPacked | flagNotice)
	septets, packable := r.septets, r.septets > 0
	if r.has(flagReply) && !r.has(flagPrivate) && r.reply != "" {
		if !packable {
			septets, packable = gsm7.Cost(r.reply)
		}
		if packable {
			flags |= flagPacked
		}
	}
	if r.notice != "" {
		flags |= flagNotice
	}
	b = append(b, recordFormat, flags)
	b = append(b, r.session[:]...)
	b = append(b, r.turn[:]...)
	b = append(b, r.state[:]...)
	b = binary.BigEndian.AppendUint32(b, r.saved)
	b = append(b, r.strikes, r.page)
	b = binary.AppendUvarint(b, r.turns)
	b = binary.AppendUvarint(b, r.textLen)
	b = appendText(b, r.lang)
	b = append(b, byte(r.nOpt))
	for _, o := range r.opt[:r.nOpt] {
		b = binary.BigEndian.AppendUint16(b, o)
	}
	b = append(b, byte(r.vars.n))
	for i := range r.vars.n {
		s := &r.vars.slot[i]
		if s.isInt {
			b = append(b, s.id|0x80)
			b = binary.AppendVarint(b, s.num)
		} else {
			b = append(b, s.id)
			b = appendText(b, s.text)
		}
	}
	if flags&flagNotice != 0 {
		b = r.appendNotice(b)
	}
	switch {
	case flags&flagPacked != 0:
		b = binary.AppendUvarint(b, uint64(septets))
		b = gsm7.Pack(b, r.reply)
	case flags&flagReply != 0 && flags&flagPrivate == 0:
		b = append(b, r.reply...)
	}
	return b
}

// appendNotice writes the notice, or how much of the reply it is.
func (r *record) appendNotice(b []byte) []byte {
	if n := gsm7.Fold(r.notice); n != "" && r.has(flagReply) && !r.has(flagPrivate) && strings.HasPrefix(r.reply, n+"\n") {
		return binary.AppendUvarint(append(b, 0), uint64(len(n)))
	}
	return appendText(b, r.notice)
}

// shown is the notice above the screen that was shown; empty for none.
func (r *record) shown() string {
	if r.start == 0 {
		return r.notice
	}
	text, _ := r.text()
	return text[:min(r.start, len(text))]
}

// decode reads what next wrote. Texts in r share memory with rec.
func (r *record) decode(rec string) error {
	const fixed = StampSize + 2 + sessionHashSize + turnHashSize + stateHashSize + 4 + 2
	if len(rec) < fixed || rec[StampSize] != recordFormat {
		return errRecord
	}
	*r = record{flags: rec[StampSize+1], vars: r.vars}
	if r.vars == nil {
		r.vars = new(vars)
	}
	r.vars.n, r.vars.bad = 0, false
	p := rec[StampSize+2:]
	p = p[copy(r.session[:], p):]
	p = p[copy(r.turn[:], p):]
	p = p[copy(r.state[:], p):]
	r.saved = uint32(p[0])<<24 | uint32(p[1])<<16 | uint32(p[2])<<8 | uint32(p[3])
	r.strikes, r.page = p[4], p[5]
	in := reader{s: p[6:]}
	r.turns, r.textLen = in.uvarint(), in.uvarint()
	r.lang = in.text()
	r.nOpt = int(in.byte())
	if r.nOpt > maxOptions {
		return errRecord
	}
	for i := range r.nOpt {
		r.opt[i] = uint16(in.byte())<<8 | uint16(in.byte())
	}
	n := int(in.byte())
	if n > maxVars {
		return errRecord
	}
	for i := range n {
		id := in.byte()
		if id&0x80 != 0 {
			r.vars.slot[i] = slot{id: id &^ 0x80, isInt: true, num: in.varint()}
		} else {
			r.vars.slot[i] = slot{id: id, text: in.text()}
		}
	}
	r.vars.n = n
	if r.has(flagNotice) {
		if r.notice = in.text(); r.notice == "" {
			if r.start = int(min(in.uvarint(), maxInput*maxPage)); r.start == 0 {
				return errRecord
			}
		}
	}
	switch {
	case r.has(flagPacked) && (!r.has(flagReply) || r.has(flagPrivate)):
		return errRecord
	case r.has(flagPacked):
		septets := in.uvarint()
		if in.bad || septets > 8*uint64(len(in.s)) || len(in.s) != gsm7.PackedLen(int(septets)) {
			return errRecord
		}
		r.packed, r.septets, in.s = in.s, int(septets), ""
	case r.has(flagReply) && !r.has(flagPrivate):
		r.reply, in.s = in.s, ""
	}
	if in.bad || in.s != "" {
		return errRecord
	}
	return nil
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// reader takes a record apart; past its end everything is zero and bad is set.
type reader struct {
	s   string
	bad bool
}

func (r *reader) byte() byte {
	if r.s == "" {
		r.bad = true
		return 0
	}
	b := r.s[0]
	r.s = r.s[1:]
	return b
}

func (r *reader) uvarint() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.bad = true
	return 0
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) text() string {
	n := r.uvarint()
	if r.bad || n > uint64(len(r.s)) {
		r.bad = true
		return ""
	}
	s := r.s[:n]
	r.s = r.s[n:]
	return s
}
