package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spaza/channels"
	"spaza/dialog"
	"spaza/flows"
	"spaza/intake"
	"spaza/jobs"
	"spaza/locales"
	"spaza/secret"
	"spaza/store"
	"spaza/telemetry"
	"spaza/vend"
)

// How many chat messages are answered at once in one process.
const chatsAtOnce = 64

// chats are the chat surfaces, and what is said on them until it is answered.
type chats struct {
	telegram *channels.Telegram // nil when off, as whatsApp
	whatsApp *channels.WhatsApp
	box      *intake.Box // nil when both are off
	chat     *channels.Chat
	// runner has letters worked on, and nothing else: some slow chats must not
	// take the places of sales and of other messages.
	runner *jobs.Runner
}

// begin has letters worked on, and taken in.
func (c *chats) begin(ctx context.Context) {
	c.runner.Start(context.WithoutCancel(ctx))
	c.box.Start(context.WithoutCancel(ctx))
}

// end takes no more in, and then works on no more.
func (c *chats) end(ctx context.Context) error {
	err := c.box.Close(ctx)
	if cut := c.runner.Stop(ctx); cut != nil {
		err = errors.Join(err, fmt.Errorf("letters were cut off, and are worked on when their lease ends: %w", cut))
	}
	return err
}

// surfaces are those that are on.
func (c *chats) surfaces() []channels.Surface {
	var all []channels.Surface
	if c.telegram != nil {
		all = append(all, c.telegram)
	}
	if c.whatsApp != nil {
		all = append(all, c.whatsApp)
	}
	return all
}

// doors are those of the surfaces that are on.
func (c *chats) doors() []channels.Channel {
	var all []channels.Channel
	if c.telegram != nil {
		all = append(all, c.telegram)
	}
	if c.whatsApp != nil {
		all = append(all, c.whatsApp)
	}
	return all
}

// Take implements channels.Intake.
func (c *chats) Take(ctx context.Context, said []channels.Said) error {
	letters := make([]intake.Letter, len(said))
	for i, s := range said {
		letters[i] = intake.Letter{Door: s.Channel, ID: s.ID, From: s.From, Body: s.Pack(), At: s.Arrived}
	}
	return c.box.Take(ctx, letters)
}

// handle answers one letter.
func (c *chats) handle(ctx context.Context, l intake.Letter) intake.Fate {
	s, err := channels.UnpackSaid(l.Body)
	if err != nil {
		return intake.Never("it is not readable")
	}
	if again := c.chat.Answer(ctx, s, l.Try); again > 0 {
		return intake.Later(again, "it was not answered")
	}
	return intake.Done()
}

