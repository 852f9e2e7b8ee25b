package channels

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"spaza/test/chatfake"
)

// waHook is a webhook of one change; more stands beside its metadata.
func waHook(more string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"8856996819413533","changes":[{"field":"messages","value":{` +
		`"messaging_product":"whatsapp","metadata":{"display_phone_number":"27101234567","phone_number_id":"104996122399160"},` + more + `}}]}]}`
}

// waMessages is a webhook of messages, each from the number and with an id unless
// it says otherwise.
func waMessages(messages ...string) string {
	for i, m := range messages {
		start := `{"timestamp":"1795262400",`
		if !strings.Contains(m, `"from"`) && !strings.Contains(m, `"from_user_id"`) {
			start += `"from":"27821234567",`
		}
		if !strings.Contains(m, `"id":"wamid`) {
			start += fmt.Sprintf(`"id":"wamid.%d",`, i+1)
		}
		messages[i] = start + m + "}"
	}
	return waHook(`"messages":[` + strings.Join(messages, ",") + `]`)
}

func TestAWebhookIsWhatWasSaid(t *testing.T) {
	w := newWhatsApp(t)
	one := func(s Said) []Said {
		s.Channel, s.Arrived = "whatsapp", waNoon
		if s.ID == "" {
			s.ID = "wamid.1"
		}
		if s.From == "" {
			s.From, s.Number = waNumberOf, waNumberOf
		}
		return []Said{s}
	}
	const hi = `"type":"text","text":{"body":"Hi"}`
	profile := func(c string) string { return `"contacts":[{"profile":{"name":"Thandi","username":"t.m"},` + c + `}],` }
	message := func(m string) string { return `"messages":[{"id":"wamid.1","timestamp":"1795262400",` + m + `}]` }
	for _, c := range []struct {
		name, body string
		want       []Said
		odd        int
	}{
		{"a text", waMessages(hi), one(Said{Text: "Hi"}), 0},
		{"letters in escapes", waMessages(`"type":"text","text":{"body":"Tšhelete\u1e71 \ud83d\ude42"}`), one(Said{Text: "Tšheleteṱ 🙂"}), 0},
		{"two lines, and what nobody types", waMessages(`"type":"text","text":{"body":"a\nb\u0000c\td"}`), one(Said{Text: "a\nb c d"}), 0},
		{"a long text", waMessages(`"type":"text","text":{"body":"x` + strings.Repeat("é", waText) + `"}`), one(Said{Text: "x" + strings.Repeat("é", waText/2-1)}), 0},
		{"a text of nothing", waMessages(`"type":"text","text":{"body":""}`), one(Said{}), 0},

		{"a button", waMessages(`"type":"interactive","context":{"id":"OUT"},"interactive":{"type":"button_reply","button_reply":{"id":"aB3-_xyz:1","title":"Yes"}}`), one(Said{Answers: "aB3-_xyz", Text: "1"}), 0},
		{"a row", waMessages(`"type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":"aB3-_xyz:98","title":"More","description":"x"}}`), one(Said{Answers: "aB3-_xyz", Text: "98"}), 0},
		{"a button that is none of ours", waMessages(`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"prod:mtn-10","title":"MTN R10"}}`), one(Said{Text: "MTN R10"}), 0},
		{"a button with no input", waMessages(`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"aB3-_xyz:","title":"Yes"}}`), one(Said{Text: "Yes"}), 0},
		{"a button with blanks in it", waMessages(`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"aB3-_xyz:1 2","title":"Yes"}}`), one(Said{Text: "Yes"}), 0},
		{"a button with an odd screen", waMessages(`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"aB3-_xy*:1","title":"Yes"}}`), one(Said{Text: "Yes"}), 0},
		{"a button with a long input", waMessages(`"type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"aB3-_xyz:` + strings.Repeat("1", waInput+1) + `","title":"Yes"}}`), one(Said{Text: "Yes"}), 0},
		{"a form", waMessages(`"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"response_json":"{}"}}`), one(Said{}), 0},
		{"the button of a template", waMessages(`"type":"button","button":{"payload":"RESEND","text":"Resend token"}`), one(Said{Text: "RESEND"}), 0},
		{"the same without a payload", waMessages(`"type":"button","button":{"text":"Resend token"}`), one(Said{Text: "Resend token"}), 0},

		{"the own card", waMessages(`"type":"contacts","contacts":[{"origin":"contact_request","phones":[{"phone":"+27 82 123 4567","wa_id":"27821234567"}]}]`), one(Said{Contact: waNumberOf}), 0},
		{"the own card, by the number alone", waMessages(`"type":"contacts","contacts":[{"origin":"contact_request","phones":[{"phone":"+27 82 123 4567"}]}]`), one(Said{Contact: waNumberOf}), 0},
		{"the own card of another country", waMessages(`"type":"contacts","contacts":[{"origin":"contact_request","phones":[{"phone":"+1 650 555 1234","wa_id":"16505551234"}]}]`), one(Said{}), 0},
		{"a card that was picked", waMessages(`"type":"contacts","contacts":[{"origin":"other","phones":[{"wa_id":"27821234567"}]}]`), one(Said{}), 0},
		{"a card of no origin", waMessages(`"type":"contacts","contacts":[{"phones":[{"wa_id":"27821234567"}]}]`), one(Said{}), 0},
		{"two cards", waMessages(`"type":"contacts","contacts":[{"origin":"contact_request","phones":[{"wa_id":"27821234567"}]},{"origin":"contact_request","phones":[{"wa_id":"27837654321"}]}]`), one(Said{}), 0},
		{"a card with no number", waMessages(`"type":"contacts","contacts":[{"origin":"contact_request","phones":[]}]`), one(Said{}), 0},

		{"a picture", waMessages(`"type":"image","image":{"id":"1","mime_type":"image/jpeg","caption":"x"}`), one(Said{}), 0},
		{"a voice", waMessages(`"type":"audio","audio":{"id":"1","voice":true}`), one(Said{}), 0},
		{"a place", waMessages(`"type":"location","location":{"latitude":1,"longitude":2}`), one(Said{}), 0},
		{"what the API does not know", waMessages(`"type":"unsupported","errors":[{"code":131051}]`), one(Said{}), 0},
		{"a thumb", waMessages(`"type":"reaction","reaction":{"message_id":"wamid.OUT","emoji":"👍"}`), nil, 0},
		{"a change of number", waMessages(`"type":"system","system":{"type":"user_changed_number","wa_id":"27829999999"}`), nil, 0},
		{"a message to a group", waMessages(`"group_id":"g1",` + hi), nil, 0},
		{"a kind that is new", waMessages(`"type":"hologram","hologram":{}`), nil, 1},

		{
			"a user id beside the number", waHook(profile(`"wa_id":"27821234567","user_id":"ZA.134"`) + message(`"from":"27821234567","from_user_id":"ZA.134",`+hi)),
			one(Said{From: "ZA.134", Number: waNumberOf, Text: "Hi"}), 0,
		},
		{
			"a user id that stands with the contact alone", waHook(profile(`"wa_id":"27821234567","user_id":"ZA.134"`) + message(`"from":"27821234567",`+hi)),
			one(Said{From: "ZA.134", Number: waNumberOf, Text: "Hi"}), 0,
		},
		{"a hidden number", waHook(profile(`"user_id":"ZA.134"`) + message(`"from_user_id":"ZA.134",`+hi)), one(Said{From: "ZA.134", Text: "Hi"}), 0},
		{"a user id in place of the number", waHook(profile(`"wa_id":"ZA.134"`) + message(`"from":"ZA.134",`+hi)), one(Said{From: "ZA.134", Text: "Hi"}), 0},
		{"a parent's user id", waHook(message(`"from_user_id":"ZA.ENT.134",` + hi)), one(Said{From: "ZA.ENT.134", Text: "Hi"}), 0},
		{"nobody but the contact", waHook(profile(`"wa_id":"27821234567"`) + message(hi)), one(Said{Text: "Hi"}), 0},
		{"a number of another country", waMessages(`"from":"16505551234",` + hi), one(Said{From: "16505551234", Text: "Hi"}), 0},
		{"a number that is written as at home", waMessages(`"from":"0821234567",` + hi), one(Said{From: "0821234567", Text: "Hi"}), 0},
		{"a number of no cell phone", waMessages(`"from":"27101234567",` + hi), one(Said{From: "27101234567", Text: "Hi"}), 0},
		{
			"the contact of another", waHook(profile(`"wa_id":"27837654321","user_id":"ZA.999"`) + message(`"from":"27821234567",`+hi)),
			one(Said{Text: "Hi"}), 0,
		},
		{
			"a number beside the contact alone", waHook(profile(`"wa_id":"27821234567","user_id":"ZA.134"`) + message(hi)),
			one(Said{From: "ZA.134", Number: waNumberOf, Text: "Hi"}), 0,
		},
		{"nobody", waHook(message(hi)), nil, 1},
		{"a user id that is none", waMessages(`"from":"canary$",` + hi), nil, 1},
		{"two contacts, and nobody named", waHook(`"contacts":[{"wa_id":"27821234567"},{"wa_id":"27837654321"}],` + message(hi)), nil, 1},

		{"no id", waHook(`"messages":[{"from":"27821234567",` + hi + `}]`), nil, 1},
		{"an id with a blank", waMessages(`"id":"wamid. 1",` + hi), nil, 1},
		{"a long id", waMessages(`"id":"wamid` + strings.Repeat("x", waID) + `",` + hi), nil, 1},
		{"a text that is a number, and one that is none", waMessages(`"type":"text","text":{"body":5}`, `"id":"wamid.1",`+hi), one(Said{Text: "Hi"}), 1},
		{"a message that is a text", waHook(`"messages":["canary",{"id":"wamid.1","from":"27821234567",` + hi + `}]`), one(Said{Text: "Hi"}), 1},
		{"contacts that are none", waHook(`"contacts":["x",5],` + message(`"from":"27821234567",`+hi)), one(Said{Text: "Hi"}), 2},
		{"messages that are no list", waHook(`"messages":{}`), nil, 1},
		{"nulls", waHook(`"contacts":null,"messages":[null],"statuses":null,"errors":null`), nil, 1},
		{"another object", `{"object":"page","entry":[{"changes":[{"field":"messages","value":5}]}]}`, nil, 0},
		{"another field", strings.Replace(waMessages(hi), `"field":"messages"`, `"field":"message_echoes"`, 1), nil, 0},
		{"another number of ours", strings.Replace(waMessages(hi), "104996122399160", "104996122399161", 1), nil, 0},
		{"no entry", `{"object":"whatsapp_business_account"}`, nil, 0},
		{"no value", `{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages"}]},null]}`, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := w.decode([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got.said); d != "" || got.odd != c.odd {
				t.Errorf("%d odd, want %d (-want +got):\n%s", got.odd, c.odd, d)
			}
		})
	}
}

