package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"spaza/channels"
	"spaza/secret"
)

// What is configured of the doors: gateways, chats and the ways out for messages.

// gateways are the names of the USSD gateways, as their channels have them.
func gateways() []string {
	return []string{"africastalking", "aat", "truroute", "cweetagram", "panacea"}
}

// hosts are the addresses of others that are called, by variable; of those that are
// not called there are none.
func (c *config) hosts() map[string]string {
	all := map[string]string{
		"SPAZA_FLASH_BASE_URL": c.FlashBase, "SPAZA_FLASH_TOKEN_URL": c.FlashToken, "SPAZA_SMS_API_URL": c.SMSURL, "SPAZA_PUBLIC_URL": c.PublicURL,
		"SPAZA_ELECTRUM_BASE_URL": c.Electrum.BaseURL, "SPAZA_ELECTRUM_AIRTIME_URL": c.Electrum.AirtimeURL, "SPAZA_ELECTRUM_VOUCHER_URL": c.Electrum.VoucherURL,
		"SPAZA_ELECTRUM_UTILITY_URL": c.Electrum.UtilityURL, "SPAZA_ELECTRUM_TOKEN_URL": c.Electrum.TokenURL,
	}
	if !c.TGToken.Empty() {
		all["SPAZA_TELEGRAM_API_URL"] = c.TGAPI
	}
	if !c.WAToken.Empty() {
		all["SPAZA_WHATSAPP_API_URL"] = c.WAAPI
	}
	if c.BulkID != "" {
		all["SPAZA_BULKSMS_API_URL"] = c.BulkURL
	}
	return all
}

// named takes apart a list such as aat=...,truroute=... of what gateways have. Its
// errors do not repeat what they have.
func named(list string) (map[string]string, error) {
	all := map[string]string{}
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		name, value, ok := strings.Cut(one, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case !ok || value == "":
			return nil, errors.New("want gateway=value, with commas between")
		case !slices.Contains(gateways(), name):
			return nil, fmt.Errorf("want one of %s before each =", strings.Join(gateways(), ", "))
		case all[name] != "":
			return nil, fmt.Errorf("%s is named twice", name)
		}
		all[name] = value
	}
	return all, nil
}

