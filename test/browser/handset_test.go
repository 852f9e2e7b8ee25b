package browser

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// firstOption is a line that begins with the number 1.
var firstOption = regexp.MustCompile(`(?m)^1\D`)

func wantMenu(t *testing.T, s screen) {
	t.Helper()
	if s.View != "reply" || !firstOption.MatchString(s.Text) {
		t.Fatalf("want a menu, the phone shows %+v", s)
	}
	if s.Over || !strings.HasSuffix(s.Gauge, "/160") {
		t.Errorf("the menu takes %s of the screen", s.Gauge)
	}
	if s.Left != "Send" {
		t.Errorf("the left soft key says %q", s.Left)
	}
}

func TestDiallingOnTheKeyboardShowsAMenuThatFits(t *testing.T) {
	p := newPhone(t)
	if s := p.screen(); s.View != "idle" {
		t.Fatalf("the phone starts with %+v", s)
	}
	wantMenu(t, p.dial(p.code()))
}

func TestTheKeypadDialsAsTheKeyboardDoes(t *testing.T) {
	p := newPhone(t)
	want := p.dial(p.code())
	p.press("end")

	q := newPhone(t)
	q.press(strings.Split(q.code(), "")...)
	if s := q.screen(); s.View != "dialling" || s.Typed != q.code() || s.Left != "Call" {
		t.Fatalf("after the keypad the phone shows %+v", s)
	}
	if got := q.answered(func() { q.press("call") }); got != want {
		t.Errorf("keypad %+v, keyboard %+v", got, want)
	}
}

func TestEnterSendsAfterAKeyWasClicked(t *testing.T) {
	p := newPhone(t)
	p.dial(p.code())
	p.press("9", "9")
	if s := p.screen(); s.Typed != "99" {
		t.Fatalf("typed %q", s.Typed)
	}
	s := p.answered(func() { p.keys("\r") })
	if s.Typed != "" || s.Over {
		t.Errorf("after Enter the phone shows %+v", s)
	}
	if !strings.Contains(p.transcript(), "99") {
		t.Errorf("the input is not in the transcript:\n%s", p.transcript())
	}
}

func TestWhatIsNotOnTheMenuIsAnsweredWithAScreenThatFits(t *testing.T) {
	for name, input := range map[string]string{
		"an option that does not exist": "99",
		"back on the first screen":      "0",
		"a star":                        "*",
		"letters":                       "abc",
		"markup":                        "<b>1</b>",
	} {
		t.Run(name, func(t *testing.T) {
			p := newPhone(t)
			p.dial(p.code())
			s := p.send(input)
			if s.View != "reply" && s.View != "notice" || s.Text == "" || s.Over {
				t.Errorf("after %q the phone shows %+v", input, s)
			}
			if strings.HasPrefix(s.Text, "Connection problem") {
				t.Errorf("after %q the service gave no screen:\n%s", input, p.transcript())
			}
		})
	}
}

func TestTheRedKeyHangsUpAndTheServiceIsTold(t *testing.T) {
	for name, hangUp := range map[string]func(*phone){
		"red key":        func(p *phone) { p.press("end") },
		"cancel":         func(p *phone) { p.press("soft-right") },
		"escape":         func(p *phone) { p.keys("\x1b") },
		"another number": func(p *phone) { p.setNumber("27711112222") },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPhone(t)
			wantMenu(t, p.dial(p.code()))
			hangUp(p)
			if s := p.screen(); s.View != "idle" || s.Text != "" {
				t.Errorf("the phone shows %+v", s)
			}
			if log := p.transcript(); !strings.Contains(log, "Incomplete") || strings.Contains(log, "notification") {
				t.Errorf("transcript:\n%s", log)
			}
		})
	}
}

func TestAfterADroppedCallTheServiceIsDialledAgain(t *testing.T) {
	p := newPhone(t)
	wantMenu(t, p.dial(p.code()))
	p.do(chromedp.Click(chromedp.CSS("#drop")))
	if s := p.screen(); s.View != "notice" || s.Text != "Connection lost." {
		t.Fatalf("the phone shows %+v", s)
	}
	if log := p.transcript(); !strings.Contains(log, "Network dropped") || strings.Contains(log, "Incomplete") {
		t.Errorf("transcript:\n%s", log)
	}
	wantMenu(t, p.dial(p.code()))
}

func TestACallbackThatIsSentTwiceIsAnsweredTheSame(t *testing.T) {
	p := newPhone(t)
	p.do(chromedp.Click(chromedp.CSS("#twice")))
	wantMenu(t, p.dial(p.code()))
	p.send("1")
	log := p.transcript()
	if n := strings.Count(log, "same answer"); n != 2 || strings.Contains(log, "differ") {
		t.Errorf("transcript:\n%s", log)
	}
}

