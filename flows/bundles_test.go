package flows

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"spaza/ledger"
	"spaza/vend"
)

func TestTheNameOfABundleIsRead(t *testing.T) {
	t.Parallel()
	const mb, gb = 1 << 10, 1 << 20
	type want struct {
		size, sms, minutes, hours int64
		group                     bundleGroup
	}
	for name, w := range map[string]want{
		"Vodacom 1GB 30 Day Data":                 {1 * gb, 0, 0, 720, groupMonth},
		"Vodacom 20MB Hourly Data":                {20 * mb, 0, 0, 1, groupDay},
		"Vodacom 100MB Daily Data":                {100 * mb, 0, 0, 24, groupDay},
		"MTN 1.5 GB 1 day":                        {gb + gb/2, 0, 0, 24, groupDay},
		"MTN 1,5GB Weekly":                        {gb + gb/2, 0, 0, 168, groupWeek},
		"MTN 0,5GB 7-Day":                         {gb / 2, 0, 0, 168, groupWeek},
		"MTN 1,024MB 7days":                       {gb, 0, 0, 168, groupWeek},
		"MTN 2.5GB (30 Days)":                     {2*gb + gb/2, 0, 0, 720, groupMonth},
		"Telkom 10 Gigs monthly":                  {10 * gb, 0, 0, 720, groupMonth},
		"Telkom 512 Meg 31d":                      {512 * mb, 0, 0, 744, groupMonth},
		"Telkom FreeMe 500MB":                     {500 * mb, 0, 0, 0, groupOther},
		"Telkom LTE 20GB 60 Day":                  {20 * gb, 0, 0, 1440, groupOther},
		"Telkom 1TB 12 months":                    {1 << 30, 0, 0, 8640, groupOther},
		"Telkom 5G 10GB 14 day":                   {10 * gb, 0, 0, 336, groupMonth},
		"Cell C 3GB 3 Day":                        {3 * gb, 0, 0, 72, groupWeek},
		"Cell C 1GB Weekend":                      {gb, 0, 0, 48, groupWeek},
		"Cell C 500KB 24HRS":                      {500, 0, 0, 24, groupDay},
		"MTN 1GB 24h":                             {gb, 0, 0, 24, groupDay},
		"MTN 1GB 60 Minutes":                      {gb, 0, 0, 1, groupDay},
		"MTN 1GB 90 min":                          {gb, 0, 0, 2, groupDay},
		"MTN Unlimited data 1 hour":               {0, 0, 0, 1, groupDay},
		"MTN Unlimited WhatsApp Daily":            {0, 0, 0, 24, groupSocial},
		"MTN Unlimited calls Daily":               {0, 0, 0, 24, groupSMS},
		"100MB Daily x 30 Days":                   {100 * mb, 0, 0, 720, groupMonth},
		"MTN WhatsApp 250MB Weekly":               {250 * mb, 0, 0, 168, groupSocial},
		"MTN WhatsApp + Facebook 500MB 30 Day":    {500 * mb, 0, 0, 720, groupSocial},
		"Vodacom 250MB Social Weekly":             {250 * mb, 0, 0, 168, groupSocial},
		"Vodacom 1GB Night Daily Data":            {gb, 0, 0, 24, groupSocial},
		"Vodacom YouTube 1GB 7 Day":               {gb, 0, 0, 168, groupSocial},
		"Vodacom 20GB + 20GB Night 30 Day":        {40 * gb, 0, 0, 720, groupMonth},
		"Vodacom 20GB&20GB Night Express 30 Day":  {40 * gb, 0, 0, 720, groupMonth},
		"Vodacom 1GB + 100 Minutes + 50 SMS 7Day": {gb, 50, 100, 168, groupWeek},
		"Cell C 30 SMS Bundle":                    {0, 30, 0, 0, groupSMS},
		"MTN 100 SMS Monthly Bundle":              {0, 100, 0, 720, groupSMS},
		"MTN 40 Minutes Daily Voice":              {0, 0, 40, 24, groupSMS},
		"Vodacom 60 min anytime weekly":           {0, 0, 60, 168, groupSMS},
		"Telkom Calls & SMS Daily":                {0, 0, 0, 24, groupSMS},
		"Telkom 30 Minutes + 30 SMSes":            {0, 30, 30, 0, groupSMS},
		"":                                        {0, 0, 0, 0, groupOther},
		"GB":                                      {0, 0, 0, 0, groupOther},
		"0GB 0 days":                              {0, 0, 0, 0, groupOther},
		"1.2.3GB":                                 {0, 0, 0, 0, groupOther},
		"99999999999999999999GB":                  {0, 0, 0, 0, groupOther},
		"999999TB + 999999TB":                     {1 << 40, 0, 0, 0, groupOther},
	} {
		b := readBundle(name)
		if got := (want{b.size, b.sms, b.minutes, b.hours, b.group()}); got != w {
			t.Errorf("%q is read as %+v, want %+v", name, got, w)
		}
	}
}

