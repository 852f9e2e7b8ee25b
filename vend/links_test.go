package vend_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spaza/jobs"
	"spaza/secret"
	"spaza/vend"
)

// inEachSafe runs a test over databases of each kind.
func inEachSafe(t *testing.T, o vend.Options, test func(t *testing.T, k *safe)) {
	t.Helper()
	for _, d := range []struct {
		name  string
		fresh func(*testing.T) database
	}{{"sqlite", func(t *testing.T) database { return freshSQLite(t.TempDir()) }}, {"postgres", freshPostgres}} {
		t.Run(d.name, func(t *testing.T) { test(t, newSafe(t, d.fresh(t), o)) })
	}
}

// sms sends every message that is due, and says in words what codes and what of
// links was in them. The last code to each number is kept.
func (k *safe) sms() string {
	k.t.Helper()
	var all []string
	for {
		claimed, err := k.sql.Claim(k.t.Context(), []jobs.Kind{vend.JobCode, vend.JobLinked, vend.JobNotice}, 100, "gateway", k.now, k.now.Add(time.Minute))
		k.must(err)
		if len(claimed) == 0 {
			slices.Sort(all)
			return strings.Join(all, ", ")
		}
		for _, j := range claimed {
			if words := k.text(j); words != "" {
				all = append(all, words)
			}
			k.must(k.sql.Finish(k.t.Context(), j))
		}
	}
}

func (k *safe) text(j jobs.Job) string {
	k.t.Helper()
	switch j.Kind {
	case vend.JobNotice:
		return ""
	case vend.JobLinked:
		news, err := k.s.Linked(k.t.Context(), j)
		if errors.Is(err, vend.ErrNobody) {
			return ""
		}
		k.must(err)
		if news.Ended {
			return news.MSISDN[7:] + " not on " + news.Channel
		}
		return news.MSISDN[7:] + " on " + news.Channel
	}
	to, _, code, err := k.s.Code(k.t.Context(), j)
	if errors.Is(err, vend.ErrNoCode) {
		return ""
	}
	k.must(err)
	// The lane is made of the number alone, and in its 32 digits a code can stand by chance.
	if strings.Contains(j.Key+j.Data, code.Reveal()) || strings.Contains(j.Data+j.Lane, to[2:]) {
		k.t.Errorf("the job says who or what: %+v", j)
	}
	k.codes[to] = code
	return "code to " + to[7:]
}

// proves has a person in a chat prove a number.
func (k *safe) proves(channel, user string, n int) {
	k.t.Helper()
	k.must(k.s.SendCode(k.t.Context(), channel, user, number(n)))
	k.sms()
	got, err := k.s.CheckCode(k.t.Context(), channel, user, k.codes[number(n)])
	if err != nil || got != number(n) {
		k.t.Fatalf("the code of %s: %q, %v", number(n), got, err)
	}
}

// meets holds who a person is taken for: the n-th customer, or nobody.
func (k *safe) meets(what, channel, user, vouched string, n int) {
	k.t.Helper()
	want := ""
	if n > 0 {
		want = number(n)
	}
	if got, err := k.s.Meet(k.t.Context(), channel, user, vouched); err != nil || got != want {
		k.t.Errorf("%s: %s of %s is %q, %v; want %q", what, user, channel, got, err, want)
	}
}

// wantSMS holds what was sent by SMS since the last time.
func (k *safe) wantSMS(what, want string) {
	k.t.Helper()
	if got := k.sms(); got != want {
		k.t.Errorf("%s: sent %q, want %q", what, got, want)
	}
}

