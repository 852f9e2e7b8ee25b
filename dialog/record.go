package dialog

import (
	"encoding/binary"
	"errors"
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
	flagResume  = 1 << iota // the screen shown offers to go on where the last session broke off
	flagReply               // the reply to the last turn is stored
	flagPacked              // ... as packed septets rather than bytes
	flagEnd                 // ... and it ended the conversation
	flagPrivate             // ... or is composed anew, since it shows a secret
)

const (
	sessionHashSize = 6
	turnHashSize    = 8
	stateHashSize   = 3
	maxOptions      = 40
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
//	reply:    the rest: septets (varint) and packed septets, or bytes
type record struct {
	stamp   string
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
	vars    vars
	reply   string
}

func (r *record) has(flag uint8) bool { return r.flags&flag != 0 }

func (r *record) savedAt() time.Time { return time.Unix(int64(r.saved), 0) }

// stamp is the version of an encoded record; "" for none.
func stamp(rec string) string {
	if len(rec) < StampSize {
		return ""
	}
	return rec[:StampSize]
}

// next appends the encoding of r, as the successor of prev, to b. random makes
// the stamp unique.
func (r *record) next(b []byte, prev string, random uint64) []byte {
	var seq uint32
	if len(prev) == StampSize {
		seq = uint32(prev[0])<<24 | uint32(prev[1])<<16 | uint32(prev[2])<<8 | uint32(prev[3])
	}
	b = binary.BigEndian.AppendUint32(b, seq+1)
	b = binary.BigEndian.AppendUint64(b, random)
	flags := r.flags &^ flagPacked
	septets, packable := 0, false
	if r.has(flagReply) && !r.has(flagPrivate) {
		if septets, packable = gsm7.Cost(r.reply); packable {
			flags |= flagPacked
		}
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
	switch {
	case flags&flagPacked != 0:
		b = binary.AppendUvarint(b, uint64(septets))
		b = gsm7.Pack(b, r.reply)
	case flags&flagReply != 0 && flags&flagPrivate == 0:
		b = append(b, r.reply...)
	}
	return b
}

// decode reads what next wrote. Texts in r share memory with rec.
func (r *record) decode(rec string) error {
	const fixed = StampSize + 2 + sessionHashSize + turnHashSize + stateHashSize + 4 + 2
	if len(rec) < fixed || rec[StampSize] != recordFormat {
		return errRecord
	}
	*r = record{stamp: rec[:StampSize], flags: rec[StampSize+1]}
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
		s := &r.vars.slot[i]
		s.id = in.byte()
		if s.id&0x80 != 0 {
			s.id, s.isInt = s.id&^0x80, true
			s.num = in.varint()
		} else {
			s.text = in.text()
		}
	}
	r.vars.n = n
	switch {
	case r.has(flagPacked):
		septets := in.uvarint()
		if in.bad || septets > 8*uint64(len(in.s)) {
			return errRecord
		}
		text, ok := gsm7.Unpack(in.s, int(septets))
		if !ok {
			return errRecord
		}
		r.reply, in.s = text, ""
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