// openChats makes the surfaces that are configured. They take nothing in before
// attend.
func (a *app) openChats(shop *vend.Service, words *locales.Live, told func(context.Context, channels.Report) error) (*chats, error) {
	c := &chats{}
	var err error
	if !a.cfg.TGToken.Empty() {
		o := a.cfg.telegramOptions()
		o.Intake, o.Log = c, a.log
		if c.telegram, err = channels.NewTelegram(o); err != nil {
			return nil, err
		}
	}
	if !a.cfg.WAToken.Empty() {
		o := a.cfg.whatsAppOptions()
		o.Intake, o.Told, o.Log, o.Choose = c, told, a.log, words.Say("", dialog.KeyHome)
		o.Unshown = unshown(shop)
		if c.whatsApp, err = channels.NewWhatsApp(o); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// attend has what is said answered by the engine.
func (a *app) attend(c *chats, engine channels.Engine, shop *vend.Service, sql *store.SQL, keys *secret.Keyring, m *telemetry.Metrics) {
	if len(c.surfaces()) == 0 {
		return
	}
	c.chat = channels.NewChat(channels.ChatOptions{
		Engine: engine, Surfaces: c.surfaces(), Meet: shop.Meet, Unshown: unshown(shop), Observe: m.Screen, Log: a.log,
	})
	c.runner = jobs.NewRunner(sql, jobs.Options{
		Workers: chatsAtOnce, Limits: map[jobs.Kind]int{intake.JobChat: chatsAtOnce}, Logger: a.log, Observe: m.Job,
	})
	c.box = intake.New(intake.Options{Store: sql, Seal: keys, Runner: c.runner, Handle: c.handle, Logger: a.log, Observe: m.Letters})
	c.runner.Handle(intake.JobChat, c.box.Work)
	a.chats = c
}

// unshown has a receipt that a chat did not show sent by SMS, to whoever bought.
func unshown(shop *vend.Service) func(ctx context.Context, who, receipt string) error {
	return func(ctx context.Context, _, receipt string) error {
		if err := shop.NotShown(ctx, receipt); err != nil && !errors.Is(err, vend.ErrNoOrder) {
			return err
		}
		return nil
	}
}

// pollTelegram asks for updates where Telegram can not bring them.
func (a *app) pollTelegram(ctx context.Context) {
	for ctx.Err() == nil {
		if err := a.chats.telegram.Poll(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("Telegram is not polled", "err", err)
			return
		}
	}
}

// gatewayDoors are the USSD gateways, each with the lines for who gets no screen.
func (a *app) gatewayDoors(e channels.Engine, words *locales.Live) []channels.Channel {
	sorry, foreign, code := words.Say("", "sorry"), words.Say("", "foreign"), a.cfg.DialCode
	return []channels.Channel{
		channels.NewAfricasTalking(e, channels.AfricasTalkingOptions{Sorry: sorry, Foreign: foreign}),
		channels.NewAAT(e, channels.AATOptions{Sorry: sorry, Foreign: foreign, Code: code, PublicURL: a.cfg.PublicURL}),
		channels.NewTruRoute(e, channels.TruRouteOptions{Sorry: sorry, Foreign: foreign, Code: code}),
		channels.NewCweetagram(e, channels.CweetagramOptions{Sorry: sorry, Foreign: foreign, Code: code}),
		channels.NewPanacea(e, channels.PanaceaOptions{Sorry: sorry, Foreign: foreign, Code: code}),
	}
}

// reportDoors take what SMS gateways report.
func (a *app) reportDoors(told func(context.Context, channels.Report) error) []channels.Channel {
	var all []channels.Channel
	if a.cfg.SMSURL != "" {
		all = append(all, channels.NewAfricasTalkingReports(told))
	}
	if a.cfg.BulkID != "" {
		all = append(all, channels.NewBulkSMSReports(told))
	}
	return all
}

// guards are who may come through which door. What is wrong with them was said
// with the configuration.
func (c *config) guards(o *channels.ServerOptions) (err error) {
	o.Key = c.USSDKey
	if o.Keys, err = c.gatewayKeys(); err != nil {
		return err
	}
	if o.Allow, err = c.gatewayAddresses(); err != nil {
		return err
	}
	o.TrustedProxies, err = networks(c.Proxies)
	return err
}

// messenger is the way out for messages: chats, then SMS where it is configured,
// else the inbox of the handset.
func (a *app) messenger(c *chats, shop *vend.Service, m *telemetry.Metrics) (channels.Messenger, *channels.Inbox, error) {
	inbox := channels.NewInbox(time.Now)
	var sms []channels.NamedMessenger
	if a.cfg.SMSURL != "" {
		at, err := channels.NewAfricasTalkingSMS(a.cfg.smsOptions())
		if err != nil {
			return nil, nil, err
		}
		sms = append(sms, channels.NamedMessenger{Name: "africastalking", Messenger: at})
	}
	if a.cfg.BulkID != "" {
		bulk, err := channels.NewBulkSMS(a.cfg.bulkOptions())
		if err != nil {
			return nil, nil, err
		}
		one := channels.NamedMessenger{Name: "bulksms", Messenger: bulk}
		if a.cfg.SMSFirst == "bulksms" {
			sms = append([]channels.NamedMessenger{one}, sms...)
		} else {
			sms = append(sms, one)
		}
	}
	if len(sms) == 0 {
		a.embedded = append(a.embedded, "SMS to the handset's inbox (set SPAZA_SMS_API_URL, _USERNAME, _API_KEY)")
		sms = append(sms, channels.NamedMessenger{Name: "inbox", Messenger: inbox})
	}
	where := func(ctx context.Context, number, channel string) (channels.Person, bool, error) {
		customer, err := shop.Customer(ctx, number)
		if err != nil || customer.ID == "" {
			return channels.Person{}, false, err
		}
		p, known, err := shop.Where(ctx, customer.ID, channel)
		return channels.Person{User: p.User, Number: p.Number, Seen: p.Seen}, known, err
	}
	return channels.NewWays(channels.WaysOptions{SMS: sms, Surfaces: c.surfaces(), Where: where, Log: a.log, Observe: m.Way}), inbox, nil
}

// send hands a message of the flows to the way out.
func send(to channels.Messenger, m *telemetry.Metrics) func(context.Context, flows.Outgoing) (string, error) {
	return func(ctx context.Context, o flows.Outgoing) (string, error) {
		taken, err := to.Send(ctx, channels.Message{ID: o.ID, To: o.To, Text: o.Text, Copy: o.Copy, Channel: o.Channel, Try: o.Try})
		if err != nil {
			m.Message("failed")
			return "", fmt.Errorf("send message: %w", err)
		}
		m.Message("sent")
		return taken, nil
	}
}

// limited is the engine behind the bounds on how much one customer, and one
// gateway, may ask of it.
func (a *app) limited(e channels.Engine, sessions *store.Sessions, keys *secret.Keyring, words *locales.Live, m *telemetry.Metrics) channels.Engine {
	customer := int(a.cfg.LimitTurns)
	if customer == 0 {
		customer = -1
	}
	return channels.NewLimited(e, channels.LimitedOptions{
		Customer: customer, Gateway: int(a.cfg.LimitDoor), Shared: sessions.Limits(keys.Hash), Busy: words.Say("", "slow"), Observe: m.Limited,
	})
}
