package flashapi

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testMeter has a good check digit, and is nobody's.
const testMeter = "14000000019"

func fiftyRand() UtilityLookup {
	return UtilityLookup{Reference: testRef, Meter: testMeter, Amount: 50_00}
}

// meterAnswer is what the document shows as the answer to a lookup (section
// 3.1.26).
const meterAnswer = goodHead + `,"amount":5000,
	"billingInfo":{"arrearValue":35000,"arrearDesc":"Rates","maximumVendValue":200000,"minimumVendValue":1000,"tariffName":"Homelight 20A"},
	"meterInfo":{"algorithmCode":"07","customerInfo":{"address":"1 Main Road","name":"N Mokoena"},"keyRevisionNumber":"2",
		"meterNumber":"` + testMeter + `","supplyGroupCode":"004521","tariffIndex":"07","tokenTechnology":"02",
		"utilityInfo":{"address":"PO Box 1","callCentre":"08600 37566","name":"Eskom","vatNumber":"4999999901"}},
	"isFBE":false}`

func readMeter() *Meter {
	return &Meter{
		Receipt: Receipt{Reference: testRef, TransactionID: "257901", TransactionDate: "2025-05-01 10:00:00", Amount: 50_00},
		Supply: Supply{
			MeterNumber: testMeter, Holder: "N Mokoena", Address: "1 Main Road",
			Utility: Utility{Name: "Eskom", Address: "PO Box 1", CallCentre: "08600 37566", VATNumber: "4999999901"},
			Keys:    Keys{SupplyGroup: "004521", TariffIndex: "07", KeyRevision: "2"}, Algorithm: "07", TokenTechnology: "02",
			Tariff: "Homelight 20A",
		},
		Arrears: 350_00, ArrearsNote: "Rates", Min: 10_00, Max: 2_000_00, LookupID: "257901",
	}
}

// swap replaces parts of an answer, each of which must be in it.
func swap(t *testing.T, body string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(body, pairs[i]) {
			t.Fatalf("no %s in the answer", pairs[i])
		}
		body = strings.Replace(body, pairs[i], pairs[i+1], 1)
	}
	return body
}

