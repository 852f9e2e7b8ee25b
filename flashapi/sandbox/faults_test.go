package sandbox

import (
	"fmt"
	"go/parser"
	gotoken "go/token"
	"maps"
	"strings"
	"testing"
)

func TestSuccessCanComeWithoutTheGoods(t *testing.T) {
	for fault, want := range map[int][]bool{14: {false, true, true}, 15: {false, false, false}} {
		l := setup(t)
		for op, more := range map[string]props{
			"1voucher/purchase":          {"amount": 2000 + fault},
			"1voucher/disburse":          {"amount": 2000 + fault},
			"cash-out-pin/purchase":      {"amount": 2000 + fault, "productCode": 601},
			"exclusive-voucher/purchase": {"amount": 2000 + fault, "productCode": 701},
			"flash-token/purchase":       {"amount": 2000 + fault},
			"eezi-voucher/purchase":      {"amount": 2000 + fault, "productCode": 305},
			"gift-voucher/purchase":      {"amount": 2000 + fault, "productCode": 506, "storeId": "S", "terminalId": "T"},
			"1voucher/redeem":            {"amount": 1000, "pin": fmt.Sprintf("7%02d0005000000001", fault)},
			"exclusive-voucher/redeem":   {"amount": 1000, "pin": fmt.Sprintf("9%02d0005000000001", fault)},
			"cash-out-pin/lookup":        {"serialNumber": fmt.Sprintf("7%02d0005000000001", fault), "productCode": 601},
			"exclusive-voucher/cancel":   {"serialNumber": fmt.Sprintf("7%02d0005000000002", fault), "productCode": 701},
		} {
			for i, whole := range want {
				status, answer := l.post(op, ask("R-"+strings.ReplaceAll(op, "/", "-"), more))
				wantCode(t, op, status, answer, 200, 0)
				if _, has := answer["voucher"]; has != whole {
					t.Errorf("fault %d, %s, answer %d: %v", fault, op, i+1, answer)
				}
			}
		}
		if b := l.sandbox.Books(); b.Counts["success"] != 11 {
			t.Errorf("books %+v", b)
		}
	}
}

func TestAnAnswerCanNameAnotherReference(t *testing.T) {
	l := setup(t)
	for _, want := range []string{"SOMEBODY-ELSES-1", "A"} {
		_, answer := l.post("cellular/pinless/purchase", pinlessBody("A", "27600010016", "101", "1000"))
		if answer["reference"] != want || answer["responseCode"] != 0.0 {
			t.Errorf("answer %v", answer)
		}
	}
}

func TestEveryTestNumberDoesWhatItSays(t *testing.T) {
	request := map[string]func(ref, value string) (string, string){
		"voucher": func(ref, value string) (string, string) { return "1voucher/redeem", redeemBody(ref, value, "0") },
		"exclusive": func(ref, value string) (string, string) {
			return "exclusive-voucher/redeem", redeemBody(ref, value, "0")
		},
		"serial": func(ref, value string) (string, string) {
			return "cash-out-pin/cancel", ask(ref, props{"serialNumber": value, "productCode": 601})
		},
		"mobile": func(ref, value string) (string, string) {
			return "cellular/pinless/purchase", pinlessBody(ref, value, "101", "1000")
		},
		"amount": func(ref, value string) (string, string) {
			return "1voucher/purchase", strings.Replace(redeemBody(ref, "", value), `"pin":"",`, "", 1)
		},
	}
	healthy := map[int]bool{0: true, 1: true, 14: true, 15: true, 16: true, 19: true, 20: true} // code 0 under HTTP 200
	tried := make(map[string]int)
	l := setup(t)
	for i, n := range TestNumbers() {
		make, mine := request[n.Kind]
		if !mine || n.Fault == int(faultHang) || n.Fault == int(faultHuge) && n.Kind != "mobile" {
			continue // others' kinds, and what never answers or takes long, have tests of their own
		}
		tried[n.Kind]++
		op, body := make(fmt.Sprintf("N-%d", i), n.Value)
		status, answer := l.post(op, body)
		plain := n.Fault != 0 || strings.HasPrefix(n.Meaning, "worth") || strings.HasPrefix(n.Meaning, "an ")
		if clean := status == 200 && answer["responseCode"] == 0.0; clean != (plain && healthy[n.Fault]) {
			t.Errorf("%s %s (%s): HTTP %d, %.200v", n.Kind, n.Value, n.Meaning, status, fmt.Sprint(answer))
		}
		if (n.Fault != 0) != strings.Contains(n.Meaning, fmt.Sprintf("fault %02d", n.Fault)) {
			t.Errorf("%s %s has fault %d, but: %s", n.Kind, n.Value, n.Fault, n.Meaning)
		}
		for range 3 {
			if n.Fault != 0 && n.Fault != int(faultHuge) {
				status, answer = l.post(op, body)
			}
		}
		if n.Fault != 0 {
			wantCode(t, n.Kind+" "+n.Value+" at last", status, answer, 200, 0)
		}
		if strings.HasPrefix(n.Meaning, "worth R50") && answer["amount"] != 5000.0 {
			t.Errorf("%s is %s but gives %v", n.Value, n.Meaning, answer["amount"])
		}
	}
	if len(tried) != len(request) {
		t.Errorf("tried %v", maps.Collect(maps.All(tried)))
	}
}

func TestTheDocumentationNamesEveryFault(t *testing.T) {
	file, err := parser.ParseFile(gotoken.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	doc := file.Doc.Text()
	for i, k := range faultKinds() {
		if int(k.fault) != i+1 || k.name == "" || k.meaning == "" {
			t.Errorf("fault %d is %+v", i+1, k)
		}
		if line := fmt.Sprintf("%s  %-15s  ", k.fault.number(), k.name); !strings.Contains(doc, line) {
			t.Errorf("doc.go has no line %q", line)
		}
	}
}

func TestEveryDocumentedCodeIsWorded(t *testing.T) {
	// The codes of section 4, as ranges.
	documented := 0
	for _, r := range [][2]int{
		{1033, 1033}, {2001, 2001}, {2003, 2003}, {2101, 2105}, {2200, 2207}, {2209, 2213}, {2220, 2220}, {2222, 2267}, {2268, 2285},
		{2300, 2316}, {2318, 2373}, {2376, 2378}, {2400, 2403}, {2405, 2406}, {2408, 2410}, {2412, 2414}, {2500, 2501}, {2600, 2604},
		{2611, 2618}, {2630, 2630}, {2632, 2633}, {2641, 2641}, {2660, 2664}, {2670, 2677}, {2680, 2681}, {2700, 2704}, {2770, 2774},
		{2781, 2781}, {3300, 3313}, {3315, 3315}, {3700, 3704}, {3711, 3711},
	} {
		for code := r[0]; code <= r[1]; code++ {
			documented++
			if _, is := meanings()[code]; !is {
				t.Errorf("code %d has no meaning", code)
			}
		}
	}
	if (refusal{code: 9999}).meaning() == "" {
		t.Error("a code that is not documented has no words")
	}
	if len(meanings()) != documented {
		t.Errorf("%d codes are worded, %d documented", len(meanings()), documented)
	}
}
