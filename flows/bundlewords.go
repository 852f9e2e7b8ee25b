package flows

import (
	"strings"
	"unicode"
)

// word is a piece of a bundle's name: a run of letters, a number, or a mark
// between them.
type word struct {
	text  string
	plain string // in small letters, without marks
	sort  wordSort
	glued bool  // no blank before it
	is    role  // what it says
	hours int64 // of a lasting one
}

type wordSort uint8

const (
	ofLetters wordSort = iota
	ofDigits
	ofMark
)

// role is what a word of a name is there for, where that decides on showing it.
type role uint8

const (
	elsewhere role = 1 << iota // the screen says it elsewhere
	filler                     // it tells nothing
	lasting                    // it says how long
)

// splitName takes a name apart. Brackets, commas and what else parts words but
// joins none is a blank.
func splitName(name string) []word {
	var all []word
	runes := []rune(strings.ToValidUTF8(name, ""))
	glued := false
	for i := 0; i < len(runes); {
		from := i
		w := word{glued: glued && len(all) > 0}
		switch r := runes[i]; {
		case isDigit(r):
			w.sort = ofDigits
			for i < len(runes) && (isDigit(runes[i]) || (runes[i] == '.' || runes[i] == ',') && i+1 < len(runes) && isDigit(runes[i+1])) {
				i++
			}
		case unicode.IsLetter(r):
			for i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsMark(runes[i]) || isApostrophe(runes[i])) {
				i++
			}
		case strings.ContainsRune("+&-/:.", r):
			w.sort = ofMark
			i++
		default:
			glued = false
			i++
			continue
		}
		glued = true
		w.text = string(runes[from:i])
		w.plain = plainName(w.text)
		all = append(all, w)
	}
	return all
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isApostrophe(r rune) bool { return r == '\'' || r == '’' }

// plainName is how names are compared.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// joins says that a word adds something to what the bundle already has.
func (w word) joins() bool {
	switch w.text {
	case "+", "&":
		return true
	}
	switch w.plain {
	case "plus", "and", "with", "incl", "including":
		return true
	}
	return false
}

// findName is where a name stands that may be written in several words; nowhere,
// from 0 to 0.
func findName(words []word, name string) (from, to int) {
	for i := range words {
		if words[i].plain == "" {
			continue
		}
		rest := name
		for j := i; j < len(words); j++ {
			next, ok := strings.CutPrefix(rest, words[j].plain)
			if !ok {
				break
			}
			if rest = next; rest == "" {
				return i, j + 1
			}
		}
	}
	return 0, 0
}

// text is a name without the words that are there for one of these reasons. A
// mark stays where both of what it stands between do.
func (b bundle) text(without role) string {
	var s strings.Builder
	kept := func(i int) bool { return i >= 0 && i < len(b.words) && b.words[i].is&without == 0 }
	plus, wrote := "", -1 // a mark to come, and the word that was written last
	for i, w := range b.words {
		switch {
		case !kept(i):
		case w.sort == ofMark && w.joins():
			if wrote >= 0 {
				plus = w.text
			}
		case w.sort == ofMark:
			if w.glued && wrote == i-1 && kept(i+1) && b.words[i+1].sort != ofMark && b.words[i+1].glued {
				s.WriteString(w.text)
				wrote = i
			}
		default:
			if wrote >= 0 && (plus != "" || !w.glued || wrote != i-1) {
				s.WriteByte(' ')
			}
			if plus != "" {
				s.WriteString(plus + " ")
				plus = ""
			}
			s.WriteString(w.text)
			wrote = i
		}
	}
	return s.String()
}

// sizeUnit is how many KB a unit of data has; zero for what is none.
func sizeUnit(w string) int64 {
	switch w {
	case "kb":
		return 1
	case "mb", "mbs", "meg", "megs", "megabyte", "megabytes":
		return 1 << 10
	case "gb", "gbs", "gig", "gigs", "gigabyte", "gigabytes":
		return 1 << 20
	case "tb":
		return 1 << 30
	}
	return 0
}

// lastingUnit is how many hours a unit of time has; zero for what is none. The
// short ones count only right behind their number.
func lastingUnit(w string, glued bool) int64 {
	switch w {
	case "hr", "hrs", "hour", "hours":
		return 1
	case "day", "days":
		return dayHours
	case "wk", "wks", "week", "weeks":
		return weekHours
	case "mth", "mths", "month", "months":
		return monthHours
	case "yr", "yrs", "year", "years":
		return 365 * dayHours
	}
	if !glued {
		return 0
	}
	switch w {
	case "h":
		return 1
	case "d":
		return dayHours
	case "w":
		return weekHours
	}
	return 0
}

// lastingWord is the hours that a word alone speaks of.
func lastingWord(w string) int64 {
	switch w {
	case "hourly", "hour":
		return 1
	case "daily", "day":
		return dayHours
	case "weekend":
		return 2 * dayHours
	case "weekly", "week":
		return weekHours
	case "fortnight", "fortnightly":
		return 2 * weekHours
	case "monthly", "month":
		return monthHours
	case "quarterly":
		return 3 * monthHours
	case "annual", "yearly":
		return 365 * dayHours
	}
	return 0
}

func minuteWord(w string) bool {
	switch w {
	case "min", "mins", "minute", "minutes":
		return true
	}
	return false
}

func smsWord(w string) bool {
	switch w {
	case "sms", "smss", "smses":
		return true
	}
	return false
}

func voiceWord(w string) bool {
	switch w {
	case "voice", "call", "calls", "calling", "talk", "talktime":
		return true
	}
	return minuteWord(w)
}

// narrowWord says that a word names services or hours that data is good for.
func narrowWord(w string) bool {
	switch w {
	case "social", "whatsapp", "facebook", "fb", "instagram", "insta", "tiktok", "twitter", "telegram", "snapchat", "pinterest",
		"video", "videos", "youtube", "netflix", "showmax", "dstv", "streaming", "stream", "music", "gaming", "game",
		"night", "nite", "nights", "nightly", "midnight", "offpeak", "owl", "nightsurfer":
		return true
	}
	return false
}

// fillerWord says that a word tells nothing beside the others of a list.
func fillerWord(w string) bool {
	switch w {
	case "data", "bundle", "bundles", "prepaid", "valid", "validity", "for":
		return true
	}
	return false
}
