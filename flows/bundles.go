package flows

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"spaza/vend"
)

// A bundle is known by its name alone, which providers write as they please:
// "Vodacom 1GB 30 Day Data", "MTN WhatsApp 250MB Weekly". What is read here only
// sorts and shortens what is shown; what is sold is the product.

// bundle is what the name of one says.
type bundle struct {
	words   []word
	size    int64 // data, in KB; zero where the name does not say
	sms     int64
	minutes int64
	hours   int64 // how long it lasts; zero where the name does not say
	use     use
}

// use is what a bundle is good for.
type use uint8

const (
	useAny    use = iota // any data
	useNarrow            // data for some services, or for the night
	useSMS
	useVoice
)

// bundleGroup narrows a list of bundles; it names the text of the choice.
type bundleGroup string

const (
	groupDay    bundleGroup = "day"
	groupWeek   bundleGroup = "week"
	groupMonth  bundleGroup = "month"
	groupSocial bundleGroup = "social"
	groupSMS    bundleGroup = "sms"
	groupOther  bundleGroup = "other"
)

// bundleGroups is the order of the list.
func bundleGroups() []bundleGroup {
	return []bundleGroup{groupDay, groupWeek, groupMonth, groupSocial, groupSMS, groupOther}
}

// Hours of the usual validities. A month is sold as 30 days.
const (
	dayHours   = 24
	weekHours  = 7 * dayHours
	monthHours = 30 * dayHours
)

func (b bundle) group() bundleGroup {
	switch {
	case b.use == useNarrow:
		return groupSocial
	case b.use != useAny:
		return groupSMS
	case b.hours == 0:
		return groupOther
	case b.hours <= dayHours:
		return groupDay
	case b.hours <= weekHours:
		return groupWeek
	case b.hours <= monthHours+dayHours:
		return groupMonth
	}
	return groupOther
}

// says reports whether the name of a group says exactly this validity.
func (g bundleGroup) says(hours int64) bool {
	switch g {
	case groupDay:
		return hours == dayHours
	case groupWeek:
		return hours == weekHours
	case groupMonth:
		return 4*weekHours <= hours && hours <= monthHours+dayHours
	}
	return false
}

// bundleName is a short name of a bundle for people: with the network in front
// it stands alone ("Vodacom 1GB 30 Day Data"), without it, beside others of the
// network ("1GB 30 Day").
func bundleName(p vend.Product, network bool) string {
	b := readBundle(p.Name)
	b.markNetwork(p)
	b.markPrice(p)
	if network {
		front := cmp.Or(p.Vendor, p.Network)
		return shorten(strings.TrimSpace(front + " " + b.text(elsewhere)))
	}
	return shorten(cmp.Or(b.text(elsewhere|filler), b.text(elsewhere), p.Vendor, p.Code))
}

// bundleLabel is what a list of a group shows of a bundle: what the group does
// not say, and the price.
func bundleLabel(p vend.Product, g bundleGroup) string {
	b := readBundle(p.Name)
	b.markNetwork(p)
	b.markPrice(p)
	for i, w := range b.words {
		if w.is == lasting && g.says(w.hours) {
			b.words[i].is = filler
		}
	}
	name := b.text(elsewhere | filler)
	if name == "" {
		name = bundleName(p, false)
	}
	return shorten(name) + " " + p.Min.String()
}

// nameMost is how many characters of a bundle's name are shown.
const nameMost = 40

// shorten cuts what is too long for a screen, between words where it can.
func shorten(s string) string {
	if utf8.RuneCountInString(s) <= nameMost {
		return s
	}
	cut := string([]rune(s)[:nameMost+1])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		return strings.TrimRight(cut[:i], " +&")
	}
	return string([]rune(s)[:nameMost])
}

// readBundle reads a name.
func readBundle(name string) bundle {
	b := bundle{words: splitName(name)}
	var parts [][]word // what a plus stands between
	from := 0
	for i, w := range b.words {
		if w.joins() {
			parts = append(parts, b.words[from:i])
			from = i + 1
		}
	}
	parts = append(parts, b.words[from:])
	var anyData, narrow, sms, voice bool
	for _, part := range parts {
		f := b.readPart(part)
		anyData = anyData || f.data && !f.narrow
		narrow = narrow || f.narrow
		sms = sms || f.sms
		voice = voice || f.voice
	}
	switch {
	case anyData:
	case narrow:
		b.use = useNarrow
	case voice && b.minutes > 0, voice && !sms:
		b.use = useVoice
	case sms:
		b.use = useSMS
	}
	return b
}

// findings are what a part of a name speaks of.
type findings struct{ data, narrow, sms, voice bool }

