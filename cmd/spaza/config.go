package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"spaza/channels"
	"spaza/flashapi"
	"spaza/secret"
	"spaza/vend"
)

// config is everything an operator can set, each by one environment variable.
// The doc tag says what it is for; `spaza config check` and the README's table
// are made of it. Empty means unset.
type config struct {
	Env         string      `env:"SPAZA_ENV" envDefault:"development" doc:"development, or production: then nothing embedded, open or missing is accepted"`
	Listen      string      `env:"SPAZA_LISTEN" envDefault:"127.0.0.1:8080" doc:"public listener, host:port"`
	AdminListen string      `env:"SPAZA_ADMIN_LISTEN" doc:"admin listener (metrics, profiles), host:port, default 127.0.0.1:8081; set to nothing it is off"`
	AdminToken  secret.Text `env:"SPAZA_ADMIN_TOKEN" doc:"asked for on the admin listener; required when that is not loopback"`
	DataDir     string      `env:"SPAZA_DATA_DIR" envDefault:"./data" doc:"folder of the embedded database and key"`
	RedisURL    secret.Text `env:"SPAZA_REDIS_URL" doc:"redis://, rediss://, with addr= for a cluster or master_name= for sentinels, read_timeout= and the like; unset: embedded"`
	DatabaseURL secret.Text `env:"SPAZA_DATABASE_URL" doc:"postgres://...; unset: SQLite in the data folder"`
	SecretKey   secret.Text `env:"SPAZA_SECRET_KEY" doc:"32 bytes in base64, for what is kept encrypted; unset: made once in the data folder"`
	SecretOld   secret.Text `env:"SPAZA_SECRET_KEY_OLD" doc:"further keys while SPAZA_SECRET_KEY is being rotated, with commas between: the one before, the one to come"`
	Provider    string      `env:"SPAZA_PROVIDER" envDefault:"flash" doc:"who sells: flash or electrum, and after it kinds that go elsewhere, such as electrum,redeem=flash,airtime=electrum|flash (airtime and electricity may have a second choice, for while the first cannot be reached)"`
	FlashBase   string      `env:"SPAZA_FLASH_BASE_URL" doc:"bare host of the Flash Partner API v4; unset: embedded simulator"`
	FlashToken  string      `env:"SPAZA_FLASH_TOKEN_URL" doc:"where its tokens are had; default base + /token"`
	FlashKey    secret.Text `env:"SPAZA_FLASH_API_KEY" doc:"API key, as handed out"`
	FlashAcct   string      `env:"SPAZA_FLASH_ACCOUNT_NUMBER" doc:"account number of the merchant"`
	FlashStore  string      `env:"SPAZA_FLASH_STORE_ID" doc:"storeId sent with every sale, where Flash asks for one"`
	FlashTill   string      `env:"SPAZA_FLASH_TERMINAL_ID" doc:"terminalId sent with every sale, where Flash asks for one"`
	FlashRev    string      `env:"SPAZA_FLASH_REVISION" envDefault:"2025" doc:"revision of the API that the account speaks: 2025, or 2023 for the draft of March 2023"`
	FlashCodes  string      `env:"SPAZA_FLASH_PRODUCT_CODES" envDefault:"number" doc:"how product codes are sent: number, as the document's tables say, or text, as its examples do"`
	FlashPaid   string      `env:"SPAZA_FLASH_PAID_FROM" envDefault:"balance" doc:"where customers' money for 1Vouchers and bills comes from: balance (they are disbursed) or payment (purchased)"`
	FlashSoft   string      `env:"SPAZA_FLASH_RELEASE_SOFT" envDefault:"no" doc:"yes: believe codes that only read like not processed, once they came back often enough; ask Flash first"`
	Electrum    electrumConfig
	Funding     string        `env:"SPAZA_FUNDING" envDefault:"balance" doc:"whose money pays: balance, the customer's, or merchant, the operator's float"`
	LimitSale   string        `env:"SPAZA_LIMIT_SALE" doc:"most that one sale may cost, by kind, in whole rand, such as airtime:500,electricity:1000; a kind that is not named keeps its default (airtime, data and airtime_pin 500, others 1000); 0: no limit"`
	LimitDay    number        `env:"SPAZA_LIMIT_DAY" envDefault:"1000" doc:"most that a customer may buy for in a day, in whole rand; 0: no limit"`
	LimitPIN    number        `env:"SPAZA_LIMIT_DAY_PIN" envDefault:"3000" doc:"the same for a customer whose wallet has had a PIN for 24 hours; never less than SPAZA_LIMIT_DAY; 0: no limit"`
	LimitSales  number        `env:"SPAZA_LIMIT_DAY_SALES" envDefault:"10" doc:"how often a customer may buy in a day; 0: no limit"`
	LimitAsk    number        `env:"SPAZA_LIMIT_ENQUIRIES" envDefault:"3" doc:"how many new meters and accounts a customer may ask about in an hour; 0: no limit"`
	LimitHouse  number        `env:"SPAZA_LIMIT_MERCHANT_DAY" envDefault:"10000" doc:"with SPAZA_FUNDING=merchant, most that the operator pays in a day for all customers together, in whole rand; 0: no limit"`
	LimitEach   number        `env:"SPAZA_LIMIT_MERCHANT_CUSTOMER" envDefault:"100" doc:"the same for one customer"`
	WalletPIN   string        `env:"SPAZA_WALLET_PIN" envDefault:"optional" doc:"whether spending asks for a wallet PIN: off, optional (of customers who set one) or required (of everybody)"`
	KeepRequest keepTime      `env:"SPAZA_KEEP_REQUESTS" envDefault:"7d" doc:"how long the encrypted request of an order is kept after its end: days (7d) or hours (36h); 0 is for ever, not in production"`
	KeepGoods   keepTime      `env:"SPAZA_KEEP_GOODS" envDefault:"30d" doc:"likewise PINs, vouchers and receipts that were handed over; at least 3d"`
	KeepTokens  keepTime      `env:"SPAZA_KEEP_TOKENS" envDefault:"90d" doc:"likewise tokens for meters; at least 3d"`
	ReplyBudget time.Duration `env:"SPAZA_REPLY_BUDGET" envDefault:"3s" doc:"how long a USSD answer waits for the provider"`
	USSDKey     secret.Text   `env:"SPAZA_USSD_KEY" doc:"shared secret on every USSD route, as ?key= or as password; unset: this machine only"`
	USSDKeys    secret.Text   `env:"SPAZA_USSD_KEYS" doc:"keys of single gateways in its place, such as aat=...,truroute=..."`
	USSDAllow   string        `env:"SPAZA_USSD_ALLOW" doc:"where callbacks may come from, by gateway: aat=196.1.2.0/24 196.1.3.4,panacea=...; a gateway that is not named: anywhere"`
	Proxies     string        `env:"SPAZA_TRUSTED_PROXIES" doc:"reverse proxies in front, addresses or networks with blanks between, whose X-Forwarded-For is believed"`
	PublicURL   string        `env:"SPAZA_PUBLIC_URL" doc:"where the world finds the public listener, such as https://shop.example.co.za; Telegram's webhook and AAT's callbacks need it"`
	LimitTurns  number        `env:"SPAZA_LIMIT_TURNS" envDefault:"600" doc:"how often a customer may be answered in a minute: by all gateways together, or by one chat; 0: no limit"`
	LimitDoor   number        `env:"SPAZA_LIMIT_GATEWAY" envDefault:"0" doc:"how many callbacks of one gateway or chat are answered in a minute, by all replicas together; 0: no limit"`
	TGToken     secret.Text   `env:"SPAZA_TELEGRAM_TOKEN" doc:"token of the Telegram bot; unset: no Telegram"`
	TGSecret    secret.Text   `env:"SPAZA_TELEGRAM_SECRET" doc:"what Telegram sends along with every update: 1 to 256 of A-Z, a-z, 0-9, - and _; unset: updates are polled for, not in production"`
	TGAPI       string        `env:"SPAZA_TELEGRAM_API_URL" envDefault:"https://api.telegram.org" doc:"host of the Telegram Bot API"`
	WAToken     secret.Text   `env:"SPAZA_WHATSAPP_TOKEN" doc:"token of the system user at Meta; unset: no WhatsApp"`
	WANumberID  string        `env:"SPAZA_WHATSAPP_PHONE_NUMBER_ID" doc:"Meta's id of the number that is written to"`
	WASecret    secret.Text   `env:"SPAZA_WHATSAPP_APP_SECRET" doc:"app secret, with which webhooks are signed; two with a comma between while it is changed"`
	WAVerify    secret.Text   `env:"SPAZA_WHATSAPP_VERIFY_TOKEN" doc:"ours, given to Meta with the webhook's address"`
	WAAPI       string        `env:"SPAZA_WHATSAPP_API_URL" envDefault:"https://graph.facebook.com" doc:"host of the WhatsApp Cloud API"`
	WAVersion   string        `env:"SPAZA_WHATSAPP_API_VERSION" envDefault:"v25.0" doc:"version of the Graph API"`
	WATemplate  string        `env:"SPAZA_WHATSAPP_TEMPLATE" doc:"approved utility template with one body parameter, for what must be told a day after the customer wrote; unset: an SMS"`
	WATemplLang string        `env:"SPAZA_WHATSAPP_TEMPLATE_LANGUAGE" envDefault:"en" doc:"its language at Meta"`
	IdleAfter   keepTime      `env:"SPAZA_IDLE_AFTER" envDefault:"90d" doc:"after how long without use a wallet must be proved to be the caller's, since numbers change hands: days (90d) or hours; 0: never"`
	SMSURL      string        `env:"SPAZA_SMS_API_URL" doc:"host of the Africa's Talking messaging API; unset: the handset's inbox"`
	SMSUser     string        `env:"SPAZA_SMS_USERNAME" doc:"user name there"`
	SMSKey      secret.Text   `env:"SPAZA_SMS_API_KEY" doc:"API key there"`
	SMSSender   string        `env:"SPAZA_SMS_SENDER" doc:"sender name or short code, where one is registered; of either way out"`
	BulkID      string        `env:"SPAZA_BULKSMS_TOKEN_ID" doc:"id of the BulkSMS API token; with it SMS go by BulkSMS, and by the other where that does not take them"`
	BulkSecret  secret.Text   `env:"SPAZA_BULKSMS_TOKEN_SECRET" doc:"secret of that token"`
	BulkURL     string        `env:"SPAZA_BULKSMS_API_URL" envDefault:"https://api.bulksms.com" doc:"host of the BulkSMS API"`
	SMSFirst    string        `env:"SPAZA_SMS_FIRST" envDefault:"bulksms" doc:"which way out SMS go first where there are both: bulksms or africastalking"`
	HelpNumber  string        `env:"SPAZA_HELP_NUMBER" doc:"support number shown to customers; default 0800 000 000 outside production"`
	TextsDir    string        `env:"SPAZA_TEXTS_DIR" doc:"folder of texts that are said instead of the built-in ones, such as zu.json with those that differ; looked at every 2s; unset: none"`
	Operator    string        `env:"SPAZA_OPERATOR" envDefault:"Spaza" doc:"trading name shown under Help"`
	Terms       string        `env:"SPAZA_TERMS" doc:"where the terms can be read, as shown under Help, such as example.co.za/terms"`
	Language    string        `env:"SPAZA_LANGUAGE" doc:"language of customers who have not chosen one, such as zu; unset: they are asked at their first dial"`
	DialCode    string        `env:"SPAZA_DIAL_CODE" envDefault:"*120*384#" doc:"code shown on the handset"`
	LogFormat   string        `env:"SPAZA_LOG_FORMAT" envDefault:"text" doc:"text or json"`
	LogLevel    string        `env:"SPAZA_LOG_LEVEL" envDefault:"info" doc:"debug, info, warn or error"`
	SandboxAddr string        `env:"SPAZA_SANDBOX_LISTEN" envDefault:"127.0.0.1:8090" doc:"where spaza sandbox listens, host:port"`

	// warnings are what is odd but does not keep the service from starting.
	warnings []string
}

