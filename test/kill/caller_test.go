package kill

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"spaza/ledger"
	"spaza/msisdn"
	"spaza/test/whole"
)

// caller is a customer who knows what every screen must say: what they have, what
// they chose, and where in the conversation they are.
type caller struct {
	*customer

	at      place
	balance ledger.Cents
	basket  deal
	sure    bool   // they said that they want the same once more
	made    []deal // so far, the newest last; vouchers have no network
	back    bool   // a purchase waits for the voucher
	note    string // what the next menu says of the last order; empty for nothing
	paid    atomic.Int64
	lostAt  place // where the call was abandoned; nowhere when it was not

	// before is the turn before this one, which may come late.
	before turn
}

// deal is airtime that is bought, or a voucher that was handed in.
type deal struct {
	network string
	amount  ledger.Cents
	target  string
	at      time.Time
}

// brief is how screens name it.
func (d deal) brief() string { return fmt.Sprintf("%s %s airtime", d.amount, d.network) }

// whole is the same with who gets it.
func (d deal) whole() string { return d.brief() + " for " + msisdn.Local(d.target) }

// latest are their newest deals, the newest first, n at most.
func (c *caller) latest(n int) []deal {
	last := slices.Clone(c.made[max(0, len(c.made)-n):])
	slices.Reverse(last)
	return last
}

// bought is the newest purchase that fits, of so many newest deals.
func (c *caller) bought(of int, fits func(deal) bool) (deal, bool) {
	last := c.latest(of)
	i := slices.IndexFunc(last, func(d deal) bool { return d.network != "" && fits(d) })
	if i < 0 {
		return deal{}, false
	}
	return last[i], true
}

// knownNetwork is the network of a number that need not be asked for.
func (c *caller) knownNetwork(number string) string {
	d, ok := c.bought(len(c.made), func(d deal) bool { return d.target == number })
	switch {
	case ok:
		return d.network
	case number == c.number && c.network == "65501":
		return "Vodacom"
	}
	return ""
}

// place is a screen of the conversation.
type place string

const (
	nowhere  place = ""
	atMenu   place = "menu"
	atMore   place = "menu, second page"
	atResume place = "resume"
	atWho    place = "whose number"
	atNumber place = "number"
	atNet    place = "network"
	atAmount place = "amount"
	atTwice  place = "twice"
	atPay    place = "confirm"
	atShort  place = "short"
	atPIN    place = "pin"
	atAdded  place = "added"
	atPurse  place = "balance"
	atEnd    place = "end"
)

// live is some calls, of which a fifth is abandoned.
func (c *caller) live(ctx context.Context) {
	for calls := 4 + c.choose.IntN(4); calls > 0 && c.pays < maxPays && ctx.Err() == nil; calls-- {
		abandon := -1
		if c.choose.IntN(5) == 0 {
			abandon = c.choose.IntN(9)
		}
		if !c.talk(ctx, abandon) {
			return
		}
		pause(ctx, time.Duration(c.choose.IntN(20))*time.Millisecond)
	}
}

// talk is one call. False says that what follows cannot be known any more.
func (c *caller) talk(ctx context.Context, abandon int) bool {
	c.session, c.text, c.before = fmt.Sprintf("ATUid_%016x", c.choose.Uint64()), "", turn{}
	resumed := c.lostAt
	c.lostAt = nowhere
	switch resumed {
	case atWho, atNumber, atNet, atAmount, atTwice, atPay, atShort:
		if !c.expect(ctx, atResume, false, "", "CON Welcome back. You were busy with: buying airtime\n1 Continue\n2 Start again") {
			return false
		}
	default:
		if !c.menu(ctx) {
			return false
		}
	}
	for steps := 0; c.at != atEnd; steps++ {
		if ctx.Err() != nil {
			return false
		}
		if steps == abandon || steps == 20 {
			c.r.count.dropped.Add(1)
			if c.lostAt = c.at; c.at == atResume {
				c.lostAt = resumed // which is offered again
			}
			return true
		}
		if !c.step(ctx, resumed) {
			return false
		}
	}
	return true
}

// again is what the menu offers to buy once more.
func (c *caller) again() (deal, bool) { return c.bought(10, func(deal) bool { return true }) }