// readPart reads one part of a name, and marks the words that say how much and
// how long.
func (b *bundle) readPart(part []word) findings {
	var f findings
	var talk int // place of the number of minutes, from 1
	var unlimited, mentioned bool
	for i := 0; i < len(part); i++ {
		w := &part[i]
		if w.sort == ofDigits {
			i = b.readCount(part, i, &f, &talk)
			continue
		}
		hours := lastingWord(w.plain)
		switch {
		case hours > 0:
			w.is, w.hours = lasting, hours
			b.hours = max(b.hours, hours)
		case narrowWord(w.plain):
			f.narrow = true
		case smsWord(w.plain):
			f.sms = true
		case voiceWord(w.plain):
			f.voice = true
		case w.plain == "unlimited", w.plain == "uncapped":
			unlimited = true
		case fillerWord(w.plain):
			w.is = filler
			mentioned = mentioned || w.plain == "data"
		}
	}
	f.data = f.data || unlimited && (mentioned || f.narrow)
	if talk == 0 {
		return f
	}
	n, _ := countOf(part[talk-1].text)
	if !f.data || f.voice { // minutes of talking
		b.minutes = addUp(b.minutes, n)
		f.voice = true
		return f
	}
	hours := max((n+59)/60, 1) // data that lasts minutes
	b.hours = max(b.hours, hours)
	for i := talk - 1; i <= unitOf(part, talk-1); i++ {
		part[i].is, part[i].hours = lasting, hours
	}
	return f
}

// readCount reads a number and what it counts, and returns where that ends.
func (b *bundle) readCount(part []word, at int, f *findings, talk *int) int {
	unit := unitOf(part, at)
	if unit < 0 {
		return at
	}
	name, glued := part[unit].plain, unit == at+1 && part[unit].glued
	if kb := sizeUnit(name); kb > 0 {
		if n, ok := dataSize(part[at].text, kb); ok {
			b.size = addUp(b.size, n)
			part[unit].glued = part[unit].glued || unit == at+1
			f.data = true
			return unit
		}
		return at
	}
	n, ok := countOf(part[at].text)
	switch hours := lastingUnit(name, glued); {
	case !ok:
		return at
	case hours > 0:
		for i := at; i <= unit; i++ {
			part[i].is, part[i].hours = lasting, n*hours
		}
		b.hours = max(b.hours, n*hours)
	case minuteWord(name):
		*talk = at + 1
	case smsWord(name):
		b.sms = addUp(b.sms, n)
		f.sms = true
	default:
		return at
	}
	return unit
}

// unitOf is the place of the word that a number at a place counts; -1 where
// there is none. A dash may stand between them.
func unitOf(part []word, at int) int {
	unit := at + 1
	if unit < len(part) && part[unit].text == "-" {
		unit++
	}
	if unit < len(part) && part[unit].sort == ofLetters {
		return unit
	}
	return -1
}

// addUp keeps a sum within bounds, whatever a name says.
func addUp(a, b int64) int64 { return min(a+b, 1<<40) }

// countOf reads a whole number of a few digits.
func countOf(s string) (int64, bool) {
	if len(s) > 6 {
		return 0, false
	}
	var n int64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, n > 0
}

// dataSize reads a number with a dot or a comma, of a unit of so many KB. A comma
// with three digits after it parts thousands of MB: nobody sells 1.024 MB.
func dataSize(s string, unit int64) (int64, bool) {
	at := strings.IndexAny(s, ".,")
	if at < 0 {
		n, ok := countOf(s)
		return n * unit, ok
	}
	whole, frac := s[:at], s[at+1:]
	if len(frac) == 3 && whole[0] != '0' && unit <= 1024 {
		n, ok := countOf(whole + frac)
		return n * unit, ok
	}
	if len(frac) > 3 {
		return 0, false
	}
	n, ok := countOf(whole)
	if !ok && strings.Trim(whole, "0") != "" {
		return 0, false
	}
	part, of := int64(0), int64(1)
	for _, c := range []byte(frac) {
		if c < '0' || c > '9' {
			return 0, false
		}
		part, of = part*10+int64(c-'0'), of*10
	}
	total := n*unit + part*unit/of
	return total, total > 0
}

// markNetwork finds the network's name in that of its bundle.
func (b *bundle) markNetwork(p vend.Product) {
	var from, to int
	for _, name := range []string{p.Vendor, p.Network, p.Network + " Mobile"} {
		if i, j := findName(b.words, plainName(name)); j-i > to-from {
			from, to = i, j
		}
	}
	for i := from; i < to; i++ {
		b.words[i].is = elsewhere
	}
}

// markPrice finds the price in the name, which is shown beside it.
func (b *bundle) markPrice(p vend.Product) {
	price := strings.TrimPrefix(p.Min.String(), "R")
	for i := 1; i < len(b.words); i++ {
		r, n := &b.words[i-1], &b.words[i]
		if r.plain == "r" && n.sort == ofDigits && n.glued && strings.TrimSuffix(n.text, ".00") == price {
			r.is, n.is = elsewhere, elsewhere
		}
	}
}
