package flows

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spaza/gsm7"
	"spaza/ledger"
	"spaza/locales"
	"spaza/secret"
	"spaza/vend"

	"github.com/google/go-cmp/cmp"
)

// parts is how many messages a text takes on its way, and how many septets: one
// of 160, or several of 153.
func parts(t *testing.T, text string) (n, septets int) {
	t.Helper()
	septets, ok := gsm7.Cost(gsm7.Fold(text))
	if !ok {
		t.Fatalf("%q does not fold", text)
	}
	if septets <= 160 {
		return 1, septets
	}
	return (septets + 152) / 153, septets
}

// done is an order of a kind that was delivered.
func done(t *testing.T, k vend.Kind, label, target string) vend.Order {
	return vend.Order{
		Ref: buyRf, Kind: k, Label: label, Amount: ledger.Rand(100), Target: target, State: vend.StateDelivered, UpdatedAt: noon(t),
	}
}

func pinVoucher(pin string, change func(*vend.Voucher)) vend.Goods {
	v := &vend.Voucher{PIN: secret.New(pin), Amount: ledger.Rand(100), Expires: "2029-03-02", Serial: "S-17"}
	if change != nil {
		change(v)
	}
	return vend.Goods{Voucher: v}
}

// power is all that a utility can say.
func power() vend.Utility {
	return vend.Utility{
		Meter: "07012345678", Units: "31.4", Unit: "kWh", FreeUnits: "50.0", Utility: "City Power", VATNumber: "4710191182",
		Phone: "0860 562 874", Tariff: "Prepaid Low", Receipt: "R-4711", Message: "Save power\nbetween 17:00 and 21:00.", Holder: "T CANARY",
		SupplyGroup: "100405", TariffIndex: "07", KeyRevision: "2",
		Tokens: []vend.Token{
			{Use: vend.TokenKeyChange, Label: "KCT1", Value: secret.New("1111 1111 1111 1111 1111")},
			{Use: vend.TokenKeyChange, Label: "KCT2", Value: secret.New("22222222222222222222")},
			{Use: vend.TokenCredit, Label: "Credit", Value: secret.New("33333333333333333333")},
			{Use: vend.TokenFree, Label: "FBE", Value: secret.New("4444-4444-4444-4444-4444")},
			{Use: vend.TokenOther, Label: "?", Value: secret.New("5555ABCD")},
		},
		PartsKnown: true, Net: 69_57, VAT: 10_43,
		Debt:  []vend.Charge{{Label: "Arrears", Amount: ledger.Rand(15)}},
		Fixed: []vend.Charge{{Label: "Service fee", Amount: ledger.Rand(5)}},
	}
}

