package browser

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// phone is one page of its own with the handset on it.
type phone struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// screen is what the phone shows.
type screen struct {
	View  string // idle, dialling, waiting, reply, notice, messages
	Text  string
	Gauge string // such as 97/160
	Over  bool   // the gauge is red
	Typed string
	Left  string // the soft key
}

// newPhone opens the handset with a number that nobody used before. The page
// must not have complained about anything by the end of the test.
func newPhone(t *testing.T) *phone {
	t.Helper()
	p := openPhone(t)
	t.Cleanup(func() {
		for _, c := range p.complained() {
			t.Errorf("the page complains: %s", c)
		}
	})
	p.setNumber(fmt.Sprintf("2782%07d", rand.IntN(10_000_000)))
	return p
}

func openPhone(t *testing.T) *phone {
	t.Helper()
	tab, closeTab := chromedp.NewContext(browserCtx, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(tab, patience)
	t.Cleanup(cancel)
	p := &phone{t: t, ctx: ctx}
	if err := chromedp.Listen(tab, p.listen); err != nil {
		t.Fatalf("listen to the page: %v", err)
	}
	p.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(serviceURL+"/"))
	await[bool](p, `document.documentElement.dataset.ready === 'true'`)
	return p
}

func (p *phone) listen(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev := ev.(type) {
	case *log.EventEntryAdded:
		p.complaints = append(p.complaints, fmt.Sprintf("%s: %s %s", ev.Entry.Source, ev.Entry.Text, ev.Entry.URL))
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, "exception: "+ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		p.complaints = append(p.complaints, fmt.Sprintf("console.%s", ev.Type))
	}
}

func (p *phone) complained() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.complaints...)
}

func (p *phone) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatalf("in the browser: %v", err)
	}
}

// evaluate returns the value of an expression in the page.
func evaluate[T any](p *phone, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return v
}

// await waits until an expression in the page is true, and returns it. It looks
// from inside the page, without eval, which the content policy forbids.
func await[T any](p *phone, expression string) T {
	p.t.Helper()
	return evaluate[T](p, `new Promise((done, fail) => {
		const until = Date.now() + 60000;
		const look = () => {
			const v = (`+expression+`);
			if (v) done(v);
			else if (Date.now() > until) fail(new Error('waited in vain, the phone shows: ' + document.querySelector('#lcd').innerText));
			else setTimeout(look, 15);
		};
		look();
	})`)
}

func (p *phone) screen() screen {
	p.t.Helper()
	return evaluate[screen](p, `(() => {
		const text = (id) => { const e = document.getElementById(id); return e.hidden ? '' : e.textContent; };
		return {
			View: document.getElementById('lcd').dataset.view, Text: text('screen'), Gauge: text('count'),
			Over: document.getElementById('count').classList.contains('over'), Typed: text('typed'), Left: text('left'),
		};
	})()`)
}

// answered does something that makes the gateway ask the service, and returns
// the screen that follows.
func (p *phone) answered(does func()) screen {
	p.t.Helper()
	const hops = `document.querySelectorAll('#log .shown').length`
	before := evaluate[int](p, hops)
	does()
	await[bool](p, fmt.Sprintf(`%s > %d && document.getElementById('lcd').dataset.view !== 'waiting'`, hops, before))
	return p.screen()
}

// keys types on the computer's keyboard; \r is Enter.
func (p *phone) keys(s string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(s))
}

// press clicks keys of the phone: 0 to 9, *, #, call, end, clear, soft-left,
// soft-right, up, down.
func (p *phone) press(keys ...string) {
	p.t.Helper()
	for _, k := range keys {
		p.do(chromedp.Click(chromedp.CSS(`[data-key="` + k + `"]`)))
	}
}

// dial dials a code, from any view that is not a session, and returns the first
// screen.
func (p *phone) dial(code string) screen {
	p.t.Helper()
	p.press("end")
	return p.answered(func() { p.keys(code + "\r") })
}

// send answers the open screen and returns the next one.
func (p *phone) send(input string) screen {
	p.t.Helper()
	if s := p.screen(); s.View != "reply" {
		p.t.Fatalf("cannot send %q: the phone shows %+v", input, s)
	}
	return p.answered(func() { p.keys(input + "\r") })
}

// more is what is sent for a further page of a screen.
const more = "9"

// choose sends the number of the option whose label begins with a text, on
// whatever page it stands.
func (p *phone) choose(label string) screen {
	p.t.Helper()
	for {
		s, further := p.screen(), false
		for line := range strings.Lines(s.Text) {
			number, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch {
			case number == more:
				further = true
			case strings.HasPrefix(rest, label) && strings.Trim(number, "0123456789") == "":
				return p.send(number)
			}
		}
		if !further {
			p.t.Fatalf("no option %q on %q", label, s.Text)
		}
		p.send(more)
	}
}

// setNumber puts another SIM card into the phone.
func (p *phone) setNumber(msisdn string) {
	p.t.Helper()
	evaluate[bool](p, fmt.Sprintf(`(() => {
		const n = document.getElementById('msisdn');
		n.value = %q;
		return n.dispatchEvent(new Event('change'));
	})()`, msisdn))
}

// messages waits until n SMS have arrived, and returns their texts, oldest
// first.
func (p *phone) messages(n int) []string {
	p.t.Helper()
	return await[[]string](p, fmt.Sprintf(
		`((all) => all.length >= %d && all)(Array.from(document.querySelectorAll('#sms .bubble p:first-child'), (e) => e.textContent))`, n))
}

// transcript is the text of the session panel.
func (p *phone) transcript() string {
	p.t.Helper()
	return evaluate[string](p, `document.getElementById('log').innerText`)
}

// code is what the service wants dialled.
func (p *phone) code() string {
	p.t.Helper()
	return evaluate[string](p, `document.getElementById('code').textContent`)
}
