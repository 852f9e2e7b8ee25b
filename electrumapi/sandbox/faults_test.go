package sandbox

import (
	"os"
	"strings"
	"testing"
	"time"
)

// deeds is what each fault does to a purchase of a voucher: the HTTP status, 0
// for none, what its body holds, and whether the voucher was sold.
func deeds() map[string]struct {
	status int
	holds  string
	sold   bool
} {
	type deed = struct {
		status int
		holds  string
		sold   bool
	}
	return map[string]deed{
		"slow": {201, `"pin"`, true}, "cut_before": {0, "", false}, "cut_after": {0, "", true},
		"http_500_before": {500, "Internal", false}, "http_500_after": {500, "Internal", true},
		"garbage": {201, "<html>", true}, "throttled": {429, "", false}, "http_503_before": {503, typeUnavailable, false},
		"unauthorised": {401, "", false}, "hang": {0, "", true}, "http_504_before": {504, "Gateway", false},
		"empty": {201, "", true}, "http_504_after": {504, "Gateway", true}, "no_goods_once": {201, `"product"`, true},
		"no_goods": {201, `"product"`, true}, "other_id": {201, `"ffffffff-`, true}, "success_under_500": {500, `"pin"`, true},
		"deep": {201, "[[[", true}, "huge": {201, "xxx", true}, "drip": {201, `"pin"`, true}, "truncated": {0, "", true},
		"wrong_types": {201, `"voucher":true`, true}, "outcome_unknown_before": {500, typeUnknown, false},
		"unlisted_type": {400, unlistedType, false}, "redirect": {307, "", false}, "outcome_unknown_after": {500, typeUnknown, true},
		"late": {0, "", false}, "forbidden": {403, "", false}, "other_goods": {201, "SomethingElse", true},
		"http_503_after": {503, "Service", true}, "http_408_before": {408, "", false}, "empty_error": {400, "", false},
		"http_501_before": {501, typeNoFunction, false}, "outcome_unknown_under_400": {400, typeUnknown, true},
		"unlisted_type_after": {500, unlistedType, true},
	}
}

// waiting says that a fault keeps silent until the caller gives up.
func (k faultKind) waiting() bool { return k.fault == faultHang || k.fault == faultLate }

func TestEveryFaultStrikesOnceAndIsRecoveredFrom(t *testing.T) {
	all := deeds()
	for _, k := range faultKinds() {
		t.Run(k.name, func(t *testing.T) {
			want, listed := all[k.name]
			if !listed {
				t.Fatal("not in the table")
			}
			for name, product := range map[string]string{"by a test number": "VODPIN10F" + k.fault.number(), "by a switch": "VODPIN10"} {
				l := setup(t)
				id := l.id()
				if product == "VODPIN10" {
					l.fault(Fault{Name: k.name, Reference: "P-0001"})
				}
				if k.waiting() {
					l.giveUp(purchases, pin(id, product), func() bool { return l.sandbox.Books().Counts["requests"] > 0 })
				} else if r := l.post(purchases, pin(id, product)); r.status != want.status || !strings.Contains(r.text, want.holds) {
					t.Errorf("%s: HTTP %d, %.300s", name, r.status, r.text)
				} else if strings.Contains(r.text, `"pin"`) != (k.fault == faultDeep || k.fault == faultHuge || k.fault == faultOtherID || k.fault == faultOtherGoods || want.holds == `"pin"`) {
					t.Errorf("%s: voucher in %.300s", name, r.text)
				}
				if l.sandbox.Done(id) != want.sold {
					t.Errorf("%s: sold %t", name, l.sandbox.Done(id))
				}
				r := l.get(purchases + "/status?originalMsgId=" + id)
				if want.sold != (r.status == 200) || want.sold && (r.at("voucher.pin") == nil) != (k.fault == faultNoGoods && name == "by a test number") {
					t.Errorf("%s: status %d, %s", name, r.status, r.text)
				}
				if !want.sold && k.fault != faultLate {
					l.post(purchases, pin(id, product)).want(t, name+", again", 201, "")
				}
			}
		})
	}
	if len(all) != len(faultKinds()) {
		t.Errorf("%d faults in the table, %d in all", len(all), len(faultKinds()))
	}
}

func TestWhatIsLateIsDoneAfterItWasGivenUp(t *testing.T) {
	l := setup(t)
	late := func() string {
		id := l.id()
		n := l.sandbox.Books().Counts["requests"]
		l.giveUp(purchases, pin(id, "VODPIN10F27"), func() bool { return l.sandbox.Books().Counts["requests"] > n })
		return id
	}
	status := func(id string) reply { return l.get(purchases + "/status?originalMsgId=" + id) }

	id := late()
	status(id).want(t, "still on its way", 404, typeNotFound)
	l.now.Add(29)
	status(id).want(t, "29 s later", 404, typeNotFound)
	l.now.Add(1)
	status(id).want(t, "30 s later", 200, "")

	id = late()
	l.post(reversals, reversal(l.id(), id)).want(t, "overtaken", 404, typeNotFound)
	l.sandbox.Release()
	status(id).want(t, "refused when it came", 404, typeNotFound)
	if x, _ := l.sandbox.Transaction(id); x.State != Overtaken || x.Seen != 1 {
		t.Errorf("books %+v", x)
	}

	id = late()
	l.control("POST", "release", "")
	if !l.sandbox.Done(id) {
		t.Error("not released")
	}
	l.money("afterwards", DefaultFloat-20_00)
}