// menu expects the first screen, with a line on the last order where there is one
// to tell of, and with the last purchase to be had again.
func (c *caller) menu(ctx context.Context) bool {
	note := c.note
	c.note, c.basket, c.sure = "", deal{}, false
	if !c.expect(ctx, atMenu, false, "", "CON "+note+"Spaza. What do you need?\n1 Airtime\n") {
		return false
	}
	last, ok := c.again()
	if offered := c.find("Again: ") != ""; offered != ok || ok && c.find("Again: "+last.brief()) == "" {
		c.r.wrong(c.customer, "the last purchase is %q (%v), and the menu says %q", last.brief(), ok, c.screen)
		return false
	}
	return true
}

func (c *caller) types(input string) { c.text = strings.TrimPrefix(c.text+"*"+input, "*") }

// picks types the number of an option on the screen.
func (c *caller) picks(label string) { c.types(whole.Screen(c.screen).Pick(label)) }

// step answers the screen and expects the next.
func (c *caller) step(ctx context.Context, resumed place) bool {
	switch c.at {
	case atResume:
		if c.choose.IntN(3) == 0 {
			c.picks("Start again")
			return c.menu(ctx)
		}
		c.picks("Continue")
		if resumed == atTwice || resumed == atPay {
			resumed = atAmount // never at a yes
		}
		return c.comesTo(ctx, resumed)
	case atMenu:
		return c.fromMenu(ctx)
	case atMore:
		c.picks("My money")
		return c.toPurse(ctx)
	case atPurse:
		c.types("00")
		return c.menu(ctx)
	case atWho:
		if c.choose.IntN(4) > 0 {
			c.picks("My number")
			return c.aims(ctx, c.number)
		}
		if mask := msisdn.Mask(c.friend); c.find(mask) != "" && c.choose.IntN(2) == 0 {
			c.picks(mask)
			return c.aims(ctx, c.friend)
		}
		c.picks("Other number")
		return c.comesTo(ctx, atNumber)
	case atNumber:
		c.types(msisdn.Local(c.friend))
		return c.aims(ctx, c.friend)
	case atNet:
		c.basket.network = []string{"Vodacom", "MTN"}[c.choose.IntN(2)]
		c.picks(c.basket.network)
		return c.comesTo(ctx, atAmount)
	case atAmount:
		amount := []ledger.Cents{ledger.Rand(10), ledger.Rand(20)}[c.choose.IntN(2)]
		c.sure = c.sure && amount == c.basket.amount
		c.basket.amount = amount
		c.picks(amount.String())
		return c.toPay(ctx)
	case atTwice:
		if c.choose.IntN(4) == 0 {
			c.picks("No")
			return c.expect(ctx, atEnd, false, "", "END Good. Nothing more was bought.")
		}
		c.picks("Yes")
		c.sure = true
		return c.toPay(ctx)
	case atShort:
		c.picks("Use a 1Voucher")
		c.back = true
		return c.comesTo(ctx, atPIN)
	case atPIN:
		return c.handIn(ctx)
	case atAdded:
		c.note = "" // whoever answers has seen it
		if c.back {
			c.back = false
			c.picks("Go on: " + c.basket.brief())
			return c.toPay(ctx)
		}
		c.picks("Buy airtime")
		return c.comesTo(ctx, atWho)
	default:
		return c.pay(ctx)
	}
}

// fromMenu chooses what to do.
func (c *caller) fromMenu(ctx context.Context) bool {
	last, again := c.again()
	switch n := c.choose.IntN(7); {
	case n == 0:
		paged := c.find("My money") == ""
		c.picks("My money")
		if paged {
			return c.expect(ctx, atMore, false, "", "CON 6 My money\n")
		}
		return c.toPurse(ctx)
	case n == 1:
		c.picks("Use a 1Voucher")
		c.back = false
		return c.comesTo(ctx, atPIN)
	case n == 2 && again:
		c.picks("Again: ")
		c.basket = last
		return c.toPay(ctx)
	}
	c.picks("Airtime")
	return c.comesTo(ctx, atWho)
}

// aims says whose number it is for.
func (c *caller) aims(ctx context.Context, number string) bool {
	c.basket.target = number
	if c.basket.network = c.knownNetwork(number); c.basket.network == "" {
		return c.comesTo(ctx, atNet)
	}
	return c.comesTo(ctx, atAmount)
}

