package whole

import "testing"

func TestAnOptionIsFoundByItsLabel(t *testing.T) {
	t.Parallel()
	const first = Screen("CON It worked: 1 thing.\nWhat do you need?\n1 Airtime\n4 Use a 1Voucher\n10 Language/Ulimi\n0 Back 00 Menu\n9 More")
	const second, worded, last = Screen("CON 6 My money\n7 More to buy\n0 Back\n9"), Screen("CON Nine?\n19 A\n0 Back"), Screen("END Done.")
	for _, c := range []struct {
		screen     Screen
		label      string
		find, pick string
	}{
		{first, "Airtime", "1", "1"},
		{first, "Use", "4", "4"},
		{first, "Language", "10", "10"},
		{first, "Voucher", "", "9"}, // a label begins with the words
		{first, "thing", "", "9"},
		{second, "My money", "6", "6"},
		{second, "Help", "", "9"}, // no word beside the digit
		{worded, "B", "0", "0"},
		{worded, "C", "", ""},
		{last, "Done", "", ""},
		{"", "Airtime", "", ""},
	} {
		if got := c.screen.Find(c.label); got != c.find {
			t.Errorf("%q on %q is found at %q, want %q", c.label, c.screen, got, c.find)
		}
		if got := c.screen.Pick(c.label); got != c.pick {
			t.Errorf("%q on %q is picked by %q, want %q", c.label, c.screen, got, c.pick)
		}
	}
	if !first.Asks() || first.Ends() || last.Asks() || !last.Ends() || Screen("").Asks() || !last.Has("one") {
		t.Error("a screen does not say what it is")
	}
}