func TestASwitchStrikesWhatFits(t *testing.T) {
	l := setup(t)
	for name, test := range map[string]struct {
		fault Fault
		meets func(id string) reply
		other func(id string) reply
	}{
		"op": {
			Fault{Op: "airtime/purchases/status"},
			func(id string) reply { return l.get(purchases + "/status?originalMsgId=" + id) },
			func(id string) reply { return l.post(confirmations, confirmation(l.id(), id, 1)) },
		},
		"target": {
			Fault{Target: "27831234567"},
			func(string) reply { return l.post(purchases, topUp(l.id(), "MTNAIR", "+27831234567", 5_00)) },
			func(string) reply { return l.post(purchases, topUp(l.id(), "MTNAIR", "27831234568", 5_00)) },
		},
		"id of the request": {
			Fault{},
			func(id string) reply { return l.post(confirmations, confirmation(l.id(), id, 1)) },
			func(string) reply { return l.post(purchases, pin(l.id(), "VODPIN10")) },
		},
		"reference of the request": {
			Fault{},
			func(id string) reply { return l.get(purchases + "/status?originalMsgId=" + id) },
			func(string) reply { return l.post(purchases, pin(l.id(), "VODPIN10")) },
		},
	} {
		l.sandbox.ClearFaults()
		id := l.id()
		l.post(purchases, pin(id, "VODPIN10")).want(t, name, 201, "")
		f := test.fault
		f.Name, f.Times = "http_504_before", 2
		switch name {
		case "id of the request":
			f.Reference = strings.ToUpper(id)
		case "reference of the request":
			f.Reference = "P-" + id[len(id)-4:]
		}
		l.fault(f)
		if r := test.other(id); r.status/100 != 2 {
			t.Errorf("%s: other: HTTP %d, %s", name, r.status, r.text)
		}
		for range 2 {
			if r := test.meets(id); r.status != 504 {
				t.Errorf("%s: HTTP %d, %s", name, r.status, r.text)
			}
		}
		if r := test.meets(id); r.status/100 != 2 {
			t.Errorf("%s: third: HTTP %d, %s", name, r.status, r.text)
		}
	}
}

func TestAReferenceIsKnownOfWhatNeverArrived(t *testing.T) {
	l := setup(t)
	id := l.id()
	l.fault(Fault{Name: "cut_before", Reference: "P-0001", Times: 2})
	if r := l.post(purchases, pin(id, "VODPIN10")); r.status != 0 {
		t.Errorf("purchase: HTTP %d", r.status)
	}
	if r := l.get(purchases + "/status?originalMsgId=" + id); r.status != 0 {
		t.Errorf("status: HTTP %d", r.status)
	}
	l.get(purchases+"/status?originalMsgId="+id).want(t, "status", 404, typeNotFound)
	if _, known := l.sandbox.Find("P-0001"); known {
		t.Error("in the books")
	}
}

func TestAToldTypeIsTheOutcome(t *testing.T) {
	l := setup(t)
	id, kept := l.id(), l.id()
	l.fault(Fault{Type: "LIMIT_EXCEEDED", Name: "hang", Target: "VODPIN29"})
	l.giveUp(purchases, pin(kept, "VODPIN29"), func() bool { x, _ := l.sandbox.Transaction(kept); return x.State == Refused })
	l.get(purchases+"/status?originalMsgId="+kept).want(t, "kept", 400, "LIMIT_EXCEEDED")
	l.post(purchases, pin(id, "VODPIN10"))
	l.fault(Fault{Type: "GENERAL_ERROR", Status: 503, Op: "airtime/purchases/confirmations"})
	l.post(confirmations, confirmation(l.id(), id, 1)).want(t, "told", 503, "GENERAL_ERROR")
	if x, _ := l.sandbox.Find("P-0001"); x.State != Provisioned || x.Advices != 1 {
		t.Errorf("books %+v", x)
	}
	l.fault(Fault{Type: "GENERAL_ERROR", Reference: id})
	l.post(purchases, pin(id, "VODPIN10")).want(t, "a duplicate", 500, "GENERAL_ERROR")
	l.money("afterwards", DefaultFloat-10_00)
}

func TestADelayComesBeforeTheAnswer(t *testing.T) {
	l := setup(t)
	id := l.id()
	l.fault(Fault{Delay: time.Minute, Op: "airtime/purchases"})
	l.giveUp(purchases, pin(id, "VODPIN10"), func() bool { return l.sandbox.Done(id) })
	l.fault(Fault{Delay: time.Minute})
	l.giveUp(purchases+"/trials", pin(l.id(), "VODPIN10"), func() bool { return l.sandbox.Books().Counts["op airtime/purchases/trials"] > 0 })
	l.control("POST", "faults", `{"delayMs":0}`)
	l.get(airtimeBase+"products").want(t, "no delay", 200, "")
}

func TestTheDocumentListsEveryFault(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range faultKinds() {
		if !strings.Contains(string(doc), "//\t"+k.fault.number()+"  "+k.name+"  ") {
			t.Errorf("%s %s is not in doc.go", k.fault.number(), k.name)
		}
	}
}