func TestALookupIsReadInEveryDocumentedForm(t *testing.T) {
	for name, c := range map[string]struct {
		pairs []string
		want  func(*Meter)
	}{
		"as documented": {nil, func(*Meter) {}},
		"meterinfo":     {[]string{`"meterInfo"`, `"meterinfo"`}, func(*Meter) {}},
		"both names":    {[]string{`"meterInfo"`, `"meterinfo":{"meterNumber":"` + testMeter + `"},"meterInfo"`}, func(*Meter) {}},
		"one is null":   {[]string{`"meterInfo"`, `"meterInfo":null,"meterinfo"`}, func(*Meter) {}},
		"utilityname":   {[]string{`"name":"Eskom"`, `"utilityname":"Eskom"`}, func(*Meter) {}},
		"codes as numbers": {[]string{`"004521"`, `4521`, `"07","tokenTechnology":"02"`, `7,"tokenTechnology":"02"`, `"keyRevisionNumber":"2"`, `"keyRevisionNumber":2`},
			func(*Meter) {}},
		"codes that lost zeros as text": {[]string{`"004521"`, `"4521"`}, func(*Meter) {}},
		"codes in letters": {[]string{`"004521"`, `"A21"`, `"tariffIndex":"07"`, `"tariffIndex":"X"`},
			func(m *Meter) { m.Keys.SupplyGroup, m.Keys.TariffIndex = "A21", "X" }},
		"no codes":            {[]string{`"004521"`, `null`, `"tariffIndex":"07"`, `"tariffIndex":""`}, func(m *Meter) { m.Keys.SupplyGroup, m.Keys.TariffIndex = "", "" }},
		"the meter as number": {[]string{`"` + testMeter + `"`, testMeter}, func(*Meter) {}},
		"no meter number":     {[]string{`"meterNumber":"` + testMeter + `",`, ``}, func(*Meter) {}},
		"money as text":       {[]string{`35000`, `"35000"`, `200000`, `"200000.00"`, `:1000,`, `:"1000",`}, func(*Meter) {}},
		"money in rand":       {[]string{`35000`, `350.5`, `200000`, `2000`, `:1000,`, `:"10",`}, func(m *Meter) { m.Arrears = 350_50 }},
		"no limits":           {[]string{`200000`, `0`, `:1000,`, `0,`[:0] + `:0,`}, func(m *Meter) { m.Min, m.Max = 0, 0 }},
		"no lower limit":      {[]string{`:1000,`, `:null,`}, func(m *Meter) { m.Min = 0 }},
		"in credit":           {[]string{`35000`, `-35000`}, func(m *Meter) { m.Arrears = 0 }},
		"no billing info": {[]string{`"billingInfo"`, `"billing"`}, func(m *Meter) {
			m.Arrears, m.ArrearsNote, m.Min, m.Max, m.Tariff = 0, "", 0, 0, ""
		}},
		"the tariff elsewhere": {[]string{`"tariffName":"Homelight 20A"`, `"x":1`, `"algorithmCode"`, `"tariffName":"Homelight 20A","algorithmCode"`}, func(*Meter) {}},
		"the number as text":   {[]string{`257901`, `" 257901 "`}, func(*Meter) {}},
		"no customer":          {[]string{`{"address":"1 Main Road","name":"N Mokoena"}`, `null`}, func(m *Meter) { m.Holder, m.Address = "", "" }},
		"FBE left out":         {[]string{`"isFBE":false`, `"x":0`}, func(*Meter) {}},
		"FBE as text":          {[]string{`"isFBE":false`, `"isFBE":"false"`}, func(*Meter) {}},
		"no amount":            {[]string{`"amount":5000,`, ``}, func(m *Meter) { m.Amount = 0 }},
	} {
		want := readMeter()
		c.want(want)
		v := Judge(message(fiftyRand()), answered(200, swap(t, meterAnswer, c.pairs...)), First)
		if diff := cmp.Diff(any(want), v.Result); diff != "" || v.Settled != Happened {
			t.Errorf("%s: %+v\n(-want +got):\n%s", name, v, diff)
		}
	}
}

func TestALookupThatIsNotQuiteRightIsSaidToBe(t *testing.T) {
	for name, pairs := range map[string][]string{
		"another amount":        {`"amount":5000`, `"amount":4000`},
		"an amount in words":    {`"amount":5000`, `"amount":"x"`},
		"another meter":         {testMeter, "14000000027"},
		"free electricity":      {`"isFBE":false`, `"isFBE":true`},
		"limits in words":       {`200000`, `"none"`},
		"limits the wrong way":  {`200000`, `500`},
		"arrears beyond belief": {`35000`, `99999999999`},
		"a bill in words":       {`"billingInfo":{`, `"billingInfo":"x","y":{`},
	} {
		v := Judge(message(fiftyRand()), answered(200, swap(t, meterAnswer, pairs...)), First)
		m, ok := v.Result.(*Meter)
		if !ok || !v.Alert || !m.Alert || m.Detail == "" || m.Holder != "N Mokoena" {
			t.Errorf("%s: %+v", name, v)
		}
	}
	v := Judge(message(fiftyRand()), answered(200, swap(t, meterAnswer, `200000`, `500`)), First)
	if m := v.Result.(*Meter); m.Min != 0 || m.Max != 0 {
		t.Errorf("limits that exclude everything stand: %d to %d", m.Min, m.Max)
	}
}

func TestALookupThatTellsOfNoMeterIsMadeAgain(t *testing.T) {
	for _, body := range []string{
		`{"responseCode":0}`, `{"responseCode":0,"meterInfo":null}`, `{"responseCode":0,"meterInfo":{}}`, `{"responseCode":0,"meterInfo":[],"meterinfo":"x"}`,
	} {
		v := Judge(message(fiftyRand()), answered(200, body), First)
		if v.Settled != Refused || v.Class != ClassRetryLater || v.Result != nil || v.Person || v.Owed {
			t.Errorf("%s: %+v", body, v)
		}
	}
}

