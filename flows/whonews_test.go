package flows

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"spaza/jobs"
	"spaza/locales"
	"spaza/secret"
	"spaza/vend"

	"github.com/google/go-cmp/cmp"
)

// linkDesk has one code, and one thing to tell.
type linkDesk struct {
	lang string
	news vend.LinkNews
	err  error
}

func (d linkDesk) Code(context.Context, jobs.Job) (string, string, secret.Text, error) {
	return "27821234567", d.lang, secret.New("042817"), d.err
}
func (d linkDesk) Linked(context.Context, jobs.Job) (vend.LinkNews, error) { return d.news, d.err }

func TestCodesAndLinksAreToldByPhone(t *testing.T) {
	t.Parallel()
	words, err := locales.Load()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_790_000_000, 0)
	away := errors.New("the way out is closed")
	made := vend.LinkNews{MSISDN: "27821234567", Channel: "telegram"}
	ended := vend.LinkNews{MSISDN: "27821234567", Language: "af", Channel: "whatsapp", Ended: true}
	gone := fmt.Errorf("read: %w", vend.ErrNoCode)
	nobody := fmt.Errorf("read: %w", vend.ErrNobody)
	for name, c := range map[string]struct {
		desk   linkDesk
		code   bool
		closed error
		want   jobs.Result
		said   string
	}{
		"a code":                     {desk: linkDesk{lang: "en"}, code: true, want: jobs.Done(), said: "Gogo's: 042817 is your code. Write it in the chat only. We never phone to ask for it."},
		"a code nobody waits for":    {desk: linkDesk{err: gone}, code: true, want: jobs.Done()},
		"a code that did not go":     {desk: linkDesk{}, code: true, closed: away, want: jobs.Again(now.Add(10*time.Second), away.Error()), said: "tried"},
		"a code that is not read":    {desk: linkDesk{err: away}, code: true, want: jobs.Again(now.Add(10*time.Second), away.Error())},
		"a chat was linked":          {desk: linkDesk{news: made}, want: jobs.Done(), said: "Gogo's: your money can now be used on Telegram. Not you? Dial *120*384#, choose Help, then Chats, and stop it. Help: 0800123456"},
		"a chat was stopped":         {desk: linkDesk{news: ended}, want: jobs.Done(), said: words.Say("af", "who.sms.ended", text("operator", "Gogo's"), text("chat", "WhatsApp"), text("help", "0800123456"))},
		"nobody is left to be told":  {desk: linkDesk{err: nobody}, want: jobs.Done()},
		"a chat, and no way to tell": {desk: linkDesk{news: made}, closed: away, want: jobs.Again(now.Add(10*time.Second), away.Error()), said: "tried"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent []Outgoing
			n := LinkNotices{Notices: Notices{
				Words: words, Help: "0800123456", Now: func() time.Time { return now }, Rand: func(int64) int64 { return 0 },
				Send: func(_ context.Context, m Outgoing) (string, error) {
					sent = append(sent, m)
					return "gateway:1", c.closed
				},
			}, Desk: c.desk, Operator: "Gogo's", Dial: "*120*384#"}
			work := n.Linked
			if c.code {
				work = n.Code
			}
			if d := cmp.Diff(c.want, work(t.Context(), jobs.Job{ID: 7, Key: "k", Attempt: 1}), result); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			switch {
			case c.said == "" && len(sent) != 0:
				t.Errorf("sent %+v", sent)
			case c.said == "":
			case len(sent) != 1 || sent[0].To != "27821234567" || sent[0].ID != "k#7" || sent[0].Channel != "" || sent[0].Try != 1:
				t.Errorf("sent %+v", sent)
			case c.said != "tried" && sent[0].Text != c.said:
				t.Errorf("said %q\nwant %q", sent[0].Text, c.said)
			}
		})
	}
}
