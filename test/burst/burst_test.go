package burst_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/test/chatfake"
)

const (
	// rounds is how many bursts there are at least.
	rounds = 5
	// answersWithin is how long is waited for the screens of a burst.
	answersWithin = 2 * time.Minute
)

// BenchmarkTelegram brings 1,000 updates of 200 customers, as Telegram does: each
// customer's one after the other, over 40 connections at once.
func BenchmarkTelegram(b *testing.B) {
	burst(b, func(s *service, round int) (path string, header [][2]string, streams []*stream) {
		for c := range customers {
			chat, out := chatOf(c), &stream{}
			for n := range each {
				out.posts = append(out.posts, post{body: s.telegram.Text(chat, chat, text(round, n)).Body})
			}
			streams = append(streams, out)
		}
		return "/telegram/webhook", [][2]string{{"X-Telegram-Bot-Api-Secret-Token", hook}}, streams
	}, func(s *service) [][]string {
		shown := make([][]string, customers)
		for c := range shown {
			for _, m := range s.telegram.Shown(chatOf(c)) {
				shown[c] = append(shown[c], m.Text)
			}
		}
		return shown
	})
}

// BenchmarkWhatsApp brings as many messages, one a webhook.
func BenchmarkWhatsApp(b *testing.B) { burstWhatsApp(b, 1) }

// BenchmarkWhatsAppBundled brings them ten a webhook, each of another customer.
func BenchmarkWhatsAppBundled(b *testing.B) { burstWhatsApp(b, 10) }

func burstWhatsApp(b *testing.B, bundle int) {
	burst(b, func(s *service, round int) (path string, header [][2]string, streams []*stream) {
		for first := 0; first < customers; first += bundle {
			out := &stream{}
			for n := range each {
				var events []chatfake.WhatsAppEvent
				for c := first; c < first+bundle; c++ {
					events = append(events, s.whatsApp.Text(chatfake.WhatsAppUser{Number: number(c)}, text(round, n)))
				}
				body := s.whatsApp.Body(events...)
				out.posts = append(out.posts, post{body, s.whatsApp.Sign(body)})
			}
			streams = append(streams, out)
		}
		return "/whatsapp/webhook", nil, streams
	}, func(s *service) [][]string {
		of := make(map[string][]string, customers)
		for _, m := range s.whatsApp.All() {
			of[m.To] = append(of[m.To], m.Body)
		}
		shown := make([][]string, customers)
		for c := range shown {
			shown[c] = of[number(c)]
		}
		return shown
	})
}

// text is the nth message of a customer in a round.
func text(round, n int) string { return fmt.Sprintf("message %d-%d", round, n) }

// burst plays rounds of a burst, each first against the floor and then against the
// service, and reports the medians over them. write makes what is posted in a
// round, and shown is what every customer has been shown so far.
func burst(
	b *testing.B,
	write func(s *service, round int) (path string, header [][2]string, streams []*stream),
	shown func(s *service) [][]string,
) {
	for _, d := range databases {
		b.Run(d.name, func(b *testing.B) {
			url := d.url(b) // may skip
			floor, s := startFloor(b), startService(b, url)
			var all results
			// One round that does not count: conversations open, statements are
			// prepared, connections are made.
			for round, more := 0, true; ; round++ {
				if more = more && (round == 0 || b.Loop()); !more && round > rounds {
					break
				}
				seen := shown(s)
				path, header, streams := write(s, round)
				answered := s.sent.so() + customers*each
				runtime.GC()
				bare := deliver(b, floor, path, header, streams)
				runtime.GC()
				began := time.Now()
				ours := deliver(b, s.address, path, header, streams)
				if !s.sent.wait(answered, answersWithin) {
					b.Fatal("messages were lost: not all were answered")
				}
				took := time.Since(began)
				if round > 0 {
					all.add(bare, ours, took)
				}
				inOrder(b, round, seen, shown(s))
			}
			if out := s.whatsApp.Complaints(); len(out) > 0 {
				b.Errorf("the API complained: %s", out[0])
			}
			all.report(b)
		})
	}
}

// inOrder fails the benchmark unless every customer was shown one screen for each
// message of a round, in the order of the messages.
func inOrder(b *testing.B, round int, before, after [][]string) {
	b.Helper()
	for c := range after {
		screens := after[c][len(before[c]):]
		if len(screens) != each {
			b.Fatalf("customer %d was shown %d screens, want %d", c, len(screens), each)
		}
		for n, screen := range screens {
			// The very first opens the conversation.
			if want := text(round, n) + " was heard"; !strings.Contains(screen, want) && (round > 0 || n > 0) {
				b.Fatalf("customer %d was shown %q as number %d of round %d, want %q", c, screen, n, round, want)
			}
		}
	}
}

// results are what the rounds took.
type results struct {
	bareMid, bareMost, mid, most, ratio, rate, answered []float64
}

func (r *results) add(bare, ours delivery, answered time.Duration) {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	r.bareMid, r.bareMost = append(r.bareMid, ms(bare.at(50))), append(r.bareMost, ms(bare.at(99)))
	r.mid, r.most = append(r.mid, ms(ours.at(50))), append(r.most, ms(ours.at(99)))
	r.ratio = append(r.ratio, float64(ours.at(99))/float64(bare.at(99)))
	r.rate = append(r.rate, customers*each/ours.took.Seconds())
	r.answered = append(r.answered, ms(answered))
}

func (r *results) report(b *testing.B) {
	for unit, all := range map[string][]float64{
		"bare-p50-ms": r.bareMid, "bare-p99-ms": r.bareMost, "p50-ms": r.mid, "p99-ms": r.most, "p99/bare": r.ratio,
		"acked/s": r.rate, "answered-ms": r.answered,
	} {
		slices.Sort(all)
		b.ReportMetric(all[len(all)/2], unit)
	}
	b.ReportMetric(r.most[len(r.most)-1], "worst-p99-ms")
	b.ReportMetric(0, "ns/op") // a round is no operation
}