// bundleOf makes a product of a bundle's name.
func bundleOf(network, vendor, name string, price ledger.Cents) vend.Product {
	return vend.Product{Code: "77", Kind: vend.KindData, Network: network, Vendor: vendor, Name: name, Min: price, Max: price}
}

func TestABundleHasAShortNameForPeople(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p                    vend.Product
		alone, beside, label string
	}{
		{bundleOf("vodacom", "Vodacom", "Vodacom 1GB 30 Day Data", 85_00), "Vodacom 1GB 30 Day Data", "1GB 30 Day", "1GB R85"},
		{bundleOf("vodacom", "Vodacom", "VODACOM 20MB Hourly Data", 5_00), "Vodacom 20MB Hourly Data", "20MB Hourly", "20MB Hourly R5"},
		{bundleOf("mtn", "MTN", "MTN 1.5 GB Weekly", 59_99), "MTN 1.5GB Weekly", "1.5GB Weekly", "1.5GB R59.99"},
		{bundleOf("mtn", "MTN", "MTN 3GB 3 Day", 59_99), "MTN 3GB 3 Day", "3GB 3 Day", "3GB 3 Day R59.99"},
		{bundleOf("mtn", "MTN", "MTN WhatsApp 250MB Weekly", 15_00), "MTN WhatsApp 250MB Weekly", "WhatsApp 250MB Weekly", "WhatsApp 250MB Weekly R15"},
		{bundleOf("mtn", "MTN", "MTN 40 Minutes Daily Voice", 9_00), "MTN 40 Minutes Daily Voice", "40 Minutes Daily Voice", "40 Minutes Daily Voice R9"},
		{bundleOf("mtn", "MTN", "100 SMS", 9_00), "MTN 100 SMS", "100 SMS", "100 SMS R9"},
		{bundleOf("telkom", "Telkom Mobile", "Telkom FreeMe 500MB", 29_00), "Telkom Mobile FreeMe 500MB", "FreeMe 500MB", "FreeMe 500MB R29"},
		{bundleOf("telkom", "Telkom", "Telkom Mobile 1GB (30-Day)", 69_00), "Telkom 1GB 30-Day", "1GB 30-Day", "1GB R69"},
		{bundleOf("cellc", "Cell C", "CellC 30 SMS Bundle", 6_00), "Cell C 30 SMS Bundle", "30 SMS", "30 SMS R6"},
		{bundleOf("cellc", "Cell C", "Cell-C 1GB - valid for 7 days", 49_00), "Cell C 1GB valid for 7 days", "1GB 7 days", "1GB R49"},
		{bundleOf("mtn", "MTN", "MTN R29 1GB Daily", 29_00), "MTN 1GB Daily", "1GB Daily", "1GB R29"},
		{bundleOf("mtn", "MTN", "MTN R29.00 1GB Daily", 29_00), "MTN 1GB Daily", "1GB Daily", "1GB R29"},
		{bundleOf("mtn", "MTN", "MTN MTN-to-MTN 50 min Daily", 9_00), "MTN MTN-to-MTN 50 min Daily", "MTN-to-MTN 50 min Daily", "MTN-to-MTN 50 min Daily R9"},
		{bundleOf("vodacom", "Vodacom", "Vodacom 1GB 30 Day + 1GB Night", 99_00), "Vodacom 1GB 30 Day + 1GB Night", "1GB 30 Day + 1GB Night", "1GB + 1GB Night R99"},
		{bundleOf("vodacom", "Vodacom", "Vodacom 1GB+1GB All-Net 30Day", 99_00), "Vodacom 1GB + 1GB All-Net 30Day", "1GB + 1GB All-Net 30Day", "1GB + 1GB All-Net R99"},
		// Where nothing would be left, something is.
		{bundleOf("mtn", "MTN", "MTN Daily Data", 9_00), "MTN Daily Data", "Daily", "Daily R9"},
		{bundleOf("mtn", "MTN", "MTN Data", 9_00), "MTN Data", "Data", "Data R9"},
		{bundleOf("mtn", "MTN", "MTN", 9_00), "MTN", "MTN", "MTN R9"},
		{bundleOf("mtn", "", "", 9_00), "mtn", "77", "77 R9"},
		{
			bundleOf("mtn", "MTN", "MTN "+strings.Repeat("Everything ", 20), 9_00),
			"MTN Everything Everything Everything", "Everything Everything Everything", "Everything Everything Everything R9",
		},
	} {
		if got := bundleName(c.p, true); got != c.alone {
			t.Errorf("%q is named %q, want %q", c.p.Name, got, c.alone)
		}
		if got := bundleName(c.p, false); got != c.beside {
			t.Errorf("%q is named %q beside others, want %q", c.p.Name, got, c.beside)
		}
		if got := bundleLabel(c.p, readBundle(c.p.Name).group()); got != c.label {
			t.Errorf("%q is labelled %q, want %q", c.p.Name, got, c.label)
		}
	}
}