func TestACodeThatIsNotOursIsRefusedByTheNetwork(t *testing.T) {
	p := newPhone(t)
	s := p.dial("*999*1#")
	if s.View != "notice" || s.Text != "Connection problem or invalid MMI code." || s.Left != "OK" {
		t.Errorf("the phone shows %+v", s)
	}
	p.press("soft-left")
	if s := p.screen(); s.View != "idle" {
		t.Errorf("after OK the phone shows %+v", s)
	}
}

func TestTypingIsCorrectedAndPINsAreNotWrittenDown(t *testing.T) {
	p := newPhone(t)
	p.dial(p.code())
	p.keys("12\b")
	p.press("clear")
	if s := p.screen(); s.Typed != "" {
		t.Errorf("typed %q", s.Typed)
	}
	p.send("9999888877776666")
	if log := p.transcript(); strings.Contains(log, "99998888") || !strings.Contains(log, "••••••••••••••••") {
		t.Errorf("transcript:\n%s", log)
	}
}

func TestAHintIsTypedByAClick(t *testing.T) {
	p := newPhone(t)
	p.do(chromedp.Click(chromedp.CSS("#hints li:first-child button")))
	if s := p.screen(); s.Typed != p.code() {
		t.Fatalf("typed %q, want %q", s.Typed, p.code())
	}
	wantMenu(t, p.answered(func() { p.keys("\r") }))
}

func TestTheInboxOfANewNumberIsEmptyAndReadable(t *testing.T) {
	p := newPhone(t)
	if got := p.messages(0); len(got) != 0 {
		t.Errorf("messages %q", got)
	}
	p.press("soft-left")
	if s := p.screen(); s.View != "notice" || s.Text != "No messages." {
		t.Errorf("the phone shows %+v", s)
	}
}

func TestThePageFitsNarrowScreens(t *testing.T) {
	p := newPhone(t)
	for _, width := range []int64{360, 390, 768, 1024, 1920} {
		p.do(chromedp.EmulateViewport(width, 800))
		if over := evaluate[int](p, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d pixels the page is %d too wide", width, over)
		}
	}
}

func TestEveryControlHasANameAndTheTabKeyReachesThePhone(t *testing.T) {
	p := newPhone(t)
	nameless := evaluate[[]string](p, `Array.from(document.querySelectorAll('button, input, select'))
		.filter((e) => !(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim())).map((e) => e.outerHTML)`)
	if len(nameless) > 0 {
		t.Errorf("controls without a name: %q", nameless)
	}
	p.keys("\t")
	if got := evaluate[string](p, `document.activeElement.dataset.key ?? document.activeElement.id`); got != "soft-left" {
		t.Errorf("the first Tab reaches %q", got)
	}
	evaluate[bool](p, `document.querySelector('[data-key="5"]').focus() ?? true`)
	p.keys("\r")
	if s := p.screen(); s.Typed != "5" {
		t.Errorf("Enter on the focused key 5 typed %q", s.Typed)
	}
}

func TestSeptetsAreCountedAsTheStandardSays(t *testing.T) {
	p := newPhone(t)
	for text, want := range map[string]string{
		"":             "0/160 GSM-7",
		"Spaza\n1 Buy": "11/160 GSM-7",
		"[]{}~^|\\€":   "18/160 GSM-7",
		"èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæ": "22/160 GSM-7",
		"ç":   "1/80 UCS-2",
		"š":   "1/80 UCS-2",
		"`":   "1/80 UCS-2",
		"a 😀": "4/80 UCS-2",
	} {
		got := evaluate[string](p, `import('/handset/septets.js').then(({ measure }) => {
			const { used, limit, alphabet } = measure(`+quote(text)+`);
			return used + '/' + limit + ' ' + alphabet;
		})`)
		if got != want {
			t.Errorf("%q measures %s, want %s", text, got, want)
		}
	}
}

// The other tests prove little unless the page is really watched.
func TestABreachOfTheContentPolicyIsNoticed(t *testing.T) {
	p := openPhone(t)
	if c := p.complained(); len(c) != 0 {
		t.Fatalf("the page complains before anything was done: %q", c)
	}
	evaluate[bool](p, `document.head.append(Object.assign(document.createElement('style'), { textContent: 'body { color: red }' })) ?? true`)
	// The browser tells of it beside the answer.
	var said string
	for late := time.Now().Add(30 * time.Second); !strings.Contains(said, "Content Security Policy"); said = strings.Join(p.complained(), "\n") {
		if time.Now().After(late) {
			t.Fatalf("an inline style was let through: %q", said)
		}
		evaluate[bool](p, `true`)
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always can be
	return string(b)
}
