package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"spaza/secret"
)

const (
	smsInterval = 1500 * time.Millisecond
	mmiProblem  = "Connection problem or invalid MMI code."
)

const dialHelp = `While a session is open, what you type is sent to the service.
  :end     hang up                        :drop   lose the network: nobody is told
  :twice   repeat every callback, and check that the answer is the same
  :sms     read the messages              :quit   leave
After a session: Enter dials again, a code such as *120*384*1# dials that, q leaves.
`

// dialOptions says who dials what, and where.
type dialOptions struct {
	URL     string      // of the service; default http://127.0.0.1:8080
	Code    string      // what is dialled first, inputs included; default: what the service says, or *120*384#
	MSISDN  string      // the phone, 11 digits; default 27821234567
	Network string      // mobile country and network code; default 65501, Vodacom
	Key     secret.Text // the shared key of the gateway, sent as a password; default none
	In      io.Reader   // default os.Stdin
	Out     io.Writer   // default os.Stdout
}

// dialer is a handset in the terminal. One goroutine reads In; the rest of it
// belongs to run.
type dialer struct {
	gateway *gateway
	dialled string
	in      io.Reader
	out     io.Writer
	echo    bool // In is not a terminal: what is read is written down
	colour  bool
	tick    <-chan time.Time // when to look for messages at a prompt; nil: every smsInterval

	open    *call
	twice   bool
	sms     bool // the service has an inbox
	smsSeen int64
}

// noServiceError is the one line for a person who forgot to start the service.
type noServiceError struct{ url string }

func (e noServiceError) Error() string {
	return "No service at " + e.url + ". Start it with: spaza serve"
}

// newDialer checks the options. It does not touch the network.
func newDialer(o dialOptions) (*dialer, error) {
	if o.URL == "" {
		o.URL = "http://127.0.0.1:8080"
	}
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("service URL %q: want http://host:port", o.URL)
	}
	if o.MSISDN == "" {
		o.MSISDN = "27821234567"
	}
	if len(o.MSISDN) != 11 || strings.Trim(o.MSISDN, "0123456789") != "" {
		return nil, fmt.Errorf("number %q: want 11 digits, such as 27821234567", o.MSISDN)
	}
	if o.Network == "" {
		o.Network = "65501"
	}
	if o.Code != "" && !isCode(o.Code) {
		return nil, fmt.Errorf("code %q: want something like *120*384#", o.Code)
	}
	if o.In == nil {
		o.In = os.Stdin
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	return &dialer{
		gateway: &gateway{
			base: base,
			key:  o.Key,
			client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse
			}},
			now:     time.Now,
			msisdn:  o.MSISDN,
			network: o.Network,

			patience: inboxPatience,
		},
		dialled: o.Code,
		in:      o.In,
		out:     o.Out,
		echo:    !isTerminal(o.In),
		colour:  isTerminal(o.Out) && os.Getenv("NO_COLOR") == "",
		sms:     true,
	}, nil
}

