//go:build unix

package outage

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"spaza/test/whole"
)

// hang is how long a gateway waits for a screen at most, and atLast how long one waits
// here: when the machine stood still meanwhile, the screen may still come in time.
const hang, atLast = 10 * time.Second, 30 * time.Second

// turn is one thing said to the service and what came back.
type turn struct {
	begun, ended time.Time
	said         string // what was typed last, without a PIN
	screen       string
	status       int
	err          error
}

// customer is a person with a phone, who reads what it shows and acts on it.
type customer struct {
	shop   *shop
	crowd  *crowd
	number string // 11 digits
	pin    string // of the voucher that is handed in
	worth  int    // of the voucher, in rand

	session, text string
	screen        string
	turns         []turn

	money    int // in rand, as the customer believes
	wanted   int // purchases that were set out for
	bought   int // of which the customer knows that they were had
	odd      []string
	wrong    []string        // balances that screens told
	rested   map[string]bool // short references that were heard of before
	redeemed bool
}

// dial opens a session and returns the first screen.
func (c *customer) dial(ctx context.Context) string {
	c.session, c.text = fmt.Sprintf("ATUid_%x", rand.Uint64()), ""
	return c.send(ctx, "dial")
}

// press answers the screen.
func (c *customer) press(ctx context.Context, input, said string) string {
	if c.text != "" {
		c.text += "*"
	}
	c.text += input
	c.pause(ctx, 10*time.Millisecond, 40*time.Millisecond)
	return c.send(ctx, said)
}

// send posts the session as it stands. Where no screen comes back there is none,
// and the session is over.
func (c *customer) send(ctx context.Context, said string) string {
	switch said {
	case pays:
		c.crowd.paying.Add(1)
		defer c.crowd.paying.Add(-1)
	case redeems:
		c.crowd.handing.Add(1)
		defer c.crowd.handing.Add(-1)
	}
	form := url.Values{
		"sessionId": {c.session}, "phoneNumber": {"+" + c.number}, "networkCode": {"65501"},
		"serviceCode": {"*120*384#"}, "text": {c.text},
	}
	one := turn{begun: time.Now(), said: said}
	// Not cut short by the test: a gateway would wait, too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), atLast)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.shop.service.URL+"/ussd/africastalking", strings.NewReader(form.Encode()))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		var resp *http.Response
		if resp, err = c.crowd.gateway.Do(req); err == nil {
			var body []byte
			body, err = io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			one.status, one.screen = resp.StatusCode, string(body)
		}
	}
	one.ended, one.err = time.Now(), err
	c.turns = append(c.turns, one)
	c.screen = one.screen
	if err != nil || one.status != http.StatusOK {
		c.screen = "" // a gateway's own words are shown
	}
	return c.screen
}

// What a turn may say that moves money.
const (
	pays    = "pay"
	redeems = "voucher"
)

func (c *customer) sees(words string) bool { return strings.Contains(c.screen, words) }

// asked says that the screen waits for an answer.
func (c *customer) asked() bool { return strings.HasPrefix(c.screen, "CON ") }

// find is the number of the option that begins with these words; empty when the
// screen has none.
func (c *customer) find(label string) string { return whole.Screen(c.screen).Find(label) }

// pick is the same or, where the option may stand on a further page, what leads
// there.
func (c *customer) pick(label string) string { return whole.Screen(c.screen).Pick(label) }