// readConfig reads and checks the configuration; all that is wrong comes back
// at once.
func readConfig(environ []string) (config, error) {
	vars := map[string]string{}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(name, "SPAZA_") {
			vars[name] = strings.TrimSpace(value)
		}
	}
	if _, set := vars["SPAZA_ADMIN_LISTEN"]; !set {
		vars["SPAZA_ADMIN_LISTEN"] = "127.0.0.1:8081"
	}
	known := map[string]bool{}
	for _, f := range configFields() {
		known[f.name] = true
		if vars[f.name] == "" && f.fallback != "" {
			delete(vars, f.name) // set to nothing is not set
		}
	}
	var c config
	var faults []error
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); err != nil {
		all := []error{err}
		if several, ok := errors.AsType[env.AggregateError](err); ok {
			all = several.Errors
		}
		for _, err := range all {
			faults = append(faults, errors.New(withoutUser(err.Error()))) // it repeats the value
		}
	}
	for name := range vars {
		switch {
		case known[name]:
		case strings.HasPrefix(name, "SPAZA_TEST_"), name == "SPAZA_BROWSER_URL":
		case c.production():
			faults = append(faults, fmt.Errorf("%s is not a variable of this service", name))
		default:
			c.warnings = append(c.warnings, name+" is not a variable of this service")
		}
	}
	faults = append(faults, c.check()...)
	slices.Sort(c.warnings)
	if c.production() {
		faults = append(faults, c.checkProduction()...)
	}
	if c.HelpNumber == "" {
		c.HelpNumber = "0800 000 000"
	}
	return c, errors.Join(faults...)
}