// comesTo expects a question that can be gone on with.
func (c *caller) comesTo(ctx context.Context, at place) bool {
	to := msisdn.Local(c.basket.target)
	var want string
	switch at {
	case atWho:
		want = "Airtime for which number?\n1 My number\n"
		if _, ok := c.bought(len(c.made), func(d deal) bool { return d.target == c.friend }); ok {
			want += "2 " + msisdn.Mask(c.friend) + "\n3 Other number\n"
		} else {
			want += "2 Other number\n"
		}
	case atNumber:
		want = "Type the cell number"
	case atNet: // the likely one first
		want = "Airtime for " + to + ". Which network?\n1 Vodacom\n2 MTN\n"
		if c.basket.target == c.friend {
			want = "Airtime for " + to + ". Which network?\n1 MTN\n2 Vodacom\n"
		}
	case atTwice:
		want = "You bought this at hh:mm: " + c.basket.whole() + ". Once more?\n1 No"
	case atShort:
		want = fmt.Sprintf("%s. You have %s. You are %s short.\n1 Use a 1Voucher", c.basket.whole(), c.balance, c.basket.amount-c.balance)
	case atPIN:
		want = "Type the 16 digits of your 1Voucher."
	default:
		at, want = atAmount, c.basket.network+" airtime for "+to+". How much?\n1 R10\n2 R20\n"
	}
	return c.expect(ctx, at, false, "", "CON "+want)
}

func (c *caller) toPurse(ctx context.Context) bool {
	return c.expect(ctx, atPurse, false, "", fmt.Sprintf("CON You have %s.\n1 My purchases\n", c.balance))
}

// sameAgain is how long the same is asked about before it is sold once more. When
// a purchase became that old, to the second, is the shop's to know.
const sameAgain, perhaps = 2 * time.Minute, 20 * time.Second

// toPay is the confirm screen or, where the same was bought a moment ago, or the
// money is not there, another.
func (c *caller) toPay(ctx context.Context) bool {
	d, ok := c.bought(5, func(d deal) bool { return d.amount == c.basket.amount && d.target == c.basket.target })
	if age := time.Since(d.at); ok && !c.sure && age < sameAgain+perhaps {
		return age < sameAgain-perhaps && c.comesTo(ctx, atTwice)
	}
	if c.balance < c.basket.amount {
		return c.comesTo(ctx, atShort)
	}
	return c.expect(ctx, atPay, false, "", fmt.Sprintf("CON %s? You have %s. A wrong number cannot be undone.\n1 Pay %s\n",
		c.basket.whole(), c.balance, c.basket.amount))
}

// pay says yes, or sometimes no.
func (c *caller) pay(ctx context.Context) bool {
	if c.choose.IntN(12) == 0 {
		c.picks("Do not buy")
		return c.expect(ctx, atEnd, false, "", "END Nothing was bought. Your money is still yours.")
	}
	if c.pays++; c.pays > maxPays {
		return false
	}
	c.picks("Pay " + c.basket.amount.String())
	c.balance -= c.basket.amount
	c.paid.Add(1)
	done := fmt.Sprintf("END Done: %s. You have %s left. Ref ", c.basket.whole(), c.balance)
	pending := fmt.Sprintf("END We are busy: %s. Do not buy again.", c.basket.whole())
	c.basket.at = time.Now()
	if !c.expect(ctx, atEnd, true, "", done, pending) {
		return false
	}
	ref := refIn.FindStringSubmatch(c.screen)
	if ref == nil {
		c.r.wrong(c.customer, "no reference on %q", c.screen)
		return false
	}
	if strings.HasPrefix(c.screen, pending) {
		// Whoever was at it died, perhaps: it comes to its end, but it is not
		// known when, and the line on it neither.
		return false
	}
	c.made = append(c.made, c.basket)
	c.note = fmt.Sprintf("It worked: %s. Ref %s\n", c.basket.brief(), ref[1])
	return true
}

// handIn types the PIN of a new voucher.
func (c *caller) handIn(ctx context.Context) bool {
	worth := []int64{20, 30, 50}[c.choose.IntN(3)]
	c.issued++
	pin := fmt.Sprintf("5%05d%s%02d0", worth, c.number[4:], c.issued)
	c.types(pin)
	added := fmt.Sprintf("CON %s added from your 1Voucher. You have %s.\n1 ", ledger.Rand(worth), c.balance+ledger.Rand(worth))
	if !c.expect(ctx, atAdded, false, pin, added, "END We are checking your voucher.", "END We do not know yet if it worked.") {
		return false
	}
	if strings.HasPrefix(c.screen, "END ") {
		return false
	}
	c.balance += ledger.Rand(worth)
	c.made = append(c.made, deal{amount: ledger.Rand(worth)})
	// A call that drops here is told of the voucher at the next dial.
	c.note = fmt.Sprintf("Your 1Voucher added %s to your balance.\n", ledger.Rand(worth))
	return true
}