func (c *customer) pause(ctx context.Context, least, most time.Duration) {
	t := time.NewTimer(least + rand.N(most-least))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// live hands a voucher in and buys airtime for it. It ends early when ctx does.
func (c *customer) live(ctx context.Context, purchases int) {
	if !c.redeem(ctx) {
		return
	}
	for range purchases {
		if ctx.Err() != nil || !c.buy(ctx, 10) {
			return
		}
	}
}

// hears waits for a message with some of these words about an order whose
// reference is new to the customer. It returns the words; empty when ctx has ended.
func (c *customer) hears(ctx context.Context, words ...string) string {
	for ctx.Err() == nil {
		for _, text := range c.shop.messages.to(c.number) {
			for _, w := range words {
				if strings.Contains(text, w) && c.isNew(text) {
					return w
				}
			}
		}
		c.pause(ctx, 50*time.Millisecond, 60*time.Millisecond)
	}
	return ""
}

// isNew says whether a text speaks of an order that the customer has not put to
// rest.
func (c *customer) isNew(text string) bool {
	m := shownRef.FindStringSubmatch(text)
	return m != nil && !c.rested[m[1]]
}

// rest puts to rest what has been heard of so far.
func (c *customer) rest() {
	c.rested = map[string]bool{}
	texts := c.shop.messages.to(c.number)
	for _, t := range c.turns {
		texts = append(texts[:len(texts):len(texts)], t.screen)
	}
	for _, t := range texts {
		for _, m := range shownRef.FindAllStringSubmatch(t, -1) {
			c.rested[m[1]] = true
		}
	}
}

// redeem hands the voucher in until the money is there.
func (c *customer) redeem(ctx context.Context) bool {
	const came, no = "from your 1Voucher was added", "We could not add your 1Voucher"
	for ctx.Err() == nil {
		c.dial(ctx)
		switch {
		case c.sees("Your 1Voucher added"):
			return c.has()
		case c.sees("Checking your 1Voucher"):
			return c.hears(ctx, came, no) == came && c.has()
		}
		c.walk(ctx, func() (input, said string) {
			switch {
			case c.find("Start again") != "":
				return c.find("Start again"), "start again"
			case c.sees("Type the 16 digits") && !c.sees("This PIN does not work"):
				return c.pin, redeems
			}
			return c.pick("Use a 1Voucher"), "use a voucher"
		})
		switch {
		case c.sees("added from your 1Voucher"):
			c.checks(c.worth)
			return c.has()
		case c.sees("We are checking your voucher"):
			return c.hears(ctx, came, no) == came && c.has()
		case c.sees("This PIN does not work"):
			// One hand-in before must have worked: the money, or a message, is
			// there or comes.
			if have, _, ok := c.looks(ctx); ok && have == c.worth {
				return c.has()
			}
			if c.hears(ctx, came) == came {
				return c.has()
			}
		}
		c.pause(ctx, 200*time.Millisecond, 500*time.Millisecond)
	}
	return false
}

func (c *customer) has() bool {
	c.money, c.redeemed = c.worth, true
	return true
}

// walk answers screen after screen until there is no question, or none that the
// customer has an answer to. It stops after what moves money.
func (c *customer) walk(ctx context.Context, answer func() (input, said string)) {
	for range 16 {
		if !c.asked() {
			return
		}
		input, said := answer()
		if input == "" {
			return
		}
		c.press(ctx, input, said)
		if said == pays || said == redeems {
			return
		}
	}
}

// buy buys airtime once, and tries again only when it is clear that nothing was
// bought. It says whether the airtime came.
func (c *customer) buy(ctx context.Context, price int) bool {
	c.wanted++
	c.rest()
	for unclear := false; ctx.Err() == nil; c.pause(ctx, 200*time.Millisecond, 500*time.Millisecond) {
		c.dial(ctx)
		if unclear {
			switch known, had := c.learns(ctx, price); {
			case known && had:
				return c.had(price)
			case !known:
				continue
			}
			unclear = false
			if c.asked() && !c.sees("Pay R") {
				c.dial(ctx)
			}
		}
		paid := false
		c.walk(ctx, func() (input, said string) {
			switch {
			case c.find("Start again") != "":
				return c.find("Start again"), "start again"
			case c.find("Pay R") != "":
				paid = true
				return c.find("Pay R"), pays
			case c.find("Yes, buy it again") != "": // customers know what they do
				return c.find("Yes, buy it again"), "once more"
			case c.sees("How much?"):
				return c.find("R" + strconv.Itoa(price)), "amount"
			case c.find("My number") != "":
				return c.find("My number"), "own number"
			}
			return c.pick("Airtime"), "airtime"
		})
		switch {
		case !paid && shownRef.MatchString(c.screen) && !c.isNew(c.screen):
			// Told once more how the last one went: the session was lost on the way.
		case c.sees("END Done: "):
			c.checks(c.money - price)
			return c.had(price)
		case c.sees("We are busy: "):
			return c.waits(ctx) && c.had(price)
		case c.sees("short"):
			c.odd = append(c.odd, fmt.Sprintf("should have R%d, and is short: %s", c.money, c.screen))
			return false
		case paid && !c.sees("Nothing was bought") && !c.sees("No money was taken"):
			unclear = true
		}
	}
	return false
}

var claims = regexp.MustCompile(`You have R(\d+)`)

// checks notes a screen that says another balance than there must be.
func (c *customer) checks(should int) {
	if m := claims.FindStringSubmatch(c.screen); m != nil && m[1] != strconv.Itoa(should) {
		c.wrong = append(c.wrong, fmt.Sprintf("has R%d, and is told %q", should, c.screen))
	}
}

// waits waits for the message that says how it went, and whether the airtime came.
func (c *customer) waits(ctx context.Context) bool {
	return c.hears(ctx, itCame, "did not work") == itCame
}

const itCame = "airtime is on"

func (c *customer) had(price int) bool {
	c.money -= price
	c.bought++
	return true
}

// learns finds out, having dialled, whether what was left unclear was bought.
func (c *customer) learns(ctx context.Context, price int) (known, had bool) {
	switch {
	case shownRef.MatchString(c.screen) && !c.isNew(c.screen) && !c.asked():
		return false, false // told once more how the last one went
	case c.sees("END Done: "):
		c.checks(c.money - price)
		return true, true
	case c.sees("It worked: ") && c.isNew(c.screen):
		return true, true
	case c.sees("We are busy: "), c.sees("We are checking: "):
		return true, c.waits(ctx)
	case c.find("Pay R") != "":
		return true, false
	}
	have, kept, ok := c.looks(ctx)
	switch {
	case !ok:
		return false, false
	case kept > 0:
		return true, c.waits(ctx)
	case have == c.money:
		return true, false
	case have == c.money-price:
		return true, true
	}
	c.odd = append(c.odd, fmt.Sprintf("should have R%d or R%d, and sees: %s", c.money, c.money-price, c.screen))
	return false, false
}

var (
	youHave = regexp.MustCompile(`You have R(\d+)\.`)
	isKept  = regexp.MustCompile(`R(\d+) is kept`)
)

// looks reads the balance, in rand. The screen may be any, or there is none yet.
func (c *customer) looks(ctx context.Context) (have, kept int, ok bool) {
	if !c.asked() {
		c.dial(ctx)
	}
	c.walk(ctx, func() (input, said string) {
		switch {
		case youHave.MatchString(c.screen) && !c.sees("Pay R"):
			return "", ""
		case c.find("Start again") != "":
			return c.find("Start again"), "start again"
		case c.find("My money") != "":
			return c.find("My money"), "balance"
		case c.sees("What do you need?"):
			return c.pick("My money"), "further options"
		}
		return "00", "menu"
	})
	m := youHave.FindStringSubmatch(c.screen)
	if m == nil {
		return 0, 0, false
	}
	have, _ = strconv.Atoi(m[1])
	if k := isKept.FindStringSubmatch(c.screen); k != nil {
		kept, _ = strconv.Atoi(k[1])
	}
	return have, kept, true
}