func (c *config) production() bool { return c.Env == "production" }

// check lists what is wrong wherever the service runs.
func (c *config) check() (faults []error) {
	bad := func(format string, args ...any) {
		for i := range args {
			if value, ok := args[i].(string); ok {
				args[i] = withoutUser(value)
			}
		}
		faults = append(faults, fmt.Errorf(format, args...))
	}
	if c.Env != "development" && c.Env != "production" {
		bad("SPAZA_ENV is %q; want development or production", c.Env)
	}
	for name, addr := range map[string]string{"SPAZA_LISTEN": c.Listen, "SPAZA_ADMIN_LISTEN": c.AdminListen, "SPAZA_SANDBOX_LISTEN": c.SandboxAddr} {
		if _, _, err := net.SplitHostPort(addr); addr != "" && err != nil {
			bad("%s is %q; want host:port", name, addr)
		}
	}
	if c.AdminListen != "" && !loopback(c.AdminListen) && c.AdminToken.Empty() {
		bad("SPAZA_ADMIN_LISTEN is not loopback, so SPAZA_ADMIN_TOKEN is required")
	}
	if !c.SecretKey.Empty() {
		if _, err := secret.ParseKey(c.SecretKey.Reveal()); err != nil {
			bad("SPAZA_SECRET_KEY: %w", err)
		}
	}
	if _, err := c.oldKeys(); err != nil {
		bad("SPAZA_SECRET_KEY_OLD: %w", err)
	}
	if u := c.DatabaseURL.Reveal(); u != "" && !strings.HasPrefix(u, "postgres://") && !strings.HasPrefix(u, "postgresql://") {
		bad("SPAZA_DATABASE_URL must begin with postgres://")
	}
	if u := c.RedisURL.Reveal(); u != "" && !strings.HasPrefix(u, "redis://") && !strings.HasPrefix(u, "rediss://") {
		bad("SPAZA_REDIS_URL must begin with redis:// or rediss://")
	}
	for name, u := range c.hosts() {
		if u != "" && !webAddress(u) {
			bad("%s must be an http or https address", name)
		}
	}
	if c.FlashRev != "2025" && c.FlashRev != "2023" {
		bad("SPAZA_FLASH_REVISION is %q; want 2025 or 2023", c.FlashRev)
	}
	if c.FlashCodes != "number" && c.FlashCodes != "text" {
		bad("SPAZA_FLASH_PRODUCT_CODES is %q; want number or text", c.FlashCodes)
	}
	if c.FlashPaid != "balance" && c.FlashPaid != "payment" {
		bad("SPAZA_FLASH_PAID_FROM is %q; want balance or payment", c.FlashPaid)
	}
	if c.FlashSoft != "no" && c.FlashSoft != "yes" {
		bad("SPAZA_FLASH_RELEASE_SOFT is %q; want yes or no", c.FlashSoft)
	}
	if c.Funding != string(vend.FundBalance) && c.Funding != string(vend.FundMerchant) {
		bad("SPAZA_FUNDING is %q; want balance or merchant", c.Funding)
	}
	if !slices.Contains([]vend.PINPolicy{vend.PINOff, vend.PINOptional, vend.PINRequired}, c.pinPolicy()) {
		bad("SPAZA_WALLET_PIN is %q; want off, optional or required", c.WalletPIN)
	}
	if _, err := c.limits(); err != nil {
		bad("SPAZA_LIMIT_SALE: %w", err)
	}
	if c.FlashBase != "" && (c.FlashKey.Empty() || c.FlashAcct == "") {
		bad("SPAZA_FLASH_BASE_URL is set, so SPAZA_FLASH_API_KEY and SPAZA_FLASH_ACCOUNT_NUMBER are required")
	}
	if err := c.checkFlash(); err != nil {
		bad("SPAZA_FLASH_*: %w", err)
	}
	faults = append(faults, c.checkProviders()...)
	if c.SMSURL != "" && (c.SMSKey.Empty() || c.SMSUser == "") { // BulkSMS is checked with the doors
		bad("SPAZA_SMS_API_URL is set, so SPAZA_SMS_USERNAME and SPAZA_SMS_API_KEY are required")
	} else if webAddress(c.SMSURL) {
		if _, err := channels.NewAfricasTalkingSMS(c.smsOptions()); err != nil {
			bad("SPAZA_SMS_*: %w", err)
		}
	}
	if c.ReplyBudget < 100*time.Millisecond || c.ReplyBudget > 6*time.Second {
		bad("SPAZA_REPLY_BUDGET is %s; want 100ms to 6s, since a turn may take 8s in all", c.ReplyBudget)
	}
	faults = append(faults, c.checkKeep()...)
	faults = append(faults, c.checkDoors()...)
	if c.LogFormat != "text" && c.LogFormat != "json" {
		bad("SPAZA_LOG_FORMAT is %q; want text or json", c.LogFormat)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		bad("SPAZA_LOG_LEVEL is %q; want debug, info, warn or error", c.LogLevel)
	}
	return faults
}

