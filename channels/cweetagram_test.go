package channels

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spaza/dialog"
)

func newTestCweetagram(e Engine) *Cweetagram {
	return NewCweetagram(e, CweetagramOptions{Sorry: atSorry, Foreign: atForeign, Code: ussdOurs})
}

// cweetBody is the object of a start with the given members changed; "-" leaves
// one out.
func cweetBody(changed ...string) string {
	pairs := []string{"sessionid", "1234567", "shortcode", ussdOurs, "messageString", ussdOurs, "mobileNetwork", "Vodacom", "msisdn", "27821234567"}
	var members []string
	for i := 0; i < len(pairs); i += 2 {
		value := pairs[i+1]
		for j := 0; j < len(changed); j += 2 {
			if changed[j] == pairs[i] {
				value = changed[j+1]
			}
		}
		if value != "-" {
			written, err := json.Marshal(value)
			if err != nil {
				panic(err)
			}
			members = append(members, `"`+pairs[i]+`":`+string(written))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func cweetTurn(change func(t *dialog.Turn)) dialog.Turn {
	t := dialog.Turn{
		Channel: "cweetagram", User: "27821234567", Session: "1234567", Dial: true, Code: ussdOurs, Network: "vodacom", Caps: dialog.Caps{Septets: 160},
	}
	change(&t)
	return t
}

func TestCweetagramDecodesCallbacks(t *testing.T) {
	same := func(*dialog.Turn) {}
	deep := func(t *dialog.Turn) { t.Deep = "1*2" }
	input := func(s string) func(*dialog.Turn) { return func(t *dialog.Turn) { t.Dial, t.Text = false, s } }
	said := func(s string) string { return cweetBody("messageString", s) }
	for _, c := range []struct {
		name, body string
		change     func(*dialog.Turn)
	}{
		{"a dial", cweetBody(), same},
		{
			"a dial as the gateway writes it",
			`{"sessionid":"1234567","shortcode":"*120*2654*1553#","messageString":"*120*2654*1553#","mobileNetwork":"Vodacom","msisdn":"27821234567"}`, same,
		},
		{"a dial with inputs", said("*120*2654*1553*1*2#"), deep},
		{"a dial with inputs that are in the code as well", cweetBody("shortcode", "*120*2654*1553*1*2#", "messageString", "*120*2654*1553*1*2#"), deep},
		{"another code", cweetBody("shortcode", "*134*1#", "messageString", "*134*1#"), func(t *dialog.Turn) { t.Code = "*134*1#" }},
		{"another code with inputs", cweetBody("shortcode", "*134*1#", "messageString", "*134*1*1*2#"), func(t *dialog.Turn) { t.Code, t.Deep = "*134*1#", "1*2" }},
		{"no code from the gateway", cweetBody("shortcode", "-"), same},
		{"an input", said("1"), input("1")},
		{"an empty input", said(""), input("")},
		{"an input that is nothing", strings.Replace(said("1"), `"1"`, "null", 1), input("")},
		{"an input as a number", strings.Replace(said("1"), `"1"`, "12", 1), input("12")},
		{"an id and a number as numbers", strings.NewReplacer(`"1234567"`, "1234567", `"27821234567"`, "27821234567").Replace(cweetBody()), same},
		{"stars and hashes", said("1**2*#*"), input("1**2*#*")},
		{"blanks", said(" a b "), input(" a b ")},
		{"digits of another keyboard", said("١２"), input("١２")},
		{"letters beyond ASCII", said("Žofie & 🙂"), input("Žofie & 🙂")},
		{"letters written by their numbers", strings.Replace(said("1"), `"1"`, `"\u017dofie \ud83d\ude42"`, 1), input("Žofie 🙂")},
		{"another code as an input", said("*134#"), input("*134#")},
		{"the longest input", said(strings.Repeat("é", 182)), input(strings.Repeat("é", 182))},
		{
			"members that are not used", strings.Replace(cweetBody(), "{", `{"SessionID":"other","MSISDN":"27831234567","x":{"msisdn":"1","y":[1,{"z":null}]},`, 1), same,
		},
		{"blanks around it", " \r\n" + cweetBody() + "\n ", same},
		{"a number with its plus", cweetBody("msisdn", "+27821234567"), same},
		{"a number in the national form", cweetBody("msisdn", "0821234567"), same},
		{"a number with a blank for its plus", cweetBody("msisdn", " 27821234567"), same},
		{"Telkom", cweetBody("mobileNetwork", "Telkom"), func(t *dialog.Turn) { t.Network = "telkom" }},
		{"no network", cweetBody("mobileNetwork", "-"), func(t *dialog.Turn) { t.Network = "" }},
	} {
		ussdDecode{c.name, "POST", "key=x", c.body, cweetTurn(c.change)}.run(t, func(e Engine) ussdChannel { return newTestCweetagram(e) })
	}
	for body, want := range map[string]dialog.Turn{
		said("*120*2654*1553*1*2#"): cweetTurn(deep),
		cweetBody("shortcode", ""):  cweetTurn(func(t *dialog.Turn) { t.Dial, t.Text, t.Code = false, ussdOurs, "" }),
	} {
		got, err := NewCweetagram(nil, CweetagramOptions{Sorry: atSorry}).Decode(&Callback{Body: []byte(body)})
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("no code configured, %s: %v, (-want +got):\n%s", body, err, d)
		}
	}
}

func cweetEnd(text string) Answer {
	return Answer{Type: "application/json", Body: []byte(`{"getInput":"false","menuText":"` + text + `","code":"200","msisdn":""}`)}
}

func TestCweetagramRefusesWhatCanNotBeUsed(t *testing.T) {
	twice := func(member string) string { return strings.Replace(cweetBody(), "{", "{"+member+",", 1) }
	for _, c := range []ussdRefuse{
		{name: "nothing"},
		{name: "blanks", body: " \n"},
		{name: "a form", body: callback()},
		{name: "XML", body: truBody()},
		{name: "bytes", body: "\x00\xff\xfe"},
		{name: "no object", body: `[` + cweetBody() + `]`},
		{name: "a text", body: `"{}"`},
		{name: "null", body: "null"},
		{name: "an empty object", body: "{}"},
		{name: "cut off", body: strings.TrimSuffix(cweetBody(), "}")},
		{name: "cut off in a member", body: cweetBody()[:40]},
		{name: "two objects", body: cweetBody() + cweetBody()},
		{name: "words after it", body: cweetBody() + "x"},
		{name: "no number", body: cweetBody("msisdn", "-")},
		{name: "an empty number", body: cweetBody("msisdn", "")},
		{name: "a number that is none", body: cweetBody("msisdn", "anonymous")},
		{name: "a number with an exponent", body: strings.Replace(cweetBody(), `"27821234567"`, "2.7821234567e10", 1)},
		{name: "no session id", body: cweetBody("sessionid", "-")},
		{name: "a session id that is nothing", body: strings.Replace(cweetBody(), `"1234567"`, "null", 1)},
		{name: "a session id that is too long", body: cweetBody("sessionid", strings.Repeat("1", 129))},
		{name: "a session id with a blank", body: cweetBody("sessionid", "1 2")},
		{name: "no input", body: cweetBody("messageString", "-")},
		{name: "an input in a list", body: strings.Replace(cweetBody("messageString", "1"), `"1"`, `["1"]`, 1)},
		{name: "an input that is an object", body: strings.Replace(cweetBody("messageString", "1"), `"1"`, `{"a":"1"}`, 1)},
		{name: "an input that is true", body: strings.Replace(cweetBody("messageString", "1"), `"1"`, `true`, 1)},
		{name: "an input that is too long", body: cweetBody("messageString", strings.Repeat("1", 365))},
		{name: "a code that is too long", body: cweetBody("shortcode", strings.Repeat("1", 365))},
		{name: "an input that is not UTF-8", body: strings.Replace(cweetBody("messageString", "1"), `"1"`, "\"\xff\"", 1)},
		{name: "an input with half a character", body: strings.Replace(cweetBody("messageString", "1"), `"1"`, `"\ud83d"`, 1)},
		{name: "an input with a NUL", body: cweetBody("messageString", "\x00")},
		{name: "two numbers", body: twice(`"msisdn":"27831234567"`)},
		{name: "two inputs", body: twice(`"messageString":"1"`)},
		{name: "the same session id twice", body: twice(`"sessionid":"1234567"`)},
		{name: "two inputs, one by its numbers", body: twice(`"\u006dessageString":"1"`)},
		{name: "many levels", body: `{"x":` + strings.Repeat("[", 12000)},
		{name: "a number of Kenya", body: cweetBody("msisdn", "254712345678"), want: ErrForeign},
		{name: "a landline", body: cweetBody("msisdn", "27111234567"), want: ErrForeign},
	} {
		c.method = "POST"
		c.run(t, func(e Engine) ussdChannel { return newTestCweetagram(e) }, cweetEnd(atSorry), cweetEnd(atForeign))
	}
	ussdGuarded(t, newTestCweetagram(nil), cweetEnd(atSorry))
}

func TestCweetagramEncodesReplies(t *testing.T) {
	for _, c := range []struct {
		name  string
		reply dialog.Reply
		want  string
	}{
		{"a screen", dialog.Reply{Text: "1 Airtime\n2 Power"}, `{"getInput":"true","menuText":"1 Airtime\n2 Power","code":"200","msisdn":"27821234567"}`},
		{"the last screen", dialog.Reply{Text: "Bye", End: true}, `{"getInput":"false","menuText":"Bye","code":"200","msisdn":"27821234567"}`},
		{"an empty screen", dialog.Reply{}, `{"getInput":"false","menuText":"` + atSorry + `","code":"200","msisdn":"27821234567"}`},
		{"signs of JSON and HTML", dialog.Reply{Text: `R5 & <b> "x" \n`}, `{"getInput":"true","menuText":"R5 & <b> \"x\" \\n","code":"200","msisdn":"27821234567"}`},
		{"other letters", dialog.Reply{Text: "Žofie é €"}, `{"getInput":"true","menuText":"Zofie é €","code":"200","msisdn":"27821234567"}`},
		{"too large a screen", dialog.Reply{Text: strings.Repeat("x", 200)}, `{"getInput":"true","menuText":"` + strings.Repeat("x", 160) + `","code":"200","msisdn":"27821234567"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, err := range []error{nil, errors.New("redis is away")} {
				want := Answer{Type: "application/json", Body: []byte(c.want)}
				if d := cmp.Diff(want, knock(t, newTestCweetagram(&recorder{reply: c.reply, err: err}), "POST", "", cweetBody())); d != "" {
					t.Errorf("answer (-want +got):\n%s", d)
				}
			}
		})
	}
}

func FuzzCweetagramDecode(f *testing.F) {
	for _, s := range []string{
		"", "{}", cweetBody(), cweetBody("messageString", "1"), cweetBody("messageString", "*120*2654*1553*1*2#"), cweetBody() + "x",
		`{"msisdn":27821234567,"sessionid":1,"messageString":null,"x":[{}]}`, `{"msisdn":"1","msisdn":"2"}`, `{"x":[[[`,
	} {
		f.Add([]byte(s))
	}
	ch := newTestCweetagram(nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		got, err := ch.Decode(&Callback{Body: body})
		ussdSound(t, ch, got, err)
		if string(body) != before {
			t.Fatal("the body was written to")
		}
	})
}
