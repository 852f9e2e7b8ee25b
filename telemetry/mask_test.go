package telemetry

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMaskHidesWhatMustNotBeRead(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"phone number", "sms to 27821234567 failed", "sms to 2782***4567 failed"},
		{"phone number, written apart", "+27 82 123 4567", "+2782***4567"},
		{"phone number, local", "(082) 123-4567", "([digits]"},
		{"phone number in a word", "msisdn27821234567", "msisdn2782***4567"},
		{"phone number in a unit", "x=27821234567ms", "x=2782***4567ms"},
		{"phone number behind a reference", "P-01JD3X9Y8Z-27821234567", "P-01JD3X9Y8Z-2782***4567"},
		{"phone number in a JSON value", `{"to":"27821234567"}`, `{"to":"2782***4567"}`},
		{"meter number", "meter 04123456789 unknown", "meter [digits] unknown"},
		{"voucher", "1234567890123456", "[digits]"},
		{"voucher, written apart", "tried 1234 5678 9012 3456.", "tried [digits]."},
		{"voucher, with dashes", "1234-5678-9012-3456", "[digits]"},
		{"voucher, with wide gaps", "1234 - 5678 - 9012 - 3456", "[digits]"},
		{"voucher, with no-break spaces", "1234\u00a05678\u00a09012\u00a03456", "[digits]"},
		{"voucher glued to its name", "PIN1234567890123456", "PIN[digits]"},
		{"voucher glued to an id", "P01J1234567890123456Z9", "P01J[digits]Z9"},
		{"everything typed so far", "1*2*27821234567*1234567890123456*1", "1*2*2782***4567*[digits]*1"},
		{"nine digits", "821234567", "[digits]"},
		{"electricity token", "5432 1098 7654 3210 9876", "[digits]"},
		{"bytes printed as numbers", "[49 50 51 52 53 54]", "[[digits]]"},

		{"bearer token", "sent Authorization: Bearer abc.def-ghi and got 401", "sent Authorization: Bearer [secret] and got 401"},
		{"bearer token alone", "bearer abcdefgh was refused", "bearer [secret] was refused"},
		{"basic credentials", "header Basic c2FuZGJveDpzYW5kYm94 refused", "header Basic [secret] refused"},
		{"header in a map", "map[Authorization:[Basic c2FuZGJveDpzYW5kYm94]]", "map[Authorization:[secret]]"},
		{"user in a URL", "dial redis://:hunter2@10.0.0.1:6379/0: refused", "dial redis://[secret]@10.0.0.1:6379/0: refused"},
		{"user with a slash in the password", "parse postgres://spaza:a/b@db/spaza", "parse postgres://[secret]@db/spaza"},
		{"bot token in a URL", `Post "https://api.telegram.org/bot12345:AAH-x_y/sendMessage": EOF`, `Post "https://api.telegram.org/bot[secret]/sendMessage": EOF`},
		{"key in a query", "GET /ussd/aat?key=hunter2&msisdn=1", "GET /ussd/aat?key=[secret]&msisdn=1"},
		{"key in a DSN", "host=db password=hunter2 user=spaza", "host=db password=[secret] user=spaza"},
		{"field of JSON", `body {"voucherPin":"12ab","amount":5}`, `body {"voucherPin":"[secret]","amount":5}`},
		{"field of JSON with spaces", `{"access_token": "abc", "n": 1}`, `{"access_token": "[secret]", "n": 1}`},
		{"number in JSON", `{"pin": 1234, "n": 1}`, `{"pin": [secret], "n": 1}`},
		{"field of JSON in a string", `"{\"pin\":\"12 34\",\"n\":1}"`, `"{\"pin\":\"[secret]\",\"n\":1}"`},
		{"quote in a field of JSON", `{"pin":"12\"34","n":1}`, `{"pin":"[secret]","n":1}`},
		{"object under a confidential name", `{"payload":{"a":[1,2],"b":3},"n":1}`, `{"payload":[secret],"n":1}`},
		{"field of a struct", "{PIN:1234 Amount:500}", "{PIN:[secret] Amount:500}"},
		{"pin in a sentence", "wrong pin: 1234", "wrong pin: [secret]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Mask(c.in); got != c.want {
				t.Errorf("Mask(%q)\n got %q\nwant %q", c.in, got, c.want)
			}
			if got := Mask(c.want); got != c.want {
				t.Errorf("masking again changes it: %q", got)
			}
		})
	}
}