// checkFlash asks the client itself whether it can be made, which calls no
// network. What check says in words of its own is left out of the question.
func (c *config) checkFlash() error {
	if !webAddress(c.FlashBase) || (c.FlashToken != "" && !webAddress(c.FlashToken)) {
		return nil
	}
	o := c.flashOptions()
	if o.APIKey.Empty() {
		o.APIKey = secret.New("key")
	}
	o.AccountNumber = cmp.Or(o.AccountNumber, "1")
	client, err := flashapi.New(o)
	if err != nil {
		return err
	}
	client.Close()
	return nil
}

// webAddress says whether something looks like the address of a host.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// checkProduction lists what must not be embedded, open or missing where real
// money passes through.
func (c *config) checkProduction() (faults []error) {
	need := func(missing bool, name, why string) {
		if missing {
			faults = append(faults, fmt.Errorf("%s is required in production: %s", name, why))
		}
	}
	need(c.RedisURL.Empty(), "SPAZA_REDIS_URL", "the embedded Redis forgets every session when the process ends")
	need(c.DatabaseURL.Empty(), "SPAZA_DATABASE_URL", "the embedded database serves one process and has no backup")
	need(c.SecretKey.Empty(), "SPAZA_SECRET_KEY", "a key that was made up beside the data protects nothing")
	need(c.USSDKey.Empty(), "SPAZA_USSD_KEY", "without it anybody can speak as any customer")
	need(c.SMSURL == "" && c.BulkID == "", "SPAZA_SMS_API_URL or SPAZA_BULKSMS_TOKEN_ID", "receipts and late results go out by SMS")
	need(c.HelpNumber == "", "SPAZA_HELP_NUMBER", "customers are told to phone it")
	need(c.fund() == vend.FundMerchant && c.LimitHouse == 0 && c.LimitEach == 0,
		"SPAZA_LIMIT_MERCHANT_DAY or SPAZA_LIMIT_MERCHANT_CUSTOMER", "without a limit anybody can empty the operator's float")
	if len(c.USSDKey.Reveal()) < 16 && !c.USSDKey.Empty() {
		faults = append(faults, errors.New("SPAZA_USSD_KEY is shorter than 16 characters"))
	}
	faults = append(faults, c.checkProductionProviders()...)
	faults = append(faults, c.checkProductionDoors()...)
	for name, u := range c.hosts() {
		if p, err := url.Parse(u); err == nil && p.Scheme == "http" && !loopback(p.Host) {
			faults = append(faults, fmt.Errorf("%s is plain http: credentials would travel in the clear", name))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

// loopback says whether a host:port (or host) can be reached from this machine
// only.
func loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// configField is one variable, for printing.
type configField struct {
	name, fallback, doc string
	index               []int
}

func configFields() []configField {
	var fields []configField
	for _, f := range reflect.VisibleFields(reflect.TypeFor[config]()) {
		fields = append(fields, fieldsOf(f, f.Index)...)
	}
	return fields
}

// fieldsOf are the variables of a field: its own, or those of the struct that it is.
func fieldsOf(f reflect.StructField, at []int) (fields []configField) {
	if name := f.Tag.Get("env"); name != "" {
		return []configField{{name, f.Tag.Get("envDefault"), f.Tag.Get("doc"), at}}
	}
	if f.Type.Kind() == reflect.Struct {
		for i := range f.Type.NumField() {
			fields = append(fields, fieldsOf(f.Type.Field(i), append(slices.Clone(at), i))...)
		}
	}
	return fields
}

// withoutUser hides the user and password of what may be an address, or was
// meant as one: everything up to its last @.
func withoutUser(value string) string {
	at := strings.LastIndexByte(value, '@')
	scheme, rest, ok := strings.Cut(value, "://")
	switch {
	case at < 0:
		return value
	case ok && at > len(scheme):
		return scheme + "://" + secret.Redacted + rest[at-len(scheme+"://"):]
	case strings.Contains(value[:at], ":"):
		return secret.Redacted + value[at:]
	}
	return value
}

// describe lists every variable with its value, secrets hidden.
func (c *config) describe() string {
	var b strings.Builder
	v := reflect.ValueOf(*c)
	for _, f := range configFields() {
		value := withoutUser(fmt.Sprint(v.FieldByIndex(f.index).Interface()))
		if value == "" {
			value = "(unset)"
		}
		fmt.Fprintf(&b, "%-32s %s\n", f.name, value)
	}
	return b.String()
}
