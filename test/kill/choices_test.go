package kill

import (
	"fmt"
	"regexp"

	"spaza/ledger"
	"spaza/msisdn"
	"spaza/test/whole"
)

// agreed is what a confirm screen said would be bought, and for whom; for nobody
// where it is a PIN.
type agreed struct {
	amount ledger.Cents
	target string
}

// offer is a screen that asks for a yes. A callback that is sent again when its
// session is lost may lead to things that nobody set out for.
var offer = regexp.MustCompile(`^CON [^?]+?(?: for (0\d{9}))?\? You have [^?]+\n1 Pay R(\d+)\n`)

// readOffer reads what a screen asks a yes for.
func readOffer(screen string) agreed {
	m := offer.FindStringSubmatch(screen)
	if m == nil {
		return agreed{}
	}
	target, _ := msisdn.Parse(m[1])
	var rand int64
	_, _ = fmt.Sscan(m[2], &rand)
	return agreed{ledger.Rand(rand), target}
}

// find is what is pressed for the option with this label on the screen; empty
// when there is none.
func (c *customer) find(label string) string { return whole.Screen(c.screen).Find(label) }

// liking is an option, and how often it is chosen against the others.
type liking struct {
	label  string
	weight int
}

// oneOf chooses among those of these options that are on the screen, by their
// weights; empty when there is none.
func (c *customer) oneOf(likings ...liking) string {
	all := 0
	for i, l := range likings {
		if c.find(l.label) == "" {
			likings[i].weight = 0
		}
		all += likings[i].weight
	}
	if all == 0 {
		return ""
	}
	n := c.choose.IntN(all)
	for _, l := range likings {
		if n -= l.weight; n < 0 {
			return c.find(l.label)
		}
	}
	return ""
}

// answer is what the customer types at the screen before them, and the PIN in it.
func (c *customer) answer() (input, pin string) {
	switch {
	case c.want != "": // leafing through a list
		input = whole.Screen(c.screen).Pick(c.want)
		if input != whole.More {
			c.want = ""
		}
	case c.asks("What do you need?"):
		switch c.choose.IntN(10) {
		case 0:
			c.want = "My money"
			return c.answer()
		case 1, 2:
			c.want = "More to buy"
			return c.answer()
		}
		input = c.oneOf(liking{"Airtime", 6}, liking{"Use a 1Voucher", 3}, liking{"Again: ", 3})
	case c.asks("Welcome back"):
		input = c.oneOf(liking{"Continue", 2}, liking{"Start again", 1})
	case c.asks("for which number?"):
		input = c.oneOf(liking{"My number", 5}, liking{msisdn.Mask(c.friend), 1}, liking{"Other number", 1})
	case c.asks("Type the cell number"):
		input = "0" + c.friend[2:]
	case c.asks("What else do you need?"):
		input = c.oneOf(liking{"Airtime PIN", 1})
	case c.asks("Which network?"), c.asks("PIN for which network?"):
		input = c.oneOf(liking{"Vodacom", 4}, liking{"MTN", 2}, liking{"Cell C", 1}, liking{"Telkom", 1})
	case c.asks("How much?"):
		input = c.oneOf(liking{"R10", 5}, liking{"R20", 2}, liking{"R29", 1}, liking{"Other amount", 3})
	case c.asks("How many rand?"):
		input = fmt.Sprint(5 + c.choose.IntN(8))
	case c.asks("Once more?"): // they know what they do
		input = c.oneOf(liking{"Yes", 9}, liking{"No", 1})
	case c.find("Pay R") != "":
		input = c.oneOf(liking{"Pay R", 12}, liking{"Do not buy", 1})
	case c.asks(" short."):
		input = c.oneOf(liking{"Use a 1Voucher", 6}, liking{"Other amount", 1})
	case c.asks("Type the 16 digits"):
		pin = c.slip()
		input = pin
	case c.asks("added from your 1Voucher"):
		input = c.oneOf(liking{"Go on", 1}, liking{"Buy airtime", 1})
	}
	if input == "" { // a balance, or whatever it is: back to the menu
		input = "00"
	}
	return input, pin
}

// slip is the PIN of a voucher: one of which it is not known whether it was taken
// in, or a new one.
func (c *customer) slip() string {
	if len(c.slips) > 0 && c.choose.IntN(4) > 0 {
		return c.slips[c.choose.IntN(len(c.slips))]
	}
	c.issued++
	worth := []int{20, 30, 50, 100}[c.choose.IntN(4)]
	pin := fmt.Sprintf("5%05d%s%02d0", worth, c.number[4:], c.issued)
	if c.choose.IntN(4) == 0 {
		c.r.count.faults.Add(1)
		pin = fmt.Sprintf("7%s%05d%s%d", c.r.proof.voucherFault(c.choose), worth, c.number[4:], c.issued%10)
	}
	c.slips = append(c.slips, pin)
	return pin
}

// heard throws the slip away once there is a clear word about it.
func (c *customer) heard(pin string) {
	if c.asks("added") || c.asks("We are checking your voucher") || c.asks("This PIN does not work") {
		for i, s := range c.slips {
			if s == pin {
				c.slips = append(c.slips[:i], c.slips[i+1:]...)
				return
			}
		}
	}
}
