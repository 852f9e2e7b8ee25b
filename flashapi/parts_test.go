package flashapi

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// billOf reads the bill of a purchase for an amount from an answer with these
// properties and a token.
func billOf(t interface {
	Helper()
	Fatalf(string, ...any)
}, amount Cents, properties string) Bill {
	t.Helper()
	m := message(UtilityPurchase{Reference: testRef, Meter: testMeter, Amount: amount, Free: amount == 0})
	v := Judge(m, answered(200, `{"responseCode":0,"tokens":[{"token":"`+lightToken+`"}],`+properties+`}`), First)
	sale, ok := v.Result.(*UtilitySale)
	if !ok {
		t.Fatalf("%s: %+v", properties, v)
	}
	return sale.Bill
}

func TestThePartsOfABillAreTakenInTheUnitThatAddsUp(t *testing.T) {
	for name, c := range map[string]struct {
		amount     Cents
		properties string
		want       Bill
	}{
		"cents": {50_00, `"billingInfo":{"exclusiveAmount":4348,"taxAmount":652}`, Bill{Exclusive: 43_48, Tax: 6_52, AddsUp: true}},
		"cents as text": {50_00, `"billingInfo":{"exclusiveAmount":"4348","taxAmount":"652.00"}`,
			Bill{Exclusive: 43_48, Tax: 6_52, AddsUp: true}},
		"rand": {50_00, `"billingInfo":{"exclusiveAmount":43.48,"taxAmount":6.52}`, Bill{Exclusive: 43_48, Tax: 6_52, AddsUp: true, InRand: true}},
		"whole rand": {100_00, `"billingInfo":{"exclusiveAmount":"87","taxAmount":"13"}`,
			Bill{Exclusive: 87_00, Tax: 13_00, AddsUp: true, InRand: true}},
		"rand to four places": {50_00, `"billingInfo":{"exclusiveAmount":43.4783,"taxAmount":6.5217}`,
			Bill{Exclusive: 43_48, Tax: 6_52, AddsUp: true, InRand: true}},
		"fractions of cents": {50_00, `"billingInfo":{"exclusiveAmount":4347.83,"taxAmount":652.17}`,
			Bill{Exclusive: 43_48, Tax: 6_52, AddsUp: true}},
		"a cent too much":  {50_00, `"billingInfo":{"exclusiveAmount":4349,"taxAmount":652}`, Bill{Exclusive: 43_49, Tax: 6_52, AddsUp: true}},
		"two cents":        {50_00, `"billingInfo":{"exclusiveAmount":4350,"taxAmount":652}`, Bill{Exclusive: 43_50, Tax: 6_52}},
		"two cents less":   {50_00, `"billingInfo":{"exclusiveAmount":4346,"taxAmount":652}`, Bill{Exclusive: 43_46, Tax: 6_52}},
		"nothing":          {50_00, `"x":1`, Bill{}},
		"no bill":          {50_00, `"billingInfo":null`, Bill{}},
		"no exclusive":     {50_00, `"billingInfo":{"taxAmount":5000}`, Bill{Tax: 50_00}},
		"no tax":           {50_00, `"billingInfo":{"exclusiveAmount":5000}`, Bill{Exclusive: 50_00, AddsUp: true}},
		"not a number":     {50_00, `"billingInfo":{"exclusiveAmount":5000,"taxAmount":"none"}`, Bill{Exclusive: 50_00}},
		"a bill of words":  {50_00, `"billingInfo":"none","charges":{"debt":{"value":5000}}`, Bill{Debts: []Charge{{Amount: 50_00}}}},
		"beyond belief":    {50_00, `"billingInfo":{"exclusiveAmount":999999999999999999,"taxAmount":-999999999999999999}`, Bill{}},
		"for nothing":      {0, `"billingInfo":{"exclusiveAmount":0,"taxAmount":0}`, Bill{AddsUp: true}},
		"something of FBE": {0, `"billingInfo":{"exclusiveAmount":4348,"taxAmount":652}`, Bill{Exclusive: 43_48, Tax: 6_52}},
		"charges": {100_00, `"billingInfo":{"exclusiveAmount":3043,"taxAmount":457},
			"charges":{"debt":{"value":4000,"description":"Arrears"},"fixedCost":[{"value":1500,"description":"Service"},{"value":1000,"description":"Capacity"}]}`,
			Bill{Exclusive: 30_43, Tax: 4_57, Debts: []Charge{{Description: "Arrears", Amount: 40_00}},
				FixedCosts: []Charge{{Description: "Service", Amount: 15_00}, {Description: "Capacity", Amount: 10_00}}, AddsUp: true}},
		"charges in rand": {100_00, `"billingInfo":{"exclusiveAmount":"30.43","taxAmount":"4.57"},"charges":{"debt":[{"value":"40"}],"fixedCost":{"value":25.00}}`,
			Bill{Exclusive: 30_43, Tax: 4_57, Debts: []Charge{{Amount: 40_00}}, FixedCosts: []Charge{{Amount: 25_00}}, AddsUp: true, InRand: true}},
		"a rebate": {100_00, `"billingInfo":{"exclusiveAmount":9565,"taxAmount":1435},"charges":{"fixedCost":[{"value":-1000,"description":"Rebate"}]}`,
			Bill{Exclusive: 95_65, Tax: 14_35, FixedCosts: []Charge{{Description: "Rebate", Amount: -10_00}}, AddsUp: true}},
		"charges of nothing": {50_00, `"billingInfo":{"exclusiveAmount":4348,"taxAmount":652},"charges":{"debt":{"value":0,"description":""},"fixedCost":[]}`,
			Bill{Exclusive: 43_48, Tax: 6_52, AddsUp: true}},
		"null charges": {50_00, `"billingInfo":{"exclusiveAmount":4348,"taxAmount":652},"charges":{"debt":null,"fixedCost":[null]}`,
			Bill{Exclusive: 43_48, Tax: 6_52, AddsUp: true}},
		"a charge in words": {50_00, `"billingInfo":{"exclusiveAmount":4348,"taxAmount":652},"charges":{"debt":{"value":"R0"}}`,
			Bill{Exclusive: 43_48, Tax: 6_52}},
		"charges that are no objects": {50_00, `"billingInfo":{"exclusiveAmount":4348,"taxAmount":652},"charges":{"fixedCost":[1]}`,
			Bill{Exclusive: 43_48, Tax: 6_52}},
		"charges at the top": {100_00, `"billingInfo":{"exclusiveAmount":5217,"taxAmount":783},"debt":{"value":4000}`,
			Bill{Exclusive: 52_17, Tax: 7_83, Debts: []Charge{{Amount: 40_00}}, AddsUp: true}},
	} {
		if diff := cmp.Diff(c.want, billOf(t, c.amount, c.properties)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The draft has the parts with the tokens and charges, with their tax inside or
// besides.
func TestThePartsOfADraftBillAreTakenAsTheyAddUp(t *testing.T) {
	const debt = `"debt":{"value":%s,"tax":%s,"description":"Arrears","outstanding":"260.00","tariffDescription":"D1","taxInvoiceNumber":"TI9"}`
	charge := []Charge{{Description: "Arrears", Amount: 40_00, Tariff: "D1", Outstanding: "260.00", TaxInvoice: "TI9"}}
	for name, c := range map[string]struct {
		properties string
		want       Bill
	}{
		"inside": {`"tokens":[{"token":"1","value":0,"tax":0},{"token":"2","value":6000,"tax":783}],` + fmt.Sprintf(debt, "4000", "522"),
			Bill{Exclusive: 52_17, Tax: 7_83, Debts: charge, AddsUp: true}},
		"besides": {`"tokens":[{"token":"2","value":5217,"tax":183}],` + fmt.Sprintf(debt, "4000", "600"),
			Bill{Exclusive: 52_17, Tax: 7_83, Debts: charge, AddsUp: true}},
		"inside, in rand": {`"tokens":[{"token":"2","value":"60","tax":"7.83"}],` + fmt.Sprintf(debt, "40", "5.22"),
			Bill{Exclusive: 52_17, Tax: 7_83, Debts: charge, AddsUp: true, InRand: true}},
		"besides, in rand": {`"tokens":[{"token":"2","value":52.17,"tax":1.83}],` + fmt.Sprintf(debt, "40", "6"),
			Bill{Exclusive: 52_17, Tax: 7_83, Debts: charge, AddsUp: true, InRand: true}},
		"neither":         {`"tokens":[{"token":"2","value":5000,"tax":783}],` + fmt.Sprintf(debt, "4000", "522"), Bill{Exclusive: 42_17, Tax: 7_83, Debts: charge}},
		"without a value": {`"tokens":[{"token":"2"}],"fixedCost":{"value":10000}`, Bill{FixedCosts: []Charge{{Amount: 100_00}}}},
		"a tax in words":  {`"tokens":[{"token":"2","value":10000,"tax":"?"}]`, Bill{Exclusive: 100_00}},
	} {
		m := message(UtilityPurchase{Reference: testRef, Meter: testMeter, Amount: 100_00})
		v := Judge(m, answered(200, `{"responseCode":0,`+c.properties+`}`), First)
		if diff := cmp.Diff(c.want, v.Result.(*UtilitySale).Bill); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// money writes cents as one of the forms that a host may choose.
func money(t *rapid.T, c Cents, rand bool) string {
	s := fmt.Sprint(int64(c))
	if rand {
		s = big.NewRat(int64(c), 100).FloatString(rapid.IntRange(2, 5).Draw(t, "places"))
	}
	if rapid.Bool().Draw(t, "text") {
		s = `"` + s + `"`
	}
	return s
}

func TestABillIsReadBackInCentsAndInRand(t *testing.T) {
	part := rapid.Int64Range(1_00, 1_000_00)
	rapid.Check(t, func(t *rapid.T) {
		rand := rapid.Bool().Draw(t, "in rand")
		want := Bill{Exclusive: Cents(part.Draw(t, "exclusive")), Tax: Cents(part.Draw(t, "tax")), AddsUp: true, InRand: rand}
		amount := want.Exclusive + want.Tax
		write := func(n int) (list []Charge, wire string) {
			var all []string
			for i := range n {
				c := Charge{Description: fmt.Sprint("charge ", i), Amount: Cents(part.Draw(t, "charge"))}
				amount += c.Amount
				list = append(list, c)
				all = append(all, `{"value":`+money(t, c.Amount, rand)+`,"description":"`+c.Description+`"}`)
			}
			return list, "[" + strings.Join(all, ",") + "]"
		}
		var debts, fixed string
		want.Debts, debts = write(rapid.IntRange(0, 2).Draw(t, "debts"))
		want.FixedCosts, fixed = write(rapid.IntRange(0, 3).Draw(t, "fixed"))
		bill := `"billingInfo":{"exclusiveAmount":` + money(t, want.Exclusive, rand) + `,"taxAmount":` + money(t, want.Tax, rand) + `}`
		answer := bill + `,"charges":{"debt":` + debts + `,"fixedCost":` + fixed + `}`
		got := billOf(t, amount, answer)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s for %d (-want +got):\n%s", answer, amount, diff)
		}
		// An amount that the parts do not make up shows in both units.
		off := Cents(rapid.Int64Range(10, 1_000).Draw(t, "off"))
		if wrong := billOf(t, amount+off, answer); wrong.AddsUp {
			t.Fatalf("%s adds up to %d, and to %d", answer, amount, amount+off)
		}
	})
}

func TestABillThatAddsUpIsWithinItsTolerance(t *testing.T) {
	anyPart := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"0", "1", "43.48", "6.52", "4348", "652", `"5000"`, "-1", "null", `"x"`, "1e3", "{}", "50"}).Draw(t, "part")
	})
	rapid.Check(t, func(t *rapid.T) {
		amount := Cents(rapid.SampledFrom([]int64{0, 50_00, 100_00}).Draw(t, "amount"))
		b := billOf(t, amount, fmt.Sprintf(`"billingInfo":{"exclusiveAmount":%s,"taxAmount":%s},"charges":{"debt":{"value":%s},"fixedCost":[{"value":%s}]}`,
			anyPart.Draw(t, "e"), anyPart.Draw(t, "t"), anyPart.Draw(t, "d"), anyPart.Draw(t, "f")))
		sum := b.Exclusive + b.Tax
		for _, c := range append(b.Debts, b.FixedCosts...) {
			sum += c.Amount
		}
		if off := max(sum-amount, amount-sum); b.AddsUp && off > 2 {
			t.Fatalf("%+v is said to add up to %d", b, amount)
		}
	})
}