func TestAReceiptHandsOverWhatWasBought(t *testing.T) {
	plainPower := func(change func(*vend.Utility)) vend.Goods {
		u := vend.Utility{
			Meter: "07012345678", Units: "31.4", Unit: "kWh", Utility: "City Power",
			Tokens: []vend.Token{{Use: vend.TokenCredit, Value: secret.New("33333333333333333333")}},
		}
		if change != nil {
			change(&u)
		}
		return vend.Goods{Utility: &u}
	}
	whole := power()
	for _, c := range []struct {
		name  string
		order vend.Order
		goods vend.Goods
		want  string
		parts int
	}{
		{
			"a refund", done(t, vend.KindRefund, "1Voucher", ""), pinVoucher("9781978297839784", nil),
			"From your balance: a 1Voucher of R100. The PIN:\n9781 9782 9783 9784\nValid until 2029-03-02.\n" +
				"Never give the PIN to anyone.\n2/3 12:00 Ref GHJKLM\nSerial S-17", 1,
		},
		{
			"a 1Voucher", done(t, vend.KindVoucher, "1Voucher", ""),
			pinVoucher("9781978297839784", func(v *vend.Voucher) { v.Expires, v.Serial = "2029-03-02T00:00:00Z", "" }),
			"Your 1Voucher of R100. The PIN:\n9781 9782 9783 9784\nValid until 2029-03-02.\nNever give the PIN to anyone.\n2/3 12:00 Ref GHJKLM", 1,
		},
		{
			"airtime as a PIN", done(t, vend.KindAirtimePIN, "MTN", ""), pinVoucher("123456789012", func(v *vend.Voucher) {
				v.Expires, v.HowTo = "", secret.New("Dial *136*\r\n(PIN)#  and press call.")
			}),
			"R100 MTN airtime. Your PIN:\n1234 5678 9012\n2/3 12:00 Ref GHJKLM\nDial *136* (PIN)# and press call.\nSerial S-17", 1,
		},
		{
			"a gift voucher with letters", done(t, vend.KindGift, "Hollywood", ""), pinVoucher("AB12-CD34", func(v *vend.Voucher) { v.Amount, v.Serial = 0, "" }),
			"Your Hollywood gift voucher of R100. The PIN:\nAB12-CD34\nValid until 2029-03-02.\nNever give the PIN to anyone.\n2/3 12:00 Ref GHJKLM", 1,
		},
		{
			"cash", done(t, vend.KindCashOut, "Cash", ""), pinVoucher("12345678901234", func(v *vend.Voucher) { v.Expires, v.Serial = "", "" }),
			"Your PIN to draw R100 in cash:\n1234 5678 9012 34\nNever give the PIN to anyone.\n2/3 12:00 Ref GHJKLM", 1,
		},
		{
			"what was left of a voucher", done(t, vend.KindRedeem, "", ""), pinVoucher("9781978297839784", func(v *vend.Voucher) { v.Amount, v.Serial = ledger.Rand(30), "" }),
			"R100 from your 1Voucher was added to your balance. Ref GHJKLM\nR30 is left, on a new 1Voucher. The PIN:\n9781 9782 9783 9784\n" +
				"Valid until 2029-03-02.\nNever give the PIN to anyone.\n2/3 12:00 Ref GHJKLM", 2,
		},
		{
			"data", done(t, vend.KindData, "Vodacom", buyer), vend.Goods{},
			"Vodacom bundle of R100 is on 0821234567. 2/3 12:00 Ref GHJKLM", 1,
		},
		{
			"a bill", done(t, vend.KindBill, "DStv", "11053017001234"),
			vend.Goods{Payment: &vend.Payment{Biller: "MultiChoice", Phone: "083 900 3788", Holder: "T CANARY", Account: "7001234", Status: "Active"}},
			"R100 is paid to MultiChoice, account 7001234. 2/3 12:00 Ref GHJKLM\nQuestions: 083 900 3788", 1,
		},
		{
			"a bill of which nothing else is known", done(t, vend.KindBill, "DStv", "11053017001234"), vend.Goods{},
			"R100 is paid to DStv, account 11053017001234. 2/3 12:00 Ref GHJKLM", 1,
		},
		{
			"one token", done(t, vend.KindElectricity, "City Power", "07012345678"), plainPower(nil),
			"R100 City Power, meter 07012345678:\n3333 3333 3333 3333 3333\nUnits: 31.4 kWh\n2/3 12:00 Ref GHJKLM", 1,
		},
		{
			"one token, with little said", done(t, vend.KindElectricity, "Eskom", "07012345678"),
			plainPower(func(u *vend.Utility) { u.Meter, u.Utility, u.Units = "", "", "" }),
			"R100 Eskom, meter 07012345678:\n3333 3333 3333 3333 3333\n2/3 12:00 Ref GHJKLM", 1,
		},
		{
			"free units", func() vend.Order { o := done(t, vend.KindElectricity, "Eskom", "07012345678"); o.Amount = 0; return o }(),
			plainPower(func(u *vend.Utility) { u.Tokens[0].Use, u.Units, u.FreeUnits = vend.TokenFree, "", "50.0" }),
			"Free units, City Power, meter 07012345678:\n3333 3333 3333 3333 3333\nFree units: 50.0 kWh\n2/3 12:00 Ref GHJKLM", 1,
		},
		{
			"all that there can be", done(t, vend.KindElectricity, "City Power", "07012345678"), vend.Goods{Utility: &whole},
			"R100 City Power, meter 07012345678:\nEnter all of these, in this order:\n" +
				"1. New key of the meter:\n1111 1111 1111 1111 1111\n2. New key of the meter:\n2222 2222 2222 2222 2222\n" +
				"3. Token:\n3333 3333 3333 3333 3333\n4. Free units:\n4444 4444 4444 4444 4444\n5. Token:\n5555ABCD\n" +
				"Units: 31.4 kWh\n2/3 12:00 Ref GHJKLM\nFree units: 50.0 kWh\nUnits R69.57, VAT R10.43\nDebt paid, Arrears: R15\nService fee: R5\n" +
				"Tariff Prepaid Low\nReceipt R-4711\nSGC 100405 TI 07 KRN 2\nVAT no. 4710191182\nQuestions: 0860 562 874\nSave power between 17:00 and 21:00.", 4,
		},
		{
			"a price whose parts do not add up", done(t, vend.KindElectricity, "City Power", "07012345678"),
			plainPower(func(u *vend.Utility) { u.Net, u.VAT, u.Debt = 1, 2, []vend.Charge{{Label: "x", Amount: 3}} }),
			"R100 City Power, meter 07012345678:\n3333 3333 3333 3333 3333\nUnits: 31.4 kWh\n2/3 12:00 Ref GHJKLM", 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := Notices{Words: words(t), Help: "0800123456"}
			got := n.Text(News{c.order, vend.Customer{MSISDN: buyer, Language: "en"}, c.goods})
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if p, septets := parts(t, got); p != c.parts {
				t.Errorf("it takes %d septets, and so %d messages, want %d", septets, p, c.parts)
			}
			// What is a person's name has no business in a message.
			if strings.Contains(got, "CANARY") {
				t.Errorf("it names the holder: %s", got)
			}
		})
	}
}