func TestAllOfABatchIsRead(t *testing.T) {
	w := newWhatsApp(t)
	entry := func(ids ...string) string {
		var changes []string
		for _, id := range ids {
			hook := waMessages(`"id":"wamid.`+id+`a","type":"text","text":{"body":"x"}`, `"id":"wamid.`+id+`b","type":"text","text":{"body":"x"}`)
			changes = append(changes, hook[strings.Index(hook, `{"field"`):len(hook)-len(`]}]}`)])
		}
		return `{"id":"1","changes":[` + strings.Join(changes, ",") + `]}`
	}
	got, err := w.decode([]byte(`{"object":"whatsapp_business_account","entry":[` + entry("1", "2") + "," + entry("3") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range got.said {
		ids = append(ids, strings.TrimPrefix(s.ID, "wamid."))
	}
	if strings.Join(ids, " ") != "1a 1b 2a 2b 3a 3b" {
		t.Errorf("read %v", ids)
	}
}

func TestOnlyAnOldMessageIsAsOldAsItSays(t *testing.T) {
	w := newWhatsApp(t)
	for stamp, want := range map[string]time.Time{
		`"1795262400"`:    waNoon, // now
		`"1795262430"`:    waNoon, // of a clock before ours
		`"1795262370"`:    waNoon,
		`"1795262369"`:    waNoon.Add(-31 * time.Second),
		`1795258800`:      waNoon.Add(-time.Hour),
		`"1795258800000"`: waNoon.Add(-time.Hour), // milliseconds
		`"1794657600"`:    waNoon.Add(-7 * 24 * time.Hour),
		`"1763700000"`:    waNoon, // a year: nothing is delivered so late
		`"soon"`:          waNoon, `null`: waNoon, `""`: waNoon, `"-5"`: waNoon, `"99999999999999999999"`: waNoon, `{}`: waNoon,
	} {
		got, err := w.decode([]byte(strings.Replace(waMessages(`"type":"text","text":{"body":"1"}`), `"1795262400"`, stamp, 1)))
		if err != nil || len(got.said) != 1 || !got.said[0].Arrived.Equal(want) {
			t.Errorf("%s: %v, %v", stamp, got.said, err)
		}
	}
}

func TestAStatusSaysWhetherAMessageArrived(t *testing.T) {
	w := newWhatsApp(t)
	status := func(more string) string { return `{"id":"wamid.OUT","timestamp":"1795262400",` + more + `}` }
	of := func(arrived bool, detail string) []Report {
		return []Report{{Message: "whatsapp:wamid.OUT", Arrived: arrived, Detail: detail}}
	}
	for _, c := range []struct {
		name, status string
		want         []Report
		odd, alarm   int
	}{
		{"it arrived", status(`"status":"delivered","recipient_id":"27821234567"`), of(true, "delivered"), 0, 0},
		{"it was read", status(`"status":"read","conversation":{"id":"1"},"pricing":{"billable":true}`), of(true, "read"), 0, 0},
		{"it is ours by name", status(`"status":"read","biz_opaque_callback_data":"told:P-1/ended#7"`), []Report{{Message: "whatsapp:wamid.OUT", Own: "P-1/ended#7", Arrived: true, Detail: "read"}}, 0, 0},
		{"it failed", status(`"status":"failed","errors":[{"code":131047,"title":"Re-engagement message","error_data":{"details":"27821234567"}}]`), of(false, "failed: the person wrote more than 24 hours ago (code 131047)"), 0, 0},
		{"it failed for the account", status(`"status":"failed","errors":[{"code":131042}]`), of(false, "failed: payment is missing (code 131042)"), 0, 131042},
		{"it failed by a code that is new", status(`"status":"failed","errors":[{"code":999999,"title":"canary"}]`), of(false, "failed: another reason (code 999999)"), 0, 0},
		{"it failed, and nobody knows why", status(`"status":"failed"`), of(false, "failed"), 0, 0},
		{"it left", status(`"status":"sent"`), nil, 0, 0},
		{"it was deleted", status(`"status":"deleted"`), nil, 0, 0},
		{"it was heard", status(`"status":"played"`), nil, 0, 0},
		{"a word that is new", status(`"status":"teleported"`), nil, 0, 0},
		{"a screen", status(`"status":"delivered","biz_opaque_callback_data":"shown:wamid.IN"`), nil, 0, 0},
		{"no id", `{"status":"read"}`, nil, 1, 0},
		{"an id that is none", `{"id":"a b","status":"read"}`, nil, 1, 0},
		{"a text", `"read"`, nil, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := w.decode([]byte(waHook(`"statuses":[` + c.status + `]`)))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got.reports); d != "" || got.odd != c.odd || got.alarm != c.alarm {
				t.Errorf("odd %d, alarm %d (-want +got):\n%s", got.odd, got.alarm, d)
			}
		})
	}
}

