package channels

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// stoppedClock is a clock that stands still, which is the hardest one for IDs.
func stoppedClock() time.Time { return time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC) }

func sendSMS(t testing.TB, b *Inbox, id, to, text string) {
	t.Helper()
	if taken, err := b.Send(t.Context(), Message{ID: id, To: to, Text: text}); err != nil || !strings.HasPrefix(taken, "inbox:") {
		t.Fatalf("send %s: %q, %v", id, taken, err)
	}
}

func inboxTexts(rs []Received) []string {
	out := make([]string, 0, len(rs))
	for _, r := range rs {
		out = append(out, r.Text)
	}
	return out
}

func TestInboxGivesEachNumberItsOwnMessagesOldestFirst(t *testing.T) {
	b := NewInbox(stoppedClock)
	sendSMS(t, b, "a", "27821234567", "one")
	sendSMS(t, b, "b", "27831234567", "for somebody else")
	sendSMS(t, b, "c", "27821234567", "two")

	got := b.Since("27821234567", 0)
	if d := cmp.Diff([]string{"one", "two"}, inboxTexts(got)); d != "" {
		t.Fatalf("messages (-want +got):\n%s", d)
	}
	if !got[0].At.Equal(stoppedClock()) {
		t.Errorf("At = %v, want the injected time", got[0].At)
	}
	if d := cmp.Diff([]string{"two"}, inboxTexts(b.Since("27821234567", got[0].ID))); d != "" {
		t.Errorf("after the first (-want +got):\n%s", d)
	}
	if rest := b.Since("27821234567", got[1].ID); len(rest) != 0 {
		t.Errorf("after the last: %v, want nothing", rest)
	}
	if none := b.Since("27999999999", 0); len(none) != 0 {
		t.Errorf("a number nobody wrote to has %v", none)
	}
}

func TestInboxKeepsAMessageSentTwiceOnce(t *testing.T) {
	b := NewInbox(stoppedClock)
	sendSMS(t, b, "same", "27821234567", "token")
	sendSMS(t, b, "same", "27821234567", "token")
	if got := b.Since("27821234567", 0); len(got) != 1 {
		t.Fatalf("kept %d, want 1", len(got))
	}
	sendSMS(t, b, "same", "27831234567", "token")
	if got := b.Since("27831234567", 0); len(got) != 1 {
		t.Fatalf("an ID is of one number; the other number kept %d, want 1", len(got))
	}
}

func TestInboxIDsAreNotRepeatedAfterARestart(t *testing.T) {
	at := stoppedClock()
	before := NewInbox(func() time.Time { return at })
	for i := range 5 {
		sendSMS(t, before, fmt.Sprint(i), "27821234567", "old")
	}
	seen := before.Since("27821234567", 0)[4].ID

	after := NewInbox(func() time.Time { return at.Add(time.Second) })
	sendSMS(t, after, "new", "27821234567", "new")
	if got := after.Since("27821234567", seen); len(got) != 1 {
		t.Fatalf("a reader with an ID from before the restart got %d messages, want 1", len(got))
	}
}

func TestInboxForgetsTheNumberWrittenToLongestAgo(t *testing.T) {
	b := NewInbox(stoppedClock)
	number := func(i int) string { return fmt.Sprintf("2782%07d", i) }
	for i := range inboxNumbers {
		sendSMS(t, b, "first", number(i), "hello")
	}
	sendSMS(t, b, "second", number(0), "again") // now number 1 is the oldest
	sendSMS(t, b, "first", number(inboxNumbers), "the one too many")

	if got := b.Since(number(1), 0); len(got) != 0 {
		t.Errorf("the oldest number still has %d messages", len(got))
	}
	for _, i := range []int{0, 2, inboxNumbers} {
		if len(b.Since(number(i), 0)) == 0 {
			t.Errorf("number %d was forgotten", i)
		}
	}
}

// The model: per number the last 20 of the distinct messages, in order, with
// growing IDs.
func TestInboxHoldsTheLastDistinctMessagesOfEachNumber(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := stoppedClock()
		b := NewInbox(func() time.Time { return now })
		model, names := map[string][]string{}, map[string]string{}
		var last int64
		for range rapid.IntRange(1, 80).Draw(t, "sends") {
			to := rapid.SampledFrom([]string{"27821111111", "27822222222"}).Draw(t, "to")
			id := fmt.Sprint(rapid.IntRange(0, 40).Draw(t, "id"))
			now = now.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "ms")) * time.Millisecond)
			name, err := b.Send(t.Context(), Message{ID: id, To: to, Text: id})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(model[to], id) {
				model[to] = append(model[to], id)
				model[to] = model[to][max(0, len(model[to])-inboxPerNumber):]
				got := b.Since(to, last)
				if len(got) != 1 {
					t.Fatalf("the newest message is %d messages", len(got))
				}
				last = got[0].ID
				names[to+id] = name
			}
			if name != names[to+id] {
				t.Fatalf("a message that is kept was called %s, and is called %s", names[to+id], name)
			}
		}
		for to, want := range model {
			if d := cmp.Diff(want, inboxTexts(b.Since(to, 0))); d != "" {
				t.Fatalf("%s (-want +got):\n%s", to, d)
			}
		}
	})
}

func TestInboxIsSafeForManyAtOnce(t *testing.T) {
	b := NewInbox(time.Now)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				to := fmt.Sprintf("2782000000%d", i%4)
				sendSMS(t, b, fmt.Sprintf("%d-%d", g, i), to, "x")
				b.Since(to, 0)
			}
		})
	}
	wg.Wait()
	for n := range 4 {
		got := b.Since(fmt.Sprintf("2782000000%d", n), 0)
		if len(got) != inboxPerNumber {
			t.Errorf("number %d has %d messages, want %d", n, len(got), inboxPerNumber)
		}
		if !slices.IsSortedFunc(got, func(a, b Received) int { return int(a.ID - b.ID) }) {
			t.Errorf("number %d is out of order", n)
		}
	}
}
