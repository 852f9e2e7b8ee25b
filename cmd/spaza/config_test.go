package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"spaza/channels"
	"spaza/flashapi"
)

var update = flag.Bool("update", false, "rewrite generated files")

// set makes an environment.
func set(kv ...string) []string { return kv }

func TestNothingConfiguredIsUsable(t *testing.T) {
	c, err := readConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8080" || c.AdminListen != "127.0.0.1:8081" || c.DataDir != "./data" || c.ReplyBudget.String() != "3s" {
		t.Errorf("defaults: %+v", c)
	}
}

func TestAnAdminListenerSetToNothingIsOff(t *testing.T) {
	c, err := readConfig(set("SPAZA_ADMIN_LISTEN="))
	if err != nil || c.AdminListen != "" {
		t.Errorf("admin listens on %q, %v", c.AdminListen, err)
	}
	c, err = readConfig(set("SPAZA_LISTEN=", "SPAZA_REPLY_BUDGET="))
	if err != nil || c.Listen != "127.0.0.1:8080" {
		t.Errorf("public listens on %q, %v", c.Listen, err)
	}
}

// live is a configuration that production accepts.
func live(more ...string) []string {
	return append([]string{
		"SPAZA_ENV=production", "SPAZA_REDIS_URL=rediss://redis.example:6379", "SPAZA_DATABASE_URL=postgres://spaza@db.example/spaza",
		"SPAZA_SECRET_KEY=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "SPAZA_FLASH_BASE_URL=https://flash.example",
		"SPAZA_FLASH_API_KEY=key", "SPAZA_FLASH_ACCOUNT_NUMBER=1234", "SPAZA_USSD_KEY=0123456789abcdef",
		"SPAZA_SMS_API_URL=https://sms.example", "SPAZA_SMS_USERNAME=shop", "SPAZA_SMS_API_KEY=key", "SPAZA_HELP_NUMBER=0800 123 456",
	}, more...)
}

func TestWhatProductionAccepts(t *testing.T) {
	if _, err := readConfig(live()); err != nil {
		t.Fatal(err)
	}
}

func TestProductionAcceptsEveryDoor(t *testing.T) {
	c, err := readConfig(live(
		"SPAZA_PUBLIC_URL=https://shop.example", "SPAZA_TELEGRAM_TOKEN=123:abc", "SPAZA_TELEGRAM_SECRET=0123456789abcdef",
		"SPAZA_WHATSAPP_TOKEN=t", "SPAZA_WHATSAPP_PHONE_NUMBER_ID=123", "SPAZA_WHATSAPP_APP_SECRET=new-secret-0123456, old-secret-0123456",
		"SPAZA_WHATSAPP_VERIFY_TOKEN=0123456789abcdef", "SPAZA_BULKSMS_TOKEN_ID=i", "SPAZA_BULKSMS_TOKEN_SECRET=s",
		"SPAZA_USSD_KEYS=aat=aat-key-0123456789, truroute=tru-key-0123456789", "SPAZA_USSD_ALLOW=aat=196.1.2.0/24 ::ffff:196.1.3.4,panacea=2001:db8::/32",
		"SPAZA_TRUSTED_PROXIES=10.0.0.1 10.1.0.0/16", "SPAZA_IDLE_AFTER=60d",
	))
	if err != nil {
		t.Fatal(err)
	}
	var front channels.ServerOptions
	if err := c.guards(&front); err != nil {
		t.Fatal(err)
	}
	if !front.Keys["aat"].Equal("aat-key-0123456789") || len(front.Keys) != 2 || fmt.Sprint(front.Allow) != "map[aat:[196.1.2.0/24 196.1.3.4/32] panacea:[2001:db8::/32]]" ||
		fmt.Sprint(front.TrustedProxies) != "[10.0.0.1/32 10.1.0.0/16]" {
		t.Errorf("the doors are guarded by %v, %v, %v", front.Keys, front.Allow, front.TrustedProxies)
	}
	if got := fmt.Sprint(c.chatsOn(), len(c.whatsAppOptions().AppSecrets), c.polls(), c.idleAfter()); got != "[telegram whatsapp] 2 false 1440h0m0s" {
		t.Errorf("chats, app secrets, polling, idle: %s", got)
	}
	if strings.Contains(c.describe(), "key-0123456789") || strings.Contains(c.describe(), "secret-0123456") {
		t.Error("a secret is described")
	}
}