// FuzzBundle holds of any name: what is read is no nonsense, and what is shown is
// short, of one line, and made of the name's own words.
func FuzzBundle(f *testing.F) {
	for _, name := range []string{
		"Vodacom 1GB 30 Day Data", "MTN WhatsApp 250MB Weekly", "Telkom FreeMe 500MB", "Cell C 30 SMS Bundle", "MTN 40 Minutes Daily Voice",
		"1,5 GB + 1GB Night (7-Day)", "R85 1.GB..,+&-", "1\xffGB\n2 day", "é\u0301MB 99999999999999 days", "٣GB", "😀 1GB 😀", "00٣.0",
	} {
		f.Add(name, int64(85_00))
	}
	f.Fuzz(func(t *testing.T, name string, price int64) {
		p := bundleOf("mtn", "MTN", name, ledger.Cents(max(price%1e9, 1)))
		b := readBundle(name)
		if b.size < 0 || b.sms < 0 || b.minutes < 0 || b.hours < 0 {
			t.Errorf("%q is read as %+v", name, b)
		}
		known := plainName(name) + "mtn77"
		for _, shown := range []string{bundleName(p, true), bundleName(p, false), bundleLabel(p, b.group())} {
			if shown == "" || !utf8.ValidString(shown) || strings.TrimSpace(shown) != shown || strings.Contains(shown, "  ") || strings.ContainsFunc(shown, unicode.IsControl) {
				t.Errorf("%q is shown as %q", name, shown)
			}
			shown = strings.TrimSuffix(shown, " "+p.Min.String())
			if n := utf8.RuneCountInString(shown); n > nameMost {
				t.Errorf("%q is shown with %d characters", name, n)
			}
			for w := range strings.FieldsSeq(shown) {
				if w != "+" && w != "&" && !strings.Contains(known, plainName(w)) {
					t.Errorf("%q is shown with the word %q", name, w)
				}
			}
		}
	})
}