// TestAReceiptSaysHowManyMessagesItTakes gives every kind the longest values
// there are, in every language: the most messages that a receipt costs.
func TestAReceiptSaysHowManyMessagesItTakes(t *testing.T) {
	most := map[vend.Kind]int{
		vend.KindAirtimePIN: 2, vend.KindVoucher: 2, vend.KindGift: 2, vend.KindCashOut: 2, vend.KindRefund: 2, vend.KindRedeem: 3,
		vend.KindElectricity: 5, vend.KindBill: 1,
	}
	u := power()
	u.Utility, u.Tariff, u.Receipt = "Nelson Mandela Bay Municipality", "Homepower 4 60A Block", "TS/JE/12345678901"
	u.Tokens[4].Value = secret.New("55555555555555555555")
	u.Debt = append(u.Debt, vend.Charge{Label: "Water and sanitation", Amount: longAmount})
	n := Notices{Words: words(t), Help: longHelp}
	for _, l := range n.Words.(*locales.Catalogue).Languages() {
		for kind, want := range most {
			o := done(t, kind, longNetwork, "11053012345678901234")
			o.Amount, o.UpdatedAt = longAmount, time.Date(2026, 11, 21, 23, 59, 0, 0, time.UTC)
			g := pinVoucher("97819782978397841234", func(v *vend.Voucher) {
				v.Amount, v.Serial, v.HowTo = longAmount, "123456789012345678", secret.New("Dial *130*3621*(PIN)# and follow the steps.")
			})
			switch kind {
			case vend.KindElectricity:
				g = vend.Goods{Utility: &u}
			case vend.KindBill:
				g = vend.Goods{Payment: &vend.Payment{Biller: "City of Johannesburg", Phone: "0860 562 874", Account: "11053012345678901234"}}
			}
			text := n.Text(News{o, vend.Customer{Language: l.Code}, g})
			p, septets := parts(t, text)
			t.Logf("%s %s: %d septets, %d messages", l.Code, kind, septets, p)
			if p > want {
				t.Errorf("%s %s takes %d septets, and so %d messages, may take %d:\n%s", l.Code, kind, septets, p, want, text)
			}
			judge(t, l.Code+" "+string(kind), []string{gsm7.Fold(text)}, 1000)
		}
	}
}

