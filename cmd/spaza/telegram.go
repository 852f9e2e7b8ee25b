package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spaza/channels"
)

type telegramCommand struct {
	Setup  telegramSetupCommand  `cmd:"" help:"Have Telegram bring updates to SPAZA_PUBLIC_URL, and set the bot's menu. Doing it again changes nothing."`
	Info   telegramInfoCommand   `cmd:"" help:"Where Telegram brings updates now, and what went wrong last."`
	Delete telegramDeleteCommand `cmd:"" help:"Have Telegram bring no updates any more, so that they can be polled for."`
}

// telegramConnections is how many updates Telegram brings at once: as many as are
// worked on at once.
const telegramConnections = chatsAtOnce

// telegramTime bounds what a command asks of Telegram.
const telegramTime = 30 * time.Second

// telegramMenu is the menu beside the field where one types. It is in English: a
// bot has one for all.
func telegramMenu() []channels.TelegramCommand {
	return []channels.TelegramCommand{
		{Name: "menu", Description: "The menu"},
		{Name: "airtime", Description: "Buy airtime"},
		{Name: "data", Description: "Buy data"},
		{Name: "electricity", Description: "Buy electricity"},
		{Name: "voucher", Description: "Use a 1Voucher"},
		{Name: "balance", Description: "My money"},
		{Name: "language", Description: "Language"},
		{Name: "help", Description: "Help"},
	}
}

// bot is the configured bot, for a command. It takes nothing in.
func (c *config) bot() (*channels.Telegram, error) {
	if c.TGToken.Empty() {
		return nil, errors.New("SPAZA_TELEGRAM_TOKEN is not set: make a bot with @BotFather, and take its token from there")
	}
	return channels.NewTelegram(c.telegramOptions())
}

type telegramSetupCommand struct{}

// Run sets the webhook and the menu.
func (telegramSetupCommand) Run(ctx context.Context, c console) error {
	cfg, bot, err := readBot(c)
	if err != nil {
		return err
	}
	if cfg.PublicURL == "" {
		return errors.New("SPAZA_PUBLIC_URL is not set: where does the world find this service?")
	}
	ctx, cancel := context.WithTimeout(ctx, telegramTime)
	defer cancel()
	if err := bot.Setup(ctx, cfg.PublicURL, telegramConnections, telegramMenu()); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "Telegram brings updates to", cfg.PublicURL+channels.TelegramPath)
	return nil
}

type telegramInfoCommand struct{}

// Run says how the webhook stands.
func (telegramInfoCommand) Run(ctx context.Context, c console) error {
	_, bot, err := readBot(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, telegramTime)
	defer cancel()
	w, err := bot.Info(ctx)
	if err != nil {
		return err
	}
	if w.URL == "" {
		fmt.Fprintln(c.out, "No webhook is set: updates are polled for, or wait. Set one with: spaza telegram setup")
		return nil
	}
	fmt.Fprintf(c.out, "Webhook:    %s\nWaiting:    %d updates\nAt once:    %d\nKinds:      %v\n", w.URL, w.Pending, w.MaxConnections, w.Allowed)
	if w.LastError != "" {
		fmt.Fprintf(c.out, "Last error: %s, at %s\n", w.LastError, w.LastErrorAt.UTC().Format(time.RFC3339))
	}
	return nil
}

type telegramDeleteCommand struct {
	Drop bool `help:"Forget the updates that wait, too."`
}

// Run takes the webhook away.
func (t telegramDeleteCommand) Run(ctx context.Context, c console) error {
	_, bot, err := readBot(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, telegramTime)
	defer cancel()
	if err := bot.Delete(ctx, t.Drop); err != nil {
		return err
	}
	fmt.Fprintln(c.out, "Telegram brings no updates any more.")
	return nil
}

func readBot(c console) (config, *channels.Telegram, error) {
	cfg, err := readConfig(c.environ)
	if err != nil {
		return cfg, nil, fmt.Errorf("the configuration is not usable:\n%w", err)
	}
	bot, err := cfg.bot()
	return cfg, bot, err
}