func TestOneCustomerInManyChats(t *testing.T) {
	inEachSafe(t, vend.Options{}, func(t *testing.T, k *safe) {
		ctx := t.Context()
		k.meets("a stranger", "telegram", "111", "", 0)
		if c, err := k.s.Customer(ctx, number(7)); err != nil || c.ID != "" {
			t.Errorf("somebody was made a customer: %+v, %v", c, err)
		}
		// Who is new has nobody to be warned.
		k.meets("vouched for", "whatsapp", "ZA.7", number(7), 7)
		k.meets("and again without", "whatsapp", "ZA.7", "", 7)
		k.wantSMS("who is new", "")
		// A customer is told, on the phone.
		k.proves("telegram", "111", 7)
		k.wantSMS("a second chat", "0007 on telegram")
		k.meets("by code", "telegram", "111", "", 7)
		k.meets("another of the same name", "whatsapp", "111", "", 0)
		k.now = k.now.Add(time.Second)
		k.proves("telegram", "222", 7)
		k.wantSMS("a third", "0007 on telegram")
		links, err := k.s.Links(ctx, number(7))
		k.must(err)
		if len(links) != 3 || links[0].User != "222" || links[0].How != vend.LinkByCode || !links[0].LinkedAt.Equal(k.now) {
			t.Errorf("the links are %+v", links)
		}
		for _, l := range links {
			if l.User == "ZA.7" && l.How != vend.LinkVouched {
				t.Errorf("vouched for, and is %q", l.How)
			}
		}
		// The surface knows another number of them now.
		k.meets("who changed number", "whatsapp", "ZA.7", number(1), 1)
		k.wantSMS("both are told", "0001 on whatsapp, 0007 not on whatsapp")
		k.meets("as before", "whatsapp", "ZA.7", "", 1)
		// Another number by code.
		k.proves("telegram", "111", 1)
		k.wantSMS("and so are these", "0001 on telegram, 0007 not on telegram")
		k.meets("with another number", "telegram", "111", "", 1)
		// The same once more changes nothing, and tells nobody.
		k.proves("telegram", "111", 1)
		k.wantSMS("the same again", "")

		if err := k.s.Unlink(ctx, number(7), "telegram", "111"); !errors.Is(err, vend.ErrNoLink) {
			t.Errorf("another's link ends: %v", err)
		}
		k.must(k.s.Unlink(ctx, number(1), "telegram", "111"))
		k.wantSMS("an end", "0001 not on telegram")
		k.meets("who left", "telegram", "111", "", 0)
		for _, nobody := range []string{number(1), number(9)} {
			if err := k.s.Unlink(ctx, nobody, "telegram", "111"); !errors.Is(err, vend.ErrNoLink) {
				t.Errorf("it ends twice: %v", err)
			}
		}
		if list, err := k.s.Links(ctx, number(9)); err != nil || len(list) != 0 {
			t.Errorf("nobody is in %v, %v", list, err)
		}
	})
}

// TestAStoppedChatIsLinkedByACodeAlone stops chats whose surface knows the number,
// such as after the account there was stolen.
func TestAStoppedChatIsLinkedByACodeAlone(t *testing.T) {
	inEachSafe(t, vend.Options{}, func(t *testing.T, k *safe) {
		ctx := t.Context()
		c := func() string {
			t.Helper()
			c, err := k.s.Customer(ctx, number(7))
			k.must(err)
			return c.ID
		}
		for what, stop := range map[string]func() error{
			"by the customer": func() error { return k.s.Unlink(ctx, number(7), "whatsapp", "ZA.7") },
			"by the operator": func() error {
				n, err := k.s.UnlinkAll(ctx, number(7), "thandi", "stolen phone")
				if err == nil && n != 1 {
					t.Errorf("%d were stopped", n)
				}
				return err
			},
		} {
			k.meets(what+", before", "whatsapp", "ZA.7", number(7), 7)
			k.sms()
			k.now = k.now.Add(time.Hour)
			k.must(stop())
			k.wantSMS(what, "0007 not on whatsapp")
			k.meets(what+", vouched for", "whatsapp", "ZA.7", number(7), 0)
			k.meets(what, "whatsapp", "ZA.7", "", 0)
			k.wantSMS(what+", and who writes", "")
			if list, err := k.s.Links(ctx, number(7)); err != nil || len(list) != 0 {
				t.Errorf("%s: still there: %+v, %v", what, list, err)
			}
			if p, there, err := k.s.Where(ctx, c(), "whatsapp"); err != nil || there {
				t.Errorf("%s: is written to: %+v, %v", what, p, err)
			}
			if err := k.s.Unlink(ctx, number(7), "whatsapp", "ZA.7"); !errors.Is(err, vend.ErrNoLink) {
				t.Errorf("%s: it ends twice: %v", what, err)
			}
			if n, err := k.s.UnlinkAll(ctx, number(7), "thandi", "once more"); err != nil || n != 0 {
				t.Errorf("%s: %d more were stopped, %v", what, n, err)
			}
			k.meets("another of that number", "whatsapp", "ZA.8", "", 0)
			k.proves("whatsapp", "ZA.7", 7)
			k.wantSMS(what+", and proved", "0007 on whatsapp")
			k.meets(what+", and proved", "whatsapp", "ZA.7", number(7), 7)
		}
		// Whoever has another number there is another customer.
		k.must(k.s.Unlink(ctx, number(7), "whatsapp", "ZA.7"))
		k.sms()
		k.meets("with another number", "whatsapp", "ZA.7", number(1), 1)
		k.wantSMS("with another number", "0001 on whatsapp")
	})
}