// TestAProvidersProseDoesNotKeepAPINFromItsBuyer floods every field that is the
// provider's.
func TestAProvidersProseDoesNotKeepAPINFromItsBuyer(t *testing.T) {
	flood := strings.Repeat("buy now \x00\xff\n", 2000)
	n := Notices{Words: words(t), Help: longHelp}
	u := power()
	u.Message, u.Tariff, u.Receipt, u.Phone, u.VATNumber, u.SupplyGroup, u.Unit = flood, flood, flood, flood, flood, flood, "kWh"
	u.Debt = slices.Repeat([]vend.Charge{{Label: flood, Amount: 1}}, 50)
	for name, news := range map[string]News{
		"a voucher": {Order: done(t, vend.KindVoucher, "1Voucher", ""), Goods: pinVoucher("9781978297839784", func(v *vend.Voucher) {
			v.HowTo, v.Serial, v.Expires = secret.New(flood), flood, "2029-03-02"
		})},
		"tokens": {Order: done(t, vend.KindElectricity, "City Power", "07012345678"), Goods: vend.Goods{Utility: &u}},
	} {
		text := n.Text(news)
		if p, septets := parts(t, text); p > 7 {
			t.Errorf("%s: %d septets, %d messages", name, septets, p)
		}
		for _, want := range []string{"9781 9782 9783 9784", "Valid until 2029-03-02", "3333 3333 3333 3333 3333", "Ref GHJKLM"} {
			if strings.HasPrefix(want, "Ref") || strings.HasPrefix(want, "3") == (name == "tokens") {
				if !strings.Contains(text, want) {
					t.Errorf("%s lacks %q:\n%s", name, want, text)
				}
			}
		}
	}
}

func TestPINsAreGroupedInFours(t *testing.T) {
	for pin, want := range map[string]string{
		"": "", "1": "1", "1234": "1234", "12345": "1234 5", "1234567890123456": "1234 5678 9012 3456",
		"1234-5678 9012-3456": "1234 5678 9012 3456", " 12 34 5": "1234 5", "12345678901234567890": "1234 5678 9012 3456 7890",
		"AB12 CD34": "AB12 CD34", "1234\n5678": "1234 5678", "12.34": "12.34", "１２３４": "１２３４",
	} {
		if got := grouped(pin); got != want {
			t.Errorf("%q is written %q, want %q", pin, got, want)
		}
	}
}

func TestADateIsShownWithoutItsTime(t *testing.T) {
	for given, want := range map[string]string{
		"2029-03-02": "2029-03-02", "2029-03-02T00:00:00+02:00": "2029-03-02", "2029-03-02 00:00": "2029-03-02",
		"02/03/2029 00:00": "02/03/2029 00:00", "in three  years": "in three years", "": "", "2029-99-99 00:00": "2029-99-99 00:00",
	} {
		if got := day(given); got != want {
			t.Errorf("%q is shown as %q, want %q", given, got, want)
		}
	}
}

// TestGoodsAreNotPrinted prints all that a notice is made of.
func TestGoodsAreNotPrinted(t *testing.T) {
	u := power()
	for _, g := range []vend.Goods{pinVoucher("9781978297839784", nil), {Utility: &u}} {
		news := News{Order: done(t, vend.KindVoucher, "1Voucher", ""), Goods: g}
		for _, s := range []string{fmt.Sprint(news), fmt.Sprintf("%+v", news), fmt.Sprintf("%#v", news)} {
			if strings.Contains(s, "9781") || strings.Contains(s, "3333") {
				t.Errorf("it is printed: %s", s)
			}
		}
	}
}