func TestAWebhookThatIsNoneIsRefused(t *testing.T) {
	w := newWhatsApp(t)
	for name, body := range map[string]string{
		"nothing": "", "a text": "canary", "cut": waMessages(`"type":"text"`)[:200], "twice": "{}{}", "deep": strings.Repeat("[", 100_000),
	} {
		if got, err := w.decode([]byte(body)); !errors.Is(err, ErrMalformed) || len(got.said) > 0 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	list := func(what, one string) string {
		return waHook(`"` + what + `":[` + strings.Repeat(one+",", waBatch) + one + `]`)
	}
	for _, what := range []string{"messages", "statuses", "contacts"} {
		if _, err := w.decode([]byte(list(what, "{}"))); !errors.Is(err, errWaFlood) {
			t.Errorf("too many %s: %v", what, err)
		}
	}
}

func FuzzWhatsAppWebhook(f *testing.F) {
	w := newWhatsApp(f)
	fake := w.fake
	u := chatfake.WhatsAppUser{Number: waNumberOf, ID: waUserOf}
	sent := chatfake.WhatsAppMessage{
		ID: "wamid.OUT", To: waUserOf, Kind: "list", Data: waReceipt + "P-1 " + waUserOf, Choices: []chatfake.WhatsAppChoice{{ID: "abcdefgh:1", Title: "Yes"}},
	}
	tap, err := fake.TapOn(u, sent, "Yes")
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range [][]byte{
		fake.Body(fake.Text(u, "Tšhelete"), tap), fake.Body(fake.Contact(u, waNumberOf, true), fake.Other(u, "image")),
		fake.Body(fake.Status(sent, "failed", 131042), fake.Status(sent, "read", 0)), []byte("{}"), []byte(waHook(`"errors":[{"code":0}]`)),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := w.decode(body)
		if err != nil && (!errors.Is(err, ErrMalformed) && !errors.Is(err, errWaFlood) || len(got.said)+len(got.reports) > 0) {
			t.Fatalf("%v, and %d said", err, len(got.said))
		}
		if err == nil && !json.Valid(body) {
			t.Fatal("what is no JSON was read")
		}
		if len(got.said) > waBatch || len(got.reports) > waBatch || len(got.unshown) > waBatch {
			t.Fatal("more than a batch")
		}
		for _, s := range got.said {
			switch {
			case s.Channel != "whatsapp", !waName(s.ID), !waBSUID(s.From) && !waDigits(s.From):
				t.Fatalf("nobody, or nothing: %q %q", s.ID, s.From)
			case len(s.Text) > waText || !utf8.ValidString(s.Text) || strings.ContainsAny(s.Text, "\x00\r\t"):
				t.Fatalf("a text %q", s.Text)
			case s.Answers != "" && (len(s.Answers) != 8 || s.Text == "" || len(s.Text) > waInput):
				t.Fatalf("a tap %q %q", s.Answers, s.Text)
			case s.Number != "" && len(s.Number) != 11, s.Contact != "" && len(s.Contact) != 11:
				t.Fatalf("a number %q, %q", s.Number, s.Contact)
			case s.Arrived.After(waNoon):
				t.Fatalf("of the future: %v", s.Arrived)
			}
		}
		for _, r := range got.reports {
			if !waName(strings.TrimPrefix(r.Message, "whatsapp:")) || len(r.Detail) > 128 || r.Arrived == strings.HasPrefix(r.Detail, "failed") {
				t.Fatalf("a report %+v", r)
			}
		}
	})
}