// run dials and talks until In ends, the person leaves or ctx is done. It fails
// with a noServiceError where nobody answers. The goroutine that reads In ends
// at the next line or the end of In.
func (d *dialer) run(ctx context.Context) error {
	code, err := d.gateway.shownCode(ctx)
	if err != nil {
		return noServiceError{d.gateway.base.Redacted()}
	}
	d.settleCode(code)
	if news, ok := d.gateway.messages(ctx, 0); ok {
		d.markSeen(news)
	} else {
		d.sms = false
	}
	if d.tick == nil {
		t := time.NewTicker(smsInterval)
		defer t.Stop()
		d.tick = t.C
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	lines, readErr := d.readLines(ctx)

	d.say("Number %s. :help tells what else you can type.\n", d.gateway.msisdn)
	if err := d.dial(ctx, d.dialled); err != nil {
		return err
	}
	for {
		line, ok := d.ask(ctx, lines)
		if !ok {
			break
		}
		if quit, err := d.act(ctx, line); quit || err != nil {
			return err
		}
	}
	d.hangUp(ctx)
	d.showNews(ctx)
	select {
	case err := <-readErr:
		return err
	default:
		return nil
	}
}

// settleCode decides which part of what is dialled is the service code: what
// the service says, or the default, or else all of it.
func (d *dialer) settleCode(shown string) {
	g := d.gateway
	g.code = shown
	if g.code == "" {
		g.code = "*120*384#"
		if _, ours := g.deepDial(d.dialled); d.dialled != "" && !ours {
			g.code = d.dialled
		}
	}
	if d.dialled == "" {
		d.dialled = g.code
	}
}

// readLines hands over the lines of In until it ends. The error, if any, is
// there before the lines are closed.
func (d *dialer) readLines(ctx context.Context) (<-chan string, <-chan error) {
	lines, failed := make(chan string), make(chan error, 1)
	go func() {
		defer close(lines)
		s := bufio.NewScanner(d.in)
		for s.Scan() {
			select {
			case lines <- strings.TrimSuffix(s.Text(), "\r"):
			case <-ctx.Done():
				return
			}
		}
		if err := s.Err(); err != nil {
			failed <- fmt.Errorf("read input: %w", err)
		}
	}()
	return lines, failed
}

// ask prompts for a line, and shows the messages that arrive meanwhile. It says
// false at the end of In and when ctx is done.
func (d *dialer) ask(ctx context.Context, lines <-chan string) (line string, ok bool) {
	d.showNews(ctx)
	d.say("> ")
	for {
		select {
		case <-ctx.Done():
			d.say("\n")
			return "", false
		case <-d.tick:
			if news := d.news(ctx); len(news) > 0 {
				d.say("\n")
				d.showMessages(news)
				d.say("> ")
			}
		case line, ok = <-lines:
			if !ok {
				d.say("\n")
			} else if d.echo {
				d.say("%s\n", printable(maskDigits(line)))
			}
			return line, ok
		}
	}
}

// act does what a line says.
func (d *dialer) act(ctx context.Context, line string) (quit bool, err error) {
	word := strings.TrimSpace(line)
	switch {
	case strings.HasPrefix(word, ":"):
		return d.command(ctx, word), nil
	case d.open != nil && word == "":
		d.say("Type an answer, or :end to hang up.\n")
	case d.open != nil:
		d.show(ctx, d.open.reply(ctx, line, d.twice))
	case word == "q":
		return true, nil
	case word == "":
		return false, d.dial(ctx, d.dialled)
	case isCode(word):
		d.dialled = word
		return false, d.dial(ctx, word)
	default:
		d.say("No session is open. Press Enter to dial %s, or q to quit.\n", d.dialled)
	}
	return false, nil
}

func (d *dialer) command(ctx context.Context, word string) (quit bool) {
	switch word {
	case ":help":
		d.say("%s", dialHelp)
	case ":twice":
		d.twice = !d.twice
		if d.twice {
			d.say("Every callback is now sent twice.\n")
		} else {
			d.say("Every callback is sent once.\n")
		}
	case ":sms":
		all, ok := d.gateway.messages(ctx, 0)
		switch {
		case !ok:
			d.say("This service shows no messages.\n")
		case len(all) == 0:
			d.say("No messages.\n")
		default:
			d.showMessages(all)
			d.markSeen(all)
		}
	case ":drop", ":end":
		switch {
		case d.open == nil:
			d.say("No session is open.\n")
		case word == ":drop":
			d.open = nil
			d.say("Connection lost. The service was not told. ")
			d.offer()
		default:
			d.hangUp(ctx)
			d.offer()
		}
	case ":quit", ":q":
		d.hangUp(ctx)
		return true
	default:
		d.say("There is no %s. :help tells what there is.\n", printable(word))
	}
	return false
}

// dial opens a session.
func (d *dialer) dial(ctx context.Context, code string) error {
	d.say("Dialling %s\n", printable(maskDigits(code)))
	deep, ours := d.gateway.deepDial(code)
	if !ours {
		d.showBox(mmiProblem, "", false)
		d.offer()
		return nil
	}
	d.open = d.gateway.open(deep)
	h := d.open.send(ctx, d.twice)
	if unreachable(h.err) {
		return noServiceError{d.gateway.base.Redacted()}
	}
	d.show(ctx, h)
	return nil
}

// show draws what came back, and closes the session where it is the last.
func (d *dialer) show(ctx context.Context, h hop) {
	switch {
	case ctx.Err() != nil:
		return
	case !h.good:
		d.showBox(mmiProblem, "", false)
		d.say("(%s)\n", h.cause)
	default:
		label, over := gauge(h.text)
		if h.end {
			label = "END " + label
		}
		d.showBox(h.text, label, over)
	}
	switch {
	case h.second == nil:
	case h.same:
		d.say("Sent twice: the same answer.\n")
	default:
		d.say("Sent twice: THE ANSWERS DIFFER. The second was HTTP %d: %s\n", h.second.status, printable(h.second.body))
	}
	switch {
	case !h.good:
		d.close(ctx, "Failed", h.cause)
		d.offer()
	case h.end:
		d.close(ctx, "Success", "")
		d.offer()
	}
}

func (d *dialer) offer() { d.say("Press Enter to dial again, q to quit.\n") }

func (d *dialer) hangUp(ctx context.Context) { d.close(ctx, "Incomplete", "") }

func (d *dialer) close(ctx context.Context, status, cause string) {
	if d.open == nil {
		return
	}
	d.open.over(ctx, status, cause)
	d.open = nil
}

// news asks for the messages that were not shown yet.
func (d *dialer) news(ctx context.Context) []sms {
	if !d.sms || ctx.Err() != nil {
		return nil
	}
	news, ok := d.gateway.messages(ctx, d.smsSeen)
	d.sms = ok
	d.markSeen(news)
	return news
}

func (d *dialer) showNews(ctx context.Context) { d.showMessages(d.news(ctx)) }

func (d *dialer) markSeen(messages []sms) {
	for _, m := range messages {
		d.smsSeen = max(d.smsSeen, m.ID)
	}
}

func (d *dialer) showMessages(messages []sms) {
	for _, m := range messages {
		d.say("%s", box(m.Text, "SMS", m.At.Local().Format("15:04"), "", ""))
	}
}

func (d *dialer) showBox(text, label string, over bool) {
	drawn := box(text, d.networkName(), d.gateway.msisdn, d.gateway.code, label)
	switch {
	case d.colour && over:
		drawn = "\x1b[31m" + drawn + "\x1b[0m"
	case d.colour:
		drawn = "\x1b[32m" + drawn + "\x1b[0m"
	}
	d.say("%s", drawn)
}

func (d *dialer) networkName() string {
	switch d.gateway.network {
	case "65501":
		return "Vodacom"
	case "65502":
		return "Telkom"
	case "65507":
		return "Cell C"
	case "65510":
		return "MTN"
	}
	return d.gateway.network
}

// say writes to the person; where that fails nobody is left to be told.
func (d *dialer) say(format string, args ...any) { _, _ = fmt.Fprintf(d.out, format, args...) }

// isCode says whether s can be dialled as a USSD code.
func isCode(s string) bool {
	return len(s) > 2 && s[0] == '*' && s[len(s)-1] == '#' && strings.Trim(s, "0123456789*#") == ""
}

// isTerminal says whether f is a device for people.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
