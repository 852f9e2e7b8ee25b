package dialog

import (
	"strings"
	"testing"

	"spaza/gsm7"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anyRecord draws records as the engine writes them.
func anyRecord() *rapid.Generator[*record] {
	texts := rapid.OneOf(
		rapid.StringOf(rapid.SampledFrom([]rune("abc XYZ 0123\n{}[]€éÉÄ"))),
		rapid.String(),
		rapid.SampledFrom([]string{"", "Ngiyabonga 🙏", "Tshivenḓa: ṱ ḽ ṅ", strings.Repeat("x", 300)}),
	)
	return rapid.Custom(func(t *rapid.T) *record {
		r := &record{vars: new(vars)}
		r.flags = rapid.SampledFrom([]uint8{
			0, flagReply, flagReply | flagEnd, flagReply | flagPrivate, flagReply | flagPrivate | flagEnd,
			flagReply | flagResume, flagRedialled,
		}).Draw(t, "flags")
		bytes := rapid.Byte()
		for i := range r.session {
			r.session[i] = bytes.Draw(t, "session")
		}
		for i := range r.turn {
			r.turn[i] = bytes.Draw(t, "turn")
		}
		for i := range r.state {
			r.state[i] = bytes.Draw(t, "state")
		}
		r.saved, r.strikes, r.page = rapid.Uint32().Draw(t, "saved"), bytes.Draw(t, "strikes"), bytes.Draw(t, "page")
		r.turns, r.textLen = rapid.Uint64().Draw(t, "turns"), rapid.Uint64().Draw(t, "text length")
		r.lang = texts.Draw(t, "language")
		r.nOpt = rapid.IntRange(0, maxOptions).Draw(t, "options")
		for i := range r.nOpt {
			r.opt[i] = rapid.Uint16().Draw(t, "option")
		}
		for _, id := range rapid.SliceOfNDistinct(rapid.Uint8Range(1, maxVar), 0, maxVars, rapid.ID).Draw(t, "variables") {
			if rapid.Bool().Draw(t, "a number") {
				r.vars.set(slot{id: id, isInt: true, num: rapid.Int64().Draw(t, "value")})
			} else {
				r.vars.set(slot{id: id, text: texts.Draw(t, "value")})
			}
		}
		r.notice = texts.Draw(t, "notice")
		if r.has(flagReply) && !r.has(flagPrivate) {
			r.reply = texts.Draw(t, "reply")
			if rapid.Bool().Draw(t, "the notice stands above it") {
				r.reply = gsm7.Fold(r.notice) + "\n" + r.reply
			}
		}
		return r
	})
}

// same compares two records by what they say. A notice that is kept as the start
// of the reply has the reply's spelling.
func same(a, b *record) string {
	say := func(r *record) any {
		text, ok := r.text()
		notice := r.shown()
		if a.start > 0 || b.start > 0 {
			notice = gsm7.Fold(notice)
		}
		type said struct {
			Flags               uint8
			Session, Turn, At   string
			Saved               uint32
			Strikes, Page       uint8
			Turns, TextLen      uint64
			Lang, Notice, Reply string
			Replied             bool
			Options             []uint16
			Vars                []any
		}
		s := said{
			r.flags &^ (flagPacked | flagNotice), string(r.session[:]), string(r.turn[:]), string(r.state[:]), r.saved, r.strikes, r.page,
			r.turns, r.textLen, r.lang, notice, text, ok, append([]uint16{}, r.opt[:r.nOpt]...), nil,
		}
		for _, v := range r.vars.slot[:r.vars.n] {
			s.Vars = append(s.Vars, v.id, v.isInt, v.num, v.text)
		}
		return s
	}
	return cmp.Diff(say(a), say(b))
}

func TestARecordComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord().Draw(t, "record")
		prev := rapid.SampledFrom([]string{"", "short", strings.Repeat("\xff", StampSize), "\x00\x00\x00\x07........"}).Draw(t, "previous stamp")
		random := rapid.Uint64().Draw(t, "random")
		rec := string(r.next(nil, prev, random))
		var got record
		if err := got.decode(rec); err != nil {
			t.Fatal(err)
		}
		if diff := same(r, &got); diff != "" {
			t.Fatalf("(-written +read):\n%s", diff)
		}
		if !follows(rec, prev) {
			t.Fatalf("it has the number %d after %d", sequence(rec), sequence(prev))
		}
		if other := string(r.next(nil, prev, random+1)); stamp(other) == stamp(rec) {
			t.Fatalf("two records have one stamp")
		}
		for cut := range len(rec) { // no part of it is a record of something else
			var part record
			if err := part.decode(rec[:cut]); err == nil && r.reply == "" {
				t.Fatalf("its first %d of %d bytes decode", cut, len(rec))
			}
		}
	})
}