func TestFreeElectricityIsLookedUpAsSuch(t *testing.T) {
	m := message(UtilityLookup{Reference: testRef, Meter: testMeter, Free: true})
	for body, odd := range map[string]bool{
		`{"responseCode":0,"amount":0,"meterInfo":{"algorithmCode":"07"},"isFBE":true}`:  false,
		`{"responseCode":0,"meterInfo":{"algorithmCode":"07"}}`:                          false,
		`{"responseCode":0,"amount":0,"meterInfo":{"algorithmCode":"07"},"isFBE":false}`: true,
		`{"responseCode":0,"amount":1,"meterInfo":{"algorithmCode":"07"},"isFBE":true}`:  true,
	} {
		v := Judge(m, answered(200, body), First)
		meter, ok := v.Result.(*Meter)
		if !ok || v.Alert != odd || meter.Free != !strings.Contains(body, "false") || meter.MeterNumber != testMeter {
			t.Errorf("%s: %+v, %+v", body, v, v.Result)
		}
	}
}

func TestAMeterThatLostItsZerosIsTheSame(t *testing.T) {
	m := message(UtilityLookup{Reference: testRef, Meter: "0014000000035", Amount: 50_00})
	v := Judge(m, answered(200, `{"responseCode":0,"meterInfo":{"meterNumber":14000000035}}`), First)
	if meter := v.Result.(*Meter); v.Alert || meter.MeterNumber != "0014000000035" {
		t.Errorf("%+v, %s", v, meter.MeterNumber)
	}
}

// namesNobody prints a value in all the ways that logs do, and looks for words.
func namesNobody(t *testing.T, value any, words ...string) {
	t.Helper()
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+"\n", value)
		fmt.Fprintf(&b, verb+"\n", struct{ V any }{value})
		fmt.Fprintf(&b, verb+"\n", []any{value})
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("logged", "value", value)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("logged", "value", value)
	for _, w := range words {
		if said := b.String(); strings.Contains(said, w) || strings.Contains(said, fmt.Sprintf("%x", w)) {
			t.Errorf("%T shows %q:\n%s", value, w, said)
		}
	}
}

func TestAMeterInALogNamesNobody(t *testing.T) {
	m := readMeter()
	words := []string{"Mokoena", "Main Road", testMeter, "Eskom"}
	namesNobody(t, m, words...)
	namesNobody(t, *m, words...)
	namesNobody(t, m.Supply, words...)
	if v := Judge(message(fiftyRand()), answered(200, meterAnswer), First); strings.Contains(fmt.Sprintf("%v %+v %#v", v, v, v), "Mokoena") {
		t.Error("a verdict shows it")
	}
	if s := fmt.Sprint(m); !strings.Contains(s, testRef) {
		t.Errorf("%s does not say which", s)
	}
}

func FuzzMeterAnswer(f *testing.F) {
	for _, s := range []string{
		meterAnswer, `{"responseCode":0,"meterinfo":{"supplyGroupCode":4521}}`, `{"responseCode":0,"meterInfo":{"meterNumber":1},"billingInfo":{"arrearValue":1.5}}`,
		`{"responseCode":2304}`, `{"meterInfo":[[]]}`, `{"responseCode":0,"meterInfo":{"customerInfo":{"name":{}}}}`,
	} {
		f.Add([]byte(s), 200)
	}
	m := message(fiftyRand())
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		checkVerdict(t, m, body, status)
		v := Judge(m, answered(status, string(body)), First)
		if meter, ok := v.Result.(*Meter); ok {
			if meter.Min < 0 || meter.Max < 0 || meter.Arrears < 0 || (meter.Max > 0 && meter.Min > meter.Max) || meter.Max > maxPart {
				t.Fatalf("limits %d to %d, arrears %d", meter.Min, meter.Max, meter.Arrears)
			}
			if len(meter.LookupID) > 64 {
				t.Fatalf("a lookup of %d bytes", len(meter.LookupID))
			}
		}
	})
}
