package flows

import (
	"context"
	"errors"
	"strings"

	"spaza/dialog"
	"spaza/secret"
	"spaza/vend"
)

const (
	chatsList   dialog.StateID = "chats.list"
	chatsOne    dialog.StateID = "chats.one"
	chatsEnding dialog.StateID = "chats.ending"
)

// chats are the chats in which a customer's money can be used, each of which can
// be stopped, on whatever surface the customer is.
func chats(s Shop) []dialog.State {
	f := chatsFlow{s}
	return []dialog.State{
		{
			ID: chatsList, Back: helpShow, Private: true,
			Enter: f.enter, Ask: f.ask, Answer: f.pick,
			Edges: []dialog.Edge{{Move: "one", To: chatsOne}},
		},
		{
			ID: chatsOne, Back: chatsList,
			Ask: f.askOne, Answer: picked,
			Edges: []dialog.Edge{{Move: "end", To: chatsEnding}},
		},
		{ID: chatsEnding, Do: f.end, Edges: []dialog.Edge{{Move: "ended", To: chatsList}}},
	}
}

type chatsFlow struct{ Shop }

// chatsShown is how many chats of one customer are listed.
const chatsShown = 5

// enter reads which chats there are. The session keeps of them who is picked, and
// nothing else.
func (f chatsFlow) enter(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	links, err := f.Chats.Links(ctx, t.User)
	if err != nil {
		return dialog.Stay, err
	}
	var all []string
	for _, l := range links[:min(len(links), chatsShown)] {
		all = append(all, l.Channel+" "+l.User+" "+l.LinkedAt.In(southAfrica()).Format("2/1"))
	}
	t.Secret = secret.New(strings.Join(all, "\n"))
	return dialog.Stay, nil
}

// listed are the chats that were read, each as its surface, person and day.
func (chatsFlow) listed(t *dialog.Talk) [][]string {
	var all [][]string
	for line := range strings.SplitSeq(t.Secret.Reveal(), "\n") {
		if parts := strings.Split(line, " "); len(parts) == 3 {
			all = append(all, parts)
		}
	}
	return all
}

func (f chatsFlow) ask(t *dialog.Talk, s *dialog.Screen) {
	links := f.listed(t)
	if len(links) == 0 {
		s.Text = t.Say("chats.none", text("chats", strings.Join(f.chatNames(), ", ")))
		return
	}
	s.Text = t.Say("chats.ask")
	for _, l := range links {
		s.Add(l[0]+" "+l[1], t.Say("chats.item", text("chat", chatName(l[0])), text("date", l[2])))
	}
}

func (chatsFlow) pick(_ context.Context, t *dialog.Talk, in dialog.Input) (dialog.Move, error) {
	t.SetText(target, in.Option)
	return "one", nil
}

func (chatsFlow) askOne(t *dialog.Talk, s *dialog.Screen) {
	channel, _, _ := strings.Cut(t.Text(target), " ")
	s.Text = t.Say("chats.end.ask", text("chat", chatName(channel)))
	s.Add("end", t.Say("chats.end.yes"))
}

func (f chatsFlow) end(ctx context.Context, t *dialog.Talk) (dialog.Move, error) {
	channel, person, _ := strings.Cut(t.Text(target), " ")
	if err := f.Chats.Unlink(ctx, t.User, channel, person); err != nil && !errors.Is(err, vend.ErrNoLink) {
		return dialog.Stay, err
	}
	t.Note("chats.ended", text("chat", chatName(channel)))
	t.SetText(target, "")
	return "ended", nil
}

// chatName is what people call a surface.
func chatName(channel string) string {
	switch channel {
	case "telegram":
		return "Telegram"
	case "whatsapp":
		return "WhatsApp"
	}
	return channel
}

// chatNames are the chats that the shop is in.
func (s Shop) chatNames() []string {
	var all []string
	for _, c := range s.ChatsOn {
		all = append(all, chatName(c))
	}
	return all
}

// here is the key of a text that a chat has a wording of its own for.
func here(t *dialog.Talk, key string) string {
	if t.Person != "" {
		return key + ".chat"
	}
	return key
}

var _ Chats = (*vend.Service)(nil)