func TestTheAccountsRevisionReachesTheClient(t *testing.T) {
	c, err := readConfig(set("SPAZA_FLASH_REVISION=2023", "SPAZA_FLASH_PRODUCT_CODES=text"))
	if err != nil {
		t.Fatal(err)
	}
	if o := c.flashOptions(); o.Dialect != flashapi.Draft2023 || !o.ProductCodeAsText {
		t.Errorf("client is made with %v, %v", o.Dialect, o.ProductCodeAsText)
	}
	c, err = readConfig(nil)
	if o := c.flashOptions(); err != nil || o.Dialect != flashapi.Revision2025 || o.ProductCodeAsText {
		t.Errorf("by default: %v, %v, %v", o.Dialect, o.ProductCodeAsText, err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		env  []string
		want string
	}{
		{"an unknown environment", set("SPAZA_ENV=staging"), "SPAZA_ENV"},
		{"a key of a gateway that is not there", set("SPAZA_USSD_KEYS=vodacom=canary-canary-0123"), "SPAZA_USSD_KEYS: want one of africastalking"},
		{"a gateway without a key", set("SPAZA_USSD_KEYS=aat"), "SPAZA_USSD_KEYS: want gateway=value"},
		{"a gateway twice", set("SPAZA_USSD_ALLOW=aat=10.0.0.1,aat=10.0.0.2"), "SPAZA_USSD_ALLOW: aat is named twice"},
		{"an address that is none", set("SPAZA_USSD_ALLOW=aat=10.0.0.256"), "SPAZA_USSD_ALLOW: \"10.0.0.256\" is no address"},
		{"a proxy by name", set("SPAZA_TRUSTED_PROXIES=proxy.example"), "SPAZA_TRUSTED_PROXIES"},
		{"a token that is none", set("SPAZA_TELEGRAM_TOKEN=not a token"), "SPAZA_TELEGRAM_*"},
		{"a secret of Telegram's with a blank", set("SPAZA_TELEGRAM_TOKEN=1:x", "SPAZA_TELEGRAM_SECRET=a b"), "SPAZA_TELEGRAM_*"},
		{"a secret without its bot", set("SPAZA_TELEGRAM_SECRET=0123456789abcdef"), "SPAZA_TELEGRAM_TOKEN is required"},
		{"half of WhatsApp", set("SPAZA_WHATSAPP_TOKEN=x"), "SPAZA_WHATSAPP_*"},
		{"the other half", set("SPAZA_WHATSAPP_PHONE_NUMBER_ID=1"), "SPAZA_WHATSAPP_TOKEN is required"},
		{"half of BulkSMS", set("SPAZA_BULKSMS_TOKEN_ID=x"), "SPAZA_BULKSMS_*"},
		{"a way out that is not there", set("SPAZA_SMS_FIRST=pigeon"), "SPAZA_SMS_FIRST"},
		{"a Telegram that is polled in production", live("SPAZA_TELEGRAM_TOKEN=1:x", "SPAZA_PUBLIC_URL=https://shop.example"), "SPAZA_TELEGRAM_SECRET is required in production"},
		{"a short secret of Telegram's", live("SPAZA_TELEGRAM_TOKEN=1:x", "SPAZA_TELEGRAM_SECRET=abc", "SPAZA_PUBLIC_URL=https://shop.example"), "SPAZA_TELEGRAM_SECRET is shorter"},
		{"Telegram with nowhere to bring updates", live("SPAZA_TELEGRAM_TOKEN=1:x", "SPAZA_TELEGRAM_SECRET=0123456789abcdef"), "SPAZA_PUBLIC_URL is required"},
		{"a short key of one gateway", live("SPAZA_USSD_KEYS=aat=short"), "the key of aat is shorter"},
		{"a chat without encryption", live("SPAZA_TELEGRAM_TOKEN=1:x", "SPAZA_TELEGRAM_SECRET=0123456789abcdef", "SPAZA_PUBLIC_URL=http://shop.example"), "SPAZA_PUBLIC_URL is plain http"},
		{"a revision that is not there", set("SPAZA_FLASH_REVISION=2024"), "SPAZA_FLASH_REVISION"},
		{"product codes in roman", set("SPAZA_FLASH_PRODUCT_CODES=roman"), "SPAZA_FLASH_PRODUCT_CODES"},
		{"money from nowhere", set("SPAZA_FLASH_PAID_FROM=air"), "SPAZA_FLASH_PAID_FROM"},
		{"a policy of maybe", set("SPAZA_FLASH_RELEASE_SOFT=maybe"), "SPAZA_FLASH_RELEASE_SOFT"},
		{"a provider that is not there", set("SPAZA_PROVIDER=vodacom"), "SPAZA_PROVIDER"},
		{"an address without a port", set("SPAZA_LISTEN=localhost"), "SPAZA_LISTEN"},
		{"an open admin listener", set("SPAZA_ADMIN_LISTEN=0.0.0.0:8081"), "SPAZA_ADMIN_TOKEN"},
		{"a short key", set("SPAZA_SECRET_KEY=c2hvcnQ="), "SPAZA_SECRET_KEY"},
		{"another database", set("SPAZA_DATABASE_URL=mysql://x"), "SPAZA_DATABASE_URL"},
		{"another store", set("SPAZA_REDIS_URL=memcached://x"), "SPAZA_REDIS_URL"},
		{"a host without a scheme", set("SPAZA_FLASH_BASE_URL=flash.example", "SPAZA_FLASH_API_KEY=k", "SPAZA_FLASH_ACCOUNT_NUMBER=1"), "SPAZA_FLASH_BASE_URL"},
		{"Flash without its key", set("SPAZA_FLASH_BASE_URL=https://flash.example"), "SPAZA_FLASH_API_KEY"},
		{"SMS without its key", set("SPAZA_SMS_API_URL=https://sms.example"), "SPAZA_SMS_API_KEY"},
		{"a budget longer than a turn", set("SPAZA_REPLY_BUDGET=20s"), "SPAZA_REPLY_BUDGET"},
		{"a budget that is no duration", set("SPAZA_REPLY_BUDGET=soon"), "ReplyBudget"},
		{"a log format", set("SPAZA_LOG_FORMAT=xml"), "SPAZA_LOG_FORMAT"},
		{"a log level", set("SPAZA_LOG_LEVEL=loud"), "SPAZA_LOG_LEVEL"},
		{"a misspelt variable in production", live("SPAZA_REDIS_URI=redis://x"), "SPAZA_REDIS_URI"},
		{"plain http in production", live("SPAZA_FLASH_BASE_URL=http://flash.example"), "SPAZA_FLASH_BASE_URL"},
		{"a guessable key in production", live("SPAZA_USSD_KEY=short"), "SPAZA_USSD_KEY"},
	} {
		if _, err := readConfig(c.env); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestEverythingWrongIsReportedAtOnce(t *testing.T) {
	_, err := readConfig(set("SPAZA_ENV=production", "SPAZA_LISTEN=x", "SPAZA_REPLY_BUDGET=soon", "SPAZA_LOG_LEVEL=loud"))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"SPAZA_LISTEN", "soon", "SPAZA_LOG_LEVEL", "SPAZA_REDIS_URL", "SPAZA_DATABASE_URL", "SPAZA_HELP_NUMBER"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in\n%v", want, err)
		}
	}
}

func TestWhatIsOddIsSaid(t *testing.T) {
	c, err := readConfig(set("SPAZA_PROVIDER=electrum,redeem=flash", "SPAZA_REDIS_URI=redis://x", "SPAZA_TEST_REDIS_URL=x"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.warnings, "; "); !strings.Contains(got, "SPAZA_PROVIDER needs refund=flash") || !strings.Contains(got, "SPAZA_REDIS_URI") || strings.Contains(got, "TEST") {
		t.Errorf("warnings: %s", got)
	}
}

// checkConfig runs spaza config check.
func checkConfig(t *testing.T, environ []string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(t.Context(), []string{"config", "check"}, console{out: &o, err: &e, environ: environ})
	return status, o.String(), e.String()
}

func TestConfigCheckShowsAMisspeltVariable(t *testing.T) {
	for name, want := range map[string]string{
		"SPAZA_FLASH_REVSION": "note: SPAZA_FLASH_REVSION is not a variable of this service\n",
		"SPAZA_ELECTRUM_KEY":  "note: SPAZA_ELECTRUM_KEY is not a variable of this service\n",
		"SPAZA_TELEGRAM_KEY":  "note: SPAZA_TELEGRAM_KEY is not a variable of this service\n",
	} {
		status, out, errs := checkConfig(t, set(name+"=2023"))
		if status != 0 || !strings.Contains(out, want) || !strings.HasSuffix(out, "The configuration is usable.\n") {
			t.Errorf("%s: status %d\n%s%s", name, status, out, errs)
		}
	}
	if status, _, errs := checkConfig(t, live("SPAZA_FLASH_REVSION=2023")); status != 1 || !strings.Contains(errs, "SPAZA_FLASH_REVSION") {
		t.Errorf("in production: status %d, %s", status, errs)
	}
}

// flashed is a configuration of Flash that is usable in development.
func flashed(more ...string) []string {
	return append(set("SPAZA_FLASH_BASE_URL=https://flash.example", "SPAZA_FLASH_API_KEY=canary-key", "SPAZA_FLASH_ACCOUNT_NUMBER=1234"), more...)
}

func TestConfigCheckRefusesWhatTheClientsRefuse(t *testing.T) {
	if status, out, errs := checkConfig(t, flashed()); status != 0 {
		t.Fatalf("status %d\n%s%s", status, out, errs)
	}
	sms := set("SPAZA_SMS_USERNAME=shop", "SPAZA_SMS_API_KEY=canary-key")
	for name, c := range map[string]struct {
		env  []string
		want string
	}{
		"a user in the address":             {flashed("SPAZA_FLASH_BASE_URL=https://user:canary@flash.example"), "SPAZA_FLASH_*: make flash client: base URL"},
		"a query in the address":            {flashed("SPAZA_FLASH_BASE_URL=https://flash.example?key=1"), "SPAZA_FLASH_*: make flash client: base URL"},
		"a user in the address of tokens":   {flashed("SPAZA_FLASH_TOKEN_URL=https://user:canary@flash.example/token"), "SPAZA_FLASH_*: make flash client: token URL"},
		"a store that cannot be sent":       {flashed("SPAZA_FLASH_STORE_ID=a-b"), "SPAZA_FLASH_*: make flash client: store"},
		"a terminal that cannot be sent":    {flashed("SPAZA_FLASH_TERMINAL_ID=till 1"), "SPAZA_FLASH_*: make flash client: store and terminal"},
		"a key with its header's word":      {flashed("SPAZA_FLASH_API_KEY=Basic canary"), "SPAZA_FLASH_*: make flash client: API key"},
		"a key of letters no header has":    {flashed("SPAZA_FLASH_API_KEY=canary\x01"), "SPAZA_FLASH_*: make flash client: API key"},
		"a store, while the key is missing": {flashed("SPAZA_FLASH_API_KEY=", "SPAZA_FLASH_STORE_ID=a-b"), "SPAZA_FLASH_*: make flash client: store"},
		"a user in the address of SMS":      {append(sms, "SPAZA_SMS_API_URL=https://user:canary@sms.example"), "SPAZA_SMS_*: make SMS messenger: base URL"},
	} {
		status, out, errs := checkConfig(t, c.env)
		if status != 1 || !strings.Contains(errs, c.want) {
			t.Errorf("%s: status %d, %s", name, status, errs)
		}
		if all := out + errs; strings.Contains(all, "canary") {
			t.Errorf("%s: a secret is printed:\n%s", name, all)
		}
	}
}

func TestWhatIsMissingForFlashIsSaidOnce(t *testing.T) {
	for name, env := range map[string][]string{
		"key":    set("SPAZA_FLASH_BASE_URL=https://flash.example", "SPAZA_FLASH_ACCOUNT_NUMBER=1"),
		"number": set("SPAZA_FLASH_BASE_URL=https://flash.example", "SPAZA_FLASH_API_KEY=key"),
		"scheme": flashed("SPAZA_FLASH_BASE_URL=flash.example"),
		"token":  flashed("SPAZA_FLASH_TOKEN_URL=flash.example/token"),
	} {
		if _, err := readConfig(env); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoUserOfAnAddressIsPrinted(t *testing.T) {
	for value, want := range map[string]string{
		"":                                       "",
		"https://flash.example/token":            "https://flash.example/token",
		"127.0.0.1:8080":                         "127.0.0.1:8080",
		"shop@example":                           "shop@example", // a name, and no password with it
		"https://user:hunter2@flash.example":     "https://[secret]@flash.example",
		"https://hunter2@flash.example/":         "https://[secret]@flash.example/",
		"HTTPS://user:hun%74er2@flash.example":   "HTTPS://[secret]@flash.example",
		"https://user:hunter2@more@host.example": "https://[secret]@host.example",
		"https://user:hunter2/x@host.example":    "https://[secret]@host.example",
		"https://user:hunter2?#x@host.example":   "https://[secret]@host.example",
		"user:hunter2@flash.example":             "[secret]@flash.example",
		"//user:hunter2@flash.example":           "[secret]@flash.example",
		"user:hunter2@x://y":                     "[secret]@x://y",
	} {
		if got := withoutUser(value); got != want {
			t.Errorf("%q is printed as %q, want %q", value, got, want)
		}
	}
	for _, f := range configFields() {
		_, out, errs := checkConfig(t, set(f.name+"=https://user:hunter2@host.example"))
		if all := out + errs; strings.Contains(all, "hunter2") {
			t.Errorf("%s: a password is printed:\n%s", f.name, all)
		}
	}
}

func TestSecretsAreNotDescribed(t *testing.T) {
	c, err := readConfig(live("SPAZA_ADMIN_TOKEN=canary", "SPAZA_FLASH_API_KEY=canary", "SPAZA_SMS_API_KEY=canary", "SPAZA_DATABASE_URL=postgres://u:canary@db/x"))
	if err != nil {
		t.Fatal(err)
	}
	if all := c.describe() + fmt.Sprintf("%+v %#v %s", c, c, c); strings.Contains(all, "canary") {
		t.Errorf("a secret is printed:\n%s", all)
	}
}

// TestTheREADMEListsTheConfiguration keeps the table in README.md as the code
// has it; -update rewrites it.
func TestTheREADMEListsTheConfiguration(t *testing.T) {
	const path, from, to = "../../README.md", "<!-- config table: kept fresh by a test in cmd/spaza -->\n", "<!-- end of config table -->"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	i, j := strings.Index(page, from), strings.Index(page, to)
	if i < 0 || j < i {
		t.Fatal("the table's marks are gone")
	}
	var table strings.Builder
	table.WriteString("| variable | default | meaning |\n|---|---|---|\n")
	for _, f := range configFields() {
		fallback := f.fallback
		if fallback != "" {
			fallback = "`" + fallback + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s |\n", f.name, fallback, strings.ReplaceAll(f.doc, "|", `\|`))
	}
	want := page[:i+len(from)] + table.String() + page[j:]
	if page == want {
		return
	}
	if !*update {
		t.Fatal("the table is not fresh; run go test ./cmd/spaza -update")
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil { //nolint:gosec // a document
		t.Fatal(err)
	}
}
