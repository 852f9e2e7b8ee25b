package flashapi

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"spaza/secret"
)

// wire is a request and the body that it must become.
type wire struct {
	request Request
	body    string
}

// How bodies begin: without a till, with testTill, and with metadata as well.
const (
	wireBare = `{"reference":"` + testRef + `","accountNumber":"1000200030004000"`
	wireTill = wireBare + `,"storeId":"S1","terminalId":"T1"`
	wireMeta = wireTill + `,"metadata":{"shop":"7"}`
)

// checkWire compares the bytes of requests in a dialect.
func checkWire(t *testing.T, d Dialect, wires []wire) {
	t.Helper()
	b := setup(t, func(o *Options) { o.Dialect = d })
	for _, w := range wires {
		if got := b.build(w.request).Body.Reveal(); got != w.body {
			t.Errorf("%T\n got %s\nwant %s", w.request, got, w.body)
		}
	}
}

// checkForbidden wants requests to be refused before anything is sent.
func checkForbidden(t *testing.T, d Dialect, requests map[string]Request) {
	t.Helper()
	b := setup(t, func(o *Options) { o.Dialect = d })
	for name, r := range requests {
		if m, err := b.client.Build(r); !errors.Is(err, ErrInvalid) || m != (Message{}) {
			t.Errorf("%s: error %v, want ErrInvalid", name, err)
		}
	}
	if got := b.observations(); got != "" {
		t.Errorf("the host was asked: %s", got)
	}
}

// tenPairs are more metadata than there may be.
func tenPairs() Metadata {
	m := make(Metadata)
	for i := range 10 {
		m[fmt.Sprint(i)] = "v"
	}
	return m
}

// forbidden are values that no request may have in a field of that name. What
// may be empty or zero differs between requests and is tested with each group.
var forbidden = map[string][]any{
	"Reference": {"", "A_B", "A,B", "A B", "Ä", "A/B", "A\n", strings.Repeat("1", 51)},
	"Original":  {"", "A_B", "A,B", strings.Repeat("1", 51), testRef},
	"Amount":    {Cents(-1), Cents(-1 << 63)},
	"PIN": {
		secret.Text{}, secret.New("500050000000000"), secret.New("50005000000000011"), secret.New("5000 50000000001"),
		secret.New("5000-5000-0000-0001"), secret.New("٥٠٠٠٥٠٠٠"), secret.New("500050000000000x"),
	},
	"MobileNumber": {
		"0821234567", "+27821234567", "+2782123456", "2782123456", "278212345678", "26821234567", "27082123456", "2782123456x",
	},
	"ProductCode":   {"0", "0101", "-1", "1.5", "x", `1,"x":1`, "1234567890123456789", "١"},
	"Barcode":       {"6001234567895x", "600 1234567895", "-6001234567895", "٦٠٠"},
	"SerialNumber":  {"", "300-400", "300 400", `"`, strings.Repeat("1", 51)},
	"Account":       {"", "1101 2345", "1101-2345", strings.Repeat("1", 51)},
	"Destination":   {"", "0821234567", "+26650123456", "2665012", "2665012345678901", "266 50123456"},
	"Meter":         {"", "0123 4567", "01-23", strings.Repeat("1", 51)},
	"PaymentMethod": {"credit card", "kaart-betaling", "é"},
	"Till":          {Till{StoreID: "my store"}, Till{TerminalID: "T-1"}, Till{StoreID: "é"}},
	"Metadata": {
		tenPairs(), Metadata{"elevenchars": ""}, Metadata{"": ""}, Metadata{"a": strings.Repeat("é", 44)},
	},
}

// allowed are values at the limits of what a field of that name may have.
var allowed = map[string][]any{
	"Reference": {"A", "-.=", strings.Repeat("1", 50)},
	"Original":  {"A", "-.=", strings.Repeat("1", 50)},
	"Amount":    {Cents(1), Cents(1<<63 - 1)},
	"Metadata":  {Metadata(nil), Metadata{"tencharsxx": strings.Repeat("é", 43)}, Metadata{"a": "", "b": "\"\n<"}},
	"Till":      {testTill},
}

// with is a copy of a request with another value in a field; false where it has
// no such field.
func with(r Request, field string, value any) (Request, bool) {
	v := reflect.New(reflect.TypeOf(r)).Elem()
	v.Set(reflect.ValueOf(r))
	f := v.FieldByName(field)
	if !f.IsValid() || f.Type() != reflect.TypeOf(value) {
		return nil, false
	}
	f.Set(reflect.ValueOf(value))
	return v.Interface().(Request), true
}

func TestNoFieldOfAnyRequestTakesWhatTheDocumentForbids(t *testing.T) {
	b := setup(t)
	for _, s := range specimens() {
		for field, values := range forbidden {
			for _, value := range values {
				r, ok := with(s.request, field, value)
				if !ok {
					continue
				}
				_, err := b.client.Build(r)
				if !errors.Is(err, ErrInvalid) {
					t.Errorf("%v: %s %q was built: %v", s, field, value, err)
					continue
				}
				if text, is := value.(string); is && len(text) > 2 && strings.Contains(err.Error(), text) {
					t.Errorf("%v: the error repeats the %s: %v", s, field, err)
				}
			}
		}
		for field, values := range allowed {
			for _, value := range values {
				if r, ok := with(s.request, field, value); ok {
					if _, err := b.client.Build(r); err != nil {
						t.Errorf("%v: %s %q was not built: %v", s, field, value, err)
					}
				}
			}
		}
	}
}

// TestEveryFieldOfEveryRequestIsLookedAt fails when a request grows a field
// that no test knows.
func TestEveryFieldOfEveryRequestIsLookedAt(t *testing.T) {
	known := []string{"Free", "LookupID"} // a yes or no, and what only the draft sends
	for _, s := range specimens() {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(s.request)) {
			if _, is := forbidden[f.Name]; !is && !slices.Contains(known, f.Name) {
				t.Errorf("%v: nothing says what %s may not be", s, f.Name)
			}
		}
	}
}

func TestAReferenceIsTheMessagesOwn(t *testing.T) {
	for _, s := range specimens() {
		if m := s.message(); m.Reference != testRef || !strings.Contains(m.Body.Reveal(), `"reference":"`+testRef+`"`) {
			t.Errorf("%v: reference %q", s, m.Reference)
		}
	}
}

func TestTheShopAndTillComeFromTheOptionsWhereARequestHasNone(t *testing.T) {
	b := setup(t, func(o *Options) { o.StoreID, o.TerminalID = "HOUSE", "DOOR" })
	for _, s := range specimens() {
		if s.op == OpCashOutLookup || s.op == OpUtilityLookup {
			continue // have no room for them
		}
		for want, till := range map[string]Till{
			`"storeId":"HOUSE","terminalId":"DOOR"`: {}, `"storeId":"S1","terminalId":"DOOR"`: {StoreID: "S1"},
			`"storeId":"S1","terminalId":"T1"`: testTill,
		} {
			r, _ := with(s.request, "Till", till)
			if got := b.build(r).Body.Reveal(); !strings.Contains(got, want) {
				t.Errorf("%v: %s, want %s in it", s, got, want)
			}
		}
	}
}