func TestWhereACustomerIsWrittenTo(t *testing.T) {
	inEachSafe(t, vend.Options{}, func(t *testing.T, k *safe) {
		k.proves("telegram", "111", 7)
		k.now = k.now.Add(time.Hour)
		k.proves("telegram", "222", 7)
		c, err := k.s.Customer(t.Context(), number(7))
		k.must(err)
		where := func(what, channel, want string) {
			t.Helper()
			p, ok, err := k.s.Where(t.Context(), c.ID, channel)
			if err != nil || ok != (want != "") || p.User != want || ok && p.Number != number(7) {
				t.Errorf("%s: %+v, %v, %v; want %q", what, p, ok, err, want)
			}
		}
		where("last linked", "telegram", "222")
		where("not there", "whatsapp", "")
		k.now = k.now.Add(time.Hour)
		k.meets("wrote", "telegram", "111", "", 7)
		where("last seen", "telegram", "111")
		if p, _, err := k.s.Where(t.Context(), c.ID, "telegram"); err != nil || !p.Seen.Equal(k.now) {
			t.Errorf("seen %s, %v; want %s", p.Seen, err, k.now)
		}
		k.now = k.now.Add(90 * aDay)
		where("idle", "telegram", "")
	})
}

func TestMeetingIsOneReadAndSeldomAWrite(t *testing.T) {
	k := newSafe(t, database{}, vend.Options{})
	g := &gate{sql: k.sql}
	k.s = vend.New(g, k.p, keyring(0), vend.Options{Now: func() time.Time { return k.now }})
	k.s.Attach(k.hand)
	k.proves("telegram", "111", 1)
	for _, c := range []struct {
		what, user string
		later      time.Duration
		n          int
		want       string
	}{
		{"a stranger", "999", 0, 0, "linked"},
		{"at once", "111", 0, 1, "linked"},
		{"soon", "111", 10*time.Minute - time.Second, 1, "linked"},
		{"later", "111", time.Second, 1, "linked begin commit"},
		{"soon after that", "111", time.Minute, 1, "linked"},
	} {
		k.now = k.now.Add(c.later)
		g.ops = nil
		k.meets(c.what, "telegram", c.user, "", c.n)
		if got := strings.Join(g.ops, " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	// Who cannot be noted is known all the same.
	k.now = k.now.Add(time.Hour)
	g.breakAll("begin")
	k.meets("the database does not write", "telegram", "111", "", 1)
	g.breakAll("linked")
	if got, err := k.s.Meet(t.Context(), "telegram", "111", ""); err == nil || got != "" {
		t.Errorf("unread, they are %q, %v", got, err)
	}
}

func TestWhoHasNoNameIsNobody(t *testing.T) {
	k := newSafe(t, database{}, vend.Options{})
	long := strings.Repeat("x", 201)
	for _, c := range [][3]string{{"", "1", number(1)}, {"telegram", "", number(1)}, {"telegram", long, number(1)}, {long, "1", number(1)}} {
		if got, err := k.s.Meet(t.Context(), c[0], c[1], c[2]); err == nil || got != "" {
			t.Errorf("%.20q: met as %q, %v", c, got, err)
		}
		if err := k.s.SendCode(t.Context(), c[0], c[1], c[2]); err == nil {
			t.Errorf("%.20q: a code was sent", c)
		}
		if got, err := k.s.CheckCode(t.Context(), c[0], c[1], secret.New("000000")); err == nil || got != "" {
			t.Errorf("%.20q: a code was right: %q", c, got)
		}
	}
	for _, no := range []string{"0821234567", "+27821234567", "erased:C1", "aside:C12345", "2782123456x", "278212345678"} {
		if got, err := k.s.Meet(t.Context(), "whatsapp", "1", no); err == nil || got != "" {
			t.Errorf("vouched for %q: %q, %v", no, got, err)
		}
		if err := k.s.SendCode(t.Context(), "whatsapp", "1", no); err == nil {
			t.Errorf("a code was sent to %q", no)
		}
	}
	k.wantSMS("none of it", "")
}

// evidence is what a person in a chat has shown, as the rules have it.
type evidence struct {
	number string // proved or vouched for last; empty: nothing
	ended  string // of which the link was stopped last, and none made since
	code   secret.Text
	to     string // to which number that code went
	at     time.Time
	tries  int
	missed []time.Time
}

// right says whether a code would be right now, by the rules.
func (e *evidence) right(code string, now time.Time) bool {
	return e.to != "" && now.Sub(e.at) < 10*time.Minute && e.tries < 3 && e.wrongLately(now) < 10 && code == e.code.Reveal()
}

func (e *evidence) wrongLately(now time.Time) (n int) {
	for _, at := range e.missed {
		if now.Sub(at) < aDay {
			n++
		}
	}
	return n
}

// TestNobodyIsACustomerWithoutEvidence draws what people in chats do, and holds that
// nobody is taken for a number of which they did not have the right code, and for
// which no surface vouches.
func TestNobodyIsACustomerWithoutEvidence(t *testing.T) {
	k := newSafe(t, database{}, vend.Options{CodesAll: 1 << 20})
	linked, refused, lives := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if lives++; raced && lives > 10 {
			return
		}
		var people []string
		var numbers []int
		for i := range 3 {
			people, numbers = append(people, fmt.Sprint(lives, "-", i)), append(numbers, 10+3*lives+i)
		}
		g := map[string]*evidence{}
		for _, p := range people {
			g[p] = &evidence{}
		}
		for range rapid.IntRange(5, 25).Draw(rt, "steps") {
			k.now = k.now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, 9 * time.Minute, 10 * time.Minute, 7 * time.Hour}).Draw(rt, "later"))
			who := rapid.SampledFrom(people).Draw(rt, "who")
			e := g[who]
			n := rapid.SampledFrom(numbers).Draw(rt, "number")
			switch rapid.SampledFrom([]string{"send", "send", "check", "check", "check", "vouch", "unlink"}).Draw(rt, "what") {
			case "send":
				if err := k.s.SendCode(t.Context(), "telegram", who, number(n)); err == nil {
					k.sms()
					e.to, e.code, e.at, e.tries = number(n), k.codes[number(n)], k.now, 0
				} else if !errors.Is(err, vend.ErrTooOften) {
					rt.Fatal(err)
				}
			case "check":
				other := g[rapid.SampledFrom(people).Draw(rt, "whose code")]
				code := rapid.SampledFrom([]string{e.code.Reveal(), other.code.Reveal(), "000000", ""}).Draw(rt, "code")
				right := e.right(code, k.now)
				got, err := k.s.CheckCode(t.Context(), "telegram", who, secret.New(code))
				if right != (err == nil) || right && got != e.to {
					rt.Fatalf("the code is right: %v; it gave %q, %v", right, got, err)
				}
				switch {
				case right:
					linked++
					e.number, e.ended, e.to = e.to, "", ""
				case errors.Is(err, vend.ErrCodeWrong):
					refused++
					e.tries++
					e.missed = append(e.missed, k.now)
				case !errors.Is(err, vend.ErrCodeOver) && !errors.Is(err, vend.ErrTooOften):
					rt.Fatal(err)
				}
			case "vouch":
				if _, err := k.s.Meet(t.Context(), "telegram", who, number(n)); err != nil {
					rt.Fatal(err)
				}
				if e.ended != number(n) {
					e.number, e.ended = number(n), ""
				}
			case "unlink":
				if err := k.s.Unlink(t.Context(), number(n), "telegram", who); (err == nil) != (e.number == number(n)) {
					rt.Fatalf("unlinked: %v", err)
				} else if err == nil {
					e.number, e.ended = "", number(n)
				}
			}
			for _, p := range people {
				if got, err := k.s.Meet(t.Context(), "telegram", p, ""); err != nil || got != g[p].number {
					rt.Fatalf("%s is %q, %v; want %q", p, got, err, g[p].number)
				}
			}
		}
	})
	if !raced && (linked == 0 || refused == 0) {
		t.Errorf("%d were linked by a code and %d refused", linked, refused)
	}
}