// networks reads addresses and networks with blanks between.
func networks(list string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for one := range strings.FieldsSeq(list) {
		if addr, err := netip.ParseAddr(one); err == nil {
			all = append(all, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(one)
		if err != nil {
			return nil, fmt.Errorf("%q is no address and no network", withoutUser(one))
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// gatewayKeys are the keys of single gateways.
func (c *config) gatewayKeys() (map[string]secret.Text, error) {
	all, err := named(c.USSDKeys.Reveal())
	if err != nil {
		return nil, err
	}
	keys := map[string]secret.Text{}
	for name, key := range all {
		keys[name] = secret.New(key)
	}
	return keys, nil
}

// gatewayAddresses are where the callbacks of gateways may come from.
func (c *config) gatewayAddresses() (map[string][]netip.Prefix, error) {
	all, err := named(c.USSDAllow)
	if err != nil {
		return nil, err
	}
	allow := map[string][]netip.Prefix{}
	for name, list := range all {
		if allow[name], err = networks(list); err != nil {
			return nil, err
		}
	}
	return allow, nil
}

// polls says that Telegram is asked for updates, and does not bring them.
func (c *config) polls() bool { return !c.TGToken.Empty() && c.TGSecret.Empty() }

// chatsOn are the chats that are configured.
func (c *config) chatsOn() []string {
	var all []string
	if !c.TGToken.Empty() {
		all = append(all, "telegram")
	}
	if !c.WAToken.Empty() {
		all = append(all, "whatsapp")
	}
	return all
}

func (c *config) telegramOptions() channels.TelegramOptions {
	return channels.TelegramOptions{Token: c.TGToken, Secret: c.TGSecret, APIURL: c.TGAPI}
}

func (c *config) whatsAppOptions() channels.WhatsAppOptions {
	o := channels.WhatsAppOptions{
		Token: c.WAToken, PhoneNumberID: c.WANumberID, VerifyToken: c.WAVerify, APIURL: c.WAAPI, Version: c.WAVersion,
		Template: c.WATemplate, TemplateLanguage: c.WATemplLang,
	}
	for s := range strings.SplitSeq(c.WASecret.Reveal(), ",") {
		if s = strings.TrimSpace(s); s != "" {
			o.AppSecrets = append(o.AppSecrets, secret.New(s))
		}
	}
	return o
}

func (c *config) bulkOptions() channels.BulkSMSOptions {
	return channels.BulkSMSOptions{BaseURL: c.BulkURL, TokenID: c.BulkID, TokenSecret: c.BulkSecret, Sender: c.SMSSender}
}

// checkDoors lists what is wrong with the doors wherever the service runs. Whether
// a channel can be made, it is asked itself; that calls no network.
func (c *config) checkDoors() (faults []error) {
	bad := func(name string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	_, err := c.gatewayKeys()
	bad("SPAZA_USSD_KEYS", err)
	_, err = c.gatewayAddresses()
	bad("SPAZA_USSD_ALLOW", err)
	_, err = networks(c.Proxies)
	bad("SPAZA_TRUSTED_PROXIES", err)
	if !c.TGToken.Empty() {
		_, err := channels.NewTelegram(c.telegramOptions())
		bad("SPAZA_TELEGRAM_*", err)
	} else if !c.TGSecret.Empty() {
		faults = append(faults, errors.New("SPAZA_TELEGRAM_SECRET is set, so SPAZA_TELEGRAM_TOKEN is required"))
	}
	if !c.WAToken.Empty() {
		o := c.whatsAppOptions()
		o.Intake, o.Told = &chats{}, func(context.Context, channels.Report) error { return nil } // nothing comes in
		_, err := channels.NewWhatsApp(o)
		bad("SPAZA_WHATSAPP_*", err)
	} else if c.WANumberID != "" || !c.WASecret.Empty() || !c.WAVerify.Empty() {
		faults = append(faults, errors.New("some of SPAZA_WHATSAPP_* are set, so SPAZA_WHATSAPP_TOKEN is required"))
	}
	if c.BulkID != "" || !c.BulkSecret.Empty() {
		_, err := channels.NewBulkSMS(c.bulkOptions())
		bad("SPAZA_BULKSMS_*", err)
	}
	if c.SMSFirst != "bulksms" && c.SMSFirst != "africastalking" {
		faults = append(faults, fmt.Errorf("SPAZA_SMS_FIRST is %q; want bulksms or africastalking", withoutUser(c.SMSFirst)))
	}
	return faults
}

// checkProductionDoors lists what of the doors must not be open or missing where
// real money passes through.
func (c *config) checkProductionDoors() (faults []error) {
	if c.polls() {
		faults = append(faults, errors.New("SPAZA_TELEGRAM_SECRET is required in production: one process can poll for updates, and whoever has the webhook's address could speak as anybody"))
	}
	if c.PublicURL == "" && !c.TGToken.Empty() {
		faults = append(faults, errors.New("SPAZA_PUBLIC_URL is required in production with Telegram: it is where updates are brought"))
	}
	if keys, err := c.gatewayKeys(); err == nil {
		for _, name := range gateways() {
			if k := keys[name]; !k.Empty() && k.Len() < 16 {
				faults = append(faults, fmt.Errorf("SPAZA_USSD_KEYS: the key of %s is shorter than 16 characters", name))
			}
		}
	}
	for name, s := range map[string]secret.Text{"SPAZA_TELEGRAM_SECRET": c.TGSecret, "SPAZA_WHATSAPP_VERIFY_TOKEN": c.WAVerify} {
		if !s.Empty() && s.Len() < 16 {
			faults = append(faults, fmt.Errorf("%s is shorter than 16 characters", name))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return faults
}