func TestARecordIsSmall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	p := w.phone(cumulative)
	p.dial()
	sizes := map[string]int{}
	for _, in := range []string{"1", "2", "7"} {
		p.types(in)
		sizes[in] = len(w.store.get(w.key(p)))
	}
	for range 20 { // the steps taken do not make it grow
		p.types("0", "x", "7")
	}
	if first, now := sizes["7"], len(w.store.get(w.key(p))); now > first+2 { // two numbers have become longer
		t.Errorf("the session grew from %d to %d bytes", first, now)
	}
	// As large as one gets: a full screen, five options, a reference, two
	// amounts and three more words.
	r := record{flags: flagReply, turns: 40, textLen: 60, lang: "zu", nOpt: 5, vars: new(vars), reply: strings.Repeat("Ngiyabonga!", 14) + "123456"}
	r.vars.set(slot{id: 1, text: "mtn"})
	r.vars.set(slot{id: 2, isInt: true, num: 100_000})
	r.vars.set(slot{id: 3, text: "SA7K2M9QX4WZ3HB8"})
	r.vars.set(slot{id: 4, isInt: true, num: 1_234_567})
	r.vars.set(slot{id: 5, text: "SA7K2M9QX4WZ3HB9"})
	r.vars.set(slot{id: 6, text: "airtime"})
	n, _ := gsm7.Cost(r.reply)
	size := len(r.next(nil, "", 1))
	t.Logf("sessions of the library: %v bytes; a large one, with a screen of %d septets: %d bytes", sizes, n, size)
	if size > 256 {
		t.Errorf("a large session takes %d bytes", size)
	}
}

func TestARepliesSpellingIsStoredAsItWasShown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Plain", "[R20] {€} ~^|\\", "Tshivenḓa ṱhanu", "🙏🏾", "a\x00b\x1b", "not utf-8 \xff"} {
		r := record{flags: flagReply, reply: text, vars: new(vars)}
		var got record
		if err := got.decode(string(r.next(nil, "", 1))); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if back, ok := got.text(); !ok || back != text {
			t.Errorf("%q came back as %q, %v", text, back, ok)
		}
	}
}

func FuzzDecode(f *testing.F) {
	r := record{flags: flagReply | flagEnd, lang: "zu", nOpt: 2, vars: new(vars), reply: "Done. R20", notice: "Choose 1 to 2."}
	r.vars.set(slot{id: 1, text: "mtn"})
	r.vars.set(slot{id: 2, isInt: true, num: -5})
	f.Add(string(r.next(nil, "", 1)))
	r.reply, r.notice = "Ṱ", ""
	f.Add(string(r.next(nil, "", 2)))
	r.flags = flagReply | flagPrivate
	f.Add(string(r.next(nil, "", 3)))
	r.flags = flagRedialled
	f.Add(string(r.next(nil, "", 3)))
	r = record{flags: flagReply, vars: new(vars), notice: "No such number.", reply: "No such number.\nWhich?"}
	f.Add(string(r.next(nil, "", 3)))
	f.Add("")
	f.Add(strings.Repeat("\xff", 200))
	f.Add(strings.Repeat("\x00", StampSize) + "\x01" + strings.Repeat("\x00", 40))
	f.Fuzz(func(t *testing.T, rec string) {
		var a, b record
		if a.decode(rec) != nil {
			return
		}
		text, ok := a.text()
		if a.has(flagPacked) && !ok {
			return // septets that are no text: composed anew
		}
		a.notice, a.start = a.shown(), 0 // as the engine goes on with it
		a.reply, a.packed = text, ""
		again := string(a.next(nil, rec, 1))
		if err := b.decode(again); err != nil {
			t.Fatalf("%q decodes, and %q does not: %v", rec, again, err)
		}
		if diff := same(&a, &b); diff != "" {
			t.Fatalf("(-first +again):\n%s", diff)
		}
	})
}
