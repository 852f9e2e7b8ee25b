package electrumapi

import "testing"

// TestABundleSaysHowLongItLasts since that is what customers choose by.
func TestABundleSaysHowLongItLasts(t *testing.T) {
	for _, c := range []struct {
		name     string
		duration int64
		unit     string
		want     string
	}{
		{"100MB", 30, "DAYS", "100MB 30 days"},
		{"100MB", 1, "Days", "100MB 1 day"},
		{"1GB + 1GB Night", 2, "WEEKS", "1GB + 1GB Night 2 weeks"},
		{"Friday 1GB", 1, "MONTHS", "Friday 1GB"}, // a name that only seems to say it is left as it is
		{"50MB Daily", 1, "DAYS", "50MB Daily"},
		{"1GB 7day", 7, "DAYS", "1GB 7day"},
		{"2GB 24h", 24, "HOURS", "2GB 24h"},
		{"Monthly 2GB", 30, "DAYS", "Monthly 2GB"},
		{"1GB", 0, "DAYS", "1GB"},
		{"1GB", -1, "DAYS", "1GB"},
		{"1GB", 1, "FOREVER", "1GB"},
		{"1GB", 3, "NANOS", "1GB"},
	} {
		p := AirtimeProduct{Name: c.name, ValidityPeriod: &ValidityPeriod{Duration: c.duration, DurationUnit: c.unit}}
		if got := bundleName(p); got != c.want {
			t.Errorf("%s of %d %s is called %q, not %q", c.name, c.duration, c.unit, got, c.want)
		}
	}
	if got := bundleName(AirtimeProduct{Name: "1GB"}); got != "1GB" {
		t.Errorf("without a period it is called %q", got)
	}
}