// TestACodeIsNowhereToBeRead looks through all rows for the
// number and the code.
func TestACodeIsNowhereToBeRead(t *testing.T) {
	onEachArchive(t, func(t *testing.T, fresh func() *archive) {
		a := fresh()
		const who = "27711770001"
		if err := a.service.SendCode(a.ctx, "telegram", "someone-in-a-chat", who); err != nil {
			t.Fatal(err)
		}
		all, err := a.read()
		if err != nil {
			t.Fatal(err)
		}
		if len(all["codes"]) != 1 || len(all["code_counts"]) != 2 || len(all["customers"]) != 0 {
			t.Errorf("%d codes, %d counts, %d customers", len(all["codes"]), len(all["code_counts"]), len(all["customers"]))
		}
		claimed, err := a.sql.Claim(a.ctx, []jobs.Kind{vend.JobCode}, 1, "gateway", a.now, a.now.Add(lease))
		if err != nil || len(claimed) != 1 {
			t.Fatalf("%v, %v", claimed, err)
		}
		to, _, code, err := a.service.Code(a.ctx, claimed[0])
		if err != nil || to != who || len(code.Reveal()) != 6 {
			t.Errorf("to %q, %v", to, err)
		}
		for _, word := range []string{who[2:], code.Reveal(), "someone"} {
			if found := all.places(word); len(found) > 0 {
				t.Errorf("%v", found)
			}
		}
	})
}