func TestMaskLeavesWhatExplains(t *testing.T) {
	for _, s := range []string{
		"",
		"buy.airtime.confirm",
		"P-01JD3X9Y8Z7W6V5T4S3R2Q1P0N",
		"P-01JD3X9Y0123456789ABCDEFGH",
		"user 9f86d081884c7d659a2feaa0c55ad015",
		"0190a5c2-7d1e-7b3c-9f2a-1b2c3d4e5f6a",
		"refresh token: dial tcp 10.0.0.1:443: connection refused",
		"read body: unexpected EOF",
		"load key: open ./data/key: permission denied",
		"listening on http://127.0.0.1:8080/",
		"Basic authentication is off",
		"duplicate key value violates unique constraint",
		"balance R1234.50, held R0.05",
		"took 1.123456789s",
		"*120*384#",
		"2026-11-21T05:51:00Z",
		"192.168.100.200:65535",
		"token=[secret]",
		"because of a bottleneck in /bottles",
	} {
		if got := Mask(s); got != s {
			t.Errorf("Mask(%q) = %q, want it as it is", s, got)
		}
	}
}

func TestMaskCutsLongTextAndLeavesNoHeadOfANumber(t *testing.T) {
	for shift := range 20 {
		in := strings.Repeat("x", maxText-shift) + ":1234 5678 9012 3456 " + strings.Repeat("y", 100)
		got := Mask(in)
		if len(got) > maxText+len("…") {
			t.Fatalf("shift %d: %d bytes came through", shift, len(got))
		}
		if strings.ContainsAny(got, "0123456789") {
			t.Errorf("shift %d: digits came through: %q", shift, got[maxText-30:])
		}
	}
}

func TestMaskHidesEveryLongNumberBetweenAnyWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.StringMatching(`[0-9]{4}([ -]?[0-9]{4}){2,4}`).Draw(t, "number")
		before := rapid.StringMatching(`([a-z]{0,8}[ ,.:;*="'{(\[]){0,3}`).Draw(t, "before")
		after := rapid.StringMatching(`([ ,.:;*="'})\]][a-z]{0,8}){0,3}`).Draw(t, "after")
		got := Mask(before + number + after)
		if strings.Contains(got, number) || strings.Contains(got, number[len(number)-9:]) {
			t.Fatalf("Mask(%q) = %q", before+number+after, got)
		}
	})
}

func FuzzMask(f *testing.F) {
	for _, s := range []string{
		"", "27821234567", "1234 5678 9012 3456", `{"pin":"1234"}`, `\"pin\":\"`, "key=", "key: ", "pin=[", "://@",
		"Bearer abcdefgh", "/bot1:a", "a1234567890b", "\xc2\xa0\xff1234567890",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Mask(s)
		run := 0
		for i := range len(got) {
			if !digit(got[i]) {
				run = 0
				continue
			}
			if run++; run < minDigits {
				continue
			}
			// A long run may only stand inside an id or a fraction: with a
			// letter or a point at one of its ends.
			start, end := i+1-run, groupEnd(got, i)
			id := start > 0 && (letter(got[start-1]) || got[start-1] == '.') || end < len(got) && letter(got[end])
			if !id {
				t.Fatalf("Mask(%q) = %q", s, got)
			}
		}
	})
}

func TestNamesAreJudgedWordByWord(t *testing.T) {
	for _, name := range []string{
		"pin", "PIN", "Pin", "pins", "PINs", "pin_hash", "PINHash", "voucherPin", "voucherpin", "changePIN", "key", "apiKey", "APIKey",
		"api_key", "X-Api-Key", "apikey", "token", "tokens", "accessToken", "accesstoken", "Authorization", "Proxy-Authorization",
		"password", "dbPassword", "secret", "client_secret", "text", "Body", "request.body", "token1", "Set-Cookie", "SPAZA_FLASH_API_KEY",
		"url_token", "input",
	} {
		if !hides(name) {
			t.Errorf("%q is not taken for confidential", name)
		}
	}
	for _, name := range []string{
		"", "spin", "ping", "shopping", "monkey", "keyboard", "context", "antibody", "user", "channel", "flow", "from", "to", "ms", "outcome", "err",
		"token_url", "TokenURL", "bodyLen", "body_length", "keyed", "ref", "state", "1voucher",
	} {
		if hides(name) {
			t.Errorf("%q is taken for confidential", name)
		}
	}
}

func BenchmarkMaskOfPlainText(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Mask("load session: dial tcp 127.0.0.1:6379: connection refused")
	}
}
